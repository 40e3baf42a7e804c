"""What self-play made, in the record: verdicts among the pairs, so that whoever takes a person, an answer, a message or
a text out of the record takes out what was made of it, too.

A self-play makes all of it anew. What is made of a pair has its id, MADE_OF and what it is; what is made of a
conversation in the library has that text as its origin. Loads no torch.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from school.door.lesson_sources import PLAYED
from school.door.values import LIBRARY, Pair
from school.record.schema import utc_now

if TYPE_CHECKING:
    from sqlite_utils import Database


def row_of(pair: Pair) -> dict[str, Any]:
    """A pair as the record keeps it."""
    return {
        "id": pair.id,
        "at": utc_now(),
        "person": pair.person,
        "source": pair.source,
        "reply_id": pair.reply or None,
        "prompt": pair.prompt,
        "answer": pair.answer,
        "weight": pair.weight,
        "status": "learning",
        "asker": pair.asker or None,
        "asked_in": pair.asked_in or None,
        "surface": pair.origin.surface or None,
        "channel": pair.origin.channel or None,
        "chat_message": pair.origin.message or None,
    }


def replace_played(db: Database, pairs: Iterable[Pair]) -> None:
    """In the place of all that was made before; all of it, or nothing."""
    with db.atomic():
        db.execute("delete from pairs where source in (select value from json_each(?))", [json.dumps([*PLAYED])])
        for pair in pairs:
            db["pairs"].insert(row_of(pair))


def forget_played(db: Database, texts: Collection[str]) -> None:
    """What was made of these texts goes."""
    where = "surface = ? and channel in (select value from json_each(?))"
    db.execute(f"delete from pairs where {where}", [LIBRARY, json.dumps(list(texts))])  # noqa: S608
