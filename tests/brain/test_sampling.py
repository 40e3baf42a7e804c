"""From logits to the next token."""

from __future__ import annotations

import pytest
import torch

from brain.ops.backend import Backend
from brain.sampling import FAR, draw, likely, penalise_repetition, spell_on


def test_sampling_obeys_its_limits(backend: Backend):
    """Forbidden ids never come, top-k and top-p keep only the best, temperature 0 takes the best, seeds repeat."""
    logits = torch.tensor([[5.0, 4.0, 3.0, -2.0, 9.0]]).expand(4, -1)
    forbidden = torch.tensor([[False, False, False, False, True]]).expand(4, -1)
    common = {"forbidden": forbidden, "ending": 3, "penalty": 0.0, "run": backend.kernels}
    nothing, two, zero = torch.full((4, 4), -1), torch.full((4,), 2.0), torch.zeros(4)

    def kept(**how) -> list[int]:
        return (likely(logits, nothing, **common, **how)[1] > 0).sum(-1).tolist()

    assert kept(temperatures=two, top_k=2, top_p=1.0) == [2] * 4
    assert kept(temperatures=two, top_k=0, top_p=1.0) == [4] * 4
    assert kept(temperatures=two, top_k=0, top_p=1e-9) == [1] * 4
    assert kept(temperatures=torch.tensor([2.0, 0.0, 2.0, 0.0]), top_k=3, top_p=1.0) == [3, 1, 3, 1]
    ids, shares = likely(logits, nothing, **common, temperatures=two, top_k=3, top_p=1.0)
    torch.testing.assert_close(shares, (logits[:, :3] / 2).softmax(-1))
    assert draw(*likely(logits, nothing, **common, temperatures=zero, top_k=0, top_p=1.0), seeds(4)).tolist() == [0] * 4
    drawn = [draw(ids, shares, seeds(4)).tolist() for _ in range(2)]
    assert drawn[0] == drawn[1]


def seeds(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def test_each_token_comes_as_often_as_it_is_likely():
    """And never one that is not, at either end."""
    shares, count = torch.tensor([[0.0, 0.5, 0.25, 0.0, 0.25, 0.0]]), 8000
    drawn = draw(
        torch.arange(6).expand(count, -1), shares.expand(count, -1), [torch.Generator().manual_seed(0)] * count
    )
    torch.testing.assert_close(drawn.bincount(minlength=6)[None] / count, shares, atol=0.02, rtol=0)
    assert set(drawn.tolist()) == {1, 2, 4}


@pytest.mark.parametrize("top_k", [0, 1, 30])
@pytest.mark.parametrize("leaning", [False, True])
@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_kernels_find_what_torch_finds(compiled: Backend, top_k: int, leaning: bool, penalty: float):
    """The same tokens in the same order and as likely, for rows that are not side by side, too."""
    rng = torch.Generator().manual_seed(1)
    logits = (3 * torch.randn(10, 300, generator=rng))[::2]
    recent, forbidden = torch.randint(-1, 300, (5, 20), generator=rng), torch.rand(5, 300, generator=rng) < 0.2
    towards, share = torch.randint(0, 300, (5,), generator=rng), torch.tensor([0.0, 0.3, 0.9, 0.98, 0.5])
    forbidden[3, towards[3]] = True
    how = {"forbidden": forbidden, "ending": 3, "top_k": top_k, "top_p": 0.9, "penalty": penalty}
    how |= {"temperatures": torch.tensor([0.0, 0.5, 1.0, 1.7, 5.0]), "leaning": (towards, share) if leaning else None}
    plain, fast = (likely(logits, recent, **how, run=run) for run in (None, compiled.kernels))
    torch.testing.assert_close(plain[1], fast[1], atol=1e-6, rtol=1e-4)
    kept = plain[1] > 0
    assert kept.equal(fast[1] > 0)
    assert plain[0][kept].equal(fast[0][kept])


def test_where_only_the_end_may_come(backend: Backend):
    """All words are ruled out: there is nothing that what was said could take from them."""
    forbidden = torch.ones(1, 9, dtype=torch.bool)
    forbidden[0, 4] = False
    how = {"ending": 4, "temperatures": torch.ones(1), "top_k": 0, "top_p": 0.9, "penalty": 1.0, "run": backend.kernels}
    ids, shares = likely(torch.zeros(1, 9), torch.tensor([[1, 4]]), forbidden=forbidden, **how)
    assert draw(ids, shares, seeds(1)).tolist() == [4]


def test_words_go_on_alike(compiled: Backend):
    """The kernel lets fall what torch lets fall, and leaves what it was given as it was."""
    rng = torch.Generator().manual_seed(2)
    logits, goes_on = 2 * torch.randn(6, 300, generator=rng), torch.rand(300, generator=rng) < 0.3
    logits[1, goes_on], logits[2, ~goes_on], logits[3, 5] = -torch.inf, -torch.inf, 40.0
    before = logits.clone()
    plain, fast = (spell_on(logits, goes_on, 0.2, run=run) for run in (None, compiled.kernels))
    torch.testing.assert_close(plain, fast)
    assert logits.equal(before)
    assert (plain[0] < logits[0]).any()
    assert (logits[0] - plain[0]).max() == pytest.approx(FAR)


def test_saying_it_again_costs():
    """Each time a token was said recently lowers its logit by the penalty; -1 stands for no token."""
    recent = torch.tensor([[2, 2, 0, -1]])
    out = penalise_repetition(torch.zeros(1, 5), recent, 0.5, ending=4)
    assert out[:, :4].tolist() == [[-0.5, 0.0, -1.0, 0.0]]


@pytest.mark.parametrize("forbidden", [False, True])
def test_much_said_is_no_reason_to_stop(forbidden):
    """However much is penalised, the end of an answer is as likely as before; and what is ruled out stays so."""
    logits = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    logits[:, 0], logits[:, 5] = -torch.inf, -torch.inf if forbidden else logits[:, 5]
    recent = torch.tensor([[1, 2, 3, 4, 4], [1, 1, 1, 1, -1], [-1] * 5])
    out = penalise_repetition(logits, recent, 2.0, ending=5).softmax(-1)
    torch.testing.assert_close(out[:, 5], logits.softmax(-1)[:, 5])
    assert not out[:, 0].any()
    assert out[1, 1] < logits.softmax(-1)[1, 1]
