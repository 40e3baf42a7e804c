"""Tables (.csv, .tsv): a column is the text, each row a document; where another one says who speaks, they are turns."""

from __future__ import annotations

import csv
import io
from collections import Counter

from school.office.advice import command
from school.texts.content import Content, Document, Gathering
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._text import beginning, content, decoded
from school.texts.original import Original

TEXTS = ("text", "body", "content", "contents", "message", "note", "entry", "post", "comment", "full_text", "diary")
SPEAKERS = (
    "speaker",
    "author",
    "name",
    "user",
    "username",
    "sender",
    "from",
    "nick",
    "nickname",
    "display_name",
    "who",
)
CELL = 16 << 20  # letters, at most
NAMES = 8  # of columns that are told


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, dropped = decoded(file), Counter[str]()
    rows = rows_of(found.text)
    head = next(rows, [])
    titles = [title.strip().casefold() for title in head]
    text = _column(titles, (file.column.casefold(),) if file.column else TEXTS)
    if text is None and len(titles) == 1 and not file.column:
        text = 0
    if text is None:
        names = ", ".join(name.strip() for name in head[:NAMES])
        raise Unreadable(
            f"which column is its text? It has {names}. "
            f'Say it once: {command("library add")} "{file.path.name}" --column NAME'
        )
    who = _column(titles, SPEAKERS)
    documents: list[Document] = []
    gathering = Gathering(dropped)
    for row in rows:
        said = row[text].strip() if text < len(row) else ""
        if not said:
            dropped["empty row"] += 1
        elif who is None:
            documents.append(said)
        else:
            gathering.add(row[who].strip() if who < len(row) else "", said)
    return content(found, documents if who is None else [gathering.talk], dropped=dropped)


def rows_of(text: str):
    """The rows of a table, whatever stands between its cells. Raises Unreadable."""
    csv.field_size_limit(CELL)
    first = text[: text.find("\n") if "\n" in text else len(text)]
    between = max(",;\t|", key=first.count)
    rows = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=between)
    try:
        yield from (row for row in rows if row)
    except csv.Error as error:
        raise Unreadable(f"its table can't be understood from line {rows.line_num:,} on ({error})") from None


def titles_of(file: Original) -> list[str]:
    """The first row, in small letters."""
    try:
        return [title.strip().casefold() for title in next(rows_of(beginning(file)), [])]
    except Unreadable:
        return []


def _column(titles: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((titles.index(name) for name in wanted if name in titles), None)


FORMAT = Format(name="table", suffixes=frozenset({".csv", ".tsv"}), read=read, version=1)
