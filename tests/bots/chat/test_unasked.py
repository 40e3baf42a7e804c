"""What it says unasked: only while the stream is live, and never twice in a row."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bots.chat.host import Host
from bots.chat.messages import WireState
from tests.small_chat import Notebook, line, reply_of, until
from tests.voices import is_line


class Stream(Notebook):
    """A wire of a platform with streams."""

    live: bool | None = True

    def state(self) -> WireState:
        return replace(super().state(), live=self.live)


async def pass_minutes(host: Host, clock, minutes: int) -> None:
    for _ in range(minutes):
        clock.now += 60
        host.tick()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("live", "only_live", "speaks"), [(True, True, 1), (False, True, 0), (None, True, 1), (False, False, 1)]
)
def test_it_speaks_unasked_only_while_the_stream_is_live(small, clock, live, only_live, speaks):
    """Where the platform tells, and unless it may at any time."""
    small.chat(spontaneous="timer", spontaneous_minutes=10, spontaneous_chance=1, only_live=only_live)
    wire = Stream()
    wire.live = live

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("hello"))
        await pass_minutes(host, clock, 12)
        begun = small.questions()
        assert len(begun) == speaks
        for question in begun:
            question.future.set_result(reply_of("i like rain"))
        await until(lambda: len(wire.said) == speaks)

    small.with_host(work, wire)


def test_a_reminder_now_and_then(small, clock):
    """Off unless asked for; not while nobody is live, when it is to be quiet, in a raid, nor twice in a row; where it
    was due then, it comes as soon as it may."""
    hours = []
    small.change(hooks=replace(small.context.hooks, quiet=lambda: bool(hours)))

    async def never(host: Host, wire: Notebook) -> None:
        host.heard(line("hello"))
        await pass_minutes(host, clock, 600)
        assert not wire.said

    small.with_host(never, Stream())
    small.chat(reminder_minutes=30)

    async def work(host: Host, wire: Stream) -> None:
        host.heard(line("hello"))
        wire.live = False
        await pass_minutes(host, clock, 40)
        wire.live = True
        host.be_quiet(600)
        await pass_minutes(host, clock, 5)
        host.be_quiet(0)
        hours.append("night")
        await pass_minutes(host, clock, 5)
        assert not wire.said
        hours.clear()
        await pass_minutes(host, clock, 1)
        assert len(wire.said) == 1
        assert is_line(wire.said[0][0], "reminder")
        assert "!optin" in wire.said[0][0]
        await pass_minutes(host, clock, 300)
        assert len(wire.said) == 1
        host.heard(line("is anybody here?"))
        await pass_minutes(host, clock, 300)
        assert len(wire.said) == 2

    small.with_host(work, Stream())
