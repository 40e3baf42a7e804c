"""From logits to the next token: how words go on, repetition penalty, temperature, leaning, top-k, top-p. Ids in, ids
out; knows no text.

Compiled, a token is chosen in a tenth of the time: it would be some hundred small operations of PyTorch, and while
lessons are on, each of them waits for the interpreter.

Shapes: B answers, V vocabulary, W recent tokens, K tokens that may come.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from brain.ops.backend import Kernels

FAR = 30.0  # nats by which a token falls that is to come only where all else is refused


def spell_on(logits: Tensor, goes_on: Tensor, share: float, *, run: Kernels | None = None) -> Tensor:
    """Logits (B, V) in the middle of a word, of whose ways to go on those stay that are at least ``share`` times as
    likely as the likeliest: each token that ``goes_on`` (V,) with a word, and to leave it at that, whatever comes
    then. The others fall FAR."""
    if run:
        logits = logits.clone(memory_format=torch.contiguous_format)
        run("spell_on", logits, goes_on, torch.tensor([math.log(share), FAR]), *logits.shape)
        return logits
    left = logits.masked_fill(goes_on, -torch.inf).logsumexp(-1, keepdim=True)
    ways = torch.where(goes_on, logits, left)
    return logits - FAR * (ways < ways.amax(-1, keepdim=True) + math.log(share))


def penalise_repetition(logits: Tensor, recent: Tensor, penalty: float, *, ending: int) -> Tensor:
    """Lower each token's logit by ``penalty`` for every time it stands in ``recent`` (B, W); -1 stands for none.

    The token ``ending`` stays as likely as it was: what was said before is no reason to stop talking. (Lowering words
    alone made it likelier with every turn.)
    """
    counts = torch.zeros_like(logits).scatter_add_(1, recent.clamp(min=0), (recent >= 0).to(logits.dtype))
    lower = logits - penalty * counts
    words = torch.arange(logits.shape[-1], device=logits.device) != ending
    before, after = (part.masked_fill(~words, -torch.inf).logsumexp(-1) for part in (logits, lower))
    lower[:, ending] = logits[:, ending] + (after - before).nan_to_num()  # where no word may come, both are infinite
    return lower


def lean(logits: Tensor, towards: Tensor, share: Tensor) -> Tensor:
    """Log probabilities (B, V) of a mixture: ``share`` (B,), in [0, 1), of it is the token ``towards`` (B,), the rest
    is what the logits say."""
    logits = logits.log_softmax(-1)
    mixed = logits + (1 - share).log()[:, None]
    held = towards[:, None]
    return mixed.scatter(1, held, torch.logaddexp(mixed.gather(1, held), share.log()[:, None]))


def keep_likely(logits: Tensor, count: int, top_p: Tensor) -> tuple[Tensor, Tensor]:
    """The ``count`` best tokens (B, K), the best first, and their probabilities (B, K): 0 past the fewest that hold
    ``top_p`` (B,) of the probability of all these (nucleus sampling, Holtzman et al. 2020). The best always stays."""
    best, ids = logits.topk(count, dim=-1)
    probabilities = best.softmax(-1)
    outside = probabilities.cumsum(-1) - probabilities >= top_p[:, None]
    outside[:, 0] = False
    return ids, best.masked_fill(outside, -torch.inf).softmax(-1)


def likely(
    logits: Tensor,
    recent: Tensor,
    *,
    forbidden: Tensor,
    ending: int,
    temperatures: Tensor,
    top_k: int,
    top_p: float,
    penalty: float,
    leaning: tuple[Tensor, Tensor] | None = None,
    run: Kernels | None = None,
) -> tuple[Tensor, Tensor]:
    """What may come, (B, K), the likeliest first, and how likely each is, (B, K). ``forbidden`` (B, V) marks ids that
    must not come; ``ending`` is the one that ends an answer; of ``temperatures`` (B,) 0 leaves the best alone, and
    ``top_k`` 0 leaves all. ``leaning``: towards which tokens and how far, see ``lean``; no penalty counts against
    those."""
    count = min(top_k or logits.shape[-1], logits.shape[-1])
    if run:
        return _compiled(logits, recent, forbidden, ending, temperatures, count, top_p, penalty, leaning, run)
    best_alone = temperatures == 0
    logits = penalise_repetition(logits.masked_fill(forbidden, -torch.inf), recent, penalty, ending=ending)
    logits = logits / temperatures.masked_fill(best_alone, 1)[:, None]
    if leaning:
        logits = lean(logits, *leaning)
    return keep_likely(logits, count, torch.where(best_alone, 0.0, top_p))


def _compiled(
    logits: Tensor,
    recent: Tensor,
    forbidden: Tensor,
    ending: int,
    temperatures: Tensor,
    count: int,
    top_p: float,
    penalty: float,
    leaning: tuple[Tensor, Tensor] | None,
    run: Kernels,
) -> tuple[Tensor, Tensor]:
    streams, vocabulary = logits.shape
    ids, probabilities = recent.new_empty(streams, count), logits.new_empty(streams, count)
    run(
        "likely", logits.contiguous(), forbidden.contiguous(), recent.contiguous(), temperatures.contiguous(),
        *(leaning or (ids, probabilities)), torch.tensor([top_p, penalty]), ids, probabilities,
        logits.new_empty(vocabulary), streams, vocabulary, recent.shape[1], count, ending, int(leaning is not None),
    )  # fmt: skip
    return ids, probabilities


def draw(ids: Tensor, probabilities: Tensor, rngs: list[torch.Generator]) -> Tensor:
    """One of ``ids`` (B, K) each, (B,), by a chance of its own."""
    chances = torch.stack([torch.rand(1, generator=rng, dtype=torch.float64) for rng in rngs])  # (B, 1)
    reached = probabilities.cpu().double().cumsum(-1)
    which = (reached <= chances * reached[:, -1:]).sum(-1, keepdim=True)
    return ids.gather(1, which.to(ids.device))[:, 0]
