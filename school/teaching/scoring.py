"""Bits per byte of a file, without learning it: the file as an examination, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from school.door.events import ExamResult
from school.door.values import Score
from school.office.mistakes import Mistake
from school.teaching.examiner import Exam
from school.teaching.remembering import Judge
from school.texts.circle import Quiet
from school.texts.encodings import Unreadable
from school.texts.facts import Facts, facts_on, read_known, said_by
from school.texts.librarian import split_rows
from school.texts.marks import unmarked
from school.texts.prepare import prepared
from school.texts.settings import LibrarySettings
from school.texts.shelf import segments_of
from school.texts.survey import read_alone
from school.texts.tokenizer import DOCUMENT, Tokenizer

UNSAID = Facts()
READERS, WARM_UP, CHUNK = 8, 512, 128


def facts_about(file: Path, library: Path, settings: LibrarySettings) -> Facts:
    """What was said about a file of the library, and what holds for all. Raises Mistake."""
    default, place, inside = said_by(settings), file.absolute(), library.absolute()
    if not place.is_relative_to(inside):
        return default
    return facts_on(place.relative_to(inside).as_posix(), read_known(library), default)


def open_file(file: Path, tokenizer: Tokenizer, facts: Facts = UNSAID) -> tuple[np.ndarray, np.ndarray]:
    """A text's tokens (N,) behind a document mark, with turns as in the library; and which of them (N,) count: as in
    lessons, what others say in a chat is only read. ``facts``: what is known of it, as whose words are the owner's.
    Raises Mistake."""
    try:
        ready = prepared(read_alone(file, facts)[1], facts, file.name)
    except (OSError, Unreadable) as why:
        raise Mistake(f"{file}: {getattr(why, 'strerror', None) or why}.") from None
    if lacking := tokenizer.lacks(unmarked(ready.text)):
        raise Mistake(f"{file}: its alphabet lacks {lacking}.")
    ids = [i for piece in tokenizer.encode_segments(list(segments_of(ready.text))) for i in piece]
    if not ids:
        raise Mistake(f"{file}: it is empty.")
    tokens = np.array([DOCUMENT, *ids], dtype=np.int64)
    return tokens, Quiet(tokens).learned(0, len(tokens)) if ready.context else np.ones(len(tokens), dtype=bool)


def exam_on(file: Path, tokenizer: Tokenizer, judge: Judge | None = None, facts: Facts = UNSAID) -> Exam:
    """A long file is shared among eight readers, each of whom has read the 512 tokens before its part. Raises
    Mistake."""
    tokens, own = open_file(file, tokenizer, facts)
    rows, counts = split_rows(tokens, READERS, len(tokens), WARM_UP, own)
    return Exam(rows, counts, byte_lengths=np.array(tokenizer.byte_lengths()), chunk=CHUNK, judge=judge)


def score_of(file: Path, result: ExamResult, step: int) -> Score:
    bits = result.bits_per_byte if result.remembering is None else result.remembering
    return Score(
        file=str(file),
        bytes=result.bytes,
        tokens=result.tokens,
        bits_per_byte=bits,
        brain_alone=result.bits_per_byte,
        step=step,
    )
