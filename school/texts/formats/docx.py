"""Word documents (.docx): a zip of XML. Footnotes are in a file of their own; deleted text is marked as such."""

from __future__ import annotations

from school.texts.content import Content
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._xml import attribute, local, parse, walk
from school.texts.original import Archive, Original

PASSED_OVER = {"del", "moveFrom", "instrText", "delText", "Fallback", "pPr", "rPr", "sectPr"}
SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    with file.open() as stream:
        archive = Archive(stream)
        if "word/document.xml" not in archive.names:
            raise Unreadable("it is no Word document: nothing is written in it")
        parts = [paragraphs(archive.read("word/document.xml"))]
        for notes in ("word/footnotes.xml", "word/endnotes.xml"):
            if notes in archive.names:
                parts.append(paragraphs(archive.read(notes)))
    return Content(documents=["\n".join(line for part in parts for line in part if line.strip()) + "\n"])


def paragraphs(raw: bytes) -> list[str]:
    def enter(element) -> bool:
        return local(element) not in PASSED_OVER and not attribute(element, "type").startswith(("separator", "continu"))

    lines: list[list[str]] = [[]]
    for element, begins in walk(parse(raw, "the text"), enter):
        tag = local(element)
        if begins:
            lines[-1].append(element.text or "" if tag == "t" else SIGNS.get(tag, ""))
        elif tag == "p":
            lines.append([])
    return ["".join(line) for line in lines]


FORMAT = Format(name="docx", suffixes=frozenset({".docx", ".docm"}), read=read, version=1)
