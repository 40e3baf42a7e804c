"""The measuring commands, run for real: tiny brains, a few seconds."""

from __future__ import annotations

import argparse
import json
import lzma
import math
import re
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

from benchmarks import (
    bodies,
    company,
    dialogue,
    exports,
    learn,
    plots,
    prequential,
    privacy,
    receipts,
    references,
    teach,
)
from benchmarks.common import run
from benchmarks.variants import Variant, chosen, parse_variant
from school.office.kernels import find_compiler
from school.office.mistakes import Mistake
from school.teaching.tutor import Tutor
from school.texts.tokenizer import MARK_COUNT
from tests.conftest import SENTENCES

ROOT = Path(__file__).parents[2]
SMALL = ("--set", "brain.preset=newborn", "--set", "machine.threads=1", "--set", "library.vocabulary=320")
SMALL += ("--set", "lessons.micro_streams=8")  # measured, it may differ from life to life, and with it the silenced


@pytest.fixture
def text(tmp_path: Path) -> Path:
    file = tmp_path / "book.txt"
    file.write_text("".join(f"{n}. {SENTENCES}" for n in range(12)))
    return file


def measured(command, arguments: list[str], monkeypatch, capsys) -> dict:
    """What a command prints with --json: one line."""
    monkeypatch.setattr(sys, "argv", ["benchmark", *arguments, "--json"])
    command.main()
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line)


def is_png(file: Path) -> bool:
    return file.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


# ---- references ----------------------------------------------------------------------------------------------------


def test_xz_has_its_known_size(text):
    """Its figure is the size of the compressed file; the tail's is what the last tenth adds to it."""
    data = text.read_bytes()
    sizes = [len(lzma.compress(part, preset=9 | lzma.PRESET_EXTREME)) for part in (data, data[: -(len(data) // 10)])]
    figures = references.measure(text)["xz"]
    assert figures["bits_per_byte"] == round(8 * sizes[0] / len(data), 4)
    assert figures["tail_bits_per_byte"] == round(8 * (sizes[0] - sizes[1]) / (len(data) // 10), 4)


def test_absent_instruments_are_named_and_the_rest_measure(text, monkeypatch, capsys):
    """Without pyppmd and without the mixer's source there is a line for each, and xz's figures."""
    monkeypatch.setitem(sys.modules, "pyppmd", None)
    monkeypatch.setattr(references, "MIXER", Path("/nowhere/yardstick/context_mixer.c"))
    result = measured(references, [str(text)], monkeypatch, capsys)["references"]
    assert "make lab" in result["ppmd"]["absent"]
    assert "yardstick/context_mixer.c" in result["mixer"]["absent"]
    assert result["xz"]["bits_per_byte"] > 0


def test_ppmd_is_the_known_one(text):
    """On a text of one letter PPMd needs next to nothing; on noise more than eight bits a byte."""
    pytest.importorskip("pyppmd")
    text.write_bytes(b"a" * 10_000)
    assert references.measure(text)["ppmd"]["bits_per_byte"] < 0.05
    text.write_bytes(np.random.default_rng(0).bytes(10_000))
    assert 8 < references.measure(text)["ppmd"]["bits_per_byte"] < 9


@pytest.mark.trial
def test_the_mixer_reproduces_its_published_figures():
    file = ROOT.parent / "shared" / "corpora" / "pepys-1660-1661.txt"
    if not file.exists() or not references.MIXER.exists():
        pytest.skip("no yardstick beside the repository")
    assert references.mixer(file) == (1.6106, 1.4662)


# ---- variants ------------------------------------------------------------------------------------------------------


def test_variants_are_read_with_their_lists():
    assert parse_variant("default") == Variant("default", ())
    assert parse_variant("a-1:brain.windows=[1,2,4.5],lessons.weight_decay=0.1") == Variant(
        "a-1", ("brain.windows=[1,2,4.5]", "lessons.weight_decay=0.1")
    )


@pytest.mark.parametrize(
    ("variants", "says"),
    [
        (["brain.dropout=0.1"], "write it as NAME"),
        (["a:"], "write it as NAME"),
        (["a:brain.dropout"], "write it as NAME"),
        (["a:brain.dropuot=0.1"], "did you mean brain.dropout"),
        (["a:brain.dropout=much"], "brain.dropout must be a number"),
        (["a:library.vocabulary=10"], "library.vocabulary must be at least 264"),
        (["a:lessons.seed=3"], "--seeds"),
        (["a:brain.dropout=0", "a:brain.dropout=0.1"], "two of that name"),
    ],
)
def test_wrong_variants_are_named_in_one_line(variants, says, text, monkeypatch, capsys):
    """A wrong variant ends the command with one line, status 2, before anything is measured."""
    flags = [flag for variant in variants for flag in ("--variant", variant)]
    monkeypatch.setattr(sys, "argv", ["learn", "--text", str(text), *flags])
    with pytest.raises(SystemExit) as leaving:
        run(learn.main)
    assert leaving.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("babyLLM: ")
    assert says in line


def test_seeds_count_from_the_settings_seed():
    given = argparse.Namespace(seeds=3, variant=[], set=["lessons.seed=5"])
    assert chosen(given) == ([Variant("default", ())], range(5, 8))
    with pytest.raises(Mistake, match="at least 1"):
        chosen(argparse.Namespace(seeds=0, variant=[], set=[]))


# ---- learn ---------------------------------------------------------------------------------------------------------
@pytest.mark.trial
def test_learn_compares_variants_over_seeds(text, tmp_path, monkeypatch, capsys):
    """Same budget of tokens for all; another seed is another life; seed 0 of two equal variants is the same life."""
    pytest.importorskip("matplotlib")
    plot = tmp_path / "curves.png"
    options = ["--text", str(text), "--tokens", "6000", "--every", "1", "--seeds", "2", *SMALL, "--plot", str(plot)]
    options += ["--side-by-side"]
    options += ["--variant", "default", "--variant", "same:speech.temperature=0.5"]
    result = measured(learn, options, monkeypatch, capsys)
    first, same = result["variants"]
    assert [life["seed"] for life in first["lives"]] == [0, 1]
    assert first["lives"][0]["bits_per_byte"] != first["lives"][1]["bits_per_byte"]
    assert first["lives"][0]["bits_per_byte"] == same["lives"][0]["bits_per_byte"]
    assert first["bits_per_byte"] == pytest.approx(
        np.mean([life["bits_per_byte"] for life in first["lives"]]), abs=1e-4
    )
    for life in first["lives"] + same["lives"]:
        assert 6000 <= life["tokens"] < 12_000
        assert life["curve"][-1][2:] == [life["tokens"], life["bits_per_byte"]]
    assert first["parameters"] > 0
    assert result["references"]["xz"]["bits_per_byte"] > 0
    assert result["plot"] == str(plot)
    assert is_png(plot)


@pytest.mark.trial
def test_learn_says_what_it_said_before_there_were_variants(text, tmp_path, monkeypatch, capsys):
    """One variant and seed: the old keys at the top, the curve's points without tokens. Without matplotlib a line
    says so, and the figures come all the same."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.chdir(tmp_path)
    options = ["--text", str(text), "--minutes", "0.02", "--every", "0.5", *SMALL]
    monkeypatch.setattr(sys, "argv", ["learn", *options, "--json"])
    learn.main()
    out, err = capsys.readouterr()
    result = json.loads(out)
    old = "bits_per_byte bits_per_byte_without_averaging seconds tokens tokens_per_second held_out_bytes accuracy"
    assert {*old.split(), "self_state_error", "parameters", "curve", "commit", "threads"} <= result.keys()
    assert result["curve"][-1][2] == result["bits_per_byte"] < 9
    assert result["plot"] is None
    assert "make lab" in err


def test_a_budget_of_the_processor_is_not_stretched_by_waiting(text, tmp_path, monkeypatch, capsys):
    """A machine that keeps it waiting leaves it as many seconds of work as it was given."""
    monkeypatch.chdir(tmp_path)
    micro_step = Tutor.micro_step
    monkeypatch.setattr(Tutor, "micro_step", lambda tutor: time.sleep(0.05) or micro_step(tutor))
    options = ["--text", str(text), "--cpu-minutes", "0.006", "--every", "5", *SMALL]
    started = time.monotonic()
    result = measured(learn, options, monkeypatch, capsys)
    assert result["clock"] == "processor"
    (spent, steps, _), *_ = result["curve"]
    assert 0.36 <= spent < time.monotonic() - started - 0.05 * steps


def test_lives_side_by_side_take_even_turns():
    """None is ever ahead of another by more than its last turn."""
    spent = {"a": 0, "b": 0}

    def life(name: str, cost: int):
        for _ in range(12 // cost):
            assert spent[name] == min(spent.values())
            spent[name] += cost
            yield spent[name]
        return name

    assert sorted(learn.run_evenly([life("a", 1), life("b", 3)]).values()) == ["a", "b"]


# ---- prequential ---------------------------------------------------------------------------------------------------


@pytest.mark.trial
@pytest.mark.parametrize("letters", ["charged", "starter"])
def test_prequential_charges_for_its_letters(letters, text, tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    plot = tmp_path / "reading.png"
    options = ["--text", str(text), "--tokenizer", letters, "--plot", str(plot), *SMALL]
    result = measured(prequential, options, monkeypatch, capsys)
    size = text.stat().st_size
    assert result["bytes"] == size
    assert (result["tokenizer_bytes"] > 0) == (letters == "charged")
    charge = 8 * result["tokenizer_bytes"] / size
    assert result["bits_per_byte"] == pytest.approx(result["bits_per_byte_uncharged"] + charge, abs=2e-4)
    assert result["tail_bits_per_byte"] < result["bits_per_byte_uncharged"] < 9
    assert result["curve"][-1][:2] == [size, result["bits_per_byte_uncharged"]]
    assert result["cpu_minutes_kept"]
    assert result["cpu_seconds"] > 0
    assert result["variants"][0]["lives"][0]["seed"] == 0
    assert result["references"]["xz"]["bits_per_byte"] > 0
    assert is_png(plot)


def test_the_list_of_letters_is_all_a_decoder_needs(tokenizer):
    """Ordered by their bytes the letters spell the same text, in as many tokens; and the list is told in full."""
    ordered, bits = prequential.by_alphabet(tokenizer)
    assert ordered.size == tokenizer.size
    pieces = [ordered.token_bytes(i) for i in range(MARK_COUNT, ordered.size)]
    assert pieces == sorted(tokenizer.token_bytes(i) for i in range(MARK_COUNT, tokenizer.size))
    ids = ordered.encode(SENTENCES)
    assert ordered.decode(ids) == SENTENCES
    assert len(ids) == len(tokenizer.encode(SENTENCES))
    assert 0 < bits < 8 * sum(len(piece) + 1 for piece in pieces if len(piece) > 1) + 1000


def test_the_curve_adds_up():
    """Even bits make a flat curve; its last point is the whole."""
    curve = prequential.curve_of(np.full(12_500, 2 * math.log(2)), np.full(12_500, 2))
    assert curve == [[10_000, 1.0, 1.0], [20_000, 1.0, 1.0], [25_000, 1.0, 1.0]]


def test_prequential_needs_a_text(monkeypatch):
    for arguments, says in (([], "--text is missing"), (["--text", "/nowhere.txt"], "can't be read")):
        monkeypatch.setattr(sys, "argv", ["prequential", *arguments])
        with pytest.raises(Mistake, match=says):
            prequential.main()


# ---- plots and packages --------------------------------------------------------------------------------------------


def test_a_mean_curve_goes_as_far_as_all_do():
    assert plots.mean_curve([[(1, 4.0), (2, 2.0), (3, 1.0)], [(1, 2.0), (3, 1.0)]]) == [(1, 3.0), (2.5, 1.5)]


def test_a_plot_that_cannot_be_written_is_one_line(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    lines = {"default": [[(1, 2.0), (2, 1.0)]]}
    assert plots.draw(tmp_path / "no" / "x.png", lines, {}, title="", x="s", y="bpb") is None
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_lab_is_named_and_pinned():
    """`make lab` installs what pyproject.toml's group names; constraints.txt pins it."""
    group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["lab"]
    names = {re.split(r"[<>=]", name)[0] for name in group}
    (install,) = re.findall(r"^lab:.*\n\t.*constraints\.txt (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(install.split()) == names
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert names <= pinned


# ---- teaching ------------------------------------------------------------------------------------------------------


@pytest.mark.trial
def test_teach_measures_what_is_learned_beside_a_twin(text, monkeypatch, capsys):
    """What was taught is known better than before and than by the twin, who lived the same steps."""
    arguments = ["--text", str(text), "--warm-up", "1", "--seconds", "2", *SMALL]
    result = measured(teach, arguments, monkeypatch, capsys)
    before, after, twin = result["taught_nats_per_token"]
    assert result["steps"] > 0
    assert after < min(before, twin)


@pytest.mark.trial
def test_company_compares_anchors_from_one_origin(text, monkeypatch, capsys):
    """Both lives begin where the one brain stood, and are taught the same pairs."""
    arguments = ["--text", str(text), "--minutes", "0.02", "--steps", "20", "--every", "5", *SMALL]
    result = measured(company, arguments, monkeypatch, capsys)
    free, kept = result["anchor 0"], result["anchor 1"]
    assert free["taught_nats"] != kept["taught_nats"]
    assert abs(free["held_out"] - result["held_out_before"]) < result["held_out_before"]


# ---- privacy -------------------------------------------------------------------------------------------------------


def test_privacy_measures_all_of_its_parts():
    """A figure for each, and a word costs the guard eight bytes at most."""
    figures = privacy.measure("We sat on the wall and ate the bread that she had brought. " * 40)
    assert all(figures[name] > 0 for name in figures if name.endswith(("per_s", "a_word", "a_reply")))
    assert figures["guard_bytes_a_word"] <= 8
    assert figures["redacted"] == 0


# ---- bodies --------------------------------------------------------------------------------------------------------


@pytest.mark.trial
@pytest.mark.timeout(600)  # a dozen programs are started one after the other, and one is compiled
def test_bodies_are_measured(text, monkeypatch, capsys):
    """Each kind has its size and its figures, beside the resident brain's."""
    found = measured(bodies, ["--text", str(text), *SMALL, "--rounds", "1", "--tokens", "3"], monkeypatch, capsys)
    sizes = [found[f"{kind} bytes per parameter"] for kind in (".pyz", ".html", ".baby")]
    assert sizes == sorted(sizes)
    for name in ("resident", ".pyz"):
        assert found[f"{name} tokens per second"] > 0
        assert found[f"{name} first token ms"] > 0
    assert found[".pyz start seconds"] > 0
    if find_compiler():
        assert found["program tokens per second"] > 0
        assert 0 < found["program memory MB"] < found[".pyz memory MB"]


# ---- exports -------------------------------------------------------------------------------------------------------


@pytest.mark.trial
def test_exports_are_measured(text, monkeypatch, capsys):
    """Sizes, and that whoever can read them finds what we find."""
    found = measured(exports, ["--text", str(text), *SMALL, "--steps", "1", "--tokens", "5"], monkeypatch, capsys)
    assert found["transformers MB"] > 0
    assert found["llama2c MB"] > 0
    for program in ("transformers", "llama.cpp"):
        assert found.get(f"{program} same ids", True)


# ---- receipts ------------------------------------------------------------------------------------------------------


def test_receipts_are_held_against_leaving_out(text, monkeypatch, capsys):
    """What was told is named by its words alone, and the one text there is as what did most."""
    how = ["--text", str(text), "--minutes", "0", "--questions", "3", "--half", "a"]
    result = measured(receipts, [*how, *SMALL], monkeypatch, capsys)
    assert result["taught"]["at_once"] == {"right": 3, "named": 1.0}
    assert result["taught"]["by_heart"]["right"] <= 3
    assert 0 <= result["texts"]["answers"] <= 3
    assert 0 < result["seconds_p50"] <= result["seconds_p99"]


# ---- dialogue ------------------------------------------------------------------------------------------------------


def test_conversations_are_taught_in_three_ways(tmp_path, monkeypatch, capsys):
    """Each held-out answer costs something, and who learns nothing finds about one in ten."""
    chats = tmp_path / "chats.jsonl"
    turns = [
        [{"role": "user", "content": f"what is {n}?"}, {"role": "assistant", "content": f"{n} is a number."}]
        for n in range(120)
    ]
    chats.write_text("".join(json.dumps({"messages": talk}) + "\n" for talk in turns))
    told = measured(dialogue, ["--text", str(chats), "--cpu-minutes", "0.001", *SMALL], monkeypatch, capsys)
    assert [way["way"] for way in told["ways"]] == ["answers", "both", "prose"]
    for way in told["ways"]:
        assert 1 < way["bits_of_answers"] < 12
        assert 0 <= way["found_among_ten"] <= 1
        assert way["lives"][0]["steps"] >= 1


def test_a_long_talk_is_taken_in_parts():
    """Of eight turns at most, each from a question on."""
    talk = [(who, str(n)) for n in range(9) for who in ("user", "assistant")] + [("assistant", "and more")]
    parts = list(dialogue.in_parts(talk))
    assert [turn for part in parts for turn in part] == talk
    assert [len(part) for part in parts] == [8, 8, 3]
    assert {part[0][0] for part in parts} == {"user"}


def test_too_few_conversations_are_told(tmp_path, capsys):
    chats = tmp_path / "chats.txt"
    chats.write_text("you: hello\nbaby: hello, you\n")
    with pytest.raises(Mistake, match="1 conversations are too few"):
        dialogue.talks_of(chats)
