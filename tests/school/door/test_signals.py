"""What is let on about an answer: laughter, thanks, the same question again, silence; each with its own weight."""

from __future__ import annotations

import pytest

from school.diary.voice import read_voices, signals_of
from school.door.signals import SIGNALS, Signal
from school.talking.settings import SignalSettings

ASKED = "what is the name of my cat?"


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    return read_voices(tmp_path_factory.mktemp("home"))


def told(voices, text: str, seconds: float = 0.0, **weights: float) -> Signal | None:
    how = dict(zip(SIGNALS, (0.1, 0.2, 0.3, 0.4), strict=True)) | weights
    return signals_of(voices, SignalSettings(**how)).heard(text, ASKED, seconds)


def test_each_is_known_and_weighs_what_it_should(voices):
    for text, name, verdict, weight in (
        ("HAHAHAHA", "laughter", "good", 0.1),
        ("oh lol :D", "laughter", "good", 0.1),
        ("thank you!", "thanks", "good", 0.2),
        ("Thanks, haha", "thanks", "good", 0.2),
        ("What is the name of my cat", "again", "bad", 0.3),
    ):
        assert told(voices, text) == Signal(name, verdict, weight), text
    assert told(voices, "good morning", 600.0) == Signal("silence", "bad", 0.4)


def test_talk_is_no_signal(voices):
    """Words within words, long lines, other questions, a short pause; and nothing that weighs nothing."""
    for text in ("party time", "a lollipop", "what is the name of my dog's best friend?", "", "   ", "ok"):
        assert told(voices, text, 599.0) is None, text
    assert told(voices, "no thanks to my brother who ate all of the soup") is None
    assert told(voices, "haha", laughter=0.0) is None
    assert told(voices, "hm", 6000.0, silence=0.0) is None


def test_patterns_are_the_voices(tmp_path):
    """Another language, or the owner, says what laughter is."""
    (tmp_path / "voice.toml").write_text('[signals]\nlaughter = ["jaja*"]\n')
    voices = read_voices(tmp_path)
    assert told(voices, "jajaja").name == "laughter"
    assert told(voices, "haha") is None
