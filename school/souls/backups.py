"""Backups: copies of souls in a folder of their own, on another disk if there is one; checked, and few.

Where copies were ever made is noted beside the souls, so that whoever is forgotten is forgotten there, too, whatever
the settings say today.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from school.office.files import read_state, write_state
from school.souls.checksums import SoulDamaged, check, discard, mend, sync, sync_all

DAY, WEEK = 86_400, 7 * 86_400


class Backups:
    """``note`` is the file that knows the folders, ``folder`` the one where new copies go."""

    def __init__(self, folder: Path, note: Path, *, days: int, weeks: int):
        self.folder, self.note, self.days, self.weeks = folder, note, days, weeks

    def add(self, soul: Path) -> Path:
        """Copy a saved soul, check the copy, and delete the copies that are too many. Raises OSError or SoulDamaged;
        then the copies are what they were."""
        self.reach()
        place, unfinished = self.folder / soul.name, self.folder / f".unfinished-{soul.name}-{os.getpid()}"
        try:
            check(place)
            return place  # nothing has been saved since
        except (OSError, SoulDamaged):
            pass
        try:
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(soul, unfinished)  # keeps the time of the folder, by which copies are counted
            sync_all(unfinished)
            check(unfinished)
            if os.path.lexists(place):
                discard(place)
            unfinished.rename(place)
            sync(self.folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        for one in set(copies_in(self.folder)) - self._kept():
            with contextlib.suppress(OSError):
                discard(one)
        return place

    def newest(self) -> list[Path]:
        """The copies where they are made now, the newest first."""
        return copies_in(self.folder)

    def everywhere(self) -> tuple[list[Path], list[str]]:
        """All copies that were ever made, and the folders that can't be reached just now."""
        folders = self.folders()
        reached = [folder for folder in folders if Path(folder).is_dir()]
        return [copy for folder in reached for copy in copies_in(Path(folder))], sorted(folders - set(reached))

    def mend(self) -> None:
        """Clear up what a crash left in the folders that can be reached."""
        with contextlib.suppress(OSError):
            for folder in self.folders():
                mend(Path(folder))

    def reach(self) -> None:
        """Make the folder the first time. Later, where it is missing, its disk is, and no other may take its place."""
        folders = self.folders()
        if str(self.folder) not in folders:
            self.folder.mkdir(exist_ok=True)
            write_state(self.note, sorted({*folders, str(self.folder)}))
        elif not self.folder.is_dir():
            raise OSError(f"the backups in {self.folder} can't be reached")

    def folders(self) -> set[str]:
        """Where copies may be. Raises OSError if that can't be known. A note that can't be understood is begun anew
        with the folder where copies are made unless somebody says otherwise, and the one where they are made now."""
        known = read_state(self.note, set[str], None)
        if known is None:
            usual = {self.note.with_name("backups"), self.folder}
            known = {str(folder) for folder in usual if copies_in(folder)}
            if known:
                write_state(self.note, sorted(known))
        return known

    def _kept(self) -> set[Path]:
        """The newest of each of the last days that have one, and of each of the last weeks."""
        kept = set()
        for most, span in ((self.days, DAY), (self.weeks, WEEK)):
            newest: dict[int, Path] = {}
            for copy in copies_in(self.folder):
                newest.setdefault(int(copy.stat().st_mtime // span), copy)
            kept |= set(list(newest.values())[:most])
        return kept


def copies_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"), reverse=True)
