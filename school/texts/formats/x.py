"""The archive of X, once Twitter: ``tweets.js`` is JSON behind an assignment. Each post is a turn of its owner's."""

from __future__ import annotations

import html
import io
import re
from collections import Counter
from typing import BinaryIO

from school.texts.content import Content, Turn
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._json import Objects, whole
from school.texts.original import Original, of_bytes

BEGINNING = re.compile(rb"\s*window\.YTD\.(\w+)\.part\d+\s*=\s*")
POSTS = {b"tweets", b"tweet", b"note_tweet"}
SHORT_LINK = re.compile(r"\s*https?://t\.co/\w+")
ME = "me"


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    name, dropped, begins = _owner(file), Counter[str](), BEGINNING.match(file.head).end()
    found = Objects(Original(file.name, lambda: _behind(file.open(), begins)), ["item"])
    talk = []
    for _, item in found:
        post = item.get("tweet") or item
        text = html.unescape(post.get("full_text") or post.get("text") or "")
        if text.startswith("RT @") or post.get("retweeted_status"):
            dropped["retweet"] += 1
            continue
        text, links = SHORT_LINK.subn("", text)
        dropped["link"] += links
        if text.strip():
            talk.append(Turn(name, text.strip()))
        else:
            dropped["empty message"] += 1
    talk.reverse()  # the newest come first
    return Content(documents=[talk], owner=frozenset({name}), dropped=+dropped, note=found.note)


def _behind(stream: BinaryIO, place: int) -> BinaryIO:
    """The rest of a stream, as one that begins there."""
    stream.seek(place)
    with stream:
        return io.BytesIO(stream.read())


def _owner(file: Original) -> str:
    account = file.neighbour("account.js")
    try:
        raw = account.raw() if account else b""
        begins = BEGINNING.match(raw)
        return whole(of_bytes("account.json", raw[begins.end() :]))[0]["account"]["username"] if begins else ME
    except (OSError, Unreadable, LookupError, TypeError):
        return ME


def sniff(file: Original) -> bool:
    begins = BEGINNING.match(file.head)
    return begins is not None and begins[1] in POSTS


FORMAT = Format(name="x", suffixes=frozenset({".js"}), read=read, sniff=sniff, version=1)
