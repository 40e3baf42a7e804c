"""Moderation: what is worth learning, and that nothing leaves the house that could command, mention or link."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.chat.duplicates import NearDuplicates
from bots.chat.links import has_link, without_links
from bots.chat.moderation import COMMANDS, MENTION, tidy_for_chat, unteachable, without_names
from bots.chat.normalize import visible
from tests.bots.chat.wild import LISTED, WILD


@given(WILD)
def test_any_text_can_be_looked_through(text):
    """The list, the filters and the search for duplicates take whatever they are given."""
    assert LISTED.found_in(text) in (True, False)
    assert isinstance(unteachable(visible(text)), str)
    assert NearDuplicates(3).note(text).times == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I had soup for dinner", ""),
        ("早上好,今天下雨", ""),
        ("доброе утро, малыш", ""),
        ("I ❤ soup 🍲", ""),
        ("hi", "short"),
        ("!?!?", "short"),
        ("Kappa Kappa 7", "short"),
        ("lol lol lol lol lol lol", "repetitive"),
        ("hahahahahahahahaha", "repetitive"),
        ("soup " * 100, "long"),
        ("ᚠᛇᚻ ዳኤ ქართ 漢字 عرب", "unreadable"),
        ("▓▓▒▒░░ hello ▓▓▒▒", "unreadable"),
    ],
)
def test_what_is_worth_learning(text, reason):
    """Real sentences are, in any language; too short, too long, repetitive or random ones are not."""
    assert unteachable(visible(text), emotes=["Kappa"]) == reason


def test_names_are_taken_out():
    """Mentions, and words that are names of those who did not agree, become somebody."""
    text = without_names("@Bob99 and Quentin like soup, quentin's own", lambda word: word.casefold() == "quentin")
    assert text == "someone and someone like soup, someone's own"
    names = {"zoe", "山田太郎", "zanzibarina"}
    assert without_names("zoe met zanzibarinas", names.__contains__) == "someone met someone"
    assert without_names("きのう山田太郎さんと話しました", names.__contains__) == "きのうsomeoneさんと話しました"
    assert without_names("a zoetrope", names.__contains__) == "a zoetrope"


@given(WILD, st.sampled_from(["!", "!!", "baby "]), st.sets(st.sampled_from(["ann", "bob"])))
def test_what_is_sent_is_harmless(text, prefix, known):
    """Nothing unseen, no beginning that a program obeys, no mention but of the known, no link; and it stays so."""
    said = tidy_for_chat(text, known=known, without_links=without_links, prefix=prefix)
    assert said == tidy_for_chat(said, known=known, without_links=without_links, prefix=prefix)
    assert said == visible(said)
    assert not said.startswith((*COMMANDS, prefix))
    assert not has_link(said)
    assert {name.casefold() for name in MENTION.findall(said)} <= known


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/ban ann", "ban ann"),
        ("  ./!...me waves", "me waves"),
        ("!!baby hello", "baby hello"),
        ("hello @ann and @stranger", "hello @ann and stranger"),
        ("see https://evil.example/x?y now", "see now"),
        ("see evil.com", "see"),
        ("nooooooooooooo", "nooo"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("...", ""),
        ("$cash all-in", "cash all-in"),
        ("\u3164\u2800/ban ann", "ban ann"),
        ("\u0338~points", "points"),
        ("?help #me -x", "help #me -x"),
        ("．/ban ＠everyone", "ban everyone"),
        ("well. I think so", "well. I think so"),
        ("ok.so what.is it", "ok. so what. is it"),
        ("done.the end", "done.the end"),
    ],
)
def test_how_it_is_tidied(text, said):
    assert tidy_for_chat(text, known=["Ann"], without_links=without_links, prefix="!") == said


def test_links_may_be_allowed():
    """Where links are allowed they stay."""
    assert tidy_for_chat("see www.soup.org", without_links=None) == "see www.soup.org"
