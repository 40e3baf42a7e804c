"""The room on this machine: what is typed, what is heard of it, and what is said wrong."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re

import pytest

import bots
from bots import PUBLIC
from bots.chat.messages import Line, Removal
from bots.chat.platform import Platform
from bots.room.console import COMMANDS, HOW, Console
from bots.room.wire import CHANNEL, RoomWire, id_of
from school.office.mistakes import Mistake


class Diary:
    """A listener that writes down what it is told."""

    def __init__(self):
        self.lines: list[Line] = []
        self.removals: list[Removal] = []

    def heard(self, line: Line) -> None:
        self.lines.append(line)

    def removed(self, removal: Removal) -> None:
        self.removals.append(removal)


class Here:
    def __init__(self):
        self.shown, self.left = [], []
        self.wire = RoomWire("baby", show=self.shown.append, moderators=["Mo"])
        self.wire.listener = self.diary = Diary()
        self.wire.start()
        self.console = Console(self.wire, self.shown.append, lambda: self.left.append(True))

    def type(self, *lines: str) -> None:
        for line in lines:
            self.console.handle(line)

    def says(self, text: str, *, to: Line | None = None) -> str:
        return asyncio.run(self.wire.say(text, reply_to=to.id if to else ""))


@pytest.fixture
def here() -> Here:
    return Here()


def test_lines_are_heard_with_all_that_is_known_of_them(here):
    """Names, mentions, moderators and links, with an id for the record that holds no name."""
    here.type("Ann: hello", " mo :  @Baby how  are you?", "big bob: see example.com: now", "", "  ")
    ann, mo, bob = here.diary.lines
    assert (ann.name, ann.text, ann.channel, ann.moderator, ann.mentions_me) == ("Ann", "hello", CHANNEL, False, False)
    assert (mo.text, mo.moderator, mo.regular, mo.mentions_me) == ("how are you?", True, True, True)
    assert (bob.name, bob.text, bob.links) == ("big bob", "see example.com: now", True)
    assert ann.person == id_of("ann") != id_of("bob")
    assert "ann" not in ann.person
    assert len({line.id for line in here.diary.lines}) == 3
    assert here.shown == []
    assert here.wire.state().heard == 3


def test_what_it_says_is_shown_and_heard(here):
    """As a reply to whom it answers; it can be replied to, by number or by name, as everybody can."""
    here.type("ann: !baby hello")
    sent = here.says("well\x1b hello", to=here.diary.lines[0])
    here.says("how quiet it is")
    assert here.shown == ["baby -> ann: well hello", "baby: how quiet it is"]
    own = here.diary.lines[1]
    assert (own.id, own.own, own.reply_to) == (sent, True, here.diary.lines[0].id)
    here.type("bob > 2: !good", "bob > baby: is it?", "ann > Bob: yes", "bob > 1: hm")
    replies = here.diary.lines[3:]
    assert [(line.reply_to_me, line.reply_to_person == id_of("bob")) for line in replies] == [
        (True, False), (True, False), (False, True), (False, False),
    ]  # fmt: skip
    assert replies[0].reply_to == sent
    asyncio.run(here.wire.close())
    assert here.says("too late") == ""
    assert here.wire.state().standing == "off"


def test_moderators_take_back_what_was_said(here):
    """One message, all of somebody's, or everything; each is gone from the list, too."""
    here.type("ann: one", "bob: two", "ann: three", "cid: four", "/delete 2", "/ban ANN", "/list")
    deleted, banned = here.diary.removals
    assert (deleted.kind, deleted.message, deleted.person) == ("message", here.diary.lines[1].id, id_of("bob"))
    assert (banned.kind, banned.person, banned.channel) == ("person", id_of("ann"), CHANNEL)
    assert here.shown == ["   4  cid: four"]
    here.type("/clear", "/list")
    assert here.diary.removals[-1].kind == "all"
    assert len(here.shown) == 1
    assert here.wire.state().removals == 3


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("hello", HOW),
        (": hello", HOW),
        ("ann:", HOW),
        ("ann > 7: hello", "there is no message 7; /list shows them"),
        ("ann > zoe: hello", "zoe has said nothing yet"),
        ("baby: hello", "baby speaks for itself; choose another name"),
        ("/delete", "write it as /delete N"),
        ("/delete one", "there is no message 0; /list shows them"),
        ("/clear all", "write it as /clear"),
        ("/ba\x1b[2Jn ann", "/ba[2Jn is not a command; /help shows them all"),
    ],
)
def test_what_is_typed_wrong_is_one_clear_line(here, line, says):
    """Nothing of it is heard."""
    here.type(line)
    assert here.shown == [f"({says})"]
    assert here.diary.lines == here.diary.removals == []


def test_every_command_is_in_the_help(here):
    """And /quit leaves."""
    here.type("/help", "/quit")
    assert all(f"{command.name} {command.argument}".strip() in here.shown[0] for command in COMMANDS)
    assert here.left == [True]


def test_lines_end_and_the_room_stays(here):
    """The end of what is typed ends only the typing."""

    async def lines():
        yield "ann: hello"

    asyncio.run(here.console.run(lines()))
    assert len(here.diary.lines) == 1
    assert here.left == []


def test_old_words_are_deleted_from_every_platform():
    """Each platform of the house is in the list that is cleared out, and one that isn't can't be made."""
    names = [module.name for module in pkgutil.walk_packages(bots.__path__, "bots.")]
    places = [importlib.import_module(name) for name in names if re.fullmatch(r"bots\.\w+(\.platform)?", name)]
    found = {one.name for place in places for one in vars(place).values() if isinstance(one, Platform)}
    assert found == set(PUBLIC)
    with pytest.raises(ValueError, match="elsewhere"):
        Platform(name="elsewhere", title="Elsewhere")


def test_a_name_that_is_the_babys_is_refused_in_any_case(here):
    with pytest.raises(Mistake, match="speaks for itself"):
        here.wire.write("BABY", "hello")
