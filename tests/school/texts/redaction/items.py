"""Sentences with something private planted in them, and sentences with what only looks so: 2,000, the same each time.

Made from what each country's own conventions say (numbering plans, forms of postal addresses, check digits), by nothing
that the program uses to find them. Nobody's: all digits and letters are drawn, all names invented.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable

from tests.school.texts.redaction.countries import address, phone
from tests.school.texts.redaction.decoys import decoy
from tests.school.texts.redaction.drawn import Item, digits, said
from tests.school.texts.redaction.identifiers import number

NAMES = ("Perrin", "Tobin Vale", "Elka", "May", "orsolya", "ペリン")


def items(count: int = 2000, seed: int = 20) -> list[Item]:
    rng = random.Random(seed)
    makers: list[tuple[float, Callable[[random.Random], Item]]] = [
        (0.24, phone),
        (0.16, address),
        (0.12, number),
        (0.06, e_mail),
        (0.07, secret),
        (0.03, name),
        (0.32, decoy),
    ]
    return [rng.choices([maker for _, maker in makers], [share for share, _ in makers])[0](rng) for _ in range(count)]


def e_mail(rng: random.Random) -> Item:
    local = rng.choice(
        ["perla.moss", "t.vale+lists", "orrin_k", "a", "jörg.weiß", "mira-lotte99", "o%c", "info"]
    ) + digits(rng, rng.randint(0, 2))
    domain = rng.choice(
        [
            "example.org",
            "mail.example.co.uk",
            "beispiel.de",
            "müller-net.de",
            "exemple.fr",
            "ex-ample.travel",
            "esempio.it",
        ]
    )
    frames = ["write to {} soon", "<{}>", "mailto:{}", "{}, or {}2", "it was {}.", "E-Mail:{}", "({})", '"{}" bounced']
    frame = rng.choice([one for one in frames if "2" not in one])
    return Item(frame.replace("{}", f"{local}@{domain}"), f"{local}@{domain}", "e-mail", "")


def secret(rng: random.Random) -> Item:
    def some(alphabet: str, count: int) -> str:
        return "".join(rng.choices(alphabet, k=count))

    both, low = string.ascii_letters + string.digits, string.ascii_lowercase + string.digits
    upper32 = string.ascii_uppercase + "234567"

    def part(count: int) -> str:
        return base64.urlsafe_b64encode(rng.randbytes(count)).decode().rstrip("=")

    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(b'{"sub":"%d","name":"x"}' % rng.randint(1, 10**9)).decode().rstrip("=")
    pem = "\n".join(base64.b64encode(rng.randbytes(48)).decode() for _ in range(4))
    secrets = {
        "aws": "AKIA" + some(upper32, 16),
        "github": rng.choice(["ghp_", "gho_", "ghs_"]) + some(both, 36),
        "github fine": "github_pat_" + some(both, 22) + "_" + some(both, 59),
        "gitlab": "glpat-" + some(both + "-_", 19) + some(both, 1),
        "google": "AIza" + some(both + "-_", 34) + some(both, 1),
        "hugging face": "hf_" + some(both, 34),
        "openai": rng.choice(["sk-", "sk-proj-"]) + some(both, 47) + "7",
        "slack": f"xoxb-{digits(rng, 12, '123456789')}-{digits(rng, 12, '123456789')}-{some(both, 24)}",
        "twitch": "oauth:" + some(low, 30),
        "jwt": f"{head}.{body}.{part(32)}",
        "pem": f"-----BEGIN RSA PRIVATE KEY-----\n{pem}\n-----END RSA PRIVATE KEY-----",
    }
    if rng.random() < 0.15:
        inside = f"{rng.choice(['admin', 'perla', 'db_user'])}:{some(both + '!$._-', 12)}"
        scheme = rng.choice(["https", "postgres", "ftp", "redis"])
        return Item(f"see {scheme}://{inside}@host.example:5432/things", inside, "secret", "url")
    where = rng.choice(list(secrets))
    return said(rng, 'export TOKEN={}|the key is {}|{}|key = "{}"|({})', secrets[where], "secret", where)


def name(rng: random.Random) -> Item:
    planted = rng.choice([*NAMES, "ORSOLYA", "Orsolya"])
    frames = (
        "昨日、{}さんと話した。"
        if planted == "ペリン"
        else 'then {} laughed.|{}\'s dog|with {}, of course|"{}!"|{} and i|to {}'
    )
    return said(rng, frames, planted, "name", "")
