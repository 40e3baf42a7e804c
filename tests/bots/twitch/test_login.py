"""A streamer's way in: both kinds of login, what they refuse, and what `check` says; with a small Twitch on this
machine."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bots.twitch.address import point_client_library, stand_in
from bots.twitch.cli import run_errand
from bots.twitch.keys import Refused, configured, keep_application, read_keys, token_file
from bots.twitch.login import _application, log_in
from bots.twitch.settings import TwitchSettings
from school.office.mistakes import Mistake
from tests.fake_twitch import BOT_SCOPES, CLIENT_ID, READ, WRITE, FakeTwitch
from wakeup import main

ROOT = Path(__file__).resolve().parents[3]
FORM = re.compile(r'action="(?P<action>[^"]+)".*?value="(?P<token>[^"]+)".*?<button>(?P<text>.*?)</button>')


@pytest.fixture
def twitch(monkeypatch):
    with FakeTwitch(keepalive=0.5) as twitch:
        for name, value in twitch.environment().items():
            monkeypatch.setenv(name, value)
        yield twitch


@pytest.fixture
def port(twitch) -> int:
    """A free port for the pages, entered as redirect URL in the console."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    twitch.redirects = {f"http://localhost:{number}/oauth/callback"}
    return number


def errand(name: str, home: Path, *names: str, port: int = 4343, channel: str = "", **options) -> int:
    settings = TwitchSettings(login_port=port, channel=channel)
    return run_errand(name, list(names), home=home, settings=settings, browser=False, **options)


class Browser:
    """A person's browser."""

    def __init__(self, session: aiohttp.ClientSession, port: int, login: asyncio.Task):
        self._session, self._port, self.login = session, port, login

    async def open(self, path: str) -> tuple[int, str]:
        async with self._session.get(f"http://localhost:{self._port}{path}") as answer:
            assert answer.headers.get("Cache-Control") == "no-store"
            return answer.status, await answer.text()

    async def press(self, button: str, page: str = "") -> tuple[int, str]:
        """Send the form of a page (the first, if none is given) that has this button."""
        page = page or (await self.open("/"))[1]
        form = next(form for form in FORM.finditer(page) if button in form["text"])
        return await self.post(form["action"], form["token"])

    async def post(self, path: str, token: str) -> tuple[int, str]:
        async with self._session.post(f"http://localhost:{self._port}{path}", data={"token": token}) as answer:
            return answer.status, await answer.text()

    async def door(self, path: str) -> str:
        """Where a page would send it."""
        async with self._session.get(f"http://localhost:{self._port}{path}", allow_redirects=False) as answer:
            return answer.headers["Location"]


@asynccontextmanager
async def logging_in(home: Path, port: int, **settings):
    """A login under way, and a browser."""
    login = asyncio.create_task(errand("login", home, port=port, **settings))
    async with aiohttp.ClientSession() as session:
        browser = Browser(session, port, login)
        for _ in range(100):
            try:
                await browser.open("/")
                break
            except aiohttp.ClientConnectorError:
                assert not login.done(), login.exception()
                await asyncio.sleep(0.02)
        try:
            yield browser
        finally:
            login.cancel()
            await asyncio.gather(login, return_exceptions=True)


def run(work) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


# ---- in a browser ----------------------------------------------------------------------------------------------------


def test_two_logins_in_a_browser(twitch, tmp_path, port, capsys):
    """Both links, each as its account; stored for the owner alone, in a folder git ignores; then all is checked."""

    async def work():
        async with logging_in(tmp_path, port) as browser:
            status, page = await browser.open("/")
            assert (status, "not yet" in page) == (200, True)
            twitch.browser = "babybot"
            status, page = await browser.open("/bot")
            assert (status, "Welcome, babybot" in page) == (200, True)
            twitch.browser = "streamer"
            status, page = await browser.open("/streamer")
            assert (status, "All done" in page) == (200, True)
            assert await browser.login == 0

    run(work())
    keys = read_keys(tmp_path)
    assert (keys.bot.login, set(keys.bot.scopes)) == ("babybot", set(BOT_SCOPES))
    assert (keys.streamer.login, keys.streamer.scopes) == ("streamer", ("channel:bot",))
    assert token_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets" / ".gitignore").read_text() == "*\n"
    said = capsys.readouterr().out
    for words in (f"http://localhost:{port}/bot", "private window", READ, WRITE, "channel:bot", "All that is needed"):
        assert words in said
    assert "PLANTED" not in said


def test_the_bots_login_is_enough(twitch, tmp_path, port, capsys):
    """The person may finish after the first; then the bot's own chat is the channel."""

    async def work():
        async with logging_in(tmp_path, port) as browser:
            assert "I am done" not in (await browser.open("/"))[1]
            await browser.open("/bot")
            assert (await browser.press("I am done"))[0] == 200
            assert await browser.login == 0

    run(work())
    assert "it is the bot's" in capsys.readouterr().out


def test_a_forged_or_used_way_back_opens_nothing(twitch, tmp_path, port):
    """Twitch's answer counts only with a state that was given out here, and once."""

    async def work():
        async with logging_in(tmp_path, port) as browser:
            assert (await browser.open("/oauth/callback?code=PLANTEDforged&state=forged"))[0] == 400
            assert (await browser.open("/oauth/callback?code=PLANTEDforged"))[0] == 400
            state = (await browser.door("/bot")).partition("state=")[2]
            assert (await browser.open(f"/oauth/callback?state={state}&code=PLANTEDwrong"))[0] == 400
            assert (await browser.open(f"/oauth/callback?state={state}&code=PLANTEDwrong"))[0] == 400
            assert not token_file(tmp_path).exists()

    run(work())


def test_only_this_machines_names_are_answered_to(twitch, tmp_path, port):
    """A name that somebody else makes lead here is no way to these pages, nor is another port; what is no page is told
    without a trace. The number of the machine leads to its name, where the browser's cookie is."""

    async def work():
        async with logging_in(tmp_path, port):
            for host in (
                f"evil.example:{port}",
                "localhost",
                f"localhost:{port + 1}",
                f"localhost.evil.com:{port}",
                "x",
            ):
                for call in (f"GET / {host}", f"GET /bot {host}", f"POST /finish {host}"):
                    assert (await asked(port, call)).startswith("HTTP/1.1 421 ")
            for host in ("localhost", "LOCALHOST"):
                assert (await asked(port, f"GET / {host}:{port}")).startswith("HTTP/1.1 200 ")
            answer = await asked(port, f"GET /bot?x=1 127.0.0.1:{port}")
            assert f"Location: http://localhost:{port}/bot?x=1" in answer
            for call, status in (("GET /nowhere", 404), ("GET /finish", 405), ("GET /replace", 405)):
                answer = await asked(port, f"{call} localhost:{port}")
                assert answer.startswith(f"HTTP/1.1 {status} ")
                assert "Cache-Control: no-store" in answer
                assert "frame-ancestors 'none'" in answer

    run(work())


async def asked(port: int, call: str) -> str:
    """What is answered to a method, a path and a Host header."""
    method, path, host = call.split()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer


def test_a_way_back_opens_only_in_the_browser_that_left(twitch, tmp_path, port):
    """Who makes another browser come back with a code of theirs logs nobody in; the way stays open for whom it is.
    Only so many ways back are open."""

    async def work():
        async with logging_in(tmp_path, port) as mine, aiohttp.ClientSession() as session:
            other = Browser(session, port, mine.login)
            door = await mine.door("/bot")
            async with session.get(door, allow_redirects=False) as answer:
                back = answer.headers["Location"].partition(f":{port}")[2]
            assert (await other.open(back))[0] == 400
            await other.door("/bot")  # it has a cookie now, but another
            assert (await other.open(back))[0] == 400
            assert not token_file(tmp_path).exists()
            assert (await mine.open(back))[0] == 200
            assert read_keys(tmp_path).bot.login == "babybot"
            state = (await mine.door("/streamer")).partition("state=")[2]
            for _ in range(100):
                await other.door("/streamer")
            assert (await mine.open(f"/oauth/callback?state={state}&error=no"))[0] == 400
            assert "too old" in (await mine.open(f"/oauth/callback?state={state}&error=no"))[1]

    run(work())


def test_nothing_ends_without_the_pages_own_button(twitch, tmp_path, port):
    """Another page may make a browser send a form here, but not with the token."""

    async def work():
        async with logging_in(tmp_path, port) as browser:
            await browser.open("/bot")
            for token in ("", "forged", "é"):
                assert (await browser.post("/finish", token))[0] == 403
                assert (await browser.post("/replace", token))[0] == 400
                assert (await browser.post("/keep", token))[0] == 400
            assert not browser.login.done()
            assert (await browser.press("I am done"))[0] == 200
            assert await browser.login == 0

    run(work())


def test_another_accounts_login_is_not_replaced_unasked(twitch, tmp_path, port):
    """The person decides, with a button; the login that isn't wanted is handed back, also if nobody decides. The same
    account again needs no question."""
    twitch.log_in(tmp_path, streamer=False)
    twitch.person("other")

    async def work():
        async with logging_in(tmp_path, port) as browser:
            assert "Welcome, babybot" in (await browser.open("/bot"))[1]
            twitch.browser = "other"
            known = set(twitch.tokens)
            page = (await browser.open("/bot"))[1]
            assert "Replace babybot?" in page
            assert read_keys(tmp_path).bot.login == "babybot"
            assert "Nothing has changed" in (await browser.press("Keep babybot", page))[1]
            assert (await browser.press("Replace babybot", page))[0] == 400
            assert set(twitch.tokens) == known
            page = (await browser.open("/bot"))[1]
            assert "Welcome, other" in (await browser.press("Replace babybot by other", page))[1]
            assert read_keys(tmp_path).bot.login == "other"
            known, twitch.browser = set(twitch.tokens), "babybot"
            assert "Replace other?" in (await browser.open("/bot"))[1]
            assert (await browser.press("I am done"))[0] == 200
            assert await browser.login == 0
            assert set(twitch.tokens) == known

    run(work())


def test_the_wrong_account_is_sent_away(twitch, tmp_path, port, capsys):
    """One browser for both links is the usual mistake: it is said, nothing is stored, the token goes back."""

    async def work():
        async with logging_in(tmp_path, port) as browser:
            await browser.open("/bot")
            before = set(twitch.tokens)
            status, page = await browser.open("/streamer")  # still babybot
            assert (status, "private window" in page) == (400, True)
            assert set(twitch.tokens) == before
            twitch.browser = None
            status, page = await browser.open("/streamer")
            assert (status, "Not agreed" in page) == (400, True)
            assert read_keys(tmp_path).streamer is None

    run(work())
    said = capsys.readouterr().out
    assert "already logged in as the bot" in said
    assert "did not agree" in said


def test_the_streamer_must_be_whom_the_settings_name(twitch, tmp_path, port, capsys):
    """With twitch.channel set, another account can't log in as the streamer."""

    async def work():
        async with logging_in(tmp_path, port, channel="streamer") as browser:
            twitch.browser = "somebody"
            assert (await browser.open("/streamer"))[0] == 400
            assert not token_file(tmp_path).exists()

    run(work())
    assert "this is somebody, but twitch.channel in the settings says streamer" in capsys.readouterr().out


def test_a_taken_port_is_named(twitch, tmp_path, port):
    """One line, with the setting that helps."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(Mistake, match=rf"port {port}.*twitch\.login_port"):
            run(errand("login", tmp_path, port=port))


# ---- with a code -----------------------------------------------------------------------------------------------------


def refused(twitch) -> int:
    """How often a token was asked for in vain."""
    return sum(path == "/oauth2/token" and status == 400 for _, _, path, status in twitch.requests)


def test_login_with_a_code_and_without_a_secret(twitch, tmp_path, monkeypatch, capsys):
    """For machines without a browser: a public application, two codes; what is got that way can be refreshed."""
    twitch.client_secret = None
    monkeypatch.delenv("TWITCH_CLIENT_SECRET")
    twitch.device_interval = 0.05

    async def work():
        login = asyncio.create_task(errand("login", tmp_path, device=True))
        for person in ("babybot", "streamer"):
            await twitch.until(twitch.pending_device)
            code = twitch.pending_device()
            before = refused(twitch)
            await twitch.until(lambda before=before: refused(twitch) >= before + 2)  # it asks in vain
            twitch.approve_device(person)
            await twitch.until(lambda code=code: twitch.pending_device() != code)
        assert await login == 0
        twitch.expire_tokens()
        assert await errand("check", tmp_path) == 0

    run(work())
    assert (read_keys(tmp_path).bot.login, read_keys(tmp_path).streamer.login) == ("babybot", "streamer")
    said = capsys.readouterr().out
    assert "https://www.twitch.tv/activate" in said
    assert "PLANTED" not in said


@pytest.mark.parametrize("answer", ["yes", "no", None])
def test_another_accounts_code_replaces_nothing_unasked(twitch, tmp_path, answer):
    """With a code, the question is asked at the terminal; where there is none, nothing is replaced."""
    twitch.device_interval = 0.05
    twitch.log_in(tmp_path)
    twitch.person("other")
    point_client_library()
    questions: list[str] = []

    def ask(question: str, hidden: bool) -> str:
        questions.append(question)
        return answer

    async def work():
        options = {"device": True, "browser": False, "say": lambda text: None, "ask": ask if answer else None}
        login = asyncio.create_task(log_in(tmp_path, TwitchSettings(channel="streamer"), **options))
        await twitch.until(twitch.pending_device)
        known = set(twitch.tokens)
        twitch.approve_device("other")
        if answer == "yes":
            assert (await login).bot.login == "other"
            return
        with pytest.raises(Mistake, match="babybot stays logged in as the bot, and other was not stored"):
            await login
        assert read_keys(tmp_path).bot.login == "babybot"
        assert set(twitch.tokens) == known

    run(work())
    assert len(questions) == (answer is not None)
    assert all("babybot is logged in as the bot. Replace it by other?" in question for question in questions)


def test_a_code_with_a_named_channel_asks_for_the_bot_alone(twitch, tmp_path, monkeypatch):
    """The streamer need not be at hand."""
    twitch.device_interval = 0.05

    async def work():
        login = asyncio.create_task(errand("login", tmp_path, device=True, channel="streamer"))
        await twitch.until(twitch.pending_device)
        twitch.approve_device("babybot")
        assert await login == 0

    run(work())
    assert read_keys(tmp_path).streamer is None


# ---- the application -------------------------------------------------------------------------------------------------


def test_without_an_application_it_says_what_to_create(twitch, tmp_path, monkeypatch, capsys):
    """The console's address and what to enter there; where nobody can be asked, what to put where."""
    monkeypatch.delenv("TWITCH_CLIENT_ID")
    with pytest.raises(Mistake, match=r"TWITCH_CLIENT_ID and TWITCH_CLIENT_SECRET must be in .*\.env"):
        run(errand("login", tmp_path))
    said = capsys.readouterr().out
    for words in ("dev.twitch.tv/console", "http://localhost:4343/oauth/callback", "Confidential", "Chat Bot"):
        assert words in said
    assert not configured(tmp_path)


def test_what_was_asked_is_noted(twitch, tmp_path, monkeypatch):
    """.env is for its owner alone and keeps its other lines; the environment goes before it."""
    monkeypatch.delenv("TWITCH_CLIENT_ID")
    monkeypatch.delenv("TWITCH_CLIENT_SECRET")
    (tmp_path / ".env").write_text("# mine\nOTHER=1\nTWITCH_CLIENT_ID=old\n")
    keep_application(tmp_path, CLIENT_ID, "PLANTEDsecret1")
    text = (tmp_path / ".env").read_text()
    assert text == f"# mine\nOTHER=1\nTWITCH_CLIENT_ID={CLIENT_ID}\nTWITCH_CLIENT_SECRET=PLANTEDsecret1\n"
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert read_keys(tmp_path).client_secret == "PLANTEDsecret1"
    monkeypatch.setenv("TWITCH_CLIENT_SECRET", "PLANTEDsecret2")
    assert read_keys(tmp_path).client_secret == "PLANTEDsecret2"
    assert "PLANTED" not in repr(read_keys(tmp_path))


def test_it_asks_for_what_is_missing(twitch, tmp_path, monkeypatch):
    """At a terminal the person is asked, the secret hidden, and the login goes on with the answers."""
    monkeypatch.delenv("TWITCH_CLIENT_ID")
    monkeypatch.delenv("TWITCH_CLIENT_SECRET")
    point_client_library()
    twitch.device_interval = 0.05
    said: list[str] = []
    answers = {"Client ID: ": (f" {CLIENT_ID} ", False), "Client secret (it is not shown): ": ("", True)}

    def ask(question: str, hidden: bool) -> str:
        answer, must_hide = answers[question]
        assert hidden == must_hide
        return answer

    async def work():
        options = {"browser": False, "say": said.append, "ask": ask}
        with pytest.raises(Mistake, match="there is no way in"):
            await log_in(tmp_path, TwitchSettings(), device=False, **options)
        login = asyncio.create_task(log_in(tmp_path, TwitchSettings(channel="streamer"), device=True, **options))
        await twitch.until(twitch.pending_device)
        twitch.approve_device("babybot")
        assert (await login).bot.login == "babybot"

    run(work())
    assert read_keys(tmp_path).client_id == CLIENT_ID
    assert "Public" in [text for text in said if "Nothing was entered" not in text][1]


def test_an_empty_answer_is_asked_again(tmp_path):
    """An Enter too early, or a paste that failed, does not send the person back to the beginning; the end of input
    does."""
    answers, said = iter(["", "  ", CLIENT_ID, "", "PLANTEDsecret1"]), []
    _application(tmp_path, TwitchSettings(), False, said.append, lambda question, hidden: next(answers))
    assert (tmp_path / ".env").read_text() == f"TWITCH_CLIENT_ID={CLIENT_ID}\nTWITCH_CLIENT_SECRET=PLANTEDsecret1\n"
    assert sum("Nothing was entered" in text for text in said) == 3

    def leave(question: str, hidden: bool) -> str:
        raise EOFError

    with pytest.raises(Mistake, match="there is no way in"):
        _application(tmp_path, TwitchSettings(), False, said.append, leave)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("TWITCH_CLIENT_ID=abc", "abc"),
        ("export TWITCH_CLIENT_ID = 'a b' ", "a b"),
        ('TWITCH_CLIENT_ID="abc" ', "abc"),
        ("TWITCH_CLIENT_ID=abc # a note", "abc"),
        ("TWITCH_CLIENT_ID=a${HOME}$b", "a${HOME}$b"),
        ("# TWITCH_CLIENT_ID=abc", ""),
        ("nonsense", ""),
    ],
)
def test_env_lines(tmp_path, monkeypatch, line, value):
    """As people write them."""
    monkeypatch.delenv("TWITCH_CLIENT_ID", raising=False)
    (tmp_path / ".env").write_text(line + "\n")
    assert read_keys(tmp_path).client_id == value
    assert configured(tmp_path) == bool(value)


def test_other_lines_of_env_stay(tmp_path, monkeypatch):
    """What stood in .env before the application's keys were noted is still there, over several lines, too; only the
    owner can read it."""
    for name in ("TWITCH_CLIENT_ID", "TWITCH_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    others = ["# mine", "OTHER='two", "TWITCH_CLIENT_ID=of another'", "", "export LAST=1"]
    file = tmp_path / ".env"
    file.write_text("\n".join([*others, "TWITCH_CLIENT_SECRET=old", "export TWITCH_CLIENT_ID=old"]))
    keep_application(tmp_path, "new", "")
    assert file.read_text() == "\n".join([*others, "TWITCH_CLIENT_ID=new"]) + "\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert (read_keys(tmp_path).client_id, read_keys(tmp_path).client_secret) == ("new", "")


# ---- check, whois, logout --------------------------------------------------------------------------------------------


def findings(home: Path, capsys, **options) -> tuple[int, dict[str, dict]]:
    capsys.readouterr()
    status = asyncio.run(errand("check", home, as_json=True, **options))
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] == (status == 0)
    return status, {one["name"]: one for one in found["findings"]}


def test_check_names_what_is_missing(twitch, tmp_path, capsys, monkeypatch):
    """Credentials, scopes, subscriptions and moderator status, each by name; the exit status sums it up."""
    status, found = findings(tmp_path, capsys)
    assert status == 2
    assert (found["application"]["ok"], found["bot"]["ok"], found["subscriptions"]["ok"]) == (True, False, None)
    twitch.log_in(tmp_path, scopes=(READ, WRITE))
    status, found = findings(tmp_path, capsys)
    assert status == 0
    assert (found["user:bot"]["ok"], found["moderator"]["ok"], found["subscriptions"]["ok"]) == (None, None, True)
    twitch.log_in(tmp_path)
    twitch.moderators.add("babybot")
    assert findings(tmp_path, capsys)[1]["moderator"]["ok"] is True
    for file in (token_file(tmp_path), tmp_path / ".env"):  # what others could read is closed
        file.touch()
        file.chmod(0o644)
    status, found = findings(tmp_path, capsys)
    assert (status, found["token file"]["ok"]) == (0, True)
    assert token_file(tmp_path).stat().st_mode & 0o777 == (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    with monkeypatch.context() as patch:
        patch.setattr("bots.twitch.keys.close", lambda file: file != token_file(tmp_path))  # somebody else's
        status, found = findings(tmp_path, capsys)
    assert (status, found["Twitch"]["ok"]) == (2, False)
    assert "chmod go=" in found["Twitch"]["text"]
    twitch.fail("/helix/eventsub", 403)
    status, found = findings(tmp_path, capsys)
    assert (status, found["Twitch"]["ok"], found["subscriptions"]["ok"]) == (2, False, None)
    twitch.revoke_application()
    status, found = findings(tmp_path, capsys)
    assert status == 2
    assert "twitch login" in found["Twitch"]["text"]
    assert twitch.open_sockets == 0


def test_check_tells_what_the_chat_demands_and_tries_to_speak(twitch, tmp_path, capsys):
    """Slow mode, followers only, a shared chat; and, when asked, whether a line is shown, or why not."""
    twitch.log_in(tmp_path)
    status, found = findings(tmp_path, capsys)
    assert (status, found["chat"]["text"], "speaking" in found) == (0, "open to everybody", False)
    assert not twitch.sent
    assert findings(tmp_path, capsys, send=True)[1]["speaking"]["ok"] is True
    assert len(twitch.sent) == 1
    twitch.slow, twitch.only = 5, {"follower_mode"}
    twitch.reject_next("msg_requires_verified_phone_number", "A verified phone number is required to chat here.")
    status, found = findings(tmp_path, capsys, send=True)
    assert (status, found["speaking"]["ok"]) == (2, False)
    assert "no verified phone number" in found["speaking"]["text"]
    assert found["chat"]["text"] == "it is for followers only and in slow mode, a message in 5 s"
    twitch.shared_with.append("neighbour")
    status, found = findings(tmp_path, capsys, send=True)
    assert (status, found["speaking"]["ok"]) == (0, None)
    assert "it stays silent" in found["chat"]["text"]
    assert len(twitch.sent) == 1
    twitch.fail("/helix/eventsub", 403)
    assert findings(tmp_path, capsys, send=True)[1]["speaking"]["ok"] is None


def test_check_from_the_command_line(twitch, tmp_path, capfd):
    """A table for people, exit status 0; an address elsewhere is refused, and a wrong errand named."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        twitch.log_in(tmp_path)
        assert main(["--home", str(tmp_path), "twitch", "check"]) == 0
        out, err = capfd.readouterr()
        assert "it was tried just now" in out
        assert "PLANTED" not in out + err
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BABYLLM_TWITCH_BASE", "http://example.com:80")
            assert main(["--home", str(tmp_path), "twitch", "check"]) == 2
        out, err = capfd.readouterr()
        assert err.splitlines() == [
            "babyLLM: BABYLLM_TWITCH_BASE: only an address on this machine, like http://127.0.0.1:8080, is allowed."
        ]
        assert main(["--home", str(tmp_path), "twitch", "check", "somebody"]) == 2
        with pytest.raises(SystemExit, match="2"):
            main(["--home", str(tmp_path), "twitch", "dance"])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(
    "base",
    [
        "http://example.com:80", "https://127.0.0.1:80", "http://127.0.0.1@example.com:80", "http://127.0.0.1:80/x",
        "http://127.0.0.1.example.com:80", "http://10.0.0.1:80", "http://0.0.0.0:80", "http://127.0.0.999:80",
        "http://127.0.0.1", "127.0.0.1:80", "http://127.0.0.1:80#@example.com:80", "http://127.0.0.1:80\\@example.com",
    ],
)  # fmt: skip
def test_only_this_machine_may_play_twitch(monkeypatch, base):
    """Anything but a plain loopback address is refused."""
    monkeypatch.setenv("BABYLLM_TWITCH_BASE", base)
    with pytest.raises(Mistake, match="BABYLLM_TWITCH_BASE"):
        stand_in()


def test_without_the_override_twitch_is_twitch(monkeypatch):
    """The library's own addresses come back."""
    import twitchio.eventsub.websockets
    from twitchio.http import Route

    monkeypatch.setenv("BABYLLM_TWITCH_BASE", "http://127.0.0.1:9")
    point_client_library()
    assert Route.BASE == "http://127.0.0.1:9/helix/"
    assert twitchio.eventsub.websockets.WSS == "ws://127.0.0.1:9/ws"
    monkeypatch.delenv("BABYLLM_TWITCH_BASE")
    point_client_library()
    assert Route("GET", "users").url == "https://api.twitch.tv/helix/users"
    assert Route("GET", "oauth2/validate", use_id=True).url == "https://id.twitch.tv/oauth2/validate"
    assert twitchio.eventsub.websockets.WSS == "wss://eventsub.wss.twitch.tv/ws"


def test_whois(twitch, tmp_path, capsys):
    """Numbers for names, as the application or, without a secret, as the bot; a name nobody has is said."""
    number = twitch.person("somebody").id
    assert asyncio.run(errand("whois", tmp_path, "@Somebody")) == 0
    assert capsys.readouterr().out.split() == [number, "somebody"]
    assert asyncio.run(errand("whois", tmp_path, "somebody", "ghost", as_json=True)) == 2
    found = json.loads(capsys.readouterr().out)["accounts"]
    assert found == [{"login": "somebody", "id": number}, {"login": "ghost", "id": None}]
    with pytest.raises(Mistake, match="name one"):
        asyncio.run(errand("whois", tmp_path))
    twitch.client_secret = None
    with pytest.raises(Mistake, match="does not know this application"):
        asyncio.run(errand("whois", tmp_path, "somebody"))


def test_logout_hands_the_tokens_back(twitch, tmp_path, capsys):
    """Twitch forgets them, and so does the disk; where Twitch can't be told, or the file is damaged, that is said."""
    twitch.log_in(tmp_path)
    assert twitch.tokens
    assert asyncio.run(errand("logout", tmp_path)) == 0
    assert not twitch.tokens
    assert read_keys(tmp_path).bot is None
    assert "handed back" in capsys.readouterr().out
    assert asyncio.run(errand("logout", tmp_path)) == 0
    assert "Nobody was logged in." in capsys.readouterr().out
    token_file(tmp_path).write_text("no json")
    assert asyncio.run(errand("logout", tmp_path)) == 0
    assert "Twitch could not be told" in capsys.readouterr().out
    assert not token_file(tmp_path).exists()
    twitch.log_in(tmp_path)
    twitch.fail("/oauth2/revoke", 403)
    assert asyncio.run(errand("logout", tmp_path)) == 0
    assert "Twitch could not be told" in capsys.readouterr().out
    assert read_keys(tmp_path).bot is None


def test_a_damaged_token_file_is_named_and_replaced(twitch, tmp_path, capsys):
    """`check` names it; the next login makes a new one."""
    twitch.log_in(tmp_path)
    for damage in (
        "{",
        "3",
        "[" * 100_000,
        "9" * 5000,
        '{"bot": null}',
        '{"bot": {"access": 5}}',
        '{"bot": {}}',
        '"bot"',
    ):
        token_file(tmp_path).write_text(damage)
        with pytest.raises(Refused, match="twitch login"):
            read_keys(tmp_path)
    assert findings(tmp_path, capsys)[0] == 2
    twitch.log_in(tmp_path)
    assert findings(tmp_path, capsys)[0] == 0


def test_nothing_of_twitch_is_loaded_where_nobody_set_it_up(tmp_path):
    """A whole short life without twitchio, and without a word about Twitch."""
    code = (
        "import sys, wakeup; status = wakeup.main(sys.argv[1:]); "
        "sys.exit(3 if {'twitchio', 'aiohttp'} & set(sys.modules) else status)"
    )
    small = ["brain.preset=newborn", "lessons.streams=2", "lessons.block_tokens=32", "machine.kernels=false"]
    small += ["machine.threads=1"]
    sets = [part for value in small for part in ("--set", value)]
    command = [sys.executable, "-c", code, "--home", str(tmp_path), *sets, "--steps", "1", "--no-terminal"]
    clean = {name: value for name, value in os.environ.items() if "TWITCH" not in name}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, env=clean)
    assert done.returncode == 0, done.stderr
    assert "twitch" not in (done.stdout + done.stderr + (tmp_path / "statistics" / "baby.log").read_text()).lower()
