"""The pages of the diary and the letters home, as they lie in the record: sentences, each with whom it names and what
it quotes, so that it can be taken out without the others; and the letters' files.

All functions run on the registrar's thread. Lines are kept as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from school.office.files import make_folder, write_whole
from school.office.foreign import visible

DAY, LETTER = "day", "letter"
if TYPE_CHECKING:
    from sqlite_utils import Database

    from school.record.read_only import Look

NAMING = ("texts", "new_texts")  # facts that are names of texts
LETTERS = "letters"  # the folder beside the record


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of a page. ``people`` it names or speaks of one by one, and ``replies`` it quotes, are ids; ``texts`` are
    names of texts of the library that it names."""

    text: str
    people: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def of_nobody(self) -> bool:
        """Whether it holds nothing that is anybody's in particular; what its owner calls a text is theirs."""
        return not (self.people or self.replies or self.texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``day`` is the day it is about, or the last one of the letter's week, as YYYY-MM-DD; ``pair`` is the id of the
    lesson made of it, "" before there is one."""

    kind: Literal["day", "letter"]
    day: str
    at: str  # when it was written, UTC
    lines: tuple[Line, ...]
    facts: dict[str, Any]
    pair: str = ""

    @property
    def text(self) -> str:
        return ("\n" if self.kind == LETTER else " ").join(line.text for line in self.lines)

    @property
    def lesson(self) -> str:
        """What of it may be taught: nothing that names or quotes."""
        return " ".join(line.text for line in self.lines if line.of_nobody)


def put(db: Database, page: Page) -> None:
    """Keep a page, in the place of an earlier one about the same."""
    row = asdict(page)
    del row["lines"]
    row |= {"text": page.text, "facts": json.dumps(page.facts), "lines": _as_json(page.lines)}
    db["diary"].upsert(row, pk=("kind", "day"))


def pages(db: Database | Look, kind: str, last: int) -> list[Page]:
    """So many of the latest pages, the oldest first."""
    rows = db.query("select * from diary where kind = ? order by day desc limit ?", [kind, last])
    return [_page(row) for row in rows][::-1]


def taught(db: Database, page: Page, pair: str) -> None:
    """Note that a page has become a lesson."""
    db.execute("update diary set pair = ? where kind = ? and day = ?", [pair, page.kind, page.day])


def find(db: Database, kind: str, day: str) -> Page | None:
    return next((_page(row) for row in db.query("select * from diary where kind = ? and day = ?", [kind, day])), None)


def redact(
    db: Database, people: Collection[str], replies: Collection[str], folder: Path, texts: Collection[str] = ()
) -> int:
    """Take out every line that names one of these people or texts or quotes one of these answers, of the facts behind
    it what is about them, and both out of the letters in ``folder``; returns how many pages that changed. Raises
    OSError."""
    changed = 0
    for row in list(db.query("select * from diary")):
        page = _page(row)
        kept = tuple(
            line
            for line in page.lines
            if not (_hit(line.people, people) or _hit(line.replies, replies) or _hit(line.texts, texts))
        )
        facts = _without_texts(_without(page.facts, people, replies), texts)
        if (kept, facts) == (page.lines, page.facts):
            continue
        changed += 1
        page = Page(kind=page.kind, day=page.day, at=page.at, lines=kept, facts=facts, pair=page.pair)
        put(db, page)
        if page.kind == LETTER and letter_file(folder, page.day).exists():
            write_letter(folder, page)
    if people:
        _drop_strangers(db, folder)
    return changed


def letter_file(folder: Path, day: str) -> Path:
    return folder / f"{day}.md"


def write_letter(folder: Path, page: Page) -> None:
    """Raises OSError."""
    make_folder(folder)
    write_whole(letter_file(folder, page.day), visible(page.text) + "\n")


def _drop_strangers(db: Database, folder: Path) -> None:
    """Letters that this record does not know, since it was begun anew: nobody could tell whom they name."""
    known = {row[0] for row in db.execute("select day from diary where kind = ?", [LETTER]).fetchall()}
    for file in folder.glob("????-??-??.md"):
        if file.stem not in known:
            file.unlink(missing_ok=True)


def _hit(ids: Collection[str], gone: Collection[str]) -> bool:
    return any(one in gone for one in ids)


def _without(facts: Any, people: Collection[str], replies: Collection[str]) -> Any:
    """The facts with no entry about these people and no quotation of these answers, at any depth: an entry is an object
    with the id of a ``person`` or of a ``reply``."""
    if isinstance(facts, dict):
        return {name: _without(value, people, replies) for name, value in facts.items()}
    if isinstance(facts, list):
        return [_without(value, people, replies) for value in facts if not _about(value, people, replies)]
    return facts


def _without_texts(facts: dict[str, Any], texts: Collection[str]) -> dict[str, Any]:
    """The facts without the names of these texts."""
    named = {name: [one for one in facts[name] if one not in texts] for name in NAMING if name in facts}
    return facts | named


def _about(value: Any, people: Collection[str], replies: Collection[str]) -> bool:
    return isinstance(value, dict) and (value.get("person") in people or value.get("reply") in replies)


def _as_json(lines: Collection[Line]) -> str:
    return json.dumps([asdict(line) for line in lines], ensure_ascii=False)


def _page(row: dict[str, Any]) -> Page:
    lines = tuple(
        Line(line["text"], tuple(line["people"]), tuple(line["replies"]), tuple(line.get("texts", ())))
        for line in json.loads(row["lines"])
    )
    return Page(
        kind=row["kind"],
        day=row["day"],
        at=row["at"],
        lines=lines,
        facts=json.loads(row["facts"]),
        pair=row["pair"] or "",
    )
