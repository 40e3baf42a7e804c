"""Words from chats don't stay for ever, whichever chat it was."""

from __future__ import annotations

from concurrent.futures import Future

from bots import PUBLIC
from school.door.school import School
from school.door.values import Forgotten


def clear_out(school: School, days: float) -> list[Future[Forgotten]]:
    """Remove what was said in any public chat more than so many days ago; 0: nothing, ever. Each future tells how many
    rows of the record went."""
    return [removing for surface in PUBLIC if (removing := school.clear_out(surface, days))]
