"""What people are told, the same in a terminal and on a page: of what they taught or marked, once it is written down,
and why there is no answer just now."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from school.door.values import Asleep, Busy

SORRY = {
    Busy: "too many questions at once; ask again in a moment",
    Asleep: "it is falling asleep",
}
FROM_NOW_ON = "it says that from now on, and practises it"
WILL_LEARN = "it will learn that"
VERDICTS = {
    "good": "it learns that, and tries to do more of it",
    "bad": "it will never learn that, and tries to do less of it",
    "fix": FROM_NOW_ON,
}
DISK_SECONDS = 2.0  # until it is said that what was taught is not on the disk yet


async def when_written(done: str, written: Future[None]) -> str:
    """What is ``done``, said once a crash could not undo it, or, after a while, that it still could."""
    try:
        await asyncio.wait_for(asyncio.wrap_future(written), DISK_SECONDS)
    except TimeoutError:
        return f"{done}; but it is not on the disk yet"
    except Exception:
        return f"{done}; but it could not be written down, the log says why"
    return done
