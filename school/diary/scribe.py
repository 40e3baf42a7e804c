"""The scribe: comments now and then on what the baby said, asks it about itself, and keeps its diary.

Nothing here waits: what takes time runs on the registrar's thread. What becomes a lesson is the scribe's own sentence
or a true figure, never the baby's babble and never anybody's words.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from sqlite_utils import Database

from school.diary.days import days_with_life, entry, facts_of_day, facts_of_days, letter
from school.diary.scoring import Recent, band, goodness
from school.diary.settings import FEW, ScribeSettings
from school.diary.voice import Voices
from school.door.events import Event, Examined, StepReport
from school.door.mood import FEWEST, Course, mood
from school.door.school import School
from school.door.values import Asleep, Reply, Snapshot, new_id
from school.record import pages
from school.record.pages import DAY, LETTER, Page
from school.schedule.hours import start_of

if TYPE_CHECKING:
    from school.record.registrar import Registrar

log = logging.getLogger(__name__)

SCRIBE = "scribe"  # whom its lessons are from, in the record
COMMENT, REFLECTION, DIARY = "scribe", "reflection", "diary"  # sources of its lessons
RECENT_STEPS = 200  # that a feeling is about
LOOK_BACK = 14  # days that can still be written, when it wakes, if they were missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """On an answer that was better than so many percent of the last ``among``."""

    id: str
    reply_id: str
    band: str
    percent: float
    among: int
    text: str


class Scribe:
    """``say`` shows a line to whoever watches, and so does ``aside``, behind the answer that it is about. Any thread
    may call anything; ``clock`` in seconds since 1970."""

    def __init__(
        self,
        school: School,
        registrar: Registrar,
        voices: Voices,
        settings: ScribeSettings,
        *,
        zone: tzinfo,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ):
        self._school, self._registrar, self._voices, self._settings = school, registrar, voices, settings
        self._zone, self._say, self._clock = zone, say, clock
        self.aside = say
        self._recent = Recent(settings.compared_with)
        for row in registrar.queries.spoken(settings.compared_with):
            self._recent.add(goodness(**row))
        self._day = self.today()
        day = (start_of(self._day, zone), start_of(self._day + timedelta(days=1), zone))
        self._taught_today = registrar.queries.comments_between(*day)
        self._taught_days: set[str] = set()  # whose pages became lessons, written down or not yet
        # What an answer about itself is made of is found again when it wakes, so that it gives the same.
        self._steps = deque(registrar.queries.steps(RECENT_STEPS), RECENT_STEPS)
        self._held_out = next(reversed(registrar.queries.exams()), None)
        self._reflected = 0  # the step of its last reflection
        self._lock = threading.Lock()

    def today(self) -> date:
        return datetime.fromtimestamp(self._clock(), self._zone).date()

    # ---- comments ------------------------------------------------------------------------------------------------

    def heard(self, reply: Reply, person: str) -> None:
        """An answer that is kept, to somebody who agreed."""
        if reply.log_probability is None or reply.repeats is None:
            return
        value = goodness(reply.log_probability, reply.repeats, reply.ending)
        with self._lock:
            percent, among = self._recent.percent_below(value), len(self._recent)
            self._recent.add(value)
        if among >= FEW and random.Random(reply.id).random() < self._settings.comments:
            self._comment(reply, person, percent, among)

    def _comment(self, reply: Reply, person: str, percent: float, among: int) -> None:
        how = band(percent)
        text = self._voices["scribe"].say(how, seed=reply.id, percent=f"{percent:.0f}", history=among)
        comment = Comment(id=new_id(), reply_id=reply.id, band=how, percent=percent, among=among, text=text)
        told = f"{self._name('scribe')}: {text}"
        pair = self._teach(told, COMMENT, reply=reply.id, asker=person) if self._may_teach() else ""
        row = asdict(comment) | {"at": utc_now(self._clock()), "pair": pair}
        written = self._registrar.write(lambda db: db["comments"].insert(row))
        _then(written, lambda _: self.aside(told))

    def _may_teach(self) -> bool:
        """Count one more comment that becomes a lesson, if there may be one more today."""
        with self._lock:
            if self._day != self.today():
                self._day, self._taught_today = self.today(), 0
            self._taught_today += 1
            return self._taught_today <= self._settings.comments_a_day

    def _teach(self, answer: str, source: str, *, prompt: str = "", reply: str = "", asker: str = "") -> str:
        """Returns the lesson's id, or "" where there is none."""
        weight = self._settings.weight
        if not weight or not answer:
            return ""
        try:
            return self._school.teach(
                answer, prompt=prompt, source=source, weight=weight, person=SCRIBE, reply=reply, asker=asker
            )
        except Asleep:
            return ""

    def _name(self, who: str) -> str:
        return self._voices["names"].choose(who)

    # ---- reflections ---------------------------------------------------------------------------------------------

    def noted(self, event: Event) -> None:
        """What the classroom tells; every so many steps it is asked about itself."""
        if isinstance(event, Examined):
            self._held_out = event.result.bits_per_byte
        if not isinstance(event, StepReport) or event.skipped:
            return
        self._steps.append(event)
        every = self._settings.reflection_steps
        if every and event.step % every == 0:
            self.reflect()

    def reflect(self) -> str:
        """Teach it a question about itself and the true answer, in the place of the one before. Returns both, or ""
        where nothing is known yet, or nothing has happened since."""
        now = self._school.status()
        with self._lock:
            if now.step == self._reflected:
                return ""
            self._reflected = now.step
        true = figures(now, list(self._steps), self._held_out, self._voices)
        if not true:
            return ""
        topic = random.Random(now.step).choice(sorted(true))
        voice = self._voices["reflections"]
        question = voice.say(f"ask_{topic}", seed=now.step)
        answer = voice.say(f"tell_{topic}", seed=now.step, **true[topic])
        self._school.forget(source=REFLECTION)  # what it learned about itself yesterday is not true any more
        self._teach(answer, REFLECTION, prompt=question)
        told = f"{question} {answer}"
        self._registrar.event(REFLECTION, told, now.step)
        return told

    # ---- pages ---------------------------------------------------------------------------------------------------

    def write_day(self, day: date) -> Future[Page | None]:
        """The diary's page of a day; None where it was not lived or its page is written. One that was written before
        the day was over is written anew, if there is more to say."""
        return self._keep(lambda db: self._page_of(db, day))

    def write_letter(self, last_day: date) -> Future[Page | None]:
        """The letter home about the seven days until then; None where nothing was lived or it is written."""
        return self._keep(lambda db: self._letter_of(db, last_day))

    def good_night(self, patience: float = 2.0) -> None:
        """Before it sleeps, a page about a long day."""
        today, least = self.today(), self._settings.long_day_hours
        written = self._keep(lambda db: self._page_of(db, today, hours=least))
        with contextlib.suppress(Exception):
            written.result(patience)

    def catch_up(self) -> Future[tuple[list[Page], list[Page]]]:
        """When it wakes: the pages of days that nobody was awake at the end of, and the lessons of pages that have none
        yet, since it fell asleep over them. The future brings the pages that were there, and the new ones."""
        yesterday = self.today() - timedelta(days=1)

        def write(db: Database) -> tuple[list[Page], list[Page]]:
            known = pages.pages(db, DAY, LOOK_BACK)
            oldest = yesterday - timedelta(days=LOOK_BACK - 1)
            missed = days_with_life(db, oldest, yesterday, self._zone)
            return known, [page for day in missed if (page := self._page_of(db, day))]

        def act(found: tuple[list[Page], list[Page]]) -> None:
            known, new = found
            for page in known:
                self._learn(page)
            for page in new:
                self._read_out(page)

        return _then(self._registrar.write(write), act)

    def _keep(self, write: Callable[[Database], Page | None]) -> Future[Page | None]:
        return _then(self._registrar.write(write), lambda page: self._read_out(page) if page else None)

    def _page_of(self, db: Database, day: date, *, hours: float = 0.0) -> Page | None:
        """Write the page of a day, if it had so many hours of lessons."""
        before = pages.find(db, DAY, day.isoformat())
        if before and before.at >= start_of(day + timedelta(days=1), self._zone):
            return None
        facts = facts_of_day(db, day, self._zone)
        if not facts.lived or facts.hours < hours or (before and before.facts["steps"] == facts.steps):
            return None
        page = entry(facts, self._voices, utc_now(self._clock()))
        page = replace(page, pair=before.pair) if before else page
        pages.put(db, page)
        return page

    def _letter_of(self, db: Database, last: date) -> Page | None:
        if pages.find(db, LETTER, last.isoformat()):
            return None
        first = last - timedelta(days=6)
        days = [facts_of_day(db, day, self._zone) for day in days_with_life(db, first, last, self._zone)]
        if not days:
            return None
        page = letter(facts_of_days(db, first, last, self._zone), days, self._voices, utc_now(self._clock()))
        pages.put(db, page)
        try:
            pages.write_letter(self._registrar.letters, page)
        except OSError as error:
            log.warning("the letter of %s can't be put into its folder (%s)", page.day, error.strerror)
        return page

    def _read_out(self, page: Page) -> None:
        """Show a page that was written. It names people and quotes them: no word of it for a log."""
        log.info("the %s of %s is written", "letter" if page.kind == LETTER else "page", page.day)
        if page.kind == LETTER:
            file = pages.letter_file(self._registrar.letters, page.day)
            place = "/".join(file.parts[-3:])
            self._say(f"{self._name('scribe')}: {self._voices['scribe'].say('letter', seed=page.day, place=place)}")
            return
        self._say(f"{self._name('baby')} ({page.day}): {page.text}")
        self._learn(page)

    def _learn(self, page: Page) -> None:
        """Let a page be a lesson, once."""
        with self._lock:
            new = not page.pair and page.day not in self._taught_days
            self._taught_days.add(page.day)
        if new and (pair := self._teach(page.lesson, DIARY)):
            self._registrar.write(lambda db: pages.taught(db, page, pair))


def figures(
    now: Snapshot, steps: list[StepReport], held_out: float | None, voices: Voices
) -> dict[str, dict[str, str]]:
    """By topic of a reflection what is true now, as the voice's lines want it; topics of which nothing is known are not
    there."""
    true = {
        "age": {"age": f"{now.step:,}"},
        "reading": {"tokens": f"{now.tokens_seen:,}", "texts": f"{now.texts:,}"},
        "color": dict(zip(("red", "green", "blue"), (f"{channel:.2f}" for channel in now.color), strict=True)),
    }
    if len(steps) >= FEWEST:
        losses = [report.loss for report in steps]
        word = mood([report.color for report in steps], losses).word
        course = Course.of(losses)
        feeling = voices["moods"].say(word, seed=now.step)
        true["mood"] = {"mood": feeling, "steps": f"{len(steps):,}"}
        true["mood"] |= {"before": f"{course.before:.2f}", "after": f"{course.now:.2f}"}
    if held_out is not None:
        true["skill"] = {"bits": f"{held_out:.2f}"}
    if windows := [gauge.value for gauge in now.gauges if gauge.kind == "window"]:
        true["windows"] = {"shortest": f"{min(windows):.1f}", "longest": f"{max(windows):.1f}"}
    return true if steps else {}


def utc_now(clock: float) -> str:
    return datetime.fromtimestamp(clock, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _then(written: Future, act: Callable) -> Future:
    """Do something with what was written, on the thread that wrote it."""

    def when_done(done: Future) -> None:
        if not done.cancelled() and not done.exception():
            act(done.result())

    written.add_done_callback(when_done)
    return written
