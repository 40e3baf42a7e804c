"""ChatGPT's export: of each conversation the branch that was open last. Who asked is the owner."""

from __future__ import annotations

from collections import Counter
from typing import Any

from school.texts.content import Content, Gathering, Talk
from school.texts.formats import Format
from school.texts.formats._json import Objects
from school.texts.formats._text import beginning
from school.texts.original import Original

TEXTS = ("text", "multimodal_text")
OWNER = "user"


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, dropped = Objects(file, ["item"]), Counter[str]()
    talks = [talk for _, conversation in found if (talk := _talk(conversation, dropped))]
    return Content(documents=talks, owner=frozenset({OWNER}), dropped=+dropped, note=found.note)


def _talk(conversation: dict[str, Any], dropped: Counter[str]) -> Talk:
    gathering = Gathering(dropped)
    for message in reversed(_branch(conversation)):
        role = (message.get("author") or {}).get("role")
        told = message.get("content") or {}
        hidden = (message.get("metadata") or {}).get("is_visually_hidden_from_conversation")
        if hidden or role not in (OWNER, "assistant"):
            dropped["hidden message"] += role != "system" or bool(told.get("parts"))
        elif told.get("content_type") not in TEXTS or message.get("recipient", "all") != "all":
            dropped["tool's message"] += 1
        else:
            gathering.add(role, "\n".join(part for part in told.get("parts") or [] if isinstance(part, str)))
    return gathering.talk


def _branch(conversation: dict[str, Any]) -> list[dict[str, Any]]:
    """Its messages, the last one first."""
    nodes = conversation.get("mapping") or {}
    at, seen, messages = conversation.get("current_node"), set(), []
    if at not in nodes:
        at = next((name for name, node in reversed(nodes.items()) if not node.get("children")), None)
    while at in nodes and at not in seen:
        seen.add(at)
        if message := nodes[at].get("message"):
            messages.append(message)
        at = nodes[at].get("parent")
    return messages


def sniff(file: Original) -> bool:
    text = beginning(file)
    return '"mapping"' in text and '"author"' in text and '"parent"' in text


FORMAT = Format(name="chatgpt", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1, streams=True)
