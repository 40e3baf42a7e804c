"""The mood's words mean what they claim, on lives whose colours the brain's own formula makes."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass

import pytest
import torch

from brain.ops.backend import PYTORCH
from brain.selfstate import fresh_condition, true_pixels
from school.door.mood import WORDS, Mood, mood
from tests.test_imports import imported, sources

STREAMS, TOKENS, STEPS = 8, 16, 60


@dataclass(frozen=True)
class Day:
    """What a day was like: colours and losses by step, and the truth behind them. Losses in nats."""

    colors: list
    losses: list[float]
    change: float  # of tokens' losses, from their recent average
    said: Mood

    @property
    def fall(self) -> float:
        """By how much the loss fell from the morning to the evening."""
        half = STEPS // 2
        return sum(self.losses[:half]) / half - sum(self.losses[half:]) / half


def live(start: float, end: float, spread: float, *, seed: int = 0) -> Day:
    """A day whose loss goes evenly from ``start``, to which it is used, to ``end``; single tokens differ from it by a
    factor whose logarithm has this ``spread``."""
    noise = torch.Generator().manual_seed(seed)
    condition = fresh_condition(STREAMS)
    condition |= {name: torch.full((STREAMS,), start) for name in ("recent", "usual")}
    colors, losses, changes = [], [], []
    for step in range(STEPS):
        level = start + (end - start) * step / STEPS
        factors = torch.exp(spread * torch.randn(TOKENS, STREAMS, generator=noise) - spread**2 / 2)
        tokens = level * factors
        recent = condition["recent"]
        pixels, condition = true_pixels(tokens, tokens < 0.7, condition, PYTORCH)
        colors.append(tuple(pixels[-1].mean(0).tolist()))
        losses.append(tokens.mean().item())
        changes.append((tokens - recent).abs().mean().item())
    return Day(colors, losses, sum(changes) / STEPS, mood(colors, losses))


@pytest.fixture(scope="module")
def days() -> list[Day]:
    """Days of all kinds: falling, steady and rising, quiet and wild."""
    courses = [(start, start * factor) for start in (1.5, 5.0) for factor in (0.5, 0.7, 0.9, 1, 1.1, 1.5)]
    return [live(*course, spread, seed=i) for i, course in enumerate(courses) for spread in (0.2, 0.6, 1.2)]


def test_proud_and_hopeful_days_have_falling_loss(days):
    """And frustrated ones a rising one; over all days, gladness goes with the fall."""
    said = {word: [day for day in days if day.said.word == word] for word in WORDS}
    assert len(said["proud"]) >= 5
    assert len(said["frustrated"]) >= 5
    assert all(day.fall > 0 for day in said["proud"] + said["hopeful"])
    assert all(day.fall < 0 for day in said["frustrated"])
    gladness = {"proud": 1.0, "hopeful": 1.0, "frustrated": -1.0}
    glad = torch.tensor([gladness.get(day.said.word, 0.0) for day in days])
    falls = torch.tensor([day.fall for day in days])
    assert torch.corrcoef(torch.stack([glad, falls]))[0, 1] > 0.5


def test_overwhelmed_days_have_large_changes(days):
    """Each of them larger ones than any day of another word."""
    wild = [day.change for day in days if day.said.word == "overwhelmed"]
    others = [day.change for day in days if day.said.word != "overwhelmed"]
    assert len(wild) >= 5
    assert min(wild) > sum(others) / len(others)
    assert sum(wild) / len(wild) > 2 * sum(others) / len(others)


def test_even_days_are_calm_sleepy_or_bored_by_skill():
    """Where nothing changes, it is a matter of how often it is right."""
    words = {level: live(level, level, 0.4, seed=1).said.word for level in (4.0, 0.9, 0.3)}
    assert words[4.0] == "sleepy"
    assert words[0.3] == "bored"
    assert words[0.9] == "calm"


def test_every_word_can_come(days):
    """None of them is there for nothing."""
    more = [live(level, level, 0.4, seed=i).said.word for i, level in enumerate((0.3, 0.9))]
    assert {day.said.word for day in days} | set(more) == set(WORDS)


def test_the_mood_reaches_answers_only_as_a_colour():
    """Nothing that makes an answer or a lesson's weights knows a word for a mood: brain, receptionist and tutor take in
    the pixel alone."""
    makers = [
        *sources("brain"),
        *(file for room in ("talking", "teaching") for file in sources(f"school/{room}")),
    ]
    for file in makers:
        assert not imported(file) & {
            "school.door.mood",
            "school.diary.voice",
            "school.diary.scribe",
            "school.diary.faces",
        }, file
        assert "mood" not in {
            node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)
        }


def test_too_little_tells_nothing():
    """Nor do losses that are missing or not finite; and the figures are those that were given."""
    assert mood([], []).word == "sleepy"
    assert mood([(0.5, 0.9, 0.5)] * 20, [math.nan] * 20).word == "sleepy"
    assert mood([(0.4, 0.2, 0.6)] * 20, [3.0] * 20 + [None, math.inf]).word == "calm"
    told = mood([(0.5, 0.2, 0.6)] * 10, [4.0] * 5 + [3.0] * 5)
    assert "loss 4.00 -> 3.00" in told.why


def test_nobody_is_proud_of_guessing_hardly_anything():
    """In the first steps of a life loss falls steeply, and calmly; a tenth of the guesses is right. That is hope."""
    first_steps = [6.5 - 0.1 * step for step in range(12)]
    colors = [(0.05 + 0.01 * step, 0.2, 0.7) for step in range(12)]
    assert mood(colors, first_steps).word == "hopeful"
    assert mood([(red + 0.35, green, blue) for red, green, blue in colors], first_steps).word == "proud"
