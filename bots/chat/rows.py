"""What commands a chat has: a row each with what it is called, who may say it and what it is for.

What a command does stands in ``commands.py``, under the same key; what baby says about it in the voice file, with
help_KEY as the line about the command itself. The settings name these rows, so nothing here acts or waits.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """``key`` names it in the settings and the voice file, ``name`` is what it is called if the settings don't say.
    ``consent``: a person decides about themselves, which has to be confirmed. ``right``: nobody may be kept from saying
    it, however ignored or however quiet it is to be."""

    key: str
    help: str
    name: str = ""
    moderators: bool = False
    consent: bool = False
    right: bool = False


ROWS = (
    Row("help", "what there is to say", name="babyhelp"),
    Row("optin", "agree to be learned from", consent=True),
    Row("optout", "withdraw that", consent=True, right=True),
    Row("consent", "what is kept of me?", consent=True, right=True),
    Row("forgetme", "delete what is kept of me", consent=True, right=True),
    Row("good", "its answer was good"),
    Row("bad", "its answer was bad"),
    Row("fix", "what it should have said"),
    Row("why", "who told it that, or where its words stand"),
    Row("mood", "how it feels"),
    Row("stats", "how it is doing"),
    Row("howitlearns", "what it learns from"),
    Row("quiet", "say nothing for so many minutes", moderators=True),
    Row("wake", "speak again", moderators=True),
    Row("save", "save its soul", moderators=True),
    Row("ignore", "do not attend to somebody", moderators=True),
    Row("heed", "attend to them again", moderators=True),
    Row("trust", "learn from somebody as from an old friend", moderators=True),
    Row("forbid", "neither learn nor say a word", moderators=True),
    Row("purge", "delete all messages that some words stand in, and what came of them", moderators=True),
    Row("unlearn", "as a reply: remove that message and what came of it", moderators=True),
)
BY_KEY = {row.key: row for row in ROWS}
FOR_MODERATORS = {row.key for row in ROWS if row.moderators}
ABOUT_CONSENT = {row.key for row in ROWS if row.consent}
