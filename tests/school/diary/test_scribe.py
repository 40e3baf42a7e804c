"""The scribe: fair to the baby's own measure, true in every figure, and as forgetful as people want it to be."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import wakeup
from brain.gauges import from_names
from school.diary.days import _quotes, facts_of_day, name_of
from school.diary.scoring import BANDS, Recent, band, goodness
from school.diary.scribe import Scribe, ScribeSettings, figures
from school.diary.voice import read_voices
from school.door.consent import WORDING, Change
from school.door.events import Examined, ExamResult, StepReport
from school.door.mailbox import Mailbox, Teach
from school.door.school import School
from school.door.values import ME, Pair, Reply, Scope, Snapshot, new_id
from school.record import pages, writer
from school.record import registrar as registrar_module
from school.record.registrar import Registrar
from school.record.schema import reading
from school.record.settings import RecordSettings
from school.record.thinning import thin_steps
from tests.school.record.test_registrar import text_of
from tests.school.record.test_removal import day as day_awake
from tests.school.test_classroom import wait_for

ZONE = ZoneInfo("America/New_York")  # a day begins at 5:00 UTC, and at 4:00 in summer
MONDAY = date(2026, 3, 2)  # the week ends on the Sunday when the clocks go forward
ANN, BOB, EVE = "twitch:1", "twitch:2", "twitch:3"
VOICES = read_voices(Path("none"))


# ---- by the baby's own measure -------------------------------------------------------------------------------------


def test_bands_are_of_its_own_recent_history():
    """However well or badly it speaks on the whole, nearly all bands come, the middle most often; and a baby that gets
    better is praised for it, not compared with its best."""
    for level in (-6.0, -1.0):
        recent, heard = Recent(100), Counter()
        noise = random.Random(1)
        for _ in range(2000):
            value = level + noise.gauss(0, 0.3)
            heard[band(recent.percent_below(value))] += 1
            recent.add(value)
        assert heard.keys() == {name for _, name in BANDS}
        assert heard["fair"] > 800
        assert 0.15 < (heard["poor"] + heard["dreadful"]) / 2000 < 0.35
        assert band(recent.percent_below(level + 2)) == "superb"
        assert band(recent.percent_below(level - 2)) == "dreadful"
        for _ in range(100):
            recent.add(level + 2)
        assert band(recent.percent_below(level + 2)) == "fair"
    assert Recent(5).percent_below(1.0) == 50


def test_goodness_is_certainty_without_loops():
    """Likelier is better; repeating itself more than texts do, and finding no end, are worse."""
    plain = goodness(-2.0, 0.0, "end")
    assert goodness(-1.5, 0.0, "end") > plain > goodness(-2.0, 0.3, "end")
    assert plain > goodness(-2.0, 0.0, "limit") == goodness(-2.0, 0.0, "time")


# ---- a week in the record ------------------------------------------------------------------------------------------


@dataclass
class Clock:
    """Seconds since 1970, as the record, the ids and the scribe see them."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def set(self, moment: datetime) -> None:
        self.now = moment.timestamp()

    def utc(self) -> str:
        return datetime.fromtimestamp(self.now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Desk:
    """A scribe with a real record and a school whose mailbox nobody empties."""

    registrar: Registrar
    school: School
    scribe: Scribe
    mailbox: Mailbox
    clock: Clock
    said: list[str]
    path: Path

    def rows(self, query: str, *values: object) -> list[tuple]:
        self.registrar.kept("nobody").result(60)
        with reading(self.path) as db:
            return db.execute(query, values).fetchall()

    def lessons(self) -> list[Pair]:
        return [letter.pair for letter in self.mailbox.drain() if isinstance(letter, Teach)]

    def answers(self, person: str, words: str, *, likely: float = -2.0, answer: str = "", message: str = "") -> str:
        """Somebody is answered, and the scribe hears it."""
        origin = {"surface": "twitch", "channel": "c", "message": message or new_id()} if person != ME else {}
        how = {"conversation": person, "consent": "1", "surface": "terminal"} | origin
        asked, said = new_id(), new_id()
        self.registrar.heard(asked, text=words, person=person, **how)
        reply = Reply(
            id=said, text=answer or f"the {words} is warm", tokens=(1,), step=1, color=(0.5, 0.5, 0.5), seconds=0.1,
            first_token_seconds=0.1, conversation=person, ending="end", log_probability=likely, repeats=0.0,
        )  # fmt: skip
        self.registrar.said(reply, asked)
        self.scribe.heard(reply, person)
        return said


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    clock.set(datetime(2026, 3, 2, 9, tzinfo=ZONE))
    monkeypatch.setattr(registrar_module, "utc_now", clock.utc)
    monkeypatch.setattr("school.door.values.time.time", clock)
    monkeypatch.setattr(writer, "FLUSH_SECONDS", 0.01)
    return clock


@contextmanager
def desk_at(folder: Path, clock: Clock, **changes) -> Iterator[Desk]:
    path = folder / "baby.db"
    registrar = Registrar(path, RecordSettings(), run_config={}, from_step=0)
    mailbox, said = Mailbox(), []
    school = School(mailbox, registrar)
    settings = ScribeSettings(**{"comments": 0.0} | changes)
    scribe = Scribe(school, registrar, VOICES, settings, zone=ZONE, say=said.append, clock=clock)
    yield Desk(registrar, school, scribe, mailbox, clock, said, path)
    registrar.close(step=0, ending="asleep", patience=60)


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    with desk_at(tmp_path, clock) as desk:
        yield desk


def report(step: int, loss: float, seconds: float = 40.0) -> StepReport:
    color = (0.35, 0.31, 0.52)
    return StepReport(
        step=step, loss=loss, bits_per_byte=loss / 3, accuracy=0.25, gradient_norm=1.0, learning_rate=1e-3,
        tokens=1024, review_tokens=0, seconds=seconds, color=color, expected=color,
    )  # fmt: skip


def exam(bits: float, step: int, window: float) -> Examined:
    result = ExamResult(
        bits_per_byte=bits, tokens=9, bytes=30, accuracy=0.5, temperature=0.9, self_state_error=0.8, repeats=0.4
    )
    gauges = {"window1": 2.0, "window2": window, "memory1_short": 0.6 + window / 1000, "memory1_long": 0.9}
    return Examined(result, step, from_names(gauges))


def live_a_week(desk: Desk) -> None:
    """Six of seven days with lessons, visitors and examinations, some of them late in the local evening, when it is the
    next day in Greenwich already. Ann and Bob agree, Eve takes it back."""
    for i, who in enumerate((ANN, BOB, EVE)):
        desk.registrar.changed(Change(id=f"c{i}", person=who, what="in", at=0.0, channel="c", wording=WORDING))
    chance, step = random.Random(3), 0
    for n in (0, 1, 2, 4, 5, 6):
        day = MONDAY + timedelta(days=n)
        for hour in (0, 1, 10, 14, 20, 22, 23):
            desk.clock.set(datetime(day.year, day.month, day.day, hour, 30, tzinfo=ZONE))
            if hour == 10:
                desk.registrar.shelve([text_of(f"book {k}", 50 + k, f"sha{k}") for k in range(n + 1)])
            for _ in range(chance.randrange(3, 9)):
                step += 1
                desk.registrar.note(report(step, 4.0 - 0.01 * step + chance.gauss(0, 0.05)))
            desk.registrar.note(exam(3.0 - 0.005 * step, step, 5.0 + 0.01 * step))
            if n != 1:
                words = chance.choice(("soup", "letter", "morning", "blue window"))
                who = chance.choice((ANN, BOB, EVE, ME))
                said = desk.answers(who, words, likely=-2.0 - chance.random(), answer=f"the {words} of {day} sings")
                verdict = chance.choice(("good", "bad", "fix", ""))
                if verdict:
                    desk.registrar.marked(said, person=who, verdict=verdict, correction="")
                if verdict == "good":
                    desk.school.teach("a lesson", source="good", person=who)
    desk.registrar.changed(Change(id="c9", person=EVE, what="out", at=1.0, channel="c", wording=WORDING))


# ---- every number of the week, found again -------------------------------------------------------------------------


def local_days(rows: list[tuple]) -> dict[date, list[tuple]]:
    """Rows by the local day of their first column, by Python's own calendar instead of the query's."""
    days: dict[date, list[tuple]] = {}
    for row in rows:
        moment = datetime.fromisoformat(row[0]).astimezone(ZONE)
        days.setdefault(moment.date(), []).append(row[1:])
    return days


def numbers(text: str) -> set[str]:
    """All numbers of a text, dates as a whole, and without what is quoted."""
    text = re.sub(r'"[^"]*"|\(book [^)]*\)|book \d+', "", text)
    return set(re.findall(r"\d{4}-\d\d-\d\d|\d[\d,]*(?:\.\d+)?", text))


def true_numbers(desk: Desk, days: set[date]) -> set[str]:
    """Every figure that may be named of these days, out of the tables."""

    def of(query: str) -> list[tuple]:
        found = local_days(desk.rows(query))
        return [row for day in sorted(days) for row in found.get(day, [])]

    steps = of("select at, step, loss, tokens, seconds from steps order by step")
    middles = [(i + 0.5) / len(steps) for i in range(len(steps))]
    quarters = [[row[1] for row, at in zip(steps, middles, strict=True) if int(4 * at) == part] for part in (0, 3)]
    losses = [sum(quarter) / len(quarter) for quarter in quarters]
    hours = sum(row[3] for row in steps) / 3600
    true = {f"{len(steps):,}", f"{sum(row[2] for row in steps):,.0f}"}
    true.add(f"{hours:.1f}" if hours >= 1 else f"{60 * hours:.1f}")
    true |= {f"{loss:.2f}" for loss in losses}
    exams = of("select at, bits_per_byte, gauges from evaluations order by id")
    earlier = [row for day, rows in local_days(desk.rows("select at, bits_per_byte, gauges from evaluations")).items()
               if day < min(days) for row in rows]  # fmt: skip
    for bits, gauges in (exams[-1], (earlier or exams[:1])[-1]):
        true |= {f"{bits:.3f}"} | {f"{value:.1f}" for value in json.loads(gauges).values()}
        true |= {f"{value:.3f}" for value in json.loads(gauges).values()}
    true |= {"1", "2"}  # of windows
    asked = of("select at, person from messages")
    true |= {str(len(asked)), *(str(times) for times in Counter(asked).values())}
    marks = Counter(of("select at, verdict from feedback"))
    true |= {str(marks[(verdict,)]) for verdict in ("good", "bad", "fix")}
    true |= {str(len(of("select at, id from pairs where source = 'good'"))), str(len(of("select at, id from replies")))}
    first_seen = local_days(desk.rows("select first_seen_at, name from sources"))
    return true | {str(sum(len(names) for day, names in first_seen.items() if day <= max(days)))}


@pytest.fixture
def week(desk: Desk) -> Desk:
    live_a_week(desk)
    desk.mailbox.drain()
    desk.clock.set(datetime(2026, 3, 9, 8, tzinfo=ZONE))
    return desk


def test_a_week_of_pages_and_a_letter_whose_every_number_is_in_the_record(week):
    """One page for each day that was lived, however the hours of the clock and of Greenwich fall, and one letter; each
    figure, date and quotation in them is found again by other means."""
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    written = [week.scribe.write_day(day).result(60) for day in days]
    lived = [days[n] for n in (0, 1, 2, 4, 5, 6)]
    assert [page.day for page in written if page] == [day.isoformat() for day in lived]
    said = {row[0] for row in week.rows("select text from replies")}
    for day, page in zip(lived, (page for page in written if page), strict=True):
        missing = numbers(page.text) - true_numbers(week, {day}) - {day.isoformat()}
        assert not missing, (missing, page.text)
        assert set(re.findall(r'"([^"]*)"', page.text)) <= said
        assert len(page.facts["quotes"]) == (0 if day == days[1] else 2)
    assert "book 6" in written[6].text or "7" in numbers(written[6].text)
    letter = week.scribe.write_letter(days[-1]).result(60)
    true = true_numbers(week, set(days)) | {day.isoformat() for day in days} | {"6"}
    for day in lived:
        true |= true_numbers(week, {day})
    assert not numbers(letter.text) - true, numbers(letter.text) - true
    file = week.registrar.letters / "2026-03-08.md"
    assert file.read_text("utf-8") == letter.text + "\n"
    assert letter.text.startswith("# A letter home, 2026-03-02 to 2026-03-08")
    assert sum(line.startswith("| 2026-") for line in letter.text.splitlines()) == 6
    assert all(any(page.text in line for line in week.said) for page in written if page)


def test_a_long_day_is_the_same_whether_its_record_was_thinned_or_not(desk):
    """Early rows stand for a hundred steps then, the last ones for one: what the day began and ended with, and how it
    felt, goes by steps."""
    for step in range(1, 1001):
        desk.registrar.note(report(step, 4.0 - 0.002 * step if step < 800 else 2.4 + 0.004 * (step - 800)))
    whole = desk.registrar.write(lambda db: facts_of_day(db, MONDAY, ZONE)).result(60)
    desk.registrar.write(lambda db: thin_steps(db, 200, 10**9)).result(60)
    assert len(desk.rows("select * from steps")) == 208
    thinned = desk.registrar.write(lambda db: facts_of_day(db, MONDAY, ZONE)).result(60)
    assert (thinned.steps, thinned.mood) == (1000, whole.mood) == (1000, "hopeful")
    for fact in ("loss_before", "loss_after"):
        assert getattr(thinned, fact) == pytest.approx(getattr(whole, fact), abs=0.1)
    assert whole.loss_before == pytest.approx(3.75, abs=0.01)


def test_two_visitors_of_one_name_are_told_apart(desk):
    """It has fewer names than it may have visitors."""
    names = {}
    for n in range(1000):
        who = f"twitch:{n}"
        if (twin := names.setdefault(name_of(who, VOICES), who)) != who:
            break
    for person in (who, twin):
        desk.registrar.changed(Change(id=person, person=person, what="in", at=0.0, channel="c", wording=WORDING))
        desk.answers(person, "hello there you", likely=-2.0)
        desk.answers(person, "hello again you", likely=-2.0)
    page = desk.scribe.write_day(MONDAY).result(60)
    told = [line.text.casefold() for line in page.lines if line.people and not line.replies]
    assert len(told) == 2
    assert len(set(told)) == 2
    assert sum("another" in line for line in told) == 1


def test_what_is_worth_quoting():
    """Some words, not too many, and all of them characters."""
    row = {"reply": "r", "person": ME, "repeats": 0.0, "ending": "end"}
    texts = ["too short", "long " * 60, "half a \ufffd letter", "the cat sat", "a cat sings now"]
    spoken = [row | {"reply": text, "text": text, "log_probability": -float(n)} for n, text in enumerate(texts)]
    assert [(q.what, q.text) for q in _quotes(spoken)] == [("best", texts[3]), ("strangest", texts[4])]


def test_nothing_is_written_twice(week):
    """Neither a page nor a letter; one that was written at bedtime is written anew when more has happened."""
    assert week.scribe.write_day(MONDAY).result(60)
    assert week.scribe.write_day(MONDAY).result(60) is None
    assert week.scribe.write_letter(MONDAY).result(60)
    assert week.scribe.write_letter(MONDAY).result(60) is None
    assert week.scribe.write_letter(MONDAY - timedelta(days=30)).result(60) is None
    week.clock.set(datetime(2026, 3, 9, 12, tzinfo=ZONE))
    week.registrar.note(report(900, 2.0))
    assert week.scribe.write_day(MONDAY + timedelta(days=7)).result(60).facts["steps"] == 1
    week.registrar.note(report(901, 2.0))
    assert week.scribe.write_day(MONDAY + timedelta(days=7)).result(60).facts["steps"] == 2
    assert len(week.rows("select * from diary where day = '2026-03-09'")) == 1
    assert len(week.rows("select * from pairs where source = 'diary'")) == 2
    assert {row[0] for row in week.rows("select pair from diary where kind = 'day'")} == {
        row[0] for row in week.rows("select id from pairs where source = 'diary'")
    }


def test_a_page_at_bedtime_only_after_a_long_day(week):
    """By the hours of lessons that it had."""
    week.clock.set(datetime(2026, 3, 9, 22, tzinfo=ZONE))
    week.registrar.note(report(900, 2.0, seconds=3000))
    week.scribe.good_night()
    assert not week.rows("select * from diary")
    week.registrar.note(report(901, 2.0, seconds=700))
    week.scribe.good_night()
    assert [row[0] for row in week.rows("select day from diary")] == ["2026-03-09"]


def test_missed_days_are_written_when_it_wakes(week):
    """Those that had life; and a page over which it fell asleep becomes a lesson then, once."""
    week.mailbox.close()
    week.scribe.write_day(MONDAY).result(60)
    assert not week.rows("select * from pairs where source = 'diary'")
    with desk_at(week.path.parent, week.clock) as tomorrow:
        tomorrow.scribe.catch_up().result(60)
        assert len(tomorrow.rows("select * from diary")) == 6
        assert len([pair for pair in tomorrow.lessons() if pair.source == "diary"]) == 6
        known, new = tomorrow.scribe.catch_up().result(60)
        assert (len(known), len(new)) == (6, 0)
        assert not tomorrow.lessons()
        assert len(tomorrow.said) == 5


def test_pages_name_only_who_agrees(week):
    """Eve took it back: she is in the counts alone, and none of her answers is quoted. Names are made up."""
    week.scribe.catch_up().result(60)
    people = {
        visitor["person"] for (text,) in week.rows("select facts from diary") for visitor in json.loads(text)["people"]
    }
    assert people == {ANN, BOB, ME}
    assert EVE not in "".join(row[0] for row in week.rows("select lines || facts from diary"))
    assert not any("twitch" in row[0] for row in week.rows("select text from diary"))


def test_lessons_of_the_diary_have_no_words_and_no_names(week):
    """What it learns of a day is its figures; light in weight."""
    week.scribe.catch_up().result(60)
    week.rows("select 1")
    names = {VOICES["diary"].choose("visitors", seed=who) for who in (ANN, BOB)} | {"my human"}
    lessons = [pair for pair in week.lessons() if pair.source == "diary"]
    assert len(lessons) == 6
    for pair in lessons:
        assert "sings" not in pair.answer
        assert not any(name in pair.answer for name in names)
        assert pair.weight == 0.25


@pytest.mark.parametrize("how", ["forget", "withdraw", "ban"])
def test_who_leaves_leaves_the_diary_and_the_letters(week, how):
    """Their name and what was said to them, in every page and file; the others and the figures stay."""
    week.scribe.catch_up().result(60)
    week.scribe.write_letter(date(2026, 3, 8)).result(60)
    (week.registrar.letters / "2020-01-05.md").write_text("of a record that is gone")
    texts = _answers(week, "=", ANN)
    name = VOICES["diary"].choose("visitors", seed=ANN)
    others = {
        row[0] for row in week.rows("select text from diary") if VOICES["diary"].choose("visitors", seed=BOB) in row[0]
    }
    assert any(name in row[0] for row in week.rows("select text from diary"))
    if how == "forget":
        week.registrar.forget(Scope(person=ANN)).result(60)
    elif how == "withdraw":
        week.registrar.forget(Scope(person=ANN, withdrawn=True)).result(60)
    else:
        week.registrar.forget(Scope(surface="twitch", channel="c", person=ANN)).result(60)
    left = " ".join(row[0] for row in week.rows("select text || lines || facts from diary"))
    left += (week.registrar.letters / "2026-03-08.md").read_text("utf-8")
    assert name not in left
    assert ANN not in left
    assert not any(f'"{text}"' in left for text in texts - _answers(week, "!=", ANN))
    assert BOB in left
    assert others
    assert not (week.registrar.letters / "2020-01-05.md").exists()


def _answers(week: Desk, test: str, person: str) -> set[str]:
    query = f"select r.text from replies r join messages m on m.id = message_id where person {test} ?"
    return {row[0] for row in week.rows(query, person)}


def test_what_moderators_or_time_delete_is_not_quoted_any_more(week):
    """One message is deleted: its answer is gone from page and letter. All words from chat are too old: no page quotes
    any, but what was counted stays counted."""
    week.scribe.catch_up().result(60)
    facts = [json.loads(row[0]) for row in week.rows("select facts from diary order by day")]
    quote = next(q for f in facts for q in f["quotes"] if q["person"] in (ANN, BOB))
    (message,) = week.rows("select m.chat_message from messages m join replies r on m.id = message_id where r.id = ?",
                           quote["reply"])  # fmt: skip
    week.registrar.forget(Scope(surface="twitch", messages=frozenset(message))).result(60)
    assert not any(quote["reply"] in row[0] for row in week.rows("select lines || facts from diary"))
    week.registrar.forget(Scope(surface="twitch", before="~")).result(60)
    after = [json.loads(row[0]) for row in week.rows("select facts from diary order by day")]
    assert {q["person"] for f in after for q in f["quotes"]} <= {ME}
    assert [f["answers"] for f in after] == [f["answers"] for f in facts]


def test_a_refusing_disk_does_not_break_a_promise(week, monkeypatch):
    """A letter that can't be rewritten now holds a deletion up until it can; nobody is told before that it is done."""
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    week.scribe.write_letter(date(2026, 3, 8)).result(60)
    letter = week.registrar.letters / "2026-03-08.md"

    def refuse(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        forgotten = week.registrar.forget(Scope(person=ANN))
        with pytest.raises(TimeoutError):
            forgotten.result(0.2)
    forgotten.result(60)
    assert VOICES["diary"].choose("visitors", seed=ANN) not in letter.read_text("utf-8")


def test_the_diary_can_be_read(week, capsys):
    """With pages in order, for people and for machines; with no diary there is one clear line."""
    home = week.path.parent / "home"
    (home / "statistics").mkdir(parents=True)
    week.scribe.catch_up().result(60)
    week.scribe.write_letter(date(2026, 3, 8)).result(60)
    week.rows("select 1")
    command = ["diary", "--home", str(home), "--last", "2", "--json"]
    assert wakeup.main(command) == 2
    assert "nothing is recorded" in capsys.readouterr().err
    with sqlite3.connect(week.path) as source, sqlite3.connect(home / "statistics" / "baby.db") as copy:
        source.backup(copy)
    source.close()
    copy.close()
    assert wakeup.main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(page["kind"], page["day"]) for page in found] == [
        ("day", "2026-03-07"), ("day", "2026-03-08"), ("letter", "2026-03-08")
    ]  # fmt: skip
    assert wakeup.main(["diary", "--home", str(home)]) == 0
    assert "A letter home" in capsys.readouterr().out


# ---- comments ------------------------------------------------------------------------------------------------------


def test_comments_come_now_and_then_and_become_light_lessons(tmp_path, clock, monkeypatch):
    """At their rate, by the bands of the answers before, as lessons that quote nothing and go with the answer; no more
    of these than so many a day."""
    with desk_at(tmp_path, clock, comments=0.3, comments_a_day=5) as desk:
        noise, names = random.Random(2), random.Random(3)
        monkeypatch.setattr("school.door.values.secrets.token_hex", lambda size: names.randbytes(size).hex())
        for _ in range(120):  # which of them get a comment follows from their ids
            desk.answers(ANN, "xylophone", likely=-3 + noise.gauss(0, 0.5), answer="zzyzx quux")
        found = desk.rows("select band, percent, among, text, pair, reply_id from comments")
        assert 15 < len(found) < 55
        assert len({row[0] for row in found}) >= 4
        assert all(row[0] == band(row[1]) and row[2] >= 10 for row in found)
        lessons = desk.lessons()
        assert len(lessons) == 5 == len([row for row in found if row[4]])
        for pair in lessons:
            assert pair.answer.startswith("scribe: ")
            assert not re.search("xylophone|zzyzx|quux", pair.answer + pair.prompt)
            assert (pair.weight, pair.person, pair.asker) == (0.25, "scribe", ANN)
            assert pair.reply in {row[5] for row in found}
        assert [line for line in desk.said if line.startswith("scribe: ")]
        assert len(desk.said) == len(found)
        clock.now += 86_400
        while not (more := desk.lessons()):
            desk.answers(ANN, "soup")
        assert more[0].source == "scribe"
        desk.registrar.forget(Scope(person=ANN)).result(60)
        assert not desk.rows("select * from comments")
        assert not desk.rows("select * from pairs")


def test_the_same_answer_is_always_commented_on_alike(tmp_path, clock):
    """Whether it comments, and with which words, follows from the reply's id and the history alone; and the history is
    found again in the record."""
    with desk_at(tmp_path, clock) as desk:
        for n in range(30):
            desk.answers(ME, "soup", likely=-3 - n / 10)
    said = []
    for _ in range(2):
        with desk_at(tmp_path, clock, comments=0.5) as desk:
            assert len(desk.scribe._recent) == 30
            reply = Reply(
                id="r", text="x", tokens=(), step=1, color=(0, 0, 0), seconds=1, first_token_seconds=1, ending="end",
                conversation="c", log_probability=-9.0, repeats=0.0,
            )  # fmt: skip
            for i in range(20):
                desk.scribe.heard(replace(reply, id=f"r{i}"), ME)
            desk.registrar.kept("nobody").result(60)
            said.append(list(desk.said))
    assert 3 < len(said[0]) < 17
    assert said[0] == said[1]


# ---- reflections ---------------------------------------------------------------------------------------------------


def test_reflections_are_true_and_replace_each_other(tmp_path, clock):
    """Every so many steps a question about itself and an answer whose every figure is one of its state; the one before
    is never taught again."""
    with desk_at(tmp_path, clock, reflection_steps=10) as desk:
        told, gone = [], 0
        desk.scribe.noted(exam(2.5, 0, 5.0))
        for step in range(1, 121):
            loss = 5 - 0.01137 * step
            desk.school.snapshot = Snapshot(
                step=step, tokens_seen=1024 * step, loss=loss, texts=9,
                color=(0.31, 0.42, 0.53), gauges=from_names({"window1": 2.25, "window2": 31.5}),
            )  # fmt: skip
            desk.scribe.noted(report(step, loss))
            letters = desk.mailbox.drain()
            pairs = [letter.pair for letter in letters if isinstance(letter, Teach)]
            if not pairs:
                continue
            assert step % 10 == 0
            assert [letter.scope.source for letter in letters[:-1]] == ["reflection"]
            gone += 1
            told.append(pairs[0].prompt)
            recent = [5 - 0.01137 * s for s in range(max(1, step - 199), step + 1)]
            half = len(recent) // 2
            means = [sum(part) / len(part) for part in (recent[:half], recent[half:])]
            true = {f"{mean:.2f}" for mean in means} | {f"{step:,}", f"{1024 * step:,}", "2.50", "9", str(len(recent))}
            true |= {"0.31", "0.42", "0.53", "2.2", "31.5"}
            assert numbers(pairs[0].answer) <= true, pairs[0].answer
            assert numbers(pairs[0].answer)
            assert (pairs[0].source, pairs[0].weight) == ("reflection", 0.25)
        assert gone == 12
        assert len(set(told)) > 5
        assert desk.scribe.reflect() == ""
        assert len(desk.rows("select * from pairs where source = 'reflection'")) == 1
        assert len(desk.rows("select * from events where kind = 'reflection'")) == 12


def test_a_life_that_slept_says_the_same_of_itself(tmp_path, clock):
    """What it says after a night is what it would have said without."""
    told = []
    for folder, nights in (("awake", ()), ("slept", (13, 27))):
        (tmp_path / folder).mkdir()
        step = 0
        for end in (*nights, 40):
            with desk_at(tmp_path / folder, clock, reflection_steps=40) as desk:
                while step < end:
                    step += 1
                    for event in (exam(3 - step / 100, step, 5.0), report(step, 5 - 0.03137 * step)):
                        desk.registrar.note(event)
                        desk.school.snapshot = Snapshot(step=step)
                        desk.scribe.noted(event)
                true = figures(Snapshot(step=step), list(desk.scribe._steps), desk.scribe._held_out, VOICES)
        told.append((true, [pair.answer for pair in desk.lessons()]))
    assert told[0] == told[1]
    assert told[0][0].keys() >= {"mood", "skill"}
    assert len(told[0][1]) == 1


def test_a_newborn_has_nothing_to_say_about_itself():
    assert figures(Snapshot(), [], None, VOICES) == {}
    assert "mood" not in figures(Snapshot(), [report(1, 5.0)], None, VOICES)


# ---- awake ---------------------------------------------------------------------------------------------------------


def comes_back(source: str, awake) -> bool:
    """Whether something from there is among the lessons."""
    return any(review.pair.source == source for review in list(awake.tutor.reviews._reviews.values()))


def test_a_school_that_is_awake_is_commented_on_and_forgets(tmp_path):
    """Asked through the school, answered by the weights: how likely the answer was comes with it, the scribe comments,
    the comment is a lesson; and when the person is forgotten nothing of it is left, awake or saved."""
    changes = ("--set", "scribe.comments=1", "--set", "scribe.reflection_steps=3", "--set", "scribe.long_day_hours=0")
    with day_awake(tmp_path, *changes) as awake:
        awake.people.agree(ANN, "c")
        replies = []
        for n in range(12):
            how = {"surface": "twitch", "channel": "c", "message": f"m{n}", "person": ANN, "consent": "1"}
            replies.append(awake.school.ask("my quokka", f"twitch:c:{ANN}", **how).result(60))
        assert all(reply.log_probability < 0 <= reply.repeats for reply in replies)
        unkept = awake.school.ask("a secret", "x", consent="").result(60)
        awake.registrar.kept(ANN).result(60)
        with reading(awake.registrar.path) as db:
            comments = list(db["comments"].rows)
            assert list(db.query("select text from events where kind = 'reflection'"))
        assert len(comments) == 2
        assert unkept.id not in {row["reply_id"] for row in comments}
        wait_for(lambda: comes_back("scribe", awake))  # between two micro-steps the tutor takes what is taught
        awake.school.forget(person=ANN).result(60)
        assert not comes_back("scribe", awake)
        with reading(awake.registrar.path) as db:
            assert not list(db["comments"].rows)
        assert awake.tutor.step > 0
    with reading(tmp_path / "statistics" / "baby.db") as db:
        (page,) = pages.pages(db, "day", 5)
    assert page.facts["steps"] > 0
    assert page.facts["people"] == []
