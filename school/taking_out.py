"""Taking texts out of a library, with all that was made of them: their tokens, what the hippocampus counted, what the
record tells of their lessons, what the diary says of them by name. What can't be taken out is told. No torch here."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from school.door.local import Line, Problem
from school.office.advice import command
from school.office.mistakes import Mistake
from school.record.read_only import looking
from school.record.registrar import LETTERS
from school.record.removal import Leftovers
from school.record.schema import connect
from school.record.sources import forget_texts
from school.screen.calligraphist import number_of
from school.texts.keeping import in_library, remove
from school.texts.news import read_library, write_library
from school.texts.places import shown
from school.texts.quoting import quoting
from school.texts.shelf import NAME as TOKENS
from school.texts.stamps import NAME as STAMPS

AT_ONCE = 1000  # names told to a baby that is awake
WORDS = 8  # in a row that make an answer say what stands in a text


@dataclass(slots=True)
class TakenOut:
    """``lines``: where each file went; ``lessons`` that the record told of; ``pages`` of diary and letters that
    changed; ``answers`` in the record that say eight words of a text in a row; ``souls`` that may know it; ``awake``:
    whether the baby is."""

    names: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    lessons: int = 0
    pages: int = 0
    answers: int = 0
    souls: int = 0
    awake: bool = False

    def told(self) -> Iterator[str]:
        """For a person, behind where the files went; nothing where nobody has learned anything yet."""
        if not (self.souls or self.lessons or self.awake):
            return
        yield (
            f"Gone from its record, too: {number_of(self.lessons, 'lesson')} of it, and what "
            f"{number_of(self.pages, 'page')} of diary and letters said of it by name."
        )
        if self.awake:
            yield "It is awake: within a minute no lesson is of it, and its tokens and what the hippocampus counted go."
        else:
            yield "Its tokens are deleted; the next wake makes those of the other texts anew."
        if self.answers:
            say = "says" if self.answers == 1 else "say"
            yield (
                f"{number_of(self.answers, 'answer')} in the record {say} eight words of it in a row; /forget deletes "
                "what was said."
            )
        if self.souls:
            yield (
                f"What can't be taken out: the weights ({number_of(self.souls, 'soul')}) keep traces of it that fade "
                "as it learns other things, and soul/private.runs keeps hashes of its runs of words, so that they go "
                f"on being left unsaid in public. To be sure, delete soul/ and wake a new baby: {command()}"
            )


def take_out(home: Path, library: Path, names: list[str], texts: list[str]) -> TakenOut:
    """Take out these files or folders; ``texts``: what stands in them, as far as it can be read. What is in the library
    no more is taken out of the record only. Raises Mistake."""
    done, record = TakenOut(), home / "statistics" / "baby.db"
    for name in names:
        found = _files(library, name)
        if not found and name not in _recorded(record):
            raise Mistake(f"{name}: the library has no such file; `library list` shows all.")
        done.names += found or [name]
    done.answers = _quoting(record, texts)
    done.lines = [line for name in names if _files(library, name) for line in remove(library, name)]
    done.souls = len(list((home / "soul").glob("**/step-*")))
    _forget(home, record, done)
    return done


def _files(library: Path, name: str) -> list[str]:
    """The files that a name means, as the record calls them."""
    here = in_library(library, Path(name))
    if here is None:
        return []
    place = library / here
    if place.is_symlink() or not place.is_dir():
        return [shown(Path(here))]
    return [shown(path.relative_to(library)) for path in sorted(place.rglob("*")) if path.is_file()]


def _recorded(record: Path) -> set[str]:
    with contextlib.suppress(sqlite3.Error), looking(record) as db:
        return {row["name"] for row in db.query("select name from sources")}
    return set()


def _quoting(record: Path, texts: list[str]) -> int:
    """How many answers say what stands in these texts."""
    with contextlib.suppress(sqlite3.Error), looking(record) as db:
        said = [(row["id"], row["text"]) for row in db.query("select id, text from replies")]
        return len({one for text in texts for one in quoting(said, text, WORDS)})
    return 0


def _forget(home: Path, record: Path, done: TakenOut) -> None:
    """In the record, by whoever writes it just now; and in what the last wake left behind. Raises Mistake."""
    if line := Line.to(home):
        with line:
            try:
                gone = [line.forget_texts(done.names[i : i + AT_ONCE]) for i in range(0, len(done.names), AT_ONCE)]
            except Problem as problem:
                raise Mistake(f"{problem}.") from None
        done.awake = True
        done.lessons, done.pages = (sum(one[what] for one in gone) for what in ("lessons", "pages"))
        return
    for file in (TOKENS, STAMPS):
        with contextlib.suppress(OSError):
            (home / "soul" / "tokens" / file).unlink()
    known = home / "soul" / "library.json"
    if before := read_library(known):
        write_library(known, {name: sha for name, sha in before.items() if name not in done.names}, done.lines.append)
    if record.exists():
        done.lessons, done.pages = _forget_asleep(record, done.names)


def _forget_asleep(record: Path, names: list[str]) -> tuple[int, int]:
    try:
        db = connect(record)
        try:
            with db.atomic():
                gone = forget_texts(db, names, record.parent / LETTERS)
            Leftovers(record).clear(db)
        finally:
            db.close()
    except (sqlite3.Error, OSError) as error:
        why = f"{record}: can't be written just now ({error})"
        raise Mistake(f"{why}. Say the same once more later, and it is taken out there, too.") from None
    return gone["lessons"], gone["pages"]
