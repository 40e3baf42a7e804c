"""Conversations: the brain's state for each person or channel it talks with; the quiet ones wait on disk.

Shapes: every tensor leads with one stream.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from brain.contract import State
from school.office.files import Unfit, clear_unfinished, is_damage, make_folder, open_plain, read_whole, write_whole

CONVERSATION_BYTES, HEADER_BYTES = 256 << 20, 1 << 20  # of the largest file, and of its head, that are read
BROKEN = (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Conversation:
    """What it carries from turn to turn: the brain's state, its last self-state, and the words it said last."""

    person: str
    state: State
    pixel: Tensor  # (1, 3)
    recent: list[int]

    def tensors(self) -> dict[str, Tensor]:
        named = {f"state.{name}": tensor.cpu().contiguous() for name, tensor in self.state.items()}
        recent = torch.tensor(self.recent, dtype=torch.int64)
        return named | {"pixel": self.pixel.cpu(), "recent": recent}

    @classmethod
    def of(cls, person: str, tensors: dict[str, Tensor], device: torch.device) -> Conversation:
        """Raises KeyError or ValueError for tensors of no conversation; whether they fit a brain is not asked."""
        state = {name[6:]: tensor.to(device) for name, tensor in tensors.items() if name.startswith("state.")}
        recent = tensors["recent"]
        if recent.ndim != 1 or recent.dtype != torch.int64:
            raise ValueError("what it said last is no row of tokens")
        return cls(person, state, tensors["pixel"].to(device), recent.tolist())


class Conversations:
    """The ``limit`` most recently used in memory, up to ``disk_limit`` more in ``folder``. What a crash left unfinished
    there, and what nobody can read, goes."""

    def __init__(self, folder: Path, *, limit: int, disk_limit: int, device: torch.device):
        self._folder, self._limit, self._disk_limit, self._device = folder, limit, disk_limit, device
        self._open: OrderedDict[str, Conversation] = OrderedDict()
        files = sorted(folder.glob("*.safetensors"), key=lambda file: file.lstat().st_mtime)
        self._resting: dict[Path, str | None] = {}  # whose each file is, the oldest first; None: it can't be told now
        for file in files:
            try:
                self._resting[file] = _person_of(file)
            except OSError as error:
                log.warning("a conversation can't be read just now (%s)", error.strerror)
                self._resting[file] = None
            except BROKEN as why:
                self._lose(file, why)
        clear_unfinished(folder)
        for file in folder.glob("*.unfinished"):
            self._delete(file)

    def __len__(self) -> int:
        return len(self._open)

    def count(self, person: str) -> int:
        """How many there are with this person, in memory and on disk."""
        files = {self._file(name) for name, conversation in self._open.items() if conversation.person == person}
        return len(files | {file for file, whose in self._resting.items() if whose == person})

    def get(self, name: str, fresh: Conversation) -> Conversation:
        """The conversation as it was left, or ``fresh`` if there was none, or none that fits this brain."""
        found = self._open.get(name) or self._read(self._file(name))
        if found is None or not _fits(found, fresh):
            return fresh
        if name in self._open:
            self._open.move_to_end(name)
        return found

    def put(self, name: str, conversation: Conversation) -> None:
        self._open[name] = conversation
        self._open.move_to_end(name)
        while len(self._open) > self._limit:
            oldest, quiet = self._open.popitem(last=False)
            self._write(oldest, quiet)

    def forget(self, people: Collection[str]) -> int:
        """Drop all conversations with these people, also those on disk; returns how many. Raises OSError."""
        gone = [name for name, conversation in self._open.items() if conversation.person in people]
        for name in gone:
            del self._open[name]
        files = [file for file, person in self._resting.items() if person is None or person in people]
        problem = None
        for file in files:  # one that can't be told may be theirs
            try:
                self._delete(file)
            except OSError as error:  # the others, at least
                problem = error
        if problem:
            raise problem
        return len(gone) + len(files)

    def snapshot(self) -> dict[str, tuple[str, dict[str, Tensor]]]:
        """Person and tensors of every conversation in memory, for a soul."""
        return {name: (c.person, c.tensors()) for name, c in self._open.items()}

    def restore(self, kept: dict[str, tuple[str, dict[str, Tensor]]]) -> None:
        for name, (person, tensors) in kept.items():
            try:
                self._open[name] = Conversation.of(person, tensors, self._device)
            except BROKEN as why:
                log.warning("a conversation in the soul is broken (%s); it begins anew", _kind(why))

    def _file(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.safetensors"

    def _write(self, name: str, conversation: Conversation) -> None:
        """To disk; a full disk costs the conversation's memory, never the talk."""
        file = self._file(name)
        try:
            make_folder(self._folder)
            write_whole(file, _as_bytes(conversation))
            self._resting.pop(file, None)
            self._resting[file] = conversation.person
            for old in list(self._resting)[: -self._disk_limit or None]:
                self._delete(old)
        except OSError as error:
            log.info("a conversation could not be kept on disk (%s)", error.strerror)

    def _delete(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._resting.pop(file, None)

    def _read(self, file: Path) -> Conversation | None:
        try:
            return _from_bytes(read_whole(file, CONVERSATION_BYTES), self._device)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("a conversation can't be read just now (%s); it begins anew", error.strerror)
        except BROKEN as why:
            self._lose(file, why)
        return None

    def _lose(self, file: Path, why: Exception) -> None:
        """Tell of a file that is not what was written, and delete it: nobody could tell any more whose words it has."""
        log.warning("the conversation in %s is broken (%s); it begins anew", file.name, _kind(why))
        with contextlib.suppress(OSError):
            self._delete(file)


# ---- files ---------------------------------------------------------------------------------------------------------
# Safetensors whose head tells whose it is, with a checksum of that alone, which is looked at when it wakes, and one of
# everything. Files from before there were any have none.


def _as_bytes(conversation: Conversation) -> bytes:
    tensors, person = conversation.tensors(), json.dumps(conversation.person)
    return save(tensors, {"person": person, "whose": _digest(person, {}), "all": _digest(person, tensors)})


def _from_bytes(data: bytes, device: torch.device) -> Conversation:
    """Raises one of BROKEN."""
    size = int.from_bytes(data[:8], "little")
    kept = json.loads(data[8 : 8 + size])["__metadata__"]
    tensors = load(data)
    if kept.get("all", digest := _digest(kept["person"], tensors)) != digest:
        raise ValueError("its checksum is wrong")
    return Conversation.of(_person(kept), tensors, device)


def _person_of(file: Path) -> str:
    """Raises one of BROKEN, or OSError where it can't be read just now."""
    try:
        with open_plain(file) as stream:
            size = int.from_bytes(stream.read(8), "little")
            if size > HEADER_BYTES:
                raise Unfit("its head is longer than any")
            return _person(json.loads(stream.read(size))["__metadata__"])
    except OSError as error:
        if is_damage(error):
            raise Unfit(error.strerror) from None
        raise


def _person(kept: dict[str, str]) -> str:
    person = json.loads(kept["person"])
    if not isinstance(person, str) or kept.get("whose", digest := _digest(kept["person"], {})) != digest:
        raise ValueError("whose it is can't be told")
    return person


def _digest(person: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(person.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _kind(why: Exception) -> str:
    """What is wrong, without any words of what it holds."""
    return str(why) if type(why) in (ValueError, Unfit) else type(why).__name__


def _fits(found: Conversation, fresh: Conversation) -> bool:
    """Whether a conversation is one that this brain can have had."""
    tensors, like = found.state | {"pixel": found.pixel}, fresh.state | {"pixel": fresh.pixel}
    return tensors.keys() == like.keys() and all(_is_like(tensors[name], like[name]) for name in like)


def _is_like(tensor: Tensor, other: Tensor) -> bool:
    return (tensor.shape, tensor.dtype) == (other.shape, other.dtype) and bool(torch.isfinite(tensor).all())
