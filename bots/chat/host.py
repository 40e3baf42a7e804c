"""The host: hears every line of a chat and decides what it leads to: an answer, a command, a lesson, or nothing.

Everything here runs on the event loop. Lines come in plain calls that return at once; what takes time is a task, and
there are never more than TASKS of them.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from bots.chat.answers import Answers
from bots.chat.audience import Audience
from bots.chat.commands import COMMANDS, CONSENT
from bots.chat.context import Room
from bots.chat.feedback import Marks
from bots.chat.messages import SURFACE, Line, Removal, Wire
from bots.chat.parsing import ASK, parse
from bots.chat.quarantine import Lessons, person_of
from bots.chat.rate_limit import Turns
from bots.chat.tasks import Tasks
from school.door.values import Asleep, Scope, id_at

log = logging.getLogger(__name__)

TASKS = 64  # commands that are being told about
TICK = 0.25  # seconds between looks at the clock
COMMAND_SECONDS = 2.0  # between two commands of one person
CONFIRM_SECONDS = 60.0  # between two confirmations of the same to one person
REMOVED = 5000  # ids of removed messages that are remembered, for a message may come after its removal
ADDRESSEE = re.compile(r"^@\w+,?\s+")  # Twitch puts it before every reply
REGULARS = {"broadcaster", "moderator", "vip", "subscriber", "founder"}  # badges of whom the channel knows
OTHERS_COMMAND = re.compile(r"[!$~]\w|[/.]\w+(?:\s|$)")


class Host:
    """The listener of a wire. ``start`` it on the running loop, ``close`` it in the end. ``counts``: what became of the
    lines."""

    def __init__(self, room: Room, wire: Wire):
        self.room, self._wire = room, wire
        self.counts: Counter[str] = Counter()
        self.audience = Audience(raid_rate=room.chat.raid_people, clock=room.clock)
        self.lessons = Lessons(room, named=self.audience.named)
        self.answers = Answers(room, wire, self.lessons, self.counts)
        self.marks = Marks(room, self.lessons, self.answers)
        self._tellings = Tasks(TASKS, self.counts)
        self._ticking: asyncio.Task | None = None
        self._turns = Turns(COMMAND_SECONDS, room.clock)
        self._confirmed = Turns(CONFIRM_SECONDS, room.clock)
        self._removed: OrderedDict[str, None] = OrderedDict()
        self._me = ""  # its own id here, once it has spoken
        self._not_attended = {login.casefold() for login in (*room.chat.bots, *room.chat.ignored)}
        self._quiet_until = 0.0
        self._spoke_last, self._heard_at = False, room.clock()

    def start(self) -> None:
        self._ticking = asyncio.create_task(self._tick())

    async def close(self) -> None:
        """Drop what is under way. What waited to become a lesson is gone: nobody would tell us any more what moderators
        remove."""
        if self._ticking:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self._tellings.close()
        await self.answers.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                if self._wire.state().standing == "listening":
                    self.lessons.release(self.stay)
                if self.answers.tick(quiet=self.quiet, heard_at=self._heard_at, spoke_last=self._spoke_last):
                    self._spoke_last = True
            except Exception as error:
                log.error("the clock of the chat stumbled over a %s", type(error).__name__)

    @property
    def stay(self) -> int:
        """Which stay in the chat this is; lines of an earlier one may have been removed unheard."""
        return self._wire.state().connects

    # ---- lines ---------------------------------------------------------------------------------------------------

    def heard(self, line: Line) -> None:
        try:
            self.counts[self._lead(line)] += 1
        except Exception as error:  # its text could hold what a person wrote; so only its kind
            log.error("a line of the chat led to a %s", type(error).__name__)
            self.counts["failed"] += 1

    def _lead(self, line: Line) -> str:
        """Do what the line leads to; returns it in a word, for counting."""
        if line.shared_from:
            return "shared"
        if line.own:
            self.lessons.heard_own(line.text)
            self._me, self._spoke_last = line.person, True
            return "own"
        if line.id in self._removed:
            return "removed"
        if line.reply_to:
            line = replace(line, text=ADDRESSEE.sub("", line.text))
        self.audience.note(line)
        self._heard_at, self._spoke_last = self.room.clock(), False
        key, text = parse(line.text, self.room.called)
        right = key in COMMANDS and COMMANDS[key].right
        if not right and (line.login.casefold() in self._not_attended or "bot-badge" in line.badges):
            return "bot"
        if key and key != ASK:
            return self._command(key, line, text)
        if self.room.people.ignored(person_of(line)):
            return "ignored"
        if self._intrudes(line):
            self.lessons.overhear(line)
            return "crowd"
        command = line.text.startswith(self.room.prefix) or bool(OTHERS_COMMAND.match(line.text))
        if key or (not command and (line.mentions_me or line.reply_to_me)):
            return "quiet" if self.quiet else self.answers.ask(line, text if key else line.text)
        if command:
            return "another's command"
        return "no lesson" if self.lessons.offer(line, self.stay) else "lesson"

    def _intrudes(self, line: Line) -> bool:
        """Whether they came with a crowd that is here now, and are not known for anything better."""
        known = self.room.people[person_of(line)].since
        since = known and known - self.room.wall() + self.room.clock()  # by the clock that raids are timed with
        return REGULARS.isdisjoint(line.badges) and self.audience.intruder(line.person, since)

    def _command(self, key: str, line: Line, text: str) -> str:
        command, standing = COMMANDS[key], self.room.people[person_of(line)]
        if command.moderators and not line.moderator:
            return "not a moderator"
        if not command.right and self.room.people.ignored(person_of(line)):
            return "ignored"
        if self.quiet and not (line.moderator or key in CONSENT):
            return "quiet"
        if self._intrudes(line) and not (command.right and standing.since):
            return "crowd"
        turn = f"{line.person} {key}" if key in CONSENT else line.person
        if not self._turns.take(turn) and not line.moderator and not (command.right and standing.wording):
            return "too soon"
        try:
            telling = command.act(self, line, text)
        except Asleep:
            telling = self.reply(line, "asleep")
        if key in CONSENT and not self._confirmed.take(turn):
            telling.close()  # it is done, and they have been told already
            return "untold"
        if not line.moderator:
            self._tellings.forget(lambda earlier: earlier.person == line.person)
        self._tellings.begin(telling, line)
        return "command"

    # ---- for commands --------------------------------------------------------------------------------------------

    async def reply(self, line: Line, occasion: str, **fields: object) -> None:
        """What a person decided about themselves, or a moderator, has to be confirmed; the rest may be left unsaid."""
        key, _ = parse(line.text, self.room.called)
        await self.answers.tell(line, occasion, patient=line.moderator or key in CONSENT, **fields)

    @property
    def quiet(self) -> bool:
        return self.room.clock() < self._quiet_until

    def be_quiet(self, seconds: float) -> None:
        self._quiet_until = self.room.clock() + seconds

    # ---- removals ------------------------------------------------------------------------------------------------

    def removed(self, removal: Removal) -> None:
        try:
            self._remove(removal)
        except Exception as error:
            log.error("a removal led to a %s", type(error).__name__)
            self.counts["failed"] += 1

    def _remove(self, removal: Removal) -> None:
        """What a moderator took out of the chat goes from everywhere else too."""
        self.counts[f"removed {removal.kind}"] += 1
        channel, person = removal.channel, f"{SURFACE}:{removal.person}"
        day = Scope(
            surface=SURFACE, channel=channel, since=id_at(self.room.wall() - 3600 * self.room.teaching.removal_hours)
        )
        if removal.kind == "message":
            self.take_back(channel, removal.message, removal.person)
        elif removal.kind == "all":
            self.forget(lambda line: line.channel == channel)
            self.room.school.remove(day)
        elif removal.person == self._me:
            self.room.school.remove(replace(day, answers=True))
        else:
            self.forget(lambda line: line.person == removal.person)
            if self.room.people.withdraw(person, channel, "removed"):
                self.room.school.withdraw(person)
            self.room.school.remove(replace(day, person=person))

    def take_back(self, channel: str, message: str, person: str) -> tuple[int, Future[int]]:
        """A moderator removed one message; returns how many lines (0 or 1) still waited, and the rows of the record."""
        key = f"{SURFACE}:{person}"
        if person and self.room.people.agreed(key):
            self.room.people.judge(key, "doubted", channel)
        self._removed[message] = None
        if len(self._removed) > REMOVED:
            self._removed.popitem(last=False)
        waited = self.forget(lambda line: line.id == message)
        scope = Scope(surface=SURFACE, channel=channel, messages=frozenset([message]))
        return waited, self.room.school.remove(scope, person=key)

    def forget(self, hit: Callable[[Line], bool]) -> int:
        """Drop these lines wherever they are: nothing is answered, told, learned or remembered of them; returns how
        many waited to be learned."""
        self._tellings.forget(hit)
        self.answers.forget(hit)
        return self.lessons.forget(hit)
