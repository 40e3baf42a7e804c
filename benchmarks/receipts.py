"""Whether /why names where an answer comes from: what was taught, and the texts that made its words likelier.

    python -m benchmarks.receipts --text DIARY.txt --minutes 5

The facts of ``told.toml`` are told to a baby and asked for, at once and again once it has practised them, with nothing
but its weights. Where the key word is in the answer, the fact should be among the three sources that a search for the
words alone names. And of answers to questions that nobody taught, the texts named are held against the exact influence
of each text on what the hippocampus says: the log probability of the answer with all texts heard, less that with all
but this one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np
import torch

from benchmarks.common import awake, parser, percentile, report, run
from benchmarks.learn import examine
from benchmarks.talk.baby import learn_for
from benchmarks.told import Fact, answers, facts_of, rounded
from school.assembly import Awake
from school.door.receipts import Receipt
from school.door.values import Reply
from school.office.mistakes import Mistake
from school.talking.recall import Recall
from school.teaching.examiner import NEUTRAL
from school.teaching.receipts import NAMED, receipt
from school.teaching.remembering import Remembering
from school.teaching.tutor import Tutor
from school.texts.tokenizer import BABY, DOCUMENT, PERSON

Answered = tuple[str, Reply]


def receipts_of(tutor: Tutor, replies: Sequence[Reply], seconds: list[float]) -> list[Receipt]:
    found = []
    for reply in replies:
        started = time.perf_counter()
        librarian = tutor.librarian
        found.append(receipt(reply.text, "", librarian.tokenizer, librarian.texts, tutor.reviews.all))
        seconds.append(time.perf_counter() - started)
    return found


def of_facts(day: Awake, settings: Any, facts: Sequence[Fact], minutes: float, seconds: list[float]) -> dict[str, Any]:
    """Asked at once, and with the weights alone once they have practised."""
    tutor, receptionist = day.tutor, day.classroom.receptionist
    for fact in facts:
        tutor.learn(fact.pair)
    receptionist.remember([fact.pair for fact in facts])
    at_once = named(day, facts, seconds)
    learn_for(day, settings, minutes, by_processor=False)
    receptionist.recall = Recall(tutor.librarian.tokenizer)
    receptionist.publish(tutor.voice, tutor.step)
    return {"facts": len(facts), "at_once": at_once, "by_heart": named(day, facts, seconds)}


def named(day: Awake, facts: Sequence[Fact], seconds: list[float]) -> dict[str, Any]:
    """How many answers are right, and the share of them whose fact is named by their words alone."""
    replies = [answers(day.classroom.receptionist, [fact["ask"]])[0] for fact in facts]
    right = [(fact, reply) for fact, reply in zip(facts, replies, strict=True) if fact.in_(reply.text)]
    found = receipts_of(day.tutor, [reply for _, reply in right], seconds)
    hits = [fact["ask"] in [s.name for s in one.sources] for (fact, _), one in zip(right, found, strict=True)]
    return {"right": len(right), "named": fmean(hits) if hits else None}


# ---- leave one out -------------------------------------------------------------------------------------------------


@torch.no_grad()
def brain_says(tutor: Tutor, question: str, answer: str) -> tuple[np.ndarray, torch.Tensor]:
    """Tokens behind a document mark, and log probabilities (T, V) of those of the answer and its end."""
    tokenizer, cue = tutor.librarian.tokenizer, tutor.librarian.tokenizer.mark(BABY)
    asked = [*tokenizer.turn(PERSON, tokenizer.encode(question)), *cue]
    said = tokenizer.turn(BABY, tokenizer.encode(answer))[len(cue) :]
    ids = torch.tensor([[*asked, *said]], device=tutor.device)
    shown = torch.full((1, ids.shape[1] - 1, 3), NEUTRAL, device=tutor.device)
    logits = tutor.voice(ids[:, :-1], shown, tutor.voice.fresh_state(1)).logits[0, -len(said) :]
    return np.array([DOCUMENT, *asked, *said]), logits.float().log_softmax(-1).cpu()


def influences(day: Awake, remembering: Remembering, answered: Sequence[Answered]) -> list[list[float]]:
    """Of each answer, in nats by text: how much likelier that text's counts make it, exactly."""
    tutor = day.tutor
    texts, weights = tutor.librarian.texts, remembering.weights
    said = [brain_says(tutor, question, reply.text) for question, reply in answered]

    def likely(heard: Sequence[Any]) -> list[float]:
        hippocampus = remembering.now(heard).heard.result()
        return [float(hippocampus.judge(brain, ids, weights, learn=False).sum()) for ids, brain in said]

    without = [likely([other for other in texts if other is not text]) for text in texts]
    whole = likely(texts)
    return [[all_ - one[i] for one in without] for i, all_ in enumerate(whole)]


def of_texts(day: Awake, remembering: Remembering, questions: Sequence[str], seconds: list[float]) -> dict[str, Any]:
    """How often the text that did most is among those named, and is the first of them; only of answers that have one:
    some text makes them a nat likelier. ``by_size``: where the three largest texts are named whatever it says."""
    replies = [answers(day.classroom.receptionist, [question])[0] for question in questions]
    answered = [(question, reply) for question, reply in zip(questions, replies, strict=True) if reply.text]
    texts = day.tutor.librarian.texts
    largest = sorted(texts, key=lambda text: -len(text.learn))[:NAMED]
    among, first, by_size = [], [], []
    found = receipts_of(day.tutor, [reply for _, reply in answered], seconds)
    for one, nats in zip(found, influences(day, remembering, answered), strict=True):
        best = int(np.argmax(nats))
        if nats[best] >= 1.0:
            names = [source.name for source in one.sources if source.kind == "text"]
            among.append(texts[best].name in names)
            first.append(names[:1] == [texts[best].name])
            by_size.append(texts[best] in largest)
    shares = {"among_three": among, "first": first, "by_size": by_size}
    return {"answers": len(among)} | {name: fmean(hits) if hits else None for name, hits in shares.items()}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=5, help="of lessons with the facts among them")
    options.add_argument("--questions", type=int, default=100, help="only the first so many of each kind")
    options.add_argument("--half", choices=("a", "b", "both"), default="both", help="of the facts")
    given = options.parse_args()
    if given.minutes < 0:
        raise Mistake("--minutes can't be less than 0.")
    facts, unrelated = (kind[: given.questions] for kind in facts_of(given.half))
    seconds: list[float] = []
    with awake(given) as (day, settings):
        if (remembering := day.classroom.remembering) is None:
            raise Mistake("library.remember_megabytes is 0: without a hippocampus there is nothing to compare with.")
        result: dict[str, Any] = {"taught": of_facts(day, settings, facts, given.minutes, seconds)}
        heard = remembering.now(day.tutor.librarian.texts).heard.result()
        examine(day.tutor, remembering=remembering)  # it learns how far to rely on what was heard
        day.classroom.receptionist.listen_to(heard, remembering.weights)
        result["texts"] = of_texts(day, remembering, unrelated, seconds)
        result["step"] = day.tutor.step
    result["seconds_p50"], result["seconds_p99"] = percentile(seconds, 0.5), percentile(seconds, 0.99)
    report(rounded(result), given.json)


if __name__ == "__main__":
    run(main)
