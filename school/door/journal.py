"""The journal: what somebody was promised and what is not done everywhere yet. Ids only, never words.

It outlives the process, a kill included, and a full disk: a file that holds some space is given up for it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import TypeAdapter

from school.door.consent import Change
from school.door.values import Scope, new_id
from school.office.files import is_damage, read_whole, set_aside, write_whole
from school.office.mistakes import Mistake

log = logging.getLogger(__name__)

NAME, RESERVE = "owed.json", "owed.reserve"
RESERVED = 1 << 16  # bytes: some hundred promises
CHANGE = TypeAdapter(Change)
Left = Literal["everywhere", "conversations", "souls"]  # the record is done first, and saved souls last
EVERYWHERE, CONVERSATIONS, SOULS = get_args(Left)
GRACE_SECONDS = 0.05  # what is done within them is never written
RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Something that goes, and from where it has not gone yet; or a decision that the ledger of consent has not taken
    yet, with ``if_known`` as there. What somebody says after they were forgotten must not go, too: so nobody who is
    done is asked again, not even in another life."""

    key: str
    what: Scope | Change
    if_known: bool = False
    left: Left = EVERYWHERE

    def to_json(self) -> dict[str, Any]:
        if isinstance(self.what, Change):
            return {"changed": asdict(self.what)} | ({"if_known": True} if self.if_known else {})
        return {"goes": self.what.to_json(), "left": self.left}


class Journal:
    """Promises, in the order in which they were made. ``older``: files of earlier versions, whose promises it takes
    over. Any thread may call anything; what changes is on disk in a moment, and tried again until then. Raises Mistake
    where a file is there that can't be read."""

    def __init__(self, file: Path, *, older: Sequence[Path] = ()):
        self.file, self._older = file, [path for path in older if path.exists()]
        found = self._older or file.exists()
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._keeping = self._closed = False
        self._promises = {promise.key: promise for path in (*self._older, file) for promise in _read(path)}
        self._on_disk: dict[str, Promise] | None = None if found else {}  # None: perhaps something else than this
        self._hold_space()
        if found:
            self._keep()

    @classmethod
    def of(cls, home: Path) -> Journal:
        """The one of a home."""
        old = (home / "statistics" / "baby.db.owed", home / "soul" / NAME)
        return cls(home / "statistics" / NAME, older=old)

    @classmethod
    def beside(cls, record: Path) -> Journal:
        """The one of a record that stands for itself."""
        return cls(record.with_name(NAME), older=[record.with_name(f"{record.name}.owed")])

    def open(self) -> list[Promise]:
        """What is owed, the oldest first."""
        with self._changed:
            return list(self._promises.values())

    def owe(self, what: Scope | Change, *, if_known: bool = False) -> Promise:
        promise = Promise(key=new_id(), what=what, if_known=if_known)
        self.amend(promise)
        return promise

    def amend(self, promise: Promise) -> None:
        """A part of it is done, or more was found to go with it."""
        with self._changed:
            self._promises[promise.key] = promise
            self._keep()

    def settle(self, promise: Promise) -> None:
        """It is done."""
        with self._changed:
            self._promises.pop(promise.key, None)
            self._keep()

    def noted(self, promise: Promise, patience: float) -> bool:
        """Whether it is on disk, after at most so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: promise.key in (self._on_disk or {}), patience)

    def close(self) -> None:
        """Write what is owed now; nothing is written after that."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._write()

    # ---- on disk -------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Have it written soon, on a thread that ends when that is done."""
        if not (self._keeping or self._closed):
            self._keeping = True
            threading.Thread(target=self._keep_writing, name="journal", daemon=True).start()

    def _keep_writing(self) -> None:
        wait = GRACE_SECONDS
        while True:
            with self._changed:
                if self._closed or self._changed.wait_for(lambda: self._closed, wait):
                    return
            wait = GRACE_SECONDS if self._write() else RETRY_SECONDS
            with self._changed:
                if self._on_disk == self._promises:
                    self._keeping = False
                    return

    def _write(self) -> bool:
        """Let the file hold what is owed, and be there only then. False where the disk refuses."""
        with self._writing:
            with self._changed:
                promises = dict(self._promises)
            if promises == self._on_disk:
                return True
            try:
                self._replace(promises)
                for old in self._older:
                    old.unlink(missing_ok=True)
            except OSError as error:
                log.warning("what is owed can't be written into %s (%s)", self.file.name, error.strerror)
                return False
            self._older = []
            with self._changed:
                self._on_disk = promises
                self._changed.notify_all()
            return True

    def _replace(self, promises: dict[str, Promise]) -> None:
        if not promises:
            self.file.unlink(missing_ok=True)
            self._hold_space()
            return
        text = json.dumps({"owed": [promise.to_json() for promise in promises.values()]}, indent=1) + "\n"
        try:
            write_whole(self.file, text)
        except OSError:
            self.file.with_name(RESERVE).unlink()  # that there is none is an OSError as well
            write_whole(self.file, text)

    def _hold_space(self) -> None:
        """Keep some of the disk for the day on which it is full."""
        reserve = self.file.with_name(RESERVE)
        with contextlib.suppress(OSError):
            if not reserve.exists():
                reserve.parent.mkdir(parents=True, exist_ok=True)
                write_whole(reserve, "\0" * RESERVED)


# ---- reading, also what earlier versions wrote ---------------------------------------------------------------------


def _read(file: Path) -> list[Promise]:
    """The promises in a file. What can't be understood is told, and set aside where it is a whole file. Raises Mistake
    where it can't be read just now."""
    try:
        text = read_whole(file).decode("utf-8", "replace")
        entries = _entries(text)
    except FileNotFoundError:
        return []
    except OSError as error:
        if not is_damage(error):
            raise Mistake(f"{file}: can't be read just now ({error.strerror}); nothing was changed.") from None
        entries = [None]
    except (ValueError, RecursionError, TypeError):
        entries = [None]
    promises = []
    for entry in entries:
        try:
            promises.append(_promise(entry))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.error("an entry of %s can't be understood (%s)", file.name, type(error).__name__)
    if len(promises) < len(entries):
        log.error("%s was set aside as %s", file.name, set_aside(file).name)
    return promises


def _entries(text: str) -> list[Any]:
    """Raises ValueError, TypeError or RecursionError for what is no journal."""
    if text.startswith('{\n "owed"'):
        return list(json.loads(text)["owed"])
    if text.startswith("["):  # of the souls: people whose conversations go
        return [{"goes": {"listeners": json.loads(text), "withdrawn": True}, "left": SOULS}]
    return [_entry(line) for line in text.splitlines() if line]  # of the record: an entry a line


def _entry(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _promise(entry: dict[str, Any]) -> Promise:
    """Raises ValueError, TypeError, KeyError or AttributeError for what is none."""
    match entry:
        case {"changed": how}:
            return Promise(key=new_id(), what=CHANGE.validate_python(how), if_known=bool(entry.get("if_known")))
        case {"goes": how, "left": "everywhere" | "conversations" | "souls" as left}:
            return Promise(key=new_id(), what=Scope.of_json(how), left=left)
        case {"forget": how}:
            what = Scope.of_json({name: value for name, value in how.items() if value})
        case {"withdraw": str(person)}:
            what = Scope(person=person, withdrawn=True)
        case {"remove": how}:
            what = Scope.of_json({name: value for name, value in how.items() if value})
        case _:
            raise ValueError("it is of no known kind")
    if not what.in_record:
        raise ValueError("it names nobody and nothing")
    return Promise(key=new_id(), what=what)
