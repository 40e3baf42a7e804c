"""The counsellor: listens to everything and keeps the log; what matters reaches the screen, each worry once."""

from __future__ import annotations

import logging
import logging.handlers
from collections.abc import Callable
from pathlib import Path

LOG_BYTES, LOG_FILES = 1_000_000, 5


def keep_log(folder: Path, say: Callable[[str], None]) -> Callable[[], None]:
    """Write all logging to ``folder/baby.log`` (rotated) and hand each new warning to ``say``; returns the undoing."""
    root = logging.getLogger()
    handlers: list[logging.Handler] = [_Worries(say)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            folder / "baby.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
        )
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        file.handleError = lambda record: None  # a full disk is no reason to print tracebacks
        handlers.append(file)
    except OSError as error:
        say(f"no log can be kept in {folder} ({error.strerror}).")
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)

    def stop() -> None:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()

    return stop


class _Worries(logging.Handler):
    """Shows a warning the first time it comes, not every time."""

    def __init__(self, say: Callable[[str], None]):
        super().__init__(logging.WARNING)
        self._say, self._said = say, set()

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg not in self._said and len(self._said) < 1000:
            self._said.add(record.msg)
            self._say(record.getMessage())
