"""A small living school with its web face, on loopback: for tests with an event loop of their own, or beside one.

with served(living) as here:      # in a thread of its own, for browsers and programs that wait
    get(here.url)
with served(living, port=here.port): ...  # once more, at the same place

async with opened(living) as face: ...    # on the test's own loop
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bots.settings import Settings
from bots.typed import House as Desk
from bots.web.face import Face
from bots.web.house import About, House
from bots.web.keys import Keys
from bots.web.settings import WebSettings
from school.classroom import Classroom
from school.door.consent import People
from school.door.control import Control
from school.door.events import StepReport
from school.door.mailbox import Mailbox
from school.door.school import School
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.report.glances import Glances
from school.souls.caretaker import Caretaker
from school.souls.settings import SoulSettings
from school.teaching.tutor import Tutor
from school.texts.public import PublicTexts
from tests.conftest import LESSONS, make_classroom, make_receptionist, make_tutor

LEARNING = "since this morning it predicts your writing 4 % better"
BREATH = 0.1  # seconds after each lesson, which leave the processor to those who look at it
GUESTS: dict[str, str] = {"room:ann": "Ann", "room:bob": "Bob"}  # who is there, and what they are called


@dataclass
class Living:
    """A school that is awake in ``home``. ``named``: who is in a chat now."""

    home: Path
    tutor: Tutor
    school: School
    people: People
    control: Control
    classroom: Classroom
    registrar: Registrar
    watchers: list[Any] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=lambda: dict(GUESTS))
    told: list[str] = field(default_factory=list)

    def desk(self) -> Desk:
        return Desk(
            quit=self.classroom.stop,
            save=self.control.save,
            pause=self.control.pause,
            learning=lambda: LEARNING,
            view=lambda name: f"lessons are shown {name} from the next step on",
        )

    def house(self) -> House:
        look = Glances(self.home, Settings())
        return House(
            about=About("baby", "interneuron", "newborn"),
            desk=self.desk(),
            curve=look.curve,
            pages=look.diary,
            questions=look.questions,
            born=look.born,
            timetable=look.timetable,
            learning=lambda: LEARNING,
            agreeing=self.people.agreeing,
            name_of=lambda person: self.named.get(person, "") if self.people.agreed(person) else "",
            now=time.time,
            public=PublicTexts(lambda: self.tutor.librarian).hold,
        )

    def face(self, *, keys: bool = False, **changes: Any) -> Face:
        """``keys``: as if other machines could get there."""
        settings = WebSettings(**({"enabled": True, "port": 0} | changes))
        kept = Keys.of(self.home) if keys else None
        face = Face(self.school, self.house(), settings, kept, tell=self.told.append)
        self.watchers.append(face.watch)
        self.school.overhearer = face.watch.overhear
        return face


@contextmanager
def alive(home: Path, librarian: Any, **speech: Any) -> Iterator[Living]:
    """One that sleeps, saves and closes at the end."""
    (home / "statistics").mkdir(parents=True, exist_ok=True)
    # Without rest: it knows its little library in a minute, and after a step that a busy machine held up for three
    # seconds it would rest for thirty.
    tutor = make_tutor(librarian, LESSONS.model_copy(update={"evaluation_steps": 20, "rest": 0.0}))
    receptionist = make_receptionist(tutor, home, **speech)
    registrar = Registrar(home / "statistics" / "baby.db", RecordSettings(), run_config={}, from_step=0)
    mailbox, watchers = Mailbox(), []
    school = School(mailbox, registrar)

    def publish(event: Any) -> None:
        registrar.note(event)
        for watcher in watchers:
            watcher.tell(event)
        if isinstance(event, StepReport):
            time.sleep(BREATH)

    classroom = make_classroom(
        tutor,
        receptionist,
        mailbox,
        school,
        Caretaker(home / "soul", SoulSettings()),
        publish=publish,
        look=lambda: any(watcher.look() for watcher in watchers),
    )
    people, control = People(registrar), Control(mailbox)
    living = Living(home, tutor, school, people, control, classroom, registrar, watchers)
    classroom.start()
    try:
        yield living
    finally:
        classroom.stop()
        classroom.done.exception(timeout=60)
        registrar.close(step=tutor.step, ending="asleep", patience=60)


@asynccontextmanager
async def opened(living: Living, **settings: Any) -> AsyncIterator[Face]:
    """Its web face, listening."""
    face = living.face(**settings)
    face.start()
    try:
        await asyncio.wait_for(face.opened.wait(), 60)
        yield face
    finally:
        await face.close()
        living.watchers.remove(face.watch)


@contextmanager
def served(living: Living, **settings: Any) -> Iterator[SimpleNamespace]:
    """Its web face in a thread of its own: ``url`` (without a slash at its end), ``port``, ``face``."""
    begun, here = threading.Event(), SimpleNamespace()

    async def stay() -> None:
        here.loop, here.over = asyncio.get_running_loop(), asyncio.Event()
        async with opened(living, **settings) as face:
            here.face, here.port, here.url = face, face.port, f"http://localhost:{face.port}"
            begun.set()
            await here.over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(stay()))
    thread.start()
    assert begun.wait(60)
    try:
        yield here
    finally:
        here.loop.call_soon_threadsafe(here.over.set)
        thread.join(60)
