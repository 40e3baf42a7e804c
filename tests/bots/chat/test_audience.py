"""The audience: who is here, and what a raid is."""

from __future__ import annotations

from bots.chat.audience import Audience
from bots.chat.host import Host
from tests.small_chat import Notebook, line


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
