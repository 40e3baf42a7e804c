"""Gauges and their names in the record."""

from __future__ import annotations

import pytest

from brain.gauges import Gauge, by_name, from_names
from tests.brain.conftest import build, some_input

TODAY = {
    "blend_token": 0.4,
    "window1": 1.0,
    "window12": 31.5,
    "memory1_short": 0.7,
    "memory2_long": 0.99,
    "layer3_attention": 0.06,
    "temperature": 0.9,
    "repetition_penalty": 0.5,
}
"""Names as records have had them from the beginning."""


def test_names_are_read_as_they_were_written():
    assert by_name(from_names(TODAY)) == TODAY
    assert from_names({"memory2_long": 0.99, "window12": 31.5, "temperature": 0.9}) == (
        Gauge("memory", 2, 0.99, "long"),
        Gauge("window", 12, 31.5),
        Gauge("temperature", None, 0.9),
    )


def test_every_species_writes_what_can_be_read(tiny):
    gauges = build(tiny).gauges()
    assert gauges
    assert from_names(by_name(gauges)) == gauges


def test_an_interneuron_brain_keeps_its_names():
    from tests.conftest import TINY

    windows = [f"window{i}" for i in range(1, len(TINY.windows) + 1)]
    memories = [f"memory{i}_{span}" for i in (1, 2) for span in ("short", "long")]
    assert list(by_name(build(TINY).gauges())) == ["blend_token", "blend_position", "blend_pixel", *windows, *memories]


def test_shares_add_up(tiny):
    """The shares of each kind and number are of one whole."""
    brain = build(tiny)
    tokens, pixels = some_input(1, 9)
    shares = brain.source_shares(tokens, pixels, brain.fresh_state(1))
    kinds = {(gauge.kind, gauge.index if gauge.part else None) for gauge in shares}
    for kind, index in kinds:
        of_it = [g.value for g in shares if g.kind == kind and index in (None, g.index)]
        assert sum(of_it) == pytest.approx(1)
