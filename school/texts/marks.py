"""How several documents and their turns stand in one text: each begins with a character that no writing has.

Unicode keeps U+FDD0 and the next ones for such use within a program; whoever writes them all the same loses them
here. So no message can play another speaker's part, whatever it says.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from school.texts.content import Document
from school.texts.pieces import pieces
from school.texts.spaces import odd_characters
from school.texts.tokenizer import BABY, DOCUMENT, END, PERSON, Segment

OTHERS, OWN, NEW = "\ufdd0", "\ufdd1", "\ufdd2"  # a turn of somebody else, one of the owner's, a document
MARKED = re.compile(f"([{OTHERS}{OWN}{NEW}])")
SPEAKERS = {OTHERS: PERSON, OWN: BABY}
_OF_OTHERS = re.compile(f"{OTHERS}[^{OTHERS}{OWN}{NEW}]*")
OURS = frozenset(map(chr, range(0xFDD0, 0xFDF0)))
_OURS = re.compile("[\ufdd0-\ufdef]")


def unmarked(text: str) -> str:
    """Without those characters."""
    if text.isascii() or OURS.isdisjoint(odd_characters(text.encode("utf-8", "surrogatepass"))):
        return text
    return _OURS.sub("", text)


def own_words(text: str) -> str:
    """What the owner says in a text, and what nobody says, without marks."""
    return unmarked(_OF_OTHERS.sub("", text))


def is_marked(text: str) -> bool:
    return any(mark in text for mark in (OTHERS, OWN, NEW))


def in_one(documents: Iterable[Document], owner: frozenset[str], *, plain: bool = False) -> str:
    """All documents in one text, which ends each turn with a line; a single one without turns is left as it is, unless
    even lines that begin like turns are to be ``plain`` text."""
    documents = list(documents)
    if len(documents) == 1 and isinstance(documents[0], str) and not plain:
        return documents[0]
    return "".join(_written(document, owner, first=i == 0) for i, document in enumerate(documents))


def _written(document: Document, owner: frozenset[str], *, first: bool) -> str:
    if isinstance(document, str):
        return f"{NEW}{document.rstrip()}\n"
    turns = "".join(f"{OWN if turn.speaker in owner else OTHERS}{turn.text}\n" for turn in document)
    return turns if first else f"{NEW}{turns}"


def in_ranges(text: str, ranges: list[tuple[int, int]]) -> str:
    """What stands in these ranges of a text. What was said stays the speaker's, also where its beginning is left
    out."""
    places = [match.start() for match in MARKED.finditer(text)] if ranges and is_marked(text) else []
    parts = []
    for start, stop in ranges:
        if (before := bisect_right(places, start)) and places[before - 1] != start:
            parts.append(text[places[before - 1]])
        parts.append(text[start:stop])
    return "".join(parts)


def marked_segments(text: str) -> Iterator[Segment]:
    """Such a text, or a part of one, as the tokenizer takes it. Where it begins within a turn, that is plain text."""
    plain, *rest = MARKED.split(text)
    yield from pieces(plain)
    for number, (mark, said) in enumerate(zip(rest[::2], rest[1::2], strict=True)):
        if mark != NEW:
            yield SPEAKERS[mark]
            if said := said.strip():
                yield from pieces(said)
            yield END
        else:
            if number or plain:  # the first document's mark is put there by whoever joins texts
                yield DOCUMENT
            yield from pieces(said)
