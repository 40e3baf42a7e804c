"""The classroom: a real thread, real mail, a real record; lessons and talk at the same time."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from concurrent.futures import CancelledError, Future
from types import SimpleNamespace

import pytest

from bots.typed import Commands, House
from school.classroom import Classroom, Limits, Outside
from school.door.control import Control
from school.door.events import Examined, Saved, StepReport
from school.door.mailbox import Mailbox, Restock
from school.door.school import School
from school.door.values import Asleep, Snapshot
from school.record.registrar import Registrar
from school.record.schema import reading
from school.record.settings import RecordSettings
from school.screen.calligraphist import count, for_screen, hex_color, wrapped
from school.screen.status import facts, status_lines
from school.souls.caretaker import Caretaker, SoulSettings
from school.teaching.remembering import Remembering
from tests.conftest import LESSONS, make_classroom, make_receptionist, make_tutor, shelve


@pytest.fixture
def class_(librarian, tmp_path):
    """A school that is awake; it sleeps, saves and closes at the end of the test."""
    tutor = make_tutor(librarian, LESSONS.model_copy(update={"evaluation_steps": 50}))
    receptionist = make_receptionist(tutor, tmp_path)
    registrar = Registrar(tmp_path / "baby.db", RecordSettings(), run_config={}, from_step=0)
    mailbox = Mailbox()
    school = School(mailbox, registrar)
    events = []
    classroom = make_classroom(
        tutor,
        receptionist,
        mailbox,
        school,
        Caretaker(tmp_path / "soul", SoulSettings()),
        publish=lambda event: (events.append(event), registrar.note(event)),
    )
    here = SimpleNamespace(
        tutor=tutor,
        school=school,
        control=Control(mailbox),
        classroom=classroom,
        registrar=registrar,
        events=events,
        path=tmp_path,
    )
    yield here
    classroom.stop()
    if classroom.started:
        classroom.done.exception(timeout=60)
    registrar.close(step=tutor.step, ending="asleep", patience=60)


def wait_for(condition, seconds: float = 60.0):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
    return result


def rows(class_, query: str) -> list[tuple]:
    with reading(class_.path / "baby.db") as db:
        return list(db.execute(query).fetchall())


def test_it_talks_while_it_learns(class_):
    """Twenty questions from several threads are all answered while steps go on."""
    class_.classroom.start()
    first = wait_for(lambda: class_.school.status().step)
    futures = []
    threads = [
        threading.Thread(target=lambda i=i: futures.append(class_.school.ask(f"question {i}", f"c{i % 4}")))
        for i in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    replies = [future.result(timeout=60) for future in futures]
    assert all(reply.tokens for reply in replies)
    assert wait_for(lambda: class_.school.status().step > first)
    assert len({reply.id for reply in replies}) == 20


def test_a_life_is_written_down(class_):
    """Steps, an examination, a save, a message and its reply arrive in the record, linked by their keys."""
    class_.classroom.start()
    reply = class_.school.ask("good morning", "terminal:me").result(timeout=60)
    wait_for(lambda: class_.school.status().held_out_bits_per_byte)
    assert class_.control.save().result(timeout=60)
    class_.classroom.stop()
    class_.classroom.done.result(timeout=60)
    class_.registrar.close(step=class_.tutor.step, ending="asleep", patience=60)
    steps = rows(class_, "select step, loss, tokens from steps order by step")
    assert [step for step, *_ in steps] == list(range(1, class_.tutor.step + 1))
    assert rows(class_, "select text, consent, person from messages") == [("good morning", "owner", "owner")]
    joined = "select replies.text from replies join messages on messages.id = replies.message_id"
    assert rows(class_, joined) == [(reply.text,)]
    assert rows(class_, "select count(*) from evaluations")[0][0] >= 1
    assert rows(class_, "select ending, to_step from runs") == [("asleep", class_.tutor.step)]
    kinds = {type(event) for event in class_.events}
    assert kinds == {StepReport, Examined, Saved}


def test_who_talks_can_be_overheard(class_):
    """Every question with where it came from, and the pieces of its answer, beside whoever asked; also one for which
    there is no room any more. While nobody wants the pieces, none are handed on."""
    heard, pieces, own = [], [], []
    wanted = [pieces.append, None]
    class_.school.overhearer = lambda ask, surface, consent: (heard.append((ask, surface, consent)), wanted.pop(0))[1]
    class_.classroom.start()
    reply = class_.school.ask("good morning", "c", on_token=own.append, key="k1").result(timeout=60)
    assert reply.id == "k1"
    assert own == pieces != []
    class_.school.ask("and now?", "", person="viewer", surface="room", consent="").result(timeout=60)
    assert own == pieces
    assert [(ask.text, surface, consent) for ask, surface, consent in heard] == [
        ("good morning", "terminal", "owner"), ("and now?", "room", ""),
    ]  # fmt: skip
    class_.classroom.stop()
    class_.classroom.done.result(timeout=60)
    wanted.append(None)
    with pytest.raises(Asleep):
        class_.school.ask("too late", "c")
    assert heard[-1][0].future.cancelled()


def test_without_consent_nothing_is_kept(class_):
    """A question asked with no consent is answered and leaves no row and no exchange to mark."""
    class_.classroom.start()
    reply = class_.school.ask("do not keep this", "c", person="viewer", consent="").result(timeout=60)
    assert reply.tokens
    assert class_.school.feedback(reply.id, "good") == "unknown"
    class_.classroom.stop()
    class_.classroom.done.result(timeout=60)
    class_.registrar.close(step=1, ending="asleep", patience=60)
    assert rows(class_, "select count(*) from messages") == [(0,)]
    assert rows(class_, "select count(*) from replies") == [(0,)]


def test_feedback_becomes_lessons(class_):
    """Good and fix make pairs that are taught within a few steps; bad takes them back for good, and is a verdict."""
    class_.classroom.start()
    school, reviews = class_.school, class_.tutor.reviews
    good = school.ask("how are you?", "c").result(timeout=60)
    assert school.feedback(good.id, "good") == "learned"
    wait_for(lambda: len(reviews) == 1)
    wait_for(lambda: any(e.review_tokens for e in class_.events if isinstance(e, StepReport)))
    fixed = school.ask("what is the sea?", "c").result(timeout=60)
    assert school.feedback(fixed.id, "fix", correction="a lot of water") == "learned"
    wait_for(lambda: len(reviews) == 2)
    assert {review.pair.answer for review in reviews._reviews.values()} == {good.text, "a lot of water"}
    assert school.feedback(good.id, "bad") == "marked"
    wait_for(lambda: len(reviews) == 1)
    assert school.feedback(good.id, "good") == "refused"
    assert school.feedback("nonsense", "good") == "unknown"
    class_.classroom.stop()
    class_.classroom.done.result(timeout=60)
    class_.registrar.close(step=1, ending="asleep", patience=60)
    pairs = rows(class_, "select source, status, weight from pairs order by id")
    assert pairs == [("good", "withdrawn", 1.0), ("fix", "learning", 2.0), ("bad", "learning", 1.0)]
    assert [pair.answer for pair in class_.registrar.queries.pairs_learning()] == ["a lot of water", good.text]


def test_a_correction_belongs_to_who_made_it_and_to_who_asked(class_):
    """What one person makes of another's reply is forgotten with either of them."""
    class_.classroom.start()
    school, reviews = class_.school, class_.tutor.reviews
    for leaver in ("ann", "bob"):
        reply = school.ask("what is soup?", "c", person="ann").result(timeout=60)
        school.feedback(reply.id, "fix", correction="warm water with friends", person="bob")
        wait_for(lambda: len(reviews) == 1)
        assert school.forget(person=leaver).result(timeout=60).rows >= 1
        wait_for(lambda: len(reviews) == 0)
        assert class_.registrar.queries.pairs_learning() == []


def test_forgetting_reaches_every_corner(class_):
    """Forgetting a person empties their rows, pairs and conversations."""
    class_.classroom.start()
    school = class_.school
    reply = school.ask("my secret is marmalade", "c", person="ann").result(timeout=60)
    school.feedback(reply.id, "good", person="ann")
    school.teach("marmalade forever", source="teach", person="ann")
    wait_for(lambda: len(class_.tutor.reviews) == 2)
    assert school.forget(person="ann").result(timeout=60).rows >= 4
    wait_for(lambda: len(class_.tutor.reviews) == 0)
    assert school.feedback(reply.id, "good") == "unknown"
    class_.classroom.stop()
    class_.classroom.done.result(timeout=60)
    class_.registrar.close(step=1, ending="asleep", patience=60)
    for file in class_.path.glob("baby.db*"):
        assert b"marmalade" not in file.read_bytes(), file


def test_one_bad_lesson_does_not_end_the_day(class_):
    """A lesson that raises is skipped and logged; questions and later lessons go on."""
    class_.classroom.start()
    wait_for(lambda: class_.tutor.step > 2)
    troubles = iter(range(3))
    hook = class_.tutor.brain.register_forward_pre_hook(lambda *_: 1 / 0 if next(troubles, None) is not None else None)
    wait_for(lambda: next(troubles, None) is None)
    seen = class_.tutor.step
    wait_for(lambda: class_.tutor.step > seen + 2)
    assert class_.school.ask("still there?", "c").result(timeout=60).tokens
    hook.remove()


def test_a_school_that_cannot_teach_says_so(class_):
    """When every lesson fails, the thread ends with the error instead of spinning for ever."""
    class_.tutor.brain.register_forward_pre_hook(lambda *_: 1 / 0)
    class_.classroom.start()
    with pytest.raises(ZeroDivisionError):
        class_.classroom.done.result(timeout=60)
    with pytest.raises(Asleep):
        class_.school.ask("hello?", "c")


def test_a_full_disk_does_not_stop_the_lessons(class_, monkeypatch):
    """A save that fails is told, lessons go on, and the next save works."""
    full = OSError(28, "No space left on device")
    monkeypatch.setattr(class_.classroom.saver.caretaker, "save", lambda soul: (_ for _ in ()).throw(full))
    class_.classroom.start()
    assert class_.control.save().result(timeout=60) is None
    monkeypatch.undo()
    assert class_.control.save().result(timeout=60)
    saves = [event.problem for event in class_.events if isinstance(event, Saved)]
    assert saves == ["No space left on device", ""]


def test_stopping_before_the_first_step_is_clean(class_):
    """Stopped before it began, the classroom ends at once and saves nothing half done."""
    class_.classroom.stop()
    class_.classroom.start()
    class_.classroom.done.result(timeout=60)
    assert class_.tutor.step == 0
    assert not list((class_.path / "soul").glob("step-*"))


def test_a_save_waits_for_the_end_of_the_step(class_):
    """However often saves are asked for, each soul is of a whole step: waking it goes on bit for bit."""
    class_.classroom.start()
    for _ in range(5):
        assert class_.control.save().result(timeout=60)
    class_.classroom.stop()
    class_.classroom.done.result(timeout=60)
    assert not class_.tutor.under_way
    newest = class_.classroom.saver.caretaker.newest(print, set_aside=False)
    assert newest.step == class_.tutor.step


def test_the_loop_stops_by_itself(librarian, tmp_path):
    """With a limit of three steps it takes three, saves and ends."""
    tutor = make_tutor(librarian)
    mailbox = Mailbox()
    school = School(mailbox, None)
    classroom = make_classroom(
        tutor,
        make_receptionist(tutor, tmp_path),
        mailbox,
        school,
        Caretaker(tmp_path / "soul", SoulSettings()),
        limits=Limits(steps=3),
    )
    classroom.start()
    classroom.done.result(timeout=60)
    assert tutor.step == 3
    assert not school.status().awake
    assert [place.name for place in classroom.saver.caretaker.souls()] == ["step-000000000003"]


def test_without_lessons_it_only_talks(librarian, tmp_path):
    """With learning off it answers, and no step is taken."""
    tutor = make_tutor(librarian)
    mailbox = Mailbox()
    registrar = Registrar(tmp_path / "baby.db", RecordSettings(), run_config={}, from_step=0)
    school = School(mailbox, registrar)
    classroom = make_classroom(
        tutor,
        make_receptionist(tutor, tmp_path),
        mailbox,
        school,
        Caretaker(tmp_path / "soul", SoulSettings()),
        limits=Limits(learning=False),
    )
    classroom.start()
    assert school.ask("hello", "c").result(timeout=60).tokens
    classroom.stop()
    classroom.done.result(timeout=60)
    registrar.close(step=0, ending="asleep", patience=60)
    assert tutor.step == 0


def test_lessons_pause_and_go_on(class_):
    """It answers meanwhile; the status says so; the step under way is finished first."""
    class_.classroom.start()
    wait_for(lambda: class_.school.status().step)
    assert class_.control.pause(True).result(60) is True
    assert class_.control.save().result(60)  # which waits for the end of the step
    assert class_.school.status().paused
    assert "(paused)" in facts(class_.school.status())[0]
    step, answers = class_.tutor.step, class_.school.status().replies
    assert class_.school.ask("hello", "c").result(60).text
    wait_for(lambda: class_.school.status().replies == answers + 1)  # also without a step the status is fresh
    assert class_.tutor.step == step
    assert class_.control.pause(False).result(60) is False
    wait_for(lambda: class_.school.status().step > step)


def test_nothing_computes_when_it_is_over(class_, monkeypatch):
    """A library that takes long to hear is not heard to its end: a thread that is still computing then would abort the
    process."""

    def hear(texts, stop):
        wait_for(stop)
        raise CancelledError

    remembering = Remembering(class_.tutor.librarian.tokenizer.pieces, class_.tutor.brain.backend, 8)
    monkeypatch.setattr(remembering, "_hear", hear)
    class_.classroom.remembering = remembering
    class_.classroom.start()
    wait_for(lambda: class_.school.status().step)
    class_.classroom.stop()
    class_.classroom.done.result(60)
    assert "hippocampus" not in {thread.name for thread in threading.enumerate()}


def test_while_lessons_pause_others_have_their_memory(class_, monkeypatch):
    """It is handed back once, however long they pause, and once more when they pause again."""
    handed_back = []
    monkeypatch.setattr("school.classroom.LONG_IDLE", 0.1)
    monkeypatch.setattr("school.classroom.hand_back_memory", lambda: handed_back.append(class_.tutor.step))
    class_.classroom.start()
    for times in (1, 2):
        step = class_.tutor.step
        wait_for(lambda step=step: class_.tutor.step > step)
        class_.control.pause(True).result(60)
        wait_for(lambda times=times: len(handed_back) == times)
        time.sleep(0.3)
        assert len(handed_back) == times
        class_.control.pause(False).result(60)


def test_the_status_is_fresh_without_lessons(class_):
    """With nothing to learn, what was saved and answered is seen at once; the last held-out figure is there from the
    beginning."""
    classroom = Classroom(
        class_.tutor,
        class_.classroom.receptionist,
        class_.classroom.mailbox,
        class_.school,
        class_.classroom.saver,
        limits=Limits(learning=False),
        outside=Outside(publish=lambda event: None),
        held_out=2.5,
    )
    classroom.start()
    try:
        assert wait_for(lambda: class_.school.status().held_out_bits_per_byte) == 2.5
        assert class_.school.status().saved_step is None
        assert class_.school.ask("hello", "c").result(60).text
        wait_for(lambda: class_.school.status().replies == 1)
        assert class_.control.save().result(60)
        assert wait_for(lambda: class_.school.status().saved_step is not None)
        assert class_.control.pause(False).result(60) is True  # there is nothing that could go on
    finally:
        classroom.stop()
        classroom.done.result(60)


# ---- the terminal's words ------------------------------------------------------------------------------------------


def test_every_command_of_the_terminal(class_):
    """Talk, /good, /bad, /fix, /teach, /status, /save, /forget, /help, /quit and a typo each say what they should."""
    lines, left = [], []

    async def visit():
        house = House(quit=lambda: left.append(True), save=class_.control.save, pause=class_.control.pause)
        commands = Commands(class_.school, lines.append, house)
        for line in (
            "/good",
            "/fix",
            "/teach",
            "",
            "hello",
            "/good",
            "/fix hello you",
            "/bad",
            "/good",
            "/teach the sky",
            "/status",
            "/save",
            "/forget",
            "yes",
            "/bad",
            "/nonsense",
            "/help",
            "",
            "/quit",
        ):
            await commands.handle(line)

    class_.classroom.start()
    wait_for(lambda: class_.school.status().step)
    asyncio.run(asyncio.wait_for(visit(), 90))
    said = "\n".join(lines)
    assert lines[0] == "(it has not said anything yet)"
    assert lines[1] == "(it has not said anything yet)"
    assert lines[2] == "(what is it to learn? Write it; an empty line for nothing)"
    assert lines[3].startswith("baby: ")
    assert lines[4] == "(it learns that, and tries to do more of it)"
    assert lines[5] == "(it says that from now on, and practises it)"
    assert lines[6] == "(it will never learn that, and tries to do less of it)"
    assert "you marked it as bad before" in lines[7]
    assert "held-out" in said
    assert "deleted: " in said
    assert "/nonsense is not a command" in said
    assert "/quit" in said
    assert left == [True]


def test_long_lines_break_between_words():
    """Indented as they began; what fits stays as it is."""
    text = "it was a long day\n  besides: and much was said in it\n\na-word-that-is-longer-than-the-line"
    assert wrapped(text, 15) == (
        "it was a long\nday\n  besides: and\n  much was said\n  in it\n\na-word-that-is-longer-than-the-line"
    )
    assert wrapped(" 15 columns wide", 16) == " 15 columns wide"


def test_figures_are_short_and_text_cannot_command_the_screen():
    """Counts shrink to a few characters, colours are clamped, escape codes and direction marks are taken out."""
    assert [count(n) for n in (7, 950, 5200, 31_000, 4_500_000, 2e9)] == ["7", "950", "5.2k", "31k", "4.5M", "2.0G"]
    assert hex_color((0, 0.5, 2)) == "#0080ff"
    assert for_screen("a\x1b[31mb\x07\u202ec\nd\te") == "a[31mbc\nd\te"
    now = Snapshot(step=1234, loss=2.5, held_out_bits_per_byte=1.456, tokens_per_second=5234)
    assert " · ".join(facts(now)) == "step 1,234 · loss 2.500 · held-out 1.456 bits/byte · 5.2k tokens/s"
    assert "not saved yet" in "\n".join(status_lines(now))
    assert "not learning" in facts(Snapshot(learning=False))[0]


def test_the_record_can_be_read_while_it_is_written(class_):
    """A reader's connection cannot write and sees what has been committed."""
    class_.classroom.start()
    wait_for(lambda: (class_.path / "baby.db").exists())
    wait_for(lambda: class_.registrar.unwritten == 0 or True)
    with reading(class_.path / "baby.db") as db, pytest.raises(sqlite3.OperationalError):
        db.execute("delete from steps")


def test_the_library_changes_between_two_parts_of_a_step(class_, tokenizer):
    """The step under way is finished with what it has read; the next one, and the next examination, is of the new
    texts; where none are left, lessons rest."""
    tutor, classroom = class_.tutor, class_.classroom
    other = shelve(tokenizer, "the moon was out, and the fox slept. " * 200)
    classroom.examination.want(Future())
    assert tutor.micro_step() is None
    classroom.mailbox.post(Restock(other))
    classroom._hear_requests()
    assert tutor.librarian is other
    assert classroom.examination._paper is None
    while tutor.under_way:
        tutor.micro_step()
    assert tutor.planner.agenda.bookmark.library != other.library
    assert tutor.micro_step() is None
    assert tutor.planner.agenda.bookmark.library == other.library
    classroom.mailbox.post(Restock(None))
    classroom._hear_requests()
    while tutor.under_way:
        assert classroom._studying
        tutor.micro_step()
    assert not classroom._studying
    assert not class_.school.status().learning
    classroom.mailbox.post(Restock(other))
    classroom._hear_requests()
    assert classroom._studying
