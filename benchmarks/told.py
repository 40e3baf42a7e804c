"""What it is told it knows at once: facts told one at a time, then asked for, in the same words and in others.

    python -m benchmarks.told --text DIARY.txt --minutes 30
    python -m benchmarks.told --minutes 0                        # only what is found, without a brain
    python -m benchmarks.told --cpu-minutes 1 --after 10         # whether the weights have it by then

A baby grows for some minutes, then is told the facts of ``told.toml``: after each, the question is asked ``--samples``
times (twenty), each of its three paraphrases a quarter as often, and an answer is right if the key word is in it. Once
all are told, everything is asked again, and a hundred questions that no fact answers: who gets a taught answer then was
recalled falsely. With ``--after``, it goes on with its lessons and examinations, as in daily life, for so many minutes
(of the processor's work, where that counts) and is asked with nothing but its weights: no recall, no hippocampus; the
questions that no fact answers, too: who says a fact's key word there has learned to say it, not when.
``--facts`` tells it the first so many only, ``--after-only`` asks for them only then: asking takes longest.

The settings of recall were chosen on half "a"; "b" is what counts.
"""

from __future__ import annotations

import argparse
import copy
import re
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.common import awake, parser, percentile, report, run
from benchmarks.learn import examine
from benchmarks.talk.baby import grow, learn_for
from benchmarks.teach import nats_per_token
from school.assembly import Awake, open_recall
from school.door.mailbox import Ask
from school.door.values import ME, Pair, Reply
from school.office.mistakes import Mistake
from school.settings import SchoolSettings
from school.talking.recall import Recall
from school.talking.receptionist import Receptionist
from school.teaching.recital import by_heart
from school.texts.tokenizer import END, MARK_COUNT
from wakeup import whisper

FACTS = Path(__file__).with_name("told.toml")
SAMPLES = 20
TO_A_PARAPHRASE = 4  # samples of the question for each of a paraphrase
HELD = 0.5  # of the samples that must be right for a fact to be known


class Fact(dict):
    """``ask``, ``answer``, ``key``, ``again``, ``half``."""

    @property
    def pair(self) -> Pair:
        return Pair(id=self["ask"], prompt=self["ask"], answer=self["answer"], person=ME, source="fix", weight=2.0)

    def in_(self, text: str) -> bool:
        return re.search(rf"(?<!\w){re.escape(self['key'])}(?!\w)", text.casefold()) is not None


def facts_of(half: str) -> tuple[list[Fact], list[str]]:
    """Facts, and questions that none of them answers."""
    book = tomllib.loads(FACTS.read_text("utf-8"))
    halves = ("a", "b") if half == "both" else (half,)
    facts = [Fact(fact) for fact in book["fact"] if fact["half"] in halves]
    return facts, [question for name in halves for question in book[f"unrelated_{name}"]]


# ---- what is found, without a brain --------------------------------------------------------------------------------


def found(
    recall: Recall, facts: Sequence[Fact], unrelated: Sequence[str], others: Sequence[Fact] = ()
) -> dict[str, float]:
    """Shares of questions whose answer is found: the same, paraphrases, those with another's answer, and those with an
    answer where there is none. ``others`` are told, too, and not asked for."""
    for fact in (*others, *facts):
        recall.learn(fact.pair)

    def hits(question: str) -> str | None:
        told = recall.find(question, ME)
        return told and told.pair.id

    again = [(hits(question), fact["ask"]) for fact in facts for question in fact["again"]]
    return {
        "same": fmean(hits(fact["ask"]) == fact["ask"] for fact in facts),
        "paraphrases": fmean(hit == ask for hit, ask in again),
        "another": fmean(hit not in (None, ask) for hit, ask in again),
        "false": fmean(hits(question) is not None for question in unrelated),
    }


class Letters:
    """Stands in for a tokenizer where nobody speaks."""

    end = END

    def encode(self, text: str) -> list[int]:
        return [MARK_COUNT + byte for byte in text.encode()]


# ---- what it says --------------------------------------------------------------------------------------------------


def answers(receptionist: Receptionist, questions: Sequence[str]) -> list[Reply]:
    """One to each, as many at a time as it answers, every one in a conversation of its own."""
    asks = [Ask(question, "", ME, None, kept=False, seconds=600) for question in questions]
    for ask in asks:
        receptionist.admit(ask)
    while receptionist.busy:
        receptionist.serve()
    return [ask.future.result() for ask in asks]


def right(receptionist: Receptionist, fact: Fact, questions: Sequence[str]) -> float:
    """The share of the answers that have the key word."""
    return fmean(fact.in_(reply.text) for reply in answers(receptionist, questions))


def guessed(receptionist: Receptionist, facts: Sequence[Fact]) -> float:
    """The share of right answers before anybody told it."""
    return fmean(right(receptionist, fact, [fact["ask"]]) for fact in facts)


def asked(receptionist: Receptionist, facts: Sequence[Fact], samples: int) -> dict[str, Any]:
    """``same`` and ``paraphrases``: shares of right answers; ``known``: of facts with at least HELD of them right."""
    same = [right(receptionist, fact, [fact["ask"]] * samples) for fact in facts]
    again = [right(receptionist, fact, fact["again"] * max(1, samples // TO_A_PARAPHRASE)) for fact in facts]
    return {"same": fmean(same), "paraphrases": fmean(again), "known": fmean(share >= HELD for share in same)}


def tell(receptionist: Receptionist, facts: Sequence[Fact], samples: int) -> dict[str, Any]:
    """Tell them one at a time and ask for each at once."""
    told, seconds = [], []
    for number, fact in enumerate(facts, 1):
        started = time.perf_counter()
        receptionist.remember([fact.pair])
        answers(receptionist, [fact["ask"]])
        seconds.append(time.perf_counter() - started)
        told.append(asked(receptionist, [fact], samples))
        if number % 25 == 0:
            whisper(f"told {number} facts")
    means = {name: fmean(one[name] for one in told) for name in told[0]}
    return means | {"seconds_p99": percentile(seconds, 0.99)}


def life(given: argparse.Namespace, facts: list[Fact], unrelated: list[str]) -> dict[str, Any]:
    with awake(given) as (day, settings):
        tutor, receptionist = day.tutor, day.classroom.receptionist
        result: dict[str, Any] = grow(day, settings, given)
        if not given.after_only:
            result["guessed"] = guessed(receptionist, facts)
            result["at_once"] = tell(receptionist, facts, given.samples)
            result["all_told"] = asked(receptionist, facts, given.samples)
            wrong = [reply.told for reply in answers(receptionist, unrelated)]
            result["false"] = fmean(told is not None for told in wrong)
        if given.after:
            held_out = examine(tutor).bits_per_byte
            for fact in facts:
                tutor.learn(fact.pair)
            first = tutor.step
            learn_for(day, settings, given.after, by_processor=bool(given.cpu_minutes))
            alone = by_weights_alone(day, settings, facts, unrelated, given.samples)
            result["after"] = {"steps": tutor.step - first} | alone
            result["held_out_change"] = examine(tutor).bits_per_byte / held_out - 1
            result["by_heart"] = sum(by_heart(tutor.voice, [fact.pair for fact in facts], tutor.librarian.tokenizer))
            result["undone"] = len(tutor.news)
    return result


def by_weights_alone(
    day: Awake, settings: SchoolSettings, facts: Sequence[Fact], unrelated: Sequence[str], samples: int
) -> dict[str, Any]:
    """How many it knows, how surprising the answers are to it (nats per token), and ``false``: how many of the
    unrelated questions it answers with the key word of some fact."""
    tutor, receptionist = day.tutor, day.classroom.receptionist
    alone = Receptionist(
        copy.deepcopy(tutor.voice), receptionist.tokenizer, receptionist.conversations, settings.speech,
        open_recall(receptionist.tokenizer, settings),
    )  # fmt: skip
    result = asked(alone, facts, samples)
    result["false"] = fmean(any(fact.in_(reply.text) for fact in facts) for reply in answers(alone, unrelated))
    return result | {"nats_per_token": fmean(nats_per_token(tutor, fact.pair) for fact in facts)}


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=10, help="of lessons before; 0: no brain, only what is found")
    options.add_argument("--cpu-minutes", type=float, default=0, help="of the processor's work for lessons, instead")
    options.add_argument("--facts", type=int, help="only the first so many")
    options.add_argument("--among-all", action="store_true", help="tell both halves before anything is looked for")
    options.add_argument("--half", choices=("a", "b", "both"), default="b", help="of the facts")
    options.add_argument("--after-only", action="store_true", help="ask for nothing before")
    options.add_argument("--after", type=float, default=0, metavar="MINUTES", help="of lessons after all were told")
    options.add_argument("--samples", type=int, default=SAMPLES, help="answers to each question")
    given = options.parse_args()
    if given.samples < 1:
        raise Mistake(f"--samples must be at least 1, not {given.samples}.")
    if min(given.minutes, given.cpu_minutes, given.after) < 0:
        raise Mistake("--minutes, --cpu-minutes and --after can't be less than 0.")
    facts, unrelated = facts_of(given.half)
    facts = facts[: given.facts]
    settings = SchoolSettings()
    recall, others = open_recall(Letters(), settings), facts_of("both")[0] if given.among_all else ()
    result = {"facts": len(facts), "found": found(recall, facts, unrelated, others)}
    if given.minutes or given.cpu_minutes:
        result |= life(given, facts, unrelated)
    report(rounded(result), given.json)


if __name__ == "__main__":
    run(main)
