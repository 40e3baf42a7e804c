"""Conversations: the brain's state for each person or channel it talks with; the quiet ones wait on disk.

Shapes: every tensor leads with one stream.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from brain.contract import State


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
        state = {name[6:]: tensor.to(device) for name, tensor in tensors.items() if name.startswith("state.")}
        return cls(person, state, tensors["pixel"].to(device), tensors["recent"].tolist())


class Conversations:
    """The ``limit`` most recently used in memory, up to ``disk_limit`` more in ``folder``. What a crash left unfinished
    there, and what nobody can read, goes."""

    def __init__(self, folder: Path, *, limit: int, disk_limit: int, device: torch.device):
        self._folder, self._limit, self._disk_limit, self._device = folder, limit, disk_limit, device
        self._open: OrderedDict[str, Conversation] = OrderedDict()
        files = sorted(folder.glob("*.safetensors"), key=lambda file: file.stat().st_mtime)
        self._resting = {file: _person_of(file) for file in files}  # whose each file is, the oldest first
        unreadable = [file for file, person in self._resting.items() if person is None]
        for file in [*folder.glob("*.unfinished"), *unreadable]:
            self._delete(file)

    def __len__(self) -> int:
        return len(self._open)

    def get(self, name: str, fresh: Conversation) -> Conversation:
        """The conversation as it was left, or ``fresh`` if there was none, or none that fits this brain."""
        found = self._open.get(name) or self._read(self._file(name))
        if found is None or not _fits(found.state, fresh.state):
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
        """Drop all conversations with these people, also those on disk; returns how many. Raises OSError for what could
        not be deleted; all else is gone."""
        gone = [name for name, conversation in self._open.items() if conversation.person in people]
        for name in gone:
            del self._open[name]
        files = [file for file, person in self._resting.items() if person in people]
        problem = None
        for file in files:
            try:
                self._delete(file)
            except OSError as error:
                problem = error
        if problem:
            raise problem
        return len(gone) + len(files)

    def snapshot(self) -> dict[str, tuple[str, dict[str, Tensor]]]:
        """Person and tensors of every conversation in memory, for a soul."""
        return {name: (c.person, c.tensors()) for name, c in self._open.items()}

    def restore(self, kept: dict[str, tuple[str, dict[str, Tensor]]]) -> None:
        for name, (person, tensors) in kept.items():
            self._open[name] = Conversation.of(person, tensors, self._device)

    def _file(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.safetensors"

    def _write(self, name: str, conversation: Conversation) -> None:
        """To disk; a full disk costs the conversation's memory, never the talk."""
        file = self._file(name)
        unfinished = file.with_suffix(".unfinished")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(save(conversation.tensors(), {"person": json.dumps(conversation.person)}))
            unfinished.replace(file)
            self._resting.pop(file, None)
            self._resting[file] = conversation.person
            for old in list(self._resting)[: -self._disk_limit or None]:
                self._delete(old)
        except OSError:
            unfinished.unlink(missing_ok=True)

    def _delete(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._resting.pop(file, None)

    def _read(self, file: Path) -> Conversation | None:
        try:
            with safe_open(file, "pt") as tensors:
                person = json.loads(tensors.metadata()["person"])
                return Conversation.of(person, {key: tensors.get_tensor(key) for key in tensors.keys()}, self._device)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError):
            return None


def _fits(state: State, like: State) -> bool:
    return state.keys() == like.keys() and all(state[name].shape == like[name].shape for name in like)


def _person_of(file: Path) -> str | None:
    try:
        with safe_open(file, "pt") as tensors:
            return json.loads(tensors.metadata()["person"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None
