"""What it says unasked, now and then: a thought of its own, and a reminder of what there is to say to it."""

from __future__ import annotations

import contextlib
import random
from collections import Counter

from bots.chat.answers import Answers
from bots.chat.context import Context
from bots.chat.messages import Wire
from school.door.values import Asleep


class Unasked:
    """``tick`` now and then."""

    def __init__(self, context: Context, wire: Wire, answers: Answers, counts: Counter[str]):
        self._context, self._wire, self._answers, self._counts = context, wire, answers, counts
        self._spoke_at = self._reminded_at = context.clock()

    def tick(self, *, quiet: bool, heard_at: float, spoke_last: bool) -> bool:
        """Say something, if it is time for that; returns whether it will. ``heard_at`` is when the chat was last heard;
        never twice in a row, so not if it ``spoke_last``."""
        may = not (quiet or spoke_last) and self._is_there()
        return self._remind(may) or self._muse(may, heard_at)

    def _is_there(self) -> bool:
        """Whether somebody can hear it, and is there for it."""
        now = self._wire.state()
        return now.standing == "listening" and not (self._context.chat.only_live and now.live is False)

    def _remind(self, may: bool) -> bool:
        minutes, now = self._context.chat.reminder_minutes, self._context.clock()
        due = minutes and now >= self._reminded_at + 60 * minutes
        if not due or not may or self._context.hooks.quiet():
            return False  # it stays due
        self._reminded_at = now
        return self._answers.begin(self._answers.speaker.say(self._context.voice.say("reminder"), otherwise=""))

    def _muse(self, may: bool, heard_at: float) -> bool:
        chat, now = self._context.chat, self._context.clock()
        since = max(self._spoke_at, heard_at) if chat.spontaneous == "quiet" else self._spoke_at
        wanted = chat.spontaneous != "off" and not self._context.hooks.quiet()
        if not wanted or now < since + 60 * chat.spontaneous_minutes:
            return False
        self._spoke_at = now
        return may and random.random() < chat.spontaneous_chance and self._answers.begin(self._say_a_thought())

    async def _say_a_thought(self) -> None:
        with contextlib.suppress(Asleep):
            words = await self._answers.thought()
            if words and await self._answers.speaker.say(words, otherwise=""):
                self._counts["spontaneous"] += 1
