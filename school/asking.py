"""What the commands `ask` and `score` do: they go to the baby that is awake, or else to its newest soul.

Torch is loaded for a soul only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from school.door.local import LINE_BYTES, Line, Problem
from school.office.foreign import emit, to_json
from school.office.mistakes import Mistake
from school.screen.flow import Flow
from school.settings import SchoolSettings

if TYPE_CHECKING:
    from school.office.machine import Compute
    from school.souls.caretaker import Soul

FIELDS = ("text", "step", "seconds", "color", "conversation")
QUESTION_BYTES = LINE_BYTES // 8  # that a question may have; each may become six in JSON
LEAVING = ("/quit", "quit", "exit")

Say = Callable[[str], None]
Answer = Callable[[str, Callable[[str], None]], dict[str, Any]]


class Asker:
    """Asks and shows what is answered, as it comes."""

    def __init__(self, answer: Answer):
        self._answer = answer

    @classmethod
    @contextmanager
    def of(cls, settings: SchoolSettings, home: Path, conversation: str, say: Say) -> Iterator[Asker]:
        """``conversation``: one to go on from, or "" for one that ends with this process. Raises Mistake."""
        if line := Line.to(home):
            with line:
                yield cls(lambda text, on_token: line.ask(text, conversation, on_token))
            return
        from school.offline import Talk, remembering_of
        from school.record.queries import Queries

        soul, compute = newest(settings, home, say)
        told = Queries(home / "statistics" / "baby.db").pairs_learning()
        heard = remembering_of(soul, settings, home, compute)
        talk = Talk(soul, conversation, settings, compute, told=told, remembering=heard)

        def answer(text: str, on_token: Callable[[str], None]) -> dict[str, Any]:
            reply = talk.ask(text, on_token)
            return {name: getattr(reply, name) for name in FIELDS}

        yield cls(answer)

    def answer(self, question: str, *, as_json: bool, name: str = "") -> None:
        """Raises Mistake."""
        if as_json:
            emit(to_json(self._ask(question, lambda _: None)), sys.stdout)
            return
        flow = Flow(sys.stdout)
        flow.begin(name)
        try:
            self._ask(question, flow.feed)
        finally:
            flow.end()

    def _ask(self, question: str, on_token: Callable[[str], None]) -> dict[str, Any]:
        try:
            return self._answer(question, on_token)
        except Problem as problem:
            raise Mistake(f"{problem}.") from None


@contextmanager
def marker_of(settings: SchoolSettings, home: Path, say: Say) -> Iterator[Callable[[Path], dict[str, Any]]]:
    """What tells how well a file is predicted; it raises Mistake, and so does this."""
    if line := Line.to(home):

        def ask(file: Path) -> dict[str, Any]:
            try:
                return line.score(file) | {"file": str(file)}
            except Problem as problem:
                raise Mistake(f"{problem}") from None

        with line:
            yield ask
        return
    from school.offline import Marker

    soul, compute = newest(settings, home, say)
    marker = Marker(soul, settings, home, compute)
    yield lambda file: asdict(marker.score(file))


def newest(settings: SchoolSettings, home: Path, say: Say) -> tuple[Soul, Compute]:
    """The newest soul, and where to compute. Raises Mistake."""
    from school.assembly import souls_of
    from school.office.machine import prepare
    from school.offline import newest_soul

    compute = prepare(settings.machine)
    return newest_soul(souls_of(settings, home), say), compute


# ---- questions -----------------------------------------------------------------------------------------------------


def one_question(words: list[str]) -> str:
    """What was typed behind `ask`, or else all that stands on standard input. Raises Mistake."""
    if words and words != ["-"]:
        return " ".join(words)
    if sys.stdin is None or (sys.stdin.isatty() and not words):
        raise Mistake("what is to be asked? Write it behind ask, send it through a pipe, or talk with ask --chat.")
    question = _decoded(sys.stdin.buffer.read(QUESTION_BYTES + 1)).strip()
    if not question:
        raise Mistake("standard input holds no question.")
    return question


def questions(first: str, tell: Say) -> Iterator[str]:
    """Lines as they are typed, or come through a pipe, until they end or one of LEAVING. Raises Mistake."""
    if first:
        yield first
    for line in _typed() if sys.stdin is not None and sys.stdin.isatty() else _piped():
        question = line.strip().lstrip("\ufeff").strip()
        if question.lower() in LEAVING:
            return
        if question.startswith("/"):
            tell("(here you can only talk, and leave with /quit; all else is where it is awake)")
        elif question:
            yield question


def _typed() -> Iterator[str]:
    with suppress(ImportError):
        import readline  # noqa: F401  (lines can be edited then)
    with suppress(EOFError):
        while True:
            yield input("you: ")
    emit("", sys.stdout)


def _piped() -> Iterator[str]:
    while sys.stdin is not None and (line := sys.stdin.buffer.readline(QUESTION_BYTES + 1)):
        yield _decoded(line)


def _decoded(raw: bytes) -> str:
    """Raises Mistake."""
    if len(raw) > QUESTION_BYTES:
        raise Mistake(f"a question has at most {QUESTION_BYTES // 1000} kB; put texts into the library.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Mistake("the question on standard input is not UTF-8 text.") from None
