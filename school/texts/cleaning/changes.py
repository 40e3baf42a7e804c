"""What a rule changed: the text, how often, and the first of the places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

EXAMPLES, AROUND = 3, 16  # shown of each rule; characters on each side of what changed
RUN = 5  # of the same in a row that are too many
# Code and web addresses mean what they say, letter by letter. What it begins with stands first, and what must stand
# before that behind it: so the text is searched for a few letters, which is several times as fast.
LITERAL = re.compile(
    r"([`hfw](?:(?<=^`)``[^\n]*\n[\s\S]*?(?:^```[^\n]*$|\Z)|(?<=`)[^`\n]+`"
    r"|(?<!\w.)(?:(?<=h)ttps?://|(?<=f)tp://|(?<=w)ww\.)\S+))",
    re.M,
)


class Changed(NamedTuple):
    """``examples``: what stood there and what does now, with a little around it."""

    text: str
    count: int = 0
    examples: tuple[tuple[str, str], ...] = ()


def replaced(text: str, pattern: re.Pattern, by: str | Callable[[re.Match], str], **how: float) -> Changed:
    """Every match of a pattern replaced. ``by`` is a text, no template, that the pattern doesn't find; or is asked what
    each becomes, and a match that stays the same is none."""
    if isinstance(by, str):
        changed, count = pattern.subn(by.replace("\\", r"\\"), text, **how)
        found = islice(pattern.finditer(text), EXAMPLES if count else 0)
        return Changed(changed, count, tuple(_example(match, by) for match in found))
    examples: list[tuple[str, str]] = []
    count = 0

    def one(match: re.Match) -> str:
        nonlocal count
        new = by(match)
        if new != match[0]:
            count += 1
            if len(examples) < EXAMPLES:
                examples.append(_example(match, new))
        return new

    changed = pattern.sub(one, text, **how)
    return Changed(changed, count, tuple(examples))


def exchanged(text: str, chars: str, by: str) -> Changed:
    """Each of these characters replaced by a text; as ``replaced``, but several times as fast."""
    here = [char for char in chars if char in text]
    if not here:
        return Changed(text)
    found = islice(re.finditer(f"[{''.join(map(re.escape, here))}]", text), EXAMPLES)
    count, examples = sum(map(text.count, here)), tuple(_example(match, by) for match in found)
    for char in here:
        text = text.replace(char, by)
    return Changed(text, count, examples)


def within_words(text: str, chars: Iterable[str], plain: re.Pattern, by: str) -> Changed:
    """Each of these characters replaced that stands between two letters, as ``replaced`` does with the ``plain``
    pattern; none of them is a letter."""
    changed, count = text, 0
    for char in chars:
        if char in changed:
            first, *rest = changed.split(char)
            parts, last = [first], first[-1:]
            for part in rest:
                within = _is_letter(last) and _is_letter(part[:1])
                count += within
                parts += [by if within else char, part]
                last = part[-1:]
            changed = "".join(parts)
    found = islice(plain.finditer(text), EXAMPLES if count else 0)
    return Changed(changed, count, tuple(_example(match, by) for match in found))


def _is_letter(char: str) -> bool:
    """As an expression has it that says: of a word, but no digit and no underscore."""
    return char.isalnum() and not char.isdecimal()


def _example(match: re.Match, new: str) -> tuple[str, str]:
    left = match.string[max(0, match.start() - AROUND) : match.start()]
    right = match.string[match.end() : match.end() + AROUND]
    return f"{left}{match[0]}{right}", f"{left}{new}{right}"


def outside_literals(text: str, change: Callable[[str], Changed]) -> Changed:
    """``change`` everywhere but in code and web addresses."""
    if "`" not in text and ("/" not in text or "://" not in text) and "www." not in text:  # one is found at once
        return change(text)
    parts, count, examples = LITERAL.split(text), 0, ()
    for i in range(0, len(parts), 2):
        changed = change(parts[i])
        parts[i], count, examples = changed.text, count + changed.count, examples + changed.examples
    return Changed("".join(parts), count, examples[:EXAMPLES])
