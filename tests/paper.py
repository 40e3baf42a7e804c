"""A terminal as it looks: what a program writes on a pseudo-terminal, as the rows that one sees or scrolls back to."""

from __future__ import annotations

import re

_CODE = re.compile(r"\x1b\[([?>=]?)([\d;]*)([@-~])|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]|\x1b[=>78]")


class Paper:
    """Knows what prompt_toolkit uses: moving the cursor, line ends, erasing. Colours and modes change no rows."""

    def __init__(self, height: int):
        self.height, self.rows, self.row, self.column = height, [[]], 0, 0

    def write(self, written: bytes) -> list[str]:
        """Returns all rows."""
        text, at = written.decode("utf-8", "replace"), 0
        while at < len(text):
            if code := _CODE.match(text, at):
                private, numbers, what = code.groups()
                if not private:
                    self._obey(what, int((numbers or "").split(";")[0] or 0))
                at = code.end()
            else:
                self._put(text[at])
                at += 1
        return ["".join(row).rstrip() for row in self.rows]

    def _obey(self, what: str | None, number: int) -> None:
        top = max(0, len(self.rows) - self.height)
        match what:
            case "A":
                self.row = max(top, self.row - max(1, number))
            case "B":
                self._go_to(self.row + max(1, number))
            case "C":
                self.column += max(1, number)
            case "D":
                self.column = max(0, self.column - max(1, number))
            case "H":
                self._go_to(top + max(1, number) - 1)
                self.column = 0
            case "K":
                del self.rows[self.row][self.column :]
            case "J":
                del self.rows[self.row][self.column :], self.rows[self.row + 1 :]

    def _put(self, character: str) -> None:
        if character == "\n":
            self._go_to(self.row + 1)
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character >= " ":
            row = self.rows[self.row]
            row.extend(" " * (self.column + 1 - len(row)))
            row[self.column] = character
            self.column += 1

    def _go_to(self, row: int) -> None:
        self.rows.extend([] for _ in range(row + 1 - len(self.rows)))
        self.row = row
