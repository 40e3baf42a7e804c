"""Where a sentence ends, in any language that ends them with a mark."""

from __future__ import annotations

import re

_END = re.compile(r"""[.!?…。！？؟।။።]+["'”’»)\]\s]*$""")
_SHORT = re.compile(r"(?:^|[\s(])(?:[A-ZÀ-ÞΑ-ΩА-Я]\w{0,2}|\d+)\.$")  # Mr. and Dr., a letter for a name, 15.


def ends_sentence(text: str) -> bool:
    """Whether ``text`` ends where a sentence does. A title, an initial or a number with its point is no end; nor is "I
    saw Ann.", for that matter, which only lets an answer go on to the next."""
    return bool(_END.search(text)) and not _SHORT.search(text.rstrip())
