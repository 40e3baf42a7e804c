"""Markdown; for now as plain text."""

from __future__ import annotations

from school.texts.formats import Format
from school.texts.formats.plain import read

FORMAT = Format(name="markdown", suffixes=frozenset({".md", ".markdown"}), read=read, version=4)
