"""Makes the captures in README.md and docs/ anew: one real life, and what its terminal showed.

    python -m benchmarks.captures                # a newborn on the starter shelf, a minute or two of one core
    python -m benchmarks.captures --print        # only show what would be written
    python -m benchmarks.captures --steps 2000 --set brain.preset=toddler

A capture stands in a page below a line ``<!-- capture NAME: made by python -m benchmarks.captures -->``. Its words are
the program's own, without their colours; "..." stands for lines about lessons.
"""

from __future__ import annotations

import asyncio
import re
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack

import wakeup
from benchmarks.common import home_with, parser, run
from bots.typed import Commands, House
from school.assembly import Awake
from school.office.mistakes import Mistake
from school.screen.announcer import Screen

MARK = "<!-- capture {}: made by python -m benchmarks.captures -->"
BLOCK = r"\n\n(?:    .*\n|\n(?=    ))*"  # the indented lines below a mark
PAGES = {"waking": "README.md", "view": "docs/talking.md"}
SMALL = ("brain.preset=newborn", "machine.threads=1", "lessons.micro_streams=8")
QUESTION, CORRECTION = "what is soup?", "Soup is water that has met a carrot."
WIDTH = 99  # columns, that it fits into a page


def main() -> None:
    options = parser(__doc__.partition("\n")[0])
    options.add_argument("--steps", type=int, default=200, metavar="N", help="how long it lives (default 200)")
    options.add_argument("--print", action="store_true", dest="only_print", help="change no page")
    given = options.parse_args()
    for name, lines in capture(given).items():
        if given.only_print:
            print(f"{name}:", *lines, sep="\n    ")
        else:
            file = wakeup.REPOSITORY / PAGES[name]
            file.write_text(with_capture(file.read_text("utf-8"), name, lines), "utf-8")
            wakeup.whisper(f"{PAGES[name]}: {name}, {len(lines)} lines")


def with_capture(page: str, name: str, lines: list[str]) -> str:
    """The page with this capture in its place. Raises Mistake."""
    block = "\n\n" + "".join(f"    {line}".rstrip() + "\n" for line in lines)
    mark = MARK.format(name)
    page, found = re.subn(re.escape(mark) + BLOCK, lambda _: mark + block, page)
    if found != 1:
        raise Mistake(f"{PAGES[name]}: the line {mark} must stand there once; it does {found} times.")
    return page


def capture(given: Namespace) -> dict[str, list[str]]:
    """Live once, and return the lines of each capture."""
    changes = [*SMALL, *given.set]
    shown: list[str] = []
    screen = Screen(show=shown.append, drawn=True, width=lambda: WIDTH)
    with home_with(given.text) as home, ExitStack() as closing:
        options = wakeup.parse(["--home", str(home), *(part for change in changes for part in ("--set", change))])
        settings, _ = wakeup.read_options(options)
        awake = wakeup.put_together(settings, home, options, closing, shown.append, screen=screen)
        shown.insert(0, f"$ .venv/bin/python wakeup.py --set {preset_of(changes)}")
        return asyncio.run(live(awake, given.steps, shown))


def preset_of(changes: list[str]) -> str:
    return next(change for change in reversed(changes) if change.startswith("brain.preset="))


async def live(awake: Awake, steps: int, shown: list[str]) -> dict[str, list[str]]:
    """Ask, correct and ask again while it learns; then look at everything once."""
    commands = Commands(
        awake.school, shown.append, House(quit=lambda: None, save=awake.control.save, names=awake.voices["names"])
    )

    async def type_(line: str) -> None:
        shown.append(f"{commands.you}: {line}")
        await commands.handle(line)

    awake.announcer.choose("compact")
    telling = asyncio.create_task(awake.announcer.keep_telling())
    awake.classroom.start()
    await until(lambda: awake.school.status().step >= steps // 4)
    await type_(QUESTION)
    await until(lambda: awake.school.status().step >= steps // 2)
    await type_(QUESTION)
    await type_(f"/fix {CORRECTION}")
    await until(lambda: awake.school.status().step >= steps)
    await type_(QUESTION)
    waking = [line for text in shown for line in text.splitlines()]
    shown.clear()
    awake.announcer.choose("full")
    await until(lambda: any("truth" in text for text in shown))
    view = next(text for text in shown if "truth" in text).splitlines()
    awake.classroom.stop()
    await asyncio.wrap_future(awake.classroom.done)
    telling.cancel()
    return {"waking": abridged(waking), "view": view}


async def until(happened: Callable[[], bool]) -> None:
    while not happened():
        await asyncio.sleep(0.05)


def abridged(lines: list[str]) -> list[str]:
    """Without what the lessons say of themselves, but for the last examination before something is typed."""
    kept, hidden = lines[:1], []
    for line in lines[1:]:
        if not line.startswith(("a new baby", "babyLLM", "you:", "baby:", "(")):
            hidden.append(line)
            continue
        exams = [one for one in hidden if one.startswith("examined")]
        kept += (["..."] if hidden and len(kept) > 1 else []) + exams[-1:]
        kept.append(line)
        hidden = []
    return kept


if __name__ == "__main__":
    run(main)
