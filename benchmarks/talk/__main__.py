"""How well it talks: sixty questions, some answers to each, and judges that know nothing of its brain.

    python -m benchmarks.talk --minutes 10
    python -m benchmarks.talk --text DIARY.txt --cpu-minutes 4 --seeds 3 --variant default --variant w:speech.top_k=9
    python -m benchmarks.talk --soul HOME --turns 200

Every variant grows once with every seed from an empty soul, or is the newest soul of a home, and is asked through the
same door as in daily life, each question in a conversation of its own. All answers are written to a file, for no figure
stands for reading them. What is measured and against what is in docs/measurements.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean
from typing import Any

from rich import print as show

from benchmarks.common import parser, report, run
from benchmarks.talk import paper
from benchmarks.talk.baby import Woken, asleep, conversations, grown, interview
from benchmarks.talk.marks import Marker, endings
from benchmarks.talk.point import summary
from benchmarks.talk.questions import read_frames
from benchmarks.variants import Variant, add_options, chosen
from school.office.mistakes import Mistake
from school.texts.fluency import words
from wakeup import whisper

ABOUT = (
    "+ where the judge found the question among ten by this answer, - where it took another; [limit] where it was cut."
)


class Desk:
    """Where answers are marked: by the same marker as long as the library is the same."""

    def __init__(self, given: argparse.Namespace):
        self.given, self.listed, self.marker = given, listed_words(given.words), None
        self.lines = [ABOUT]

    def life(self, woken: Woken, variant: Variant, seed: int) -> dict[str, Any]:
        """Ask one baby everything; its figures."""
        if self.marker is None or self.marker.library != woken.library:
            self.marker = Marker(woken.library, self.listed)
        given, marker, receptionist = self.given, self.marker, woken.receptionist
        step = receptionist.step
        asked = marker.questions[: given.questions]
        texts = [question.text for question in asked]
        replies = interview(woken, texts, given.answers)
        found = marker.mark(asked, replies, receptionist.tokenizer)
        self.lines += ["", f"== {variant.name}, seed {seed}, step {step:,} =="]
        self.lines += paper.interview_lines(asked, replies, found["hits"])
        if given.turns:
            talks = conversations(woken, texts, given.turns, given.conversations)
            found["turns"] = marker.mark_turns(talks)
            self.lines += paper.conversation_lines(asked, talks[0])
        ended = endings(replies, receptionist.settings.max_tokens)
        whisper(f"{variant.name}, seed {seed}: {found['to_the_point']['mean']:.1%} to the point at step {step:,}")
        return {"seed": seed, "step": step} | woken.facts | {"endings": ended} | found


def variant_row(variant: Variant, lives: list[dict[str, Any]], marker: Marker) -> dict[str, Any]:
    """A variant's means over its lives; where it is to the point, over all answers to a question."""
    hits = [sum(of_it, []) for of_it in zip(*(life["hits"] for life in lives), strict=True)]
    row = {"name": variant.name, "changes": variant.changes}
    row |= {part: mean_of([life.get(part) for life in lives]) for part in ("baby", "human", "turns")}
    row["bits_per_byte"] = mean_of([life.get("bits_per_byte") for life in lives])
    return row | {"to_the_point": summary(hits, marker.questions[: len(hits)]), "lives": lives}


def mean_of(values: list[Any]) -> Any:
    """Of numbers, or of the numbers in equal dictionaries; None of what is missing in some."""
    if any(value is None for value in values):
        return None
    if isinstance(values[0], dict):
        return {name: mean_of([value[name] for value in values]) for name in values[0]}
    return round(fmean(values), 4)


def listed_words(file: Path | None) -> set[str]:
    """Raises Mistake."""
    try:
        return set(words(file.read_text("utf-8"))) if file else set()
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"--words {file}: can't be read ({getattr(error, 'strerror', None) or error}).") from None


def check(given: argparse.Namespace) -> None:
    """Raises Mistake."""
    if given.minutes <= 0 or given.cpu_minutes < 0 or given.turns < 0:
        raise Mistake("--minutes must be more than 0, --cpu-minutes and --turns not less.")
    if not 1 <= given.conversations <= given.questions:
        raise Mistake("--conversations must be at least 1, and no more than there are questions.")
    if not (1 <= given.questions <= len(read_frames()) and given.answers >= 1):
        raise Mistake(f"--questions must be 1 to {len(read_frames())}, and --answers at least 1.")
    if given.soul and not given.soul.is_dir():
        raise Mistake(f"--soul {given.soul}: there is no such folder.")
    if given.soul and given.seeds != 1:
        raise Mistake("--seeds is for babies that are grown, --soul for one that is there.")


def options() -> argparse.ArgumentParser:
    found = parser(__doc__.splitlines()[0])
    found.add_argument("--minutes", type=float, default=10, help="of lessons; examinations at the end come on top")
    found.add_argument("--cpu-minutes", type=float, default=0, help="of the processor's work for lessons, instead")
    found.add_argument("--soul", type=Path, metavar="HOME", help="ask the newest soul of this home, and grow none")
    found.add_argument("--questions", type=int, default=60, help="how many of the sixty")
    found.add_argument("--answers", type=int, default=3, help="to each question")
    found.add_argument("--turns", type=int, default=0, help="so many questions in one conversation besides")
    found.add_argument("--conversations", type=int, default=1, help="so many of --turns, to know how sure that is")
    found.add_argument("--words", type=Path, metavar="FILE", help="a list of words that are known, too")
    found.add_argument("--out", type=Path, metavar="FILE.txt", help="default: talk-TEXT.txt in this folder")
    add_options(found)
    return found


def measured_on(given: argparse.Namespace) -> dict[str, Any]:
    """What was asked for."""
    clock, minutes = "processor" if given.cpu_minutes else "wall", given.cpu_minutes or given.minutes
    return {
        "text": str(given.text or given.soul or "starter"),
        "clock": None if given.soul else clock,
        "minutes": None if given.soul else minutes,
        "questions": given.questions,
        "answers": given.answers,
        "word_list": str(given.words) if given.words else None,
    }


def main() -> None:
    given = options().parse_args()
    check(given)
    variants, seeds = chosen(given)
    desk, rows = Desk(given), []
    for variant in variants:
        lives = []
        for seed in seeds:
            with asleep(given, variant) if given.soul else grown(given, variant, seed) as woken:
                lives.append(desk.life(woken, variant, seed))
        rows.append(variant_row(variant, lives, desk.marker))
    by, people = rows[0]["lives"][0]["likelihood_by"], desk.marker.ceiling
    place = given.text or given.soul
    out = paper.write(given.out or Path(f"talk-{place.resolve().stem if place else 'starter'}.txt"), desk.lines)
    told = measured_on(given) | {"likelihood_by": by, "out": out}
    if given.json:
        report(told | {"people_to_the_point": people, "variants": rows}, True)
        return
    show(paper.table("what it said, and human text as long", rows, people, by))
    if given.turns:
        show(paper.turns_table(rows))
    report(told, False)


if __name__ == "__main__":
    run(main)
