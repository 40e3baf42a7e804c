"""DiscordChatExporter: JSON, CSV or text."""

from __future__ import annotations

import re
from collections import Counter

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._json import Objects
from school.texts.formats._text import beginning, content, decoded, first_lines
from school.texts.formats.table import rows_of, titles_of
from school.texts.original import Original

SAID = ("Default", "Reply", "ThreadStarterMessage", "0", "19")
HEADER = ["authorid", "author", "date", "content"]
SYSTEM = re.compile(  # what stands in CSV and text like something said
    r"(?:Joined the server|Pinned a message|Started a (?:call that lasted|thread)|Added .+ to the group|"
    r"Removed .+ from the group|Changed the channel (?:name|icon)|Left the group)[^\n]*"
)
HEAD = re.compile(r"\[[^\]\n]{6,40}\] (.+?)(?: \(pinned\))?")
BLOCKS = re.compile(r"\{(?:Attachments|Embed|Stickers|Reactions)\}")
RULE = "=" * 20


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    return {".json": _json, ".csv": _csv}.get(file.suffix, _text)(file)


def _json(file: Original) -> Content:
    found, gathering = Objects(file, ["messages.item"]), Gathering(Counter())
    for _, message in found:
        author = message.get("author") or {}
        if message.get("type", "Default") not in SAID:
            gathering.dropped["system message"] += 1
        elif author.get("isBot"):
            gathering.dropped["bot's message"] += 1
        elif message.get("forwardedMessage"):
            gathering.dropped["forwarded message"] += 1
        elif not (message.get("content") or "").strip():
            gathering.dropped["attachment"] += 1
        else:
            gathering.add(author.get("name") or author.get("nickname") or "", message["content"])
    return Content(documents=[gathering.talk], dropped=gathering.dropped, note=found.note)


def _csv(file: Original) -> Content:
    found, gathering = decoded(file), Gathering(Counter())
    rows = rows_of(found.text)
    next(rows, None)
    for row in rows:
        _add(gathering, row[1] if len(row) > 1 else "", row[3] if len(row) > 3 else "")
    return content(found, [gathering.talk], dropped=gathering.dropped)


def _text(file: Original) -> Content:
    found, gathering = decoded(file), Gathering(Counter())
    speaker, lines = "", []
    for line in [*found.text.split("\n"), RULE]:
        if (head := HEAD.fullmatch(line)) or line.startswith(RULE):
            if speaker:
                _add(gathering, speaker, "\n".join(lines))
            speaker, lines = (head[1] if head else ""), []
        else:
            lines.append(line)
    return content(found, [gathering.talk], dropped=gathering.dropped)


def _add(gathering: Gathering, speaker: str, text: str) -> None:
    said = BLOCKS.split(text, maxsplit=1)[0].strip()
    if not said:
        gathering.dropped["attachment"] += 1
    elif SYSTEM.fullmatch(said):
        gathering.dropped["system message"] += 1
    else:
        gathering.add(speaker, said)


def sniff(file: Original) -> bool:
    if file.suffix == ".json":
        text = beginning(file)
        return all(f'"{key}"' in text for key in ("guild", "channel", "exportedAt"))
    if file.suffix == ".csv":
        return titles_of(file)[:4] == HEADER
    lines = first_lines(file, 3)
    return len(lines) > 2 and lines[0].startswith(RULE) and lines[1].startswith("Guild: ")


FORMAT = Format(
    name="discord", suffixes=frozenset({".json", ".csv", ".txt"}), read=read, sniff=sniff, version=1, streams=True
)
