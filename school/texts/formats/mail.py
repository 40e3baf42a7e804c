"""Mail (.mbox, .eml): conversations, one for each thread, without what was quoted, and without signatures.

The owner is who sent what is labelled as sent, or to whom everything was delivered, or who wrote all of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from school.texts.content import Content, Gathering
from school.texts.encodings import Unreadable
from school.texts.formats import Format
from school.texts.formats._html import words_of
from school.texts.original import Original

if TYPE_CHECKING:
    from email.message import Message

LARGEST_MAIL = 64 << 20  # bytes; what is longer is skipped
_WROTE = "wrote|schrieb|escribió|a écrit|ha scritto|escreveu|schreef|skrev|kirjoitti|napisał|пишет"
_QUOTES = re.compile(  # "On Monday Ann wrote:", in several languages, and what stands above a mail that is quoted
    r"^(?:(?:(?:On|Am|Le|El|Il|Em|Op|Den) [^\n]{4,200}\n)?"
    rf"[^\n]{{0,200}}\b(?:{_WROTE})\b[^\n]{{0,80}}:|_{{20,}}|"
    r"-{2,} ?(?:Original Message|Ursprüngliche Nachricht|Forwarded message|Mensaje original|Message d'origine|"
    r"Messaggio originale)[^\n]*)[ \t]*$",
    re.M | re.I,
)
_SIGNATURE = re.compile(r"^-- ?$", re.M)


def read(file: Original) -> Content:
    """Raises OSError, Unreadable."""
    from email import message_from_bytes

    dropped: Counter[str] = Counter()
    threads: dict[str, Gathering] = {}
    thread_of: dict[str, str] = {}
    sent, delivered, wrote, count = Counter[str](), Counter[str](), Counter[str](), 0
    for raw in _mails(file, dropped):
        mail = message_from_bytes(raw)  # the newer policy parses every header, eight times as slowly
        who = _first_address(mail, "from")
        if not who:
            dropped["mail without a sender"] += 1
            continue
        count += 1
        wrote[who] += 1
        labels = str(mail.get("x-gmail-labels", "")).casefold()
        sent[who] += "sent" in labels or "gesendet" in labels
        delivered[_first_address(mail, "delivered-to")] += 1
        key = _thread(mail, thread_of, count)
        threads.setdefault(key, Gathering(dropped)).add(who, words(mail, dropped))
    if not count:
        raise Unreadable("there is no mail in it")
    del delivered[""]
    owner = +sent or delivered or (wrote if len(wrote) == 1 else {})
    return Content(
        documents=[thread.talk for thread in threads.values() if thread.talk],
        owner=frozenset(list(owner) if owner is not delivered else [delivered.most_common(1)[0][0]]),
        dropped=+dropped,
    )


def _mails(file: Original, dropped: Counter[str]) -> Iterator[bytes]:
    """The messages of a mailbox: a line that begins with "From " behind an empty one begins the next."""
    if not file.head.startswith(b"From "):
        yield file.raw()
        return
    mail, size, empty = [], 0, True
    with file.open() as stream:
        while line := stream.readline(LARGEST_MAIL):
            if empty and line.startswith(b"From "):
                yield from _kept(mail, size, dropped)
                mail, size = [], 0
            else:
                size += len(line)
                if size <= LARGEST_MAIL:
                    mail.append(line[1:] if line.startswith((b">From ", b">>From ")) else line)
            empty = not line.strip()
    yield from _kept(mail, size, dropped)


def _kept(mail: list[bytes], size: int, dropped: Counter[str]) -> Iterator[bytes]:
    if size > LARGEST_MAIL:
        dropped["mail that is too large"] += 1
    elif mail:
        yield b"".join(mail)


def _first_address(mail: Message, header: str) -> str:
    from email.utils import getaddresses

    try:
        return next((address.casefold() for _, address in getaddresses([str(mail.get(header, ""))]) if address), "")
    except (ValueError, LookupError, TypeError, AttributeError):  # headers may hold anything
        return ""


def _thread(mail: Message, thread_of: dict[str, str], number: int) -> str:
    """Which conversation a mail belongs to."""
    own = str(mail.get("message-id", "")).strip() or f"#{number}"
    before = f"{mail.get('references', '')} {mail.get('in-reply-to', '')}".split()
    thread = next((thread_of[one] for one in before if one in thread_of), before[0] if before else own)
    for one in (own, *before):
        thread_of.setdefault(one, thread)
    return thread


def words(mail: Message, dropped: Counter[str]) -> str:
    """What its sender wrote."""
    body = _body(mail)
    try:
        raw = body.get_payload(decode=True) if body else None
        text = (raw or b"").decode(body.get_content_charset("utf-8"), "replace") if body else ""
    except (LookupError, ValueError, AttributeError, TypeError, AssertionError):  # unknown charsets, broken parts
        dropped["mail that can't be decoded"] += 1
        return ""
    text = text.replace("\r\n", "\n")
    if body and body.get_content_type() == "text/html":
        text = words_of(text)
    elif body and body.get_param("format") == "flowed":
        text = _flowed(text, delsp=str(body.get_param("delsp")).casefold() == "yes")
    for pattern, rule in ((_QUOTES, "quotation"), (_SIGNATURE, "signature")):
        if cut := pattern.search(text):
            dropped[rule] += 1
            text = text[: cut.start()]
    lines = text.split("\n")
    kept = [line for line in lines if not line.startswith(">")]
    dropped["quoted line"] += len(lines) - len(kept)
    return "\n".join(kept).strip()


def _body(mail: Message) -> Message | None:
    """The part that is its text: the plain one, or else the web page."""
    parts = [part for part in mail.walk() if not part.is_multipart() and part.get_content_disposition() != "attachment"]
    by_kind = {part.get_content_type(): part for part in reversed(parts)}
    return by_kind.get("text/plain") or by_kind.get("text/html")


def _flowed(text: str, *, delsp: bool) -> str:
    """Lines that end with a space go on (RFC 3676)."""
    out, goes_on = [], False
    for line in text.split("\n"):
        stuffed = line[1:] if line.startswith(" ") else line
        if goes_on and not line.startswith(">"):
            out[-1] += stuffed
        else:
            out.append(stuffed)
        goes_on = line.endswith(" ") and line != "-- " and not line.startswith(">")
        if goes_on and delsp:
            out[-1] = out[-1][:-1]
    return "\n".join(out)


FORMAT = Format(name="mail", suffixes=frozenset({".mbox", ".mbx", ".eml"}), read=read, version=1, streams=True)
