"""The caretaker: puts souls to bed and wakes them. Whole or not at all, and never through a pickle.

A soul is a folder ``soul/step-000012345``: tensors as safetensors, everything else as JSON, and a list of checksums
that is complete last. It is written beside its place and renamed into it, so a crash leaves the one before.
"""

from __future__ import annotations

import contextlib
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

from school.office.mistakes import Mistake
from school.office.settings import Slice
from school.souls.backups import Backups
from school.souls.checksums import SoulDamaged, check, mend, seal, sync

FORMAT = 1
NAME = "step-{:012d}"


class SoulSettings(Slice):
    save_minutes: float = Field(10.0, ge=0, le=1440, description="minutes between saves; 0: only when it falls asleep")
    keep_last: int = Field(3, ge=1, description="the newest souls kept")
    keep_hours: int = Field(6, ge=0, description="beyond those, one an hour for so many hours")
    keep_days: int = Field(7, ge=0, description="beyond those, one a day for so many days")
    backup_folder: str = Field("", description='where copies go, best on another disk; "": soul/backups in the home')
    backup_days: int = Field(2, ge=1, description="copies kept: the last of each of so many days")
    backup_weeks: int = Field(4, ge=0, description="and the last of each of so many weeks")


@dataclass(slots=True)
class Soul:
    """All that a brain is at a step. ``facts`` is JSON; ``tensors`` maps a file's name to what it holds."""

    step: int
    facts: dict[str, Any]
    tensors: dict[str, dict[str, Tensor]]
    tokenizer: str


class Caretaker:
    def __init__(self, folder: Path, settings: SoulSettings):
        self.folder, self.settings = folder, settings
        self._lock = FileLock(folder / "lock")
        where = folder.parent / Path(settings.backup_folder).expanduser() if settings.backup_folder else None
        days, weeks = settings.backup_days, settings.backup_weeks
        self.backups = Backups(where or folder / "backups", folder / "backups.json", days=days, weeks=weeks)

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
        mend(self.folder)
        self.backups.mend()

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

    def back_up(self) -> Path:
        """Copy the newest soul to the backups, if it is whole; returns where the copy is. Raises OSError or
        SoulDamaged; then the backups are what they were."""
        if not self.souls():
            raise OSError("nothing has been saved yet")
        return self.backups.add(self.souls()[0])

    def forget(self, people: Collection[str]) -> int:
        """Take the conversations with these people out of every soul on disk and every backup; returns how many had
        some.

        A damaged one that names them goes altogether. Raises OSError; what could not be rewritten stays as it was.
        """
        copies, unreached = self.backups.everywhere()
        problem = OSError(f"the backups in {unreached[0]} can't be reached") if unreached else None
        touched = 0
        for place in [*self.souls(), *self.folder.glob("damaged/*"), *copies]:
            try:
                touched += self._forget_in(place, people)
            except OSError as error:  # the others, at least
                problem = error
        if problem:
            raise problem
        return touched

    def _forget_in(self, place: Path, people: Collection[str]) -> bool:
        try:
            if place.parent != self.folder / "damaged":
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
        unfinished = place.with_name(f".unfinished-{place.name}-{os.getpid()}")
        try:
            self._write(unfinished, soul)
            os.utime(unfinished, (when, when))  # the keep rules go by age
            self._install(unfinished, place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return True

    def _install(self, unfinished: Path, place: Path) -> None:
        """Rename a whole soul into its place, where another one of the same step may be."""
        replaced = place.with_name(f".replaced-{place.name}")
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
        sync(place.parent)
        shutil.rmtree(replaced, ignore_errors=True)

    def _write(self, place: Path, soul: Soul) -> None:
        place.mkdir()
        facts = {**soul.facts, "format": FORMAT, "step": soul.step}
        (place / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
        (place / "tokenizer.json").write_text(soul.tokenizer, encoding="utf-8")
        for name, tensors in soul.tensors.items():
            save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, place / f"{name}.safetensors")
        seal(place)

    def souls(self) -> list[Path]:
        """Folders of souls, the newest first."""
        return sorted(self.folder.glob("step-*"), reverse=True)

    def newest(self, say: Callable[[str], None], *, set_aside: bool) -> Soul | None:
        """The newest soul that is whole, or None if there is none. A damaged one is named, and with ``set_aside``
        moved to ``soul/damaged``. Where all of them are, it is the newest backup that is whole. Raises Mistake for a
        soul from a newer version."""
        for place in self.souls():
            try:
                return self.load(place)
            except SoulDamaged as damage:
                say(f"{place.name} is damaged ({damage}); going back to the one before.")
                if set_aside:
                    aside = self.folder / "damaged" / f"{place.name}-{time.time_ns()}"
                    aside.parent.mkdir(exist_ok=True)
                    place.rename(aside)
        lost = any(self.folder.glob("damaged/*")) or self.souls()
        for copy in self.backups.newest() if lost else ():
            with contextlib.suppress(SoulDamaged):
                soul = self.load(copy)
                say(f"waking it from the backup {copy}.")
                return soul
        return None

    def load(self, place: Path) -> Soul:
        """Read one soul. Raises SoulDamaged, or Mistake for a format this version does not know."""
        try:
            listed = check(place)
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
