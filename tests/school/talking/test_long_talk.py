"""A long conversation: the hundredth answer is as good as the first, because lessons hold long conversations, too."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import numpy as np

from brain.ops.backend import Backend
from school.door.mailbox import Ask
from school.office.kernels import compile_kernels
from school.talking.receptionist import Receptionist
from school.teaching.talks import BLOCKS, Talks
from school.teaching.tutor import Tutor
from school.texts.places import STARTER_SHELF
from school.texts.tokenizer import PERSON, Tokenizer
from tests.conftest import LESSONS, SENTENCES, TINY, make_brain, make_receptionist, make_tutor, shelve, take_steps

SHAPE = replace(TINY, neurons=64, embed_width=32, thought_width=32, positions=64, dropout=0.0)
SETTINGS = LESSONS.model_copy(
    update={"streams": 6, "micro_streams": 6, "dialogue_share": 0.5, "warmup_steps": 20, "averaging_steps": 30}
)
QUESTIONS = (
    "good morning", "what did you do today?", "I made soup", "do you like the rain?", "tell me about the cat", "why?",
    "who was there?", "I am going to the sea", "my sister wrote a letter", "and then?", "what is a friend?", "are you?",
)  # fmt: skip


def grown(steps: int) -> Tutor:
    """Somebody very small who has read some of the starter shelf for so many steps."""
    shelf = "".join((STARTER_SHELF / name).read_text(encoding="utf-8") for name in ("chats.txt", "chats-everyday.txt"))
    librarian = shelve(Tokenizer.train([shelf], vocabulary=400, minimum_frequency=2), shelf)
    settings = SETTINGS.model_copy(update={"learning_rate": 5e-3})
    tutor = Tutor.of_library(
        make_brain(librarian.tokenizer, config=SHAPE, backend=Backend(compile_kernels())),
        librarian,
        settings,
        block_tokens=64,
    )
    take_steps(tutor, steps)
    return tutor


def lengths_of_answers(receptionist: Receptionist, turns: int) -> list[int]:
    """Tokens of each answer of one conversation."""
    lengths = []
    for turn in range(turns):
        reply = receptionist.answer(Ask(QUESTIONS[turn % len(QUESTIONS)], "terminal:me", "me", None))
        lengths.append(len(reply.tokens))
    return lengths


def test_a_hundredth_answer_is_as_long_as_the_first(tmp_path):
    """Answers neither dwindle nor grow, and few are a word or two."""
    receptionist = make_receptionist(grown(100), tmp_path, max_tokens=30, max_seconds=600)
    receptionist.heed(1.0, 0.3)
    lengths = lengths_of_answers(receptionist, 100)
    assert mean(lengths[:10]) > 10
    assert 0.7 < mean(lengths[50:]) / mean(lengths[:10]) < 1.4
    assert sum(length <= 2 for length in lengths) <= 5


def test_a_conversation_goes_on_from_lesson_to_lesson(librarian):
    """Each row's blocks are one conversation of the librarian's after another, each from its beginning to an end that
    comes after one block or after many; only its answers and their ends are learned."""
    length = 16
    talks, rest = Talks(make_tutor(librarian).brain, 2, length), [(0, 0), (1, 0)]
    lengths = [[], []]
    for _ in range(200):
        assert talks.places == rest
        ids, learned = talks.next(librarian)
        for row, (number, block) in enumerate(rest):
            whole, to_learn = librarian.dialogue(number, length=(block + 1) * length)
            assert whole[0] == PERSON
            np.testing.assert_array_equal(ids[row], whole[block * length :])
            np.testing.assert_array_equal(learned[row], to_learn[block * length :])
            rest[row] = (number, block + 1)
            if talks.places[row] != rest[row]:
                lengths[row].append(block + 1)
                rest[row] = (number + 2, 0)
    for row in lengths:
        assert set(row) <= set(BLOCKS)
        assert max(row) > 4


def test_a_new_conversation_begins_with_no_memory_and_an_old_one_with_its_own(tokenizer):
    """What a block leaves behind is what the row's next block is read with."""
    tutor = make_tutor(shelve(tokenizer, SENTENCES * 20), LESSONS.model_copy(update={"dialogue_share": 1.0}))
    tutor.brain.dropout, plan, given = 0.0, tutor.planner.plan, []

    def spy(*step, **more):
        given.append(list(tutor.talks.places))
        return plan(*step, **more)

    tutor.planner.plan = spy
    for _ in range(40):
        take_steps(tutor, 1)
        heard = tutor.talks.carried.state["words"].sum((1, 2))
        for (_, block), count in zip(given[-1], heard.tolist(), strict=True):
            assert (count <= 2 * 16) == (block == 0)
