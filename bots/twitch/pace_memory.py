"""How fast it spoke, over a restart: Twitch counts on while the baby sleeps."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bots.twitch.pace import Pace
from school.office.files import make_folder, read_state, write_state

log = logging.getLogger(__name__)


class Remembered(BaseModel):
    model_config = ConfigDict(extra="ignore")
    sent: list[float] = Field(default_factory=list, max_length=1000)  # when, seconds since 1970
    slow: float = Field(0.0, ge=0, le=3600)  # seconds between two messages, where the chat is slow


class PaceMemory:
    """Keeps a pace in a file: ``begin`` with what stands there, ``note`` each change, ``run`` to write it down."""

    def __init__(self, home: Path, pace: Pace, channel: str = "", *, wall: Callable[[], float] = time.time):
        name = re.sub(r"[^a-z0-9_]", "", channel.lower())
        self._file = home / "statistics" / f"twitch-pace{name and '-'}{name}.json"
        self._pace, self._wall = pace, wall
        self._changed = asyncio.Event()
        self.slow = 0.0

    def begin(self, now: float) -> None:
        """Count what was sent before; ``now`` by the pace's clock. A moment still to come counts as just now."""
        try:
            known = read_state(self._file, Remembered, Remembered())
        except OSError as error:
            log.warning("%s can't be read (%s); how often it spoke before is forgotten.", self._file, error.strerror)
            return
        self.slow = known.slow
        for at in sorted(known.sent):
            self._pace.sent(now - max(0.0, self._wall() - at))

    def note(self, slow: float) -> None:
        self.slow = slow
        self._changed.set()

    async def run(self) -> None:
        """Write it down when it has changed, until cancelled."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await asyncio.to_thread(self._write, self._now())
        finally:
            if self._changed.is_set():
                self._write(self._now())

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _write(self, now: float) -> None:
        sent = [self._wall() - age for age in self._pace.ages(now)]
        try:
            make_folder(self._file.parent)
            write_state(self._file, Remembered(sent=sent, slow=self.slow).model_dump())
        except OSError as error:
            log.warning("%s can't be written (%s).", self._file, error.strerror)
