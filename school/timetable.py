"""The timetable: rings bells at set times. A bell only posts a letter or a note; the work is done by its owner."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)

THIN_MINUTES, CLEAR_MINUTES = 30, 10


def open_timetable(
    *,
    save: Callable[[], object],
    save_minutes: float,
    thin: Callable[[], object],
    clear_out: Callable[[], object] = lambda: None,
) -> AsyncIOScheduler:
    """A started scheduler; needs a running event loop, and ``shutdown(wait=False)`` at the end. ``clear_out`` rings at
    once, too.

    A bell missed because the machine slept rings once when it wakes.
    """
    scheduler = AsyncIOScheduler(job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
    scheduler.add_job(_bell(save), "interval", minutes=save_minutes, id="save")
    scheduler.add_job(_bell(thin), "interval", minutes=THIN_MINUTES, id="thin")
    scheduler.add_job(
        _bell(clear_out), "interval", minutes=CLEAR_MINUTES, id="clear out", next_run_time=datetime.now(UTC)
    )
    scheduler.add_listener(_report, EVENT_JOB_ERROR)
    scheduler.start()
    return scheduler


def _bell(ring: Callable[[], object]) -> Callable[[], object]:
    """On the event loop: a coroutine job, so that no thread of the scheduler's own is needed."""

    async def job() -> None:
        ring()

    return job


def _report(event: JobExecutionEvent) -> None:
    log.warning("the bell %s failed: %s", event.job_id, event.exception)
