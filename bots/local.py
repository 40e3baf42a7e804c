"""The socket at which other processes of its owner ask a baby that is awake; school/door/local.py is the other end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import socket
import stat
from concurrent.futures import Future
from dataclasses import asdict
from functools import partial
from pathlib import Path

from bots.acknowledgement import SORRY
from school.door.local import LINE_BYTES, Message, address, places
from school.door.school import School
from school.door.values import Asleep, Busy, Reply, Score, new_id
from school.office.mistakes import Mistake

FIELDS = ("text", "step", "seconds", "color", "conversation")  # of a reply, that go out
SURFACE = "ask"

log = logging.getLogger(__name__)


class LocalSocket:
    """A surface. Whoever can open the socket is the owner: it is theirs alone to open."""

    def __init__(self, school: School, home: Path):
        self._school, self._home = school, home
        self._place: Path | None = None
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task | None = None
        self._guests: set[asyncio.Task] = set()

    def start(self) -> None:
        if hasattr(asyncio, "start_unix_server"):
            self._opening = asyncio.create_task(self._open())

    async def close(self) -> None:
        if self._opening:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._server:
            self._server.close()
        if self._guests:  # what they asked is answered, or turned away, by now
            await asyncio.wait(self._guests, timeout=1.0)
        for guest in self._guests:
            guest.cancel()
        await asyncio.gather(*self._guests, return_exceptions=True)
        for place in {self._place, address(self._home)} if self._place else ():
            _clear(place)

    def lines(self) -> list[str]:
        return []

    async def _open(self) -> None:
        for place in places(self._home):
            try:
                bound = _bind(place)
            except OSError as error:
                log.info("no socket can be at %s (%s)", place, error.strerror or error)
                continue
            self._place = place
            if place != (own := address(self._home)):
                _clear(own)
                own.symlink_to(place)
            self._server = await asyncio.start_unix_server(self._welcome, sock=bound, limit=LINE_BYTES)
            return
        log.warning("other processes can't reach it: no socket can be in its home, nor where those of the system are.")

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._guests.add(task)
        try:
            while line := await reader.readline():
                await self._serve(line, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # they left
        except ValueError:
            with contextlib.suppress(OSError):
                await _send(writer, {"problem": "that is too long to be asked"})
        finally:
            self._guests.discard(task)
            writer.close()

    async def _serve(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(line)
            if isinstance(request, dict) and isinstance(request.get("ask"), str):
                await self._answer(request, writer)
            elif isinstance(request, dict) and isinstance(request.get("score"), str):
                score: Score = await asyncio.wrap_future(self._school.score(Path(request["score"])))
                await _send(writer, {"score": asdict(score)})
            elif isinstance(request, dict) and _is_list_of_names(request.get("forget_texts")):
                gone = await asyncio.wrap_future(self._school.forget_texts(request["forget_texts"]))
                await _send(writer, {"gone": gone})
            else:
                await _send(writer, {"problem": "that can't be asked here"})
        except OSError:
            raise
        except Busy:
            await _send(writer, {"problem": SORRY[Busy]})
        except Asleep:
            await _send(writer, {"problem": f"{SORRY[Asleep]}; ask again in a moment"})
        except Mistake as mistake:
            await _send(writer, {"problem": str(mistake)})
        except Exception as error:
            log.exception("a question from another process failed")
            await _send(writer, {"problem": f"it could not answer ({type(error).__name__})"})

    async def _answer(self, request: Message, writer: asyncio.StreamWriter) -> None:
        """Piece by piece, and the whole; taken back where whoever asked has gone."""
        loop, pieces = asyncio.get_running_loop(), asyncio.Queue()
        put = partial(loop.call_soon_threadsafe, pieces.put_nowait)
        conversation = str(request.get("conversation") or "")
        future: Future[Reply] = self._school.ask(
            request["ask"],
            conversation or f"{SURFACE}:{new_id()}",
            surface=SURFACE,
            remembered=bool(conversation),
            on_token=put,
        )
        future.add_done_callback(lambda _: _quietly(put, None))
        try:
            while (piece := await pieces.get()) is not None:
                await _send(writer, {"piece": piece})
            reply = await asyncio.wrap_future(future)
        finally:
            future.cancel()
        fields = {name: getattr(reply, name) for name in FIELDS}
        await _send(writer, {"reply": fields | {"conversation": conversation}})


async def _send(writer: asyncio.StreamWriter, message: Message) -> None:
    writer.write(json.dumps(message).encode() + b"\n")
    await writer.drain()


def _is_list_of_names(given: object) -> bool:
    return isinstance(given, list) and all(isinstance(name, str) for name in given)


def _quietly(put: partial, piece: None) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended; nobody listens
        put(piece)


def _bind(place: Path) -> socket.socket:
    """A socket at this place, its owner's alone. Raises OSError."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = place.parent.lstat()
    if place.parent.name != "soul" and not (found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == 0o700):
        raise OSError(errno.EACCES, "its folder is not its owner's alone")
    _clear(place)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(str(place))
        place.chmod(0o600)  # nobody gets in before it listens
    except OSError:
        bound.close()
        raise
    return bound


def _clear(place: Path) -> None:
    """What a life before left there: only this one has the home."""
    with contextlib.suppress(OSError):
        place.unlink()
