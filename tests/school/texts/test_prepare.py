"""Whose words are whose: from what a reader returns to marked turns, and what of them is learned."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from school.texts.circle import Circle, Quiet, order_of
from school.texts.content import Content, Gathering, Turn
from school.texts.encodings import Unreadable
from school.texts.facts import Facts, facts_on
from school.texts.librarian import Bookmark, Librarian
from school.texts.marks import NEW, OTHERS, OWN, in_ranges
from school.texts.news import tell_skipped
from school.texts.places import Source
from school.texts.prepare import prepared
from school.texts.shelf import Text, segments_of
from school.texts.survey import cut_of, look_at, survey
from school.texts.tokenizer import BABY, DOCUMENT, END, MARK_COUNT, PERSON, Tokenizer
from school.texts.turns import has_turns

TOKENIZER = Tokenizer.train(["a fox and a moon"] * 5, vocabulary=300, minimum_frequency=2)
TALK = [Turn("Ann", "hi\nare you there?"), Turn("Ben", "you: is a word\nbaby: too"), Turn("Ann", "fine")]


def segments(content: Content, **facts) -> list[str | int]:
    return list(segments_of(prepared(content, Facts(**facts), "chat.txt").text))


def test_turns_are_the_speakers_own():
    """The owner's turns are the baby's, others' a person's; what a message says makes no turn."""
    assert segments(Content(documents=[TALK]), speaker=("ann",)) == [
        *(BABY, "hi\nare you there?", END),
        *(PERSON, "you: is a word\nbaby: too", END),
        *(BABY, "fine", END),
    ]


def test_several_documents_stand_apart():
    """Notes and conversations in one file have a document mark between them, but none at its beginning."""
    content = Content(documents=["A note.\nWith lines.\n", TALK[:1], "Another."], owner=frozenset({"Ann"}))
    said = segments(content)
    assert said == ["A note.\nWith lines.\n", DOCUMENT, BABY, "hi\nare you there?", END, DOCUMENT, "Another.\n"]


def test_others_can_be_left_out():
    """Then the owner's turns stand behind each other, and what was left out is counted."""
    found = prepared(Content(documents=[TALK]), Facts(speaker=("ANN",), context=False))
    assert found.text == f"{OWN}hi\nare you there?\nfine\n"
    assert found.dropped == {"others' message": 1}
    assert not found.context


def test_conversations_of_others():
    """Those in which the owner says nothing are left out."""
    found = prepared(Content(documents=[TALK, TALK[1:2]]), Facts(speaker=("Ann",)))
    assert len(found.documents) == 1
    assert found.dropped == {"conversation without you": 1}


def test_nobody_knows_who_the_owner_is():
    """Then nothing is learned, and what to type is said."""
    with pytest.raises(Unreadable, match=r'which of Ann, Ben are you\? .* library add.* "chat.txt" --speaker NAME'):
        segments(Content(documents=[TALK]), speaker=("Carla",))


def test_writing_beside_conversations_of_nobody_knows_whom():
    """It is learned, the conversations are left out."""
    found = prepared(Content(documents=["A note.\n", TALK]), Facts())
    assert (found.documents, found.dropped) == (["A note.\n"], {"conversation without you": 1})


def test_many_chats_of_nobody_knows_whom():
    """One line says how to tell it for all of them."""
    skipped = {f"{i}.json": f"which of Ann{i} are you? Say it once" for i in range(9)}
    assert tell_skipped(skipped | {"a.png": "no"}) == [
        "skipped 0.json, 1.json, 2.json and 6 more: who are you in them? Say it once, in config.toml below [library]: "
        'speaker = ["NAME"].',
        "skipped a.png: no.",
    ]
    assert len(tell_skipped(dict(list(skipped.items())[:3]))) == 3


@pytest.mark.parametrize("said", [{"weight": "much"}, {"weight": -1}, {"speaker": "Ann"}, {"taken_as": 5}])
def test_what_a_person_wrote_into_the_state_file(said: dict):
    """What makes no sense there counts as unsaid; keys that nobody knows are left alone."""
    assert facts_on("a.txt", {"a.txt": said}, Facts(speaker=("Ben",))) == Facts(speaker=("Ben",))
    assert facts_on("a.txt", {"a.txt": {"from": "/x", "weight": 2}}, Facts()) == Facts(weight=2.0)


def test_what_a_person_says_counts_more_than_what_the_file_says():
    """--speaker overrules the export."""
    content = Content(documents=[TALK], owner=frozenset({"Ann"}))
    assert [one for one in segments(content, speaker=("Ben",)) if isinstance(one, int)][::2] == [PERSON, BABY, PERSON]


def test_taken_as_prose():
    """A conversation as lines with names, and a text with turns as it stands."""
    assert segments(Content(documents=[TALK[:1]]), taken_as="prose") == ["Ann: hi\nare you there?\n"]
    written = "you: hi\nbaby: hello\n"
    assert has_turns(written)
    assert segments(Content(documents=[written]), taken_as="prose") == [written]


def test_headings_ask():
    """A document taken as conversations: what headings ask is answered by what stands below."""
    text = "Before.\n# Notes\n## What is soup?\n\nWater that met\na carrot.\n### Why? ###\nHunger.\n## The end\n"
    assert segments(Content(documents=[text]), taken_as="conversations") == [
        *(PERSON, "What is soup?", END, BABY, "Water that met\na carrot.", END),
        *(PERSON, "Why?", END, BABY, "Hunger.", END),
    ]
    assert segments(Content(documents=["no heading\n"]), taken_as="conversations") == ["no heading\n"]


def test_marks_in_a_text_are_no_marks():
    """The characters that mark turns are taken out of what people wrote, and counted."""
    content = Content(documents=[[Turn("Ann", f"hi {OTHERS}you"), Turn("Ben", NEW)]], owner=frozenset({"Ann"}))
    assert segments(content) == [BABY, "hi you", END]
    assert prepared(content, Facts()).dropped == {"noncharacter": 2}
    assert segments(Content(documents=[f"a {OWN}fox\n"])) == ["a fox\n"]


def test_gathering():
    """Neighbouring messages of one speaker are one turn; empty ones are counted."""
    gathering = Gathering(Counter())
    for speaker, text in (("Ann", "hi"), ("Ann", " you \n"), ("Ben", " "), ("Ann", "there"), ("Ben", "yes")):
        gathering.add(speaker, text)
    assert gathering.talk == [Turn("Ann", "hi\nyou\nthere"), Turn("Ben", "yes")]
    assert gathering.dropped == {"empty message": 1}


def test_a_conversation_is_cut_between_turns():
    """What is held out begins with a turn, and where a part is missing the rest stays its speaker's."""
    talk = [Turn(("Ann", "Ben")[i % 2], f"number {i}\nand more of it") for i in range(40)]
    text = prepared(Content(documents=[talk], owner=frozenset({"Ann"})), Facts()).text
    cut = cut_of(text, 0.1, talk=True)
    assert text[cut] in (OWN, OTHERS)
    assert in_ranges(text, [(0, 9), (11, 25)]) == text[:9] + OWN + text[11:25]
    assert in_ranges("plain text", [(0, 2), (6, 10)]) == "pltext"


# ---- what of them is learned ---------------------------------------------------------------------------------------


def text_of(ids: list[int], *, weight: float = 1.0, context: bool = False, name: str = "a") -> Text:
    tokens = np.array(ids, dtype=np.uint16)
    return Text(name=name, sha256=name, size=1, weight=weight, context=context, learn=tokens, held_out=tokens)


IDS = [BABY, 10, END, PERSON, 20, 21, END, BABY, 11, END]


def test_others_are_read_but_not_learned():
    """What others say, and its end, is no target, in whatever piece of the text it stands."""
    quiet = Quiet(np.array(IDS))
    learned = [True, True, True, True, False, False, False, True, True, True]
    assert quiet.learned(0, 10).tolist() == learned
    assert all(quiet.learned(start, 10 - start).tolist() == learned[start:] for start in range(10))


def test_letters_are_learned_from_ones_own_words(tmp_path: Path):
    """Not from what others say."""
    (tmp_path / "chat.txt").write_text("[18/12/2023, 15:57:02] Ann: hi\nyou\n[18/12/2023, 15:58:02] Ben: hello\n")
    source = Source(tmp_path / "chat.txt", "chat.txt", Facts(speaker=("Ben",)))
    found = survey(look_at([source]), 0)
    assert "".join(found.taught()) == "hello\n"
    assert found.contexts == [True]


def test_lessons_and_exams_leave_others_out():
    """In lessons, in dialogues and in examinations."""
    librarian = Librarian(TOKENIZER, [text_of(IDS * 30, context=True)], seed=0)
    lesson, _ = librarian.lesson(Bookmark(0, 0, ""), streams=2, length=64)
    assert not np.isin(lesson.tokens[:, 1:][lesson.learned], [20, 21]).any()
    assert np.isin(lesson.tokens, [20, 21]).any()
    rows, counts = librarian.exam_rows(2, 1000, 8)
    assert counts.any()
    assert not np.isin(rows[:, 1:][counts], [20, 21]).any()
    assert not any(np.isin(librarian.dialogue(i, length=64)[0], [20, 21]).any() for i in range(20))
    plain = Librarian(TOKENIZER, [text_of(IDS * 30)], seed=0).lesson(Bookmark(0, 0, ""), streams=2, length=64)[0]
    assert plain.learned.all()


def test_a_heavy_text_is_taught_more_often():
    """One that weighs 2.5 is read five times in two epochs on average, one that weighs 0.5 once, in an order that seed
    and epoch decide; the library's name tells the weights."""
    texts = [text_of(range(MARK_COUNT + 100 * i, MARK_COUNT + 100 * i + 99), weight=w, name=str(i))
             for i, w in enumerate((2.5, 0.5, 1.0))]  # fmt: skip
    librarian, bookmark = Librarian(TOKENIZER, texts, seed=3), Bookmark(0, 0, "")
    counts: Counter[int] = Counter()
    while bookmark.epoch < 200:
        at = bookmark
        lesson, bookmark = librarian.lesson(bookmark, streams=1, length=50)
        assert (librarian.lesson(at, streams=1, length=50)[0].tokens == lesson.tokens).all()
        read = lesson.tokens[0, :-1]
        counts.update(((read[read >= MARK_COUNT] - MARK_COUNT) // 100).tolist())
    assert 2.2 < counts[0] / counts[2] < 2.8
    assert 0.35 < counts[1] / counts[2] < 0.65
    assert librarian.library != Librarian(TOKENIZER, [text_of(text.learn.tolist()) for text in texts], seed=3).library


def test_weights_of_one_change_nothing():
    """The circle is the texts in their order."""
    texts = [text_of([9, 10], name="a"), text_of([11], name="b")]
    assert order_of(texts, lambda: 0.5) == [0, 1]
    assert order_of([text_of([9], weight=3.0), text_of([9])], lambda: 0.5) == [0, 1, 0, 0]
    assert order_of([text_of([9], weight=0.1)], lambda: 0.5) == [0]
    assert Circle(texts, [0, 1]).read(0, 6)[0].tolist() == [DOCUMENT, 9, 10, DOCUMENT, 11, DOCUMENT]
