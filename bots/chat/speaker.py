"""All that the baby says in a chat goes through here: as much as there is room for, and nothing that is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from bots.chat.context import Context
from bots.chat.messages import Line, Wire
from bots.chat.moderation import tidy_for_chat
from bots.chat.quarantine import Quarantine
from bots.chat.rate_limit import SharedLimit
from bots.chat.tasks import Tasks

ANSWERS, CONFIRMATIONS, PASTIMES = 0.8, 0.6, 0.3  # parts of what it may say; the second is for pastimes, too
STRANGERS, NOT_ALL = 0.5, 0.75  # parts of it for answers to strangers, and for all that is said to them
YOU = "\0"  # stands for their names in words that wait for room


class Speaker:
    """``tasks`` runs what is said to several; ``knows`` tells whether a line's writer is no stranger."""

    def __init__(
        self,
        context: Context,
        wire: Wire,
        quarantine: Quarantine,
        tasks: Tasks,
        counts: Counter[str],
        knows: Callable[[Line], bool],
    ):
        self._context, self._wire, self._quarantine, self._knows = context, wire, quarantine, knows
        self._tasks, self._counts = tasks, counts
        self._shared = SharedLimit(self._limit, context.limits.window, context.clock)
        self._gathered: dict[str, dict[str, Line]] = {}  # by the words that wait for room: whom they are for

    def _limit(self) -> int:
        chat, now = self._context.chat, self._wire.state()
        most = chat.moderator_answers if now.moderator else chat.answers
        return min(most, now.pace) if now.pace else most

    @property
    def gathering(self) -> int:
        """How many different words wait for room."""
        return len(self._gathered)

    def room_for_answer(self, *, known: bool = True) -> bool:
        """Take room for an answer, if there is some; strangers leave some to whom it knows."""
        return self._shared.take("answer", ANSWERS) if known else self._shared.take("answer", STRANGERS, NOT_ALL)

    async def say(self, text: str, line: Line | None = None, *, otherwise: str | None = None) -> str:
        """Send, as a reply to a line if there is one; the message's id, or "". Where a listed word is in it, it says
        ``otherwise`` or that it would rather not."""
        words = self._context.words
        if words.found_in(text):
            self._counts["unspeakable"] += 1
            text = self._context.voice.say("unspeakable") if otherwise is None else otherwise
        if not text or words.found_in(text):
            return ""
        self._quarantine.note_own(text)
        return await self._wire.say(text, reply_to=line.id if line else "")

    def words(self, occasion: str, line: Line, **fields: object) -> str:
        """One of its lines. With the name of whom it is for, where it has room for one, so that the same said to many
        is not the same: a platform may show no message twice in half a minute."""
        name = tidy_for_chat(line.name)
        you = name if name and not self._context.words.found_in(name) else "you"
        return self._context.voice.say(occasion, **{"you": you} | fields)

    async def tell(self, line: Line, occasion: str, *, patient: bool = False, **fields: object) -> None:
        """Say one of its lines where there is room for it. If ``patient``, wait for that, and be content with one
        message to all who wait for the same words; if not, leave some room to those who are."""
        words = self._context.voice.say(occasion, seed=occasion, **{"you": YOU} | fields)
        alike = self._gathered.setdefault(words, {})
        alike[line.id] = line
        try:
            if await self._wait_for_room(alike, line, patient) and not self._tell_together(alike, words, line):
                del alike[line.id]
                await self.say(self.words(occasion, line, **fields), line)
        finally:
            alike.pop(line.id, None)
            if not alike and self._gathered.get(words) is alike:
                del self._gathered[words]

    async def _wait_for_room(self, alike: dict[str, Line], line: Line, patient: bool) -> bool:
        """Whether there is room for it now; not if somebody else's message told them meanwhile."""
        limits, waited = self._context.limits, 0.0
        while line.id in alike:
            gathered = patient and waited >= limits.gathering
            of_all = 1.0 if self._knows(line) else NOT_ALL
            if self._shared.take("confirmation", CONFIRMATIONS if gathered else PASTIMES, of_all):
                return True
            if waited >= (limits.patience if patient else 0.0):
                self._counts["left unsaid"] += 1
                return False
            waited += limits.look_again
            await self._context.sleep(limits.look_again)
        return False

    def _tell_together(self, alike: dict[str, Line], words: str, line: Line) -> bool:
        """Begin to say it to the line's writer and to others who wait for the same, with the names of as many as have
        room; returns whether there are others, and nothing against their names."""
        words = words if YOU in words else f"{YOU}: {words}"
        told: list[Line] = []
        text = ""
        for one in sorted(alike.values(), key=lambda one: one is not line):
            longer = words.replace(YOU, " ".join(f"@{other.login}" for other in (*told, one)))
            if len(longer) <= self._context.platform.message_length and not self._context.words.found_in(longer):
                told, text = [*told, one], longer
        if len(told) < 2 or line not in told or not self._tasks.begin(self.say(text)):
            return False
        for one in told:
            del alike[one.id]
        return True
