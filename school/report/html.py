"""Small pieces of HTML: text that can do no harm, tables, figures in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import Any

from school.office.foreign import visible
from school.screen.calligraphist import count

EXACT = 100_000  # up to here a number is told to the last digit


def text(words: object) -> str:
    """Words from wherever, for between tags or within an attribute; what can't be seen is written out."""
    return escape(visible(str(words)))


def whole(number: float) -> str:
    return f"{number:,.0f}" if number < EXACT else count(number)


def tokens(number: float) -> str:
    """A length in tokens, which may be a fraction of one."""
    return f"{number:.1f}" if number < 100 else whole(number)


def bits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def things(number: float, thing: str) -> str:
    """1 lesson, 2 lessons."""
    return f"{whole(number)} {thing}" if number == 1 else f"{whole(number)} {thing}s"


def lasting(seconds: float) -> tuple[str, str]:
    """A time as a number and its unit: seconds up to two minutes, minutes up to two hours, hours up to two days."""
    for size, most, unit in ((1, 120, "second"), (60, 7200, "minute"), (3600, 172_800, "hour")):
        if seconds < most:
            return whole(seconds / size), unit if round(seconds / size) == 1 else f"{unit}s"
    return whole(seconds // 86_400), "days"


def here(value: Any, zone: tzinfo, key: str = "") -> Any:
    """Plain values with all moments (what is called at, since or something_at) told by the clock on the wall."""
    if isinstance(value, dict):
        return {name: here(inside, zone, name) for name, inside in value.items()}
    if isinstance(value, list):
        return [here(inside, zone, key) for inside in value]
    if isinstance(value, str) and value and (key in ("at", "since") or key.endswith("_at")):
        return datetime.fromisoformat(value).astimezone(zone).isoformat()
    return value


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    words: Sequence[int] = (0,),
    wide: Sequence[int] = (),
) -> str:
    """``words``: which columns are no numbers; ``wide``: which of those may have several lines."""

    def cells(tag: str, row: Sequence[Any]) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        kinds = [' class="wide"' if n in wide else "" if n in words else ' class="n"' for n in range(len(row))]
        return "".join(f"<{tag}{scope}{kind}>{text(cell)}</{tag}>" for kind, cell in zip(kinds, row, strict=True))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table>'
        f"<caption>{text(caption)}</caption>"
        f"<thead><tr>{cells('th', heads)}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def folded(summary: str, inside: str) -> str:
    return f"<details><summary>{text(summary)}</summary>{inside}</details>"


def key(*entries: tuple[str, str]) -> str:
    """What the colours stand for: (class, name)."""
    items = "".join(f'<li class="{kind}">{text(name)}</li>' for kind, name in entries)
    return f'<ul class="key">{items}</ul>'


def tile(name: str, value: str, unit: str = "") -> str:
    small = f" <small>{text(unit)}</small>" if unit else ""
    return f"<div><dt>{text(name)}</dt><dd>{text(value)}{small}</dd></div>"


def few(rows: Sequence[Any], most: int = 12) -> list[Any]:
    """So many of the rows at equal distances, the last one among them."""
    if len(rows) <= most:
        return list(rows)
    return [rows[round(n * (len(rows) - 1) / (most - 1))] for n in range(most)]
