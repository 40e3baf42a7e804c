"""A tokenizer by characters in pure Python, as ``school/texts/characters.py`` does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Characters:
    """``letters``: pieces (as Latin-1), each the UTF-8 of a character, and the id that stands for unknown ones, or
    -1: they are left out."""

    def __init__(self, letters: Mapping[str, Any], marks: int):
        self.pieces = [piece.encode("latin-1") for piece in letters["pieces"]]
        self._ids = {piece.decode("utf-8"): i for i, piece in enumerate(self.pieces) if i >= marks}
        self._unknown = letters["unknown"]

    def encode(self, text: str) -> list[int]:
        """Lone surrogates have no bytes and become question marks."""
        text = text.encode("utf-8", "replace").decode("utf-8")
        found = [self._ids.get(letter, self._unknown) for letter in text]
        return [token for token in found if token >= 0]

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(self.pieces[i] for i in ids).decode("utf-8", "replace")
