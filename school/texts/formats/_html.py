"""The words of a web page: block by block, without scripts, styles and menus."""

from __future__ import annotations

import re
from collections import Counter

LINE, PARAGRAPH = "\ufdd8", "\ufdd9"  # stand for line ends until the source's own ones are out of the way
_IN_LINES = re.compile(
    r"<(?:br|/?(?:div|li|dd|dt|figcaption|section|article|header|main|hr|en-note|en-todo))\b[^<>]{0,2000}>", re.I
)
_IN_PARAGRAPHS = re.compile(r"</?(?:p|h[1-6]|ul|ol|dl|table|blockquote|pre)\b[^<>]{0,2000}>", re.I)
_ROW = re.compile(
    r"<tr\b[^<>]{0,2000}>\s{0,99}<t[dh]\b[^<>]{0,2000}>", re.I
)  # a sign in a table, but in no cell, is moved before the table
_CELL = re.compile(r"</t[dh]\s*>", re.I)
_PRE = re.compile(r"<pre\b(?:[^<]|<(?!/?pre\b))*</pre\s*>", re.I | re.S)
_NO_WORDS = "script, style, noscript, template, svg, head, nav, footer, iframe, select, button, object, audio, video"


def words_of(html: str, dropped: Counter[str] | None = None) -> str:
    """The text of a page or a part of one, with an empty line between paragraphs; pictures are counted."""
    from selectolax.lexbor import LexborHTMLParser

    html = _PRE.sub(lambda pre: pre[0].replace("\n", LINE), html)
    html = _ROW.sub(lambda tags: f"{tags[0]}{LINE}", html)
    html = _IN_LINES.sub(lambda tag: _beside(tag[0], LINE), html)
    html = _IN_PARAGRAPHS.sub(lambda tag: _beside(tag[0], PARAGRAPH), html)
    tree = LexborHTMLParser(_CELL.sub(lambda tag: f" {tag[0]}", html))
    if dropped is not None:
        dropped["picture"] += len(tree.css("img"))
    for node in tree.css(_NO_WORDS):
        node.decompose()
    text = tree.body.text() if tree.body else ""
    lines = [" ".join(line.split()) for line in text.replace(PARAGRAPH, f"{LINE}{PARAGRAPH}{LINE}").split(LINE)]
    out: list[str] = []
    for line in lines:
        if line == PARAGRAPH:
            if out and out[-1]:
                out.append("")
        elif line:
            out.append(line)
    return "\n".join(out).strip() + "\n" if any(out) else ""


def _beside(tag: str, sign: str) -> str:
    return f"{tag}{sign}" if tag.startswith("</") else f"{sign}{tag}"
