"""What gets installed is named once, pinned, and checked against checksums."""

from __future__ import annotations

import re
import tomllib

from tests.test_imports import ROOT


def pinned(text: str) -> dict[str, str]:
    return {name.lower().replace("_", "-"): version for name, version in re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", text)}


def test_every_package_but_torch_is_locked_with_its_checksums():
    """requirements.lock has all of requirements.txt in the versions of constraints.txt, each with a checksum at least;
    and it is what `make` installs from."""
    lock = (ROOT / "requirements.lock").read_text()
    wanted = {
        line.lower() for line in (ROOT / "requirements.txt").read_text().splitlines() if line[:1] not in ("#", "")
    }
    locked, constrained = pinned(lock), pinned((ROOT / "constraints.txt").read_text())
    assert {name.replace("_", "-") for name in wanted} - set(locked) == {"torch"}
    assert {name: constrained.get(name) for name in locked} == locked
    for entry in re.split(r"(?m)^(?=[\w.-]+==)", lock)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    assert "--require-hashes --no-deps -r requirements.lock" in (ROOT / "Makefile").read_text()


def test_uv_installs_the_same_versions():
    """uv reads no constraints.txt, so pyproject.toml says them once more."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert project["tool"]["uv"]["constraint-dependencies"] == [line for line in lines if line[:1] not in ("#", "")]
