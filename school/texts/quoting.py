"""Which of many short texts say a run of words that stands in another one."""

from __future__ import annotations

from collections.abc import Iterable

from school.texts.wording import units_of


def quoting(said: Iterable[tuple[str, str]], text: str, words: int) -> set[str]:
    """The ids of those, as (id, text), that say so many words of ``text`` in a row; as ``wording`` compares them."""
    runs: dict[str, list[str]] = {}
    for one, what in said:
        for run in _runs(units_of(what), words):
            runs.setdefault(run, []).append(one)
    if not runs:
        return set()
    return {one for run in _runs(units_of(text), words) for one in runs.get(run, ())}


def _runs(units: list[str], words: int) -> Iterable[str]:
    return (" ".join(units[i : i + words]) for i in range(len(units) - words + 1))
