"""The pages' files, without a browser: nothing of others, nothing inline, nothing too new for OBS and phones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bots.web.files import STATIC
from tests.test_imports import ROOT

FILES = sorted(file for file in STATIC.rglob("*") if file.suffix in (".html", ".css", ".js"))
AT_HOME = [  # of what opens from a file: a shared body, a report
    *(ROOT / "school/bodies/page").glob("*.*"), ROOT / "school/report/style.css", ROOT / "school/report/cards.css",
]  # fmt: skip
OVERLAY = [file for file in FILES if file.parent.name in ("overlay", "shared")]
# What Chromium 103 lacks, which OBS 30 has; with the first version that knows it. OBS shows the owner's page, too, as a
# dock of its own; where that uses one of IGNORED, an older one goes by what stands there besides.
TOO_NEW = {
    ".css": {
        r"\b(?:oklch|oklab|lch|lab|color-mix|color)\(": 111, r"\blight-dark\(": 123, r"\b(?:rgb|hsl)\(from\b": 119,
        r":has\(": 105, r"^\s*&|[{;]\s*&|^\s+[.#][\w-]+ ?\{[^}]*\{": 112, r"@container|container-(?:type|name):": 105,
        r"\d[dsl]v(?:[hw]|min|max|[ib])\b": 108, r"\d(?:r?lh|cq\w+)\b": 109, r"@media[^{]*[<>]": 104,
        r"(?:^|[;{])\s*(?:translate|rotate|scale):": 104, r"@starting-style|transition-behavior|allow-discrete": 117,
        r"text-wrap(?:-\w+)?:|white-space-collapse:": 114, r"field-sizing:": 123, r"interpolate-size|calc-size\(": 129,
        r"@scope|:scope\(": 118, r"\bsubgrid\b": 117, r":nth-[\w-]+\([^)]* of ": 111, r":popover-open|:open\b": 114,
        r"\b(?:sin|cos|tan|atan2?|asin|acos|hypot|sqrt|pow|exp)\(": 111, r"\b(?:round|mod|rem)\(": 125,
        r"\blinear\(\s*[\d.]": 113, r"(?:animation|scroll|view)-timeline|animation-range": 115,
        r"anchor-name|position-anchor|position-area|\banchor\(": 125, r"scrollbar-(?:color|width|gutter):": 121,
        r"(?<!-webkit-)\bmask(?:-\w+)?:": 120, r":user-(?:in)?valid": 119, r"text-box(?:-\w+)?:": 133,
        r":dir\(": 120, r":state\(": 125, r"\bzoom:": 128, r"(?<!-webkit-)line-clamp:": 999,
    },
    ".js": {
        r"Promise\.withResolvers\b": 119, r"Promise\.try\b": 128, r"\.to(?:Sorted|Reversed|Spliced)\(": 110,
        r"\w\.with\(": 110, r"(?:Object|Map)\.groupBy": 117, r"\.(?:isWellFormed|toWellFormed)\(": 111,
        r"Array\.fromAsync": 121, r"\.(?:difference|union|intersection|isSubsetOf|isSupersetOf|isDisjointFrom)\(": 122,
        r"\.(?:values|keys|entries)\(\)\.(?:map|filter|take|drop|some|every|find|reduce|toArray|forEach)\(": 122,
        r"AbortSignal\.any\(": 116, r"URL\.(?:canParse|parse)\(": 120, r"/[dgimsuy]*v[dgimsuy]*[,;)]": 112,
        r"\.(?:showPopover|hidePopover|togglePopover)\(": 114, r"\.checkVisibility\(": 105, r"ViewTransition": 111,
        r"for await \([^)]*\.body\)": 124, r"import[^;]*\bwith \{": 123, r"\.(?:getHTML|setHTMLUnsafe)\(": 124,
        r"scheduler\.(?:yield|postTask)": 129, r"\.moveBefore\(": 133, r"^\s*(?:await )?using ": 134,
        r"\.(?:requestClose)\(": 134, r"Math\.(?:sumPrecise|f16round)": 135, r"Iterator\.from|RegExp\.escape": 122,
        r"Uint8Array\.from(?:Base64|Hex)": 140, r"\bstructuredClone\b.*transfer\(|\.transfer\(\)": 114,
    },
    ".html": {
        r"\spopover(?:target)?\b": 114, r"<search\b": 118, r"\scommandfor=": 135, r"<details[^>]*\sname=": 120,
        r"\sclosedby=": 134, r"type=\"importmap\"": 999, r"\sblocking=": 105, r"<template[^>]*shadowrootmode": 111,
    },
}  # fmt: skip
# What an iPhone or iPad with iOS 15.4 lacks, which no page here needs; with the first version that knows it, or 999.
# Much of what Chromium lacks above, WebKit lacks as well.
IPHONES_LACK = {
    ".css": {
        r"text-decoration:[^;]*(?:\d|var\(|#|\b(?:rgb|wavy|dotted|dashed|double)\b)": 26.2,
        r"\bcolor-mix\(": 16.2, r"@property\b": 16.4, r"(?<!-)\bbackdrop-filter:": 18, r"(?<!-)\buser-select:": 999,
        r"(?:^|[;{])\s*(?:offset(?:-\w+)?|contain-intrinsic[\w-]*):": 16, r"content-visibility:": 18,
        r"@media[^{]*(?:[<>]|update:)": 16.4, r"\d(?:lh|rlh)\b": 16.4, r"scrollbar-(?:color|width|gutter):": 18.2,
        r"text-align-last:": 16, r"font-synthesis-|hyphenate-": 17, r"-webkit-overflow-scrolling": 999,
    },
    ".js": {
        r"\(\?<[=!]": 16.4, r"\.requestSubmit\(": 16, r"^\s*static \{": 16.4, r"requestIdleCallback": 999,
        r"OffscreenCanvas": 16.4, r"AbortSignal\.timeout\(": 16, r"CompressionStream": 16.4, r"type: \"module\"": 15,
        r"import\.meta\.resolve|^\s*await ": 16.4, r"scrollend\b": 26.2, r"\bIntl\.Segmenter|ListFormat": 999,
        r"\.(?:vibrate|share|getBattery|keyboard|virtualKeyboard)\b": 999, r"CSSStyleSheet\(|adoptedStyleSheets": 16.4,
        # these are there on https and on the machine itself alone, not on a phone that comes by http
        r"crypto\.(?:subtle|randomUUID)|navigator\.(?:clipboard|wakeLock)|Notification\b|showDirectoryPicker": 999,
        r"navigator\.serviceWorker\.": 999, r"(?<![\w.])caches\.": 999,
    },
    ".html": {r"<input[^>]*\btype=\"(?:week|month)\"": 999, r"\binert\b": 15.5},
}  # fmt: skip
DYNAMIC = r"\d[dsl]v(?:[hw]|min|max|[ib])\b"
IGNORED = {r"field-sizing:", DYNAMIC}  # a text that grows can be scrolled, too; for the other see below


def name(file: Path) -> str:
    return file.relative_to(STATIC if file.is_relative_to(STATIC) else ROOT).as_posix()


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


@pytest.mark.parametrize("file", FILES, ids=name)
def test_obs_knows_all_of_it(file):
    found = {what for what in TOO_NEW[file.suffix] if re.search(what, without_comments(file), re.M)}
    assert found - (set() if file in OVERLAY else IGNORED) == set()


@pytest.mark.parametrize("file", [file for file in (*FILES, *AT_HOME) if file.name != "sw.js"], ids=name)
def test_an_iphone_knows_all_of_it(file):
    """But for the service worker, which no browser loads over a network without https."""
    assert {what for what in IPHONES_LACK[file.suffix] if re.search(what, without_comments(file), re.M)} == set()


@pytest.mark.parametrize("file", [file for file in FILES if file.suffix == ".css"], ids=name)
def test_a_height_that_obs_does_not_know_has_one_before_it_that_it_knows(file):
    for line in without_comments(file).splitlines():
        if re.search(DYNAMIC, line):
            assert re.search(r"([\w-]+): [^;]*\dv[hw]; \1: [^;]*\d[dsl]v", line), line


def without_comments(file: Path) -> str:
    return re.sub(r"/\*.*?\*/|<!--.*?-->|^\s*//.*$", "", file.read_text("utf-8"), flags=re.S | re.M)


@pytest.mark.parametrize(
    ("suffix", "written"),
    [
        (".css", ".a { & b { color: red } }"), (".css", ".a { color: color-mix(in srgb, red, blue) }"),
        (".css", "@media (width >= 30rem) { }"), (".css", "p:has(> b) { }"), (".css", "@container (width: 1px) { }"),
        (".css", "p { height: 100dvh }"), (".css", "p { text-wrap: balance }"), (".css", "p { scale: 1.1 }"),
        (".js", "const a = b.toSorted();"), (".js", "const a = b.with(0, 1);"), (".js", "a.showPopover();"),
        (".js", "Object.groupBy(a, b)"), (".html", "<div popover>"),
    ],
)  # fmt: skip
def test_what_is_too_new_is_found(suffix, written):
    assert any(re.search(what, written, re.M) for what in TOO_NEW[suffix])


@pytest.mark.parametrize(
    ("suffix", "written"),
    [
        (".css", "b { text-decoration: underline 2px var(--good) }"), (".css", ".a { backdrop-filter: blur(2px) }"),
        (".css", ".a { user-select: none }"), (".js", "const a = /(?<=b)c/;"), (".js", "form.requestSubmit();"),
        (".js", "navigator.clipboard.writeText(a);"), (".js", "navigator.serviceWorker.register(a);"),
    ],
)  # fmt: skip
def test_what_an_iphone_lacks_is_found(suffix, written):
    assert any(re.search(what, written, re.M) for what in IPHONES_LACK[suffix])


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
