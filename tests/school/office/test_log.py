"""The counsellor: a log for people and one for machines, both discreet, and worries that are told once; and where the
time went."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from school.office import log as counsellor
from school.office.log import FOLD_SECONDS, LOG_FILES, keep_log, keep_secret
from school.office.slowness import why_slow
from school.office.stopwatch import LESSONS, MINUTE, Minute, Stopwatch

log = logging.getLogger("school.somewhere")


class Day:
    """A log in a folder with a clock that is set by hand."""

    def __init__(self, folder):
        self.now, self.said, self._folder = 0.0, [], folder
        self._stop = keep_log(folder, self.said.append, clock=lambda: self.now)

    def __enter__(self) -> Day:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def lines(self) -> list[str]:
        return (self._folder / "baby.log").read_text("utf-8").splitlines()

    def entries(self) -> list[dict]:
        return [json.loads(line) for line in (self._folder / "baby.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it takes a device that is always full")
def test_a_log_on_a_full_disk_ends_quietly(tmp_path):
    """What can't be written is lost; nothing is raised, neither by an entry nor in the end."""
    for name in ("baby.log", "baby.jsonl"):
        (tmp_path / name).symlink_to("/dev/full")
    with Day(tmp_path) as day:
        log.info("step %d", 7)
        log.warning("it is warm")
    assert day.said == ["it is warm"]


def test_the_log_is_for_people_and_for_machines(tmp_path):
    """The same entries in both; facts and tracebacks are fields of the JSON lines; only warnings reach the screen."""
    with Day(tmp_path) as day:
        log.info("step %d", 7, extra={"facts": {"step": 7, "loss": 2.5, "color": (0.1, 0.2, 0.3), "odd": float("nan")}})
        try:
            raise ValueError("no")
        except ValueError:
            log.exception("a lesson failed")
        first, second = day.entries()
        assert {"level": "INFO", "name": "school.somewhere", "message": "step 7", "step": 7, "loss": 2.5,
                "color": [0.1, 0.2, 0.3], "odd": None}.items() <= first.items()  # fmt: skip
        assert first["at"].endswith("+00:00")
        assert second["traceback"].endswith("ValueError")  # its text could be anybody's words
        assert "INFO school.somewhere: step 7" in day.lines()[0]
        assert day.lines()[-1] == "ValueError"
        assert day.said == ["a lesson failed"]


def test_both_logs_are_rotated(tmp_path, monkeypatch):
    """Neither grows without bounds."""
    monkeypatch.setattr(counsellor, "LOG_BYTES", 3000)
    with Day(tmp_path):
        for i in range(40):
            log.info("%d %s", i, "x" * 500)
    for name in ("baby.log", "baby.jsonl"):
        files = sorted(tmp_path.glob(f"{name}*"))
        assert len(files) == 1 + LOG_FILES
        assert all(file.stat().st_size <= 3000 for file in files)
        assert json.loads((tmp_path / "baby.jsonl").read_text().splitlines()[-1])["message"].startswith("39 ")


def test_warnings_that_repeat_are_folded(tmp_path):
    """The first is passed on; those of the next hour are counted, whatever the figures in them, and told as one; on the
    screen and in both logs. Another place, or another error, is another warning."""

    def warn(figure: int) -> None:
        log.warning("%d rows wait", figure)

    with Day(tmp_path) as day:
        for figure in range(13):
            warn(figure)
            day.now += 10
        log.warning("something else")
        assert day.said == ["0 rows wait", "something else"]
        day.now = FOLD_SECONDS + 1
        log.info("nothing special")
        assert day.said[2:] == ["12 rows wait (12 times more in the last hour)"]
        warn(13)
        assert len(day.said) == 3  # it is still going on
        day.now += FOLD_SECONDS + 1
        log.info("nothing special")
        assert day.said[3:] == ["13 rows wait (once more in the last hour)"]
        day.now += 2 * FOLD_SECONDS
        log.info("nothing special")
        warn(14)  # after an hour of quiet it is news
        assert day.said[4:] == ["14 rows wait"]
        for error in (ValueError("a"), ValueError("b"), ValueError("a")):
            try:
                raise error
            except ValueError:
                log.exception("failed")
        assert day.said[5:] == ["failed", "failed"]
    assert day.said[7:] == ["failed (once more in the last hour)"]
    told = [entry["message"] for entry in day.entries() if entry["level"] != "INFO"]
    assert told == day.said
    assert sum("rows wait" in line for line in day.lines()) == 4


@settings(max_examples=20, deadline=None)
@given(secret=st.text(alphabet=st.characters(blacklist_categories=("Cs",)), min_size=8, max_size=30))
def test_json_lines_keep_secrets_too(tmp_path_factory, secret):
    """In messages, arguments, facts and their names, however JSON writes them; what its name gives away as well."""
    secret = f"!{secret}!"
    keep_secret(secret)
    looks_so = "x" * 12
    with Day(tmp_path_factory.mktemp("log")) as day:
        facts = {"nested": [{"deep": f"a{secret}b"}], secret: 1, "access_token": looks_so, "state": 1234567890123}
        log.warning("heard %s", secret, extra={"facts": facts})
        (entry,) = day.entries()
        whole = json.dumps(entry, ensure_ascii=False) + json.dumps(entry)
    assert secret not in str(entry)
    assert secret not in whole
    assert looks_so not in whole
    assert entry["state"] == 1234567890123


def test_a_log_that_cannot_be_written_harms_nobody(tmp_path):
    """No folder: one line says so, and warnings still reach the screen."""
    (tmp_path / "file").touch()
    said = []
    stop = keep_log(tmp_path / "file" / "folder", said.append)
    try:
        log.warning("a worry")
    finally:
        stop()
    assert said[0].startswith("no log can be kept in")
    assert said[1:] == ["a worry"]


def test_a_pipe_in_the_way_of_the_log_holds_nobody_up(tmp_path):
    """Whoever opens a pipe that nobody reads waits for ever: it is set aside."""
    os.mkfifo(tmp_path / "baby.log")
    (tmp_path / "baby.jsonl").mkdir()
    with Day(tmp_path):
        log.info("good morning")
    assert "good morning" in (tmp_path / "baby.log").read_text()
    assert "good morning" in (tmp_path / "baby.jsonl").read_text()


# ---- where the time went -------------------------------------------------------------------------------------------


def test_a_stopwatch_accounts_for_every_second():
    """Laps share out all the time between them; a minute is the difference of two readings, a minute apart at most."""
    now = 0.0
    watch = Stopwatch(threads=2, clock=lambda: now)
    for second in range(100):
        for part, seconds in (("forward", 0.5), ("saving", 0.25), ("other", 0.25)):
            now += seconds
            watch.lap(part)
        watch.tick(steps=3 * second, answers=second, talking=second / 2)
        watch.tick(steps=0, answers=0)  # within the same second: not again
    minute = watch.minute()
    assert minute.seconds == MINUTE
    assert minute.parts == {"forward": 30.0, "saving": 15.0, "other": 15.0}
    assert (minute.steps, minute.answers, minute.talking, minute.threads) == (180, 60, 30.0, 2)
    assert minute.cpu >= 0
    assert Stopwatch().minute().seconds == 0


@pytest.mark.trial
def test_a_lap_costs_next_to_nothing():
    """Ten laps and a tick of a step cost less than a thousandth of a step of 30 ms."""
    watch = Stopwatch()
    best = min(_seconds_of_laps(watch) for _ in range(5))
    assert best < 30e-6


def _seconds_of_laps(watch: Stopwatch) -> float:
    started = time.perf_counter()
    for _ in range(100):
        for _ in range(10):
            watch.lap("forward")
        watch.tick(steps=1, answers=0)
    return (time.perf_counter() - started) / 100


def minute_of(parts: dict[str, float], **more) -> Minute:
    return Minute(**({"seconds": 60.0, "parts": parts, "cpu": 60.0, "others": 3.0, "steps": 300, "cores": 2} | more))


@pytest.mark.parametrize(
    ("minute", "verdict"),
    [
        (minute_of({"forward": 25.0, "backward": 30.0, "other": 5.0}), "nothing was in its way"),
        (minute_of({"forward": 58.0}, talking=35.0), "answering had the processor for 35 s of it, beside lessons"),
        (minute_of({"forward": 20.0, "examination": 40.0}), "lessons had to wait for examinations (40 s)"),
        (minute_of({"forward": 20.0, "saving": 40.0}), "lessons had to wait for packing its soul for a save (40 s)"),
        (minute_of({"forward": 60.0}, cpu=20.0, others=95.0), "other programs had the processor (1.6 of 2 cores)"),
        (minute_of({"forward": 60.0}, cpu=20.0, others=None), "other programs had the processor;"),
        (minute_of({"forward": 60.0}, cpu=20.0, others=2.0), "waited for something that is not the processor"),
        (minute_of({"forward": 60.0}, cpu=58.0, others=61.0), "other programs had 1.0 of 2 cores"),
        (minute_of({"waiting": 58.0}, cpu=1.0), "it is not slow, it is idle"),
    ],
)
def test_why_slow_names_the_culprit(minute, verdict):
    """The verdict comes first; the figures that it rests on are below."""
    lines = why_slow(minute)
    assert lines[0].startswith("The last 60 seconds: ")
    assert verdict in lines[0]


def test_why_slow_shows_its_figures():
    """Milliseconds of a step, shares by part, largest first, answers, processor time; asked too early, it says so."""
    parts = dict.fromkeys(LESSONS, 1.0) | {"forward": 20.0, "backward": 24.0, "saving": 9.0, "other": 0.1}
    lines = why_slow(minute_of(parts, answers=4, talking=2.0, threads=2, cpu=90.0))
    assert lines[1].startswith(
        "  lessons 80 % (300 steps, 160 ms each): finding out what to change 40 %, predicting 33 %"
    )
    assert lines[2] == "  besides: packing its soul for a save 15 %; 4 answers, 2 s of the processor"
    assert lines[3] == "  processor: it had 1.5 of 2 cores, with 2 threads; other programs had 0.1"
    lines = why_slow(minute_of(parts, answers=1, threads=1, steps=1))
    assert "(1 step, " in lines[1]
    assert "; 1 answer, " in lines[2]
    assert "with 1 thread;" in lines[3]
    assert why_slow(Minute()) == ["it has not been awake long enough to tell; ask again in some seconds"]
