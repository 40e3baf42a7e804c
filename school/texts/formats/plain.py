"""Plain text."""

from __future__ import annotations

from school.texts.decoding import read_text
from school.texts.formats import Format

FORMAT = Format(name="plain", suffixes=frozenset({".txt", ".text"}), read=read_text, version=1)
