"""Something in a text that is to be replaced."""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """From ``start`` to ``stop``: a ``kind`` of thing, and what it ``is`` however it was written."""

    start: int
    stop: int
    kind: str
    is_: str
