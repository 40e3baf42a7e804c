"""What the commands of a chat do; their rows, with names and rights, are in ``rows.py``.

Each does at once what must not wait, so that the next line already finds it done, and returns the coroutine that tells.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bots.chat.messages import Line
from bots.chat.moderation import tidy_for_chat
from bots.chat.mood import feelings
from bots.chat.parsing import parse
from bots.chat.rows import FOR_MODERATORS
from school.door.consent import What
from school.door.phrases import Phrase
from school.door.values import Forgotten, Kept, Scope, day_of
from school.screen.calligraphist import count, figure

if TYPE_CHECKING:
    from bots.chat.host import Host

Response = Coroutine[Any, Any, None]

NOTHING = Kept(messages=0, replies=0, pairs=0)
LONGEST_QUIET = 24 * 60  # minutes
SHORTEST_FORBIDDEN, SHORTEST_PHRASE, LONGEST_PHRASE = 3, 4, 100  # letters; characters

log = logging.getLogger(__name__)


Act = Callable[["Host", Line, str], Response]


# ---- consent -------------------------------------------------------------------------------------------------------


def optin(host: Host, line: Line, _: str) -> Response:
    new = host.context.people.agree(host.context.writer(line), line.channel)
    return host.reply(line, "opted_in" if new else "already_in")


def optout(host: Host, line: Line, _: str) -> Response:
    if not host.context.people.withdraw(host.context.writer(line), line.channel):
        return host.reply(line, "was_not_in")
    _forget_person(host, line)
    return _tell_rows(host, line, host.context.school.withdraw(host.context.writer(line)), "opted_out")


def _forget_person(host: Host, line: Line) -> None:
    """What waits of the line's writer, and how far they are trusted."""
    host.forget(lambda earlier: earlier.person == line.person)
    host.quarantine.trust.forget(host.context.writer(line))


async def consent(host: Host, line: Line, _: str) -> None:
    people, person = host.context.people, host.context.writer(line)
    standing = people[person]
    if people.known(person) is None:
        return await host.reply(line, "consent_unsure")
    kept = await _kept(host, person) if standing.since else NOTHING
    if kept is None:
        return await host.reply(line, "consent_unsure")
    agreed = standing.wording == people.wording
    counts = {"messages": kept.messages, "replies": kept.replies, "pairs": kept.pairs, "talks": kept.conversations}
    if not agreed and not any(counts.values()):
        return await host.reply(line, "consent_nothing")
    since = datetime.fromtimestamp(standing.since, UTC).date().isoformat()
    await host.reply(line, "consent_kept" if agreed else "consent_ended", since=since, **counts)


def forgetme(host: Host, line: Line, _: str) -> Response:
    person = host.context.writer(line)
    if host.context.people.known(person) is False:
        return _forget_unknown(host, line)
    host.context.people.withdraw(person, line.channel, "forgotten")
    _forget_person(host, line)
    return _tell_rows(host, line, host.context.school.forget(person=person), "forgotten")


async def _forget_unknown(host: Host, line: Line) -> None:
    """Somebody who never agreed, as far as the ledger knows; the record may know more."""
    person = host.context.writer(line)
    if await _kept(host, person) == NOTHING:
        await host.reply(line, "nothing_to_forget")
    else:
        await _tell_rows(host, line, host.context.school.forget(person=person), "forgotten")


async def _kept(host: Host, person: str) -> Kept | None:
    return await _within(host.context.limits.record, host.context.school.kept(person))


async def _tell_rows(host: Host, line: Line, deleting: Future[Forgotten], occasion: str, more: int = 0) -> None:
    told = await _within(host.context.limits.record, deleting)
    done = told is not None and not told.owed
    await (host.reply(line, occasion, rows=told.rows + more) if done else host.reply(line, "later"))


async def _within(seconds: float, future: Future) -> Any:
    """What it brings, or None where that takes longer or fails; what was asked for is done all the same."""
    waiting = asyncio.wrap_future(future)
    await asyncio.wait([waiting], timeout=seconds)
    if not waiting.done() or waiting.cancelled() or waiting.exception():
        return None
    return waiting.result()


# ---- teaching ------------------------------------------------------------------------------------------------------


def good(host: Host, line: Line, _: str) -> Response:
    return host.reply(line, host.feedback.give(line, host.connection, "good"))


def bad(host: Host, line: Line, _: str) -> Response:
    return host.reply(line, host.feedback.give(line, host.connection, "bad"))


def fix(host: Host, line: Line, text: str) -> Response:
    correction = host.quarantine.readable(replace(line, text=text))
    return host.reply(line, host.feedback.give(line, host.connection, "fix", correction) if correction else "fix_how")


# ---- about its answers, and about itself --------------------------------------------------------------------------


async def why(host: Host, line: Line, _: str) -> None:
    """As far as others may hear it: that it was taught, public texts by name, of all else only that there is some."""
    reply, school = host.answers.meant(line), host.context.school
    if not reply:
        return await host.reply(line, "no_reply" if reply is None else "not_kept")
    receipt = await _within(host.context.limits.record, school.why(reply))
    if receipt is None:
        return await host.reply(line, "not_kept" if school.find(reply) is None else "why_later")
    receipt = receipt.for_others()
    taught = receipt.told or next((source.pair for source in receipt.sources if source.pair), None)
    names = [tidy_for_chat(source.name) for source in receipt.sources if source.kind == "text" and source.name]
    if taught:
        await host.reply(line, "why_told" if receipt.told else "why_taught", day=day_of(taught.id))
    elif names:
        await host.reply(line, "why_text", texts=", ".join(names))
    else:
        await host.reply(line, "why_private" if receipt.sources else "why_nobody")


async def mood(host: Host, line: Line, _: str) -> None:
    context = host.context
    await host.reply(line, "mood", **feelings(context.school.status(), context.voice, context.moods))


async def stats(host: Host, line: Line, _: str) -> None:
    now = host.context.school.status()
    figures = {"tokens": count(now.tokens_seen), "bits": figure(now.held_out_bits_per_byte, 2)}
    await host.reply(line, "stats", step=f"{now.step:,}", pairs=f"{now.pairs:,}", **figures)


async def howitlearns(host: Host, line: Line, _: str) -> None:
    await host.reply(line, "howitlearns")


async def show_help(host: Host, line: Line, text: str) -> None:
    mine = {key: name for key, name in host.context.called.items() if line.moderator or key not in FOR_MODERATORS}
    wanted = text.casefold()
    for key, name in mine.items():
        if wanted and name.casefold() in (wanted, host.context.prefix + wanted):
            return await host.reply(line, f"help_{key}", command=name)
    await host.reply(line, "help", commands=" ".join(mine.values()), command=host.context.called["help"])


# ---- moderators ----------------------------------------------------------------------------------------------------


def quiet(host: Host, line: Line, text: str) -> Response:
    minutes = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= minutes <= LONGEST_QUIET:
        return host.reply(line, "quiet_how")
    host.be_quiet(60.0 * minutes)
    return host.reply(line, "quiet", minutes=minutes)


def wake(host: Host, line: Line, _: str) -> Response:
    host.be_quiet(0.0)
    return host.reply(line, "woken")


def save(host: Host, line: Line, _: str) -> Response:
    return _tell_place(host, line, host.context.hooks.save())


async def _tell_place(host: Host, line: Line, saving: Future[str | None]) -> None:
    await host.reply(line, "saved" if await _within(host.context.limits.save, saving) else "not_saved")


def ignore(host: Host, line: Line, text: str) -> Response:
    return _judge(host, line, text, "ignored", "ignoring")


def unignore(host: Host, line: Line, text: str) -> Response:
    return _judge(host, line, text, "heeded", "heeding")


def trust(host: Host, line: Line, text: str) -> Response:
    return _judge(host, line, text, "vouched", "trusting")


def _judge(host: Host, line: Line, text: str, what: What, occasion: str) -> Response:
    """A moderator's word about somebody who was seen: by name, or as a reply to them."""
    visitor = host.audience.find(text.split()[0]) if text else None
    person = visitor.id if visitor else "" if text else line.reply_to_person
    if not person:
        return host.reply(line, "nobody")
    name, key = tidy_for_chat(visitor.name) if visitor else "them", host.context.platform.person(person)
    if what == "vouched" and not host.context.people.agreed(key):
        return host.reply(line, "not_agreed", name=name)
    host.context.people.judge(key, what, line.channel)
    if what == "ignored":
        host.forget(lambda earlier: earlier.person == person)
    return host.reply(line, occasion, name=name)


def unlearn(host: Host, line: Line, _: str) -> Response:
    if not line.reply_to:
        return host.reply(line, "unlearn_how")
    waited, deleting = host.take_back(line.channel, line.reply_to, line.reply_to_person)
    return _tell_rows(host, line, deleting, "unlearned", waited)


def forbid(host: Host, line: Line, text: str) -> Response:
    word = " ".join(text.split())
    if sum(c.isalpha() for c in word) < SHORTEST_FORBIDDEN or len(word) > LONGEST_PHRASE or "#" in word:
        return host.reply(line, "forbid_how")
    host.context.words.add(word)
    _forget_words(host, host.context.words.found_in)
    return _note_word(host, line, word)


def _forget_words(host: Host, hit: Callable[[str], bool]) -> int:
    """Drop the lines in which such words stand, but for orders like this one; returns how many waited to be learned."""
    orders = ("forbid", "purge")
    return host.forget(lambda one: parse(one.text, host.context.called)[0] not in orders and hit(one.text))


def purge(host: Host, line: Line, text: str) -> Response:
    phrase = Phrase(text)
    if phrase.letters < SHORTEST_PHRASE or len(text) > LONGEST_PHRASE:
        return host.reply(line, "purge_how")
    return _purge(host, line, phrase, _forget_words(host, phrase.found_in))


async def _purge(host: Host, line: Line, phrase: Phrase, waited: int) -> None:
    school, surface = host.context.school, host.context.platform.name
    found = await _within(host.context.limits.save, school.messages_with(surface, line.channel, phrase))
    if found is None:
        await host.reply(line, "not_purged")
    elif not found:
        await host.reply(line, "purged", rows=waited)
    else:
        scope = Scope(surface=surface, channel=line.channel, messages=found)
        await _tell_rows(host, line, school.remove(scope), "purged", waited)


async def _note_word(host: Host, line: Line, word: str) -> None:
    try:
        await asyncio.to_thread(host.context.words.write_down, word)
    except (OSError, UnicodeDecodeError):
        log.warning("a word could not be added to the list in words.txt")
        return await host.reply(line, "not_forbidden")
    await host.reply(line, "forbidden")


ACTS: dict[str, Act] = {
    "help": show_help,
    "optin": optin,
    "optout": optout,
    "consent": consent,
    "forgetme": forgetme,
    "good": good,
    "bad": bad,
    "fix": fix,
    "why": why,
    "mood": mood,
    "stats": stats,
    "howitlearns": howitlearns,
    "quiet": quiet,
    "wake": wake,
    "save": save,
    "ignore": ignore,
    "heed": unignore,
    "trust": trust,
    "forbid": forbid,
    "purge": purge,
    "unlearn": unlearn,
}
"""What each row of ``rows.py`` does."""
