"""From logits to the next token."""

from __future__ import annotations

import pytest
import torch

from brain.sampling import keep_likely, penalise_repetition, sample


def test_sampling_obeys_its_limits():
    """Forbidden ids never come, top-k and top-p keep only the best, temperature 0 takes the best, seeds repeat."""
    logits = torch.tensor([[5.0, 4.0, 3.0, -2.0, 9.0]])
    nothing = torch.full((1, 4), -1)
    forbidden = torch.tensor([[False, False, False, False, True]])
    common = {"forbidden": forbidden, "ending": 3, "top_p": 1.0, "penalty": 0.0}
    drawn = {
        sample(logits, nothing, temperature=2.0, top_k=2, rngs=[torch.Generator().manual_seed(i)], **common).item()
        for i in range(50)
    }
    assert drawn == {0, 1}
    assert sample(logits, nothing, temperature=0, top_k=0, rngs=[torch.Generator()], **common).item() == 0
    assert torch.isfinite(keep_likely(logits, 0, 1e-9)).sum() == 1
    assert torch.isfinite(keep_likely(logits, 3, 1.0)).sum() == 3


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
