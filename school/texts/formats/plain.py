"""Plain text."""

from __future__ import annotations

from school.texts.decoding import read
from school.texts.formats import Format

FORMAT = Format(name="plain", suffixes=frozenset({".txt", ".text"}), read=read, version=2)
