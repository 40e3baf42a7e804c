"""What each token cost, and whether the brain's best guess was right.

Shapes: T tokens, B streams, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from brain.ops.backend import Backend, Kernels


def token_losses(logits: Tensor, targets: Tensor, backend: Backend) -> tuple[Tensor, Tensor]:
    """Losses in nats and whether the best guess was right, both (T, B), of ``logits`` (T, B, V); ``targets`` int64.

    In the backward pass the gradient of the logits may take their place.
    """
    if run := backend.kernels_for(logits):
        return _Compiled.apply(logits.contiguous(), targets.contiguous(), run)
    losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view_as(targets)
    return losses, logits.detach().argmax(-1) == targets


class _Compiled(torch.autograd.Function):
    """Cross-entropy and best guess in one pass over the logits forward and one backward; torch makes seven."""

    @staticmethod
    def forward(ctx, logits: Tensor, targets: Tensor, run: Kernels) -> tuple[Tensor, Tensor]:
        losses, normalisers = logits.new_empty(targets.shape), logits.new_empty(targets.shape)
        right = torch.empty(targets.shape, dtype=torch.bool)
        run("losses_forward", logits, targets, losses, right, normalisers, targets.numel(), logits.shape[-1])
        ctx.run = run
        ctx.save_for_backward(logits.detach(), targets, normalisers)
        ctx.mark_non_differentiable(right)
        return losses, right

    @staticmethod
    def backward(ctx, grad: Tensor, _):
        logits, targets, normalisers = ctx.saved_tensors
        shape = targets.numel(), logits.shape[-1]
        ctx.run("losses_backward", logits, targets, normalisers, grad.contiguous(), *shape)
        return logits, None, None


def divergence(logits: Tensor, wanted: Tensor) -> Tensor:
    """The Kullback-Leibler divergence of the distributions of ``logits`` from the ``wanted`` ones, both (T, B, V), in
    nats, summed over all tokens."""
    ours, theirs = F.log_softmax(logits.float(), -1), F.log_softmax(wanted.float(), -1)
    return F.kl_div(ours, theirs, log_target=True, reduction="sum")
