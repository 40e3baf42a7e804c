"""A question being answered."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from school.door.mailbox import Ask
from school.talking.guard import Said
from school.talking.recall import Told
from school.talking.topic import Topic


@dataclass(slots=True)
class Speaking:
    """``heard``: the question, with its marks; ``topics``: what of it is still to be taken up; ``owed``: tokens that
    come next whatever else is likely, and ``closing`` why the answer is over with the last of them."""

    ask: Ask
    rng: torch.Generator
    person: str
    told: Told | None = None
    heard: list[int] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    recent: list[int] = field(default_factory=list)
    owed: list[int] = field(default_factory=list)
    closing: str = ""
    log_probability: float = 0.0  # of all that was chosen
    chosen: int = 0
    pending: bytes = b""
    wording: Said = Said()  # of an answer in public
    first_token_at: float = 0.0

    @property
    def tells(self) -> bool:
        """Whether it says what it was told, so far."""
        return self.told is not None and self.told.follows(self.said)

    def most(self, longest: int) -> int:
        """Of how many tokens it may be, where answers are of ``longest`` at most."""
        return min(self.ask.manner.max_tokens or longest, longest)

    def take(self, token: int) -> None:
        self.said.append(token)
        self.recent.append(token)
        self.owed = self.owed[1:]

    def close(self, why: str, owed: list[int]) -> None:
        """Be over after these tokens."""
        self.closing, self.owed = why, owed
