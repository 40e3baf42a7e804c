"""The report in a real browser, from a file: nothing is fetched, nothing hangs over the edge of a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from school.report.page import page as page_of
from tests.chromium import PHONE, Chromium


@pytest.fixture(scope="module")
def file(told, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(page_of(told), "utf-8")
    return file


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(251, 250, 246)"), ("dark", "rgb(21, 22, 26)")])
def test_it_is_light_or_dark_and_fits_a_phone(chromium: Chromium, file, scheme, paper):
    with chromium.page(file.as_uri(), f"report-{scheme}", color_scheme=scheme, **PHONE) as tab:
        assert tab.ask("getComputedStyle(document.body).backgroundColor") == paper
        assert tab.ask("document.documentElement.scrollWidth") == 360
        assert tab.too_small() == []
        assert tab.ask("[...document.querySelectorAll('figure svg')].every((drawn) => drawn.getBBox().width > 0)")
        tab.do(lambda page: page.keyboard.press("Tab"))
        assert tab.ask("document.activeElement.getBoundingClientRect().left >= 0"), "the way past the head is not seen"
