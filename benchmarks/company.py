"""What much company costs a grown brain: pair after pair is taught to one that knows its library.

    python -m benchmarks.company --text DIARY.txt

The same brain lives the same steps with each strength of ``lessons.anchor``. Held-out bits per byte say what it lost of
what it was never taught, nats per token of the pairs' answers what it learned of them.
"""

from __future__ import annotations

import copy
import random

from benchmarks.common import awake, parser, report, run
from benchmarks.learn import examine
from benchmarks.teach import learn_for, learn_steps, nats_per_token
from benchmarks.twitch_soak import question, sentence
from school.door.values import Pair
from school.teaching.tutor import Tutor

ASKED = 40  # pairs that are looked at


def settle(tutor: Tutor, minutes: float) -> float:
    """Let it learn, then take what it is now for the best that it can be; returns its held-out bits per byte."""
    learn_for(tutor, 60 * minutes)
    held_out = examine(tutor).bits_per_byte
    tutor.plateau.best = None
    tutor.heed(held_out)
    tutor.plateau.rate_scale = tutor.settings.plateau_floor
    return held_out


def keep_company(tutor: Tutor, steps: int, every: int) -> list[Pair]:
    """Teach it a pair every so many steps, half of them with a question; returns them."""
    rng, taught = random.Random(3), []
    for _ in range(0, steps, every):
        prompt = question(rng) if rng.random() < 0.5 else ""
        taught.append(Pair(id=str(len(taught)), prompt=prompt, answer=sentence(rng)))
        tutor.reviews.add(taught[-1], tutor.librarian.tokenizer, tutor.step)
        learn_steps(tutor, every)
    return taught


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=8, help="of lessons before anybody comes")
    options.add_argument("--steps", type=int, default=800, help="steps in company")
    options.add_argument("--every", type=int, default=5, help="steps between pairs")
    options.add_argument("--anchors", type=float, nargs="+", default=[0.0, 1.0], help="strengths to compare")
    given = options.parse_args()
    with awake(given) as (day, _):
        before = settle(day.tutor, given.minutes)
        rows = []
        for anchor in given.anchors:
            tutor = copy.deepcopy(day.tutor)
            tutor.plateau.settings = tutor.settings.model_copy(update={"anchor": anchor})
            pairs = keep_company(tutor, given.steps, given.every)
            after = examine(tutor).bits_per_byte
            asked = random.Random(1).sample(pairs, min(ASKED, len(pairs)))
            row = {"anchor": anchor, "held_out": round(after, 4), "percent": round(100 * (after / before - 1), 2)}
            rows.append(
                row | {"taught_nats": round(sum(nats_per_token(tutor, pair) for pair in asked) / len(asked), 2)}
            )
    result = {"steps_before": day.tutor.step, "held_out_before": round(before, 4)}
    report(result | {f"anchor {row['anchor']:g}": row for row in rows}, given.json)


if __name__ == "__main__":
    run(main)
