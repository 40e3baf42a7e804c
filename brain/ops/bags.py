"""Weighted sums of rows of a matrix, and their gradient in one pass, in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Bags(NamedTuple):
    """For each of a number of sums, which rows are summed with which weight; M rows in all of them."""

    ids: Tensor  # int64 (M,): sum by sum
    offsets: Tensor  # int64: where each sum begins
    weights: Tensor  # float32 (M,)


def bag_sums(vectors: Tensor, bags: Sequence[Tensor]) -> Tensor:
    """A row for each bag: ``vectors`` (P, D) -> (bags, D)."""
    ids, offsets, weights = bags
    return F.embedding_bag(ids, vectors, offsets, mode="sum", per_sample_weights=weights)


def table_at_hand(own: Tensor, vectors: Tensor, table: Tensor, inverse: Sequence[Tensor]) -> Tensor:
    """``table``, which is ``own + bag_sums(vectors, bags)`` (V, D) and known already, with the gradients of that sum.

    ``inverse``: the same memberships as the bags', listed by the row of ``vectors``.
    """
    return _AtHand.apply(own, vectors, table, *inverse) if torch.is_grad_enabled() else table


class _AtHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx, own: Tensor, vectors: Tensor, table: Tensor, *inverse: Tensor) -> Tensor:
        ctx.save_for_backward(*inverse)
        return table.view_as(table)

    @staticmethod
    def backward(ctx, grad: Tensor):
        return grad, bag_sums(grad, ctx.saved_tensors), *[None] * 4
