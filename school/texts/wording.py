"""What is compared when two texts are compared word for word: letters and digits, whatever stands around them.

Case, accents, apostrophes and what nobody sees make no difference, and everything else that is no letter or digit parts
two words. Each character is judged by itself, so a text may come in pieces. Scripts that put no spaces between words
are compared character by character; of those THIRDS make up a word.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from hashlib import blake2b

THIRDS = 3  # what a word counts; a character of a script without spaces counts one
DROPPED = frozenset({"Mn", "Mc", "Me", "Cf"})  # marks that combine with a letter, and what nobody sees
APOSTROPHES = frozenset("'\u2018\u2019\u02bc")
UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # Japanese
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Chinese characters
    (0x4E00, 0x9FFF),
    (0x20000, 0x3FFFF),
)


class _Letters(dict[int, str]):
    """What each character (by its number) becomes; a space is where a word ends."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
        self[code] = "" if char in APOSTROPHES else "".join(map(_letter, plain))
        return self[code]


def _letter(c: str) -> str:
    if unicodedata.category(c) in DROPPED:
        return ""
    if is_unspaced(c):
        return f" {c} " if c.isalnum() else " "
    return c if c.isalnum() else " "


def is_unspaced(unit: str) -> bool:
    """Whether it is a character of a script without spaces."""
    return len(unit) == 1 and unit > "\u0dff" and any(first <= ord(unit) <= last for first, last in UNSPACED)


LETTERS = _Letters()
ASCII = {code: LETTERS[code] or None for code in range(128)}  # one for one, which translates ten times as fast
ODD, FEW = re.compile(r"[^\x00-\x7f]"), 6  # different ones that are looked at one by one


def units_of(text: str) -> list[str]:
    """The words of a text, and its characters where there are no words, as they are compared."""
    plain = text
    if not text.isascii() and len(odd := set(ODD.findall(text))) <= FEW:
        for char in odd:
            plain = plain.replace(char, LETTERS[ord(char)])
    return plain.translate(ASCII).split() if plain.isascii() else text.translate(LETTERS).split()


def thirds_of(unit: str) -> int:
    return 1 if is_unspaced(unit) else THIRDS


def value_of(unit: str) -> int:
    """64 bits that stand for it, the same in every process."""
    return int.from_bytes(blake2b(unit.encode(), digest_size=8).digest(), "little")


def go_on(word: str, torn: bytes, piece: bytes) -> tuple[list[str], str, bytes]:
    """What a text has with ``piece`` more than before: the units that are whole now, the ``word`` that may still grow,
    and the bytes of a character that is ``torn``."""
    torn += piece
    text, used = codecs.utf_8_decode(torn, "replace", False)
    *before, word = (word + text.translate(LETTERS)).rsplit(" ", 1)
    return before[0].split() if before else [], word, torn[used:]
