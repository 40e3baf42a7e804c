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
class _Outgoing:
    text: str
    reply_to: str
    written: float
    answer: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Outbox:
    """``send(text, reply_to)`` returns the sent message's id or raises NotSent or NotNow; it is called for one message
    at a time."""

    def __init__(self, send: Callable[[str, str], Awaitable[str]], pace: Pace, *, limit: int, stale: float):
        self._send, self._pace, self._limit, self._stale = send, pace, limit, stale
        self._waiting: deque[_Outgoing] = deque()
        self._repetitions = Repetitions(pace.window)
        self._something = asyncio.Event()
        self.said = self.rejected = self.dropped = 0
        self.may_repeat = False  # a moderator's messages are not compared with those before

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def say(self, text: str, reply_to: str = "") -> str:
        """Wait for its turn; the message's id, or "" if it was not sent."""
        message = _Outgoing(text, reply_to, self._now())
        self._waiting.append(message)
        while len(self._waiting) > self._limit:
            self._drop(self._waiting.popleft(), "too many were waiting")
        self._something.set()
        return await message.answer

    async def run(self) -> None:
        """Send what waits, until cancelled; then whatever is left is dropped."""
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                while self._waiting:
                    if (pause := self._pace.wait(self._now())) > 0:
                        await asyncio.sleep(pause)  # the queue may make room meanwhile
                    else:
                        await self._deliver(self._waiting.popleft())
        finally:
            while self._waiting:
                self._drop(self._waiting.popleft(), "going to sleep")

    async def _deliver(self, message: _Outgoing) -> None:
        """Try until it is sent, refused, stale or cancelled; in any case whoever waits for it gets an answer."""
        sent = ""
        try:
            sent = await self._try(message)
        except NotSent as reason:
            self.rejected += 1
            log.info("a message was not sent: %s", reason)
        except Exception as error:  # whatever happens to one, the next goes out
            self.rejected += 1
            log.error("sending a message led to a %s", type(error).__name__)
        finally:
            self._answer(message, sent)

    async def _try(self, message: _Outgoing) -> str:
        while not message.answer.cancelled() and self._now() - message.written <= self._stale:
            text = fit(message.text) if self.may_repeat else self._repetitions.varied(message.text, self._now())
            if not text:
                return self._drop(message, "it was said just before")
            try:
                sent = await self._send(text, message.reply_to)
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
        return self._drop(message, "it waited for too long")

    def _drop(self, message: _Outgoing, why: str) -> str:
        self.dropped += 1
        log.info("a message was dropped: %s", why)
        self._answer(message, "")
        return ""

    @staticmethod
    def _answer(message: _Outgoing, sent: str) -> None:
        if not message.answer.done():
            message.answer.set_result(sent)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
