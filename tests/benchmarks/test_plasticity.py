"""The measures of plasticity and of the self-state: on numbers whose answer is known, and in lives of a few seconds."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest
import torch

from benchmarks import plasticity, selfstate
from benchmarks.plasticity import effective_rank, libraries, look_at, silent_share, unseen
from benchmarks.selfstate import AHEAD, BACK, judge, ranks, spearman
from school.office.mistakes import Mistake
from tests.conftest import SENTENCES, make_brain

TINY = [
    "brain.preset=newborn", "brain.neurons=32", "brain.embed_width=16", "brain.bottleneck=16",
    "brain.thought_width=16", "library.vocabulary=300", "machine.threads=1",
]  # fmt: skip


def run(command, monkeypatch, *arguments: str) -> None:
    """The command as a person would type it, without the seconds that a second Python needs to load torch."""
    changes = [part for change in TINY for part in ("--set", change)]
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments, *changes, "--json"])
    command.main()


def test_effective_rank_counts_directions():
    """1 for a matrix of rank one, n for the identity, in between for unequal directions, 0 for silence."""
    assert effective_rank(torch.outer(torch.arange(1.0, 9), torch.arange(1.0, 5))) == pytest.approx(1, abs=1e-6)
    assert effective_rank(torch.eye(7)) == pytest.approx(7)
    assert 1 < effective_rank(torch.diag(torch.tensor([1.0, 0.1]))) < 2


def test_silent_units_are_those_far_below_the_mean():
    assert silent_share(torch.tensor([1.0, 1.0, 0.0, 0.001])) == 0.5
    assert silent_share(torch.ones(5)) == 0


def test_dead_neurons_are_counted(tokenizer):
    """A neuron whose bias keeps it shut is dormant, and the gradient does not reach its row."""
    brain = make_brain(tokenizer)
    tokens = torch.tensor([tokenizer.encode(SENTENCES)[:33]] * 2)
    before = look_at(brain, tokens)["neurons"]
    with torch.no_grad():
        brain.neurons.bias[:8] = -50
    after = look_at(brain, tokens)["neurons"]
    assert before["dormant"] == before["idle"] == 0
    assert after["dormant"] == after["idle"] == 8 / 32
    assert after["effective_rank"] < before["effective_rank"]
    assert after["norm"] > before["norm"]
    assert all(parameter.grad is None for parameter in brain.parameters())
    assert not any(module._forward_hooks for module in brain.modules())


def test_no_library_holds_the_unseen_text():
    """The four libraries are different texts, and none has a sentence of the fifth in any spelling of its own."""
    first = "".join(f"Day {i} of the diary. " for i in range(100))
    second = "".join(f"Verse {i} of the play. " for i in range(100))
    shelf, fifth = libraries(first, second), unseen(second)
    assert "Day 3 of the diary" in shelf["plain"]
    assert "DAY 97 OF THE DIARY" in shelf["capitals"]
    assert "esreV 3 fo eht yalp" in shelf["words reversed"]
    assert "Wfstf" in shelf["letters rotated"]
    assert "Verse 70" in fifth["plain"]
    assert "Evihv 70" in fifth["mirrored"]
    assert not any("70 " in shelf[name] for name in ("words reversed", "letters rotated"))


def test_ranks_and_their_correlation():
    """Equal values share their mean rank; any rising function has correlation 1, a falling one -1, a constant 0."""
    x = torch.tensor([0.3, -1.0, 7.0, 2.0])
    assert ranks(torch.tensor([5.0, 1.0, 5.0, 9.0])).tolist() == [2.5, 1, 2.5, 4]
    assert spearman(x, x.exp()) == pytest.approx(1)
    assert spearman(x, -(x**3)) == pytest.approx(-1)
    assert spearman(x, torch.ones(4)) == 0
    # by hand: ranks (1, 2.5, 2.5, 4) and (1, 2, 3, 4): covariance 4.5, variances 4.5 and 5
    assert spearman(torch.tensor([0.0, 1, 1, 2]), torch.tensor([0.0, 1, 2, 3])) == pytest.approx(4.5 / (4.5 * 5) ** 0.5)


def test_foretellers_use_nothing_that_is_not_known_yet():
    """Places line up: one who is told the coming 32 is always right, and the others look back from each place only."""
    torch.manual_seed(0)
    right = (torch.rand(2, 300) < 0.5).float()
    coming = right.unfold(1, AHEAD, 1).mean(-1)
    prophet = torch.zeros(2, 300, 3)
    prophet[:, : coming.shape[1], 0] = coming
    true = torch.zeros(2, 300, 3)
    true[..., 0] = right
    counts = torch.ones(2, 300, dtype=torch.bool)
    found = judge(prophet, true, right, counts)
    assert found["rank_correlation"]["expected_red"] == pytest.approx(1)
    assert found["places"] == 2 * (300 - AHEAD - BACK + 1)
    expected = [right[r, t - BACK : t].mean() for r in range(2) for t in range(BACK, 300 - AHEAD + 1)]
    future = [coming[r, t] for r in range(2) for t in range(BACK, 300 - AHEAD + 1)]
    by_hand = spearman(torch.stack(expected), torch.stack(future))
    assert found["rank_correlation"]["accuracy_mean"] == pytest.approx(by_hand, abs=1e-4)
    assert found["rank_correlation"]["red_mean"] == pytest.approx(by_hand, abs=1e-4)
    last = [true[r, t - 1, 0] - true[r, t, 0] for r in range(2) for t in range(BACK, 300 - AHEAD + 1)]
    assert found["squared_error"]["as_last"]["red"] == pytest.approx(torch.stack(last).square().mean().item(), abs=1e-5)


@pytest.mark.trial
def test_a_life_of_four_libraries(tmp_path, monkeypatch, capsys):
    """The command teaches for a moment, reads, and prints one line with every figure that it promises."""
    texts = []
    for name, length in (("a", 8), ("b", 16)):
        texts.append(tmp_path / f"{name}.txt")
        texts[-1].write_text("".join(f"{i}. {SENTENCES}" for i in range(length)), encoding="utf-8")
    plot = tmp_path / "lives.png"
    run(plasticity, monkeypatch, "--seconds-each", "0.2", "--texts", *map(str, texts), "--plot", str(plot))
    (line,) = capsys.readouterr().out.splitlines()
    result = json.loads(line)
    life = result["lives"][0]
    assert [stage["after"] for stage in life] == ["birth", "plain", "words reversed", "capitals", "letters rotated"]
    steps = [stage["step"] for stage in life]
    assert steps[0] == 0
    assert steps == sorted(set(steps))
    for spelling in ("plain", "mirrored"):
        fresh, old = life[0]["unseen"][spelling], life[-1]["unseen"][spelling]
        share = 100 * old["saved_bits"] / fresh["saved_bits"]
        assert result["saved_percent_of_fresh"][spelling] == pytest.approx(share, abs=0.06)
        assert fresh["bits_per_byte"] != old["bits_per_byte"]
        assert fresh["learned"] == pytest.approx(fresh["first_tenth"] - fresh["last_tenth"])
    assert {"dormant", "idle", "effective_rank", "norm"} <= life[0]["parts"]["neurons"].keys()
    assert life[-1]["parts"]["memory2"]["effective_rank"] > 1
    if importlib.util.find_spec("matplotlib"):
        assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_missing_text_is_one_line(monkeypatch):
    with pytest.raises(Mistake, match=r"^no-such-a\.txt: No such file or directory\.$"):
        run(plasticity, monkeypatch, "--texts", "no-such-a.txt", "no-such-b.txt")


@pytest.mark.trial
def test_the_self_state_is_measured(monkeypatch, capsys):
    run(selfstate, monkeypatch, "--minutes", "0.01", "--tokens", "1000")
    result = json.loads(capsys.readouterr().out)
    for found in (result, result["talking"]):
        assert set(found["squared_error"]) == {"head", "as_last", "mean"}
        assert all(error > 0 for channel in found["squared_error"].values() for error in channel.values())
        assert all(-1 <= value <= 1 for value in found["rank_correlation"].values())
    assert result["places"] == result["talking"]["places"] > 100
    assert result["squared_error"]["head"] != result["talking"]["squared_error"]["head"]
