"""What a soul says of its brain."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from school.office.mistakes import Mistake
from school.souls.caretaker import Soul
from school.souls.packing import brain_config
from school.teaching.brain_settings import BrainSettings
from school.teaching.shape import agree, shape_of

WANTED = shape_of(BrainSettings(preset="newborn"), 0)


def soul(brain: dict) -> Soul:
    return Soul(1, {"brain": json.loads(json.dumps(brain))}, {}, "")


def test_souls_from_before_still_wake():
    """A soul whose facts don't name what came later is woken as what it is."""
    later = WANTED.CAME_LATER
    before = {name: value for name, value in asdict(WANTED).items() if name not in later}
    woken = agree(WANTED, brain_config(soul(before)), "home/soul")
    assert woken.neurons == WANTED.neurons
    assert {name: getattr(woken, name) for name in later} == later


@pytest.mark.parametrize("change", [{"species": "octopus"}, {"shared_cerebellum": True}, {"tentacles": 8}])
def test_a_soul_that_can_not_be_built_says_so(change: dict):
    """One that this version does not know, or no longer, is named, not stumbled over."""
    (name,) = {"octopus"} if "species" in change else change
    with pytest.raises(Mistake, match=f"does not know.*{name}") as caught:
        brain_config(soul(asdict(WANTED) | change))
    assert len(str(caught.value).splitlines()) == 1
