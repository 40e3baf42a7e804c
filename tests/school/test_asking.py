"""What `ask` shows: an answer as it grows, or one object for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from school.asking import Asker
from school.office.mistakes import Mistake
from school.offline import newest_soul
from school.souls.caretaker import Caretaker
from school.souls.settings import SoulSettings

PIECES = ("I am", " a ket", "tle.")


def test_an_answer_is_shown_as_it_grows(capsys):
    """Whole words appear while the rest is still being thought of, behind the name and before the line's end."""
    seen = []

    def answer(question: str, on_token: Callable[[str], None]) -> dict[str, str]:
        for piece in PIECES:
            on_token(piece)
            seen.append(capsys.readouterr().out)
        return {"text": "".join(PIECES)}

    Asker(answer).answer("what are you?", as_json=False, name="baby: ")
    assert seen == ["baby: I", " am a", ""]
    assert capsys.readouterr().out == " kettle.\n"
    Asker(answer).answer("what are you?", as_json=True)
    assert json.loads("".join([*seen[3:], capsys.readouterr().out])) == {"text": "I am a kettle."}


def test_who_asks_during_a_birth_is_told_to_wait(tmp_path: Path):
    """And not to stop it; where nobody is at work, to wake it first."""
    souls = Caretaker(tmp_path / "soul", SoulSettings())
    with pytest.raises(Mistake, match="wake the baby first"):
        newest_soul(souls, print)
    souls.lock()
    try:
        with pytest.raises(Mistake, match="a baby is being born there. Ask again in a moment"):
            newest_soul(Caretaker(tmp_path / "soul", SoulSettings()), print)
    finally:
        souls.unlock()
