"""The shape of an interneuron brain, and its sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from brain.config import BrainConfig, part

if TYPE_CHECKING:
    from brain.contract import Brain
    from brain.ops.backend import Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class InterneuronConfig(BrainConfig):
    """Windows and context in tokens."""

    SUMMARY: ClassVar[str] = "its own, without attention"
    CAME_LATER: ClassVar[Mapping[str, Any]] = {
        "echo": False,
        "neurons_per_gate": 1,
        "spelling": False,
        "word_memory": False,
        "shared_decays": False,
    }
    OF_BIRTH: ClassVar[frozenset[str]] = frozenset({"echo", "shared_decays"})
    DROPPED: ClassVar[Mapping[str, Any]] = {"shared_cerebellum": False, "blend_logit_norm": True}

    species: str = "interneuron"
    neurons: int = part(1024, "neurons", at_most=1_000_000)
    bottleneck: int = part(256, "width at which the window mix is refined")
    memory_width: int = part(64, "width from which memories are gated")
    neurons_per_gate: int = part(8, "neurons that share a memory gate")
    thought_width: int = part(256, "width of the hidden state before the output head")
    longest_window: int = part(64, "tokens that the longest window may span")
    windows: tuple[float, ...] = part((1, 2, 3, 4, 8, 16, 32), "sizes in tokens that the windows start with")
    positions: int = 256  # places in a turn that it tells apart
    spelling: bool = part(True, "let tokens that are spelled alike share a part of their vectors")
    word_memory: bool = part(True, "remember which words were said lately, and say them sooner")
    # The next two were the other way round until they had learned for long, three times each, and nobody could tell.
    echo: bool = False  # every token has a second vector, that is added to the token after it
    shared_decays: bool = True  # one memory span for all neurons instead of one for each

    def build(self, *, pieces: Sequence[bytes], turn_tokens: int, backend: Backend) -> Brain:
        from brain.species.interneuron import InterneuronBrain

        return InterneuronBrain(self, pieces=pieces, turn_tokens=turn_tokens, backend=backend)

    def misfit(self) -> str | None:
        if not all(1 <= size <= self.longest_window for size in self.windows):
            return f"brain.windows must each be from 1 to brain.longest_window ({self.longest_window})."
        if self.neurons % self.neurons_per_gate:
            return f"brain.neurons must be a multiple of brain.neurons_per_gate, which is {self.neurons_per_gate}."
        return None


PRESETS: dict[str, BrainConfig] = {
    "newborn": InterneuronConfig(
        vocabulary=512,
        embed_width=64,
        neurons=256,
        longest_window=32,
        bottleneck=64,
        memory_width=16,
        thought_width=64,
    ),
    "toddler": InterneuronConfig(),
    "child": InterneuronConfig(
        vocabulary=4096,
        embed_width=384,
        neurons=2048,
        bottleneck=512,
        memory_width=128,
        thought_width=384,
    ),
    "seed": InterneuronConfig(
        vocabulary=4200,
        embed_width=1024,
        neurons=10_000,
        bottleneck=512,
        memory_width=256,
        thought_width=1024,
    ),
}
