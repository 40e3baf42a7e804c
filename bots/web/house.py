"""What the house lets whoever sits at the web face do and see, besides the school's verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bots.typed import House as Desk

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """What stays the same while it is awake."""

    name: str
    species: str
    preset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What reads the record or texts (``curve``, ``pages``, ``questions``, ``learning``, ``born``, ``timetable``,
    ``public``) takes a while, and is called on a thread of its own; the rest returns at once.

    ``curve`` brings the unit and the points of a statistic, and raises Mistake where there is none; ``pages`` so many
    of the diary's last days; ``questions`` how many each person asked, by their ids; ``learning`` a sentence on whether
    it learns; ``born`` seconds since 1970. ``agreeing`` brings since when each person who agrees does; ``name_of`` what
    somebody is called who is in a chat now, or ""; ``timetable`` its bells; ``public`` whether a passage stands so in a
    text that everybody may see. ``desk`` is what is done for commands that are typed.
    """

    about: About
    desk: Desk
    curve: Callable[[str, int], tuple[str, list[tuple[int, float]]]]
    pages: Callable[[int], list[Row]]
    questions: Callable[[], dict[str, int]]
    learning: Callable[[], str]
    born: Callable[[], float | None]
    agreeing: Callable[[], dict[str, float]]
    name_of: Callable[[str], str]
    timetable: Callable[[], list[Row]]
    now: Callable[[], float]
    public: Callable[[str], bool]
