"""Words from outside do no harm to a terminal: shown one by one, and on a real pseudo-terminal by every command."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import io
import json
import os
import re
import signal
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wakeup
from bots.typed import Commands, House
from school.diary.voice import Voice
from school.door.values import Reply
from school.office.foreign import JOINERS, UNSEEN, Painted, emit, one_line, to_json, visible
from school.record import pages
from school.record.registrar import RecordSettings, Registrar

ROOT = Path(__file__).resolve().parents[3]
COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# a terminal's title, colours as C1, deletion, a backspace, text that runs backwards, and a line that isn't ours
EVIL = "x\x1b]0;owned\x07\x9b31m\x7f\x08\r\u202e\u2066\u2028\nFORGED"
SMALL = (
    "brain.preset=newborn", "lessons.streams=2", "lessons.block_tokens=32", "lessons.micro_streams=2",
    "machine.threads=1", "speech.max_tokens=6",
)  # fmt: skip


def harmless(text: str) -> bool:
    """Whether a terminal does nothing with it but show it."""
    text = COLOUR.sub("", text)
    return all(c in "\n\t" + JOINERS or unicodedata.category(c) not in UNSEEN for c in text)


@given(st.text(alphabet=st.characters(codec=None)))
def test_whatever_comes_is_harmless(text):
    """Any text at all, lone surrogates included; one line stays one; JSON means what it meant; what can be read stays
    as it is."""
    assert harmless(visible(text))
    assert visible(visible(text)) == visible(text)
    assert "\n" not in one_line(text)
    assert harmless(one_line(text))
    assert json.loads(to_json({text: [text]})) == {text: [text]}
    assert harmless(to_json({text: [text]}))
    readable = "naïve 日本語 \U0001f469\u200d\U0001f52c\n\t"
    assert visible(readable) == readable


def test_only_colours_of_our_own_pass():
    """What was painted here keeps its colours and nothing else; anybody else's colours are written out."""
    for text, expected in ((Painted("\x1b[1;31mred\x1b[0m\x1b]0;t\x07"), "\x1b[1;31mred\x1b[0m\\x1b]0;t\\x07\n"),
                           ("\x1b[8mhidden", "\\x1b[8mhidden\n")):  # fmt: skip
        emit(text, paper := io.StringIO())
        assert paper.getvalue() == expected


def test_one_place_prints():
    """Nothing else in the program prints or writes on a standard stream, so nothing can get past it."""
    for file in [*(f for room in ("brain", "school", "bots") for f in (ROOT / room).rglob("*.py")), ROOT / "wakeup.py"]:
        text = file.read_text("utf-8")
        rich = "from rich.console" in text  # whose own prints, unless told otherwise
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            assert called != "print" or file.name == "foreign.py", file
            assert not re.search(r"\bstd(out|err)\.(write|buffer)", called), file
            assert not rich or called != "Console" or any(word.arg == "file" for word in node.keywords), file


# ---- on a terminal -------------------------------------------------------------------------------------------------


@pytest.fixture
def terminal(monkeypatch) -> Iterator[Callable[..., str]]:
    """Runs a command with standard output and error on a pseudo-terminal; returns what arrived there."""
    pty = pytest.importorskip("pty")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    hooks, mask = (sys.excepthook, threading.excepthook), os.umask(0o077)

    def run(*arguments: str | Path, act: Callable[[], object] | None = None) -> str:
        parent, child = pty.openpty()
        seen = bytearray()
        reader = threading.Thread(target=_drain, args=(parent, seen))
        reader.start()
        with open(child, "w", encoding="utf-8") as stream, monkeypatch.context() as moment:  # noqa: PTH123
            moment.setattr(sys, "stdout", stream)
            moment.setattr(sys, "stderr", stream)
            with contextlib.suppress(SystemExit):
                act() if act else wakeup.main([os.fspath(one) for one in arguments])
        reader.join(10)
        os.close(parent)
        shown = seen.decode().replace("\r\n", "\n")  # as terminals end their lines
        assert shown
        assert harmless(shown), ascii(shown)
        assert not re.search(r"(?m)^FORGED", shown), ascii(shown)
        return shown

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
    sys.excepthook, threading.excepthook = hooks
    os.umask(mask)


def _drain(parent: int, seen: bytearray) -> None:
    try:
        while piece := os.read(parent, 65_536):
            seen += piece
    except OSError:  # the other end is closed
        pass


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Everything in it that has a name has an evil one, itself included."""
    home = tmp_path_factory.mktemp("home") / EVIL
    library = home / "library" / EVIL
    library.mkdir(parents=True)
    (library / f"{EVIL}.txt").write_text("today it rained and the cat slept. i made soup.\n" * 200)
    (library / f"unreadable {EVIL}.txt").write_bytes(b"\0" * 2000)
    (home / "voice.toml").write_text(f"[names]\nbaby = {json.dumps(EVIL)}\nyou = {json.dumps(EVIL)}\n")
    return home


def options(home: Path) -> list[str | Path]:
    return ["--home", home, *(part for one in SMALL for part in ("--set", one))]


def test_a_life_among_evil_names(terminal, home):
    """Waking, scoring, looking at the life and the diary, with evil names of files, folders, people, souls and of files
    in checksum lists, and evil words in the record: all shown, none obeyed; and neither the log nor a letter holds
    anything that a terminal would obey."""
    wake = [*options(home), "--steps", "1", "--no-terminal"]
    assert f"{one_line(EVIL)}.txt" in terminal(*wake)
    assert terminal(*wake)
    newest = max((home / "soul").glob("step-*"))
    sums = newest / "SHA256SUMS"
    sums.write_text(f"{'0' * 64}  {EVIL}.json\n" + sums.read_text())
    assert "is damaged" in terminal(*wake)
    text = next((home / "library").rglob("x*.txt"))
    assert one_line(text) in terminal(*options(home), "score", text)
    assert json.loads(terminal(*options(home), "score", text, "--json"))["files"][0]["file"] == str(text)
    assert one_line(text) in terminal(*options(home), "read", text)
    write_evil_record(home / "statistics" / "baby.db")
    for command in ("stats", "diary", "timetable"):
        terminal(*options(home), command)
        json.loads(terminal(*options(home), command, "--json"))
    assert visible("owned") in terminal(*options(home), "stats", "--search", "hello")
    files = [*(home / "statistics").glob("baby.log*"), *(home / "statistics").glob("baby.jsonl*")]
    assert len(files) == 2
    for file in [*files, *(home / "statistics").rglob("*.md")]:
        assert harmless(file.read_text()), file
        assert "\nFORGED" not in file.read_text(), file


def write_evil_record(path: Path) -> None:
    keeper = Registrar(path, RecordSettings(), run_config={}, from_step=0)
    words = f"hello {EVIL}".replace("\n", " ")  # a text may have lines, a name may not
    keeper.heard("m", text=words, person=EVIL, surface=EVIL, conversation=EVIL, consent=EVIL)
    reply = {"id": "r", "text": words, "tokens": (1,), "step": 1, "color": (0.1, 0.2, 0.3), "seconds": 1.0}
    reply |= {"first_token_seconds": 0.5, "conversation": "c", "ending": "end"}
    keeper.said(Reply(**reply), "m")
    lines = (pages.Line(words),)
    page = pages.Page(kind=pages.DAY, day="2026-01-04", at="2026-01-05T03:00:00Z", lines=lines, facts={})
    keeper.write(lambda db: pages.put(db, page)).result(60)
    pages.write_letter(keeper.letters, page)
    keeper.close(step=1, ending=EVIL)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--set", f"brain.{EVIL}=3"],
        ["--set", f"{EVIL}=3"],
        ["--set", f"brain.preset={EVIL}"],
        ["--set", f"timetable.zone={EVIL}"],
        ["--set", f"voice.language={EVIL}"],
        ["--config", f"/nowhere/{EVIL}"],
        ["--library", f"/nowhere/{EVIL}"],
        [f"--{EVIL}"],
        [EVIL],
        ["--steps", EVIL],
        ["twitch", EVIL],
        ["twitch", "check", EVIL],
        ["score", f"/nowhere/{EVIL}"],
        ["read", f"/nowhere/{EVIL}"],
    ],
    ids=lambda arguments: ascii(" ".join(arguments)[:20]),
)
def test_a_mistake_repeats_no_commands(terminal, home, arguments):
    """What was given on the command line is named in one line, and nothing of it is obeyed."""
    shown = terminal(*options(home), *arguments)
    (line,) = [line for line in shown.splitlines() if line.startswith("babyLLM: ")]
    assert shown.endswith(line + "\n")


def test_a_wrong_settings_file_repeats_no_commands(terminal, tmp_path):
    """Evil keys, sections and values of a settings file, and of the lines that the baby says."""
    for text in (f"{json.dumps(EVIL)} = 1", f"[{json.dumps(EVIL)}]", f"[brain]\n{json.dumps(EVIL)} = 1",
                 f"[brain]\npreset = {json.dumps(EVIL)}", "[brain\x1b]\n"):  # fmt: skip
        (tmp_path / f"{EVIL}.toml").write_text(text)
        assert "babyLLM: " in terminal("--home", tmp_path, "--config", tmp_path / f"{EVIL}.toml")
    for text in (f"[{json.dumps(EVIL)}]", f"[names]\n{json.dumps(EVIL)} = 'a'"):
        (tmp_path / "voice.toml").write_text(text)
        assert "babyLLM: " in terminal("--home", tmp_path, "--no-terminal")


def test_names_in_a_chat_repeat_no_commands(terminal):
    """What baby and you are called, a command that is none, and an answer that failed."""

    failed: Future = Future()
    failed.set_exception(ValueError(EVIL))
    school = SimpleNamespace(ask=lambda *_, **__: failed)

    async def chat() -> None:
        commands = Commands(
            school, wakeup._print, House(quit=lambda: None, save=Future, names=Voice({"baby": [EVIL], "you": [EVIL]}))
        )
        wakeup._print(f"{commands.baby} {commands.you}")
        for line in (f"/{EVIL.replace(' ', '')}", "hello"):
            await commands.handle(line)

    shown = terminal(act=lambda: asyncio.run(chat()))
    assert "is not a command" in shown
    assert "could not answer" in shown
