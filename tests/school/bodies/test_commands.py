"""``share`` and ``adopt`` as they are typed: what they print, as lines and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bots.command_line import parse
from school import commands
from school.bodies.baby_file import read_baby
from school.office.advice import go_on_with
from school.office.mistakes import Mistake
from school.souls.caretaker import Caretaker
from school.souls.settings import SoulSettings
from tests.school.bodies.conftest import SETTINGS


@pytest.fixture
def home(lived, tmp_path: Path) -> Path:
    Caretaker(tmp_path / "home" / "soul", SoulSettings()).save(lived)
    return tmp_path / "home"


def run(home: Path, *words: str) -> int:
    options = parse(["--home", str(home), *words])
    go_on_with(options.home, None, [], options.set)
    try:
        return getattr(commands, options.verb)(SETTINGS, home, options)
    finally:
        go_on_with(None, None, [], [])


def test_from_hand_to_hand(home, tmp_path, capsys):
    """Shared here, adopted there; both print the card, and what is needed to wake it can be typed as it stands."""
    file, new = tmp_path / "gift.baby", tmp_path / "new"
    assert run(home, "share", str(file), "--licence", "MIT") == 0
    out, err = capsys.readouterr()
    assert "licence: MIT" in out
    assert "docs/sharing.md" in err
    assert run(new, "adopt", str(file), "--set", "brain.neurons=32") == 0
    out, err = capsys.readouterr()
    assert "licence: MIT" in out
    assert f"--home {new} --set brain.neurons=32 --set library.vocabulary=300" in err
    assert err.count("brain.neurons=32") == 1
    (place,) = (new / "soul").glob("step-*")
    again = tmp_path / "again.baby"
    assert run(new, "share", str(again), "--licence", "MIT", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["bytes"], told["card"]["licence"]) == (again.stat().st_size, "MIT")
    first, second = read_baby(file), read_baby(again)
    assert all(tensor.equal(second.weights[name]) for name, tensor in first.weights.items())
    assert place.name == f"step-{first.card.step:012d}"


def test_endings(home, tmp_path, capsys):
    """Each makes its kind; others are told which there are, and that none means a program."""
    assert run(home, "share", str(tmp_path / "gift.C")) == 0
    assert "int main(" in (tmp_path / "gift.C").read_text()
    with pytest.raises(Mistake, match=r"must end with one of \.baby, \.pyz, \.html, \.c"):
        run(home, "share", str(tmp_path / "gift.gguf"))


def test_adopting_for_programs(home, tmp_path, capsys):
    run(home, "share", str(tmp_path / "gift.baby"))
    capsys.readouterr()
    assert run(tmp_path / "new", "adopt", str(tmp_path / "gift.baby"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert "library.vocabulary=300" in told["set"]
    assert Path(told["soul"]).is_dir()


def test_what_can_not_be_adopted_makes_no_home(home, tmp_path):
    """Not even an empty folder."""
    run(home, "share", str(tmp_path / "gift.pyz"))
    for file in (tmp_path / "gift.pyz", tmp_path / "none.baby", tmp_path):
        with pytest.raises(Mistake) as caught:
            run(tmp_path / "new", "adopt", str(file))
        assert len(str(caught.value).splitlines()) == 1
        assert not (tmp_path / "new").exists()
