"""The pages' files, without a browser: nothing of others, nothing inline, nothing that is too new for OBS."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bots.web.files import STATIC
from tests.test_imports import ROOT

FILES = sorted(file for file in STATIC.rglob("*") if file.suffix in (".html", ".css", ".js"))
OLD = [file for file in FILES if file.parent.name in ("overlay", "shared") and file.name != "tones.css"]
TOO_NEW = {  # for Chromium 103, which OBS 30 has; with the first that knows it
    "css": {
        r"\b(?:oklch|oklab|lch|lab|color-mix|color)\(": "111", r":has\(": "105", r"^\s*&": "112", r"@container": "105",
        r"\d[dsl]v[hw]\b": "108", r"^\s*(?:translate|rotate|scale):": "104", r"@starting-style": "117",
        r"text-wrap:": "114", r"field-sizing:": "123", r"\d(?:r?lh|cq\w+)\b": "109",
    },
    "js": {
        r"Promise\.(?:withResolvers|try)\b": "119", r"\.to(?:Sorted|Reversed|Spliced)\(": "110",
        r"Object\.groupBy": "117",
        r"\.isWellFormed\(": "111", r"Array\.fromAsync": "121", r"\.difference\(": "122",
        r"/[dgimsuy]*v[dgimsuy]*[,;)]": "112",
    },
}  # fmt: skip


def name(file: Path) -> str:
    return file.relative_to(STATIC).as_posix()


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_file_is_small_and_needs_nobody(file):
    """No address but our own, nothing that makes markup of text, no style or script that the policy would refuse."""
    text = file.read_text("utf-8")
    lines = text.splitlines()
    assert len(lines) < 250
    assert file.suffix == ".html" or max(map(len, lines)) <= 120
    assert set(re.findall(r"https?://[^\s\"')]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    if file.suffix == ".html":
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?! type=\"module\" src=)", text)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_what_it_names_is_there(file):
    text = file.read_text("utf-8")
    named = set(re.findall(r"/static/([\w./-]+\.\w+)", text))
    assert [one for one in named if not (STATIC / one).is_file()] == []
    if file.suffix == ".js" and file.name != "sw.js":
        for names, place in re.findall(r"import \{([^}]*)\} from \"/static/([^\"]+)\"", text):
            exported = set(
                re.findall(r"export (?:async )?(?:function\*? |class |const )(\w+)", (STATIC / place).read_text())
            )
            assert {one.strip() for one in names.split(",")} <= exported


@pytest.mark.parametrize("file", [file for file in OLD if file.suffix[1:] in TOO_NEW], ids=name)
def test_obs_knows_all_of_it(file):
    text = file.read_text("utf-8")
    assert {what: since for what, since in TOO_NEW[file.suffix[1:]].items() if re.search(what, text, re.M)} == {}


def test_every_mood_has_a_face():
    from school.door.mood import WORDS

    faces = (STATIC / "shared/faces.js").read_text("utf-8").partition("export const FACES")[2]
    assert set(re.findall(r"^  (\w+): \{ eyes", faces, re.M)) == {*WORDS, "asleep"}


def test_the_manifest_can_be_read():
    told = json.loads((STATIC / "owner/manifest.webmanifest").read_text("utf-8"))
    assert (told["start_url"], told["display"]) == ("/", "standalone")
    assert {icon["sizes"] for icon in told["icons"]} == {"any", "192x192", "512x512"}


def test_the_page_about_the_overlay_names_what_can_be_changed():
    """Each theme and each variable of themes.css stands in docs/pages.md."""
    page, style = (ROOT / "docs/pages.md").read_text("utf-8"), (STATIC / "overlay/themes.css").read_text("utf-8")
    themes = {"night", *re.findall(r"data-theme=\"(\w+)\"", style)}
    variables = set(re.findall(r"^  (--[\w-]+):", style, re.M))
    assert {theme for theme in themes if f"`{theme}`" not in page} == set()
    assert {name for name in variables if f"**{name}**" not in page} == set()
