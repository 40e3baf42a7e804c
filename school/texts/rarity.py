"""How much a word says, by how rare it is in what was heard."""

from __future__ import annotations

import math

FREQUENT = 150  # a word that is more than one token of so many says nothing


def rarity(count: int, total: int) -> float:
    """In nats beyond that, of a word that stands ``count`` times among so many tokens; 0 for a frequent one."""
    return max(0.0, math.log(total / (FREQUENT * max(1, count))))
