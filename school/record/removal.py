"""What deletes words from the record: its rows, the pages of the diary, the letters' files, the search index, and the
copies of damaged records that were set aside.

All functions run on the writer's thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from school.door.lesson_sources import NO_LESSONS
from school.door.values import MADE_OF, Kept, Pair, Removed, Scope, id_at
from school.record.pages import redact
from school.record.queries import last_taught

DAMAGED = "damaged"  # in the name of a record that was set aside, before the second in which it was
ALL = "~"  # sorts behind every id

_REPLIES_TO = "select replies.id from replies join messages on messages.id = replies.message_id where messages.person"
_PAIRS_OF = f"person = :person or asker = :person or reply_id in ({_REPLIES_TO} = :person)"


def remove(db: Database, scope: Scope, letters: Path) -> Removed:
    """Delete what was said within a scope, with all that was made of it, also from the diary and from the ``letters``.
    What is withdrawn stays as rows, its pairs marked as not to be taught. Raises OSError."""
    if scope.surface:
        removed = delete_scope(db, scope)
        redact(db, {scope.person} - {""}, removed.replies, letters)
        return removed
    if scope.person:  # before the answers they got are unknown
        replies = {row[0] for row in db.execute(f"{_REPLIES_TO} = ?", [scope.person]).fetchall()}
        redact(db, {scope.person}, replies, letters)
    how = _withdraw if scope.withdrawn else _delete
    return Removed(rows=how(db, scope))


def take_back(db: Database, person: str) -> Pair | None:
    """Let the last that a person taught be taught no more, and take their mark off the answer that it was made of;
    returns what it was, None where there is nothing."""
    pair = last_taught(db, person)
    if pair:
        made_of_it = pair.id + MADE_OF  # what self-play made of it goes, too
        withdrawn = "update pairs set status = 'withdrawn' where id = ? or substr(id, 1, ?) = ?"
        db.execute(withdrawn, [pair.id, len(made_of_it), made_of_it])
        db.execute("delete from feedback where reply_id = ? and person = ?", [pair.reply, person])
    return pair


def count(db: Database, person: str) -> Kept:
    """How much there is of a person."""
    counts = {
        "messages": "select (select count(*) from messages where person = :person) + "
        "(select count(*) from feedback where person = :person)",
        "replies": f"select count(*) from ({_REPLIES_TO} = :person)",
        "pairs": f"select count(*) from pairs where ({_PAIRS_OF}) and source not in {NO_LESSONS}",
    }
    return Kept(**{name: db.execute(query, {"person": person}).fetchone()[0] for name, query in counts.items()})


# ---- all of a person, all from a source ----------------------------------------------------------------------------


def _delete(db: Database, scope: Scope) -> int:
    return delete_person(db, scope.person) + delete_source(db, scope.source)


def delete_person(db: Database, person: str) -> int:
    if not person:
        return 0
    deleted = 0
    for statement in (
        f"delete from comments where reply_id in ({_REPLIES_TO} = :person)",
        f"delete from feedback where person = :person or reply_id in ({_REPLIES_TO} = :person)",
        f"delete from pairs where {_PAIRS_OF}",
        "delete from replies where message_id in (select id from messages where person = :person)",
        "delete from messages where person = :person",
    ):
        deleted += db.execute(statement, {"person": person}).rowcount
    return deleted


def delete_source(db: Database, source: str) -> int:
    return db.execute("delete from pairs where source = ?", [source]).rowcount if source else 0


def _withdraw(db: Database, scope: Scope) -> int:
    """Mark all pairs made of a person's words, or from a source, as not to be taught; returns how many."""
    marked = 0
    for condition, value in ((_PAIRS_OF, scope.person), ("source = :person", scope.source)):
        if value:
            query = f"update pairs set status = 'withdrawn' where {condition}"  # noqa: S608
            marked += db.execute(query, {"person": value}).rowcount
    return marked


# ---- what was said on a surface ------------------------------------------------------------------------------------


def delete_scope(db: Database, scope: Scope) -> Removed:
    """Delete the messages within a scope and the answers to them, answers that were themselves said as one of its
    messages, and all marks and pairs made of any of these, or themselves within it; with ``answers``, the answers and
    what was made of them."""
    values = {"surface": scope.surface, "channel": scope.channel, "person": scope.person}
    values |= {"since": scope.since, "before": scope.before, "ids": json.dumps(sorted(scope.messages))}
    said = _within(scope)
    db.execute(
        f"create temp table gone_messages as select id, person from messages where surface = :surface{said}", values
    )
    db.execute("create temp table gone_replies (id text)")
    theirs = "select id from replies where message_id in (select id from temp.gone_messages)"
    own = f"select id from replies where chat_message in {_LISTED}"  # nobody's in particular
    for found in (theirs, *[own] * (bool(scope.messages) and not scope.person)):
        db.execute(f"insert into temp.gone_replies {found}", values)
    marks_and_pairs = (
        f"delete from feedback where channel is not null{said}",
        f"delete from pairs where surface = :surface{_within(scope, 'person asker', 'chat_message asked_in')}",
    )
    rows = 0
    for statement in (
        "delete from comments where reply_id in (select id from temp.gone_replies)",
        "delete from feedback where reply_id in (select id from temp.gone_replies)",
        "delete from pairs where reply_id in (select id from temp.gone_replies)",
        *(() if scope.answers else marks_and_pairs),
        "delete from replies where id in (select id from temp.gone_replies)",
        *(() if scope.answers else ("delete from messages where id in (select id from temp.gone_messages)",)),
    ):
        rows += db.execute(statement, values).rowcount
    people = frozenset(row[0] for row in db.execute("select distinct person from temp.gone_messages").fetchall())
    replies = frozenset(row[0] for row in db.execute("select id from temp.gone_replies").fetchall())
    for table in ("gone_messages", "gone_replies"):
        db.execute(f"drop table temp.{table}")
    return Removed(rows=rows, people=people, replies=replies)


_LISTED = "(select value from json_each(:ids))"


def _within(scope: Scope, people: str = "person", messages: str = "chat_message") -> str:
    """The conditions of a scope, those alone that are given, so that an index can be used. ``people`` and ``messages``
    are names of columns, of which one has to fit."""

    def one_of(columns: str, test: str) -> str:
        return "(" + " or ".join(f"{column} {test}" for column in columns.split()) + ")"

    given = {
        one_of(messages, f"in {_LISTED}"): scope.messages,
        one_of(people, "= :person"): scope.person,
        "channel = :channel": scope.channel,
        "id >= :since": scope.since,
        "id < :before": scope.before,
    }
    return "".join(f" and {condition}" for condition, value in given.items() if value)


# ---- what deleted rows leave behind --------------------------------------------------------------------------------


class Leftovers:
    """Fragments in the search index, pages in the write-ahead log, and copies of the record ``path`` that were set
    aside because they were damaged: nobody could tell what is in them."""

    def __init__(self, path: Path):
        self.path = path
        self.waiting = True  # a life that broke off may have left some
        self.on_removal: Callable[[], None] = lambda: None
        self._copies_before = ""

    def note(self, *, copies_before: str = "") -> None:
        """Something was deleted; copies that were set aside before this id go, too."""
        self.waiting = True
        self.on_removal()
        self._copies_before = max(self._copies_before, copies_before)

    def copies(self) -> list[Path]:
        """Damaged records that were set aside."""
        return list(self.path.parent.glob(f"{self.path.name}.{DAMAGED}-*"))

    def clear(self, db: Database) -> None:
        """Leave nothing of what was deleted behind; once more later where a reader still needs it. Raises OSError."""
        for table in ("messages", "replies", "pairs"):
            db[table].optimize()  # else fragments stay in the search index
        for copy in self.copies():
            if id_at(int(copy.name.partition(f"{DAMAGED}-")[2].partition("-")[0])) < self._copies_before:
                copy.unlink(missing_ok=True)
        self._copies_before = ""
        busy, *_ = db.execute("pragma wal_checkpoint(truncate)").fetchone()
        self.waiting = bool(busy)
