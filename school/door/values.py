"""What goes through the door, as plain values: answers, pairs, scopes, how it is doing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ME = "owner"  # the person at the terminal
STAFF = ("scribe", "reflection", "diary")  # sources of lessons that nobody from outside gave
GREY = (0.5, 0.5, 0.5)  # a colour that says nothing


class Busy(Exception):
    """Too many questions are waiting; ask again later."""


class Asleep(Exception):
    """The school is closing; nobody answers any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. ``ending``: "end" (it was done), "limit" (too many tokens) or "time" (took too long)."""

    id: str
    text: str
    tokens: tuple[int, ...]
    step: int  # of the weights that finished it
    color: tuple[float, float, float]  # its self-state as it spoke, red green blue in [0, 1]
    seconds: float  # from the question to the last token
    first_token_seconds: float
    conversation: str
    ending: str
    log_probability: float | None = None  # nats per token that its own words had for it, before it was held to anything
    repeats: float | None = None  # share of its tokens said again, beyond how often its texts do that


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How it is doing; plain values for any display."""

    awake: bool = True
    learning: bool = True
    step: int = 0
    tokens_seen: int = 0
    loss: float | None = None  # nats per token, average of the last steps
    held_out_bits_per_byte: float | None = None
    best_bits_per_byte: float | None = None
    tokens_per_second: float | None = None
    learning_rate: float | None = None
    rate_scale: float = 1.0  # what its examinations left of the rate; small when it has learned its library
    temperature: float = 1.0  # that suits its knowledge, measured on held-out text
    color: tuple[float, float, float] = GREY
    expected: tuple[float, float, float] = GREY  # the colour it thought it would have
    mood: str = ""  # a word for it
    texts: int = 0
    library_tokens: int = 0
    parameters: int = 0
    pairs: int = 0  # under instruction
    replies: int = 0  # since waking
    skipped_steps: int = 0
    saved_step: int | None = None
    unwritten: int = 0  # rows the record could not take yet
    gauges: dict[str, float] = field(default_factory=dict)  # what the brain tunes for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where something was said: the surface, and its own ids of the channel and the message there."""

    surface: str = ""
    channel: str = ""
    message: str = ""


NOWHERE = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Something taught: an answer to a prompt, or, with an empty prompt, a text of its own."""

    id: str
    prompt: str
    answer: str
    weight: float = 1.0
    person: str = ""
    source: str = ""
    reply: str = ""  # the id of the reply it was made from
    asker: str = ""  # whose question the prompt is, where that is somebody else
    origin: Origin = NOWHERE  # of the answer
    asked_in: str = ""  # the surface's id of the message that the prompt was


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What was said on a surface and is to be removed: whatever agrees with every field that is given.

    ``since`` and ``before`` are ids of this module, which sort by time. With ``answers``, only what the baby said and
    what was made of it; the questions stay.
    """

    surface: str
    channel: str = ""
    messages: frozenset[str] = frozenset()  # the surface's ids
    person: str = ""
    since: str = ""
    before: str = ""
    answers: bool = False

    def covers(self, pair: Pair) -> bool:
        if self.answers:
            return bool(pair.reply) and self.reaches(pair.reply, pair.origin, set(), set())
        return self.reaches(pair.id, pair.origin, {pair.origin.message, pair.asked_in}, {pair.person, pair.asker})

    def reaches(self, key: str, origin: Origin, messages: set[str], people: set[str]) -> bool:
        """Whether it covers something with this id, from there, that is made of these messages by these people."""
        return (
            origin.surface == self.surface
            and (not self.channel or origin.channel == self.channel)
            and (not self.messages or not self.messages.isdisjoint(messages))
            and (not self.person or self.person in people)
            and (not self.since or key >= self.since)
            and (not self.before or key < self.before)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How much the record holds of a person."""

    messages: int  # what they said: questions and marks
    replies: int
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a removal took from the record."""

    rows: int
    people: frozenset[str]  # whose questions were among it
    replies: frozenset[str]  # ids of answers that were among it


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question and the answer it got."""

    reply_id: str
    question: str
    answer: str
    person: str
    verdict: str = ""  # the last one it got
    trust: int | None = None  # in whoever said that, as the surface counts it; None: nobody knows
    origin: Origin = NOWHERE  # of the question
    sent: str = ""  # the surface's id of the answer
    marks: tuple[tuple[str, str], ...] = ()  # who said what of it: person, verdict


def writable(text: str) -> str:
    """Text with lone surrogates replaced, so that it has a UTF-8 form and can be written down."""
    return text.encode("utf-8", "replace").decode("utf-8")


class _Ids:
    """By which clock (seconds since 1970) ids are made in this process."""

    clock: Callable[[], float] = staticmethod(lambda: time.time())


def date_ids_by(clock: Callable[[], float] | None) -> None:
    """Let all ids from now on be dated by this clock, for what is deleted by age is found by its id; None: the one on
    the wall."""
    _Ids.clock = staticmethod(clock or (lambda: time.time()))


def new_id() -> str:
    """A short id that sorts by time."""
    return f"{id_at(_Ids.clock())}{secrets.token_hex(4)}"


def id_at(moment: float) -> str:
    """Where the ids of a moment (seconds since 1970) begin: those made before sort before it."""
    return f"{int(moment * 1000):011x}"
