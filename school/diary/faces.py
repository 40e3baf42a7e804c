"""The little bears: put together from parts of the voice's file, by mood, always the same from the same seed."""

from __future__ import annotations

from school.diary.voice import Voice


def bear(parts: Voice, mood: str, seed: object) -> str:
    """A bear in one of the moods of school/door/mood.py, like ʕ•ᴥ•ʔ. Arms and eyes are pairs with a blank between."""
    left_arm, right_arm = _pair(parts.choose("arms", seed=seed))
    left_eye, right_eye = _pair(parts.choose(f"eyes_{mood}", seed=seed))
    return left_arm + left_eye + parts.choose("mouths", seed=seed) + right_eye + right_arm


def _pair(text: str) -> tuple[str, str]:
    left, _, right = text.partition(" ")
    return left, right or left
