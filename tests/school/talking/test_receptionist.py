"""The receptionist: everyone gets exactly one answer, and nobody's trouble is anybody else's."""

from __future__ import annotations

import json
import os
from concurrent.futures import CancelledError

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from school.door.mailbox import Ask, Mailbox, Remember, Teach
from school.door.values import Asleep, Busy, Manner, Scope, Turn, new_id
from school.talking.conversations import Conversation, Conversations
from school.texts.sentences import whole_characters
from school.texts.tokenizer import BABY, END, MARK_COUNT, PERSON
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
        receptionist.serve()
    return [one.future.result(timeout=0) for one in asks]


def let_in(receptionist, *asks: Ask) -> None:
    """Have them read, without an answer yet."""
    for one in asks:
        receptionist.admit(one)
    with torch.no_grad():
        receptionist._welcome()


def test_a_reply_says_all_about_itself(tutor, tmp_path):
    """A reply carries text, ids, step, colour, timings, its conversation and why it ended; no marks are in it."""
    receptionist = make_receptionist(tutor, tmp_path)
    receptionist.publish(tutor.voice, 7)
    (reply,) = answer(receptionist, ask())
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
        whole = whole_characters(pending)
        out += pending[:whole].decode("utf-8")
        pending = pending[whole:]
        assert len(pending) <= 3
    assert out == text.encode("utf-8", "replace").decode()


def test_limits_are_kept(tutor, tmp_path, monkeypatch):
    """A reply ends at the token limit or when its time is up, and says which."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=3, temperature=0.0)
    monkeypatch.setattr(receptionist, "_choose", lambda rows: torch.tensor([MARK_COUNT + 40]))
    (reply,) = answer(receptionist, ask())
    assert (len(reply.tokens), reply.ending) == (3, "limit")
    hurried = make_receptionist(tutor, tmp_path, max_tokens=1000, max_seconds=0.05)
    monkeypatch.setattr(hurried, "_choose", lambda rows: torch.tensor([MARK_COUNT + 40]))
    (reply,) = answer(hurried, ask())
    assert reply.ending == "time"
    assert len(reply.tokens) < 1000


def test_a_long_answer_ends_with_a_sentence(tutor, tmp_path, monkeypatch):
    """From half the longest reply on it ends where a sentence does, before the limit; and not before half."""
    words = tutor.librarian.tokenizer.encode("the cat sat. the cat sat on the mat and looked. the rain. my sister")
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=len(words) - 2, max_seconds=600)
    said = iter(words)
    monkeypatch.setattr(receptionist, "_choose", lambda rows: torch.tensor([next(said)]))
    (reply,) = answer(receptionist, ask())
    assert (reply.text, reply.ending) == ("the cat sat. the cat sat on the mat and looked.", "end")


def test_an_answer_may_end_after_its_first_word(tutor, tmp_path):
    """When words were said, the end mark is chosen where it is likeliest; before, it can't be."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=50, temperature=0.0)
    one = ask()
    receptionist.admit(one)
    receptionist.serve()
    while receptionist.busy:
        receptionist._logits[:, END] = 99.0
        receptionist.serve()
    reply = one.future.result(timeout=0)
    assert reply.ending == "end"
    assert reply.text.strip()
    assert len(reply.tokens) <= 8  # of which all but the last are no words


def test_no_answer_begins_with_what_ends_something(tutor, tmp_path):
    """However likely: no closing bracket, no comma."""
    receptionist = make_receptionist(tutor, tmp_path, temperature=0.0)
    for mark in (")", "]", ",", "."):
        (token,) = receptionist.tokenizer.encode(mark)
        let_in(receptionist, ask())
        receptionist._logits[:, token] = 99.0
        assert receptionist._choose().tolist()[-1] != token


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_guidance_makes_more_of_the_question(tutor, tmp_path, guidance):
    """As the answer begins, what the question does to the logits counts ``guidance`` times, and hardly at its end."""
    receptionist = make_receptionist(tutor, tmp_path, guidance=guidance)
    let_in(receptionist, ask("the radio sang"))
    unheard = make_receptionist(tutor, tmp_path, guidance=1.0)
    let_in(unheard, ask(""))
    asked, unasked = receptionist._logits[:1].log_softmax(-1), unheard._logits.log_softmax(-1)
    wanted = unasked + guidance * (asked - unasked)
    torch.testing.assert_close(receptionist._guided().log_softmax(-1), wanted.log_softmax(-1), atol=1e-4, rtol=0)
    receptionist._speaking[0].said = [0] * 500
    torch.testing.assert_close(receptionist._guided().log_softmax(-1), asked, atol=1e-4, rtol=0)


def test_a_conversation_remembers_what_was_asked(tutor, tmp_path, monkeypatch):
    """With guidance and without, its state after the same words is the same."""
    states = []
    for guidance in (1.0, 2.0):
        receptionist = make_receptionist(tutor, tmp_path / str(guidance), guidance=guidance)
        monkeypatch.setattr(receptionist, "_choose", lambda rows: torch.tensor([MARK_COUNT + 40]))
        answer(receptionist, ask("the radio sang"))
        (conversation,) = receptionist.conversations._open.values()
        states.append(conversation.state)
    assert states[0].keys() == states[1].keys()
    for name in states[0]:
        torch.testing.assert_close(states[0][name], states[1][name], atol=1e-5, rtol=0)


def test_it_stops_at_the_end_of_its_turn(tutor, tmp_path, monkeypatch):
    """The end mark ends the reply and is not part of it."""
    receptionist = make_receptionist(tutor, tmp_path)
    words = iter([MARK_COUNT + 40, MARK_COUNT + 41, END])
    monkeypatch.setattr(receptionist, "_choose", lambda rows: torch.tensor([next(words)]))
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


def fresh(text: str = "hello", before: tuple[Turn, ...] = (), **manner) -> Ask:
    return Ask(text, "", "me", None, kept=False, before=before, manner=Manner(**manner))


def test_what_was_said_before_is_as_if_it_had_been_said(tutor, tmp_path, monkeypatch):
    """Read with its marks, in one go with the question; of what is too long, the last turns."""
    receptionist = make_receptionist(tutor, tmp_path, guidance=1.0, question_tokens=24)
    encode, read = tutor.librarian.tokenizer.encode, []
    kept = receptionist._read
    monkeypatch.setattr(receptionist, "_read", lambda all_: read.extend(turn for _, turn in all_) or kept(all_))
    before = (Turn(text="the sea", by_baby=False), Turn(text="the rain", by_baby=True))
    (reply,) = answer(receptionist, fresh(before=before))
    said = [PERSON, *encode("the sea"), END, BABY, *encode("the rain"), END]
    assert read == [[*said, PERSON, *encode("hello"), END, BABY]]
    assert reply.heard == len(read[0])
    long = Turn(text="the radio sang. " * 20, by_baby=False)
    answer(receptionist, fresh(before=(*before, long)), fresh(before=(long, *before[1:])))
    assert read[1:] == [
        [PERSON, *encode("hello"), END, BABY],
        [BABY, *encode("the rain"), END, PERSON, *encode("hello"), END, BABY],
    ]
    assert not receptionist.conversations.snapshot()


def test_answers_have_manners_of_their_own(tutor, tmp_path):
    """Side by side: cold ones are all the same, a seed says the same again, and each is as long as it may be."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=12)
    manners = [{"temperature": 0}, {"temperature": 5.0, "seed": 3}, {"max_tokens": 2}, {}]
    first, second = (answer(receptionist, *[fresh(**manner) for manner in manners]) for _ in range(2))
    assert first[0].tokens == second[0].tokens
    assert first[1].tokens == second[1].tokens
    assert len(first[2].tokens) <= 2
    assert max(len(reply.tokens) for reply in first) <= 12


def test_it_stops_where_it_is_to(tutor, tmp_path):
    """With the token that completes the text; whoever asked cuts the rest off."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=40)
    whole = answer(receptionist, fresh(seed=5))[0].text
    stop = whole[len(whole) // 2 :][:2]
    (reply,) = answer(receptionist, fresh(seed=5, stop=(stop,)))
    assert reply.ending == "stop"
    assert stop in reply.text
    assert whole.startswith(reply.text.strip()[: whole.index(stop)])
    assert len(reply.text) < len(whole) + 1


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
        receptionist.serve()
    assert [text for text, _ in done] == ["one", "two"]
    assert all(speaking <= 1 for _, speaking in done)


def test_a_cancelled_question_is_dropped_at_once(tutor, tmp_path):
    """Cancelling in the middle ends that answer, leaves its conversation as it was, and its neighbour goes on."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=200, max_seconds=60)
    leaving, staying = ask("one", "a"), ask("two", "b")
    receptionist.admit(leaving)
    receptionist.admit(staying)
    receptionist.serve()
    assert leaving.future.cancel()
    while receptionist.busy:
        receptionist.serve()
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
        receptionist.serve()
    assert isinstance(bad.future.exception(timeout=0), ZeroDivisionError)
    assert good.future.result(timeout=0).tokens


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_those_who_come_together_are_read_side_by_side(tutor, tmp_path, guidance):
    """Twenty questions, most of them as long as another, in conversations that have begun or not: what comes of each is
    what comes of it alone, in its own row."""
    texts = ["soup", "rain", "the cat", "the sea", "who?"] * 4
    crowd = make_receptionist(tutor, tmp_path / "a", guidance=guidance, together=20)
    alone = make_receptionist(tutor, tmp_path / "b", guidance=guidance, together=20)
    for receptionist in (crowd, alone):
        answer(receptionist, *(ask("the radio sang", str(i)) for i in range(0, 20, 3)))
    let_in(crowd, *(ask(text, str(i)) for i, text in enumerate(texts)))
    for i, text in enumerate(texts):
        let_in(alone, ask(text, str(i)))
    torch.testing.assert_close(crowd._logits, alone._logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(crowd._pixels, alone._pixels)
    for name, tensor in crowd._state.items():
        torch.testing.assert_close(tensor, alone._state[name], atol=1e-4, rtol=1e-4)
    assert [one.ask.text for one in crowd._speaking] == texts


def test_a_conversation_that_can_not_be_read_is_its_persons_alone(tutor, tmp_path, monkeypatch):
    """Though it is read side by side with two others."""
    receptionist = make_receptionist(tutor, tmp_path)
    answer(receptionist, *(ask("hello", name) for name in "abc"))
    receptionist.conversations._open["b"].pixel[:] = 7.0
    forward = receptionist.voice.forward

    def fails(tokens, pixels, state):
        return 1 / 0 if (pixels == 7.0).any() else forward(tokens, pixels, state)

    monkeypatch.setattr(receptionist.voice, "forward", fails)
    asks = [ask("soup", name) for name in "abc"]
    for one in asks:
        receptionist.admit(one)
    while receptionist.busy:
        receptionist.serve()
    assert isinstance(asks[1].future.exception(timeout=0), ZeroDivisionError)
    assert all(one.future.result(timeout=0).tokens for one in (asks[0], asks[2]))


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
    receptionist = make_receptionist(tutor, tmp_path, together=1, max_tokens=500)
    asks = [ask("one", "a"), ask("two", "b")]
    for one in asks:
        receptionist.admit(one)
    receptionist.serve()
    receptionist.close()
    assert not receptionist.busy
    assert all(isinstance(one.future.exception(timeout=0), Asleep) for one in asks)


def test_forgetting_a_person_ends_their_conversations(tutor, tmp_path):
    """After forget, nothing of the person's conversations is in memory or on disk; others' stay."""
    receptionist = make_receptionist(tutor, tmp_path, conversations=1)
    answer(receptionist, ask("one", "a", "ann"), ask("two", "b", "ann"), ask("three", "c", "bob"))
    assert len(list((tmp_path / "conversations").glob("*.safetensors"))) == 2
    receptionist.forget(Scope(person="ann"))
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
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=3, together=2)
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
            for letter in mailbox.hear():
                receptionist.admit(letter)
            receptionist.serve()
    if not close_early:
        for letter in mailbox.hear():
            receptionist.admit(letter)
        while receptionist.busy:
            receptionist.serve()
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
    assert [type(request) for request in mailbox.hear()] == [Ask, Ask, Remember]
    assert len(mailbox.drain()) == 1
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


def rested(tutor, folder, *people: str) -> tuple[Conversations, Conversation]:
    """Conversations of which all rest on disk, and a fresh one."""
    conversations = Conversations(folder, limit=0, disk_limit=99, device=torch.device("cpu"))
    fresh = Conversation("x", tutor.voice.fresh_state(1), torch.zeros(1, 3), [])
    for i, person in enumerate(people):
        state = {name: torch.full_like(tensor, i + 1) for name, tensor in fresh.state.items()}
        conversations.put(person, Conversation(person, state, torch.full((1, 3), 0.5), [9, 8]))
    return conversations, fresh


def test_every_flipped_bit_is_noticed_or_harmless(tutor, tmp_path, caplog):
    """Of a kept conversation, any of many bits flipped: it comes back as it was, or begins anew and that is told; whose
    it is is never mistaken, before it is read or after."""
    conversations, fresh = rested(tutor, tmp_path / "c", "ann")
    file = conversations._file("ann")
    whole = file.read_bytes()
    head = 8 + int.from_bytes(whole[:8], "little")
    bits = [*range(0, 8 * head, 3), *range(8 * head, 8 * len(whole), 101)]
    same = conversations.get("ann", fresh)
    noticed = 0
    for bit in bits:
        raw = bytearray(whole)
        raw[bit // 8] ^= 1 << bit % 8
        file.write_bytes(raw)
        caplog.clear()
        again = Conversations(tmp_path / "c", limit=0, disk_limit=99, device=torch.device("cpu"))
        assert set(again._resting.values()) <= {"ann"}, bit
        found = again.get("ann", fresh)
        if found is fresh:
            noticed += 1
            assert len(caplog.records) == 1, bit
            assert "begins anew" in caplog.text
            assert "ann" not in caplog.text
            assert not file.exists()
        else:
            assert (found.person, found.recent) == (same.person, same.recent), bit
            assert all(torch.equal(found.state[name], same.state[name]) for name in same.state), bit
            assert torch.equal(found.pixel, same.pixel), bit
    assert noticed > 0.9 * len(bits)


def test_a_broken_conversation_is_nobody_elses(tutor, tmp_path):
    """Several wait on disk, one of them broken at any place: everybody is answered."""
    receptionist = make_receptionist(tutor, tmp_path, conversations=1, max_tokens=3)
    answer(receptionist, *[ask("hello", name, name) for name in "abcd"])
    file = receptionist.conversations._file("b")
    whole = file.read_bytes()
    for place in range(8, len(whole), len(whole) // 12):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 64]) + whole[place + 1 :])
        replies = answer(receptionist, *[ask("and you?", name, name) for name in "abcd"])
        assert len(replies) == 4


def test_a_conversation_of_before_is_read_and_looked_at(tutor, tmp_path):
    """A file without checksums is read; where its values can't be any of this brain's, it begins anew."""
    conversations, fresh = rested(tutor, tmp_path / "c", "ann")
    good = conversations.get("ann", fresh).tensors()

    def kept(**changes: torch.Tensor) -> Conversation:
        (tmp_path / "c").mkdir(exist_ok=True)
        conversations._file("ann").write_bytes(save(good | changes, {"person": json.dumps("ann")}))
        return conversations.get("ann", fresh)

    assert kept().recent == [9, 8]
    name = next(name for name, tensor in good.items() if tensor.is_floating_point() and name != "pixel")
    for change in (
        {name: torch.full_like(good[name], float("nan"))},
        {name: torch.full_like(good[name], float("inf"))},
        {name: good[name].double()},
        {name: good[name][..., :-1].contiguous()},
        {name: good[name].int()},
        {"pixel": torch.zeros(1, 4)},
        {"pixel": torch.full((1, 3), float("nan"))},
        {"pixel": torch.zeros(1, 3, dtype=torch.int64)},
        {"recent": torch.zeros(2)},
        {"recent": torch.zeros(2, 2, dtype=torch.int64)},
        {"recent": torch.tensor(5)},
        {"state.more": torch.zeros(1)},
    ):
        assert kept(**change) is fresh, change


def test_tokens_that_are_none_are_not_counted(tutor, tmp_path):
    """Ids beyond the vocabulary among the words it said last fail nobody."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=3)
    fresh = receptionist._fresh("ann")
    receptionist.conversations.put("a", Conversation("ann", fresh.state, fresh.pixel, [-5, 10**12, 9]))
    assert all(reply.tokens for reply in answer(receptionist, ask("one", "a", "ann"), ask("two", "b", "bob")))


def strange_things(folder):
    """What may lie in the folder instead of a conversation, by name."""
    os.mkfifo(folder / f"{1:032x}.safetensors")
    (folder / f"{2:032x}.safetensors").symlink_to("/dev/zero")
    (folder / f"{3:032x}.safetensors").symlink_to(folder / "nowhere")
    (folder / f"{4:032x}.safetensors").mkdir()
    (folder / f"{5:032x}.safetensors").write_bytes((1 << 62).to_bytes(8, "little") + b"{}")
    (folder / f"{6:032x}.safetensors").write_bytes((100_000).to_bytes(8, "little") + b"[" * 100_000)
    (folder / ".unfinished-x").write_bytes(b"half")


def test_what_is_no_conversation_goes(tutor, tmp_path, caplog):
    """Links to nowhere, pipes, devices, heads of any length: each is told in a line and deleted, the others stay."""
    conversations, fresh = rested(tutor, tmp_path / "c", "ann")
    strange_things(tmp_path / "c")
    again = Conversations(tmp_path / "c", limit=0, disk_limit=99, device=torch.device("cpu"))
    assert len(caplog.records) == 6
    assert list(again._resting) == [conversations._file("ann")]
    left = {path.name for path in (tmp_path / "c").iterdir()} - {conversations._file("ann").name}
    assert left <= {f"{4:032x}.safetensors"}  # somebody's folder is left alone
    assert again.get("ann", fresh).recent == [9, 8]


def test_a_conversation_that_cannot_be_read_now_may_be_anybodys(tutor, tmp_path, monkeypatch, caplog):
    """It is kept, the talk begins anew, and whoever is to be forgotten takes it along."""
    conversations, fresh = rested(tutor, tmp_path / "c", "ann", "bob")
    real = os.open

    def refuse(path, *rest, **named):
        if str(path).endswith(".safetensors"):
            raise OSError(5, "Input/output error", str(path))
        return real(path, *rest, **named)

    with monkeypatch.context() as moment:
        moment.setattr(os, "open", refuse)
        again = Conversations(tmp_path / "c", limit=0, disk_limit=99, device=torch.device("cpu"))
        assert again.get("ann", fresh) is fresh
    assert len(list((tmp_path / "c").iterdir())) == 2
    assert conversations.get("ann", fresh).recent == [9, 8]
    assert again.forget({"carl"}) == 2


def test_a_failing_choice_is_that_answers_alone(tutor, tmp_path):
    """One conversation whose state leads to no numbers: its question gets the error, the others their answers, whether
    it is the first, the last or between them."""
    for bad in range(3):
        receptionist = make_receptionist(tutor, tmp_path, max_tokens=4)
        asks = [ask("hello", name, name) for name in "abc"]
        let_in(receptionist, *asks)
        receptionist._logits[receptionist._rows([bad])[0]] = float("nan")
        while receptionist.busy:
            receptionist.serve()
        assert isinstance(asks[bad].future.exception(timeout=0), ArithmeticError)
        assert all(one.future.result(timeout=0).tokens for one in asks if one is not asks[bad])


@pytest.mark.parametrize("where", ["step", "keep"])
def test_a_failing_step_is_that_answers_alone(tutor, tmp_path, monkeypatch, where):
    """An error in the brain's step over one row of several, or in keeping one conversation, fails that row's answer."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=4)
    asks = [ask("hello", name, name) for name in "abc"]
    let_in(receptionist, *asks)
    if where == "step":
        receptionist._pixels[receptionist._rows([1])[0]] = 7.0
        step = receptionist.voice.step

        def fussy(tokens, pixels, state):
            if (pixels == 7.0).any():
                raise IndexError("no such place")
            return step(tokens, pixels, state)

        monkeypatch.setattr(receptionist.voice, "step", fussy)
    else:
        put = receptionist.conversations.put
        monkeypatch.setattr(
            receptionist.conversations, "put", lambda name, talk: 1 / 0 if name == "b" else put(name, talk)
        )
    while receptionist.busy:
        receptionist.serve()
    assert asks[1].future.exception(timeout=0) is not None
    assert asks[0].future.result(timeout=0).tokens
    assert asks[2].future.result(timeout=0).tokens
