"""Numbers of cards, accounts and people, with their check digits worked out by the rules of those who give them out."""

from __future__ import annotations

import random

from tests.school.texts.redaction.drawn import Item, digits, said


def luhn(body: str) -> str:
    total = sum(sum(divmod(int(c) * (2 if i % 2 == 0 else 1), 10)) for i, c in enumerate(reversed(body)))
    return body + str(-total % 10)


def card(rng: random.Random) -> str:
    kind = rng.choice(["4", "5", "2", "37", "6011"])
    if kind == "37":
        whole = luhn("37" + digits(rng, 12))
        return rng.choice([whole, f"{whole[:4]} {whole[4:10]} {whole[10:]}"])
    start = {"4": "4", "5": "5" + rng.choice("12345"), "2": "23" + digits(rng, 2), "6011": "6011"}[kind]
    whole = luhn(start + digits(rng, 15 - len(start)))
    gap = rng.choice(["", " ", "-"])
    return gap.join(whole[i : i + 4] for i in range(0, 16, 4))


def iban(rng: random.Random) -> str:
    country, body = rng.choice(
        [
            ("DE", digits(rng, 18)),
            ("NL", "ABNA" + digits(rng, 10)),
            ("GB", "NWBK" + digits(rng, 14)),
            ("FR", digits(rng, 23)),
            ("ES", digits(rng, 20)),
            ("IT", rng.choice("ABC") + digits(rng, 22)),
            ("FI", digits(rng, 14)),
            ("BR", digits(rng, 23) + "P1"),
        ]
    )
    rest = int("".join(str(int(c, 36)) for c in body + country + "00")) % 97
    whole = f"{country}{98 - rest:02d}{body}"
    return whole if rng.random() < 0.5 else " ".join(whole[i : i + 4] for i in range(0, len(whole), 4))


def nhs(rng: random.Random) -> str:
    while True:
        body = digits(rng, 9, "49")
        check = -sum(int(c) * (10 - i) for i, c in enumerate(body)) % 11
        if check < 10:
            return f"{body[:3]} {body[3:6]} {body[6:]}{check}"


def dni(rng: random.Random) -> str:
    body = digits(rng, 8)
    return body + rng.choice(["", "-"]) + "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23]


def hetu(rng: random.Random) -> str:
    day = f"{rng.randint(1, 28):02d}{rng.randint(1, 12):02d}{rng.randint(40, 99):02d}"
    one = f"{rng.randint(2, 899):03d}"
    return f"{day}-{one}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(day + one) % 31]}"


def cpf(rng: random.Random) -> str:
    body = digits(rng, 9)
    for _ in range(2):
        body += str(sum(int(c) * (len(body) + 1 - i) for i, c in enumerate(body)) * 10 % 11 % 10)
    return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"


def nir(rng: random.Random) -> str:
    born, place = f"{rng.randint(40, 99)} {rng.randint(1, 12):02d}", f"{rng.randint(1, 19):02d} {digits(rng, 3)}"
    body = f"{rng.choice('12')} {born} {place} {rng.randint(1, 500):03d}"
    whole = f"{body} {97 - int(body.replace(' ', '')) % 97:02d}"
    return whole if rng.random() < 0.5 else whole.replace(" ", "")


def aadhaar(rng: random.Random) -> str:
    def times(a: int, b: int) -> int:  # in the group of a pentagon's turns and flips
        if a < 5:
            return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
        return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5

    turn = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    body, total = digits(rng, 11, "23456789"), 0
    for i, c in enumerate(reversed(body), start=1):
        moved = int(c)
        for _ in range(i % 8):
            moved = turn[moved]
        total = times(total, moved)
    whole = body + next(str(c) for c in range(10) if times(total, c) == 0)
    return f"{whole[:4]} {whole[4:8]} {whole[8:]}"


def ssn(rng: random.Random) -> str:
    return f"{rng.randint(100, 665)}-{rng.randint(1, 99):02d}-{rng.randint(1, 9999):04d}"


NUMBERS = {
    card: "my card is {}.|{} exp 04/27|paid with {} again|Karte {}, wie immer",
    iban: "please send it to {}.|IBAN: {}|my account {} is empty|Konto {} bei der Bank",
    nhs: "NHS number {}|the letter says {}.|NHS no. {} on the form",
    dni: "mi DNI es {}.|DNI {}|con el {} en la mano",
    hetu: "hetu {}|henkilötunnukseni on {}.|lomakkeessa luki {}",
    cpf: "meu CPF é {}.|CPF: {}|assinei com {} no fim",
    nir: "mon numéro de sécu : {}.|n° {} sur la carte|sécu {}",
    aadhaar: "my Aadhaar is {}.|Aadhaar no. {}|the card said {} in big letters",
    ssn: "SSN {}|my social is {}.|they asked for {} again",
    lambda rng: digits(rng, 8): "account number {}|account no. {} at the bank|sort code 12-34-56, account {}",
    lambda rng: digits(rng, 9, "123456789"): "BSN {}|mijn burgerservicenummer is {}.|passport number {}",
    lambda rng: digits(rng, 10, "123456789"): "Kontonummer {}|Kundennummer: {}|compte n° {}",
}


def number(rng: random.Random) -> Item:
    make = rng.choice(list(NUMBERS))
    return said(rng, NUMBERS[make], make(rng), "number", getattr(make, "__name__", "called"))
