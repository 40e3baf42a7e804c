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
from itertools import chain
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from school.office.foreign import emit, one_line, to_json
from school.office.given import Given
from school.office.mistakes import Mistake
from school.schedule.hours import LOCAL, is_zone, zone_of
from school.screen.calligraphist import for_screen, show

if TYPE_CHECKING:
    from school.report.tables import Table

TALKS = 5  # the last ones in the summary
GROWING = ("now", "curve", "talk", "events")  # what can be followed
UP_TO = ("curve", "days", "talk", "events", "mood", "windows", "memory")  # what can end before now


def stats(given: Given, home: Path, options: argparse.Namespace) -> int:
    """Its life so far: the summary, one of the views of school/report/views.py, or all figures for other programs."""
    _check_stats(options)
    if options.about == "export":
        return _export(given, home, options)
    if options.about == "summary":
        return _summary(given, home, options)
    from school.report.follow import changes, new_rows
    from school.report.life import opened
    from school.report.views import VIEWS

    zone = _zone(given)

    def look() -> Table:
        with opened(home, zone, options.since, options.until) as life:
            return VIEWS[options.about](life, options.words, options.last)

    table = look()
    _print_table(table, options, zone)
    if options.follow:
        grown = (look() for _ in changes(home / "statistics" / "baby.db", Event().wait))
        for fresh in new_rows(chain([table], grown)):
            if fresh.rows != table.rows:
                _print_table(fresh, options, zone, heads=False)
    return 0


def _print_table(table: Table, options: argparse.Namespace, zone: tzinfo, heads: bool = True) -> None:
    if options.json:
        emit(table.as_json(), sys.stdout)
    elif options.csv:
        emit(table.as_csv() if heads else table.as_csv().partition("\n")[2], sys.stdout)
    elif options.about == "curve" and options.words and heads:
        from school.report.plots import plotted

        show(plotted(table, min(_width(), 100)), sys.stdout)
    elif options.about == "talk" and table.rows:
        from school.report.talk import talk_lines

        lines = talk_lines([dict(zip(table.columns, row, strict=True)) for row in reversed(table.rows)], zone)
        show("\n".join(lines), sys.stdout)
    else:
        from school.report.tables import with_wall_clock

        emit(with_wall_clock(table, zone).as_text(heads), sys.stdout)


def _check_stats(options: argparse.Namespace) -> None:
    """Raises Mistake for what does not go together."""
    about = options.about
    if options.words and about not in ("curve", "talk", "events", "sql"):
        raise Mistake(f"stats {about} takes no more words; {' '.join(options.words)} is too much.")
    if options.follow and about not in GROWING:
        raise Mistake(f"--follow goes with stats {', '.join(GROWING)}, where something is added.")
    if options.until and about not in UP_TO:
        raise Mistake(f"--until goes with stats {', '.join(UP_TO)}.")
    if (options.tensorboard is not None) and about != "export":
        raise Mistake("--tensorboard goes with stats export.")
    if options.search is not None and about != "summary":
        raise Mistake(f"--search goes with stats alone; for words in what was said: stats talk {options.search}")
    if options.weather and about != "summary":
        raise Mistake("--weather goes with stats alone; stats curve red green blue plots how it felt.")


def _summary(given: Given, home: Path, options: argparse.Namespace) -> int:
    from school.report.chronicle import read_life, render
    from school.report.talk import render_search

    zone, search = _zone(given), options.search
    life = read_life(home, search=search, last=options.last or TALKS, zone=zone, since=options.since)
    if options.json:
        emit(to_json(life), sys.stdout)
    elif options.csv:
        from school.report.tables import Table

        emit(
            Table.of([{name: value for name, value in life.items() if not isinstance(value, list)}]).as_csv(),
            sys.stdout,
        )
    elif search is not None:
        show(render_search(life, search, zone=zone), sys.stdout)
    else:
        show(render(life, _width(), weather=options.weather, zone=zone), sys.stdout)
    return 0


def _export(given: Given, home: Path, options: argparse.Namespace) -> int:
    """All recorded statistics, for other programs."""
    from school.report.export import to_csv, to_tensorboard
    from school.report.life import opened

    if (options.tensorboard is None) == (not options.csv):
        raise Mistake("stats export: say --tensorboard DIR, or --csv for a table on standard output.")
    with opened(home, _zone(given), options.since) as life:
        if options.csv:
            for lines in to_csv(life):
                emit(lines, sys.stdout)
            return 0
        file, written = to_tensorboard(life, options.tensorboard)
    said = {"file": str(file), "values": written}
    shown = f"{written:,} values are in {file}; tensorboard --logdir {options.tensorboard} shows them."
    emit(to_json(said) if options.json else one_line(shown), sys.stdout)
    return 0


def report(given: Given, home: Path, options: argparse.Namespace) -> int:
    """Its life as one page, written into a file; or the page's figures as JSON."""
    from datetime import datetime

    from school.diary.voice import read_voices
    from school.office.files import write_whole
    from school.report.figures import figures
    from school.report.life import opened
    from school.report.page import page

    browser = _browser() if options.png else ""
    zone, language = _zone(given), given.get("voice", "language", "en")
    name = read_voices(home, str(language))["names"].choose("baby")
    with opened(home, zone, options.since) as life:
        told = figures(life, name, datetime.now(zone), words=not options.no_words)
    if options.json:
        emit(to_json(told), sys.stdout)
        return 0
    file = options.out or Path(f"{home.resolve().name or 'baby'}-report.html")
    try:
        write_whole(file, page(told, zone))
    except OSError as error:
        raise Mistake(f"{file}: can't be written ({error.strerror}).") from None
    show(f"Its life is in {file}: one page that needs nothing else. {_WARNING[bool(options.no_words)]}", sys.stdout)
    if options.png:
        _draw_cards(told, zone, file, browser)
    return 0


def _browser() -> str:
    from school.report.pictures import find_browser

    return find_browser()


def _draw_cards(told: dict[str, Any], zone: tzinfo, file: Path, browser: str) -> None:
    """Pictures beside the page, called after it."""
    from school.report.cards import cards
    from school.report.pictures import draw

    names, document = cards(told, zone)
    if not names:
        show("There is nothing to draw yet; let it live a little.", sys.stdout)
        return
    files = [file.with_name(f"{file.stem}-{name}.png") for name in names]
    try:
        draw(document, files, browser)
    except OSError as error:
        raise Mistake(f"{files[0]}: can't be written ({error.strerror}).") from None
    show(f"Figures only, and nothing that anybody said: {', '.join(map(str, files))}", sys.stdout)


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
