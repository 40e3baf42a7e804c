"""Evenings with settings of their own."""

from __future__ import annotations

import re

from tests.evening import answered, evening, speaks
from tests.voices import is_line


def test_a_word_unasked(tmp_path, monkeypatch):
    """It says something of its own to nobody in particular, and nothing of it is kept as talk."""
    changes = ("chat.spontaneous=timer", "chat.spontaneous_chance=1", "chat.spontaneous_minutes=5")
    with evening(tmp_path, *changes) as chat:
        speaks(chat, monkeypatch, "i like rain")  # left to itself, an unlearned baby may say nothing that can be read
        chat.mutters("ann", "how quiet it is in here")
        chat.after_minutes(5.5)
        said = chat.eventually(lambda: chat.sent)[0]
        assert (said.text, said.reply_to) == ("i like rain", "")
        chat.after_minutes(30)
        assert len(chat.sent) == 1
        assert chat.rows("select count(*) from messages") == [(0,)]


def test_a_full_house(tmp_path, monkeypatch):
    """Who asks again too soon is told to wait, those for whom there is no room are named in a refusal
    within seconds, and a crowd that comes at once is not attended to, while everybody else is."""
    with evening(tmp_path, "chat.waiting=1", "chat.person_seconds=30", "chat.raid_people=8") as chat:
        chat.says("ann", "!baby hello?")
        answered(chat, "!baby hello??", by="ann", occasion="wait")
        speaks(chat, monkeypatch, "well", seconds=0.5)
        asked = {chat.chat("!baby hello?", by=f"guest{i}"): f"guest{i}" for i in range(6)}
        chat.eventually(
            lambda: all(
                any(sent.reply_to == message or f"@{login} " in sent.text for sent in chat.sent)
                for message, login in asked.items()
            )
        )
        refusals = [sent.text for sent in chat.sent if not sent.reply_to]
        assert refusals
        assert all(is_line(re.sub(r"@\w+ ", "", text), "busy") for text in refusals)
        chat.after_minutes(1)
        for i in range(60):
            chat.chat("!optin", by=f"raider{i}")
        chat.eventually(lambda: chat.host.counts["raid"] >= 60 - 8 * 2.5 - 1)
        answered(chat, "!consent", by="ann", occasion="consent_nothing")
        assert not chat.people.agreed(chat.key("raider59"))
        assert not any("Raider59" in sent.text for sent in chat.sent)


def test_tomorrow_it_still_knows_who_agreed(tmp_path):
    """Consent given today holds after a night; what was withdrawn stays withdrawn; lines that waited are gone."""
    with evening(tmp_path) as chat:
        chat.says("sam", "!optin")
        chat.says("tess", "!optin")
        chat.says("tess", "!optout")
        chat.says("mo", "!ignore sam")
        chat.says("mo", "!heed sam")
        chat.mutters("sam", "sardines wait overnight for nothing")
    with evening(tmp_path) as chat:
        assert chat.people.agreed(chat.key("sam"))
        assert not chat.people.agreed(chat.key("tess"))
        chat.after_minutes(11)
        assert chat.files_with("sardines") == []
        assert "already" in chat.says("sam", "!optin").text
