"""How well it learns in a given time, from an empty soul: held-out bits per byte against seconds of lessons.

python -m benchmarks.learn --text DIARY.txt --minutes 10
"""

from __future__ import annotations

import time

from benchmarks.common import awake, parser, report
from school.examiner import Exam, ExamResult
from school.tutor import Tutor


def examine(tutor: Tutor, *, voice: bool = True, limit: int = 1 << 40) -> ExamResult:
    """An examination on ``limit`` held-out tokens; all of them unless it says otherwise."""
    rows, counts = tutor.librarian.exam_rows(8, limit, 512)
    exam = Exam(rows, counts, byte_lengths=tutor.librarian.byte_lengths, chunk=128)
    return exam.run(tutor.voice if voice else tutor.brain)


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=10, help="of lessons; examinations come on top")
    options.add_argument("--every", type=float, default=30, help="seconds between examinations")
    given = options.parse_args()
    with awake(given) as (day, settings):
        tutor, spent, tokens, curve = day.tutor, 0.0, 0, []
        while spent < given.minutes * 60:
            if step := tutor.micro_step():
                spent += step.seconds
                tokens += step.tokens
            if tutor.exam_due:  # part of its life, so within the clock
                started = time.perf_counter()
                tutor.heed(examine(tutor, limit=settings.lessons.evaluation_tokens).bits_per_byte)
                spent += time.perf_counter() - started
            if spent >= given.every * (len(curve) + 1) or spent >= given.minutes * 60:
                result = examine(tutor)
                curve.append([round(spent), tutor.step, round(result.bits_per_byte, 4)])
                day.say(
                    f"{spent:5.0f} s  step {tutor.step:5}  {result.bits_per_byte:.4f} bits/byte held out, "
                    f"rate {tutor.learning_rate():.1e}"
                )
        live = examine(tutor, voice=False)
        report(
            {
                "bits_per_byte": round(result.bits_per_byte, 4),
                "bits_per_byte_without_averaging": round(live.bits_per_byte, 4),
                "seconds": round(spent),
                "tokens": tokens,
                "tokens_per_second": round(tokens / spent),
                "held_out_bytes": result.bytes,
                "accuracy": round(result.accuracy, 4),
                "self_state_error": round(result.self_state_error, 4),
                "parameters": day.classroom.parameters,
                "curve": curve,
            },
            given.json,
        )


if __name__ == "__main__":
    main()
