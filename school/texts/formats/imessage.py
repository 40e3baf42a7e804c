"""What imessage-exporter writes: a block for each message, with when, who, and what; the owner is called Me."""

from __future__ import annotations

import re
from collections import Counter

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._text import content, decoded, first_lines
from school.texts.original import Original

WHEN = re.compile(r"( *)[A-Z][a-z]{2} \d\d, \d{4} +\d{1,2}:\d\d:\d\d [AP]M(?: \(.*\))?")
TOLD = re.compile(WHEN.pattern + r" \S.*")  # an announcement: Ann named the conversation
ATTACHED = re.compile(r"(?:/|~/|[A-Za-z]:\\|attachments/)\S.*\.\w{2,5}")
OF_THE_APP = ("Reactions:", "Tapbacks:", "Sent with ", "Edited ", "This message responded to an earlier message.")
ME = "Me"


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, gathering = decoded(file), Gathering(Counter())
    block: list[str] = []
    for line in [*found.text.split("\n"), "Jan 01, 2000 12:00:00 AM"]:
        if WHEN.fullmatch(line):
            _add(block, gathering)
            block = [line]
        elif TOLD.fullmatch(line):
            gathering.dropped["system message"] += 1
        elif block:
            block.append(line)
    return content(found, [gathering.talk], owner=frozenset({ME}), dropped=+gathering.dropped)


def _add(block: list[str], gathering: Gathering) -> None:
    if len(block) < 2:
        return
    indent = len(WHEN.fullmatch(block[0])[1])
    who, lines = block[1].strip(), []
    for line in (line[indent:] if line[:indent].isspace() else line for line in block[2:]):
        if line.startswith(OF_THE_APP[:2]):
            gathering.dropped["reaction"] += 1
            break
        if ATTACHED.fullmatch(line.strip()):
            gathering.dropped["attachment"] += 1
        elif not line.startswith(OF_THE_APP):
            lines.append(line)
    if text := "\n".join(lines).strip():
        gathering.add(who, text)


def sniff(file: Original) -> bool:
    lines = first_lines(file, 1)
    return bool(lines) and WHEN.fullmatch(lines[0]) is not None


FORMAT = Format(name="imessage", suffixes=frozenset({".txt"}), read=read, sniff=sniff, version=1)
