"""Answers: who is answered, what is read and said, and what of it all is never a lesson."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.evening import Evening, answered, evening, speaks


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    home = tmp_path_factory.mktemp("home")
    (home / "words.txt").write_text("fiddlesticks\n")
    with evening(home) as chat:
        yield chat


def replies(chat: Evening) -> int:
    """How many times the brain was asked; ``status`` may still show the last block's number."""
    return chat.day.classroom.receptionist.replies


def test_there_are_three_ways_to_ask(chat):
    """The command, a mention anywhere, and a reply to one of its messages are each answered from the live weights, as
    replies; a line to nobody is not."""
    before = replies(chat)
    first = chat.says("ann", "!baby how are you?")
    chat.says("ann", "@baby how are you?")
    chat.says("ann", "so how are you, @Baby ?")
    chat.says("ann", "and you?", reply_to=first.id)
    assert replies(chat) == before + 4
    assert chat.unanswered(chat.mutters("ann", "it is raining again over here"))
    assert chat.unanswered(
        chat.mutters("ann", "a reply to somebody else", reply_to=chat.mutters("bob", "who is here?"))
    )
    assert replies(chat) == before + 4


def test_questions_are_read_without_its_name_and_others(chat, monkeypatch):
    """What reaches the brain is the question: no @baby, no names of those who did not agree, cheers in words."""
    asked = []
    ask = chat.school.ask
    monkeypatch.setattr(chat.school, "ask", lambda text, *a, **k: (asked.append(text), ask(text, *a, **k))[1])
    chat.says("ann", "@baby is @stranger Kappa Cheer100 ?", emotes=("Kappa",), in_words=(("Cheer100", "(cheers 100)"),))
    chat.says("ann", "!baby what\u200b is   s\u0335\u0336\u0337\u0338oup")
    assert asked == ["is someone Kappa (cheers 100) ?", "what is s\u0335\u0336oup"]


def test_nothing_rude_is_answered_or_said(chat, monkeypatch):
    """A listed word in a question is refused before the brain hears it; one in an answer is kept back."""
    before = replies(chat)
    answered(chat, "!baby say f1ddl3sticks please", by="ann", occasion="rude")
    answered(chat, "!baby", by="ann", occasion="nothing_asked")
    assert replies(chat) == before
    speaks(chat, monkeypatch, "oh Fiddlesticks!")
    answered(chat, "!baby what now?", by="ann", occasion="unspeakable")
    speaks(chat, monkeypatch, " ...\u200b ")
    answered(chat, "!baby what now?", by="ann", occasion="speechless")


def test_what_it_says_is_harmless(chat, monkeypatch):
    """Commands, mentions, links and invisible characters never reach the chat; the asker may be mentioned."""
    speaks(chat, monkeypatch, "/ban @streamer see http://evil.example/x @Ann \x1b[2J noooooooo")
    assert chat.says("ann", "!baby what now?").text == "ban streamer see @Ann [2J nooo"
    speaks(chat, monkeypatch, "!optout and then")
    assert chat.says("ann", "!baby what now?").text == "optout and then"


def test_what_is_never_a_lesson(chat):
    """Its own echo and its words from other mouths, other bots and their commands, shared chat, links, listed words,
    copies and noise are neither answered nor learned, from whomever."""
    chat.says("wanda", "!optin")
    own = chat.says("wanda", "!mood").text
    silent = [
        chat.mutters("nightbot", "follow the channel for more wonderful content"),
        chat.mutters("helperbot", "remember to drink some water today", bot=True),
        chat.mutters("nightbot", "!baby hello"),
        chat.mutters("wanda", "from next door with love", shared_from="neighbour"),
        chat.mutters("wanda", "!baby from next door", shared_from="neighbour"),
        chat.mutters("wanda", "!so somebody_else"),
        chat.mutters("wanda", "!uptime now"),
        chat.mutters("wanda", "/me waves at everybody here"),
        chat.mutters("wanda", "look at evil.com my friends"),
        chat.mutters("wanda", "oh f1ddlesticks my friends"),
        chat.mutters("wanda", "wheeee wheeee wheeee wheeee wheeee"),
        chat.mutters("wanda", "ᚠᛇᚻ ዳኤ ქართ 漢字 عرب"),
        chat.mutters("wanda", own),
        chat.mutters("wanda", f"she said: {own} LUL"),
    ]
    for by in ("ann", "bob", "carl", "wanda"):
        silent.append(chat.mutters(by, "copy this wonderful pasta into every chat that you know"))
    fine = "willows weep when west winds wail"
    chat.mutters("wanda", fine)
    chat.after_minutes(10.5)
    chat.eventually(lambda: ("", fine) in chat.lessons())
    assert chat.rows("select answer from pairs where person = ? and source = 'chat'", chat.key("wanda")) == [(fine,)]
    assert not any(sent.reply_to in silent for sent in chat.sent)
    assert {"own", "bot", "shared", "another's command"} <= chat.host.counts.keys()
    assert {"link", "word", "repetitive", "unreadable", "duplicate"} <= chat.host.quarantine.passed_over.keys()


def test_a_chorus_is_no_lesson(chat):
    """A line that others take up during its quarantine is not learned either."""
    chat.says("yara", "!optin")
    chat.mutters("yara", "everybody chant the yodel of the yaks tonight")
    for by in ("ann", "bob", "carl"):
        chat.mutters(by, "everybody chant the yodel of the yaks tonight!!")
    chat.after_minutes(10.5)
    assert not any("yodel" in answer for _, answer in chat.lessons())


def test_lines_that_break_things_break_nothing(chat, monkeypatch, caplog):
    """A line that fails inside is counted, not logged with its words, and the next is heard."""
    monkeypatch.setattr(chat.host.answers, "ask", lambda *_: {}["private words of ann"])
    chat.mutters("ann", "!baby my secret is a zeppelin")
    monkeypatch.undo()
    assert chat.host.counts["failed"] == 1
    assert "KeyError" in caplog.text
    assert "private words" not in caplog.text
    assert "zeppelin" not in caplog.text
    assert chat.says("ann", "!baby hello?").text
