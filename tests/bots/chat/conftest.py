"""A host without a school that is awake: real parts around a mailbox that only the test empties."""

from __future__ import annotations

import pytest

from tests.small_chat import Clock, SmallChat


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def small(tmp_path, clock):
    with SmallChat.open(tmp_path, clock) as small:
        yield small
