"""Asking a baby that is awake from another process: the real socket, the real lessons, the client in another thread."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.local import LocalSocket
from school.door.local import LONGEST_NAME, Line, Problem, address
from school.teaching.scoring import exam_on
from tests.school.test_classroom import class_, wait_for  # noqa: F401

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no such sockets here")


def guest(class_, home: Path, visit):  # noqa: F811
    """What ``visit`` brings, in a thread of its own, while the socket is open in this home."""

    async def stay():
        desk = LocalSocket(class_.school, home)
        desk.start()
        await desk._opening
        try:
            return await asyncio.wait_for(asyncio.to_thread(visit, home), 60)
        finally:
            await desk.close()

    (home / "soul").mkdir(parents=True, exist_ok=True)
    return asyncio.run(stay())


def wake(class_) -> None:  # noqa: F811
    class_.classroom.start()
    wait_for(lambda: class_.school.status().step)


def test_it_answers_whoever_asks_from_another_process(class_, tmp_path):  # noqa: F811
    """The pieces make up the answer; it is the owner's talk, in the record, and nobody else can open the socket."""
    wake(class_)
    pieces = []

    def visit(home: Path):
        assert stat.S_IMODE(address(home).stat().st_mode) == 0o600
        with Line.to(home) as line:
            return line.ask("how are you?", "", pieces.append), line.ask("and now?", "", pieces.append)

    first, second = guest(class_, tmp_path, visit)
    assert "".join("".join(pieces).split()) == "".join((first["text"] + second["text"]).split())
    assert first.keys() >= {"text", "step", "seconds", "color", "conversation"}
    assert first["step"] > 0
    assert not address(tmp_path).exists()
    assert Line.to(tmp_path) is None
    class_.registrar.write(lambda db: None).result(60)
    exchanges = class_.registrar.queries.exchanges(10)
    assert [one.question for one in exchanges] == ["how are you?", "and now?"]
    assert {one.person for one in exchanges} == {"owner"}
    assert class_.school.forget(person="owner").result(60).rows >= 4


def test_a_conversation_is_remembered_only_by_its_name(class_, tmp_path):  # noqa: F811
    wake(class_)

    def visit(home: Path) -> None:
        with Line.to(home) as line:
            line.ask("hello", "", lambda piece: None)
            line.ask("hello", "garden", lambda piece: None)

    guest(class_, tmp_path, visit)
    assert set(class_.classroom.receptionist.conversations.snapshot()) == {"garden"}


def test_a_score_is_what_its_voice_says_then(class_, tmp_path):  # noqa: F811
    """While lessons stand still, exactly what the same examination says; a file that isn't there is a sentence."""
    wake(class_)
    class_.control.pause(True).result(60)
    wait_for(lambda: class_.school.status().paused)
    text = tmp_path / "letter.txt"
    text.write_text("the cat sat on the mat. who ate the bread? " * 40)

    def visit(home: Path):
        with Line.to(home) as line:
            with pytest.raises(Problem, match=r"nowhere.txt: No such file"):
                line.score(tmp_path / "nowhere.txt")
            return line.score(text)

    score = guest(class_, tmp_path, visit)
    wait_for(lambda: not class_.tutor.under_way)
    result = exam_on(text, class_.tutor.librarian.tokenizer).run(class_.tutor.voice)
    assert score["bits_per_byte"] == pytest.approx(result.bits_per_byte, rel=1e-5)
    assert score["bytes"] == len(text.read_bytes())


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Not one of pytest's, whose names grow with each run and each worker."""
    with tempfile.TemporaryDirectory(prefix="b") as folder:
        yield Path(folder)


def test_a_home_whose_path_is_too_long_for_a_socket(class_, tmp_path, short_folder, monkeypatch):  # noqa: F811
    """Its socket is in the runtime folder, for its owner alone, and found through a link in the home."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_folder))
    if len(os.fsencode(short_folder / "babyllm" / f"{'0' * 16}.sock")) > LONGEST_NAME:
        pytest.skip("this machine's temporary folders have too long names")
    wake(class_)
    home = tmp_path / ("a" * 60) / ("b" * 60)

    def visit(home: Path):
        assert address(home).is_symlink()
        assert stat.S_IMODE((short_folder / "babyllm").stat().st_mode) == 0o700
        with Line.to(home) as line:
            return line.ask("hello", "", lambda piece: None)

    assert guest(class_, home, visit)["text"]
    assert not list((short_folder / "babyllm").iterdir())
    assert not os.path.lexists(address(home))


def test_nobody_is_awake(tmp_path):
    """No home, no socket, one that a killed process left, a file in its place: nobody."""
    assert Line.to(tmp_path / "nowhere") is None
    (tmp_path / "soul").mkdir()
    assert Line.to(tmp_path) is None
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(address(tmp_path)))
    left.close()
    assert Line.to(tmp_path) is None
    address(tmp_path).unlink()
    address(tmp_path).write_text("?")
    assert Line.to(tmp_path) is None


def test_what_a_killed_life_left_is_replaced(class_, tmp_path):  # noqa: F811
    wake(class_)
    (tmp_path / "soul").mkdir(exist_ok=True)
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(address(tmp_path)))
    left.close()

    def visit(home: Path):
        with Line.to(home) as line:
            return line.ask("hello", "", lambda piece: None)

    assert guest(class_, tmp_path, visit)["text"]


def test_nonsense_on_the_socket(class_, tmp_path):  # noqa: F811
    """Is answered in a sentence or broken off, and the next guest is served."""
    wake(class_)

    def visit(home: Path):
        for nonsense in (b"?\n", b"[]\n", b'{"ask": 3}\n', b"x" * (2 << 20)):
            with Line.to(home) as line:
                try:
                    line._connection.sendall(nonsense)
                    assert b"problem" in line._lines.readline()
                except OSError:  # it had heard enough
                    pass
        with Line.to(home) as line:
            return line.ask("hello", "", lambda piece: None)

    assert guest(class_, tmp_path, visit)["text"]


def test_one_that_falls_asleep_says_so(class_, tmp_path):  # noqa: F811
    wake(class_)
    class_.classroom.stop()
    class_.classroom.done.result(60)

    def visit(home: Path):
        with Line.to(home) as line, pytest.raises(Problem, match="falling asleep"):
            line.ask("hello", "", lambda piece: None)

    guest(class_, tmp_path, visit)


def test_a_text_is_taken_out_by_who_is_awake(class_, tmp_path):  # noqa: F811
    """Its lessons leave the record at once; names that are none are refused."""
    class_.registrar.shelve(class_.tutor.librarian.texts)
    wake(class_)
    name = class_.tutor.librarian.texts[0].name

    def visit(home: Path):
        wait_for(lambda: class_.school.status().step > 5)
        with Line.to(home) as line:
            gone = line.forget_texts([name])
            with pytest.raises(Problem, match="can't be asked"):
                line._call({"forget_texts": name}, "gone")
            return gone

    gone = guest(class_, tmp_path, visit)
    assert gone["texts"] == 1
    rows = class_.registrar.write(lambda db: list(db.query("select name from sources"))).result(60)
    assert name not in {row["name"] for row in rows}
