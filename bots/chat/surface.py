"""A chat with all that belongs to it, as the house holds it."""

from __future__ import annotations

from dataclasses import dataclass

from bots.chat.context import Context
from bots.chat.host import Host
from bots.chat.messages import Wire


@dataclass(frozen=True, slots=True)
class Surface:
    """The wire and who listens on it. ``start`` it on the running loop, ``close`` it in the end."""

    wire: Wire
    host: Host

    @classmethod
    def on(cls, wire: Wire, context: Context) -> Surface:
        """A host on a wire that has no listener yet."""
        wire.listener = host = Host(context, wire)
        return cls(wire, host)

    def start(self) -> None:
        self.host.start()
        self.wire.start()

    async def close(self) -> None:
        """Leave the chat; within seconds, whatever the platform does."""
        await self.host.close()
        await self.wire.close()

    def lines(self) -> list[str]:
        """How it is, for a status display."""
        now = self.wire.state()
        if now.standing == "listening":
            rank = ", a moderator there" if now.moderator else ""
            text = f"it listens in the chat of {now.channel} as {now.bot}{rank}"
            text += f"; it says nothing there: {now.silent}" if now.silent else ""
            text += f"; its last message was not shown: {now.not_shown}" if now.not_shown else ""
        else:
            text = f"{now.standing}: {now.why}"
        figures = {
            "heard": now.heard,
            "said": now.said,
            "not sent": now.dropped + now.rejected,
            "times it had gone deaf": now.recoveries,
        }
        quarantine = self.host.quarantine
        learned = {"waiting to be lessons": len(quarantine), "lessons": quarantine.taught} | quarantine.passed_over
        rows = {"": figures, "what came of the lines: ": self.host.counts, "what is learned of them: ": learned}
        told = {name: ", ".join(f"{key} {value}" for key, value in row.items()) for name, row in rows.items() if row}
        return [f"{self.host.context.platform.title}: {text}", *(f"  {name}{row}" for name, row in told.items())]
