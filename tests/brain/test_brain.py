"""The brain: causal, complete in its state, the same in blocks and in steps, and able to learn."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from brain import SPECIES, BrainConfig
from brain.contract import pick_streams, stack_states
from tests.brain.conftest import VOCABULARY, build, some_input
from tests.conftest import make_brain


def reduced(config: BrainConfig) -> BrainConfig:
    """A preset's structure at an eighth of its width, in multiples of 8."""
    widths = {"embed_width", "neurons", "bottleneck", "memory_width", "thought_width", "hidden_width"}
    return replace(
        config, **{name: max(16, getattr(config, name) // 64 * 8) for name in config.parts().keys() & widths}
    )


def assert_same_state(first, second, tolerance: float = 1e-4) -> None:
    assert first.keys() == second.keys()
    for name in first:
        torch.testing.assert_close(first[name], second[name], atol=tolerance, rtol=0)


TOKENS = 120  # more than any window is long


SWITCHES = {
    "interneuron": ("interneuron", {}),
    "as once": ("interneuron", {"echo": True, "shared_decays": False}),
    "llama": ("llama", {}),
}


@pytest.mark.parametrize("preset", ["newborn", "seed"])
@pytest.mark.parametrize("switches", SWITCHES.values(), ids=SWITCHES)
def test_one_block_equals_many_single_steps(preset, switches):
    """A block of tokens and as many steps agree to 2e-4 on logits and 1e-4 on self-state and state, in float32."""
    species, changes = switches
    brain = build(replace(reduced(SPECIES[species][preset]), **changes))
    tokens, pixels = some_input(2, TOKENS)
    with torch.no_grad():
        whole = brain(tokens, pixels, brain.fresh_state(2))
        state = brain.fresh_state(2)
        for t in range(TOKENS):
            out = brain.step(tokens[:, t], pixels[:, t], state)
            state = out.state
            torch.testing.assert_close(out.logits, whole.logits[:, t], atol=2e-4, rtol=0)
            torch.testing.assert_close(out.pixels, whole.pixels[:, t], atol=1e-4, rtol=0)
    assert_same_state(whole.state, state)


@pytest.mark.parametrize("cut", [1, 7, 64, 150, 299])
def test_the_state_is_complete(tiny, cut):
    """Reading a text in two blocks gives the logits and the state of reading it in one."""
    brain = build(tiny)
    tokens, pixels = some_input(3, 300)
    with torch.no_grad():
        whole = brain(tokens, pixels, brain.fresh_state(3))
        first = brain(tokens[:, :cut], pixels[:, :cut], brain.fresh_state(3))
        second = brain(tokens[:, cut:], pixels[:, cut:], first.state)
    torch.testing.assert_close(torch.cat([first.logits, second.logits], 1), whole.logits, atol=1e-4, rtol=0)
    assert_same_state(whole.state, second.state)


def test_the_future_is_hidden(tiny):
    """Changing a token or a colour changes no logit before it, and does change later ones."""
    brain = build(tiny)
    tokens, pixels = some_input(1, 40)
    with torch.no_grad():
        before = brain(tokens, pixels, brain.fresh_state(1)).logits
        for t in (0, 13, 39):
            other, shade = tokens.clone(), pixels.clone()
            other[0, t] = (other[0, t] + 1) % VOCABULARY
            shade[0, t] = 1 - shade[0, t]
            after = brain(other, shade, brain.fresh_state(1)).logits
            assert torch.equal(before[:, :t], after[:, :t])
            assert not torch.allclose(before[:, t], after[:, t])


def test_streams_are_apart(tiny):
    """What one stream reads changes nothing in its neighbour, and states can be stacked and picked."""
    brain = build(tiny)
    tokens, pixels = some_input(3, 20)
    with torch.no_grad():
        together = brain(tokens, pixels, brain.fresh_state(3))
        alone = [brain(tokens[i : i + 1], pixels[i : i + 1], brain.fresh_state(1)) for i in range(3)]
    for i, one in enumerate(alone):
        torch.testing.assert_close(one.logits[0], together.logits[i], atol=1e-5, rtol=0)
        assert_same_state(pick_streams(together.state, [i]), one.state, 1e-5)
    assert_same_state(stack_states([one.state for one in alone]), together.state, 1e-5)


def test_cost_per_token_does_not_depend_on_the_past(tiny):
    """The state is as large after a thousand tokens as after one."""
    brain = build(tiny)
    sizes = []
    for length in (1, 1000):
        tokens, pixels = some_input(1, length)
        state = brain(tokens, pixels, brain.fresh_state(1)).state
        sizes.append({name: tensor.shape for name, tensor in state.items()})
    assert sizes[0] == sizes[1]


def test_a_baby_can_memorise_one_sentence(tiny):
    """On one short text the loss falls below 5 % of where it began."""
    brain = build(tiny)
    tokens, pixels = some_input(1, 25)
    optimizer = torch.optim.Adam(brain.parameters(), lr=1e-2, fused=True)
    losses = []
    for _ in range(150):
        logits = brain(tokens[:, :-1], pixels[:, :-1], brain.fresh_state(1)).logits
        loss = F.cross_entropy(logits[0], tokens[0, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        brain.constrain()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


def test_every_parameter_learns(tiny):
    """Each parameter gets a gradient that is finite and not zero; words steer all but the head, its truth the head."""
    brain = build(tiny)
    tokens, pixels = some_input(2, 40)
    out = brain(tokens, pixels, brain.fresh_state(2))
    F.cross_entropy(out.logits.flatten(0, 1), tokens.flatten()).backward()
    for name, parameter in brain.named_parameters():
        if not name.startswith("self_state"):
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
            assert parameter.grad.abs().sum() > 0, name
    brain.zero_grad()
    F.mse_loss(brain(tokens, pixels, brain.fresh_state(2)).pixels, pixels).backward()
    moved = {
        name.split(".")[0] for name, p in brain.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0
    }
    assert moved == {"self_state"}


def test_dropout_only_where_it_is_asked_for(tiny):
    """Without a generator the brain is deterministic; with one, the same seed drops the same units."""
    brain = build(tiny)
    tokens, pixels = some_input(2, 20)

    def logits(seed=None):
        rng = None if seed is None else torch.Generator().manual_seed(seed)
        return brain(tokens, pixels, brain.fresh_state(2), dropout=rng).logits

    assert torch.equal(logits(), logits())
    assert torch.equal(logits(1), logits(1))
    assert not torch.equal(logits(1), logits(2))
    assert not torch.equal(logits(), logits(1))


def test_a_newborn_knows_nothing_yet(tokenizer, tiny):
    """At birth the logits are close to uniform: the loss is within 10 % of the log of the vocabulary."""
    brain = make_brain(tokenizer, config=tiny)
    tokens = torch.randint(8, tokenizer.size, (4, 64), generator=torch.Generator().manual_seed(0))
    logits = brain(tokens[:, :-1], torch.full((4, 63, 3), 0.5), brain.fresh_state(4)).logits
    loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    assert loss.item() == pytest.approx(torch.tensor(float(tokenizer.size)).log().item(), rel=0.1)
