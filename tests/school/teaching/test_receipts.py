"""Receipts: what an answer's words come from is named, and what became of a lesson; taking back leaves no trace."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.told import facts_of
from school.door.mailbox import Ask, Follow, Trace
from school.door.values import ME, Pair, Scope
from school.souls.packing import pack_soul, wake_tutor
from school.talking import choosing
from school.talking.recall import Recall
from school.teaching.receipts import Receipts, receipt
from school.teaching.reviews import Reviews
from school.texts.shelf import Text
from tests.conftest import SENTENCES, make_receptionist, make_tutor

TOLD = Pair(
    id="1", prompt="what is my dog called?", answer="He is called Biscuit.", person=ME, source="fix", weight=2.0
)


def text(name: str, tokenizer, words: str, **more) -> Text:
    ids = np.array(tokenizer.encode(words), dtype=np.uint16)
    return Text(name=name, sha256=name, size=len(words), learn=ids, held_out=ids[:0], **more)


@pytest.fixture(scope="module")
def lessons(tokenizer) -> Reviews:
    """Two hundred facts that were taught."""
    listed = Reviews(growth=1.7, prompt_weight=0.2, limit=1000)
    for fact in facts_of("both")[0]:
        listed.add(fact.pair, tokenizer, 0)
    return listed


def test_the_true_source_is_named(tokenizer, lessons):
    """Of two hundred facts, beside a book, at least nineteen in twenty are among the three sources of an answer that
    says them in other words around it; and the one that it was held to is told for certain."""
    book = text("book.txt", tokenizer, SENTENCES * 20)
    facts, named = facts_of("both")[0], 0
    for fact in facts:
        answer = f"I think that {fact['answer'].rstrip('.')} and the cat sat on the mat."
        found = receipt(answer, "", tokenizer, [book], lessons.all)
        assert len(found.sources) <= 3
        named += fact["ask"] in [source.name for source in found.sources]
    assert named >= 0.95 * len(facts)
    assert receipt("no", facts[7]["ask"], tokenizer, [book], lessons.all).told == facts[7].pair
    assert receipt("no", "withdrawn", tokenizer, [book], lessons.all).told is None


def test_a_text_is_named_by_its_run(tokenizer):
    """Of two texts the one whose sentence it says, with the words; and how much of the library was read."""
    soup = text("soup.txt", tokenizer, SENTENCES * 20)
    tea = text("tea.txt", tokenizer, "a teapot of blue clay stands on the shelf of my aunt. " * 3, private=False)
    found = receipt("the teapot of blue clay stands here", "", tokenizer, [soup, tea], [])
    assert (found.sources[0].name, found.sources[0].kind, found.sources[0].pair) == ("tea.txt", "text", None)
    assert "teapot of blue clay stands" in found.sources[0].words
    assert found.read == found.of == len(soup.learn) + len(tea.learn)
    public = found.for_others().sources
    assert [source.name for source in public if source.name] == ["tea.txt"]
    assert not [source for source in public if source.private and source.words]


def test_a_large_library_is_read_as_far_as_it_may_be(tokenizer, monkeypatch):
    """What lies beyond is no source, and the receipt says how much was read."""
    monkeypatch.setattr("school.teaching.receipts.READ_AT_MOST", 1900)
    one, other = text("one.txt", tokenizer, SENTENCES * 20), text("other.txt", tokenizer, "zebras juggle fog " * 9)
    found = receipt("zebras juggle fog", "", tokenizer, [one, other], [])
    assert (found.read, found.of) == (len(one.learn), len(one.learn) + len(other.learn))
    assert "other.txt" not in [source.name for source in found.sources]


def test_what_became_of_a_lesson(librarian, tmp_path):
    """Taught, it is less surprising than before, and the receipt outlives a night's sleep; of a guest's lesson and of
    nobody's there is nothing to tell."""
    tutor = make_tutor(librarian)
    with ThreadPoolExecutor(1) as searcher:
        desk = Receipts(tutor, searcher)
        tutor.reviews.add(TOLD, librarian.tokenizer, tutor.step)
        desk.note(TOLD, 3.0)
        while tutor.step < 30:
            tutor.micro_step()

        def follow(*which: str):
            request = Follow(*which)
            desk.follow(request, 2.9)
            return request.future.result(timeout=0)

        told = follow(ME)
        assert told.surprise < told.surprise_before - 0.1
        assert (told.held_out_before, told.held_out, told.steps) == (3.0, 2.9, 30)
        assert not told.by_heart  # after thirty small steps
        assert told.next_in >= 0
        assert follow("", "1") == told
        assert follow("twitch:7") is None
        asked = Trace("He is called Biscuit.", "1")
        desk.want(asked)
        assert asked.future.result(timeout=60).told == TOLD
    soul = pack_soul(tutor, make_receptionist(tutor, tmp_path), {})
    woken = make_tutor(librarian)
    wake_tutor(soul, woken, [TOLD])
    assert woken.reviews["1"] == tutor.reviews["1"]
    tutor.reviews.forget(Scope(person=ME))
    assert "1" not in tutor.reviews.dates()


def test_what_is_taken_back_leaves_the_probabilities_as_they_were(librarian, tmp_path, monkeypatch):
    """To the bit: of every token that it could say to a question, before something was told and after it was taken
    back; between them they differ."""
    receptionist = make_receptionist(make_tutor(librarian), tmp_path)
    seen: list[torch.Tensor] = []

    def note(logits, recent, **how):
        ids, shares = likely(logits, recent, **how)
        seen.append(torch.cat([logits, ids.float(), shares], 1))
        return ids, shares

    likely = choosing.likely
    monkeypatch.setattr(choosing, "likely", note)

    def heard() -> list[torch.Tensor]:
        seen.clear()
        receptionist.replies = 7  # the same dice
        for question in ("what is my dog called?", "is the dog called in?", "who are you?"):
            receptionist.answer(Ask(question, "", ME, None, kept=False))
        return copy.deepcopy(seen)

    def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
        return len(one) == len(other) and all(map(torch.equal, one, other))

    receptionist.remember([replace(TOLD, id="0", prompt="who are you?", answer="a baby")])
    before = heard()
    receptionist.remember([TOLD])
    assert not same(heard(), before)
    receptionist.forget(Scope(pairs=frozenset(["1"]), withdrawn=True))
    assert same(heard(), before)
    never = Recall(librarian.tokenizer)
    never.learn(replace(TOLD, id="0", prompt="who are you?", answer="a baby"))
    assert (never._facts, never._with) == (receptionist.recall._facts, receptionist.recall._with)
