"""What happens in a life, told as plain values: a step, an examination, a saved soul."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from brain.gauges import Gauge


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """What one stream read last, as texts of single tokens, and what the brain made use of. Words of the library: for
    the screen, not for the record."""

    targets: tuple[str, ...]
    guesses: tuple[str, ...]  # the best one for each target
    hits: tuple[bool, ...]  # whether it was that
    shares: tuple[Gauge, ...]  # see ``Brain.source_shares``


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What a step taught of one text: so many ``tokens``, and ``nats`` that it cost to predict ``bytes`` of them."""

    sha256: str
    tokens: int
    bytes: int
    nats: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What one optimizer step did; plain numbers. Loss in nats per token of the library, of the learning weights."""

    step: int
    loss: float
    bits_per_byte: float  # of the library blocks just read
    accuracy: float
    gradient_norm: float
    learning_rate: float
    tokens: int  # taught in this step, reviews included
    review_tokens: int  # of them of what people taught, while any of that is due
    seconds: float  # spent teaching
    color: tuple[float, float, float]  # its self-state after the block, mean over the streams
    expected: tuple[float, float, float]  # what it had expected that colour to be
    skipped: bool = False  # the loss was not finite; nothing was learned
    returned_to: int | None = None  # the step whose weights it went back to
    glimpse: Glimpse | None = None  # only of steps at which somebody looks
    taught: tuple[Taught, ...] = ()  # of each text that it read; nothing where nothing was learned


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamResult:
    """``bits_per_byte``: negative log2-probability over UTF-8 bytes, of the brain alone; ``remembering``: with the
    hippocampus. ``temperature``: the one that would have suited
    the logits best. ``self_state_error``: the head's squared error over that of "as last time". Of a few answers, where
    some were heard: the shares of words that the library has, of those that end with a sentence, of different pairs of
    words."""

    bits_per_byte: float
    tokens: int
    bytes: int
    accuracy: float
    temperature: float
    self_state_error: float
    repeats: float  # share of tokens that occurred among the REPEAT_SPAN before
    remembering: float | None = None
    known_words: float | None = None
    ended: float | None = None
    distinct_2: float | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    result: ExamResult
    step: int
    gauges: tuple[Gauge, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """``place`` is None when it could not be saved; then ``problem`` says why."""

    step: int
    place: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasted:
    """A course in what people like is over. ``share``: how much of what came of it was taken up, 0: nothing;
    ``strayed``: nats per token that it is from what it was; ``held_out_change``: by what share held-out bits rose."""

    step: int
    verdicts: int
    share: float
    strayed: float
    held_out_change: float

    def __str__(self) -> str:
        marks, change = f"{self.verdicts} mark{'s' * (self.verdicts != 1)}", f"{self.held_out_change:+.1%}"
        if self.share:
            return f"it learned from {marks} what people like; that costs {change} on text it was never taught"
        worse = f"would make it speak worse ({change} on text it was never taught)"
        return f"what {marks} ask for {worse}; it stays as it was"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What it was taught since the examination before had made held-out bits worse than at its best, by this share."""

    step: int
    held_out_change: float

    def __str__(self) -> str:
        worse = f"it had got worse at text it was never taught ({self.held_out_change:+.1%})"
        return f"with what it was taught lately {worse}: some of it is undone, and tried again more gently"


Event = StepReport | Examined | Saved | Tasted | Undone


class Watcher(Protocol):
    """Who hears of every event, and may want to see the next step from near; on the tutor's thread, so both return at
    once."""

    def tell(self, event: Event) -> None: ...
    def look(self) -> bool: ...
