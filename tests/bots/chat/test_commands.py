"""The commands of a chat: what each does and says, and who may say it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest

from bots.chat.commands import ACTS
from bots.chat.parsing import ASK
from bots.chat.rows import BY_KEY
from bots.chat.settings import CommandSettings
from school.door.values import Asleep
from tests.evening import Evening, answered, evening
from tests.small_chat import line, until
from tests.voices import CALLED, is_line, read_voice


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with evening(tmp_path_factory.mktemp("home")) as chat:
        yield chat


def test_every_command_has_a_name_a_help_and_a_deed():
    """The settings, the rows, what acts and the voice know the same commands."""
    keys = set(CommandSettings.model_fields) - {"prefix"}
    assert keys == {ASK, *ACTS} == {ASK, *BY_KEY}
    voice = read_voice()
    assert all(CALLED[key] in voice.say(f"help_{key}", command=CALLED[key]) for key in keys)


def test_help(chat):
    """The list, without the moderators' commands for others, and a line on each."""
    text = answered(chat, "!babyhelp", by="ann", occasion="help")
    assert "!forgetme" in text
    assert "!unlearn" not in text
    assert "!unlearn" in chat.says("mo", "!babyhelp").text
    for key, name in CALLED.items():
        said = chat.says("mo", f"!babyhelp {name if len(key) % 2 else name[1:]}").text
        assert is_line(said, f"help_{key}", command=name)
    answered(chat, "!babyhelp nonsense", by="ann", occasion="help")


def test_mood_and_stats_and_how_it_learns(chat):
    """Its colour in words and as a colour, its figures, and the consent in short."""
    text = answered(chat, "!mood", by="ann", occasion="mood")
    assert re.search(r"#[0-9a-f]{6}", text)
    assert any(square in text for square in "🟥🟧🟨🟩🟦🟪🟫⬛⬜")
    now = chat.school.status()
    steps = int(re.search(r"([\d,]+) steps", answered(chat, "!stats", by="ann", occasion="stats"))[1].replace(",", ""))
    assert now.step <= steps <= chat.school.status().step
    assert "!optin" in answered(chat, "!HOWITLEARNS", by="ann", occasion="howitlearns")


def test_quiet_and_wake(chat):
    """While it is quiet nobody is answered but moderators and who asks for their rights; then all are, by !wake or in
    time."""
    answered(chat, "!quiet", by="mo", occasion="quiet_how")
    answered(chat, "!quiet -3", by="mo", occasion="quiet_how")
    answered(chat, "!quiet 5", by="mo", occasion="quiet")
    silent = [chat.mutters("ann", text) for text in ("!baby hello?", "@baby hello", "!mood")]
    answered(chat, "!consent", by="stranger", occasion="consent_nothing")
    answered(chat, "!mood", by="mo", occasion="mood")
    assert not any(sent.reply_to in silent for sent in chat.sent)
    answered(chat, "!wake", by="mo", occasion="woken")
    assert chat.says("ann", "!baby hello?").text
    answered(chat, "!quiet 5", by="streamer", occasion="quiet")
    chat.after_minutes(5.1)
    assert chat.says("ann", "!baby hello?").text


def test_only_moderators_have_moderators_commands(chat):
    """From others they lead to nothing at all."""
    asked = [
        chat.mutters("ann", f"!{name} 5") for name in ("quiet", "wake", "save", "ignore", "heed", "trust", "unlearn")
    ]
    assert chat.unanswered(asked[-1])
    assert not any(sent.reply_to in asked for sent in chat.sent)


def test_save(chat):
    """A moderator can have the soul saved."""
    answered(chat, "!save", by="mo", occasion="saved")
    assert list((chat.home / "soul").glob("step-*"))


def test_ignore_and_heed(chat):
    """Whom a moderator ignores is neither answered nor learned from, but keeps their rights; until they are heeded."""
    answered(chat, "!ignore nobody_here", by="mo", occasion="nobody")
    chat.says("troll", "!optin")
    answered(chat, "!ignore @Troll", by="mo", occasion="ignoring")
    unheard = [chat.mutters("troll", text) for text in ("!baby hi", "@baby hi", "!mood", "!optin", "trolls write")]
    assert chat.unanswered(unheard[0])
    assert not any(sent.reply_to in unheard for sent in chat.sent)
    chat.after_minutes(11)
    assert ("", "trolls write") not in chat.lessons()
    answered(chat, "!forgetme", by="troll", occasion="forgotten")
    assert chat.people.ignored(chat.key("troll"))
    answered(chat, "!heed troll", by="mo", occasion="heeding")
    assert chat.says("troll", "!baby hi").text
    message = chat.mutters("rude", "I am rude to everybody")
    answered(chat, "!ignore", by="mo", occasion="ignoring", reply_to=message)
    assert chat.unanswered(chat.mutters("rude", "!baby hi"))
    assert chat.rows("select count(*) from consents where person = ?", chat.key("rude")) == [(0,)]


def test_while_it_falls_asleep(chat, monkeypatch):
    """A question, and whatever else needs the school, gets a polite word."""

    def refuse(*_: object, **__: object):
        raise Asleep

    monkeypatch.setattr(chat.school, "ask", refuse)
    monkeypatch.setattr(chat.day.control, "save", refuse)
    answered(chat, "!baby are you there?", by="ann", occasion="asleep")
    chat.says("xena", "!optin")
    monkeypatch.setattr(chat.school, "withdraw", refuse)
    answered(chat, "!optout", by="xena", occasion="asleep")
    assert not chat.people.agreed(chat.key("xena"))


def test_what_can_not_be_done(chat):
    """Too much from one person, a friend of whom it must not learn, and a soul that can't be written: each is said."""
    chat.says("otto", "!optin")
    answer = chat.says("otto", "!baby what is an otter?")
    while chat.host.quarantine.spend(chat.key("otto")):
        pass
    answered(chat, "!fix otters float", by="otto", occasion="enough", reply_to=answer.id)
    chat.mutters("pete", "hello everybody in here")
    answered(chat, "!trust pete", by="mo", occasion="not_agreed")
    soul, away = chat.home / "soul", chat.home / "soul away"
    soul.rename(away)
    soul.write_text("no folder")
    try:
        answered(chat, "!save", by="mo", occasion="not_saved")
    finally:
        soul.unlink()
        away.rename(soul)


def test_what_the_record_can_not_do_now_is_done_later(small, tmp_path):
    """Somebody whose words can't be deleted yet is told so, and they go as soon as the record can be written again."""
    small.agree("otto")
    small.asked("r", by="otto")
    assert small.context.school.kept("room:id-otto").result(60).messages == 1
    small.limits(record=0.05)

    async def work(host, wire) -> None:
        lock = sqlite3.connect(tmp_path / "baby.db", isolation_level=None, timeout=10)
        lock.execute("begin immediate")
        try:
            host.heard(line("!forgetme", by="otto"))
            await until(lambda: wire.said)
            assert is_line(wire.said[0][0], "later")
        finally:
            lock.execute("rollback")
            lock.close()
        await until(lambda: small.context.school.kept("room:id-otto").result(60).messages == 0)

    small.with_host(work)
