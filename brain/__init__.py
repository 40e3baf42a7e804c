"""The brain: pure PyTorch, tensors in, tensors out. The table of all species; torch is loaded when one is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from brain.config import BrainConfig
from brain.species import interneuron_config, llama_config

if TYPE_CHECKING:
    from torch import nn

    from brain.contract import Brain
    from brain.ops.backend import Backend

SPECIES: dict[str, dict[str, BrainConfig]] = {
    "interneuron": interneuron_config.PRESETS,
    "llama": llama_config.PRESETS,
}
"""The presets of each species by size, the default species first. Of one size, no species has more parameters than the
interneuron brain, so that they can be compared."""

SIZES = ("newborn", "toddler", "child", "seed")


def config_of(species: str) -> type[BrainConfig]:
    """The kind of config that makes a brain of this species what it is."""
    return type(SPECIES[species]["toddler"])


def read_config(facts: Mapping[str, Any]) -> BrainConfig:
    """The config that a soul was saved with. Raises ValueError for one that this version can't build."""
    species = facts.get("species", "interneuron")
    if species not in SPECIES:
        raise ValueError(f"species {species!r}")
    kinds = [config_of(name) for name in SPECIES]
    known = {name for kind in kinds for name in (*kind.__dataclass_fields__, *kind.DROPPED)}
    if unknown := sorted(facts.keys() - known):
        raise ValueError(unknown[0])
    return config_of(species).read(facts)


def build_brain(
    config: BrainConfig, *, pieces: Sequence[bytes], turn_tokens: int, backend: Backend | None = None
) -> Brain:
    """A new brain with random weights, drawn from torch's global generator.

    ``pieces``: how every token that the tokenizer really has is spelled; ids below ``turn_tokens`` mark documents and
    turns. ``backend``: how it computes; None: from PyTorch alone, in float32.
    """
    from brain.ops.backend import PYTORCH

    return config.build(pieces=pieces, turn_tokens=turn_tokens, backend=backend or PYTORCH)


def parameter_count(brain: nn.Module) -> int:
    return sum(parameter.numel() for parameter in brain.parameters())
