"""The house's rules, read off its syntax trees: who may import whom, and who must stay silent."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("brain", "school", "bots")
MAY_IMPORT = {"brain": {"brain"}, "school": {"brain", "school"}, "bots": {"bots", "school"}}
BOTS_KNOW = {
    "school.door.events",
    "school.door.local",
    "school.door.mailbox",
    "school.door.phrases",
    "school.door.receipts",
    "school.door.school",
    "school.door.signals",
    "school.door.values",
    "school.door.consent",
    "school.diary.voice",
    "school.office.advice",
    "school.office.files",
    "school.office.foreign",
    "school.office.log",
    "school.office.mistakes",
    "school.office.privacy",
    "school.office.settings",
    "school.settings",
    "school.screen.calligraphist",
    "school.screen.glossary",
    "school.screen.status",
    "school.screen.telling",
    "school.texts.redaction",
    "school.texts.redaction.settings",
}


@cache
def imported(file: Path) -> frozenset[str]:
    """Every module that a file imports anywhere but under TYPE_CHECKING."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names.add(node.module)
    return frozenset(names)


def sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_imports_flow_downhill(room):
    """brain imports only brain; school also brain; bots also school: wakeup -> bots -> school -> brain."""
    for file in sources(room):
        own = {name for name in imported(file) if name.split(".")[0] in (*ROOMS, "wakeup", "tests", "benchmarks")}
        assert {name.split(".")[0] for name in own} <= MAY_IMPORT[room], file


def test_bots_know_only_the_narrow_interface():
    """A surface imports the interface, the settings' base, the words for the screen and the manners for strangers, and
    nothing else of school."""
    for file in sources("bots"):
        assert {name for name in imported(file) if name.startswith("school")} <= BOTS_KNOW, file


def test_a_chat_belongs_to_no_platform():
    """bots/chat imports no platform, names none, and platforms don't import each other."""
    platforms = {folder.name for folder in (ROOT / "bots").iterdir() if folder.is_dir()} - {"chat", "__pycache__"}
    assert platforms >= {"twitch", "room"}
    for folder in ("chat", *platforms):
        others = {f"bots.{platform}" for platform in platforms - {folder}}
        for file in sources(f"bots/{folder}"):
            assert not {".".join(name.split(".")[:2]) for name in imported(file)} & others, file
    for file in sources("bots/chat"):
        assert "twitch" not in file.read_text("utf-8").casefold(), file


def test_a_surface_never_loads_torch():
    """Importing the terminal, the room or the chat leaves torch unloaded."""
    code = "import sys, bots.terminal, bots.room.console, bots.chat.surface; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_the_door_and_the_record_never_load_torch():
    """Nor does anything that only reports what is recorded, or deletes it."""
    files = [*sources("school/door"), *sources("school/record"), *sources("school/report")]
    modules = ", ".join(str(file.relative_to(ROOT).with_suffix("")).replace("/", ".") for file in files)
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_the_brain_is_pure():
    """The brain imports only torch, numpy and the standard library's mathematics and tools for functions; it prints and
    opens nothing."""
    allowed = {"brain", "torch", "numpy", "math", "abc", "dataclasses", "typing", "collections", "__future__"}
    allowed |= {"functools", "itertools"}
    for file in sources("brain"):
        assert {name.split(".")[0] for name in imported(file)} <= allowed, file
        calls = {
            n.func.id
            for n in ast.walk(ast.parse(file.read_text()))
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert not calls & {"print", "open", "input"}, file


def test_nothing_is_ever_unpickled():
    """No source loads a pickle, by whatever name."""
    for file in [*(f for room in ROOMS for f in sources(room)), ROOT / "wakeup.py"]:
        assert not re.search(r"torch\.load\(|import pickle|pickle\.load|joblib", file.read_text("utf-8")), file


def test_statistics_is_no_package():
    """A statistics/__init__.py would hide Python's own module of that name."""
    assert not (ROOT / "statistics" / "__init__.py").exists()


def test_the_packages_are_named_once_and_pinned():
    """requirements.txt and pyproject.toml name the same packages, and constraints.txt pins each of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.split(r"[<>=!\[ ]", name)[0].lower().replace("_", "-") for name in wanted}

    def listed(file: str) -> set[str]:
        lines = (line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
        return {line.split("==")[0].lower().replace("_", "-") for line in lines if line}

    assert listed("requirements.txt") == names
    assert names <= listed("constraints.txt")
