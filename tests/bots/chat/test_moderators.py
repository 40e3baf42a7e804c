"""What moderators can do to words: forbid one, and delete all that a phrase stands in."""

from __future__ import annotations

import pytest

from bots.chat.host import Host
from bots.chat.wordlist import WordList
from school.door.phrases import Phrase
from school.door.values import Origin
from tests.small_chat import Notebook, line, settled, until
from tests.voices import is_line

MO = {"by": "mo", "moderator": True}


def patient() -> Notebook:
    """A wire of a chat where it may say much."""
    wire = Notebook()
    wire.moderator = True
    return wire


def test_a_moderator_can_forbid_a_word(small, tmp_path):
    """At once, for what waits to be learned, too, and for ever; the word itself is not repeated. Others can't."""
    file = tmp_path / "words.txt"
    file.write_text("# mine\nhullabaloo")
    small.change(words=WordList.read(file))
    small.agree("ann")

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("what a kerfuffle in the garden"))
        assert len(host.quarantine) == 1
        host.heard(line("!forbid kerfuffle"))
        assert len(host.quarantine) == 1
        host.heard(line("!forbid  Kerfuffle", **MO))
        assert len(host.quarantine) == 0
        host.heard(line("another kerfuffles in the garden"))
        assert host.quarantine.passed_over["word"] == 1
        await until(lambda: wire.said)
        assert is_line(wire.said[0][0], "forbidden")
        host.heard(line("!forbid shenanigan*", **MO))
        host.heard(line("!forbid kerfuffle", **MO))
        await until(lambda: len(wire.said) == 3)
        for text in ("", "ab", "*", "a*", "x" * 101, "one # two three"):
            host.heard(line(f"!forbid {text}", **MO))
        await settled()
        assert len(wire.said) == 9, wire.said
        assert all(is_line(text, "forbid_how") for text, _ in wire.said[3:])

    small.with_host(work, patient())
    assert file.read_text() == "# mine\nhullabaloo\nKerfuffle\nshenanigan*\n"
    again = WordList.read(file)
    assert all(again.found_in(word) for word in ("kerfuffle", "hullabaloo", "shenanigans"))


def test_a_word_that_cant_be_written_down_holds_all_the_same(small, tmp_path):
    words = WordList.read(tmp_path / "nowhere" / "words.txt")
    small.change(words=words)

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!forbid kerfuffle", **MO))
        await until(lambda: wire.said)
        assert is_line(wire.said[0][0], "not_forbidden")
        assert words.found_in("kerfuffle")

    small.with_host(work, patient())


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("the rat king", "Hail THE   Rat king!", True),
        ("the rat king", "the rat kingdom", False),
        ("rats", "brats", False),
        ("rats", "", False),
        ("ＲＡＴＳ", "rats.", True),
        ("ネズミ王", "これはネズミ王です", True),
        ("what? no", "what? no.", True),
        ("a.b?", "axb", False),
    ],
)
def test_what_a_phrase_stands_in(phrase, text, found):
    assert Phrase(phrase).found_in(text) is found


def test_a_phrase_is_purged(small, clock):
    """From what waits, questions, answers, marks and lessons, with what was made of them; not from other channels, and
    not what only sounds like it."""
    small.agree("ann", "bob")
    school, record = small.context.school, small.keeper
    small.asked("q", question="who is the rat king?", answer="soup")
    small.asked("a", question="who rules?", answer="The Rat King does")
    small.asked("f", question="who sings?", answer="a whale")
    small.asked("k", question="is this the rat kingdom?", answer="no")
    here = {"surface": "room", "channel": "c"}
    school.feedback("f", "fix", correction="the rat king", person="room:id-bob", origin=Origin(message="m1", **here))
    school.teach("hail the rat king", source="chat", person="room:id-bob", origin=Origin(message="m2", **here))
    school.teach("the garden is green", source="chat", person="room:id-bob", origin=Origin(message="m3", **here))
    away = Origin(surface="room", channel="d", message="m4")
    school.teach("the rat king elsewhere", source="chat", person="room:id-bob", origin=away)

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("here comes the rat king again", by="bob"))
        assert len(host.quarantine) == 1
        host.heard(line("!purge the rat king", by="bob"))
        assert len(host.quarantine) == 1
        host.heard(line("!purge the RAT king", **MO))
        assert len(host.quarantine) == 0
        await until(lambda: not any(school.find(reply) for reply in ("q", "a")))
        assert school.find("k")
        left = [pair.answer for pair in small.lessons()]
        assert {"the garden is green", "the rat king elsewhere"} <= set(left)

    small.with_host(work, patient())

    def words() -> list[str]:
        return record.write(
            lambda db: [row[0] for row in db.execute(
                "select text from messages union all select text from replies union all select answer from pairs "
                "union all select correction from feedback where correction is not null"
            )]
        ).result(60)  # fmt: skip

    kept = words()
    assert [text for text in kept if Phrase("the rat king").found_in(text)] == ["the rat king elsewhere"]
    assert {"who sings?", "a whale", "is this the rat kingdom?", "the garden is green"} <= set(kept)


def test_a_purge_needs_words(small):
    async def work(host: Host, wire: Notebook) -> None:
        for text in ("", "ab", "!!!!!!!", "x" * 101):
            host.heard(line(f"!purge {text}", **MO))
        await settled()
        assert len(wire.said) == 4
        assert all(is_line(text, "purge_how") for text, _ in wire.said)
        host.heard(line("!purge nowhere to be found", **MO))
        await until(lambda: len(wire.said) == 5)
        assert is_line(wire.said[4][0], "purged")

    small.with_host(work, patient())
