"""The librarian: keeps the texts and draws lessons from them, endlessly, in an order that (seed, bookmark) decides.

Shapes: B streams, T tokens per block.

All texts stand in one circle (``circle.py``), each behind a document mark. An epoch cuts the circle at a random place
into B equal arcs, one per stream, and reads them block by block; the next epoch cuts elsewhere. So every token is read
once per epoch, in order, and where a lesson comes from is arithmetic on the bookmark. A text that weighs 2.5 stands in
the circle twice in every other epoch and three times in the rest, as it comes out by lot.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import numpy as np

from school.office.mistakes import Mistake
from school.texts.characters import MOST, Characters, Unknown
from school.texts.circle import Circle, Quiet, order_of
from school.texts.dialogues import Dialogues
from school.texts.news import Library, tell_news, tell_notes, tell_skipped
from school.texts.places import Source
from school.texts.shelf import Text, open_texts, pieces
from school.texts.survey import Survey
from school.texts.tokenizer import DOCUMENT, Tokenizer

TOKENIZER_SAMPLE = 8 << 20  # characters of the library that the byte pairs are learned from, at most
PATIENCE = 5  # seconds between signs of life while the tokenizer is made
NOTHING: Mapping[str, str] = {}


class Bookmark(NamedTuple):
    """Where the lessons are: the epoch, the next block in it, and the library that it counts in."""

    epoch: int
    block: int
    library: str


class Lesson(NamedTuple):
    """One block for every stream: ``tokens`` (B, T+1), whether each target is ``learned`` (B, T), whether the streams
    jumped to a new place, their places, and of which text each target is: ``sources`` (B, T) has its number, -1 for the
    mark between two."""

    tokens: np.ndarray
    learned: np.ndarray
    jumped: bool
    places: list[int]
    sources: np.ndarray


def train_tokenizer(
    found: Survey, *, vocabulary: int, minimum_frequency: int, say: Callable[[str], None] = lambda text: None
) -> Tokenizer:
    """Learn the byte pairs from what the texts teach, of long libraries from the beginning of each."""
    share = min(1.0, TOKENIZER_SAMPLE / max(1, found.taught_letters))

    def sample() -> Iterator[str]:
        for taught in found.taught():
            yield from pieces(taught[: math.ceil(share * len(taught))])

    def train() -> Tokenizer:
        return Tokenizer.train(sample(), vocabulary=vocabulary, minimum_frequency=minimum_frequency)

    return _beside(train, say)


def alphabet_of(found: Survey, *, most: int, unknown: Unknown) -> Characters:
    """A tokenizer by characters: all that stand in the texts, or the commonest, for ``most`` ids (0: as many as there
    can be)."""
    return Characters.of_texts(found.letters(), most=most or MOST, unknown=unknown)


def _beside(work: Callable[[], Tokenizer], say: Callable[[str], None]) -> Tokenizer:
    """Do what can't be interrupted in a thread of its own, so that Ctrl-C is heard meanwhile, and say that it goes on.
    Where that ends the program, the thread ends with it."""
    result: Future[Tokenizer] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # it's raised where the result is awaited
            result.set_exception(error)

    Thread(target=run, name="letters", daemon=True).start()
    seconds = 0
    while not wait([result], timeout=PATIENCE).done:
        seconds += PATIENCE
        say(f"still learning its letters ({seconds} s)...")
    return result.result()


class Librarian:
    """Holds the tokenizer and the open texts; every method is a pure function of its arguments and those."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        texts: list[Text],
        *,
        seed: int,
        skipped: dict[str, str] | None = None,
        files: Library | None = None,
        language: str = "en",
    ):
        self.tokenizer, self.texts, self.seed, self.language = tokenizer, texts, seed, language
        self.skipped = skipped or {}  # name -> why it is left out
        self.files = files or {}  # name -> SHA-256, of every file that was found
        circle = "".join(f"{text.sha256} {len(text.learn)} {_weight(text)}" for text in texts)
        self.library = hashlib.sha256(circle.encode()).hexdigest()[:16]
        self._circles: dict[int, Circle] = {}  # the last ones, by their epochs
        self._whole = Circle(texts, order_of(texts, lambda: 1.0))
        self._dialogues = Dialogues(self._whole, tokenizer, self._rng, language)
        self.byte_lengths = np.array(tokenizer.byte_lengths())

    @classmethod
    def open(
        cls,
        sources: list[Source],
        tokenizer: Tokenizer,
        *,
        held_out: float,
        cache: Path,
        seed: int,
        say: Callable[[str], None],
        skipped: dict[str, str] | None = None,
        before: Library | None = None,
        told: Mapping[str, str] = NOTHING,
        found: Survey | None = None,
        language: str = "en",
    ) -> Librarian:
        """Open every source that can be read; ``skipped`` are others that were left out before, and ``before`` is what
        the library was at the last wake. Says what is new, and what was left out, but for what was ``told`` of that.
        Raises Mistake if nothing is left to learn from."""
        before = before or {}
        shelved = open_texts(sources, tokenizer, held_out=held_out, cache=cache, say=say, found=found)
        skipped = (skipped or {}) | shelved.skipped
        news, left_out = (
            tell_news(before, shelved.files) if before else [],
            tell_skipped({name: why for name, why in skipped.items() if told.get(name) != why}),
        )
        if sum(len(text.learn) for text in shelved.texts) < 16:
            raise Mistake(
                " ".join([*news, "There is nothing to learn from yet: put a text into the library folder."])
                + "".join(f" {line}" for line in left_out)
            )
        remarks = tell_notes(shelved.notes, unless=before.items() & shelved.files.items())
        for line in [*left_out, *remarks, *news]:
            say(line)
        return cls(tokenizer, shelved.texts, seed=seed, skipped=skipped, files=shelved.files, language=language)

    @property
    def tokens(self) -> int:
        """Tokens in the circle, document marks included; on average, where weights are no whole numbers."""
        return round(sum(text.weight * (len(text.learn) + 1) for text in self.texts)) or self._whole.tokens

    def lesson(self, bookmark: Bookmark, *, streams: int, length: int) -> tuple[Lesson, Bookmark]:
        """The next block for every stream. A library that changed starts a new epoch."""
        if bookmark.library != self.library:
            bookmark = Bookmark(bookmark.epoch + (bookmark.library != ""), 0, self.library)
        circle = self._circle(bookmark.epoch)
        cut = int(self._rng("epoch", bookmark.epoch).integers(circle.tokens))
        arc = circle.tokens / streams
        starts = [cut + round(i * arc) + bookmark.block * length for i in range(streams)]
        places = [start % circle.tokens for start in starts]
        last = (bookmark.block + 2) * length > arc
        after = Bookmark(bookmark.epoch + last, 0 if last else bookmark.block + 1, self.library)
        blocks, learned = zip(*(circle.read(place, length + 1) for place in places), strict=True)
        sources = np.stack([circle.sources(place + 1, length) for place in places])
        return Lesson(np.stack(blocks), np.stack(learned)[:, 1:], bookmark.block == 0, places, sources), after

    def _circle(self, epoch: int) -> Circle:
        if all(text.weight % 1 == 0 for text in self.texts):
            return self._whole
        if epoch not in self._circles:
            self._circles = {epoch: Circle(self.texts, order_of(self.texts, self._rng("weights", epoch).random))}
        return self._circles[epoch]

    def dialogue(self, number: int, *, length: int, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Of conversation ``number`` made of the library, from token ``start`` on: ids (length+1,) and whether each
        target (length,) is to be learned, see ``Dialogues``."""
        return self._dialogues.read(number, start=start, length=length)

    def drawn(self, purpose: str, number: int, below: int) -> int:
        """A number from 0 to below ``below`` that (seed, purpose, number) decide."""
        return int(self._rng(purpose, number).integers(below))

    def exam_rows(self, rows: int, limit: int, warm_up: int) -> tuple[np.ndarray, np.ndarray]:
        """Held-out tokens for ``rows`` readers and which targets count, at most about ``limit`` of them."""
        held, own = [np.array([DOCUMENT])], [np.array([True])]
        for text in self.texts:
            if count := len(text.held_out):
                held += [np.asarray(text.held_out), np.array([DOCUMENT])]
                own += [Quiet(text.held_out).learned(0, count) if text.context else np.ones(count, dtype=bool), own[0]]
        return split_rows(np.concatenate(held).astype(np.int64), rows, limit, warm_up, np.concatenate(own))

    def byte_count(self, tokens: np.ndarray) -> int:
        """UTF-8 bytes that the tokens stand for."""
        return int(self.byte_lengths[tokens].sum())

    def _rng(self, purpose: str, *numbers: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *numbers, *purpose.encode()])


def _weight(text: Text) -> str:
    return "" if text.weight == 1 else f"x{text.weight} "


def split_rows(
    tokens: np.ndarray, rows: int, limit: int, warm_up: int, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Share a long text among several readers who read at the same time. ``own``: whether each token may count.

    Each reads ``warm_up`` tokens before its part that do not count, so that it comes to it with a full memory.
    Returns tokens (rows, S+1) and counts (rows, S): whether each target counts. Every target of the text counts just
    once where ``limit`` allows it; else an equal part from the start of each reader's share does.
    """
    targets = len(tokens) - 1
    rows = max(1, min(rows, targets // 256))
    share = -(-targets // rows)
    taken = min(share, max(1, -(-limit // rows)))
    span = min(warm_up, targets) + taken if rows > 1 else taken
    out = np.zeros((rows, span + 1), dtype=np.int64)
    counts = np.zeros((rows, span), dtype=bool)
    for row in range(rows):
        first = row * share  # the first target's place: token first is read, token first + 1 is to be foretold
        begin = max(0, first - (span - taken))
        stop = min(first + taken, targets)
        out[row, : stop - begin + 1] = tokens[begin : stop + 1]
        counts[row, first - begin : stop - begin] = True if own is None else own[first + 1 : stop + 1]
    return out, counts
