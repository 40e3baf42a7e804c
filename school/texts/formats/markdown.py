"""Markdown, whose marks are learned like any other letters."""

from __future__ import annotations

from school.texts.decoding import read_text
from school.texts.formats import Format

FORMAT = Format(name="markdown", suffixes=frozenset({".md", ".markdown"}), read=read_text, version=1)
