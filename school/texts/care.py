"""What is done to every text between reading it and learning it: it is cleaned, then nobody's business goes (which an
entity or an unseen character may hide until then), then what it says again is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from school.texts.cleaning import Rules, clean
from school.texts.near import Drop, find_near, find_repeated
from school.texts.redaction import Redaction, redact

if TYPE_CHECKING:
    from school.settings import SchoolSettings

VERSION = 2  # goes up with every change by which the same text becomes another
COMPARED = 32 << 20  # bytes of texts among which near copies are looked for at once


@dataclass(frozen=True, slots=True)
class Care:
    """``rules`` clean, ``redaction`` takes out (None: nothing), ``near``: whether near copies are left out."""

    rules: Rules = field(default_factory=lambda: Rules(frozenset()))
    redaction: Redaction | None = None
    near: bool = False

    @classmethod
    def of(cls, settings: SchoolSettings, home: Path) -> Care:
        """As the settings and the home's own lists say. Raises Mistake."""
        redaction = Redaction.open(settings.redaction, home) if settings.redaction.kinds else None
        return cls(Rules.of(settings.cleaning, home), redaction, settings.cleaning.near_copies)

    @property
    def key(self) -> list[object]:
        """What a text becomes depends on this."""
        return [VERSION, self.rules.key, self.redaction.digest if self.redaction else "", self.near]

    def text(self, text: str, changed: Counter[str], *, message: bool = False) -> str:
        """A document as it is learned, or a ``message``; ``changed`` counts what was, by the names of rules."""
        cleaned = clean(text, self.rules, message=message)
        changed.update(cleaned.counts)
        changed.update(dict.fromkeys((f"{name} (too slow)" for name in cleaned.too_slow), 1))
        if self.redaction is None:
            return cleaned.text
        redacted = redact(cleaned.text, self.redaction)
        changed.update(redacted.counts)
        return redacted.text

    def repeated(self, messages: Sequence[str]) -> set[int]:
        """Which messages of a conversation are left out, as they were said before."""
        return set(find_repeated(messages)) if self.near else set()

    def again(self, texts: Sequence[str]) -> list[Drop]:
        """What texts say again in nearly the same words."""
        return find_near(texts) if self.near else []


CARELESS = Care()
