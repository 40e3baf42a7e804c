"""What judges charge for texts that they don't learn from."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks import references
from benchmarks.talk import likelihood
from benchmarks.talk.likelihood import likelihoods, mixer_bits

# Charges 1 bit for each bit of a byte that it has learned from, and of every "a"; 2 bits for the others. Its name and
# arguments, and the one logarithm a bit, are as the mixer's.
STAND_IN = """
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
int main(int c, char **v) {
    FILE *f = fopen(v[1], "rb");
    double share = atof(v[2]), sum = 0;
    fseek(f, 0, 2); long n = ftell(f); rewind(f);
    for (long i = 0; i < n; i++) {
        int learned = i < n * share, byte = fgetc(f);
        for (int bit = 0; bit < BITS; bit++) sum -= log2(learned || byte == 'a' ? 0.5 : 0.25);
    }
    printf("%f", sum);
}
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch):
    """Puts a mixer there that predicts so many bits of a byte."""
    if not (shutil.which("gcc") or shutil.which("cc")):
        pytest.skip("no C compiler")

    def put(bits: int) -> None:
        file = tmp_path / "mixer.c"
        file.write_text(STAND_IN.replace("BITS", str(bits)))
        monkeypatch.setattr(references, "MIXER", file)

    monkeypatch.setattr(references, "BUILD", ("-O0",))
    return put


def test_the_mixer_learns_from_the_library_alone(stand_in):
    """Every byte of the library is learned from, none behind it; line breaks between texts cost nothing."""
    stand_in(8)
    library = "aé" * 500
    assert likelihood.mixer_costs((library + "aab").encode(), learned=1500).tolist() == [8.0] * 1502 + [16.0]
    assert mixer_bits(library, [["a", "bb"], [], ["", "é"]]) == [8 + 32, 0, 32]
    assert likelihoods(library, [["a", "bb"], [], ["", "é"]]) == ("mixer", [13.3333, None, 16.0])


def test_another_mixer_than_the_known_one_is_not_believed(stand_in, monkeypatch, capsys):
    stand_in(7)
    monkeypatch.setitem(sys.modules, "pyppmd", None)
    assert likelihoods("library", [["a"]]) == ("", [None])
    assert "no likelihood by mixer: mixer.c is not as mixer_costs.c knows it." in capsys.readouterr().err


def test_the_mixers_costs_are_those_that_it_prints(tmp_path):
    if not references.MIXER.exists():
        pytest.skip("no yardstick beside the repository")
    file = tmp_path / "gulls.txt"
    file.write_text("".join(f"{number} gulls sat on the wall and looked at the sea.\n" for number in range(200)))
    costs = likelihood.mixer_costs(file.read_bytes(), learned=file.stat().st_size)
    whole, tail = references.mixer(file)
    assert round(costs.mean(), 4) == whole
    assert costs[-(len(costs) // 10) :].mean() == pytest.approx(tail, abs=6e-5)


def test_ppmd_stands_in(monkeypatch, capsys):
    """What the library says costs little, noise much."""
    pytest.importorskip("pyppmd")
    monkeypatch.setattr(references, "MIXER", Path("/nowhere/mixer.c"))
    library = "the gull sat on the wall and looked at the sea. " * 20
    by, (known, noise) = likelihoods(library, [["the gull sat on the wall"] * 3, ["qzx wvk jpfy hgb mncd rtui"]])
    assert by == "ppmd"
    assert known < 2 < 4 < noise
    assert "no likelihood by mixer" in capsys.readouterr().err


def test_without_any_judge_there_is_no_likelihood(monkeypatch, capsys):
    monkeypatch.setattr(references, "MIXER", Path("/nowhere/mixer.c"))
    monkeypatch.setitem(sys.modules, "pyppmd", None)
    assert likelihoods("library", [["a"], []]) == ("", [None, None])
    assert len(capsys.readouterr().err.splitlines()) == 2
