"""A course in what people like: a copy of the voice learns from verdicts, while the voice stays as it is.

Each step is one of its own: single verdicts, good and bad, by the loss of KTO, and answers of which a judge guesses how
much they would be liked: their log ratios are to follow its scores (a reward regressed on, as in Gao et al. 2024,
"REBEL", arXiv 2404.16767). With them, two anchors in the voice as it was. Answers that were liked are to stay likely in
themselves, not only beside bad ones (else both sink: Razin et al. 2024, "Unintentional unalignment", arXiv
2410.08847), and what it says to all else is to stay as it was, in nats per token. It ends after so many steps, or where
it strays too far, or where what was liked sinks.

What learns are the vectors alone (biases and scales), a fiftieth of all numbers: some dozens of verdicts tell little,
and all matrices together find other ways to agree with each of them than what they have in common (docs/diary.md).

Shapes: R answers, T tokens of a row, V vocabulary, B rows of the library.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from brain.contract import Brain
from brain.ops.foreach import norm
from brain.ops.preference import preference_losses, reference_point
from brain.ops.token_losses import divergence, token_losses
from school.teaching.adamw import AdamW
from school.teaching.examiner import NEUTRAL
from school.teaching.verdicts import Rows, Verdict, matched, mismatched

SHARPNESS = 1.0  # beta of KTO, per nat of an answer
KEPT_LIKELY = 0.1  # how much the likelihood of liked answers counts, per nat and token
STRETCH, GUESSED = 2.0, 2.0  # nats for each unit of a score; how much missing that counts, per nat squared
KEPT_SAME = 5.0  # how much it counts to be as it was, per nat and token
RATE, CLIP = 3e-3, 1.0
AT_ONCE = 2  # rows that are read together
WARM_UP = 10  # steps over which the rate rises: the first ones of Adam go equally far everywhere
SINKING = -0.2  # nats per token: where liked answers are so much less likely than they were, it goes wrong


class Heard(NamedTuple):
    """Sums over some answers: ``losses`` by what was said of them, ``misses`` by what was guessed; ``strayed``, in
    nats, over their tokens; and of those that people liked, how ``likely`` they are and how much likelier than they
    were, each in nats per token."""

    losses: Tensor
    misses: Tensor
    strayed: Tensor
    likely: Tensor
    likelier: Tensor


@dataclass(slots=True)
class Course:
    """``base`` is the voice without any taste, ``learner`` the one that learns; ``made_of`` are the verdicts' ids.
    ``strayed``: nats per token between the two, on answers or in the library, whichever is more, at the last step;
    ``liked``: by how many nats per token answers that were liked had become likelier. ``held_out``: bits per byte of
    the base, once they are known."""

    base: Brain
    learner: Brain
    made_of: frozenset[str]
    began: int  # the lessons' step
    steps: int
    done: int = 0
    strayed: float = 0.0
    liked: float = 0.0
    held_out: float | None = None
    optimizer: AdamW = field(init=False)

    def __post_init__(self):
        for matrix in self.learner.weight_decayed():
            matrix.requires_grad_(False)
        self.optimizer = AdamW(self.learner, beta2=0.99, weight_decay=0.0)

    @classmethod
    def begin(
        cls, voice: Brain, difference: Mapping[str, Tensor], *, made_of: frozenset[str], began: int, steps: int
    ) -> Course:
        """From the beginning: ``difference`` is what earlier courses made of the voice."""
        base = copy.deepcopy(voice).requires_grad_(False)
        with torch.no_grad():
            for name, parameter in base.named_parameters():
                if name in difference:
                    parameter.sub_(difference[name])
        return cls(base, copy.deepcopy(base).requires_grad_(True), made_of, began, steps)

    @classmethod
    def restored(cls, voice: Brain, facts: Mapping[str, Any], tensors: Mapping[str, Mapping[str, Tensor]]) -> Course:
        """As ``facts`` and ``tensors`` of it say."""
        base, learner = copy.deepcopy(voice).requires_grad_(False), copy.deepcopy(voice).requires_grad_(True)
        course = cls(base, learner, **facts | {"made_of": frozenset(facts["made_of"])})
        with torch.no_grad():
            for brain, part in ((base, "base"), (learner, "learner")):
                for name, parameter in brain.named_parameters():
                    parameter.copy_(tensors[part][name])
        course.optimizer.restore(tensors["moments"])
        return course

    def facts(self) -> dict[str, Any]:
        """What is known of it beside the tensors."""
        figures = {"began": self.began, "steps": self.steps, "done": self.done}
        figures |= {"strayed": self.strayed, "liked": self.liked, "held_out": self.held_out}
        return figures | {"made_of": sorted(self.made_of)}

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        brains = {"base": self.base, "learner": self.learner}
        weights = {part: dict(brain.named_parameters()) for part, brain in brains.items()}
        return weights | {"moments": self.optimizer.tensors()}

    @property
    def sinking(self) -> bool:
        return self.liked < SINKING

    def over(self, budget: float) -> bool:
        """Whether it ends, which may stray by ``budget`` nats per token."""
        return self.done >= self.steps or self.strayed > budget or self.sinking

    def step(self, drawn: Sequence[Verdict], library: Tensor) -> None:
        """Learn from some verdicts, and stay as it was on ``library`` (B, T+1). Gradients of a few rows at a time add
        up, so that no more is in memory at once than these need."""
        reference = self._reference(drawn)
        tokens, people = sum(len(one.answer) for one in drawn), sum(map(_by_people, drawn))
        said, guessed = (sum(bool(one.pair) == kind for one in drawn) for kind in (True, False))
        kinds = bool(said) + bool(guessed)
        self.optimizer.zero_grad()
        on_answers, liked = 0.0, 0.0
        for some in alike(drawn):
            heard = self._hear(some, reference)
            loss = (heard.losses / max(1, said) + GUESSED * heard.misses / max(1, guessed)) / kinds
            loss = loss + KEPT_SAME / 2 * heard.strayed / tokens - KEPT_LIKELY * heard.likely / max(1, people)
            loss.backward()
            on_answers, liked = on_answers + heard.strayed.item() / tokens, liked + heard.likelier.item()
        in_library = 0.0
        for rows in library.split(AT_ONCE):
            apart = strayed(read(self.learner, rows), read_quietly(self.base, rows)) * len(rows) / len(library)
            (KEPT_SAME / 2 * apart).backward()
            in_library += apart.item()
        self.strayed = max(on_answers, in_library)
        self.liked = liked / people if people else self.liked
        self._update()
        self.done += 1

    def _hear(self, some: Sequence[Verdict], reference: Tensor) -> Heard:
        rows, liked = matched(some), torch.tensor([one.liked for one in some])
        by_people, weights = torch.tensor(list(map(_by_people, some))), torch.tensor([one.weight for one in some])
        said, scores = torch.tensor([one.pair is not None for one in some]), torch.tensor([one.score for one in some])
        own, before = read(self.learner, rows.tokens), read_quietly(self.base, rows.tokens)
        likely = log_probabilities(self.learner, own, rows)
        ratios = likely - log_probabilities(self.base, before, rows)
        losses = (weights * preference_losses(ratios, liked, reference, SHARPNESS))[said].sum()
        misses = (weights * (ratios - STRETCH * scores).square())[~said].sum()
        apart, lengths = strayed(own, before, rows.counted) * rows.counted.sum(), rows.counted.sum(1)
        likely, likelier = ((part / lengths)[by_people].sum() for part in (likely, ratios.detach()))
        return Heard(losses, misses, apart, likely, likelier)

    def _reference(self, drawn: Sequence[Verdict]) -> Tensor:
        """From all of them, each behind another's question."""
        rows = mismatched(drawn)
        if rows is None:
            return torch.zeros(())
        ratios = []
        for tokens, counted in zip(*(part.split(AT_ONCE) for part in rows), strict=True):
            some = Rows(tokens, counted)
            after, before = (
                log_probabilities(brain, read_quietly(brain, tokens), some) for brain in (self.learner, self.base)
            )
            ratios.append(after - before)
        return reference_point(torch.cat(ratios))

    def _update(self) -> None:
        gradients = [parameter.grad for parameter in self.learner.parameters() if parameter.grad is not None]
        rate = RATE * min(1.0, (self.done + 1) / WARM_UP)
        self.optimizer.step(rate, shrink=max(1.0, norm(gradients, self.learner.backend) / CLIP))
        self.optimizer.zero_grad()
        self.learner.constrain()

    @torch.no_grad()
    def give_back(self, share: float) -> None:
        """Go back so much of the way to what it was."""
        for parameter, was in zip(self.learner.parameters(), self.base.parameters(), strict=True):
            parameter.lerp_(was, share)

    @torch.no_grad()
    def measure(self, drawn: Sequence[Verdict], library: Tensor) -> float:
        """Nats per token between what it was and is, on these answers or in the library, whichever is more."""
        on_answers, in_library = 0.0, 0.0
        for tokens, counted in map(matched, alike(drawn)):
            there = strayed(read(self.learner, tokens), read(self.base, tokens), counted)
            on_answers += (there * counted.sum()).item() / sum(len(one.answer) for one in drawn)
        for rows in library.split(AT_ONCE):
            in_library += strayed(read(self.learner, rows), read(self.base, rows)).item() * len(rows) / len(library)
        return max(on_answers, in_library)

    def difference(self) -> dict[str, Tensor]:
        """Of all that learned."""
        was = dict(self.base.named_parameters())
        learned = {name: one for name, one in self.learner.named_parameters() if one.requires_grad}
        return {name: parameter.detach() - was[name] for name, parameter in learned.items()}


def alike(drawn: Sequence[Verdict]) -> Iterator[list[Verdict]]:
    """A few at a time, those of about the same length together: what is padded is read for nothing."""
    by_length = sorted(drawn, key=lambda one: len(one.question) + len(one.answer))
    return (by_length[first : first + AT_ONCE] for first in range(0, len(by_length), AT_ONCE))


def _by_people(verdict: Verdict) -> bool:
    """Whether somebody liked it: what is only guessed would teach it its own words."""
    return verdict.liked and verdict.pair is not None


def read(brain: Brain, tokens: Tensor) -> Tensor:
    """Logits (R, T, V) of rows (R, T+1) that begin with nothing known."""
    device = next(brain.parameters()).device
    inputs = tokens[:, :-1].to(device)
    shown = torch.full((*inputs.shape, 3), NEUTRAL, device=device)
    return brain(inputs, shown, brain.fresh_state(len(inputs))).logits


def read_quietly(brain: Brain, tokens: Tensor) -> Tensor:
    with torch.no_grad():
        return read(brain, tokens)


def log_probabilities(brain: Brain, logits: Tensor, rows: Rows) -> Tensor:
    """Of the answers (R,), in nats."""
    targets = rows.tokens[:, 1:].t().to(logits.device)
    losses, _ = token_losses(logits.transpose(0, 1), targets, brain.backend)
    return -(losses * rows.counted.t().to(losses)).sum(0)


def strayed(logits: Tensor, before: Tensor, counted: Tensor | None = None) -> Tensor:
    """The divergence per token from what was said ``before``, over the ``counted`` (R, T) ones."""
    if counted is not None:
        logits, before = logits[counted.to(logits.device)][None], before[counted.to(before.device)][None]
    return divergence(logits, before) / (logits.shape[0] * logits.shape[1])
