"""Chat logs with a line for each message: irssi, WeeChat, ZNC, HexChat, mIRC, and Chatty for Twitch."""

from __future__ import annotations

import re
from collections import Counter

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._text import content, decoded, first_lines
from school.texts.original import Original

TIME = r"(?:\[?(?:\d{4}-\d\d-\d\d[ T])?\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?\]?|[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d)"
NICK = r"[ @+%&~!]?([^\s<>]{1,40})"
SAID = re.compile(rf"{TIME}\s<{NICK}>(\*)?\s?(.*)", re.S)
ACTION = re.compile(rf"{TIME}\s+\* ([^\s<>]{{1,40}}) (.*)", re.S)  # * nick acts
TABBED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\t([^\t]*)\t(.*)", re.S)  # WeeChat
NO_NICKS = {"", "--", "-->", "<--", "=!=", " *", "*", "-"}
COLOURS = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]|\x04[0-9a-fA-F]{6}")
ENOUGH = 0.5  # of the first lines, or FEW of them: there may be many that only tell who came
FEW = 3


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, gathering = decoded(file), Gathering(Counter())
    for line in found.text.split("\n"):
        said = message(line)
        if said:
            gathering.add(*said)
        elif line.strip():
            gathering.dropped["system line"] += 1
    return content(found, [gathering.talk], dropped=gathering.dropped)


def message(line: str) -> tuple[str, str] | None:
    """Who says what in a line, if anybody says something in it."""
    line = COLOURS.sub("", line.rstrip("\r"))
    if said := SAID.fullmatch(line):
        return said[1], f"*{said[3]}*" if said[2] else said[3]
    if acts := ACTION.fullmatch(line):
        return acts[1], f"*{acts[2]}*"
    if said := TABBED.fullmatch(line):
        nick = said[1].strip().lstrip("@+%&~!")
        if said[1].strip() == "*":  # an action, whose nick is in the text
            nick, _, acts = said[2].partition(" ")
            return nick, f"*{acts}*"
        return None if said[1] in NO_NICKS or nick in NO_NICKS else (nick, said[2])
    return None


def sniff(file: Original) -> bool:
    lines = first_lines(file)
    hits = sum(message(line) is not None for line in lines)
    return bool(lines) and (hits >= ENOUGH * len(lines) or (hits >= FEW and file.suffix != ".txt"))


FORMAT = Format(name="chat log", suffixes=frozenset({".log", ".txt", ".weechatlog"}), read=read, sniff=sniff, version=1)
