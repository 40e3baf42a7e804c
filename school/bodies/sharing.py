"""Sharing: the kinds of bodies, told by a file's ending, and how each is made."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from school.assembly import souls_of
from school.bodies.application import write_application
from school.bodies.baby_file import write_baby
from school.bodies.body import Body, body_of
from school.bodies.c_source import write_source
from school.bodies.html_page import write_page
from school.bodies.program import ENDING, write_program
from school.office.mistakes import Mistake
from school.offline import newest_soul
from school.settings import SchoolSettings
from school.texts.redaction import NAMES, read_names
from school.texts.tokenizer import Tokenizer

KINDS: dict[str, Callable[[Body, Path], None]] = {
    ".baby": write_baby,
    ".pyz": write_application,
    ".html": write_page,
    ".c": write_source,
    ENDING: write_program,
}


def share(
    settings: SchoolSettings, home: Path, file: Path, licence: str, say: Callable[[str], None]
) -> tuple[Body, int]:
    """Make a file of the newest soul's voice; returns what is in it and its size in bytes. Raises Mistake."""
    make = KINDS.get(file.suffix.lower())
    if make is None:
        endings = ", ".join(filter(None, KINDS))
        raise Mistake(f"{file}: its name must end with one of {endings}{'' if ENDING else ', or have no ending'}.")
    if os.path.lexists(file):
        raise Mistake(f"{file}: is there already; delete it, or name another file.")
    body = body_of(newest_soul(souls_of(settings, home), say), settings, home, licence)
    if names := listed_in_letters(body, home):
        say(f"its letters hold names from your {NAMES}, for everybody to read: {', '.join(names)}.")
    try:
        make(body, file)
        return body, file.stat().st_size
    except OSError as error:
        raise Mistake(f"{file}: can't be written ({error.strerror}).") from None


def listed_in_letters(body: Body, home: Path) -> list[str]:
    """The names on the owner's list that are said so often in its texts that they are tokens of their own. Raises
    Mistake for a list that can't be read."""
    pieces = Tokenizer.from_json(body.tokenizer).pieces
    words = {piece.decode("utf-8", "ignore").strip().casefold() for piece in pieces}
    names = [name.partition("=")[0].strip() for name in read_names(home / NAMES)]
    return [name for name in names if name.casefold() in words]
