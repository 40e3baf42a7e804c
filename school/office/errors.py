"""What may be said of an error where nobody's words have a place: in a log.

The text of an error is often the very thing that could not be understood: a line of a chat, a name, an answer. So it is
told only of those kinds whose text is about the program or the machine, ours among them if they have ``own_words``; of
all others their kind, and where they came from.
"""

from __future__ import annotations

import sqlite3
import traceback
from types import TracebackType

from school.office.mistakes import Mistake

ABOUT_US = (
    ArithmeticError, AttributeError, BrokenPipeError, ImportError, IndexError, MemoryError, ModuleNotFoundError,
    NameError, NotImplementedError, OverflowError, RecursionError, RuntimeError, TypeError, UnboundLocalError,
    ZeroDivisionError, Mistake,
)  # fmt: skip
ABOUT_THE_MACHINE = (OSError, sqlite3.Error)  # with all that are kinds of them


def in_short(error: BaseException) -> str:
    """The kind of an error, with its text if that can't hold anybody's words."""
    kind = type(error).__name__
    telling = type(error) in ABOUT_US or isinstance(error, ABOUT_THE_MACHINE) or getattr(error, "own_words", False)
    return f"{kind}: {error}" if telling and str(error) else kind


def in_full(error: BaseException, trace: TracebackType | None = None) -> str:
    """The traceback of an error and of those that led to it, each told in short."""
    parts = []
    if before := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        parts.append(in_full(before, before.__traceback__) + "\nand then:")
    if trace or error.__traceback__:
        parts.append("Traceback (most recent call last):")
        parts.append("".join(traceback.format_tb(trace or error.__traceback__)).rstrip("\n"))
    parts.append(in_short(error))
    if isinstance(error, BaseExceptionGroup):
        parts += [f"one of them:\n{in_full(one)}" for one in error.exceptions]
    return "\n".join(parts)
