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
WORD_LIMIT = 80  # letters; of a longer word no more is looked at
TOGETHER, JOINED = 4, 6  # neighbouring pieces that may be one word, and letters it then has

_ALIKE = {
    "a": "аαɑᴀɐ𝛂🅰ⱥꓮᗩᎪ",
    "b": "вβьʙƀɓ🅱ꓐᗷᏴ",
    "c": "сϲᴄɔƈȼꓚᑕᏟ",
    "d": "ԁᴅđɗɖ∂ðꓓᗪᎠ",
    "e": "еєεҽᴇǝɘəɛɇꓰᎬ",
    "f": "ғꜰɟƒʄꓝᖴ",
    "g": "ɡɢցǥɠꓖᘜᏀ",
    "h": "һнʜհħɦꓧᕼᎻ",
    "i": "іιɪıɩւɨӏꓲᎥ",
    "j": "јϳᴊɉꓙᒍᎫ",
    "k": "кκᴋƙꓗᏦ",
    "l": "ʟłƚɭꓡᒪᏞ",
    "m": "мᴍɱꓟᗰᎷ",
    "n": "пηɴոŋɲꓠᑎ",
    "o": "оοσᴏօøөɵ🅾ꓳ",
    "p": "рρᴘƥ🅿ꓑᑭᏢ",
    "q": "ԛզɋᑫ",
    "r": "гʀɍɹɾꓣᖇᏒ",
    "s": "ѕꜱʂꓢᔕᏚ",
    "t": "тτᴛŧƭʇꓔᎢ",
    "u": "υᴜսʉꓴᑌ",
    "v": "νᴠѵʌꓦᐯᏙ",
    "w": "ԝᴡωшѡɯꓪᗯᎳ",
    "x": "хχҳꓫ᙭",
    "y": "уγʏүɏƴꓬᎽ",
    "z": "ᴢƶȥꓜᘔᏃ",
    "ae": "æ",
    "oe": "œ",
}
ALIKE = {ord(shape): letter for letter, shapes in _ALIKE.items() for shape in shapes}
ALIKE |= {0x1F1E6 + i: chr(ord("a") + i) for i in range(26)}  # flags' letters
ALIKE |= {0x1F150 + i: chr(ord("a") + i) for i in range(26)}  # white on black circles
ALIKE |= {0x1F170 + i: chr(ord("a") + i) for i in range(26)}  # white on black squares
BLANK = dict.fromkeys(map(ord, "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc"))  # letters that show nothing
PICTURE = "\ufe0e\ufe0f"  # behind a sign: whether it is a letter or a picture
SHAPES = {chr(c) for c in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}  # choose among a character's shapes
FIGURES = str.maketrans("0123456789@$!|+€£¡¢(<[{l", "oizeasgtbgasiiteiiccccci")  # i and l are too alike to tell
_FIGURES = "0123456789@$"
_EDGES = "".join(c for c in map(chr, range(33, 127)) if not c.isalnum() and c not in "@$") + "…“”„‘’«»–—"
_INSIDE = re.compile(r"[^\w@$!|+€£¡¢]+|_")  # what stands between the parts of a word
_TWICE = re.compile(r"(.{3,}?)\1+")
_RUNS = re.compile(r"(.)\1*", re.DOTALL)


def seen(text: str) -> str:
    """``text`` without what shows nothing or commands a screen (blank, control, format, private and unassigned
    characters, and what chooses a shape where there is none to choose), and with single spaces."""
    spaced = "".join(" " if c.isspace() or unicodedata.category(c)[0] == "Z" else c for c in text)
    shown = "".join(c for c in spaced.translate(BLANK) if unicodedata.category(c)[0] != "C" and c != REPLACEMENT)
    kept: list[str] = []
    for character in shown:
        if character not in SHAPES or (kept and character in PICTURE and unicodedata.category(kept[-1])[0] in "SP"):
            kept.append(character)
    return " ".join("".join(kept).split())


def visible(text: str) -> str:
    """What is ``seen`` of a text, with few marks on a letter and no long runs of one character."""
    kept, marks = [], MARKS_KEPT
    for character in unicodedata.normalize("NFC", seen(text)):
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else MARKS_KEPT * character.isspace()
        if marks <= MARKS_KEPT:  # on a space there is nothing to mark
            kept.append(character)
    return " ".join(shortened(unicodedata.normalize("NFC", "".join(kept))).split())


def shortened(text: str) -> str:
    """``text`` with no character more than RUN_KEPT times in a row."""
    return _RUNS.sub(lambda run: run[0][:RUN_KEPT], text)


def folded(text: str) -> str:
    """Lower-case Latin where something looks like it; accents, marks and what can't be seen are gone.

    Digits and signs stay, because only a word's surroundings tell whether they stand for letters.
    """
    text = unicodedata.normalize("NFKC", text.translate(BLANK)).casefold().translate(ALIKE)
    decomposed = unicodedata.normalize("NFKD", text).translate(ALIKE)
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc", "Co", "Cn", "Cs"))


def pieces(text: str) -> list[str]:
    """The folded words as they stand there, single letters in a row as one."""
    cores = [core for chunk in folded(text).split() if (core := chunk.strip(_EDGES))]
    groups = (list(group) for _, group in itertools.groupby(cores, key=lambda core: len(core) == 1))
    return [piece for group in groups for piece in (["".join(group)] if len(group[0]) == 1 else group)]


def words(text: str) -> list[str]:
    """The folded words, and beside them what was pulled apart: ``w.o.r.d`` and ``w o r d`` also as ``word``."""
    found = []
    for piece in pieces(text):
        parts = [part for part in _INSIDE.split(piece) if part]
        found += [piece] if len(parts) < 2 else [*parts, "".join(parts), piece]
    return found


def neighbours(text: str) -> list[str]:
    """What few pieces in a row make, if that is long enough to be no accident."""
    bare = [_INSIDE.sub("", piece) for piece in pieces(text)]
    runs = ("".join(bare[i : i + n]) for n in range(2, TOGETHER + 1) for i in range(len(bare) - n + 1))
    return [run for run in runs if JOINED <= len(run) <= WORD_LIMIT]


def readings(word: str) -> set[str]:
    """What a folded word may be meant as: with figures before or behind it or without, and once where it is said
    several times in one."""
    word = word[:WORD_LIMIT]
    meant = {word, word.strip(_FIGURES), word.lstrip(_FIGURES), word.rstrip(_FIGURES)} - {""}
    return meant | {twice[1] for one in meant if (twice := _TWICE.fullmatch(one))}


def skeleton(word: str) -> tuple[str, str]:
    """How a folded word looks: its letters, each run of the same one once, figures and signs as what they stand for;
    and a 1 for each that stands there more than once, a 0 for the others."""
    look = word.translate(FIGURES) if any(c.isalpha() for c in word) else word
    runs = [run[0] for run in _RUNS.finditer(look)]
    return "".join(run[0] for run in runs), "".join("01"[len(run) > 1] for run in runs)
