"""What keeping private writing private costs: cleaning, redaction, near copies, and the guard of public answers.

    python -m benchmarks.privacy --text DIARY.txt

Megabytes a second of processor time, each the best of three; and for the guard: bytes a word, and milliseconds for an
answer of the usual length, which is a piece of the text with every sixth word another, so that it comes close to a run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.common import parser, report, run
from school.office.mistakes import Mistake
from school.talking.guard import Guard, Said, windows_of
from school.texts.cleaning import Rules, clean
from school.texts.near import find_near
from school.texts.places import STARTER_SHELF
from school.texts.redaction import Redaction, redact
from school.texts.redaction.settings import RedactionSettings
from school.texts.tokenizer import Tokenizer
from school.texts.wording import units_of

REPLY, REPLIES, VOCABULARY = 80, 200, 2000
SAMPLE = 300_000  # characters that the letters are learned from


def megabytes_a_second(text: str, work: Callable[[str], object]) -> float:
    seconds = []
    for _ in range(3):
        started = time.thread_time()
        work(text)
        seconds.append(time.thread_time() - started)
    return round(len(text.encode()) / 1e6 / min(seconds), 2)


def guard_figures(text: str) -> dict[str, float]:
    tokenizer = Tokenizer.train([text[:SAMPLE]], vocabulary=VOCABULARY, minimum_frequency=2)
    ids = np.array(tokenizer.encode(text))
    windows: list[np.ndarray] = []
    speed = megabytes_a_second(text, lambda _: windows.append(windows_of([[ids]], tokenizer.pieces, 8)))
    guard = Guard(windows[-1], tokenizer.pieces, 8)
    words, milliseconds, refused = text.split(), [], 0
    for number in range(REPLIES):
        start = number * len(words) // REPLIES
        piece = [("soup" if i % 6 == 5 else word) for i, word in enumerate(words[start : start + REPLY])]
        reply = tokenizer.encode(" ".join(piece))[:REPLY]
        said, started = Said(), time.thread_time()
        for token in reply:
            refused += guard.forbids(said, token)
            said = guard.after(said, token)
        milliseconds.append(1000 * (time.thread_time() - started))
    return {
        "guard_built_mb_per_s": speed,
        "guard_bytes_a_word": round(windows[-1].nbytes / max(1, len(units_of(text))), 2),
        "guard_ms_a_reply": round(statistics.median(milliseconds), 2),
        "guard_ms_a_reply_at_most": round(max(milliseconds), 2),
        "guard_refused": refused,
    }


def measure(text: str) -> dict[str, float]:
    how = Redaction.of(RedactionSettings(), ("Perrin", "Orsolya", "tobin"), bytes(32))
    return {
        "megabytes": round(len(text.encode()) / 1e6, 2),
        "cleaning_mb_per_s": megabytes_a_second(text, lambda text: clean(text, Rules())),
        "redaction_mb_per_s": megabytes_a_second(text, lambda text: redact(text, how)),
        "redaction_by_line_mb_per_s": megabytes_a_second(text, lambda text: [redact(t, how) for t in text.split("\n")]),
        "redacted": sum(redact(text, how).counts.values()),
        "near_mb_per_s": megabytes_a_second(text, lambda text: find_near([text])),
        **guard_figures(text),
    }


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    given = options.parse_args()
    try:
        files = [given.text] if given.text else sorted(STARTER_SHELF.iterdir())
        text = "".join(file.read_text("utf-8") for file in files)
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"--text {given.text}: can't be read ({error}).") from None
    report(measure(text), given.json)


if __name__ == "__main__":
    run(main)
