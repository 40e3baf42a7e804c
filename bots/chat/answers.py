"""Answers: questions from the chat, each answered in time or politely turned away."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from cachetools import FIFOCache, TTLCache

from bots.chat.audience import Audience
from bots.chat.context import Context
from bots.chat.links import without_links
from bots.chat.messages import Line, Wire
from bots.chat.moderation import tidy_for_chat
from bots.chat.parsing import ASK
from bots.chat.quarantine import Quarantine
from bots.chat.rate_limit import Cooldown
from bots.chat.speaker import STRANGERS, Speaker
from bots.chat.tasks import Tasks
from school.door.values import Asleep, Busy, Reply

NAMES_LENGTH = 400  # characters of names in one refusal
FOLLOWING = 300.0  # seconds for which it is known whether somebody follows the channel
REMEMBERED = 2000  # messages of its own that can be referred to; people who were turned away


class Answers:
    """``ask`` for each question; ``tick`` now and then. What it said is remembered by the message's id."""

    def __init__(self, context: Context, wire: Wire, quarantine: Quarantine, audience: Audience, counts: Counter[str]):
        self._context, self._wire, self._quarantine, self._counts = context, wire, quarantine, counts
        self._audience = audience
        self._tasks = Tasks(context.limits.tasks, counts)
        self.speaker = Speaker(context, wire, quarantine, self._tasks, counts, self._knows)
        self._pauses = Cooldown(context.chat.person_seconds, context.clock)
        self._told = Cooldown(context.limits.told_to_wait, context.clock)
        self._follow: TTLCache[str, bool] = TTLCache(REMEMBERED, FOLLOWING, timer=context.clock)  # who does, or not
        self._under_way = 0
        self._turned_away: deque[tuple[float, Line]] = deque(maxlen=REMEMBERED)  # once each, and when
        self._refused_at = float("-inf")
        self._said: FIFOCache[str, str] = FIFOCache(REMEMBERED)  # its messages -> the reply each was; "": not kept
        self._last_to: FIFOCache[str, str] = FIFOCache(REMEMBERED)  # a person -> the last such message to them

    # ---- questions -----------------------------------------------------------------------------------------------

    def ask(self, line: Line, text: str) -> str:
        """Begin to answer, or to say why not; of those who ask too often, one in a while hears it. Returns which."""
        if not line.paid and (seconds := self._pauses.wait(line.person)) > 0:
            if self._told.take(line.person):
                self._begin_telling(line, "wait", seconds=max(1, round(seconds)))
            return "too soon"
        if self._must_be_looked_up(line):
            return "looked up" if self._tasks.begin(self._look_up(line, text), line) else "dropped"
        if unwelcome := self._unwelcome(line):
            if self._told.take(line.person):
                self._begin_telling(line, unwelcome)
            return unwelcome.replace("_", " ")
        self._pauses.take(line.person)
        text = self._addressed(line, text)
        if not text:
            self._begin_telling(line, "nothing_asked", command=self._context.called[ASK])
            return "nothing asked"
        if self._context.words.found_in(text):
            self._begin_telling(line, "rude")
            return "rude"
        known, most = self._knows(line), self._context.chat.waiting
        room = self._under_way < (most if known else STRANGERS * most) and self.speaker.room_for_answer(known=known)
        if room and self._tasks.begin(self._answer(line, text), line):
            return "question"
        self._turn_away(line)
        return "turned away"

    def _knows(self, line: Line) -> bool:
        """Whether they come before strangers: the channel knows them, they agreed, or have been here for a while."""
        agreed = self._context.people.agreed(self._context.writer(line))
        return bool(line.paid) or line.regular or line.moderator or agreed or not self._audience.stranger(line.person)

    def _unwelcome(self, line: Line) -> str:
        """The occasion to speak of, where this person's questions are not answered here."""
        whom = self._context.chat.answers_for
        if line.moderator or line.paid:
            return ""
        if line.paid is False:
            return "costs_points"
        if whom == "agreed" and not self._context.people.agreed(self._context.writer(line)):
            return "only_agreed"
        if whom == "followers" and not (line.regular or self._follow.get(line.person)):
            return "only_followers"
        return "only_regulars" if whom == "regulars" and not line.regular else ""

    def _must_be_looked_up(self, line: Line) -> bool:
        """Whether it isn't known yet if they follow the channel, where that counts."""
        known = line.moderator or line.regular or line.paid is not None or line.person in self._follow
        return self._context.chat.answers_for == "followers" and not known

    async def _look_up(self, line: Line, text: str) -> None:
        self._follow[line.person] = bool(await self._wire.follows(line.person))
        self._counts[self.ask(line, text)] += 1

    def _begin_telling(self, line: Line, occasion: str, **fields: object) -> None:
        self._tasks.begin(self.speaker.tell(line, occasion, **fields), line)

    def _addressed(self, line: Line, text: str) -> str:
        """What is asked, without the baby's own @name."""
        if bot := self._wire.state().bot:
            text = re.sub(rf"(?i)@{re.escape(bot)}\b", "", text)
        return self._quarantine.readable(replace(line, text=text))

    async def _answer(self, line: Line, text: str) -> None:
        say, words = self.speaker.say, self.speaker.words
        self._under_way += 1
        try:
            reply = await self._generate(text, line)
        except Asleep:
            await say(words("asleep", line), line)
            return
        finally:
            self._under_way -= 1
        if reply is None:
            self._counts["no answer in time"] += 1
            await say(words("busy", line), line)
            return
        text = self._tidy(reply, line.login)
        sent = await say(text or words("speechless", line), line)
        if sent:
            self._note_said(sent, reply, line)
            self._show(reply, text, line)
        else:
            self._counts["not sent"] += 1
            self._turn_away(line)

    async def _generate(self, text: str, line: Line | None) -> Reply | None:
        """An answer, or None where there is none in time. Without a line, or the writer's consent, from and into a
        conversation that nobody keeps."""
        context, platform = self._context, self._context.platform
        person = context.writer(line) if line else ""
        agreed = bool(line) and context.people.agreed(person)
        try:
            asked = context.school.ask(
                text,
                platform.conversation(line.channel, line.person) if agreed else "",
                person=person,
                surface=platform.name,
                channel=line.channel if line else "",
                message=line.id if line else "",
                consent=context.people.wording if agreed else "",
                seconds=context.chat.answer_seconds,
            )
        except Busy:
            return None
        return await in_time(asked, context.chat.answer_seconds + context.limits.grace)

    async def thought(self) -> str:
        """Something that nobody asked for, as it may be sent; "" where nothing comes. Raises Asleep."""
        reply = await self._generate(self._context.voice.say("musings"), None)
        return self._tidy(reply) if reply else ""

    def begin(self, work: Coroutine[Any, Any, Any]) -> bool:
        """Returns whether there was room for it."""
        return self._tasks.begin(work)

    def _tidy(self, reply: Reply, *known: str) -> str:
        links = None if self._context.chat.links else without_links
        return tidy_for_chat(reply.text, known=known, without_links=links, prefix=self._context.prefix)

    # ---- what was said -------------------------------------------------------------------------------------------

    def _note_said(self, sent: str, reply: Reply, line: Line) -> None:
        """Remember what it said and to whom; only a reply that was kept can get feedback."""
        school = self._context.school
        kept = self._context.people.agreed(self._context.writer(line)) and school.find(reply.id) is not None
        self._said[sent] = reply.id if kept else ""
        self._last_to[line.person] = sent
        if kept:
            school.sent(reply.id, sent)

    def _show(self, reply: Reply, text: str, line: Line) -> None:
        """What the chat was told of an answer stands on the stage, too; not the words that took its place."""
        if text and not self._context.words.found_in(text):
            text = self._quarantine.nameless(text)
            self._context.hooks.stage.shown(reply.id, text, self._context.writer(line))

    def meant(self, line: Line) -> str | None:
        """The id of the reply that feedback is about: the one replied to, else the last to that person. "" for one that
        was not kept, None where there is none."""
        if not line.reply_to:
            message = self._last_to.get(line.person)
            return None if message is None else self._said.get(message, "")
        if not line.reply_to_me:
            return None
        if line.reply_to in self._said:
            return self._said[line.reply_to]
        return self._context.school.find_sent(self._context.platform.name, line.reply_to)

    def forget(self, hit: Callable[[Line], bool]) -> None:
        """Answer these lines no more, nor turn them away."""
        self._tasks.forget(hit)
        self._keep_turned_away(lambda line: not hit(line))

    async def close(self) -> None:
        await self._tasks.close()

    # ---- being polite --------------------------------------------------------------------------------------------

    def _turn_away(self, line: Line) -> None:
        self._keep_turned_away(lambda earlier: earlier.person != line.person)
        self._turned_away.append((self._context.clock(), line))

    def _keep_turned_away(self, keep: Callable[[Line], bool]) -> None:
        self._turned_away = deque((entry for entry in self._turned_away if keep(entry[1])), REMEMBERED)

    def tick(self, *, quiet: bool) -> None:
        """Tell those who were turned away."""
        self._refuse(self._context.clock(), quiet)

    def _refuse(self, now: float, quiet: bool) -> None:
        """In one message to as many as it can name, so that refusing doesn't use up what answers need; those it knows
        and the latest first, and none so late that they wonder what it is about. In a raid nobody is named."""
        limits, raided = self._context.limits, self._audience.raided
        if not self._turned_away or now < self._refused_at + (limits.told_to_wait if raided else limits.refusals):
            return
        before = len(self._turned_away)
        self._turned_away = deque((one for one in self._turned_away if now - one[0] <= limits.too_late), REMEMBERED)
        self._counts["never told"] += before - len(self._turned_away)
        names = self._names_of_nobody() if raided else self._names_of_some()
        if names is not None and not quiet:
            self._refused_at = now
            busy = self._context.voice.say("busy")
            self._tasks.begin(self.speaker.say(names + busy, otherwise=busy))

    def _names_of_nobody(self) -> str | None:
        """ "" if somebody whom it knows is turned away, None if only strangers are."""
        known = any(self._knows(line) for _, line in self._turned_away)
        self._counts["never told"] += len(self._turned_away)
        self._turned_away.clear()
        return "" if known else None

    def _names_of_some(self) -> str | None:
        """As many as there is room for, who are turned away no more; None where there is nobody to be named."""
        names = ""
        waiting = sorted(self._turned_away, key=lambda one: (self._knows(one[1]), one[0]))
        while waiting and len(names) < NAMES_LENGTH:
            _, line = waiting.pop()
            if not self._context.words.found_in(line.login):
                names += f"@{line.login} "
        self._turned_away = deque(sorted(waiting, key=lambda one: one[0]), REMEMBERED)
        return names or None


async def in_time(asked: Future[Reply], seconds: float) -> Reply | None:
    """What is answered within so many seconds; None where it isn't, or the question was taken back. Raises Asleep."""
    waiting = asyncio.wrap_future(asked)
    try:
        await asyncio.wait([waiting], timeout=seconds)
    finally:
        if not waiting.done():
            waiting.cancel()
    if waiting.cancelled() or not waiting.done():
        return None
    error = waiting.exception()
    if isinstance(error, Asleep):
        raise error
    return None if error else waiting.result()
