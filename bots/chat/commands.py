"""The commands of the chat: who may say what, and what it does.

Each does at once what must not wait, so that the next line already finds it done, and returns the coroutine that tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bots.chat.messages import SURFACE, Line
from bots.chat.moderation import tidy_for_chat
from bots.chat.mood import feelings
from bots.chat.quarantine import person_of
from school.door.consent import What
from school.door.values import Forgotten, Kept
from school.screen.calligraphist import count, figure

if TYPE_CHECKING:
    from bots.chat.host import Host

Telling = Coroutine[Any, Any, None]

NOTHING = Kept(messages=0, replies=0, pairs=0)
PAPERS = 5.0  # seconds that the record may take
SOUL = 60.0  # seconds that saving a soul may take
LONGEST_QUIET = 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Command:
    """``right``: nobody may be kept from saying it, however ignored or however quiet it is to be."""

    act: Callable[[Host, Line, str], Telling]
    moderators: bool = False
    right: bool = False


# ---- consent -------------------------------------------------------------------------------------------------------


def optin(host: Host, line: Line, _: str) -> Telling:
    new = host.room.people.agree(person_of(line), line.channel)
    return host.reply(line, "opted_in" if new else "already_in")


def optout(host: Host, line: Line, _: str) -> Telling:
    if not host.room.people.withdraw(person_of(line), line.channel):
        return host.reply(line, "was_not_in")
    host.forget(lambda earlier: earlier.person == line.person)
    return _tell_rows(host, line, host.room.school.withdraw(person_of(line)), "opted_out")


async def consent(host: Host, line: Line, _: str) -> None:
    standing = host.room.people[person_of(line)]
    if host.room.people.known(person_of(line)) is None:
        return await host.reply(line, "consent_unsure")
    kept = await _within(host.room.school.kept(person_of(line))) if standing.since else NOTHING
    if kept is None:
        return await host.reply(line, "consent_unsure")
    agreed = standing.wording == host.room.people.wording
    counts = {"messages": kept.messages, "replies": kept.replies, "pairs": kept.pairs}
    if not agreed and not any(counts.values()):
        return await host.reply(line, "consent_nothing")
    since = datetime.fromtimestamp(standing.since, UTC).date().isoformat()
    await host.reply(line, "consent_kept" if agreed else "consent_ended", since=since, **counts)


def forgetme(host: Host, line: Line, _: str) -> Telling:
    person = person_of(line)
    if host.room.people.known(person) is False:
        return _forget_unknown(host, line)
    host.room.people.withdraw(person, line.channel, "forgotten")
    host.forget(lambda earlier: earlier.person == line.person)
    return _tell_rows(host, line, host.room.school.forget(person=person), "forgotten")


async def _forget_unknown(host: Host, line: Line) -> None:
    """Somebody who never agreed, as far as the ledger knows; the record may know more."""
    kept = await _within(host.room.school.kept(person_of(line)))
    if kept == NOTHING:
        await host.reply(line, "nothing_to_forget")
    else:
        await _tell_rows(host, line, host.room.school.forget(person=person_of(line)), "forgotten")


async def _tell_rows(host: Host, line: Line, deleting: Future[Forgotten], occasion: str, more: int = 0) -> None:
    told = await _within(deleting)
    done = told is not None and not told.owed
    await (host.reply(line, occasion, rows=told.rows + more) if done else host.reply(line, "later"))


async def _within(future: Future, seconds: float = 0.0) -> Any:
    """What it brings, or None where that takes too long (longer than PAPERS, unless told) or fails; what was asked for
    is done all the same."""
    waiting = asyncio.wrap_future(future)
    await asyncio.wait([waiting], timeout=seconds or PAPERS)
    if not waiting.done() or waiting.cancelled() or waiting.exception():
        return None
    return waiting.result()


# ---- teaching ------------------------------------------------------------------------------------------------------


def good(host: Host, line: Line, _: str) -> Telling:
    return host.reply(line, host.marks.give(line, host.stay, "good"))


def bad(host: Host, line: Line, _: str) -> Telling:
    return host.reply(line, host.marks.give(line, host.stay, "bad"))


def fix(host: Host, line: Line, text: str) -> Telling:
    correction = host.lessons.readable(replace(line, text=text))
    return host.reply(line, host.marks.give(line, host.stay, "fix", correction) if correction else "fix_how")


# ---- about itself --------------------------------------------------------------------------------------------------


async def mood(host: Host, line: Line, _: str) -> None:
    room = host.room
    await host.reply(line, "mood", **feelings(room.school.status(), room.voice, room.moods))


async def stats(host: Host, line: Line, _: str) -> None:
    now = host.room.school.status()
    figures = {"tokens": count(now.tokens_seen), "bits": figure(now.held_out_bits_per_byte, 2)}
    await host.reply(line, "stats", step=f"{now.step:,}", pairs=f"{now.pairs:,}", **figures)


async def howitlearns(host: Host, line: Line, _: str) -> None:
    await host.reply(line, "howitlearns")


async def show_help(host: Host, line: Line, text: str) -> None:
    mine = {key: name for key, name in host.room.called.items() if line.moderator or key not in MODERATORS}
    wanted = text.casefold()
    for key, name in mine.items():
        if wanted and name.casefold() in (wanted, host.room.prefix + wanted):
            return await host.reply(line, f"help_{key}", command=name)
    await host.reply(line, "help", commands=" ".join(mine.values()), command=host.room.called["help"])


# ---- moderators ----------------------------------------------------------------------------------------------------


def quiet(host: Host, line: Line, text: str) -> Telling:
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= minutes <= LONGEST_QUIET:
        return host.reply(line, "quiet_how")
    host.be_quiet(60.0 * minutes)
    return host.reply(line, "quiet", minutes=minutes)


def wake(host: Host, line: Line, _: str) -> Telling:
    host.be_quiet(0.0)
    return host.reply(line, "woken")


def save(host: Host, line: Line, _: str) -> Telling:
    return _tell_place(host, line, host.room.save())


async def _tell_place(host: Host, line: Line, saving: Future[str | None]) -> None:
    await host.reply(line, "saved" if await _within(saving, SOUL) else "not_saved")


def ignore(host: Host, line: Line, text: str) -> Telling:
    return _judge(host, line, text, "ignored", "ignoring")


def heed(host: Host, line: Line, text: str) -> Telling:
    return _judge(host, line, text, "heeded", "heeding")


def trust(host: Host, line: Line, text: str) -> Telling:
    return _judge(host, line, text, "vouched", "trusting")


def _judge(host: Host, line: Line, text: str, what: What, occasion: str) -> Telling:
    """A moderator's word about somebody who was seen: by name, or as a reply to them."""
    face = host.audience.find(text.split()[0]) if text else None
    person = face.id if face else "" if text else line.reply_to_person
    if not person:
        return host.reply(line, "nobody")
    name, key = tidy_for_chat(face.name) if face else "them", f"{SURFACE}:{person}"
    if what == "vouched" and not host.room.people.agreed(key):
        return host.reply(line, "not_agreed", name=name)
    host.room.people.judge(key, what, line.channel)
    if what == "ignored":
        host.forget(lambda earlier: earlier.person == person)
    return host.reply(line, occasion, name=name)


def unlearn(host: Host, line: Line, _: str) -> Telling:
    if not line.reply_to:
        return host.reply(line, "unlearn_how")
    waited, deleting = host.take_back(line.channel, line.reply_to, line.reply_to_person)
    return _tell_rows(host, line, deleting, "unlearned", waited)


COMMANDS: dict[str, Command] = {
    "help": Command(show_help),
    "optin": Command(optin),
    "optout": Command(optout, right=True),
    "consent": Command(consent, right=True),
    "forgetme": Command(forgetme, right=True),
    "good": Command(good),
    "bad": Command(bad),
    "fix": Command(fix),
    "mood": Command(mood),
    "stats": Command(stats),
    "howitlearns": Command(howitlearns),
    "quiet": Command(quiet, moderators=True),
    "wake": Command(wake, moderators=True),
    "save": Command(save, moderators=True),
    "ignore": Command(ignore, moderators=True),
    "heed": Command(heed, moderators=True),
    "trust": Command(trust, moderators=True),
    "unlearn": Command(unlearn, moderators=True),
}
MODERATORS = {key for key, command in COMMANDS.items() if command.moderators}
CONSENT = {"optin"} | {key for key, command in COMMANDS.items() if command.right}
