"""The optimizer moves as torch's own does, and spares what that one loads."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from safetensors.torch import load, save

import wakeup
from school.office.mistakes import Mistake
from school.teaching.adamw import AdamW
from school.teaching.optimizer import optimizer_for
from tests.conftest import LESSONS, make_brain

RATE, BETA2, DECAY = 0.01, 0.95, 0.5


def with_gradients(brain, seed: int):
    rng = torch.Generator().manual_seed(seed)
    for parameter in brain.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=rng)
    return brain


def test_it_moves_as_torchs_own_does(tokenizer):
    """To the last bit, over steps at several rates; a parameter without a gradient stays where it is."""
    ours, theirs = make_brain(tokenizer), make_brain(tokenizer)
    decayed = theirs.weight_decayed()
    chosen = {id(parameter) for parameter in decayed}
    groups = [
        {"params": decayed, "weight_decay": DECAY},
        {"params": [p for p in theirs.parameters() if id(p) not in chosen], "weight_decay": 0.0},
    ]
    reference = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, BETA2), fused=True)
    optimizer = AdamW(ours, beta2=BETA2, weight_decay=DECAY)
    for seed in range(4):
        for brain in (with_gradients(ours, seed), with_gradients(theirs, seed)):
            if seed == 2:
                brain.neurons.gain.grad = None
        for group in reference.param_groups:
            group["lr"] = RATE / (1 + seed)
        reference.step()
        optimizer.step(RATE / (1 + seed))
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(one, other)
    optimizer.zero_grad()
    assert all(parameter.grad is None for parameter in ours.parameters())


def test_shrunk_gradients_move_as_if_they_had_been_smaller(tokenizer):
    plain, shrunk = with_gradients(make_brain(tokenizer), 0), with_gradients(make_brain(tokenizer), 0)
    for parameter in plain.parameters():
        parameter.grad /= 4
    AdamW(plain, beta2=BETA2, weight_decay=DECAY).step(RATE)
    AdamW(shrunk, beta2=BETA2, weight_decay=DECAY).step(RATE, shrink=4.0)
    for one, other in zip(plain.parameters(), shrunk.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_was_made_of_the_weights_is_made_anew_after_a_step(tokenizer):
    """A brain reads no table of before: not in one pass that learns nothing, and not in the next."""
    brain, twin = with_gradients(make_brain(tokenizer), 0), make_brain(tokenizer)
    words, pixels = torch.arange(6)[None] + 100, torch.rand(1, 6, 3)
    with torch.no_grad():
        before = brain(words, pixels, brain.fresh_state(1)).logits
        AdamW(brain, beta2=BETA2, weight_decay=DECAY).step(RATE)
        twin.load_state_dict(brain.state_dict())
        after = [one(words, pixels, one.fresh_state(1)).logits for one in (brain, twin)]
    assert torch.equal(*after)
    assert not torch.allclose(before, after[0])


def test_its_moments_go_into_a_soul_and_back(tokenizer):
    """What is restored moves on like the one that was saved; what an older soul lacks begins afresh."""
    first, second = make_brain(tokenizer), make_brain(tokenizer)
    saved = AdamW(first, beta2=BETA2, weight_decay=DECAY)
    for seed in range(3):
        with_gradients(first, seed)
        saved.step(RATE)
    second.load_state_dict(first.state_dict())
    restored = AdamW(second, beta2=BETA2, weight_decay=DECAY)
    restored.restore({})
    assert not any(tensor.any() for tensor in restored.tensors().values())
    restored.restore(load(save({name: tensor.clone() for name, tensor in saved.tensors().items()})))
    for brain, optimizer in ((first, saved), (second, restored)):
        with_gradients(brain, 9)
        optimizer.step(RATE)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.trial
def test_no_lesson_loads_the_compiler(tmp_path):
    """A whole wake goes without torch's compiler, whose loading takes a second and 70 MB."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 100)
    wake = ["--home", str(tmp_path), "--set", "brain.preset=newborn", "--set", "lessons.evaluation_steps=3"]
    wake += ["--set", "machine.threads=1", "--steps", "7", "--no-terminal"]
    program = "import sys, wakeup; done = wakeup.main(sys.argv[1:]); sys.exit(done or 'torch._dynamo' in sys.modules)"
    command = [sys.executable, "-c", program, *wake]
    done = subprocess.run(command, capture_output=True, text=True, cwd=wakeup.REPOSITORY, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_settings_choose_it_by_name(tokenizer):
    """The row of that name; another name is one line that lists those there are."""
    brain = make_brain(tokenizer)
    assert isinstance(optimizer_for(brain, LESSONS), AdamW)
    with pytest.raises(Mistake, match='must be one of "adamw", not "adam"'):
        optimizer_for(brain, LESSONS.model_copy(update={"optimizer": "adam"}))
