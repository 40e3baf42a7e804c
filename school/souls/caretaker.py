"""The caretaker: puts souls to bed and wakes them. Whole or not at all, and never through a pickle.

A soul is a folder ``soul/step-000012345``: tensors as safetensors, everything else as JSON, and a list of checksums
that is complete last. It is written beside its place and renamed into it, so a crash leaves the one before.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import Any, Literal

from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from school.office.files import Opener, is_damage, make_way, open_plain, parse_json, read_state, read_whole, write_state
from school.office.mistakes import Mistake
from school.souls.backups import Backups
from school.souls.checksums import SoulDamaged, as_damage, check, discard, is_half, mend, seal, sync
from school.souls.settings import SoulSettings

FORMAT = 1
NAME = "step-{:012d}"
JSON_BYTES = 256 << 20  # of the largest facts or tokenizer that are read
Doing = Literal["waking", "reading", "playing"]  # what a process has the souls for
LOOKED_AT = 3  # damaged souls that a wake reads again


@dataclass(slots=True)
class Soul:
    """All that a brain is at a step. ``facts`` is JSON; ``tensors`` maps a file's name to what it holds."""

    step: int
    facts: dict[str, Any]
    tensors: dict[str, dict[str, Tensor]]
    tokenizer: str


class Caretaker:
    """``clock``, in seconds since 1970, dates the souls and tells how old they are; ``inspect`` looks at what a soul
    holds before it is woken, and raises SoulDamaged; ``opener`` opens its files."""

    def __init__(
        self,
        folder: Path,
        settings: SoulSettings,
        *,
        clock: Callable[[], float] = time.time,
        inspect: Callable[[Soul], None] = lambda soul: None,
        opener: Opener = open_plain,
    ):
        self.folder, self.settings, self._clock, self._inspect, self._opener = folder, settings, clock, inspect, opener
        self._lock, self._doing = FileLock(folder / "lock"), folder / "doing.json"
        where = folder.parent / Path(settings.backup_folder).expanduser() if settings.backup_folder else None
        days, weeks = settings.backup_days, settings.backup_weeks
        self.backups = Backups(where or folder / "backups", folder / "backups.json", days=days, weeks=weeks)

    def lock(self, doing: Doing = "waking") -> None:
        """Claim the souls for this process, which says what for. Raises Mistake if another one has them."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for file in (Path(self._lock.lock_file), self._doing):
                make_way(file)
            self._lock.acquire(timeout=0)
            self._doing.unlink(missing_ok=True)  # a process that was killed left it
            self._note(doing)
        except Timeout:
            raise Mistake(f"{self.folder}: {self._in_words()}") from None
        except OSError as error:
            raise Mistake(f"{error.filename or self.folder}: can't be written ({error.strerror}).") from None
        try:
            mend(self.folder)
        except OSError as error:
            self.unlock()
            raise Mistake(_unreadable(error, self.folder)) from None
        self.backups.mend()

    def _note(self, doing: Doing) -> None:
        """Say what for, but where there is no room to: who would have read it hears less, and whoever wakes can talk.
        Raises OSError."""
        try:
            write_state(self._doing, doing)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def unlock(self) -> None:
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                self._doing.unlink()
        self._lock.release()

    def occupied(self) -> str:
        """Who has these souls, in a sentence; "" where nobody has."""
        try:
            with FileLock(self._lock.lock_file, timeout=0):
                return ""
        except Timeout:
            return self._in_words()
        except OSError:  # a folder that can't be written, or is not there
            return ""

    def _in_words(self) -> str:
        try:
            doing = read_state(self._doing, str, "")
        except OSError:
            doing = ""
        others = "or wake this one elsewhere with --home DIR."
        return {
            "waking": f"another baby is awake here. Stop it first, {others}",
            "reading": f"a reading is under way here (the command read). Wait until it is done, {others}",
            "playing": f"it plays with itself just now (the command selfplay). Wait until it is done, {others}",
        }.get(doing, "another babyLLM is at work here just now; try again in a moment.")

    def save(self, soul: Soul) -> Path:
        """Write a soul and prune the old ones. Raises OSError (a full disk); what was there before stays."""
        place = self.folder / NAME.format(soul.step)
        unfinished, now = self.folder / f".unfinished-{place.name}-{os.getpid()}", self._clock()
        needed = sum(t.numel() * t.element_size() for part in soul.tensors.values() for t in part.values())
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < needed * 1.1 + (1 << 20):
            raise OSError(28, f"the disk is full: a soul needs {needed / 1e6:.0f} MB")
        try:
            self._write(unfinished, soul)
            os.utime(unfinished, (now, now))  # the keep rules go by it, and a clock on the wall may be wrong
            self._install(unfinished, place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        with contextlib.suppress(OSError):  # it is saved, whatever becomes of the old ones
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
        for place in [*self.souls(), *self.folder.glob("damaged/*"), *self.folder.glob("earlier/*"), *copies]:
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
        facts = self._read_facts(place)
        gone = {key for key, (_, person) in _talks(facts).items() if person in people}
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
        """Folders of souls, the newest first. Raises OSError where that can't be seen."""
        try:
            places = list(self.folder.iterdir())  # a glob takes a folder that it may not read for an empty one
        except FileNotFoundError:
            return []
        return sorted((place for place in places if place.name.startswith("step-")), reverse=True)

    def newest(self, say: Callable[[str], None], *, set_aside: bool) -> Soul | None:
        """The newest soul that is whole, or None where there never was one.

        A damaged one is named, and with ``set_aside`` moved to ``soul/damaged``. Where all of them are, it is the
        newest backup that is whole. Raises Mistake for a soul from a newer version or one that can't be read just now,
        with nothing moved; and where there are souls but none is whole.
        """
        try:
            place, soul, damage = self._newest_whole()
            if set_aside:
                self._clear(damage)
        except (OSError, MemoryError) as error:
            raise Mistake(_unreadable(error, self.folder)) from None
        for one, why in damage.items():
            say(f"{one.name} is damaged ({why}); going back to the one before.")
        if set_aside:
            for half in self._halves(place):
                say(f"{half.name} is only half there, its deletion was broken off; the rest is deleted.")
                with contextlib.suppress(OSError):
                    discard(half)
            self._offer(soul, say)
        if soul:
            return soul
        if damage or any(self.folder.glob("damaged/*")):
            return self._from_backup(say)
        if any(self.folder.glob("earlier/*")):
            raise Mistake(self._none_whole())
        return None

    def make_room(self, say: Callable[[str], None]) -> None:
        """Move all souls to ``soul/earlier``, where nobody wakes them: a newborn comes. Raises Mistake."""
        earlier = self.folder / "earlier"
        try:
            for place in self.souls():
                earlier.mkdir(exist_ok=True)
                place.rename(earlier / f"{place.name}-{time.time_ns()}")
                say(f"{place.name} was moved to {earlier}; to wake it another time, move it back.")
        except OSError as error:
            raise Mistake(_unreadable(error, self.folder)) from None

    def _newest_whole(self) -> tuple[Path | None, Soul | None, dict[Path, str]]:
        """Where it is, what it is, and what is wrong with those that are newer. Raises OSError."""
        damage = {}
        for place in self.souls():
            try:
                return place, self.load(place), damage
            except SoulDamaged as why:
                damage[place] = str(why)
        return None, None, damage

    def _clear(self, damage: Collection[Path]) -> None:
        """Move damaged souls out of the way. Raises OSError."""
        for place in damage:
            aside = self.folder / "damaged" / f"{place.name}-{time.time_ns()}"
            aside.parent.mkdir(exist_ok=True)
            place.rename(aside)

    def _halves(self, whole: Path | None) -> list[Path]:
        """What is left of older souls whose deletion was broken off."""
        older = [place for place in self.souls() if whole and place < whole]
        found = []
        for place in older:
            with contextlib.suppress(OSError):  # that it can't be read is no reason to delete it
                if is_half(place):
                    found.append(place)
        return found

    def _offer(self, soul: Soul | None, say: Callable[[str], None]) -> None:
        """Tell of the newest soul in ``soul/damaged`` that can be read (again), if one can."""
        for place in sorted(self.folder.glob("damaged/step-*"), reverse=True)[:LOOKED_AT]:
            try:
                step = self.load(place).step
            except (SoulDamaged, OSError, MemoryError, Mistake):
                continue
            home = self.folder / NAME.format(step)
            if soul and step <= soul.step:
                say(f"{place} can be read; it is older than the soul that wakes. Keep it as a copy, or delete it.")
            else:
                say(f"{place} can be read again; to wake it, move it back: mv {quote(str(place))} {quote(str(home))}")
            return

    def _from_backup(self, say: Callable[[str], None]) -> Soul:
        """The newest copy that is whole. Raises Mistake."""
        unreadable = None
        for copy in self.backups.newest():
            try:
                soul = self.load(copy)
            except SoulDamaged:
                continue
            except OSError as error:
                unreadable = error
                continue
            say(f"waking it from the backup {copy}.")
            return soul
        if unreadable:
            raise Mistake(_unreadable(unreadable, self.backups.folder))
        raise Mistake(self._none_whole())

    def _none_whole(self) -> str:
        return (
            f"{self.folder}: there are souls here, but none that can be woken, and no backup. Move a whole one here, "
            "or let a new baby be born beside them: wake it with --newborn."
        )

    def load(self, place: Path) -> Soul:
        """Read one soul. Raises SoulDamaged, Mistake for a format this version does not know, or OSError where it can't
        be read just now."""
        try:
            listed = check(place, self._opener)
            facts = self._read_facts(place)
            form, step = facts.get("format"), facts.get("step")
            if type(form) is not int or type(step) is not int or not 0 <= step < 10**12:
                raise SoulDamaged("facts.json names no format and step")
            if form > FORMAT:
                raise Mistake(f"{place}: this soul was saved by a newer babyLLM; update the program to wake it.")
            tensors = {Path(name).stem: _load(place / name) for name in listed if name.endswith(".safetensors")}
            tokenizer = read_whole(place / "tokenizer.json", JSON_BYTES, self._opener).decode("utf-8")
            soul = Soul(step, facts, tensors, tokenizer)
        except OSError as error:
            raise as_damage(error) from None
        except ValueError as error:
            raise SoulDamaged(str(error) or type(error).__name__) from None
        self._inspect(soul)
        return soul

    def _read_facts(self, place: Path) -> dict[str, Any]:
        """Raises SoulDamaged, or OSError where they can't be read just now."""
        try:
            facts = parse_json(read_whole(place / "facts.json", JSON_BYTES, self._opener))
        except OSError as error:
            raise as_damage(error) from None
        except ValueError as error:
            raise SoulDamaged(f"facts.json: {error}") from None
        if not isinstance(facts, dict):
            raise SoulDamaged("facts.json holds no facts")
        return facts

    def prune(self, now: datetime | None = None) -> list[str]:
        """Delete the souls that no keep rule holds; returns their names. The newest is never deleted."""
        now = now or datetime.fromtimestamp(self._clock())
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
            with contextlib.suppress(OSError):  # the next save tries again
                discard(soul)
        return [soul.name for soul in gone]


def _load(file: Path) -> dict[str, Tensor]:
    """The tensors of a file whose checksum was right a moment ago. Raises SoulDamaged, OSError."""
    try:
        return load_file(file)
    except (FileNotFoundError, RuntimeError):  # what the libraries say whenever they can't open a file
        raise OSError(errno.EIO, "it can't be opened any more", str(file)) from None
    except SafetensorError as error:
        raise SoulDamaged(f"{file.name}: {error}") from None


def _talks(facts: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Name and person of every conversation that a soul remembers. Raises SoulDamaged."""
    talks = facts.get("conversations", {})
    if not isinstance(talks, dict) or not all(isinstance(talk, list) and len(talk) == 2 for talk in talks.values()):
        raise SoulDamaged("facts.json: its conversations are none")
    return talks


def _unreadable(error: OSError | MemoryError, folder: Path) -> str:
    """One line about what can't be read just now, and what can be done."""
    if isinstance(error, MemoryError):
        return f"{folder}: there is not enough memory to read the soul. Close something, and wake it again."
    where = error.filename or folder
    if isinstance(error, PermissionError):
        return (
            f"{where}: can't be read ({error.strerror}); nothing was moved. If it was woken as another user once, make "
            f"the files yours again: sudo chown -R $(id -u) {quote(str(folder))}"
        )
    return (
        f"{where}: can't be read just now ({error.strerror or error}); nothing was moved. Wake it again when the disk "
        "answers; if it never will, move that soul's folder elsewhere to wake the one before."
    )


def _delete_if_naming(place: Path, people: Collection[str]) -> bool:
    """Delete a damaged soul if it names one of these people, or if what it names can't be told. Raises OSError where
    that can't be read just now."""
    try:
        facts = read_whole(place / "facts.json", JSON_BYTES).decode("utf-8")
        named = any(json.dumps(person) in facts for person in people)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and not is_damage(error):
            raise
        named = any(place.glob("conversations*"))
    if named:
        discard(place)
    return named
