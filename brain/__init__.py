"""The brain: pure PyTorch, tensors in, tensors out. Presets, and the one place that knows all species."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from torch import nn

from brain.contract import Brain
from brain.species.interneuron import InterneuronBrain
from brain.species.llama import LlamaBrain

SPECIES: dict[str, type[Brain]] = {"interneuron": InterneuronBrain, "llama": LlamaBrain}
"""A species' constructor names the parts of a shape that it needs; the other parts do not concern it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainConfig:
    """The shape of a brain, all a soul needs to rebuild it. Widths in units, windows and context in tokens."""

    species: str = "interneuron"
    vocabulary: int = 2048  # tokens wanted; a small library may yield fewer
    embed_width: int = 256
    neurons: int = 1024
    windows: tuple[float, ...] = (1, 2, 3, 4, 8, 16, 32)
    longest_window: int = 64
    bottleneck: int = 256
    memory_width: int = 64
    neurons_per_gate: int = 8
    thought_width: int = 256
    positions: int = 256
    dropout: float = 0.3
    echo: bool = True
    spelling: bool = True
    word_memory: bool = True
    shared_cerebellum: bool = False
    shared_decays: bool = False
    blend_logit_norm: bool = True
    layers: int = 4
    heads: int = 8
    key_heads: int = 2
    hidden_width: int = 624
    context: int = 256


PRESETS: dict[str, BrainConfig] = {
    "newborn": BrainConfig(
        vocabulary=512,
        embed_width=64,
        neurons=256,
        longest_window=32,
        bottleneck=64,
        memory_width=16,
        thought_width=64,
        heads=2,
        key_heads=1,
        hidden_width=168,
        context=128,
    ),
    "toddler": BrainConfig(),
    "child": BrainConfig(
        vocabulary=4096,
        embed_width=384,
        neurons=2048,
        bottleneck=512,
        memory_width=128,
        thought_width=384,
        layers=6,
        heads=6,
        hidden_width=928,
    ),
    "seed": BrainConfig(
        vocabulary=4200,
        embed_width=1024,
        neurons=10_000,
        bottleneck=512,
        memory_width=256,
        thought_width=1024,
        layers=6,
        heads=16,
        key_heads=4,
        hidden_width=2272,
    ),
}
"""Within a preset no species has more parameters than the interneuron brain, so that they can be compared."""


def parts_of_shape(species: str) -> list[str]:
    """The fields of BrainConfig that make a brain of this species what it is."""
    taken = SPECIES[species].__init__.__annotations__
    return [field.name for field in fields(BrainConfig) if field.name in taken]


def build_brain(config: BrainConfig, *, pieces: Sequence[bytes], turn_tokens: int) -> Brain:
    """A new brain with random weights, drawn from torch's global generator.

    ``pieces``: how every token that the tokenizer really has is spelled; ids below ``turn_tokens`` mark documents and
    turns. Raises ValueError for an unknown species.
    """
    if config.species not in SPECIES:
        raise ValueError(f"unknown species {config.species!r}")
    species = SPECIES[config.species]
    known = asdict(config) | {"vocabulary": len(pieces), "pieces": pieces, "turn_tokens": turn_tokens}
    return species(**{name: known[name] for name in species.__init__.__annotations__ if name in known})


def parameter_count(brain: nn.Module) -> int:
    return sum(parameter.numel() for parameter in brain.parameters())
