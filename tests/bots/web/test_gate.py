"""Who may come in: names, pages, keys. Over real sockets, to a living school."""

from __future__ import annotations

import json
import stat

import pytest

from bots.web.face import CSP
from bots.web.files import Files
from bots.web.gate import Gate, _split
from bots.web.keys import Keys, is_loopback
from school.office.log import redact
from school.office.mistakes import Mistake
from tests.bots.web.calling import Listener, as_page, call, post
from tests.bots.web.living import served


@pytest.fixture(scope="module")
def here(all_day):
    with served(all_day) as face:
        yield face


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1", "localhost:1", "", "a:b:c", "[::1]"]
)
def test_it_answers_to_its_own_names_alone(here, host):
    """A name that somebody else owns may be made to lead here (DNS rebinding)."""
    answer = call(here.port, "GET", "/api/status", headers={"Host": host})
    assert answer.status == 421
    assert answer.why == f"it doesn't go by that name; it is at localhost:{here.port}"


def test_its_own_names(here):
    for name in ("localhost", "LocalHost", "127.0.0.1", "[::1]"):
        assert call(here.port, "GET", "/api/status", host=f"{name}:{here.port}").status == 200


@pytest.mark.parametrize(
    "path", ["/api/ask", "/api/teach", "/api/type", "/v1/chat/completions", "/v1/babyllm/feedback"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://localhost:{port}"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://localhost:{port}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
    ],
)
def test_pages_of_others_can_do_nothing(here, all_day, path, headers):
    """Whatever they post, in whatever form; nothing is asked, nothing is said."""
    before = all_day.school.status().replies
    headers = {name: value.format(port=here.port) for name, value in headers.items()} | {"X-Babyllm": "1"}
    answer = call(here.port, "POST", path, b'{"text": "hello"}', headers | {"Content-Type": "text/plain"})
    assert (answer.status, answer.why) == (403, "pages of others can do nothing here")
    assert all_day.school.status().replies == before


def test_pages_of_others_hear_nothing(here):
    for path in ("/events", "/overlay/events", "/api/status", "/static/owner/owner.js"):
        assert call(here.port, "GET", path, headers={"Origin": "http://evil.example"}).status == 403
        assert call(here.port, "GET", path, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert call(here.port, "GET", "/nothing", headers={"Sec-Fetch-Site": "same-origin"}).status == 404


def test_only_its_own_page_changes_something(here):
    """What a browser sends by itself is not enough."""
    own = as_page(here.port)
    for missing, why in (("Origin", "send an Origin"), ("X-Babyllm", "send the header X-Babyllm: 1")):
        headers = {name: value for name, value in own.items() if name != missing}
        answer = call(here.port, "POST", "/api/type", {}, headers)
        assert (answer.status, answer.why[: len(why)]) == (403, why)
    assert call(here.port, "POST", "/api/type", headers=own).status == 200


def test_with_a_key_only(all_day):
    """Everything wants it, where others than this machine get there; a wrong one is none."""
    with served(all_day, keys=True) as here:
        kept = json.loads((all_day.home / "secrets" / "web.json").read_text())
        assert {link.partition("?")[0] for link in kept["pages"]} == {f"http://127.0.0.1:{here.port}/"}
        wrong = kept["token"][:-1] + ("a" if kept["token"][-1] != "a" else "b")
        bearers = [f"Bearer {wrong}", "Bearer ", f"Basic {kept['token']}", "Bearer \xc3\xa9"]
        for given in ({}, {"Cookie": f"babyllm={wrong}"}, *({"Authorization": bearer} for bearer in bearers)):
            for path in ("/", "/events", "/api/status", "/v1/models", "/overlay", "/overlay/events", "/static/x.js"):
                answer = call(here.port, "GET", path, headers=given)
                assert (answer.status, answer.why[:20]) == (401, "a key is wanted here"), (path, given)
        for given in ({"Authorization": f"Bearer {kept['token']}"}, {"Cookie": f"babyllm={kept['token']}"}):
            assert call(here.port, "GET", "/api/status", headers=given).status == 200
        key = {"Authorization": f"Bearer {kept['token']}", "X-Babyllm": "1"}
        assert call(here.port, "POST", "/api/type", headers=key).status == 200
        cookie = {"Cookie": f"babyllm={kept['token']}", "X-Babyllm": "1"}
        assert call(here.port, "POST", "/api/type", headers=cookie).status == 403  # a browser sends an Origin


def test_a_link_with_a_key_lets_in(all_day):
    """Once; from then on the browser has it, and no address shows it."""
    with served(all_day, keys=True) as here:
        token = here.face._keys.token
        first = call(here.port, "GET", f"/?token={token}&a=b")
        assert (first.status, first.headers["location"]) == (303, "/?a=b")
        cookie = first.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert call(here.port, "GET", "/api/status", headers={"Cookie": cookie.partition(";")[0]}).status == 200
        assert call(here.port, "GET", "/?token=wrong").status == 401
        linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert call(here.port, "GET", f"/?token={token}", headers=linked).status == 303


def test_a_person_without_a_key_is_asked_for_it(all_day):
    """An icon on an iPhone's screen has no address to write it into, and not what Safari has."""
    reader = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    with served(all_day, keys=True) as here:
        for path in ("/", "/?token=wrong"):
            asked = call(here.port, "GET", path, headers=reader)
            assert (asked.status, asked.headers["content-type"]) == (401, "text/html; charset=utf-8")
            assert '<form action="/" method="get">' in asked.text
            assert 'name="token"' in asked.text
        assert call(here.port, "GET", "/static/owner/key.css").status == 200
        for path in ("/static/owner/page.js", "/api/status", "/overlay", "/static/owner/key.css/../page.js"):
            assert call(here.port, "GET", path, headers=reader).why.startswith("a key is wanted here"), path


def test_the_key_of_the_overlay_opens_nothing_else(all_day):
    with served(all_day, keys=True) as here:
        key = here.face._keys.overlay
        let_in = call(here.port, "GET", f"/overlay?token={key}&theme=dark")
        assert let_in.headers["location"] == "/overlay?theme=dark"
        cookie = {"Cookie": let_in.headers["set-cookie"].partition(";")[0]}
        with Listener(here.port, "/overlay/events", **cookie) as overlay:
            assert overlay.until("state")["name"] == "baby"
        assert call(here.port, "GET", f"/?token={key}").status == 401
        for path in ("/events", "/api/status", "/v1/models", "/"):
            for given in (cookie, {"Authorization": f"Bearer {key}"}, {"Cookie": f"babyllm={key}"}):
                assert call(here.port, "GET", path, headers=given).status == 401


def test_keys_are_kept_for_their_owner_alone(tmp_path):
    """And stay the same; what is damaged is said, and no log shows them."""
    first = Keys.of(tmp_path)
    file = tmp_path / "secrets" / "web.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert (file.parent / ".gitignore").read_text() == "*\n"
    assert Keys.of(tmp_path) == first
    assert first.token not in repr(first)
    assert first.token not in redact(f"see {first.token}")
    file.chmod(0o644)
    assert Keys.of(tmp_path) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text('{"token": "short", "overlay": 3}')
    assert len(Keys.of(tmp_path).token) > 40
    for damaged in ("[]", "{}"):
        file.write_text(damaged)
        assert Keys.of(tmp_path).token != first.token
    file.write_text("no json")
    with pytest.raises(Mistake, match="delete it, and new keys are made"):
        Keys.of(tmp_path)


@pytest.mark.parametrize(("host", "alone"), [
    ("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.3.2.1", True), ("0.0.0.0", False), ("::", False),
    ("192.168.0.4", False), ("baby.example", False), ("", False),
])  # fmt: skip
def test_what_nobody_else_reaches(host, alone):
    assert is_loopback(host) is alone


@pytest.mark.parametrize(("given", "split"), [
    ("localhost:8088", ("localhost", 8088)), ("[::1]:8088", ("[::1]", 8088)), ("localhost", ("localhost", 80)),
    ("[::1]", ("[::1]", 80)), ("a:b", ("", -1)), ("a:123456", ("", -1)), ("", ("", 80)), ("::1", ("::1", 80)),
])  # fmt: skip
def test_a_host_and_its_port(given, split):
    assert _split(given) == split


def test_a_whole_network_reaches_it_by_addresses():
    """Which can't be made to lead elsewhere; names but its own can."""
    gate = Gate("0.0.0.0", None)
    gate.port = 8088
    for name in ("192.168.0.7:8088", "[fe80::1]:8088", "localhost:8088"):
        assert gate._is_ours(name)
    for name in ("evil.example:8088", "192.168.0.7:80", "192.168.0.7.evil.example:8088"):
        assert not gate._is_ours(name)
    assert Gate("fe80::1", None).names() == ("[fe80::1]",)


def test_files_are_those_that_were_there(tmp_path):
    """Of known kinds, in their places, and no links."""
    (tmp_path / "static" / "owner").mkdir(parents=True)
    (tmp_path / "static" / "owner" / "index.html").write_text("hello")
    (tmp_path / "static" / "notes.txt").write_text("private")
    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "static" / "link.js").symlink_to(tmp_path / "secret.js")
    assert set(Files(tmp_path / "static")._files) == {"owner/index.html"}


@pytest.mark.parametrize("path", [
    "/static/../face.py", "/static/..%2fface.py", "/static/%2e%2e/face.py", "/static//etc/passwd", "/static/",
    "/static/\\..\\face.py", "/static/..%c0%afface.py", "/static/%00", "/static/owner/../../keys.py", "//etc/passwd",
    "/../../etc/passwd",
])  # fmt: skip
def test_no_path_leads_out(here, path):
    answer = call(here.port, "GET", path)
    assert answer.status in (400, 404)
    assert "error" in answer.json


def test_pages_may_load_nothing_from_elsewhere(here):
    headers = call(here.port, "GET", "/api/status").headers
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in CSP
    assert "unsafe" not in CSP
    assert "access-control-allow-origin" not in headers
    assert post(here.port, "/api/type").headers["referrer-policy"] == "no-referrer"
