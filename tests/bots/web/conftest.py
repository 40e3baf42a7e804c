from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bots.web.living import Living, alive


@pytest.fixture
def living(tmp_path, librarian) -> Iterator[Living]:
    """A small school that is awake; see living.py for its web face."""
    with alive(tmp_path, librarian) as school:
        yield school


@pytest.fixture(scope="module")
def all_day(tmp_path_factory, librarian) -> Iterator[Living]:
    """One for all tests of a file."""
    with alive(tmp_path_factory.mktemp("home"), librarian) as school:
        yield school
