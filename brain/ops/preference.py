"""What single verdicts ask of a model: answers that were liked are to become likelier than they were, others less so.

Shapes: R answers, M mismatched ones.

KTO (Ethayarajh et al. 2024, "KTO: Model alignment as prospect theoretic optimization", equations 7 and 8). The log
ratio of an answer is ln p(answer | question) - ln p_before(answer | question), in nats. What counts is how far it is
from a reference point: how far the model went from what it was before, wherever it went. That is an estimate of a
divergence, so never below zero. (Where it may fall below, every answer can sink together, without end, and the loss
with them: the order of good and bad is perfect while speech turns to noise.)
"""

from __future__ import annotations

import torch
from torch import Tensor


def reference_point(mismatched: Tensor) -> Tensor:
    """From log ratios (M,) of answers behind questions that they don't belong to; 0 of none. No gradient flows."""
    if not len(mismatched):
        return mismatched.new_zeros(())
    return mismatched.detach().mean().clamp(min=0)


def preference_losses(ratios: Tensor, liked: Tensor, reference: Tensor, sharpness: float) -> Tensor:
    """A loss in (0, 1) for each answer (R,): 1 - sigmoid(sharpness * gain), where the gain is how far its log ratio is
    above the ``reference`` if it was ``liked``, below it if not."""
    gain = torch.where(liked, ratios - reference, reference - ratios)
    return torch.sigmoid(-sharpness * gain)
