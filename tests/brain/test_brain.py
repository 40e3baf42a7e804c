"""The brain: causal, complete in its state, the same in blocks and in steps, and able to learn."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from brain import PRESETS, SPECIES, BrainConfig, build_brain, parameter_count
from brain.contract import pick_streams, stack_states
from brain.layers.memory import _Gate
from brain.layers.windows import CHUNK, InterneuronNetwork, _weigh_directly, _WindowMix, window_mix
from brain.ops.scan import moving_averages
from brain.sampling import keep_likely, penalise_repetition, sample
from brain.selfstate import fresh_condition, true_pixels
from tests.conftest import TINY, make_brain

VOCABULARY, MARKS = 60, 8
PIECES = [b""] * MARKS + [b" piece%d" % number for number in range(VOCABULARY - MARKS)]
SMALL_LLAMA = {"layers": 2, "heads": 4, "key_heads": 2, "hidden_width": 24, "context": 16}


@pytest.fixture(params=SPECIES)
def tiny(request) -> BrainConfig:
    """A very small brain of each species; what is tested with it, every species promises."""
    return replace(TINY, species=request.param, **SMALL_LLAMA)


def reduced(preset: str) -> BrainConfig:
    """A preset's structure at an eighth of its width, in multiples of 8."""
    config = PRESETS[preset]
    widths = ("embed_width", "neurons", "bottleneck", "memory_width", "thought_width", "hidden_width")
    return replace(config, **{name: max(16, getattr(config, name) // 64 * 8) for name in widths})


def build(config: BrainConfig, seed: int = 0):
    torch.manual_seed(seed)
    brain = build_brain(config, pieces=PIECES, turn_tokens=MARKS)
    with torch.no_grad():  # away from the special values of a newborn
        for parameter in brain.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        brain.constrain()
    return brain


def some_input(streams: int, tokens: int, seed: int = 1):
    rng = torch.Generator().manual_seed(seed)
    words = torch.randint(0, VOCABULARY, (streams, tokens), generator=rng)
    return words, torch.rand(streams, tokens, 3, generator=rng)


def assert_same_state(first, second, tolerance: float = 1e-4) -> None:
    assert first.keys() == second.keys()
    for name in first:
        torch.testing.assert_close(first[name], second[name], atol=tolerance, rtol=0)


SWITCHES = {
    "own": {},
    "shared": {"shared_cerebellum": True, "shared_decays": True, "blend_logit_norm": False},
    "llama": {"species": "llama"},
}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("switches", SWITCHES.values(), ids=SWITCHES)
def test_one_long_thought_equals_many_single_ones(preset, switches):
    """A block of 300 tokens and 300 steps agree to 2e-4 on logits and 1e-4 on self-state and state, in float32."""
    brain = build(replace(reduced(preset), **switches))
    tokens, pixels = some_input(2, 300)
    with torch.no_grad():
        whole = brain(tokens, pixels, brain.fresh_state(2))
        state = brain.fresh_state(2)
        for t in range(300):
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


def test_streams_do_not_hear_each_other(tiny):
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
    optimizer = torch.optim.Adam(brain.parameters(), lr=1e-2)
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
    assert set(brain.gauges()) >= {"window1", "memory1_short", "blend_pixel"}


def test_an_unknown_species_is_refused():
    """A species that is not registered is named."""
    with pytest.raises(ValueError, match="unknown species 'cat'"):
        build_brain(replace(TINY, species="cat"), pieces=PIECES, turn_tokens=MARKS)


def test_presets_have_their_sizes():
    """The four presets exist; the toddler is small and the seed is the first babyLLM's size."""
    assert set(PRESETS) == {"newborn", "toddler", "child", "seed"}
    torch.manual_seed(0)
    toddler = build_brain(PRESETS["toddler"], pieces=[b""] * 2048, turn_tokens=MARKS)
    assert 2e6 < parameter_count(toddler) < 5e6
    seed = PRESETS["seed"]
    assert (seed.vocabulary, seed.embed_width, seed.neurons) == (4200, 1024, 10_000)


# ---- the parts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [False, True])
def test_windows_match_their_definition(shared):
    """The running-sum form equals weighing the history outright, and its gradients equal finite differences."""
    torch.manual_seed(0)
    length, tokens, streams, neurons = 9, 12, 2, 3
    padded = torch.randn(length + tokens, streams, neurons, dtype=torch.double, requires_grad=True)
    sizes = torch.tensor([1.01, 3.4, 8.7], dtype=torch.double, requires_grad=True)
    weights = torch.randn(3, 1 if shared else neurons, dtype=torch.double, requires_grad=True)
    torch.testing.assert_close(
        _WindowMix.apply(padded, sizes, weights, tokens), _weigh_directly(padded, sizes, weights, tokens)
    )
    assert torch.autograd.gradcheck(lambda *x: _WindowMix.apply(*x, tokens), (padded, sizes, weights))


def test_a_window_is_the_mean_of_its_last_tokens():
    """A window of 2.5 counts the third-last token by half; its size has the gradient (oldest - mean) / size."""
    values = torch.tensor([8.0, 4.0, 2.0, 1.0], dtype=torch.double)[:, None, None]
    size = torch.tensor([2.5], dtype=torch.double, requires_grad=True)
    one = torch.ones(1, 1, dtype=torch.double)
    mean = _WindowMix.apply(torch.cat([torch.zeros(3, 1, 1, dtype=torch.double), values]), size, one, 4)[-1, 0, 0]
    assert mean.item() == pytest.approx((1 + 2 + 0.5 * 4) / 2.5)
    mean.backward()
    assert size.grad.item() == pytest.approx((4 - mean.item()) / 2.5)


def test_long_blocks_are_cut_without_a_seam():
    """A block longer than a chunk gives what token-by-token reading gives."""
    torch.manual_seed(0)
    values, history = torch.rand(CHUNK * 2 + 5, 2, 4), torch.rand(2, 8, 4)
    sizes, weights = torch.tensor([1.0, 2.3, 8.0]), torch.randn(3, 4)
    direct = _weigh_directly(torch.cat([history.transpose(0, 1), values]), sizes, weights, len(values))
    torch.testing.assert_close(window_mix(values, history, sizes, weights), values + direct, atol=5e-5, rtol=0)


def test_window_sizes_learn_to_be_what_is_needed():
    """Trained to return the mean of the last five tokens, a window of two grows to five."""
    torch.manual_seed(0)
    net = InterneuronNetwork(4, windows=(2.0,), longest=8, bottleneck=4, shared_cerebellum=True)
    net.cerebellum.data.fill_(1.0)
    optimizer = torch.optim.Adam([net.log_sizes], lr=0.05)
    for _ in range(200):
        values = torch.randn(64, 4, 4)
        history = torch.zeros(4, 8, 4)
        wanted = window_mix(values, history, torch.tensor([5.0]), torch.ones(1, 1))
        loss = F.mse_loss(window_mix(values, history, net.sizes(), net.cerebellum), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        net.constrain()
    assert net.sizes().item() == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("shape", [(2, 1, 3), (2, 1, 1)])
def test_moving_averages_match_their_definition(shape):
    """The scan equals the recurrence, and its gradients equal finite differences."""
    torch.manual_seed(0)
    inputs = torch.randn(7, 2, 3, dtype=torch.double, requires_grad=True)
    decays = torch.rand(shape, dtype=torch.double, requires_grad=True)
    start = torch.randn(2, 2, 3, dtype=torch.double, requires_grad=True)
    average = start
    for t, out in enumerate(moving_averages(inputs, decays, start)):
        average = decays * average + (1 - decays) * inputs[t]
        torch.testing.assert_close(out, average)
    assert torch.autograd.gradcheck(moving_averages, (inputs, decays, start))


def test_the_gate_is_a_softmax():
    """The fused gate equals torch's softmax and a weighted sum, and its gradients equal finite differences; gate g
    is that of neurons g and g + 3."""
    torch.manual_seed(0)
    scores = torch.randn(5, 2, 12, dtype=torch.double, requires_grad=True)
    averages = torch.randn(5, 2, 2, 6, dtype=torch.double, requires_grad=True)
    inputs = torch.randn(5, 2, 6, dtype=torch.double, requires_grad=True)
    gates = scores.unflatten(-1, (4, 3)).softmax(-2)
    gated, answer = _Gate.apply(scores, averages, inputs)
    each = torch.cat([gates, gates], -1)
    expected = each[:, :, 0] * averages[:, 0] + each[:, :, 1] * averages[:, 1] + each[:, :, 2] * inputs
    torch.testing.assert_close(gated, expected)
    torch.testing.assert_close(answer, gates[:, :, 3])
    assert torch.autograd.gradcheck(_Gate.apply, (scores, averages, inputs))


def test_colours_mean_what_they_say():
    """Red is higher where it was right, green where the loss jumped, blue where it does better than it used to."""
    losses = torch.full((400, 1), 3.0)
    losses[200:] = 0.5
    right = torch.zeros(400, 1, dtype=torch.bool)
    right[300:] = True
    pixels, after = true_pixels(losses, right, fresh_condition(1))
    red, green, blue = pixels[:, 0].T
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    assert red[320:].mean() > red[220:300].mean() + 0.4
    assert green[200:205].mean() > green[190:200].mean() + 0.1
    assert blue[260:].mean() > blue[150:200].mean()
    first, middle = true_pixels(losses[:150], right[:150], fresh_condition(1))
    second, end = true_pixels(losses[150:], right[150:], middle)
    torch.testing.assert_close(torch.cat([first, second]), pixels, atol=1e-4, rtol=0)
    for name in after:
        torch.testing.assert_close(end[name], after[name], atol=1e-4, rtol=0)


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


def test_a_newborn_knows_nothing_yet(tokenizer, tiny):
    """At birth the logits are close to uniform: the loss is within 10 % of the log of the vocabulary."""
    brain = make_brain(tokenizer, config=tiny)
    tokens = torch.randint(8, tokenizer.size, (4, 64), generator=torch.Generator().manual_seed(0))
    logits = brain(tokens[:, :-1], torch.full((4, 63, 3), 0.5), brain.fresh_state(4)).logits
    loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    assert loss.item() == pytest.approx(torch.tensor(float(tokenizer.size)).log().item(), rel=0.1)
