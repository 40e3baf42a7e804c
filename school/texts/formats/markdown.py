"""Markdown, whose marks are learned like any other letters, and what Obsidian, Logseq and Notion add to it.

Links of theirs become the words that one sees; what one doesn't see goes. Code is left as it is: brackets in it are no
links.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from school.texts.content import Content
from school.texts.formats import Format, plain
from school.texts.original import Original
from school.texts.standing import Standing

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_KEY = re.compile(r"^(?:[\w .-]+:.*|[ \t]+.*|-.*|#.*|)$")  # a line of front matter
_CODE = re.compile(r"(^[ \t]*(```+|~~~+)[^\n]*\n.*?(?:^[ \t]*\2[`~]*[ \t]*$|\Z)|`[^`\n]+`)", re.S | re.M)
_QUERY = re.compile(r"^[ \t]*(?:```+|~~~+)[ \t]*(?:dataview|dataviewjs|query|tasks|mermaid)\b")
_NOTION = re.compile(r" ?[0-9a-f]{32}\.md$")
_NOTION_LINES = re.compile(r"\A(# [^\n]*\n\n)((?:[\w ()/&-]+: [^\n]*\n)+)\n")

LABEL, NOTE = r"[^\]\[\n]{0,500}", r"[^\]\[|\n]{0,500}"  # bounded: of a million brackets each would look for its end
Rule = tuple[str, tuple[bytes, ...], re.Pattern[str], str]
RULES: tuple[Rule, ...] = (  # what counts as left out, parts of which one must be there, what it looks like, what stays
    ("comment", (b"%%", b"<!--"), re.compile(r"%%(?:[^%]|%(?!%))*%%|<!--(?:[^<]|<(?!!--))*?-->"), ""),
    ("picture or embed", (b"![",), re.compile(rf"!\[\[{LABEL}\]\]|!\[{LABEL}\]\([^)\n]{{0,2000}}\)"), ""),
    ("embed", (b"{{", b"(("), re.compile(r"\{\{[^{}\n]*\}\}|!?\(\([0-9a-f-]{36}\)\)"), ""),
    ("log", (b":LOGBOOK:",), re.compile(r"^[ \t]*:LOGBOOK:(?:[^:]|:(?!LOGBOOK:))*?^[ \t]*:END:[ \t]*\n?", re.M), ""),
    ("property", (b"::",), re.compile(r"^[ \t]*(?:[-*] )?[\w-]{1,60}::(?: [^\n]*)?(?:\n|\Z)", re.M), ""),
    ("property", (b":: ",), re.compile(r"[\[(][\w -]{1,60}:: [^\])\n]{0,500}[\])]"), ""),
    ("", (b"[[",), re.compile(rf"\[\[{NOTE}\|({LABEL})\]\]"), r"\1"),  # [[note|words]]
    ("", (b"[[",), re.compile(rf"\[\[([^\]\[#|\n]{{1,500}})(?:#{LABEL})?\]\]"), r"\1"),  # [[note#heading]]
    ("", (b"[[",), re.compile(rf"\[\[#?({LABEL})\]\]"), r"\1"),
    ("", (b"[!",), re.compile(r"^(>+[ \t]*)\[![\w -]{1,60}\][+-]?[ \t]*", re.M), r"\1"),  # > [!note] title
    ("", (b" ^", b"\t^"), re.compile(r"[ \t]\^[\w-]{1,60}[ \t]*$", re.M), ""),  # the name of a block
    ("", (b"] ",), re.compile(r"^([ \t]*[-*+] )\[[ xX/-]\] ", re.M), r"\1"),  # a task
)
_BULLET = re.compile(r"^[ \t]*[-*] ?", re.M)
_LOGSEQ = re.compile(r"^[ \t]*(?:id|collapsed|created-at)::", re.M)


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, dropped = plain.read(file), Counter[str]()
    (text,) = found.documents
    outline = ("::" in text and bool(_LOGSEQ.search(text))) or file.neighbour("../logseq/config.edn") is not None
    text = _without_front(text, dropped)
    if _NOTION.search(file.name) and (lines := _NOTION_LINES.match(text)):
        dropped["property"] += lines[2].count("\n")
        text = f"{lines[1]}{text[lines.end() :]}"
    parts = _CODE.split(text) if "`" in text or "~~~" in text else [text]  # prose, code, its fence, prose, ...
    out = [_words(part, dropped) if i % 3 == 0 else _code(part, dropped) for i, part in enumerate(parts) if i % 3 != 2]
    text = "".join(out)
    if outline:
        text = _BULLET.sub("", text)
    return replace(found, documents=[text], dropped=found.dropped + dropped)


def _without_front(text: str, dropped: Counter[str]) -> str:
    front = _FRONT.match(text)
    if not front or not all(_KEY.match(line) for line in (front[1] or "").split("\n")):
        return text
    dropped["front matter"] += 1
    return text[front.end() :].lstrip("\n")


def _words(prose: str, dropped: Counter[str]) -> str:
    said = Standing.of(prose)
    for rule, needed, pattern, stays in RULES:
        if not said.has(*needed):
            continue
        prose, count = pattern.subn(stays, prose)
        if count:
            said = Standing.of(prose)
        if rule:
            dropped[rule] += count
    return prose


def _code(code: str, dropped: Counter[str]) -> str:
    if not _QUERY.match(code):
        return code
    dropped["query"] += 1
    return ""


FORMAT = Format(name="markdown", suffixes=frozenset({".md", ".markdown"}), read=read, version=5)
