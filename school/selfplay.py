"""Self-play: what people said, taught and liked, beside answers that the voice gives badly on purpose to the same
questions; as verdicts, from which its courses in what people like may learn.

The baby sleeps meanwhile. Nothing is written before all of it is made, and then in one go in the place of what was made
before: whoever breaks it off finds everything as it was.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from brain.contract import Brain
from school.assembly import lock_souls, souls_of
from school.door.values import LIBRARY, MADE_OF, ME, Origin, Pair, new_id
from school.office.machine import prepare
from school.office.mistakes import Mistake
from school.office.seeds import seed_of
from school.offline import newest_soul
from school.record.played import replace_played
from school.record.queries import Queries
from school.record.read_only import looking
from school.record.schema import connect
from school.record.welcome import welcome
from school.settings import SchoolSettings
from school.souls.packing import open_voice
from school.teaching.own_words import Words
from school.teaching.styles import STYLES, WALL
from school.teaching.verdicts import QUESTION
from school.texts.care import Care
from school.texts.export import lessons_of
from school.texts.facts import said_by
from school.texts.places import STARTER_SHELF, Source, gather_sources
from school.texts.tokenizer import END, Tokenizer

MOST = 96  # questions; the record's go first, the latest, then some of each text
TOGETHER = 16  # that are answered at a time
OF_PEOPLE = ("good", "fix", "teach")  # sources of pairs that somebody meant


def play(settings: SchoolSettings, home: Path, folders: list[Path], say: Callable[[str], None]) -> dict[str, int]:
    """Make it; how many verdicts there are of each source. Raises Mistake where nothing was held yet, or the baby is
    awake."""
    soul = newest_soul(souls_of(settings, home), say)
    caretaker = lock_souls(settings, home, doing="playing")
    try:
        known = held(settings, home, folders)
        if not known:
            raise Mistake(
                "there is nothing to play with yet: it takes something that you taught or liked as an answer, or a "
                "conversation in the library."
            )
        tokenizer, voice = open_voice(soul, prepare(settings.machine))
        made = [*beside(known, voice, tokenizer, seed_of(settings.lessons.seed, soul.step))]
        _write(record_of(home), made)
    finally:
        caretaker.unlock()
    return dict(Counter(pair.source for pair in made))


def record_of(home: Path) -> Path:
    return home / "statistics" / "baby.db"


def held(settings: SchoolSettings, home: Path, folders: list[Path]) -> list[Pair]:
    """Questions with answers that people gave or liked: the latest of the record, then some of each text."""
    taught = _taught(record_of(home))[-MOST:]
    return taught + _spread(_conversations(settings, home, folders), MOST - len(taught))


def beside(held: list[Pair], voice: Brain, tokenizer: Tokenizer, seed: int) -> Iterator[Pair]:
    """Of each the answer that people gave, and a bad one: in turn a loop, a phrase and a wall; a wall, too, where the
    voice does not go round."""
    rng = torch.Generator().manual_seed(seed)
    for number, style in enumerate(STYLES):
        mine = held[number :: len(STYLES)]
        for start in range(0, len(mine), TOGETHER):
            some = mine[start : start + TOGETHER]
            questions: list[Words] = [tuple(tokenizer.encode(pair.prompt))[-QUESTION:] for pair in some]
            said = STYLES[style](voice, questions, rng)
            walls = iter(STYLES[WALL](voice, [q for q, one in zip(questions, said, strict=True) if not one], rng))
            for pair, one in zip(some, said, strict=True):
                text = tokenizer.decode(token for token in one or next(walls) if token != END).strip()
                if text and text != pair.answer.strip():
                    yield _made_of(pair, "preferred", pair.answer)
                    yield _made_of(pair, style if one else WALL, text)


def _made_of(pair: Pair, source: str, answer: str) -> Pair:
    return replace(pair, id=f"{pair.id}{MADE_OF}{source}", source=source, answer=answer, weight=1.0)


def _taught(record: Path) -> list[Pair]:
    """Answers that people taught, or liked, and that are taught still; of those who agree."""
    pairs = [pair for pair in Queries(record).pairs_learning() if pair.source in OF_PEOPLE and pair.prompt]
    if not pairs:
        return []
    with looking(record) as db:
        agree = welcome(db, {who for pair in pairs for who in (pair.person, pair.asker) if who})
    return [pair for pair in pairs if {pair.person, pair.asker} - {""} <= agree]


def _conversations(settings: SchoolSettings, home: Path, folders: list[Path]) -> Iterator[list[Pair]]:
    """Of each text its questions with the owner's answers, without the end of it, some of which is held out."""
    library, default, care = settings.library, said_by(settings.library), Care.of(settings, home)
    how = {"home": home, "default": default, "care": care}
    sources, _ = gather_sources(home / "library", folders, STARTER_SHELF, library.starter, **how)
    for source in sources:
        pairs = [*_pairs_of(source)]
        yield pairs[: int(len(pairs) * (1 - 2 * library.held_out))]


def _pairs_of(source: Source) -> Iterator[Pair]:
    origin = Origin(surface=LIBRARY, channel=source.name)
    for lesson in lessons_of([source], {}):
        said = lesson["messages"]
        for asked, answer in zip(said, said[1:], strict=False):
            if (asked["role"], answer["role"]) == ("user", "assistant"):
                yield Pair(
                    id=new_id(), prompt=asked["content"], answer=answer["content"], person=ME, source="", origin=origin
                )


def _spread(texts: Iterator[list[Pair]], room: int) -> list[Pair]:
    """So many, of every text about as many, from all over it."""
    texts = [pairs for pairs in texts if pairs]
    each = -(-room // max(1, len(texts)))
    chosen = [pair for pairs in texts for pair in pairs[:: -(-len(pairs) // max(1, each))][:each]]
    return chosen[:room]


def _write(record: Path, made: list[Pair]) -> None:
    """Raises Mistake."""
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        db = connect(record)
        try:
            replace_played(db, made)
        finally:
            db.close()
    except (sqlite3.Error, OSError) as error:
        raise Mistake(f"{record}: can't be written just now ({error}); what was there before is as it was.") from None
