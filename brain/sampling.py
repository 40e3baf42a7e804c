"""From logits to the next token: repetition penalty, temperature, leaning, top-k, top-p. Ids in, ids out; knows
no text.

Shapes: B streams, V vocabulary, W recent tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor


def penalise_repetition(logits: Tensor, recent: Tensor, penalty: float, *, ending: int) -> Tensor:
    """Lower each token's logit by ``penalty`` for every time it stands in ``recent`` (B, W); -1 stands for none.

    The token ``ending`` stays as likely as it was: what was said before is no reason to stop talking. (Lowering words
    alone made it likelier with every turn.)
    """
    counts = torch.zeros_like(logits).scatter_add_(1, recent.clamp(min=0), (recent >= 0).to(logits.dtype))
    lower = logits - penalty * counts
    words = torch.arange(logits.shape[-1], device=logits.device) != ending
    before, after = (part.masked_fill(~words, -torch.inf).logsumexp(-1) for part in (logits, lower))
    lower[:, ending] = logits[:, ending] + (after - before)
    return lower


def keep_likely(logits: Tensor, top_k: int, top_p: float) -> Tensor:
    """Rule out all but the ``top_k`` best tokens, and of those all but the fewest that hold ``top_p`` of the
    probability (nucleus sampling, Holtzman et al. 2020). The best token always stays."""
    count = min(top_k or logits.shape[-1], logits.shape[-1])
    best, ids = logits.topk(count, dim=-1)
    probabilities = best.softmax(-1)
    outside = probabilities.cumsum(-1) - probabilities >= top_p
    outside[:, 0] = False
    return torch.full_like(logits, -torch.inf).scatter(1, ids, best.masked_fill(outside, -torch.inf))


def lean(logits: Tensor, towards: Tensor, share: Tensor) -> Tensor:
    """Log probabilities (B, V) of a mixture: ``share`` (B,), in [0, 1), of it is the token ``towards`` (B,), the rest
    is what the logits say."""
    logits = logits.log_softmax(-1)
    mixed = logits + (1 - share).log()[:, None]
    held = towards[:, None]
    return mixed.scatter(1, held, torch.logaddexp(mixed.gather(1, held), share.log()[:, None]))


def sample(
    logits: Tensor,
    recent: Tensor,
    *,
    forbidden: Tensor,
    ending: int,
    temperature: float,
    top_k: int,
    top_p: float,
    penalty: float,
    rngs: list[torch.Generator],
    leaning: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """One token per stream, (B,). ``forbidden`` (B, V) marks ids that must not come; ``ending`` is the one that ends an
    answer; temperature 0 takes the best. ``leaning``: towards which tokens and how far, see ``lean``; no penalty counts
    against those."""
    logits = penalise_repetition(logits.masked_fill(forbidden, -torch.inf), recent, penalty, ending=ending)
    logits = logits / (temperature or 1)
    if leaning:
        logits = lean(logits, *leaning)
    if temperature == 0:
        return logits.argmax(-1)
    probabilities = keep_likely(logits, top_k, top_p).softmax(-1).cpu()
    drawn = [torch.multinomial(row, 1, generator=rng) for row, rng in zip(probabilities, rngs, strict=True)]
    return torch.cat(drawn).to(logits.device)
