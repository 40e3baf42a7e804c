"""Which token an answer goes on with: drawn from what is likely, and drawn again where it may not come.

Shapes: B questions being answered, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

from brain.ops.backend import Kernels
from brain.sampling import draw, likely
from school.talking.form import Form
from school.talking.guard import Guard
from school.talking.settings import SpeechSettings
from school.talking.speaking import Speaking
from school.talking.topic import Topic, gone_on, taken_up
from school.texts.sentences import ends_only
from school.texts.tokenizer import MARK_COUNT, Tokenizer


class Chooser:
    def __init__(self, tokenizer: Tokenizer, settings: SpeechSettings, form: Form, device: torch.device):
        self._tokenizer, self._settings, self._form, self._device = tokenizer, settings, form, device
        marks = torch.arange(tokenizer.size) < MARK_COUNT
        self._never = marks & (torch.arange(tokenizer.size) != tokenizer.end)
        no_beginning = torch.tensor([ends_only(tokenizer.token_bytes(i)) for i in range(tokenizer.size)])
        self._never_first = marks | no_beginning

    def choose(
        self,
        everyone: list[Speaking],
        logits: Tensor,
        topics: list[list[Topic]],
        *,
        warmth: float,
        penalty: float,
        guard: Guard | None,
        run: Kernels | None = None,
    ) -> Tensor:
        """A token for each, (B,), at ``warmth`` times its temperature. ``topics``: what is left of each one's to take
        up. Raises ArithmeticError where the ``logits`` (B, V) are no numbers."""
        if not logits.amax(-1).isfinite().all():
            raise ArithmeticError("what it was about to say came to no numbers")
        said = [one.said for one in everyone]
        if pull := self._settings.take_up:
            logits = gone_on(logits, topics, said)
        logits = self._form.spelled(self._form.pulled(logits, list(map(len, said))), said, run=run)
        # Only where a word may end by itself: the next one's gain would cut it off ("Mo soup").
        logits = taken_up(self._form.ended(logits, said), topics, pull)
        recent, forbidden = self._recent(everyone), self._forbidden(everyone)
        temperatures, leaning = self._warm(everyone, warmth), self._leaning(everyone)

        def drawn(some: list[int]) -> Tensor:
            def of(rows: Tensor) -> Tensor:  # mostly all, which need no copies
                return rows if len(some) == len(everyone) else rows[some]

            may_come = likely(
                of(logits),
                of(recent),
                forbidden=of(forbidden),
                ending=self._tokenizer.end,
                temperatures=of(temperatures),
                top_k=self._settings.top_k,
                top_p=self._settings.top_p,
                penalty=penalty,
                leaning=leaning and (of(leaning[0]), of(leaning[1])),
                run=run,
            )
            return draw(*may_come, [everyone[i].rng for i in some])

        asked = list(range(len(everyone)))
        tokens = drawn(asked)
        while who := self._refused(everyone, asked, tokens, guard):  # few: brackets, ends of a few words
            forbidden[who, tokens[who]] = True
            if leaning:  # not even if it was told to
                leaning[1][who] *= leaning[0][who] != tokens[who]
            tokens[who] = self._tokenizer.end  # where nothing is left
            if asked := [i for i in who if not forbidden[i].all()]:
                tokens[asked] = drawn(asked)
        return self._owed(everyone, tokens)

    def _warm(self, everyone: list[Speaking], warmth: float) -> Tensor:
        """The temperature that was asked for of each, (B,), or else the usual one."""
        usual, asked = self._settings.temperature, [one.ask.manner.temperature for one in everyone]
        return warmth * torch.tensor([float(usual if one is None else one) for one in asked], device=self._device)

    def _recent(self, everyone: list[Speaking]) -> Tensor:
        """The last tokens of each, behind them -1 where they are fewer: (B, W)."""
        window = self._settings.repetition_window
        last = [one.recent[-window:] for one in everyone]
        return torch.tensor([tokens + [-1] * (window - len(tokens)) for tokens in last], device=self._device)

    def _forbidden(self, everyone: list[Speaking]) -> Tensor:
        """Marks other than the end, and at first what nobody begins with: (B, V)."""
        begun = [any(self._tokenizer.token_bytes(token).strip() for token in one.said) for one in everyone]
        return torch.stack([self._never if one else self._never_first for one in begun]).to(self._device)

    def _refused(self, everyone: list[Speaking], some: list[int], tokens: Tensor, guard: Guard | None) -> list[int]:
        """Which of some may not say their next token."""
        about_to = tokens.tolist()
        return [i for i in some if self._may_not(everyone[i], about_to[i], guard)]

    def _may_not(self, one: Speaking, token: int, guard: Guard | None) -> bool:
        if one.owed:  # that comes instead
            return False
        if guard and one.ask.public and guard.forbids(one.wording, token):
            return True
        return not one.tells and self._form.refuses(one.said, token, one.most(self._settings.max_tokens))

    def _owed(self, everyone: list[Speaking], tokens: Tensor) -> Tensor:
        """What is owed comes first; and an answer does not end before what it opened is closed."""
        for i, one in enumerate(everyone):
            if tokens[i] == self._tokenizer.end and not (one.owed or one.tells):
                one.close("end", self._form.closing(one.said))
            if one.owed:
                tokens[i] = one.owed[0]
        return tokens

    def _leaning(self, everyone: list[Speaking]) -> tuple[Tensor, Tensor] | None:
        """The tokens that they were told to say next, and how far to lean towards them."""
        if not any(speaking.told for speaking in everyone):
            return None
        next_ = [speaking.told.next(speaking.said) if speaking.told else (0, 0.0) for speaking in everyone]
        tokens, shares = zip(*next_, strict=True)
        return torch.tensor(tokens, device=self._device), torch.tensor(shares, device=self._device)
