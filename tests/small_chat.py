"""A chat without a brain: the real host, school and record, and a mailbox that only the test empties."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bots.chat.context import Context, Hooks, open_context
from bots.chat.host import Host
from bots.chat.limits import Limits
from bots.chat.messages import Line, WireState
from bots.chat.quarantine import Quarantine
from bots.chat.settings import ChatLessonSettings, ChatSettings, CommandSettings
from bots.room import ROOM
from school.diary.settings import VoiceSettings
from school.door.consent import WORDING, Change, People
from school.door.control import Control
from school.door.mailbox import Ask, Mailbox, Teach
from school.door.school import School
from school.door.values import Exchange, Reply, new_id
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.talking.settings import SignalSettings
from tests.school.record.test_removal import Attended

STILL = Limits(tick=3600.0, command=0.0, confirmation=0.0, window=0.1, refusals=0.2)  # its clock is the test's


class Notebook:
    """A wire that writes down what it is given to say."""

    def __init__(self, connects: int = 1):
        self.said: list[tuple[str, str]] = []
        self.connects, self.standing, self.moderator = connects, "listening", False
        self.listener = None
        self.followers: set[str] = set()

    def start(self) -> None: ...

    async def close(self) -> None: ...

    async def say(self, text: str, *, reply_to: str = "") -> str:
        self.said.append((text, reply_to))
        return f"sent-{len(self.said)}"

    async def follows(self, person: str) -> bool | None:
        return person in self.followers

    def state(self) -> WireState:
        known = {"bot": "babybot", "me": "id-babybot", "moderator": self.moderator}
        return WireState(standing=self.standing, connects=self.connects, **known)


class Clock:
    """Time passes when the test says so, and wakes who has slept long enough."""

    def __init__(self):
        self._now, self._sleeping = 1_000_000_000.0, []

    def __call__(self) -> float:
        return self._now

    @property
    def now(self) -> float:
        return self._now

    @now.setter
    def now(self, now: float) -> None:
        self._now = now
        due = [sleeper for until, sleeper in self._sleeping if until <= now]
        self._sleeping = [(until, sleeper) for until, sleeper in self._sleeping if until > now]
        for sleeper in due:
            if not sleeper.done():
                sleeper.set_result(None)

    async def sleep(self, seconds: float) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        self._sleeping.append((self._now + seconds, sleeper))
        await sleeper

    async def go_on(self, seconds: float) -> None:
        """Let time pass, half a second after the other, and what is due happen."""
        for _ in range(round(2 * seconds)):
            self.now += 0.5
            await settled()


@dataclass
class SmallChat:
    context: Context
    mailbox: Mailbox
    keeper: Registrar
    clock: Clock
    requests: list[Any] = field(default_factory=list)  # taken out of the mailbox, and not looked at yet

    @classmethod
    @contextmanager
    def open(
        cls, home: Path, clock: Clock, *, exchanges: Iterable[Exchange] = (), signals: dict[str, Any] | None = None
    ) -> Iterator[SmallChat]:
        keeper = Registrar(home / "baby.db", RecordSettings(), run_config={}, from_step=0)
        mailbox = Attended(limit=30)
        settings = SimpleNamespace(
            chat=ChatSettings(),
            chat_lessons=ChatLessonSettings(),
            commands=CommandSettings(),
            voice=VoiceSettings(),
            signals=SignalSettings(**signals or {}),
        )
        school, hooks = School(mailbox, keeper, exchanges=exchanges), Hooks(save=Control(mailbox).save, wall=clock)
        context = open_context(
            ROOM, school, People(keeper), hooks, home, settings, limits=STILL, clock=clock, sleep=clock.sleep
        )
        yield cls(context, mailbox, keeper, clock)
        keeper.close(step=0, ending="asleep")

    def change(self, **fields: Any) -> None:
        """Change the context's fields; those of ``chat`` and ``limits`` one by one."""
        self.context = replace(self.context, **fields)

    def chat(self, **settings: Any) -> None:
        self.change(chat=ChatSettings(**settings))

    def limits(self, **limits: Any) -> None:
        self.change(limits=replace(self.context.limits, **limits))

    # ---- people --------------------------------------------------------------------------------------------------

    def agree(self, *names: str) -> None:
        for name in names:
            self.context.people.agree(key(name), "c")

    def agreed_at(self, moments: dict[str, float], *more: tuple[str, str]) -> None:
        """Let people have agreed at a moment, and ``more`` be said of them since: a name and what."""
        changes = [_change(name, "in", at) for name, at in moments.items()]
        changes += [_change(name, what, moments[name]) for name, what in more]
        self.change(people=People(self.keeper, changes))

    # ---- the mailbox ---------------------------------------------------------------------------------------------

    def _take(self, kind: type) -> list[Any]:
        self.requests += [*self.mailbox.hear(), *self.mailbox.drain()]
        taken = [request for request in self.requests if isinstance(request, kind)]
        self.requests = [request for request in self.requests if not isinstance(request, kind)]
        return taken

    def lessons(self) -> list[Any]:
        """The pairs that were handed in for learning since the last look."""
        return [request.pair for request in self._take(Teach) if request.pair.source != "bad"]

    def pairs(self) -> list[tuple[str, str]]:
        """Their prompts and answers."""
        return [(pair.prompt, pair.answer) for pair in self.lessons()]

    def questions(self) -> list[Ask]:
        """What was asked since the last look, and nobody has answered."""
        return self._take(Ask)

    def asked(self, reply: str, by: str = "ann", question: str = "what is a tandem?", answer: str = "soup") -> None:
        """Somebody who agreed has asked, and the answer was sent as the message ``sent-REPLY``."""
        school = self.context.school
        where = {"surface": ROOM.name, "channel": "c", "message": f"m-{reply}", "consent": WORDING}
        school.ask(question, f"{by} {reply}", person=key(by), **where)
        (request,) = self.questions()
        request.future.set_result(reply_of(answer, id=reply))
        school.sent(reply, f"sent-{reply}")

    async def recorded(self) -> None:
        """Let the record do all that is on its way to it, and what waits for that go on."""
        await asyncio.wrap_future(self.keeper.kept("nobody"))
        await settled()

    # ---- parts ---------------------------------------------------------------------------------------------------

    def quarantine(self) -> Quarantine:
        return Quarantine(self.context, named=lambda word: "")

    def with_host(self, work: Callable, wire: Notebook | None = None) -> Notebook:
        """Run a host on a loop of its own for as long as ``work(host, wire)`` takes."""
        wire = wire or Notebook()

        async def live() -> None:
            host = Host(self.context, wire)
            host.start()
            try:
                await work(host, wire)
            finally:
                await host.close()

        asyncio.run(asyncio.wait_for(live(), 30))
        return wire


def _change(name: str, what: Any, at: float) -> Change:
    return Change(id=new_id(), person=key(name), what=what, at=at, channel="c", wording=WORDING)


def key(name: str) -> str:
    """A person's id as it stands in the record."""
    return ROOM.person(f"id-{name}")


def line(text: str, by: str = "ann", **more: Any) -> Line:
    known = {"id": f"{by}:{text}:{time.perf_counter_ns()}", "channel": "c", "person": f"id-{by}", "login": by}
    return Line(**known | {"name": by.capitalize(), "text": text} | more)


def on(reply: str) -> dict[str, Any]:
    return {"reply_to": f"sent-{reply}", "reply_to_me": True}


def reply_of(text: str, **more: Any) -> Reply:
    known = {"id": "r", "tokens": (), "step": 1, "color": (0, 0, 0), "seconds": 0.1, "first_token_seconds": 0.1}
    return Reply(**known | {"text": text, "conversation": "", "ending": "end"} | more)


def different(number: int) -> str:
    """Sentences that are no near duplicates of each other."""
    return " ".join(hashlib.sha256(f"{number} {word}".encode()).hexdigest()[:6] for word in range(5)) + " words"


async def settled(turns: int = 20) -> None:
    """Let everything that can go on without time passing go on."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(holds: Callable[[], Any]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")
