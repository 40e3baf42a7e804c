"""What is typed into the room: who says what, and what moderators take back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from bots.room.wire import RoomWire
from school.office.mistakes import Mistake
from school.screen.calligraphist import for_screen

SAID = re.compile(r"\s*([^\s:/>][^:>]{0,39}?)\s*(?:>\s*([^:]+?)\s*)?:\s*(.*\S)\s*")
HOW = "write NAME: TEXT, like ann: !baby hello; /help shows the rest"


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    argument: str
    help: str
    act: Callable[[Console, str], None]


class Console:
    """``handle`` each line that was typed; ``show`` tells what is wrong with it, ``leave`` ends the day."""

    def __init__(self, wire: RoomWire, show: Callable[[str], None], leave: Callable[[], None]):
        self.wire, self.show, self.leave = wire, show, leave

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Until there are no more lines; that ends only the chat."""
        async for line in lines:
            self.handle(line)

    def handle(self, line: str) -> None:
        try:
            if line.strip().startswith("/"):
                self._obey(line.strip())
            elif line.strip():
                self._say(line)
        except Mistake as mistake:
            self.show(f"({for_screen(str(mistake))})")

    def _say(self, line: str) -> None:
        if not (said := SAID.fullmatch(line)):
            raise Mistake(HOW)
        name, target, text = said.groups()
        self.wire.write(name, text, reply_to=self._number(target) if target else 0)

    def _number(self, target: str) -> int:
        """The number of the message that somebody replies to: itself, or whose last one it is. Raises Mistake."""
        if target.isascii() and target.isdigit():
            return int(target)
        if number := self.wire.last_of(target):
            return number
        raise Mistake(f"{target} has said nothing yet")

    def _obey(self, line: str) -> None:
        name, _, argument = line.partition(" ")
        command = next((one for one in COMMANDS if one.name == name.lower()), None)
        if command is None:
            raise Mistake(f"{name} is not a command; /help shows them all")
        if bool(command.argument) != bool(argument.strip()):
            raise Mistake(f"write it as {command.name} {command.argument}".rstrip())
        command.act(self, argument.strip())


def _delete(console: Console, number: str) -> None:
    console.wire.delete(int(number) if number.isascii() and number.isdigit() else 0)


def _ban(console: Console, name: str) -> None:
    console.wire.ban(name)


def _clear(console: Console, _: str) -> None:
    console.wire.clear()


def _list(console: Console, _: str) -> None:
    for number, line in console.wire.transcript():
        console.show(for_screen(f"{number:>4}  {line.name}: {line.text}"))


def _quit(console: Console, _: str) -> None:
    console.leave()


def _help(console: Console, _: str) -> None:
    rows = [("NAME: TEXT", "NAME says TEXT"), ("NAME > N: TEXT", "as a reply to message N, or to the last of somebody")]
    rows += [(f"{one.name} {one.argument}", one.help) for one in COMMANDS]
    console.show("\n".join(f"  {how:16} {what}" for how, what in rows))


COMMANDS = (
    Command("/list", "", "the last messages and their numbers", _list),
    Command("/delete", "N", "take message N back, as a moderator would", _delete),
    Command("/ban", "NAME", "take back what NAME said, and their consent", _ban),
    Command("/clear", "", "take back what everybody said", _clear),
    Command("/help", "", "this", _help),
    Command("/quit", "", "save and go to sleep (so does Ctrl-C)", _quit),
)
