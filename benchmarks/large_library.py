"""A large library, made and measured: what ``benchmarks.intake --gigabytes`` does.

The texts are sentences of a folder (or the starter shelf) in another order, every fourth word another, so that no
paragraph is like any: else two megabytes would be nothing but near copies when they become two thousand. Now and then
there is a number, half of the files have typographer's quotes, one in a hundred is a copy of another with some words
changed, and one in a hundred is another's first half.
"""

from __future__ import annotations

import json
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from school.settings import SchoolSettings
from school.texts.care import Care
from school.texts.facts import said_by
from school.texts.librarian import Librarian, train_tokenizer
from school.texts.places import STARTER_SHELF, Source, find_files, gather_sources
from school.texts.stamps import SETTLED_NS
from school.texts.survey import look_at, survey
from school.texts.tokenizer import Tokenizer

SENTENCE = re.compile(r"[^.!?\n]{12,400}[.!?]+")
TYPED = str.maketrans({"'": "\u2019", '"': "\u201d"})
T = TypeVar("T")


def sentences(folder: Path | None) -> list[str]:
    files = sorted(folder.glob("*.txt")) if folder else find_files(STARTER_SHELF).files
    text = "\n".join(file.read_text("utf-8") for file in files)
    return [" ".join(found.split()) for found in SENTENCE.findall(text)]


def make(library: Path, size: int, count: int, folder: Path | None, seed: int = 1) -> None:
    """So many files of so many bytes together."""
    rng, known, each = random.Random(seed), sentences(folder), size // count
    vocabulary = sorted({word for sentence in known for word in sentence.split(" ")})
    library.mkdir(parents=True, exist_ok=True)
    before = ""
    for number in range(count):
        text = _text(rng, known, vocabulary, each)
        if number % 100 == 50:
            words = before.split(" ")
            for place in rng.sample(range(len(words)), len(words) // 40):
                words[place] = rng.choice(words)
            text = " ".join(words)
        elif number % 100 == 75:
            text = before[: len(before) // 2]
        before = text
        file = library / f"{number // 100:03}" / f"{number:05}.{('txt', 'md')[number % 3 == 2]}"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.translate(TYPED) if number % 2 else text, "utf-8")


def _text(rng: random.Random, known: list[str], vocabulary: list[str], size: int) -> str:
    parts, length = [], 0
    while length < size:
        words = " ".join(rng.choices(known, k=rng.randint(2, 6))).split(" ")
        first = rng.randrange(4)
        words[first::4] = rng.choices(vocabulary, k=len(words[first::4]))
        paragraph = " ".join(words)
        if rng.random() < 0.01:
            paragraph += f" Call me on 0171 {rng.randrange(10**6):06}, or come to {rng.randint(1, 99)} Mill Road."
        parts.append(paragraph)
        length += len(paragraph) + 2
    return "\n\n".join(parts)


def run(home: Path) -> dict[str, float]:
    """In this process: look through the library, learn letters, make tokens; then once more, when nothing is new."""
    settings = SchoolSettings()
    cache = home / "soul" / "tokens"
    cache.mkdir(parents=True, exist_ok=True)
    care = Care.of(settings, home)
    say = lambda text: print(text, file=sys.stderr)  # noqa: E731

    def gather() -> list[Source]:
        return gather_sources(
            home / "library", [], STARTER_SHELF, "never", home=home, default=said_by(settings.library), care=care
        )[0]

    told: dict[str, float] = {}
    how = {"held_out": 0.1, "cache": cache, "seed": 1, "say": say}
    tokenizer = _read(gather, how, told)
    time.sleep(SETTLED_NS / 1e9 + 0.5)
    Librarian.open(gather(), tokenizer, **how)  # which notes that all files are settled
    told["million_tokens"] = _timed(lambda: Librarian.open(gather(), tokenizer, **how), told, "again").tokens / 1e6
    told["descriptors"] = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    told["peak_megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return told


def _read(gather: Callable[[], list[Source]], how: dict[str, Any], told: dict[str, float]) -> Tokenizer:
    """For the first time."""
    found = _timed(lambda: survey(look_at(gather()), how["held_out"], how["cache"], how["say"]), told, "survey")
    told |= {"megabytes": sum(file.size for file in found.files) / 1e6, "files": len(found.files)}
    told |= {"skipped": len(found.skipped), "near": sum("nearly the same" in note for note in found.notes.values())}
    tokenizer = _timed(lambda: train_tokenizer(found, vocabulary=2000, minimum_frequency=2), told, "letters")
    _timed(lambda: Librarian.open(gather(), tokenizer, found=found, **how), told, "tokens")
    return tokenizer


def _timed(work: Callable[[], T], told: dict[str, float], name: str) -> T:
    started, cpu = time.monotonic(), time.process_time()
    value = work()
    told[f"{name}_seconds"], told[f"{name}_cpu"] = time.monotonic() - started, time.process_time() - cpu
    return value


def measure(home: Path, size: int, count: int, folder: Path | None) -> dict[str, float]:
    """Made and looked through in processes of their own; rounded."""
    make(home / "library", size, count, folder)
    command = [sys.executable, "-m", "benchmarks.intake", "--run", str(home)]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    told["megabytes_per_cpu_second"] = told["megabytes"] / told["survey_cpu"]
    told["with_tokens"] = told["megabytes"] / (told["survey_cpu"] + told["tokens_cpu"])
    return {name: round(value, 2) for name, value in told.items()}
