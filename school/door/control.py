"""What only the house itself may do with a life: save, back up, examine, rehearse, let lessons pause.

No surface gets this; one that may save or pause gets that one verb.
"""

from __future__ import annotations

import time
from concurrent.futures import Future

from school.door.mailbox import BackUp, Examine, Mailbox, Pause, Rehearse, Save, Study
from school.door.values import id_at
from school.office.lifetime import Lifetime


class Control:
    """Every method returns at once; what takes time comes back as a future. Each may raise Asleep."""

    def __init__(self, mailbox: Mailbox, lifetime: Lifetime | None = None):
        self._mailbox, self._lifetime = mailbox, lifetime or Lifetime()

    def save(self) -> Future[str | None]:
        """Where the soul was saved, or None if it could not be."""
        request = Save()
        self._mailbox.post(request)
        return request.future

    def back_up(self) -> Future[str | None]:
        """Where the newest soul was copied to, or None if it could not be."""
        request = BackUp()
        self._mailbox.post(request)
        return request.future

    def examine(self) -> Future[float | None]:
        """Held-out bits per byte, or None where there is no text for it."""
        request = Examine()
        self._mailbox.post(request)
        return request.future

    def rehearse(self, since: float) -> Future[int]:
        """Let what people taught since then (seconds since 1970 by the wall clock) come back in the next steps; brings
        how many pairs."""
        request = Rehearse(id_at(self._lifetime.of(since)))
        self._mailbox.post(request)
        return request.future

    def pause(self, on: bool) -> Future[bool]:
        """Let lessons stop after the step under way, or go on; brings whether they stand still now."""
        request = Pause(on)
        self._mailbox.post(request)
        return request.future

    def study_after(self, seconds: float) -> None:
        """Let lessons that rested go on, if nobody has asked anything for so long."""
        if time.monotonic() - self._mailbox.asked_at >= seconds:
            self._mailbox.post(Study())
