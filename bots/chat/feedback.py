"""Marks: what people think of the baby's answers. One vote and one correction a person and answer, of people who
agreed, on answers to people who agreed; and nobody undoes what somebody said who is trusted more."""

from __future__ import annotations

from collections import OrderedDict

from bots.chat.answers import Answers
from bots.chat.context import Room
from bots.chat.messages import SURFACE, Line
from bots.chat.quarantine import VOUCHED, Lessons, person_of
from school.door.values import Exchange, Origin

REMEMBERED = 5000  # votes, beside the record, which learns of them later
FROM_BEFORE = VOUCHED  # how much that counts of which nobody wrote down how much it counts


class Marks:
    """``give`` each mark; the answer is the occasion to speak of."""

    def __init__(self, room: Room, lessons: Lessons, answers: Answers):
        self._room, self._lessons, self._answers = room, lessons, answers
        self._votes: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def give(self, line: Line, stay: int, verdict: str, correction: str = "") -> str:
        """Take a mark in, or tell why not. Raises Asleep."""
        person = person_of(line)
        if not self._room.people.agreed(person):
            return "not_opted_in"
        reply = self._answers.meant(line)
        if reply is None:
            return "no_reply"
        exchange = self._room.school.find(reply) if reply else None
        if exchange is None or exchange.origin.channel != line.channel or not self._room.people.agreed(exchange.person):
            return "not_kept"
        trust = self._lessons.trust_in(line)
        refused = self._refusal(exchange, person, verdict, trust)
        refused = refused or (self._lessons.mark(line, stay, exchange, correction) if verdict != "bad" else "")
        if refused:
            return refused
        if verdict == "bad":
            self._lessons.unmark(reply)
            origin = Origin(surface=SURFACE, channel=line.channel, message=line.id)
            self._room.school.feedback(reply, "bad", person=person, origin=origin, trust=trust)
        self._votes[reply, person, verdict] = None
        if len(self._votes) > REMEMBERED:
            self._votes.popitem(last=False)
        return verdict

    def _refusal(self, exchange: Exchange, person: str, verdict: str, trust: int) -> str:
        reply, fixed = exchange.reply_id, verdict == "fix"
        mine = ["fix"] if fixed else ["good", "bad", "fix"]
        if any((reply, person, kind) in self._votes for kind in mine):
            return "already_marked"
        if self._room.school.has_marked(reply, person, fixed=fixed):
            return "already_marked"
        standing, outranks = self._lessons.marked(reply) or (exchange.verdict, exchange.trust)
        if verdict == "good":
            return {"": "", "good": "known"}.get(standing, "refused")
        if standing in ("good", "fix") and trust < (FROM_BEFORE if outranks is None else outranks):
            return "outranked"
        return ""
