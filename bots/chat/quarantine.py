"""What may become a lesson: a line that nobody addressed to the baby, or feedback on an answer, if who wrote it agreed,
it is worth it, and no moderator removed it while it waited. Until then it is in memory only."""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from cachetools import FIFOCache

from bots.chat.context import Context
from bots.chat.duplicates import NearDuplicates, Seen
from bots.chat.links import has_link, opened
from bots.chat.messages import Line
from bots.chat.moderation import unteachable, without_names
from bots.chat.normalize import visible
from bots.chat.private import is_private
from bots.chat.trust import Trust
from school.door.consent import DAY
from school.door.signals import Signal
from school.door.values import Asleep, Exchange, Origin

SOURCE = "chat"  # of pairs made here
RECENT = 500  # lines that a reply may refer to
OWN = 1000  # different things that the baby said
COMPANY = 3  # people who taught today, from which on nobody may have more than their share
ANYBODY, VOUCHED, MODERATOR, OWNER = range(4)  # whose word about an answer counts how much
MARK = {ANYBODY: 1.0, VOUCHED: 1.5, MODERATOR: 2.0, OWNER: 2.0}  # what a mark of theirs weighs, in lines from chat
TAUGHT = 1.0  # least weight of what its owner says, as at the terminal; a correction weighs twice as much there
COPIES = 2  # times that a line may be said by the end of its quarantine; more is a chorus


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A line in quarantine; ``connection`` is the number of the one it was heard on. With ``reply``, the id of one of
    the baby's, it is feedback: the text is a correction, and empty where the reply was good."""

    line: Line
    text: str
    due: float
    connection: int
    seen: Seen
    prompt: _Waiting | None = None  # what it answers
    reply: str = ""
    signal: Signal | None = None  # that let it on, where nobody said so outright

    @property
    def verdict(self) -> str:
        return ("fix" if self.text else "good") if self.reply else ""


class Quarantine:
    """Offer it every line; ``release`` now and then. ``named`` gives the id of somebody here by their name, or "";
    ``connection`` is the number of the wire's present one."""

    def __init__(self, context: Context, *, named: Callable[[str], str]):
        self._context, self._named = context, named
        self._school, self._people, self._settings = context.school, context.people, context.teaching
        self._talk, self._own = NearDuplicates(context.teaching.window), NearDuplicates(OWN)
        self._lessons = NearDuplicates(2 * context.limits.quarantined)  # so that what waits is never forgotten
        self._waiting: deque[_Waiting] = deque()
        self._recent: FIFOCache[str, _Waiting] = FIFOCache(RECENT)  # of people who agreed, by the message's id
        self._today, self._taken = int(context.hooks.wall() // DAY), Counter(context.learned_today)
        self.trust = Trust(context)
        self.passed_over: Counter[str] = Counter()  # why lines were not taken in
        self.taught = 0

    def __len__(self) -> int:
        return len(self._waiting)

    # ---- taking in -----------------------------------------------------------------------------------------------

    def note_own(self, text: str) -> None:
        """What the baby said: whoever says it again teaches nothing."""
        self._own.note(text)

    def note_only(self, line: Line) -> None:
        """A line that is not to be a lesson; nor is, then, whoever says the same."""
        self._again(self.readable(line))

    def offer(self, line: Line, connection: int) -> str:
        """Take a line in, or tell why not."""
        reason = self._take(line, connection)
        if reason:
            self.passed_over[reason] += 1
        return reason

    def _take(self, line: Line, connection: int) -> str:
        text, person = self.readable(line), self._context.writer(line)
        again = self._again(text)
        if not self._people.agreed(person):
            return "not agreed"
        if reason := self.unfit(text, line) or ("duplicate" if again else ""):
            return reason
        if len(self._waiting) >= self._context.limits.quarantined:
            return "full"
        if not self._may_teach_more(line):
            return "budget"
        waiting = self._quarantined(line, text, connection, self._lessons.note(text))
        self._recent[line.id] = waiting
        prompt = self._recent.get(line.reply_to)
        self._waiting.append(replace(waiting, prompt=prompt) if prompt else waiting)
        return ""

    def take_signal(self, line: Line, connection: int, exchange: Exchange, signal: Signal) -> None:
        """Take in that somebody let on that an answer was good, where nobody has said anything of it yet."""
        spoilt = (self.unfit(exchange.question), self.unfit(exchange.answer))
        full = len(self._waiting) >= self._context.limits.quarantined
        known = full or any(waiting.reply == exchange.reply_id for waiting in self._waiting)
        if not known and {"", "short"}.issuperset(spoilt) and self._may_teach_more(line):
            waiting = self._quarantined(line, "", connection, Seen(frozenset()))
            self._waiting.append(replace(waiting, reply=exchange.reply_id, signal=signal))

    def take_feedback(self, line: Line, connection: int, exchange: Exchange, correction: str = "") -> str:
        """Take in that an answer was good, or what it should have been, which replaces feedback on it that waits.
        Returns why not: "unteachable", "known" or "enough". A moderator's word does not wait. Raises Asleep."""
        answer = correction or exchange.answer
        spoilt = (self.unfit(exchange.question), self.unfit(answer))
        if not {"", "short"}.issuperset(spoilt) or (
            correction and (self.unfit(correction, line) or self._again(answer))
        ):
            return "unteachable"
        whole = f"{exchange.question} {answer}"
        if not correction and self._lessons.find(whole):
            return "known"
        full = len(self._waiting) >= self._context.limits.quarantined
        if full or not self._may_teach_more(line):
            return "enough"
        self.drop_feedback(exchange.reply_id)
        waiting = self._quarantined(line, correction, connection, self._lessons.note(correction or whole))
        waiting = replace(waiting, reply=exchange.reply_id)
        self._learn(waiting) if line.moderator else self._waiting.append(waiting)
        return ""

    def feedback_on(self, reply: str) -> tuple[str, int] | None:
        """The outright verdict on a reply that waits, and the trust in whoever said it; None where there is none."""
        waits = (waiting for waiting in self._waiting if waiting.reply == reply and not waiting.signal)
        return next(((waiting.verdict, self.trust_in(waiting.line)) for waiting in waits), None)

    def drop_feedback(self, reply: str) -> None:
        """Forget feedback that waits."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting.reply != reply)

    def trust_in(self, line: Line) -> int:
        """How much the word of the line's writer counts."""
        if line.owner:
            return OWNER
        vouched = self._people[self._context.writer(line)].vouched
        return MODERATOR if line.moderator else VOUCHED if vouched else ANYBODY

    def weight_of(self, line: Line, verdict: str = "") -> float:
        """What a lesson weighs that the line is, or that is made of its writer's verdict on an answer."""
        trust, chat = self.trust_in(line), self._settings.weight * self._share_of(line, self.trust_in(line))
        weight = chat * MARK[trust] if verdict else chat
        return max(weight, TAUGHT * (2 if verdict == "fix" else 1)) if trust == OWNER else weight

    def _share_of(self, line: Line, trust: int) -> float:
        """Of the usual weight, what a line of theirs has."""
        if trust != ANYBODY:
            return 1.0
        return self._settings.stranger + (1 - self._settings.stranger) * self.trust.of(self._context.writer(line))

    def _quarantined(self, line: Line, text: str, connection: int, seen: Seen) -> _Waiting:
        minutes, unnoticed = self._settings.quarantine_minutes, self._context.limits.unnoticed
        due = self._context.clock() + 60 * minutes + unnoticed
        return _Waiting(line, text, due, connection, seen)

    def _again(self, text: str) -> bool:
        """Note a text; returns whether it was seen before: lately in this chat, from the baby, or as a lesson."""
        if lesson := self._lessons.find(text):
            lesson.times += 1
        return self._talk.note(text).times > 1 or lesson is not None or self._own.find(text) is not None

    def readable(self, line: Line) -> str:
        """Its text as it would be learned: what only the platform understands in words, no names of people who did not
        agree, and nothing that only looks like a link."""
        text = line.text
        for piece, words in line.in_words:
            text = text.replace(piece, words, 1)
        return opened(self.nameless(text))

    def nameless(self, text: str) -> str:
        """Without the names of people who did not agree."""
        return without_names(visible(text), self._is_private_name)

    def _is_private_name(self, word: str) -> bool:
        user = self._named(word)
        return bool(user) and not self._people.agreed(self._context.platform.person(user))

    def unfit(self, text: str, line: Line | None = None) -> str:
        """Why nobody may teach this text, or ""."""
        if has_link(text) or (line and line.links):
            return "link"
        if self._context.words.found_in(text):
            return "word"
        return unteachable(text, emotes=line.emotes if line else ()) or ("private" if is_private(text) else "")

    # ---- how much ------------------------------------------------------------------------------------------------

    @property
    def taken_today(self) -> Counter[str]:
        """Lessons of this day by person."""
        return Counter(self._taken)

    def _may_teach_more(self, line: Line) -> bool:
        """Whether it is within the day's lines, and counted; its owner may teach it as much as at the terminal."""
        return line.owner or self.spend(self._context.writer(line), trusted=line.moderator)

    def spend(self, person: str, *, trusted: bool = False) -> bool:
        """Count one more lesson of this person's, if they may still give one today."""
        today = int(self._context.hooks.wall() // DAY)
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
        earned = settings.first_day + settings.day_more * int(standing.trust_days(self._context.hooks.wall()))
        return min(earned, settings.most)

    # ---- the end of the quarantine -------------------------------------------------------------------------------

    def release(self, connection: int) -> None:
        """Teach what has waited long enough; to be called only while the chat is heard. What was heard before the
        connection last broke goes: nobody told us what moderators removed meanwhile."""
        now = self._context.clock()
        while self._waiting and self._waiting[0].due <= now:
            waiting = self._waiting.popleft()
            reason = self._second_thoughts(waiting, connection)
            if reason:
                self.passed_over[reason] += 1
            else:
                with contextlib.suppress(Asleep):
                    self._learn(waiting)

    def _second_thoughts(self, waiting: _Waiting, connection: int) -> str:
        if waiting.connection != connection:
            return "deaf meanwhile"
        if not self._people.agreed(self._context.writer(waiting.line)):
            return "not agreed"
        chorus = waiting.seen.times > COPIES or (waiting.text and self._own.find(waiting.text))
        return "duplicate" if chorus else ""

    def _learn(self, waiting: _Waiting) -> None:
        line, writer = waiting.line, self._context.writer
        origin = Origin(surface=self._context.platform.name, channel=line.channel, message=line.id)
        if waiting.reply:
            self._learn_feedback(waiting, origin)
            return
        prompt = waiting.prompt  # held to what a lesson is
        if prompt and self._second_thoughts(prompt, waiting.connection):
            prompt = None
        self._school.teach(
            waiting.text,
            prompt=prompt.text if prompt else "",
            source=SOURCE,
            weight=self.weight_of(line),
            person=writer(line),
            asker=writer(prompt.line) if prompt else "",
            origin=origin,
            asked_in=prompt.line.id if prompt else "",
        )
        self.taught += 1
        self.trust.given(writer(line), line.channel)

    def _learn_feedback(self, feedback: _Waiting, origin: Origin) -> None:
        exchange = self._school.find(feedback.reply)
        signal = feedback.signal
        if exchange and self._people.agreed(exchange.person):
            self._school.feedback(
                feedback.reply,
                feedback.verdict,
                correction=feedback.text,
                person=self._context.writer(feedback.line),
                origin=origin,
                trust=self.trust_in(feedback.line),
                weight=self.weight_of(feedback.line, feedback.verdict) * (signal.weight if signal else 1.0),
                signal=signal.name if signal else "",
            )
            self.trust.given(self._context.writer(feedback.line), feedback.line.channel)

    # ---- taking back ---------------------------------------------------------------------------------------------

    def forget(self, hit: Callable[[Line], bool]) -> int:
        """Forget lines that wait or could be referred to; returns how many waited."""
        before = len(self._waiting)
        for key in [key for key, one in self._recent.items() if hit(one.line)]:
            del self._recent[key]
        kept = (waiting for waiting in self._waiting if not hit(waiting.line))
        self._waiting = deque(replace(w, prompt=None) if w.prompt and hit(w.prompt.line) else w for w in kept)
        return before - len(self._waiting)
