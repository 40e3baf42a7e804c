"""The talker: it answers while a lesson takes as long as it likes, in order, with one voice after the other."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import CancelledError
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from school.classroom import Limits
from school.door.control import Control
from school.door.mailbox import Ask, Forget, Mailbox
from school.door.school import School
from school.door.values import Asleep, Busy, Scope
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.souls.caretaker import Caretaker
from school.souls.packing import wake_receptionist
from school.souls.settings import SoulSettings
from school.talking.talker import Talker
from school.talking.turns import Turns
from tests.conftest import make_classroom, make_receptionist, make_tutor


@contextmanager
def awake(librarian, folder, *, look=lambda: False, limits=None, **speech):
    """A school whose lessons begin with ``look``."""
    tutor, mailbox = make_tutor(librarian), Mailbox()
    receptionist = make_receptionist(tutor, folder, **speech)
    registrar = Registrar(folder / "baby.db", RecordSettings(), run_config={}, from_step=0)
    school, caretaker = School(mailbox, registrar), Caretaker(folder / "soul", SoulSettings())
    classroom = make_classroom(
        tutor, receptionist, mailbox, school, caretaker, limits=limits, publish=registrar.note, look=look
    )
    try:
        yield SimpleNamespace(
            tutor=tutor, school=school, control=Control(mailbox), classroom=classroom, mailbox=mailbox
        )
    finally:
        classroom.stop()
        if classroom.started:
            classroom.done.result(timeout=60)
        registrar.close(step=tutor.step, ending="asleep", patience=60)


def test_nobody_waits_for_a_lesson(librarian, tmp_path):
    """While a lesson has not come to its end, questions are answered and conversations forgotten by the talker."""
    begun, go_on = threading.Event(), threading.Event()

    def look() -> bool:
        begun.set()
        return not go_on.wait(60)

    with awake(librarian, tmp_path, look=look) as here:
        here.classroom.start()
        try:
            assert begun.wait(60)
            assert here.school.ask("hello?", "c").result(timeout=60).step == 0
            assert here.school.ask("and then?", "c").result(timeout=60).tokens
            assert here.tutor.step == 0
        finally:
            go_on.set()


def test_who_waits_for_a_turn_gets_it():
    """Although somebody takes one turn after the other, without a pause."""
    turns, stop, had = Turns(), threading.Event(), 0

    def greedy() -> None:
        while not stop.is_set():
            with turns:
                time.sleep(0.001)

    thread = threading.Thread(target=greedy)
    thread.start()
    for _ in range(20):
        with turns:
            had += 1
    stop.set()
    thread.join(60)
    assert had == 20


def test_it_speaks_with_what_was_published(librarian, tmp_path):
    """Lessons change nothing of its voice until the voice is published, and a reply names the step of its weights."""
    tutor = make_tutor(librarian)
    receptionist = make_receptionist(tutor, tmp_path)
    receptionist.publish(tutor.voice, 3)
    before = [parameter.clone() for parameter in receptionist.voice.parameters()]
    with torch.no_grad():
        for parameter in tutor.voice.parameters():
            parameter.add_(0.25)
    assert all(map(torch.equal, before, receptionist.voice.parameters()))
    receptionist.publish(tutor.voice, 4)
    assert all(map(torch.equal, tutor.voice.parameters(), receptionist.voice.parameters()))
    one = Ask("hello", "c", "me", None)
    receptionist.admit(one)
    while receptionist.busy:
        receptionist.serve()
    assert one.future.result(timeout=0).step == 4


def test_forgetting_keeps_its_place_in_the_order(librarian, tmp_path):
    """What was asked before is broken off, what is asked afterwards is answered."""
    tutor, mailbox = make_tutor(librarian), Mailbox()
    receptionist = make_receptionist(tutor, tmp_path)
    before, forget, after = Ask("one", "c", "ann", None), Forget(Scope(person="ann")), Ask("two", "c", "ann", None)
    for request in (before, forget, after):
        mailbox.post(request)
    talker = Talker(receptionist, mailbox)
    talker.start()
    try:
        assert after.future.result(timeout=60).tokens
        with pytest.raises(CancelledError):
            before.future.result(timeout=0)
        assert not forget.future.done()  # the lessons' share is not done
        (share,) = mailbox.drain()
        share.share_done()
        assert forget.future.done()
    finally:
        talker.stop()


def test_lessons_are_the_same_whoever_talks(librarian, tmp_path):
    """Weights, voice and moments after some steps are bit for bit those of a life in silence."""
    learned = []
    for talkative in (False, True):
        folder = tmp_path / str(talkative)
        folder.mkdir()
        with awake(librarian, folder, limits=Limits(steps=12)) as here:
            here.classroom.start()
            try:
                while talkative and not here.classroom.done.done():
                    here.school.ask("how are you?", "c").result(timeout=60)
            except (Asleep, CancelledError):
                pass
            here.classroom.done.result(timeout=60)
            learned.append([tensor.clone() for tensor in here.tutor.learned()])
    assert all(map(torch.equal, *learned))


@pytest.mark.trial
def test_everything_at_once(librarian, tmp_path):
    """For a minute many people ask, take back, make forget, save and examine, at random: every question ends exactly
    once, nobody who made forget is in a later soul, and the day ends well."""
    rng, until = random.Random(0), time.monotonic() + 60
    with awake(librarian, tmp_path, max_tokens=20) as here:
        here.classroom.start()
        asked, endings, forgotten = [], [], []

        def live(seed: int) -> None:
            own = random.Random(seed)
            while time.monotonic() < until:
                person = f"person{own.randrange(6)}"
                try:
                    match own.choice(["ask"] * 6 + ["cancel", "forget", "save", "examine"]):
                        case "ask":
                            future = here.school.ask("what is it?", person, person=person)
                            asked.append(future)
                            future.add_done_callback(endings.append)
                        case "cancel" if asked:
                            own.choice(asked).cancel()
                        case "forget":
                            forgotten.append(here.school.forget(person=person))
                        case "save":
                            here.control.save()
                        case "examine":
                            here.control.examine()
                except Busy:
                    pass
                time.sleep(own.random() * 0.05)

        people = [threading.Thread(target=live, args=(rng.random(),)) for _ in range(8)]
        for one in people:
            one.start()
        for one in people:
            one.join(120)
        for future in asked:
            assert future.cancelled() or future.exception(timeout=60) or future.result().tokens is not None
        assert len(endings) == len(asked) > 100
        assert all(future.result(timeout=60).rows >= 0 for future in forgotten)
        last = "person0"
        here.school.ask("my quokka?", last, person=last).result(timeout=60)
        here.school.forget(person=last).result(timeout=60)
        assert here.control.save().result(timeout=60)
        soul = Caretaker(tmp_path / "soul", SoulSettings()).newest(print, set_aside=False)
        assert last not in {person for _, person in soul.facts["conversations"].values()}


def test_a_talk_comes_back_with_the_person_and_is_counted(librarian, tmp_path):
    """Where somebody's conversation was left, it goes on the next day, from disk and soul; /who and !consent count it;
    of who asks without consent there is none, and forgetting ends it."""
    ann, agreed = "room:ann", {"surface": "room", "channel": "c"}
    with awake(librarian, tmp_path, conversations=1) as here:
        here.classroom.start()
        for talk in ("room:c:ann", "room:d:ann"):  # of which one goes to disk, and the other into the soul
            here.school.ask("remember me?", talk, person=ann, consent="2", message=talk, **agreed).result(timeout=60)
        here.school.ask("who am I?", "", person="room:bob", consent="").result(timeout=60)
        assert here.school.kept(ann).result(timeout=60).conversations == 2
        assert here.school.kept("room:bob").result(timeout=60).conversations == 0
        assert here.control.save().result(timeout=60)
    soul = Caretaker(tmp_path / "soul", SoulSettings()).newest(str, set_aside=False)
    with awake(librarian, tmp_path, conversations=1) as here:
        receptionist = here.classroom.receptionist
        wake_receptionist(soul, receptionist)
        fresh = receptionist._fresh(ann)
        for talk in ("room:c:ann", "room:d:ann"):
            assert receptionist.conversations.get(talk, fresh) is not fresh
        here.classroom.start()
        assert here.school.kept(ann).result(timeout=60).conversations == 2
        here.school.forget(person=ann).result(timeout=60)
        assert here.school.kept(ann).result(timeout=60).conversations == 0
        assert receptionist.conversations.get("room:c:ann", fresh) is fresh
