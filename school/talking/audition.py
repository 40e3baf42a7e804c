"""A few answers at an examination, to hear whether it still speaks: bits can fall while speech decays."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from brain.contract import Brain
from school.door.mailbox import Ask
from school.door.values import ME
from school.talking.conversations import Conversations
from school.talking.receptionist import Receptionist
from school.talking.settings import SpeechSettings
from school.texts.asking import forms
from school.texts.fluency import Fluency, fluency, words
from school.texts.librarian import Librarian

QUESTIONS = 6
PATIENCE = 600  # seconds for an answer: what it says must not depend on the machine
SAMPLE = 1 << 20  # tokens of the library that words are known from, at most


class Audition:
    """Asks the ``voice`` always the same, as it speaks by default: what comes of it depends on the weights alone."""

    def __init__(self, voice: Brain):
        self._voice, self._library, self._vocabulary = voice, "", frozenset()

    @torch.no_grad()
    def hear(self, librarian: Librarian, temperature: float, repeats: float) -> Fluency:
        """Of a few answers, with what an examination advised."""
        settings = SpeechSettings(max_seconds=PATIENCE)
        with tempfile.TemporaryDirectory() as nowhere:
            conversations = Conversations(Path(nowhere), limit=1, disk_limit=0, device=self._device)
        receptionist = Receptionist(self._voice, librarian.tokenizer, conversations, settings)
        receptionist.heed(temperature, repeats)
        asks = [Ask(text, "", ME, None, kept=False) for text in forms(librarian.language)["open"][:QUESTIONS]]
        for ask in asks:
            receptionist.admit(ask)
        while receptionist.busy:
            receptionist.serve()
        return fluency([ask.future.result().text for ask in asks], self._words(librarian))

    @property
    def _device(self) -> torch.device:
        return next(self._voice.parameters()).device

    def _words(self, librarian: Librarian) -> frozenset[str]:
        """That it was taught."""
        if self._library != librarian.library:
            left, known = SAMPLE, set()
            for text in librarian.texts:
                known.update(words(librarian.tokenizer.decode(text.learn[:left].tolist())))
                left = max(0, left - len(text.learn))
            self._library, self._vocabulary = librarian.library, frozenset(known)
        return self._vocabulary
