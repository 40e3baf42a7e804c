"""All figures of one baby's answers, beside those of human text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from statistics import fmean
from typing import Any

from benchmarks.talk.form import figures
from benchmarks.talk.human import pieces_of
from benchmarks.talk.judge import Judge
from benchmarks.talk.library import Library
from benchmarks.talk.likelihood import likelihoods
from benchmarks.talk.point import ceiling, echoed, hits_of, summary
from benchmarks.talk.questions import Question, ask_about
from school.door.values import Reply
from school.talking.form import LONG
from school.texts.fluency import known_words, share, words
from school.texts.sentences import ends_sentence
from school.texts.tokenizer import Tokenizer

CUT_SHORT = ("limit", "time")
FIRST = 10  # turns of a long conversation that its last half is held against
LASTING = ("mean_words", "known_words", "ends_with_a_sentence")  # what is to be the same then


class Marker:
    """Marks what babies of one ``library`` say. ``listed``: words that are known besides the library's."""

    def __init__(self, library: Library, listed: Collection[str] = ()):
        self.library, self.text = library, library.taught_text
        self.vocabulary = {*words(self.text), *listed}
        self.questions = ask_about(self.text, seed=0)
        self.judge = Judge(library.taught)
        self.ceiling = ceiling(library)

    def mark(self, asked: Sequence[Question], replies: Sequence[Sequence[Reply]], tokenizer: Tokenizer) -> dict:
        """``replies``: some answers to each question, as many to each. ``baby`` and ``human``, who is None where
        nothing is held out; ``to_the_point``; ``likelihood_by`` whom."""
        said = [reply for turn in zip(*replies, strict=True) for reply in turn]
        texts = [reply.text for reply in said]
        pieces = pieces_of(self.library.held_out_text, [len(words(text)) for text in texts], seed=0)
        baby = self._figures(texts, texts, [len(reply.tokens) for reply in said], pieces.fresh or len(texts))
        baby["ends_with_a_sentence"] = _ends(said)
        by, (of_baby, of_human) = likelihoods(self.text, [texts, pieces.cuts])
        human = None
        if pieces.cuts:
            lengths = [len(tokenizer.encode(cut)) for cut in pieces.cuts]
            human = self._figures(pieces.cuts, pieces.runs, lengths, pieces.fresh)
            human["judged_bits_per_byte"] = of_human
        questions, answers = [question.text for question in asked], [[one.text for one in of_it] for of_it in replies]
        hits = hits_of(self.judge, questions, answers, [question.text for question in self.questions])
        pairs = [(question, one) for question, of_it in zip(questions, answers, strict=True) for one in of_it]
        return {
            "baby": baby | {"judged_bits_per_byte": of_baby, "echoed_words": echoed(pairs)},
            "human": human,
            "to_the_point": summary(hits, asked),
            "hits": hits,
            "likelihood_by": by,
        }

    def _figures(self, texts: list[str], whole: list[str], tokens: list[int], fresh: int) -> dict[str, Any]:
        return figures(texts, tokens, self.vocabulary, library=self.text, fresh=fresh, whole=whole)

    def mark_turns(self, conversations: Sequence[Sequence[Reply]]) -> dict[str, dict[str, Any]]:
        """The last halves of some conversations, as long as each other, beside their first turns, neither of which has
        any of the other; and how ``last`` is to ``first``, with its standard error."""
        half = (len(conversations[0]) + 1) // 2
        begun = [said[: min(FIRST, half)] for said in conversations]
        ended = [said[half:] for said in conversations]
        first = [self._turns(one, ()) for one in begun]
        last = [self._turns(one, said[:half]) for one, said in zip(ended, conversations, strict=True)]
        return {
            "first": _means(first),
            "last": _means(last),
            "last_to_first": {
                name: ratio([one[name] for one in last], [one[name] for one in first]) for name in LASTING
            },
        }

    def _turns(self, said: Sequence[Reply], before: Iterable[Reply]) -> dict[str, float | None]:
        texts, heard, again = [reply.text for reply in said], {reply.text for reply in before}, 0
        for text in texts:
            again += text in heard
            heard.add(text)
        return {
            "mean_words": share(sum(len(words(text)) for text in texts), len(texts)),
            "known_words": known_words(texts, self.vocabulary),
            "ends_with_a_sentence": _ends(said),
            "two_tokens_or_fewer": share(sum(len(reply.tokens) <= 2 for reply in said), len(said)),
            "said_before": share(again, len(texts)),
        }


def _means(parts: Sequence[dict[str, float | None]]) -> dict[str, float | None]:
    """Of what is there."""
    there = {name: [part[name] for part in parts if part[name] is not None] for name in parts[0]}
    return {name: round(fmean(values), 4) if values else None for name, values in there.items()}


def ratio(of: Sequence[float | None], to: Sequence[float | None]) -> dict[str, float | None]:
    """The ``ratio`` of two means over the same conversations and its standard ``error``, by leaving out one of them at
    a time (the jackknife); a single one has none."""
    pairs = [(one, other) for one, other in zip(of, to, strict=True) if one is not None and other is not None]
    if not sum(other for _, other in pairs):
        return {"ratio": None, "error": None}
    whole, count = _ratio(pairs), len(pairs)
    without = [_ratio(pairs[:i] + pairs[i + 1 :]) for i in range(count) if count > 1]
    if not without or None in without:
        return {"ratio": round(whole, 4), "error": None}
    spread = sum((one - fmean(without)) ** 2 for one in without)
    return {"ratio": round(whole, 4), "error": round(math.sqrt(spread * (count - 1) / count), 4)}


def _ratio(pairs: Sequence[tuple[float, float]]) -> float | None:
    below = sum(other for _, other in pairs)
    return sum(one for one, _ in pairs) / below if below else None


def how_ended(reply: Reply, longest: int) -> str:
    """ "end" (it was done), "sentence" (it was long enough, and let go at the end of a sentence), "limit" or "time"."""
    long = len(reply.tokens) >= longest * LONG
    return "sentence" if reply.ending == "end" and long and ends_sentence(reply.text) else reply.ending


def endings(replies: Iterable[Iterable[Reply]], longest: int) -> dict[str, int]:
    return dict(sorted(Counter(how_ended(reply, longest) for of_it in replies for reply in of_it).items()))


def _ends(said: Sequence[Reply]) -> float | None:
    """The share that end by themselves, with a sentence."""
    return share(sum(reply.ending not in CUT_SHORT and ends_sentence(reply.text) for reply in said), len(said))
