"""The commands that only look: each reads what is recorded and prints it, without waking anybody.

They take no longer than looking does: of the settings they look at those that they go by, and what draws is imported
where something is drawn. Loads no torch.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import asdict
from datetime import tzinfo
from pathlib import Path

from school.office.foreign import emit, to_json
from school.office.given import Given
from school.office.mistakes import Mistake
from school.schedule.hours import LOCAL, is_zone, zone_of
from school.screen.calligraphist import for_screen, show


def stats(given: Given, home: Path, options: argparse.Namespace) -> int:
    """Its life so far."""
    from school.report.chronicle import read_life, render
    from school.report.talk import render_search

    zone, search = _zone(given), options.search
    life = read_life(home, search=search, last=options.last, zone=zone)
    if options.json:
        emit(to_json(life), sys.stdout)
    elif search is not None:
        show(render_search(life, search, zone=zone), sys.stdout)
    else:
        show(render(life, _width(), weather=options.weather, zone=zone), sys.stdout)
    return 0


def report(given: Given, home: Path, options: argparse.Namespace) -> int:
    """Its life as one page, written into a file; or the page's figures as JSON."""
    from datetime import datetime

    from school.diary.voice import read_voices
    from school.office.files import write_whole
    from school.report.figures import figures
    from school.report.life import opened
    from school.report.page import page

    zone, language = _zone(given), given.get("voice", "language", "en")
    name = read_voices(home, str(language))["names"].choose("baby")
    with opened(home, zone, options.since) as life:
        told = figures(life, name, datetime.now(zone), words=not options.no_words)
    if options.json:
        emit(to_json(told), sys.stdout)
        return 0
    file = options.out or Path(f"{home.resolve().name or 'baby'}-report.html")
    try:
        write_whole(file, page(told))
    except OSError as error:
        raise Mistake(f"{file}: can't be written ({error.strerror}).") from None
    show(f"Its life is in {file}: one page that needs nothing else. {_WARNING[bool(options.no_words)]}", sys.stdout)
    return 0


_WARNING = {
    False: "It quotes what the baby said and wrote, so read it before you give it away; --no-words leaves that out.",
    True: "It holds figures only, and names nobody.",
}


def diary(given: Given, home: Path, options: argparse.Namespace) -> int:
    """Its diary and its letters home; as JSON a list of pages, which is empty where there are none yet."""
    from school.report.chronicle import read_diary

    pages = read_diary(home, last=options.last)
    if options.json:
        emit(to_json(pages), sys.stdout)
        return 0
    if not pages:
        raise Mistake("nothing is in the diary yet; the first page is written when a day is over.")
    for page in pages:
        show(for_screen(page["text"]) + "\n", sys.stdout)
    return 0


def timetable(given: Given, home: Path, options: argparse.Namespace) -> int:
    """What is due when."""
    from school.office.settings import check
    from school.schedule.noticeboard import as_table, look_up
    from school.schedule.settings import BellSettings

    table = look_up(check(BellSettings, given), home / "statistics" / "baby.db")
    emit(to_json(asdict(table), default=str) if options.json else as_table(table, _width()), sys.stdout)
    return 0


def _zone(given: Given) -> tzinfo:
    """Where its hours are meant. What is no zone is refused in the words of the settings. Raises Mistake."""
    name = given.get("timetable", "zone", LOCAL)
    if is_zone(name):
        return zone_of(name)
    from school.office.settings import check
    from school.schedule.settings import BellSettings

    return zone_of(check(BellSettings, given).timetable.zone)


def _width() -> int:
    return shutil.get_terminal_size().columns
