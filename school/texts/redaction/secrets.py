"""Keys, tokens and passwords that are written down: told by the prefixes that their makers gave them.

Sources: the makers' own descriptions of their formats (AWS, GitHub, GitLab, Google, Hugging Face, OpenAI, Slack,
Stripe, Twitch; RFC 7519 for JWT, RFC 7468 for PEM, RFC 3986 for user information in web addresses).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from school.texts.redaction.found import Found
from school.texts.standing import Standing, characters_at

_END = r"(?![A-Za-z0-9])"
# What begins with letters that are often there is searched for those, and looks back from behind them: it is faster.
SHAPES = (  # of which parts one must be there, so that most texts are never searched; the whole, of which group 1 goes
    ("PRIVATE", r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?:[\s\S]{0,20000}?-----END [A-Z0-9 ]*PRIVATE KEY-----)?)"),
    ("://", r"://([^\s/@:?#<>\"']{1,100}:[^\s/@<>\"']{1,200}|(?=[\w.-]*\d)[\w.-]{20,200})(?=@)"),
    ("KIA", rf"(?<![A-Z0-9])((?:AKIA|SKIA)[A-Z2-7]{{16}}){_END}"),
    ("ASIA", rf"(?<![A-Z0-9])(ASIA[A-Z2-7]{{16}}){_END}"),
    ("ghp_ gho_ ghu_ ghs_ ghr_", rf"(gh(?<!\wgh)[pousr]_[A-Za-z0-9]{{36,251}}){_END}"),
    ("github_pat_", rf"(?<!\w)(github_pat_[A-Za-z0-9_]{{50,251}}){_END}"),
    ("glpat-", r"(?<!\w)(glpat-[\w.-]{20,300})"),
    ("AIza", r"(?<!\w)(AIza[\w-]{35})(?![\w-])"),
    ("hf_", rf"(?<!\w)(hf_[A-Za-z0-9]{{30,60}}){_END}"),
    ("sk-", r"(sk-(?<![\w-]sk-)(?=[\w-]*\d)[\w-]{20,300})"),
    ("_live_", rf"(?<!\w)([srp]k_live_[A-Za-z0-9]{{16,200}}){_END}"),
    ("_test_", rf"(?<!\w)([srp]k_test_[A-Za-z0-9]{{16,200}}){_END}"),
    ("xox", r"(xox(?<!\wxox)(?:[a-z]-(?=[\w-]*\d)[\w-]{10,300}|e\.[\w.-]{20,300}))"),
    ("xapp-", r"(?<!\w)(xapp-[\w-]{20,300})"),
    ("oauth:", rf"(?<!\w)(oauth:[a-z0-9]{{30}}){_END}"),
    ("eyJ", r"(?<![\w-])(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{10,})"),
    ("npm_", rf"(?<!\w)(npm_[A-Za-z0-9]{{36}}){_END}"),
    ("pypi-", r"(?<!\w)(pypi-[\w-]{50,300})"),
    ("SG.", r"(?<!\w)(SG\.[\w-]{22}\.[\w-]{43})"),
)
CALLED = re.compile(  # a word for it, and something behind that is no plain word; first the letters it begins with
    r"[PpKk\u212aMmCcWwSs\u017f](?<!\w.)(?i:(?<=p)(?:ass(?:word|phrase|wd|code)|w|wd|asswort)|(?<=k)ennwort"
    r"|(?<=m)ot de passe|(?<=c)ontraseña|(?<=w)achtwoord|(?<=s)alasana|(?<=s)enha)"
    r"(?i: (?:is|was|ist|est|es|è|on|é))?\s?[:=]?\s{0,2}[\"'`]?((?=[^\s\"'`]*[\d!$%&*#^])[^\s\"'`]{5,100})"
)
WORDS_BEGIN = (
    b"passw",
    b"passp",
    b"passc",
    b"pw",
    b"kennwort",
    b"mot de ",
    b"contrase",
    b"wachtw",
    b"salasan",
    b"senha",
)
_COMPILED = tuple((parts.encode().split(), re.compile(shape)) for parts, shape in SHAPES)


def find_secrets(text: str) -> Iterator[Found]:
    said = Standing.of(text)
    for parts, shape in _COMPILED:
        if said.has(*parts):
            for match in shape.finditer(text):
                yield Found(match.start(1), match.end(1), "secret", match[1])
    stop = 0
    for start in _words_for_it(text):
        if start >= stop and (match := CALLED.match(text, start)):
            stop = match.end()
            yield Found(match.start(1), stop, "secret", match[1])


def _words_for_it(text: str) -> list[int]:
    """Where one may begin, in order: an expression that leaves capitals open takes several times as long to look."""
    plain = text.replace("\u212a", "k").replace("\u017f", "s")  # the only others that count as a letter of these words
    small = Standing(plain.encode("utf-8", "surrogatepass").lower())
    if not small.has(*WORDS_BEGIN):
        return []
    return characters_at(small.data, sorted(at for word in WORDS_BEGIN for at in small.places(word)))
