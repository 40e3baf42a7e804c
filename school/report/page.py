"""The report as one page of HTML: it needs no network, no script and no other file."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from school.report.drawn import CHANNELS, day
from school.report.html import bits, here, lasting, text, things, tile, whole
from school.report.parts import SECTIONS, WORDY
from school.report.scales import Scale
from school.report.svg import ribbon
from school.screen.calligraphist import count, hex_color

STYLE = Path(__file__).with_name("style.css")
Figures = dict[str, Any]


def page(told: Figures, zone: tzinfo = UTC) -> str:
    """The whole document, from the figures of ``figures.figures``; moments are told as clocks of the zone show them."""
    told = here(told, zone)
    wanted = [part for part in SECTIONS if told[WORDY.get(part[0], "head")] is not None and told["head"]["born_at"]]
    sections = [(name, title, make(told)) for name, title, make in wanted]
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title, _ in sections)
    nav = f'<nav aria-label="parts of this page"><ul>{links}</ul></nav>' if links else ""
    body = "".join(
        f'<section id="{name}" aria-labelledby="h-{name}"><h2 id="h-{name}">{title}</h2>{inside}</section>'
        for name, title, inside in sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">\n<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{text(told['name'])}: a life so far</title>\n<style>\n{STYLE.read_text('utf-8')}</style>\n</head>\n"
        f'<body>\n<a class="skip" href="#main">to the figures</a>\n{life_in_colours(told)}{_header(told)}\n'
        f"{nav}\n"
        f'<main id="main">{body}</main>\n'
        f"{_footer(told)}\n</body>\n</html>\n"
    )


# ---- the head --------------------------------------------------------------------------------------------------------


def life_in_colours(told: Figures, name: str = "life") -> str:
    """Its colours from the first step to the last, along the upper edge; ``name`` is that of one picture only."""
    rows = [(row["step"], [row[channel] for channel in CHANNELS]) for row in told["colors"]]
    if len(rows) < 2:
        return ""
    x = Scale(rows[0][0], rows[-1][0])
    return f'<div class="life">{ribbon("Its life in its own colours", "From left to right.", rows, x, name)}</div>'


def _header(told: Figures) -> str:
    head = told["head"]
    now = f'<span class="now" style="background:{hex_color(tuple(head["color"]))}"></span>' if head["color"] else ""
    long, unit = lasting(head["seconds_of_lessons"])
    tiles = []
    if head["held_out"] is not None:
        tiles.append(tile("on texts it was never taught", bits(head["held_out"]), "bits/byte"))
        tiles.append(tile(f"at best, {day(head['best_at'])}", bits(head["best"]), "bits/byte"))
    tiles += [
        tile("tokens read", count(head["tokens_seen"])),
        tile("lessons (steps)", whole(head["step"])),
        tile(f"{unit} of lessons", long),
        tile("times it woke", whole(head["wakings"])),
    ]
    shown = f'<dl class="tiles">{"".join(tiles)}</dl>' if head["born_at"] else ""
    return f"<header><h1>{text(told['name'])}{now}</h1>{_lead(told)}{shown}</header>"


def _lead(told: Figures) -> str:
    head, library = told["head"], told["library"]
    if not head["born_at"]:
        return '<p class="lead">It is not born yet: nothing is in its record.</p>'
    old = " ".join(lasting(86_400 * head["age_days"]))
    shelf = f" It has learned from {things(library['texts'], 'text')} so far." if library["texts"] else ""
    mood = f" It feels {text(head['mood'])} just now." if head["mood"] else ""
    since = f" This page tells of the time from {day(told['since'])} on." if told["since"] else ""
    return (
        f'<p class="lead">A small language model that was born knowing nothing on {day(head["born_at"])}, {old} ago, '
        f"and never stops learning.{shelf}{mood}{since}</p>"
    )


def _footer(told: Figures) -> str:
    made = datetime.fromisoformat(told["made_at"])
    return (
        f'<footer class="page-foot"><p>Made on {made:%d %B %Y} from its record alone, by '
        "<code>wakeup.py report</code> of babyLLM. The same figures for programs: "
        "<code>wakeup.py report --json</code>.</p></footer>"
    )
