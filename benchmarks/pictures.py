"""Makes the pictures in docs/pictures/ anew: one real life with its pages open in a browser.

    python -m benchmarks.pictures                # a newborn on the starter shelf, two minutes or three of one core
    python -m benchmarks.pictures --steps 3000 --set brain.preset=toddler --folder elsewhere

It needs Chromium, or what is made of it, and what `make lab` installs.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wakeup
from benchmarks.captures import CORRECTION, QUESTION, SMALL
from benchmarks.common import home_with, parser, run
from school.office.mistakes import Mistake
from school.report.pictures import find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = wakeup.REPOSITORY / "docs" / "pictures"
FACE = re.compile(r"Its face is at (http\S+)")
BACKDROP = "body { background: linear-gradient(160deg, #10131c, #1d2b3d 55%, #3a2b45); }"
MINUTES = 30  # that a life may take to come so far
COLOURS = 256  # of a picture, which makes it a third of the size


def main() -> None:
    options = parser(__doc__.partition("\n")[0])
    options.add_argument("--steps", type=int, default=600, metavar="N", help="how long it lives first (default 600)")
    options.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with home_with(given.text) as home, browser() as tabs:
        with alive(home, [*SMALL, *given.set]) as (url, chat):
            owner(tabs, url, given)
            overlay(tabs, url, chat, given)
        report(tabs, home, given)
        shared(tabs, home, given)
    for file in sorted(given.folder.glob("*.png")):
        slim(file)
        wakeup.whisper(f"{file}: {file.stat().st_size // 1024} kB")


@contextmanager
def browser() -> Iterator[Any]:
    """Raises Mistake."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise Mistake("playwright is not installed; `make lab` installs what pictures need.") from None
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=find_browser(), args=[*sandbox, "--disable-gpu"])
        yield opened
        opened.close()


@contextmanager
def alive(home: Path, changes: list[str]) -> Iterator[tuple[str, subprocess.Popen]]:
    """A baby in a chat room with its pages open: their address, and the process, whose input is the chat."""
    told = [part for change in (*changes, "web.enabled=true", "web.port=0") for part in ("--set", change)]
    command = [sys.executable, "wakeup.py", "chat-room", "--home", str(home), *told]
    where = {"cwd": wakeup.REPOSITORY, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, **where) as life:
        try:
            lines = iter(life.stdout.readline, "")
            yield next(filter(None, map(FACE.search, lines)))[1], life
        finally:
            life.send_signal(signal.SIGINT)
            life.communicate()


def page_of(tabs: Any, url: str, width: int, height: int, scheme: str) -> Page:
    screen = {"width": width, "height": height}
    page = tabs.new_page(viewport=screen, device_scale_factor=2, color_scheme=scheme)
    page.set_default_timeout(60_000 * MINUTES)
    page.goto(url)
    return page


def until(page: Page, script: str) -> None:
    """The pages forbid Playwright's own way, which evaluates a string."""
    while not page.evaluate(script):
        page.wait_for_timeout(100)


def owner(tabs: Any, url: str, given: Any) -> None:
    """A talk, put right, beside its curve."""
    page = page_of(tabs, url, 1280, 820, "light")
    for number, steps in enumerate((given.steps // 2, given.steps), 1):
        until(page, f"Number(document.getElementById('step').textContent.replace(/\\D/g, '')) >= {steps}")
        ask(page, QUESTION, number)
    page.keyboard.type(f"/fix {CORRECTION}\n")
    until(page, "[...document.querySelectorAll('.note')].some((note) => note.textContent)")
    ask(page, QUESTION, 3)
    page.wait_for_timeout(4000)  # the passage that it reads is half read
    page.screenshot(path=given.folder / "owner.png")
    page.close()


def ask(page: Page, text: str, number: int) -> None:
    page.focus("#question")
    page.keyboard.type(f"{text}\n")
    until(page, f"document.querySelectorAll('.baby:not(.growing)').length === {number}")


def overlay(tabs: Any, url: str, chat: subprocess.Popen, given: Any) -> None:
    """It answers Ann, who agreed to be named."""
    page = page_of(tabs, f"{url}overlay", 960, 300, "dark")
    page.add_style_tag(content=BACKDROP)
    until(page, "document.documentElement.dataset.awake === 'yes'")
    for line in ("Ann: !optin", "Ann: !baby what do you like?"):
        chat.stdin.write(f"{line}\n")
        chat.stdin.flush()
        page.wait_for_timeout(3000)
    until(page, "document.getElementById('bubble').classList.contains('seen')")
    until(page, "!document.getElementById('bear').classList.contains('speaking')")
    page.wait_for_timeout(500)
    page.screenshot(path=given.folder / "overlay.png")
    page.close()


def made(home: Path, *words: str) -> None:
    """What a command makes of a baby that is asleep."""
    command = [sys.executable, "wakeup.py", *words, "--home", str(home)]
    subprocess.run(command, cwd=wakeup.REPOSITORY, check=True, stdout=subprocess.DEVNULL)


def shared(tabs: Any, home: Path, given: Any) -> None:
    """The page that is given away, asked three times."""
    file = home / "baby.html"
    made(home, "share", str(file))
    page = page_of(tabs, file.as_uri(), 800, 600, "light")
    box = page.get_by_role("textbox").first
    for text in ("good morning", QUESTION, "what did Gran do?"):
        box.fill(text)
        box.press("Enter")
        page.wait_for_timeout(3000)
    page.screenshot(path=given.folder / "shared.png")
    page.close()


def report(tabs: Any, home: Path, given: Any) -> None:
    file = home / "report.html"
    made(home, "report", "--out", str(file), "--no-words")
    page = page_of(tabs, file.as_uri(), 960, 1240, "dark")
    page.screenshot(path=given.folder / "report.png")
    page.close()


def slim(file: Path) -> None:
    from PIL import Image

    with Image.open(file) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(file, optimize=True)


if __name__ == "__main__":
    run(main)
