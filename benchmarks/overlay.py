"""What the overlay costs the machine that streams: frames, the main thread, the processor time of the browser.

    python -m benchmarks.overlay --seconds 20 --rounds 3

In turns: a page with one small square that moves (no page that moves at all can cost less), the overlay while the baby
learns, and the overlay while it speaks. Without a graphics card the browser draws in a process of its own, whose time
grows with the size; OBS leaves that to the card. So what counts is the renderer.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.captures import SMALL
from benchmarks.common import home_with, parser, report, run
from benchmarks.pictures import alive, browser, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZES = ((800, 200), (400, 400), (1920, 1080))
SQUARE = (
    "<style>div { width: 50px; height: 50px; background: red; animation: a 4s ease-in-out infinite }"
    "@keyframes a { 50% { transform: translateX(50px) } }</style><div></div>"
)
FRAMES = """(seconds) => new Promise((tell) => {
  let count = 0;
  const begun = performance.now();
  const frame = () => {
    count += 1;
    if (performance.now() - begun < 1000 * seconds) requestAnimationFrame(frame);
    else tell(count / seconds);
  };
  frame();
})"""
SHIFTS = """new Promise((tell) => {
  let sum = 0;
  const watch = new PerformanceObserver((list) => list.getEntries().forEach((one) => (sum += one.value)));
  watch.observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => tell(sum), 200);
})"""


def main() -> None:
    options = parser(__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=20.0, help="of a turn (default 20)")
    options.add_argument("--rounds", type=int, default=3, help="turns of each kind and size (default 3)")
    given = options.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    with home_with(given.text) as home, browser() as tabs, alive(home, [*SMALL, *given.set]) as (url, chat):
        for _ in range(given.rounds):
            for width, height in SIZES:
                for kind in ("square", "listening", "speaking"):
                    turn = take_turn(tabs, f"{url}overlay", kind, (width, height), given.seconds, chat)
                    found.setdefault(f"{width}x{height} {kind}", []).append(turn)
    result = {
        f"{name}, {figure}": round(statistics.median(turn[figure] for turn in turns), 2)
        for name, turns in found.items()
        for figure in turns[0]
    }
    report(result, given.json)


def take_turn(
    tabs: Any, url: str, kind: str, size: tuple[int, int], seconds: float, chat: subprocess.Popen
) -> dict[str, float]:
    """Percent of one core, frames a second, and the sum of layout shifts."""
    page = tabs.new_page(viewport={"width": size[0], "height": size[1]})
    if kind == "square":
        page.set_content(SQUARE)
    else:
        page.goto(url)
        until(page, "document.documentElement.dataset.awake === 'yes'")
    if kind == "speaking":
        chat.stdin.write("Ann: !baby tell me a long story about the sea\n")
        chat.stdin.flush()
        until(page, "document.getElementById('bubble').classList.contains('seen')")
    page.wait_for_timeout(1000)
    turn = measured(page, seconds)
    frames, shifts = page.evaluate(FRAMES, 3), page.evaluate(SHIFTS)
    page.close()
    return turn | {"frames a second": frames, "layout shift": shifts}


def measured(page: Page, seconds: float) -> dict[str, float]:
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")

    def now() -> dict[str, float]:
        told = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
        return {"main thread": told["TaskDuration"]} | processes()

    before, begun = now(), time.monotonic()
    page.wait_for_timeout(1000 * seconds)
    after, lasted = now(), time.monotonic() - begun
    return {f"{name} %": 100 * (after[name] - before.get(name, 0.0)) / lasted for name in after}


def processes() -> dict[str, float]:
    """Seconds of processor time that the browser's renderers, and what draws for them, have used."""
    used = {"renderer": 0.0, "drawing": 0.0}
    for process in psutil.Process().children(recursive=True):
        try:
            line, times = " ".join(process.cmdline()), process.cpu_times()
        except psutil.Error:
            continue
        for kind, word in (("renderer", "--type=renderer"), ("drawing", "--type=gpu-process")):
            if word in line:
                used[kind] += times.user + times.system
    return used


if __name__ == "__main__":
    run(main)
