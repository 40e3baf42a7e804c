"""The host: hears every line of a chat and decides what it leads to: an answer, a command, a lesson, or nothing.

Everything here runs on the event loop. Lines come in plain calls that return at once; what takes time is a task, and
there are only so many of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from cachetools import FIFOCache

from bots.chat.answers import Answers
from bots.chat.audience import Audience
from bots.chat.commands import ACTS
from bots.chat.context import Context
from bots.chat.feedback import Feedback
from bots.chat.messages import Line, Removal, Wire
from bots.chat.moderation import tidy_for_chat
from bots.chat.parsing import ASK, parse
from bots.chat.quarantine import Quarantine
from bots.chat.rate_limit import Cooldown
from bots.chat.rows import ABOUT_CONSENT, BY_KEY
from bots.chat.tasks import Tasks
from bots.chat.unasked import Unasked
from school.door.values import Asleep, Forgotten, Scope, id_at

log = logging.getLogger(__name__)

REMOVED = 5000  # ids of removed messages that are remembered, for a message may come after its removal


class Host:
    """The listener of a wire. ``start`` it on the running loop, ``close`` it in the end. ``counts``: what became of the
    lines."""

    def __init__(self, context: Context, wire: Wire):
        self.context, self._wire = context, wire
        self.counts: Counter[str] = Counter()
        raids = {"raid_rate": context.chat.raid_people, "raid_times": context.chat.raid_times}
        self.audience = Audience(**raids, clock=context.clock)
        self.quarantine = Quarantine(context, named=self.audience.named)
        self.answers = Answers(context, wire, self.quarantine, self.audience, self.counts)
        self.unasked = Unasked(context, wire, self.answers, self.counts)
        self.feedback = Feedback(context, self.quarantine, self.answers)
        self.responses = Tasks(context.limits.tasks, self.counts)  # to commands
        self._ticking: asyncio.Task | None = None
        self._pauses = Cooldown(context.limits.command, context.clock)
        self._confirmed = Cooldown(context.limits.confirmation, context.clock)
        self._removed: FIFOCache[str, None] = FIFOCache(REMOVED)
        self._not_attended = {login.casefold() for login in (*context.chat.bots, *context.chat.ignored)}
        self._quiet_until = float("-inf")
        self._spoke_last, self._heard_at = False, context.clock()

    def start(self) -> None:
        self._ticking = asyncio.create_task(self._keep_ticking())

    async def close(self) -> None:
        """Drop what is under way. What waited to become a lesson is gone: nobody would tell us any more what moderators
        remove."""
        if self._ticking:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self.responses.close()
        await self.answers.close()

    async def _keep_ticking(self) -> None:
        while True:
            await self.context.sleep(self.context.limits.tick)
            self.tick()

    def tick(self) -> None:
        """Do what is due by the clock."""
        try:
            if self._wire.state().standing == "listening":
                self.quarantine.release(self.connection)
            self.counts["did harm"] += len(self.quarantine.trust.look())
            self.answers.tick(quiet=self.quiet)
            quiet = self.quiet or self.audience.raided
            if self.unasked.tick(quiet=quiet, heard_at=self._heard_at, spoke_last=self._spoke_last):
                self._spoke_last = True
        except Exception as error:
            log.error("the clock of the chat stumbled over a %s", type(error).__name__)

    @property
    def connection(self) -> int:
        """The number of this connection; lines of an earlier one may have been removed unheard."""
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
            self.quarantine.note_own(line.text)
            self._spoke_last = True
            return "own"
        if line.id in self._removed:
            return "removed"
        if line.owner:
            self._take_owner_in(line)
        self.audience.note(line)
        self._heard_at, self._spoke_last = self.context.clock(), False
        key, text = parse(line.text, self.context.called)
        right = key in BY_KEY and BY_KEY[key].right
        if not right and (line.login.casefold() in self._not_attended or line.bot):
            return "bot"
        if key and key != ASK:
            return self._command(key, line, text)
        return self._talk(line, text if key else line.text, asked=bool(key))

    def _take_owner_in(self, line: Line) -> None:
        """Whose baby it is agreed by logging in, until they say otherwise."""
        people, person = self.context.people, self.context.writer(line)
        if people.known(person) is not None and not people[person].left:
            people.agree(person, line.channel)

    def _talk(self, line: Line, text: str, *, asked: bool) -> str:
        """A line that is no command: a question, or perhaps a lesson."""
        if self.context.people.ignored(self.context.writer(line)):
            return "ignored"
        if self._is_raider(line):
            self.quarantine.note_only(line)
            return "raid"
        self.feedback.notice(line, self.connection)
        command = self._is_command(line.text)
        if asked or line.paid or (not command and (line.mentions_me or line.reply_to_me)):
            return "quiet" if self.quiet else self.answers.ask(line, text)
        if command:
            return "another's command"
        return "no lesson" if self.quarantine.offer(line, self.connection) else "lesson"

    def _is_command(self, text: str) -> bool:
        """Whether some program in the chat may obey it."""
        return text.startswith(self.context.prefix) or bool(self.context.platform.others_command.match(text))

    def _is_raider(self, line: Line) -> bool:
        """Whether they came with a raid that goes on now, and are not known for anything better."""
        known = self.context.people[self.context.writer(line)].since
        since = known and known - self.context.hooks.wall() + self.context.clock()  # by the clock that times raids
        return not line.regular and self.audience.raider(line.person, since)

    def _command(self, key: str, line: Line, text: str) -> str:
        command = BY_KEY[key]
        pause = f"{line.person} {key}" if command.consent else line.person
        if refused := self._refusal(key, line, pause):
            return refused
        try:
            response = ACTS[key](self, line, text)
        except Asleep:
            response = self.reply(line, "asleep")
        if command.consent and not self._confirmed.take(pause):
            response.close()  # it is done, and they have been told already
            return "untold"
        if not line.moderator:
            self.responses.forget(lambda earlier: earlier.person == line.person)
        self.responses.begin(response, line)
        return "command"

    def _refusal(self, key: str, line: Line, pause: str) -> str:
        """Why they may not say this command now, or "", which begins their pause."""
        command, standing = BY_KEY[key], self.context.people[self.context.writer(line)]
        if command.moderators and not line.moderator:
            return "not a moderator"
        if not command.right and self.context.people.ignored(self.context.writer(line)):
            return "ignored"
        if self.quiet and not (line.moderator or command.consent):
            return "quiet"
        if self._is_raider(line) and not (command.right and standing.since):
            return "raid"
        if not self._pauses.take(pause) and not line.moderator and not (command.right and standing.wording):
            return "too soon"
        return ""

    # ---- for commands --------------------------------------------------------------------------------------------

    async def reply(self, line: Line, occasion: str, **fields: object) -> None:
        """What a person decided about themselves, or a moderator, has to be confirmed; the rest may be left unsaid."""
        key, _ = parse(line.text, self.context.called)
        patient = line.moderator or key in ABOUT_CONSENT
        await self.answers.speaker.tell(line, occasion, patient=patient, **fields)

    @property
    def quiet(self) -> bool:
        return self.context.clock() < self._quiet_until or bool(self._wire.state().silent)

    def be_quiet(self, seconds: float) -> None:
        self._quiet_until = self.context.clock() + seconds

    def name_of(self, person: str) -> str:
        """What somebody (as they stand in the record) is called who is here and agrees; "" where that is listed."""
        platform, _, user = person.partition(":")
        if platform != self.context.platform.name or not self.context.people.agreed(person):
            return ""
        name = tidy_for_chat(self.audience.name_of(user))
        return "" if self.context.words.found_in(name) else name

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
        school, people, platform = self.context.school, self.context.people, self.context.platform
        channel, person = removal.channel, platform.person(removal.person)
        since = id_at(self.context.hooks.wall() - 3600 * self.context.teaching.removal_hours)
        lately = Scope(surface=platform.name, channel=channel, since=since)
        if removal.kind == "message":
            self.take_back(channel, removal.message, removal.person)
        elif removal.kind == "all":
            self.forget(lambda line: line.channel == channel)
            school.remove(lately)
        elif removal.person == self._wire.state().me:
            school.remove(replace(lately, answers=True))
        else:
            self.forget(lambda line: line.person == removal.person)
            self.quarantine.trust.forget(person)
            if people.withdraw(person, channel, "removed"):
                school.withdraw(person)
            school.remove(replace(lately, person=person))

    def take_back(self, channel: str, message: str, user: str) -> tuple[int, Future[Forgotten]]:
        """A moderator removed one message; returns how many lines (0 or 1) still waited, and the rows of the record."""
        platform, people = self.context.platform, self.context.people
        person = platform.person(user)
        if user and people.agreed(person):
            people.judge(person, "doubted", channel)
        self._removed[message] = None
        waited = self.forget(lambda line: line.id == message)
        scope = Scope(surface=platform.name, channel=channel, messages=frozenset([message]))
        return waited, self.context.school.remove(scope, person=person)

    def forget(self, hit: Callable[[Line], bool]) -> int:
        """Drop these lines wherever they are: nothing is answered, told, learned or remembered of them; returns how
        many waited to be learned."""
        self.context.hooks.stage.cleared()
        self.responses.forget(hit)
        self.answers.forget(hit)
        return self.quarantine.forget(hit)
