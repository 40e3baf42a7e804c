"""Subtitles (.srt, .vtt): what was said, in order; a line that rolls on from one to the next is read once."""

from __future__ import annotations

import re
from collections import Counter

from school.texts.content import Content
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._text import content, decoded
from school.texts.original import Original

_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")  # who speaks, in WebVTT; pysubs2 leaves that out
_SOUND = re.compile(r"^[\[(♪♫][^\])]*[\])♪♫]$")  # [laughs]
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|<\d[\d:.]*>|\{\\[^}]*\}")


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    import pysubs2

    found, dropped = decoded(file), Counter[str]()
    text = _VOICE.sub(lambda voice: f"{voice[1].strip()}: ", found.text)
    try:
        cues = pysubs2.SSAFile.from_string(text, format_="vtt" if text.lstrip().startswith("WEBVTT") else "srt")
    except Exception as error:  # whatever its parsers stumble over
        raise Unreadable(f"its subtitles can't be understood ({type(error).__name__})") from None
    lines: list[str] = []
    for cue in cues:
        for line in (" ".join(_TAG.sub("", line).split()) for line in cue.plaintext.split("\n")):
            if _SOUND.match(line):
                dropped["sound"] += 1
            elif line and line not in lines[-2:]:
                lines.append(line)
            elif line:
                dropped["line shown again"] += 1
    if not lines:
        raise Unreadable("there are no subtitles in it")
    return content(found, ["\n".join(lines) + "\n"], dropped=dropped)


FORMAT = Format(name="subtitles", suffixes=frozenset({".srt", ".vtt"}), read=read, version=1)
