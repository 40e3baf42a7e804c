"""Words without their endings, so that *dogs* is found by *dog*."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import snowballstemmer

STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hi": "hindi", "hu": "hungarian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish",
    "tr": "turkish",
}  # fmt: skip
WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")  # Thai, Lao, Khmer, Japanese, Chinese
WORDS_KNOWN = 1 << 16


@cache
def stemmer_of(language: str) -> Callable[[str], str]:
    """What cuts the endings off a word in small letters; a language that has none keeps them."""
    if language not in STEMMERS:
        return lambda word: word
    known: dict[str, str] = {}
    cut = snowballstemmer.stemmer(STEMMERS[language]).stemWord

    def stem(word: str) -> str:
        if word not in known:
            if len(known) >= WORDS_KNOWN:
                known.clear()
            known[word] = cut(word)
        return known[word]

    return stem


def stems(text: str, language: str) -> list[str]:
    """The stems of its words in order; of scripts without spaces, every two neighbouring letters."""
    stem = stemmer_of(language)
    return [part for word in WORD.findall(text.casefold()) for part in _parts(word, stem)]


def _parts(word: str, stem: Callable[[str], str]) -> Iterator[str]:
    if UNSPACED.search(word):
        yield from (word[i : i + 2] for i in range(max(1, len(word) - 1)))
    else:
        yield stem(word.replace("\u2019", "'").removesuffix("'s"))
