"""What a reader makes of a file: documents, each a text or a conversation, and what it has to tell about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Turn(NamedTuple):
    """Something that one person said, of one or several lines; ``speaker`` as the file calls them."""

    speaker: str
    text: str


Talk = list[Turn]
Document = str | Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """``owner``: the names under which the owner of the file speaks in it, where it tells. ``encoding`` as Python calls
    it, and whether it is ``sure``. ``note``: what a person should hear about the reading, "" where all was plain.
    ``dropped``: what was left out, counted by the name of the rule."""

    documents: list[Document]
    owner: frozenset[str] = frozenset()
    encoding: str = "utf-8"
    sure: bool = True
    note: str = ""
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def speakers(self) -> list[str]:
        """Who speaks in the conversations, those who say most first."""
        said = Counter(turn.speaker for talk in self.documents if not isinstance(talk, str) for turn in talk)
        return [name for name, _ in said.most_common()]


class Gathering:
    """Collects the messages of a conversation: neighbouring ones of one speaker become one turn, and what has no words
    is counted by why."""

    def __init__(self, dropped: Counter[str] | None = None):
        self.talk: Talk = []
        self.dropped = Counter() if dropped is None else dropped

    def add(self, speaker: str, text: str) -> None:
        text = text.strip()
        if not text:
            self.dropped["empty message"] += 1
        elif self.talk and self.talk[-1].speaker == speaker:
            self.talk[-1] = Turn(speaker, f"{self.talk[-1].text}\n{text}")
        else:
            self.talk.append(Turn(speaker, text))


def notes(*several: str) -> str:
    """Several notes as one."""
    return ", ".join(note for note in several if note)


def conversations(talks: Iterable[Talk]) -> list[Document]:
    """Without those in which nothing is said."""
    return [talk for talk in talks if talk]
