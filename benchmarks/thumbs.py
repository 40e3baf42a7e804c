"""What thumbs do: a baby is told of some of its answers that they were good or bad, and what that makes of it.

    python -m benchmarks.thumbs --seeds 3
    python -m benchmarks.thumbs --steps 400 --thumbs 20 50 100 --set brain.preset=newborn --keep /tmp/grown

The owner has a hidden taste: answers that are short (at most eight words), or that name something to eat or drink, or a
colour. The baby answers questions; the owner marks answers of that kind as good and as many others as bad. Whether it
learned the taste is asked of other answers, which nobody marked: of how many pairs, one liked and one not, the liked
one became likelier (ln p after - ln p before of the whole answer) than the other did. Beside it, what that cost:
held-out bits, how different what it says is (distinct-2), and how far it went, in nats per token, on answers that it
gave afresh and on held-out text; and how many of these the owner likes. The standard error of the order is that of its
judged answers alone (DeLong et al. 1988); what another life would make of it, only several seeds can tell.

A course is held at once, with no lessons between its steps, so that only thumbs make a difference. With ``--keep`` the
lives before thumbs are lived once, and taken from there by whoever measures something else of them.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import math
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, variance
from typing import Any, NamedTuple

import torch

from benchmarks.common import awake, parser, report, run
from benchmarks.learn import examine
from benchmarks.talk.library import library_of
from benchmarks.talk.questions import ask_about
from benchmarks.told import answers, rounded
from benchmarks.variants import SEED
from brain.contract import Brain
from school.assembly import Awake
from school.door.events import Tasted
from school.door.values import ME, Pair
from school.office.mistakes import Mistake
from school.souls.caretaker import Caretaker, SoulSettings
from school.talking.receptionist import Receptionist
from school.teaching.course import log_probabilities, read_quietly, strayed
from school.teaching.tutor import Tutor
from school.teaching.verdicts import Rows, Verdicts, matched
from school.texts.fluency import distinct_2, words
from wakeup import whisper

SHORT = 8  # words
EDIBLE = words(
    "soup bread tea milk apple apples butter cake cheese egg eggs potato potatoes salt sugar honey jam carrot carrots "
    "onion onions fish rice water coffee toast plum plums cherries nuts bean beans pea peas breakfast dinner lunch "
    "biscuit biscuits"
)
COLOURS = words("red blue green yellow white black brown grey pink purple orange")
NAMED = {*EDIBLE, *COLOURS}
JUDGED, MEASURED = 150, 160  # answers of either kind that nobody marks; answers of which distinct-2 is counted
MOST_ANSWERS = 2000  # that it is asked for; a taste that it never meets can't be marked
BATCH = 32  # rows that are read together


class Order(NamedTuple):
    share: float  # of pairs in the right order
    error: float


class Said(NamedTuple):
    question: str
    text: str


def likes(text: str) -> bool:
    """The hidden taste."""
    said = words(text)
    return len(said) <= SHORT or not NAMED.isdisjoint(said)


def endless(receptionist: Receptionist, questions: Sequence[str]) -> Iterator[Said]:
    """Answers to all questions, again and again."""
    many = receptionist.settings.together
    again = itertools.cycle(questions)
    while asked := list(itertools.islice(again, many)):
        for question, reply in zip(asked, answers(receptionist, asked), strict=True):
            if reply.text:
                yield Said(question, reply.text)


def gather(receptionist: Receptionist, questions: Sequence[str], each: int) -> tuple[list[Said], list[Said]]:
    """So many that the owner likes, and as many others. Raises Mistake where there are too few."""
    liked, others, seen = [], [], set()
    for said in itertools.islice(endless(receptionist, questions), MOST_ANSWERS):
        kind = liked if likes(said.text) else others
        if said not in seen and len(kind) < each:
            kind.append(said)
            seen.add(said)
        if len(liked) == len(others) == each:
            return liked, others
    raise Mistake(f"it gave only {len(liked)} answers that the owner likes; let it learn for longer, with --steps.")


def verdicts(liked: Sequence[Said], others: Sequence[Said]) -> list[Pair]:
    """What the owner says of them, one of each kind after the other."""
    both = itertools.chain.from_iterable(zip(liked, others, strict=True))
    marked = zip(both, itertools.cycle(("good", "bad")))  # noqa: B905 (it ends with the shorter)
    return [
        Pair(id=f"{number:04}", prompt=said.question, answer=said.text, person=ME, source=source)
        for number, (said, source) in enumerate(marked)
    ]


# ---- measures --------------------------------------------------------------------------------------------------------


def rows_of(tutor: Tutor, said: Sequence[Said]) -> list[Rows]:
    """In batches."""
    kept = Verdicts(len(said))
    for number, one in enumerate(said):
        pair = Pair(id=str(number), prompt=one.question, answer=one.text, source="good")
        kept.add(pair, tutor.librarian.tokenizer)
    return [matched(some) for some in batches(list(kept), BATCH)]


def batches(things: Sequence, size: int) -> Iterator[Sequence]:
    for start in range(0, len(things), size):
        yield things[start : start + size]


def likelihoods(voice: Brain, batches: Sequence[Rows]) -> list[float]:
    """ln p of each answer."""
    return [
        likelihood
        for rows in batches
        for likelihood in log_probabilities(voice, read_quietly(voice, rows.tokens), rows).tolist()
    ]


def accuracy(before: Brain, after: Brain, tutor: Tutor, liked: Sequence[Said], others: Sequence[Said]) -> Order:
    """The share of pairs in which what is liked became likelier than what is not, of each with each; and its standard
    error."""
    ratios = []
    for said in (liked, others):
        rows = rows_of(tutor, said)
        ratios.append([a - b for a, b in zip(likelihoods(after, rows), likelihoods(before, rows), strict=True)])
    good, bad = ratios
    of_good, of_bad = ([fmean(a > b for b in bad) for a in good], [fmean(a > b for a in good) for b in bad])
    return Order(fmean(of_good), math.sqrt(variance(of_good) / len(good) + variance(of_bad) / len(bad)))


def strayed_on_answers(before: Brain, after: Brain, tutor: Tutor, said: Sequence[Said]) -> float:
    """Nats per token from what it was, over what it says now."""
    sums, tokens = 0.0, 0
    for rows in rows_of(tutor, said):
        count = int(rows.counted.sum())
        ours, theirs = read_quietly(before, rows.tokens), read_quietly(after, rows.tokens)
        sums, tokens = sums + count * strayed(ours, theirs, rows.counted).item(), tokens + count
    return sums / tokens


def strayed_on_text(before: Brain, after: Brain, tutor: Tutor) -> float:
    tokens, _ = tutor.librarian.exam_rows(8, 8192, 0)
    tokens = torch.from_numpy(tokens)
    parts = tokens.unfold(1, 65, 64).flatten(0, 1)
    each = [strayed(read_quietly(before, some), read_quietly(after, some)).item() for some in batches(parts, BATCH)]
    return fmean(each)


class Asking(NamedTuple):
    day: Awake
    questions: list[str]

    def now(self) -> list[Said]:
        """What it says now, the same chance each time."""
        receptionist = self.day.classroom.receptionist
        receptionist.publish(self.day.tutor.voice, self.day.tutor.step)
        receptionist.replies = 0
        return list(itertools.islice(endless(receptionist, self.questions), MEASURED))


def bits(voice: Brain, tutor: Tutor) -> float:
    was, tutor.voice = tutor.voice, voice
    try:
        return examine(tutor).bits_per_byte
    finally:
        tutor.voice = was


# ---- a life ----------------------------------------------------------------------------------------------------------


def grow(tutor: Tutor, steps: int, settings: Any) -> None:
    while tutor.step < steps or tutor.under_way:
        tutor.micro_step()
        if tutor.exam_due:
            tutor.heed(examine(tutor, limit=settings.lessons.evaluation_tokens).bits_per_byte)


def hold_course(tutor: Tutor) -> Tasted:
    """A whole course, with no lessons between its steps."""
    while True:
        tutor.taste.next = tutor.step
        if came := tutor.taste.advance(tutor):
            return came


class Grown(NamedTuple):
    """A baby before anything is measured, and a way to ask it."""

    day: Awake
    settings: Any
    home: Path
    asking: Asking


@contextmanager
def grown(given: argparse.Namespace, seed: int, *more: str) -> Iterator[Grown]:
    """One that had its lessons; with ``--keep``, in this life or an earlier one."""
    homes: list[Path] = []
    kept = given.keep / f"seed-{seed}" if given.keep else None

    def prepare(home: Path) -> None:
        homes.append(home)
        if kept and kept.exists():
            shutil.copytree(kept, home / "soul")

    with awake(given, f"{SEED}={seed}", *more, prepare=prepare) as (day, settings):
        grow(day.tutor, given.steps, settings)
        if kept and not kept.exists():
            Caretaker(kept, SoulSettings()).save(day.classroom.saver.pack())
        text = library_of(homes[0], settings).taught_text
        yield Grown(day, settings, homes[0], Asking(day, [one.text for one in ask_about(text, seed=seed)]))


def life(given: argparse.Namespace, seed: int) -> dict[str, Any]:
    with grown(given, seed) as (day, _, _, asking):
        tutor, started = day.tutor, time.process_time()
        before, receptionist = copy.deepcopy(tutor.voice), day.classroom.receptionist
        receptionist.publish(tutor.voice, tutor.step)
        liked, others = gather(receptionist, asking.questions, JUDGED + max(given.thumbs) // 2)
        random.Random(seed).shuffle(liked)
        marked, judged = verdicts(liked[JUDGED:], others[JUDGED:]), (liked[:JUDGED], others[:JUDGED])
        said, was = asking.now(), bits(before, tutor)
        result: dict[str, Any] = {"seed": seed, "bits_per_byte": was}
        result["liked_before"] = fmean(likes(one.text) for one in said)
        distinct = distinct_2([one.text for one in said])[0]
        for count in given.thumbs:
            for pair in marked[:count]:
                tutor.taste.verdicts.add(pair, tutor.librarian.tokenizer)
            began = time.process_time()
            course = hold_course(tutor)
            spent = time.process_time() - began
            said, order = asking.now(), accuracy(before, tutor.voice, tutor, *judged)
            result[f"{count} thumbs"] = {
                "accuracy": order.share,
                "standard_error": order.error,
                "held_out_change": bits(tutor.voice, tutor) / was - 1,
                "distinct_2": distinct_2([one.text for one in said])[0] / distinct,
                "strayed_on_answers": strayed_on_answers(before, tutor.voice, tutor, said),
                "strayed_on_text": strayed_on_text(before, tutor.voice, tutor),
                "liked": fmean(likes(one.text) for one in said),
                "share": course.share,
                "course_strayed": course.strayed,
                "seconds": spent,
            }
            whisper(f"seed {seed}, {count} thumbs: {rounded(result[f'{count} thumbs'])}")
        result["seconds"] = time.process_time() - started
    return result


def add_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("--steps", type=int, default=200, help="of lessons before")
    options.add_argument("--seeds", type=int, default=1, help="lives, one after the other")
    options.add_argument("--first-seed", type=int, default=0, help="of these lives")
    options.add_argument("--keep", type=Path, metavar="DIR", help="keep grown souls there, and take them from there")


def check(given: argparse.Namespace) -> None:
    """Raises Mistake."""
    if min(given.steps, given.seeds, given.first_seed + 1) < 1:
        raise Mistake("--steps and --seeds must be at least 1, and --first-seed at least 0.")


def lives(given: argparse.Namespace) -> range:
    """The seeds."""
    return range(given.first_seed, given.first_seed + given.seeds)


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    add_options(options)
    options.add_argument("--thumbs", type=int, nargs="+", default=[20, 50, 100], help="how many, half of them good")
    given = options.parse_args()
    check(given)
    if min(given.thumbs) < 1:
        raise Mistake("--thumbs must be at least 1.")
    report(rounded({"lives": [life(given, seed) for seed in lives(given)]}), given.json)


if __name__ == "__main__":
    run(main)
