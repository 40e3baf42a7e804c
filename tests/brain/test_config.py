"""Configs: what a soul keeps of its brain, and which sizes there are."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from brain import SIZES, SPECIES, build_brain, config_of, parameter_count, read_config

MARKS = 8
SOULS = json.loads(Path(__file__).with_name("souls.json").read_text())
"""What souls had stored of their brains while all species shared one flat config, and the names and shapes of their
weights."""
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("species", SOULS)
def test_a_soul_from_before_is_the_same_brain(species: str):
    """Its facts name fields of other species and some that are gone; its weights have the names and shapes of today."""
    config = read_config(SOULS[species]["brain"])
    of_birth = {name: SOULS[species]["brain"].get(name, config.CAME_LATER.get(name)) for name in config.OF_BIRTH}
    assert config == replace(SPECIES[species]["newborn"], vocabulary=300, **of_birth)
    brain = build_brain(config, pieces=[b"word%d" % number for number in range(300)], turn_tokens=MARKS)
    assert {name: list(each.shape) for name, each in brain.named_parameters()} == SOULS[species]["parameters"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("species", SPECIES)
def test_a_config_survives_a_soul(species: str, size: str):
    config = SPECIES[species][size]
    assert read_config(json.loads(json.dumps(asdict(config)))) == config


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"species": "octopus"}, "octopus"),
        ({"shared_cerebellum": True}, "shared_cerebellum = True"),
        ({"blend_logit_norm": False}, "blend_logit_norm = False"),
        ({"tentacles": 8}, "tentacles"),
    ],
)
def test_what_can_not_be_built_is_named(change: dict, named: str):
    with pytest.raises(ValueError, match=named):
        read_config(SOULS["interneuron"]["brain"] | change)


def test_what_is_gone_concerns_only_those_that_had_it():
    assert read_config(SOULS["llama"]["brain"] | {"shared_cerebellum": True}) == read_config(SOULS["llama"]["brain"])


def test_presets_have_their_sizes():
    """Each species has the four sizes; the toddler is small and the seed is the first babyLLM's size."""
    assert all(tuple(presets) == SIZES for presets in SPECIES.values())
    torch.manual_seed(0)
    toddler = build_brain(SPECIES["interneuron"]["toddler"], pieces=[b""] * 2048, turn_tokens=MARKS)
    assert 2e6 < parameter_count(toddler) < 5e6
    seed = SPECIES["interneuron"]["seed"]
    assert (seed.vocabulary, seed.embed_width, seed.neurons) == (4200, 1024, 10_000)


def test_a_part_of_one_name_is_the_same_setting_in_all_species():
    """Settings are made of the first that has it."""
    seen: dict[str, tuple] = {}
    for species in SPECIES:
        for name, part in config_of(species).parts().items():
            about = part["description"], part["at_most"], part["structural"], type(part["default"])
            assert seen.setdefault(name, about) == about


def test_configs_need_no_torch():
    """Settings are made of them, also where nothing is computed."""
    code = "import sys, brain; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
