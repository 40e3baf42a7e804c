"""The words that a stranger can't know, each in a sentence: for /help WORD, and where a word first stands."""

from __future__ import annotations

import difflib
import re

WORDS = {
    "step": "one small lesson: it reads a little of the library, then changes its weights a little. A life is counted "
    "in steps.",
    "loss": "how surprised it was by what it just read, a token on average (in nats). Less is better; 0 would be "
    "no surprise at all.",
    "bits per byte": "how many bits of surprise each byte of a text holds for it: about 8 for one that knows nothing, "
    "2 for one that knows a language a little, 1 for one that knows it well. Less is better, and texts and brains of "
    "any kind can be compared by it.",
    "held-out": "measured on the tenth of your texts that it is never taught: what it learned by heart does not help "
    "there, only what it understood.",
    "token": "a piece of text that it reads and writes at once: a word, a part of one, or a mark.",
    "tokens/s": "how many tokens a second it learns from.",
    "examination": "reading the held-out part without learning it, to see how well it predicts it.",
    "best": "the best held-out figure of its life. Where it stays worse for long, it learns more slowly, in the end "
    "hardly anything, so as not to know its library by heart.",
    "mood": "a word for where loss and self-state are going. It only stands for what the figures bear out.",
    "self-state": "a colour that says how it is: red for skill and energy, green for being stirred up, blue for calm. "
    "It predicts it, too: the first block is what it expected, the second what it was.",
    "soul": "all that it is, saved in a folder: its weights, where it is in its lessons, what it talks about.",
    "weights": "the numbers that its brain is made of; learning changes them.",
    "parameters": "how many numbers its brain is made of.",
    "library": "the texts that it learns from.",
    "pair": "something that you taught it, or an answer with what you made of it. It comes back in its lessons, "
    "at first often, then ever more rarely.",
    "by heart": "what you taught it as an answer it knows by heart once its weights alone would say each token of it "
    "sooner than not, without looking it up.",
    "reviews": "tokens of what people taught it, in the last step.",
    "temperature": "how daring it speaks: at 1 as it predicts, below that it keeps to what is likely.",
    "penalty": "how much it avoids words that it has just said.",
    "window": "how many tokens back one part of its brain looks.",
    "memory": "what it carries along of all that it has read: a short average and a long one.",
    "norm": "how large the change was that the last step asked for.",
    "rate": "how far each step moves its weights.",
    "right": "the share of tokens that it guessed before it saw them.",
    "misjudged": "how far its expected colour was from the true one.",
    "course": "the loss of its last steps as a curve.",
    "blend": "how much the token, its place and the colour count in what its brain takes in.",
}
ALSO = {
    "bits/byte": "bits per byte", "bits": "bits per byte", "bpb": "bits per byte", "tokens": "token",
    "steps": "step", "speed": "tokens/s", "heldout": "held-out", "held out": "held-out", "exam": "examination",
    "exams": "examination", "examined": "examination", "colour": "self-state", "color": "self-state",
    "red": "self-state", "green": "self-state", "blue": "self-state", "expected": "self-state", "true": "self-state",
    "pairs": "pair", "windows": "window", "memory1": "memory", "memory2": "memory", "of full rate": "rate",
    "learning rate": "rate", "repetition penalty": "penalty", "review": "reviews", "weight": "weights", "souls": "soul",
    "moods": "mood",
}  # fmt: skip
FIRST = ("step", "loss", "bits per byte", "held-out")  # that the first lines of a life are made of
LISTED = ("step", "loss", "bits per byte", "held-out", "token", "self-state", "soul", "mood")


def explain(word: str) -> str:
    """What a word means, or which one may have been meant."""
    known = " ".join(word.lower().split())
    name = ALSO.get(known, known)
    if name in WORDS:
        return f"{name}: {WORDS[name]}"
    close = difflib.get_close_matches(known, [*WORDS, *ALSO], n=1, cutoff=0.6)
    if close:
        return f"did you mean /help {close[0]}?"
    return f"/help explains: {', '.join(WORDS)}"


class Newcomer:
    """Explains each of the FIRST words once, below the line in which it first stands."""

    def __init__(self) -> None:
        self._waiting = list(FIRST)

    def explain(self, line: str) -> list[str]:
        """The sentences that belong below a line."""
        met = [word for word in self._waiting if re.search(rf"\b({word}|{word.replace(' per ', '/')})\b", line)]
        self._waiting = [word for word in self._waiting if word not in met]
        return [f"   ({word}: {WORDS[word]})" for word in met]
