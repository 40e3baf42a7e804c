"""Markdown, whose marks are learned like any other letters."""

from __future__ import annotations

from school.texts.decoding import read
from school.texts.formats import Format

FORMAT = Format(name="markdown", suffixes=frozenset({".md", ".markdown"}), read=read, version=2)
