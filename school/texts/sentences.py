"""Where a sentence ends, in any language that ends them with a mark, and what none begins with."""

from __future__ import annotations

import re

CLOSING = frozenset(")]}\u00bb\u201d\u203a,.!?")
_END = re.compile(r"""[.!?…。！？؟।။።]+["'”’»)\]\s]*$""")
_SHORT = re.compile(r"(?:^|[\s(])(?:[A-ZÀ-ÞΑ-ΩА-Я]\w{0,2}|\d+)\.$")  # Mr. and Dr., a letter for a name, 15.


def ends_sentence(text: str) -> bool:
    """Whether ``text`` ends where a sentence does. A title, an initial or a number with its point is no end; nor is "I
    saw Ann.", for that matter, which only lets an answer go on to the next."""
    return bool(_END.search(text)) and not _SHORT.search(text.rstrip())


def ends_only(token: bytes) -> bool:
    """Whether nobody begins with it: what begins with a mark that closes or ends something."""
    return token.decode("utf-8", "ignore").lstrip()[:1] in CLOSING


def whole_characters(data: bytes) -> int:
    """How many leading bytes make whole UTF-8 characters; bytes that can't be a beginning count as whole."""
    for back in range(1, min(4, len(data)) + 1):
        lead = data[-back]
        if lead >= 0xC0:
            need = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return len(data) - back if back < need else len(data)
        if lead < 0x80:
            break
    return len(data)
