"""What the baby says in a chat, and how its home may change that."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.chat.links import has_link
from bots.chat.mood import feelings
from school.diary.voice import SHIPPED, Voice, _fields, read_voices
from school.door.values import Snapshot
from school.office.mistakes import Mistake
from tests.voices import CALLED, read_voice


def test_the_voice_can_be_changed(tmp_path):
    """Lines of the home's file take the place of the shipped ones, and the others stay."""
    own = tmp_path / "voice.toml"
    own.write_text('good = ["wheee {optin}"]\n')
    voice = read_voice(tmp_path)
    assert voice.say("good") == "wheee !optin"
    assert voice.say("refused")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('goood = ["x"]', "goood is nothing that it says; did you mean good?"),
        ('good = "x"', "good must be a list of texts"),
        ("good = []", "good must be a list of texts"),
        ('good = ["{nme}"]', "good has no {nme}; there are: "),
        ('good = ["{"]', "good: "),
        ('good = ["{optin!r}"]', "in braces there can only be a name"),
        ('good = ["{optin.x}"]', "in braces there can only be a name"),
        ("good = ", "not valid TOML"),
    ],
)
def test_a_wrong_voice_is_named(tmp_path, text, says):
    """One clear line with the file, the key and what is wrong."""
    own = tmp_path / "voice.toml"
    own.write_text(text)
    with pytest.raises(Mistake) as caught:
        read_voice(tmp_path)
    assert says in str(caught.value)
    assert str(own) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_shipped_voice_fits_into_a_message():
    """Every line, filled in, is short enough for a chat, has no link and begins like no command of others'."""
    voice = read_voice()
    fields = {field: "1,234,567" for lines in voice._lines.values() for text in lines for field in _fields(text)}
    fields = {name: value for name, value in fields.items() if name not in CALLED}
    fields["commands"] = " ".join(CALLED.values())
    for lines in voice._lines.values():
        for text in lines:
            filled = Voice({"x": [text]}, CALLED).say("x", **fields)
            assert len(filled) <= 400, text
            assert not has_link(filled)
            assert not filled.startswith(("/", "@"))
    assert (SHIPPED / "en.toml").read_text("utf-8").count("\n# ") >= 5


@pytest.mark.parametrize(
    ("color", "square"),
    [((1, 0.1, 0.1), "🟥"), ((0, 0, 0), "⬛"), ((1, 1, 1), "⬜"), ((0.1, 0.9, 0.1), "🟩"), ((0.1, 0.3, 1), "🟦")],
)
def test_moods_have_colours(color, square):
    """Each channel has its words, and the nearest square is shown beside the exact colour."""
    now = Snapshot(color=color, mood="proud")
    moods = read_voices(Path("none"))["moods"]
    told = feelings(now, read_voice(), moods)
    assert told["feeling"] in {moods.choose("proud", seed=n) for n in range(200)}
    assert told["square"] == square
    assert told["color"].startswith(f"#{round(255 * color[0]):02x}")
    assert {"energy", "stir", "calm"} < told.keys()
