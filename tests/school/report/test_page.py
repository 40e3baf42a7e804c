"""The report's page: whole HTML that needs nothing from outside, and shows nothing that it may not."""

from __future__ import annotations

import json
import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

import wakeup
from school.office.mistakes import Mistake
from school.record.schema import connect, migrations
from school.report import drawn
from school.report.figures import figures
from school.report.html import here, lasting
from school.report.life import opened
from school.report.page import page
from school.report.parts import NOTHING_YET, SECTIONS
from school.report.scales import Scale
from tests.school.report.conftest import ATTACK, CANARIES, NOW

EMPTY = {"meta", "link", "br", "img", "hr", "input"}


class Reader(HTMLParser):
    """Holds what opens against what closes, and keeps attributes and text."""

    def __init__(self, written: str):
        super().__init__()
        self.open, self.tags, self.attributes, self.said, self.style = [], [], [], [], ""
        self.ids = []
        self.feed(written)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attributes]
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


@pytest.fixture(scope="module")
def written(told) -> str:
    return page(told)


@pytest.fixture(scope="module")
def read(written) -> Reader:
    return Reader(written)


def assert_alone(read: Reader) -> None:
    """Nothing is fetched, nothing runs, no id stands twice, and each link leads to a part of the page."""
    places = [
        value for _, name, value in read.attributes if name in ("src", "href", "action", "data", "poster", "srcset")
    ]
    assert all(value.startswith(("#", "data:,")) for value in places), places
    assert {value[1:] for value in places if value.startswith("#")} <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))
    assert not {"script", "iframe", "object", "embed", "form", "base", "img"} & set(read.tags)
    assert not [name for _, name, _ in read.attributes if name.startswith("on")]
    assert not re.search(r"@import|url\(|expression", read.style)
    outside = [value for _, name, value in read.attributes if "url(" in (value or "")]
    assert all(re.fullmatch(r"url\(#\w+\)", value) for value in outside)


def test_the_page_is_whole_and_alone(written, read):
    assert written.startswith("<!doctype html>")
    assert_alone(read)
    assert read.tags.count("h1") == 1
    assert [name for name, _, _ in SECTIONS] == [
        value for tag, name, value in read.attributes if tag == "section" and name == "id"
    ]
    assert NOTHING_YET not in read.text
    assert len(written) < 250_000


def test_who_cannot_see_it_is_told(written, read):
    """Each picture has a title and a description, each table a caption and heads, and the page its language."""
    pictures = re.findall(r"<svg[^>]*>(.{0,60})", written)
    assert len(pictures) == written.count("<desc>") >= 8
    assert all(inside.startswith("<title>") for inside in pictures)
    assert all(len(text) > 8 for text in re.findall(r"<desc>(.*?)</desc>", written))
    assert read.tags.count("table") == read.tags.count("caption") >= 6
    assert ("html", "lang", "en") in read.attributes


def luminance(color: str) -> float:
    """WCAG 2.2's relative luminance."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_it_can_be_read_in_the_light_and_in_the_dark(read):
    """Writing stands out from what is behind it by 4.5 to 1, lines that carry meaning by 3 to 1 (WCAG 2.2, 1.4.3 and
    1.4.11), in both schemes."""
    schemes = re.findall(r":root \{(.*?)\}", read.style, re.S)[:2]
    light = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", schemes[0]))
    for scheme in (light, light | dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", schemes[1]))):
        for names, least in ((("ink", "quiet", "strong"), 4.5), (("soft", "red", "green", "blue"), 3.0)):
            for name in names:
                for behind in ("paper", "card"):
                    bright, dark = sorted((luminance(scheme[name]), luminance(scheme[behind])), reverse=True)
                    assert (bright + 0.05) / (dark + 0.05) >= least, (name, behind)


def test_every_figure_of_the_head_is_told(told, read):
    head = told["head"]
    for figure in (f"{head['held_out']:.3f}", f"{head['best']:.3f}", f"{head['step']:,}"):
        assert figure in read.text
    assert "Pip <3" in read.text


def spoilt(value: Any, key: str = "") -> Any:
    """The figures with an attack in the place of every text that is no moment, no day and no name of ours."""
    if isinstance(value, dict):
        return {name: spoilt(inside, name) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        return [spoilt(inside, key) for inside in value]
    ours = key in ("made_at", "since", "flag") or re.match(r"\d{4}-\d\d", str(value))
    return ATTACK if isinstance(value, str) and not ours else value


def test_what_others_wrote_does_nothing(told, written, read):
    """A name or an answer that is made of tags is text, and what can't be seen is written out."""
    assert "<script" not in written
    assert "\u202e" not in written
    assert ATTACK.replace("\u202e", "\\u202e") in read.text
    assert "It was a <i>fine</i> day." in read.text
    assert "Pip &lt;3: a life so far" in written
    hostile = page(spoilt({**told, "tuned": {}}))
    assert "<script" not in hostile
    assert hostile.count("&lt;script&gt;alert") > 40
    assert_alone(Reader(hostile))


def test_nobody_is_shown_who_did_not_agree(written):
    """Neither what was answered to somebody who never agreed, agreed no more, or is gone, nor what they are called."""
    for person, word in CANARIES.items():
        for canary in (person, person.partition(":")[2], word):
            assert canary.casefold() not in written.casefold(), canary
    assert "twitch:" not in written


def test_the_command(home, told, tmp_path, capsys):
    """It writes a file that is its owner's; --json prints the figures; --no-words leaves out what it said."""
    file = tmp_path / "page.html"
    assert wakeup.main(["--home", str(home), "report", "--out", str(file)]) == 0
    assert str(file) in capsys.readouterr().out
    assert file.stat().st_mode & 0o777 == 0o600
    assert_alone(Reader(file.read_text("utf-8")))
    assert wakeup.main(["--home", str(home), "report", "--json", "--since", "2025-12-08"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["days"][0]["day"] == "2025-12-08"
    assert printed.keys() == told.keys()
    assert wakeup.main(["--home", str(home), "report", "--no-words", "--out", str(file)]) == 0
    capsys.readouterr()
    bare = Reader(file.read_text("utf-8"))
    assert "by the sea" not in bare.text
    assert {"words", "diary"}.isdisjoint(bare.ids)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "yesterday"], "--since yesterday: write a day as 2026-11-29"),
        (["--out", "/nowhere/at/all.html"], "/nowhere/at/all.html: can't be written"),
    ],
)
def test_a_mistake_is_one_line(home, capsys, words, said):
    assert wakeup.main(["--home", str(home), "report", *words]) == 2
    assert said in capsys.readouterr().err


def page_of(home: Path) -> Reader:
    with opened(home) as life:
        return Reader(page(figures(life, "Pip", NOW)))


def test_a_newborn(tmp_path):
    """Its record is empty: the page says so, and has no parts."""
    (tmp_path / "statistics").mkdir()
    connect(tmp_path / "statistics" / "baby.db").close()
    read = page_of(tmp_path)
    assert_alone(read)
    assert "nothing is in its record" in read.text
    assert "section" not in read.tags


def test_one_step_and_one_examination(tmp_path):
    """Curves of a single point, and of values that are all the same, can be drawn."""
    (tmp_path / "statistics").mkdir()
    db = connect(tmp_path / "statistics" / "baby.db")
    at = "2025-12-11T05:00:00.000Z"
    db["runs"].insert({"id": "r", "started_at": at, "from_step": 0})
    db["steps"].insert({"step": 1, "run_id": "r", "at": at, "span": 1, "tokens": 64, "seconds": 0.5, "red": 0.5})
    gauges = json.dumps({"window1": 2.0, "memory1_short": 0.0, "blend_token": 1.0})
    db["evaluations"].insert({"run_id": "r", "at": at, "step": 1, "bits_per_byte": 7.5, "gauges": gauges})
    db.close()
    read = page_of(tmp_path)
    assert_alone(read)
    assert "7.500" in read.text
    assert read.text.count(NOTHING_YET) >= 5  # of what nothing is there, a sentence says so


@pytest.mark.parametrize("until", ["m004_weather", "m005_diary", "m008_remembering", "m009_looking"])
def test_an_older_record(tmp_path, until):
    """What it does not have is left out."""
    (tmp_path / "statistics").mkdir()
    with sqlite3.connect(tmp_path / "statistics" / "baby.db") as connection:
        db = Database(connection)
        migrations.apply(db, stop_before=until)
        at = "2025-12-11T05:00:00.000Z"
        db["runs"].insert({"id": "r", "started_at": at, "from_step": 0})
        for step in (1, 2):
            db["steps"].insert({"step": step, "run_id": "r", "at": at, "span": 1, "tokens": 64, "bits_per_byte": 7.0})
        db["evaluations"].insert({"run_id": "r", "at": at, "step": 2, "bits_per_byte": 7.5, "gauges": "{}"})
        db["messages"].insert({"id": "m", "run_id": "r", "at": at, "person": "owner", "text": "hello"})
        db["replies"].insert({"id": "a", "message_id": "m", "at": at, "text": "hello you there", "ending": "end"})
    connection.close()
    read = page_of(tmp_path)
    assert_alone(read)
    assert "1 question, 1 answer" in read.text


DAMAGES = {
    "no record": lambda raw: b"nonsense" * 1000,
    "bad blocks": lambda raw: raw[:3000] + b"\xff" * (len(raw) - 3000),
}


@pytest.mark.parametrize("spoil", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_record_is_one_sentence(home, tmp_path, spoil, capsys):
    (tmp_path / "statistics").mkdir()
    raw = (home / "statistics" / "baby.db").read_bytes()
    (tmp_path / "statistics" / "baby.db").write_bytes(spoil(raw))
    for verb in ("report", "stats"):
        assert wakeup.main(["--home", str(tmp_path), verb, "--json"]) == 2
        told = capsys.readouterr().err
        assert "the record can't be read" in told
        assert "waking the baby saves what can be read" in told


def test_no_record_is_one_sentence(tmp_path):
    with pytest.raises(Mistake, match="nothing is recorded in .* yet; wake the baby first"), opened(tmp_path):
        pass


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.4, 1.55), (3.0, 3.0001), (-5, 120_000), (1e-5, 3e-5)])
def test_marks_of_an_axis_are_round_and_few(low, high):
    marks = Scale(low, high).ticks()
    assert 2 <= len(marks) <= 10
    assert all(low - 1e-9 <= mark <= high + 1e-9 for mark in marks)
    gaps = {round((b - a) / (marks[1] - marks[0]), 6) for a, b in zip(marks, marks[1:], strict=False)}
    assert gaps == {1.0}


def test_marks_of_a_logarithmic_axis_are_powers_of_two():
    assert Scale(1.6, 300, True).ticks() == [2, 8, 32, 128]
    assert Scale(1.6, 300, True).share(1.6) == 0
    assert Scale(1.6, 300, True).share(300) == 1


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (172_800, "2 days"),
        (9e8, "10,416 days"),
    ],
)
def test_how_long_something_lasted(seconds, told):
    assert " ".join(lasting(seconds)) == told


def test_days_and_hours_are_those_of_the_zone(told):
    """What was on an evening in one place was on the next day in another; and a life of hours is marked with hours."""
    late = {"at": "2025-12-09T23:30:00.000Z", "day": "2025-12-09", "inside": [{"best_at": "2025-12-09T23:30:00.000Z"}]}
    moved = here(late, ZoneInfo("Asia/Tokyo"))
    assert drawn.day(moved["at"]) == drawn.day(moved["inside"][0]["best_at"]) == "10 Dec 2025"
    assert moved["day"] == "2025-12-09"
    rows = [{"step": n, "at": f"2025-12-09T0{n}:00:00.000Z"} for n in range(1, 6)]
    short = drawn.moments({"lessons": rows}, Scale(1, 5))
    assert [label for _, _, label in short] == [f"Tue 0{n}:00" for n in range(1, 6)]
    assert drawn.moments(told, drawn.steps(told))[0][2] == "1 Dec 2025"
