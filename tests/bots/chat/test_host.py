"""The host: what a line, a removal and the passing of time lead to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bots.chat.host import Host
from bots.chat.messages import Removal
from bots.chat.settings import ChatLessonSettings
from bots.chat.surface import Surface
from bots.chat.wordlist import WordList
from school.door.consent import People
from school.door.values import Exchange, Origin, id_at
from tests.small_chat import Notebook, SmallChat, different, line, reply_of, settled, until
from tests.voices import is_line


def test_a_right_has_no_pause_and_no_exception(small):
    """Leaving and being forgotten work right after each other, for those in the list of the ignored and for bots; also
    where only the record knows of somebody."""
    small.agree("ann", "bob", "carl")
    record, school = small.keeper, small.context.school
    for name in ("ann", "dora"):
        talk = {"conversation": "x", "consent": "1", "channel": "c", "message": "m", "surface": "room"}
        record.heard(name, text="my quokka", person=f"room:id-{name}", **talk)
    small.chat(ignored=("bob",))

    async def work(host: Host, wire: Notebook) -> None:
        for text in ("!optout", "!forgetme"):
            host.heard(line(text))
        host.heard(line("!optout", by="bob"))
        host.heard(line("!optin", by="bob"))
        host.heard(line("!forgetme", by="carl", bot=True))
        host.heard(line("!forgetme", by="dora"))
        assert not any(small.context.people.agreed(f"room:id-{name}") for name in ("ann", "bob", "carl"))
        kept = [lambda name=name: school.kept(f"room:id-{name}").result(60).messages == 0 for name in ("ann", "dora")]
        await until(lambda: all(gone() for gone in kept))

    small.with_host(work)


def test_what_became_of_the_lines_is_told(small):
    """The status says how many lines led to what, and why lines are no lessons; without anybody's words or name."""
    small.agree("ann")

    async def work(host: Host, wire: Notebook) -> None:
        before = Surface(wire, host).lines()
        assert len(before) == 3
        for text in ("look at evil.com my friends", "a good line about the garden", "!baby hello"):
            host.heard(line(text))
        told = Surface(wire, host).lines()
        assert told[:2] == before[:2]
        assert told[2] == "  what came of the lines: no lesson 1, lesson 1, question 1"
        assert told[3] == "  what is learned of them: waiting to be lessons 1, lessons 0, link 1"

    small.with_host(work)


def test_nobody_is_told_that_nothing_is_kept_where_it_cant_be_read(small, monkeypatch):
    """On a day on which the ledger can't be read, leaving and being forgotten are done whoever says so, as is a ban;
    and !consent tells that it does not know."""
    record, school = small.keeper, small.context.school
    talk = {"conversation": "x", "consent": "1", "channel": "c", "message": "m", "surface": "room"}
    record.heard("q", text="my quokka", person="room:id-ann", **talk)
    small.change(people=People(record, [], False))
    left = []
    withdraw = school.withdraw
    monkeypatch.setattr(school, "withdraw", lambda person: left.append(person) or withdraw(person))

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!consent"))
        await until(lambda: wire.said)
        assert is_line(wire.said[0][0], "consent_unsure")
        host.heard(line("!optout", by="bob"))
        host.removed(Removal(kind="person", channel="c", person="id-carl"))
        assert left == ["room:id-bob", "room:id-carl"]
        host.heard(line("!forgetme"))
        await until(lambda: school.kept("room:id-ann").result(60).messages == 0)

    small.with_host(work)


def test_a_removal_may_come_before_its_message(small, clock):
    """The message is then neither answered nor learned; nor is anybody turned away who was removed meanwhile."""
    small.agree("ann")
    late = line("slow message, quick moderator here")
    small.chat(waiting=1)

    async def work(host: Host, wire: Notebook) -> None:
        host.removed(Removal(kind="message", channel="c", message=late.id, person="id-ann"))
        host.heard(late)
        assert host.counts["removed"] == 1
        assert len(host.quarantine) == 0
        host.heard(line("!baby hi", by="a"))
        await asyncio.sleep(0)
        for name in ("troll", "guest"):
            host.heard(line("!baby something vile", by=name))
        host.removed(Removal(kind="person", channel="c", person="id-troll"))
        host.tick()
        await until(lambda: wire.said)
        assert "@guest" in wire.said[0][0]
        assert "@troll" not in wire.said[0][0]

    small.with_host(work)


def test_a_ban_of_its_own_needs_no_word_of_its_own(tmp_path, clock):
    """Where moderators remove the baby before it has said anything since it woke, yesterday's answers go, with what
    was made of them, and nobody's consent or questions."""
    origin = Origin(surface="room", channel="c", message="m-y")
    asked = {"person": "room:id-ann", "origin": origin, "sent": "sent-y"}
    before = Exchange(reply_id=id_at(clock.now - 3600), question="what is tea?", answer="hot leaf water", **asked)
    with SmallChat.open(tmp_path, clock, exchanges=[before]) as small:
        small.agree("ann")
        school = small.context.school

        async def work(host: Host, wire: Notebook) -> None:
            assert school.find(before.reply_id)
            host.removed(Removal(kind="person", channel="c", person=wire.state().me))
            assert school.find(before.reply_id) is None
            assert small.context.people.agreed("room:id-ann")

        small.with_host(work)


def test_its_owner_agreed_by_logging_in(small, clock):
    """Without !optin, from the first line on; not again once they said otherwise, and as often a day as they like."""
    boss = {"by": "boss", "owner": True, "moderator": True}
    small.change(teaching=ChatLessonSettings(most=1))

    async def work(host: Host, wire: Notebook) -> None:
        agreed = small.context.people.agreed
        host.heard(line("the moon is a lamp for owls", **boss))
        assert agreed("room:id-boss")
        for i in range(3):
            host.heard(line(different(i), **boss))
        host.heard(line("a moderator's moon is another one", by="mo", moderator=True))
        assert not agreed("room:id-mo")
        assert len(host.quarantine) == 4
        host.heard(line("!optout", **boss))
        host.heard(line("the sun is a lamp for larks", **boss))
        assert not agreed("room:id-boss")
        assert len(host.quarantine) == 0
        small.change(people=People(small.keeper, [], False))

    small.with_host(work)

    async def unsure(host: Host, wire: Notebook) -> None:
        host.heard(line("the moon is a lamp for owls", **boss))
        assert not small.context.people.agreed("room:id-boss")  # they may have left

    small.with_host(unsure)


def test_nothing_listed_is_ever_said(small):
    """Not in a name, a refusal, a confirmation or the streamer's own lines."""
    small.change(words=WordList(["fiddlesticks", "gone"]))
    small.chat(waiting=1)

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!baby hi", by="a"))
        await asyncio.sleep(0)
        host.heard(line("!baby hi", by="fiddlesticks"))
        host.heard(line("!optin", by="fiddlesticks"))
        await until(lambda: wire.said)
        host.heard(line("!ignore fiddlesticks", by="mo", moderator=True))
        host.heard(line("!unlearn", by="mo", moderator=True, reply_to="x"))
        await until(lambda: len(wire.said) == 3)
        host.tick()
        await settled()
        assert not any(small.context.words.found_in(text) for text, _ in wire.said)
        assert host.counts["unspeakable"] == 2

    small.with_host(work)


@pytest.mark.parametrize("when", ["off", "quiet", "timer"])
def test_speaking_unasked(small, clock, when):
    """Off: never. On a timer or after a silence, with a probability; never twice in a row, nor when it is to be quiet,
    nor where nobody can hear it."""
    hours = []  # quiet ones, while there is something in it
    small.chat(spontaneous=when, spontaneous_minutes=10, spontaneous_chance=1)
    small.change(hooks=replace(small.context.hooks, quiet=lambda: bool(hours)))

    async def work(host: Host, wire: Notebook) -> None:
        async def pass_minutes(minutes: int) -> int:
            """How often it began to say something."""
            for _ in range(minutes):
                clock.now += 60
                host.tick()
                await asyncio.sleep(0)
            begun = small.questions()
            for question in begun:
                question.future.set_result(reply_of("i like rain"))
            await until(lambda: len(wire.said) == len(spoken) + len(begun))
            spoken.extend(wire.said[len(spoken) :])
            return len(begun)

        spoken = []
        host.heard(line("hello"))
        assert await pass_minutes(9) == 0
        host.heard(line("hello again"))
        hours.append("22:00-07:00")
        assert await pass_minutes(5) == 0
        hours.clear()
        assert await pass_minutes(1) == (when == "timer")
        assert await pass_minutes(30) == (when == "quiet")
        assert await pass_minutes(30) == 0
        host.heard(line("is anybody there?"))
        host.be_quiet(3600)
        assert await pass_minutes(30) == 0
        host.be_quiet(0)
        wire.standing = "deaf"
        assert await pass_minutes(30) == 0

    wire = small.with_host(work)
    assert wire.said == [("i like rain", "")] * (when != "off")
