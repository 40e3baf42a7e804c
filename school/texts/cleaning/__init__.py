"""Texts are cleaned before they are learned: by rules that have a name, can be switched off and are counted.

None of the program's own changes a word. Together they do nothing to a text that they have cleaned: they are applied
until nothing changes any more, as one may bring about what is another's (an entity, an unseen character).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from school.office.mistakes import Mistake
from school.texts.cleaning import characters, lines
from school.texts.cleaning.changes import EXAMPLES, Changed
from school.texts.cleaning.own import OwnRule, TooSlow, read_rules
from school.texts.cleaning.settings import UNUSUAL, USUAL, CleaningSettings

OWN = "cleaning.toml"
ROUNDS = 20  # of which two are usual
FOR_DOCUMENTS = frozenset({"page-lines", "hard-wraps"})  # not for single messages

Change = Callable[[str], Changed]
ALL: dict[str, Change] = {  # in the order in which they are applied
    "line-ends": characters.line_ends,
    "page-lines": lines.page_lines,
    "unseen": characters.unseen,
    "entities": characters.entities,
    "composed": characters.composed,
    "spaces": characters.spaces,
    "ends-of-lines": characters.ends_of_lines,
    "empty-lines": characters.empty_lines,
    "apostrophes": characters.apostrophes,
    "quotes": characters.quotes,
    "hyphens": characters.hyphens,
    "double-hyphens": characters.double_hyphens,
    "ellipses": characters.ellipses,
    "repeats": characters.repeats,
    "hard-wraps": lines.hard_wraps,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """``named``: the program's own that are on; ``own``: a person's, which come first and once."""

    named: frozenset[str] = frozenset(USUAL)
    own: tuple[OwnRule, ...] = ()

    @classmethod
    def of(cls, settings: CleaningSettings, home: Path) -> Rules:
        """Raises Mistake."""
        for name in settings.rules:
            if name not in ALL:
                raise Mistake(f'cleaning.rules: there is no "{name}"; there are: {", ".join((*USUAL, *UNUSUAL))}.')
        file = home / (settings.own_rules or OWN)
        own = read_rules(file, frozenset(ALL)) if settings.own_rules or file.exists() else []
        return cls(frozenset(settings.rules), tuple(own))

    @property
    def key(self) -> list[object]:
        """What the cleaned text depends on."""
        return [sorted(self.named), [[rule.name, rule.pattern.pattern, rule.replacement] for rule in self.own]]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """``counts``: how often each rule changed something; ``examples`` of each: what stood there, and what does now;
    ``too_slow``: a person's rules that took too long for this text and were left out."""

    text: str
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    too_slow: list[str] = field(default_factory=list)


def clean(text: str, rules: Rules, *, message: bool = False) -> Cleaned:
    """A document as it is learned, or a ``message`` of a conversation, which has no pages and no margin."""
    report = Cleaned(text)
    for rule in rules.own:
        try:
            text = _applied(rule.name, rule(text), report)
        except TooSlow:
            report.too_slow.append(rule.name)
    named = [(name, change) for name, change in ALL.items() if name in rules.named]
    for _ in range(ROUNDS):
        before = text
        for name, change in named:
            if not (message and name in FOR_DOCUMENTS):
                text = _applied(name, change(text), report)
        if text == before:
            break
    return Cleaned(text, report.counts, report.examples, report.too_slow)


def _applied(name: str, changed: Changed, report: Cleaned) -> str:
    if changed.count:
        report.counts[name] += changed.count
        report.examples[name] = [*report.examples.get(name, []), *changed.examples][:EXAMPLES]
    return changed.text


def preview(cleaned: Cleaned) -> Iterator[str]:
    """What each rule did to a text, in lines for a person."""
    for name, count in cleaned.counts.most_common():
        yield f"{name}: {count:,} {'change' if count == 1 else 'changes'}"
        for before, after in cleaned.examples[name]:
            yield f"    {before!r} -> {after!r}"
    for name in cleaned.too_slow:
        yield f"{name}: took too long and was left out; make its pattern simpler"
