"""Chatterino's logs of a Twitch channel, and TwitchDownloader's texts: ``[time] login: text``. What Twitch says has no
name."""

from __future__ import annotations

import re
from collections import Counter

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._text import content, decoded, first_lines
from school.texts.original import Original

SAID = re.compile(r"\[[^\]\n]{4,30}\] {1,2}(?:\[[^\]\n]{1,20}\] )*(\w{1,30}): (.*)")
LINE = re.compile(r"\[[^\]\n]{4,30}\] {1,2}\S")
TIMED = re.compile(r"\[\d{1,2}:\d\d(?::\d\d)?\] \w{1,30}: ")
STARTED = ("# Start logging at", "# Stop logging at")
FEW = 3


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, gathering = decoded(file), Gathering(Counter())
    for line in found.text.split("\n"):
        if said := SAID.fullmatch(line.rstrip("\r")):
            gathering.add(said[1], said[2])
        elif line.strip():
            gathering.dropped["system line"] += 1
    return content(found, [gathering.talk], dropped=gathering.dropped)


def sniff(file: Original) -> bool:
    lines = first_lines(file)
    if file.suffix == ".txt":  # "[18/12/2023, 15:57] Ann: hi" is one of WhatsApp's
        timed = len(lines) >= FEW and all(TIMED.match(line) for line in lines)
        return bool(lines) and (timed or lines[0].startswith(STARTED))
    hits = sum(SAID.fullmatch(line) is not None for line in lines)
    return bool(lines) and (lines[0].startswith(STARTED) or (hits >= FEW and all(map(LINE.match, lines))))


FORMAT = Format(name="chatterino", suffixes=frozenset({".log", ".txt"}), read=read, sniff=sniff, version=1)
