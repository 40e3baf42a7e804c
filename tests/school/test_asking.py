"""What `ask` shows: an answer as it grows, or one object for programs."""

from __future__ import annotations

import json
from collections.abc import Callable

from school.asking import Asker

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
