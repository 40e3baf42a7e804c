"""Whether two checkouts live the same life, bit for bit: for changes that are meant to change nothing.

    python -m benchmarks.identity before=/tmp/before after=. --keep life.json
    python -m benchmarks.identity before=life.json after=.

Each checkout plays one small life through its own command line, in a home of its own: lessons, then a day without
lessons on which it is talked to, its answers are marked and it is taught something, then lessons in which that comes
back. Then every tensor of its newest soul is compared by its content: weights, their average, the best one, the
optimizer's moments, and what its streams remember. Only the command line and the files of a soul must be the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from safetensors import safe_open

import wakeup
from benchmarks.common import run
from school.office.mistakes import Mistake

PARTS = ("brain", "voice", "best", "optimizer", "streams")  # of a soul; conversations are no lessons
FIXED = (
    "brain.preset=newborn", "lessons.seed=0", "lessons.block_tokens=32", "lessons.streams=16",
    "lessons.micro_streams=8", "machine.threads=1", "machine.device=cpu",
    # examinations often and a high rate, so that it goes back to its best self and keeps to it:
    "lessons.evaluation_steps=5", "lessons.evaluation_tokens=2048", "lessons.learning_rate=0.03",
    "lessons.warmup_steps=2", "lessons.plateau_patience=1", "lessons.plateau_factor=0.1", "lessons.dialogue_share=0.3",
    # nothing that goes by the clock:
    "speech.max_tokens=12", "speech.max_seconds=600", "timetable.night=", "timetable.diary=", "timetable.letter=",
    "timetable.backup=", "timetable.examine_minutes=0", "timetable.thin_minutes=0", "soul.save_minutes=0",
    "scribe.weight=0", "scribe.comments=0",
)  # fmt: skip
TALK = (
    "who sat on the mat?",
    "/good",
    "what did you eat?",
    "/fix it was soup, with bread from the day before.",
    "and then?",
    "/bad",
    "/teach the blue heron counts the boats on thursdays.",
    "and after that?",  # two lessons of one millisecond would come in any order
    "/teach nobody knows where the key of the piano is.",
    "/quit",
)
WORDS = (
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "my",
    "sister",
    "made",
    "soup",
    "in",
    "rain",
    "when",
    "we",
    "sang",
)
PATIENCE = 300  # seconds for each of the three days


def main() -> None:
    options = wakeup.Parser(description=__doc__.splitlines()[0])
    options.add_argument(
        "checkouts", nargs="+", metavar="NAME=FOLDER", help="a version, or a life kept on this machine"
    )
    options.add_argument("--keep", type=Path, metavar="FILE", help="keep the first one's life, to compare with later")
    options.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change a setting")
    given = options.parse_args()
    lives = {}
    for checkout in given.checkouts:
        name, equals, folder = checkout.partition("=")
        if not equals or name in lives:
            raise Mistake(f"{checkout}: write each as NAME=FOLDER, each name once.")
        lives[name] = live(name, Path(folder), given.set)
        print(f"{name}: {len(lives[name])} tensors, together {together(lives[name])}  {folder}", flush=True)
    first, *others = lives
    if given.keep:
        given.keep.write_text(json.dumps(lives[first], indent=1), encoding="utf-8")
    differ = [name for name in others if not same(first, lives[first], name, lives[name])]
    sys.exit(1 if differ else 0)


def live(name: str, checkout: Path, changes: list[str]) -> dict[str, str]:
    """The whole life; returns the digest of each tensor of its newest soul by part and name. Raises Mistake."""
    if checkout.is_file():
        return json.loads(checkout.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="baby-") as folder:
        home = Path(folder, "home")
        (home / "library").mkdir(parents=True)
        (home / "library" / "diary.txt").write_text(text(), encoding="utf-8")
        Path(folder, "config.toml").touch()  # all defaults
        for day in (["--steps", "10"], ["--no-train"], ["--steps", "20"]):
            wake(name, checkout, home, changes, day)
        souls = sorted((home / "soul").glob("step-*"))
        if not souls or not souls[-1].name.endswith("30"):
            raise Mistake(f"{name}: it should have come to step 30; there is {[soul.name for soul in souls]}.")
        return digests(souls[-1])


def wake(name: str, checkout: Path, home: Path, changes: list[str], day: list[str]) -> None:
    """One day of it; the one without lessons is the one on which people talk. Raises Mistake."""
    command = [sys.executable, "wakeup.py", "--config", str(home.parent / "config.toml"), "--home", str(home)]
    command += [part for change in (*FIXED, *changes) for part in ("--set", change)]
    talk = "--no-train" in day
    command += ["--no-twitch", *day, *([] if talk else ["--no-terminal"])]
    own = {key: value for key, value in os.environ.items() if not key.startswith(("BABYLLM_", "TWITCH_", "PYTHONPATH"))}
    try:
        done = subprocess.run(
            command, cwd=checkout, env=own, timeout=PATIENCE, capture_output=True, text=True,
            input="\n".join([*TALK, ""]) if talk else "",
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Mistake(f"{name}: {checkout} can't be tried ({error}).") from None
    if done.returncode or talk and done.stdout.count("baby: ") != 4:
        raise Mistake(f"{name}: its day {' '.join(day)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def text() -> str:
    """A diary of a few thousand words in which some things come again."""
    return " ".join(WORDS[i * i % 23 * (i % 5 + 1) % len(WORDS)] + "." * (i % 7 == 0) for i in range(6000))


def digests(soul: Path) -> dict[str, str]:
    """Each tensor of these parts by "part/name": a digest of its type, shape and bytes."""
    found = {}
    for part in PARTS:
        with safe_open(soul / f"{part}.safetensors", "numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118  (it is no mapping)
                values = tensors.get_tensor(name)
                content = f"{values.dtype} {values.shape} ".encode() + values.tobytes()
                found[f"{part}/{name}"] = hashlib.sha256(content).hexdigest()[:16]
    return found


def together(life: dict[str, str]) -> str:
    return hashlib.sha256("".join(f"{name} {digest}\n" for name, digest in sorted(life.items())).encode()).hexdigest()[
        :16
    ]


def same(first: str, one: dict[str, str], second: str, other: dict[str, str]) -> bool:
    """Say whether they are, and where they first are not."""
    unlike = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    if not unlike:
        print(f"{first} and {second} are identical")
        return True
    name = unlike[0]
    where = " and ".join(f"{who} has {life.get(name, 'none')}" for who, life in ((first, one), (second, other)))
    print(f"{first} and {second} differ in {len(unlike)} tensors; the first is {name}: {where}")
    return False


if __name__ == "__main__":
    run(main)
