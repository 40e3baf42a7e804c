"""The brain: pure PyTorch, tensors in, tensors out. Presets, and the one place that chooses a species."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from torch import nn

from brain.contract import Brain
from brain.interneuron import InterneuronBrain


@dataclass(frozen=True, slots=True, kw_only=True)
class BrainConfig:
    """The shape of a brain, all a soul needs to rebuild it. Widths in units, windows in tokens."""

    species: str = "interneuron"
    vocabulary: int = 2048  # tokens wanted; a small library may yield fewer
    embed_width: int = 256
    neurons: int = 1024
    windows: tuple[float, ...] = (1, 2, 3, 4, 8, 16, 32)
    longest_window: int = 64
    bottleneck: int = 256
    memory_width: int = 64
    thought_width: int = 256
    positions: int = 256
    dropout: float = 0.3
    shared_cerebellum: bool = False
    shared_decays: bool = False
    blend_logit_norm: bool = True


PRESETS: dict[str, BrainConfig] = {
    "newborn": BrainConfig(
        vocabulary=512, embed_width=64, neurons=256, longest_window=32, bottleneck=64, memory_width=16, thought_width=64
    ),
    "toddler": BrainConfig(),
    "child": BrainConfig(
        vocabulary=4096, embed_width=384, neurons=2048, bottleneck=512, memory_width=128, thought_width=384
    ),
    "seed": BrainConfig(
        vocabulary=4200, embed_width=1024, neurons=10_000, bottleneck=512, memory_width=256, thought_width=1024
    ),
}


def build_brain(config: BrainConfig, *, vocabulary: int, turn_tokens: int) -> Brain:
    """A new brain with random weights, drawn from torch's global generator.

    ``vocabulary``: tokens the tokenizer really has; ids below ``turn_tokens`` mark documents and turns.
    """
    shape = asdict(config)
    shape.pop("vocabulary")
    match shape.pop("species"):
        case "interneuron":
            return InterneuronBrain(vocabulary, turn_tokens=turn_tokens, **shape)
        case other:
            raise ValueError(f"unknown species {other!r}")


def parameter_count(brain: nn.Module) -> int:
    return sum(parameter.numel() for parameter in brain.parameters())
