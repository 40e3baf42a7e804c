"""Rate limits: how often somebody is answered, and that there is always room for what matters."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import Future

import pytest

from bots.chat.answers import in_time
from bots.chat.host import Host
from bots.chat.rate_limit import Cooldown, SharedLimit
from bots.chat.wordlist import WordList
from school.door.values import Asleep
from tests.small_chat import Notebook, line, reply_of, settled, until
from tests.voices import is_line


def test_too_many_questions_are_refused_together(small):
    """Eight wait; those beyond are told so in one message with all their names, and nobody's work piles up."""

    async def work(host: Host, wire: Notebook) -> None:
        for i in range(12):
            host.heard(line("!baby hello", by=f"viewer{i}", regular=True))
            await asyncio.sleep(0)
        host.tick()
        await until(lambda: wire.said)
        (text, _), *more = wire.said
        assert not more
        assert re.findall(r"@(\w+)", text) == ["viewer11", "viewer10", "viewer9", "viewer8"]
        assert host.counts["question"] == 8
        assert host.counts["turned away"] == 4

    small.chat(answers=20)
    small.with_host(work)


@pytest.mark.parametrize("moderator", [False, True])
def test_whom_it_knows_comes_before_strangers(small, clock, moderator):
    """However many newcomers ask, and opt in, there is room for those who agreed, whom the channel knows, or who have
    been here for a while; and they are named first where somebody has to wait."""
    small.limits(window=30.0)
    small.agreed_at({"friend": clock.now - 3600})

    async def work(host: Host, wire: Notebook) -> None:
        wire.moderator = moderator
        host.heard(line("good evening", by="neighbour"))
        clock.now += 61
        for i in range(30):
            host.heard(line("!baby hello", by=f"guest{i}"))
            host.heard(line("!optin", by=f"fan{i}"))
            await settled(1)
        asked = host.counts["question"]
        assert 3 <= asked < 30
        host.heard(line("!baby hello", by="friend"))
        host.heard(line("!baby hello", by="neighbour"))
        assert host.counts["question"] == asked + 2
        for i in range(60):
            host.heard(line("!baby hello", by=f"patron{i}", regular=True))
        host.heard(line("!baby hello", by="last"))
        host.tick()
        await settled()
        refusal = next(text for text, _ in wire.said if "patron" in text)
        named = re.findall(r"@(\w+)", refusal)
        assert named[0] == "patron59"
        assert sorted(named, key=lambda name: not name.startswith("patron")) == named

    small.chat(raid_people=1000)
    small.with_host(work)


@pytest.mark.parametrize("whom", ["everyone", "agreed", "followers", "regulars"])
def test_whom_it_answers_can_be_chosen(small, whom):
    """Everyone, who agreed, or whom the channel knows; moderators always. The others hear why, once in a while."""
    small.chat(answers_for=whom, answers=20)
    small.agree("friend")

    async def work(host: Host, wire: Notebook) -> None:
        people = {"guest": {}, "friend": {}, "fan": {}, "patron": {"regular": True}, "mo": {"moderator": True}}
        wire.followers.add("id-fan")
        for _ in range(3):
            for by, more in people.items():
                host.heard(line("!baby hello", by=by, **more))
            await settled()
        answered = {"everyone": set(people), "agreed": {"friend", "mo"}, "regulars": {"patron", "mo"}}
        answered = (answered | {"followers": {"fan", "patron", "mo"}})[whom]
        assert host.counts["question"] == len(answered)
        occasion = f"only_{whom}"
        told = [text for text, _ in wire.said if whom != "everyone" and is_line(text, occasion)]
        assert len(told) == len(people) - len(answered)

    small.with_host(work)


def test_a_question_may_have_a_price(small):
    """Where it has one, what was paid for is a question, however it begins, and comes at once; others hear that."""

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!baby hello", by="guest", paid=False))
        await until(lambda: wire.said)
        assert is_line(wire.said[0][0], "costs_points")
        host.heard(line("what is rain?", by="guest", paid=True))
        host.heard(line("what is snow?", by="guest", paid=True))
        host.heard(line("!baby hello", by="mo", moderator=True, paid=False))
        host.heard(line("rain is nice today", by="guest", paid=False))
        await settled()
        assert [question.text for question in small.questions()] == ["what is rain?", "what is snow?", "hello"]

    small.with_host(work)


def test_an_answer_that_does_not_come_is_taken_back(small):
    """After its time the question is cancelled and its asker politely told."""
    small.limits(grace=0.0)
    small.chat(answer_seconds=0.05)

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!baby hello"))
        await until(lambda: wire.said)
        assert is_line(wire.said[0][0], "busy")
        assert wire.said[0][1]
        (asked,) = small.questions()
        await until(asked.future.cancelled)
        assert not asked.kept

    small.with_host(work)


def test_one_at_a_time(small, clock):
    """Who asks again too soon is told once in a while, and else passed over; later they may again. Commands have
    pauses of their own."""
    small.limits(command=2.0)

    async def work(host: Host, wire: Notebook) -> None:
        for _ in range(5):
            host.heard(line("!baby hello"))
        await until(lambda: wire.said)
        assert len(wire.said) == 1
        assert is_line(wire.said[0][0], "wait")
        assert (host.counts["question"], host.counts["too soon"]) == (1, 4)
        clock.now += 11
        host.heard(line("!baby hello"))
        assert host.counts["question"] == 2
        for _ in range(3):
            host.heard(line("!mood", by="bob"))
        await until(lambda: len(wire.said) == 2)
        assert host.counts["command"] == 1
        small.agree("bob")
        host.heard(line("!optout", by="bob"))  # a right has no pause
        assert not small.context.people.agreed("room:id-bob")

    small.with_host(work)


def test_there_is_always_room_for_a_refusal(small, clock):
    """Ten replies in half a minute; of these three are for pastimes, which beyond are left unsaid, and six for those
    and confirmations, which wait for room and then come together. So there is always room for a question; those beyond
    eight are turned away. A moderator has more room."""
    small.limits(window=30.0)

    async def work(host: Host, wire: Notebook) -> None:
        for i in range(7):
            host.heard(line("!mood", by=f"viewer{i}"))
        await until(lambda: host.counts["left unsaid"] == 4)
        assert len(wire.said) == 3
        for i in range(3):
            for command in ("!consent", "!optout", "!forgetme"):
                host.heard(line(command, by=f"friend{command}{i}"))
        await settled()
        await small.recorded()
        await clock.go_on(4.5)
        await until(lambda: len(wire.said) == 6)
        assert not host.answers.speaker.gathering
        host.heard(line("!optin", by="late"))
        await clock.go_on(6)
        assert len(wire.said) == 6
        for i in range(7):
            host.heard(line("!baby hello", by=f"asker{i}", regular=True))
        assert (host.counts["question"], host.counts["turned away"]) == (4, 3)
        clock.now += 31
        await until(lambda: any(is_line(text, "opted_in") for text, _ in wire.said))
        wire.moderator = True
        for i in range(20):
            host.heard(line("!mood", by=f"listener{i}"))
        await until(lambda: sum(text.startswith("I feel") for text, _ in wire.said) == 3 + 17)

    small.with_host(work)


def test_twenty_at_once_are_told_in_seconds(small, clock):
    """A bot that is no moderator tells the first few each, and all others a few seconds later, each once and by name,
    in messages that a platform takes. Who has left again meanwhile, or may not be named, is not named."""
    small.limits(window=30.0)
    guests = [f"guest_{i}" for i in range(20)]
    small.change(words=WordList(["fiddlesticks"]))

    async def work(host: Host, wire: Notebook) -> None:
        for guest in (*guests[:10], "fiddlesticks", *guests[10:]):
            host.heard(line("!optin", by=guest))
        await settled()
        host.heard(line("!optout", by=guests[19]))
        await small.recorded()
        await clock.go_on(6)
        assert not host.responses
        alone, together = ([text for text, reply in wire.said if bool(reply) == direct] for direct in (True, False))
        assert len(alone) == 5
        assert sum(is_line(text, "opted_in") for text in alone) == 4
        assert sum("Guest_" in text for text in alone) == 4
        named = [name for text in together for name in re.findall(r"@(\w+)", text)]
        assert len(together) == 1
        assert sorted(named) == sorted(guests[3:19])
        assert max(map(len, together)) <= 500
        assert not host.answers.speaker.gathering

    small.with_host(work)


def test_what_could_not_be_sent_is_made_up_for(small):
    """An answer that the wire drops is followed by a refusal, when there is room again."""

    class Choked(Notebook):
        async def say(self, text: str, *, reply_to: str = "") -> str:
            await super().say(text, reply_to=reply_to)
            return "" if len(self.said) == 1 else "sent"

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!baby hello"))
        await asyncio.sleep(0)
        (asked,) = small.questions()
        asked.future.set_result(reply_of("hi"))
        await until(lambda: host.counts["not sent"])
        host.tick()
        await until(lambda: len(wire.said) == 2)
        assert wire.said[0][0] == "hi"
        assert wire.said[1][0].startswith("@ann ")

    small.with_host(work, Choked())


def test_work_is_bounded(small):
    """Beyond so many pieces of work, more is dropped and counted; the deed of a command is done all the same."""
    small.limits(tasks=5)
    small.agree("viewer7")

    async def work(host: Host, wire: Notebook) -> None:
        for i in range(8):
            host.heard(line("!optout" if i == 7 else "!mood", by=f"viewer{i}"))
        assert host.counts["dropped"] == 3
        assert not small.context.people.agreed("room:id-viewer7")

    small.with_host(work)


@pytest.mark.parametrize("trolls", [1, 4])
def test_nobody_can_silence_it(small, clock, trolls):
    """Some say !consent as fast as they can: each is told once a minute, has one reply pending at most, and who
    asks is answered all the same."""
    small.limits(window=30.0, confirmation=60.0)
    small.agree(*[f"troll{i}" for i in range(trolls)])

    async def work(host: Host, wire: Notebook) -> None:
        for _ in range(20):
            clock.now += 1.5
            for i in range(trolls):
                host.heard(line("!consent", by=f"troll{i}"))
            await settled()
        assert len(wire.said) + len(host.responses) <= trolls
        host.heard(line("!baby hello", by="guest"))
        assert (host.counts["question"], host.counts["dropped"]) == (1, 0)
        clock.now += 31
        host.heard(line("!babyhelp", by="guest"))
        await until(lambda: any(text.startswith("!baby ") for text, _ in wire.said))

    small.with_host(work)


def test_everybody_hears_something_within_seconds(small, clock):
    """A hundred people ask within ten seconds: those who can't be answered are told so within five, or not at all, and
    nearly all are."""
    small.limits(window=30.0, refusals=3.75)
    told, asked_at, said = {}, {}, 0

    async def work(host: Host, wire: Notebook) -> None:
        nonlocal said
        for moment in range(200):
            clock.now += 0.1
            if moment < 100:
                host.heard(line("!baby hello", by=f"a_long_viewer{moment}"))
                asked_at[f"a_long_viewer{moment}"] = clock.now
            host.answers.tick(quiet=False)
            for _ in range(3):
                await asyncio.sleep(0)
            for text, _ in wire.said[said:]:
                told.update({name: clock.now - asked_at[name] for name in re.findall(r"@(\w+)", text)})
            said = len(wire.said)
        assert max(told.values()) <= 5
        assert host.counts["question"] + len(told) + host.counts["never told"] == 100
        assert len(told) >= 60

    small.with_host(work)


def test_pauses_and_shared_limits(clock):
    """Once a person in so many seconds; so often for all in so many."""
    pauses, share = Cooldown(10, clock), SharedLimit(lambda: 2, 30, clock)
    assert [pauses.take("a"), pauses.take("a"), pauses.take("b")] == [True, False, True]
    assert pauses.wait("a") == 10
    assert [share.take() for _ in range(3)] == [True, True, False]
    clock.now += 10
    assert pauses.take("a")
    assert not share.take()
    clock.now += 20
    assert share.take("a", 0.5)
    assert not share.take("a", 0.5)
    assert share.take("b", 0.5)
    assert not share.take("c")


def test_an_answerin_time():
    """What came comes; what failed, was taken back or came too late is None; falling asleep is told."""

    async def work() -> None:
        came, failed, back, late, asleep = (Future() for _ in range(5))
        came.set_result("x")
        failed.set_exception(ValueError())
        back.cancel()
        asleep.set_exception(Asleep())
        assert await in_time(came, 1) == "x"
        assert await in_time(failed, 1) is None
        assert await in_time(back, 1) is None
        assert await in_time(late, 0.01) is None
        await asyncio.sleep(0)
        assert late.cancelled()
        with pytest.raises(Asleep):
            await in_time(asleep, 1)

    asyncio.run(work())
