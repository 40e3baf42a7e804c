"""Texts are cleaned before they are learned: by rules that have a name, can be switched off and are counted.

None of the program's own changes a word. Together they do nothing to a text that they have cleaned: they are applied
until nothing changes any more, as one may bring about what is another's (an entity, an unseen character).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from school.office.mistakes import Mistake
from school.texts.cleaning import characters, lines
from school.texts.cleaning.changes import EXAMPLES, Changed
from school.texts.cleaning.look import Look
from school.texts.cleaning.own import OwnRule, TooSlow, read_rules
from school.texts.cleaning.settings import UNUSUAL, USUAL, CleaningSettings

OWN = "cleaning.toml"
ROUNDS = 20  # of which two are usual
FOR_DOCUMENTS = frozenset({"page-lines", "hard-wraps"})  # not for single messages


class Rule(NamedTuple):
    """``change`` is made where ``may`` says that there may be something to change."""

    change: Callable[[Look], Changed]
    may: Callable[[Look], bool]


def _in(text: Callable[[str], Changed], may: Callable[[Look], bool]) -> Rule:
    return Rule(lambda look: text(look.text), may)


def _of(text: Callable[[str], Changed], chars: frozenset[str]) -> Rule:
    return _in(text, lambda look: look.has(chars))


ALL: dict[str, Rule] = {  # in the order in which they are applied
    "line-ends": _of(characters.line_ends, characters.OF_LINE_ENDS),
    "page-lines": _of(lines.page_lines, frozenset(lines.PAGE)),
    "unseen": _of(characters.unseen, characters.OF_UNSEEN),
    "entities": _in(characters.entities, lambda look: {"&", ";"} <= look.chars),
    "composed": Rule(
        lambda look: characters.composed(look.text, look.chars), lambda look: bool(characters.may_compose(look.chars))
    ),
    "spaces": _of(characters.spaces, characters.OF_SPACES),
    "ends-of-lines": _in(
        characters.ends_of_lines,
        lambda look: look.said.has(b" \n", b"\t\n") or look.text.endswith((" ", "\t")),
    ),
    "empty-lines": _in(characters.empty_lines, lambda look: look.said.has(b"\n\n\n\n")),
    "apostrophes": _of(characters.apostrophes, characters.OF_APOSTROPHES),
    "quotes": _in(
        characters.quotes, lambda look: look.has(characters.OF_QUOTES) and not look.has(characters.OTHER_QUOTES)
    ),
    "hyphens": _of(characters.hyphens, characters.OF_HYPHENS),
    "double-hyphens": _in(characters.double_hyphens, lambda look: "--" in look.text),
    "ellipses": _in(characters.ellipses, lambda look: "\u2026" in look.chars or look.said.has(b" . . .")),
    "repeats": Rule(lambda look: characters.repeats(look.text, look.running), lambda look: bool(look.running)),
    "hard-wraps": _of(lines.hard_wraps, frozenset("\n")),
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
    named = [(name, rule) for name, rule in ALL.items() if name in rules.named]
    look = Look.at(text)
    for _ in range(ROUNDS):
        before = text
        for name, rule in named:
            if rule.may(look) and not (message and name in FOR_DOCUMENTS):
                text = _applied(name, rule.change(look), report)
                look = look if text == look.text else Look.at(text)
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
