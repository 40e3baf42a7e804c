"""Reading a text once from an empty soul, predicting before learning: prequential bits per byte.

    python -m benchmarks.prequential --text DIARY.txt
    python -m benchmarks.prequential --text DIARY.txt --seeds 3 --tokenizer starter

The letters are come by honestly in either of two ways. "starter": they are learned from the starter shelf, before the
text is seen. "charged" (the default, and the better): they are learned from the text itself, and as nobody could decode
it without knowing which bytes a token stands for, the list of tokens is compressed by xz and added to the bits of the
whole. ``bits_per_byte`` bears the charge and is what to compare; ``bits_per_byte_uncharged`` and the tail, the last
tenth of the bytes, do not. CPU-seconds are of all threads and include learning the letters. ``frozen_tail``: what the
last tenth costs a twin that stopped learning before it, its counts and mixing weights, too.
"""

from __future__ import annotations

import argparse
import copy
import json
import lzma
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import wakeup
from benchmarks import references
from benchmarks.common import home_with, parser, report, run
from benchmarks.plots import draw, levels
from benchmarks.variants import SEED, Variant, add_options, chosen, settings_with
from brain import parameter_count
from brain.hippocampus import REACH, Hippocampus
from school.assembly import build_brain_for
from school.office.machine import prepare
from school.office.mistakes import Mistake
from school.teaching.reader import BLOCK, Reader, predicted
from school.teaching.scoring import open_file
from school.teaching.shape import vocabulary_for
from school.texts.librarian import Librarian, train_tokenizer
from school.texts.places import STARTER_SHELF, gather_sources
from school.texts.survey import look_at, survey
from school.texts.tokenizer import DOCUMENT, MARK_COUNT, Tokenizer

CURVE_BYTES = 10_000  # between two points of the curve, and what the second figure of a point looks back over
TAIL = 0.9  # of the bytes, from which on a twin learns no more
SEPARATOR = b"\xff"  # in no UTF-8 text


def letters(given: argparse.Namespace, settings: Any, home: Path) -> tuple[Librarian, int]:
    """A librarian with the tokenizer, and the bits to be charged for it."""
    charged = given.tokenizer == "charged"
    held_out = 0.0 if charged else settings.library.held_out
    sources, _ = gather_sources(home / "library", [], STARTER_SHELF, "auto" if charged else "always")
    if not charged:
        sources = [source for source in sources if STARTER_SHELF in source.path.parents]
    found = survey(look_at(sources), held_out)
    tokenizer = train_tokenizer(
        found,
        vocabulary=vocabulary_for(settings.brain, settings.library.vocabulary, found.taught_letters),
        minimum_frequency=settings.library.minimum_frequency,
    )
    tokenizer, bits = by_alphabet(tokenizer) if charged else (tokenizer, 0)
    cache = home / "soul" / "tokens"
    cache.parent.mkdir()
    librarian = Librarian.open(
        sources, tokenizer, held_out=held_out, cache=cache, seed=settings.lessons.seed, say=wakeup.whisper
    )
    return librarian, bits


def by_alphabet(tokenizer: Tokenizer) -> tuple[Tokenizer, int]:
    """The same letters numbered in the order of their bytes, and the bits of the list that tells them to a decoder.

    Sorted, the list is three quarters of the size that it has in the order of birth. Single bytes need no telling.
    """
    plain = json.loads(tokenizer.to_json())
    spelled = {token: tokenizer.token_bytes(i + MARK_COUNT) for token, i in plain["model"]["vocab"].items()}
    ordered = sorted(spelled, key=spelled.__getitem__)
    plain["model"]["vocab"] = {token: i for i, token in enumerate(ordered)}
    told = SEPARATOR.join(spelled[token] for token in ordered if len(spelled[token]) > 1)
    bits = 8 * len(lzma.compress(told, preset=9 | lzma.PRESET_EXTREME))
    return Tokenizer.from_json(json.dumps(plain)), bits


class WithTwin(Reader):
    """Has a twin, besides, that reads on from nine tenths without learning."""

    def __init__(self, *given: Any):
        super().__init__(*given)
        ends = np.cumsum(self.plan.librarian.byte_lengths[self.plan.text[1:]])
        before = int((ends <= TAIL * ends[-1]).sum())
        self._tail = -(-before // BLOCK) * BLOCK  # its first token, where a block begins
        self._tail_bytes = max(1, int(ends[-1] - ends[self._tail - 1]))
        self._twin: Twin | None = None
        self._nats, self.twin_seconds = 0.0, 0.0

    @property
    def frozen_tail(self) -> float:
        """Bits per byte."""
        return self._nats / math.log(2) / self._tail_bytes

    def _predict(self) -> None:
        started, place = time.process_time(), self.plan.place
        if place >= self._tail:
            if self._twin is None:
                self._twin = Twin(self)
            self._nats += self._twin.nats(self.plan.text, place)
        self.twin_seconds += time.process_time() - started
        super()._predict()


class Twin:
    """All that a reader knew at one moment."""

    def __init__(self, reader: Reader):
        pieces, run = reader.plan.librarian.tokenizer.pieces, reader.tutor.brain.backend.kernels
        self._device, self._predictors = reader.tutor.device, copy.deepcopy(reader.predictors)
        self._heard, self._weights = Hippocampus(pieces, DOCUMENT, run=run), reader.hippocampus.weights.copy()
        self._heard.hear(reader.plan.text[: reader.plan.place + 1])

    def nats(self, text: np.ndarray, place: int) -> float:
        """What the block at ``place`` costs."""
        tokens = torch.from_numpy(text[place : place + BLOCK + 1]).to(self._device)[None]
        mean = predicted(self._predictors, tokens)
        window = text[max(0, place + 1 - REACH) : place + len(mean) + 1]
        return -float(self._heard.judge(mean, window, self._weights, learn=False).sum())


def live(given: argparse.Namespace, variant: Variant, seed: int) -> dict[str, Any]:
    """One reading, and how it went. ``curve``: [bytes read, bits per byte so far, of the last 10 kB] now and then."""
    cpu, started = time.process_time(), time.monotonic()
    settings = settings_with([*given.set, *variant.changes, f"{SEED}={seed}"])
    compute = prepare(settings.machine)
    with home_with(given.text) as home:
        librarian, charge = letters(given, settings, home)
        brain, _ = build_brain_for(settings, home, librarian, None, compute)
        heard = Hippocampus(librarian.tokenizer.pieces, DOCUMENT, run=compute.backend.kernels)
        tokens, own = open_file(given.text, librarian.tokenizer)
        reader = WithTwin(brain, librarian, settings.lessons, tokens, heard, own)
        reading = reader.read(wakeup.whisper)
    cpu -= reader.twin_seconds
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    return {
        "seed": seed,
        "bits_per_byte": round(reading.bits_per_byte + charge / reading.bytes, 4),
        "bits_per_byte_uncharged": round(reading.bits_per_byte, 4),
        "brain_alone": round(float(reader.alone.sum() / math.log(2) / reading.bytes + charge / reading.bytes), 4),
        "tail_bits_per_byte": round(reading.tail_bits_per_byte, 4),
        "frozen_tail": round(reader.frozen_tail, 4),
        "tokenizer_bytes": charge // 8,
        "bytes": reading.bytes,
        "tokens": reading.tokens,
        "vocabulary": librarian.tokenizer.size,
        "parameters": parameter_count(brain),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "cpu_minutes_kept": cpu <= 60 * given.cpu_minutes,
        "tokens_per_second": round(reading.tokens / seconds),
        "curve": curve_of(reader.nats, librarian.byte_lengths[reader.plan.text[1:]]),
    }


def curve_of(nats: np.ndarray, sizes: np.ndarray) -> list[list[float]]:
    """Points [bytes read, bits per byte so far, bits per byte of the last CURVE_BYTES] from every token's figures."""
    ends, bits = np.cumsum(sizes), np.cumsum(nats) / math.log(2)
    marks = np.searchsorted(ends, [*range(CURVE_BYTES, int(ends[-1]), CURVE_BYTES), int(ends[-1])])
    points, before, bits_before = [], 0, 0.0
    for at in marks:
        read = int(ends[at])
        recent = (bits[at] - bits_before) / max(1, read - before)
        points.append([read, round(float(bits[at] / read), 4), round(float(recent), 4)])
        before, bits_before = read, bits[at]
    return points


def summary(variant: Variant, lives: list[dict[str, Any]]) -> dict[str, Any]:
    """A variant's means over its readings, and the readings."""
    named = ("bits_per_byte", "bits_per_byte_uncharged", "tail_bits_per_byte", "seconds", "cpu_seconds")
    means = {name: round(sum(life[name] for life in lives) / len(lives), 4) for name in named}
    kept = all(life["cpu_minutes_kept"] for life in lives)
    return {"name": variant.name, "changes": variant.changes, **means, "cpu_minutes_kept": kept, "lives": lives}


def plot(file: Path, given: argparse.Namespace, variants: list[dict], known: dict[str, Any]) -> str | None:
    lines = {
        f"{variant['name']}, {what}": [
            [(at[0] / 1000, at[column]) for at in life["curve"]] for life in variant["lives"]
        ]
        for variant in variants
        for column, what in ((1, "so far"), (2, "last 10 kB"))
    }
    across = levels(known, "bits_per_byte", "whole", "ppmd", "mixer")
    across |= levels(known, "tail_bits_per_byte", "last tenth", "ppmd", "mixer")
    title = f"{given.text.name}: read once, foretold before learned ({given.tokenizer} letters, not in the curve)"
    return draw(file, lines, across, title=title, x="kilobytes read", y="bits per byte")


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--tokenizer", choices=("charged", "starter"), default="charged", help="whence its letters")
    options.add_argument("--cpu-minutes", type=float, default=30, help="of one reading; told whether they were kept")
    options.add_argument("--plot", type=Path, metavar="FILE.png", help="default: prequential-TEXT.png in this folder")
    add_options(options)
    given = options.parse_args()
    if given.text is None:
        raise Mistake("--text is missing: name the text to read.")
    variants, seeds = chosen(given)
    known = references.measure(given.text)
    lived = [summary(variant, [live(given, variant, seed) for seed in seeds]) for variant in variants]
    for variant in lived:
        wakeup.whisper(f"{variant['name']}: {variant['bits_per_byte']:.4f} bits/byte")
    result = dict(lived[0]["lives"][0]) if len(variants) == len(seeds) == 1 else {}
    file = given.plot or Path(f"prequential-{given.text.stem}.png")
    result |= {"text": str(given.text), "tokenizer": given.tokenizer, "cpu_minutes": given.cpu_minutes}
    result |= {"references": known, "variants": lived, "plot": plot(file, given, lived, known)}
    report(result, given.json)


if __name__ == "__main__":
    run(main)
