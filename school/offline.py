"""What can be asked of a sleeping baby without waking it: one answer, a score, one reading."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from school.assembly import Waking, build_brain_for, facts_of, lock_souls, open_library
from school.door.mailbox import Ask
from school.door.values import Reply
from school.office.machine import Compute
from school.office.mistakes import Mistake
from school.settings import SchoolSettings
from school.souls.caretaker import Caretaker, Soul
from school.souls.packing import open_voice, pack_soul, wake_receptionist, wake_tutor
from school.talking.conversations import Conversations
from school.talking.receptionist import Receptionist
from school.talking.settings import SpeechSettings
from school.teaching.examiner import Exam
from school.teaching.reader import Reader, Reading
from school.texts.decoding import Unreadable
from school.texts.librarian import split_rows
from school.texts.shelf import segments_of
from school.texts.survey import read_content
from school.texts.tokenizer import DOCUMENT, Tokenizer

READERS, WARM_UP, CHUNK = 8, 512, 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """``bits_per_byte``: negative log2-probability under the voice, over the text's UTF-8 bytes."""

    file: str
    bytes: int
    tokens: int
    bits_per_byte: float


def newest_soul(caretaker: Caretaker, say: Callable[[str], None]) -> Soul:
    """The newest whole soul. Raises Mistake if there is none."""
    soul = caretaker.newest(say, set_aside=False)
    if soul is None:
        raise Mistake(f"there is no soul in {caretaker.folder} yet; wake the baby first: python wakeup.py")
    return soul


def ask(soul: Soul, text: str, *, conversation: str, settings: SpeechSettings, compute: Compute) -> Reply:
    """One answer from a soul; nothing is kept of it."""
    tokenizer, voice = open_voice(soul, compute)
    with tempfile.TemporaryDirectory() as nowhere:
        conversations = Conversations(Path(nowhere), limit=10_000, disk_limit=0, device=compute.device)
        receptionist = Receptionist(voice, tokenizer, conversations, settings)
        wake_receptionist(soul, receptionist)
        receptionist.replies = time.time_ns()  # another answer each time it is asked
        request = Ask(text, conversation, "", None)
        receptionist.admit(request)
        while receptionist.busy:
            receptionist.serve(soul.step)
    return request.future.result()


def open_file(file: Path, tokenizer: Tokenizer) -> np.ndarray:
    """A text's tokens behind a document mark, with turns as in the library. Raises Mistake."""
    try:
        text = read_content(file).text
    except (OSError, Unreadable) as why:
        raise Mistake(f"{file}: {getattr(why, 'strerror', None) or why}.") from None
    ids = [i for piece in tokenizer.encode_segments(list(segments_of(text))) for i in piece]
    if not ids:
        raise Mistake(f"{file}: it is empty.")
    return np.array([DOCUMENT, *ids], dtype=np.int64)


def score(soul: Soul, files: list[Path], compute: Compute) -> list[Score]:
    """Bits per byte of each file. A long one is shared among eight readers, each of whom has read the 512 tokens
    before its part."""
    tokenizer, voice = open_voice(soul, compute)
    lengths = np.array(tokenizer.byte_lengths())
    scores = []
    for file in files:
        tokens = open_file(file, tokenizer)
        rows, counts = split_rows(tokens, READERS, len(tokens), WARM_UP)
        result = Exam(rows, counts, byte_lengths=lengths, chunk=CHUNK).run(voice)
        scores.append(
            Score(file=str(file), bytes=result.bytes, tokens=result.tokens, bits_per_byte=result.bits_per_byte)
        )
    return scores


def read(
    settings: SchoolSettings,
    waking: Waking,
    file: Path,
    compute: Compute,
    *,
    keep: bool,
    say: Callable[[str], None],
) -> Reading:
    """Read a text once, predicting each token, then learning it; with ``keep``, its soul keeps what it learned.
    Raises Mistake."""
    caretaker = lock_souls(settings, waking.home)
    try:
        soul = caretaker.newest(say, set_aside=True)
        librarian = open_library(settings, waking, soul, say)
        brain, shape = build_brain_for(settings, waking.home, librarian, soul, compute)
        reader = Reader(brain, librarian, settings.lessons, open_file(file, librarian.tokenizer))
        if soul:
            wake_tutor(soul, reader.tutor, [])
        reading = reader.read(say)
        if keep:
            conversations = Conversations(
                waking.home / "soul" / "conversations", limit=1, disk_limit=0, device=compute.device
            )
            receptionist = Receptionist(reader.tutor.voice, librarian.tokenizer, conversations, settings.speech)
            if soul:
                wake_receptionist(soul, receptionist)
            kept = pack_soul(reader.tutor, receptionist, facts_of(settings, shape))
            kept.facts["reviews"] = soul.facts["reviews"] if soul else {}
            say(f"soul saved: {caretaker.save(kept)}")
    finally:
        caretaker.unlock()
    return reading
