"""Bits per byte of a file, without learning it: the file as an examination, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from school.door.events import ExamResult
from school.door.values import Score
from school.office.mistakes import Mistake
from school.teaching.examiner import Exam
from school.teaching.remembering import Judge
from school.texts.encodings import Unreadable
from school.texts.facts import Facts
from school.texts.librarian import split_rows
from school.texts.marks import unmarked
from school.texts.prepare import prepared
from school.texts.shelf import segments_of
from school.texts.survey import read_alone
from school.texts.tokenizer import DOCUMENT, Tokenizer

READERS, WARM_UP, CHUNK = 8, 512, 128


def open_file(file: Path, tokenizer: Tokenizer) -> np.ndarray:
    """A text's tokens behind a document mark, with turns as in the library. Raises Mistake."""
    try:
        text = prepared(read_alone(file, Facts())[1], Facts(), file.name).text
    except (OSError, Unreadable) as why:
        raise Mistake(f"{file}: {getattr(why, 'strerror', None) or why}.") from None
    if lacking := tokenizer.lacks(unmarked(text)):
        raise Mistake(f"{file}: its alphabet lacks {lacking}.")
    ids = [i for piece in tokenizer.encode_segments(list(segments_of(text))) for i in piece]
    if not ids:
        raise Mistake(f"{file}: it is empty.")
    return np.array([DOCUMENT, *ids], dtype=np.int64)


def exam_on(file: Path, tokenizer: Tokenizer, judge: Judge | None = None) -> Exam:
    """A long file is shared among eight readers, each of whom has read the 512 tokens before its part. Raises
    Mistake."""
    tokens = open_file(file, tokenizer)
    rows, counts = split_rows(tokens, READERS, len(tokens), WARM_UP)
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
