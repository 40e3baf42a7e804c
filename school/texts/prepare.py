"""Between reading and cutting into tokens: everything that a library teaches passes here, document by document.

Each document, and each turn of a conversation by itself, is taken ``Care`` of after it was read and before anything is
counted, compared, held out or made into tokens.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from school.office.advice import command
from school.texts.care import CARELESS, Care
from school.texts.content import Content, Document, Gathering, Turn
from school.texts.encodings import Unreadable
from school.texts.facts import Facts
from school.texts.headings import ANSWER, by_headings
from school.texts.marks import in_one, unmarked
from school.texts.news import WHO

VERSION = 1  # goes up with every change by which the same content is prepared differently
SHOWN = 6  # speakers
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """``text``: all documents in one, with marks where turns are (``marks.py``); ``dropped``: what was left out by the
    reader and here; ``changed``: what was cleaned or replaced, by the names of rules; ``context``: there are turns of
    others, which are read but not learned."""

    text: str
    documents: list[Document]
    owner: frozenset[str]
    dropped: Counter[str]
    changed: Counter[str]
    context: bool


def prepared(content: Content, facts: Facts, name: str = "", care: Care = CARELESS) -> Prepared:
    """Without conversations in which the owner says nothing. Raises Unreadable if there is nothing else, and nobody
    knows whose words are the owner's; ``name``: the file's."""
    dropped, changed = Counter(content.dropped), Counter[str]()
    documents = [_careful(document, care, dropped, changed) for document in content.documents]
    known = content.owner
    if facts.taken_as == "prose":
        documents = [document if isinstance(document, str) else as_prose(document) for document in documents]
    elif facts.taken_as == "conversations":
        documents = [by_headings(document) if isinstance(document, str) else document for document in documents]
        known |= {ANSWER}
    documents = [document for document in documents if document]
    owner = frozenset[str]()
    if any(not isinstance(document, str) for document in documents):
        owner = owner_of(content.speakers, known, facts)
        if not owner and all(not isinstance(document, str) for document in documents):
            raise Unreadable(who_are_you(content.speakers, name))
        documents = [document for document in documents if _concerns(document, owner, dropped)]
        if not facts.context:
            documents = [_only(document, owner, dropped) for document in documents]
            documents = [document for document in documents if document]
    talks = [document for document in documents if not isinstance(document, str)]
    return Prepared(
        text=in_one(documents, owner, plain=facts.taken_as == "prose"),
        documents=documents,
        owner=owner,
        dropped=+dropped,
        changed=+changed,
        context=any(turn.speaker not in owner for talk in talks for turn in talk),
    )


def _careful(document: Document, care: Care, dropped: Counter[str], changed: Counter[str]) -> Document:
    """As it is learned."""
    if isinstance(document, str):
        return care.text(_unmarked(document, dropped), changed)
    cleaned = [Turn(name, care.text(_unmarked(text, dropped), changed, message=True)) for name, text in document]
    turns = [turn for turn in cleaned if turn.text.strip()]
    again = care.repeated([turn.text for turn in turns])
    dropped["said before"] += len(again)
    return [turn for number, turn in enumerate(turns) if number not in again]


def _unmarked(text: str, dropped: Counter[str]) -> str:
    kept = unmarked(text)
    dropped["noncharacter"] += len(text) - len(kept)
    return kept


def _concerns(document: Document, owner: frozenset[str], dropped: Counter[str]) -> bool:
    if isinstance(document, str) or any(turn.speaker in owner for turn in document):
        return True
    dropped["conversation without you"] += 1
    return False


def _only(document: Document, owner: frozenset[str], dropped: Counter[str]) -> Document:
    if isinstance(document, str):
        return document
    gathering = Gathering()
    for speaker, text in document:
        if speaker in owner:
            gathering.add(speaker, text)
        else:
            dropped["others' message"] += 1
    return gathering.talk


def as_prose(talk: list[Turn]) -> str:
    return "".join(f"{speaker}: {text}\n" for speaker, text in talk)


# ---- whose words are whose -----------------------------------------------------------------------------------------


def owner_of(speakers: list[str], known: frozenset[str], facts: Facts) -> frozenset[str]:
    """The owner's names among the speakers: as the person says, or else as the file does (``known``)."""
    wanted = {plain_name(name) for name in facts.speaker}
    return frozenset(name for name in speakers if plain_name(name) in wanted) or known


def plain_name(name: str) -> str:
    return " ".join(_UNSEEN.sub("", name).casefold().split()).removeprefix("~").strip()


def who_are_you(speakers: list[str], name: str) -> str:
    names = ", ".join(speakers[:SHOWN]) + (" and others" if len(speakers) > SHOWN else "")
    what = f' "{name}"' if name else " FILE"
    return f"{WHO}{names} are you? Say it once: {command('library add')}{what} --speaker NAME"
