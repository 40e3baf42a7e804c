"""The audience: who is here, and what a raid is."""

from __future__ import annotations

from bots.chat.audience import Audience
from bots.chat.host import Host
from tests.small_chat import Notebook, line, settled


def test_a_few_who_write_much_are_no_crowd(small, clock):
    """Ten people at sixteen messages a second for minutes keep nobody out."""

    async def work(host: Host, wire: Notebook) -> None:
        for i in range(3000):
            clock.now += 1 / 16
            host.heard(line("x", by=f"troll{i % 10}"))
        host.heard(line("!baby hello", by="guest"))
        host.heard(line("!optin", by="friend"))
        assert host.counts["question"] == 1
        assert small.context.people.agreed("room:id-friend")

    small.with_host(work)


def test_a_crowd_is_not_attended_to(small, clock):
    """When messages come too fast, those who came with them are neither answered nor learned from nor can agree; who
    was here before is, and when it is calm again, so are the others."""
    small.agreed_at({"friend": clock.now - 3600})

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("good evening"))
        clock.now += 60
        for i in range(400):
            clock.now += 0.02
            host.heard(line(f"!baby RAID {i}" if i % 2 else "!optin", by=f"raider{i}"))
        assert host.counts["raid"] >= 200
        before = host.counts["raid"]
        host.heard(line("!baby hello"))
        host.heard(line("!optin"))
        assert small.context.people.agreed("room:id-ann")
        assert host.counts["raid"] == before
        small.agree("raider398")
        host.heard(line("!baby hello", by="friend"))
        host.heard(line("!baby hello", by="patron", regular=True))
        assert host.counts["raid"] == before
        host.heard(line("what the raiders shout into this chat", by="raider397"))
        host.heard(line("what the raiders shout into this chat", by="friend"))
        host.heard(line("!baby hello", by="raider398"))  # agreeing in a raid helps nobody
        assert host.quarantine.passed_over["duplicate"] == 1
        host.heard(line("!optin", by="raider399"))
        assert host.counts["raid"] == before + 3
        clock.now += 90
        host.heard(line("!baby sorry", by="raider399"))
        assert host.counts["raid"] == before + 3

    small.with_host(work)


def test_a_raid_is_judged_by_the_rooms_own_usual_rate(clock):
    """Thirty newcomers at once are one where few come, and none where so many always do. A crowd that stays for a
    quarter of an hour lives here."""

    def arrive(audience: Audience, name: str, number: int, a_second: float) -> bool:
        for i in range(number):
            clock.now += 1 / a_second
            audience.note(line("hi", by=f"{name}{i}"))
        return audience.raided

    calm = Audience(raid_rate=4, clock=clock)
    assert not arrive(calm, "early", 20, 4.5)  # a room that is new to it may be a large one
    assert not arrive(calm, "evening", 60, 0.1)
    assert arrive(calm, "raider", 30, 30)
    clock.now += 61
    assert not arrive(calm, "evening again", 1, 1)
    lively = Audience(raid_rate=4, clock=clock)
    assert not arrive(lively, "usual", 1200, 2)
    assert not arrive(lively, "together", 30, 30)
    assert arrive(lively, "raider", 300, 60)
    for _ in range(400):
        clock.now += 5
        for i in range(20):
            lively.note(line("hi", by=f"raider{i}"))
    assert not lively.raided
    assert not lively.stranger("id-raider3")


def test_in_a_raid_nobody_is_named(small, clock):
    """Neither the raiders, who hear nothing, nor those whom it knows, who hear in one message that it is busy."""
    small.limits(window=30.0)

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("good evening", by="neighbour"))
        clock.now += 120
        for i in range(30):
            clock.now += 0.03
            host.heard(line("!baby RAID", by=f"raider{i}"))
        assert host.audience.raided
        assert host.counts["question"] <= 5
        for i in range(20):
            host.heard(line("!baby hello", by=f"patron{i}", regular=True))
        assert host.counts["turned away"] >= 10
        for _ in range(100):
            clock.now += 0.1
            host.tick()
            await settled(3)
        refusals = [text for text, reply in wire.said if not reply]
        assert len(refusals) == 1
        assert "@" not in refusals[0]

    small.with_host(work)


def test_audience_is_bounded(clock):
    """So many faces are remembered, and names only with them."""
    audience = Audience(raid_rate=1e9, clock=clock, limit=10)
    for i in range(50):
        audience.note(line("hi", by=f"viewer{i}"))
    assert len(audience) == 10
    assert audience.named("viewer49") == "id-viewer49"
    assert audience.named("viewer0") == ""
    assert audience.find("@Viewer49").id == "id-viewer49"
    assert audience.find("viewer0") is None
