"""The one way out: messages wait here for their turn, not too many and not too long."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bots.twitch.pace import Pace, Repetitions, fit

log = logging.getLogger(__name__)


class NotSent(Exception):
    """Twitch did not take it and won't; the text says why, without secrets."""


class NotNow(Exception):
    """It may be sent again after so many seconds: Twitch asked for a pause, or there is no connection."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds


@dataclass(slots=True)
class _Letter:
    text: str
    reply_to: str
    written: float
    answer: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Outbox:
    """``send(text, reply_to)`` returns the sent message's id or raises NotSent or NotNow; it is called for one message
    at a time."""

    def __init__(self, send: Callable[[str, str], Awaitable[str]], pace: Pace, *, limit: int, stale: float):
        self._send, self._pace, self._limit, self._stale = send, pace, limit, stale
        self._letters: deque[_Letter] = deque()
        self._repetitions = Repetitions()
        self._something = asyncio.Event()
        self.said = self.rejected = self.dropped = 0
        self.may_repeat = False  # a moderator's messages are not compared with those before

    @property
    def waiting(self) -> int:
        return len(self._letters)

    async def say(self, text: str, reply_to: str = "") -> str:
        """Wait for its turn; the message's id, or "" if it was not sent."""
        letter = _Letter(text, reply_to, self._now())
        self._letters.append(letter)
        while len(self._letters) > self._limit:
            self._drop(self._letters.popleft(), "too many were waiting")
        self._something.set()
        return await letter.answer

    async def run(self) -> None:
        """Send what waits, until cancelled; then whatever is left is dropped."""
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                while self._letters:
                    if (pause := self._pace.wait(self._now())) > 0:
                        await asyncio.sleep(pause)  # the queue may make room meanwhile
                    else:
                        await self._deliver(self._letters.popleft())
        finally:
            while self._letters:
                self._drop(self._letters.popleft(), "going to sleep")

    async def _deliver(self, letter: _Letter) -> None:
        """Try until it is sent, refused, stale or cancelled; in any case whoever waits for it gets an answer."""
        sent = ""
        try:
            sent = await self._try(letter)
        except NotSent as reason:
            self.rejected += 1
            log.info("a message was not sent: %s", reason)
        except Exception as error:  # whatever happens to one, the next goes out
            self.rejected += 1
            log.error("sending a message led to a %s", type(error).__name__)
        finally:
            self._answer(letter, sent)

    async def _try(self, letter: _Letter) -> str:
        while not letter.answer.cancelled() and self._now() - letter.written <= self._stale:
            text = fit(letter.text) if self.may_repeat else self._repetitions.varied(letter.text, self._now())
            if not text:
                return self._drop(letter, "it was said just before")
            try:
                sent = await self._send(text, letter.reply_to)
            except NotNow as later:
                await asyncio.sleep(later.seconds)
                continue
            except NotSent:
                self._pace.sent(self._now())
                raise
            self._pace.sent(self._now())
            self._repetitions.said(text, self._now())
            self.said += 1
            return sent
        return self._drop(letter, "it waited for too long")

    def _drop(self, letter: _Letter, why: str) -> str:
        self.dropped += 1
        log.info("a message was dropped: %s", why)
        self._answer(letter, "")
        return ""

    @staticmethod
    def _answer(letter: _Letter, sent: str) -> None:
        if not letter.answer.done():
            letter.answer.set_result(sent)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
