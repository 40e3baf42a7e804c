"""Rich Text Format, known by its first bytes, for it is often called .txt or .doc."""

from __future__ import annotations

import re

from school.texts.content import Content
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.original import Original

_FOOTNOTE = re.compile(r"\{(?:\\\*)?\\footnote\b ?")  # striprtf leaves these out; here they follow their sentence
_BINARY = re.compile(  # pictures, and what Word keeps for itself
    r"\{(?:\\\*)?\\(?:pict|objdata|themedata|colorschememapping|datastore|blipuid)\b[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"
)
_CODE_PAGE = re.compile(r"\\ansicpg(\d+)")
_HEAD = 4000


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    from striprtf.striprtf import rtf_to_text

    source = file.raw().decode("latin-1")
    page = _CODE_PAGE.search(source, 0, _HEAD)
    try:
        text = rtf_to_text(
            _FOOTNOTE.sub("{ ", _BINARY.sub("", source)),
            encoding=f"cp{page[1]}" if page else "cp1252",
            errors="replace",
        )
    except Exception as error:  # it has several of its own, and lets others through
        raise Unreadable(f"its RTF is damaged ({error})") from None
    lines = (line.strip() for line in text.replace("\r\n", "\n").split("\n"))
    return Content(documents=["\n".join(line for line in lines if line) + "\n"])


FORMAT = Format(
    name="rtf",
    suffixes=frozenset({".rtf", ".doc"}),
    read=read,
    sniff=lambda file: file.head.startswith(b"{\\rtf"),
    anywhere=True,
    version=1,
)
