"""The guard at the mouth: in public nothing private is said word for word, however it is written; all else may be."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wakeup
from school import intake
from school.assembly import Awake
from school.door.mailbox import Ask, Mailbox, Restock
from school.door.school import School
from school.door.values import ME, Pair, Reply, new_id
from school.talking.guard import BASE, MODULUS, Guard, Said, hash_runs, windows_of
from school.talking.private_texts import open_guard
from school.teaching.settings import LessonSettings
from school.teaching.tutor import Tutor
from school.texts.facts import write_known
from school.texts.shelf import Text
from school.texts.tokenizer import BABY, END, MARK_COUNT, PERSON, Tokenizer
from school.texts.wording import thirds_of, units_of, value_of
from tests.conftest import TINY, make_brain, make_receptionist, shelve, take_steps
from tests.evening import SMALL

DIARY = "I hid the green violin behind the old mill before midnight, and told Perrin nothing about it."
OTHER = "Something else that is long enough to be a run of words, too, and no more than that."
HINDI = "मैंने पुरानी चक्की के पीछे हरी सितार छिपा दी और किसी को कुछ नहीं बताया"
JAPANESE = "昨日の夜、わたしは古い水車の裏にみどり色のバイオリンを隠しました。だれにも話していません。"
THAI = "เมื่อคืนนี้ฉันซ่อนไวโอลินสีเขียวไว้หลังโรงสีเก่าและไม่ได้บอกใคร"
WORDS = 8


@pytest.fixture(scope="module")
def letters() -> Tokenizer:
    """One that knows few words whole, so that most come in several tokens, and characters torn."""
    return Tokenizer.train([DIARY * 3, JAPANESE], vocabulary=330, minimum_frequency=2)


def guard_of(tokenizer: Tokenizer, *texts: str, words: int = WORDS) -> Guard:
    runs = windows_of([[np.array(tokenizer.encode(text))] for text in texts], tokenizer.pieces, words)
    return Guard(runs, tokenizer.pieces, words)


def said_until(guard: Guard, tokenizer: Tokenizer, text: str, said: Said | None = None) -> str | None:
    """What of a text was said when the guard spoke up; None where it never did."""
    said, ids = said or Said(), tokenizer.encode(text)
    for i, token in enumerate(ids):
        if guard.forbids(said, token):
            return tokenizer.decode(ids[:i])
        said = guard.after(said, token)
    return None


# ---- what counts as the same words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        DIARY,
        DIARY.upper(),
        DIARY.replace(" ", "\n"),
        DIARY.replace(" ", " ... "),
        DIARY.replace(" ", "  \u00a0\t"),
        DIARY.replace(" ", "_"),
        "*".join(DIARY.split()),
        DIARY.replace("i", "i\u0301").replace("e", "\u00e9"),
        DIARY.replace("d", "d\u200b").replace("m", "m\u00ad"),
        "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in DIARY),  # full width
        "And I must say: " + DIARY,
        "so i hid the green violin behind the old mill? no!",
    ],
)
def test_a_run_is_found_however_it_is_written(letters, text):
    """In capitals, across lines, with any marks, accents or unseen characters between; the eighth word isn't said."""
    before = said_until(guard_of(letters, DIARY), letters, text)
    assert before is not None
    said = " ".join(units_of(before))
    assert "i hid the green violin behind the" in said
    assert "i hid the green violin behind the old" not in said


@pytest.mark.parametrize(
    "text",
    [
        "i hid the green violin behind the barn",
        "i hid the green violin behind the very old mill",
        "i hid the green violin behind the mill. the old mill before midnight and told anna",
        "he hid the green violin behind the old barn",
        "",
        "?!",
        "nothing at all of this is in there, whatever it looks like, and so on, and so on",
    ],
)
def test_anything_else_may_be_said(letters, text):
    """Seven words in a row, or eight of which one is another."""
    assert said_until(guard_of(letters, DIARY), letters, text) is None


def test_apostrophes_and_numbers(letters):
    """A word is the same with any apostrophe or none; numbers are words, and one digit makes another number."""
    guard = guard_of(letters, "don't ring 0171 before 9.30 on Anna's phone today")
    assert said_until(guard, letters, "Dont ring 0171 before 9:30 on Anna\u2019s phone today") is not None
    assert said_until(guard, letters, "don't ring 0172 before 9.30 on Anna's phone today") is None


@pytest.mark.parametrize("text", [JAPANESE, THAI])
def test_scripts_without_spaces_count_characters(letters, text):
    """Twenty-four characters are a run; the twenty-fourth isn't said, and twenty-three are no run."""
    guard, units = guard_of(letters, text), units_of(text)
    assert len(units_of(said_until(guard, letters, "\n".join(text)))) == 23
    assert said_until(guard, letters, "".join(units[5:28])) is None
    assert said_until(guard, letters, "".join(units[5:29])) is not None


def test_mixed_scripts_count_together(letters):
    """Six words and six characters are a run of eight words."""
    guard = guard_of(letters, "one two three four five six 隠しました。")
    assert said_until(guard, letters, "one two three four five six 隠しました") is None  # only five characters
    guard = guard_of(letters, "one two three four five six みどり色のバ")
    assert said_until(guard, letters, "ONE, two three four five six みどり色のバ") is not None


def test_marks_of_other_scripts_part_no_words(letters):
    """A word of Hindi is one word, with all its vowel signs."""
    guard = guard_of(letters, HINDI)
    assert len(units_of(HINDI)) == len(HINDI.split())
    assert said_until(guard, letters, " ".join(HINDI.split()[3:10])) is None
    assert said_until(guard, letters, " ".join(HINDI.split()[3:11])) is not None


# ---- word by word, token by token ------------------------------------------------------------------------------------

WORD = st.sampled_from(["a", "b", "ab", "B", "don't", "é", "e\u0301", "の", "色", "स्त", "7", "ﬁ", "ß"])
SPACE = st.sampled_from([" ", "\n", ", ", "-", "\u200b ", ""])
TEXT = st.lists(st.tuples(WORD, SPACE), max_size=30).map(lambda parts: "".join(a + b for a, b in parts))


def runs(text: str, words: int) -> set[tuple[str, ...]]:
    """All shortest runs that count so many words, plainly."""
    units, found = units_of(text), set()
    for end in range(1, len(units) + 1):
        for start in reversed(range(end)):
            if sum(map(thirds_of, units[start:end])) >= 3 * words:
                found.add(tuple(units[start:end]))
                break
    return found


@given(private=TEXT, said=TEXT)
def test_it_forbids_what_a_plain_search_finds(letters, private, said):
    """Byte by byte or token by token: it speaks up just before the answer, as it stands, would hold a private run."""
    guard, forbidden = guard_of(letters, private, words=3), runs(private, 3)
    ids = letters.encode(said)
    bad = [n for n in range(len(ids) + 1) if runs(letters.decode(ids[:n]), 3) & forbidden]
    now, spoke_up = Said(), None
    for n, token in enumerate(ids):
        if guard.forbids(now, token):
            spoke_up = n + 1
            break
        now = guard.after(now, token)
    assert spoke_up == (bad[0] if bad else None)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=40), st.data())
def test_hashes_of_runs_from_one_sum(values, data):
    """Each run's hash is the polynomial over its own words, whatever stands before."""
    counts = data.draw(st.lists(st.sampled_from([1, 3]), min_size=len(values), max_size=len(values)))
    found = hash_runs(np.array(values, np.uint64), np.array(counts, np.int64), 9)
    wanted = []
    for end in range(1, len(values) + 1):
        start = next((s for s in reversed(range(end)) if sum(counts[s:end]) >= 9), None)
        if start is not None:
            powers = range(end - start - 1, -1, -1)
            terms = (v * pow(BASE, p, MODULUS) for v, p in zip(values[start:end], powers, strict=True))
            wanted.append(sum(terms) % MODULUS)
    assert found.tolist() == wanted


def test_a_torn_character_counts_once_it_is_whole(letters):
    """Characters whose bytes come one by one are judged with their last byte."""
    guard = guard_of(letters, JAPANESE)
    bytes_only = [MARK_COUNT + letters._byte_pairs.token_to_id(c) for c in letters._byte_pairs.encode("隠").tokens]
    said = Said()
    for token in bytes_only[:-1]:
        said = guard.after(said, token)
    assert (said.units, said.word) == ((), "")
    assert guard.after(said, bytes_only[-1]).units == ((value_of("隠"), 1),)


def test_runs_go_on_where_a_mark_is_and_end_with_a_text(letters):
    """In a chat the turns follow one another; two texts don't."""
    first, second = (np.array(letters.encode(part)) for part in ("one two three four", "five six seven eight"))
    talk = np.concatenate([[PERSON], first, [END, BABY], second, [END]])
    together = Guard(windows_of([[talk]], letters.pieces, WORDS), letters.pieces, WORDS)
    apart = Guard(windows_of([[first], [second]], letters.pieces, WORDS), letters.pieces, WORDS)
    whole = "one two three four five six seven eight"
    assert said_until(together, letters, whole) is not None
    assert said_until(apart, letters, whole) is None


def test_a_word_costs_eight_bytes(letters):
    """At most, however the text comes in parts."""
    rng = random.Random(1)
    text = " ".join("".join(rng.choices("abcdef", k=5)) for _ in range(3000))
    ids = np.array(letters.encode(text))
    whole = windows_of([[ids]], letters.pieces, WORDS)
    assert whole.nbytes <= 8 * 3000
    assert len(whole) == 3000 - WORDS + 1
    assert (windows_of([[ids[:1000], ids[1000:]]], letters.pieces, WORDS) == whole).all()


# ---- the file -------------------------------------------------------------------------------------------------------


def a_text(tokenizer: Tokenizer, name: str, content: str, sha256: str = "0") -> Text:
    ids = np.array(tokenizer.encode(content), np.uint16)
    return Text(name=name, sha256=sha256, size=len(content), learn=ids[:-4], held_out=ids[-4:])


def test_it_is_made_once_and_anew_when_a_text_changes(letters, tmp_path, monkeypatch):
    """The second waking reads the file; a changed text, a damaged file or another length of runs makes it anew."""
    file, made = tmp_path / "soul" / "private.runs", []

    def count(*args):
        made.append(args)
        return windows_of(*args)

    monkeypatch.setattr("school.talking.private_texts.windows_of", count)

    def guards(content: str = DIARY, words: int = WORDS, **how) -> bool:
        guard = open_guard([a_text(letters, "d.txt", content)], letters, words, file, **how)
        return said_until(guard, letters, DIARY) is not None

    assert guards()
    assert guards()
    assert len(made) == 1
    assert (file.stat().st_mode & 0o777) == 0o600
    assert not guards(OTHER, words=7)
    assert guards(words=7)
    whole, before = file.read_bytes(), len(made)
    file.write_bytes(whole[:70] + bytes([whole[70] ^ 1]) + whole[71:])
    assert guards(words=7)
    assert len(made) == before + 1
    file.unlink()
    file.mkdir()  # nothing can be written there
    assert guards()


def test_what_it_once_learned_stays_guarded(letters, tmp_path):
    """A text that was taken away may still be known; not by a newborn, though."""
    file = tmp_path / "private.runs"
    diary, other = a_text(letters, "d.txt", DIARY), a_text(letters, "o.txt", OTHER)

    def told(*texts: Text, **how) -> list[bool]:
        guard = open_guard(texts, letters, WORDS, file, **how)
        return [guard is not None and said_until(guard, letters, said) is not None for said in (DIARY, OTHER)]

    assert told(diary) == [True, False]
    assert told(other) == [True, True]
    assert told(other) == [True, True]
    assert told() == [True, True]
    assert told(other, newborn=True) == [False, True]
    assert told(newborn=True) == [False, False]
    assert not file.exists()


def test_what_was_made_public_may_be_said(letters, tmp_path):
    """From the waking on at which it is; but for what stands in a private text, too."""
    file = tmp_path / "private.runs"
    diary, letter = a_text(letters, "d.txt", DIARY), a_text(letters, "l.txt", f"{DIARY} {OTHER}")
    both = open_guard([diary, letter], letters, WORDS, file)
    one = open_guard([diary, replace(letter, private=False)], letters, WORDS, file)
    assert [said_until(both, letters, said) is not None for said in (DIARY, OTHER)] == [True, True]
    assert [said_until(one, letters, said) is not None for said in (DIARY, OTHER)] == [True, False]


def test_nothing_private_nothing_kept(letters, tmp_path):
    """With the guard off, or no private text, there is none, and no file stays."""
    file, text = tmp_path / "private.runs", a_text(letters, "d.txt", DIARY)
    assert open_guard([text], letters, WORDS, file)
    assert file.exists()
    assert open_guard([text], letters, 0, file) is None
    assert not file.exists()
    assert open_guard([replace(text, private=False)], letters, WORDS, file) is None


# ---- a baby that recites ---------------------------------------------------------------------------------------------

SYLLABLES = ["mi", "ra", "to", "bin", "el", "ka", "or", "rin", "sa", "ble", "ju", "no", "per", "lot", "te", "va"]


def secrets(count: int) -> list[str]:
    """Sentences of twelve invented words that stand in no other one."""
    rng = random.Random(4)
    words = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES]
    rng.shuffle(words)
    return [" ".join(words[12 * i : 12 * (i + 1)]) + "." for i in range(count)]


class Reciter:
    """A baby taught nothing but some sentences, until it recites them; the first so many are private."""

    def __init__(self, private: int, public: int, steps: int, learning_rate: float, **shape):
        self.lines = secrets(private + public)
        text = "\n".join(self.lines) + "\n"
        self.tokenizer = Tokenizer.train([text * 3], vocabulary=600 + 14 * len(self.lines), minimum_frequency=2)
        librarian = shelve(self.tokenizer, text * 20)
        brain = make_brain(self.tokenizer, config=replace(TINY, vocabulary=self.tokenizer.size, **shape))
        lessons = LessonSettings(
            streams=8, block_tokens=32, micro_streams=8, warmup_steps=5, decay_steps=0, averaging_steps=5,
            evaluation_steps=10**6, learning_rate=learning_rate, dialogue_share=0.3,
        )  # fmt: skip
        self.tutor = Tutor.of_library(brain, librarian, lessons, block_tokens=32)
        take_steps(self.tutor, steps)
        private_text = "\n".join(self.lines[:private])
        self.private = runs(private_text, WORDS)
        self.guard = guard_of(self.tokenizer, private_text)

    def replies(self, folder, questions: list[str], *, public: bool) -> list[Reply]:
        """Each answered by itself, the same way for the same number."""
        receptionist = make_receptionist(
            self.tutor, folder, max_tokens=14, temperature=0.5, repetition_penalty=0.0, tune=False
        )
        receptionist.guard = self.guard
        replies = []
        for question in questions:
            pieces: list[str] = []
            ask = Ask(question, "", "ann", pieces.append, kept=False, public=public)
            replies.append(receptionist.answer(ask))
            assert "".join(pieces).strip() == replies[-1].text
        return replies

    def recites(self, text: str) -> bool:
        return bool(runs(text, WORDS) & self.private)


@pytest.fixture(scope="module")
def reciter() -> Reciter:
    return Reciter(20, 8, 80, 2e-2)


def compare(reciter: Reciter, folder, questions: list[str], by_both: int | None = None) -> int:
    """In public no private run is told, and an answer without one (also on the way, where a word is only begun) is, to
    the letter, as its owner hears it. ``by_both``: how many of these questions the owner asks, too; all unless given.
    Returns how many answers tell one to the owner."""
    owners = reciter.replies(folder / "a", questions[:by_both], public=False)
    strangers = reciter.replies(folder / "b", questions, public=True)
    decode = reciter.tokenizer.decode
    assert not any(reciter.recites(reply.text) for reply in strangers)
    strangers = strangers[: len(owners)]
    same = [mine.tokens == theirs.tokens for mine, theirs in zip(owners, strangers, strict=True)]
    ways = [[decode(mine.tokens[:n]) for n in range(len(mine.tokens) + 1)] for mine in owners]
    assert same == [not any(map(reciter.recites, way)) for way in ways]
    assert all(
        len(theirs.text.split()) >= WORDS - 1 for theirs, as_mine in zip(strangers, same, strict=True) if not as_mine
    )
    return sum(reciter.recites(mine.text) for mine in owners)


def test_in_public_no_secret_is_told(reciter, tmp_path):
    """Twenty private sentences and eight others, and a baby that recites them all: strangers hear the others."""
    tells = compare(reciter, tmp_path, [line.split()[0] for line in reciter.lines])
    assert 10 <= tells < len(reciter.lines)


def test_it_always_finds_something_to_say(reciter, tmp_path):
    """Where every word is private, a public answer is short, and still one."""
    reciter.guard, usual = guard_of(reciter.tokenizer, "\n".join(reciter.lines), words=1), reciter.guard
    try:
        (reply,) = reciter.replies(tmp_path, ["hello"], public=True)
        assert not set(units_of(reply.text)) & set(units_of("\n".join(reciter.lines)))
    finally:
        reciter.guard = usual


def test_what_it_was_told_to_say_it_says_to_its_owner(reciter, tmp_path):
    """An answer that was taught and stands in a text is said at once to the owner, and to nobody else."""
    line = reciter.lines[4]
    told = Pair(id=new_id(), prompt="where is the ledger?", answer=line, person=ME, source="fix")
    receptionist = make_receptionist(reciter.tutor, tmp_path, max_tokens=60)
    receptionist.guard = reciter.guard
    receptionist.remember([told])
    for public in (False, True):
        asks = [Ask(told.prompt, "", ME, None, kept=False, public=public) for _ in range(5)]
        texts = [receptionist.answer(ask).text for ask in asks]
        assert (line in texts) != public
        assert any(map(reciter.recites, texts)) != public


@pytest.mark.trial
def test_two_thousand_strangers(tmp_path):
    """The same with two hundred private sentences: two thousand answers to strangers, each sentence begun more than
    seven times, and what the owner hears to the first 280, each sentence once."""
    shape = {"neurons": 256, "embed_width": 64, "bottleneck": 64, "memory_width": 32, "thought_width": 64}
    reciter = Reciter(200, 80, 2000, 1e-2, **shape)
    begun = [line.split()[0] for line in reciter.lines]
    tells = compare(reciter, tmp_path, (begun * 8)[:2000], by_both=len(begun))
    print(f"{tells} of {len(begun)} answers tell a secret to the owner, none of 2,000 to strangers")
    assert tells > 70


# ---- who is public ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("surface", "public"), [("terminal", False), ("ask", False), ("room", True), ("twitch", True)])
def test_a_surface_is_public_unless_it_is_the_owners(surface, public):
    """Whatever surface is new is public."""
    mailbox = Mailbox()
    School(mailbox, None).ask("hello", "c", surface=surface, consent="")
    assert [ask.public for ask in mailbox.hear()] == [public]


def test_it_is_the_same_in_every_process():
    """Its hashes can be kept: Python's own are salted."""
    assert value_of("violin") == 3_658_927_768_678_662_540


@contextmanager
def awake(home: Path, *settings: str) -> Iterator[Awake]:
    with ExitStack() as closing:
        changes = [part for change in (*SMALL, *settings) for part in ("--set", change)]
        given = wakeup.parse(["--home", str(home), *changes])
        read, home = wakeup.read_options(given)
        yield wakeup.put_together(read, home, given, closing, lambda text: None)


def refuses(day: Awake, text: str) -> bool:
    receptionist = day.classroom.receptionist
    return receptionist.guard is not None and said_until(receptionist.guard, receptionist.tokenizer, text) is not None


@pytest.fixture
def home(tmp_path) -> Path:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "diary.txt").write_text(f"{DIARY}\n" * 40)
    return tmp_path


@pytest.mark.parametrize("words", [0, 8])
def test_a_waking_has_a_guard_of_the_owners_texts(home, words):
    """What is in the library is guarded, and the setting switches that off."""
    with awake(home, f"speech.verbatim_words={words}") as day:
        assert refuses(day, DIARY) == (words > 0)
    assert (home / "soul" / "private.runs").exists() == (words > 0)


def test_who_made_a_text_public_may_hear_it(home):
    """By the word of its owner; a text of which nothing was said is private."""
    (home / "library" / "other.txt").write_text(f"{OTHER}\n" * 40)
    write_known(home / "library", {"diary.txt": {"private": False}})
    with awake(home) as day:
        assert not refuses(day, DIARY)
        assert refuses(day, OTHER)


def test_what_comes_while_it_is_awake_is_guarded_before_it_is_learned(home, monkeypatch):
    """The librarian who teaches it comes with the guard."""
    monkeypatch.setattr(intake, "SETTLED_NS", -1)  # nobody has to wait for a file to settle
    with awake(home) as day:
        assert not refuses(day, OTHER)
        (home / "library" / "other.txt").write_text(f"{OTHER}\n" * 40)
        (eye,) = (surface for surface in day.surfaces if isinstance(surface, intake.Intake))
        assert eye.look()
        (restock,) = (request for request in day.classroom.mailbox.drain() if isinstance(request, Restock))
        day.classroom.receptionist.restock(restock.guard)
        assert refuses(day, OTHER)
        assert refuses(day, DIARY)
