"""Cleaning changes what carries no meaning and nothing else; twice is once."""

from __future__ import annotations

import random
import textwrap
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from school.office.mistakes import Mistake
from school.texts.cleaning import ALL, Rules, clean, preview
from school.texts.cleaning.settings import UNUSUAL, USUAL, CleaningSettings
from school.texts.wording import units_of

EVERYTHING = Rules(frozenset(ALL))
ROOT = Path(__file__).resolve().parents[4]
CORPORA = next((shared for above in ROOT.parents if (shared := above / "shared" / "corpora").is_dir()), None)


def only(rule: str, text: str) -> str:
    return clean(text, Rules(frozenset({rule}))).text


# ---- each rule ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("line-ends", "a\r\nb\rc\u2028d\n", "a\nb\nc\nd\n"),
        ("unseen", "so\u00adft zero\u200bwidth \ufeff\u200eleft \x1b[31mred\x1b[0m \x07", "soft zerowidth left red "),
        ("entities", "fish &amp; chips &lt;3 &#8217; &amp;amp; AT&T; &nothing;", "fish & chips <3 ’ & AT&T; &nothing;"),
        ("composed", "cafe\u0301 A\u030a", "café Å"),
        ("spaces", "a\u00a0b\u2009c\u202f!", "a b c !"),
        ("ends-of-lines", "a  \nb\t\n\nc ", "a\nb\n\nc"),
        ("empty-lines", "a\n\n\n\n\n\nb\n\n\nc", "a\n\n\nb\n\n\nc"),
        ("apostrophes", "don’t, l´eau, it`s ’tis dogs’", "don't, l'eau, it's ’tis dogs’"),
        ("quotes", "“so” she said, ‘so’", "\"so\" she said, 'so'"),
        ("hyphens", "well\u2010known non\u2011stop \u22125 a \u2212 b", "well-known non-stop -5 a \u2212 b"),
        ("double-hyphens", "word--word, and so -- on; git co -- x --all", "word—word, and so — on; git co — x --all"),
        ("ellipses", "well… so . . . yes 是……", "well... so... yes 是……"),
        ("repeats", "soooooo nooo!!!!!!! haaaaaahaaaaa 😂😂😂😂😂😂", "sooo nooo!!! haaahaaa 😂😂😂"),
        ("page-lines", None, None),
        ("hard-wraps", None, None),
    ],
)
def test_what_a_rule_does(rule, before, after):
    """Alone, and counted; without it, the text stays so. The last two have tests of their own."""
    if before is None:
        return
    done = clean(before, Rules(frozenset({rule})))
    assert done.text == after
    assert done.counts[rule] >= 1
    assert done.examples[rule]
    assert clean(before, Rules(frozenset())).text == before
    assert clean(after, Rules(frozenset({rule}))).counts == {}


def test_each_rule_is_tested_and_named_once():
    assert {*USUAL, *UNUSUAL} == set(ALL)
    assert Rules().named == set(USUAL)


# ---- what must stay ------------------------------------------------------------------------------------------------

WORDS = {
    "Persian": "می‌خواهم به خانه‌ای بروم که پنجره‌هایش",
    "Hindi": "क्षत्रिय क्‍या हिन्दी में र्‍य",
    "Malayalam": "അവന്‍ പറഞ്ഞു",
    "Thai": "น้ำ กำลัง\u200bกิน",
    "Khmer": "ខ្ញុំ\u200bទៅ\u200bផ្សារ",
    "emoji": "👩‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 ❤️‍🔥 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣ 👍🏿",
    "Hebrew": "שָׁלוֹם עֲלֵיכֶם",
    "Vietnamese": "Tôi được nghe tiếng Việt",
    "Japanese": "「はい」……と、彼は言った。　字下げ",
    "German": "„Ja“, sagte er, Schifffahrt — so",
    "French": "« Oui »",
    "Ukrainian": "м\u02bcята і сім\u02bcя",
    "Hawaiian": "Hawai\u02bbi",
}


@pytest.mark.parametrize("script", WORDS)
def test_words_of_any_script_stay(script):
    """With all rules on, to the letter (in one Unicode form)."""
    text = unicodedata.normalize("NFC", WORDS[script])
    assert clean(text, EVERYTHING).text == text


@pytest.mark.parametrize(
    "text",
    [
        "```\nif a == “b”: x = &amp;\n```\nand `don’t &lt;` and https://example.org/a…b?x=1&amp;y=2",
        "| a | b |\n|-------|-----|\n| 1000000 | 2 |",
        "-----\n=====\n______\n........\n* * * * *",
        "10000000 0xffffffff aaaaaaaa1 deadbeeeeeeef_x IIII www.example.org //////",
    ],
)
def test_code_tables_and_numbers_stay(text):
    assert clean(text, EVERYTHING).text == text


LETTERS = st.lists(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\n\n\r\f \u00a0\u200b\u200c\u200d\ufe0f\u00ad’‘“”…&;#-–—!?aaooo😂👩क्ि\u0301\u0308`."),
        st.sampled_from(["&amp;", "&#8203;", "&#13;", "--", "......", "&#x301;", "\x1b[", "```\n", "http://"]),
    ),
    max_size=60,
).map("".join)


@given(LETTERS)
def test_twice_is_once(text):
    """Whatever the text and whichever rules meet in it."""
    once = clean(text, EVERYTHING)
    again = clean(once.text, EVERYTHING)
    assert again.text == once.text
    assert again.counts == {}


@given(st.lists(st.sampled_from([*"abcdefgh", "é", "e\u0301", "न", "ि", "字", "1"]), max_size=20), st.data())
def test_words_are_not_changed(letters, data):
    """Whatever marks, spaces and lines stand between words, the words come through (but for long runs of a letter)."""
    gaps = st.sampled_from([" ", "\n", "\u00a0", "\r\n", " — ", "… ", "“", "” ", ",\u200b ", " \ufeff"])
    text = "".join(part + data.draw(gaps) for part in letters)
    assert units_of(clean(text, EVERYTHING).text) == units_of(text)


# ---- lines ---------------------------------------------------------------------------------------------------------

STORY = (
    "We went down to the harbour before the rain and found that nobody had left the key under the stone where it has "
    "always been, so we sat on the wall and ate the bread that Perla had wrapped in her scarf, and told each other "
    "what we would say if anybody asked. Nobody did. The boats came in one by one, each with a lamp at the bow."
)
PARAGRAPHS = [STORY, STORY.replace("harbour", "well-known orchard"), STORY.replace("boats", "carts")]


def wrapped(width: int = 66) -> str:
    return "\n\n".join("\n".join(textwrap.wrap(one, width, break_on_hyphens=False)) for one in PARAGRAPHS) + "\n"


@pytest.mark.parametrize("width", [50, 66, 72, 80, 99])
def test_hard_wrapped_lines_are_joined(width):
    """The paragraphs are as they were before a margin cut them."""
    assert only("hard-wraps", wrapped(width)) == "\n\n".join(PARAGRAPHS) + "\n"


POEM = "\n".join(
    ["The lamp is low, the cat is late,", "The rain has counted every slate,", "And nobody is at the gate", "But me."]
    * 6
)
CHAT = "\n".join(f"{'ann' if i % 2 else 'bob'}: {STORY[i * 7 : i * 7 + 60].strip()}" for i in range(30))
LIST = "\n".join(f"- {STORY[i * 5 : i * 5 + 62].strip()}" for i in range(20))
NUMBERED = "\n".join(f"{i}. {STORY[i * 5 : i * 5 + 62].strip()}" for i in range(1, 20))
TABLE = "\n".join(f"| {i} | {STORY[i * 3 : i * 3 + 50].strip()} | x |" for i in range(20))
CODE = "\n".join(f"    result_{i} = compute_something(first_argument, second_{i}, third)" for i in range(20))
RAGGED = "\n".join(STORY[: 20 + (i * 37) % 50].rsplit(" ", 1)[0] for i in range(30))
UNWRAPPED = "\n\n".join(PARAGRAPHS * 5)


@pytest.mark.parametrize("text", [POEM, CHAT, LIST, NUMBERED, TABLE, CODE, RAGGED, UNWRAPPED, "", "\n", "one line"])
def test_what_has_lines_of_its_own_is_not_joined(text):
    assert only("hard-wraps", text) == text


@pytest.mark.parametrize("inner", [LIST, CHAT, TABLE, CODE])
def test_nor_within_a_text_that_is_wrapped(inner):
    """Between wrapped paragraphs, lines of their own stay lines."""
    text = wrapped() * 4 + "\n" + inner + "\n\n" + wrapped()
    assert inner in only("hard-wraps", text)


def test_a_divided_word_is_whole_again_where_the_text_has_it_whole():
    lines = wrapped().split("\n")
    first = next(i for i, (a, b) in enumerate(pairwise(lines)) if len(a) < 62 and len(b.split(" ")[0]) > 4)
    word = lines[first + 1].split(" ")[0]
    lines[first], lines[first + 1] = f"{lines[first]} {word[:2]}-", lines[first + 1][2:]
    text = "\n".join(lines)
    divided = f"{word[:2]}-{word[2:]}"
    assert divided not in only("hard-wraps", text)
    assert divided in only("hard-wraps", text.replace(word, word[::-1]))


def pages(count: int) -> tuple[str, str]:
    """A text as it comes from a file of pages, and what somebody wrote of it."""
    rng = random.Random(2)
    body = [" ".join(rng.choices(STORY.split(), k=9)) for _ in range(count * 6)]
    text = "\f".join(
        "\n".join([f"THE HARBOUR {7 + i}", "", *body[6 * i : 6 * i + 6], f"Perla Moss - page {i} of {count}"])
        for i in range(count)
    )
    return text, "\n".join(body)


def test_page_headers_and_footers_go():
    """What comes again at the edge of pages, whatever its number, goes; text there stays, and so does a refrain."""
    text, body = pages(6)
    assert only("page-lines", text) == body
    refrain = "\n\n".join(["The lamp is low,", "some line or other", "The lamp is low,"] * 9)
    assert only("page-lines", refrain) == refrain
    assert only("page-lines", pages(2)[0]).count("HARBOUR") == 2


def test_a_message_has_no_pages():
    """In a chat the rules for documents rest."""
    assert clean(wrapped(), EVERYTHING, message=True).counts["hard-wraps"] == 0
    assert clean("a\u00a0b", EVERYTHING, message=True).text == "a b"


# ---- settings and rules of one's own ---------------------------------------------------------------------------------


def test_a_rule_that_does_not_exist_is_a_mistake(tmp_path):
    with pytest.raises(Mistake, match='cleaning.rules: there is no "quots"; there are: line-ends, '):
        Rules.of(CleaningSettings(rules=("quots",)), tmp_path)


def with_rules(folder: Path, toml: str) -> Rules:
    (folder / "cleaning.toml").write_text(toml, encoding="utf-8")
    return Rules.of(CleaningSettings(), folder)


def test_rules_of_ones_own(tmp_path):
    """They are found in the home, come first, are counted, and the preview shows what each took."""
    rules = with_rules(
        tmp_path,
        "[[rule]]\nname = \"signature\"\npattern = '(?m)^Sent from my \\w+$'\n\n"
        "[[rule]]\nname = \"tea\"\npattern = '(\\w+) of coffee'\nreplacement = '\\1 of tea'\n",
    )
    done = clean("A cup of coffee…\nSent from my teapot\n", rules)
    assert done.text == "A cup of tea...\n\n"
    assert done.counts == {"signature": 1, "tea": 1, "ellipses": 1}
    assert "    'A cup of coffee…\\nSent from my t' -> 'A cup of tea…\\nSent from my t'" not in list(preview(done))
    assert [line for line in preview(done) if not line.startswith(" ")] == [
        "signature: 1 change",
        "tea: 1 change",
        "ellipses: 1 change",
    ]
    assert "    'A cup of coffee…\\n\\n' -> 'A cup of tea…\\n\\n'" in list(preview(done))
    assert rules.key != Rules().key


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[[rule]\n", "not valid TOML"),
        ("rules = 1\n", "write each rule under a line"),
        ('[[rule]]\nname = "a"\n', "rule 1: a rule has a name, a pattern"),
        ('[[rule]]\nname = "a"\npattern = "b"\nflags = "i"\n', "rule 1: a rule has a name, a pattern"),
        ('[[rule]]\nname = "a"\npattern = 5\n', "are texts in quotation marks"),
        ('[[rule]]\nname = "a"\npattern = "("\n', "not a regular expression"),
        ("[[rule]]\nname = \"a\"\npattern = 'b'\nreplacement = '\\1'\n", "its replacement is none"),
        ('[[rule]]\nname = "a"\npattern = "b*"\n', "it fits everywhere"),
        ('[[rule]]\nname = "quotes"\npattern = "b"\n', "called 'quotes' already"),
        ('[[rule]]\nname = "a"\npattern = "b"\n' * 2, "rule 2: another rule is called 'a' already"),
    ],
)
def test_bad_rules_are_refused_in_one_line(tmp_path, toml, says):
    with pytest.raises(Mistake, match=r"cleaning\.toml") as caught:
        with_rules(tmp_path, toml)
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_named_must_be_there(tmp_path):
    assert Rules.of(CleaningSettings(), tmp_path).own == ()
    with pytest.raises(Mistake, match="no such file of rules"):
        Rules.of(CleaningSettings(own_rules="mine.toml"), tmp_path)


def test_a_rule_that_takes_for_ever_is_left_out(tmp_path, monkeypatch):
    """The text is cleaned by the others, and it is told."""
    monkeypatch.setattr("school.texts.cleaning.own.SECONDS", 0.05)
    rules = with_rules(tmp_path, "[[rule]]\nname = \"slow\"\npattern = '(a|aa|a.)+$'\n")
    done = clean("a" * 60 + "\n\u00a0b", rules)
    assert done.too_slow == ["slow"]
    assert done.text.endswith("\n b")
    assert list(preview(done))[-1].startswith("slow: took too long")


@pytest.mark.trial
@pytest.mark.skipif(CORPORA is None, reason="the shared corpora are not here")
@pytest.mark.parametrize("name", ["pepys-1660-1661.txt", "shakespeare.txt"])
def test_no_word_of_a_book_is_changed(name):
    """With all rules on, and no line of a play joined to another."""
    text = (CORPORA / name).read_text("utf-8")
    done = clean(text, EVERYTHING)
    assert units_of(done.text) == units_of(text)
    assert done.counts["hard-wraps"] == 0
