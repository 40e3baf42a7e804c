"""The shape of the record, how it came to be step by step, and the two ways to open it: to write and to read.

What is written down about a life lies in one SQLite file. Nothing here loads torch.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database, Migrations

migrations = Migrations("babyllm")


@migrations()
def m001_begin(db: Database) -> None:
    db["runs"].create(
        {"id": str, "started_at": str, "ended_at": str, "from_step": int, "to_step": int, "ending": str, "config": str},
        pk="id",
    )
    db["steps"].create(
        {
            "step": int,
            "run_id": str,
            "at": str,
            "span": int,
            "loss": float,
            "bits_per_byte": float,
            "accuracy": float,
            "gradient_norm": float,
            "learning_rate": float,
            "tokens": float,
            "review_tokens": float,
            "seconds": float,
            "red": float,
            "green": float,
            "blue": float,
        },
        pk="step",
        foreign_keys=[("run_id", "runs", "id")],
    )
    db["evaluations"].create(
        {
            "id": int,
            "run_id": str,
            "at": str,
            "step": int,
            "bits_per_byte": float,
            "accuracy": float,
            "tokens": int,
            "bytes": int,
            "temperature": float,
            "self_state_error": float,
            "repeats": float,
            "gauges": str,
        },
        pk="id",
        foreign_keys=[("run_id", "runs", "id")],
    )
    db["sources"].create(
        {
            "sha256": str,
            "name": str,
            "bytes": int,
            "tokens": int,
            "held_out_tokens": int,
            "first_seen_at": str,
            "last_seen_at": str,
        },
        pk="sha256",
    )
    db["messages"].create(
        {
            "id": str,
            "run_id": str,
            "at": str,
            "surface": str,
            "conversation": str,
            "person": str,
            "consent": str,
            "text": str,
        },
        pk="id",
        foreign_keys=[("run_id", "runs", "id")],
    )
    db["replies"].create(
        {
            "id": str,
            "message_id": str,
            "at": str,
            "step": int,
            "text": str,
            "ending": str,
            "seconds": float,
            "first_token_seconds": float,
            "red": float,
            "green": float,
            "blue": float,
        },
        pk="id",
        foreign_keys=[("message_id", "messages", "id")],
    )
    db["feedback"].create(
        {"id": str, "reply_id": str, "at": str, "person": str, "verdict": str, "correction": str},
        pk="id",
        foreign_keys=[("reply_id", "replies", "id")],
    )
    db["pairs"].create(
        {
            "id": str,
            "at": str,
            "person": str,
            "source": str,
            "reply_id": str,
            "prompt": str,
            "answer": str,
            "weight": float,
            "status": str,
        },
        pk="id",
        foreign_keys=[("reply_id", "replies", "id")],
    )
    db["events"].create(
        {"id": int, "run_id": str, "at": str, "step": int, "kind": str, "text": str},
        pk="id",
        foreign_keys=[("run_id", "runs", "id")],
    )
    for table, columns in (
        ("messages", ["at"]),
        ("messages", ["person", "at"]),
        ("replies", ["at"]),
        ("pairs", ["person"]),
        ("pairs", ["reply_id"]),
        ("feedback", ["reply_id"]),
        ("evaluations", ["step"]),
        ("events", ["at"]),
    ):
        db[table].create_index(columns)
    for table, columns in (("messages", ["text"]), ("replies", ["text"]), ("pairs", ["prompt", "answer"])):
        db[table].enable_fts(columns, create_triggers=True, tokenize="unicode61")


@migrations()
def m002_chat(db: Database) -> None:
    """Where in a public chat something was said, so that it can be removed; and who agreed to be learned from."""
    for table in ("messages", "feedback", "pairs"):
        for column in ("channel", "chat_message"):
            db[table].add_column(column, str)
    db["replies"].add_column("chat_message", str)
    for column in ("surface", "asker", "asked_in"):
        db["pairs"].add_column(column, str)
    db["consents"].create({"id": str, "at": float, "person": str, "what": str, "channel": str, "wording": str}, pk="id")
    for table, column in (
        ("messages", "chat_message"),
        ("replies", "chat_message"),
        ("replies", "message_id"),
        ("pairs", "chat_message"),
        ("pairs", "asked_in"),
        ("pairs", "asker"),
        ("consents", "person"),
    ):
        db[table].create_index([column])


@migrations()
def m003_leave(db: Database) -> None:
    """Whoever is to be deleted is found without reading everything."""
    for column in ("person", "chat_message"):
        db["feedback"].create_index([column])


@migrations()
def m004_weather(db: Database) -> None:
    """The colour it expected beside the one it had; unknown of the steps before."""
    for channel in ("red", "green", "blue"):
        db["steps"].add_column(f"expected_{channel}", float)


@migrations()
def m005_diary(db: Database) -> None:
    """What the scribe writes; and how an answer was, for the baby's own measure."""
    for column in ("log_probability", "repeats"):
        db["replies"].add_column(column, float)
    page = {"kind": str, "day": str, "at": str, "text": str, "lines": str, "facts": str, "pair": str}
    db["diary"].create(page, pk=("kind", "day"))
    figures = {"band": str, "percent": float, "among": int}
    db["comments"].create({"id": str, "at": str, "reply_id": str, **figures, "text": str, "pair": str}, pk="id")
    db["comments"].create_index(["reply_id"])


@migrations()
def m006_trust(db: Database) -> None:
    """How much the word of whoever marked an answer counted; unknown of the marks before."""
    db["feedback"].add_column("trust", int)


@migrations()
def m007_lifetime(db: Database) -> None:
    """What time it was when something was last written, so that a clock that jumps is noticed."""
    db["lifetime"].create({"id": int, "believed": float, "wall": float}, pk="id")


@migrations()
def m008_remembering(db: Database) -> None:
    """Bits per byte with the hippocampus, at examinations since there is one."""
    db["evaluations"].add_column("remembering", float)


@migrations()
def m009_looking(db: Database) -> None:
    """A look at a long life finds a day, its best examination and what happened without reading everything."""
    for table, columns in (
        ("evaluations", ["at", "bits_per_byte"]),
        ("evaluations", ["bits_per_byte"]),
        ("events", ["kind", "at"]),
    ):
        db[table].create_index(columns)


@migrations()
def m010_provenance(db: Database) -> None:
    """How often each text was taught, and how that went: see sources.py."""
    for column in ("lessons", "taught_tokens"):
        db["sources"].add_column(column, int, not_null_default=0)
    db["sources"].add_column("course", str)


@migrations()
def m011_fluency(db: Database) -> None:
    """How well-formed what it says is, at examinations at which it was heard."""
    for name in ("known_words", "ended", "distinct_2"):
        db["evaluations"].add_column(name, float)


@migrations()
def m012_hours(db: Database) -> None:
    """How often something happened that an event tells of, in the hour that ends with it: see thinning.py."""
    db["events"].add_column("times", int, not_null_default=1)


def utc_now() -> str:
    return utc_at(time.time())


def utc_at(clock: float) -> str:
    """Seconds since 1970 as the record writes them."""
    return datetime.fromtimestamp(clock, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def connect(path: Path) -> Database:
    """The writing connection. Private words are to be gone when deleted, so deleted pages are overwritten."""
    connection = sqlite3.connect(path, timeout=2, check_same_thread=False)
    try:
        db = Database(connection, strict=True)
        db.enable_wal()
        for pragma in (
            "foreign_keys=on",
            "synchronous=normal",
            "secure_delete=on",
            "temp_store=memory",
            "journal_size_limit=67108864",
        ):
            db.execute(f"pragma {pragma}")
        migrations.apply(db)
    except BaseException:
        connection.close()
        raise
    return db


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Database]:
    """A connection that can only read, for reports and look-ups from any thread."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    try:
        yield Database(connection)
    finally:
        connection.close()
