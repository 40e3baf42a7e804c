"""Moderation: what a stranger's line must be like to be learned from, and what may leave the house."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection

from bots.chat.normalize import visible

SHORTEST, LONGEST = 3, 400  # letters of a line worth learning; characters of one that nobody pasted
DISTINCT = 0.4  # share of a line's words that must differ from each other, where there are several
ODD = 0.2  # share of a line that may be neither letters, digits, punctuation nor pictures
SCRIPTS = 3  # alphabets in one line
COMMANDS = "/.!\\$~?#%&*+-=>^;|／．！＼＄～？＃"  # what a line must not begin with: some program in the chat would obey
SYLLABLES = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # of scripts without spaces
NAME_IN_SYLLABLES = range(2, 13)  # characters of a name between others

_JAPANESE = {"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH", "FULLWIDTH"}

_EMOTES = (
    "Pog Poggers Pepega Sadge Madge Bedge Okayge Susge Weirdge Prayge Copium Hopium Clueless Clap pepe peepo monka"
)
EMOTES = frozenset(_EMOTES.split())  # of third parties, that look like any word
INNER_CAPITAL, SHOUTED = re.compile(r"[A-Za-z]*[a-z][A-Z][A-Za-z0-9]*$"), re.compile(r"[A-Z][A-Z0-9]{2,}$")

MENTION = re.compile(r"[@＠](\w+)")
_WORD = re.compile(r"\w+")
_BEGINNING = re.compile(rf"^[\s{re.escape(COMMANDS)}]+")


def tidy_for_chat(
    text: str, *, known: Collection[str] = (), without_links: Callable[[str], str] | None = None, prefix: str = ""
) -> str:
    """What it said, as it may be sent: nothing unseen, nothing that begins like a command, no @ but before the
    ``known`` (logins), and what ``without_links`` leaves of it. May be empty."""
    lower = {login.casefold() for login in known}

    def once(text: str) -> str:
        text = MENTION.sub(lambda m: m[0] if m[1].casefold() in lower else m[1], visible(text))
        if without_links:
            text = without_links(text)
        text = _BEGINNING.sub("", text)
        return text.removeprefix(prefix).strip() if prefix else text.strip()

    return _until_settled(once, text)


def without_names(text: str, is_name: Callable[[str], bool]) -> str:
    """``text`` with every @mention, and every word that ``is_name``, or several such, made "someone"; also within
    scripts that put no spaces between words."""

    def nameless(word: str) -> str:
        if any(is_name(stem) for stem in (word, word.removesuffix("s"), word.removesuffix("es"))):
            return "someone"
        return _nameless_within(word, is_name) if SYLLABLES.search(word) else word

    return _WORD.sub(lambda m: nameless(m[0]), MENTION.sub("someone", text))


def _nameless_within(word: str, is_name: Callable[[str], bool]) -> str:
    """What looks like one word but has no spaces, with the longest names in it made "someone"."""
    kept, at = "", 0
    while at < len(word):
        size = next((size for size in reversed(NAME_IN_SYLLABLES) if is_name(word[at : at + size])), 0)
        kept, at = kept + ("someone" if size else word[at]), at + (size or 1)
    return kept


def unteachable(text: str, *, emotes: Collection[str] = ()) -> str:
    """Why a line, ``visible`` already, is no lesson: "short", "long", "repetitive" or "unreadable"; else "".
    ``emotes``: those in it that its platform knows."""
    words = [word for word in text.casefold().split() if word not in {emote.casefold() for emote in emotes}]
    if not words or _only_emotes([word for word in text.split() if word.casefold() in words]):
        return "short"
    if sum(c.isalpha() for word in words for c in word) < SHORTEST:
        return "short"
    if len(text) > LONGEST:
        return "long"
    if _unreadable(text):
        return "unreadable"
    return "repetitive" if _repetitive(words) else ""


def _only_emotes(words: list[str]) -> bool:
    """Whether nothing but pictures is said that others draw by name: their names are known, or have a capital within
    (catJAM), or are the only word there is, and have nothing but capitals (KEKW)."""
    names = {word for word in words if word not in EMOTES and not INNER_CAPITAL.match(word)}
    return not names or (len(names) == 1 and SHOUTED.match(*names) is not None)


def _repetitive(words: list[str]) -> bool:
    letters = [c for word in words for c in word]
    few_words = len(words) >= 4 and len(set(words)) < DISTINCT * len(words)
    few_letters = len(letters) >= 12 and len(set(letters)) < 4
    return few_words or few_letters


def _unreadable(text: str) -> bool:
    """Random code points: too many that belong to no text, or too many alphabets."""
    scripts, script, odd, solid = set(), "", 0, 0
    for c in text:
        kind = unicodedata.category(c)
        if kind[0] == "L":
            script = _script(c)
            scripts |= {script} if not c.isascii() else set()
        solid += kind[0] != "Z"
        odd += kind in ("Me", "Sk", "Nl", "No") or (kind in ("So", "Sm") and 0x2190 <= ord(c) < 0x2600)
        odd += kind == "Lm" and script == "MODIFIER"
        odd += kind == "Mn" and _script(c) != script  # a vowel of Hindi, Thai or Arabic belongs to its letter
    return len(scripts) > SCRIPTS or odd > ODD * solid


def _script(c: str) -> str:
    """The alphabet of a letter or mark; those that Japanese is written in are one."""
    name = unicodedata.name(c, "?").split()[0]
    return "JAPANESE" if name in _JAPANESE else name


def _until_settled(change: Callable[[str], str], text: str) -> str:
    """Apply ``change`` until nothing changes; each round shortens the text, or opens a word of it, or leaves it."""
    while (changed := change(text)) != text:
        text = changed
    return text
