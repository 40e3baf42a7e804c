"""Plots in a terminal: marks at round values, and points only where something was measured."""

import pytest

from school.report.plots import Points, draw

WIDTH, HIGH = 70, 12


def marks(drawn: str) -> tuple[list[float], list[str]]:
    """What stands beside the plot, from below, and under it."""
    *lines, under = drawn.splitlines()
    return [float(line.split("┤")[0]) for line in reversed(lines) if "┤" in line], under.split()


@pytest.mark.parametrize(
    ("points", "beside", "under"),
    [
        ([(step, 7 - step / 50) for step in range(1, 159)], [4, 5, 6], ["50", "100", "150"]),
        ([(step, step * 1.3e-5) for step in range(1, 151)], [0.0005, 0.001, 0.0015], ["50", "100", "150"]),
        ([(400_000, -1.0), (3_100_000, 1.0)], [-1, -0.5, 0, 0.5, 1], ["1.0M", "2.0M", "3.0M"]),
        ([(3, 0.0025)], [0.0025], ["3"]),
        ([(3, 2.0), (4, 2.0)], [2], ["3", "4"]),
    ],
)
def test_marks_are_round_and_steps_are_whole(points, beside, under):
    drawn = draw("a curve", [Points(points)], WIDTH, HIGH)
    assert marks(drawn) == (beside, under)
    assert max(map(len, drawn.splitlines())) <= WIDTH


def test_what_is_measured_now_and_then_has_no_points_between():
    examined = Points([(1, 3.0), (50, 2.0), (100, 1.0)], "o", joined=False)
    drawn = draw("two", [Points([(step, 3.0) for step in range(1, 101)], "."), examined, Points([])], WIDTH, HIGH)
    picture = "\n".join(line for line in drawn.splitlines() if "│" in line or "┤" in line)
    assert picture.count("o") == 3
    assert picture.count(".") > 50


def test_nothing_is_one_line():
    assert draw("nothing", [Points([])], WIDTH, HIGH) == "nothing"
