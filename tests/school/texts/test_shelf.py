"""The shelf: texts are cut and encoded, and their tokens are kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from school.texts import pieces as cutting
from school.texts import shelf
from school.texts.places import Source
from school.texts.shelf import NAME, Shelved, Text, open_texts, pieces, split_held_out
from school.texts.tokenizer import BABY, END, PERSON, Tokenizer

DIARY = "Liebes Tagebuch, heute kam der Fuchs über die Brücke.\nEr aß süße Äpfel – für Käthe.\n"
PLAIN = "Dear diary, today the fox came back to the garden.\nShe was quiet, and so was I.\n"
FRENCH = "Cher journal, aujourd’hui le renard est revenu à la forêt. Ça va être l’été – à côté de l’œuf.\n"
TOKENIZER = Tokenizer.train([DIARY, PLAIN] * 5, vocabulary=320, minimum_frequency=2)
OTHER = Tokenizer.train([FRENCH] * 5, vocabulary=300, minimum_frequency=2)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x06\0\0\0" + bytes(range(256)) * 8


# ---- cutting ---------------------------------------------------------------------------------------------------------

LETTERS = st.text(st.sampled_from("abü狐 \n.🦊"), max_size=400)


@effort(max_examples=300, deadline=None)
@given(LETTERS, st.floats(0, 0.5))
@example("", 0.1)
@example("a", 0.5)
def test_nothing_is_lost_between_taught_and_held_out(text: str, share: float):
    """The two parts, one behind the other, are the text; the second is at most the share of it, and half of that at
    least."""
    taught, held = split_held_out(text, share)
    assert taught + held == text
    assert len(held) <= share * len(text) + 1
    assert len(held) >= share * len(text) / 2 - 2


@effort(max_examples=100, deadline=None)
@given(LETTERS)
def test_nothing_held_out_where_nothing_is_asked(text: str):
    """A share of 0 holds nothing out."""
    assert split_held_out(text, 0) == (text, "")


def test_the_cut_is_at_the_end_of_a_line():
    """Where a line ends near, the held-out part begins with a line; else with a word; else just anywhere."""
    assert split_held_out("a line of it\n" * 100, 0.1)[1] == "a line of it\n" * 9
    assert split_held_out("word " * 100, 0.1)[1] == "word " * 9
    assert split_held_out("x" * 100, 0.1)[1] == "x" * 10


def test_a_note_of_one_paragraph_keeps_something_back():
    """A text whose one line ends at its very end has a held-out part all the same."""
    taught, held = split_held_out("One paragraph, written down in haste, and that is all there is.\n", 0.1)
    assert taught
    assert held


def test_a_long_text_loses_at_most_a_page_of_it():
    """The search for a good place to cut gives up after 2000 letters."""
    _, held = split_held_out("x" * 100_000 + "\n", 0.1)
    assert len(held) == 10_000
    _, held = split_held_out(("x" * 1990 + "\n") * 50, 0.1)
    assert 9955 - 2000 <= len(held) <= 9955


@effort(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 7), max_size=30), st.sampled_from(["a", "\n", " ", "word ", "line\n", "🦊"]))
def test_pieces_make_the_whole(lengths: list[int], filler: str):
    """The pieces of a text, one behind the other, are the text; none is empty or longer than a piece may be."""
    text = "".join(filler * (9 * length) + "\n " * (length % 3) for length in lengths)
    before, cutting.PIECE = cutting.PIECE, 64
    try:
        parts = list(pieces(text))
    finally:
        cutting.PIECE = before
    assert "".join(parts) == text
    assert all(0 < len(part) <= 64 for part in parts)


def test_pieces_end_with_a_line_or_a_word(monkeypatch: pytest.MonkeyPatch):
    """A piece ends behind a line's end, or else in front of a space, or else where it is full."""
    monkeypatch.setattr(cutting, "PIECE", 10)
    assert list(pieces("abcdefg\nhijklmnop")) == ["abcdefg\n", "hijklmnop"]
    assert list(pieces("abcdefg hijklmnop")) == ["abcdefg", " hijklmnop"]
    assert list(pieces("a bcdefghijklmnop")) == ["a bcdefghi", "jklmnop"]
    assert list(pieces("")) == []


# ---- tokens kept on disk ---------------------------------------------------------------------------------------------


def silent(text: str) -> None:
    """What is said while reading does not matter here."""


def shelved(folder: Path, tokenizer: Tokenizer = TOKENIZER, *, share: float = 0.1, say: Callable = silent) -> Shelved:
    """The texts of a folder, whose tokens are kept below it."""
    sources = [Source(path, path.name) for path in sorted(folder.glob("*.txt"))]
    return open_texts(sources, tokenizer, held_out=share, cache=folder / "cache", say=say)


def opened(path: Path, tokenizer: Tokenizer = TOKENIZER, *, share: float = 0.1, say: Callable = silent) -> Text:
    (text,) = shelved(path.parent, tokenizer, share=share, say=say).texts
    return text


def cached(folder: Path) -> set[str]:
    return {file.name for file in (folder / "cache").iterdir()}


def never(*_: object) -> list[int]:
    raise AssertionError("it was encoded again")


def test_a_text_is_opened(tmp_path: Path):
    """An opened text has its name, size, and all its tokens: the taught ones and the held-out ones."""
    file = tmp_path / "diary.txt"
    file.write_bytes(("\ufeff" + DIARY * 30).encode())
    text = opened(file)
    taught, held = split_held_out(DIARY * 30, 0.1)
    assert (text.name, text.size) == ("diary.txt", file.stat().st_size)
    assert TOKENIZER.decode(text.learn.tolist()) == taught
    assert TOKENIZER.decode(text.held_out.tolist()) == held
    assert len(text.sha256) == 64


def test_a_conversation_is_opened_with_its_turns(tmp_path: Path):
    """A text with you: and baby: lines is kept as marked turns, in both its parts."""
    file = tmp_path / "chat.txt"
    file.write_text("you: hi, fox\nbaby: hello, you\n" * 20)
    text = opened(file)
    for part in (text.learn, text.held_out):
        assert (part == PERSON).sum() + (part == BABY).sum() == (part == END).sum() > 0
    assert "you:" not in TOKENIZER.decode([*text.learn, *text.held_out])


def test_a_long_text_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A text of many pieces has all its tokens, in order, and says how far it is."""
    monkeypatch.setattr(shelf, "PIECE", 64)
    file = tmp_path / "long.txt"
    file.write_text(DIARY * 100, "utf-8")
    said = []
    text = opened(file, share=0, say=said.append)
    assert TOKENIZER.decode(text.learn.tolist()) == DIARY * 100
    assert said
    assert all(line.startswith("reading the library: ") for line in said)


def test_the_second_time_it_only_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A text whose content was opened before is not encoded again, even under another name."""
    file = tmp_path / "diary.txt"
    file.write_text(DIARY * 30, "utf-8")
    first = opened(file)
    monkeypatch.setattr(Tokenizer, "encode", never)
    monkeypatch.setattr(Tokenizer, "encode_many", never)
    file.rename(tmp_path / "memoir.txt")
    again = opened(tmp_path / "memoir.txt")
    np.testing.assert_array_equal(again.learn, first.learn)
    np.testing.assert_array_equal(again.held_out, first.held_out)
    assert again.sha256 == first.sha256
    assert again.name == "memoir.txt"


@pytest.mark.parametrize("change", ["content", "tokenizer", "share"])
def test_what_changed_is_encoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str):
    """New content, another tokenizer or another held-out share: the text is encoded anew, and rightly."""
    file = tmp_path / "diary.txt"
    file.write_text(DIARY * 30, "utf-8")
    opened(file)
    tokenizer, share = (OTHER, 0.1) if change == "tokenizer" else (TOKENIZER, 0.3 if change == "share" else 0.1)
    if change == "content":
        file.write_text(DIARY * 30 + PLAIN, "utf-8")
    text = opened(file, tokenizer, share=share)
    taught, held = split_held_out(file.read_text("utf-8"), share)
    assert tokenizer.decode(text.learn.tolist()) == taught
    assert tokenizer.decode(text.held_out.tolist()) == held
    monkeypatch.setattr(Tokenizer, "encode_many", never)
    opened(file, tokenizer, share=share)


def test_an_empty_text_has_no_tokens(tmp_path: Path):
    """A file without a letter is opened, with no tokens."""
    file = tmp_path / "empty.txt"
    file.touch()
    assert [len(part) for text in (opened(file), opened(file)) for part in (text.learn, text.held_out)] == [0] * 4


def test_a_crash_while_encoding_leaves_nothing_that_is_taken_for_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """If encoding breaks off, the next opening encodes the whole text."""
    file = tmp_path / "diary.txt"
    file.write_text(DIARY * 30, "utf-8")

    def half(tokenizer: Tokenizer, texts: list[str]):
        yield tokenizer.encode(texts[0][:100])
        raise MemoryError

    with monkeypatch.context() as moment:
        moment.setattr(Tokenizer, "encode_many", half)
        with pytest.raises(MemoryError):
            opened(file)
    assert TOKENIZER.decode(opened(file, share=0.1).learn.tolist()) == split_held_out(DIARY * 30, 0.1)[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it takes a device that is always full")
def test_a_full_disk_keeps_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where tokens can't be written, the text is opened all the same, from memory, and that is said; nothing that could
    be taken for its tokens stays behind."""
    file = tmp_path / "diary.txt"
    file.write_text(DIARY * 30, "utf-8")
    told = []

    @contextmanager
    def full(path: Path) -> Iterator[BinaryIO]:
        with Path("/dev/full").open("wb") as stream:
            yield stream

    monkeypatch.setattr(shelf, "replacing", full)
    text = opened(file, say=told.append)
    assert TOKENIZER.decode([*text.learn.tolist(), *text.held_out.tolist()]) == DIARY * 30
    assert [line for line in told if "can't be kept (No space left on device)" in line] == told
    assert len(told) == 1
    assert cached(tmp_path) == set()
    with (tmp_path / "cache" / "old.learn").open("wb"):
        opened(file)
    assert cached(tmp_path) == set()


def test_what_can_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A picture, and a file that vanished: left out with the reason, also when nothing is read again."""
    (tmp_path / "picture.txt").write_bytes(PNG)
    (tmp_path / "diary.txt").write_text(DIARY * 30, "utf-8")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    for _ in range(2):
        found = shelved(tmp_path)
        assert [text.name for text in found.texts] == ["diary.txt"]
        assert "picture" in found.skipped["picture.txt"]
        assert found.skipped["gone.txt"] == "it can't be opened (No such file or directory)"
        monkeypatch.setattr(Tokenizer, "encode_many", never)


def test_what_was_taken_away_does_not_linger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing is kept of texts that are no longer on the shelf, nor what earlier versions or a crash left; the tokens
    of those that stay are not made again."""
    for name, content in (("stays", DIARY), ("goes", PLAIN)):
        (tmp_path / f"{name}.txt").write_text(content * 30, "utf-8")
    cache = tmp_path / "cache"
    shelved(tmp_path)
    whole = (cache / NAME).read_bytes()
    for name in ("0123-plain1.1-4567-0.1.learn", ".unfinished-library.tokens-xyz", f"{NAME}.damaged-1"):
        (cache / name).write_bytes(b"half")
    (cache / "folder").mkdir()
    (tmp_path / "goes.txt").unlink()
    with monkeypatch.context() as moment:
        moment.setattr(Tokenizer, "encode_many", lambda tokenizer, texts: iter(map(never, texts)))
        (stays,) = shelved(tmp_path).texts
    assert cached(tmp_path) == {NAME}
    assert len((cache / NAME).read_bytes()) < len(whole)
    assert TOKENIZER.decode([*stays.learn, *stays.held_out]) == DIARY * 30


def test_a_note_more_leaves_the_others_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where one text is new and one has changed, only those two are encoded."""
    for i in range(9):
        (tmp_path / f"{i}.txt").write_text(f"note {i} tells of fox {i}\n" * 9)
    shelved(tmp_path)
    (tmp_path / "5.txt").write_text("note 5 has changed\n")
    (tmp_path / "50.txt").write_text("note 50 is new\n")
    encoded, encode = [], Tokenizer.encode_many
    monkeypatch.setattr(Tokenizer, "encode_many", lambda self, texts: encoded.extend(texts) or encode(self, texts))
    texts = shelved(tmp_path).texts
    said = "".join(encoded)
    assert "change" in said
    assert "new" in said
    assert "fox" not in said
    for text in texts:
        content = (tmp_path / text.name).read_text()
        assert TOKENIZER.decode([*text.learn.tolist(), *text.held_out.tolist()]) == content


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="it counts open files")
def test_any_number_of_texts_takes_one_open_file(tmp_path: Path):
    """However many notes there are, one file is open for all."""
    for i in range(150):
        (tmp_path / f"{i}.txt").write_text(f"note {i} tells of fox {i}\n" * 3)
    before = len(list(Path("/proc/self/fd").iterdir()))
    texts = shelved(tmp_path).texts
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
    assert len(texts) == 150
    assert all(len(text.learn) and len(text.held_out) for text in texts)


@pytest.mark.parametrize(
    "how",
    ["cut short", "ones", "one bit", "empty", "a folder", "a pipe", "a device", "a link to nowhere", "no index"],
)
def test_tokens_that_cannot_be_what_was_written(tmp_path: Path, how: str):
    """A token file that is none is made anew from the texts, without waiting."""
    path = tmp_path / "diary.txt"
    path.write_text("today it rained and the cat slept.\n" * 50)
    whole = [np.array(getattr(opened(path), name)) for name in ("learn", "held_out")]
    file = tmp_path / "cache" / NAME
    raw = file.read_bytes()
    file.unlink()
    match how:
        case "cut short":
            file.write_bytes(raw[:-1])
        case "ones":
            file.write_bytes(b"\xff" * len(raw))
        case "one bit":
            file.write_bytes(bytes([raw[0] ^ 4]) + raw[1:])
        case "empty":
            file.touch()
        case "a folder":
            file.mkdir()
        case "a pipe":
            os.mkfifo(file)
        case "a device":
            file.symlink_to("/dev/zero")
        case "a link to nowhere":
            file.symlink_to(tmp_path / "nowhere")
        case "no index":
            body = b"[1, 2]" + (6).to_bytes(8, "little")
            file.write_bytes(body + hashlib.sha256(body).digest())
    again = opened(path)
    for name, tokens in zip(("learn", "held_out"), whole, strict=True):
        assert np.array_equal(getattr(again, name), tokens)
    assert file.read_bytes() == raw
    assert not file.is_symlink()
    assert not (tmp_path / "nowhere").exists()
    assert cached(tmp_path) == {NAME}


def test_a_file_in_the_place_of_the_tokens(tmp_path: Path):
    """The folder of the tokens being a file: it is set aside, and the text is read."""
    path = tmp_path / "diary.txt"
    path.write_text("today it rained.\n" * 50)
    (tmp_path / "cache").write_text("?")
    assert len(opened(path).learn)


FEW_FILES = """
import resource, sys
from pathlib import Path
from school.texts.librarian import Librarian
from school.texts.places import gather_sources
from school.texts.tokenizer import Tokenizer
home, most = Path(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
sources, _ = gather_sources(home / "library", [], home / "none", "never")
tokenizer = Tokenizer.train(["a note about a fox"], vocabulary=300, minimum_frequency=2)
say = lambda text: print(text, file=sys.stderr)  # how far it is, where it takes long
librarian = Librarian.open(sources, tokenizer, held_out=0.1, cache=home / "tokens", seed=0, say=say)
print(len(librarian.texts), len(librarian.skipped))
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits open files this way")
@pytest.mark.parametrize(("notes", "most"), [(124, 64), (1500, 256)])
def test_more_notes_than_files_may_be_open(tmp_path: Path, notes: int, most: int):
    """All are learned, at the first wake and the second."""
    (tmp_path / "library").mkdir()
    for i in range(notes):
        (tmp_path / "library" / f"{i}.txt").write_text(f"note {i} tells of fox {i}\n" * 3)
    for _ in range(2):
        command = [sys.executable, "-c", FEW_FILES, str(tmp_path), str(most)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        assert done.stdout == f"{notes} 0\n", done.stderr
