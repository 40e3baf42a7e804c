"""Answers: questions from the chat, each answered in time or politely turned away; and now and then a word unasked."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from bots.chat.context import Room
from bots.chat.links import without_links
from bots.chat.messages import SURFACE, Line, Wire
from bots.chat.moderation import tidy_for_chat
from bots.chat.parsing import ASK
from bots.chat.quarantine import Lessons, person_of
from bots.chat.rate_limit import Share, Turns
from bots.chat.tasks import Tasks
from bots.twitch.pace import LIMIT
from school.door.values import Asleep, Busy, Reply

WINDOW = 30.0  # seconds in which it replies so often
ANSWERS, TELLINGS, PASTIMES = 0.8, 0.6, 0.3  # parts of that at most; the second is for all tellings, pastimes or not
REFUSALS_EVERY = 3.75  # seconds; all who were turned away in between are told in one message, for which there is room
TOO_LATE = 4.5  # seconds after which nobody waits to be turned away any more
NAMES_LENGTH = 400  # characters of names in one such message
PATIENT_SECONDS = 120.0  # that a confirmation may wait for room
TOGETHER = 4.0  # seconds in which people gather whom one message may tell, where there is no room for one for each
TOLD_SECONDS = 60.0  # between two times that somebody is told to wait
LOOK_AGAIN = 0.5  # seconds between two looks whether there is room
TASKS = 64  # answers, and what is said instead, under way
GRACE = 1.0  # seconds beyond an answer's time after which nobody waits for it any more
YOU = "\0"  # stands for their names in words that wait for room
REMEMBERED = 2000  # messages of its own that can be referred to


class Answers:
    """``ask`` for each question; ``tick`` now and then. What it said is remembered by the message's id."""

    def __init__(self, room: Room, wire: Wire, lessons: Lessons, counts: Counter[str]):
        self._room, self._wire, self._lessons, self._counts = room, wire, lessons, counts
        self._tasks = Tasks(TASKS, counts)
        self._turns = Turns(room.chat.person_seconds, room.clock)
        self._told = Turns(TOLD_SECONDS, room.clock)
        self._room_to_speak = Share(self._limit, WINDOW, room.clock)
        self._under_way = 0
        self._turned_away: OrderedDict[str, tuple[float, Line]] = OrderedDict()  # people, and when
        self._refused_at = 0.0
        self._gathered: dict[str, dict[str, Line]] = {}  # by the words that wait for room: whom they are for
        self._said: OrderedDict[str, str] = OrderedDict()  # its messages -> the reply each was; "": one not kept
        self._last_to: OrderedDict[str, str] = OrderedDict()  # a person -> the last such message to them
        self._mused_at = room.clock()

    def _limit(self) -> int:
        chat = self._room.chat
        return chat.moderator_answers if self._wire.state().moderator else chat.answers

    # ---- questions -----------------------------------------------------------------------------------------------

    def ask(self, line: Line, text: str) -> str:
        """Begin to answer, or to say why not; of those who ask too often, one in a while hears it. Returns which."""
        if (seconds := self._turns.wait(line.person)) > 0:
            if self._told.take(line.person):
                self._tasks.begin(self.tell(line, "wait", seconds=max(1, round(seconds))), line)
            return "too soon"
        self._turns.take(line.person)
        text = self._addressed(line, text)
        if not text:
            self._tasks.begin(self.tell(line, "nothing_asked", command=self._room.called[ASK]), line)
            return "nothing asked"
        if self._room.words.found_in(text):
            self._tasks.begin(self.tell(line, "rude"), line)
            return "rude"
        room = self._under_way < self._room.chat.waiting and self._room_to_speak.take("answer", ANSWERS)
        if room and self._tasks.begin(self._answer(line, text), line):
            return "question"
        self._turn_away(line)
        return "turned away"

    def _addressed(self, line: Line, text: str) -> str:
        """What is asked, without the baby's own @name."""
        if bot := self._wire.state().bot:
            text = re.sub(rf"(?i)@{re.escape(bot)}\b", "", text)
        return self._lessons.readable(replace(line, text=text))

    async def _answer(self, line: Line, text: str) -> None:
        self._under_way += 1
        try:
            reply = await self._generate(text, line)
        except Asleep:
            await self.say(self._words("asleep", line), line)
            return
        finally:
            self._under_way -= 1
        if reply is None:
            self._counts["no answer in time"] += 1
            await self.say(self._words("busy", line), line)
            return
        sent = await self.say(self._tidy(reply, line.login) or self._words("speechless", line), line)
        if sent:
            self._note_said(sent, reply, line)
        else:
            self._counts["not sent"] += 1
            self._turn_away(line)

    async def _generate(self, text: str, line: Line | None) -> Reply | None:
        """An answer, or None where there is none in time. Without a line, or the writer's consent, from and into a
        conversation that nobody keeps."""
        room, person = self._room, person_of(line) if line else ""
        agreed = bool(line) and room.people.agreed(person)
        try:
            asked = room.school.ask(
                text,
                f"{SURFACE}:{line.channel}:{line.person}" if agreed else "",
                person=person,
                surface=SURFACE,
                channel=line.channel if line else "",
                message=line.id if line else "",
                consent=room.people.wording if agreed else "",
                seconds=room.chat.answer_seconds,
            )
        except Busy:
            return None
        return await _in_time(asked, room.chat.answer_seconds + GRACE)

    def _tidy(self, reply: Reply, *known: str) -> str:
        links = None if self._room.chat.links else without_links
        return tidy_for_chat(reply.text, known=known, without_links=links, prefix=self._room.prefix)

    # ---- what was said -------------------------------------------------------------------------------------------

    def _note_said(self, sent: str, reply: Reply, line: Line) -> None:
        """Remember what it said and to whom; only a reply that was kept can be marked."""
        kept = self._room.people.agreed(person_of(line)) and self._room.school.find(reply.id) is not None
        _remember(self._said, sent, reply.id if kept else "")
        _remember(self._last_to, line.person, sent)
        if kept:
            self._room.school.sent(reply.id, sent)

    def meant(self, line: Line) -> str | None:
        """The id of the reply that a mark is about: the one replied to, else the last to that person. "" for one that
        was not kept, None where there is none."""
        if not line.reply_to:
            message = self._last_to.get(line.person)
            return None if message is None else self._said.get(message, "")
        if not line.reply_to_me:
            return None
        if line.reply_to in self._said:
            return self._said[line.reply_to]
        return self._room.school.find_sent(SURFACE, line.reply_to)

    def forget(self, hit: Callable[[Line], bool]) -> None:
        """Answer these lines no more, nor turn them away."""
        self._tasks.forget(hit)
        for person in [person for person, (_, line) in self._turned_away.items() if hit(line)]:
            del self._turned_away[person]

    async def close(self) -> None:
        await self._tasks.close()

    # ---- being polite --------------------------------------------------------------------------------------------

    def _turn_away(self, line: Line) -> None:
        _remember(self._turned_away, line.person, (self._room.clock(), line))

    def tick(self, *, quiet: bool, heard_at: float, spoke_last: bool) -> bool:
        """Tell those who were turned away; perhaps say something unasked. Returns whether it will."""
        now = self._room.clock()
        self._refuse(now, quiet)
        if not self._may_muse(now, heard_at):
            return False
        self._mused_at = now
        listening = self._wire.state().standing == "listening"
        musing = listening and not quiet and not spoke_last and random.random() < self._room.chat.spontaneous_chance
        if musing:
            self._tasks.begin(self._muse())
        return musing

    def _refuse(self, now: float, quiet: bool) -> None:
        """In one message to as many as it can name, so that refusing doesn't use up what answers need; the latest
        first, and none so late that they wonder what it is about."""
        if not self._turned_away or now < self._refused_at + REFUSALS_EVERY:
            return
        names = ""
        while self._turned_away and len(names) < NAMES_LENGTH:
            _, (at, line) = self._turned_away.popitem()
            if now - at > TOO_LATE:
                self._counts["never told"] += 1 + len(self._turned_away)
                self._turned_away.clear()
            elif not self._room.words.found_in(line.login):
                names += f"@{line.login} "
        if names and not quiet:
            self._refused_at = now
            busy = self._room.voice.say("busy")
            self._tasks.begin(self.say(names + busy, otherwise=busy))

    def _may_muse(self, now: float, heard_at: float) -> bool:
        """Whether it is time; ``heard_at`` is when the chat was last heard."""
        chat = self._room.chat
        since = max(self._mused_at, heard_at) if chat.spontaneous == "quiet" else self._mused_at
        wanted = chat.spontaneous != "off" and not self._room.hushed()
        return wanted and now >= since + 60 * chat.spontaneous_minutes

    async def _muse(self) -> None:
        with contextlib.suppress(Asleep):
            reply = await self._generate(self._room.voice.say("musings"), None)
            words = self._tidy(reply) if reply else ""
            if words and await self.say(words, otherwise=""):
                self._counts["spontaneous"] += 1

    # ---- speaking ------------------------------------------------------------------------------------------------

    async def tell(self, line: Line, occasion: str, *, patient: bool = False, **fields: object) -> None:
        """Say one of its lines where there is room for it. If ``patient``, wait for that, and be content with one
        message to all who wait for the same words; if not, leave some room to those who are."""
        words = self._room.voice.say(occasion, seed=occasion, **{"you": YOU} | fields)
        alike = self._gathered.setdefault(words, {})
        alike[line.id] = line
        waited, longest = 0.0, PATIENT_SECONDS if patient else 0.0
        try:
            while line.id in alike:
                if self._room_to_speak.take("telling", TELLINGS if patient and waited >= TOGETHER else PASTIMES):
                    if not self._tell_together(alike, words, line):
                        del alike[line.id]
                        await self.say(self._words(occasion, line, **fields), line)
                    return
                if waited >= longest:
                    self._counts["left unsaid"] += 1
                    return
                waited += LOOK_AGAIN
                await asyncio.sleep(LOOK_AGAIN)
        finally:
            alike.pop(line.id, None)
            if not alike and self._gathered.get(words) is alike:
                del self._gathered[words]

    def _tell_together(self, alike: dict[str, Line], words: str, line: Line) -> bool:
        """Begin to say it to the line's writer and to others who wait for the same, with the names of as many as have
        room; returns whether there are others, and nothing against their names."""
        words = words if YOU in words else f"{YOU}: {words}"
        told: list[Line] = []
        text = ""
        for one in sorted(alike.values(), key=lambda one: one is not line):
            longer = words.replace(YOU, " ".join(f"@{other.login}" for other in (*told, one)))
            if len(longer) <= LIMIT and not self._room.words.found_in(longer):
                told, text = [*told, one], longer
        if len(told) < 2 or line not in told or not self._tasks.begin(self.say(text)):
            return False
        for one in told:
            del alike[one.id]
        return True

    def _words(self, occasion: str, line: Line, **fields: object) -> str:
        """One of its lines. With the name of whom it is for, where it has room for one, so that the same said to many
        is not the same: Twitch shows no message twice in half a minute."""
        name = tidy_for_chat(line.name)
        you = name if name and not self._room.words.found_in(name) else "you"
        return self._room.voice.say(occasion, **{"you": you} | fields)

    async def say(self, text: str, line: Line | None = None, *, otherwise: str | None = None) -> str:
        """Send, as a reply to a line if there is one; the message's id, or "". All that it says goes through here:
        where a listed word is in it, it says ``otherwise`` or that it would rather not."""
        if self._room.words.found_in(text):
            self._counts["unspeakable"] += 1
            text = self._room.voice.say("unspeakable") if otherwise is None else otherwise
        if not text or self._room.words.found_in(text):
            return ""
        self._lessons.heard_own(text)
        return await self._wire.say(text, reply_to=line.id if line else "")


async def _in_time(asked: Future[Reply], seconds: float) -> Reply | None:
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


def _remember(kept: OrderedDict, key: Any, value: Any) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > REMEMBERED:
        kept.popitem(last=False)
