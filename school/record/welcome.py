"""Who of the people in a record may be spoken of one by one: who lives here, and who agrees to the present wording.

Everybody else is in the counts alone.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from school.door.consent import GUEST, WORDING, Change, Standing

if TYPE_CHECKING:
    from sqlite_utils import Database

    from school.record.read_only import Look


def standings(db: Database | Look) -> dict[str, Standing]:
    """What the ledger says of everybody who is in it."""
    found: dict[str, Standing] = {}
    for row in db.query("select * from consents order by rowid"):
        found[row["person"]] = found.get(row["person"], Standing()).after(Change(**row))
    return found


def welcome(db: Database | Look, people: Collection[str]) -> set[str]:
    """Those of them who live here, or agree to the present wording."""
    known = standings(db)
    return {who for who in people if GUEST not in who or known.get(who, Standing()).wording == WORDING}
