"""Why Twitch takes a message and doesn't show it, in words for people, and what can be done.

The codes are nowhere listed in full and change; so any that looks like one of these is taken for it, and of others
Twitch's own words are told.
"""

from __future__ import annotations

import re

from school.office.log import redact
from school.screen.calligraphist import for_screen

REASONS = {  # what stands in a code, or else in Twitch's words: why, and what to do
    "phone": "the bot's account has no verified phone number, which this chat demands; verify it in Twitch's settings",
    "email": "the bot's account has no verified e-mail, which this chat demands; verify it in Twitch's settings",
    "verif": "this chat demands verified accounts; verify the bot's phone number and e-mail in Twitch's settings",
    "follower": "the chat is for followers only; let the bot's account follow the channel, or make it a moderator",
    "subs": "the chat is for subscribers only; make the bot a moderator",
    "emote": "the chat takes emotes only just now",
    "slow": "the chat is in slow mode; it speaks more slowly now (a moderator needn't)",
    "ratelimit": "it spoke too often; it waits a little",
    "duplicate": "it was the same as just before",
    "r9k": "the chat takes no message twice (unique chat); make the bot a moderator",
    "unique": "the chat takes no message twice (unique chat); make the bot a moderator",
    "timed": "the bot is timed out there",
    "ban": "the bot is banned there",
    "suspended": "the bot's account, or the channel, is suspended",
    "reject": "AutoMod, or the channel's list of blocked words, held it back",
    "automod": "AutoMod, or the channel's list of blocked words, held it back",
}
SECONDS = re.compile(r"(\d{1,5}) (?:more )?second")
SLOW = ("slow", "ratelimit")  # what another try helps against


def why_not_shown(code: str | None, words: str | None) -> str:
    """A sentence without secrets; ``words`` are Twitch's own."""
    told = for_screen(redact(" ".join(str(words or "").split())))[:150].rstrip(". ")
    known = _found(str(code or "")) or _found(told)
    if known:
        return REASONS[known]
    return told or for_screen(redact(str(code or "")))[:50] or "Twitch gave no reason"


def too_fast(code: str | None, words: str | None) -> float:
    """Seconds to wait where it was only too fast; 0 where it was not."""
    if (_found(str(code or "")) or _found(str(words or ""))) not in SLOW:
        return 0.0
    seconds = SECONDS.search(str(words or ""))
    return float(seconds[1]) if seconds else 1.0


def _found(text: str) -> str:
    text = text.lower()
    return next((part for part in REASONS if part in text), "")
