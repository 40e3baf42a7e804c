"""What a voice says by itself, as tokens: to questions alone, with no memory, no rules of form and nobody who hears it.

Shapes: R answers, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from brain.contract import Brain, BrainOutput, stack_states
from school.teaching.examiner import NEUTRAL
from school.texts.tokenizer import BABY, END, MARK_COUNT, PERSON

Words = tuple[int, ...]


@torch.no_grad()
def answers(
    voice: Brain,
    questions: Sequence[Words],
    rng: torch.Generator,
    *,
    longest: int,
    temperature: float = 1.0,
    endless: bool = False,
) -> list[Words]:
    """An answer to each question, of at most so many tokens, its END among them where it comes to one; ``endless``: it
    never does. Where the lots fall follows from ``rng`` alone."""
    if not questions:
        return []
    heard_once = {question: _listen(voice, question) for question in questions}
    heard = [heard_once[question] for question in questions]
    state, pixels = stack_states([out.state for out in heard]), torch.cat([out.pixels[:, -1] for out in heard])
    logits, said = torch.cat([out.logits[:, -1] for out in heard]), [[] for _ in questions]
    while True:
        tokens = _draw(logits, temperature, endless, rng)
        for answer, token in zip(said, tokens.tolist(), strict=True):
            if len(answer) < longest and answer[-1:] != [END]:
                answer.append(token)
        if all(len(answer) >= longest or answer[-1] == END for answer in said):
            return [tuple(answer) for answer in said]
        out = voice.step(tokens, pixels, state)
        state, pixels, logits = out.state, out.pixels, out.logits


def _listen(voice: Brain, question: Words) -> BrainOutput:
    device = next(voice.parameters()).device
    tokens = torch.tensor([[PERSON, *question, END, BABY]], device=device)
    shown = torch.full((*tokens.shape, 3), NEUTRAL, device=device)
    return voice(tokens, shown, voice.fresh_state(1))


def _draw(logits: Tensor, temperature: float, endless: bool, rng: torch.Generator) -> Tensor:
    """A token for each row (R, V): never a mark, but for the end of an answer."""
    logits = logits / temperature
    ending = logits[:, END].clone()
    logits[:, :MARK_COUNT] = -torch.inf
    if not endless:
        logits[:, END] = ending
    return torch.multinomial(logits.softmax(-1).cpu(), 1, generator=rng)[:, 0].to(logits.device)
