"""What the commands are called, and which one a line is."""

from __future__ import annotations

from school.office.mistakes import Mistake
from school.office.settings import Slice

ASK = "baby"  # the command that is a question


def names(settings: Slice) -> dict[str, str]:
    """What each command is called in the chat, prefix included. Raises Mistake where two are called the same."""
    called: dict[str, str] = settings.model_dump()
    prefix = called.pop("prefix")
    if not prefix or prefix[0] in "/.@" or any(c.isspace() for c in prefix):
        raise Mistake(f'commands.prefix can\'t be "{prefix}": the chat itself, or a person, would be meant by it.')
    taken: dict[str, str] = {}
    for key, name in called.items():
        if name.split() != [name]:
            raise Mistake(f'commands.{key} must be one word, not "{name}".')
        if (other := taken.setdefault(name.casefold(), key)) != key:
            raise Mistake(f'commands.{key} and commands.{other} are both "{name}".')
    return {key: prefix + name for key, name in called.items()}


def parse(text: str, called: dict[str, str]) -> tuple[str, str]:
    """The key of the command that a line is, or "", and what stands behind it."""
    first, _, rest = text.partition(" ")
    key = next((key for key, name in called.items() if name.casefold() == first.casefold()), "")
    return key, rest.strip()
