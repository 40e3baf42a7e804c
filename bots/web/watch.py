"""The watch: hears what happens in lessons and talk on whatever thread, and tells who listens, on the event loop.

While nobody listens nothing is worked out here; while somebody does, lessons are told of four times a second at most,
and looked at from near once a second, for a look takes a newborn 4 ms and a toddler 8.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from bots import PUBLIC
from bots.web.hub import Hub
from school.door.events import Event, Examined, Saved, StepReport
from school.door.school import School
from school.door.values import ME
from school.screen.telling import answered, color, examined, number, step_of

if TYPE_CHECKING:
    from bots.web.house import House
    from school.door.mailbox import Ask
    from school.door.values import Reply

STEP_SECONDS, LOOK_SECONDS = 0.25, 1.0
USUAL = 0.9  # of what a step's gradient is compared with, how much is kept from step to step


class Watch:
    """``owner`` hears everything, ``overlay`` only what everybody may; with ``captions`` what it reads, where a public
    text has it so. ``open`` it on the running loop."""

    def __init__(self, school: School, house: House, owner: Hub, overlay: Hub, *, captions: bool):
        self._school, self.owner, self.overlay = school, owner, overlay
        self._name_of, self._public, self._captions = house.name_of, house.public, captions
        self._captioning: asyncio.Task | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next_step = self._next_look = 0.0
        self._usual = 0.0  # size of a gradient
        self._under_way: dict[str, str] = {}  # answers, and the surfaces they are for
        self.pulse = 0.0

    def open(self) -> None:
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        self._loop = None
        if self._captioning:
            self._captioning.cancel()

    # ---- on other threads ----------------------------------------------------------------------------------------

    def look(self) -> bool:
        wanted = self.owner or (self._captions and self.overlay)
        return bool(wanted) and time.monotonic() >= self._next_look

    def tell(self, event: Event) -> None:
        if not (self.owner or self.overlay):
            return
        if isinstance(event, StepReport):
            now = time.monotonic()
            if event.glimpse is None and now < self._next_step:
                return
            self._next_step = now + STEP_SECONDS
            if event.glimpse is not None:
                self._next_look = now + LOOK_SECONDS
        self._on_loop(self._publish, event)

    def overhear(self, ask: Ask, surface: str, consent: str) -> Callable[[str], None] | None:
        """A question that was asked somewhere; what is returned gets the pieces of its answer."""
        self._on_loop(self._begin, ask.id, ask.text if consent else None, ask.person if consent else "", surface)
        ask.future.add_done_callback(partial(self._on_loop, self._end, ask.id))
        return partial(self._on_loop, self._piece, ask.id) if self.owner else None

    def _on_loop(self, act: Callable[..., None], *given: object) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(act, *given)

    # ---- on the event loop ---------------------------------------------------------------------------------------

    def speaking(self, *, in_public: bool = False) -> bool:
        return any(surface in PUBLIC or not in_public for surface in self._under_way.values())

    def _publish(self, event: Event) -> None:
        match event:
            case StepReport():
                self._publish_step(event)
            case Examined():
                self.owner.publish("examined", examined(event, self._school.status()))
            case Saved(step, place) if place:
                self.owner.publish("saved", {"step": step})

    def _publish_step(self, report: StepReport) -> None:
        size = number(report.gradient_norm) or 0.0
        self._usual = USUAL * self._usual + (1 - USUAL) * size if self._usual else size
        self.pulse = min(1.0, size / (2 * self._usual)) if self._usual else 0.0  # a half: as always
        now = self._school.status()
        if self.owner:
            self.owner.publish("step", step_of(report, now, self.pulse))
        self.overlay.publish("face", {"mood": now.mood, "colour": color(report.color), "pulse": number(self.pulse)})

        busy = self._captioning and not self._captioning.done()
        if report.glimpse and self._captions and self.overlay and not busy:
            self._captioning = asyncio.create_task(self._caption("".join(report.glimpse.targets)))

    async def _caption(self, passage: str) -> None:
        """Show what it reads, if everybody may see it."""
        if await asyncio.to_thread(self._public, passage):
            self.overlay.publish("caption", {"text": passage})

    def _begin(self, key: str, question: str | None, person: str, surface: str) -> None:
        self._under_way[key] = surface
        to = "you" if person == ME else self._name_of(person) or None
        self.owner.publish("reply_begin", {"id": key, "question": question, "to": to, "surface": surface})

    def _piece(self, key: str, text: str) -> None:
        self.owner.publish("reply_token", {"id": key, "text": text})

    def _end(self, key: str, future: Future[Reply]) -> None:
        self._under_way.pop(key, None)
        if future.cancelled() or future.exception():
            self.owner.publish("reply_end", {"id": key, "broken": True})
        else:
            self.owner.publish("reply_end", answered(future.result(), self._school.status().mood))
