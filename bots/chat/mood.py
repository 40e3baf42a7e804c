"""The self-state in words and as a colour that fits into a line of chat."""

from __future__ import annotations

from school.diary.voice import Voice
from school.door.values import Snapshot
from school.screen.calligraphist import hex_color

Color = tuple[float, float, float]

SQUARES = {
    "🟥": (0.9, 0.2, 0.2), "🟧": (0.95, 0.6, 0.2), "🟨": (0.95, 0.9, 0.3), "🟩": (0.3, 0.8, 0.3), "🟦": (0.2, 0.5, 0.9),
    "🟪": (0.6, 0.3, 0.8), "🟫": (0.5, 0.3, 0.2), "⬛": (0.1, 0.1, 0.1), "⬜": (0.9, 0.9, 0.9),
}  # fmt: skip


def feelings(now: Snapshot, voice: Voice, moods: Voice) -> dict[str, str]:
    """The fields of its line about its mood: the word that fits its latest lessons, and its colour. Red is skill and
    energy, green is being stirred up, blue is calm; each in [0, 1]."""
    channels = zip(("energy", "stir", "calm"), now.color, strict=True)
    words = {name: voice.say(f"{name}_{_third(channel)}") for name, channel in channels}
    return words | {
        "feeling": moods.say(now.mood or "sleepy"),
        "square": _square(now.color),
        "color": hex_color(now.color),
    }


def _third(channel: float) -> str:
    return "low" if channel < 1 / 3 else "middle" if channel < 2 / 3 else "high"


def _square(color: Color) -> str:
    """The coloured square that is nearest."""
    return min(SQUARES, key=lambda square: sum((a - b) ** 2 for a, b in zip(SQUARES[square], color, strict=True)))
