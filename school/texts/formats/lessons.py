"""Conversations as models are trained on them: ``{"messages": [...]}``, ShareGPT, ChatML; in one JSON file, or one on
each line. What the assistant says in them is the baby's part."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from school.texts.content import Content, Document, Gathering, Talk
from school.texts.formats import Format
from school.texts.formats._json import Objects, lines, text_of, whole
from school.texts.formats._text import beginning, content, decoded
from school.texts.original import Original

ROLES = {"human": "user", "gpt": "assistant", "bing": "assistant", "bard": "assistant", "chatgpt": "assistant",
         "model": "assistant", "baby": "assistant", "you": "user"}  # fmt: skip
OWNER = "assistant"
CHATML = re.compile(r"<\|im_start\|>[ \t]*(\w+)[ \t]*\n?(.*?)(?:<\|im_end\|>|(?=<\|im_start\|>)|\Z)", re.S)
PAIRS = (("prompt", "completion"), ("prompt", "response"), ("instruction", "output"), ("question", "answer"))


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    dropped: Counter[str] = Counter()
    if file.suffix not in (".jsonl", ".json"):
        found = decoded(file)
        return content(found, [_chatml(found.text, dropped)], owner=frozenset({OWNER}), dropped=+dropped)
    if file.suffix == ".jsonl":
        entries, objects = lines(file, dropped), None
    elif beginning(file).lstrip().startswith("["):
        objects = Objects(file, ["item"])
        entries = (value for _, value in objects)
    else:
        entries, objects = iter([whole(file)]), None
    documents = [document for entry in entries if (document := _document(entry, dropped))]
    note = objects.note if objects else ""
    return Content(documents=documents, owner=frozenset({OWNER}), dropped=+dropped, note=note)


def _document(entry: Any, dropped: Counter[str]) -> Document | None:
    if not isinstance(entry, dict):
        dropped["entry without words"] += 1
        return None
    text = entry.get("text")
    if isinstance(text, str) and text.strip():
        return _chatml(text, dropped) if "<|im_start|>" in text else text
    gathering = Gathering(dropped)
    for role, said in _turns(entry):
        role = ROLES.get(role.casefold(), role.casefold())
        if role in ("user", "assistant"):
            gathering.add(role, said)
        else:
            dropped[f"{role} message"] += 1
    if not gathering.talk:
        dropped["entry without words"] += 1
    return gathering.talk


def _turns(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    turns = entry.get("messages") or entry.get("conversations") or entry.get("conversation")
    if isinstance(turns, list):
        for turn in turns:
            if isinstance(turn, dict):
                said = turn.get("content") if "content" in turn else turn.get("value")
                yield str(turn.get("role") or turn.get("from") or ""), text_of(said)
        return
    for asked, answered in PAIRS:
        if isinstance(entry.get(asked), str) and isinstance(entry.get(answered), str):
            yield "user", "\n".join(part for part in (entry[asked], text_of(entry.get("input"))) if part)
            yield "assistant", entry[answered]
            return


def _chatml(text: str, dropped: Counter[str]) -> Talk:
    gathering = Gathering(dropped)
    for role, said in CHATML.findall(text):
        if role in ("user", "assistant"):
            gathering.add(role, said)
        else:
            dropped[f"{role} message"] += 1
    return gathering.talk


def sniff(file: Original) -> bool:
    text = beginning(file)
    if file.suffix not in (".jsonl", ".json"):
        return text.lstrip().startswith("<|im_start|>")
    if ('"messages"' in text or '"conversations"' in text) and ('"role"' in text or '"from"' in text):
        return '"from_id"' not in text
    pairs = any(f'"{asked}"' in text and f'"{answered}"' in text for asked, answered in PAIRS)
    return pairs or (file.suffix == ".jsonl" and isinstance(_first(text).get("text"), str))


def _first(text: str) -> dict[str, Any]:
    """What stands on the first line."""
    try:
        first = json.loads(text.lstrip().partition("\n")[0])
    except (ValueError, RecursionError):  # also of a line longer than the beginning that was looked at
        return {"text": ""} if text.lstrip().startswith('{"text":') else {}
    return first if isinstance(first, dict) else {}


FORMAT = Format(
    name="conversations", suffixes=frozenset({".jsonl", ".json", ".txt"}), read=read, sniff=sniff, version=1
)
