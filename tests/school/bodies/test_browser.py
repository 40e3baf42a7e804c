"""The page in a real browser, from a file: it talks, stops and forgets; nothing is fetched, and no error is told."""

from __future__ import annotations

import re

from school.bodies.html_page import write_page
from tests.chromium import PHONE, Chromium, Tab


def say(tab: Tab, text: str) -> None:
    tab.do(lambda page: page.fill("#question", text))
    tab.do(lambda page: page.keyboard.press("Enter"))


def test_it_talks(chromium: Chromium, body, tmp_path):
    write_page(body, tmp_path / "baby.html")
    with chromium.page((tmp_path / "baby.html").as_uri(), "body", **PHONE) as tab:
        tab.until("document.getElementById('status')?.textContent === 'It is awake.'")
        assert tab.ask("document.activeElement.id") == "question"
        assert tab.ask("document.documentElement.scrollWidth") == 360
        assert tab.too_small() == []
        for number, text in enumerate(("the cat", "<b>who</b> sat on the mat?"), 1):
            say(tab, text)
            tab.until("/a second/.test(find('status').textContent)")
            lines = tab.ask("[...find('talk').children].map((line) => line.textContent)")
            assert len(lines) == 2 * number
            assert lines[-2] == f"you: {text}"
            assert len(lines[-1]) > len("baby: ")
        assert re.fullmatch(r"mood: \w+, colour: #[0-9a-f]{6}", tab.ask("find('mood').textContent"))
        tab.ask("find('length').value = 400")
        say(tab, "tell me all")
        tab.do(lambda page: page.keyboard.press("Escape"))
        tab.until("find('talk').getAttribute('aria-busy') === 'false'")
        tab.do(lambda page: page.click("#forget"))
        assert tab.ask("find('talk').children.length") == 0
        assert "licence: CC BY 4.0" in tab.ask("find('card').textContent")
