"""A soul from somebody else, its checksums right: whatever it claims ends in one line, and nothing is made of it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from brain import read_config
from brain.ops.backend import PYTORCH
from school.door.mailbox import Ask
from school.office.machine import Compute
from school.office.mistakes import Mistake
from school.offline import Talk
from school.settings import SchoolSettings
from school.souls.caretaker import Caretaker, Soul, SoulSettings
from school.souls.checksums import SoulDamaged
from school.souls.inspection import inspect
from school.souls.packing import open_voice, pack_soul, wake_receptionist, wake_tutor
from school.talking.receptionist import SpeechSettings
from tests.conftest import LESSONS, TINY, make_receptionist, make_tutor, take_steps

CPU = Compute(torch.device("cpu"), PYTORCH)


@pytest.fixture(scope="module")
def good(librarian, tmp_path_factory) -> Soul:
    """A soul that has lived a little and talked with two people."""
    tutor = make_tutor(librarian)
    receptionist = make_receptionist(tutor, tmp_path_factory.mktemp("good"), max_tokens=3)
    take_steps(tutor, 2)
    for name in ("ann", "bob"):
        receptionist.admit(Ask("hello", name, name, None))
    while receptionist.busy:
        receptionist.serve()
    return pack_soul(tutor, receptionist, {"brain": asdict(replace(TINY, vocabulary=300)), "settings": {}})


def copied(soul: Soul) -> Soul:
    """What of it may be changed, through the forms in which it lies on the disk."""
    tensors = {part: {name: t.clone() for name, t in kept.items()} for part, kept in soul.tensors.items()}
    return Soul(soul.step, json.loads(json.dumps(soul.facts)), tensors, soul.tokenizer)


def test_one_of_our_own_passes(good, tmp_path):
    """What this program saves it wakes, from the disk, too."""
    inspect(good)
    keeper = Caretaker(tmp_path, SoulSettings(), inspect=inspect)
    keeper.save(good)
    assert keeper.newest(print, set_aside=True).step == good.step
    assert Talk(good, "", SchoolSettings(speech=SpeechSettings(max_tokens=3)), CPU).ask("hello").tokens


MISSING = [
    "brain", "tokens_seen", "skipped_steps", "examined_step", "rate_scale", "bookmark", "micro_streams", "streams",
    "block_tokens", "replies", "calibration", "repetition_penalty", "text_repeats", "conversations", "reviews",
]  # fmt: skip
WRONG = [
    *((name, "three") for name in MISSING),
    *((name, -1) for name in ("tokens_seen", "streams", "micro_streams", "block_tokens", "replies", "calibration")),
    *((name, 10**30) for name in ("tokens_seen", "streams", "micro_streams", "block_tokens", "replies")),
    *((name, float("nan")) for name in ("rate_scale", "calibration", "repetition_penalty", "text_repeats")),
    *((name, [["a"]]) for name in ("brain", "bookmark", "conversations", "reviews", "night")),
    ("bookmark", {"epoch": 1, "block": 1, "library": "", "more": 1}),
    ("bookmark", {"epoch": -1, "block": 1, "library": ""}),
    ("conversations", {"0000": ["talk"]}),
    ("conversations", {"0000": ["talk", 5]}),
    ("reviews", {"a": ["soon", 1.0]}),
    ("reviews", {"a": [1, 0.0]}),
    ("best", [1.0, 2]),
    ("best", ["good", 2, False]),
    ("micro_streams", True),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_facts_are_named(good, name, value):
    soul = copied(good)
    soul.facts[name] = value
    with pytest.raises(SoulDamaged, match=rf"facts.json: {name}") as caught:
        inspect(soul)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", MISSING)
def test_missing_facts_are_named(good, name):
    soul = copied(good)
    del soul.facts[name]
    with pytest.raises(SoulDamaged, match=rf"facts.json: {name}"):
        inspect(soul)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("part", ["brain", "voice", "optimizer", "streams"])
def test_weights_that_are_no_numbers(good, part, value):
    """A single value anywhere is enough."""
    soul = copied(good)
    name = max((name for name, t in soul.tensors[part].items() if t.is_floating_point()), key=str)
    soul.tensors[part][name].reshape(-1)[-1] = value
    with pytest.raises(SoulDamaged, match=f"{part}.safetensors: .* no numbers"):
        inspect(soul)


@pytest.mark.parametrize("part", ["brain", "voice", "optimizer", "streams", "conversations"])
def test_missing_parts_are_named(good, part):
    soul = copied(good)
    del soul.tensors[part]
    with pytest.raises(SoulDamaged, match=f"{part}.safetensors is missing"):
        inspect(soul)


@pytest.mark.parametrize("change", ["shape", "gone", "more", "kind", "complex"])
@pytest.mark.parametrize("part", ["brain", "voice"])
def test_weights_that_do_not_agree(good, part, change):
    """Weights and their average are of one brain, or it is damaged."""
    soul = copied(good)
    tensors = soul.tensors[part]
    name = next(iter(tensors))
    match change:
        case "shape":
            tensors[name] = torch.zeros(3, 3, 3)
        case "gone":
            del tensors[name]
        case "more":
            tensors["x\n" * 50] = torch.zeros(1)
        case "kind":
            tensors[name] = tensors[name].long()
        case "complex":
            tensors[name] = tensors[name].to(torch.complex64)
    with pytest.raises(SoulDamaged, match=r"safetensors: "):
        inspect(soul)


def test_moments_of_other_weights(good):
    soul = copied(good)
    name = next(name for name in soul.tensors["optimizer"] if name.endswith("exp_avg"))
    soul.tensors["optimizer"][name] = torch.zeros(7)
    with pytest.raises(SoulDamaged, match="another shape"):
        inspect(soul)


@pytest.mark.parametrize("value", [-1, 10**9])
def test_streams_at_places_that_are_none(good, value):
    soul = copied(good)
    soul.tensors["streams"]["state.previous"][0] = value
    with pytest.raises(SoulDamaged, match="values that can't be"):
        inspect(soul)


HOSTILE_TOKENIZERS = [
    "",
    "{}",
    "null",
    "[" * 100_000,
    '{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 5}, "merges": []}}',
]


@pytest.mark.parametrize("text", HOSTILE_TOKENIZERS, ids=range(len(HOSTILE_TOKENIZERS)))
def test_a_tokenizer_that_is_none(good, text):
    soul = copied(good)
    soul.tokenizer = text
    with pytest.raises(SoulDamaged, match=r"tokenizer\.json") as caught:
        inspect(soul)
    assert len(str(caught.value).splitlines()) == 1


SHAPES = [
    {"neurons": 10**15}, {"neurons": 1_000_000, "longest_window": 1_000_000},
    {"embed_width": 900_000, "neurons": 900_000},
    {"neurons": 0}, {"neurons": -5}, {"neurons": "many"}, {"neurons": 32.0}, {"neurons": True}, {"windows": []},
    {"windows": [0.1]}, {"windows": ["a"]}, {"windows": [float("nan")]}, {"windows": [1.0] * 100_000}, {"windows": 3},
    {"dropout": 2.0}, {"species": "cat"}, {"species": 3}, {"wings": 2}, {"neurons_per_gate": 7}, {"neurons": 64},
    {"species": "llama", "heads": 3}, {"species": "llama", "key_heads": 7, "heads": 8},
    {"species": "llama", "layers": 900_000}, {"species": "llama", "hidden_width": 900_000},
    {"species": "llama", "context": 1_000_000, "layers": 4, "embed_width": 16, "heads": 1, "key_heads": 1},
]  # fmt: skip


@pytest.mark.parametrize("change", SHAPES, ids=range(len(SHAPES)))
def test_a_brain_that_its_weights_are_not(good, change):
    """A shape that is none, or larger than the weights that come with it: one line, before room is made for it."""
    soul = copied(good)
    soul.facts["brain"] = json.loads(json.dumps(soul.facts["brain"] | change))
    with pytest.raises(Mistake) as caught:
        open_voice(soul, CPU)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 400


def test_streams_of_another_kind_begin_anew(good, librarian):
    """Where what its streams carried does not fit this brain's, the lessons begin a new epoch, and go on."""
    for change in ({"state.position": torch.zeros(2, 5)}, {"pixels": torch.zeros(2, 3, 3)}, {"more": torch.zeros(1)}):
        soul = copied(good)
        soul.tensors["streams"] |= change
        inspect(soul)
        tutor = make_tutor(librarian, LESSONS)
        wake_tutor(soul, tutor, [])
        assert len(take_steps(tutor, 1)) == 1
        assert (tutor.planner.agenda.bookmark.epoch > soul.facts["bookmark"]["epoch"]) == ("more" not in change)


def test_conversations_of_another_kind_are_let_be(good, librarian, tmp_path):
    """One broken conversation of two costs that one alone."""
    for path in ("0000/recent", "0000/pixel", "0007/pixel"):
        soul = copied(good)
        soul.tensors["conversations"][path] = torch.zeros(3, 3, 3)
        inspect(soul)
        tutor = make_tutor(librarian)
        receptionist = make_receptionist(tutor, tmp_path, max_tokens=3)
        wake_receptionist(soul, receptionist)
        asks = [Ask("and you?", name, name, None) for name in ("ann", "bob")]
        for one in asks:
            receptionist.admit(one)
        while receptionist.busy:
            receptionist.serve()
        assert all(one.future.result(timeout=0).tokens for one in asks)


def test_a_soul_that_does_not_pass_goes_back_to_the_one_before(good, tmp_path):
    """With right checksums and weights that are no numbers: named, set aside, and the one before wakes."""
    keeper = Caretaker(tmp_path, SoulSettings(), inspect=inspect)
    keeper.save(good)
    bad = copied(good)
    bad.step += 1
    next(iter(bad.tensors["voice"].values())).fill_(float("nan"))
    keeper.save(bad)
    said = []
    assert keeper.newest(said.append, set_aside=True).step == good.step
    assert len(said) == 1
    assert "no numbers" in said[0]
    assert read_config(good.facts["brain"])
    assert Path(tmp_path / "damaged").exists()
