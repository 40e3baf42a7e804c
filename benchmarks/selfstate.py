"""Does it know how it is doing? The self-state head against simpler foretellers, on text that was never taught.

    python -m benchmarks.selfstate --text DIARY.txt --minutes 3

Squared errors of the head, of "as last time" (persistence) and of always saying the mean, per channel; and Spearman's
rank correlation of the expected red with the share of the next 32 tokens that the brain will get right. Everything
that foretells at a token uses what is known once that token is: the head the last true colour (as in lessons), or,
``talking``, its own last word; the others may use all the truth up to the token itself.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmarks.common import awake, parser, report, run
from benchmarks.learn import examine
from benchmarks.plasticity import teach_for
from brain.contract import Brain
from brain.selfstate import fresh_condition, one_late, true_pixels
from school.teaching.examiner import NEUTRAL

AHEAD, BACK, BLOCK = 32, 20, 128  # tokens
WARM_UP, READERS = 512, 8
CHANNELS = ("red", "green", "blue")


def ranks(values: Tensor) -> Tensor:
    """Rank of each of (n,) values from 1 on; equal ones share their mean rank."""
    _, which, counts = values.unique(return_inverse=True, return_counts=True)
    return (counts.cumsum(0) - (counts - 1) / 2)[which].double()


def spearman(a: Tensor, b: Tensor) -> float:
    """Rank correlation of (n,) with (n,); 0 where one of them never changes."""
    pair = torch.stack([ranks(a), ranks(b)])
    centred = pair - pair.mean(1, keepdim=True)
    scale = centred.norm(dim=1).prod()
    return (centred[0] @ centred[1] / scale).item() if scale else 0.0


@torch.no_grad()
def watch(brain: Brain, rows: np.ndarray, *, talking: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Read ``rows`` (R, S+1): the colours expected and the true ones (R, S, 3), and whether each guess was right
    (R, S). What is expected at a token, before the next is known, becomes true with the next."""
    tokens = torch.from_numpy(rows).to(next(brain.parameters()).device)
    readers, length = len(rows), 1 if talking else BLOCK
    state, condition = brain.fresh_state(readers), fresh_condition(readers, tokens.device)
    shown = torch.full((readers, length, 3), NEUTRAL, device=tokens.device)
    seen = []
    for start in range(0, tokens.shape[1] - 1, length):
        block = tokens[:, start : start + length + 1]
        out = brain(block[:, :-1], shown[:, : block.shape[1] - 1], state)
        losses = -out.logits.log_softmax(-1).gather(-1, block[:, 1:, None])[..., 0]
        right = out.logits.argmax(-1) == block[:, 1:]
        pixels, condition = true_pixels(losses.t(), right.t(), condition, brain.backend)
        pixels, state = pixels.transpose(0, 1), out.state
        expected = out.pixels if talking else brain.self_state(out.hidden, one_late(pixels, shown[:, -1]))
        shown = out.pixels if talking else pixels
        seen.append((expected, pixels, right.float()))
    expected, true, right = (torch.cat(column, 1).cpu() for column in zip(*seen, strict=True))
    return expected, true, right


def judge(expected: Tensor, true: Tensor, right: Tensor, counts: Tensor) -> dict:
    """Errors and rank correlations at the places (R, S) that count and have enough before and behind them."""
    first, last = BACK, true.shape[1] - AHEAD
    counted = counts[:, first : last + 1]

    def at(values: Tensor, before: int = 0) -> Tensor:
        """The value of so many places before each place."""
        return values[:, first - before : last + 1 - before][counted]

    def recent(values: Tensor, before: int) -> Tensor:
        """The mean of the BACK values that end so many places before each place."""
        means = values.unfold(1, BACK, 1).mean(-1)
        return means[:, first - before - BACK + 1 : last + 1 - before - BACK + 1][counted]

    truth = at(true)
    errors = {
        "head": (at(expected) - truth).square().mean(0),
        "as_last": (at(true, 1) - truth).square().mean(0),
        "mean": truth.var(0, correction=0),
    }
    coming = right.unfold(1, AHEAD, 1).mean(-1)[:, first : last + 1][counted]
    red, expected_red = true[..., 0], expected[..., 0]
    foretellers = {
        "expected_red": at(expected_red),
        "expected_red_mean": recent(expected_red, 0),
        "last_red": at(red, 1),
        "red_mean": recent(red, 1),
        "accuracy_mean": recent(right, 1),
    }
    return {
        "places": len(coming),
        "squared_error": {
            name: dict(zip(CHANNELS, (round(v, 5) for v in error.tolist()), strict=True))
            for name, error in errors.items()
        },
        "error_of_persistence": round((errors["head"].sum() / errors["as_last"].sum()).item(), 4),
        "rank_correlation": {name: round(spearman(values, coming), 4) for name, values in foretellers.items()},
    }


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=3, help="of lessons first, from an empty soul")
    options.add_argument("--tokens", type=int, default=1 << 15, help="held-out tokens to watch it on, at most")
    given = options.parse_args()
    with awake(given) as (day, settings):
        tutor = day.tutor
        teach_for(tutor, given.minutes * 60, settings.lessons.evaluation_tokens)
        rows, counts = tutor.librarian.exam_rows(READERS, given.tokens, WARM_UP)
        counts = torch.from_numpy(counts)
        result = {
            "step": tutor.step,
            "bits_per_byte": round(examine(tutor, limit=given.tokens).bits_per_byte, 4),
            **judge(*watch(tutor.voice, rows, talking=False), counts),
            "talking": judge(*watch(tutor.voice, rows, talking=True), counts),
        }
    report(result, given.json)


if __name__ == "__main__":
    run(main)
