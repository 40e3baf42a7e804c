"""A library of any size is looked through in bounded memory, and the same comes out."""

from __future__ import annotations

import gc
import os
import random
from pathlib import Path

import numpy as np
import pytest

from school.texts import copies, spool, survey
from school.texts.copies import Gathered, pieces_of, share_out
from school.texts.places import Source
from school.texts.spool import Spool
from school.texts.survey import cut_of, look_at

WORDS = ["fox", "moon", "river", "soup", "boat", "letter", "rain", "window", "bread", "garden", "stone", "night"]


def texts(rng: random.Random) -> list[str]:
    """With lines of their own, lines that others have, too, passages, copies and torn copies."""
    common = [" ".join(rng.choices(WORDS, k=rng.randint(1, 9))) for _ in range(12)]
    passage = "".join(" ".join(rng.choices(WORDS, k=14)) + ".\n" for _ in range(5))
    found = []
    for number in range(rng.randint(2, 7)):
        parts = []
        for _ in range(rng.randint(1, 14)):
            own = f"{number} " + " ".join(rng.choices(WORDS, k=rng.choice((3, 9, 60))))
            parts.append(rng.choice([own, own, own, rng.choice(common), "", passage]))
        found.append("\n".join(parts))
    whole = rng.choice(found)
    return [*found, whole[: rng.randint(0, len(whole))], rng.choice(found)]


@pytest.mark.parametrize("bits", [4, 28])
def test_condensed_pieces_are_shared_out_alike(bits: int, monkeypatch: pytest.MonkeyPatch):
    """And as few of them, where the table is so small that nearly all seem to stand in several texts."""
    monkeypatch.setattr(copies, "MOST_BITS", bits)
    fewer = 0
    for seed in range(120):
        some = texts(random.Random(seed))
        plain = [pieces_of(text, cut_of(text, 0.2)) for text in some]
        gathered = Gathered(sum(map(len, some)), Spool())
        for one in plain:
            gathered.add(one)
        condensed = gathered.condensed()
        split = lambda text: cut_of(text, 0.2)  # noqa: E731
        assert share_out(condensed, some.__getitem__, split) == share_out(plain, some.__getitem__, split)
        fewer += sum(len(one.ends) for one in plain) - sum(len(one.ends) for one in condensed)
        assert [one.length for one in condensed] == [one.length for one in plain]
    assert fewer > 300


def test_what_does_not_fit_waits_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In a file that nobody sees; without a folder, all stays in memory."""
    monkeypatch.setattr(spool, "KEPT", 100)
    pieces = [os.urandom(40) for _ in range(20)]
    for folder in (tmp_path, None, tmp_path / "none"):
        kept = Spool(folder)
        places = [kept.put(piece) for piece in pieces]
        assert [kept.get(place) for place in reversed(places)] == pieces[::-1]
        assert sum(isinstance(place, bytes) for place in places) == (2 if folder == tmp_path else 20)
        assert list(tmp_path.iterdir()) == []
    del kept
    gc.collect()


def test_a_library_on_disk_is_the_library_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rng = random.Random(1)
    for number, text in enumerate(texts(rng)):
        (tmp_path / f"{number}.txt").write_text(text * 3)
    sources = [Source(path, path.name) for path in sorted(tmp_path.iterdir())]

    def looked() -> tuple:
        found = survey.survey(look_at(sources), 0.2, tmp_path)
        return found.shares, found.skipped, [found.parts(number) for number in range(len(found.files))]

    whole = looked()
    monkeypatch.setattr(spool, "KEPT", 0)
    assert looked() == whole
    assert any(share.copy_of is not None for share in whole[0])


def test_progress_is_told_with_what_was_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(survey, "TOLD_SECONDS", -1.0)
    (tmp_path / "a.txt").write_text("a fox\n" * 100)
    (tmp_path / "b.txt").write_bytes(b"%PDF-1.4")
    (tmp_path / "c.txt").write_text("a moon\n" * 100)
    said: list[str] = []
    survey.survey(look_at([Source(path, path.name) for path in sorted(tmp_path.iterdir())]), 0.1, say=said.append)
    assert said[-1].startswith("looking through the library: 100 %, 3 of 3 files, 0 of 0 MB; 1 skipped")
    assert np.all([line.startswith("looking through the library: ") for line in said])
