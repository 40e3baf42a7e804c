"""The way to a baby that is awake, from another process of its owner: a socket in its home, and lines of JSON.

A request is one object: ``{"ask": TEXT, "conversation": NAME}``, ``{"score": PATH}`` or ``{"forget_texts": [NAME]}``.
Back come ``{"piece": TEXT}`` while it speaks, then ``{"reply": {...}}``, ``{"score": {...}}`` or ``{"gone": {...}}``;
or ``{"problem": TEXT}``. A question without a name stands for itself, outside of any conversation.
Standard library only: who asks this way waits for no torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONGEST_NAME = 100  # bytes of a socket's name; systems take 103 to 107
LINE_BYTES = 1 << 20  # of a request

Message = dict[str, Any]


class Problem(Exception):
    """What it could not do, in a sentence for whoever asked."""


def address(home: Path) -> Path:
    """Where the socket is, or a link to it where that name would be too long for one."""
    return home.absolute() / "soul" / "awake.sock"


def places(home: Path) -> list[Path]:
    """Where the socket may be, the best first: some file systems hold none, and its name may be too long."""
    own = address(home)
    user = os.getuid() if hasattr(os, "getuid") else 0
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime) / "babyllm" if runtime else Path(tempfile.gettempdir()) / f"babyllm-{user}"
    short = folder / f"{hashlib.sha256(os.fsencode(own.resolve())).hexdigest()[:16]}.sock"
    return [place for place in (own, short) if len(os.fsencode(place)) <= LONGEST_NAME]


class Line:
    """A connection to a baby that is awake."""

    def __init__(self, connection: socket.socket):
        self._connection, self._lines = connection, connection.makefile("rb")

    @classmethod
    def to(cls, home: Path) -> Line | None:
        """None where nobody is awake in this home."""
        own = address(home)
        if not hasattr(socket, "AF_UNIX"):
            return None
        try:
            place = own.readlink() if own.is_symlink() else own
            if len(os.fsencode(place)) > LONGEST_NAME:
                return None
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError:
            return None
        try:
            connection.connect(str(place))
        except OSError:  # none there, or nobody behind it any more
            connection.close()
            return None
        return cls(connection)

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._connection.close()

    def ask(self, text: str, conversation: str, on_token: Callable[[str], None]) -> Message:
        """The reply's fields; ``on_token`` gets its pieces. Raises Problem."""
        return self._call({"ask": text, "conversation": conversation}, "reply", on_token)

    def score(self, file: Path) -> Message:
        """The score's fields. Raises Problem."""
        return self._call({"score": str(file.absolute())}, "score")

    def forget_texts(self, names: list[str]) -> Message:
        """How many lessons and pages the record told of texts that are gone from it now. Raises Problem."""
        return self._call({"forget_texts": names}, "gone")

    def _call(self, request: Message, wanted: str, on_piece: Callable[[str], None] = lambda _: None) -> Message:
        try:
            self._connection.sendall(json.dumps(request).encode() + b"\n")
            for line in self._lines:
                answer = json.loads(line)
                if "piece" in answer:
                    on_piece(answer["piece"])
                elif "problem" in answer:
                    raise Problem(answer["problem"])
                else:
                    return answer[wanted]
        except (OSError, ValueError, KeyError):
            pass
        raise Problem("it fell asleep before it had answered; ask again")
