"""What of a life is worth a picture of its own: cards of 1200 x 675 points, as pages of one document to be printed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from school.report import drawn
from school.report.html import bits, here, lasting, text, tile, whole
from school.report.page import STYLE, life_in_colours
from school.screen.calligraphist import count

CARDS = Path(__file__).with_name("cards.css")
DRAWN = (
    ("knowing", "How well it predicts", "On texts that it was never taught, and in its lessons. Less is better."),
    ("feeling", "How it felt", "A small head of its brain follows how it is doing, as a colour: its mood river."),
    (
        "looking_back",
        "How far it looks back",
        "It has no attention; it tunes itself how many tokens it looks back.",
    ),
    ("remembering", "What the hippocampus adds", "A fast memory beside the brain counts what it hears."),
    ("learning_speed", "How fast it learns", "Tokens a second, on the machine that it lives on."),
)  # functions of drawn.py, with what stands above each
Figures = dict[str, Any]


def cards(told: Figures, zone: tzinfo = UTC) -> tuple[list[str], str]:
    """The cards' names, and the document, one page each. Figures only: no word that it or anybody said."""
    told = here(told, zone)
    made = list(_made(told)) if told["head"]["born_at"] else []
    body = "".join(_card(told, kind, title, lead, inside) for kind, title, lead, inside in made)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    document = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<title>{text(told["name"])}</title>\n'
        f"<style>\n{STYLE.read_text('utf-8')}{CARDS.read_text('utf-8')}</style>\n</head>\n<body>{body}</body>\n</html>\n"
    )
    return [kind.replace("_", "-") for kind, *_ in made], document


def _made(told: Figures) -> Iterator[tuple[str, str, str, str]]:
    for kind, title, lead in DRAWN:
        if picture := getattr(drawn, kind)(told):
            yield kind, title, lead, (_tiles(told) if kind == "knowing" else "") + picture


def _card(told: Figures, kind: str, title: str, lead: str, inside: str) -> str:
    made, old = datetime.fromisoformat(told["made_at"]), " ".join(lasting(86_400 * told["head"]["age_days"]))
    colours = life_in_colours(told, f"life-{kind}")
    return (
        f'<section class="card {kind}">{colours}<h2>{title}</h2><p class="lead">{lead}</p>'
        f'<div class="drawn">{inside}</div><footer><span>{text(told["name"])}, {old} old</span>'
        f"<span>babyLLM, {made.day} {made:%B %Y}</span></footer></section>"
    )


def _tiles(told: Figures) -> str:
    head = told["head"]
    long, unit = lasting(head["seconds_of_lessons"])
    shown = [
        tile("now, bits/byte", bits(head["held_out"])),
        tile("at best", bits(head["best"])),
        tile("tokens read", count(head["tokens_seen"])),
        tile("lessons", whole(head["step"])),
        tile(f"{unit} of lessons", long),
        tile("times it woke", whole(head["wakings"])),
    ]
    return f'<dl class="tiles">{"".join(shown)}</dl>'
