"""The tokenizer: byte-level byte pairs with marks for documents and turns. It belongs to a soul and never changes.

Every string round-trips: all 256 bytes are in the alphabet, and no text can spell a mark (marks are put in by id).
Byte pairs after Sennrich et al. 2016 (arXiv 1508.07909), by the ``tokenizers`` library.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from tokenizers import Tokenizer as BytePairs
from tokenizers import decoders, models, pre_tokenizers, trainers

from school.door.values import writable
from school.texts.words import WordIds

DOCUMENT, PERSON, BABY, SCRIBE, END = range(5)
MARKS = ("<document>", "<person>", "<baby>", "<scribe>", "<end>", "<spare1>", "<spare2>", "<spare3>")
MARK_COUNT = len(MARKS)
_LONG_WORD = re.compile(r"\S{24}(?=\S)")

Segment = str | int  # a text, or a mark by its id


class Tokenizer:
    """Text to ids and back. Ids below MARK_COUNT are marks; text never produces them."""

    pieces: list[bytes]  # what each id stands for
    end = END  # the id that ends a turn
    by_letter = False  # whether a token is a single character

    def __init__(self, byte_pairs: BytePairs):
        self._byte_pairs = byte_pairs
        alphabet = _byte_of_letter()
        self.pieces = [b""] * MARK_COUNT + [
            bytes(alphabet[letter] for letter in byte_pairs.id_to_token(i)) for i in range(byte_pairs.get_vocab_size())
        ]

    @classmethod
    def train(cls, texts: Iterable[str], *, vocabulary: int, minimum_frequency: int) -> Tokenizer:
        """Learn byte pairs until ``vocabulary`` ids exist (marks included) or no pair is frequent enough."""
        byte_pairs = BytePairs(models.BPE())
        byte_pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        byte_pairs.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary - MARK_COUNT,
            min_frequency=minimum_frequency,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        byte_pairs.train_from_iterator((part for text in texts for part in _in_words(writable(text))), trainer)
        return cls(byte_pairs)

    @staticmethod
    def from_json(text: str) -> Tokenizer:
        """Of whatever kind it is. Raises an exception of some kind where it is none."""
        from school.texts.characters import BEGINS, Characters

        return Characters.of_json(text) if text.startswith(BEGINS) else Tokenizer(BytePairs.from_str(text))

    def to_json(self) -> str:
        return self._byte_pairs.to_str()

    @property
    def size(self) -> int:
        return len(self.pieces)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def encode(self, text: str) -> list[int]:
        return [i + MARK_COUNT for i in self._byte_pairs.encode(writable(text)).ids]

    def encode_many(self, texts: list[str]) -> Iterator[list[int]]:
        """Several texts at once, on all cores."""
        for encoding in self._byte_pairs.encode_batch_fast([writable(text) for text in texts]):
            yield [i + MARK_COUNT for i in encoding.ids]

    def in_bulk(self) -> Callable[[list[str]], Iterator[np.ndarray]]:
        """``encode_many`` for a whole library: the same ids, as (N,) uint16, several times as fast."""
        return WordIds(self.encode_many, self.byte_lengths())

    def encode_segments(self, segments: list[Segment]) -> Iterator[list[int]]:
        """Texts and, between them, marks by their ids, all in order; the texts at once, on all cores."""
        encoded = self.encode_many([segment for segment in segments if isinstance(segment, str)])
        for segment in segments:
            yield next(encoded) if isinstance(segment, str) else self.mark(segment)

    def mark(self, mark: int) -> list[int]:
        """How a mark is written: by its id."""
        return [mark]

    def turn(self, speaker: int, said: Iterable[int]) -> list[int]:
        """Somebody's whole turn, PERSON's or BABY's, with its end."""
        return [*self.mark(speaker), *said, self.end]

    def lacks(self, text: str) -> str:
        """Characters in a text for which it is to be refused, as one may print them; of byte pairs none."""
        return ""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ``ids``; marks and unknown ids are silent, broken UTF-8 shows as U+FFFD."""
        return b"".join(self.token_bytes(i) for i in ids).decode("utf-8", "replace")

    def token_bytes(self, token: int) -> bytes:
        return self.pieces[token] if 0 <= token < self.size else b""

    def byte_lengths(self) -> list[int]:
        """UTF-8 bytes that each id stands for; 0 for marks."""
        return [len(piece) for piece in self.pieces]


def _in_words(text: str) -> Iterator[str]:
    """The text, cut where no space is for long: a line of Japanese is one word to the trainer, whose time grows with
    the square of a word's length."""
    start = 0
    for run in _LONG_WORD.finditer(text):
        yield text[start : run.end()]
        start = run.end()
    yield text[start:]


def _byte_of_letter() -> dict[str, int]:
    """Which byte each letter of the byte-level alphabet stands for: printable bytes are themselves, the rest follow
    from U+0100 on, in order (the convention of GPT-2's byte-level vocabulary)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}
