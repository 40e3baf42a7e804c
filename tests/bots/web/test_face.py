"""The web face of a living school: events, answers, marks and looks, over real sockets."""

from __future__ import annotations

import socket

import pytest

from bots.typed import ROWS
from tests.bots.web.calling import Listener, as_page, call, events, post, raw, typed
from tests.bots.web.living import LEARNING, served
from tests.school.test_classroom import wait_for


def ask(port: int, text: str) -> tuple[str, list]:
    answer = post(port, "/api/ask", {"text": text})
    told = events(answer.text)
    assert told[0][0] == "begin"
    return told[0][1]["id"], told


def test_it_says_how_it_is_and_comes_back_at_the_same_place(living):
    with served(living) as here:
        state = call(here.port, "GET", "/api/status").json
        assert (state["name"], state["awake"], state["species"]) == ("baby", True, "interneuron")
        assert here.face.lines()[0].startswith(f"web face: http://localhost:{here.port}/")
    assert living.told == [f"Its face is at {here.url}/ (for a stream: {here.url}/overlay)."]
    with served(living, port=here.port) as again:
        assert again.port == here.port
        assert call(again.port, "GET", "/api/status").json["step"] >= state["step"]


def test_a_page_sees_what_it_reads_and_how_it_feels(all_day):
    """The state first, then steps; now and then with the tokens that it reads, the windows and the memories."""
    with served(all_day) as here, Listener(here.port) as page:
        first = page.until("state")
        assert page.heard == [("state", first)]
        step = page.until("step", lambda data: data["reading"])
        assert {token["hit"] for token in step["reading"]} <= {True, False}
        assert all(isinstance(token["text"], str) for token in step["reading"])
        assert [window["size"] for window in step["windows"]] == pytest.approx([1, 2, 3.5, 6], abs=1)
        assert sum(window["gate"] for window in step["windows"]) == pytest.approx(1, abs=0.01)
        assert step["memory"]["names"][:2] == ["short 1", "long 1"]
        assert step["memory"]["spans"][0] > 1
        assert 0 <= step["pulse"] <= 1
        assert len(step["colour"]) == 3
        assert step["loss"] > 0
        exam = page.until("examined")
        assert exam["held_out_bits"] >= exam["best"] > 0
        typed(here.port, "/save")
        assert page.until("saved")["step"] > 0


def test_an_answer_comes_piece_by_piece(all_day):
    """The pieces make up the whole; pages that are open hear it as it grows."""
    with served(all_day) as here, Listener(here.port) as page:
        page.until("state")
        key, told = ask(here.port, "how are you?")
        end = told[-1][1]
        assert told[-1][0] == "end"
        assert end["id"] == key
        assert "".join(data["text"] for name, data in told if name == "token").strip() == end["text"]
        assert (end["told"], len(end["colour"])) == (False, 3)
        begin = page.until("reply_begin")
        assert begin == {"id": key, "question": "how are you?", "to": "you", "surface": "web"}
        assert page.until("reply_end")["id"] == key
        pieces = [data["text"] for name, data in page.heard if name == "reply_token"]
        assert "".join(pieces).strip() == end["text"]
        assert all_day.school.find(key).question == "how are you?"


def test_who_leaves_is_answered_no_more(living):
    """Closing the connection takes the question back, and pages hear that."""
    living.classroom.receptionist.settings = living.classroom.receptionist.settings.model_copy(
        update={"max_tokens": 4096, "max_seconds": 600.0}
    )
    living.classroom.receptionist._ends_sentence = lambda speaking: False
    with served(living) as here, Listener(here.port) as page:
        page.until("state")
        body = b'{"text": "tell me a long story"}'
        head = f"POST /api/ask HTTP/1.1\r\nHost: localhost:{here.port}\r\nContent-Length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in as_page(here.port).items())
        with socket.create_connection(("127.0.0.1", here.port)) as connection:
            connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
            begin = page.until("reply_begin")
            assert connection.recv(100)
        assert page.until("reply_end")["id"] == begin["id"]
        wait_for(lambda: not living.classroom.receptionist.busy)


def test_answers_are_marked_and_taught(living):
    """Good, bad and fix; what was bad is never good; teaching, and taking it back; why it said something."""
    with served(living) as here:
        key, _ = ask(here.port, "what is the sea?")
        why = post(here.port, "/api/why", {"reply": key}).json["message"]
        assert why.startswith("nobody told it that")
        good = post(here.port, "/api/feedback", {"reply": key, "verdict": "good"})
        assert good.json == {"message": "it learns that, and tries to do more of it"}
        wait_for(lambda: len(living.tutor.reviews) == 1)
        assert (
            post(here.port, "/api/feedback", {"reply": key, "verdict": "bad"})
            .json["message"]
            .startswith("it will never learn")
        )
        again = post(here.port, "/api/feedback", {"reply": key, "verdict": "good"})
        assert (again.status, again.why) == (409, "it was marked as bad before; say what it should have been")
        fixed = post(here.port, "/api/feedback", {"reply": key, "verdict": "fix", "text": "a lot of water"})
        assert fixed.json["message"].startswith("it says that from now on")
        wait_for(lambda: [r.pair.answer for r in living.tutor.reviews._reviews.values()] == ["a lot of water"])
        assert "a lot of water" in typed(here.port, "/undo")
        taught = post(here.port, "/api/teach", {"question": "who are you?", "answer": "your baby"})
        assert taught.json["message"].startswith("it says that from now on")
        assert post(here.port, "/api/teach", {"answer": "the sea is wet"}).json["message"] == "it will learn that"
        for _ in range(2):
            assert typed(here.port, "/undo").startswith("taken back")
        assert typed(here.port, "/undo") == "there is nothing that you taught"
        forgotten = post(here.port, "/api/feedback", {"reply": "nonsense", "verdict": "good"})
        assert (forgotten.status, forgotten.why) == (404, "that answer is forgotten")


def test_what_can_be_typed_is_what_a_terminal_takes(living):
    """The same commands, in the same words; nothing that is no command is done."""
    with served(living) as here:
        for row in ROWS:
            assert f"  {row.name}" in typed(here.port, "/help"), row.name
        status = typed(here.port, "/status").splitlines()
        assert status[0] == LEARNING
        assert [line.partition(":")[0] for line in status[2:5]] == ["self-state", "brain", "library"]
        assert typed(here.port, "/view plain") == "lessons are shown plain from the next step on"
        assert typed(here.port, "/statsu").startswith("/statsu is not a command; did you mean /status?")
        assert typed(here.port, "/good") == "it has not said anything yet"
        key, _ = ask(here.port, "what is the sea?")
        assert typed(here.port, "/good", key).startswith("it learns that")
        assert typed(here.port, "/who").startswith("kept of you: ")
        told = post(here.port, "/api/type", {"line": "no", "reply": key}).json
        assert told == {"message": "", "was": False, "asks": False, "begins": False}


def test_it_asks_before_it_forgets_or_sleeps(living):
    """And does neither unless the next line of the page that was asked is yes; what follows a yes is done, also where
    nobody waits for it any more."""
    with served(living) as here:
        ask(here.port, "what is the sea?")
        asked = {
            "/forget": "for ever, also from saved souls and backups? yes or no",
            "/quit": "let it sleep? yes or no",
        }
        for line, question in asked.items():
            for answer in ("no", "/status", "and now?"):
                told = post(here.port, "/api/type", {"line": line}).json
                assert told["asks"]
                assert question in told["message"]
                told = post(here.port, "/api/type", {"line": answer, "asked": True}).json
                assert told["was"] == (answer != "and now?"), answer
        assert post(here.port, "/api/type", {"line": "/forget"}).json["asks"]
        other = post(here.port, "/api/type", {"line": "yes"}).json  # of a page that was not asked
        assert other == {"message": "", "was": False, "asks": False, "begins": False}
        assert living.school.status().awake
        assert "1 question" in typed(here.port, "/who")
        assert post(here.port, "/api/type", {"line": "/forget"}).json["asks"]
        body = b'{"line": "yes", "asked": true}'
        with socket.create_connection(("127.0.0.1", here.port), 60) as connection:
            head = {**as_page(here.port), "Content-Type": "application/json", "Content-Length": len(body)}
            lines = [f"POST /api/type HTTP/1.1\r\nHost: localhost:{here.port}"]
            lines += [f"{name}: {value}" for name, value in head.items()]
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        wait_for(lambda: "0 questions" in typed(here.port, "/who"))
        assert living.school.status().awake


def test_a_conversation_goes_on_until_another_begins(living):
    with served(living) as here:
        ask(here.port, "hello")
        assert set(living.classroom.receptionist.conversations.snapshot()) == {"web:owner"}
        typed(here.port, "/new")
        ask(here.port, "hello")
        names = set(living.classroom.receptionist.conversations.snapshot())
        assert len(names) == 2
        assert all(name.startswith("web:owner") for name in names)


def test_lessons_pause_and_go_on(living):
    """And pages that are open are told."""
    with served(living) as here, Listener(here.port) as page, Listener(here.port, "/overlay/events") as overlay:
        assert typed(here.port, "/pause").startswith("lessons pause; it still answers")
        assert page.until("state", lambda data: data["paused"])
        assert overlay.until("state", lambda data: data["paused"])
        assert typed(here.port, "/resume") == "lessons go on"
        assert page.until("state", lambda data: not data["paused"])


def test_its_life_is_looked_at(living):
    with served(living) as here:
        key, _ = ask(here.port, "hello")
        wait_for(lambda: living.school.status().step > 20)
        living.registrar.write(lambda db: None).result(60)
        curve = call(here.port, "GET", "/api/curve?metric=loss&points=10").json
        assert (curve["metric"], curve["unit"]) == ("loss", "nats per token")
        assert 1 < len(curve["points"]) <= 10
        assert all(value > 0 for _, value in curve["points"])
        wrong = call(here.port, "GET", "/api/curve?metric=los")
        assert (wrong.status, wrong.why) == (404, "there is no statistic los; did you mean loss?")
        for points in ("0", "one", "1e3", "99999999999"):
            assert "points must be a whole number" in call(here.port, "GET", f"/api/curve?points={points}").why
        bells = call(here.port, "GET", "/api/timetable").json
        assert {"name", "when", "help", "next"} == bells[0].keys()
        assert call(here.port, "GET", "/api/diary").json == []
        page = {"day": "2026-11-29", "kind": "day", "at": "2026-11-29T20:00:00+00:00", "text": "I read a lot."}
        page |= {"facts": "{}", "lines": '[{"text": "I read a lot.", "people": [], "replies": []}]'}
        living.registrar.write(lambda db: db["diary"].insert(page)).result(60)
        assert call(here.port, "GET", "/api/diary?pages=3").json == [
            {"title": "Sunday, 29 November 2026", "kind": "day", "day": "2026-11-29", "text": "I read a lot."}
        ]
        assert wait_for(lambda: call(here.port, "GET", "/api/status").json["age_seconds"] is not None)


def test_people_who_agree_are_shown_by_the_name_they_have_now(living):
    """Nobody else is, and nobody who is not there by name."""
    with served(living) as here:
        assert call(here.port, "GET", "/api/people").json == []
        living.people.agree("room:ann", "c").result(60)
        living.people.agree("room:zoe", "c").result(60)
        ann, zoe = call(here.port, "GET", "/api/people").json
        assert (ann["name"], ann["where"], ann["messages"]) == ("Ann", "room", 0)
        assert zoe["name"] is None
        living.people.withdraw("room:ann", "c").result(60)
        assert [person["name"] for person in call(here.port, "GET", "/api/people").json] == [None]


def test_one_that_falls_asleep_says_so(living):
    """Pages hear it, and what is asked then is refused; whoever listens is let go when it closes."""
    with served(living) as here, Listener(here.port) as page:
        page.until("state")
        living.classroom.stop()
        living.classroom.done.result(60)
        assert page.until("state", lambda data: not data["awake"])
        late = post(here.port, "/api/ask", {"text": "hello"})
        assert (late.status, late.why) == (503, "it is falling asleep")
    page.rest()


def test_a_port_that_is_taken_costs_the_pages_alone(living):
    """It is told in a line, and the life goes on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with served(living, port=port) as here:
            assert here.port == 0
            assert f"127.0.0.1:{port}" in here.face.lines()[0]
    assert len(living.told) == 1
    assert "choose another with --set web.port=N" in living.told[0]
    assert living.classroom.done.running() or not living.classroom.done.done()


def test_what_is_no_page_is_one_line(all_day):
    with served(all_day) as here:
        assert call(here.port, "GET", "/nothing").why == "there is nothing here"
        wrong = call(here.port, "GET", "/api/ask")
        assert (wrong.status, wrong.headers["allow"], wrong.why) == (405, "POST", "that can't be done here")
        assert b'"message"' in raw(here.port, b"what is this?\r\n\r\n")
