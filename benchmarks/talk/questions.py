"""The questions: a fixed list, half of it frames that are filled with what the library knows.

What a slot is filled with is mined from the taught text by its form alone, so that it works for any library:

- ``name``: a word with a capital letter within a sentence, twice at least and not much seldomer than in small letters,
  and seldom behind "the" or "a"; with its title, where it has one (Mr Bell); no weekday or month.
- ``place``: such a word that mostly stands behind in, at, to, from or near; or "the garden" where it often stands
  behind one of these, twice at least before a mark.
- ``thing``: a word behind "a" or "an" and before a mark, neither rare nor among the most frequent.

Of the most frequent ones of each kind a seed draws some, each for one question as long as there are enough.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from school.texts.fluency import words

FILE = Path(__file__).with_name("questions.txt")
KINDS = ("name", "place", "thing")
SLOT = re.compile(r"\{(\w+)\}")
DRAWN_FROM = 20  # of the most frequent of a kind
MOST_FREQUENT, MOST_OF = 100, 400  # words that say too little, at most; a thing is at most one word of so many
RARE, ENOUGH = 3, 10  # how often a thing is named at least, where there are enough of them

NOUN = r"[^\W\d_]{3,}(?=[.,;:!?)\n])"  # what stands before a mark, so that it is no adjective
TITLE = r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Sir|Lady|Lord|Aunt|Uncle|Captain)\.? )"
CAPITAL = rf"{TITLE}?[^\W\d_a-z][^\W\d_]*[a-zß-ÿ][^\W\d_]*"
NAME = re.compile(rf"(?<=[\w,;] )({CAPITAL})")
WITH_ARTICLE = re.compile(rf"\b(?:the|a|an) ({CAPITAL})")
WHERE = r"\b(?:in|at|to|from|near)"
NAME_THERE, SPOT_THERE = re.compile(rf"{WHERE} ({CAPITAL})"), re.compile(rf"{WHERE} the ([^\W\d_]+)")
SPOT, THING = re.compile(rf"{WHERE} the ({NOUN})"), re.compile(rf"\b(?:a|an) ({NOUN})")
OFTEN = 0.25  # share of the times that "the garden" is said when it is where something is

TITLES = set(words("mr mrs ms miss dr sir lady lord aunt uncle captain god"))
DAYS = words("monday tuesday wednesday thursday friday saturday sunday")
MONTHS = words("january february march april may june july august september october november december")
CALENDAR = {*DAYS, *(f"{day}s" for day in DAYS), *MONTHS, *words("spring summer autumn winter christmas easter")}
TIMES = set(
    words(
        "morning afternoon evening night day week month year time minute moment hour end beginning middle top bottom "
        "rest other others same meantime way first last next one lot bit while little few thing point dark contrary"
    )
)


class Question(NamedTuple):
    text: str
    named: bool  # whether it names something that the library knows


def read_frames(file: Path = FILE) -> list[str]:
    """The questions with their slots open."""
    return [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def ask_about(text: str, *, seed: int) -> list[Question]:
    """All the questions, filled from a text."""
    rng = random.Random(seed)
    fillers = {kind: _draw(found, rng) for kind, found in mine(text).items()}
    return [
        Question(SLOT.sub(lambda slot: next(fillers[slot[1]]), frame), SLOT.search(frame) is not None)
        for frame in read_frames()
    ]


def mine(text: str) -> dict[str, list[str]]:
    """What each kind of slot may be filled with, the most frequent first. A kind that the text has nothing of takes
    another's, or any word."""
    frequent = Counter(words(text))
    names, towns = _names(text, frequent)
    spots = _spots(text, frequent)
    things = _things(text, frequent, without=set(spots))
    places = Counter(towns) + Counter({f"the {spot}": count for spot, count in spots.items()})
    anything = [word for word, _ in frequent.most_common() if len(word) > 3] or ["it"]
    return {
        "name": names or things or anything,
        "place": [place for place, _ in places.most_common()] or names or anything,
        "thing": things or anything,
    }


def _names(text: str, frequent: Counter[str]) -> tuple[list[str], dict[str, int]]:
    """Names, and how often each is said that is a place's."""
    said, there, with_article = (Counter(how.findall(text)) for how in (NAME, NAME_THERE, WITH_ARTICLE))
    proper = [name for name, count in said.most_common() if _is_proper(name, count, with_article[name], frequent)]
    last = {name.split()[-1] for name in proper if " " in name}
    towns = {name: said[name] for name in proper if " " not in name and 2 * there[name] > said[name]}
    return [name for name in proper if name not in towns and name not in last], towns


def _is_proper(name: str, count: int, with_article: int, frequent: Counter[str]) -> bool:
    last = name.split()[-1].lower()
    if count < 2 or len(last) < 3 or last in CALENDAR | TITLES or 3 * with_article > count:
        return False
    return " " in name or 4 * count > frequent[last]  # of the others most may begin sentences


def _spots(text: str, frequent: Counter[str]) -> dict[str, int]:
    there = Counter(SPOT_THERE.findall(text))
    found = Counter(spot for spot in SPOT.findall(text) if spot.islower() and spot not in TIMES)
    return {spot: n for spot, n in found.items() if n > 1 and there[spot] >= OFTEN * frequent[spot]}


def _things(text: str, frequent: Counter[str], without: set[str]) -> list[str]:
    most_frequent = frequent.most_common(min(MOST_FREQUENT, len(frequent) // 10))
    common = {word for word, _ in most_frequent} | TIMES | without
    found = Counter(thing for thing in THING.findall(text) if thing.islower() and thing not in common)
    most = max(RARE, sum(frequent.values()) // MOST_OF)
    things: list[str] = []
    for least in (RARE, 1):
        things = [thing for thing, _ in found.most_common() if least <= frequent[thing] <= most]
        if len(things) >= ENOUGH:
            break
    return things


def _draw(found: list[str], rng: random.Random) -> Iterator[str]:
    """Each once in an order of chance, then again."""
    order = found[:DRAWN_FROM]
    rng.shuffle(order)
    while True:
        yield from order
