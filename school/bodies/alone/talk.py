"""Talking: how a question is read and an answer said, as ``school/talking/receptionist.py`` does it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from school.bodies.alone.byte_pairs import BytePairs
from school.bodies.alone.characters import Characters
from school.bodies.alone.choosing import Choosing
from school.bodies.alone.numpy_brain import InterneuronBrain
from school.bodies.alone.numpy_llama import LlamaBrain
from school.texts.brackets import Brackets
from school.texts.sentences import ends_sentence, whole_characters

LETTERS = {"byte pairs": BytePairs, "characters": Characters}
SPECIES = {"interneuron": InterneuronBrain, "llama": LlamaBrain}


class Talk:
    """One conversation. ``said``: what a body says of itself; ``numbers``: its weights, float16 in a row."""

    def __init__(self, said: Mapping[str, Any], numbers: bytes, seed: int | None = None):
        self.said, self.marks, self.habits, self.speech = said, said["marks"], said["habits"], said["speech"]
        self.letters = LETTERS[said["letters"]["kind"]](said["letters"], self.marks["count"])
        row = np.frombuffer(numbers, "<f2")
        weights = {
            name: row[start : start + math.prod(shape)].astype(np.float32).reshape(shape)
            for name, (start, shape) in said["weights"].items()
        }
        kind = SPECIES[said["config"]["species"]]
        self.brain = kind(said["config"], weights, marks=self.marks["count"], kept=self.habits["kept"])
        self.longest = self.speech["max_tokens"]
        self.choosing = Choosing(
            temperature=self.speech["temperature"] * self.speech["calibration"],
            top_k=self.speech["top_k"],
            top_p=self.speech["top_p"],
            penalty=self.speech["repetition_penalty"],
        )
        self._rng = np.random.default_rng(seed)
        self._never = np.zeros(len(self.letters.pieces), bool)
        self._never[: self.marks["count"]] = True
        self._no_beginning = np.zeros(len(self.letters.pieces), bool)
        self._no_beginning[said["no_beginning"]] = True
        self._final, marked = np.array(said["final"], int), frozenset(said["marked"])
        self._brackets = Brackets(self.letters, marked, self.marks["end"], self.habits["long"])
        self._begun, self._goes_on = frozenset(said["begun"]), np.zeros(len(self.letters.pieces), bool)
        self._goes_on[said["goes_on"]] = True
        self._lines = said["lines"]
        self.reset()

    @property
    def temperature(self) -> float:
        """As people set it; what it chooses with is fitted to what it knows."""
        return self.choosing.temperature / self.speech["calibration"]

    @temperature.setter
    def temperature(self, value: float) -> None:
        self.choosing.temperature = value * self.speech["calibration"]

    def reset(self) -> None:
        """Forget the conversation."""
        self.state, self.pixel, self.recent = self.brain.fresh(), self._neutral(), []

    def answer(self, text: str) -> Iterator[int]:
        """The tokens of an answer as they come; the last of them close what it opened. The question counts ``guidance``
        times as much as the answer begins, so a second stream goes along that has not heard it. Whoever stops listening
        ends its turn."""
        marks, words = self.marks, self.letters.encode(text)[-self.speech["question_tokens"] :]
        unasked, colour = None, self.pixel
        if self.speech["guidance"] > 1:
            unasked = self.state.copy()
            other, other_pixel = self._read(self._turn([]), colour, unasked)
        logits, pixel = self._read(self._turn(words), colour, self.state)
        spoken: list[int] = []
        unread = owed = None
        try:
            while True:
                mixed = logits if unasked is None else self._guided(logits, other, len(spoken))
                token = owed.pop(0) if owed else self._choose(mixed, spoken)
                if token == marks["end"]:
                    if not (owed := self._brackets.closing(spoken)):
                        return
                    token = owed.pop(0)
                spoken.append(token)
                self.recent = [*self.recent, token][-self.speech["repetition_window"] :]
                unread = token
                yield token
                logits, pixel = self.brain.step(token, pixel, self.state)
                unread = None
                owed = self._last(spoken) if owed is None else owed
                if len(spoken) >= self.longest or owed == []:
                    return
                if unasked is not None:
                    other, other_pixel = self.brain.step(token, other_pixel, unasked)
        finally:
            if unread is not None:
                pixel = self.brain.step(unread, pixel, self.state)[1]
            self.pixel = self.brain.step(marks["end"], pixel, self.state)[1]

    def go_on(self, text: str, tokens: int) -> Iterator[int]:
        """So many tokens that follow a text as it is: no marks, no rule to stop by."""
        ids = self.letters.encode(text) or [0]
        logits, self.pixel = self._read(ids, self.pixel, self.state)
        for _ in range(tokens):
            token = self.choosing.choose(logits, self.recent, self._never, self.marks["end"], self._rng)
            self.recent = [*self.recent, token][-self.speech["repetition_window"] :]
            yield token
            logits, self.pixel = self.brain.step(token, self.pixel, self.state)

    def text_of(self, tokens: Iterator[int], say: Callable[[str], object]) -> int:
        """Say the tokens as they come, and nothing before all bytes of a character are there; returns how many."""
        pending, count = b"", 0
        for token in tokens:
            count += 1
            pending += self.letters.pieces[token]
            whole = whole_characters(pending)
            if whole:
                say(pending[:whole].decode("utf-8", "replace"))
            pending = pending[whole:]
        if pending:
            say(pending.decode("utf-8", "replace"))
        return count

    def _neutral(self) -> np.ndarray:
        return np.full(3, self.habits["neutral"], np.float32)

    def _turn(self, words: list[int]) -> list[int]:
        """A question, and that the answer's turn has come. What ends a turn stands in none: byte pairs can't spell it,
        and of characters it is a line's end."""
        marks = self.marks
        space = self.letters.encode(" ")[0]
        said = (space if token == marks["end"] else token for token in words)
        return [*marks["person"], *said, marks["end"], *marks["baby"]]

    def _read(self, tokens: list[int], pixel: np.ndarray, state: Any) -> tuple[np.ndarray, np.ndarray]:
        """What comes of a turn, all of which is read under one colour."""
        for token in tokens[:-1]:
            self.brain.read(token, pixel, state)
        return self.brain.step(tokens[-1], pixel, state)

    def _guided(self, asked: np.ndarray, unasked: np.ndarray, count: int) -> np.ndarray:
        more = (self.speech["guidance"] - 1) * 2 ** (-count / self.habits["guided"])
        return asked + np.float32(more) * (asked - unasked)

    def _choose(self, logits: np.ndarray, spoken: list[int]) -> int:
        forbidden = self._never.copy()
        forbidden[self.marks["end"]] = False
        if not any(self.letters.pieces[token].strip() for token in spoken):
            forbidden |= self._no_beginning
        past = self._past(spoken)
        if past > 0:
            logits = logits.copy()
            logits[self._final] += np.float32(self.habits["pull"] * past)
        if spoken and spoken[-1] in self._begun:
            logits = self._spelled(logits)
        if len(self._final):
            logits = self._ended(logits, spoken)
        while True:
            token = self.choosing.choose(logits, self.recent, forbidden, self.marks["end"], self._rng)
            if not self._brackets.refuses(spoken, token, self.longest):
                return token
            forbidden[token] = True
            if forbidden.all():
                return self.marks["end"]

    def _spelled(self, logits: np.ndarray) -> np.ndarray:
        """Logits in which a word that is begun goes on as words do."""
        left = np.logaddexp.reduce(logits[~self._goes_on])
        ways = np.where(self._goes_on, logits, left)
        odd = ways < ways.max() + math.log(self.habits["spelled"])
        return logits - np.float32(self.habits["far"]) * odd

    def _ended(self, logits: np.ndarray, spoken: list[int]) -> np.ndarray:
        """Logits in which a second end of line is its end, and none comes in a sentence, in which it breaks off
        only where that is likelier than each mark that could end it."""
        logits, end, far = logits.copy(), self.marks["end"], np.float32(self.habits["far"])
        last = next((token for token in reversed(spoken) if token not in self._lines), None)
        if last not in self._final and logits[end] < logits[self._final].max():
            logits[end] -= far
        if spoken and spoken[-1] in self._lines:
            if last in self._final:
                logits[end] = np.logaddexp.reduce(logits[[end, *self._lines]])
            logits[self._lines] -= far
        return logits

    def _past(self, spoken: list[int]) -> float:
        """How many tokens it is past the length from which on the next end of a sentence will do."""
        return len(spoken) - self.longest * self.habits["long"]

    def _last(self, spoken: list[int]) -> list[int] | None:
        """What is still to be said of an answer that is over: where it is long and a sentence ends, or what closes it
        just has room. None where it goes on."""
        if self._past(spoken) < 0:
            return None
        owed = self._brackets.closing(spoken)
        full = owed and len(spoken) + len(owed) >= self.longest
        return owed if full or self._ends_sentence(spoken) else None

    def _ends_sentence(self, spoken: list[int]) -> bool:
        """Whether it ends where a sentence does, and may."""
        tail = self.letters.decode(spoken[-self.habits["tail"] :])
        return ends_sentence(tail) and not self._brackets.refuses(spoken, self.marks["end"], self.longest)
