"""Rules for whole lines: what a page adds to a text, and lines that only end where a page's margin was."""

from __future__ import annotations

import re
from collections import Counter

from school.texts.cleaning.changes import EXAMPLES, Changed

PAGE = "\f"
EDGE = 2  # lines at the top and at the foot of a page that may not be the text's
PAGES, SHARE = 3, 0.5  # so many pages at least have such a line, and such a share of all
NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")

WIDTHS = range(45, 101)  # characters of lines that a program broke
WRAPPED, CERTAIN = 8, 0.85  # lines that are full at least, and the share of lines that are
OWN_LINE = re.compile(  # what begins a line of its own: a list, a heading, a quotation, a speaker, code
    r"\s|[-*+•–—>#|~=_]|\d{1,3}[.):]|\(?[a-zA-Z][.)]\s|\[[ xX\d]|```|:::|---|<|@|//"
    r"|[^\W\d_][\w .'’-]{0,24}:(?:\s|$)|\[?\d{1,4}[-./:]\d{1,2}\b"
)
BREAK = re.compile(r"(?:\\|<br ?/?>)$")
DIVIDED = 8  # characters that may be free in a line that ends within a word
HYPHENATED = re.compile(r"([^\W\d_]{2,})-$")


def page_lines(text: str) -> Changed:
    """Take out lines at the edges of pages that come again on most of them, whatever the number in them. Pages are told
    by form feeds, which go; a text without any has none."""
    if PAGE not in text:
        return Changed(text)
    pages = [page.split("\n") for page in text.split(PAGE)]
    edges = [_edges(page) for page in pages]
    seen = Counter(
        line for page, places in zip(pages, edges, strict=True) for line in {_plain(page[i]) for i in places}
    )
    often = {line for line, count in seen.items() if count >= max(PAGES, SHARE * len(pages))}
    gone: list[str] = []
    for page, places in zip(pages, edges, strict=True):
        for i in sorted(places, reverse=True):
            if _plain(page[i]) in often:
                gone.append(page.pop(i))
    joined = "\n".join("\n".join(page).strip("\n") for page in pages)
    return Changed(joined, len(gone) + len(pages) - 1, tuple((line, "") for line in gone[:EXAMPLES]))


def _edges(page: list[str]) -> set[int]:
    said = [i for i, line in enumerate(page) if line.strip()]
    return {*said[:EDGE], *said[-EDGE:]} if len(said) > 2 * EDGE else set()


def _plain(line: str) -> str:
    return NUMBER.sub("#", " ".join(line.casefold().split()))


def hard_wraps(text: str) -> Changed:
    """Join lines that ended only because the next word had no room. That is so where nearly all lines of a text within
    its paragraphs are full to the same width; a poem's, a list's, a table's or a chat's are not."""
    lines = text.split("\n")
    width = _width(lines)
    if not width:
        return Changed(text)
    words: set[str] | None = None
    joined, count, examples = [lines[0]], 0, []
    last = lines[0]  # the line as it was, of what joined[-1] ends with
    for line in lines[1:]:
        if _goes_on(last, line, width):
            count += 1
            if words is None and HYPHENATED.search(last):
                words = set(re.findall(r"[\w-]+", text.casefold()))
            whole = _together(joined[-1], line, words or set())
            if len(examples) < EXAMPLES:
                examples.append((f"{last[-20:]}\n{line[:20]}", whole[-len(line) - 21 :][:41]))
            joined[-1] = whole
        else:
            joined.append(line)
        last = line
    return Changed("\n".join(joined), count, tuple(examples))


def _width(lines: list[str]) -> int:
    """The width to which a text is wrapped, or 0."""
    inner = [(a, b) for a, b in zip(lines, lines[1:], strict=False) if a.strip() and b.strip()]
    plain = [(a, b) for a, b in inner if not OWN_LINE.match(b) and " " in a]
    if len(plain) < WRAPPED or len(plain) < CERTAIN * len(inner):
        return 0
    lengths = sorted(len(a) for a, _ in plain)
    width = lengths[int(0.98 * (len(lengths) - 1))]
    if width not in WIDTHS:
        return 0
    full = sum(_full(a, b, width) for a, b in plain)
    return width if full >= max(WRAPPED, CERTAIN * len(plain)) else 0


def _full(line: str, following: str, width: int) -> bool:
    """Whether the first word of what follows had no room in it, or only a part of it had."""
    if HYPHENATED.search(line):
        return len(line) > width - DIVIDED
    return len(line) + 1 + len(following.split(None, 1)[0]) > width and len(line) > 0.6 * width


def _goes_on(line: str, following: str, width: int) -> bool:
    plain = line.strip() and following.strip() and not OWN_LINE.match(following) and not BREAK.search(line)
    return bool(plain) and "\t" not in line and "|" not in line and _full(line, following, width)


def _together(line: str, following: str, words: set[str]) -> str:
    """A word that was divided is whole again if the text has it whole somewhere."""
    if divided := HYPHENATED.search(line):
        rest = re.match(r"[\w-]*", following)[0]
        if f"{divided[1]}{rest}".casefold() in words:
            return line[:-1] + following
        return line + following
    return f"{line} {following}"
