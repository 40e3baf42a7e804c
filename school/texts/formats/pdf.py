"""The text of a PDF, as far as it has any. Lines of a page become paragraphs again, words cut at a line's end whole."""

from __future__ import annotations

import re
import threading
from collections import Counter

from school.texts.content import Content
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.original import Original

FULL = 0.7  # of the widest lines; a shorter line ends its paragraph
_CUT = re.compile("(?:\ufffe|\x02|\u00ad)(?:\r?\n)?")  # what pdfium makes of a hyphen at a line's end
_lock = threading.Lock()  # pdfium serves one thread at a time


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    raw = file.raw()
    with _lock:
        pages = _pages(raw)
    empty = sum(not page.strip() for page in pages)
    if empty == len(pages):
        raise Unreadable("its pages are pictures of text; a program that recognises letters (OCR) has to read it first")
    text = "\n".join(paragraphs(page) for page in pages if page.strip())
    return Content(documents=[text + "\n"], dropped=Counter({"page without text": empty} if empty else {}))


def _pages(raw: bytes) -> list[str]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        why = "it is locked with a password" if "assword" in str(error) else "its PDF is damaged or cut short"
        raise Unreadable(why) from None
    pages = []
    try:
        for number in range(len(document)):
            try:
                page = document[number]
                text = page.get_textpage()
                pages.append(text.get_text_bounded())
                text.close()
                page.close()
            except pypdfium2.PdfiumError:
                pages.append("")
    finally:
        document.close()
    return pages


def paragraphs(page: str) -> str:
    lines = [line.strip() for line in _CUT.sub("", page).replace("\r\n", "\n").split("\n")]
    widths = sorted(len(line) for line in lines if line)
    full = FULL * widths[-(-9 * (len(widths) - 1) // 10)] if widths else 0
    out, joined = [], False
    for line in lines:
        if joined and line:
            out[-1] = f"{out[-1]} {line}"
        elif line:
            out.append(line)
        joined = bool(line) and len(line) > full and len(widths) > 2
    return "\n".join(out)


FORMAT = Format(
    name="pdf",
    suffixes=frozenset({".pdf"}),
    read=read,
    sniff=lambda file: b"%PDF-" in file.head[:1024],
    anywhere=True,
    version=1,
)
