"""Which token an answer goes on with: drawn from what is likely, and drawn again where it may not come.

Shapes: B questions being answered, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

from brain.sampling import sample
from school.talking.form import Form
from school.talking.guard import Guard
from school.talking.settings import SpeechSettings
from school.talking.speaking import Speaking
from school.texts.sentences import ends_only
from school.texts.tokenizer import MARK_COUNT, Tokenizer


class Chooser:
    def __init__(self, tokenizer: Tokenizer, settings: SpeechSettings, form: Form, device: torch.device):
        self._tokenizer, self._settings, self._form, self._device = tokenizer, settings, form, device
        self._no_beginning = torch.tensor([ends_only(tokenizer.token_bytes(i)) for i in range(tokenizer.size)])
        self._no_beginning[tokenizer.end] = True

    def choose(
        self, everyone: list[Speaking], logits: Tensor, *, warmth: float, penalty: float, guard: Guard | None
    ) -> Tensor:
        """A token for each, (B,), at ``warmth`` times its temperature. Raises ArithmeticError where the ``logits``
        (B, V) are no numbers."""
        if not logits.amax(-1).isfinite().all():
            raise ArithmeticError("what it was about to say came to no numbers")
        settings, recent, forbidden = self._settings, self._recent(everyone), self._forbidden(everyone, logits)
        said = [one.said for one in everyone]
        logits = self._form.spelled(self._form.pulled(logits, list(map(len, said))), said)
        leaning = self._leaning(everyone)

        def draw(some: list[int]) -> Tensor:
            tokens = torch.empty(len(some), dtype=torch.int64, device=self._device)
            for temperature, places in self._by_temperature([everyone[i] for i in some]).items():
                tokens[places] = draw_alike([some[place] for place in places], temperature)
            return tokens

        def draw_alike(some: list[int], temperature: float) -> Tensor:
            return sample(
                logits[some],
                recent[some].to(self._device),
                forbidden=forbidden[some].to(self._device),
                ending=self._tokenizer.end,
                temperature=temperature * warmth,
                top_k=settings.top_k,
                top_p=settings.top_p,
                penalty=penalty,
                rngs=[everyone[i].rng for i in some],
                leaning=leaning and (leaning[0][some], leaning[1][some]),
            )

        tokens = draw(list(range(len(everyone))))
        while refused := self._refused(everyone, tokens, guard):  # few: brackets, ends of a few words
            who, what = list(refused), list(refused.values())
            forbidden[who, what], forbidden[who, self._tokenizer.end] = True, False
            if leaning:  # not even if it was told to
                leaning[1][who] *= leaning[0][who] != tokens[who]
            tokens[who] = draw(who)
        return self._owed(everyone, tokens)

    def _by_temperature(self, some: list[Speaking]) -> dict[float, list[int]]:
        """The places of these answers, by the temperature that was asked for."""
        places: dict[float, list[int]] = {}
        for place, one in enumerate(some):
            asked = one.ask.manner.temperature
            places.setdefault(self._settings.temperature if asked is None else asked, []).append(place)
        return places

    def _recent(self, everyone: list[Speaking]) -> Tensor:
        window = self._settings.repetition_window
        recent = torch.full((len(everyone), window), -1, dtype=torch.int64)
        for i, speaking in enumerate(everyone):
            last = speaking.recent[-window:]
            recent[i, : len(last)] = torch.tensor(last, dtype=torch.int64)
        return recent

    def _forbidden(self, everyone: list[Speaking], logits: Tensor) -> Tensor:
        """Marks other than the end, and at first what nobody begins with: (B, V)."""
        forbidden = torch.zeros(logits.shape, dtype=torch.bool)
        forbidden[:, :MARK_COUNT] = True
        forbidden[:, self._tokenizer.end] = False
        for i, speaking in enumerate(everyone):
            if not any(self._tokenizer.token_bytes(token).strip() for token in speaking.said):
                forbidden[i] |= self._no_beginning
        return forbidden

    def _refused(self, everyone: list[Speaking], tokens: Tensor, guard: Guard | None) -> dict[int, int]:
        """Which of them may not say their next token, and which that is."""
        about_to = enumerate(zip(everyone, tokens.tolist(), strict=True))
        return {i: token for i, (one, token) in about_to if self._may_not(one, token, guard)}

    def _may_not(self, one: Speaking, token: int, guard: Guard | None) -> bool:
        if guard and one.ask.public and guard.forbids(one.wording, token):
            return True
        return not one.tells and self._form.refuses(one.said, token)

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
