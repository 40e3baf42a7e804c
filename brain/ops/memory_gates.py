"""Two moving averages of a layer's input, and gates that choose, for every few neurons, what is used of them.

Shapes: T tokens, B streams, N neurons, G gates, S = N / G neurons to a gate.

Four sources share a gate's weight: the short average, the long one, the present, and an answer that the layer works out
from the first three. Gate g is that of the neurons g, g + G, g + 2G, ...
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from brain.ops.backend import Backend, Kernels
from brain.ops.linear import Again
from brain.ops.moving_averages import moving_averages

SOURCES = ("short", "long", "present", "answer")


def gated_memory(
    scores: Tensor, bias: Tensor, inputs: Tensor, decays: Tensor, start: Tensor, backend: Backend
) -> tuple[Tensor, Tensor, Tensor, Again | None]:
    """Update both averages with the inputs, and weigh them and the present as the gates say.

    ``scores`` (T, B, 4G), not to be used again, and their ``bias`` (4G,), which costs least to add here; ``inputs``
    (T, B, N), ``decays`` (2, 1, N), ``start`` (2, B, N).
    Returns the weighted sum of the first three sources (T, B, N), the fourth's gate (T, B, G), the averages after the
    block (2, B, N), and what makes that sum once more, if that costs less than to keep it.
    """
    if run := backend.kernels_for(scores, inputs, start):
        given = inputs.contiguous(), decays[:, 0].contiguous(), start.contiguous()
        found = _Compiled.apply(scores, bias, *given, run)
        return *found, partial(_weighed_again, scores.detach(), *given, run)
    averages = moving_averages(inputs, decays, start, backend)  # (T, 2, B, N)
    return *Gate.apply(scores + bias, averages, inputs), averages[-1], None


def add_answer(gated: Tensor, gate: Tensor, answer: Tensor, backend: Backend) -> Tensor:
    """``gated`` and, as far as its ``gate`` (T, B, G) says, the ``answer``, both (T, B, N).

    They are not to be used again: the sum may take the place of the one, and in the backward pass the gradient that of
    the other.
    """
    if run := backend.kernels_for(gated, gate, answer):
        return _Answered.apply(gated, gate, answer.contiguous(), run)
    gated, answer = (by_gate(tensor, gate.shape[-1]) for tensor in (gated, answer))
    return torch.addcmul(gated, gate.unsqueeze(-2), answer).flatten(-2)


def by_gate(tensor: Tensor, gates: int) -> Tensor:
    """(..., N) -> (..., S, G), so that what is (..., 1, G) meets the neurons of its gate."""
    return tensor.unflatten(-1, (-1, gates))


class Gate(torch.autograd.Function):
    """Softmax over the sources and the weighted sum of the first three; torch's own softmax over a middle axis, with
    the copies that unbinding costs in the backward pass, took ten times as long and a third of a training step."""

    @staticmethod
    def forward(ctx, scores: Tensor, averages: Tensor, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """``scores`` (T, B, 4G), ``averages`` (T, 2, B, N), ``inputs`` (T, B, N) -> (T, B, N), (T, B, G)."""
        gates = scores.unflatten(-1, (len(SOURCES), -1))  # (T, B, 4, G)
        short, long, present, answer = gates.unbind(-2)
        highest = torch.maximum(torch.maximum(short, long), torch.maximum(present, answer))
        gates = (gates - highest.unsqueeze(-2)).exp_()
        short, long, present, answer = gates.unbind(-2)
        gates.mul_((short + long).add_(present).add_(answer).reciprocal_().unsqueeze(-2))
        averages, inputs = (by_gate(tensor, gates.shape[-1]) for tensor in (averages, inputs))
        short, long, present = (gate.unsqueeze(-2) for gate in (short, long, present))
        gated = (short * averages[:, 0]).addcmul_(long, averages[:, 1]).addcmul_(present, inputs)
        ctx.save_for_backward(gates, averages, inputs)
        return gated.flatten(-2), answer

    @staticmethod
    def backward(ctx, grad: Tensor, grad_answer: Tensor):
        gates, averages, inputs = ctx.saved_tensors
        short, long, present, _ = gates.unsqueeze(-2).unbind(-3)
        grad = by_gate(grad, gates.shape[-1])
        grad_gates = torch.empty_like(gates)
        into = grad_gates.unbind(-2)
        for out, source in zip(into, (averages[:, 0], averages[:, 1], inputs), strict=False):
            torch.sum(grad * source, -2, out=out)
        into[3].copy_(grad_answer)
        grad_gates.sub_((gates * grad_gates).sum(-2, keepdim=True)).mul_(gates)
        grad_averages = torch.empty_like(averages)
        torch.mul(grad, short, out=grad_averages[:, 0])
        torch.mul(grad, long, out=grad_averages[:, 1])
        return grad_gates.flatten(-2), grad_averages.flatten(-2), (grad * present).flatten(-2)


class _Compiled(torch.autograd.Function):
    """Averages and gates by the kernels, in one pass over memory forward and one backward.

    The gates take the place of the scores, and their gradients that of the gates. Nothing is learned through ``start``:
    what a stream carries comes from lessons that are over.
    """

    @staticmethod
    def forward(
        ctx, scores: Tensor, bias: Tensor, inputs: Tensor, decays: Tensor, start: Tensor, run: Kernels
    ) -> tuple[Tensor, Tensor, Tensor]:
        gated, after = torch.empty_like(inputs), torch.empty_like(start)
        gates = scores.detach()
        ctx.run, ctx.shape = run, (*inputs.shape, len(bias) // len(SOURCES))
        run("memory_forward", gates, bias, inputs, decays, start, gated, after, *ctx.shape)
        ctx.save_for_backward(gates, inputs, decays, start)
        ctx.mark_non_differentiable(after)
        return gated, gates.unflatten(-1, (len(SOURCES), -1)).select(-2, 3), after

    @staticmethod
    def backward(ctx, grad: Tensor, grad_answer: Tensor, _):
        gates, inputs, decays, start = ctx.saved_tensors
        grad_inputs, grad_decays = torch.empty_like(inputs), decays.new_empty(inputs.shape[1], *decays.shape)
        grad_bias = decays.new_empty(inputs.shape[1], gates.shape[-1])
        given = gates, inputs, decays, start, grad.contiguous(), grad_answer.contiguous()
        ctx.run("memory_backward", *given, grad_inputs, grad_decays, grad_bias, *ctx.shape)
        return gates, grad_bias.sum(0), grad_inputs, grad_decays.sum(0), None, None


def _weighed_again(gates: Tensor, inputs: Tensor, decays: Tensor, start: Tensor, run: Kernels) -> Tensor:
    """The weighted sum of the first three sources, as ``_Compiled`` made it; before its backward pass."""
    gated = torch.empty_like(inputs)
    run("memory_again", gates, inputs, decays, start, gated, *inputs.shape, gates.shape[-1] // len(SOURCES))
    return gated


class _Answered(torch.autograd.Function):
    """Backward in one pass over memory; torch needs three, and as much memory again as two answers."""

    @staticmethod
    def forward(ctx, gated: Tensor, gate: Tensor, answer: Tensor, run: Kernels) -> Tensor:
        ctx.run = run
        ctx.save_for_backward(gate.detach(), answer.detach())
        out, gates = gated.detach(), gate.shape[-1]
        by_gate(out, gates).addcmul_(gate.unsqueeze(-2), by_gate(answer, gates))
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        gate, answer = ctx.saved_tensors
        gate, grad = gate.contiguous(), grad.contiguous()
        grad_gate, gates = torch.empty_like(gate), gate.shape[-1]
        ctx.run("answer_backward", gate, grad, answer, grad_gate, gate.numel() // gates, grad.shape[-1], gates)
        return grad, grad_gate, answer, None
