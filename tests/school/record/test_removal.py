"""To leave, to be removed and to be forgotten: also while it falls asleep, after a crash, and when the disk refuses."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import wakeup
from school.assembly import Awake
from school.door import forgetting
from school.door.consent import WORDING, People
from school.door.journal import Journal
from school.door.mailbox import Ask, Forget, Mailbox, Recollect, Request, Teach, fulfil
from school.door.school import School
from school.door.values import Origin, Pair, Removed, Reply, Scope, id_at, new_id
from school.office.mistakes import Mistake
from school.record import writer
from school.record.registrar import Registrar
from school.record.schema import reading
from school.record.settings import RecordSettings
from school.souls.caretaker import Caretaker
from school.talking.conversations import Conversation, Conversations
from tests.evening import SMALL
from tests.school.test_classroom import wait_for

ANN, BOB = "twitch:1", "twitch:2"
HERE = {"surface": "twitch", "channel": "c"}


# ---- a school that really wakes ------------------------------------------------------------------------------------


@contextmanager
def day(home: Path, *more: str) -> Iterator[Awake]:
    """A day, put together and begun; it ends with the good night."""
    (home / "library").mkdir(parents=True, exist_ok=True)
    (home / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 100)
    with ExitStack() as closing:
        awake = opened(home, closing, *more)
        awake.classroom.start()
        try:
            yield awake
        finally:
            sleep(awake)


def opened(home: Path, closing: ExitStack, *more: str) -> Awake:
    options = wakeup.parse(["--home", str(home), *[part for change in SMALL for part in ("--set", change)], *more])
    settings, home = wakeup.read_options(options)
    return wakeup.put_together(settings, home, options, closing, lambda text: None)


def sleep(awake: Awake) -> None:
    awake.classroom.stop()
    awake.classroom.done.result(60)
    awake.ending = "asleep"


def talk(awake: Awake, person: str = ANN, words: str = "my quokka") -> Reply:
    """Somebody agrees and asks."""
    awake.people.agree(person, "c")
    how = HERE | {"person": person, "message": f"m-{new_id()}", "consent": "1"}
    return awake.school.ask(words, f"twitch:c:{person}", **how).result(60)


def teach(awake: Awake, person: str = ANN) -> None:
    awake.people.agree(person, "c")
    origin = Origin(**HERE, message="m")
    awake.school.teach("a quokka is a friend", source="chat", person=person, origin=origin)


def souls_naming(home: Path, person: str = ANN) -> list[str]:
    """Saved souls that hold a conversation with them."""
    return [file.parent.name for file in home.glob("soul/step-*/facts.json") if json.dumps(person) in file.read_text()]


def files_with(home: Path, words: bytes) -> list[str]:
    files = (file for file in home.rglob("*") if file.is_file() and "library" not in file.parts)
    return [file.name for file in files if words in file.read_bytes()]


def test_forgotten_while_falling_asleep(tmp_path):
    """Ctrl-C and !forgetme at the same moment: no soul, no file and no record has them, at once or, where it had fallen
    asleep first, which is noted, from the next wake on."""
    with day(tmp_path) as awake:
        talk(awake)
        assert awake.control.save().result(60)
        assert souls_naming(tmp_path)
        talk(awake)
        awake.classroom.stop()
        awake.people.withdraw(ANN, "c", "forgotten")
        awake.school.forget(person=ANN)
    if Journal.of(tmp_path).file.exists():
        with day(tmp_path) as awake:
            assert awake.control.save().result(60)
            wait_for(lambda: not Journal.of(tmp_path).file.exists())
    assert not souls_naming(tmp_path)
    assert not files_with(tmp_path, b"quokka")


def test_forgotten_behind_the_good_night(tmp_path):
    """When the classroom is closed already, the record forgets all the same, nobody is told that everything is gone,
    and the rest goes when it wakes."""
    with day(tmp_path) as awake:
        talk(awake)
        teach(awake)
        sleep(awake)
        awake.people.withdraw(ANN, "c", "forgotten")
        told = awake.school.forget(person=ANN).result(60)
        assert (told.owed, told.noted) == (("lessons and conversations", "saved souls"), True)
        awake.school.withdraw(ANN).result(60)
        assert awake.registrar.kept(ANN).result(60).messages == 0
    assert souls_naming(tmp_path)
    with day(tmp_path) as awake:
        assert not awake.classroom.receptionist.conversations.snapshot()
        assert len(awake.tutor.reviews) == 0
        assert awake.control.save().result(60)
    assert not souls_naming(tmp_path)
    assert not files_with(tmp_path, b"quokka")


def test_a_lesson_just_before_sleep_is_kept(tmp_path):
    """A lesson that waits in the post when it falls asleep is in the list of the soul."""
    with day(tmp_path) as awake:
        awake.classroom.stop()
        awake.classroom.done.result(60)
    with ExitStack() as closing:
        awake = opened(tmp_path, closing)
        teach(awake)  # before the first look into the post
        awake.classroom.stop()
        awake.classroom.start()
        sleep(awake)
        assert len(awake.tutor.reviews) == 1
    facts = sorted(tmp_path.glob("soul/step-*/facts.json"))[-1]
    assert len(json.loads(facts.read_text())["reviews"]) == 1


@pytest.mark.parametrize("what", ["out", "removed", "forgotten"])
def test_at_waking_only_those_who_agree_are_there(tmp_path, what):
    """The process died between somebody's leaving and the rest of it: the ledger alone says so. Their lessons are not
    taught, their conversation is not restored, nor found on disk, and what was left undone is done."""
    with day(tmp_path, "--set", "speech.conversations=1") as awake:
        for person in (BOB, ANN):
            talk(awake, person)
            teach(awake, person)
            answer = talk(awake, person)
        awake.people.withdraw(ANN, "c", what)
    assert souls_naming(tmp_path)
    with day(tmp_path, "--set", "speech.conversations=1") as awake:
        assert {review.pair.person for review in awake.tutor.reviews._reviews.values()} == {BOB}
        assert awake.school.find(answer.id) is None
        assert awake.control.save().result(60)
        conversations = awake.classroom.receptionist.conversations
        assert {person for person, _ in conversations.snapshot().values()} <= {BOB}
        assert set(conversations._resting.values()) <= {BOB}
        assert awake.registrar.kept(ANN).result(60).messages == (0 if what == "forgotten" else 2)
        assert awake.registrar.kept(BOB).result(60).messages == 2
        assert {pair.person for pair in awake.registrar.queries.pairs_learning()} == {BOB}
    assert not souls_naming(tmp_path)


def test_a_new_wording_is_agreed_to_anew(tmp_path, monkeypatch):
    """Who agreed to other words is neither taught nor remembered under the new ones."""
    with day(tmp_path) as awake:
        talk(awake)
        teach(awake)
    for wording, there in ((WORDING, 1), (f"{WORDING}, amended", 0)):
        monkeypatch.setattr(People.__init__, "__kwdefaults__", {"wording": wording})
        with ExitStack() as closing:
            awake = opened(tmp_path, closing)
            assert len(awake.tutor.reviews) == there
            assert len(awake.classroom.receptionist.conversations) == there
            awake.ending = "asleep"


def test_souls_that_cannot_be_rewritten_are_tried_again(tmp_path, monkeypatch):
    """A full disk: whoever waits hears of it, the log too, and behind the next save it is done."""
    with day(tmp_path) as awake:
        talk(awake)
        assert awake.control.save().result(60)

        def full(*_):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(Caretaker, "_rewrite_without", full)
            assert awake.school.forget(person=ANN).result(60).owed == ("saved souls",)
        assert "No space" in (tmp_path / "statistics" / "baby.log").read_text()
        assert souls_naming(tmp_path)
        assert awake.control.save().result(60)
        wait_for(lambda: not souls_naming(tmp_path))


def test_who_leaves_together_is_taken_out_together(tmp_path, monkeypatch):
    """While souls are being rewritten, all others who leave wait for one more time, not for one each."""
    gate, times = threading.Event(), []

    def forget(self, people):
        times.append(set(people))
        gate.wait(60)

    with day(tmp_path) as awake:
        monkeypatch.setattr(Caretaker, "forget", forget)
        gone = [awake.school.forget(person=f"twitch:{i}") for i in range(20)]
        souls = awake.school.forgetting._souls
        wait_for(lambda: len(souls._waiting) + sum(map(len, times)) == 20)  # all have come as far as that
        gate.set()
        for one in gone:
            one.result(60)
    assert set().union(*times) == {f"twitch:{i}" for i in range(20)}
    assert len(times) <= 3


def test_old_chat_goes_by_itself_in_a_living_school(tmp_path):
    """The bell of the retention window rings at waking: what was said longer ago than that is gone, what is newer is
    there, the terminal's words stay."""
    with day(tmp_path) as awake:
        awake.people.agree(ANN, "c")
        for days in (40, 20):
            how = {"person": ANN, "conversation": "x", "consent": "1", "message": f"m-{days}"}
            awake.registrar.heard(id_at(time.time() - 86_400 * days), text=f"quokka {days}", **HERE, **how)
        how = {"person": "owner", "surface": "terminal", "conversation": "x", "consent": "owner"}
        awake.registrar.heard(id_at(time.time() - 86_400 * 41), text="my own words", **how)
    with ExitStack() as closing:
        options = wakeup.parse(["--home", str(tmp_path), "--seconds", "1", "--no-terminal", "--no-twitch"])
        settings, _ = wakeup.read_options(options)
        awake = opened(tmp_path, closing, "--seconds", "1")
        assert asyncio.run(wakeup._live(awake, "none")) == 0
        awake.ending = "asleep"
    with reading(tmp_path / "statistics" / "baby.db") as db:
        assert {row["text"] for row in db["messages"].rows} == {"quokka 20", "my own words"}
    assert not files_with(tmp_path, b"quokka 40")


# ---- the school and its record -------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(writer, "FLUSH_SECONDS", 0.01)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(forgetting, "NOTE_SECONDS", 60.0)  # a slow disk is no broken one
    plain = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *where, **how: plain(*where, **how | {"timeout": 0.02}))
    return tmp_path / "baby.db"


@contextmanager
def registrar(path: Path, *, patience: float = 3.0) -> Iterator[Registrar]:
    keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
    try:
        yield keeper
    finally:
        keeper.close(step=0, ending="asleep", patience=patience)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Somebody else's program writes, and does not come to an end."""
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")
    other.close()


def asked(school: School, person: str = ANN, *, message: str = "m", answer: str = "x", sent: str = "") -> str:
    """A question that got its answer; returns the reply's id."""
    how = HERE | {"person": person, "message": message, "consent": "1"}
    future = school.ask("my quokka", f"twitch:c:{person}", **how)
    letter = next(letter for letter in school._mailbox.hear() if isinstance(letter, Ask))
    fulfil(future, reply_of(letter.id, answer))
    if sent:
        school.sent(letter.id, sent)
    return letter.id


def reply_of(reply_id: str, text: str) -> Reply:
    how = {"tokens": (), "step": 0, "color": (0, 0, 0), "seconds": 0.0, "first_token_seconds": 0.0}
    return Reply(id=reply_id, text=text, conversation="x", ending="end", **how)


def is_done(one: Future) -> bool:
    """Whether somebody was told that all is gone."""
    return one.done() and not one.exception() and not getattr(one.result(), "owed", ())


class Attended(Mailbox):
    """With somebody who at once forgets what is to be forgotten, and remembers no conversation."""

    def post(self, letter: Request) -> None:
        super().post(letter)
        if isinstance(letter, Forget):
            fulfil(letter.future, Removed())
        elif isinstance(letter, Recollect):
            fulfil(letter.future, 0)


def letters(school: School, kind: type = Forget) -> list:
    return [letter for letter in school._mailbox.drain() if isinstance(letter, kind)]


@pytest.mark.parametrize("what", ["out", "forgotten", "removed"])
def test_a_refusing_disk_is_no_excuse(path, what):
    """Somebody left while the record could not be written, up to the end of the day: nobody was told that it is done,
    and the next day knows it from the start and does it."""
    with registrar(path) as keeper:
        people, school = People(keeper), School(Attended(), keeper)
        people.agree(ANN, "c")
        asked(school, message="m1")
        school.teach("a quokka is a friend", source="chat", person=ANN, origin=Origin(**HERE, message="m2"))
        assert keeper.kept(ANN).result(60).pairs == 1
        with refusing(path):
            if what == "removed":
                done = [school.remove(Scope(surface="twitch", messages=frozenset(["m1", "m2"])))]
            else:
                done = [people.withdraw(ANN, "c", what)]
                done += [school.forget(person=ANN) if what == "forgotten" else school.withdraw(ANN)]
            keeper.close(step=0, ending="asleep", patience=0.1)
            assert not any(is_done(one) for one in done)
            assert files_with(path.parent, b'"goes"' if what == "removed" else b'"changed"') == ["owed.json"]
    with registrar(path) as keeper:
        people = People(keeper, *keeper.ledger())  # before a row is written
        assert people.agreed(ANN) == (what == "removed")
        for _, removing in keeper.inherited:
            assert removing.result(60).rows
        School(Attended(), keeper).forgetting.go_on(people.left(), keeper.inherited)
        kept = keeper.kept(ANN).result(60)
        assert kept.messages == (1 if what == "out" else 0)
        assert keeper.queries.pairs_learning() == []
        assert [change.what for change in keeper.ledger()[0]] == ["in"] + [what] * (what != "removed")
        wait_for(lambda: not (path.parent / "owed.json").exists())


@contextmanager
def barred(path: Path) -> Iterator[None]:
    """Somebody else's program has the record for itself; nobody else can even read it."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("pragma locking_mode = exclusive")
    other.execute("begin exclusive")
    other.execute("create table if not exists theirs (x)")
    yield
    other.execute("rollback")
    other.close()


@pytest.mark.parametrize("same_day", [True, False])
def test_who_leaves_while_nobody_can_tell_who_agreed_has_left(path, same_day):
    """On a day on which the ledger can't be read nobody counts as having agreed; but who says no on it has said no: it
    is written down as soon as that is possible, be it on another day. Of who never agreed nothing stays even then."""
    with registrar(path) as keeper:
        people = People(keeper)
        for person in (ANN, BOB):
            people.agree(person, "c").result(60)
    with barred(path):
        keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
        people = People(keeper, *keeper.ledger())
        assert people.known(ANN) is None
        assert not people.agreed(ANN)
        leaving = [people.withdraw(ANN, "c"), people.withdraw(BOB, "c", "removed"), people.withdraw(f"{ANN}9", "c")]
        assert people.withdraw(ANN, "c") is None
        leaving.append(people.withdraw(ANN, "c", "forgotten"))
        wait_for((path.parent / "owed.json").exists)
        if not same_day:
            keeper.close(step=0, ending="asleep", patience=0.1)
    if same_day:
        assert [one.result(60) for one in leaving] == [None] * 4
        keeper.close(step=0, ending="asleep")
    with registrar(path) as keeper:
        keeper.kept(ANN).result(60)
        changes, whole = keeper.ledger()
        last = {change.person: change.what for change in changes if change.person != f"{ANN}9"}
        assert (last, whole) == ({ANN: "forgotten", BOB: "removed"}, True)
        assert keeper_count(keeper, f"{ANN}9") == 0
        assert not People(keeper, changes, whole).agreed(ANN)


def keeper_count(keeper: Registrar, person: str) -> int:
    with reading(keeper.path) as db:
        return db["consents"].count_where("person = ?", [person])


def test_where_a_part_of_the_ledger_is_lost_everybody_may_leave(path):
    """A damaged record is set aside, and with it who agreed. Until that copy goes, whoever leaves is written down: if
    somebody mends it, they have left all the same."""
    path.write_bytes(b"no database at all" * 1000)
    with registrar(path) as keeper:
        keeper.kept(ANN).result(60)
        people = People(keeper, *keeper.ledger())
        people.withdraw(ANN, "c").result(60)
        assert [(change.person, change.what) for change in keeper.ledger()[0]] == [(ANN, "out")]
    with registrar(path) as keeper:
        assert People(keeper, *keeper.ledger()).known(BOB) is None
        keeper.forget(Scope(person=ANN)).result(60)
        wait_for(lambda: keeper.ledger()[1])


def test_what_is_owed_is_on_disk_before_the_end(path):
    """While the record refuses, promises are kept beside it, so that even a crash leaves them; when it takes them, that
    file goes."""
    with registrar(path) as keeper:
        people = People(keeper)
        people.agree(ANN, "c").result(60)
        owed = path.parent / "owed.json"
        with refusing(path):
            done = people.withdraw(ANN, "c")
            wait_for(owed.exists)
            assert json.loads(owed.read_text())["owed"][0]["changed"]["person"] == ANN
        done.result(60)
        wait_for(lambda: not owed.exists())


STRANGE = [
    "{", "[]", '{"changed": {}}', '{"remove": {"messages": []}}', '{"new": 1}', "3", "{}", "\udcff", "[" * 100_000,
    '{"withdraw": 3}', '{"forget": {"person": 3, "source": ""}}', '{"forget": {}}', "9" * 5000, '{"changed": 3}',
    '{"changed": {"id": "x", "person": "p", "what": "nonsense", "at": 0, "channel": "", "wording": ""}}',
]  # fmt: skip


@pytest.mark.parametrize("line", STRANGE, ids=range(len(STRANGE)))
def test_a_strange_promise_harms_nobody(path, line, caplog):
    """It is set aside with the file it stands in; the promises before and behind it are kept."""
    owed = path.with_name("baby.db.owed")
    good = [json.dumps({"forget": {"person": person, "source": ""}}) for person in (ANN, BOB)]
    owed.write_bytes("\n".join([good[0], line, good[1], ""]).encode("utf-8", "surrogateescape"))
    with registrar(path) as keeper:
        assert keeper.kept(ANN).result(60).messages == 0
        assert keeper.ledger() == ([], True)
        assert [promise.what for promise in keeper.journal.open()] == [Scope(person=ANN), Scope(person=BOB)]
    (aside,) = path.parent.glob("baby.db.owed.damaged-*")
    assert line.encode("utf-8", "surrogateescape") in aside.read_bytes()
    assert sum("owed was set aside" in record.getMessage() for record in caplog.records) == 1
    assert not owed.exists()


def test_no_promise_and_no_file(path):
    """An empty file of promises is no worry."""
    path.with_name("baby.db.owed").write_text("\n\n")
    with registrar(path) as keeper:
        assert keeper.ledger() == ([], True)
    assert not list(path.parent.glob("*.damaged-*"))


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_of_promises(path, kind):
    """Something else under its name is set aside at once."""
    owed = path.with_name("baby.db.owed")
    match kind:
        case "pipe":
            os.mkfifo(owed)
        case "folder":
            owed.mkdir()
        case "device":
            owed.symlink_to("/dev/zero")
    with registrar(path) as keeper:
        assert keeper.ledger() == ([], True)
    assert len(list(path.parent.glob("baby.db.owed.damaged-*"))) == 1


@pytest.mark.parametrize("name", ["baby.db.owed", "owed.json"])
def test_promises_that_cannot_be_read_now_are_no_reason_to_begin(path, monkeypatch, name):
    """An error in reading them ends in a line, and they stay."""
    owed = path.with_name(name)
    owed.write_text(json.dumps({"withdraw": ANN}) + "\n")
    real = os.open

    def refuse(file, *rest, **named):
        if file == owed:
            raise OSError(5, "Input/output error", str(file))
        return real(file, *rest, **named)

    with monkeypatch.context() as moment:
        moment.setattr(os, "open", refuse)
        with pytest.raises(Mistake, match=f"{name}: can't be read just now .Input/output error."), registrar(path):
            pass
    assert json.loads(owed.read_text()) == {"withdraw": ANN}


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[:16] = b"damaged header!!"
    path.write_bytes(content)


def test_a_damaged_record_keeps_nobodys_words_for_ever(path):
    """It is set aside for the owner to look at, but goes when somebody in it is to be forgotten, whatever the new
    ledger says, and when the retention window is over."""
    in_a_moment = -10 / 86_400  # days; copies are named by the second
    for go in (lambda school: school.forget(person=ANN), lambda school: school.clear_out("twitch", in_a_moment)):
        with registrar(path) as keeper:
            asked(School(Attended(), keeper))
        damage(path)
        with registrar(path) as keeper:
            school = School(Attended(), keeper)
            keeper.kept(ANN).result(60)
            assert len(files_with(path.parent, b"quokka")) == 1
            assert school.clear_out("twitch", 30).result(60).rows == 0
            assert school.forget(source="chat") is not None
            keeper.kept(ANN).result(60)
            assert len(files_with(path.parent, b"quokka")) == 1
            go(school)
            keeper.kept(ANN).result(60)
            assert not files_with(path.parent, b"quokka")


def test_what_is_known_in_memory_ends_before_the_disk_answers(path):
    """While the record refuses: a deleted question or answer ends its conversation and the lessons made of it, one
    under way is broken off, and none of them can be marked any more."""
    with registrar(path) as keeper:
        school = School(Attended(), keeper)
        question = asked(school, message="m1", sent="s1")
        answer = asked(school, BOB, message="m2", sent="s2")
        school.feedback(answer, "fix", correction="a friend", person=ANN, origin=Origin(**HERE, message="m3"))
        letters(school)
        keeper.kept(ANN).result(60)
        with refusing(path):
            for messages, reply, person in ((["m1"], question, ANN), (["s2"], answer, BOB)):
                done = school.remove(Scope(**HERE, messages=frozenset(messages)))
                told = letters(school)
                assert set().union(*[letter.scope.replies for letter in told]) == {reply}
                assert set().union(*[letter.scope.listeners for letter in told]) == {person}
                assert school.find(reply) is None
                assert school.feedback(reply, "good") == "unknown"
            under_way = school.ask("more?", "x", person=ANN, message="m4", consent="1", **HERE)
            school.remove(Scope(**HERE, messages=frozenset(["m4"])))
            assert under_way.cancelled()
            school.remove(Scope(**HERE, messages=frozenset(["m5"])), person=ANN)
            assert ANN in letters(school)[-1].scope.listeners
            assert not done.done()
        assert done.result(60).rows == 3  # the answer, the mark, and its pair; the question stays
        assert keeper.kept(ANN).result(60).messages == 0


def test_taken_back_while_it_is_answered(path):
    """An answer that is finished in the very moment of a removal is neither remembered nor recorded."""
    with registrar(path) as keeper:
        school = School(Attended(), keeper)
        future = school.ask("my quokka", "x", person=ANN, message="m", consent="1", **HERE)
        letter = school._mailbox.hear()[0]
        assert letter.future.set_running_or_notify_cancel()  # too late to cancel
        removing = school.forget(person=ANN)
        for one in letters(school):
            assert one.future.done()
        letter.future.set_result(reply_of(letter.id, "a friend"))
        assert future.result(60).text == "a friend"
        assert removing.result(60).rows == 1
        assert school.find(letter.id) is None
        kept = keeper.kept(ANN).result(60)
        assert (kept.messages, kept.replies) == (0, 0)


def test_what_the_baby_said_can_be_taken_back_alone(path):
    """A moderator silences the baby itself: its answers there since then go, with the marks and pairs made of them, and
    the conversations they were part of; the questions stay, and so do older answers and other channels'."""
    with registrar(path) as keeper:
        school = School(Attended(), keeper)
        old = asked(school, message="m0")
        time.sleep(0.002)
        since = id_at(time.time())
        vile = asked(school, message="m1", sent="s1")
        school.feedback(vile, "good", person=BOB, origin=Origin(**HERE, message="m2"))
        pair = letters(school, Teach)[0].pair
        scope = Scope(**HERE, since=since, answers=True)
        assert scope.covers(pair)
        assert not scope.covers(replace(pair, reply=""))
        assert not scope.covers(replace(pair, reply=old))
        done = school.remove(scope)
        told = letters(school)[0]
        assert (told.scope.replies, told.scope.listeners) == ({vile}, {ANN})
        assert done.result(60).rows == 3
        kept = keeper.kept(ANN).result(60)
        assert (kept.messages, kept.replies, kept.pairs) == (2, 1, 0)
        assert keeper.kept(BOB).result(60).messages == 0
        assert school.find(old)
        assert school.remove(replace(scope, since="", channel="elsewhere")).result(60).rows == 0


def test_marks_are_kept_and_counted(path):
    """Of somebody who only marked, that is what is kept; to forget them takes it, from memory too."""
    with registrar(path) as keeper:
        school = School(Attended(), keeper)
        reply = asked(school, BOB, sent="s")
        assert not school.has_marked(reply, ANN)
        school.feedback(reply, "bad", person=ANN, origin=Origin(**HERE, message="m2"), trust=2)
        assert school.has_marked(reply, ANN)
        assert not school.has_marked(reply, ANN, fixed=True)
        assert keeper.kept(ANN).result(60).messages == 1
        again = School(Attended(), keeper, exchanges=keeper.queries.exchanges(10))
        assert again.has_marked(reply, ANN)
        assert again.find_sent("twitch", "s") == reply
        assert again.find(reply).trust == school.find(reply).trust == 2
        school.forget(person=ANN)
        assert keeper.kept(ANN).result(60).messages == 0
        assert not school.has_marked(reply, ANN)


def test_looking_up_never_waits_for_the_disk(path):
    """find, find_sent and has_marked answer at once while another program holds the whole record."""
    with registrar(path) as keeper:
        school = School(Attended(), keeper)
        reply = asked(school, sent="s")
        keeper.kept(ANN).result(60)
        keeper.path = path.parent / "nowhere.db"  # whoever looks there finds nothing
        assert school.find(reply).question == "my quokka"
        assert school.find_sent("twitch", "s") == reply
        assert school.find_sent("twitch", "unknown") == ""
        assert school.find("unknown") is None
        assert not school.has_marked("unknown", ANN)


def test_a_crowd_is_removed_in_no_time(path):
    """Among many messages, bans, deletions and forgetting look where they have to, not at everything."""
    with registrar(path) as keeper:
        rows = [(new_id(), f"twitch:{i % 500}", f"some words {i}", f"m{i}") for i in range(4_000)]
        columns = (
            "insert into messages (id, surface, channel, person, text, chat_message) values (?,'twitch','c',?,?,?)"
        )
        keeper._writer.submit(lambda db: db.conn.executemany(columns, rows))
        answers = "insert into replies (id, message_id, text) select id, id, 'x' from messages"
        keeper._writer.submit(lambda db: db.execute(answers))
        keeper.kept(ANN).result(60)
        school = School(Attended(), keeper)
        done = [school.remove(Scope(**HERE, person=f"twitch:nobody{i}", since="0")) for i in range(200)]
        done += [school.remove(Scope(**HERE, messages=frozenset([f"m{i}"]))) for i in range(50)]
        assert sum(one.result(60).rows for one in done) == 100
        for scope in (Scope(**HERE, person=ANN), Scope(**HERE, messages=frozenset("m")), Scope(**HERE, before="1")):
            plans = []
            keeper._writer._db.conn.set_trace_callback(plans.append)
            keeper.forget(scope).result(60)
            keeper._writer._db.conn.set_trace_callback(None)
            scans = [
                scanned(keeper, sql) for sql in plans if "where" in sql and "temp" in sql or sql.startswith("delete")
            ]
            assert len(scans) > 5
            assert not set().union(*scans) & {"messages", "replies", "feedback", "pairs"}, scope


def scanned(keeper: Registrar, sql: str) -> set[str]:
    """Tables that a statement would read from one end to the other."""
    select = sql if sql.startswith("delete") else sql[sql.index("select") :]
    with reading(keeper.path) as db:
        for table in ("gone_messages", "gone_replies"):
            db.execute(f"create temp table {table} (id text, person text)")
        plan = [row[3] for row in db.execute(f"explain query plan {select}").fetchall()]
    return {line.split()[1] for line in plan if line.startswith("SCAN")}


def test_conversations_of_a_crash_go(tmp_path):
    """What a crash left half written, and what cannot be read, is gone at waking; who is forgotten is found without
    reading the others."""
    for name in ("x.unfinished", "torn.safetensors"):
        (tmp_path / name).write_bytes(b'..."person": "\\"twitch:1\\""')
    talks = Conversations(tmp_path, limit=1, disk_limit=9, device=torch.device("cpu"))
    assert list(tmp_path.iterdir()) == []
    for i in range(4):
        talks.put(f"talk {i}", Conversation(f"twitch:{i}", {"a": torch.zeros(1, 4)}, torch.zeros(1, 3), [1]))
    again = Conversations(tmp_path, limit=1, disk_limit=9, device=torch.device("cpu"))
    assert [again.forget({ANN, BOB}), talks.forget({ANN})] == [2, 1]
    assert len(list(tmp_path.iterdir())) == 1


def test_scopes_cover_pairs_by_all_that_is_given():
    pair = Pair(id=id_at(1e9), prompt="", answer="x", person=ANN, origin=Origin(**HERE, message="m"), asked_in="q")
    assert Scope(surface="twitch", messages=frozenset(["q"])).covers(pair)
    assert not Scope(surface="twitch", messages=frozenset(["q"]), person=BOB).covers(pair)
    assert not Scope(surface="twitch", answers=True).covers(pair)
