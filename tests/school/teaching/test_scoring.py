"""A file is scored and read as lessons would be of it: what others say in a chat is read, but does not count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from school.office.mistakes import Mistake
from school.teaching.reader import Reader
from school.teaching.scoring import exam_on, facts_about, open_file
from school.texts.facts import Facts, write_known
from school.texts.settings import LibrarySettings
from tests.conftest import LESSONS, make_tutor
from tests.school.teaching.test_reader import nothing_heard

LINES = [("Ann", "the cat sat on the mat."), ("Ben", "my sister made soup and the radio sang.")] * 30
CHAT = "".join(f"18/12/2023, 15:{n:02} - {name}: {said}\n" for n, (name, said) in enumerate(LINES))


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "chat.txt").write_text(CHAT)
    return tmp_path / "library" / "chat.txt"


def test_whose_words_count_is_known_from_the_library(chat: Path):
    """What was said about the file, and what holds for all; nobody said it: then it is asked."""
    settings = LibrarySettings()
    assert facts_about(chat, chat.parent, settings) == Facts()
    write_known(chat.parent, {"chat.txt": {"speaker": ["Ann"]}})
    assert facts_about(chat, chat.parent, settings).speaker == ("Ann",)
    everywhere = LibrarySettings(speaker=("Ben",))
    assert facts_about(chat.parent.parent / "other.txt", chat.parent, everywhere).speaker == ("Ben",)


def test_what_others_say_is_not_scored(chat: Path, librarian):
    """The bytes that count are the owner's."""
    with pytest.raises(Mistake, match="which of"):
        open_file(chat, librarian.tokenizer)
    lengths = np.array(librarian.tokenizer.byte_lengths())
    for name, number in (("Ann", 0), ("Ben", 1)):
        tokens, own = open_file(chat, librarian.tokenizer, Facts(speaker=(name,)))
        assert int(lengths[tokens[own]].sum()) == 30 * len(LINES[number][1])
        result = exam_on(chat, librarian.tokenizer, None, Facts(speaker=(name,))).run(make_tutor(librarian).brain)
        assert result.bytes == 30 * len(LINES[number][1])


def test_what_others_say_is_not_learned_in_reading(chat: Path, librarian):
    tokens, own = open_file(chat, librarian.tokenizer, Facts(speaker=("Ann",)))
    reader = Reader(make_tutor(librarian).brain, librarian, LESSONS, tokens, nothing_heard(librarian), own)
    reading = reader.read(lambda line: None)
    assert reading.bytes == 30 * len(LINES[0][1])
    assert reading.tokens == own[1:].sum() < len(tokens) - 1
    assert 0 < reading.bits_per_byte < 20
