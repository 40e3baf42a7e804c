from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bots.web.living import Living, alive


@pytest.fixture
def living(tmp_path, librarian) -> Iterator[Living]:
    """A small school that is awake; see living.py for its web face."""
    with alive(tmp_path, librarian) as school:
        yield school
