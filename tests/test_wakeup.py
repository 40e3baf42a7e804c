"""The front door, as a person uses it: real processes, real signals, real pipes."""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import pytest

import wakeup as wakeup_itself
from school.office.mistakes import Mistake
from school.screen import calligraphist
from school.souls.caretaker import Caretaker
from tests.in_process import SMALL, undone
from tests.paper import Paper
from wakeup import BEDTIME, COMMANDS, bedtime_signals, main, make_home, parse, put_together, read_options

ROOT = Path(__file__).resolve().parent.parent


def wakeup(home: Path, *arguments: str, stdin: str | None = "", timeout: float = 110) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "wakeup.py"), "--home", str(home), *SMALL, *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout, cwd="/")


@pytest.fixture
def heard(monkeypatch) -> Callable[[Callable[[str], None]], None]:
    """Let somebody hear, on the main thread, each text that a command in this process shows."""
    show = calligraphist.show

    def let_hear(listener: Callable[[str], None]) -> None:
        def show_and_tell(text: str, stream: TextIO) -> None:
            show(text, stream)
            listener(text)

        monkeypatch.setattr(calligraphist, "show", show_and_tell)

    return let_hear


def begin(home: Path, *arguments: str, **pipes) -> subprocess.Popen:
    command = [sys.executable, "-u", str(ROOT / "wakeup.py"), "--home", str(home), *SMALL, *arguments]
    return subprocess.Popen(command, text=True, cwd="/", **pipes)


def read_until(process: subprocess.Popen, words: str, seconds: float = 110) -> str:
    """Read the process's output until a line holds ``words``."""
    text, deadline = "", time.monotonic() + seconds
    while words not in text:
        assert time.monotonic() < deadline, text
        line = process.stdout.readline()
        assert line, f"it ended: {text}"
        text += line
    return text


def with_a_book(home: Path) -> Path:
    """A home with a small book, where nobody is born yet."""
    (home / "library").mkdir()
    (home / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 200)
    return home


def woken(home: Path, steps: int) -> Path:
    """One with a small book, whose baby has taken some steps."""
    with undone():
        assert main(["--home", str(with_a_book(home)), *SMALL, "--steps", str(steps), "--no-terminal"]) == 0
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home with one book, woken for ten steps."""
    return woken(tmp_path_factory.mktemp("home"), 10)


def test_it_wakes_learns_and_sleeps(home):
    """The first wake takes the steps it was asked for, saves a soul and says good night."""
    assert [place.name for place in (home / "soul").glob("step-*")] == ["step-000000000010"]
    assert (home / "statistics" / "baby.db").exists()
    assert (home / "statistics" / "baby.log").exists()


def test_it_goes_on_where_it_was(home, here):
    """A second wake continues from the saved step; with --json standard output is one object."""
    done = here(home, "--steps", "2", "--json", "--no-terminal")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["step"] == 12
    assert "wakes at step 10" in done.stderr


def test_every_command_is_carried_out(small_home, here):
    """Whatever the command line understands; one that nobody carries out would end in a traceback."""
    source = (ROOT / "bots" / "command_line.py").read_text("utf-8")
    assert set(re.findall(r'verb="(\w+)"', source)) == set(COMMANDS)
    added = here(small_home, "library", "add", str(small_home / "library" / "diary.txt"))
    assert added.returncode == 0, added.stderr
    assert "diary.txt" in here(small_home, "library", "list").stdout


def test_the_errands(home, here):
    """ask, score, read and stats print one JSON object each, with the keys they promise."""
    asked = here(home, "ask", "how are you?", "--json")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout).keys() >= {"text", "step", "seconds", "color", "conversation"}
    text = home / "library" / "diary.txt"
    scored = json.loads(here(home, "score", str(text), "--json").stdout)
    assert scored["files"][0].keys() >= {"file", "bytes", "tokens", "bits_per_byte"}
    assert scored["files"][0]["bytes"] == text.stat().st_size
    new = home / "new.txt"
    new.write_text("the sea is a lot of water. " * 40)
    souls = sorted((home / "soul").glob("step-*"))
    read = json.loads(here(home, "read", str(new), "--json").stdout)
    assert read.keys() >= {"file", "bytes", "tokens", "bits_per_byte", "tail_bits_per_byte", "seconds"}
    assert read["bytes"] == new.stat().st_size
    assert sorted((home / "soul").glob("step-*")) == souls
    stats = json.loads(here(home, "stats", "--json").stdout)
    promised = {"step", "tokens_seen", "held_out_bits_per_byte", "messages", "pairs", "souls"}
    assert stats.keys() >= promised
    assert stats["held_out_bits_per_byte"] > 0
    shown = here(home, "stats")
    assert "held-out bits/byte" in shown.stdout
    assert "\x1b" not in shown.stdout


LINES = """hello
/teach the moon
/nonsense
how are you?
/teach who are you? => I am Pip, and this is more than six tokens.
who are you?"""


def test_lines_from_a_pipe_are_answered_in_order(home, here, heard):
    """Piped questions are answered in order on standard output; the end of input ends only the chat: lessons go on.
    What was told between two of them is known at once, and when it sleeps."""
    shown, ended = [], []

    def listen(text: str) -> None:
        shown.append(text)
        if sum(text.startswith("baby:") for text in shown) == 3 and text.startswith("step ") and not ended:
            ended.append(text)  # a second signal would leave at once
            signal.raise_signal(signal.SIGTERM)

    heard(listen)
    often = "--set", "lessons.evaluation_steps=1000", "--set", "terminal.line_seconds=0.05"
    done = here(home, *often, stdin=LINES)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    starts = [line.split(":")[0].split(" ")[0] for line in lines if line.startswith(("baby:", "("))]
    assert starts == ["baby", "(it", "(/nonsense", "baby", "(it", "baby"]
    assert lines[-1] == "baby: I am Pip, and this is more than six tokens."
    assert "sleeps at step" in done.stderr
    found = json.loads(here(home, "stats", "--json", "--search", 'how "are').stdout)
    assert [talk["question"] for talk in found["talk"]] == ["how are you?"]
    assert here(home, "ask", "WHO are you").stdout.strip() == "I am Pip, and this is more than six tokens."


@pytest.mark.trial
def test_without_any_input_it_still_lives(home):
    """With standard input closed it runs headless and stops by itself."""
    command = f"exec {sys.executable} {ROOT / 'wakeup.py'} --home {home} {' '.join(SMALL)} --steps 2 <&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "sleeps at step" in done.stdout


@pytest.fixture
def small_home(tmp_path) -> Path:
    return with_a_book(tmp_path)


@pytest.fixture(scope="module")
def woken_once(tmp_path_factory) -> Path:
    """For copies only."""
    return woken(tmp_path_factory.mktemp("woken-once"), 1)


@pytest.fixture
def born(woken_once, tmp_path) -> Path:
    return shutil.copytree(woken_once, tmp_path / "home")


@pytest.mark.parametrize("number", BEDTIME)
def test_the_first_signal_saves(small_home, here, heard, number):
    """Ctrl-C, SIGTERM or SIGHUP while it learns: it finishes the step, saves and exits 0. (Under nohup a SIGHUP is
    ignored, as it should be, and by what that starts, too; so it is as usual first.)"""
    signal.signal(number, signal.SIG_DFL)
    heard(lambda text: signal.raise_signal(number) if text.startswith("step 1 ") else None)
    done = here(small_home, "--no-terminal")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("finishing the step and saving") == 1
    assert "Good night" in done.stdout
    assert len(list((small_home / "soul").glob("step-*"))) == 1


def hears(process: subprocess.Popen, number: signal.Signals) -> bool:
    """Whether it handles a signal by now, by what Linux tells of a process."""
    told = Path("/proc", str(process.pid), "status").read_text()
    return bool(int(re.search(r"^SigCgt:\t(\w+)$", told, re.MULTILINE)[1], 16) & 1 << number - 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="nothing here tells what a process handles")
def test_a_signal_while_it_loads(small_home):
    """SIGTERM amid the imports ends it at once and with status 0: an exception there is lost, or aborts."""
    process = begin(small_home, "--no-terminal", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        while not hears(process, signal.SIGTERM):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=60)[0] == ""
        assert process.returncode == 0
        assert not (small_home / "soul").exists()
    finally:
        process.kill()
        process.wait()


def test_a_signal_that_was_lost(small_home, here, monkeypatch):
    """SIGTERM while a life is put together ends the day before it begins, also where the exception that tells of it is
    lost, as one in a callback is: exit 0, no half-written soul, and the next wake works."""

    def interrupted(*arguments: object) -> object:
        awake = put_together(*arguments)
        with suppress(SystemExit):
            signal.raise_signal(signal.SIGTERM)
        return awake

    monkeypatch.setattr("wakeup.put_together", interrupted)
    done = here(small_home, "--no-terminal")
    assert done.returncode == 0, done.stderr
    assert "Good night" in done.stdout
    monkeypatch.undo()
    assert not list((small_home / "soul").glob(".unfinished*"))
    assert here(small_home, "--steps", "1", "--no-terminal").returncode == 0


def test_nobody_is_told_good_night_whose_soul_is_not_saved(small_home, here, monkeypatch):
    """A disk that is full at bedtime: exit 1, and a line that says as what it wakes."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for steps, wakes_as in (("2", "it is not saved at all."), ("3", "it wakes as it was at step 1.")):
        with monkeypatch.context() as patched:
            patched.setattr(Caretaker, "save", full)
            done = here(small_home, "--steps", steps, "--no-terminal")
        assert done.returncode == 1
        assert done.stdout.count("No space left on device") == 1
        assert f"but its soul could not be saved; {wakes_as}" in done.stdout
        assert "Good night" not in done.stdout
        if steps == "2":
            assert here(small_home, "--steps", "1", "--no-terminal").returncode == 0


@pytest.mark.parametrize(
    "moment", ["wakeup.put_together", "school.shelving.train_tokenizer", "school.assembly.build_brain"]
)
def test_a_signal_before_the_first_step(small_home, here, monkeypatch, moment):
    """SIGTERM during start-up, at several moments: exit 0, no half-written soul, and the next wake works."""
    with monkeypatch.context() as patched:
        patched.setattr(moment, lambda *_, **__: signal.raise_signal(signal.SIGTERM))
        assert here(small_home, "--no-terminal").returncode == 0
    assert not list((small_home / "soul").glob("*step-*"))
    assert not list((small_home / "soul").glob(".unfinished*"))
    assert here(small_home, "--steps", "1", "--no-terminal").returncode == 0


@contextmanager
def as_nobody() -> Iterator[None]:
    """As a user who may not do everything; what is imported from here on may be out of reach."""
    if os.geteuid():
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.skipif(not hasattr(os, "setresuid"), reason="rights are kept otherwise there")
@pytest.mark.parametrize("barred", ["home", "home/soul", "home/statistics/baby.db"])
def test_a_home_of_another_user_says_how_to_adopt_it(barred):
    """What another user left, the home itself, a room or a file, is named in one line that says how to make it yours;
    settings can be read without rooms."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        for room in ("soul", "statistics"):
            (home / room).mkdir(parents=True)
        (home / "statistics/baby.db").touch()
        for place in (Path(folder), *Path(folder).rglob("*")):
            place.chmod(0o777)
        options = parse(["--home", str(home)])
        read_options(options)
        make_home(home)  # while all is well, and so that all is imported
        Path(folder, barred).chmod(0)
        try:
            with as_nobody():
                if barred != "home":
                    read_options(options)
                with pytest.raises(Mistake, match="make it yours: sudo chown -R") as told:
                    (read_options if barred == "home" else make_home)(options if barred == "home" else home)
        finally:
            Path(folder, barred).chmod(0o777)
    assert str(told.value).startswith(f"{Path(folder, barred)}: can't be ")
    assert str(told.value).endswith(f" {home}")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="nothing here tells which files are in memory")
def test_the_soul_that_it_woke_from_is_let_go(home, here, heard):
    """Its files take as much memory as the brain, and a disk that goes away would take the process with it."""
    found: list[str] = []
    heard(lambda text: found.append(Path("/proc/self/maps").read_text()) if "Good night" in text else None)
    again = here(home, "--steps", "1", "--no-terminal")
    assert again.returncode == 0, again.stderr
    assert found
    assert str(home / "soul" / "step-") not in found[0]


def test_a_damaged_soul_is_named_and_the_one_before_wakes(home, here):
    """A truncated checkpoint is set aside by name and the baby wakes from the older one."""
    assert here(home, "--steps", "1", "--no-terminal").returncode == 0
    newest, before = sorted((home / "soul").glob("step-*"), reverse=True)[:2]
    file = newest / "brain.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    done = here(home, "--steps", "1", "--no-terminal")
    assert done.returncode == 0, done.stderr
    assert f"{newest.name} is damaged" in done.stdout
    assert f"wakes at step {int(before.name[5:]):,}" in done.stdout
    assert list((home / "soul" / "damaged").iterdir())


def test_what_cannot_be_read_now_ends_in_a_line(home, here, monkeypatch):
    """Where the disk refuses to read the newest soul: exit 2 and one line for every command that needs it; nothing is
    moved, nobody is born, and afterwards it wakes where it was."""
    newest = max((home / "soul").glob("step-*"))
    before = sorted((home / "soul").rglob("*"))
    real = os.open

    def refuse(path, *rest, **named):
        if path == newest / "brain.safetensors":
            raise OSError(5, "Input/output error", str(path))
        return real(path, *rest, **named)

    with monkeypatch.context() as moment:
        moment.setattr(os, "open", refuse)
        for arguments in (["--steps", "1", "--no-terminal"], ["ask", "hello"], ["read", str(ROOT / "README.md")]):
            done = here(home, *arguments)
            assert done.returncode == 2
            assert done.stderr.count("\n") == 1, done.stderr
            assert "can't be read just now (Input/output error); nothing was moved" in done.stderr
    assert sorted((home / "soul").rglob("*")) == before
    done = here(home, "--steps", "1", "--no-terminal")
    assert f"wakes at step {int(newest.name[5:]):,}" in done.stdout


def test_a_newborn_only_where_it_is_asked_for(born, here):
    """With all souls damaged it ends in one line; with --newborn one is born beside them, and wakes the next time."""
    (soul,) = (born / "soul").glob("step-*")
    (soul / "brain.safetensors").write_bytes(b"rust")
    for _ in range(2):
        done = here(born, "--steps", "1", "--no-terminal")
        assert done.returncode == 2
        assert "--newborn" in done.stderr
        assert not list((born / "soul").glob("step-*"))
    assert len(list((born / "soul" / "damaged").iterdir())) == 1
    done = here(born, "--steps", "1", "--no-terminal", "--newborn")
    assert done.returncode == 0, done.stderr
    assert "wakes for the first time" in done.stdout
    assert "wakes at step 1:" in here(born, "--steps", "1", "--no-terminal").stdout
    again = here(born, "--steps", "1", "--no-terminal", "--newborn")
    assert "was moved to" in again.stdout
    assert len(list((born / "soul" / "earlier").iterdir())) == 2


@pytest.mark.parametrize("kind", ["file", "link to nowhere"])
@pytest.mark.parametrize("room", ["library", "soul", "statistics"])
def test_what_stands_in_a_rooms_way_is_named(tmp_path, here, room, kind):
    """A file, or a link to a disk that is away, under the name of a room: one line that names it."""
    if kind == "file":
        (tmp_path / room).write_text("?")
    else:
        (tmp_path / room).symlink_to(tmp_path / "nowhere")
    for arguments in (["--steps", "1", "--no-terminal"], ["stats"], ["ask", "hello"]):
        done = here(tmp_path, *arguments)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1, done.stderr
        assert f"{tmp_path / room}: must be a folder" in done.stderr


SMALL_FILES = (
    "soul/lock", "soul/doing.json", "soul/library.json", "soul/backups.json", "soul/tokens/library.stamps",
    "soul/tokens/library.tokens", "statistics/owed.json", "statistics/owed.reserve", "statistics/baby.db.unwritten",
    "statistics/twitch-pace.json", "statistics/baby.log", "statistics/baby.jsonl",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["rubbish", "empty", "folder", "pipe", "link to nowhere"])
def test_no_small_file_stops_a_wake(born, here, kind):
    """Whatever is found under the names of the files that it keeps beside its soul and its record, it wakes."""
    for name in SMALL_FILES:
        file = born / name
        file.unlink(missing_ok=True)
        match kind:
            case "folder":
                file.mkdir()
            case "pipe":
                os.mkfifo(file)
            case "link to nowhere":
                file.symlink_to(born / "away" / file.name)
            case _:
                file.write_bytes(b"\xff{[\0" * 50 if kind == "rubbish" else b"")
    done = here(born, "--steps", "1", "--no-terminal")
    assert done.returncode == 0, done.stderr
    assert "wakes at step 1:" in done.stdout


@pytest.mark.trial
def test_killed_at_any_moment_it_wakes_again(home, here):
    """Killed while it saves over and over, the next wake finds a whole soul."""
    for i in range(2):
        process = begin(
            home,
            "--set",
            "soul.save_minutes=0.001",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            line = ""
            while "wakes at step" not in line:
                line = process.stderr.readline()
            time.sleep(0.4 + 0.4 * i)
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
    done = here(home, "--steps", "1", "--no-terminal")
    assert done.returncode == 0, done.stderr
    assert "damaged" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "brain.neuron=3"], ["brain.neuron", "neurons"]),
        (["--set", "lessons.learning_rate=fast"], ["lessons.learning_rate", "a number"]),
        (["--set", "brain.preset=giant"], ["brain.preset", "toddler"]),
        (["--config", "/nowhere/config.toml"], ["/nowhere/config.toml"]),
        (["--library", "/nowhere"], ["/nowhere"]),
        (["--steps", "0"], ["--steps"]),
        (["--wings"], ["--wings"]),
        (["score", "/nowhere.txt"], ["/nowhere.txt"]),
        (["--set", "brain.preset=toddler"], ["vocabulary", "512", "2048", "--home"]),
        (["read", "/dev/null"], ["/dev/null"]),
    ],
)
def test_a_mistake_is_one_clear_line(home, here, arguments, words):
    """A wrong setting, file or option ends with one line that names it, and exit status 2."""
    done = here(home, *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_a_baby_not_born_yet(tmp_path, here):
    """ask, score and stats before the first wake say what to do first."""
    for arguments in (["ask", "hi"], ["score", str(ROOT / "wakeup.py")], ["stats"]):
        done = here(tmp_path, *arguments)
        assert done.returncode == 2
        assert f"wakeup.py --home {tmp_path}" in done.stderr


@pytest.mark.trial
def test_advice_works_when_it_is_followed(tmp_path):
    """Before the first wake, `ask` names a command that can be typed as it stands: this interpreter, this home (also
    where it comes from the environment), these settings. Followed, it wakes; then `ask` answers."""
    few = ["--set", "brain.preset=newborn", "--set", "speech.max_tokens=4", "--set", "machine.kernels=false"]
    home = tmp_path / "its home"
    home.mkdir()
    ask = [sys.executable, str(ROOT / "wakeup.py"), "ask", "hello", *few]
    how = {"capture_output": True, "text": True, "timeout": 100, "cwd": tmp_path}
    named = os.environ | {"BABYLLM_HOME": str(home)}
    done = subprocess.run(ask, env=named, **how)
    assert done.returncode == 2
    advice = done.stderr.partition("wake the baby first: ")[2].strip()
    assert shlex.quote(str(home)) in advice
    woken = subprocess.run([*shlex.split(advice), "--steps", "1", "--no-terminal"], **how)
    assert woken.returncode == 0, woken.stderr
    assert len(list((home / "soul").glob("step-*"))) == 1
    again = subprocess.run(ask, env=named, **how)
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("arguments", [[], ["ask", "hi"], ["stats"], ["score", "x"], ["twitch", "check"], ["diary"]])
def test_a_missing_package_is_one_line(tmp_path, arguments):
    """Whatever is missing, whatever was asked for: one line that names it and `make setup`."""
    command = [sys.executable, "-S", str(ROOT / "wakeup.py"), *arguments, "--home", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "is not installed for" in done.stderr
    assert "`make setup`" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "guess"),
    [
        (["stast"], "did you mean stats?"),
        (["--hom", "x"], "did you mean --home?"),
        (["ask", "hi", "--chatt"], "did you mean --chat?"),
        (["twitch", "logn"], "did you mean login?"),
        (["xyzzy"], "there are: ask, score,"),
    ],
)
def test_a_mistyped_command_gets_a_guess(tmp_path, here, arguments, guess):
    done = here(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert guess in done.stderr


def test_a_home_that_is_not_there(tmp_path, here):
    """No command but those that begin a life makes one."""
    for command in (["stats"], ["ask", "hi"], ["score", "x"], ["read", "x"], ["twitch", "check"], ["twitch", "logout"]):
        done = here(tmp_path / "typo", *command)
        assert done.returncode == 2
        assert "there is no such folder" in done.stderr
        assert not (tmp_path / "typo").exists()


def test_a_library_of_one_file(tmp_path, here):
    """--library takes a file, too, whatever its name ends with; the starter shelf is not needed then."""
    (tmp_path / "letter.text").write_text("today it rained and the cat slept. i made soup.\n" * 200)
    done = here(tmp_path, "--steps", "1", "--no-terminal", "--library", str(tmp_path / "letter.text"))
    assert done.returncode == 0, done.stderr
    assert "Library: 1 text," in done.stdout


def test_a_score_that_is_known_is_told(home, here):
    """A file that is missing costs its own figure only."""
    text = str(home / "library" / "diary.txt")
    done = here(home, "score", text, "/nowhere.txt", text)
    assert done.returncode == 2
    assert done.stdout.count("bits/byte") == 2
    assert done.stderr == "babyLLM: /nowhere.txt: No such file or directory.\n"
    done = here(home, "score", "/nowhere.txt", text, "--json")
    found = json.loads(done.stdout)
    assert [one["file"] for one in found["files"]] == [text]
    assert [one["file"] for one in found["failed"]] == ["/nowhere.txt"]


@pytest.mark.trial
def test_a_question_from_standard_input(home):
    """`ask` reads it; `ask --chat` answers line after line."""
    done = wakeup(home, "ask", "--json", stdin="\ufeff how are you?\n")
    assert json.loads(done.stdout)["text"]
    done = wakeup(home, "ask", "--chat", stdin="hello\n\n/status\nhow are you?\nquit\nnot this\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("baby: ") == 2
    assert wakeup(home, "ask", stdin="").stderr == "babyLLM: standard input holds no question.\n"


ASKING = """
import sys, wakeup
status = wakeup.main(sys.argv[1:])
sys.exit("it loaded torch" if "torch" in sys.modules else status)
"""


def assert_tuned(process: int) -> None:
    """It began as one that learns should, with the arguments it was given."""
    if not sys.platform.startswith("linux"):
        return
    given, environment = (Path(f"/proc/{process}/{name}").read_bytes().split(b"\0") for name in ("cmdline", "environ"))
    assert given[1:4] == [b"-u", os.fsencode(ROOT / "wakeup.py"), b"--home"]
    assert any(one.startswith(b"GLIBC_TUNABLES=") for one in environment)


def test_the_one_that_is_awake_is_asked(small_home, here):
    """From its first step on, before any soul is saved, ask and score go to the baby that is awake, and wait for no
    torch; what was asked is in its record. A second one on the same home exits 2 with one line that says what to do."""
    process = begin(small_home, "--no-terminal", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        read_until(process, "step 1 ")
        assert_tuned(process.pid)
        for command in (["ask", "how are you?", "--json"], ["score", str(ROOT / "README.md"), "--json"]):
            arguments = [sys.executable, "-c", ASKING, *command, "--home", str(small_home)]
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, cwd=ROOT)
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["step"] >= 1
        second = here(small_home, "--steps", "1")
        assert second.returncode == 2
        assert second.stderr.count("\n") == 1
        assert "another baby is awake here" in second.stderr
        assert "--home" in second.stderr
        assert not list((small_home / "soul").glob("step-*"))
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=100)[0]
    assert process.returncode == 0, rest
    assert "Good night" in rest
    assert len(list((small_home / "soul").glob("step-*"))) == 1
    found = json.loads(here(small_home, "stats", "--json").stdout)
    assert [(talk["person"], talk["question"]) for talk in found["talk"]] == [("owner", "how are you?")]


LOOKING = """
import sys, wakeup
try:
    status = wakeup.main(sys.argv[2:])
except SystemExit as leaving:  # --help
    status = leaving.code
heavy = sorted(set(sys.argv[1].split()) & sys.modules.keys())
sys.exit(f"it loaded {heavy}" if heavy else status)
"""
HEAVY = "torch numpy tokenizers twitchio aiohttp sqlite_utils rich.console prompt_toolkit apscheduler bots.settings "
NOT_FOR = {  # what a command may not load: packages, and of ours what loads or builds much
    "--help": HEAVY + "pydantic plotext asyncio rich school.looking bots.chat bots.twitch",
    "stats": HEAVY + "pydantic asyncio school.settings school.door.values bots.chat bots.twitch",
    "report --json": HEAVY + "pydantic plotext asyncio school.settings bots.chat bots.twitch",
    "diary": HEAVY + "pydantic plotext asyncio school.settings school.door.values bots.chat bots.twitch",
    "timetable": HEAVY + "plotext asyncio school.settings school.door.values bots.chat bots.twitch",
    "twitch check": HEAVY + "plotext rich school.settings school.looking school.door.values bots.chat",
}
LOOKING_COMMANDS = list(NOT_FOR)


def look(home, command):
    arguments = [sys.executable, "-c", LOOKING, NOT_FOR[command], *command.split(), "--home", str(home)]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, cwd=ROOT)


@pytest.mark.parametrize("command", LOOKING_COMMANDS)
def test_looking_costs_little(home, command):
    """Commands that only look load nothing that they don't need; what that costs in time is a trial."""
    done = look(home, command)
    assert done.returncode == (0 if command in ("--help", "stats", "report --json", "timetable") else 2), done.stderr
    assert "it loaded" not in done.stderr


@pytest.mark.parametrize("command", ["stats", "report", "diary", "timetable", "twitch check"])
def test_looking_refuses_settings_that_are_none(home, here, command):
    """What is given for this one time is held against all settings, also where a command goes by none of them; and so
    is what it goes by, wherever that stands."""
    done = here(home, *command.split(), "--set", "brain.neuron=3")
    assert (done.returncode, "brain.neuron is not a setting; did you mean brain.neurons?" in done.stderr) == (2, True)


def test_looking_refuses_a_zone_that_is_none(home, here, monkeypatch, tmp_path):
    """In config.toml, too, of which a look reads what it goes by."""
    (tmp_path / "config.toml").write_text('[brain]\nneuron = 3\n[timetable]\nzone = "Mars"\n')
    monkeypatch.setattr(wakeup_itself, "REPOSITORY", tmp_path)
    for command in ("stats", "timetable"):
        done = here(home, command, settings=())
        assert done.returncode == 2
        assert 'config.toml: timetable.zone must be text like "local" or "Europe/London", not "Mars"' in done.stderr


@pytest.mark.trial
@pytest.mark.parametrize("command", LOOKING_COMMANDS)
def test_looking_takes_half_a_second(home, command):
    """Processor time on a quiet machine, the best of three."""
    costs = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        look(home, command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(costs) < 0.5


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP")
@pytest.mark.parametrize("outlives", [True, False])
def test_a_closed_terminal_is_bedtime_unless_it_was_started_with_nohup(outlives):
    """nohup lets a program ignore SIGHUP from its beginning; then no handler takes its place."""
    with undone():
        signal.signal(signal.SIGHUP, signal.SIG_IGN if outlives else signal.SIG_DFL)
        assert (signal.SIGHUP in bedtime_signals()) == (not outlives)


@pytest.mark.trial
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP")
def test_it_outlives_its_terminal_where_it_was_told_to(tmp_path):
    """Started with nohup, a closed terminal is no bedtime: it goes on, and a SIGTERM lets it sleep."""
    ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    process = begin(tmp_path, "--no-terminal", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=ignore)
    try:
        read_until(process, "step 1 ")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=60)[0]
        assert process.returncode == 0, rest
        assert "leave at once" in rest
        assert "Good night" in rest
    finally:
        process.kill()
        process.wait()


def test_looking_at_nothing_makes_nothing(tmp_path, here):
    """A home that is not there, as after a mistyped --home, is not made by commands that only look."""
    for command in ("stats", "report", "diary", "timetable"):
        here(tmp_path / "typo", command)
        assert not (tmp_path / "typo").exists()


@pytest.mark.skipif(not shutil.which("bash") or not shutil.which("tar"), reason="packs with bash and tar")
def test_a_home_moves_as_the_page_says(born, here, tmp_path_factory):
    """Packed and unpacked with the lines of docs/moving.md, it wakes elsewhere where it fell asleep, with all that is
    its own and nothing else, and nobody else can read the archive."""
    page = (ROOT / "docs/moving.md").read_text("utf-8")
    pack, unpack = (re.search(rf"^ +(.*tar -{what}zf .*)$", page, re.M)[1] for what in "cx")
    mine = {"secrets/twitch.json": "{}", ".env": "A=b", "config.toml": "[brain]", "voice.toml": "", "words.txt": "no"}
    for name, text in (mine | {".venv/bin/python": "too large", "wakeup.py": "not mine"}).items():
        file = born / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    away, elsewhere = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("elsewhere")
    for line, place in ((pack, born), (unpack, elsewhere)):
        subprocess.run(["bash", "-c", line], cwd=place, env=os.environ | {"HOME": str(away)}, check=True, timeout=60)
    assert (away / "baby.tar.gz").stat().st_mode & 0o077 == 0
    assert {name: (elsewhere / name).read_text() for name in mine} == mine
    assert {place.name for place in elsewhere.iterdir()} == {"soul", "statistics", "library"} | {
        name.split("/")[0] for name in mine
    }
    assert "wakes at step 1:" in here(elsewhere, "--steps", "1", "--no-terminal").stdout


def test_a_library_that_is_a_link_to_nowhere(tmp_path, here):
    """One line that says where it leads, and exit status 2."""
    (tmp_path / "library").symlink_to(tmp_path / "disk")
    done = here(tmp_path, "--steps", "1", "--no-terminal")
    assert done.returncode == 2
    why = f"must be a folder, but it is a link to {tmp_path / 'disk'}, which is not there."
    assert done.stderr == f"babyLLM: {tmp_path / 'library'}: {why}\n"


def test_a_library_that_changes_between_wakes(tmp_path, here):
    """What is new, changed, gone or left out is told by name; a library that is emptied ends in one line, and the
    starter shelf doesn't take its place."""
    shelf, few = tmp_path / "library", ("--steps", "1", "--no-terminal", "--set", "brain.preset=newborn")
    shelf.mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (shelf / name).write_text("".join(f"{name} tells of fox {i}.\n" for i in range(50)))
    (shelf / "d.png").write_bytes(b"\x89PNG")
    first = here(tmp_path, *few)
    assert "skipped d.png: .png files can't be read here" in first.stdout
    assert "new text" not in first.stdout
    (shelf / "a.txt").unlink()
    (shelf / "b.txt").write_text("today it rained.\n")
    (shelf / "e.txt").write_text("a new note.\n")
    second = here(tmp_path, *few)
    for line in ("1 new text: e.txt.", "1 text changed: b.txt.", "1 text is gone: a.txt."):
        assert line in second.stdout
    for text in shelf.glob("*.txt"):
        text.unlink()
    for _ in range(2):
        third = here(tmp_path, *few)
        assert third.returncode == 2
        assert "3 texts are gone: b.txt, c.txt and e.txt. There is nothing to learn from" in third.stderr
        assert "wakes at" not in third.stdout
    assert (tmp_path / "soul" / "tokens" / "library.tokens").stat().st_size < 300


def test_a_library_of_what_can_not_be_read(tmp_path, here):
    """What was left aside is told, and that the starter shelf takes its place, at the next wake, too."""
    (tmp_path / "library").mkdir()
    for name in ("a.docx", "b.rtf", "c.json", "noend"):
        (tmp_path / "library" / name).write_text("{}")
    for _ in range(2):
        done = here(tmp_path, "--steps", "1", "--no-terminal", "--set", "brain.preset=newborn")
        for name in ("a.docx", "b.rtf", "c.json", "noend"):
            assert f"skipped {name}: " in done.stdout
        assert "so it learns from the starter shelf" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is POSIX")
def test_a_terminal_chat_survives_the_lessons(home):
    """In a terminal, a question typed while views of the lessons scroll by is answered, the views can be changed, and
    Ctrl-C saves and exits 0. Nobody writes into anybody's line."""
    import fcntl
    import pty
    import struct
    import termios

    def own_the_terminal() -> None:  # as a shell's child does: Ctrl-C between two prompts is a signal
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = begin(
        home,
        "--set",
        "terminal.line_seconds=0.05",
        "--set",
        "terminal.view=full",
        stdin=child,
        stdout=child,
        stderr=child,
        env=os.environ | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        preexec_fn=own_the_terminal,
    )
    os.close(child)
    seen, heard = b"", 0

    def read_for(words: bytes, seconds: float = 100) -> None:
        """Read until there is a next place with these words, which no width breaks."""
        nonlocal seen, heard
        deadline = time.monotonic() + seconds
        while (found := seen.find(words, heard)) < 0:
            assert time.monotonic() < deadline, seen[-2000:]
            try:
                seen += os.read(parent, 65_536)
            except OSError:
                pytest.fail(f"it ended: {seen[-2000:]}")
        heard = found + len(words)

    try:
        read_for(b"you:")
        read_for(b" guessed")  # a whole full view
        os.write(parent, b"/view compact\r")
        read_for(b"shown compact from the next step on")
        for half in (b"hello ", b"there"):
            for letter in half:
                os.write(parent, bytes([letter]))
                time.sleep(0.03)
            read_for(b"tokens/s")  # a view, while the line is being typed
        os.write(parent, b"\r")
        read_for(b"baby: ")
        os.write(parent, b"/status\r")
        read_for(b"self-state")
        os.write(parent, b"/view plain\r")
        read_for(b"shown plain from the next step on")
        read_for(b"colour")
        os.write(parent, b"/why-slow\r")
        read_for(b" seconds")
        os.write(parent, b"\x03")
        read_for(b"Good night")
        assert process.wait(timeout=100) == 0
    finally:
        process.kill()
        process.wait()
        os.close(parent)
    assert_whole(Paper(40).write(seen), ("/view compact", "hello there", "/status", "/view plain", "/why-slow"))


def assert_whole(rows: list[str], typed: tuple[str, ...]) -> None:
    """Nobody wrote into the line of somebody else: each line that was typed has a row of its own, and so have bars."""
    rows = [row.removeprefix("^C") for row in rows]  # the terminal's own, where Ctrl-C falls between two prompts
    mine = [row.removeprefix("you:").strip() for row in rows if "you:" in row]
    assert [line for line in mine if line] == list(typed)
    assert all(row.startswith("you:") for row in rows if "you:" in row)
    bars = [row for row in rows if re.match(r" +(expected|true) ", row)]
    assert len(bars) >= 2
    assert all(re.fullmatch(r" +(expected|true) +r .* \d\.\d\d g .*\d\.\d\d b .*\d\.\d\d", row) for row in bars)
