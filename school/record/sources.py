"""The texts that it read, in the record: what they are, how often each was taught, and how the cost of predicting it
went.

All functions run on the writer's thread. A text is one row, however long a life is: the course of its lessons is kept
as at most COURSE points, and when there are more, each two neighbours become one; so the last ones are told closely,
and those of long ago as means. A text that is changed goes on where it was, under its name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from school.door.events import Taught

if TYPE_CHECKING:
    from sqlite_utils import Database

    from school.texts.shelf import Text

COURSE = 24  # points of a text
_SHELVE = """
    insert into sources (sha256, name, bytes, tokens, held_out_tokens, first_seen_at, last_seen_at)
    values (?, ?, ?, ?, ?, ?, ?)
    on conflict (sha256) do update set name = excluded.name, tokens = excluded.tokens,
        held_out_tokens = excluded.held_out_tokens, last_seen_at = excluded.last_seen_at,
        first_seen_at = min(first_seen_at, excluded.first_seen_at) -- the clock may have been ahead then"""


@dataclass(slots=True)
class Point:
    """Lessons from one step to another: ``nats`` that it cost to predict ``bytes`` of the text."""

    first: int
    last: int
    lessons: int
    tokens: int
    bytes: int
    nats: float

    def joined(self, other: Point) -> Point:
        """Both, where the other comes later."""
        sums = (getattr(self, name) + getattr(other, name) for name in ("lessons", "tokens", "bytes", "nats"))
        return Point(min(self.first, other.first), max(self.last, other.last), *sums)


class Tally:
    """What was taught of each text since it was last written down."""

    def __init__(self) -> None:
        self._points: dict[str, Point] = {}
        self.steps = 0

    def add(self, step: int, taught: Iterable[Taught]) -> None:
        self.steps += 1
        for one in taught:
            point = Point(step, step, 1, one.tokens, one.bytes, one.nats)
            known = self._points.get(one.sha256)
            self._points[one.sha256] = known.joined(point) if known else point

    def take(self) -> dict[str, Point]:
        """All of it; it begins anew."""
        points, self._points, self.steps = self._points, {}, 0
        return points


def shelve(db: Database, texts: Iterable[Text], now: str) -> None:
    """Note the texts of a library, each by its content; one that is known is seen again."""
    texts = list(texts)
    here = {text.sha256 for text in texts}
    known = dict(db.execute("select sha256, name from sources").fetchall())
    gone = {name: sha for sha, name in known.items() if sha not in here}
    for text in texts:
        if text.sha256 not in known and text.name in gone:  # it was changed
            changed = [text.sha256, text.size, gone.pop(text.name)]
            db.execute("update sources set sha256 = ?, bytes = ? where sha256 = ?", changed)
    rows = [(text.sha256, text.name, text.size, len(text.learn), len(text.held_out), now, now) for text in texts]
    db.conn.executemany(_SHELVE, rows)


def note(db: Database, points: Mapping[str, Point]) -> None:
    """Add what was taught to the rows of the texts; of one that is forgotten nothing is noted."""
    for sha256, point in points.items():
        row = db.execute("select course from sources where sha256 = ?", [sha256]).fetchone()
        if row is None:
            continue
        db.execute(
            "update sources set lessons = lessons + ?, taught_tokens = taught_tokens + ?, course = ? where sha256 = ?",
            [point.lessons, point.tokens, _as_json([*course_of(row[0]), point]), sha256],
        )


def course_of(kept: str | None) -> list[Point]:
    """The points of a row, the oldest first."""
    return [Point(*point) for point in json.loads(kept or "[]")]


def _as_json(course: list[Point]) -> str:
    if len(course) > COURSE:
        pairs = [course[i : i + 2] for i in range(0, len(course), 2)]
        course = [pair[0].joined(pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]
    return json.dumps([[*astuple(point)[:-1], round(point.nats, 1)] for point in course], separators=(",", ":"))


def forget_texts(db: Database, names: Collection[str], letters: Path) -> dict[str, int]:
    """Take texts out of the record: their rows, what self-play made of them, and what diary and letters say of them by
    name. How many ``lessons`` they had, how many rows (``texts``) and ``pages`` that changed. Raises OSError."""
    from school.record.pages import redact
    from school.record.played import forget_played

    where, values = "from sources where name in (select value from json_each(?))", [json.dumps(list(names))]
    texts, lessons = db.execute(f"select count(*), coalesce(sum(lessons), 0) {where}", values).fetchone()
    db.execute(f"delete {where}", values)
    forget_played(db, names)
    return {"texts": texts, "lessons": lessons, "pages": redact(db, (), (), letters, texts=set(names))}
