"""Slack's export: a folder for each channel, a file for each day; who is who is in ``users.json`` beside them."""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import Any

from school.texts.content import Content, Gathering
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._json import Objects, whole
from school.texts.formats._text import beginning
from school.texts.original import Original

SAID = {None, "thread_broadcast", "me_message", "file_share", "file_comment"}
REFERENCE = re.compile(r"<([@#!]?)([^|>\n]*)(?:\|([^>\n]*))?>")


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    people, found, gathering = _people(file), Objects(file, ["item"]), Gathering(Counter())
    for _, message in found:
        if message.get("type", "message") != "message" or message.get("subtype") not in SAID:
            gathering.dropped["bot's message" if message.get("subtype") == "bot_message" else "system message"] += 1
        elif message.get("bot_id"):
            gathering.dropped["bot's message"] += 1
        elif text := _shown(message.get("text") or "", people) or _of_blocks(message.get("blocks"), people):
            gathering.add(_who(message, people), text)
        else:
            gathering.dropped["attachment"] += 1
    return Content(documents=[gathering.talk], dropped=gathering.dropped, note=found.note)


def _people(file: Original) -> dict[str, str]:
    users = file.neighbour("../users.json")
    try:
        listed = whole(users) if users else []
    except (OSError, Unreadable):
        return {}
    return {user.get("id"): _name(user) for user in listed if isinstance(user, dict)}


def _name(user: dict[str, Any]) -> str:
    profile = user.get("profile") or {}
    return user.get("real_name") or profile.get("real_name") or user.get("name") or user.get("id") or ""


def _who(message: dict[str, Any], people: dict[str, str]) -> str:
    known = people.get(message.get("user"))
    return known or _name(message.get("user_profile") or {}) or message.get("user") or ""


def _shown(text: str, people: dict[str, str]) -> str:
    """As one sees it."""

    def words(found: re.Match[str]) -> str:
        kind, what, label = found.groups()
        if kind == "@":
            return f"@{label or people.get(what, what)}"
        return f"{kind.replace('!', '@')}{label or what}"

    return html.unescape(REFERENCE.sub(words, text)).strip()


def _of_blocks(blocks: Any, people: dict[str, str]) -> str:
    """The words of rich text, where they stand nowhere else."""
    lines: list[str] = []
    waiting = list(reversed(blocks)) if isinstance(blocks, list) else []
    while waiting:
        block = waiting.pop()
        if not isinstance(block, dict):
            continue
        kind = block.get("type")
        if kind in ("rich_text_section", "rich_text_quote", "rich_text_preformatted"):
            lines.append("".join(_element(one, people) for one in block.get("elements") or []))
        elif kind == "section" and isinstance(block.get("text"), dict):
            lines.append(_shown(block["text"].get("text") or "", people))
        waiting += reversed(block.get("elements") or [])
    return "\n".join(line for line in lines if line.strip())


def _element(element: dict[str, Any], people: dict[str, str]) -> str:
    kind = element.get("type")
    if kind == "user":
        return f"@{people.get(element.get('user_id'), element.get('user_id'))}"
    return {"emoji": f":{element.get('name')}:"}.get(kind) or element.get("text") or element.get("url") or ""


def sniff(file: Original) -> bool:
    text = beginning(file)
    return text.lstrip().startswith("[") and re.search(r'"type": ?"message"', text) is not None and '"ts"' in text


FORMAT = Format(name="slack", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1)
