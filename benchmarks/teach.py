"""What teaching does: one sentence taught ten times, and one reply fixed; and what that costs on held-out text.

    python -m benchmarks.teach --text DIARY.txt

A twin that is taught nothing lives the same steps; the change of held-out bits per byte is against that twin.
"""

from __future__ import annotations

import copy
import time

from benchmarks.common import awake, parser, report
from benchmarks.learn import examine
from school.door.values import Pair
from school.teaching.receipts import surprise
from school.teaching.tutor import Tutor

SENTENCE = "On Thursdays the blue heron counts the boats and forgets the number at once."
QUESTION, WANTED = "what is in the little tin box?", "Three buttons, a feather and the key of the old piano."


def nats_per_token(tutor: Tutor, pair: Pair) -> float:
    """Mean negative log-likelihood of the pair's answer under the voice, from a fresh conversation."""
    return surprise(tutor.voice, pair, tutor.librarian.tokenizer)


def learn_for(tutor: Tutor, seconds: float) -> int:
    """Lessons for some seconds of wall-clock; returns the steps."""
    first, stop = tutor.step, time.monotonic() + seconds
    while time.monotonic() < stop or tutor.under_way:
        tutor.micro_step()
    return tutor.step - first


def learn_steps(tutor: Tutor, steps: int) -> None:
    last = tutor.step + steps
    while tutor.step < last:
        tutor.micro_step()


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--warm-up", type=float, default=60, help="seconds of lessons before anything is taught")
    options.add_argument("--seconds", type=float, default=30, help="seconds of lessons after it was taught")
    given = options.parse_args()
    with awake(given) as (day, _):
        tutor = day.tutor
        learn_for(tutor, given.warm_up)
        twin = copy.deepcopy(tutor)
        sentence = Pair(id="taught", prompt="", answer=SENTENCE)
        fixed = Pair(id="fixed", prompt=QUESTION, answer=WANTED, weight=2.0)
        before = {pair.id: nats_per_token(tutor, pair) for pair in (sentence, fixed)}
        for i in range(10):
            tutor.reviews.add(Pair(id=f"taught{i}", prompt="", answer=SENTENCE), tutor.librarian.tokenizer, tutor.step)
        tutor.reviews.add(fixed, tutor.librarian.tokenizer, tutor.step)
        steps = learn_for(tutor, given.seconds)
        learn_steps(twin, steps)
        after = {pair.id: nats_per_token(tutor, pair) for pair in (sentence, fixed)}
        untaught = {pair.id: nats_per_token(twin, pair) for pair in (sentence, fixed)}
        held_out, held_out_twin = examine(tutor).bits_per_byte, examine(twin).bits_per_byte
    report(
        {
            "steps": steps,
            "taught_nats_per_token": [round(group["taught"], 3) for group in (before, after, untaught)],
            "fixed_nats_per_token": [round(group["fixed"], 3) for group in (before, after, untaught)],
            "columns": "before, after, twin that was taught nothing",
            "held_out_bits_per_byte": round(held_out, 4),
            "held_out_of_twin": round(held_out_twin, 4),
            "held_out_change_percent": round(100 * (held_out / held_out_twin - 1), 2),
        },
        given.json,
    )


if __name__ == "__main__":
    main()
