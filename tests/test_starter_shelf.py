"""The starter shelf: enough of it, two thirds in conversations that alternate, and nothing said twice."""

from __future__ import annotations

import re

from bots.chat.duplicates import NearDuplicates
from school.texts.places import STARTER_SHELF
from school.texts.turns import has_turns

TEXTS = {path.name: path.read_text("utf-8") for path in sorted(STARTER_SHELF.iterdir())}
TALKS = {name: text for name, text in TEXTS.items() if has_turns(text)}
SENTENCE_END = re.compile(r"(?<=[.?!])\s+|\n")
LONG = 8  # words; shorter sentences are said by everybody


def test_its_size():
    """200 kB at least, and two thirds of it conversations."""
    size = sum(map(len, TEXTS.values()))
    assert size >= 200_000
    assert sum(map(len, TALKS.values())) >= 2 / 3 * size


def test_conversations_alternate():
    """A person begins, the baby has the last word, and an empty line parts two conversations."""
    for name, text in TALKS.items():
        for talk in text.strip().split("\n\n"):
            lines = talk.split("\n")
            assert len(lines) % 2 == 0, f"{name}: {talk}"
            for number, line in enumerate(lines):
                assert re.match(r"baby: \S" if number % 2 else r"you: \S", line), f"{name}: {line}"


def test_it_ends_its_sentences():
    """The baby's lines end as sentences do, with what was opened closed."""
    for name, text in TALKS.items():
        for line in re.findall(r"^baby: (.*)$", text, re.MULTILINE):
            assert re.search(r"""[.?!]["')]?$""", line), f"{name}: {line}"
            assert line.count('"') % 2 == 0, f"{name}: {line}"
            assert line.count("(") == line.count(")"), f"{name}: {line}"


def test_little_is_said_twice():
    """Four trigrams of words in five are different ones; hardly a sentence of eight words or more is nearly another."""
    words = re.findall(r"[a-z']+", " ".join(TEXTS.values()).lower())
    trigrams = list(zip(words, words[1:], words[2:], strict=False))
    assert len(set(trigrams)) > 0.8 * len(trigrams)
    said = [re.sub(r"^(you|baby): ", "", sentence) for text in TEXTS.values() for sentence in SENTENCE_END.split(text)]
    said = [sentence for sentence in said if len(sentence.split()) >= LONG]
    seen = NearDuplicates(len(said))
    assert sum(seen.note(sentence).times > 1 for sentence in said) < 0.01 * len(said)
