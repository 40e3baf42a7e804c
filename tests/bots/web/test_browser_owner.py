"""The owner's page in a real browser, with a small baby that lives behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from bots.web.marks import VERDICTS
from school.door.values import ME
from tests.bots.web.living import LEARNING, served
from tests.chromium import PHONE, Chromium, Tab

ANSWERED = "document.querySelectorAll('.baby:not(.growing)').length === {}"
WIDEST = """Math.max(...[document.documentElement, ...document.querySelectorAll('main, section, #said')]
  .map((element) => element.scrollWidth))"""
GROWING = """window.grown = new Set();
new MutationObserver(() => grown.add(document.querySelector('.words').textContent))
  .observe(document.getElementById('said'), { subtree: true, childList: true, characterData: true })"""
ICONS = """fetch('/manifest.webmanifest').then((answer) => answer.json()).then(({ icons }) => Promise.all(icons.map(
  ({ src }) => new Promise((tell) => {
    const icon = new Image();
    icon.onload = () => tell([src, icon.naturalWidth]);
    icon.src = src;
  }))))"""
KEYBOARD_OVER_PAGE = """Object.defineProperties(visualViewport, {
  height: { value: 340, configurable: true }, pageTop: { value: 300, configurable: true } });
visualViewport.dispatchEvent(new Event('resize'))"""
KEYBOARD_GONE = """delete visualViewport.height; delete visualViewport.pageTop;
visualViewport.dispatchEvent(new Event('resize'))"""
AWAY = """(() => {{
  let opened = 0;
  const Source = EventSource, now = Date.now, turn = (hidden) => {{
    Object.defineProperty(document, 'hidden', {{ value: hidden, configurable: true }});
    document.dispatchEvent(new Event('visibilitychange'));
  }};
  window.EventSource = class extends Source {{ constructor(url) {{ super(url); opened += 1; }} }};
  turn(true);
  Date.now = () => now() + 1000 * {seconds};
  turn(false);
  Date.now = now;
  window.EventSource = Source;
  return opened;
}})()"""
SHIFTS = """new Promise((tell) => {
  let sum = 0;
  const watch = new PerformanceObserver((list) => list.getEntries().forEach((one) => (sum += one.value)));
  watch.observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => tell(sum), 100);
})"""


@pytest.fixture
def here(living) -> Iterator[SimpleNamespace]:
    with served(living) as place:
        yield place


def press(tab: Tab, *keys: str) -> None:
    tab.do(lambda page: [page.keyboard.press(key) for key in keys])


def said(message: str) -> str:
    """How the page tells what the house answers: as the beginning of a sentence."""
    return message[0].upper() + message[1:]


def say(tab: Tab, text: str) -> None:
    """Type it into whatever has the focus."""
    tab.do(lambda page: page.keyboard.type(text))
    press(tab, "Enter")


def test_it_is_asked_and_marked_by_keyboard_alone(chromium: Chromium, here, living):
    with chromium.page(f"{here.url}/", "owner") as tab:
        tab.until("document.body.dataset.line === 'there'")
        assert tab.ask("document.activeElement.id") == "question"
        tab.ask(GROWING)
        say(tab, "<b>who</b> sat on the mat?")
        tab.until(ANSWERED.format(1))
        assert tab.ask("document.querySelector('.you').textContent") == "you: <b>who</b> sat on the mat?"
        assert tab.ask("grown.size") > 2, "it came at once, not word by word"
        press(tab, "Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab")
        assert tab.ask("document.activeElement.textContent") == "Good"
        press(tab, "Space")
        tab.until(f"document.querySelector('.note').textContent.startsWith('{said(VERDICTS['good'])}')")
        assert tab.ask("document.activeElement.getAttribute('aria-pressed')") == "true"
        press(tab, "Tab", "Tab", "Enter")
        say(tab, "the cat did")
        tab.until(f"document.querySelector('.note').textContent.startsWith('{said(VERDICTS['fix'])}')")
        assert tab.ask("document.activeElement.textContent") == "Fix…"
        press(tab, "Tab", "Enter")
        tab.until("document.querySelector('.note').textContent.startsWith('Nobody told it that')")
    marks = [exchange.verdict for exchange in living.school._exchanges._known.values()]
    assert marks == ["fix"]
    assert living.school.status().pairs == 1


def test_a_talk_begins_anew_and_lessons_pause(chromium: Chromium, here, living):
    with chromium.page(f"{here.url}/", "owner-commands", reduced_motion="reduce") as tab:
        tab.until("document.body.dataset.line === 'there'")
        notice = "document.getElementById('notice').textContent"
        say(tab, "/good")
        tab.until(f"{notice} === 'It has not said anything yet.'")
        say(tab, "/teach where is the key? => under the pot")
        tab.until(f"{notice}.startsWith('It says that from now on')")
        say(tab, "/pause")
        tab.until("document.getElementById('line').textContent === 'lessons pause'")
        assert living.school.status().paused
        tab.do(lambda page: page.click("#pause"))
        tab.until("document.getElementById('line').textContent === 'learning'")
        tab.do(lambda page: page.focus("#question"))
        say(tab, "/dance")
        tab.until(f"{notice}.startsWith('/dance is not a command')")
        say(tab, "hello")
        tab.until(ANSWERED.format(1))
        tab.do(lambda page: page.set_viewport_size({"width": 360, "height": 340}))  # with a keyboard on the screen
        tab.until("document.body.hasAttribute('data-low')")
        assert tab.ask("document.getElementById('form').getBoundingClientRect().bottom <= innerHeight")
        assert tab.ask("document.querySelector('.words').getBoundingClientRect().bottom > 0")
        assert tab.ask("document.getElementById('said').clientHeight") > 80
        tab.do(lambda page: page.set_viewport_size({"width": 1280, "height": 800}))
        tab.do(lambda page: page.click("[data-type='/new']"))
        tab.until("document.getElementById('said').children.length === 0")
        tab.do(lambda page: page.click("[data-open=lesson]"))
        tab.do(lambda page: page.fill("#then", "the radio sang"))
        press(tab, "Tab", "Tab", "Enter")
        tab.until(f"{notice}.startsWith('It will learn that')")
        assert tab.ask("document.getElementById('bear').getAnimations({ subtree: true }).length") == 0


def test_it_forgets_when_it_was_asked_twice(chromium: Chromium, here, living):
    """By typing, and by buttons; what it says it does not take for a lesson, and whoever says no is believed."""
    with chromium.page(f"{here.url}/", "owner-forgets", width=360, height=740) as tab:
        tab.until("document.body.dataset.line === 'there'")
        notice, asked = "document.getElementById('notice').textContent", "document.getElementById('asked').hidden"
        tab.do(lambda page: page.focus("#question"))
        say(tab, "who sat on the mat?")
        tab.until(ANSWERED.format(1))
        say(tab, "/status")
        tab.until(f"{notice}.startsWith('{said(LEARNING)}')")
        assert "held-out" in tab.ask(notice)
        say(tab, "/view off")
        tab.until(f"{notice}.startsWith('Lessons are shown off')")
        say(tab, "/forget")
        tab.until(f"{notice}.startsWith('Delete everything you said') && !{asked}")
        assert tab.ask(f"{WIDEST}") <= 360
        say(tab, "No")
        tab.until(f"{notice} === 'Nothing was deleted.' && {asked}")
        tab.do(lambda page: page.click("[data-type='/forget']"))
        tab.until(f"!{asked}")
        say(tab, "and then?")  # no answer to that, so it is itself, and nothing is deleted
        tab.until(ANSWERED.format(2))
        assert living.school.status().awake
        tab.do(lambda page: page.click("[data-type='/forget']"))
        tab.until(f"!{asked}")
        above = "document.getElementById('form').getBoundingClientRect().top"
        assert tab.ask(f"document.getElementById('asked').getBoundingClientRect().bottom < {above}")
        tab.do(lambda page: page.click("[data-type='yes']"))
        tab.until(f"{notice}.startsWith('Deleted: ') && {asked}")
        assert tab.ask("document.getElementById('said').children.length") == 0
    assert living.registrar.kept(ME).result(60).messages == 0


def test_it_is_watched_learning(chromium: Chromium, here, living):
    with chromium.page(f"{here.url}/#learning", "owner-phone-dark", color_scheme="dark", **PHONE) as tab:
        tab.until("document.querySelectorAll('#reading span').length > 3")
        tab.until("document.querySelectorAll('#curve path').length === 3")
        tab.until("document.querySelectorAll('#reach .window').length === 4")
        first = tab.ask("document.getElementById('step').textContent")
        tab.until(f"document.getElementById('step').textContent !== '{first}'")
        assert tab.ask("document.getElementById('sentence').textContent").startswith("Since this morning it predicts")
        assert "right; they are underlined." in tab.ask("document.getElementById('guessed').textContent")
        assert tab.ask("document.getElementById('reach').getAttribute('aria-label')").startswith("Windows: ")
        assert tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(21, 22, 26)"
        for part in ("talk", "days", "learning"):
            tab.do(lambda page, part=part: page.click(f"nav a[href='#{part}']"))
            tab.until(f"getComputedStyle(document.getElementById('{part}')).display !== 'none'")
            assert tab.ask(f"document.body.dataset.part === '{part}' && {WIDEST}") <= 360
            assert tab.too_small() == []
        tab.do(lambda page: page.tap("#reading span:not(.hit)[title]"))
        assert tab.ask("document.getElementById('guessed').textContent").startswith("It had guessed: ")
        tab.do(lambda page: page.check("[value=life]", force=True))
        tab.until("document.querySelectorAll('#curve path.soft').length === 1")
        assert tab.ask(SHIFTS) < 0.02


def test_an_iphone_is_no_trouble(chromium: Chromium, here):
    """Such a keyboard lies over the page, and the page is moved up until the field is seen."""
    with chromium.page(f"{here.url}/", "owner-iphone", **PHONE) as tab:
        tab.until("document.body.dataset.line === 'there'")
        assert tab.ask("document.activeElement === document.body"), "a keyboard would come unasked"
        tab.do(lambda page: page.tap("#question"))
        say(tab, "who sat on the mat?")
        tab.until(ANSWERED.format(1))
        tab.do(lambda page: page.tap(".fix"))
        assert tab.too_small() == []
        tab.ask(KEYBOARD_OVER_PAGE)
        form = "(({ top, bottom }) => [top, bottom])(document.getElementById('form').getBoundingClientRect())"
        top, bottom = tab.ask(form)
        assert 0 < top < bottom <= 300 + 340
        assert tab.ask("document.body.getBoundingClientRect().top") == 300
        assert tab.ask("document.getElementById('said').clientHeight") > 80
        assert tab.ask("document.querySelector('.correction').getBoundingClientRect().bottom") <= top
        tab.ask(KEYBOARD_GONE)
        assert tab.ask("document.body.getBoundingClientRect().top") == 0
        assert tab.ask("document.body.getBoundingClientRect().bottom") == 740
        assert tab.ask(AWAY.format(seconds=3)) == 0
        assert tab.ask(AWAY.format(seconds=60)) == 1, "its line may have died while the phone slept"
        tab.forgive("/events: net::ERR_ABORTED")


@pytest.mark.trial
def test_it_waits_for_a_baby_that_sleeps(chromium: Chromium, living):
    """It comes back without a reload, loses nothing that was typed, and opens while nobody is there."""
    awake = ExitStack()
    here = awake.enter_context(served(living))
    with awake, chromium.page(f"{here.url}/", "owner-asleep", service_workers="allow") as tab:
        tab.until("document.body.dataset.line === 'there'")
        tab.ask("navigator.serviceWorker.ready.then(() => true)")
        tab.do(lambda page: page.reload())  # what is kept for later is what a page loads from then on
        tab.until("document.body.dataset.line === 'there'")
        tab.ask("window.same = true")
        awake.close()
        tab.until("document.getElementById('line').textContent === 'asleep'")
        say(tab, "are you there?")
        tab.until("document.getElementById('notice').textContent.startsWith('It can\\'t hear you')")
        assert tab.ask("document.getElementById('question').value") == "are you there?"
        with served(living, port=here.port):
            tab.until("document.getElementById('line').textContent === 'learning'")
            assert tab.ask("window.same")
            press(tab, "Enter")
            tab.until(ANSWERED.format(1))
        tab.do(lambda page: page.reload())
        tab.until("document.getElementById('line').textContent === 'asleep'")
        tab.forgive("ERR_|Failed to fetch")  # nobody was there


def test_it_can_be_installed_and_is_told_in_words(chromium: Chromium, here):
    with chromium.page(f"{here.url}/", "owner-light") as tab:
        tab.until("document.getElementById('told').classList.contains('known')")
        icons = tab.ask(ICONS)
        assert dict(icons).keys() == {"/icon.svg", "/static/shared/icon-192.png", "/static/shared/icon-512.png"}
        assert [wide for src, wide in icons if src.endswith("png")] == [192, 512]
        seen = tab.do(lambda page: page.locator("body").aria_snapshot())
        assert not [line for line in seen.splitlines() if line.strip() in ("- button", "- textbox", "- img", "- link")]
        for told in ('heading "Is it learning?"', 'textbox "Say something to it"', "- log ", "- status"):
            assert told in seen
