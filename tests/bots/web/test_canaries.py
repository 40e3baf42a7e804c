"""What everybody sees on a stream holds nothing that is anybody's own. Real chat, real brain, real sockets: words that
must not get out are planted everywhere, and everything that the overlay is told is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bots.chat.context import Hooks
from bots.chat.settings import ChatSettings
from bots.room import open_room
from bots.room.wire import id_of
from bots.settings import Settings
from bots.web.hub import encoded
from school.texts.public import PublicTexts
from tests.bots.web.calling import Listener, call, post, typed
from tests.bots.web.living import Living, alive, served
from tests.conftest import SENTENCES, shelve
from tests.school.test_classroom import wait_for

CANARIES = ("zanzibar", "quokka", "xylograph", "mnemosyne", "palimpsest", "vexillum", "ornitho")
DIARY = "today the zanzibar came by and i told nobody. "
CHAT = ChatSettings(person_seconds=0.0, answer_seconds=60.0)


class Room:
    """A chat room on the web face's own loop."""

    def __init__(self, living: Living, here: Any):
        self._here, self.lines = here, []
        settings = Settings(chat=CHAT)
        hooks = Hooks(save=living.control.save, stage=here.face.stage)
        self.surface = self._on_loop(
            lambda: open_room(living.school, living.people, hooks, living.home, settings, show=self.lines.append)
        )
        self._on_loop(self.surface.start)

    def _on_loop(self, act: Callable[[], Any]) -> Any:
        async def do() -> Any:
            return act()

        return asyncio.run_coroutine_threadsafe(do(), self._here.loop).result(60)

    def say(self, who: str, text: str) -> None:
        """And wait until it was answered."""
        before = len(self.lines)
        self._on_loop(lambda: self.surface.wire.write(who, text))
        wait_for(lambda: len(self.lines) > before)

    def ban(self, who: str) -> None:
        self._on_loop(lambda: self.surface.wire.ban(who))

    def name_of(self, person: str) -> str:
        return self.surface.host.name_of(person)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.surface.close(), self._here.loop).result(60)


@pytest.fixture
def diary_keeper(tmp_path, tokenizer):
    """One that reads a diary."""
    with alive(tmp_path, shelve(tokenizer, (DIARY + SENTENCES) * 20)) as living:
        yield living


def test_nothing_private_is_shown_on_a_stream(diary_keeper):
    """Not what it reads, what its owner or programs ask and teach, what viewers ask, nor who they are, unless they
    agreed: of those the name."""
    living = diary_keeper
    with served(living, learn_from_api=True) as here, Listener(here.port, "/overlay/events") as overlay:
        with closing(Room(living, here)) as room, Listener(here.port) as page:
            living.named = SimpleNamespace(get=lambda person, default: room.name_of(person) or default)
            page.until("step", lambda data: data["reading"])
            post(here.port, "/api/ask", {"text": "what is a quokka?"})
            post(here.port, "/api/teach", {"question": "what is a quokka?", "answer": "a xylograph"})
            living.school.ask("mnemosyne", "terminal:owner").result(60)
            hello = {"model": "babyllm", "messages": [{"role": "user", "content": "palimpsest"}]}
            assert call(here.port, "POST", "/v1/chat/completions", hello).status == 200
            room.say("vexillum", "!baby ornitho")
            room.say("Ann", "!optin")
            room.say("Ann", "!baby how are you, ornitho?")
            typed(here.port, "/pause")
            overlay.until("reply_end", lambda data: overlay.heard[-2][0] != "clear")
            named = overlay.until("state", lambda data: data["paused"])
        heard = overlay.heard
    assert named
    told = b"".join(encoded(*event) for event in heard).decode().casefold()
    answers = "".join(data["text"] for name, data in heard if name == "reply_token").casefold()
    assert {name for name, _ in heard} <= {"state", "face", "reply_begin", "reply_token", "reply_end", "clear"}
    assert [data["to"] for name, data in heard if name == "reply_begin"] == [None, "Ann"]
    assert not [canary for canary in CANARIES if canary in told or canary in answers]
    keys = {key for _, data in heard for key in data}
    assert keys == {"name", "mood", "colour", "pulse", "speaking", "paused", "awake", "id", "to", "text"}


def test_a_stream_shows_what_the_chat_was_told(living):
    """Word by word the same; nothing where the chat was told something else, and nothing any more of what a moderator
    took back."""
    with served(living) as here, Listener(here.port, "/overlay/events") as overlay:
        with closing(Room(living, here)) as room:
            room.say("ann", "!baby how are you?")
            begin = overlay.until("reply_begin")
            assert overlay.until("reply_end")["id"] == begin["id"]
            shown = "".join(data["text"] for name, data in overlay.heard if name == "reply_token")
            assert room.lines[-1] == f"baby -> ann: {' '.join(shown.split())}"
            room.ban("ann")
            assert overlay.until("clear") == {}
            host = room.surface.host
            instead = [line.format(you="you") for line in host.context.voice.lines("unspeakable")]
            host.context.words.found_in = lambda text: text not in ("and now?", *instead)
            room.say("bob", "!baby and now?")
            assert room.lines[-1].partition(": ")[2] in instead
            typed(here.port, "/pause")
            overlay.until("state", lambda data: data["paused"])
        after = overlay.heard[[name for name, _ in overlay.heard].index("clear") :]
        assert not any(name.startswith("reply") for name, _ in after)


def test_names_of_who_did_not_agree_are_not_said(living):
    """Also if an answer holds one: it stands as somebody's."""
    with served(living) as here, Listener(here.port, "/overlay/events") as overlay:
        with closing(Room(living, here)) as room:
            room.say("Wilhelmina", "!baby hello")
            overlay.until("reply_end")
            host = room.surface.host
            line = next(line for _, line in room.surface.wire.transcript() if line.name == "Wilhelmina")
            reply = SimpleNamespace(id="r1", text="")
            room._on_loop(lambda: host.answers._show(reply, "well, @Wilhelmina, i like wilhelmina", line))
            overlay.until("reply_begin")
            overlay.until("reply_end")
            assert room.name_of(f"room:{id_of('Wilhelmina')}") == ""
        told = "".join(data["text"] for name, data in overlay.heard if name == "reply_token")
        assert told.endswith("well, someone, i like someone")


@pytest.mark.parametrize("private", [True, False])
def test_what_it_reads_is_shown_if_everybody_may_see_it(tmp_path, tokenizer, private):
    """And only while that is wanted; of a private text nothing is, however long it reads."""
    librarian = shelve(tokenizer, SENTENCES * 20)
    librarian.texts[:] = [replace(text, private=private) for text in librarian.texts]
    with ExitStack() as opened:
        here = opened.enter_context(served(opened.enter_context(alive(tmp_path, librarian)), captions=True))
        overlay = opened.enter_context(Listener(here.port, "/overlay/events"))
        page = opened.enter_context(Listener(here.port))
        for _ in range(2):
            read = page.until("step", lambda data: data["reading"])["reading"]
        if not private:
            assert overlay.until("caption")["text"] in SENTENCES * 2
        typed(here.port, "/pause")
        overlay.until("state", lambda data: data["paused"])
        assert read
        assert ("caption" in dict(overlay.heard)) is not private


def test_a_passage_is_public_by_its_words(tokenizer):
    """All of them, in a public text; a short one could be anybody's. When the library changes, so does that."""
    private, public = shelve(tokenizer, DIARY * 30), shelve(tokenizer, SENTENCES * 20)
    both = shelve(tokenizer, DIARY * 30)
    both.texts[:] = [*private.texts, replace(public.texts[0], private=False)]
    now = [both]
    texts = PublicTexts(lambda: now[0])
    assert texts.hold("my sister made soup and the radio sang.")
    assert not texts.hold("my sister made soup and the radio sang, ")
    assert not texts.hold("the cat sat on")
    assert not texts.hold(DIARY)
    now[0] = private
    assert not texts.hold("my sister made soup and the radio sang.")
