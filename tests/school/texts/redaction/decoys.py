"""What looks like somebody's number or address, and is nobody's."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.school.texts.redaction.drawn import Item, digits

HEX = "0123456789abcdef"


def uuid(rng: random.Random) -> str:
    return "-".join("".join(rng.choices(HEX, k=k)) for k in (8, 4, 4, 4, 12))


def isbn(rng: random.Random) -> str:
    body = "978" + rng.choice("03") + digits(rng, 8)
    check = -sum(int(c) * (1 if i % 2 == 0 else 3) for i, c in enumerate(body)) % 10
    return rng.choice(
        [
            f"{body}{check}",
            f"978-{body[3]}-{body[4:6]}-{body[6:12]}-{check}",
            f"978 {body[3]} {body[4:8]} {body[8:12]} {check}",
        ]
    )


def day(rng: random.Random) -> str:
    d, m, y = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1900, 2030)
    return rng.choice(
        [
            f"{y}-{m:02d}-{d:02d}",
            f"{d}.{m}.{y}",
            f"{d:02d}.{m:02d}.{y % 100:02d}",
            f"{d:02d}/{m:02d}/{y}",
            f"{m}/{d}/{y % 100:02d}",
            f"{d:02d}-{m:02d}-{y}",
            f"{y}/{m:02d}/{d:02d}",
            f"{d} May {y}",
            f"{d}. {m}. {y}",
        ]
    )


def clock(rng: random.Random) -> str:
    h, m, s = rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)
    return rng.choice(
        [
            f"{h}:{m:02d}",
            f"{h:02d}:{m:02d}:{s:02d}",
            f"{h:02d}.{m:02d}",
            f"{h:02d}{m:02d}-{(h + 1) % 24:02d}{m:02d}",
            f"{h % 12 + 1} pm",
            f"{h:02d}h{m:02d}",
        ]
    )


def price(rng: random.Random) -> str:
    big, small = rng.randint(1, 999), rng.randint(0, 99)
    return rng.choice(
        [
            f"${big},{digits(rng, 3)}.{small:02d}",
            f"{big}.{digits(rng, 3)},{small:02d} €",
            f"£{big}",
            f"{big} {digits(rng, 3)} kr",
            f"€ {big}.{digits(rng, 3)}.{digits(rng, 3)}",
            f"R$ {big},{small:02d}",
            f"₹{big},{digits(rng, 2)},{digits(rng, 3)}",
        ]
    )


def version(rng: random.Random) -> str:
    parts = [str(rng.randint(0, 30)) for _ in range(rng.randint(3, 4))]
    return (
        rng.choice(["v", "", "version ", "Python "])
        + ".".join(parts)
        + rng.choice(["", "rc1", "-beta.2", f"+build.{digits(rng, 4)}"])
    )


def place(rng: random.Random) -> str:
    lat, lon = rng.uniform(-89, 89), rng.uniform(-179, 179)
    return rng.choice(
        [
            f"{lat:.4f}, {lon:.4f}",
            f"{lat:.6f} {lon:.6f}",
            f"({lat:.5f}, {lon:.5f})",
            f"{abs(lat):.0f}°{rng.randint(0, 59)}'N {abs(lon):.0f}°{rng.randint(0, 59)}'E",
        ]
    )


def score(rng: random.Random) -> str:
    def two() -> str:
        return f"{rng.randint(0, 30)}{rng.choice(['-', '–', ':'])}{rng.randint(0, 30)}"

    return rng.choice(
        [
            two(),
            f"{two()}, {two()}, {two()}",
            f"{rng.randint(0, 30)}-{rng.randint(0, 30)} {rng.randint(0, 30)}-{rng.randint(0, 30)}",
            f"{rng.randint(1, 500)}/{rng.randint(1, 9)}",
        ]
    )


def order(rng: random.Random) -> str:
    return rng.choice(
        [
            f"order {digits(rng, rng.randint(6, 12), '123456789')}",
            f"order #{digits(rng, 3)}-{digits(rng, 7)}-{digits(rng, 7)}",
            f"invoice no. 2024-{digits(rng, 6)}",
            f"Bestellnummer {digits(rng, 10, '123456789')}",
            f"ref. {digits(rng, 9, '123456789')}",
            f"ticket {digits(rng, 7, '123456789')}",
            f"RE-{digits(rng, 8)}",
            f"tracking 1Z{digits(rng, 6)}A{digits(rng, 9)}",
        ]
    )


def plain(rng: random.Random) -> str:
    return rng.choice(
        [
            f"{rng.randint(1000, 2030)}-{rng.randint(1000, 2030)}",
            f"{rng.randint(1, 9)} {digits(rng, 3)} {digits(rng, 3)} people",
            f"{rng.randint(1, 999)},{digits(rng, 3)},{digits(rng, 3)}",
            f"IMG_{digits(rng, 8)}_{digits(rng, 6)}.jpg",
            f"192.168.{rng.randint(0, 255)}.{rng.randint(0, 255)}",
            "".join(rng.choices(HEX, k=40)),
            f"#{''.join(rng.choices(HEX, k=6))}",
            f"LH {digits(rng, 4)}",
            f"Psalm {rng.randint(1, 150)}:{rng.randint(1, 30)}",
            f"-{rng.randint(1, 30)}.{digits(rng, 1)} °C",
            f"{digits(rng, 1)}.{digits(rng, 10)}",
            f"{rng.randint(1, 99)} x {rng.randint(1, 99)} cm",
            f"{rng.randint(1, 10**6)}",
            f"in {rng.randint(1900, 2020)} Sunset Boulevard was shown again",
            f"auf Platz {rng.randint(1, 40)}",
            f"am Montag {rng.randint(1, 24)} Uhr",
            f"Katie {rng.randint(1, 9)} Anna {rng.randint(1, 9)}",
            f"chapter {rng.randint(1, 30)}, page {rng.randint(1, 400)}",
            f"we flew via Paris {rng.randint(2, 9)} times",
            f"lap {rng.randint(1, 9)} Drive on, they said",
            f"{digits(rng, 13, '1')} ms since 1970",
            f"seed {digits(rng, 9, '123456789')}",
            "may i come, Mr. Mayor? Perrinesque Elkas dismay nobody",
            "me @ home, you @work at 5@night",
            "sk-ating and xoxo and oauth: see below, hf_ is a prefix and AKIA too",
            "https://example.org/a:b@c?x=1 and user@localhost",
            "eyJust a joke",
        ]
    )


DECOYS: list[Callable[[random.Random], str]] = [
    uuid,
    isbn,
    day,
    clock,
    price,
    version,
    place,
    score,
    order,
    plain,
    plain,
]
AROUND = ["{}", "it was {} again", "({})", "{}, as always.", "about {} or so", "{}\nand then home", "see {}!"]


def decoy(rng: random.Random) -> Item:
    make = rng.choice(DECOYS)
    return Item(rng.choice(AROUND).replace("{}", make(rng)), "", "decoy", make.__name__)
