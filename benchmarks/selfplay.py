"""What self-play does: how a baby answers before and after a course in what `selfplay` made, and nothing else.

    python -m benchmarks.selfplay --steps 400 --seeds 2 --set brain.preset=newborn --keep /tmp/grown

Told of its answers, by its brain alone (no rules of form, no memory) at two temperatures, and as it speaks to people:
``repeated``, the share of an answer's pairs of tokens that it had before; ``unfinished``, of answers that came to no
end by themselves; ``shared``, of answers that another question got, too; and distinct-2. Beside it, held-out bits and
how far it went, in nats per token.
"""

from __future__ import annotations

import argparse
import copy
from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import torch

from benchmarks.common import parser, report, run
from benchmarks.thumbs import MEASURED, Asking, add_options, bits, check, grown, hold_course, lives
from benchmarks.told import answers as replies
from benchmarks.told import rounded
from brain.contract import Brain
from school.selfplay import beside, held
from school.teaching.own_words import Words, answers
from school.teaching.styles import repeated
from school.teaching.verdicts import ANSWER
from school.texts.fluency import distinct_2
from school.texts.tokenizer import END
from wakeup import whisper

TEMPERATURES = (0.5, 1.0)
TOGETHER = 32


def alone(voice: Brain, questions: Sequence[Words], temperature: float) -> dict[str, float]:
    """How the voice answers by itself, the same lots each time."""
    rng, said = torch.Generator().manual_seed(0), []
    for start in range(0, len(questions), TOGETHER):
        some = questions[start : start + TOGETHER]
        said += answers(voice, some, rng, longest=ANSWER, temperature=temperature)
    times = Counter(said)
    return {
        "repeated": fmean(repeated(one) for one in said),
        "unfinished": fmean(END not in one for one in said),
        "shared": fmean(times[one] > 1 for one in said),
    }


def spoken(asking: Asking) -> dict[str, float]:
    """How it answers people."""
    receptionist, questions = asking.day.classroom.receptionist, asking.questions
    receptionist.publish(asking.day.tutor.voice, asking.day.tutor.step)
    receptionist.replies = 0
    said = replies(receptionist, (questions * -(-MEASURED // len(questions)))[:MEASURED])
    return {
        "repeats": fmean(one.repeats for one in said if one.repeats is not None),
        "unfinished": fmean(one.ending != "end" for one in said),
        "distinct_2": distinct_2([one.text for one in said])[0],
    }


def life(given: argparse.Namespace, seed: int) -> dict[str, Any]:
    with grown(given, seed, f"lessons.selfplay_weight={given.weight}") as (day, settings, home, asking):
        tutor, tokenizer = day.tutor, day.tutor.librarian.tokenizer
        questions = [tuple(tokenizer.encode(text)) for text in asking.questions]
        questions = (questions * -(-MEASURED // len(questions)))[:MEASURED]

        def measured() -> dict[str, Any]:
            found = {f"alone at {warm}": alone(tutor.voice, questions, warm) for warm in TEMPERATURES}
            return found | {"spoken": spoken(asking)}

        result: dict[str, Any] = {"seed": seed, "before": measured()}
        was, before = bits(tutor.voice, tutor), copy.deepcopy(tutor.voice)
        made = [*beside(held(settings, home, []), before, tokenizer, seed)]
        for pair in made:
            tutor.learn(pair)
        course = hold_course(tutor)
        result |= {"made": dict(Counter(pair.source for pair in made)), "after": measured(), "share": course.share}
        result |= {"held_out_change": bits(tutor.voice, tutor) / was - 1, "strayed": course.strayed}
        whisper(f"seed {seed}: {rounded(result)}")
    return result


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    add_options(options)
    options.add_argument("--weight", type=float, default=0.25, help="lessons.selfplay_weight")
    given = options.parse_args()
    check(given)
    report(rounded({"lives": [life(given, seed) for seed in lives(given)]}), given.json)


if __name__ == "__main__":
    run(main)
