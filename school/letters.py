"""Letters as a reader sees them: one spelling for everything that looks the same, to compare texts by.

The tables are short on purpose: what people on chat really use to dress a word up, not all of Unicode.
"""

from __future__ import annotations

import itertools
import re
import unicodedata

MARKS_KEPT = 2  # combining marks on one letter; living languages need no more
REPLACEMENT = "\ufffd"  # what stands where bytes made no character
RUN_KEPT = 3  # the same character in a row
READINGS = 64  # spellings of one word that are tried at most
WORD_LIMIT = 40  # letters; no longer word is looked at

_ALIKE = {
    "a": "аαɑᴀɐ𝛂🅰ⱥ",
    "b": "вβьʙƀɓ🅱",
    "c": "сϲᴄɔƈȼ",
    "d": "ԁᴅđɗɖ",
    "e": "еєεҽᴇǝɘəɛɇ",
    "f": "ғꜰɟƒ",
    "g": "ɡɢցǥɠ",
    "h": "һнʜհħɦ",
    "i": "іιɪıɩւɨӏ",
    "j": "јϳᴊɉ",
    "k": "кκᴋƙ",
    "l": "ʟłƚɭ",
    "m": "мᴍɱ",
    "n": "пηɴոŋɲ",
    "o": "оοσᴏօøөɵ🅾",
    "p": "рρᴘƥ🅿",
    "q": "ԛզɋ",
    "r": "гʀɍɹɾ",
    "s": "ѕꜱʂ",
    "t": "тτᴛŧƭʇ",
    "u": "υᴜսʉ",
    "v": "νᴠѵʌ",
    "w": "ԝᴡωшѡɯ",
    "x": "хχҳ",
    "y": "уγʏүɏƴ",
    "z": "ᴢƶȥ",
    "ae": "æ",
    "oe": "œ",
}
ALIKE = {ord(shape): letter for letter, shapes in _ALIKE.items() for shape in shapes}
ALIKE |= {0x1F1E6 + i: chr(ord("a") + i) for i in range(26)}  # flags' letters
ALIKE |= {0x1F150 + i: chr(ord("a") + i) for i in range(26)}  # white on black circles
ALIKE |= {0x1F170 + i: chr(ord("a") + i) for i in range(26)}  # white on black squares
FIGURES = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "il", "|": "il", "+": "t", "€": "e", "£": "l", "¡": "i",
}  # fmt: skip
_EDGES = "".join(c for c in map(chr, range(33, 127)) if not c.isalnum() and c not in "@$") + "…“”„‘’«»–—"
_INSIDE = re.compile(r"[^\w@$!|+€£¡]+|_")  # what stands between the parts of a word
_RUNS = re.compile(r"(.)\1*", re.DOTALL)


def visible(text: str) -> str:
    """``text`` without what can't be read or commands a screen (control, format, private and unassigned characters),
    with few marks on a letter, no long runs of one character, and single spaces."""
    spaced = "".join(" " if c.isspace() or unicodedata.category(c)[0] == "Z" else c for c in text)
    seen = "".join(c for c in spaced if unicodedata.category(c)[0] != "C" and c != REPLACEMENT)
    kept, marks = [], 0
    for character in unicodedata.normalize("NFC", seen):
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks <= MARKS_KEPT:
            kept.append(character)
    return " ".join(shortened(unicodedata.normalize("NFC", "".join(kept))).split())


def shortened(text: str) -> str:
    """``text`` with no character more than RUN_KEPT times in a row."""
    return _RUNS.sub(lambda run: run[0][:RUN_KEPT], text)


def folded(text: str) -> str:
    """Lower-case Latin where something looks like it; accents, marks and what can't be seen are gone.

    Digits and signs stay, because only a word's surroundings tell whether they stand for letters.
    """
    text = unicodedata.normalize("NFKC", text).casefold().translate(ALIKE)
    decomposed = unicodedata.normalize("NFKD", text).translate(ALIKE)
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc", "Co", "Cn", "Cs"))


def words(text: str) -> list[str]:
    """The folded words, and beside them what was pulled apart: ``w.o.r.d`` and ``w o r d`` also as ``word``."""
    cores = [core for chunk in folded(text).split() if (core := chunk.strip(_EDGES))]
    found = []
    for alone, group in itertools.groupby(cores, key=lambda core: len(core) == 1):
        if alone:
            found.append("".join(group))
            continue
        for core in group:
            parts = [part for part in _INSIDE.split(core) if part]
            found += [core] if len(parts) < 2 else [*parts, "".join(parts)]
    return found


def readings(word: str) -> set[str]:
    """What a folded word may be meant as: figures read as letters, stretched letters single or double."""
    word = word[:WORD_LIMIT]
    choices = []
    for run in _RUNS.finditer(word):
        letters = FIGURES.get(run[1], run[1]) if any(c.isalpha() for c in word) else run[1]
        choices.append([letter * length for letter in letters for length in range(1, min(len(run[0]), 2) + 1)])
    return {"".join(reading) for reading in itertools.islice(itertools.product(*choices), READINGS)} | {word}
