"""Weighted sums of rows, and a table of them that is at hand already."""

from __future__ import annotations

import torch

from brain.ops.bags import Bags, bag_sums, table_at_hand

# of three rows: 0 and 2, none, 2
BAGS = Bags(torch.tensor([0, 2, 2]), torch.tensor([0, 2, 2]), torch.tensor([0.5, 2.0, 3.0]))
INVERSE = Bags(torch.tensor([0, 0, 2]), torch.tensor([0, 1, 1]), torch.tensor([0.5, 2.0, 3.0]))
DENSE = torch.tensor([[0.5, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0, 0.0, 3.0]])


def test_a_row_for_each_bag():
    vectors = torch.randn(3, 4)
    torch.testing.assert_close(bag_sums(vectors, BAGS), DENSE @ vectors)


def test_the_gradients_are_those_of_the_sum():
    own, vectors = torch.randn(3, 4, requires_grad=True), torch.randn(3, 4, requires_grad=True)
    outward = torch.randn(3, 4)
    with torch.no_grad():
        table = own + DENSE @ vectors
        assert table_at_hand(own, vectors, table, INVERSE) is table
    out = table_at_hand(own, vectors, table, INVERSE)
    assert torch.equal(out, table)
    by_own, by_vectors = torch.autograd.grad(out, (own, vectors), outward)
    torch.testing.assert_close(by_own, outward)
    torch.testing.assert_close(by_vectors, DENSE.t() @ outward)
