"""Hostile requests, and many of them: refused in a line, while lessons go on. To a living school, over real sockets."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import pytest

from bots.web import doorman, hub
from bots.web.doorman import CONNECTIONS, PATIENCE_SECONDS, Doorman
from bots.web.reading import BODY_BYTES, LONGEST
from tests.bots.web.calling import Listener, as_page, call, post, raw
from tests.bots.web.living import Living, served
from tests.school.test_classroom import wait_for


@pytest.fixture(autouse=True)
def lessons_go_on(all_day) -> Iterator[None]:
    """Whatever happens."""
    before = all_day.school.status().step
    yield
    assert wait_for(lambda: all_day.school.status().step > before)
    assert not all_day.classroom.done.done()


@pytest.fixture(scope="module")
def here(all_day):
    with served(all_day) as face:
        yield face


def refused(port: int, body: bytes, path: str = "/api/teach", **headers: str) -> tuple[int, str]:
    given = {"Content-Type": "application/json"} | as_page(port) | headers
    answer = call(port, "POST", path, body, given)
    return answer.status, answer.why


DEEP = "that is no JSON: it is nested too deeply"


@pytest.mark.parametrize(("body", "status", "why"), [
    (b"{", 400, "that is no JSON"), (b"\xff\xfe", 400, "that is no JSON"), (b"[1]", 400, "send a JSON object"),
    (b"null", 400, "send a JSON object"), (b"{}", 400, "answer must be a text"),
    (b'{"answer": 3}', 400, "answer must be"), (b'{"answer": " "}', 400, "answer must be a text"),
    (b"[" * 100_000, 400, DEEP), (b'{"a":' * 40_000, 400, DEEP), (b"1" * 200_000, 400, "that is no JSON"),
    (b'{"answer": "%s"}' % (b"x" * (LONGEST + 1)), 413, "answer is too long"),
    (b" " * (BODY_BYTES + 1), 413, "that is too long"),
])  # fmt: skip
def test_what_is_no_good_is_said_in_a_line(here, body, status, why):
    got, told = refused(here.port, body)
    assert (got, told[: len(why)]) == (status, why)
    assert refused(here.port, b'{"text": "x"}', "/api/ask", **{"Content-Type": "text/plain"})[0] == 415


def test_a_body_that_is_said_to_be_endless(here):
    """Is not waited for."""
    head = f"POST /api/teach HTTP/1.1\r\nHost: localhost:{here.port}\r\nContent-Type: application/json\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in as_page(here.port).items())
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    got = raw(here.port, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 8)
    assert b"413" in got.split(b"\r\n")[0]


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n\r\n",
    b"\x00" * 100 + b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 5000 + b"\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
])  # fmt: skip
def test_what_is_no_http_is_refused_and_let_go(here, data):
    got = raw(here.port, data)
    head, _, body = got.partition(b"\r\n\r\n")
    if got:  # what was still being sent may have been cut off
        assert head.split()[1] in (b"400", b"421")
        assert json.loads(body)["error"]["message"]
    assert call(here.port, "GET", "/api/status").status == 200


def test_many_requests_at_once_on_one_connection(here):
    """Are answered in turn (HTTP pipelining)."""
    one = f"GET /nothing HTTP/1.1\r\nHost: localhost:{here.port}\r\n\r\n".encode()
    last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert raw(here.port, one * 499 + last).count(b"HTTP/1.1 404") == 500


def test_a_thousand_connections(all_day, monkeypatch):
    """Those that there is no room for are told, and cost nothing; when the others leave there is room again."""
    monkeypatch.setattr(doorman, "PATIENCE_SECONDS", 600.0)  # for those who are inside
    with served(all_day) as here, contextlib.ExitStack() as closing:
        guard: Doorman = here.face._doorman
        for came in range(100, 1001, 100):
            some = [socket.create_connection(("127.0.0.1", here.port), 60) for _ in range(100)]
            wait_for(lambda came=came: guard.inside + guard.turned_away == came)
            assert guard.inside == CONNECTIONS
            got = some[-1].recv(1000)
            assert b" 503 " in got
            assert json.loads(got.partition(b"\r\n\r\n")[2])["error"]["message"].startswith("too many are here")
            for one in some:
                closing.callback(one.close)
            if came > 100:  # few have room for a thousand at a time
                for one in some:
                    one.close()
        closing.close()
        wait_for(lambda: not guard.inside)
        assert call(here.port, "GET", "/api/status").status == 200


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_only_stands_in_the_door_is_shown_out(all_day, monkeypatch):
    """Byte by byte, or without a word (slowloris); not who is served, or listens."""
    clock = Clock()
    monkeypatch.setattr(doorman, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(doorman.Doorman.__init__, "__defaults__", (clock,))
    with served(all_day) as here, Listener(here.port) as page, contextlib.ExitStack() as closing:
        page.until("state")
        slow = [closing.enter_context(socket.create_connection(("127.0.0.1", here.port), 60)) for _ in range(20)]
        for one in slow:
            one.sendall(b"GET / HTTP/1.1\r\nX: ")
        guard: Doorman = here.face._doorman
        wait_for(lambda: len(guard._waiting) == 20)
        clock.now += PATIENCE_SECONDS - 1
        slow[0].sendall(b"a")
        time.sleep(0.2)
        assert len(guard._waiting) == 20
        clock.now += 2
        for one in slow:
            with contextlib.suppress(ConnectionResetError):
                assert one.recv(10) == b""
        assert page.until("step")


def test_a_body_that_never_comes(all_day, monkeypatch):
    """Is not waited for for ever."""
    monkeypatch.setattr("bots.web.reading.BODY_SECONDS", 0.2)
    with served(all_day) as here:
        head = f"POST /api/teach HTTP/1.1\r\nHost: localhost:{here.port}\r\nContent-Length: 10\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in as_page(here.port).items())
        got = raw(here.port, f"{head}\r\n".encode(), until=lambda got: b"}}" in got)
        assert b"408" in got.split(b"\r\n")[0]


def test_who_listens_too_slowly_is_let_go(all_day, monkeypatch):
    """And nobody waits for them; others hear everything."""
    monkeypatch.setattr(hub, "WAITING", 20)
    monkeypatch.setattr(hub, "BUFFER", 1)
    with served(all_day) as here, Listener(here.port) as page, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        slow.connect(("127.0.0.1", here.port))
        slow.sendall(f"GET /events HTTP/1.1\r\nHost: localhost:{here.port}\r\n\r\n".encode())
        wait_for(lambda: len(here.face.owner_hub) == 2)
        for _ in range(400):
            said = here.loop.create_future
            assert said
            here.loop.call_soon_threadsafe(here.face.owner_hub.publish, "reply_token", {"text": "x" * 20_000})
            page.until("reply_token")
            if here.face.owner_hub.lost:
                break
        wait_for(lambda: len(here.face.owner_hub) == 1)
        assert here.face.owner_hub.lost == 1
        assert page.until("step")


def test_more_than_so_many_listeners(all_day):
    """Are told to come again."""
    with served(all_day) as here, contextlib.ExitStack() as closing:
        for _ in range(hub.LISTENERS):
            closing.enter_context(Listener(here.port, "/overlay/events"))
        wait_for(lambda: len(here.face.overlay_hub) == hub.LISTENERS)
        assert call(here.port, "GET", "/overlay/events").status == 503
        assert post(here.port, "/api/type").status == 200


def test_nothing_is_worked_out_while_nobody_listens(all_day):
    """No look from near, no event for the loop; once somebody listens, both."""
    with served(all_day) as here:
        watch, published = here.face.watch, []
        publish, watch._publish = watch._publish, lambda event: (published.append(event), publish(event))
        step = all_day.school.status().step
        wait_for(lambda: all_day.school.status().step > step + 10)
        assert not watch.look()
        assert not published
        assert watch.overhear.__self__ is watch
        with Listener(here.port) as page:
            page.until("step", lambda data: data["reading"])
        assert published


def test_bad_questions_leave_nothing_waiting(living: Living):
    """Who leaves while a thousand questions are asked takes them along."""
    with served(living) as here:
        for number in range(40):
            body = json.dumps({"text": f"question {number}"}).encode()
            head = f"POST /api/ask HTTP/1.1\r\nHost: localhost:{here.port}\r\nContent-Length: {len(body)}\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in as_page(here.port).items())
            with socket.create_connection(("127.0.0.1", here.port), 60) as one:
                one.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
        assert call(here.port, "GET", "/api/status").status == 200  # who came before was let in before
        wait_for(lambda: here.face._doorman.inside == 0)
        wait_for(lambda: not living.classroom.receptionist.busy and not here.face.watch.speaking())
        wait_for(lambda: living.classroom.mailbox._unanswered == 0)
