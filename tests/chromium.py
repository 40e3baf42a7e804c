"""One real browser for all tests of a run, through Playwright; where either is missing, one line says so.

    def test_it(chromium, ...):
        with chromium.page(url, width=360, height=740) as page:
            page.do(lambda tab: tab.click("#send"))

Playwright lives on a thread of its own, for its event loop would be in the way of other tests'. What a page complains
about (console, exceptions, requests that fail or go elsewhere) fails the test. Pictures of what was seen are kept where
BABYLLM_PICTURES says, else in the test's own folder.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--force-color-profile=srgb",
)  # fmt: skip
SECONDS = 60  # that anything may take on a busy machine
LOOK_MS = 60
PHONE = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}  # how a page is opened on one
TOO_SMALL = """[...document.querySelectorAll('button, a, input:not([type=radio]), textarea, summary, label:has(input)')]
  .map((element) => [element, element.getBoundingClientRect(), parseFloat(getComputedStyle(element).fontSize)])
  .filter(([element, box]) => box.right > 0 && element.checkVisibility({ visibilityProperty: true }))
  .filter(([element, box, letters]) => box.width < 44 || box.height < 43.9
    || element.matches('input, textarea') && letters < 16)
  .map(([element, box]) => `${element.outerHTML.slice(0, 60)}: ${box.width} x ${box.height}`)"""
NO_TROUBLE = (
    "Service Worker registration blocked by Playwright"
    "|^Failed to load resource"  # told better by the answer itself
    "|/api/ask: net::ERR_ABORTED"  # how Chromium often calls the end of a stream that was read to its end
)
OWN = ("file", "blob", "data")
T = TypeVar("T")


def missing() -> str:
    """What stands in the way of a browser, in a line; or nothing."""
    if find_spec("playwright") is None:
        return "playwright is not installed (make lab), so no page is looked at in a browser"
    if not installed():
        return "chromium is not installed, so no page is looked at in a browser"
    return ""


def installed() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """A page that is open. ``do`` runs something with it in the browser's thread, and brings what that returns."""

    def __init__(self, run: Callable[..., Any], page: Page, origin: str):
        self._run, self.page, self._origin = run, page, origin
        self._noted: list[str] = []
        self._forgiven = NO_TROUBLE
        self.do(self._listen)

    def _listen(self, page: Page) -> None:
        """In the browser's thread: the one that tests run on has no event loop, once another test has taken it away."""
        page.on("console", lambda told: self._note(told.text, told.type in ("error", "warning")))
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("requestfailed", lambda request: self._note(f"{request.url}: {request.failure}"))
        page.on("response", lambda answer: self._note(f"{answer.status} {answer.url}", answer.status >= 400))
        page.on("request", lambda request: self._note(f"went to {request.url}", not self._is_own(request.url)))

    def do(self, what: Callable[[Page], T]) -> T:
        return self._run(what, self.page)

    def ask(self, script: str) -> Any:
        return self.do(lambda page: page.evaluate(script))

    def until(self, script: str) -> None:
        """Wait until a script says so. (Playwright's own way evaluates a string, which our pages forbid.)"""

        def look(page: Page) -> bool:
            while not page.evaluate(script):
                assert time.monotonic() < late, f"it never came: {script}; {page.inner_text('body')[:500]}"
                page.wait_for_timeout(LOOK_MS)
            return True

        late = time.monotonic() + SECONDS
        self.do(look)

    def forgive(self, pattern: str) -> None:
        """What the test itself brought about is no trouble, whenever it is told."""
        self._forgiven += f"|{pattern}"

    def too_small(self) -> list[str]:
        """What a finger would miss: less than 44 pixels wide or high; and fields whose letters make an iPhone zoom."""
        return self.ask(TOO_SMALL)

    def troubles(self) -> list[str]:
        return [text for text in self._noted if not re.search(self._forgiven, text)]

    def _note(self, text: str, is_trouble: bool = True) -> None:
        if is_trouble:
            self._noted.append(text)

    def _is_own(self, url: str) -> bool:
        return url.startswith(f"{self._origin}/") or url.partition(":")[0] in OWN


class Chromium:
    """The browser; ``page`` opens a page of its own, with nothing kept from others."""

    def __init__(self, pictures: Path):
        self.pictures = pictures
        self._thread = ThreadPoolExecutor(1, "browser")
        self._run(self._start)

    def _run(self, what: Callable[..., T], *given: Any) -> T:
        return self._thread.submit(what, *given).result(timeout=2 * SECONDS)

    def _start(self) -> None:
        from playwright.sync_api import sync_playwright

        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=installed(), args=list(OPTIONS))

    def close(self) -> None:
        self._run(self._browser.close)
        self._run(self._playwright.stop)
        self._thread.shutdown()

    @contextmanager
    def page(
        self, url: str, name: str, *, width: int = 1280, height: int = 800, see_through: bool = False, **how: Any
    ) -> Iterator[Tab]:
        """``name``: of its picture; ``how``: as Playwright's contexts take it."""
        screen = {"width": width, "height": height}
        context = self._run(lambda: self._browser.new_context(viewport=screen, **({"service_workers": "block"} | how)))
        try:
            tab = Tab(self._run, self._run(context.new_page), url[: url.index("/", 8)] if "//" in url else url)
            tab.do(lambda page: page.set_default_timeout(1000 * SECONDS))
            tab.do(lambda page: page.goto(url))
            try:
                yield tab
            finally:
                tab.do(lambda page: page.screenshot(path=self.pictures / f"{name}.png", omit_background=see_through))
        finally:
            self._run(context.close)
        assert not tab.troubles(), tab.troubles()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if why := missing():
        pytest.skip(why)
    pictures = Path(os.environ.get("BABYLLM_PICTURES") or tmp_path_factory.mktemp("pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    browser = Chromium(pictures)
    yield browser
    browser.close()
