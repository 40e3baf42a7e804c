"""Variants: named changes of the settings, compared with each other over the same seeds."""

from __future__ import annotations

import argparse
import re
from typing import Any, NamedTuple

import wakeup
from school.office.mistakes import Mistake
from school.teaching.shape import shape_of

NEXT_CHANGE = re.compile(r",(?=\s*\w+\.\w+\s*=)")  # a comma that a list holds does not part changes
SEED = "lessons.seed"


class Variant(NamedTuple):
    name: str
    changes: tuple[str, ...]  # each "section.key=value"


def add_options(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="NAME:SECTION.KEY=VALUE,...",
        help='a way to differ from the settings; "default" alone: not at all',
    )
    options.add_argument("--seeds", type=int, default=1, help=f"lives of each variant, from {SEED} up")


def chosen(given: argparse.Namespace) -> tuple[list[Variant], range]:
    """The variants and the seeds asked for, every variant's settings tried. Raises Mistake."""
    if given.seeds < 1:
        raise Mistake(f"--seeds must be at least 1, not {given.seeds}.")
    variants = [parse_variant(text) for text in given.variant or ["default"]]
    names = [variant.name for variant in variants]
    for name in names:
        if names.count(name) > 1:
            raise Mistake(f"--variant {name}: there are two of that name.")
    first = settings_with(given.set).lessons.seed
    for variant in variants:
        settings_with([*given.set, *variant.changes])
    return variants, range(first, first + given.seeds)


def parse_variant(text: str) -> Variant:
    """``NAME:section.key=value[,section.key=value...]``, or just a name for the settings as they are. Raises
    Mistake."""
    name, colon, rest = text.partition(":")
    changes = tuple(change.strip() for change in NEXT_CHANGE.split(rest)) if colon else ()
    if not re.fullmatch(r"[\w+-]+(\.\d+)?", name) or not all("=" in change for change in changes):
        raise Mistake(f"--variant {text}: write it as NAME:section.key=value,section.key=value.")
    if any(change.partition("=")[0].strip() == SEED for change in changes):
        raise Mistake(f"--variant {name}: {SEED} is the same for all variants; see --seeds.")
    return Variant(name, changes)


def settings_with(changes: list[str]) -> Any:
    """The settings as ``wakeup.py`` would read them, with these changes. Raises Mistake."""
    arguments = [part for change in changes for part in ("--set", change)]
    settings, _ = wakeup.read_options(wakeup.parse(arguments))
    shape_of(settings.brain, settings.library.vocabulary)
    return settings
