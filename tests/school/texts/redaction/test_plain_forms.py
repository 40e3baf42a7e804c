"""Expressions that begin with what is rare are searched for several times as fast as their plain forms, and find the
same."""

from __future__ import annotations

import random
import re

import pytest

from school.texts.redaction import Redaction, accounts, addresses, found, numbers, secrets, streets
from school.texts.redaction.finding import find_all
from school.texts.redaction.found import LONG, around, digits_in
from school.texts.redaction.names import find_names
from school.texts.redaction.numbers import SPACES
from school.texts.redaction.settings import KINDS, REGIONS, RedactionSettings

_LETTER = r"(?:[ /]?[A-Z]| ?[b-df-h]|a| a(?=[,.;:)\n]|$))(?!\w)"
PAIRS = {
    "IBAN": (
        r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z0-9]{4}){2,7}(?:[ \u00a0-]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])",
        accounts.IBAN,
    ),
    "CODE": (r"(?<![\w/-])(?=[A-Z0-9+-]{0,11}\d)[A-Z0-9][A-Z0-9+-]{8,16}(?!\w)", accounts.CODE),
    "SPACED": (r"(?<!\w)[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)", accounts.SPACED),
    "HOUSE": (rf"(?<![\w.,:/$€£+-])\d{{1,5}}(?:[-/–]\d{{1,4}})?(?:{_LETTER})?(?![\w:%])", addresses.HOUSE),
    "POSTCODE": (r"(?<![A-Z0-9])([A-Z]{1,2})\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}(?!\w)", streets.UK_POSTCODE),
    "ROW": (
        rf"(?<![\w@#=+])(?<![\w][.,:/-])(?<!//)(?:\+[{SPACES}]?)?(?:\((?=\+?\d{{1,6}}\)))?(?:\+[{SPACES}]?)?\d"
        rf"(?:[\d]|[{SPACES}./()–-]{{1,3}}(?=\d|\(\d))*\d(?!\w|[:@]\d|[.,]\d|°|′)",
        numbers.ROW,
    ),
    "CALLED": (
        r"(?i)\b(?:pass(?:word|phrase|wd|code)|pw|pwd|passwort|kennwort|mot de passe|contraseña|wachtwoord"
        r"|salasana|senha)"
        r"(?: (?:is|was|ist|est|es|è|on|é))?\s?[:=]?\s{0,2}[\"'`]?((?=[^\s\"'`]*[\d!$%&*#^])[^\s\"'`]{5,100})",
        secrets.CALLED,
    ),
}
E_MAIL = r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])"
NAMES = [re.compile(rf"(?i)(?<!\w){name}(?!\w)") for name in ("perrin", "ines", r"ann[\s\u00a0]+lee")]
NAMES.append(re.compile(r"(?<!\w)Anna(?!\w)"))
BITS = [
    *" \n,.-+/=#[]()@:_é7AwpPkKS°'\"",
    *("0171 234567", "+44 20 7946 0958", "(415) 555-2671", "+(49) 30 1234567", "12 ", "Main Street", "SW1A 1AA"),
    *("GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000", "4111111111111111", "AB123456C", "ABCDEFGHJ1"),
    *("12345678Z", "X1234567L", "131052-308T", "RSSMRA85T10A562S", "1999", "3.14", "٣٤٥", "12.03.2024"),
    *("password: ", "Paßwort ", "PW ", "pwd=", "hunter2!", "paſsword 3x5aa", "Contraseña 1x", "senha é 99a!!"),
    *("mot de Passe x1yz7", "\u212aennwort: a1b2c3", "a@b.co", "x.y+z@mail.example.com", "a" * 64, "example.org"),
    *("Anna", "perrin", "PERRIN", "\u0130nes", "ines", "INES", "Ann Lee", "ann\nlee"),
]


SECRETS = [
    *("sk-abc1defghijklmnopqrstu", "AKIAABCD2345EFGH6723", "https://u:p4ss@h.x/", "xoxb-12345678901", "nothing"),
    *(f"ghp_{'a1' * 20}", f"hf_{'a' * 34}", f"glpat-{'x' * 20}", f"AIza{'b' * 35}", f"SG.{'d' * 22}.{'e' * 43}"),
]
_STREETS = (
    "calle Calle Mayor C/ rue Rua das Flores Hauptstraße hauptstraße Am am Markt via Roma Herengracht Lange Straat it "
    "was about St. address: mäki Koivumäki A."
)
STREETS = _STREETS.split()
GAPS, ENDS = (" ", ", ", " n. º ", ", n. ", " número ", "  "), ("", " it was", ", 10115 Berlin", " 00185 Roma", " bis")
ALL = frozenset(KINDS)


def texts(count: int) -> list[str]:
    rng = random.Random(4)
    return ["".join(rng.choices(BITS, k=rng.choice((2, 5, 12, 40)))) for _ in range(count)]


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_the_same_is_found(name: str):
    plain, quick = re.compile(PAIRS[name][0]), PAIRS[name][1]
    found = [[(match.span(), match.groups()) for match in plain.finditer(text)] for text in texts(3000)]
    assert [[(match.span(), match.groups()) for match in quick.finditer(text)] for text in texts(3000)] == found
    assert sum(map(len, found)) > 50


@pytest.mark.parametrize("far", [0, 3, 9, 47, 300])
def test_only_looked_for_near_digits(far: int):
    """Rows, codes and postcodes are found by their digits as they are by reading everything, whatever is between."""
    found = 0
    for text in texts(1500):
        text = (" x" * (far // 2)).join(text.split(" "))
        digits = digits_in(text)
        rows = [match.span() for match in numbers.ROW.finditer(text)]
        assert [match.span() for match in numbers._rows(text, digits)] == rows
        for shape, reach in (
            (accounts.IBAN, accounts.LONGEST),
            (accounts.CODE, accounts.LONGEST),
            (accounts.SPACED, accounts.LONGEST),
            (streets.UK_POSTCODE, addresses.POSTCODE),
        ):
            plain = [match.span() for match in shape.finditer(text)]
            near = [match.span() for span in around(digits, reach) for match in shape.finditer(text, *span)]
            assert near == plain
            found += len(plain)
    assert found > 300


def test_e_mail_addresses():
    how = Redaction.of(RedactionSettings(kinds=("e-mail",)), (), bytes(32))
    plain, seen = re.compile(E_MAIL), 0
    for text in texts(3000):
        found = [match.span() for match in plain.finditer(text)]
        assert [(one.start, one.stop) for one in find_all(text, how)] == found
        seen += len(found)
    assert seen > 100


def longer(count: int) -> list[str]:
    """Some of them so long that they are looked at as numbers."""
    return [text * (1 + LONG // len(text)) if i % 10 == 0 else text for i, text in enumerate(texts(count))]


def test_secrets_are_looked_for_where_they_may_be():
    """No part that must be there, and no beginning of a word for a password, is missed, in whatever letters."""
    rng, found = random.Random(5), 0
    for text in longer(1500):
        text += rng.choice(SECRETS) + text
        plain = [(match.span(1)) for _, shape in secrets.SHAPES for match in re.finditer(shape, text)]
        plain += [match.span(1) for match in re.finditer(PAIRS["CALLED"][0], text)]
        assert [(one.start, one.stop) for one in secrets.find_secrets(text)] == plain
        found += len(plain)
    assert found > 2000


def test_letters_that_count_as_others():
    """Of all characters only these become one of a word for a password in small letters."""
    letters = set("".join(word.decode() for word in secrets.WORDS_BEGIN))
    others = set(re.findall(f"(?i)[{''.join(letters)}]", "".join(map(chr, range(0x80, 0x110000)))))
    assert others == {"\u212a", "\u017f"}


@pytest.mark.parametrize("at_once", [7, found.AT_ONCE])
def test_rows_of_digits_as_numbers(monkeypatch: pytest.MonkeyPatch, at_once: int):
    """Also across the edges of what is looked at together."""
    monkeypatch.setattr(found, "AT_ONCE", at_once)
    for text in longer(300):
        assert digits_in(text) == [match.span() for match in re.finditer(r"\d+", text)]


def test_what_is_too_short_to_be_a_number_is_left_aside(monkeypatch: pytest.MonkeyPatch):
    """Groups are looked at together where they may be one row, and nothing is missed."""
    found = []
    for _ in range(2):
        found.append([list(numbers.find_numbers(text, digits_in(text), ALL, REGIONS)) for text in texts(3000)])
        monkeypatch.setattr(numbers, "_together", lambda digits: digits)
    assert found[0] == found[1]
    assert sum(map(len, found[0])) > 300


def test_a_street_before_its_number_has_a_capital(monkeypatch: pytest.MonkeyPatch):
    """Where none of the words before a number has one, none of the tables finds a street."""
    rng, said = random.Random(6), []
    for _ in range(3000):
        before = " ".join(rng.choices(STREETS, k=rng.randint(1, 5)))
        said.append(f"{before}{rng.choice(GAPS)}{rng.randint(1, 99)}{rng.choice(ENDS)}")
    found = []
    for _ in range(2):
        found.append([list(addresses.find_addresses(text, digits_in(text))) for text in said])
        monkeypatch.setattr(streets, "CAPITAL", re.compile(""))
    assert found[0] == found[1]
    assert sum(map(len, found[0])) > 300


def test_names_in_small_letters():
    """They are not searched for where small letters tell that they aren't there, dots and all."""
    names = ("perrin", "ines", "ann lee", "Anna")
    for text in texts(1000):
        plain = [match.span() for shape in NAMES for match in shape.finditer(text)]
        assert [(one.start, one.stop) for one in find_names(text, names)] == plain
