"""Rules for single characters: one form for what is the same, nothing that nobody sees. They mangle no word of any
script: what joins letters of Persian or Hindi, or several pictures to one, and every mark that combines, stays.

An expression begins with the characters that it is about, and looks behind them for what must stand before: that is
searched for several times as fast as the other way round.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from heapq import merge
from html import unescape
from html.entities import html5

from school.texts.cleaning.changes import (
    EXAMPLES,
    RUN,
    Changed,
    exchanged,
    outside_literals,
    replaced,
    within_words,
)

LINE_ENDS = re.compile("[\r\x85\u2028\u2029](?:(?<=\r)\n)?")
ODD_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
LINES_END = re.compile(r"[ \t]+(?=\n|\Z)")
EMPTY_LINES = re.compile(r"\n{4,}")
UNSEEN = re.compile(
    "\x1b\\[[0-9;?]*[ -/]*[@-~]"  # colours of a terminal
    "|[\x00-\x08\x0e-\x1f\x7f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffc\ufffe\uffff]"
)
JOINERS = "\u200c\u200d"
JOINING = (
    re.compile(  # scripts in which they are part of a word: Arabic and its kin, those of India, Burmese, Mongolian
        "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1bff\ua840-\uabff\ufb50-\ufdff\ufe70-\ufefe"
        "\U00010a00-\U00011fff]"
    )
)
WORD_BREAKS = re.compile("[\u0e00-\u109f\u1780-\u17ff]")  # scripts in which U+200B tells words apart
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
APOSTROPHE = re.compile(r"[\u2018\u2019\u00b4`](?<=[^\W\d_].)(?=[^\W\d_])")
DOUBLE_QUOTES, SINGLE_QUOTES = "\u201c\u201d\u201f", "\u2018\u2019\u201b"
HYPHENS = re.compile("[\u2010\u2011\u2015\u2212](?:(?<!\u2212)|(?<![^\\s(].)(?=\\d))")
DOUBLE_HYPHEN = re.compile(r"(?<=\w)--(?=\w)|(?<=[\w,.!?]) -- (?=\w)")
_WIDE = r"[\u3000-\u9fff\uff00-\uffef\u2026]"  # beside which an ellipsis is half a longer one, or another script's
ONE_ELLIPSIS = re.compile(rf"\u2026(?<!{_WIDE}.)(?!{_WIDE})")
ELLIPSIS = re.compile(rf"[ \u2026](?:(?<=\u2026)(?<!{_WIDE}.)(?!{_WIDE})|(?<=\w )\.(?: \.){{2}}(?! ?\.))")
RUNS = re.compile(r"[^\W\d_]|[!?\u2190-\u2bff\U0001f300-\U0001faff]")  # what may run too long
IN_A_CODE = re.compile(r"[\w/\\=+-]*[\d_/\\=][\w/\\=+-]*")
KEPT = 3  # of a run
FEW = 8  # characters that are searched for one by one, which is faster than all at once


def _between(*ranges: str) -> frozenset[str]:
    """The characters of ranges, each of which is written as its first and its last one."""
    return frozenset(chr(code) for first, last in ranges for code in range(ord(first), ord(last) + 1))


# What each rule is about: where none of it stands, there is nothing for it to do.
OF_LINE_ENDS = frozenset("\r\x85\u2028\u2029")
OF_UNSEEN = frozenset("\x7f\u00ad\u061c\ufeff\ufffe\uffff\x1b") | _between(
    "\x00\x08", "\x0e\x1f", "\u200b\u200f", "\u202a\u202e", "\u2060\u2064", "\u2066\u2069", "\ufff9\ufffc"
)
OF_SPACES = frozenset("\u00a0\u1680\u202f\u205f") | _between("\u2000\u200a")
OF_APOSTROPHES, OF_QUOTES = frozenset("\u2018\u2019\u00b4`"), frozenset("\u201c\u201d\u201f\u2018\u2019\u201b")
OTHER_QUOTES = frozenset("\u201e\u201a\u00ab\u00bb\u2039\u203a\u300c")  # of languages that have their own
OF_HYPHENS = frozenset("\u2010\u2011\u2015\u2212")
# What is in form C, and joins with nothing that stands beside it; those of the range are too many for a set.
SIMPLE = _between("\x00\u02ff", "\u0400\u0482", "\u2010\u2027", "\u3041\u3096", "\u30a1\u30fa")
SIMPLE_FROM, SIMPLE_TO = "\u4e00", "\u9fff"


def line_ends(text: str) -> Changed:
    return replaced(text, LINE_ENDS, "\n")


def unseen(text: str) -> Changed:
    return replaced(text, UNSEEN, _seen)


def _seen(match: re.Match) -> str:
    """A joiner where its script or a picture needs it, and a break between words that nothing else tells apart."""
    text, at, mark = match.string, match.start(), match[0]
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if mark in JOINERS and before and (JOINING.match(before) or (mark == "\u200d" and _pictures(text, at, after))):
        return mark
    if mark == "\u200b" and before and after and WORD_BREAKS.match(before) and WORD_BREAKS.match(after):
        return mark
    return ""


def _pictures(text: str, at: int, after: str) -> bool:
    """Whether pictures stand on both sides, the first one perhaps with a colour or its way of being shown."""
    before = text[max(0, at - 3) : at].rstrip("\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")[-1:]
    return bool(before and after) and all(unicodedata.category(c) in ("So", "Sm", "Cn") for c in (before, after))


def may_compose(chars: frozenset[str]) -> frozenset[str]:
    """Those that are perhaps written in another form, or join with what stands beside them."""
    return frozenset(char for char in chars - SIMPLE if not SIMPLE_FROM <= char <= SIMPLE_TO)


def composed(text: str, chars: frozenset[str]) -> Changed:
    """Each letter with its accents as one character where there is one. ``chars``: all that stand in the text."""
    doubtful = may_compose(chars)
    if not doubtful:
        return Changed(text)
    parts, changed, at = [], [], 0
    for place in _places(text, doubtful):
        if place < at:
            continue
        start, stop = text.rfind("\n", 0, place) + 1, text.find("\n", place)
        line = text[start : stop if stop >= 0 else None]
        if (new := unicodedata.normalize("NFC", line)) != line:
            changed.append((line[:40], new[:40]))
        parts += [text[at:start], new]
        at = start + len(line)
    return Changed("".join([*parts, text[at:]]), len(changed), tuple(changed[:3]))


def _places(text: str, chars: frozenset[str]) -> Iterator[int]:
    """Where any of these characters stands, in order."""
    if len(chars) > FEW:
        yield from (found.start() for found in re.finditer(f"[{''.join(map(re.escape, sorted(chars)))}]", text))
    else:
        yield from merge(*(_places_of(text, char) for char in chars))


def _places_of(text: str, char: str) -> Iterator[int]:
    at = text.find(char)
    while at >= 0:
        yield at
        at = text.find(char, at + 1)


def entities(text: str) -> Changed:
    """Those of HTML, also where they were written twice over."""
    return outside_literals(text, lambda part: replaced(part, ENTITY, _meant))


def _meant(match: re.Match) -> str:
    """What an entity stands for; itself where it stands for nothing."""
    if match[0][1] != "#":
        return html5.get(match[0][1:], match[0])
    meant = unescape(match[0])
    return match[0] if meant in ("", "\ufffd") else meant


def spaces(text: str) -> Changed:
    return replaced(text, ODD_SPACES, " ")


def ends_of_lines(text: str) -> Changed:
    return replaced(text, LINES_END, "")


def empty_lines(text: str) -> Changed:
    return replaced(text, EMPTY_LINES, "\n\n\n")


def apostrophes(text: str) -> Changed:
    return outside_literals(text, lambda part: within_words(part, OF_APOSTROPHES, APOSTROPHE, "'"))


def quotes(text: str) -> Changed:
    """Typewriter's for English ones; a text in which any of OTHER_QUOTES stands keeps all of them."""
    text, doubles, first = outside_literals(text, lambda part: exchanged(part, DOUBLE_QUOTES, '"'))
    text, singles, then = outside_literals(text, lambda part: exchanged(part, SINGLE_QUOTES, "'"))
    return Changed(text, doubles + singles, (*first, *then)[:EXAMPLES])


def hyphens(text: str) -> Changed:
    """A minus before a number, and hyphens that only differ in where a line may end, are hyphens."""
    return outside_literals(text, lambda part: replaced(part, HYPHENS, lambda m: "\u2014" if m[0] == "\u2015" else "-"))


def double_hyphens(text: str) -> Changed:
    return outside_literals(text, lambda part: replaced(part, DOUBLE_HYPHEN, lambda m: m[0].replace("--", "\u2014")))


def ellipses(text: str) -> Changed:
    spaced = " . . ." in text
    return outside_literals(text, lambda part: replaced(part, ELLIPSIS if spaced else ONE_ELLIPSIS, "..."))


def repeats(text: str, running: Iterable[str]) -> Changed:
    """Of five or more of the same letter, picture, ! or ? in a row three are left. Numbers, lines and codes stay.
    ``running``: all characters that come so often in a row, whichever they are."""
    which = "".join(re.escape(c) for c in sorted(running) if RUNS.fullmatch(c))
    if not which:
        return Changed(text)
    too_many = re.compile(rf"([{which}])\1{{{RUN - 1},}}")

    def fewer(match: re.Match) -> str:
        start, stop = match.span()
        left = re.search(r"[\w/\\=+-]{0,40}$", match.string[max(0, start - 40) : start])[0]
        right = re.match(r"[\w/\\=+-]{0,40}", match.string[stop : stop + 40])[0]
        return match[0] if match[1].isalpha() and IN_A_CODE.fullmatch(left + right) else match[1] * KEPT

    return outside_literals(text, lambda part: replaced(part, too_many, fewer))
