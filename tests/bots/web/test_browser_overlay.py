"""The overlay in a real browser, as OBS shows it: transparent, of any size, and still there after a restart."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from school.door.values import new_id
from tests.bots.web.living import served
from tests.chromium import Chromium, Tab

AWAKE = "document.documentElement.dataset.awake === 'yes'"
WORDS = "document.getElementById('words').textContent"
OUTSIDE = """[...document.querySelectorAll('#bear, #bubble, #mood, #caption')].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width && (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight);
}).map((element) => element.id)"""

PLACES = """JSON.stringify(['bear', 'bubble', 'caption'].map((id) => document.getElementById(id))
  .map((element) => [element.offsetLeft, element.offsetTop, element.offsetWidth, element.offsetHeight]))"""
BELOW = """document.getElementById('words').getBoundingClientRect().bottom
  - document.getElementById('lines').getBoundingClientRect().bottom"""
PLATE = "getComputedStyle(document.getElementById('bubble')).backgroundColor"
KEEP_SOURCE = """const Source = EventSource;
window.EventSource = class extends Source { constructor(url) { super(url); window.source = this; } }"""
SEEN = "document.getElementById('bubble').classList.contains('seen')"
CLEAR = "rgba(0, 0, 0, 0)"
SIZES = [
    {"width": width, "height": height}
    for width, height in ((800, 200), (400, 400), (500, 900), (1920, 1080), (250, 250), (320, 180))
]


@pytest.fixture
def here(living) -> Iterator[SimpleNamespace]:
    """With Ann, who agreed to be named."""
    living.people.agree("room:ann", "c").result(60)
    with served(living) as place:
        yield place


def on_stage(here: SimpleNamespace, what: str, *given: str) -> None:
    """As a chat tells what it has shown, and what was taken back."""
    here.loop.call_soon_threadsafe(getattr(here.face.stage, what), *given)


def speak(here: SimpleNamespace, text: str, to: str = "room:ann") -> None:
    on_stage(here, "shown", new_id(), text, to)


def hold_time(tab: Tab) -> None:
    """From now on the page's clock stands still, but for ``hurry``."""
    tab.do(lambda page: page.clock.install())
    now = tab.ask("Date.now()")
    tab.do(lambda page: page.clock.pause_at((now + 2000) / 1000))


def hurry(tab: Tab, seconds: float) -> None:
    """Let the page's clock run ahead."""
    tab.do(lambda page: page.clock.run_for(1000 * seconds))


def test_it_is_transparent_and_speaks(chromium: Chromium, here):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed (make lab)")
    with chromium.page(f"{here.url}/overlay?captions=1", "overlay", width=800, height=240, see_through=True) as tab:
        tab.until(AWAKE)
        hold_time(tab)
        for element in ("html", "body", "#stage"):
            assert tab.ask(f"getComputedStyle(document.querySelector('{element}')).backgroundColor") == CLEAR
        speak(here, "the <i>radio</i> sang of the sea")
        tell_caption = here.face.overlay_hub.publish
        here.loop.call_soon_threadsafe(tell_caption, "caption", {"text": "it reads: the letter came on tuesday"})
        tab.until("document.getElementById('caption').classList.contains('seen')")
        hurry(tab, 0.3)
        begun = tab.ask(WORDS)
        assert "the radio sang".startswith(begun.replace("<i>", "")[:3])
        assert len(begun) < len("the <i>radio</i> sang of the sea")
        assert tab.ask("document.getElementById('bear').classList.contains('speaking')")
        hurry(tab, 1.5)
        assert tab.ask(WORDS) == "the <i>radio</i> sang of the sea"
        assert tab.ask("document.getElementById('to').textContent") == "to Ann"
        seen = image.open(io.BytesIO(tab.do(lambda page: page.screenshot(omit_background=True))))
        assert seen.mode == "RGBA"
        assert [seen.getpixel(at)[3] for at in ((0, 0), (799, 0), (799, 239), (400, 2))] == [0, 0, 0, 0]
        box = tab.do(lambda page: page.locator("#bear").bounding_box())
        assert seen.getpixel((int(box["x"] + box["width"] / 2), int(box["y"] + box["height"] / 2)))[3] == 255
        hurry(tab, 30)
        assert not tab.ask(SEEN)


def test_a_moderator_takes_something_back(chromium: Chromium, here):
    with chromium.page(f"{here.url}/overlay", "overlay-cleared", width=400, height=400) as tab:
        tab.until(AWAKE)
        speak(here, "something that was better not said", to="room:bob")
        tab.until(f"{WORDS}.startsWith('something')")
        assert tab.ask("document.getElementById('to').textContent") == ""
        on_stage(here, "cleared")
        tab.until(f"{WORDS} === ''")
        assert not tab.ask(SEEN)


def test_everything_has_its_place_at_any_size(chromium: Chromium, here):
    """Nothing hangs over the edge, and nothing moves when it speaks, however much: the last lines are seen."""
    with chromium.page(f"{here.url}/overlay?captions=1", "overlay-sizes", reduced_motion="reduce") as tab:
        tab.until(AWAKE)
        hold_time(tab)
        for size in SIZES:
            tab.do(lambda page, size=size: page.set_viewport_size(size))
            before = tab.ask(PLACES)
            speak(here, "the sea and the rain and the soup " * 12)
            while not tab.ask(SEEN):
                hurry(tab, 0.1)
            hurry(tab, 20)
            assert tab.ask(OUTSIDE) == [], size
            assert tab.ask(PLACES) == before, size
            assert abs(tab.ask(BELOW)) < 2, size
            on_stage(here, "cleared")
            tab.until(f"{WORDS} === ''")


def test_a_streamer_dresses_it(chromium: Chromium, here):
    """OBS puts the field "Custom CSS" into the page as a style of its own, by script."""
    with chromium.page(f"{here.url}/overlay?theme=day&size=1.5", "overlay-dressed", width=800, height=300) as tab:
        tab.until(AWAKE)
        assert tab.ask("getComputedStyle(document.body).fontSize") == "39px"
        assert tab.ask(PLATE) == "rgba(253, 251, 245, 0.92)"
        tab.ask(
            "document.head.append(Object.assign(document.createElement('style'),"
            " { innerHTML: ':root { --plate: rgb(80, 0, 60); } #mood { display: none; }' }))"
        )
        assert tab.ask(PLATE) == "rgb(80, 0, 60)"
        assert tab.ask("getComputedStyle(document.getElementById('mood')).display") == "none"


@pytest.mark.trial
def test_it_sleeps_and_wakes_with_the_baby(chromium: Chromium, living):
    awake = ExitStack()
    here = awake.enter_context(served(living))
    with awake, chromium.page(f"{here.url}/overlay", "overlay-asleep", width=400, height=400) as tab:
        tab.do(lambda page: page.add_init_script(KEEP_SOURCE))
        tab.do(lambda page: page.reload())
        tab.until(AWAKE)
        hold_time(tab)
        tab.ask("window.same = true")
        awake.close()
        tab.until("document.documentElement.dataset.awake === 'no'")
        asleep = "document.getElementById('bear').classList.contains('asleep')"
        assert not tab.ask(asleep), "a short break is not shown"
        for _ in range(4):  # the browser looks for it in vain, again and again
            hurry(tab, 2.5)
            tab.ask("source.dispatchEvent(new Event('error'))")
        assert tab.ask(asleep)
        with served(living, port=here.port):
            tab.until(f"{AWAKE} && !document.getElementById('bear').classList.contains('asleep')")
            assert tab.ask("window.same")
        tab.forgive("ERR_")  # nobody was there
