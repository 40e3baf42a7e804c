"""A rule that is not asked would have changed nothing, and expressions that are searched for quickly find what their
plain forms find."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest

from school.texts.cleaning import ALL, changes, characters
from school.texts.cleaning.changes import RUN
from school.texts.cleaning.look import LONG, SHORT, Look

PLAIN = {  # what an expression means, written as one reads it
    "LINE_ENDS": "\r\n|[\r\x85\u2028\u2029]",
    "APOSTROPHE": r"(?<=[^\W\d_])[\u2018\u2019\u00b4`](?=[^\W\d_])",
    "HYPHENS": "[\u2010\u2011]|\u2015|(?<![^\\s(])\u2212(?=\\d)",
    "ELLIPSIS": r"(?<![\u3000-\u9fff\uff00-\uffef\u2026])\u2026(?![\u3000-\u9fff\uff00-\uffef\u2026])"
    r"|(?<=\w)(?: \.){3}(?! ?\.)",
    "ONE_ELLIPSIS": r"(?<![\u3000-\u9fff\uff00-\uffef\u2026])\u2026(?![\u3000-\u9fff\uff00-\uffef\u2026])",
}
LITERAL = r"(^```[^\n]*\n[\s\S]*?(?:^```[^\n]*$|\Z)|`[^`\n]+`|\b(?:https?|ftp)://\S+|\bwww\.\S+)"
BITS = [
    *"abzAE fhw`'\"\n\t .,!?-(…“”‘’´‑−5:/\r\u200b\u200d\ufeff\u00a0\u2028\x85é\u0301日«😀\x1b\f;#&_",
    *("```", "```py\n", "\n```\n", "http://a.b/c’s ", "www.x…", "ftp://", "&amp;", " . . .", "aaaaaaa", "!!!!!", "--"),
    *("😀😀😀😀😀", "\n\n\n\n\n", "  \n", " -- ", "\r\n", "don’t", "x2aaaaaa", "-----", "한", "\u0303", "\u2126"),
]


def texts(count: int) -> list[str]:
    rng = random.Random(3)
    short = ["".join(rng.choices(BITS, k=rng.choice((3, 12, 60)))) for _ in range(count)]
    return [*short, *(text * (1 + SHORT // len(text)) for text in short[:20])]


@pytest.mark.parametrize("name", sorted(ALL))
def test_not_asked_is_not_needed(name: str):
    rule, asked = ALL[name], 0
    for text in texts(1500):
        look = Look.at(text)
        if rule.may(look):
            asked += 1
        else:
            assert rule.change(look).text == text or name == "quotes"  # (which another language's keep as they are)
    assert asked > 0


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_the_plain_form_of_an_expression(name: str):
    plain, quick = re.compile(PLAIN[name]), getattr(characters, name)
    found = [[match.span() for match in plain.finditer(text)] for text in texts(3000)]
    assert [[match.span() for match in quick.finditer(text)] for text in texts(3000)] == found
    assert sum(map(len, found)) > 100


def test_what_is_exchanged_quickly():
    """The same text, count and examples as by an expression."""
    changed = 0
    for text in texts(2000):
        for chars, by in ((characters.DOUBLE_QUOTES, '"'), (characters.SINGLE_QUOTES, "'")):
            plain = changes.replaced(text, re.compile(f"[{chars}]"), by)
            assert changes.exchanged(text, chars, by) == plain
        plain = changes.replaced(text, characters.APOSTROPHE, "'")
        assert changes.within_words(text, characters.OF_APOSTROPHES, characters.APOSTROPHE, "'") == plain
        changed += plain.count
    assert changed > 100


def test_code_and_addresses():
    plain = re.compile(LITERAL, re.M)
    assert [changes.LITERAL.split(text) for text in texts(5000)] == [plain.split(text) for text in texts(5000)]


def test_what_stands_in_a_text():
    """Also across the edges of the parts in which a long one is looked at."""
    for text in (*texts(300), "x" * (LONG - 2) + "é" * RUN + "y" * LONG, "x" * (LONG - 1) + "!" * (RUN - 1)):
        look = Look.at(text)
        assert look.chars == set(text)
        assert look.running == {c for c in look.chars if c * RUN in text}


def test_simple_characters_are_composed():
    """None of them changes by itself, has a mark that combines, or is the second half of a pair that is one letter."""
    second = {chr(int(unicodedata.decomposition(chr(code)).split()[1], 16)) for code in range(0x30000) if _pair(code)}
    every = frozenset(map(chr, range(0x30000)))
    simple = every - characters.may_compose(every)
    assert len(simple) > 21_000
    assert not simple & second
    assert all(unicodedata.normalize("NFC", c) == c and not unicodedata.combining(c) for c in simple)


def _pair(code: int) -> bool:
    parts = unicodedata.decomposition(chr(code)).split()
    return len(parts) == 2 and not parts[0].startswith("<")
