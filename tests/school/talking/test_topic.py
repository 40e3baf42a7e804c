"""Topics: the words of a question that say something are likelier until they are said, and then no more."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from brain.hippocampus import Hippocampus, MixingWeights
from school.talking.topic import GOES_ON, PLAUSIBLE, Topics, gone_on, taken_up
from school.talking.words import language
from school.texts.tokenizer import DOCUMENT, Tokenizer
from tests.conftest import make_receptionist, make_tutor
from tests.school.talking.test_receptionist import answer, ask

TEXT = "Biscuit is the dog. " + "The cat is here and the sun is there. " * 400 + "We saw Biscuit near the zebra. " * 2
TOKENIZER = Tokenizer.train([TEXT], vocabulary=300, minimum_frequency=3)


@pytest.fixture(scope="module")
def topics() -> Topics:
    counts = np.bincount(TOKENIZER.encode(TEXT), minlength=TOKENIZER.size)
    return Topics(TOKENIZER, language("en"), counts)


def test_the_rare_words_of_a_question(topics):
    """Those that were heard, the rarest first; not what makes it a question, nor what is said all the time."""
    found = topics.of("where is the zebra, and what do you know of biscuit or the cat?")
    assert {topic.word for topic in found} == {"zebra", "biscuit"}
    assert topics.of("what did you do?") == []


def test_it_is_taken_up_once(topics):
    """The first piece is likelier, then each piece of a word that is begun; once it is said, none."""
    (topic,) = topics.of("tell me about the zebra")
    way = next(way for way in topic.ways if TOKENIZER.decode(way) == " zebra")
    assert len(way) > 1
    logits = torch.zeros(1, TOKENIZER.size)
    first = taken_up(logits, [[topic]], 4.0)
    assert 0 < first[0, way[0]] <= 4.0
    assert (first != 0).sum() <= len(topic.ways)
    second = gone_on(logits, [[topic]], [list(way[:1])])
    assert second[0, way[1]] == GOES_ON
    assert gone_on(logits, [[topic]], [[]]) is logits
    assert topics.left([topic], list(way[:-1])) == [topic]
    assert topics.left([topic], list(way)) == []
    assert taken_up(logits, [[]], 4.0) is logits


def test_it_stands_where_it_may(topics):
    """Where a word is not among the likeliest, nothing makes it likelier."""
    found = topics.of("tell me about the zebra")
    logits = torch.arange(TOKENIZER.size, 0, -1.0)[None]
    gained = (taken_up(logits, [found], 4.0) != logits)[0].nonzero()[:, 0].tolist()
    firsts = {way[0] for way in found[0].ways}
    assert gained == sorted(first for first in firsts if first < PLAUSIBLE)
    high = logits.clone()
    high[0, list(firsts)] = 999.0
    assert (taken_up(high, [found], 4.0) != high).sum() == len(firsts)


@pytest.mark.parametrize("take_up", [0.0, 10.0])
def test_answers_take_up_what_was_asked(librarian, tmp_path, take_up):
    """With a pull that drowns all else the rarest word comes at once; with none hardly ever."""
    tutor = make_tutor(librarian)
    tokenizer = librarian.tokenizer
    receptionist = make_receptionist(tutor, tmp_path, take_up=take_up, max_tokens=12, temperature=0.0)
    heard = Hippocampus(tokenizer.pieces, DOCUMENT)
    heard.hear(np.array([DOCUMENT, *tokenizer.encode("the tea is hot. " * 300 + "a quince. " * 2)], dtype=np.int64))
    receptionist.listen_to(heard, MixingWeights.fresh())
    receptionist._hippocampus = None  # only what it heard is wanted
    replies = answer(receptionist, *(ask("tell me about the quince", str(i)) for i in range(10)))
    said = sum("quince" in reply.text for reply in replies)
    assert said >= 8 if take_up else said <= 1
