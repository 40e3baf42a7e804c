"""Feedback: what people think of the baby's answers. One vote and one correction a person and answer, of people who
agreed, on answers to people who agreed; and nobody undoes what somebody said who is trusted more."""

from __future__ import annotations

from cachetools import FIFOCache

from bots.chat.answers import Answers
from bots.chat.context import Context
from bots.chat.messages import Line
from bots.chat.quarantine import VOUCHED, Quarantine
from school.door.signals import AGAINST, FOR
from school.door.values import Exchange, Origin

REMEMBERED = 5000  # votes, beside the record, which learns of them later
FROM_BEFORE = VOUCHED  # how much that counts of which nobody wrote down how much it counts


class Feedback:
    """``give`` each verdict; what is returned is the occasion to speak of."""

    def __init__(self, context: Context, quarantine: Quarantine, answers: Answers):
        self._context, self._quarantine, self._answers = context, quarantine, answers
        self._votes: FIFOCache[tuple[str, str, str], None] = FIFOCache(REMEMBERED)

    def give(self, line: Line, connection: int, verdict: str, correction: str = "") -> str:
        """Take a verdict in, or tell why not. Raises Asleep."""
        people, school, person = self._context.people, self._context.school, self._context.writer(line)
        if not people.agreed(person):
            return "not_opted_in"
        reply = self._answers.meant(line)
        if reply is None:
            return "no_reply"
        exchange = school.find(reply) if reply else None
        if exchange is None or exchange.origin.channel != line.channel or not people.agreed(exchange.person):
            return "not_kept"
        trust = self._quarantine.trust_in(line)
        refused = self._refusal(exchange, person, verdict, trust)
        if not refused and verdict != "bad":
            refused = self._quarantine.take_feedback(line, connection, exchange, correction)
        if refused:
            return refused
        if verdict == "bad":
            self._quarantine.drop_feedback(reply)
            origin = Origin(surface=self._context.platform.name, channel=line.channel, message=line.id)
            weight = self._quarantine.weight_of(line, verdict)
            school.feedback(reply, "bad", person=person, origin=origin, trust=trust, weight=weight)
        self._votes[reply, person, verdict] = None
        return verdict

    def notice(self, line: Line, connection: int) -> None:
        """What a line lets on about an answer that its writer got, where such signals count. Raises Asleep."""
        signals, school, person = self._context.signals, self._context.school, self._context.writer(line)
        reply = self._answers.meant(line) if signals and self._context.people.agreed(person) else None
        exchange = school.find(reply) if reply else None
        if exchange is None or exchange.person != person or exchange.origin.channel != line.channel:
            return
        signal = signals.heard(line.text, exchange.question)
        if signal and signal.verdict == FOR:
            self._quarantine.take_signal(line, connection, exchange, signal)
        elif signal:
            weight = signal.weight * self._quarantine.weight_of(line, AGAINST)
            origin = Origin(surface=self._context.platform.name, channel=line.channel, message=line.id)
            how = {"trust": self._quarantine.trust_in(line), "weight": weight, "signal": signal.name}
            school.feedback(exchange.reply_id, AGAINST, person=person, origin=origin, **how)

    def _refusal(self, exchange: Exchange, person: str, verdict: str, trust: int) -> str:
        reply, fixed = exchange.reply_id, verdict == "fix"
        mine = ["fix"] if fixed else ["good", "bad", "fix"]
        if any((reply, person, kind) in self._votes for kind in mine):
            return "already_marked"
        if self._context.school.has_marked(reply, person, fixed=fixed):
            return "already_marked"
        standing, outranks = self._quarantine.feedback_on(reply) or (exchange.verdict, exchange.trust)
        if verdict == "good":
            return {"": "", "good": "known"}.get(standing, "refused")
        if standing in ("good", "fix") and trust < (FROM_BEFORE if outranks is None else outranks):
            return "outranked"
        return ""
