"""Nothing that Twitch, a viewer or an exception says puts a secret anywhere."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
import twitchio
from hypothesis import given
from hypothesis import strategies as st

import wakeup
from bots.twitch.address import point_client_library
from bots.twitch.client import ChatClient, explain, understood
from bots.twitch.keys import CLIENT_ID, Account, Refused, configured, keep_account, keep_application, read_keys
from school.office import log as counsellor
from school.office.log import HIDDEN, keep_last_words, keep_log, keep_secret, redact
from school.office.mistakes import Mistake
from school.texts.redaction import read_names
from tests.fake_twitch import PLANTED, FakeTwitch
from tests.school.test_classroom import wait_for

ROOT = Path(__file__).resolve().parents[3]
SMALL = [
    part
    for value in ("brain.preset=newborn", "lessons.streams=2", "lessons.block_tokens=32", "lessons.micro_streams=2",
                  "machine.threads=1", "speech.max_tokens=6", "lessons.evaluation_steps=100000",
                  "chat.person_seconds=0.0", "machine.kernels=false")
    for part in ("--set", value)
]  # fmt: skip


def broken_kinds(file: Path) -> Iterator[None]:
    """What may stand where a file of text should, one after the other; a pipe is waited for by whoever opens it."""
    os.mkfifo(file)
    yield
    file.unlink()
    file.write_bytes(b"TWITCH_CLIENT_ID=\xff\xfe")
    yield
    file.unlink()
    file.mkdir()
    yield


@pytest.mark.timeout(30)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_keys_that_cant_be_read_are_named(tmp_path, monkeypatch):
    """A pipe, a folder or no text where .env or the list of names should be: one line that names it, and no waiting."""
    monkeypatch.delenv(CLIENT_ID, raising=False)
    for _ in broken_kinds(tmp_path / ".env"):
        assert configured(tmp_path)  # so that whoever set it up hears of it
        with pytest.raises(Refused, match=re.escape(str(tmp_path / ".env"))):
            read_keys(tmp_path)
        with pytest.raises(Refused, match=re.escape(str(tmp_path / ".env"))):
            keep_application(tmp_path, "an id", "")
    for _ in broken_kinds(tmp_path / "names.txt"):
        with pytest.raises(Mistake, match="names.txt"):
            read_names(tmp_path / "names.txt")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/token?client_id=me&client_secret=abcdefghij12&x=1", f"/token?client_id=me&client_secret={HIDDEN}&x=1"),
        ("?grant_type=x&refresh_token=abc%2Fdefghij", f"?grant_type=x&refresh_token={HIDDEN}"),
        ("/oauth/callback?code=abcdefghijkl&state=mnopqrstuvwx", f"/oauth/callback?code={HIDDEN}&state={HIDDEN}"),
        ("{'access_token': 'abcdefghijkl', \"refresh\": \"abcdefghijkl\"}",
         f"{{'access_token': '{HIDDEN}', \"refresh\": \"{HIDDEN}\"}}"),
        ("Authorization: Bearer abcdefghijkl==", f"Authorization: Bearer {HIDDEN}"),
        ("'Authorization': 'OAuth abcdefghijkl'", f"'Authorization': 'OAuth {HIDDEN}'"),
        ("PASS oauth:abcdefghijkl", f"PASS oauth:{HIDDEN}"),
        ('re-authenticate user with token: "abcdefghijkl"', f're-authenticate user with token: "{HIDDEN}"'),
        ("device_code=abcdefghijkl", f"device_code={HIDDEN}"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_left_out(text, left):
    """In addresses, headers and structures, whoever's it is."""
    assert redact(text) == left


@pytest.mark.parametrize(
    "text", ["17k tokens", "exit code: 3", "its state: calm and blue", "token expired", "the bearer of good news"]
)
def test_plain_words_stay(text):
    """The log remains readable."""
    assert redact(text) == text


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_what_was_told_in_confidence_is_never_passed_on(secret, before, after):
    """Wherever it stands, whatever it is made of, as it is or as in an address."""
    before_this = dict(counsellor._told)
    keep_secret(secret)
    try:
        assert secret not in redact(before + secret + after)
    finally:  # some of these are zeros, which other tests want to read
        counsellor._told.clear()
        counsellor._told.update(before_this)


def test_the_log_and_the_screen_keep_secrets(tmp_path):
    """Messages, arguments, tracebacks and causes are all redacted, on the way to the file and to the screen."""
    hidden = f"a{PLANTED}value"  # a name, for tracebacks quote the lines of the program, too
    keep_secret(hidden)
    said: list[str] = []
    stop = keep_log(tmp_path, said.append)
    try:
        try:
            try:
                raise ValueError("?client_secret=x" + hidden)
            except ValueError as cause:
                raise RuntimeError(hidden) from cause
        except RuntimeError:
            logging.getLogger("bots.web").exception("no luck with %s", f"Bearer xyz{hidden[1:]}")
        logging.getLogger("x").warning("a%s", hidden[1:])
    finally:
        stop()
    text = (tmp_path / "baby.log").read_text()
    assert "Traceback" in text
    assert "no luck with Bearer (secret)" in text
    assert PLANTED not in text
    assert said == ["no luck with Bearer (secret)", "(secret)"]


def test_the_librarys_exceptions_really_hold_secrets_and_ours_do_not(tmp_path, monkeypatch):
    """What twitchio raises would leak; what is made of it doesn't. (Without the first half, this could not fail.)"""
    with FakeTwitch() as twitch:
        for name, value in twitch.environment().items():
            monkeypatch.setenv(name, value)
        twitch.log_in(tmp_path)
        twitch.expire_tokens()
        point_client_library()
        raised: list[Exception] = []

        async def work():
            async with aiohttp.ClientSession() as session:
                for fault in (("/oauth2/token", 400), ("/oauth2/token", 503), ("/oauth2/validate", 500)):
                    twitch.fail(*fault, times=2, message=f"bad token={PLANTED}inside")
                    client = ChatClient(read_keys(tmp_path), session, on_event=lambda *_: None, keep=lambda _: None)
                    monkeypatch.setattr(asyncio, "sleep", at_once)
                    try:
                        await client.enter("")
                    except Exception as error:
                        raised.append(error)
                    finally:
                        monkeypatch.undo()
                        await client.close()
                    twitch.mend()

        real_sleep = asyncio.sleep

        async def at_once(_: float) -> None:
            await real_sleep(0)

        asyncio.run(work())
    assert [type(error) for error in raised] == [twitchio.InvalidTokenException] * 3
    assert all(PLANTED in str(error) + repr(error.__context__) for error in raised)
    for error in raised:
        for text in (explain(error), str(understood(error)), redact(str(error)), redact(repr(error.__context__))):
            assert PLANTED not in text


@pytest.mark.trial
def test_a_hard_day_leaves_no_secret_anywhere(tmp_path):
    """Twitch down at the start, an expired token, a viewer who knows a secret, refusals, a revoked application: lessons
    and terminal go on, /status tells, it recovers when it can; and no planted secret is in the output, the log, the
    record, a soul or the chat."""
    screen = tmp_path / "screen.txt"  # a file, since a pipe that nobody reads would fill up

    def shown(words: str) -> bool:
        return words in screen.read_text()

    def type_in(words: str) -> None:
        baby.stdin.write(words + "\n")
        baby.stdin.flush()

    with FakeTwitch(keepalive=0.5) as twitch, screen.open("w") as output:
        twitch.log_in(tmp_path)
        twitch.expire_tokens()
        twitch.moderators.add("babybot")
        environment = os.environ | twitch.environment()
        twitch.shut()
        command = [sys.executable, "-u", str(ROOT / "wakeup.py"), "--home", str(tmp_path), *SMALL]
        streams = {"stdin": subprocess.PIPE, "stdout": output, "stderr": output}
        baby = subprocess.Popen(command, env=environment, text=True, **streams)
        try:
            twitch.wait(lambda: shown("Twitch can't be reached"))
            type_in("/status")
            twitch.wait(lambda: shown("Twitch: connecting: Twitch can't be reached"))
            type_in("are you there?")
            twitch.wait(lambda: shown("baby: "))
            twitch.open()
            twitch.wait(lambda: twitch.listening)
            twitch.chat("!optin", by="mallory")
            twitch.wait(lambda: twitch.sent)
            for leak in (twitch.client_secret, next(iter(twitch.tokens)), f"oauth:{PLANTED}abcdefgh"):
                said = len(twitch.sent)
                twitch.chat(f"!baby remember {leak} forever", by="mallory")
                twitch.wait(lambda said=said: len(twitch.sent) > said)
            twitch.fail("chat/messages", 400, message=f"access_token={PLANTED}xyzxyz")
            twitch.chat("!mood", by="viewer")
            twitch.wait(lambda: not twitch._faults)
            twitch.revoke_application()
            twitch.revoke_subscriptions()
            twitch.wait(lambda: shown("wakeup.py twitch login"))
            type_in("/status")
            twitch.wait(lambda: shown("Twitch: refused"))
            baby.send_signal(signal.SIGTERM)
            assert baby.wait(30) == 0
        finally:
            baby.kill()
            baby.wait()
            baby.stdin.close()
        assert not any(PLANTED in one.text for one in twitch.sent)
        assert twitch.open_sockets == 0
    assert shown("sleeps at step")
    files = [file for file in tmp_path.rglob("*") if file.is_file() and "secrets" not in file.parts]
    assert {"baby.log", "baby.db", "screen.txt"} <= {file.name for file in files}
    assert any(b"remember (secret) forever" in file.read_bytes() for file in files if "baby.db" in file.name)
    for file in files:
        assert PLANTED.lower().encode() not in file.read_bytes().lower(), file


@contextmanager
def stranger(answer: bytes, callers: list[int] | None = None) -> Iterator[int]:
    """Somebody else at Twitch's address, who gives every caller the same bytes and hangs up; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):  # it is closed
                while True:
                    caller, (_, number) = server.accept()
                    if callers is not None:
                        callers.append(number)
                    with caller:
                        caller.recv(65536)
                        caller.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def answer(body: bytes, kind: str = "application/json", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


JUNK = {
    "nothing": b"",
    "another protocol": b"SSH-2.0-nonsense\r\n",
    "half": b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"data"',
    "a list": answer(b"[]"),
    "a page": answer(b"<html>no!", "text/html"),
    "commands": answer(b'{"status": 500, "message": "\\u001b[2J\\u001b]0;owned\\u0007hello"}', status="500 Oops"),
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK.keys())
@pytest.mark.parametrize("name", ["whois", "check", "logout"])
def test_an_errand_survives_any_answer(tmp_path, monkeypatch, capsys, name, junk):
    """Whatever comes back, an errand ends with its result or one line: nothing of a secret, no terminal's commands."""
    secret = f"{PLANTED}secret12"
    monkeypatch.setenv("TWITCH_CLIENT_ID", "someclientid1234")
    monkeypatch.setenv("TWITCH_CLIENT_SECRET", secret)
    account = Account(user_id="1", login="babybot", access=f"{PLANTED}access", refresh=f"{PLANTED}refresh", scopes=())
    keep_account(tmp_path, "bot", account)
    with stranger(junk) as port:
        monkeypatch.setenv("BABYLLM_TWITCH_BASE", f"http://127.0.0.1:{port}")
        status = wakeup.main(["--home", str(tmp_path), "twitch", name, *["somebody"] * (name == "whois")])
    assert status == (0 if name == "logout" else 2)
    shown = "".join(capsys.readouterr())
    assert "Traceback" not in shown
    assert not any(unicodedata.category(c) == "Cc" for c in shown.replace("\n", ""))
    for text in (shown, (tmp_path / "statistics" / "baby.log").read_text()):
        assert PLANTED not in text


def test_the_last_words_are_discreet(capsys, monkeypatch):
    """What nobody caught, and what is logged when no log is kept, is printed without secrets."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(logging.lastResort, "formatter", None)
    hidden = f"b{PLANTED}value"
    keep_secret(hidden)
    keep_last_words()
    error = ValueError(hidden)
    sys.excepthook(ValueError, error, None)
    logging.lastResort.handle(logging.makeLogRecord({"msg": hidden, "exc_info": (ValueError, error, None)}))
    shown = capsys.readouterr().err
    assert shown.count("ValueError: (secret)") == 1
    assert shown.count("(secret)") == 2
    assert PLANTED not in shown


@pytest.mark.parametrize(
    "junk",
    [answer('{"message": "服务不可用"}'.encode(), status="500 Oops"), JUNK["another protocol"]],
    ids=["500", "ssh"],
)
@pytest.mark.trial
def test_lessons_and_terminal_go_on_whatever_twitch_says(tmp_path, junk):
    """In a terminal that lacks the letters of Twitch's refusal: it learns, answers, tries Twitch again and again, and
    sleeps well."""
    callers: list[int] = []
    with stranger(junk, callers) as port:
        account = Account(
            user_id="1", login="babybot", access=f"{PLANTED}access", refresh=f"{PLANTED}refresh", scopes=()
        )
        keep_account(tmp_path, "bot", account)
        environment = os.environ | {
            "TWITCH_CLIENT_ID": "someclientid1234",
            "TWITCH_CLIENT_SECRET": f"{PLANTED}secret12",
            "BABYLLM_TWITCH_BASE": f"http://127.0.0.1:{port}",
            "PYTHONIOENCODING": "latin-1",
        }
        command = [sys.executable, str(ROOT / "wakeup.py"), "--home", str(tmp_path), *SMALL, "--json"]
        out, err = tmp_path / "said.txt", tmp_path / "shown.txt"
        with out.open("wb") as said, err.open("wb") as shown:
            life = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=said, stderr=shown)
        try:
            life.stdin.write(b"are you there?\n")
            life.stdin.flush()
            wait_for(lambda: len(callers) > 1 and b"baby: " in out.read_bytes() or life.poll() is not None)
            life.send_signal(signal.SIGTERM)
            assert life.wait(60) == 0, err.read_text("latin-1")
        finally:
            life.kill()
            life.stdin.close()
    said, shown = out.read_text("latin-1"), out.read_text("latin-1") + err.read_text("latin-1")
    assert "baby: " in said
    assert json.loads(said.splitlines()[-1])["step"] > 0
    assert len(callers) > 1
    assert "Twitch answered" in shown
    assert "Traceback" not in shown
    assert PLANTED not in shown + (tmp_path / "statistics" / "baby.log").read_text()
