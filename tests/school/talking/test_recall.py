"""What it was told: said at once, to whom it may be said, and gone without a trace."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from brain.sampling import lean
from school.assembly import open_recall
from school.door.mailbox import Ask
from school.door.values import ME, Pair, Scope
from school.settings import SchoolSettings
from school.talking.conversations import Conversations
from school.talking.recall import SURE, Recall, Told
from school.talking.receptionist import Receptionist
from school.talking.settings import SpeechSettings
from school.talking.words import language
from school.texts.tokenizer import END
from tests.conftest import make_receptionist, make_tutor


def pair(prompt: str, answer: str, key: str = "1", **more: str) -> Pair:
    return Pair(id=key, prompt=prompt, answer=answer, **{"person": ME, "source": "fix"} | more)


BISCUIT = pair("what is my dog called?", "Biscuit")


@pytest.fixture
def recall(librarian) -> Recall:
    return open_recall(librarian.tokenizer, SchoolSettings())


@pytest.fixture(scope="module")
def tutor(librarian):
    return make_tutor(librarian)


def found(recall: Recall, question: str, person: str = ME) -> str | None:
    told = recall.find(question, person)
    return told and told.pair.id


def test_it_is_found_by_the_rare_words(recall):
    """Asked the same, or otherwise with the same rare words; not by words that stand in every question."""
    recall.learn(pair("what is my dog called?", "he is called Biscuit", "dog"))
    recall.learn(pair("where do we keep the ladder?", "behind the shed", "ladder"))
    for question, answer in {
        "what is my dog called?": "dog",
        "What do you call my dog": "dog",
        "MY DOGS?": "dog",
        "the ladder, where is it?": "ladder",
        "what do they name my dog?": "dog",
        "what is my name?": None,
        "how is my name?": None,
        "where are you?": None,
        "": None,
    }.items():
        assert found(recall, question) == answer, question


def test_it_is_found_in_other_words(recall):
    """Words that ask for the same thing count as one; and where nothing but ordinary words is shared, or the one that
    tells most of what was told is not asked for, it is another question."""
    recall.learn(pair("what is your name?", "I am Pebble", "name"))
    recall.learn(pair("when was Joost born?", "in May", "joost"))
    recall.learn(pair("what are you?", "a small language model", "what"))
    for question, answer in {
        "what are you called?": "name",
        "when is Joost's birthday?": "joost",
        "what are you?": "what",
        "how are you?": None,
        "when was the war?": None,
        "how old is the moon?": None,
    }.items():
        assert found(recall, question) == answer, question


def test_the_later_of_two_answers_counts(recall):
    """A correction of a correction is what it says from then on."""
    recall.learn(pair("what is my dog called?", "he is called Biscuit", "1"))
    recall.learn(pair("What is my dog called", "he is called Crumb", "2"))
    assert found(recall, "what is my dog called?") == "2"


def test_whose_words_are_for_whom(recall):
    """What the owner tells everybody may hear; what another tells comes back to that person only."""
    recall.learn(pair("what is my dog called?", "Biscuit", "1"))
    recall.learn(pair("who is the best singer?", "it is me, ann", "2", person="twitch:ann"))
    assert found(recall, "what is my dog called?", "twitch:bob") == "1"
    assert found(recall, "who is the best singer?", "twitch:ann") == "2"
    assert found(recall, "who is the best singer?", "twitch:bob") is None
    assert found(recall, "who is the best singer?") is None
    recall.learn(replace(pair("who is the best singer?", "the kettle", "3", person="twitch:streamer"), weight=2.0))
    assert found(recall, "who is the best singer?", "twitch:bob") == "3"


@pytest.mark.parametrize("other", [{"source": "good"}, {"source": "chat"}, {"prompt": ""}, {"answer": "  "}])
def test_only_what_somebody_wants_to_hear_again(recall, other):
    """An answer of its own that was liked, a line of a chat, a text without a question: those are lessons only."""
    recall.learn(pair(**{"prompt": "what is my dog called?", "answer": "Biscuit"} | other))
    assert len(recall) == 0


def test_forgetting_leaves_nothing(recall, librarian):
    """What is taken back leaves it as if it had never been told, also in what it thinks is rare."""
    kept = [pair(f"where is the {thing}?", f"the {thing} is there", thing) for thing in ("dog", "ladder", "tea")]
    for one in kept:
        recall.learn(one)
    gone = pair("is the dog with the ladder?", "no", "x", person="twitch:ann")
    recall.learn(gone)
    recall.forget(Scope(person="twitch:ann"))
    never = open_recall(librarian.tokenizer, SchoolSettings())
    for one in kept:
        never.learn(one)
    questions = ["where is the dog?", "the ladder", "tea", gone.prompt]
    assert [recall.find(question, ME) for question in questions] == [never.find(question, ME) for question in questions]
    assert recall._with == never._with
    assert not [key for key in recall._with if not recall._with[key]]


def test_it_leans_as_long_as_it_says_the_same():
    """The doubt halves with every token that it says of the answer; a word of its own ends it."""
    told = Told(BISCUIT, (10, 11, 12, END), 0.6)
    assert told.next([]) == (10, 0.6)
    assert told.next([10]) == (11, 0.8)
    assert told.next([10, 11, 12]) == (END, pytest.approx(0.95))
    assert told.next([10, 99]) == (END, 0.0)
    assert told.next([10, 11, 12, END]) == (END, 0.0)
    assert Told(BISCUIT, (10, END), 1.0).next([]) == (10, SURE)


def test_leaning_is_a_mixture():
    """What comes of it is a distribution, and it is the mixture that it is said to be."""
    logits = torch.randn(3, 20, generator=torch.Generator().manual_seed(0))
    towards, share = torch.tensor([4, 5, 6]), torch.tensor([0.0, 0.5, 0.98])
    wanted = (1 - share)[:, None] * logits.softmax(-1)
    wanted[torch.arange(3), towards] += share
    assert torch.allclose(lean(logits, towards, share).exp(), wanted, atol=1e-6)


def test_what_is_told_is_said_at_once(tutor, tmp_path):
    """With weights that never heard of it, a taught answer comes in every one of twenty, longer than others may be, and
    the reply says from where; once it is forgotten it never comes, also in an answer that was begun."""
    receptionist = make_receptionist(tutor, tmp_path, max_tokens=8, max_seconds=600)
    answer = "he is called Biscuit, and he is the best dog of the whole long street"
    told = pair("what is my dog called?", answer, "dog")
    receptionist.remember([told])
    replies = [receptionist.answer(Ask("What is my dog called?", "", ME, None, kept=False)) for _ in range(20)]
    assert [reply.text for reply in replies].count(answer) >= 18
    assert {reply.told for reply in replies if reply.text == answer} == {told}
    last = Ask("what is my dog called?", "", ME, None, kept=False)
    receptionist.admit(last)
    receptionist.serve()
    receptionist.forget(Scope(source="fix"))
    while receptionist.busy:
        receptionist.serve()
    assert "Biscuit" not in last.future.result().text
    assert last.future.result().told is None


def test_a_receptionist_has_the_recall_that_it_was_given(tutor, tmp_path, librarian):
    """Also while there is nothing in it yet: it knows what people ordinarily say."""
    given = open_recall(librarian.tokenizer, SchoolSettings())
    conversations = Conversations(tmp_path, limit=1, disk_limit=0, device=tutor.device)
    receptionist = Receptionist(tutor.voice, librarian.tokenizer, conversations, SpeechSettings(), given)
    assert receptionist.recall is given


def test_a_question_is_taken_apart():
    """Endings go by the rules of the language; a script without spaces is cut into pairs of letters; what kind it is,
    and whose, is told by words that each language has a list of."""
    english = language("en")
    found = english.stems("The dogs' names: What's MY dog\u2019s name?")
    assert " ".join(found) == "the dog name what me dog name"
    question = english.question("Where did you put my keys?")
    assert (question.kinds, question.whose) == ({"where"}, {"me", "you"})
    assert language("de").question("Wie heißt dein Hund?").kinds == {"how"}
    assert language("ja").stems("犬の名前") == ["犬の", "の名", "名前"]
    assert language("xx").question("naïve Straßen").stems == {"naïve", "strassen"}
