"""The voices: every language in one file, changed by the home's own, and nothing hard-wired to a person."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from school.diary import voice as voice_module
from school.diary.faces import bear
from school.diary.voice import read_voices
from school.door.mood import WORDS
from school.office.mistakes import Mistake

NOWHERE = Path("none")


def own(home: Path, text: str) -> Path:
    (home / "voice.toml").write_text(text, encoding="utf-8")
    return home


def test_everybody_can_be_called_otherwise(tmp_path):
    """Names stand in one place, and all sections use them."""
    voices = read_voices(own(tmp_path, '[names]\nbaby = "Ada"\n[scribe]\ngood = ["well, {baby}!"]\n'))
    assert voices["scribe"].say("good") == "well, Ada!"
    assert voices["scribe"].say("superb", percent="99", history=100) != ""
    assert "Ada" in voices["letter"].say("ended", face="")


def test_lines_outside_of_sections_belong_to_the_chat(tmp_path):
    """So a file from the days when there was only a chat still does what it did, beside sections of other parts."""
    voices = read_voices(own(tmp_path, 'rude = ["tut"]\n[moods]\nproud = ["ten feet tall"]\n'))
    assert voices["chat"].say("rude") == "tut"
    assert voices["moods"].say("proud") == "ten feet tall"
    assert voices["moods"].say("calm")


def test_the_section_of_the_chat_may_have_its_old_name(tmp_path):
    """[twitch] is read as [chat], which has the last word where both are there."""
    voices = read_voices(own(tmp_path, 'rude = ["a"]\n[twitch]\nrude = ["tut"]\n'))
    assert voices["chat"].say("rude") == "tut"
    assert "twitch" not in voices
    voices = read_voices(own(tmp_path, '[twitch]\nrude = ["tut"]\n[chat]\nrude = ["no"]\n'))
    assert voices["chat"].say("rude") == "no"


def test_a_language_is_a_file_and_english_fills_its_gaps(tmp_path, monkeypatch):
    """The home's own file has the last word in every language."""
    shipped = tmp_path / "voices"
    shipped.mkdir()
    (shipped / "en.toml").write_bytes((voice_module.SHIPPED / "en.toml").read_bytes())
    (shipped / "sv.toml").write_text('[moods]\nproud = ["stolt"]\ncalm = ["lugn"]\n')
    monkeypatch.setattr(voice_module, "SHIPPED", shipped)
    voices = read_voices(own(tmp_path, '[moods]\ncalm = ["så lugn"]\n'), "sv")
    assert [voices["moods"].say(word) for word in ("proud", "calm")] == ["stolt", "så lugn"]
    assert voices["moods"].say("bored")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[muds]\nx = ['y']", "there is no section [muds]; there are: names, moods"),
        ("[moods]\nprod = ['y']", "moods.prod is nothing that it says; did you mean proud?"),
        ("[names]\nbaby = ['y']", 'names.baby must be a text, like "baby"'),
        ("[scribe]\ngood = ['{loss}']", "scribe.good has no {loss}; there are: "),
        ("[diary]\nbest = ['{text']", "diary.best: "),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, says):
    with pytest.raises(Mistake) as caught:
        read_voices(own(tmp_path, text))
    assert says in str(caught.value)
    assert str(tmp_path / "voice.toml") in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_voice_that_is_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "voice.toml")
    with pytest.raises(Mistake, match=r"voice\.toml: can't be read \(it is a pipe"):
        read_voices(tmp_path)


@pytest.mark.parametrize("language", ["xx", "../en", ""])
def test_a_language_that_is_none_is_named(language):
    with pytest.raises(Mistake, match="there are: en"):
        read_voices(NOWHERE, language)


def test_a_seed_always_draws_the_same():
    moods = read_voices(NOWHERE)["moods"]
    assert len({moods.say("proud", seed=5) for _ in range(20)}) == 1
    assert len({moods.say("proud", seed=seed) for seed in range(20)}) > 1


def test_moods_and_their_bears_are_complete():
    """Every word can be said and drawn, and every bear follows from its seed and has its mood's eyes."""
    voices = read_voices(NOWHERE)
    for word in WORDS:
        assert voices["moods"].say(word)
        assert len({bear(voices["faces"], word, seed) for seed in range(40)}) > 5
        assert len({bear(voices["faces"], word, "monday") for _ in range(5)}) == 1
    random.seed(0)
    before = random.getstate()
    bear(voices["faces"], "calm", 1)
    assert random.getstate() == before


def test_a_bear_of_ones_own(tmp_path):
    text = "[faces]\narms = ['( )']\nmouths = ['v']\neyes_calm = ['o o']\n"
    assert bear(read_voices(own(tmp_path, text))["faces"], "calm", 1) == "(ovo)"


@pytest.mark.parametrize("value", ["[" * 20_000, "9" * 5_000])
def test_a_hostile_voice_is_one_line(tmp_path, value):
    (tmp_path / "voice.toml").write_text(f"[names]\nbaby = {value}\n")
    with pytest.raises(Mistake, match=r"voice\.toml: not valid TOML") as caught:
        read_voices(tmp_path)
    assert len(str(caught.value).splitlines()) == 1
