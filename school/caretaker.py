"""The caretaker: puts souls to bed and wakes them. Whole or not at all, and never through a pickle.

A soul is a folder ``soul/step-000012345``: tensors as safetensors, everything else as JSON, and a list of checksums
that is complete last. It is written beside its place and renamed into it, so a crash leaves the one before.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from school.mistakes import Mistake
from school.settings import Slice

FORMAT = 1
SUMS = "SHA256SUMS"
NAME = "step-{:012d}"


class SoulSettings(Slice):
    save_minutes: float = Field(10.0, gt=0, le=1440, description="minutes between saves")
    keep_last: int = Field(3, ge=1, description="the newest souls kept")
    keep_hours: int = Field(6, ge=0, description="beyond those, one an hour for so many hours")
    keep_days: int = Field(7, ge=0, description="beyond those, one a day for so many days")


@dataclass(slots=True)
class Soul:
    """All that a brain is at a step. ``facts`` is JSON; ``tensors`` maps a file's name to what it holds."""

    step: int
    facts: dict[str, Any]
    tensors: dict[str, dict[str, Tensor]]
    tokenizer: str


class SoulDamaged(Exception):
    """A soul's folder is not what was written; the message says which part."""


class Caretaker:
    def __init__(self, folder: Path, settings: SoulSettings):
        self.folder, self.settings = folder, settings
        self._lock = FileLock(folder / "lock")

    def lock(self) -> None:
        """Claim the souls for this process. Raises Mistake if another baby lives here."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise Mistake(
                f"{self.folder}: another baby is awake here. Stop it first, or wake this one elsewhere with --home DIR."
            ) from None
        except OSError as error:
            raise Mistake(f"{self.folder}: can't be written ({error.strerror}).") from None
        for replaced in self.folder.glob(".replaced-*"):  # a crash between two renames left it so
            place = self.folder / replaced.name.removeprefix(".replaced-")
            if not place.exists():
                replaced.rename(place)
        for leftover in [*self.folder.glob(".unfinished-*"), *self.folder.glob(".replaced-*")]:
            shutil.rmtree(leftover, ignore_errors=True)

    def unlock(self) -> None:
        self._lock.release()

    def save(self, soul: Soul) -> Path:
        """Write a soul and prune the old ones. Raises OSError (a full disk); what was there before stays."""
        place = self.folder / NAME.format(soul.step)
        unfinished = self.folder / f".unfinished-{place.name}-{os.getpid()}"
        needed = sum(t.numel() * t.element_size() for part in soul.tensors.values() for t in part.values())
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < needed * 1.1 + (1 << 20):
            raise OSError(28, f"the disk is full: a soul needs {needed / 1e6:.0f} MB")
        try:
            self._write(unfinished, soul)
            self._install(unfinished, place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self.prune()
        return place

    def forget(self, people: Collection[str]) -> int:
        """Take the conversations with these people out of every soul on disk; returns how many souls had some.

        A damaged one that names them goes altogether. Raises OSError; what could not be rewritten stays as it was.
        """
        touched, problem = 0, None
        for place in [*self.souls(), *self.folder.glob("damaged/*")]:
            try:
                touched += self._forget_in(place, people)
            except OSError as error:  # the others, at least
                problem = error
        if problem:
            raise problem
        return touched

    def _forget_in(self, place: Path, people: Collection[str]) -> bool:
        try:
            if place.parent == self.folder:
                return self._rewrite_without(place, people)
        except SoulDamaged:
            pass
        return _delete_if_naming(place, people)

    def _rewrite_without(self, place: Path, people: Collection[str]) -> bool:
        facts = _read_facts(place)
        gone = {key for key, (_, person) in facts.get("conversations", {}).items() if person in people}
        if not gone:
            return False
        soul, when = self.load(place), place.stat().st_mtime
        soul.facts["conversations"] = {key: talk for key, talk in facts["conversations"].items() if key not in gone}
        talks = soul.tensors["conversations"]
        soul.tensors["conversations"] = {key: t for key, t in talks.items() if key.partition("/")[0] not in gone}
        unfinished = self.folder / f".unfinished-{place.name}-{os.getpid()}"
        try:
            self._write(unfinished, soul)
            os.utime(unfinished, (when, when))  # the keep rules go by age
            self._install(unfinished, place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return True

    def _install(self, unfinished: Path, place: Path) -> None:
        """Rename a whole soul into its place, where another one of the same step may be."""
        replaced = self.folder / f".replaced-{place.name}"
        again = place.exists()
        if again:
            shutil.rmtree(replaced, ignore_errors=True)
            place.rename(replaced)
        try:
            unfinished.rename(place)
        except OSError:
            if again:
                replaced.rename(place)
            raise
        _sync(self.folder)
        shutil.rmtree(replaced, ignore_errors=True)

    def _write(self, place: Path, soul: Soul) -> None:
        place.mkdir()
        facts = {**soul.facts, "format": FORMAT, "step": soul.step}
        (place / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
        (place / "tokenizer.json").write_text(soul.tokenizer, encoding="utf-8")
        for name, tensors in soul.tensors.items():
            save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, place / f"{name}.safetensors")
        sums = {file.name: _sha256(file) for file in sorted(place.iterdir())}
        (place / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), encoding="utf-8")
        for file in [*place.iterdir(), place]:
            _sync(file)

    def souls(self) -> list[Path]:
        """Folders of souls, the newest first."""
        return sorted(self.folder.glob("step-*"), reverse=True)

    def newest(self, say: Callable[[str], None], *, set_aside: bool) -> Soul | None:
        """The newest soul that is whole, or None if there is none. A damaged one is named, and with ``set_aside``
        moved to ``soul/damaged``. Raises Mistake for a soul from a newer version."""
        for place in self.souls():
            try:
                return self.load(place)
            except SoulDamaged as damage:
                say(f"{place.name} is damaged ({damage}); going back to the one before.")
                if set_aside:
                    aside = self.folder / "damaged" / f"{place.name}-{time.time_ns()}"
                    aside.parent.mkdir(exist_ok=True)
                    place.rename(aside)
        return None

    def load(self, place: Path) -> Soul:
        """Read one soul. Raises SoulDamaged, or Mistake for a format this version does not know."""
        try:
            listed = dict(line.split("  ")[::-1] for line in (place / SUMS).read_text("utf-8").splitlines())
            for name, digest in listed.items():
                if _sha256(place / name) != digest:
                    raise SoulDamaged(f"{name} has changed")
            parts = {"facts.json", "tokenizer.json", *(file.name for file in place.glob("*.safetensors"))}
            if unlisted := parts - listed.keys():
                raise SoulDamaged(f"{min(unlisted)} is not listed in {SUMS}")
            facts = json.loads((place / "facts.json").read_text("utf-8"))
            if facts["format"] > FORMAT:
                raise Mistake(f"{place}: this soul was saved by a newer babyLLM; update the program to wake it.")
            tensors = {Path(name).stem: load_file(place / name) for name in listed if name.endswith(".safetensors")}
            return Soul(facts["step"], facts, tensors, (place / "tokenizer.json").read_text("utf-8"))
        except FileNotFoundError as error:
            raise SoulDamaged(f"{Path(error.filename).name} is missing") from None
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise SoulDamaged(str(error) or type(error).__name__) from None

    def prune(self, now: datetime | None = None) -> list[str]:
        """Delete the souls that no keep rule holds; returns their names. The newest is never deleted."""
        now = now or datetime.now()
        souls = self.souls()
        kept = set(souls[: self.settings.keep_last])
        for rule, span in ((self.settings.keep_hours, 3600), (self.settings.keep_days, 86_400)):
            first_of_slot: dict[int, Path] = {}
            for soul in souls:
                age = now.timestamp() - soul.stat().st_mtime
                if age < rule * span:
                    first_of_slot.setdefault(int(soul.stat().st_mtime // span), soul)
            kept |= set(first_of_slot.values())
        gone = [soul for soul in souls if soul not in kept]
        for soul in gone:
            shutil.rmtree(soul, ignore_errors=True)
        return [soul.name for soul in gone]


def _read_facts(place: Path) -> dict[str, Any]:
    try:
        return json.loads((place / "facts.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SoulDamaged(f"facts.json: {error}") from None


def _delete_if_naming(place: Path, people: Collection[str]) -> bool:
    """Delete a damaged soul if it names one of these people, or if what it names can't be told."""
    try:
        named = any(json.dumps(person) in (place / "facts.json").read_text("utf-8") for person in people)
    except (OSError, UnicodeDecodeError):
        named = any(place.glob("conversations*"))
    if named:
        shutil.rmtree(place)
    return named


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Wait until a file or folder is on the disk (Windows can't open folders)."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
