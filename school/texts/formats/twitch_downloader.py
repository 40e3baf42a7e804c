"""TwitchDownloader's JSON of a broadcast's chat: pictures of emotes make it huge, so it is read as it comes."""

from __future__ import annotations

from collections import Counter

from school.texts.content import Content, Gathering
from school.texts.formats import Format
from school.texts.formats._json import Objects
from school.texts.formats._text import beginning
from school.texts.original import Original


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    found, gathering = Objects(file, ["comments.item"]), Gathering(Counter())
    for _, comment in found:
        commenter = comment.get("commenter") or {}
        text = (comment.get("message") or {}).get("body") or ""
        gathering.add(commenter.get("display_name") or commenter.get("name") or "", text)
    return Content(documents=[gathering.talk], dropped=gathering.dropped, note=found.note)


def sniff(file: Original) -> bool:
    text = beginning(file)
    return '"comments"' in text and '"commenter"' in text or ('"streamer"' in text and '"FileInfo"' in text)


FORMAT = Format(
    name="twitch downloader", suffixes=frozenset({".json"}), read=read, sniff=sniff, version=1, streams=True
)
