"""What a step needs of the processes that share the lessons; and how it is where there is only one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from school.teaching.streams import Step, Streams

if TYPE_CHECKING:
    from school.teaching.tutor import Tutor


class TeamBroken(Exception):
    """A process that shares the lessons is gone; nothing more can be taught."""

    own_words = True  # its text may be told


class Exchange(Protocol):
    """A process's part in the lessons of ``tutor``. Every method may raise TeamBroken."""

    def share_out(self, tutor: Tutor, step: Step) -> Step:
        """Give the others their part of a step; returns this process's."""

    def broke(self, step: Step, error: Exception) -> None:
        """A lesson of the step broke: raise that, or let the step go on to its end."""

    def pool(self, tutor: Tutor, step: Step) -> None:
        """Put the sums over all processes in the place of the step's figures and of the gradients."""

    def conclude(self, step: Step) -> None:
        """The update is made, or skipped. Raises what is to be known of the step only then."""

    def move(self, tutor: Tutor, move: Callable[[], None]) -> None:
        """Between two steps, let ``move`` change the weights, everywhere."""

    def all_streams(self, tutor: Tutor) -> Streams:
        """What every stream of the library carries."""

    def between(self) -> None:
        """Between micro-steps, also where nothing is taught: a sign of life, now and then."""

    def end(self) -> None:
        """There will be no more lessons."""


class Alone:
    """One process, which does it all."""

    def share_out(self, tutor: Tutor, step: Step) -> Step:
        return step

    def broke(self, step: Step, error: Exception) -> None:
        raise error

    def pool(self, tutor: Tutor, step: Step) -> None:
        pass

    def conclude(self, step: Step) -> None:
        pass

    def move(self, tutor: Tutor, move: Callable[[], None]) -> None:
        move()

    def all_streams(self, tutor: Tutor) -> Streams:
        return tutor.streams

    def between(self) -> None:
        pass

    def end(self) -> None:
        pass
