"""The control species: a window that slides alike in blocks and steps, no matter how long the stream has lived."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from brain import SIZES, SPECIES, build_brain, parameter_count, read_config
from brain.contract import State, pick_streams, stack_states
from brain.species.llama import LlamaBrain, drop_channels, rotate, rotations, visible
from tests.brain.conftest import TINY_LLAMA

VOCABULARY, CONTEXT, LAYERS = 60, 8, 2
SMALL = replace(TINY_LLAMA, context=CONTEXT)


@pytest.fixture
def brain() -> LlamaBrain:
    """Random weights, larger than at birth, so that what is attended to shows in the logits."""
    torch.manual_seed(0)
    brain = build_brain(SMALL, pieces=[b""] * VOCABULARY, turn_tokens=8)
    with torch.no_grad():
        for parameter in brain.parameters():
            parameter.mul_(1.5)
    return brain.requires_grad_(False)


def some_input(streams: int, tokens: int, seed: int = 1):
    rng = torch.Generator().manual_seed(seed)
    words = torch.randint(0, VOCABULARY, (streams, tokens), generator=rng)
    return words, torch.rand(streams, tokens, 3, generator=rng)


def aged(brain: LlamaBrain, streams: int, tokens: int, seed: int) -> State:
    """The state of streams that have heard ``tokens`` tokens."""
    return brain(*some_input(streams, tokens, seed), brain.fresh_state(streams)).state


def test_block_and_steps_agree_to_rounding(brain):
    """From a young and an old state alike, a block's logits and state are those of its single steps, to 1e-5."""
    tokens, pixels = some_input(2, 50)
    for state in (brain.fresh_state(2), aged(brain, 2, 3, seed=2), aged(brain, 2, 40, seed=3)):
        whole = brain(tokens, pixels, state)
        for t in range(50):
            out = brain.step(tokens[:, t], pixels[:, t], state)
            state = out.state
            torch.testing.assert_close(out.logits, whole.logits[:, t], atol=1e-5, rtol=1e-5)
        for name in state:
            torch.testing.assert_close(state[name], whole.state[name], atol=1e-5, rtol=1e-5)


def test_one_that_was_born_elsewhere():
    """Its output has a table of its own, and its input's is taken as it is; an old soul says nothing of that."""
    facts = asdict(replace(SMALL, tied=False, epsilon=1e-5))
    other = build_brain(read_config(facts), pieces=[b""] * VOCABULARY, turn_tokens=8).requires_grad_(False)
    assert other.norm.eps == other.layers[0].feed_norm.eps == 1e-5
    tokens, pixels = some_input(1, 5)
    before = other(tokens, pixels, other.fresh_state(1)).logits
    other.speak[3] += 1.0
    after = other(tokens, pixels, other.fresh_state(1)).logits
    assert [torch.equal(before[..., i], after[..., i]) for i in (2, 3, 4)] == [True, False, True]
    other.tokens[tokens[0, 0]] *= 2.0
    assert not torch.allclose(other(tokens, pixels, other.fresh_state(1)).logits, after, atol=1e-6)
    assert len(other.weight_decayed()) == sum(p.ndim >= 2 for p in other.parameters()) - 2
    assert len(other.gauges()) == 2 + 2 * LAYERS
    old = {name: value for name, value in asdict(SMALL).items() if name not in ("tied", "epsilon")}
    assert read_config(old) == SMALL
    assert "epsilon" in replace(SMALL, epsilon=float("nan")).misfit()


def test_what_is_visible():
    """Each token sees itself and ``context`` tokens before it; what a stream has not heard stays hidden."""
    seen = visible(3, 4, torch.tensor([4, 1, 0]))[:, 0].int().tolist()
    assert seen[0] == [[1, 1, 1, 1, 1, 0, 0], [0, 1, 1, 1, 1, 1, 0], [0, 0, 1, 1, 1, 1, 1]]
    assert seen[1] == [[0, 0, 0, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1, 1]]
    assert seen[2] == [[0, 0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1, 1]]


@pytest.mark.parametrize("cuts", [(), (1,), (5, 6, 7), (17,)], ids=str)
def test_the_window_ends_where_it_should(brain, cuts):
    """Layers times context tokens back a word still counts, one more does not, however the text is cut into blocks."""
    reach = LAYERS * CONTEXT
    tokens, pixels = some_input(1, reach + 2)
    edges = [0, *cuts, reach + 2]

    def last_logits(changed: int | None) -> torch.Tensor:
        words = tokens.clone()
        if changed is not None:
            words[0, changed] = (words[0, changed] + 1) % VOCABULARY
        state = brain.fresh_state(1)
        for start, stop in zip(edges, edges[1:], strict=False):
            out = brain(words[:, start:stop], pixels[:, start:stop], state)
            state = out.state
        return out.logits[0, -1]

    plain = last_logits(None)
    assert torch.equal(last_logits(0), plain)
    assert (last_logits(1) - plain).abs().max() > 1e-7


def test_a_fresh_stream_attends_to_nothing_before_it(brain):
    """Whatever stands in the places that a stream has not heard yet changes nothing."""
    tokens, pixels = some_input(2, 12)
    state = aged(brain, 2, 3, seed=2)
    noise = {name: tensor.clone() for name, tensor in state.items()}
    for name in ("keys", "values"):
        noise[name][:, :, :, : CONTEXT - 3] = 1e3 * torch.randn_like(noise[name][:, :, :, : CONTEXT - 3])
    assert torch.equal(brain(tokens, pixels, noise).logits, brain(tokens, pixels, state).logits)


def test_streams_of_different_ages_share_a_batch(brain):
    """A newborn stream beside an old one answers as it does alone."""
    tokens, pixels = some_input(2, 12)
    states = [brain.fresh_state(1), aged(brain, 1, 40, seed=2)]
    together = brain(tokens, pixels, stack_states(states))
    for i, state in enumerate(states):
        alone = brain(tokens[i : i + 1], pixels[i : i + 1], state)
        torch.testing.assert_close(alone.logits[0], together.logits[i], atol=1e-5, rtol=1e-5)
        picked = pick_streams(together.state, [i])
        assert picked["heard"].equal(alone.state["heard"])
        torch.testing.assert_close(picked["keys"], alone.state["keys"], atol=1e-5, rtol=1e-5)


def test_the_state_does_not_tell_its_age(brain):
    """After the same last words, a stream of 5,000 tokens carries the state of one of 50, and answers alike; nothing
    in a state grows, so what holds for 5,000 holds for ten million."""
    tokens, pixels = some_input(1, 50)
    states = [brain(tokens, pixels, aged(brain, 1, age, seed=age)).state for age in (1, 5_000)]
    for name in states[0]:
        torch.testing.assert_close(states[0][name], states[1][name], atol=1e-5, rtol=1e-5)
    assert states[1]["heard"].tolist() == [CONTEXT]
    answers = [brain.step(tokens[:, 0], pixels[:, 0], state).logits for state in states]
    torch.testing.assert_close(*answers, atol=1e-5, rtol=1e-5)


def test_rotations_only_know_distance():
    """The product of two rotated vectors depends on how far apart they stand, and does depend on that."""
    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 16).double().unbind()
    turns = [angle.double() for angle in rotations(range(300), 16, torch.device("cpu"))]

    def product(own: int, other: int) -> float:
        turned = [
            rotate(x, turns[0][place : place + 1], turns[1][place : place + 1])
            for x, place in ((query, own), (key, other))
        ]
        return (turned[0] * turned[1]).sum().item()

    assert product(7, 3) == pytest.approx(product(299, 295), abs=1e-4)
    assert product(0, 0) == pytest.approx((query * key).sum().item())
    assert abs(product(7, 3) - product(7, 5)) > 1e-2


def test_dropped_channels_keep_the_mean_and_last_a_block():
    """A channel is dropped for a stream's whole block or not at all, and the others make up for it."""
    x = torch.ones(4, 7, 5_000)
    kept = drop_channels(x, 0.3, torch.Generator().manual_seed(0))
    assert kept.mean().item() == pytest.approx(1, abs=0.02)
    assert (kept == 0).float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert torch.equal(kept, kept[:, :1].expand_as(kept))
    assert not torch.equal(kept[0], kept[1])
    assert drop_channels(x, 0.3, None) is x


def test_rare_words_do_not_fade(brain):
    """Every matrix is decayed but the token vectors."""
    decayed = {id(parameter) for parameter in brain.weight_decayed()}
    spared = {name for name, parameter in brain.named_parameters() if id(parameter) not in decayed}
    assert {name for name in spared if brain.get_parameter(name).ndim > 1} == {"tokens"}


@pytest.mark.parametrize("preset", SIZES)
def test_it_has_as_many_parameters_as_the_brain_it_is_compared_with(preset):
    """At each preset it has as many as the interneuron brain within a fifth; those of its spelling are not counted,
    with which that has more."""
    with torch.device("meta"):
        sizes = {
            species: parameter_count(
                build_brain(presets[preset], pieces=[b""] * presets[preset].vocabulary, turn_tokens=8)
            )
            for species, presets in SPECIES.items()
        }
    assert 1 <= sizes["llama"] / sizes["interneuron"] < 1.2


@pytest.mark.trial
def test_a_whole_life(here, tmp_path: Path):  # noqa: F811
    """It is woken, learns, sleeps, wakes where it was, answers and is examined; as another species it does not wake."""
    llama = ("--set", "brain.species=llama")
    (tmp_path / "library").mkdir()
    book = tmp_path / "library" / "diary.txt"
    book.write_text("today it rained and the cat slept. i made soup.\n" * 200)
    born = here(tmp_path, *llama, "--steps", "10", "--no-terminal")
    assert born.returncode == 0, born.stderr
    first = json.loads(here(tmp_path, "score", str(book), "--json").stdout)
    again = here(tmp_path, *llama, "--steps", "20", "--no-terminal", "--json")
    assert again.returncode == 0, again.stderr
    assert "wakes at step 10" in again.stderr
    assert json.loads(again.stdout)["step"] == 30
    second = json.loads(here(tmp_path, "score", str(book), "--json").stdout)
    assert second["files"][0]["brain_alone"] < first["files"][0]["brain_alone"] < 8
    asked = here(tmp_path, "ask", "how are you?", "--json")
    assert json.loads(asked.stdout)["text"]
    other = here(tmp_path, "--steps", "1", "--no-terminal")
    assert other.returncode == 2
    assert "species = llama, but the settings ask for interneuron" in other.stderr
    unknown = here(tmp_path, "--set", "brain.species=cat", "--steps", "1")
    assert unknown.returncode == 2
    assert 'brain.species must be one of "interneuron", "llama", not "cat"' in unknown.stderr
