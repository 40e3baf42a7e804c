"""A small body that speaks by itself."""

from __future__ import annotations

from typing import Any

import pytest

from school.bodies.alone.talk import Talk
from school.bodies.compact import compact


@pytest.fixture(scope="session")
def compacted(body) -> tuple[dict[str, Any], bytes]:
    return compact(body)


@pytest.fixture
def talk(compacted) -> Talk:
    return Talk(*compacted, seed=3)
