"""Draws from a seeded generator."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """``planted``: what must go, as it stands in the text; "" in a decoy."""

    text: str
    planted: str
    kind: str
    where: str


def digits(rng: random.Random, count: int, first: str = string.digits) -> str:
    return rng.choice(first) + "".join(rng.choices(string.digits, k=count - 1)) if count else ""


def filled(rng: random.Random, form: str) -> str:
    """``#``: any digit; ``N``: 2 to 9."""
    return "".join(digits(rng, 1) if c == "#" else digits(rng, 1, "23456789") if c == "N" else c for c in form)


def pick(rng: random.Random, several: str) -> str:
    return rng.choice(several.split("|"))


def said(rng: random.Random, frames: str, planted: str, kind: str, where: str) -> Item:
    return Item(pick(rng, frames).replace("{}", planted), planted, kind, where)
