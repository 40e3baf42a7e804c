"""What the web face costs, as benchmarks.web works it out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmarks.web import Turn, ratios, told


def test_a_turn_is_held_against_its_neighbours():
    """Those with nobody, before and after; a turn without both is not counted."""
    kinds = [("nobody", 100), ("pages", 95), ("nobody", 90), ("all", 45), ("nobody", 110), ("pages", 50)]
    turns = [Turn(kind, speed, 2 * speed) for kind, speed in kinds]
    assert ratios(turns, "pages", "by_wall") == [1.0]
    assert ratios(turns, "all", "by_processor") == [0.45]
    visit = {"first": [5.0], "whole": [20.0, 30.0], "status": [1.0], "failed": 1, "events": {"step": 7}}
    figures = told(
        SimpleNamespace(minutes=2.0), turns, [visit, visit], [0.001], [(0.0, 100.0), (1.0, 110.0), (2.0, 121.0)]
    )
    assert figures["throughput_pages_by_wall"] == 1.0
    assert (figures["answers"], figures["failed"], figures["steps_shown"]) == (4, 2, 14)
    assert figures["second_half_growth_percent"] == pytest.approx(10.0)
