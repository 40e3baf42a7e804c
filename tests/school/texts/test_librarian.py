"""The librarian: lessons are arithmetic on a bookmark, every token has its turn, and what is held out stays out."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from school.office.mistakes import Mistake
from school.texts import librarian as librarian_module
from school.texts.librarian import Bookmark, Librarian, split_rows, train_tokenizer
from school.texts.places import Source, gather_sources
from school.texts.shelf import Text
from school.texts.survey import look_at, survey
from school.texts.tokenizer import BABY, DOCUMENT, END, MARK_COUNT, PERSON, Tokenizer

FABLE = (
    "The fox went to the river to look for the moon. Where do you sleep? she asked the water. "
    "The water said nothing! So the fox sat down.\nShe waited.\n"
)
TOKENIZER = Tokenizer.train([FABLE] * 5, vocabulary=320, minimum_frequency=2)
FIRST = Bookmark(0, 0, "")
SHORT = st.integers(4, 50)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4


def silent(text: str) -> None:
    """What is said while reading does not matter here."""


def text_of(ids: list[int] | range, *, name: str = "a", held_out: list[int] | range = range(0)) -> Text:
    learn = np.array(list(ids), dtype=np.uint16)
    return Text(name=name, sha256=f"{name:>064}", size=1, learn=learn, held_out=np.array(held_out, dtype=np.uint16))


def shelf_of(*sizes: int, seed: int = 0) -> Librarian:
    """A librarian whose texts hold so many tokens, no two of them the same."""
    first, texts = MARK_COUNT, []
    for i, size in enumerate(sizes):
        texts.append(text_of(range(first, first + size), name=f"text{i}"))
        first += size
    return Librarian(TOKENIZER, texts, seed=seed)


def opened(folder: Path, seed: int = 0, held_out: float = 0.1, say: Callable = silent) -> Librarian:
    sources, skipped = gather_sources(folder / "library", [], folder / "none", "never")
    cache = folder / "cache"
    return Librarian.open(sources, TOKENIZER, held_out=held_out, cache=cache, seed=seed, say=say, skipped=skipped)


def on_shelf(folder: Path, **texts: str | bytes) -> Path:
    for name, content in texts.items():
        file = folder / "library" / f"{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


# ---- lessons -------------------------------------------------------------------------------------------------------


def test_a_lesson_follows_from_seed_and_bookmark():
    """Two librarians with the same texts and seed give the same lesson for a bookmark, in any order, any time."""
    one, two = shelf_of(300, 500, 7, seed=3), shelf_of(300, 500, 7, seed=3)
    bookmarks, bookmark = [], FIRST
    for _ in range(12):
        bookmarks.append(bookmark)
        lesson, bookmark = one.lesson(bookmark, streams=4, length=32)
    for bookmark in reversed(bookmarks):
        lesson, after = one.lesson(bookmark, streams=4, length=32)
        again, after_again = two.lesson(bookmark, streams=4, length=32)
        np.testing.assert_array_equal(lesson.tokens, again.tokens)
        assert (lesson.jumped, after) == (again.jumped, after_again)


def test_other_seeds_and_epochs_begin_elsewhere():
    """Another seed, or another epoch, cuts the circle at another place."""
    lessons = [
        shelf_of(5000, seed=seed).lesson(Bookmark(epoch, 0, ""), streams=2, length=16)[0].tokens[0, 0]
        for seed in range(3)
        for epoch in range(3)
    ]
    assert len(set(lessons)) == 9


@effort(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=6),
    streams=st.integers(1, 9),
    length=st.integers(4, 70),
    seed=st.integers(0, 2**31 - 1),
)
@example(sizes=[127], streams=1, length=64, seed=0)
@example(sizes=[1], streams=1, length=2, seed=0)
def test_an_epoch_reads_every_token_once(sizes: list[int], streams: int, length: int, seed: int):
    """Where a stream's arc has room for a block, an epoch reads no token twice and leaves less than a block per stream
    (and the halves of a token that the arcs are rounded by) unread."""
    librarian = shelf_of(*sizes, seed=seed)
    arc = librarian.tokens / streams
    assume(arc >= length)
    seen: Counter[int] = Counter()
    documents, blocks, bookmark = 0, 0, FIRST
    while bookmark.epoch == 0:
        lesson, bookmark = librarian.lesson(bookmark, streams=streams, length=length)
        read = lesson.tokens[:, :-1]
        seen.update(read[read != DOCUMENT].tolist())
        documents += int((read == DOCUMENT).sum())
        blocks += 1
    assert bookmark == (1, 0, librarian.library)
    assert blocks == arc // length
    assert max(seen.values(), default=1) == 1
    assert documents <= len(sizes)
    assert len(seen) + documents == blocks * length * streams > librarian.tokens - streams * (length + 1)


def test_a_year_of_epochs_neglects_nothing():
    """Over some epochs each token is read about equally often: the remainder is another one each time."""
    librarian = shelf_of(200, 150)
    seen: Counter[int] = Counter()
    bookmark = FIRST
    while bookmark.epoch < 60:
        lesson, bookmark = librarian.lesson(bookmark, streams=3, length=40)
        seen.update(lesson.tokens[:, :-1].ravel().tolist())
    counts = [seen[token] for token in range(MARK_COUNT, MARK_COUNT + 350)]
    assert max(counts) <= 60
    assert min(counts) >= 25
    assert 30 < sum(counts) / 350 <= 60


@effort(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(20, 400), min_size=1, max_size=4), streams=st.integers(1, 5), length=SHORT)
def test_streams_are_contiguous(sizes: list[int], streams: int, length: int):
    """A block begins with the token that the stream's block before ended with, unless the lesson says it jumped."""
    librarian = shelf_of(*sizes)
    bookmark, before = FIRST, None
    for _ in range(30):
        lesson, bookmark = librarian.lesson(bookmark, streams=streams, length=length)
        assert lesson.tokens.shape == (streams, length + 1)
        if not lesson.jumped:
            np.testing.assert_array_equal(lesson.tokens[:, 0], before)
        before = lesson.tokens[:, -1]
        within = lesson.tokens[:, 1:] - lesson.tokens[:, :-1]
        inside = (lesson.tokens[:, 1:] != DOCUMENT) & (lesson.tokens[:, :-1] != DOCUMENT)
        assert (within[inside] == 1).all()


def test_it_jumps_at_the_start_of_an_epoch_only():
    """A lesson says that the streams jumped just when it is the first of an epoch."""
    librarian, bookmark, jumps = shelf_of(400), FIRST, []
    for _ in range(40):
        first_block = bookmark.block == 0
        lesson, bookmark = librarian.lesson(bookmark, streams=2, length=16)
        jumps.append(lesson.jumped == first_block)
    assert all(jumps)


def test_each_text_stands_behind_its_mark():
    """In the circle every text is preceded by one document mark and followed by the next text's."""
    librarian = shelf_of(5, 3)
    lesson, _ = librarian.lesson(FIRST, streams=1, length=30)
    once_round = [DOCUMENT, *range(8, 13), DOCUMENT, *range(13, 16)]
    start = lesson.tokens[0].tolist().index(DOCUMENT)
    around = lesson.tokens[0].tolist()[start : start + 10]
    assert around in (once_round, once_round[6:] + once_round[:6])
    assert librarian.tokens == 10


@pytest.mark.parametrize("streams", [1, 3, 8, 64])
def test_a_tiny_library_serves_many_streams(streams: int):
    """Twenty tokens are enough for lessons of any size: whole blocks, every one the start of a new epoch."""
    librarian, bookmark = shelf_of(20), FIRST
    for epoch in range(5):
        lesson, bookmark = librarian.lesson(bookmark, streams=streams, length=128)
        assert lesson.tokens.shape == (streams, 129)
        assert lesson.jumped
        assert set(lesson.tokens.ravel().tolist()) == {DOCUMENT, *range(8, 28)}
        assert bookmark == (epoch + 1, 0, librarian.library)


def test_a_changed_library_starts_a_new_epoch():
    """A bookmark of another library leads to the first block of the next epoch; one of none stays in its own."""
    small, large = shelf_of(300), shelf_of(300, 300)
    _, bookmark = small.lesson(FIRST, streams=2, length=16)
    assert bookmark == (0, 1, small.library)
    lesson, after = large.lesson(bookmark, streams=2, length=16)
    assert lesson.jumped
    assert after == (1, 1, large.library)
    again, _ = large.lesson(Bookmark(1, 0, large.library), streams=2, length=16)
    np.testing.assert_array_equal(lesson.tokens, again.tokens)
    assert large.lesson(Bookmark(7, 0, ""), streams=2, length=16)[1] == (7, 1, large.library)


def test_another_order_or_another_share_is_another_library():
    """Where texts change places, or more of one is held out, the circle is another, and so is the library."""
    one, two = text_of(range(8, 60), name="one"), text_of(range(60, 99), name="two")
    shorter = text_of(range(8, 50), name="one")
    libraries = [Librarian(TOKENIZER, texts, seed=0).library for texts in ([one, two], [two, one], [shorter, two])]
    assert len(set(libraries)) == 3
    assert Librarian(TOKENIZER, [one, two], seed=1).library == libraries[0]


# ---- held-out text -------------------------------------------------------------------------------------------------


def test_what_is_held_out_is_never_taught(tmp_path: Path):
    """Words that occur in the held-out end of a text only are in no lesson, no dialogue and no token; in exams they
    are."""
    on_shelf(tmp_path, one=FABLE * 20 + "Zzyzx qoph. " * 5, two="The moon is here. " * 60 + "Zzyzx qoph.\n")
    sources, _ = gather_sources(tmp_path / "library", [], tmp_path, "never")
    tokenizer = train_tokenizer(survey(look_at(sources), 0.1), vocabulary=330, minimum_frequency=2)
    longer = [piece for piece in map(tokenizer.token_bytes, range(tokenizer.size)) if len(piece) > 1]
    assert longer
    assert not [piece for piece in longer if set(piece) & set(b"zq")]
    librarian = opened(tmp_path)
    taught, bookmark = [], FIRST
    while bookmark.epoch < 3:
        lesson, bookmark = librarian.lesson(bookmark, streams=2, length=64)
        taught += [librarian.tokenizer.decode(row) for row in lesson.tokens.tolist()]
    taught += [librarian.tokenizer.decode(librarian.dialogue(i, length=128)[0].tolist()) for i in range(100)]
    assert "fox" in "".join(taught)
    assert not [text for text in taught if "zyz" in text or "qo" in text]
    rows, _ = librarian.exam_rows(8, 10_000, 16)
    examined = librarian.tokenizer.decode(rows.ravel().tolist())
    assert examined.count("Zzyzx qoph.") == 6


def test_the_examination_is_all_that_is_held_out():
    """exam_rows share out the held-out tokens of all texts, marks between them, and every target of them counts
    once."""
    texts = [text_of(range(8, 60), name="a", held_out=range(500, 900)), text_of(range(60, 99), name="b")]
    texts.append(text_of(range(100, 199), name="c", held_out=range(1000, 1900)))
    rows, counts = Librarian(TOKENIZER, texts, seed=0).exam_rows(8, 10_000, 64)
    targets = rows[:, 1:][counts].tolist()
    assert targets == [*range(500, 900), DOCUMENT, *range(1000, 1900), DOCUMENT]
    assert rows[0, 0] == DOCUMENT
    assert rows.dtype == np.int64


def test_nothing_held_out_nothing_to_examine():
    """Where no text has a held-out part, no target of the examination counts."""
    rows, counts = shelf_of(100).exam_rows(8, 10_000, 64)
    assert not counts.any()
    assert rows.shape[1] == counts.shape[1] + 1


def test_bytes_are_counted():
    """byte_count of a text's tokens is its size in UTF-8; marks weigh nothing."""
    ids = np.array([[DOCUMENT, *TOKENIZER.encode("für 🦊"), END]])
    assert Librarian(TOKENIZER, [text_of(range(8, 99))], seed=0).byte_count(ids) == len("für 🦊".encode())


# ---- opening the library -------------------------------------------------------------------------------------------


def test_an_empty_library_is_the_users_mistake(tmp_path: Path):
    """No texts at all: a Mistake of one line that says where to put one."""
    with pytest.raises(Mistake, match=r"^There is nothing to learn from yet: put a text into the library folder\.$"):
        opened(tmp_path)


def test_a_library_nobody_can_read_names_what_it_skipped(tmp_path: Path):
    """Where no file can be read, the Mistake is one line that names each of them and why."""
    on_shelf(tmp_path, picture=PNG, film=b"\0" * 99)
    (tmp_path / "library" / "gone.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Mistake, match="nothing to learn from") as caught:
        opened(tmp_path)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert "picture.txt: it is a picture, not plain text" in line
    assert "film.txt: it holds nothing but zeros" in line
    assert "gone.txt: it can't be opened (No such file or directory)" in line


def test_a_library_of_a_few_letters_is_as_good_as_none(tmp_path: Path):
    """Fewer than 16 tokens to teach are a Mistake; a little more is a library."""
    with pytest.raises(Mistake, match="nothing to learn from"):
        opened(on_shelf(tmp_path, small="fox"))
    assert opened(on_shelf(tmp_path, small="qwertzuiop" * 5)).tokens > 16


def test_one_picture_spoils_nothing(tmp_path: Path):
    """Files that cannot be read are skipped by name and reason; the others are taught."""
    librarian = opened(on_shelf(tmp_path, fable=FABLE * 9, picture=PNG))
    assert [text.name for text in librarian.texts] == ["fable.txt"]
    assert list(librarian.skipped) == ["picture.txt"]
    assert "a picture" in librarian.skipped["picture.txt"]


def test_the_same_text_twice_is_one_text(tmp_path: Path):
    """Files with the same content are counted and taught once, under the first name."""
    once = opened(on_shelf(tmp_path / "once", a=FABLE * 9))
    twice = opened(on_shelf(tmp_path / "twice", a=FABLE * 9, b=FABLE * 9, c=FABLE * 9))
    assert [text.name for text in twice.texts] == ["a.txt"]
    assert (twice.tokens, twice.library) == (once.tokens, once.library)


def test_a_new_name_changes_no_lesson(tmp_path: Path):
    """Where a text is only renamed, and keeps its place, library and lessons stay the same."""
    before = opened(on_shelf(tmp_path, a=FABLE * 9))
    (tmp_path / "library" / "a.txt").rename(tmp_path / "library" / "b.txt")
    after = opened(tmp_path)
    assert after.library == before.library
    lessons = [who.lesson(FIRST, streams=2, length=32)[0].tokens for who in (before, after)]
    np.testing.assert_array_equal(*lessons)


def test_tokens_of_texts_taken_away_are_deleted(tmp_path: Path):
    """Opening a library deletes the kept tokens of texts that are no longer in it."""
    opened(on_shelf(tmp_path, stays=FABLE * 9, goes="A secret about the moon. " * 9))
    (kept,) = (tmp_path / "cache").iterdir()
    before = kept.stat().st_size
    (tmp_path / "library" / "goes.txt").unlink()
    opened(tmp_path)
    assert list((tmp_path / "cache").iterdir()) == [kept]
    assert kept.stat().st_size < before


# ---- letters -------------------------------------------------------------------------------------------------------


def test_the_letters_are_learned_from_what_can_be_read(tmp_path: Path):
    """train_tokenizer passes over what is no text, and learns from the rest."""
    on_shelf(tmp_path, picture=PNG, fable=FABLE * 9)
    sources, _ = gather_sources(tmp_path / "library", [], tmp_path, "never")
    sources.append(Source(tmp_path / "nowhere.txt", "nowhere.txt"))
    tokenizer = train_tokenizer(survey(look_at(sources), 0.1), vocabulary=300, minimum_frequency=2)
    assert tokenizer.size == 300
    assert len(tokenizer.encode("the fox")) < 6


def test_letters_of_an_empty_library():
    """Without any source the tokenizer knows its bytes and marks, no more."""
    assert train_tokenizer(survey(look_at([]), 0.1), vocabulary=300, minimum_frequency=2).size == 256 + MARK_COUNT


# ---- dialogues -----------------------------------------------------------------------------------------------------


def well_formed(ids: np.ndarray, learned: np.ndarray, length: int) -> None:
    """PERSON .. END BABY .. END, again and again, cut off at the end; learned just the answers and their ends."""
    assert ids.shape == (length + 1,)
    assert learned.shape == (length,)
    assert learned.dtype == bool
    turn, expected = "start", []
    for token in ids.tolist():
        expected.append(turn == "answer")
        match turn:
            case "start":
                assert token == PERSON
                turn = "question"
            case "question":
                assert token == END or token >= MARK_COUNT
                turn = "between" if token == END else turn
            case "between":
                assert token == BABY
                turn = "answer"
            case "answer":
                assert token == END or token >= MARK_COUNT
                turn = "start" if token == END else turn
    assert learned.tolist() == expected[1:]


@pytest.mark.parametrize("length", [1, 16, 128, 300])
def test_dialogues_are_well_formed(tmp_path: Path, length: int):
    """A dialogue is whole turns, a person's and then the baby's; learned are the answers and their ends alone."""
    librarian = opened(on_shelf(tmp_path, fable=FABLE * 20, chat="you: hi. there. fox.\nbaby: hello.\n" * 20))
    for step in range(40):
        well_formed(*librarian.dialogue(step, length=length), length)


@pytest.mark.parametrize("sizes", [(20,), (1, 1, 1, 20), (300,)])
def test_dialogues_without_sentences(sizes: tuple[int, ...]):
    """Where a library is tiny or has no sentences, dialogues are made of its halves, and as well formed."""
    librarian = Librarian(TOKENIZER, [text_of([MARK_COUNT] * size) for size in sizes], seed=0)
    for step in range(20):
        well_formed(*librarian.dialogue(step, length=64), 64)


def test_the_baby_answers_in_whole_sentences(tmp_path: Path):
    """Every answer is a whole sentence of the library, and so is what comes before it, where that is no question."""
    story = "".join(f"The fox {i} went home. " for i in range(100, 400))
    librarian = opened(on_shelf(tmp_path, story=story), held_out=0)
    for step in range(30):
        ids = librarian.dialogue(step, length=128)[0].tolist()
        question = TOKENIZER.decode(ids[1 : ids.index(END)])
        answer = TOKENIZER.decode(ids[ids.index(BABY) + 1 : ids.index(END, ids.index(BABY))])
        assert f"{answer} " in story
        assert answer.startswith("The fox ")
        if question.startswith("The fox") and question.endswith("home."):
            assert f"{question} " in story


def test_dialogues_follow_from_seed_and_step():
    """The same seed and step give the same dialogue; another seed or step another."""
    texts = [text_of(TOKENIZER.encode(FABLE * 20))]
    one, two, other = (Librarian(TOKENIZER, texts, seed=seed) for seed in (5, 5, 6))
    for step in (0, 7, 10**9):
        for mine, yours in zip(one.dialogue(step, length=99), two.dialogue(step, length=99), strict=True):
            np.testing.assert_array_equal(mine, yours)
        assert one.dialogue(step, length=99)[0].tolist() != other.dialogue(step, length=99)[0].tolist()
    assert one.dialogue(1, length=99)[0].tolist() != one.dialogue(2, length=99)[0].tolist()


# ---- sharing a long text -------------------------------------------------------------------------------------------


@effort(max_examples=300, deadline=None)
@given(size=st.integers(1, 5000), rows=st.integers(1, 40), warm_up=st.integers(0, 700))
@example(size=2439, rows=8, warm_up=547)
@example(size=1, rows=8, warm_up=512)
@example(size=257, rows=8, warm_up=512)
@example(size=513, rows=2, warm_up=0)
def test_every_target_counts_just_once(size: int, rows: int, warm_up: int):
    """Where the limit is the text's length, every token but the first is a target that counts just once, in order,
    and each row is a run of the text; so warm-up tokens and what lies behind a row's end never count."""
    text = np.arange(1, size + 1)
    shared, counts = split_rows(text, rows, size, warm_up)
    assert shared.shape == (counts.shape[0], counts.shape[1] + 1)
    assert len(shared) <= rows
    assert shared[:, 1:][counts].tolist() == list(range(2, size + 1))
    for row, counted in zip(shared, counts, strict=True):
        run = row[row > 0]
        assert run.tolist() == list(range(run[0], run[0] + len(run)))
        assert not row[len(run) :].any()
        places = np.flatnonzero(counted)
        if len(places):
            assert (np.diff(places) == 1).all()
            assert places[0] >= min(warm_up, int(run[0] > 1) * warm_up)


@effort(max_examples=150, deadline=None)
@given(size=st.integers(300, 5000), rows=st.integers(1, 12), limit=st.integers(1, 4000), warm_up=st.integers(0, 300))
def test_a_limit_takes_the_same_from_every_share(size: int, rows: int, limit: int, warm_up: int):
    """With a limit about so many targets count, none twice, as many in every row (fewer in the last at most)."""
    shared, counts = split_rows(np.arange(1, size + 1), rows, limit, warm_up)
    targets = shared[:, 1:][counts].tolist()
    assert len(set(targets)) == len(targets)
    assert min(limit, size - 1) - len(shared) < len(targets) < limit + len(shared)
    each = counts.sum(1).tolist()
    assert each[:-1] == [each[0]] * (len(each) - 1)
    assert each[-1] <= each[0]


def test_every_reader_comes_with_a_full_memory():
    """All rows but the first read the whole warm-up before their part; the first has nothing before it to read."""
    shared, counts = split_rows(np.arange(1, 4098), 8, 4097, 100)
    assert len(shared) == 8
    assert counts.argmax(1).tolist() == [0, *[100] * 7]
    assert [int(row[100]) for row in shared[1:]] == [512 * i + 1 for i in range(1, 8)]


def test_signs_of_life_while_the_letters_are_learned(monkeypatch):
    """A long training says that it goes on, and its mistakes are raised where it was asked for."""
    monkeypatch.setattr(librarian_module, "PATIENCE", 0.01)
    told, enough = [], threading.Event()

    def say(text: str) -> None:
        told.append(text)
        enough.set()

    assert librarian_module._beside(lambda: enough.wait(30), say)
    assert told
    with pytest.raises(Mistake):
        librarian_module._beside(lambda: (_ for _ in ()).throw(Mistake("no")), say)


def test_control_c_is_heard_while_the_letters_are_learned(tmp_path):
    """A program that learns its letters from one endless word ends at the first SIGINT."""
    code = (
        "import signal, threading\n"
        "from school.texts import librarian\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # which a job in the background has not
        "print('ready', flush=True)\n"
        "librarian._beside(lambda: threading.Event().wait(60), lambda text: None)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)
    assert b"KeyboardInterrupt" in errors
