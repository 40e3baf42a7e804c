"""Curves as pictures: which there are, what is on them and what is not, and that they are PNG files."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

import wakeup
from school.office.mistakes import Mistake
from school.report import pictures
from school.report.cards import cards
from school.report.pictures import find_browser, png
from tests.chromium import installed
from tests.school.report.conftest import ATTACK, CANARIES


def points_of(file: bytes) -> np.ndarray:
    """What a PNG file shows that is written as ours are: (height, width, 3)."""
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, rest = {}, file[8:]
    while rest:
        size, kind = struct.unpack(">I4s", rest[:8])
        data, check = rest[8 : 8 + size], struct.unpack(">I", rest[8 + size : 12 + size])[0]
        assert zlib.crc32(kind + data) == check
        chunks[kind], rest = data, rest[12 + size :]
    wide, high, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 2)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(high, 1 + 3 * wide)
    assert set(rows[:, 0]) == {2}
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(high, wide, 3)


def test_a_png_holds_what_was_drawn():
    drawn = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    assert (points_of(png(drawn)) == drawn).all()


def test_a_card_for_each_curve_and_no_word_of_anybody(told):
    names, document = cards(told)
    assert names == ["knowing", "feeling", "looking-back", "remembering", "learning-speed"]
    assert document.count('<section class="card') == len(names)
    assert len(set(re.findall(r'id="(life-\w+)"', document))) == len(names)
    assert not [word for word in (*CANARIES.values(), ATTACK, "Xanthippe", "https:") if word in document]
    assert re.findall(r"<(?:script|img|link)", document) == []


def test_a_life_that_has_not_begun_has_none(told):
    assert cards(told | {"head": told["head"] | {"born_at": None}})[0] == []


def test_where_no_browser_is(monkeypatch, home, tmp_path, capsys):
    """One line, and nothing is written, not even the page."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pictures, "ELSEWHERE", {})
    with pytest.raises(Mistake, match="--png needs Chromium, Chrome, Edge or Brave"):
        find_browser()
    assert wakeup.main(["report", "--home", str(home), "--out", str(tmp_path / "it.html"), "--png"]) == 2
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err.count("\n") == 1


def test_a_browser_that_draws_nothing(tmp_path):
    (tmp_path / "chromium").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "chromium").chmod(0o755)
    with pytest.raises(Mistake, match="drew nothing"):
        pictures.draw("<p>", [tmp_path / "one.png"], str(tmp_path / "chromium"))
    with pytest.raises(Mistake, match="can't be started"):
        pictures.draw("<p>", [tmp_path / "one.png"], str(tmp_path / "none"))


@pytest.mark.skipif(installed() is None, reason="chromium is not installed, so nothing is drawn")
def test_they_are_drawn(home, tmp_path, capsys):
    page = tmp_path / "pip.html"
    assert wakeup.main(["report", "--home", str(home), "--out", str(page), "--png"]) == 0
    said = capsys.readouterr().out
    drawn = sorted(tmp_path.glob("pip-*.png"))
    assert [file.stem for file in drawn] == [
        "pip-feeling", "pip-knowing", "pip-learning-speed", "pip-looking-back", "pip-remembering",
    ]  # fmt: skip
    assert all(str(file) in said for file in drawn)
    for file in drawn:
        points = points_of(Path(file).read_bytes())
        assert points.shape == (1350, 2400, 3)
        assert tuple(points[1349, 0]) == (251, 250, 246), "its paper"
        assert len(np.unique(points[400:1100:9] @ [1, 256, 65536])) > 20, "a curve is drawn there"
        assert (points[1345:, 100:2300] == points[1349, 0]).all(), "nothing hangs over the edge"
