"""What people let on in a chat: nothing comes of it unless its owner wants that; then little, and later."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bots.chat.host import Host
from tests.small_chat import SmallChat, line, on


@pytest.fixture
def public(tmp_path, clock):
    with SmallChat.open(tmp_path, clock, signals={"public": True, "laughter": 0.4, "again": 0.4}) as small:
        yield small


def after_an_answer(small: SmallChat, work: Callable[[Host], None]) -> None:
    """Ann asked, was answered, and then ``work`` is done with the host."""
    small.agree("ann", "bob")
    small.asked("1", by="ann", question="what is a tandem bicycle?", answer="a bicycle that is made for two people")

    async def live(host: Host, wire) -> None:
        host.answers._said["sent-1"] = "1"
        work(host)

    small.with_host(live)


def test_nothing_in_public_by_default(small):
    def work(host):
        host.heard(line("hahaha", **on("1")))
        assert len(host.quarantine) == 0
        assert small.context.school.find("1").signal == ""

    after_an_answer(small, work)


def test_laughter_waits_and_weighs_little(public):
    """Of the one who asked; somebody else's tells nothing. After the quarantine it is a lesson with a part of the
    weight of a mark, once, and !good takes its place."""

    def work(host):
        host.heard(line("hahaha", by="bob", **on("1")))
        assert len(host.quarantine) == 0
        host.heard(line("hahaha", by="ann", **on("1")))
        host.heard(line("haha!", by="ann", **on("1")))
        assert len(host.quarantine) == 1
        assert host.quarantine.feedback_on("1") is None
        public.clock.now += 700
        host.quarantine.release(host.connection)
        (lesson,) = public.lessons()
        assert (lesson.source, lesson.prompt) == ("good", "what is a tandem bicycle?")
        assert lesson.weight == pytest.approx(0.4 * 0.5 * 0.3)
        assert public.context.school.find("1").signal == "laughter"
        host.heard(line("haha again", by="ann", **on("1")))
        host.quarantine.release(host.connection)
        assert not public.lessons()
        assert host.feedback.give(line("!good", by="bob", **on("1")), host.connection, "good") == "good"

    after_an_answer(public, work)


def test_the_question_again_speaks_against_it(public):
    def work(host):
        host.heard(line("what is a tandem bicycle", by="ann", **on("1")))
        found = public.context.school.find("1")
        assert (found.signal, found.verdict) == ("again", "")
        assert not public.lessons()

    after_an_answer(public, work)
