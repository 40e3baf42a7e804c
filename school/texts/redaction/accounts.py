"""Numbers of cards, accounts and people, told by their own check digits; by a word before them where they have none.

Checks are python-stdnum's. A check of one digit lets one number in ten pass, so a number also needs the shape that its
country writes it in, or the word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from stdnum import iban, luhn, verhoeff
from stdnum.br import cnpj, cpf
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.it import codicefiscale

from school.texts.redaction.found import Found, Span, around

Check = Callable[[str], bool]

IBAN = re.compile(  # all of them are searched for what they begin with, which is rare; what stands before comes second
    r"[A-Z](?<![A-Z0-9].)[A-Z]\d{2}(?:[ \u00a0-]?[A-Z0-9]{4}){2,7}(?:[ \u00a0-]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
CODE = re.compile(r"[A-Z0-9](?<![\w/-].)(?:(?<=\d)|(?=[A-Z0-9+-]{0,10}\d))[A-Z0-9+-]{8,16}(?!\w)")
CODES: tuple[tuple[re.Pattern, Check], ...] = (
    (re.compile(r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]"), codicefiscale.is_valid),
    (re.compile(r"\d{8}-?[A-Z]"), dni.is_valid),
    (re.compile(r"[XYZ]-?\d{7}-?[A-Z]"), nie.is_valid),
    (re.compile(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]"), hetu.is_valid),
    (re.compile(r"[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]"), lambda code: True),  # India's PAN, whose check is secret
)
SPACED = re.compile(
    r"[A-CEGHJ-PR-TW-Z](?<!\w.)[A-CEGHJ-PR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"
)  # British national insurance
CARDS = re.compile(  # ISO/IEC 7812: how the makers' numbers begin, and how long they are
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|(?:508|606|607"
    r"|81|82)\d{13,14}"
)


def is_card(digits: str) -> bool:
    return bool(CARDS.fullmatch(digits)) and luhn.is_valid(digits)


SHAPES: dict[str, Check] = {  # how long its groups are, with what is between them
    **dict.fromkeys(("4 4 4 4", "4-4-4-4", "4 6 5", "4-6-5", "4 6 4", "13", "14", "16", "19"), is_card),
    "15": lambda digits: is_card(digits) or nir.is_valid(digits),
    "3-2-4": lambda digits: not re.match(r"000|666|9|...00|.....0000", digits),  # US social security
    "3 3 4": nhs.is_valid,
    "4 4 4": lambda digits: digits[0] in "23456789" and verhoeff.is_valid(digits),  # India's Aadhaar
    "3.3.3-2": cpf.is_valid,
    "2.3.3/4-2": cnpj.is_valid,
    "1 2 2 2 3 3 2": nir.is_valid,
    "1 2 2 2 3 3": nir.is_valid,
}
_NUMBER = r"[- ]?(?:number|nummer|numero|número|numéro|num|no|nr|nº|n°|id)(?!\w)\.?"
CALLED = re.compile(
    rf"\b(?:(?:(?:bank )?account|acct|a/c|passport|national insurance|social security|insurance|licence"
    rf"|license|customer"
    rf"|member(?:ship)?|policy|card|konto|kunden|steuer|ausweis|reisepass|versicherungs|compte|passeport"
    rf"|sécurité sociale"
    rf"|client|cuenta|pasaporte|cliente|conto|passaporto|rekening|paspoort|klant|tili|passin|conta"
    rf"|passaporte){_NUMBER}"
    rf"|(?:account|acct|passport|sort code|routing|SSN|ITIN|NHS|BSN|burgerservicenummer|rekening|CPF|CNPJ"
    rf"|RG|Aadhaar|UAN|DNI|NIE|NIF"
    rf"|HETU|henkilötunnus|codice fiscale|NIR|Steuer-?ID|IdNr|Steueridentifikationsnummer|BLZ|Konto)(?:{_NUMBER})?)"
    r"(?: of mine)?(?: (?:is|was|ist|lautet|est|es|è|on|é))?\s?[:=#]?\s{0,2}$",
    re.IGNORECASE,
)
LOOK_BACK = 40  # characters in which the word stands


LONGEST = 48  # characters of any of these, what stands beside it included


def find_accounts(text: str, digits: list[Span]) -> Iterator[Found]:
    """Those with letters in them; each has digits, too."""
    for start, stop in around(digits, LONGEST):
        yield from _accounts_between(text, start, stop)


def _accounts_between(text: str, first: int, last: int) -> Iterator[Found]:
    for match in IBAN.finditer(text, first, last):
        for stop in _ends(match[0]):
            if iban.is_valid(match[0][:stop], check_country=False):
                yield Found(match.start(), match.start() + stop, "number", iban.compact(match[0][:stop]))
                break
    for match in CODE.finditer(text, first, last):
        if any(shape.fullmatch(match[0]) and check(match[0]) for shape, check in CODES):
            yield Found(*match.span(), "number", match[0].replace("-", ""))
    for match in SPACED.finditer(text, first, last):
        yield Found(*match.span(), "number", match[0].replace(" ", ""))


def _ends(written: str) -> list[int]:
    """Where it may end: with any of its groups, the last first; a word in capitals may follow it."""
    return [len(written), *(i for i in reversed(range(len(written))) if written[i] in " \u00a0-")]


def is_account(shape: str, digits: str) -> bool:
    """Whether digits in groups of this shape are such a number."""
    check = SHAPES.get(shape)
    return bool(check and check(digits))


def is_called_account(text: str, start: int) -> bool:
    """Whether what begins there comes after a word for such a number."""
    return bool(CALLED.search(text, max(0, start - LOOK_BACK), start))
