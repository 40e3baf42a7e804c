"""What goes through the door, as plain values: answers, pairs, scopes, how it is doing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brain.gauges import Gauge

ME = "owner"  # the person at the terminal
OWN_SURFACES = ("terminal", "ask", "web", "api")  # where nobody but the owner hears it
LIBRARY = "library"  # where a pair comes from that was made of a text there
MADE_OF = "+"  # between the id of a pair and what self-play made of it
GREY = (0.5, 0.5, 0.5)  # a colour that says nothing


class Busy(Exception):
    """Too many questions are waiting; ask again later."""


class Asleep(Exception):
    """The school is closing; nobody answers any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. ``ending``: "end" (it was done), "limit" (too many tokens) or "time" (took too long),
    "stop" (it came to a text that was to end it)."""

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
    told: Pair | None = None  # what it was taught to say there, if it said so
    heard: int = 0  # tokens that were read before it began


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one of two said in a conversation that was before."""

    text: str
    by_baby: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How one answer is to be, where that is not as always. ``stop``: texts with which it ends; ``seed``: of its
    chance, by which the same weights say the same again."""

    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


AS_ALWAYS = Manner()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a text is predicted. ``bits_per_byte``: negative log2-probability under the voice, with the hippocampus
    where there is one, over the text's UTF-8 bytes; ``step``: of the weights that read it."""

    file: str
    bytes: int
    tokens: int
    bits_per_byte: float
    brain_alone: float  # the same without the hippocampus
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How it is doing; plain values for any display."""

    awake: bool = True
    learning: bool = True
    paused: bool = False  # it would learn, but somebody said /pause
    rests: bool = False  # most of the time, as it knows its library and nothing is new
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
    asked: int = 0  # answers that the owner taught, at the last recital
    known: int = 0  # of these, by heart
    replies: int = 0  # since waking
    skipped_steps: int = 0
    saved_step: int | None = None
    unwritten: int = 0  # rows the record could not take yet
    gauges: tuple[Gauge, ...] = ()  # what the brain tunes for itself


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

    @property
    def text(self) -> str:
        """The text of the library that it was made of, by its name; "" where it was made of none."""
        return self.origin.channel if self.origin.surface == LIBRARY else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What goes.

    With a ``surface``: what was said there, whatever agrees with every field that is given. ``since`` and ``before``
    are ids of this module, which sort by time. With ``answers``, only what the baby said and what was made of it; the
    questions stay. Without a surface: all of a ``person``, wherever they said it, and all lessons from a ``source``.

    Besides, the lessons ``pairs`` (their ids) and those made of ``replies``, and the conversations with ``listeners``,
    who heard what goes. What is ``withdrawn`` stays in the record, but is not taught or remembered any more.
    """

    surface: str = ""
    channel: str = ""
    messages: frozenset[str] = frozenset()  # the surface's ids
    person: str = ""
    since: str = ""
    before: str = ""
    answers: bool = False
    source: str = ""
    pairs: frozenset[str] = frozenset()
    replies: frozenset[str] = frozenset()
    listeners: frozenset[str] = frozenset()
    withdrawn: bool = False

    @property
    def in_record(self) -> bool:
        """Whether it names anything that the record has rows of."""
        return bool(self.surface or self.person or self.source)

    @property
    def conversations(self) -> frozenset[str]:
        """The people whose conversations end."""
        return self.listeners | ({self.person} - {""} if not self.surface else set())

    def also(self, found: Removed) -> Scope:
        """With what a keeper found to belong to it: answers, and who heard them."""
        return replace(self, replies=self.replies | found.replies, listeners=self.listeners | found.people)

    def covers(self, pair: Pair) -> bool:
        if pair.id in self.pairs or pair.id.partition(MADE_OF)[0] in self.pairs or pair.reply in self.replies:
            return True
        if not self.surface:
            theirs = self.person and self.person in (pair.person, pair.asker)
            return bool(theirs or (self.source and pair.source == self.source))
        if self.answers:
            return bool(pair.reply) and self.reaches(pair.reply, pair.origin, set(), set())
        return self.reaches(pair.id, pair.origin, {pair.origin.message, pair.asked_in}, {pair.person, pair.asker})

    def hits(self, exchange: Exchange) -> bool:
        """Whether a question, or the answer to it, goes."""
        if exchange.reply_id in self.replies:
            return True
        if not self.surface:
            return bool(self.person) and exchange.person == self.person
        messages = {exchange.origin.message, exchange.sent}
        return self.reaches(exchange.reply_id, exchange.origin, messages, {exchange.person})

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

    def to_json(self) -> dict[str, Any]:
        """The fields that are given. Ids only, no words."""
        given = {name: value for name, value in asdict(self).items() if value}
        return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in given.items()}

    @classmethod
    def of_json(cls, given: dict[str, Any]) -> Scope:
        """Raises TypeError or ValueError for what is none."""
        kinds = {field.name: type(field.default) for field in fields(cls)}
        scope = cls(**{name: frozenset(value) if isinstance(value, list) else value for name, value in given.items()})
        wrong = [name for name, kind in kinds.items() if type(getattr(scope, name)) is not kind]
        wrong += [name for name, value in given.items() if isinstance(value, list) and {type(v) for v in value} - {str}]
        if wrong:
            raise ValueError(f"{wrong[0]} is of the wrong type")
        return scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How much is kept of a person: in the record, and of how their talks went."""

    messages: int  # what they said: questions and marks
    replies: int
    pairs: int
    conversations: int = 0  # that it can go on with


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What one of those who keep something removed, and what they found to belong to it."""

    rows: int = 0  # of the record
    people: frozenset[str] = frozenset()  # who heard it: whose questions, or whose answers, were among it
    replies: frozenset[str] = frozenset()  # ids of answers that were among it


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What became of a removal until it was answered: all of it is gone, but for what is ``owed``, which goes as soon
    as that is possible."""

    rows: int = 0  # of the record
    owed: tuple[str, ...] = ()  # who still keeps something, as a person is told it: "the record", "saved souls"
    noted: bool = True  # whether what is owed is written down, so that it is done even if this life ends now


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
    signal: str = ""  # what somebody let on about it, see signals.py
    told: str = ""  # the id of what it was taught to say there, if it said so since it woke


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


def moment_of(key: str) -> float:
    """When something with this id was made, in seconds since 1970."""
    return int(key[:11], 16) / 1000


def day_of(key: str) -> str:
    """The day on which something with this id was made, here on the wall."""
    return time.strftime("%Y-%m-%d", time.localtime(moment_of(key)))


def id_at(moment: float) -> str:
    """Where the ids of a moment (seconds since 1970) begin: those made before sort before it."""
    return f"{int(moment * 1000):011x}"
