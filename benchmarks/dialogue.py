"""What conversations are worth as a school: the same words taught in three ways, judged by answers that nobody taught.

    python -m benchmarks.dialogue --cpu-minutes 2 --set machine.threads=1
    python -m benchmarks.dialogue --text CHATS.jsonl --seeds 3

"answers": what the other side says is read, but only the answers are learned, as of {"messages": [...]} files; "both":
each side is learned; "prose": the lines without who says them. Every tenth conversation is held out. Each brain is
judged by its answers there, in bits per byte of their words, behind all that was said before, and by how often it finds
the one of ten answers that a question makes likelier than a strange question does (chance is 10 %). The one that learns
prose reads them as lines. ``--text``: conversations in any form that the library reads; without it the starter shelf's.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import wakeup
from benchmarks.common import awake, parser, report, run
from benchmarks.talk.baby import learn_for
from benchmarks.variants import SEED, settings_with
from brain.contract import Brain
from school.office.mistakes import Mistake
from school.teaching.course import log_probabilities, read_quietly
from school.teaching.verdicts import padded
from school.texts.export import lessons_of
from school.texts.places import STARTER_SHELF, Source, find_files
from school.texts.tokenizer import BABY, DOCUMENT, PERSON, Tokenizer

Talk = list[tuple[str, str]]  # "user" or "assistant", and what they say
HELD_OUT = 10  # of so many conversations one
AMONG = 10  # answers
LONGEST = 8  # turns of a conversation
ASIDE = ("library.starter=never", "library.held_out=0.05")


def talks_of(file: Path | None) -> list[Talk]:
    """All conversations that have an answer. Raises Mistake."""
    files = [file] if file else [found for found in find_files(STARTER_SHELF).files if found.name.startswith("chats")]
    skipped: dict[str, str] = {}
    found = lessons_of([Source(path, path.name) for path in files], skipped)
    whole = [[(turn["role"], turn["content"]) for turn in lesson["messages"]] for lesson in found]
    talks = [part for talk in whole for part in in_parts(talk)]
    if skipped:
        raise Mistake("; ".join(f"{name}: {why}" for name, why in skipped.items()))
    talks = [talk for talk in talks if any(who == "assistant" for who, _ in talk)]
    if len(talks) <= AMONG * HELD_OUT:
        raise Mistake(f"{file}: {len(talks)} conversations are too few; more than {AMONG * HELD_OUT} are needed.")
    return talks


def in_parts(talk: Talk) -> Iterator[Talk]:
    """A long one in several, of LONGEST turns at most, and each from a question on if there is one."""
    part: Talk = []
    for who, text in talk:
        if len(part) >= LONGEST - (who == "user"):
            yield part
            part = []
        part.append((who, text))
    if part:
        yield part


# ---- three ways to teach them --------------------------------------------------------------------------------------


def as_answers(library: Path, talks: Sequence[Talk]) -> None:
    rows = [{"messages": [{"role": who, "content": text} for who, text in talk]} for talk in talks]
    (library / "talks.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def as_both(library: Path, talks: Sequence[Talk]) -> None:
    names = {"user": "you", "assistant": "baby"}
    written = ("\n".join(f"{names[who]}: {text}" for who, text in talk) for talk in talks)
    (library / "talks.txt").write_text("\n\n".join(written) + "\n", "utf-8")


def as_prose(library: Path, talks: Sequence[Talk]) -> None:
    written = ("\n".join(text for _, text in talk) for talk in talks)
    (library / "talks.txt").write_text("\n\n".join(written) + "\n", "utf-8")


WAYS: dict[str, Callable[[Path, Sequence[Talk]], None]] = {"answers": as_answers, "both": as_both, "prose": as_prose}


# ---- judged by answers ---------------------------------------------------------------------------------------------


def tokens_of(talk: Talk, tokenizer: Tokenizer, *, prose: bool) -> tuple[list[int], list[bool]]:
    """A conversation from its beginning, and which of its tokens are the answers' words and ends."""
    ids, answers = [DOCUMENT], [False]
    for who, text in talk:
        if prose:
            told = tokenizer.encode(f"{text}\n")
            mark: list[int] = []
        else:
            mark = tokenizer.mark(BABY if who == "assistant" else PERSON)
            told = [*tokenizer.encode(text), tokenizer.end]
        ids += [*mark, *told]
        answers += [False] * len(mark) + [who == "assistant"] * len(told)
    return ids, answers


def nats(voice: Brain, rows: Sequence[tuple[list[int], list[bool]]]) -> list[float]:
    """What the tokens of each row that count cost together."""
    read = padded(rows)
    return (-log_probabilities(voice, read_quietly(voice, read.tokens), read)).tolist()


def bits_of_answers(voice: Brain, tokenizer: Tokenizer, talks: Sequence[Talk], *, prose: bool) -> float:
    """Bits per byte; the end of an answer counts as one byte."""
    cost = sum(cost for talk in talks for cost in nats(voice, [tokens_of(talk, tokenizer, prose=prose)]))
    size = sum(len(text.encode()) + 1 for talk in talks for who, text in talk if who == "assistant")
    return cost / math.log(2) / size


def found_among_ten(voice: Brain, tokenizer: Tokenizer, talks: Sequence[Talk], *, prose: bool) -> float:
    """How often the first answer of a conversation is the one, of ten, that its question makes likelier than another
    question does."""
    pairs = [(talk[0][1], talk[1][1]) for talk in talks if [who for who, _ in talk[:2]] == ["user", "assistant"]]
    if len(pairs) <= AMONG:
        return math.nan
    rng, found = random.Random(1), []

    def costs(question: str, answers: Sequence[str]) -> list[float]:
        talks = ([("user", question), ("assistant", answer)] for answer in answers)
        return nats(voice, [tokens_of(talk, tokenizer, prose=prose) for talk in talks])

    for number, (question, answer) in enumerate(pairs):
        (strange, _), *others = rng.sample(pairs[:number] + pairs[number + 1 :], AMONG)
        answers = [answer, *(other for _, other in others)]
        gains = [there - here for there, here in zip(costs(strange, answers), costs(question, answers), strict=True)]
        found.append(gains[0] == max(gains))
    return fmean(found)


# ---- lives ---------------------------------------------------------------------------------------------------------


def live(given: argparse.Namespace, way: str, talks: Sequence[Talk], seed: int) -> dict[str, Any]:
    held_out, taught = talks[::HELD_OUT], [talk for i, talk in enumerate(talks) if i % HELD_OUT]
    given = argparse.Namespace(**vars(given) | {"text": None})
    write = partial(WAYS[way], talks=taught)
    with awake(given, *ASIDE, f"{SEED}={seed}", prepare=lambda home: write(home / "library")) as (day, settings):
        learn_for(day, settings, given.cpu_minutes, by_processor=True)  # examined on what is learned, as on answers
        voice, tokenizer = day.tutor.voice, day.tutor.librarian.tokenizer
        result = {
            "seed": seed,
            "bits_of_answers": round(bits_of_answers(voice, tokenizer, held_out, prose=way == "prose"), 4),
            "found_among_ten": round(found_among_ten(voice, tokenizer, held_out, prose=way == "prose"), 4),
            "steps": day.tutor.step,
        }
        wakeup.whisper(f"{way}, seed {seed}: {result['bits_of_answers']} bits a byte of answers")
        return result


def lives(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    talks, first = talks_of(given.text), settings_with(given.set).lessons.seed
    for way in WAYS:
        lived = [live(given, way, talks, seed) for seed in range(first, first + given.seeds)]
        means = {name: round(fmean(life[name] for life in lived), 4) for name in ("bits_of_answers", "found_among_ten")}
        yield {"way": way} | means | {"lives": lived}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--cpu-minutes", type=float, default=2, help="of lessons for each")
    options.add_argument("--seeds", type=int, default=1, help=f"lives of each way, from {SEED} up")
    given = options.parse_args()
    if given.cpu_minutes <= 0 or given.seeds < 1:
        raise Mistake("--cpu-minutes must be more than 0 and --seeds at least 1.")
    ways = list(lives(given))
    report({"cpu_minutes": given.cpu_minutes, "ways": ways} if given.json else dict(map(told, ways)), given.json)


def told(way: dict[str, Any]) -> tuple[str, str]:
    """For people."""
    each = " ".join(f"{life['bits_of_answers']:.4f}" for life in way["lives"])
    bits, found = way["bits_of_answers"], way["found_among_ten"]
    return way["way"], f"{bits:.4f} bits a byte ({each}), {found:.1%} found among ten"


if __name__ == "__main__":
    run(main)
