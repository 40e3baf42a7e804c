"""The counsellor: listens to everything and keeps the log; what matters reaches the screen, each worry once.

It can keep a secret: what it was told in confidence, and what looks like it, is left out of whatever it passes on. And
nobody takes lines out of a log again, so what people write and are called never gets there: not with an error, and not
through the libraries that handle their words.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import logging.handlers
import math
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from school.office.errors import in_full, in_short
from school.office.files import make_way
from school.office.foreign import emit, one_line, to_json, visible

LOG_BYTES, LOG_FILES = 1_000_000, 5
QUIETER = {"twitchio": logging.ERROR}  # a library's own view of what we tell ourselves
HANDLING = ("aiohttp", "asyncio", "prompt_toolkit", "twitchio")  # libraries that people's words go through
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FOLD_SECONDS, FOLDS = 3600.0, 1000  # how long a warning that repeats is only counted; how many of them
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


def keep_log(
    folder: Path, say: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic
) -> Callable[[], None]:
    """Write all logging to ``folder/baby.log`` and, for machines, a JSON object a line, to ``folder/baby.jsonl`` (both
    rotated), and hand warnings to ``say``; one that repeats is folded. Returns the undoing."""
    root = logging.getLogger()
    handlers: list[logging.Handler] = [_Worries(say)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("baby.log", "baby.jsonl"):
            make_way(folder / name)  # to open a pipe at whose other end nobody is would take for ever
        handlers += [_rotating(folder / "baby.log", _Discreet(LINE)), _rotating(folder / "baby.jsonl", _Structured())]
    except OSError as error:
        say(f"no log can be kept in {folder} ({error.strerror}).")
    desk = _Folding(handlers, clock)
    root.addHandler(desk)
    root.setLevel(logging.INFO)
    for name, level in QUIETER.items():
        logging.getLogger(name).setLevel(level)

    def stop() -> None:
        root.removeHandler(desk)
        desk.close()

    return stop


def _rotating(file: Path, form: logging.Formatter) -> logging.Handler:
    handler = logging.handlers.RotatingFileHandler(
        file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(form)
    handler.handleError = lambda record: None  # a full disk is no reason to print tracebacks
    return handler


def keep_last_words() -> None:
    """Whatever ends the program, or is logged before and after there is a log, is printed without secrets."""
    sys.excepthook = _last_words
    threading.excepthook = lambda failed: _last_words(*failed[:3])
    logging.lastResort.setFormatter(_Discreet())


def _last_words(*error: Any) -> None:
    if sys.stderr:
        emit(redact("".join(traceback.format_exception(*error))).rstrip("\n"), sys.stderr)


class _Discreet(logging.Formatter):
    """Redacts a whole entry: message, arguments and traceback. A message is one line."""

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        record.msg, record.args = one_line(redact(record.getMessage())), ()
        record.exc_text = None  # how somebody else told the error
        return visible(redact(super().format(record)))

    def formatException(self, failed: Any) -> str:  # noqa: N802
        return in_full(failed[1], failed[2]) if failed and failed[1] else ""


class _Structured(_Discreet):
    """An entry as one JSON object: when, how grave, who, what, and the ``facts`` that were given with it."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {"at": at, "level": record.levelname, "name": record.name, "message": record.getMessage()}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        entry |= getattr(record, "facts", {})
        return to_json(_without_secrets(entry))


def _without_secrets(value: Any, name: str = "") -> Any:
    """Redacted before it is written as JSON, in which a secret may look different; ``name`` may tell that it is one."""
    match value:
        case str():
            return redact(f"{name}={value}").removeprefix(f"{name}=") if name else redact(value)
        case dict():
            return {redact(str(key)): _without_secrets(part, str(key)) for key, part in value.items()}
        case list() | tuple():
            return [_without_secrets(part, name) for part in value]
        case float() if not math.isfinite(value):
            return None
        case None | bool() | int() | float():
            return value
    return _without_secrets(str(value), name)


class _Worries(logging.Handler):
    """Shows warnings to whoever is there."""

    def __init__(self, say: Callable[[str], None]):
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError, ValueError):  # a screen that is gone is no reason to fail
            self._say(one_line(redact(record.getMessage())))


@dataclass(slots=True)
class _Fold:
    """A warning that was passed on, and how often it came since. ``record``: the last time."""

    since: float
    record: logging.LogRecord
    more: int = 0


class _Folding(logging.Handler):
    """Passes entries on to ``handlers``. A warning that was passed on is only counted for an hour; then the count is
    told. Warnings are the same if they come from the same place, whatever the figures in them, about the same error."""

    def __init__(self, handlers: list[logging.Handler], clock: Callable[[], float]):
        super().__init__()
        self._handlers, self._clock = handlers, clock
        self._folds: dict[tuple, _Fold] = {}

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):  # what can't be told is no reason for anything else to fail
            self._take(record)

    def _take(self, record: logging.LogRecord) -> None:
        self._unfold(before=self._clock() - FOLD_SECONDS)
        if record.levelno >= logging.WARNING:
            if fold := self._folds.get(key := _sameness(record)):
                fold.more, fold.record = fold.more + 1, record
                return
            if len(self._folds) < FOLDS:
                self._folds[key] = _Fold(self._clock(), record)
        self._pass_on(record)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._unfold(before=math.inf)
        for handler in self._handlers:
            with contextlib.suppress(OSError):  # what a full disk did not take is lost
                handler.close()
        super().close()

    def _unfold(self, before: float) -> None:
        """Tell how often it came what was first told before then; what came no more may come as news again."""
        for key, fold in list(self._folds.items()):
            if fold.since > before:
                continue
            del self._folds[key]
            if fold.more:
                self._folds[key] = _Fold(self._clock(), fold.record)
                self._pass_on(_folded(fold.record, fold.more))

    def _pass_on(self, record: logging.LogRecord) -> None:
        record = _without_words(record)
        for handler in self._handlers:
            if record.levelno >= handler.level:
                handler.handle(record)


def _without_words(record: logging.LogRecord) -> logging.LogRecord:
    """Errors among the arguments told in short, and of a library that handles people's words only where it speaks."""
    record = copy.copy(record)
    if record.name.partition(".")[0] in HANDLING:
        record.msg, record.args = f"({record.funcName}, {record.filename}, line {record.lineno})", ()
    elif isinstance(record.args, tuple):
        record.args = tuple(in_short(one) if isinstance(one, BaseException) else one for one in record.args)
    return record


def _sameness(record: logging.LogRecord) -> tuple:
    where = record.name, record.pathname, record.lineno
    if record.msg == "%s":  # the words themselves are in the arguments
        where += (record.getMessage(),)
    error = record.exc_info[1] if record.exc_info else None
    return *where, type(error).__name__, str(error)


def _folded(record: logging.LogRecord, more: int) -> logging.LogRecord:
    summary = copy.copy(record)
    times = "once" if more == 1 else f"{more:,} times"
    summary.msg, summary.args = f"{record.getMessage()} ({times} more in the last hour)", ()
    summary.exc_info = summary.exc_text = None
    return summary
