"""What each token cost."""

from __future__ import annotations

import torch

from brain.ops.backend import PYTORCH, Backend
from brain.ops.token_losses import divergence, token_losses


def test_kernels_compute_what_torch_computes(compiled: Backend):
    """Losses, right guesses and the logits' gradient; of two equal best guesses the first counts, as in PyTorch."""
    torch.manual_seed(0)
    logits, targets = torch.randn(5, 3, 37, requires_grad=True), torch.randint(0, 37, (5, 3))
    with torch.no_grad():
        logits[0, 0] = 0.0
        logits[1, 1] *= 40

    def read(backend: Backend):
        logits.grad = None
        losses, right = token_losses(logits * 1, targets, backend)  # * 1: their place may be taken
        (losses * torch.arange(15.0).view(5, 3)).sum().backward()
        return losses.detach(), right, logits.grad

    plain, fast = read(PYTORCH), read(compiled)
    torch.testing.assert_close(plain[0], fast[0], atol=1e-5, rtol=1e-5)
    assert torch.equal(plain[1], fast[1])
    torch.testing.assert_close(plain[2], fast[2], atol=1e-5, rtol=1e-5)


def test_a_loss_is_the_surprise_in_nats(backend: Backend):
    logits = torch.log(torch.tensor([[[0.5, 0.25, 0.25]], [[0.1, 0.1, 0.8]]]))
    losses, right = token_losses(logits, torch.tensor([[0], [1]]), backend)
    torch.testing.assert_close(losses, -torch.tensor([[0.5], [0.1]]).log())
    assert right.tolist() == [[True], [False]]


def test_divergence_is_none_from_itself():
    logits, other = torch.randn(4, 2, 9), torch.randn(4, 2, 9)
    assert divergence(logits, logits).item() == 0
    assert divergence(logits, other).item() > 0
