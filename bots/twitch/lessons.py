"""What becomes of a line that nobody addressed to the baby: a lesson, if its writer agreed, it is worth it, and no
moderator removed it while it waited. Until then it is in memory only."""

from __future__ import annotations

import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from bots.twitch.lines import SURFACE, Line, has_link
from bots.twitch.room import Room
from school.echoes import Echoes, Heard
from school.interface import Asleep, Origin
from school.letters import visible
from school.manners import unteachable, without_names
from school.people import DAY

SOURCE = "chat"  # of pairs made here
WAITING = 2000  # lines in quarantine
RECENT = 500  # lines that a reply may refer to
COMPANY = 3  # people who taught today, from which on nobody may have more than their share
COPIES = 2  # times that a line may be said by the end of its quarantine; more is a chorus


def person_of(line: Line) -> str:
    """The writer's id as it stands in the record; that of a surface is not another's."""
    return f"{SURFACE}:{line.person}"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A line in quarantine; ``stay`` is that of the connection it was heard on."""

    line: Line
    text: str
    due: float
    heard: Heard
    stay: int
    answers: Line | None


class Lessons:
    """Offer it every line; ``release`` now and then. ``named`` gives the id of somebody here by their name, or ""."""

    def __init__(self, room: Room, *, named: Callable[[str], str]):
        self._school, self._people, self._settings, self._words = room.school, room.people, room.teaching, room.words
        self._named, self._clock = named, room.clock
        self._echoes = Echoes(room.teaching.window)
        self._waiting: deque[_Waiting] = deque()
        self._recent: OrderedDict[str, Line] = OrderedDict()  # of people who agreed
        self._today, self._taken = int(room.clock() // DAY), Counter(room.learned_today)
        self.passed_over: Counter[str] = Counter()  # why lines were not taken in
        self.taught = 0

    def __len__(self) -> int:
        return len(self._waiting)

    # ---- hearing -------------------------------------------------------------------------------------------------

    def heard_own(self, text: str) -> None:
        """What the baby said: whoever says it again teaches nothing."""
        self._echoes.note(text, own=True)

    def overhear(self, line: Line) -> None:
        """A line that is not to be a lesson; nor is, then, whoever says the same."""
        self._echoes.note(self.readable(line), line.person)

    def offer(self, line: Line, stay: int) -> str:
        """Take a line into quarantine, or tell why not."""
        reason = self._take(line, stay)
        if reason:
            self.passed_over[reason] += 1
        return reason

    def _take(self, line: Line, stay: int) -> str:
        text = self.readable(line)
        heard = self._echoes.note(text, line.person)
        person = person_of(line)
        if not self._people.agreed(person):
            return "not agreed"
        if reason := self.unfit(text, line):
            return reason
        if heard.own or heard.times > 1:
            return "echo"
        if len(self._waiting) >= WAITING:
            return "full"
        if not self.spend(person, trusted=line.moderator):
            return "budget"
        answers = self._recent.get(line.reply_to)
        self._recent[line.id] = line
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        due = self._clock() + 60 * self._settings.quarantine_minutes
        self._waiting.append(_Waiting(line, text, due, heard, stay, answers))
        return ""

    def readable(self, line: Line) -> str:
        """Its text as it would be learned: cheers in words, no names of people who did not agree."""
        text = line.text
        for cheer in line.cheers:
            amount = cheer[len(cheer.rstrip("0123456789")) :]
            text = text.replace(cheer, f"(cheers {amount})", 1)
        return without_names(visible(text), self._is_private_name)

    def _is_private_name(self, word: str) -> bool:
        person = self._named(word)
        return bool(person) and not self._people.agreed(f"{SURFACE}:{person}")

    def unfit(self, text: str, line: Line | None = None) -> str:
        """Why nobody may teach this text, or ""."""
        if has_link(text) or (line and line.links):
            return "link"
        if self._words.found_in(text):
            return "word"
        return unteachable(text, emotes=line.emotes if line else ())

    # ---- how much ------------------------------------------------------------------------------------------------

    def spend(self, person: str, *, trusted: bool = False) -> bool:
        """Count one more lesson of this person's, if they may still give one today."""
        today = int(self._clock() // DAY)
        if today != self._today:
            self._today, self._taken = today, Counter()
        mine, most = self._taken[person], float(self.allowance(person, trusted=trusted))
        if len(self._taken.keys() | {person}) >= COMPANY:
            most = min(most, max(self._settings.first_day, self._settings.share * (self._taken.total() + 1)))
        if mine >= most:
            return False
        self._taken[person] += 1
        return True

    def allowance(self, person: str, *, trusted: bool = False) -> int:
        """Lines a day from them at most: more with every day that nobody had to take away what they wrote."""
        settings, standing = self._settings, self._people[person]
        if trusted or standing.vouched:
            return settings.most
        earned = settings.first_day + settings.day_more * int(standing.trust_days(self._clock()))
        return min(earned, settings.most)

    # ---- the end of the quarantine -------------------------------------------------------------------------------

    def release(self, stay: int) -> None:
        """Teach what has waited long enough. What was heard before the connection last broke goes: nobody told us what
        moderators removed meanwhile."""
        now = self._clock()
        while self._waiting and self._waiting[0].due <= now:
            waiting = self._waiting.popleft()
            reason = self._second_thoughts(waiting, stay)
            if reason:
                self.passed_over[reason] += 1
            else:
                with contextlib.suppress(Asleep):
                    self._teach(waiting)

    def _second_thoughts(self, waiting: _Waiting, stay: int) -> str:
        if waiting.stay != stay:
            return "deaf meanwhile"
        if not self._people.agreed(person_of(waiting.line)):
            return "not agreed"
        return "echo" if waiting.heard.own or waiting.heard.times > COPIES else ""

    def _teach(self, waiting: _Waiting) -> None:
        line, prompt = waiting.line, waiting.answers
        if prompt and not self._people.agreed(person_of(prompt)):
            prompt = None
        self._school.teach(
            waiting.text,
            prompt=self.readable(prompt) if prompt else "",
            source=SOURCE,
            weight=self._settings.weight,
            person=person_of(line),
            asker=person_of(prompt) if prompt else "",
            origin=Origin(surface=SURFACE, channel=line.channel, message=line.id),
            asked_in=prompt.id if prompt else "",
        )
        self.taught += 1

    # ---- taking back ---------------------------------------------------------------------------------------------

    def drop(self, gone: Callable[[Line], bool]) -> int:
        """Forget lines that wait or could be referred to; returns how many waited."""
        before = len(self._waiting)
        self._recent = OrderedDict((key, line) for key, line in self._recent.items() if not gone(line))
        kept = (w for w in self._waiting if not gone(w.line))
        self._waiting = deque(_without_prompt(w) if w.answers and gone(w.answers) else w for w in kept)
        return before - len(self._waiting)


def _without_prompt(waiting: _Waiting) -> _Waiting:
    return _Waiting(waiting.line, waiting.text, waiting.due, waiting.heard, waiting.stay, None)
