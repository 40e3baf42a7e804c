"""What is found in the record of what was said, and how it is told."""

from __future__ import annotations

import json
from argparse import Namespace

import pytest

from school import looking
from school.office.given import Given
from school.office.mistakes import Mistake
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.report.chronicle import read_life
from school.report.talk import render_search

SAID = {
    "ja": "昨日は庭で猫が寝ていました",
    "zh": "我们明天去公园散步",
    "th": "เมื่อวานแมวนอนอยู่ในสวน",
    "ko": "고양이가 정원에서 잤어요",
    "en": "the cat slept in the concert garden, how nice",
    "de": "Die Katze schlief im Garten",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "statistics").mkdir()
    registrar = Registrar(home / "statistics" / "baby.db", RecordSettings(), run_config={}, from_step=0)
    for name, text in SAID.items():
        registrar.heard(name, text=text, person="owner", surface="terminal", conversation="c", consent="owner")
    registrar.close(step=0, ending="asleep", patience=60)
    return home


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("猫", ["ja"]),
        ("公园", ["zh"]),
        ("แมว", ["th"]),
        ("정원", ["ko"]),
        ("猫 庭", ["ja"]),
        ("猫 公园", []),
        ("CAT", ["en"]),
        ("cert", []),
        ("katze", ["de"]),
        ('how "nice', ["en"]),
        ("dog", []),
    ],
)
def test_search(home, words, found):
    """A word is found as a whole, and inside of what has no spaces between words; all words must be there."""
    life = read_life(home, search=words, last=10)
    assert sorted(SAID[name] for name in found) == sorted(talk["question"] for talk in life["talk"])
    told = render_search(life, words)
    assert all(SAID[name] in told for name in found)
    assert ("Nothing that was said has" in told) == (not found)
    assert "held-out" not in told


def test_a_search_for_nothing(home):
    with pytest.raises(Mistake, match="--search"):
        read_life(home, search=" ", last=10)


def test_an_empty_diary(home, capsys):
    """For programs an empty list, for people a sentence."""
    assert looking.diary(Given(), home, Namespace(last=7, json=True)) == 0
    assert json.loads(capsys.readouterr().out) == []
    with pytest.raises(Mistake, match="the first page is written when a day is over"):
        looking.diary(Given(), home, Namespace(last=7, json=False))
