"""Why it said that, where others hear it: that it was taught, and public texts; no private one, no name, no word."""

from __future__ import annotations

import pytest

from school.door.mailbox import Trace, fail, fulfil
from school.door.receipts import Receipt, Source
from school.door.values import Pair, id_at
from tests.small_chat import line, on, settled, until
from tests.voices import is_line

DAY = "2025-06-15"
PAIR = Pair(id=id_at(1_750_000_000.0) + "0000", prompt="what is soup?", answer="a secret stew", person="twitch:7")
TAUGHT = Source(kind="taught", name=PAIR.id, private=True, share=0.5, words="secret", pair=PAIR)
DIARY = Source(kind="text", name="diary of anna.txt", private=True, share=0.5, words="anna said")
BOOK = Source(kind="text", name="starter/soup.txt", private=False, share=0.3, words="hot soup")


@pytest.mark.parametrize(
    ("receipt", "occasion", "fields"),
    [
        (Receipt(told=PAIR), "why_told", {"day": DAY}),
        (Receipt(sources=(TAUGHT, DIARY)), "why_taught", {"day": DAY}),
        (Receipt(sources=(DIARY, BOOK)), "why_text", {"texts": "starter/soup.txt"}),
        (Receipt(sources=(DIARY,)), "why_private", {}),
        (Receipt(), "why_nobody", {}),
    ],
)
def test_what_others_may_hear_of_it(small, receipt, occasion, fields):
    small.agree("ann")
    small.asked("1", by="ann")

    async def ask(host, wire):
        host.heard(line("!why", by="bob", **on("1")))
        await until(lambda: [request for request in small._take(Trace) if not fulfil(request.future, receipt)])
        await until(lambda: wire.said)

    ((said, _),) = small.with_host(ask).said
    assert is_line(said, occasion, **fields)
    assert not [word for word in ("diary", "anna", "secret", "twitch:7", "stew") if word in said]


def test_why_nothing_can_be_said(small):
    """Of an answer that was not kept, of none, and where the search fails."""
    small.agree("ann")
    small.asked("1", by="ann")

    async def ask(host, wire):
        host.heard(line("!why", by="bob", id="b1"))
        await settled()
        host.heard(line("!why", by="bob", id="b2", **on("nothing")))
        await settled()
        host.heard(line("!why", by="bob", id="b3", **on("1")))
        await until(lambda: [one for one in small._take(Trace) if not fail(one.future, OSError())])
        await until(lambda: len(wire.said) == 3)

    occasions = zip(small.with_host(ask).said, ("no_reply", "not_kept", "why_later"), strict=True)
    assert all(is_line(said, occasion) for (said, _), occasion in occasions)
