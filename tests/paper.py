"""A terminal as it looks: what a program writes on a pseudo-terminal, as the rows that somebody sees or scrolls back to."""

from __future__ import annotations

import re

_CODE = re.compile(r"\x1b\[([?>=]?)([\d;]*)([@-~])|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]|\x1b[=>78]")


def rows_of(written: bytes, height: int) -> list[str]:
    """Knows what prompt_toolkit uses: moving the cursor, line ends, erasing. Colours and modes change no rows."""
    text, rows, row, column, at = written.decode("utf-8", "replace"), [[]], 0, 0, 0

    def go_to(new: int) -> int:
        rows.extend([] for _ in range(new + 1 - len(rows)))
        return new

    while at < len(text):
        top = max(0, len(rows) - height)
        if code := _CODE.match(text, at):
            at = code.end()
            private, numbers, what = code.groups()
            number = int((numbers or "").split(";")[0] or 0)
            match what if not private else None:
                case "A":
                    row = max(top, row - max(1, number))
                case "B":
                    row = go_to(row + max(1, number))
                case "C":
                    column += max(1, number)
                case "D":
                    column = max(0, column - max(1, number))
                case "H":
                    row, column = go_to(top + max(1, number) - 1), 0
                case "K":
                    del rows[row][column:]
                case "J":
                    del rows[row][column:], rows[row + 1 :]
            continue
        character, at = text[at], at + 1
        if character == "\n":
            row = go_to(row + 1)
        elif character == "\r":
            column = 0
        elif character == "\b":
            column = max(0, column - 1)
        elif character >= " ":
            line = rows[row]
            line.extend(" " * (column + 1 - len(line)))
            line[column] = character
            column += 1
    return ["".join(line).rstrip() for line in rows]
