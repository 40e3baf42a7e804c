"""What a person said about the files of their library: who they are in it, how much it counts, whether it is private.

All of it is in one file in the library itself, so that it goes wherever the library goes; its name begins with a dot,
so that it is no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from school.office.files import read_state, write_state
from school.office.mistakes import Mistake
from school.texts.settings import LibrarySettings

NAME = ".library.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """``speaker``: the owner's names in conversations; ``taken_as``: "" as its reader sees fit; ``column``: of a table,
    the one that is read; ``context``: others' turns are read, so that the owner's answer something, but not learned;
    ``weight``: how often its words are taught, compared with other texts."""

    private: bool = True
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    speaker: tuple[str, ...] = ()
    taken_as: Literal["", "prose", "conversations"] = ""
    column: str = ""
    context: bool = True

    @property
    def reading(self) -> list[object]:
        """What of it the tokens depend on."""
        return [sorted(self.speaker), self.taken_as, self.column, self.context]


FACTS = TypeAdapter(Facts)


def said_by(settings: LibrarySettings) -> Facts:
    """What holds for files of which nothing else was said."""
    return Facts(speaker=settings.speaker, context=settings.others == "context")


Known = dict[str, dict[str, object]]  # what was said, by the name of a file or of a folder above it


def read_known(library: Path) -> Known:
    """Raises Mistake."""
    try:
        return read_state(library / NAME, Known, {})
    except OSError as error:
        raise Mistake(f"{library / NAME}: can't be read ({error.strerror}).") from None


def write_known(library: Path, known: Known) -> None:
    """Raises Mistake."""
    try:
        write_state(library / NAME, dict(sorted(known.items())))
    except OSError as error:
        raise Mistake(f"{library / NAME}: can't be written ({error.strerror}).") from None


def facts_on(name: str, known: Mapping[str, Mapping[str, object]], default: Facts) -> Facts:
    """What is known about a file: what was said about it, or else about the folders above."""
    path = PurePosixPath(name)
    said: dict[str, object] = {}
    for place in [*reversed(path.parents), path]:
        said |= known.get(place.as_posix(), {})
    plain = asdict(default)
    if isinstance(said.get("speaker"), list):
        said["speaker"] = [*said["speaker"], *default.speaker]
    try:
        return FACTS.validate_python(plain | {key: value for key, value in said.items() if key in plain})
    except ValidationError:  # somebody wrote something else into the file
        return default
