"""Phone numbers: what looks like one where it is written, and is one by the numbering plans of ``phonenumbers``.

With a + and a country's code, or a word like "call" before it, it need only be possible; otherwise it must be valid in
one of the regions, and in groups as people there write it: any ten digits are a number somewhere.
"""

from __future__ import annotations

import functools
import re

import phonenumbers

LEAST, MOST = 7, 15  # digits (ITU-T E.164)
LOOK_BACK = 30  # characters in which a word like "call" stands
CALLED = re.compile(
    r"\b(?:tele?(?:phone|fon|fono|foon)?|phone|fon|fono|mobile?|mob|cell|call(?:ed|ing)?|ring|text(?:ed)?|txt"
    r"|sms|fax|whats ?app|wa"
    r"|signal|handy|handynummer|rufnummer|ruf(?:e|en)?|anrufen|portable|tél|appele[rz]?|appelle|llama(?:r"
    r"|me)?|móvil|chiama(?:re|mi)?"
    r"|cellulare|bel(?:len)?|mobiel|nummer|soita|puh|puhelin|numero|ligue|ligar|celular|zap|contact|dial|number)\b"
    r"[^\d\n]{0,14}$",
    re.IGNORECASE,
)
NO_PHONE = re.compile(  # words for other numbers
    r"\b(?:order|invoice|ref(?:erence)?|isbn|issn|item|ticket|serial|tracking|parcel|case|version|build"
    r"|part|sku|article|lot"
    r"|bestell|bestellung|rechnung|sendung|artikel|commande|facture|colis|pedido|factura|ordine|fattura"
    r"|ordinato|bestelling"
    r"|factuur|pakket|tilaus|lasku|nota|encomenda|id|imei|doi|pmid|step|seed|score|lat|lon|coordinates)"
    r"(?:s?nummer|[- ]?(?:number|numero|número|numéro|no|nr|n°|nº|id))?\.?\s?[:=#]?\s?$",
    re.IGNORECASE,
)
TRUNK = re.compile(
    r"\(?0\d{1,5}\)?(?: ?[/–-] ?|[ .])?\d{2,9}(?:[ /.-]?\d{1,5}){0,4}"
)  # after the 0 by which one leaves a town
_AMERICAN = ("3-3-4", "3.3.4", "3 3 4", "3 3-4", "1-3-3-4", "1 3 3 4", "1.3.3.4", "1 3 3-4")
GROUPS = {  # how people there group what begins with no 0; elsewhere a number needs its 0 or +
    "US": _AMERICAN,
    "CA": _AMERICAN,
    "ES": ("3 3 3", "3-3-3", "3.3.3", "3 2 2 2", "3-2-2-2", "3.2.2.2", "2 3 2 2", "2 3 3", "3 6"),
    "PT": ("3 3 3", "2 3 2 2"),
    "PL": ("3 3 3", "3-3-3", "2 3 2 2"),
    "IT": ("3 7", "3-7", "3 3 4", "3 3 2 2", "3 6", "3 2 2 3"),
    "BR": ("2 5-4", "2 5 4", "2 9", "2 4-4", "2 4 4", "2 1 4-4", "2 1 4 4"),
    "IN": ("5 5", "5-5", "4 3 3", "3-3-4"),
    "NO": ("3 2 3", "2 2 2 2"),
    "DK": ("2 2 2 2",),
}
BRACKETED = "10"  # (415)5552671
COUNTED_UP = re.compile(r"^(?:0?123456789?0?|9876543210?|(\d)\1+)$")
_EXIT = re.compile(r"^00(?=[1-9])")


def phone_of(written: str, shape: str, before: str, regions: tuple[str, ...]) -> str:
    """The number as it is dialled from anywhere, or "". ``written`` as it stands there, its ``shape`` the lengths of
    its groups with what is between them, ``before`` the text before it."""
    digits = re.sub(r"\D", "", written)
    if not LEAST <= len(digits) <= MOST + 2:
        return ""
    if COUNTED_UP.search(digits):
        return ""
    if written.startswith(("+", "(+")) or _EXIT.match(digits):
        abroad = re.sub(r"\D", "", written.replace("(0)", ""))
        return _dialled(f"+{_EXIT.sub('', abroad)}", ("ZZ",), possible=True)
    if NO_PHONE.search(before):
        return ""
    if CALLED.search(before):
        return _dialled(written, regions) or _dialled(written, regions, possible=True)
    if TRUNK.fullmatch(written):
        return _dialled(written, regions)
    bracketed = written.startswith("(") and shape == BRACKETED
    return _dialled(written, tuple(one for one in regions if bracketed or shape in GROUPS.get(one, ())))


@functools.lru_cache(maxsize=4096)
def _dialled(written: str, regions: tuple[str, ...], *, possible: bool = False) -> str:
    is_one = phonenumbers.is_possible_number if possible else phonenumbers.is_valid_number
    for region in regions:
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if is_one(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return ""
