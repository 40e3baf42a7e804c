"""Talking with a small body: it says what the receptionist would say, with the same weights and no chance in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from brain.ops.backend import PYTORCH
from brain.sampling import draw, likely
from school.bodies.alone.choosing import Choosing
from school.bodies.alone.talk import Talk
from school.bodies.body import body_of
from school.bodies.compact import brain_of, compact, tables
from school.office.machine import Compute
from school.offline import Talk as Resident
from school.settings import SchoolSettings
from school.souls.caretaker import Soul
from school.talking.settings import SpeechSettings
from school.texts.brackets import waiting
from school.texts.tokenizer import Tokenizer
from tests.school.talking.test_form import REFUSED, check_form, ends, of_tokens

QUESTIONS = ("who sat on the mat?", "", "and the soup 👩‍🚀?", "tomorrow we walk to the sea. " * 4)
CPU = Compute(torch.device("cpu"), PYTORCH)


@pytest.mark.parametrize("guidance", [1.0, 2.0])
@pytest.mark.parametrize("kind", ["body", "quoting"])
def test_it_answers_like_the_resident(request, lived, tmp_path, guidance, kind):
    """Four questions in one conversation, with penalty, guidance, form and rules of where to begin and stop; the
    resident has the weights of 16 bits, too."""
    settings = SchoolSettings(speech=SpeechSettings(temperature=0, max_tokens=24, guidance=guidance, tune=False))
    body = replace(body_of(lived, settings, tmp_path), weights=request.getfixturevalue(kind).weights)
    brain = brain_of(body, Tokenizer.from_json(body.tokenizer))
    halves = {name: tensor.half().float() for name, tensor in tables(brain).items()}
    voice = {name: halves.get(name, torch.zeros_like(tensor)) for name, tensor in body.weights.items()}
    resident = Resident(Soul(3, lived.facts, lived.tensors | {"voice": voice}, lived.tokenizer), "c", settings, CPU)
    alone = Talk(*compact(body))
    for question in QUESTIONS:
        reply = resident.ask(question)
        assert tuple(alone.answer(question)) == reply.tokens
        assert waiting(reply.text) == ""
    kept = resident._receptionist.conversations.snapshot()["c"][1]
    np.testing.assert_allclose(alone.pixel, kept["pixel"][0], atol=1e-4)


def test_what_may_not_come(marking, marked_letters):
    talk = Talk(*compact(marking))
    for said, token, most, refused in REFUSED:
        given = of_tokens(marked_letters, said, token)
        assert talk._brackets.refuses(*given, most) == refused, (said, token, most)


def test_whatever_is_likely_an_answer_says_something(marking):
    """Of one to some tokens."""
    talk = Talk(*compact(marking), seed=1)
    for longest in range(1, 61):
        talk.reset()
        talk.longest = 1 + longest % 20
        said = list(talk.answer("hello"))
        assert len(said) <= talk.longest
        check_form(talk.letters.decode(said))


def test_an_answer_ends_as_the_residents_do(marking, marked_letters):
    talk = Talk(*compact(marking))
    for said, logits, ended in zip(*ends(marked_letters), strict=True):
        np.testing.assert_allclose(talk._ended(logits.numpy(), said), ended.numpy(), atol=1e-5)


def test_where_nothing_may_come_an_answer_ends(talk, monkeypatch):
    monkeypatch.setattr(talk._brackets, "refuses", lambda said, token, most: True)
    assert list(talk.answer("hello")) == []


def test_the_same_choice_as_the_residents():
    """Where the best stands out by far; and the same tokens are possible at all."""
    rng = np.random.default_rng(1)
    logits, recent = rng.normal(size=40).astype(np.float32) * 2, [3, 3, 7, 9]
    forbidden = np.zeros(40, bool)
    forbidden[:3] = True
    given, rngs = (torch.from_numpy(logits)[None], torch.tensor([recent])), [torch.Generator()]
    for temperature, top_k, top_p, penalty in ((0, 0, 1.0, 0.5), (0.7, 5, 1.0, 0.3), (1.3, 0, 0.6, 0.0), (1, 1, 1, 2)):
        how = {"top_k": top_k, "top_p": top_p, "penalty": penalty}
        choosing = Choosing(temperature, **how)
        mine = {choosing.choose(logits, recent, forbidden, 4, rng) for _ in range(400)}
        how |= {
            "forbidden": torch.from_numpy(forbidden)[None],
            "ending": 4,
            "temperatures": torch.tensor([temperature]),
        }
        theirs = {int(draw(*likely(*given, **how), rngs)) for _ in range(400)}
        assert mine == theirs


def test_shares_of_the_choice():
    """It says each token as often as it is likely."""
    choosing = Choosing(temperature=2.0, top_k=0, top_p=1.0, penalty=0.0)
    logits, rng = np.array([0, 2, 4, -50], np.float32), np.random.default_rng(0)
    drawn = np.bincount([choosing.choose(logits, [], np.zeros(4, bool), 0, rng) for _ in range(4000)], minlength=4)
    np.testing.assert_allclose(drawn / 4000, np.exp([0, 1, 2, -25]) / np.exp([0, 1, 2, -25]).sum(), atol=0.03)


def test_a_seed_decides(compacted):
    """The same seed, the same answers; another one, others."""
    first, second, third = (tuple(Talk(*compacted, seed=seed).answer("the cat")) for seed in (1, 1, 2))
    assert first == second != third


def test_it_remembers_until_it_is_reset(talk):
    """What was said before moves what is said now."""
    talk.temperature = 0
    fresh = list(talk.answer("the cat sat on the mat"))
    talk.reset()
    list(talk.answer("my sister made soup"))
    state = talk.state.copy()
    list(talk.answer("the cat sat on the mat"))
    assert state.position != 0 or state.end != talk.state.end
    talk.reset()
    assert list(talk.answer("the cat sat on the mat")) == fresh


def test_raw_goes_on_from_the_prompt(talk, tokenizer):
    """As many tokens as were asked for, no marks among them, and no turn around the prompt."""
    talk.temperature = 0
    said = list(talk.go_on("the cat sat", 40))
    assert (len(said), min(said) >= 8) == (40, True)
    brain, state, pixel = talk.brain, talk.brain.fresh(), np.full(3, 0.5, np.float32)
    ids = tokenizer.encode("the cat sat")
    for token in ids[:-1]:
        brain.step(token, pixel, state)
    logits, _ = brain.step(ids[-1], pixel, state)
    assert said[0] == 8 + int(logits[8:].argmax())
    assert len(list(talk.go_on("", 3))) == 3


def test_characters_come_whole(talk):
    """However many tokens one takes."""
    said = []
    tokens = talk.letters.encode("é 👩‍🚀!") + [talk.letters.encode("é")[0]]
    assert talk.text_of(iter(tokens), said.append) == len(tokens)
    assert "".join(said) == "é 👩‍🚀!\ufffd"
    assert all("\ufffd" not in part for part in said[:-1])


def test_the_limit_is_kept(talk):
    talk.longest = 5
    assert 1 <= len(list(talk.answer("the"))) <= 5


def test_who_is_stopped_has_ended_its_turn(compacted):
    """As if it had ended there by itself: what follows is the same."""
    stopped, ended = Talk(*compacted, seed=5), Talk(*compacted, seed=5)
    answer = stopped.answer("the cat sat on the mat")
    said = [next(answer) for _ in range(3)]
    answer.close()
    ended.longest = 3
    assert list(ended.answer("the cat sat on the mat")) == said
    np.testing.assert_array_equal(stopped.pixel, ended.pixel)
    stopped.longest = 9
    ended.longest = 9
    assert list(stopped.answer("and the rain?")) == list(ended.answer("and the rain?"))
