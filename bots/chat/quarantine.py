"""What may become a lesson: a line that nobody addressed to the baby, or a mark on an answer, if who wrote it agreed,
it is worth it, and no moderator removed it while it waited. Until then it is in memory only."""

from __future__ import annotations

import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from bots.chat.context import Room
from bots.chat.duplicates import Echoes, Heard
from bots.chat.links import has_link, opened
from bots.chat.messages import SURFACE, Line
from bots.chat.moderation import unteachable, without_names
from bots.chat.normalize import visible
from school.door.consent import DAY
from school.door.values import Asleep, Exchange, Origin

SOURCE = "chat"  # of pairs made here
WAITING = 2000  # lines in quarantine
UNNOTICED = 60.0  # seconds that the wire may have been deaf without knowing, and moderators' removals unheard
RECENT = 500  # lines that a reply may refer to
OWN = 1000  # different things that the baby said
LESSONS = 2 * WAITING  # different things that wait or were learned, so that what waits is never forgotten
COMPANY = 3  # people who taught today, from which on nobody may have more than their share
ANYBODY, VOUCHED, MODERATOR = range(3)  # whose word about an answer counts how much
COPIES = 2  # times that a line may be said by the end of its quarantine; more is a chorus


def person_of(line: Line) -> str:
    """The writer's id as it stands in the record; that of a surface is not another's."""
    return f"{SURFACE}:{line.person}"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A line in quarantine; ``stay`` is that of the connection it was heard on. With ``reply``, the id of one of the
    baby's, it is a mark: the text is a correction, and empty where the reply was good."""

    line: Line
    text: str
    due: float
    stay: int
    heard: Heard
    prompt: _Waiting | None = None  # what it answers
    reply: str = ""

    @property
    def verdict(self) -> str:
        return ("fix" if self.text else "good") if self.reply else ""


class Lessons:
    """Offer it every line; ``release`` now and then. ``named`` gives the id of somebody here by their name, or "";
    ``stay`` is the number of the present stay in the chat."""

    def __init__(self, room: Room, *, named: Callable[[str], str]):
        self._school, self._people, self._settings, self._words = room.school, room.people, room.teaching, room.words
        self._named, self._clock, self._wall = named, room.clock, room.wall
        self._talk, self._own, self._lessons = Echoes(room.teaching.window), Echoes(OWN), Echoes(LESSONS)
        self._waiting: deque[_Waiting] = deque()
        self._recent: OrderedDict[str, _Waiting] = OrderedDict()  # of people who agreed, by the message's id
        self._today, self._taken = int(room.wall() // DAY), Counter(room.learned_today)
        self.passed_over: Counter[str] = Counter()  # why lines were not taken in
        self.taught = 0

    def __len__(self) -> int:
        return len(self._waiting)

    # ---- hearing -------------------------------------------------------------------------------------------------

    def heard_own(self, text: str) -> None:
        """What the baby said: whoever says it again teaches nothing."""
        self._own.note(text)

    def overhear(self, line: Line) -> None:
        """A line that is not to be a lesson; nor is, then, whoever says the same."""
        self._again(self.readable(line))

    def offer(self, line: Line, stay: int) -> str:
        """Take a line into quarantine, or tell why not."""
        reason = self._take(line, stay)
        if reason:
            self.passed_over[reason] += 1
        return reason

    def _take(self, line: Line, stay: int) -> str:
        text, person = self.readable(line), person_of(line)
        again = self._again(text)
        if not self._people.agreed(person):
            return "not agreed"
        if reason := self.unfit(text, line) or ("echo" if again else ""):
            return reason
        if len(self._waiting) >= WAITING:
            return "full"
        if not self.spend(person, trusted=line.moderator):
            return "budget"
        waiting = self._quarantined(line, text, stay, text)
        self._recent[line.id] = waiting
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        prompt = self._recent.get(line.reply_to)
        self._waiting.append(replace(waiting, prompt=prompt) if prompt else waiting)
        return ""

    def mark(self, line: Line, stay: int, exchange: Exchange, correction: str = "") -> str:
        """Take in that an answer was good, or what it should have been, which replaces a mark on it that waits. Returns
        why not: "unteachable", "known" or "enough". A moderator's word needs no quarantine. Raises Asleep."""
        answer = correction or exchange.answer
        spoilt = (self.unfit(exchange.question), self.unfit(answer))
        if not {"", "short"}.issuperset(spoilt) or (
            correction and (self.unfit(correction, line) or self._again(answer))
        ):
            return "unteachable"
        whole = f"{exchange.question} {answer}"
        if not correction and self._lessons.find(whole):
            return "known"
        if len(self._waiting) >= WAITING or not self.spend(person_of(line), trusted=line.moderator):
            return "enough"
        self.unmark(exchange.reply_id)
        waiting = self._quarantined(line, correction, stay, correction or whole)
        waiting = replace(waiting, reply=exchange.reply_id)
        self._learn(waiting) if line.moderator else self._waiting.append(waiting)
        return ""

    def marked(self, reply: str) -> tuple[str, int] | None:
        """The verdict on a reply that waits, and the trust in whoever said it; None where there is none."""
        waits = (waiting for waiting in self._waiting if waiting.reply == reply)
        return next(((waiting.verdict, self.trust_in(waiting.line)) for waiting in waits), None)

    def trust_in(self, line: Line) -> int:
        """How much the word of the line's writer counts."""
        return MODERATOR if line.moderator else VOUCHED if self._people[person_of(line)].vouched else ANYBODY

    def unmark(self, reply: str) -> None:
        """Forget a mark that waits."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting.reply != reply)

    def _quarantined(self, line: Line, text: str, stay: int, lesson: str) -> _Waiting:
        due = self._clock() + 60 * self._settings.quarantine_minutes + UNNOTICED
        return _Waiting(line, text, due, stay, self._lessons.note(lesson))

    def _again(self, text: str) -> bool:
        """Hear a text; returns whether it was heard before: lately in this chat, from the baby, or as a lesson."""
        if lesson := self._lessons.find(text):
            lesson.times += 1
        return self._talk.note(text).times > 1 or lesson is not None or self._own.find(text) is not None

    def readable(self, line: Line) -> str:
        """Its text as it would be learned: cheers in words, no names of people who did not agree, and nothing that only
        looks like a link."""
        text = line.text
        for cheer in line.cheers:
            amount = cheer[len(cheer.rstrip("0123456789")) :]
            text = text.replace(cheer, f"(cheers {amount})", 1)
        return opened(without_names(visible(text), self._is_private_name))

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
        today = int(self._wall() // DAY)
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
        earned = settings.first_day + settings.day_more * int(standing.trust_days(self._wall()))
        return min(earned, settings.most)

    # ---- the end of the quarantine -------------------------------------------------------------------------------

    def release(self, stay: int) -> None:
        """Teach what has waited long enough; to be called only while the chat is heard. What was heard before the
        connection last broke goes: nobody told us what moderators removed meanwhile."""
        now = self._clock()
        while self._waiting and self._waiting[0].due <= now:
            waiting = self._waiting.popleft()
            reason = self._second_thoughts(waiting, stay)
            if reason:
                self.passed_over[reason] += 1
            else:
                with contextlib.suppress(Asleep):
                    self._learn(waiting)

    def _second_thoughts(self, waiting: _Waiting, stay: int) -> str:
        if waiting.stay != stay:
            return "deaf meanwhile"
        if not self._people.agreed(person_of(waiting.line)):
            return "not agreed"
        chorus = waiting.heard.times > COPIES or (waiting.text and self._own.find(waiting.text))
        return "echo" if chorus else ""

    def _learn(self, waiting: _Waiting) -> None:
        person = person_of(waiting.line)
        origin = Origin(surface=SURFACE, channel=waiting.line.channel, message=waiting.line.id)
        if waiting.reply:
            self._learn_mark(waiting, person, origin)
            return
        prompt = waiting.prompt  # held to what a lesson is
        if prompt and self._second_thoughts(prompt, waiting.stay):
            prompt = None
        self._school.teach(
            waiting.text,
            prompt=prompt.text if prompt else "",
            source=SOURCE,
            weight=self._settings.weight,
            person=person,
            asker=person_of(prompt.line) if prompt else "",
            origin=origin,
            asked_in=prompt.line.id if prompt else "",
        )
        self.taught += 1

    def _learn_mark(self, mark: _Waiting, person: str, origin: Origin) -> None:
        exchange = self._school.find(mark.reply)
        if exchange and self._people.agreed(exchange.person):
            trust = self.trust_in(mark.line)
            self._school.feedback(
                mark.reply, mark.verdict, correction=mark.text, person=person, origin=origin, trust=trust
            )

    # ---- taking back ---------------------------------------------------------------------------------------------

    def forget(self, hit: Callable[[Line], bool]) -> int:
        """Forget lines that wait or could be referred to; returns how many waited."""
        before = len(self._waiting)
        self._recent = OrderedDict((key, one) for key, one in self._recent.items() if not hit(one.line))
        kept = (waiting for waiting in self._waiting if not hit(waiting.line))
        self._waiting = deque(replace(w, prompt=None) if w.prompt and hit(w.prompt.line) else w for w in kept)
        return before - len(self._waiting)
