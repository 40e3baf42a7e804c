"""A table of plain values, and the three ways to print it: for people, as CSV, as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from rich.cells import cell_len

from school.office.foreign import one_line, to_json
from school.report.life import on_the_wall

NOTHING = "Nothing of this is in the record yet."
BEFORE_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which spreadsheets take a text for something to compute


@dataclass(frozen=True, slots=True)
class Table:
    """``note``: a line below it for people."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""

    @classmethod
    def of(cls, rows: Sequence[dict[str, Any]], columns: Sequence[str] = (), note: str = "") -> Table:
        """Of rows by name, which have these columns."""
        names = list(columns or dict.fromkeys(name for row in rows for name in row))
        return cls(names, [[row.get(name) for name in names] for row in rows], note)

    def as_json(self) -> str:
        """A list of objects."""
        return to_json([dict(zip(self.columns, row, strict=True)) for row in self.rows], default=str)

    def as_csv(self) -> str:
        """As RFC 4180 has it, with plain line ends; a text that a spreadsheet would compute has ' before it."""
        written = io.StringIO()
        lines = csv.writer(written, lineterminator="\n")
        lines.writerow(self.columns)
        lines.writerows([_tame(value) for value in row] for row in self.rows)
        return written.getvalue().rstrip("\n")

    def as_text(self, heads: bool = True) -> str:
        """In columns; numbers stand at the right."""
        if not self.rows:
            return self.note or NOTHING
        cells = [[_short(value) for value in row] for row in self.rows]
        lines = [list(map(one_line, self.columns)), *cells] if heads else cells
        wide = [max(cell_len(line[n]) for line in lines) for n in range(len(self.columns))]
        right = [all(isinstance(row[n], int | float | None) for row in self.rows) for n in range(len(self.columns))]
        drawn = ["  ".join(map(_padded, line, wide, right)).rstrip() for line in lines]
        return "\n".join([*drawn, *([self.note] if self.note else [])])


def with_wall_clock(table: Table, zone: tzinfo) -> Table:
    """With the moments of the record as a clock on the wall shows them."""
    moments = [n for n, name in enumerate(table.columns) if name == "at" or name.endswith("_at")]
    rows = [[_moment(cell, zone) if n in moments else cell for n, cell in enumerate(row)] for row in table.rows]
    return Table(table.columns, rows, table.note)


def _moment(cell: Any, zone: tzinfo) -> Any:
    try:
        return on_the_wall(cell, zone)
    except (TypeError, ValueError):
        return cell


def _tame(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(BEFORE_FORMULA) else value


def _short(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else one_line(value)


def _padded(cell: str, width: int, right: bool) -> str:
    room = " " * (width - cell_len(cell))
    return room + cell if right else cell + room
