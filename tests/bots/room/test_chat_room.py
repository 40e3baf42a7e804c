"""`wakeup.py chat-room` as people use it: a real process with lines on its standard input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SMALL = (
    "brain.preset=newborn", "lessons.streams=2", "lessons.block_tokens=32", "lessons.micro_streams=2",
    "machine.threads=1", "speech.max_tokens=6",
)  # fmt: skip


def test_several_people_talk_to_it_through_a_pipe(tmp_path):
    """Each answer is said to whom it is for; a moderator's commands are theirs alone; /quit ends the day."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 100)
    sets = [part for value in SMALL for part in ("--set", value)]
    command = [sys.executable, "-u", str(ROOT / "wakeup.py"), "--home", str(tmp_path), *sets, "--no-train"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, "chat-room", "--moderator", "Mo"], cwd="/", **pipes) as room:
        try:
            print(
                "ann: !optin", "bob: !save", "mo: !quiet 5", "cid: !baby hello?", sep="\n", file=room.stdin, flush=True
            )
            said = [room.stdout.readline(), room.stdout.readline()]
            print("mo: !wake", "cid: !baby hello?", sep="\n", file=room.stdin, flush=True)
            said += [room.stdout.readline(), room.stdout.readline()]
            rest, errors = room.communicate("/quit\n", timeout=60)
        except BaseException:
            room.kill()
            raise
    assert room.returncode == 0, errors
    assert sorted(line.partition(":")[0] for line in said) == ["baby -> ann", "baby -> cid", "baby -> mo", "baby -> mo"]
    assert said[3].startswith("baby -> cid: ") or said[2].startswith("baby -> cid: ")
    assert rest == ""
    assert "The room is open" in errors
    assert "Traceback" not in errors
