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
from dataclasses import replace

from bots.twitch.answers import Answers
from bots.twitch.audience import Audience
from bots.twitch.calling import ASK, parse
from bots.twitch.commands import COMMANDS, CONSENT
from bots.twitch.lessons import Lessons, person_of
from bots.twitch.lines import SURFACE, Line, Removal, Wire
from bots.twitch.room import Room
from bots.twitch.tasks import Tasks
from bots.twitch.turns import Turns
from school.interface import Asleep, Scope, id_at

log = logging.getLogger(__name__)

TASKS = 64
TICK = 0.25  # seconds between looks at the clock
COMMAND_SECONDS = 2.0  # between two commands of one person
VOTES = 5000  # that are remembered beside the record, which learns of them a moment later
ADDRESSEE = re.compile(r"^@\w+,?\s+")  # Twitch puts it before every reply
REGULARS = {"broadcaster", "moderator", "vip", "subscriber", "founder"}  # badges of whom the channel knows
OTHERS_COMMAND = re.compile(r"[!$~]\w|[/.]\w+(?:\s|$)")


class Host:
    """The listener of a wire. ``start`` it on the running loop, ``close`` it in the end. ``counts``: what became of the
    lines."""

    def __init__(self, room: Room, wire: Wire):
        self.room, self._wire = room, wire
        self.counts: Counter[str] = Counter()
        self.audience = Audience(raid_rate=room.chat.raid_messages, clock=room.clock)
        self.lessons = Lessons(room, named=self.audience.named)
        self._tasks = Tasks(TASKS, self.counts)
        self.answers = Answers(room, wire, self.lessons, self._tasks, self.counts)
        self._ticking: asyncio.Task | None = None
        self._turns = Turns(COMMAND_SECONDS, room.clock)
        self._votes: OrderedDict[tuple[str, str, str], None] = OrderedDict()
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
        await self._tasks.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                self.lessons.release(self._stay())
                if self.answers.tick(quiet=self.quiet, heard_at=self._heard_at, spoke_last=self._spoke_last):
                    self._spoke_last = True
            except Exception as error:
                log.error("the clock of the chat stumbled over a %s", type(error).__name__)

    def _stay(self) -> int:
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
            self._spoke_last = True
            return "own"
        if line.reply_to:
            line = replace(line, text=ADDRESSEE.sub("", line.text))
        self.audience.note(line)
        self._heard_at, self._spoke_last = self.room.clock(), False
        if line.login.casefold() in self._not_attended or "bot-badge" in line.badges:
            return "bot"
        key, text = parse(line.text, self.room.called)
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
        return "no lesson" if self.lessons.offer(line, self._stay()) else "lesson"

    def _intrudes(self, line: Line) -> bool:
        """Whether they came with a crowd that is here now, and are not known for anything better."""
        since = self.room.people[person_of(line)].since
        return REGULARS.isdisjoint(line.badges) and self.audience.intruder(line.person, since)

    def _command(self, key: str, line: Line, text: str) -> str:
        command, standing = COMMANDS[key], self.room.people[person_of(line)]
        if command.moderators and not line.moderator:
            return "not a moderator"
        if not command.right and self.room.people.ignored(person_of(line)):
            return "ignored"
        if self.quiet and not (line.moderator or key in CONSENT):
            return "quiet"
        if self._intrudes(line):
            return "crowd"
        if not self._turns.take(line.person) and not line.moderator and not (command.right and standing.wording):
            return "too soon"
        try:
            self._tasks.begin(command.act(self, line, text))
        except Asleep:
            self._tasks.begin(self.reply(line, "asleep"))
        return "command"

    # ---- for commands --------------------------------------------------------------------------------------------

    async def reply(self, line: Line, occasion: str, **fields: object) -> None:
        """What a person decided about themselves, or a moderator, has to be confirmed; the rest may be left unsaid."""
        key, _ = parse(line.text, self.room.called)
        important = line.moderator or key in CONSENT
        await self.answers.reply(line, occasion, important=important, **fields)

    @property
    def quiet(self) -> bool:
        return self.room.clock() < self._quiet_until

    def be_quiet(self, seconds: float) -> None:
        self._quiet_until = self.room.clock() + seconds

    def may_vote(self, reply_id: str, person: str, verdict: str) -> bool:
        """One vote for each person and reply, and one correction, be it after the vote."""
        fixed = verdict == "fix"
        if any((reply_id, person, kind) in self._votes for kind in (["fix"] if fixed else ["good", "bad", "fix"])):
            return False
        return not self.room.school.has_marked(reply_id, person, fixed=fixed)

    def voted(self, reply_id: str, person: str, verdict: str) -> None:
        self._votes[reply_id, person, verdict] = None
        if len(self._votes) > VOTES:
            self._votes.popitem(last=False)

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
        channel, since = removal.channel, id_at(self.room.clock() - 3600 * self.room.teaching.removal_hours)
        scope = Scope(surface=SURFACE, channel=channel, since=since)
        if removal.kind == "message":
            self.take_back(channel, removal.message, removal.person)
            scope = Scope(surface=SURFACE, channel=channel, messages=frozenset([removal.message]))
        elif removal.kind == "person":
            person = f"{SURFACE}:{removal.person}"
            self.let_go(removal.person)
            if self.room.people.withdraw(person, channel, "removed"):
                self.room.school.withdraw(person)
            scope = Scope(surface=SURFACE, channel=channel, person=person, since=since)
        else:
            self._drop(lambda line: line.channel == channel)
        self.room.school.remove(scope)

    def take_back(self, channel: str, message: str, person: str) -> int:
        """A moderator removed one message; returns how many lines (0 or 1) still waited."""
        key = f"{SURFACE}:{person}"
        if person and self.room.people.agreed(key):
            self.room.people.judge(key, "doubted", channel)
        self.answers.unsay(message)
        return self._drop(lambda line: line.id == message)

    def let_go(self, person: str) -> None:
        """Nothing of this person's is worked on any more."""
        self._drop(lambda line: line.person == person)

    def _drop(self, gone: Callable[[Line], bool]) -> int:
        self._tasks.break_off(gone)
        return self.lessons.drop(gone)
