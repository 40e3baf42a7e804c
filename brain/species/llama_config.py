"""The shape of a llama brain, and its sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from brain.config import BrainConfig, part

if TYPE_CHECKING:
    from brain.contract import Brain
    from brain.ops.backend import Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaConfig(BrainConfig):
    SUMMARY: ClassVar[str] = "a small transformer to compare it with"
    CAME_LATER: ClassVar[Mapping[str, Any]] = {"tied": True, "epsilon": 2**-23}
    OF_BIRTH: ClassVar[frozenset[str]] = frozenset({"tied", "epsilon"})

    species: str = "llama"
    dropout: float = part(0.1, "share of its units dropped while it learns a block", structural=False)
    layers: int = part(4, "layers", at_most=1024)
    heads: int = part(8, "attention heads of a layer", at_most=1024)
    key_heads: int = part(2, "keys and values that the heads share", at_most=1024)
    hidden_width: int = part(624, "width between attentions")
    context: int = part(256, "tokens it can look back")
    # Brains that were born elsewhere differ in these. One table of token vectors serves input and output, and is
    # normalised on its way in; or each has its own, and the input's is taken as it is.
    tied: bool = True
    epsilon: float = 2**-23  # of its norms

    def build(self, *, pieces: Sequence[bytes], turn_tokens: int, backend: Backend) -> Brain:
        from brain.species.llama import LlamaBrain

        return LlamaBrain(self, vocabulary=len(pieces), backend=backend)

    def misfit(self) -> str | None:
        """Heads must split the width into pairs, and share the keys evenly."""
        if not 0 < self.epsilon < 1:
            return f"epsilon must be between 0 and 1, not {self.epsilon}."
        if self.embed_width % (2 * self.heads):
            return (
                f"brain.embed_width must be a multiple of twice brain.heads ({2 * self.heads}), not {self.embed_width}."
            )
        if self.heads % self.key_heads:
            return f"brain.heads must be a multiple of brain.key_heads ({self.key_heads}), not {self.heads}."
        return None


PRESETS: dict[str, BrainConfig] = {
    "newborn": LlamaConfig(vocabulary=512, embed_width=64, heads=2, key_heads=1, hidden_width=168, context=128),
    "toddler": LlamaConfig(),
    "child": LlamaConfig(vocabulary=4096, embed_width=384, layers=6, heads=6, hidden_width=928),
    "seed": LlamaConfig(vocabulary=4200, embed_width=1024, layers=6, heads=16, key_heads=4, hidden_width=2272),
}
