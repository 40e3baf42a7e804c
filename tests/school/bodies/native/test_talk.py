"""Talking in C: the same letters, the same choice, the same answers as the small body in Python."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from school.bodies.alone.choosing import Choosing
from school.bodies.alone.talk import Talk
from school.bodies.compact import compact
from school.texts.brackets import may_end, waiting
from school.texts.sentences import ends_sentence
from school.texts.tokenizer import END, Tokenizer
from tests.school.bodies.alone.test_byte_pairs import SEEN
from tests.school.bodies.test_page import HOWS, LISTED, LOGITS, MARKED, QUESTIONS, SENTENCES, TEXTS
from tests.school.talking.test_form import REFUSED, check_form, ends, of_tokens

WRITTEN = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@pytest.mark.parametrize("kind", ["", "quoting_", "llama_", "speller_"])
def test_it_answers_like_the_small_body(request, kind):
    """Which answers like the resident; guidance, penalty, form and rules of beginning and ending included; and a
    line's end where that would end a turn."""
    probe, body = (request.getfixturevalue(name) for name in (f"{kind}probe", kind.rstrip("_") or "body"))
    theirs = Talk(*compact(body))
    theirs.temperature = 0
    talk = probe.talk()
    for question in (*QUESTIONS, "the cat\n\nsat"):
        said, pixel = probe.answer(talk, question)
        assert said == list(theirs.answer(question))
        np.testing.assert_allclose(pixel, theirs.pixel, atol=1e-4)


def test_it_goes_on_like_the_small_body(body, probe):
    theirs = Talk(*compact(body))
    theirs.temperature = 0
    for text in ("the cat sat", ""):
        said = np.zeros(30, np.int32)
        assert probe.call("go_on", probe.talk(), text.encode(), len(text), 30, said) == 30
        theirs.reset()
        assert said.tolist() == list(theirs.go_on(text, 30))


def test_a_seed_decides(probe):
    first, second, third = (probe.answer(probe.talk(1.5, seed=seed), "the cat")[0] for seed in (1, 1, 2))
    assert first == second != third


def test_who_is_stopped_has_ended_its_turn(probe):
    """As if it had ended there by itself."""
    early, late = probe.talk(longest=9), probe.talk(longest=3)
    assert probe.answer(early, "the cat", most=3) == probe.answer(late, "the cat")


@settings(max_examples=50, deadline=None)
@given(WRITTEN)
def test_the_same_characters(alphabet, speller_probe, text):
    assert speller_probe.encode(text) == alphabet.encode(text)


@settings(max_examples=100, deadline=None)
@given(st.one_of(WRITTEN, SEEN, st.text("ab", max_size=80), st.text(st.characters(codec="ascii"))))
def test_the_same_ids_as_the_library(letters, llama_probe, text):
    assert llama_probe.encode(text) == letters.encode(text)


def test_the_same_letters(body, probe):
    tokenizer = Tokenizer.from_json(body.tokenizer)
    for text in TEXTS:
        text = text.encode("utf-8", "replace").decode()
        assert probe.encode(text) == tokenizer.encode(text), ascii(text)


def test_every_character_is_of_its_kind(letters, llama_probe):
    """In some order, each between others."""
    everything = [chr(code) for code in range(1 << 16) if not 0xD800 <= code < 0xE000]
    random.Random(1).shuffle(everything)
    assert llama_probe.encode("".join(everything)) == letters.encode("".join(everything))


def test_a_long_word_takes_no_time_to_speak_of(letters, llama_probe):
    text = "猫が好き" * 2000
    assert llama_probe.encode(text) == letters.encode(text)


ENDINGS = st.text("Mr.Dr1A(é_ 猫。!?…\"'”)\n\x1cа", max_size=9)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.sampled_from(SENTENCES), ENDINGS))
def test_where_a_sentence_ends(probe, text):
    codes = np.array([ord(character) for character in text] or [0], np.uint32)
    assert bool(probe.call("ends_sentence", codes, len(text))) == ends_sentence(text)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(MARKED, max_size=20), st.text(LISTED, max_size=9)))
def test_what_is_waiting_to_be_closed(probe, text):
    codes = np.array([ord(character) for character in text] or [0], np.uint32)
    ends = np.zeros(1, np.int32)
    count = probe.call("waiting", codes, len(text), ends)
    found = None if count < 0 else "".join(map(chr, codes[:count][::-1]))
    assert found == waiting(text)
    assert bool(ends[0]) == may_end(text)


def test_what_may_not_come(marking_probe, marked_letters):
    for said, token, most, refused in REFUSED:
        before, next_ = of_tokens(marked_letters, said, token)
        room = np.array([*before, 0, 0], np.int32)
        assert bool(marking_probe.call("refuses", room, len(before), next_, most)) == refused, (said, token, most)


def test_an_answer_ends_as_the_residents_do(marking_probe, marked_letters):
    for said, logits, ended in zip(*ends(marked_letters), strict=True):
        mine = logits.numpy().copy()
        marking_probe.call("end_well", mine, np.array([*said, 0], np.int32), len(said))
        np.testing.assert_allclose(mine, ended.numpy(), atol=1e-5)


def test_whatever_is_likely_an_answer_says_something(marking_probe, marked_letters):
    """Of one to some tokens."""
    for seed in range(100):
        longest = 1 + seed % 20
        said, _ = marking_probe.answer(marking_probe.talk(0.85, longest, seed), "hello")
        assert len(said) <= longest
        check_form(marked_letters.decode(said))


@pytest.mark.parametrize("how", HOWS, ids=str)
def test_the_same_choice(probe, how):
    """As often as the small body chooses each token."""
    logits, forbidden = np.full(probe.vocabulary, -1e9, np.float32), np.zeros(probe.vocabulary, np.uint8)
    logits[:40], forbidden[:3] = LOGITS, 1
    recent, counts = np.array([3, 3, 7, 9], np.int32), np.zeros(probe.vocabulary, np.int64)
    temperature, top_k, top_p, penalty = how
    settings_ = float(temperature), top_k, float(top_p), float(penalty)
    probe.talk(seed=7)
    probe.call("drawn", logits, recent, 4, forbidden, *settings_, 3000, counts)
    choosing, rng = Choosing(*how), np.random.default_rng(0)
    theirs = [choosing.choose(logits, [3, 3, 7, 9], forbidden > 0, END, rng) for _ in range(3000)]
    theirs = np.bincount(theirs, minlength=probe.vocabulary)
    np.testing.assert_allclose(counts / 3000, theirs / 3000, atol=0.05)
