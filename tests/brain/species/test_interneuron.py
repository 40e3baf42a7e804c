"""The interneuron brain: its bounds, and its blocks and steps by kernels and by PyTorch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from brain import SPECIES, build_brain
from brain.contract import Brain, BrainOutput
from tests.brain.conftest import build
from tests.conftest import TINY

SHAPES = {
    "as it is": {},
    "a gate each": {"neurons_per_gate": 1},
    "one gate": {"neurons_per_gate": 256},
    "as once": {"echo": True, "shared_decays": False},
    "odd": {
        "spelling": False,
        "neurons": 205,
        "neurons_per_gate": 5,
        "embed_width": 51,
        "bottleneck": 33,
        "windows": (1, 1.0, 2.5, 8.3, 31.9, 32),
    },
}


@pytest.fixture(params=SHAPES)
def brain(request) -> Brain:
    """A small brain none of whose parameters is at a special value."""
    torch.manual_seed(3)
    shape = replace(SPECIES["interneuron"]["newborn"], dropout=0.0, vocabulary=300, **SHAPES[request.param])
    brain = build_brain(shape, pieces=[b"word%d" % number for number in range(300)], turn_tokens=5)
    with torch.no_grad():
        for parameter in brain.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        brain.constrain()
        brain.interneurons.log_sizes.clamp_(0.01, 3.46)  # a whole size has two slopes, and either is right
    return brain


@pytest.fixture
def read_both_ways(brain, compiled):
    """Call a function once while the brain computes from PyTorch and once while it has kernels."""

    def both(read):
        plain = read()
        brain.use(compiled)
        return plain, read()

    return both


def some_block(streams: int, tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(4)
    text = torch.randint(0, 300, (streams, tokens), generator=rng)
    text[:, tokens // 2] = 2  # a mark: positions start anew
    return text, torch.rand(streams, tokens, 3, generator=rng)


def used_state(brain: Brain, streams: int) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        return brain(*some_block(streams, 50), brain.fresh_state(streams)).state


def assert_same(one: BrainOutput, other: BrainOutput) -> None:
    torch.testing.assert_close(one.logits, other.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(one.pixels, other.pixels, atol=1e-5, rtol=1e-4)
    for name in one.state:
        torch.testing.assert_close(one.state[name], other.state[name], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("tokens", [1, 7, 300])
def test_a_block_and_its_gradients_are_the_same(brain, read_both_ways, tokens):
    """Logits, colours and state agree to 1e-4, every gradient to 1e-3 of its largest entry."""
    text, pixels = some_block(3, tokens)
    state = used_state(brain, 3)

    def read():
        brain.zero_grad()
        out = brain(text, pixels, state)
        (out.logits.log_softmax(-1)[..., 7].mean() + out.pixels.square().mean()).backward()
        return out, {name: parameter.grad.clone() for name, parameter in brain.named_parameters()}

    (plain, plain_grads), (fast, fast_grads) = read_both_ways(read)
    assert_same(plain, fast)
    for name, grad in plain_grads.items():
        assert (grad - fast_grads[name]).abs().max() <= 1e-3 * grad.abs().max() + 1e-7, name


@pytest.mark.parametrize("streams", [1, 3, 20])
def test_speaking_token_by_token_is_the_same(brain, read_both_ways, streams):
    """Forty tokens one by one, one stream or more than the kernel takes at once, agree with PyTorch and its blocks."""
    text, pixels = some_block(streams, 40)

    @torch.inference_mode()
    def read():
        state, outs = used_state(brain, streams), []
        for t in range(40):
            outs.append(brain.step(text[:, t], pixels[:, t], state))
            state = outs[-1].state
        return BrainOutput(torch.stack([o.logits for o in outs], 1), torch.stack([o.pixels for o in outs], 1), state)

    plain, fast = read_both_ways(read)
    assert_same(plain, fast)
    with torch.inference_mode():
        assert_same(brain(text, pixels, used_state(brain, streams)), fast)


def test_threads_do_not_change_a_reply(brain, compiled):
    """One thread and two give the same bits, but for sums that are made per thread in learning alone."""
    brain.use(compiled)
    text, pixels = some_block(2, 1)
    before, replies = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            with torch.inference_mode():
                replies.append(brain.step(text[:, 0], pixels[:, 0], brain.fresh_state(2)).logits)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(replies[0], reply) for reply in replies)


def test_what_is_not_a_number_stays_so(brain, compiled):
    """A loss that is not finite must show, or the tutor would learn from it."""
    brain.use(compiled)
    with torch.no_grad():
        brain.memory1.gate.bias[0] = float("nan")
    text, pixels = some_block(2, 6)
    assert brain(text, pixels, brain.fresh_state(2)).logits.isnan().any()
    with torch.inference_mode():
        assert brain.step(text[:, 0], pixels[:, 0], brain.fresh_state(2)).logits.isnan().all()


def test_constrain_keeps_the_bounds():
    """Rows stay within unit norm, windows between one token and the longest, memories within their spans."""
    brain = build(TINY)
    with torch.no_grad():
        for parameter in brain.parameters():
            parameter.mul_(50)
    brain.constrain()
    assert brain.neurons.rows.norm(dim=1).max() <= 1 + 1e-5
    sizes = brain.interneurons.sizes()
    assert sizes.min() >= 1
    assert sizes.max() <= TINY.longest_window + 1e-4
    assert ((brain.memory1.decays() > 0) & (brain.memory1.decays() < 1)).all()
