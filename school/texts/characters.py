"""A tokenizer by characters: its texts' own alphabet, a token for each letter of it.

Turns have no marks here but are spelled, as in files of questions and answers: ``Q: ``, ``A: ``, and a line's end at
the end of a turn. So a brain that learned from such files elsewhere understands them, and the other way round; and so
nobody's words may have line ends of their own where they stand in a turn.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import numpy as np

from school.door.values import writable
from school.office.files import parse_json
from school.texts.tokenizer import BABY, END, MARK_COUNT, PERSON, Tokenizer

BEGINS = '{"characters": '
MOST = (1 << 16) - MARK_COUNT  # token ids are kept in two bytes
SPELLED = {PERSON: "Q: ", BABY: "A: ", END: "\n"}
NEEDED = frozenset("".join(SPELLED.values()))
STAND_IN = " "
SHOWN, UNKNOWN = 5, -1  # characters named; an id that is none

Unknown = Literal["replace", "refuse"]


class Characters(Tokenizer):
    """``alphabet``: the characters in the order of their ids, from MARK_COUNT on. ``stand_in``: the one that is read in
    place of all others; "": none is, and whoever can refuse a text asks first what it ``lacks``."""

    by_letter = True

    def __init__(self, alphabet: str, stand_in: str = STAND_IN):
        if not set(alphabet) >= NEEDED:
            raise ValueError(
                f"its alphabet lacks some of {json.dumps(''.join(sorted(NEEDED)))}, which turns are made of"
            )
        if len(set(alphabet)) != len(alphabet) or len(alphabet) > MOST:
            raise ValueError("its alphabet has a character twice, or too many")
        if stand_in and (len(stand_in) > 1 or stand_in not in alphabet):
            raise ValueError("what stands for unknown characters is none of its alphabet")
        self.alphabet, self.stand_in = alphabet, stand_in
        self.pieces = [b""] * MARK_COUNT + [letter.encode() for letter in alphabet]
        self._ids = {letter: i for i, letter in enumerate(alphabet, MARK_COUNT)}
        self.end = self._ids[SPELLED[END]]

    @classmethod
    def of_texts(cls, texts: Iterable[str], *, most: int, unknown: Unknown) -> Characters:
        """The alphabet of these texts, in the order of code points, but no more than ``most`` ids, marks included: then
        the commonest."""
        count = Counter[str]()
        for text in texts:
            count.update(writable(text))
        for letter in NEEDED:
            count.pop(letter, None)
        kept = [letter for letter, _ in count.most_common(max(0, min(most - MARK_COUNT, MOST) - len(NEEDED)))]
        return cls("".join(sorted({*kept, *NEEDED})), STAND_IN if unknown == "replace" else "")

    @classmethod
    def of_json(cls, text: str) -> Characters:
        """Raises ValueError."""
        said = parse_json(text)
        if not isinstance(said, dict) or said.keys() != {"characters", "unknown"}:
            raise ValueError("it is no alphabet")
        if (
            not all(isinstance(part, str) for part in said.values())
            or writable(said["characters"]) != said["characters"]
        ):
            raise ValueError("its alphabet is no text")
        return cls(said["characters"], said["unknown"])

    def to_json(self) -> str:
        return json.dumps({"characters": self.alphabet, "unknown": self.stand_in}, ensure_ascii=False)

    def encode(self, text: str) -> list[int]:
        """Where nothing stands for unknown characters, they are left out."""
        ids, unknown = self._ids, self._ids.get(self.stand_in, UNKNOWN)
        found = [ids.get(letter, unknown) for letter in writable(text)]
        return found if self.stand_in else [token for token in found if token != UNKNOWN]

    def encode_many(self, texts: list[str]) -> Iterator[list[int]]:
        return map(self.encode, texts)

    def in_bulk(self) -> Callable[[list[str]], Iterator[np.ndarray]]:
        return lambda texts: (np.array(self.encode(text), np.uint16) for text in texts)

    def mark(self, mark: int) -> list[int]:
        """As it is spelled, if it is one of a turn's; else by its id."""
        return [self._ids[letter] for letter in SPELLED[mark]] if mark in SPELLED else [mark]

    def turn(self, speaker: int, said: Iterable[int]) -> list[int]:
        """Line ends in what was said are read as spaces: they would end the turn."""
        space = self._ids[" "]
        return super().turn(speaker, (space if token == self.end else token for token in said))

    def lacks(self, text: str) -> str:
        """Some of the characters in a text that the alphabet lacks, as one may print them; "" where they are read as
        another one."""
        lacking = sorted(set(writable(text)) - self._ids.keys()) if not self.stand_in else []
        return ", ".join(json.dumps(letter, ensure_ascii=not letter.isprintable()) for letter in lacking[:SHOWN])
