"""Exponential moving averages over a whole block, one fused operation per token and an exact backward pass.

Shapes: T tokens, M averages of the same input, B streams, N neurons.

Tried on two cores for 1,024 tokens of 1,024 neurons: this loop takes 0.6 ms per average; a cumulative sum along time
takes 2.7 ms, a triangular matrix product 1.5 ms, and a doubling scan needs seven passes over memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

from brain.ops.backend import Backend, Kernels


def moving_averages(inputs: Tensor, decays: Tensor, start: Tensor, backend: Backend) -> Tensor:
    """``average[t] = decay * average[t-1] + (1 - decay) * input[t]`` for every token.

    ``inputs`` (T, B, N), ``decays`` (M, 1, N) or (M, 1, 1), ``start`` (M, B, N); returns (T, M, B, N).
    """
    run = backend.kernels_for(inputs, decays, start)
    return _MovingAverages.apply(inputs, decays.expand(-1, -1, inputs.shape[-1]), start, run)


class _MovingAverages(torch.autograd.Function):
    """Forward by the kernels, if there are any, or by torch; backward by torch."""

    @staticmethod
    def forward(ctx, inputs: Tensor, decays: Tensor, start: Tensor, run: Kernels | None) -> Tensor:
        averages = inputs.new_empty(len(inputs), *start.shape)  # (T, M, B, N)
        if run:
            inputs, start = inputs.contiguous(), start.contiguous()
            run("averages_forward", inputs, decays[:, 0].contiguous(), start, averages, *averages.shape)
        else:
            previous = start
            for now, out in zip(inputs.unbind(), averages.unbind(), strict=True):
                previous = torch.lerp(now, previous, decays, out=out)  # now + decay * (previous - now)
        ctx.save_for_backward(inputs, decays, averages)
        return averages

    @staticmethod
    def backward(ctx, grad: Tensor):
        inputs, decays, averages = ctx.saved_tensors
        total = torch.empty_like(averages)  # d loss / d averages[t], through every later average
        later = torch.zeros_like(averages[0])
        for now, out in zip(reversed(grad.unbind()), reversed(total.unbind()), strict=True):
            later = torch.addcmul(now, decays, later, out=out)
        grad_inputs = total[:, 0] * (1 - decays[0])
        for m in range(1, len(decays)):
            grad_inputs.addcmul_(total[:, m], 1 - decays[m])
        grad_start = later * decays
        moved = (averages - inputs[:, None]).mul_(total)  # averages - inputs = decay * (previous - inputs)
        return grad_inputs, moved.sum((0, 2), keepdim=True)[0] / decays, grad_start, None
