"""The receptionist: everyone gets exactly one answer, and nobody's trouble is anybody else's."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from school.door.mailbox import Ask, Mailbox, Teach
from school.door.values import Asleep, Busy, new_id
from school.talking.conversations import Conversation, Conversations
from school.talking.receptionist import _whole_characters
from school.texts.tokenizer import END, MARK_COUNT
from tests.conftest import make_receptionist, make_tutor


@pytest.fixture(scope="module")
def tutor(librarian):
    return make_tutor(librarian)


def ask(text: str = "hello", conversation: str = "terminal:me", person: str = "me", on_token=None) -> Ask:
    return Ask(text, conversation, person, on_token)


def answer(receptionist, *asks: Ask) -> list:
    for one in asks:
        receptionist.admit(one)
    while receptionist.busy:
        receptionist.serve(7)
    return [one.future.result(timeout=0) for one in asks]


def test_a_reply_says_all_about_itself(tutor, tmp_path):
    """A reply carries text, ids, step, colour, timings, its conversation and why it ended; no marks are in it."""
    (reply,) = answer(make_receptionist(tutor, tmp_path), ask())
    assert reply.text.strip()
    assert reply.text == tutor.librarian.tokenizer.decode(reply.tokens).strip()
    assert all(token >= MARK_COUNT for token in reply.tokens)
    assert 0 < len(reply.tokens) <= 8
    assert reply.step == 7
    assert all(0 <= channel <= 1 for channel in reply.color)
    assert 0 < reply.first_token_seconds <= reply.seconds
    assert reply.conversation == "terminal:me"
    assert reply.ending in ("end", "limit")


def test_the_pieces_make_the_reply(tutor, tmp_path):
    """What is streamed, put together, is the reply's text, and every piece is whole characters."""
    pieces = []
    (reply,) = answer(make_receptionist(tutor, tmp_path, max_tokens=40), ask(on_token=pieces.append))
    assert "".join(pieces).strip() == reply.text


@given(st.text(max_size=20))
def test_characters_are_handed_on_whole(text):
    """Fed byte by byte, the splitter never hands on a torn character and holds back at most three bytes."""
    pending, out = b"", ""
    for byte in text.encode("utf-8", "replace"):
        pending += bytes([byte])
        whole = _whole_characters(pending)
        out += pending[:whole].decode("utf-8")
        pending = pending[whole:]
        assert len(pending) <= 3
    assert out == text.encode("utf-8", "replace").decode()


def test_limits_are_kept(tutor, tmp_path, monkeypatch):
    """A reply ends at the token limit or when its time is up, and says which."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=3, temperature=0.0)
    monkeypatch.setattr(receptionist, "_choose", lambda: torch.full((len(receptionist._speaking),), MARK_COUNT + 40))
    (reply,) = answer(receptionist, ask())
    assert (len(reply.tokens), reply.ending) == (3, "limit")
    hurried = make_receptionist(tutor, tmp_path, max_tokens=1000, max_seconds=0.05)
    monkeypatch.setattr(hurried, "_choose", lambda: torch.full((len(hurried._speaking),), MARK_COUNT + 40))
    started = time.monotonic()
    (reply,) = answer(hurried, ask())
    assert reply.ending == "time"
    assert time.monotonic() - started < 10


def test_it_stops_at_the_end_of_its_turn(tutor, tmp_path, monkeypatch):
    """The end mark ends the reply and is not part of it."""
    receptionist = make_receptionist(tutor, tmp_path)
    words = iter([MARK_COUNT + 40, MARK_COUNT + 41, END])
    monkeypatch.setattr(receptionist, "_choose", lambda: torch.tensor([next(words)]))
    (reply,) = answer(receptionist, ask())
    assert (reply.tokens, reply.ending) == ((MARK_COUNT + 40, MARK_COUNT + 41), "end")


def test_conversations_are_kept_apart_and_remembered(tutor, tmp_path):
    """The same question gives the same logits in a fresh conversation and others in one with a past."""
    receptionist = make_receptionist(tutor, tmp_path, temperature=0.0)
    first, fresh = answer(receptionist, ask("hi", "a"), ask("hi", "b"))
    assert first.tokens == fresh.tokens
    states = {name: receptionist.conversations._open[name].state["memory1"] for name in "ab"}
    assert torch.allclose(states["a"], states["b"], atol=1e-5)
    answer(receptionist, ask("the sea and the soup", "a"))
    assert not torch.allclose(receptionist.conversations._open["a"].state["memory1"], states["b"], atol=1e-3)


def test_together_is_like_alone(tutor, tmp_path):
    """Five questions answered in one batch get the replies they get one by one."""
    texts = ["who?", "the cat sat on the mat", "soup", "a letter came on tuesday, and then?", "x"]
    alone = make_receptionist(tutor, tmp_path / "a", temperature=0.0)
    single = [answer(alone, ask(text, str(i)))[0].tokens for i, text in enumerate(texts)]
    together = make_receptionist(tutor, tmp_path / "b", temperature=0.0)
    assert [reply.tokens for reply in answer(together, *(ask(t, str(i)) for i, t in enumerate(texts)))] == single


def test_one_conversation_takes_turns(tutor, tmp_path):
    """Two questions in one conversation are answered one after the other, in order."""
    receptionist = make_receptionist(tutor, tmp_path)
    first, second = ask("one"), ask("two")
    receptionist.admit(first)
    receptionist.admit(second)
    done = []
    for one in (first, second):
        one.future.add_done_callback(lambda _, one=one: done.append((one.text, len(receptionist._speaking))))
    while receptionist.busy:
        receptionist.serve(0)
    assert [text for text, _ in done] == ["one", "two"]
    assert all(speaking <= 1 for _, speaking in done)


def test_a_cancelled_question_is_dropped_at_once(tutor, tmp_path):
    """Cancelling in the middle ends that answer, leaves its conversation as it was, and its neighbour goes on."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=200, max_seconds=60, turn_seconds=0.001)
    leaving, staying = ask("one", "a"), ask("two", "b")
    receptionist.admit(leaving)
    receptionist.admit(staying)
    receptionist.serve(0)
    assert leaving.future.cancel()
    while receptionist.busy:
        receptionist.serve(0)
    with pytest.raises(CancelledError):
        leaving.future.result(timeout=0)
    assert staying.future.result(timeout=0).tokens
    assert "a" not in receptionist.conversations._open


def test_a_question_that_fails_fails_alone(tutor, tmp_path, monkeypatch):
    """An error while listening to one question answers that one with the error; the others get their replies."""
    receptionist = make_receptionist(tutor, tmp_path)
    encode = receptionist.tokenizer.encode
    monkeypatch.setattr(receptionist.tokenizer, "encode", lambda text: 1 / 0 if text == "bad" else encode(text))
    bad, good = ask("bad", "a"), ask("good", "b")
    receptionist.admit(bad)
    receptionist.admit(good)
    while receptionist.busy:
        receptionist.serve(0)
    assert isinstance(bad.future.exception(timeout=0), ZeroDivisionError)
    assert good.future.result(timeout=0).tokens


def test_a_listener_that_fails_hears_no_more(tutor, tmp_path):
    """A callback that raises is not called again, and the reply comes whole."""
    calls = []

    def listen(piece):
        calls.append(piece)
        raise RuntimeError("gone")

    (reply,) = answer(make_receptionist(tutor, tmp_path), ask(on_token=listen))
    assert len(calls) == 1
    assert reply.tokens


def test_closing_turns_everyone_away(tutor, tmp_path):
    """Closing answers those who wait and those who listen with Asleep."""
    receptionist = make_receptionist(tutor, tmp_path, together=1, max_tokens=500, turn_seconds=0.001)
    asks = [ask("one", "a"), ask("two", "b")]
    for one in asks:
        receptionist.admit(one)
    receptionist.serve(0)
    receptionist.close()
    assert not receptionist.busy
    assert all(isinstance(one.future.exception(timeout=0), Asleep) for one in asks)


def test_forgetting_a_person_ends_their_conversations(tutor, tmp_path):
    """After forget, nothing of the person's conversations is in memory or on disk; others' stay."""
    receptionist = make_receptionist(tutor, tmp_path, conversations=1)
    answer(receptionist, ask("one", "a", "ann"), ask("two", "b", "ann"), ask("three", "c", "bob"))
    assert len(list((tmp_path / "conversations").glob("*.safetensors"))) == 2
    receptionist.forget({"ann"})
    assert list((tmp_path / "conversations").glob("*.safetensors")) == []
    assert set(receptionist.conversations._open) == {"c"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    script=st.lists(
        st.one_of(
            st.tuples(st.just("ask"), st.integers(0, 3), st.text(max_size=8)),
            st.tuples(st.just("cancel"), st.integers(0, 10), st.just("")),
            st.tuples(st.just("serve"), st.just(0), st.just("")),
        ),
        max_size=25,
    ),
    close_early=st.booleans(),
)
def test_every_question_is_answered_exactly_once(tutor, tmp_path, script, close_early):
    """Whatever the order of questions, cancellations, turns and the closing: each future ends, and ends once."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=3, together=2, turn_seconds=0.0005)
    mailbox = Mailbox(limit=5)
    asks, endings = [], []
    for action, number, text in script:
        if action == "ask":
            one = ask(text, conversation=str(number))
            one.future.add_done_callback(endings.append)
            try:
                mailbox.post(one)
            except Busy:
                continue
            asks.append(one)
        elif action == "cancel" and asks:
            asks[number % len(asks)].future.cancel()
        elif action == "serve":
            for letter in mailbox.drain():
                receptionist.admit(letter)
            receptionist.serve(0)
    if not close_early:
        for letter in mailbox.drain():
            receptionist.admit(letter)
        while receptionist.busy:
            receptionist.serve(0)
    mailbox.close()
    receptionist.close()
    assert all(one.future.done() for one in asks)
    assert len(endings) == len(asks)
    with pytest.raises(Asleep):
        mailbox.post(ask())


def test_the_mailbox_has_a_limit():
    """Questions beyond the limit are refused with Busy; lessons never are."""
    mailbox = Mailbox(limit=2)
    mailbox.post(ask())
    mailbox.post(ask())
    with pytest.raises(Busy):
        mailbox.post(ask())
    mailbox.post(Teach(None))
    assert len(mailbox.drain()) == 3
    assert len(new_id()) == len(new_id()) > 12


def test_quiet_conversations_wait_on_disk(tutor, tmp_path):
    """Beyond the limit the least recently used goes to disk and comes back bit for bit; the disk has a limit too."""
    conversations = Conversations(tmp_path / "c", limit=2, disk_limit=2, device=torch.device("cpu"))
    fresh = Conversation("x", tutor.voice.fresh_state(1), torch.zeros(1, 3), [])
    for i in range(6):
        state = {name: torch.full_like(tensor, i) for name, tensor in tutor.voice.fresh_state(1).items()}
        conversations.put(str(i), Conversation(f"person{i}", state, torch.full((1, 3), i / 10), [i]))
    assert len(conversations) == 2
    assert len(list((tmp_path / "c").glob("*.safetensors"))) == 2
    back = conversations.get("3", fresh)
    assert (back.person, back.recent) == ("person3", [3])
    assert all((tensor == 3).all() for tensor in back.state.values())
    assert conversations.get("0", fresh) is fresh


def test_a_damaged_conversation_starts_anew(tutor, tmp_path):
    """A file that is broken, or another brain's, is taken for no conversation at all."""
    conversations = Conversations(tmp_path / "c", limit=1, disk_limit=9, device=torch.device("cpu"))
    fresh = Conversation("x", tutor.voice.fresh_state(1), torch.zeros(1, 3), [])
    other = {name: torch.zeros(1, 5) for name in fresh.state}
    conversations.put("a", Conversation("p", other, torch.zeros(1, 3), []))
    conversations.put("b", fresh)
    assert conversations.get("a", fresh) is fresh
    conversations._file("z").write_bytes(b"rubbish")
    assert conversations.get("z", fresh) is fresh
    assert conversations.forget({"p"}) == 1
