"""The command, run for real with a tiny baby; and marks on answers that are made up."""

from __future__ import annotations

import io
import json
import shutil
import sys
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from benchmarks import references
from benchmarks.common import awake, run
from benchmarks.talk import __main__ as talk
from benchmarks.talk import paper
from benchmarks.talk.baby import asleep, converse, grow, interview
from benchmarks.talk.library import Library
from benchmarks.talk.marks import Marker, endings, how_ended
from benchmarks.variants import Variant
from school.door.values import Reply
from school.teaching.tutor import Tutor
from tests.conftest import SENTENCES, take_steps

SMALL = ["brain.preset=newborn", "machine.threads=1", "library.vocabulary=300", "lessons.micro_streams=2"]
SMALL += ["lessons.streams=2", "lessons.block_tokens=32", "speech.max_tokens=6"]
DEFAULT = Variant("default", ())


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("books") / "book.txt"
    file.write_text("".join(f"{n}. {SENTENCES}" for n in range(12)))
    return file


@pytest.fixture(scope="module")
def home(text, tmp_path_factory) -> Path:
    """One with a soul of one step."""
    place, homes = tmp_path_factory.mktemp("home") / "home", []
    with awake(Namespace(text=text, set=SMALL), prepare=homes.append) as (day, _):
        take_steps(day.tutor, 1)
        day.classroom.saver.save()
        day.classroom.saver.wait()
        shutil.copytree(homes[0], place)
    return place


@pytest.fixture
def no_judge(monkeypatch) -> None:
    """Nobody judges likelihood, which would take a compiler its time."""
    monkeypatch.setattr(references, "MIXER", Path("/nowhere/mixer.c"))
    monkeypatch.setitem(sys.modules, "pyppmd", None)


def arguments(*more: str) -> list[str]:
    return ["talk", *more, *(part for change in SMALL for part in ("--set", change))]


def reply(text: str, ending: str = "end", tokens: int = 5) -> Reply:
    values = {"id": "", "step": 1, "color": (0, 0, 0), "seconds": 0, "first_token_seconds": 0, "conversation": ""}
    return Reply(text=text, tokens=(9,) * tokens, ending=ending, **values)


def test_it_grows_babies_and_asks_them(text, tmp_path, no_judge, monkeypatch, capsys):
    """Two variants, all figures, and every question with its answers on paper."""
    out = tmp_path / "answers.txt"
    options = ["--text", str(text), "--cpu-minutes", "0.0001", "--questions", "4", "--answers", "2", "--turns", "4"]
    options += ["--variant", "default", "--variant", "curt:speech.max_tokens=2", "--out", str(out), "--json"]
    monkeypatch.setattr(sys, "argv", arguments(*options))
    talk.main()
    result = json.loads(capsys.readouterr().out)
    default, curt = result["variants"]
    assert (result["clock"], result["likelihood_by"], result["people_to_the_point"]) == ("processor", "", None)
    assert curt["baby"]["two_tokens_or_fewer"] == 1.0
    assert default["baby"].keys() > default["human"].keys() >= {"known_words", "judged_bits_per_byte"}
    assert 0 <= default["to_the_point"]["low"] <= default["to_the_point"]["mean"] <= 1
    assert default["turns"].keys() == {"first", "last", "last_to_first"}
    (life,) = default["lives"]
    assert sum(life["endings"].values()) == 8
    assert [len(hits) for hits in life["hits"]] == [2, 2, 2, 2]
    assert life["bits_per_byte"] == default["bits_per_byte"] < 9
    said = out.read_text()
    assert said.count("\nhello, how are you today?\n") == 2
    assert said.count("\n  - ") + said.count("\n  + ") == 2 * 8
    assert said.count("  baby: ") == 2 * 4


def test_it_speaks_with_what_it_has_learned(text):
    """Its voice is the one that its lessons made, not the newborn's."""
    with awake(Namespace(text=text, set=SMALL)) as (day, settings):
        receptionist, born = day.classroom.receptionist, [one.clone() for one in day.tutor.voice.parameters()]
        facts = grow(day, settings, Namespace(cpu_minutes=0.0001, minutes=1))
        spoken, learned = list(receptionist.voice.parameters()), list(day.tutor.voice.parameters())
        assert all(map(torch.equal, spoken, learned))
        assert not all(map(torch.equal, spoken, born))
        assert receptionist.step == day.tutor.step > 0
        assert facts["tokens"] == day.tutor.tokens_seen


def test_a_soul_is_asked_and_stays_as_it_is(home):
    """Nothing in its home changes, it learns nothing from being asked, and says the same another time."""
    given = Namespace(soul=home, text=None, set=SMALL)
    before = {file: file.read_bytes() for file in home.rglob("*") if file.is_file()}
    answers = []
    for _ in range(2):
        with asleep(given, DEFAULT) as woken:
            assert woken.receptionist.step == 1
            assert "the cat sat on the mat" in woken.library.taught_text
            replies = interview(woken, ["hello", "and then?"], 2) + [converse(woken, ["hello"], 3)]
            answers.append([[one.text for one in of_it] for of_it in replies])
    assert answers[0] == answers[1]
    assert [len(of_it) for of_it in answers[0]] == [2, 2, 3]
    assert {file: file.read_bytes() for file in home.rglob("*") if file.is_file()} == before


def test_a_table_of_it_for_a_soul(home, no_judge, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", arguments("--soul", str(home), "--questions", "2", "--answers", "1"))
    talk.main()
    told = capsys.readouterr().out
    assert "words that are known" in told
    assert "found among 10" in told
    assert (tmp_path / "talk-home.txt").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--questions", "61"], "--questions must be 1 to 60"),
        (["--answers", "0"], "--answers at least 1"),
        (["--minutes", "0"], "--minutes must be more than 0"),
        (["--soul", "/nowhere"], "there is no such folder"),
        (["--soul", "/", "--seeds", "2"], "--seeds is for babies that are grown"),
        (["--words", "/nowhere/words"], "--words /nowhere/words: can't be read"),
        (["--text", "/nowhere.txt"], "can't be read"),
    ],
)
def test_a_mistake_is_told_in_one_line_before_anything_grows(options, says, monkeypatch, capsys):
    monkeypatch.setattr(Tutor, "micro_step", None)
    monkeypatch.setattr(sys, "argv", arguments(*options))
    with pytest.raises(SystemExit) as leaving:
        run(talk.main)
    assert leaving.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


# ---- marks ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def marker() -> Marker:
    held_out = "Gran came in. The cat sat there (again).\n" * 20
    return Marker(Library(taught=[SENTENCES * 3], held_out=[held_out]), listed={"blorp"})


def test_known_answers_have_their_known_marks(marker, no_judge, tokenizer):
    """As many good as bad ones; the human beside them is as long."""
    good, bad = reply("The cat sat on the mat."), reply("blorp (xyzzy", "limit", tokens=1)
    found = marker.mark(marker.questions[:2], [[good, bad], [good, bad]], tokenizer)
    baby, human = found["baby"], found["human"]
    assert baby["ends_with_a_sentence"] == 0.5
    assert baby["known_words"] == round(7 / 8, 4)
    assert baby["closed_marks"] == 0
    assert baby["two_tokens_or_fewer"] == 0.5
    assert human["mean_words"] == baby["mean_words"] == 4
    assert human["ends_with_a_sentence"] == human["closed_marks"] == 1
    assert human["known_words"] < 1
    assert marker.ceiling is None


def test_an_answer_cut_at_the_limit_does_not_end_by_itself(marker, no_judge, tokenizer):
    found = marker.mark(marker.questions[:1], [[reply("It rained.", "limit"), reply("It rained.", "time")]], tokenizer)
    assert found["baby"]["ends_with_a_sentence"] == 0


def test_how_an_answer_ended():
    """A sentence's end from half of the limit on ends it as a rule; END does before that."""
    assert how_ended(reply("It rained.", tokens=4), longest=10) == "end"
    assert how_ended(reply("It rained.", tokens=5), longest=10) == "sentence"
    assert how_ended(reply("It rained and", tokens=5), longest=10) == "end"
    assert how_ended(reply("It rained", "limit"), longest=5) == "limit"
    assert endings([[reply("a"), reply("b", "time")], [reply("c")]], longest=80) == {"end": 2, "time": 1}


def test_a_long_conversation_that_falls_silent_shows_it(marker):
    """The last half says the same word again and again."""
    said = [reply(f"the cat sat on number {'x' * turn}.") for turn in range(1, 21)] + [reply("cat", tokens=1)] * 20
    turns = marker.mark_turns([said])
    assert (turns["first"]["mean_words"], turns["last"]["mean_words"]) == (6, 1)
    assert (turns["first"]["said_before"], turns["last"]["said_before"]) == (0, 0.95)
    assert (turns["first"]["ends_with_a_sentence"], turns["last"]["ends_with_a_sentence"]) == (1, 0)
    assert turns["last_to_first"]["mean_words"] == {"ratio": 0.1667, "error": None}


def test_how_sure_it_is_that_conversations_last(marker):
    """Three that dwindle alike leave no doubt of it; of three that differ it is told how much they do."""
    two, four = [reply("the cat.")] * 2, [reply("the cat sat on.")] * 2
    alike = marker.mark_turns([four + two] * 3)["last_to_first"]["mean_words"]
    assert alike == {"ratio": 0.5, "error": 0.0}
    differ = marker.mark_turns([four + two, two + four, two + two])["last_to_first"]["mean_words"]
    assert differ["ratio"] == 1.0
    assert differ["error"] == 0.4843  # of 1.5, 0.667 and 1, each without one of them


def test_the_table_takes_what_is_missing(marker, no_judge, tokenizer):
    """No held-out text, no conversations, no judge: a dash for each."""
    bare = Marker(Library(taught=[SENTENCES]))
    found = bare.mark(bare.questions[:1], [[reply("The cat.")]], tokenizer)
    row = talk.variant_row(DEFAULT, [found | {"endings": {"end": 1}}], bare)
    assert row["human"] is None
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(paper.table("title", [row], None, ""))
    assert "100.0% │     -" in console.export_text()


def test_the_means_of_lives():
    lives = [{"a": 1, "b": {"c": 2.0}, "d": None}, {"a": 2, "b": {"c": 4.0}, "d": 1}]
    assert talk.mean_of(lives) == {"a": 1.5, "b": {"c": 3.0}, "d": None}
