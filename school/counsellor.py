"""The counsellor: listens to everything and keeps the log; what matters reaches the screen, each worry once.

It can keep a secret: what it was told in confidence, and what looks like it, is left out of whatever it passes on.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

LOG_BYTES, LOG_FILES = 1_000_000, 5
QUIETER = {"apscheduler": logging.WARNING, "twitchio": logging.ERROR}  # a library's own view of what we tell ourselves
HIDDEN = "(secret)"
SECRETS_KEPT = 1000  # the oldest are tokens that have long expired
SHORTEST_SECRET = 6  # anything shorter would hide common words

_told: dict[str, None] = {}  # in the order they were told
_NAMED = (
    r"\b(?:client_secret|access_token|refresh_token|refresh|token|device_code|authorization_code|code|state|password)"
    r"[\"']?\s*[=:]\s*[\"']?(?:(?:Bearer|OAuth)\s+)?"
)
_LOOKS_SECRET = re.compile(rf"(?i)({_NAMED}|\b(?:Bearer|OAuth)[\s:]+)[\w.~%+/-]{{10,}}={{0,2}}")


def keep_secret(*values: str) -> None:
    """Never pass these on, wherever they turn up. Any thread may call it."""
    for value in values:
        for form in {value, quote(value, safe=""), quote_plus(value)}:
            if len(form) >= SHORTEST_SECRET:
                _told.pop(form, None)
                _told[form] = None
    while len(_told) > SECRETS_KEPT:
        _told.pop(next(iter(_told)))


def redact(text: str) -> str:
    """``text`` without what must be kept secret, and without what looks like a token in a web address or a header."""
    for secret in sorted(list(_told), key=len, reverse=True):  # the list in one go: other threads may add
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return _LOOKS_SECRET.sub(rf"\1{HIDDEN}", text)


def keep_log(folder: Path, say: Callable[[str], None]) -> Callable[[], None]:
    """Write all logging to ``folder/baby.log`` (rotated) and hand each new warning to ``say``; returns the undoing."""
    root = logging.getLogger()
    handlers: list[logging.Handler] = [_Worries(say)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            folder / "baby.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
        file.setFormatter(_Discreet("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        file.handleError = lambda record: None  # a full disk is no reason to print tracebacks
        handlers.append(file)
    except OSError as error:
        say(f"no log can be kept in {folder} ({error.strerror}).")
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name, level in QUIETER.items():
        logging.getLogger(name).setLevel(level)

    def stop() -> None:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()

    return stop


def keep_last_words() -> None:
    """Whatever ends the program, or is logged before and after there is a log, is printed without secrets."""
    sys.excepthook = lambda *error: print(redact("".join(traceback.format_exception(*error))), end="", file=sys.stderr)
    logging.lastResort.setFormatter(_Discreet())


class _Discreet(logging.Formatter):
    """Redacts a whole entry: message, arguments and traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _Worries(logging.Handler):
    """Shows a warning the first time it comes, not every time."""

    def __init__(self, say: Callable[[str], None]):
        super().__init__(logging.WARNING)
        self._say, self._said = say, set()

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg not in self._said and len(self._said) < 1000:
            self._said.add(record.msg)
            with contextlib.suppress(OSError, ValueError):  # a screen that is gone is no reason to fail
                self._say(redact(record.getMessage()))
