"""OpenDocument texts (.odt): a zip of XML, footnotes in the middle of their sentences."""

from __future__ import annotations

from school.texts.content import Content
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._xml import attribute, local, parse, walk
from school.texts.original import Archive, Original

PASSED_OVER = {"tracked-changes", "annotation", "note-citation", "forms", "sequence-decls", "table-of-content"}
MOST_BLANKS = 1000


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    with file.open() as stream:
        archive = Archive(stream)
        if "content.xml" not in archive.names:
            raise Unreadable("it is no OpenDocument text: nothing is written in it")
        root = parse(archive.read("content.xml"), "the text")
    lines = [line for line in paragraphs(root) if line.strip()]
    return Content(documents=["\n".join(lines) + "\n"])


def paragraphs(root) -> list[str]:
    """Each paragraph, behind it its footnotes."""
    lines: list[str] = []
    open_lines: list[list[str]] = []  # of the paragraphs around: a footnote's stands in another's
    footnotes: list[str] = []
    for element, begins in walk(root, lambda one: local(one) not in PASSED_OVER):
        tag = local(element)
        if tag in ("p", "h") and begins:
            open_lines.append([])
        if begins and open_lines:
            open_lines[-1].append(_sign(element, tag) + (element.text or ""))
        if tag in ("p", "h") and not begins:
            line = "".join(open_lines.pop())
            if open_lines:
                footnotes.append(line)
            else:
                lines += [line, *footnotes]
                footnotes = []
        if not begins and open_lines:
            open_lines[-1].append(element.tail or "")
    return lines


def _sign(element, tag: str) -> str:
    if tag == "s":
        count = attribute(element, "c")
        return " " * min(int(count) if count.isdigit() else 1, MOST_BLANKS)
    return {"tab": "\t", "line-break": "\n"}.get(tag, "")


FORMAT = Format(name="odt", suffixes=frozenset({".odt", ".ott"}), read=read, version=1)
