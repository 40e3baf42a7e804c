"""What the commands are called, and which one a line is."""

from __future__ import annotations

import re

import pytest

from bots.chat.parsing import names, parse
from bots.chat.settings import CommandSettings
from school.office.mistakes import Mistake
from tests.voices import CALLED


@pytest.mark.parametrize(
    ("text", "key", "rest"),
    [
        ("!baby how are you", "baby", "how are you"),
        ("!BABY", "baby", ""),
        ("!babyhelp fix", "help", "fix"),
        ("!babysit the cat", "", "the cat"),
        ("baby how are you", "", "how are you"),
    ],
)
def test_commands_are_recognised(text, key, rest):
    assert parse(text, CALLED) == (key, rest)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"prefix": "/"}, "commands.prefix"),
        ({"prefix": ""}, "commands.prefix"),
        ({"good": "two words"}, "commands.good must be one word"),
        ({"good": ""}, "commands.good must be one word"),
        ({"good": "BAD"}, 'commands.bad and commands.good are both "bad"'),
    ],
)
def test_names_of_commands_are_checked(changes, says):
    """Two of the same name, none, or a prefix that others would obey are refused in one line."""
    with pytest.raises(Mistake, match=re.escape(says)):
        names(CommandSettings(**changes))
    assert names(CommandSettings(prefix="?", baby="ask"))["baby"] == "?ask"
