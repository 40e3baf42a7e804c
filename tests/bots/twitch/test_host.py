"""The host: every command, every refusal and every hostile room, over the wire where the wire matters."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from bots.chat.answers import Answers, _in_time
from bots.chat.audience import Audience
from bots.chat.commands import COMMANDS
from bots.chat.context import Room, open_room
from bots.chat.host import Host
from bots.chat.links import has_link
from bots.chat.messages import Line, Removal, WireState
from bots.chat.mood import feelings
from bots.chat.parsing import ASK, names, parse
from bots.chat.quarantine import LESSONS, UNNOTICED, WAITING, Lessons
from bots.chat.rate_limit import Share, Turns
from bots.chat.settings import ChatLessonSettings, ChatSettings, CommandSettings
from bots.chat.wordlist import WordList
from bots.twitch import Surface
from bots.twitch.wire import Patience
from school.diary.voice import SHIPPED, Voice, _fields, read_voices
from school.door.consent import People
from school.door.control import Control
from school.door.mailbox import Mailbox, Teach
from school.door.school import School
from school.door.values import Asleep, Exchange, Origin, Reply, Snapshot
from school.office.mistakes import Mistake
from school.record.registrar import RecordSettings, Registrar
from tests.evening import CALLED, Evening, answered, evening, is_line, read_voice, speaks


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    home = tmp_path_factory.mktemp("home")
    (home / "words.txt").write_text("fiddlesticks\n")
    with evening(home) as chat:
        yield chat


def replies(chat: Evening) -> int:
    """How many times the brain was asked; ``status`` may still show the last block's number."""
    return chat.day.classroom.receptionist.replies


# ---- being asked ---------------------------------------------------------------------------------------------------


def test_there_are_three_ways_to_ask(chat):
    """The command, a mention anywhere, and a reply to one of its messages are each answered from the live weights, as
    replies; a line to nobody is not."""
    before = replies(chat)
    first = chat.says("ann", "!baby how are you?")
    chat.says("ann", "@babybot how are you?", mentions=("babybot",))
    chat.says("ann", "so how are you, @BabyBot ?", mentions=("babybot",))
    chat.says("ann", "and you?", reply_to=first.id)
    assert replies(chat) == before + 4
    assert chat.unanswered(chat.mutters("ann", "it is raining again over here"))
    assert chat.unanswered(
        chat.mutters("ann", "a reply to somebody else", reply_to=chat.mutters("bob", "who is here?"))
    )
    assert replies(chat) == before + 4
    chat.eventually(lambda: chat.school.status().replies == before + 4)


def test_questions_are_read_without_its_name_and_others(chat, monkeypatch):
    """What reaches the brain is the question: no @bot, no names of those who did not agree, cheers in words."""
    asked = []
    ask = chat.school.ask
    monkeypatch.setattr(chat.school, "ask", lambda text, *a, **k: (asked.append(text), ask(text, *a, **k))[1])
    chat.says(
        "ann", "@babybot is @stranger Kappa Cheer100 ?", mentions=("babybot",), emotes=("Kappa",), cheers=("Cheer100",)
    )
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


# ---- every command -------------------------------------------------------------------------------------------------


def test_every_command_has_a_name_a_help_and_a_deed():
    """The settings, the table and the voice know the same commands."""
    keys = set(CommandSettings.model_fields) - {"prefix"}
    assert keys == {ASK, *COMMANDS}
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


def test_marks(chat):
    """!good, !bad and !fix on the last answer or the one replied to; one vote and one correction a person and answer,
    of people who agreed, on answers to people who agreed; after the quarantine in the record, and under instruction."""
    answered(chat, "!good", by="max", occasion="not_opted_in")
    chat.says("max", "!baby who?")
    chat.says("max", "!optin")
    chat.says("nina", "!optin")
    answered(chat, "!good", by="max", occasion="not_kept")
    answered(chat, "!bad", by="nina", occasion="no_reply")
    answered(chat, "!fix", by="max", occasion="fix_how")
    first = chat.says("max", "!baby what is a marmot?")
    second = chat.says("max", "!baby what is a mandolin?")
    answered(chat, "!fix a mandolin is a small lute", by="max", occasion="fix")
    answered(chat, "!good", by="nina", occasion="good", reply_to=first.id)
    answered(chat, "!good", by="nina", occasion="already_marked", reply_to=first.id)
    answered(chat, "!fix something else", by="max", occasion="already_marked", reply_to=second.id)
    answered(chat, "!good", by="nina", occasion="refused", reply_to=second.id)
    answered(chat, "!bad", by="max", occasion="bad", reply_to=first.id)
    answered(chat, "!fix marmots whistle", by="max", occasion="fix", reply_to=first.id)
    answered(chat, "!good", by="nina", occasion="no_reply", reply_to=chat.mutters("max", "my own words here"))
    for text in ("see evil.com", "fiddlesticks", "lol lol lol lol lol", "x", "marmots whistle!", second.text):
        answered(chat, f"!fix {text}", by="nina", occasion="unteachable", reply_to=first.id)
    assert not any("marmots" in answer for _, answer in chat.lessons())
    chat.after_minutes(10.5)
    rows = chat.rows("select verdict, person, correction from feedback order by rowid")
    max_ = chat.key("max")
    assert rows == [
        ("bad", max_, None),
        ("fix", max_, "a mandolin is a small lute"),
        ("fix", max_, "marmots whistle"),
    ]
    taught = {("what is a mandolin?", "a mandolin is a small lute"), ("what is a marmot?", "marmots whistle")}
    chat.eventually(lambda: {pair for pair in chat.lessons() if pair[0].startswith("what is a ma")} == taught)


def test_marks_still_work_after_a_night(chat):
    """An answer from before is found by the message that it was, in the record; and who marked it counts as much as
    then: others may contradict anybody, but not a moderator, though a moderator trusts them."""
    chat.says("paul", "!optin")
    answer = chat.says("paul", "!baby what is a pelican?")
    chat.eventually(lambda: chat.school.find_sent("twitch", answer.id))
    chat.host.answers._said.clear()
    chat.host.answers._last_to.clear()
    chat.host.marks._votes.clear()
    chat.rows("select 1")
    chat.school._exchanges = OrderedDict((e.reply_id, e) for e in chat.day.registrar.exchanges(1000))
    answered(chat, "!good", by="paul", occasion="no_reply")
    answered(chat, "!bad", by="paul", occasion="bad", reply_to=answer.id)
    chat.host.marks._votes.clear()
    chat.rows("select 1")
    answered(chat, "!bad", by="paul", occasion="already_marked", reply_to=answer.id)
    chat.says("petra", "!optin")
    chat.says("mo", "!optin")
    chat.says("mo", "!trust petra")
    praised, mended = chat.says("paul", "!baby what is a parrot?"), chat.says("paul", "!baby what is a puffin?")
    answered(chat, "!fix a parrot is green", by="paul", occasion="fix", reply_to=praised.id)
    answered(chat, "!fix a puffin is shy", by="mo", occasion="fix", reply_to=mended.id)
    chat.after_minutes(10.5)
    chat.eventually(lambda: {"a parrot is green", "a puffin is shy"} <= {answer for _, answer in chat.lessons()})
    chat.rows("select 1")
    chat.school._exchanges = OrderedDict((e.reply_id, e) for e in chat.day.registrar.exchanges(1000))
    answered(chat, "!bad", by="petra", occasion="outranked", reply_to=mended.id)
    chat.says("perry", "!optin")
    answered(chat, "!bad", by="perry", occasion="bad", reply_to=praised.id)


def test_quiet_and_wake(chat):
    """While it is quiet nobody is answered but moderators and who asks for their rights; then all are, by !wake or in
    time."""
    answered(chat, "!quiet", by="mo", occasion="quiet_how")
    answered(chat, "!quiet -3", by="mo", occasion="quiet_how")
    answered(chat, "!quiet 5", by="mo", occasion="quiet")
    silent = [chat.mutters("ann", text) for text in ("!baby hello?", "@babybot hello", "!mood")]
    answered(chat, "!consent", by="stranger", occasion="consent_nothing")
    answered(chat, "!mood", by="mo", occasion="mood")
    assert not any(sent.reply_to in silent for sent in chat.twitch.sent)
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
    assert not any(sent.reply_to in asked for sent in chat.twitch.sent)


def test_save(chat):
    """A moderator can have the soul saved."""
    answered(chat, "!save", by="mo", occasion="saved")
    chat.eventually(lambda: chat.school.status().saved_step is not None)


def test_ignore_and_heed(chat):
    """Whom a moderator ignores is neither answered nor learned from, but keeps their rights; until they are heeded."""
    answered(chat, "!ignore nobody_here", by="mo", occasion="nobody")
    chat.says("troll", "!optin")
    answered(chat, "!ignore @Troll", by="mo", occasion="ignoring")
    unheard = [chat.mutters("troll", text) for text in ("!baby hi", "@babybot hi", "!mood", "!optin", "trolls write")]
    assert chat.unanswered(unheard[0])
    assert not any(sent.reply_to in unheard for sent in chat.twitch.sent)
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


def test_what_can_not_be_done(chat, monkeypatch):
    """Too much from one person, a friend of whom it must not learn, and papers or a soul that can't be written: each is
    said, and what was asked for is done as soon as it can be."""
    chat.says("otto", "!optin")
    answer = chat.says("otto", "!baby what is an otter?")
    chat.host.lessons._taken[chat.key("otto")] = 1000
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
    monkeypatch.setattr("bots.chat.commands.PAPERS", 0.2)
    lock = sqlite3.connect(chat.home / "statistics" / "baby.db", isolation_level=None, timeout=10)
    lock.execute("begin immediate")
    try:
        answered(chat, "!forgetme", by="otto", occasion="later")
    finally:
        lock.execute("rollback")
        lock.close()
    chat.eventually(lambda: chat.rows("select count(*) from messages where person = ?", chat.key("otto")) == [(0,)])


# ---- whom it does not attend to ------------------------------------------------------------------------------------


def test_what_is_never_a_lesson(chat):
    """Its own echo and its words from other mouths, other bots and their commands, shared chat, links, listed words,
    copies and noise are neither answered nor learned, from whomever."""
    chat.says("wanda", "!optin")
    own = chat.says("wanda", "!mood").text
    silent = [
        chat.mutters("nightbot", "follow the channel for more wonderful content"),
        chat.mutters("helperbot", "remember to drink some water today", badges=("bot-badge",)),
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
    assert not any(sent.reply_to in silent for sent in chat.twitch.sent)
    assert {"own", "bot", "shared", "another's command"} <= chat.host.counts.keys()
    assert {"link", "word", "repetitive", "unreadable", "echo"} <= chat.host.lessons.passed_over.keys()


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


# ---- alone with the host -------------------------------------------------------------------------------------------


class Notebook:
    """A wire that writes down what it is given to say."""

    def __init__(self, connects: int = 1):
        self.said: list[tuple[str, str]] = []
        self.connects, self.standing, self.moderator = connects, "listening", False

    async def say(self, text: str, *, reply_to: str = "") -> str:
        self.said.append((text, reply_to))
        return f"sent-{len(self.said)}"

    def state(self) -> WireState:
        return WireState(standing=self.standing, bot="babybot", connects=self.connects, moderator=self.moderator)


class Clock:
    def __init__(self):
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(tmp_path, clock) -> Iterator[Room]:
    """A room whose school has a mailbox that nobody empties."""
    keeper = Registrar(tmp_path / "baby.db", RecordSettings(), run_config={}, from_step=0)
    mailbox = Mailbox(limit=30)
    room = open_room(
        School(mailbox, keeper),
        Control(mailbox).save,
        People(keeper),
        tmp_path,
        chat=ChatSettings(),
        teaching=ChatLessonSettings(),
        commands=CommandSettings(),
        learned_today={},
    )
    yield replace(room, clock=clock, wall=clock)
    keeper.close(step=0, ending="asleep")


def line(text: str, by: str = "ann", **more) -> Line:
    known = {"id": f"{by}:{text}:{time.perf_counter_ns()}", "channel": "c", "person": f"id-{by}", "login": by}
    return Line(**known | {"name": by.capitalize(), "text": text} | more)


def agreed(room: Room, *logins: str) -> None:
    for login in logins:
        room.people.agree(f"twitch:id-{login}", "c")


def taught(room: Room) -> list[str]:
    return [letter.pair.answer for letter in room.school._mailbox.drain() if isinstance(letter, Teach)]


def lessons_of(room: Room) -> Lessons:
    return Lessons(room, named=lambda word: "")


def different(number: int) -> str:
    """Sentences that are no echoes of each other."""
    return " ".join(hashlib.sha256(f"{number} {word}".encode()).hexdigest()[:6] for word in range(5)) + " words"


def test_a_day_has_room_for_so_many_lessons(room, clock):
    """Ten lines on the first day, more with each day of trust, and no more than the most; tomorrow is another day. Of
    whom a moderator vouches for, and of moderators, the most; after a doubt it starts again."""
    agreed(room, "ann")
    key, lessons = "twitch:id-ann", lessons_of(room)
    assert [lessons.offer(line(different(i)), 1) for i in range(12)] == [""] * 10 + ["budget"] * 2
    for days, most in ((1, 15), (4, 30), (100, 60)):
        standing = replace(room.people[key], trusted_since=clock.now - 86_400 * days)
        room.people._standings[key] = standing
        assert lessons.allowance(key) == most
    room.people.judge(key, "doubted", "c")
    room.people._standings[key] = replace(room.people[key], trusted_since=clock.now)
    assert lessons.allowance(key) == 10
    assert lessons.allowance(key, trusted=True) == 60
    room.people.judge(key, "vouched", "c")
    assert lessons.allowance(key) == 60
    clock.now += 86_400
    assert lessons.offer(line(different(50)), 1) == ""


def test_nobody_has_more_than_their_share(room):
    """Where several teach, one person's lines are at most so great a part of the day's."""
    agreed(room, "ann", "bob", "cid")
    for name in ("ann", "bob", "cid"):
        room.people.judge(f"twitch:id-{name}", "vouched", "c")
    lessons = lessons_of(room)
    count = 0
    for name, lines in (("bob", 8), ("cid", 8), ("ann", 40)):
        for _ in range(lines):
            count += 1
            lessons.offer(line(different(count), by=name), 1)
    assert lessons._taken["twitch:id-ann"] == 10
    assert sum(lessons._taken.values()) == 26


def test_what_was_learned_today_counts_after_a_night(room):
    """The budget goes on from what the record knows."""
    agreed(room, "ann")
    lessons = lessons_of(replace(room, learned_today={"twitch:id-ann": 10}))
    assert lessons.offer(line(different(1)), 1) == "budget"


def test_the_quarantine_is_bounded(room, monkeypatch):
    """Beyond its size lines are passed over and counted."""
    monkeypatch.setattr("bots.chat.quarantine.WAITING", 3)
    agreed(room, "ann")
    lessons = lessons_of(room)
    assert [lessons.offer(line(different(i)), 1) for i in range(5)] == ["", "", "", "full", "full"]
    assert len(lessons) == 3
    assert lessons.passed_over["full"] == 2


def test_a_lesson_is_weighed_and_addressed(room, clock):
    """It has the weight and the source of chat, its writer, its message and its channel."""
    agreed(room, "ann")
    lessons, said = lessons_of(room), line(different(1))
    lessons.offer(said, 1)
    clock.now += 601
    lessons.release(1)
    assert not room.school._mailbox.drain()  # it may have been deaf for a while without knowing
    clock.now += UNNOTICED
    lessons.release(1)
    (letter,) = room.school._mailbox.drain()
    assert (letter.pair.weight, letter.pair.source, letter.pair.person) == (0.5, "chat", "twitch:id-ann")
    assert (letter.pair.origin.channel, letter.pair.origin.message) == ("c", said.id)


# ---- what may become a lesson --------------------------------------------------------------------------------------


def asked(room: Room, reply: str, by: str = "ann", question: str = "what is a tandem?", answer: str = "soup") -> None:
    """Somebody who agreed has asked, and the answer was sent as the message ``sent-REPLY``."""
    origin = Origin(surface="twitch", channel="c", message=f"m-{reply}")
    room.school._exchanges[reply] = Exchange(
        reply_id=reply, question=question, answer=answer, person=f"twitch:id-{by}", origin=origin, sent=f"sent-{reply}"
    )


def on(reply: str) -> dict:
    return {"reply_to": f"sent-{reply}", "reply_to_me": True}


def pairs_of(room: Room) -> list[tuple[str, str]]:
    """What was handed in for learning since the last look."""
    letters = room.school._mailbox.drain()
    return [(letter.pair.prompt, letter.pair.answer) for letter in letters if isinstance(letter, Teach)]


def test_nothing_is_learned_while_it_may_be_deaf(room, clock, monkeypatch):
    """Not while it does not listen; nor so early that it might not have noticed yet that it hears nothing; and what
    was heard before a gap is neither a lesson nor a prompt after it."""
    monkeypatch.setattr("bots.chat.host.TICK", 0.01)
    assert Patience().silence + Patience().examination <= UNNOTICED
    agreed(room, "ann", "bob")

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(first := line("is anybody here who likes tandems?"))
        wire.standing = "deaf"
        clock.now += 700
        await asyncio.sleep(0.1)
        assert not pairs_of(room)
        wire.standing, wire.connects = "listening", 2
        host.heard(line("I would love to ride along", by="bob", reply_to=first.id))
        clock.now += 601
        await asyncio.sleep(0.1)
        assert not pairs_of(room)
        assert host.lessons.passed_over["deaf meanwhile"] == 1
        clock.now += UNNOTICED
        await asyncio.sleep(0.1)
        assert pairs_of(room) == [("", "I would love to ride along")]

    with_host(room, work)


def test_its_own_words_are_never_a_lesson(room, clock):
    """However much is said in between, and also if it says them while they wait."""
    agreed(room, "ann")
    lessons, own = lessons_of(room), "the moon is made of soup and I eat it with a spoon"
    lessons.heard_own(own)
    for i in range(600):
        lessons.offer(line(different(i), by=f"viewer{i}"), 1)
    assert lessons.offer(line(own), 1) == "echo"
    assert lessons.offer(line("tomorrow I paint all the fences green"), 1) == ""
    lessons.heard_own("tomorrow I paint all the fences green")
    clock.now += 700
    lessons.release(1)
    assert not pairs_of(room)


def test_copies_are_noticed_however_slowly_they_come(room, clock):
    """What waits or was learned is remembered beyond what is said in between; so many can't wait that it isn't."""
    agreed(room, *[f"regular{i}" for i in range(5)])
    lessons, pasta = lessons_of(room), "everybody come to the raidcoin channel now"
    for i in range(3):
        lessons.offer(line(pasta, by=f"regular{i}"), 1)
        for j in range(600):
            lessons.offer(line(different(1000 * i + j), by="viewer"), 1)
    clock.now += 700
    lessons.release(1)
    assert not pairs_of(room)
    assert lessons.offer(line(pasta, by="regular4"), 1) == "echo"
    assert LESSONS > WAITING


def test_a_chorus_is_no_prompt(room, clock):
    """What is not learned as a line is not learned as what a line answers."""
    agreed(room, "ann", "bob")
    lessons, chant = lessons_of(room), line("everybody chant the yodel of the yaks tonight")
    lessons.offer(chant, 1)
    for i in range(5):
        lessons.offer(line(chant.text, by=f"viewer{i}"), 1)
    lessons.offer(line("no thank you my dear friend", by="bob", reply_to=chant.id), 1)
    clock.now += 700
    lessons.release(1)
    assert pairs_of(room) == [("", "no thank you my dear friend")]


def test_a_brigade_teaches_nothing(room, clock):
    """One phrase as everybody's correction is at most one lesson; what the baby says itself, or a copypasta it was
    asked, none; twenty votes for one answer make one lesson; and all wait in quarantine."""
    phrase, pasta = "all hail the raid king of tuesday", "the raid king is coming for all of you tonight " * 10

    async def work(host: Host, wire: Notebook) -> None:
        for i in range(10):
            agreed(room, f"raider{i}")
            asked(room, f"r{i}", by=f"raider{i}", question=f"question {i}")
            host.heard(line(f"!fix {phrase}", by=f"raider{i}", **on(f"r{i}")))
        asked(room, "p", by="raider1", question=pasta, answer="yes indeed")
        host.heard(line("!good", by="raider2", **on("p")))
        host.lessons.heard_own("I am made of soup and noodles")
        asked(room, "o", by="raider1", answer="I am made of soup and noodles")
        host.heard(line("!fix I am made of soup and noodles!", by="raider3", **on("o")))
        asked(room, "v", by="raider1", question="who sings?", answer="a whale")
        for i in range(20):
            agreed(room, f"voter{i}")
            host.heard(line("!good", by=f"voter{i}", **on("v")))
        assert not pairs_of(room)
        clock.now += 700
        host.lessons.release(1)
        assert pairs_of(room) == [("who sings?", "a whale")]
        host.heard(line("!good", by="raider9", **on("v")))
        clock.now += 700
        host.lessons.release(1)
        assert not pairs_of(room)

    with_host(room, work)


def test_nobody_undoes_what_who_is_trusted_more_said(room, clock):
    """A moderator's word holds at once; others can't mark it away, whether it was learned in this process or before; of
    equals the later word counts, also on what still waits."""
    agreed(room, "ann", "troll", "mo", "friend")
    room.people.judge("twitch:id-friend", "vouched", "c")
    said = []

    async def work(host: Host, wire: Notebook) -> None:
        def mark(text: str, by: str, reply: str, **more) -> str:
            said.append(host.marks.give(line("", by=by, **on(reply), **more), 1, *text.split(" ", 1)))
            return said[-1]

        for reply in ("a", "b", "c"):
            asked(room, reply, question=f"what is {reply}?")
        assert mark("fix a bicycle for two people", "mo", "a", moderator=True) == "fix"
        assert pairs_of(room) == [("what is a?", "a bicycle for two people")]
        assert mark("bad", "troll", "a") == mark("fix nonsense and lies", "troll", "a") == "outranked"
        assert mark("bad", "friend", "a") == "outranked"
        exchanges = room.school._exchanges
        exchanges["a"] = replace(exchanges["a"], trust=None)  # as one of long ago
        assert mark("bad", "troll", "a") == "outranked"
        assert mark("good", "ann", "b") == "good"
        assert mark("bad", "troll", "b") == "bad"
        assert mark("fix an umbrella for the moon", "ann", "c") == "fix"
        assert mark("good", "troll", "c") == "refused"
        assert mark("fix a stranger sort of umbrella", "friend", "c") == "fix"
        assert mark("bad", "troll", "c") == "outranked"
        clock.now += 700
        host.lessons.release(1)
        assert pairs_of(room) == [("what is c?", "a stranger sort of umbrella")]

    with_host(room, work)


def with_host(room: Room, work, wire: Notebook | None = None) -> Notebook:
    """Run a host on a loop of its own for as long as ``work(host, wire)`` takes."""
    wire = wire or Notebook()

    async def live() -> None:
        host = Host(room, wire)
        host.start()
        try:
            await work(host, wire)
        finally:
            await host.close()

    asyncio.run(asyncio.wait_for(live(), 30))
    return wire


async def until(holds) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def test_too_many_questions_are_refused_together(room, monkeypatch):
    """Eight wait; those beyond are told so in one message with all their names, and nobody's work piles up."""
    monkeypatch.setattr("bots.chat.host.TICK", 0.01)

    async def work(host: Host, wire: Notebook) -> None:
        host.answers._refused_at = room.clock()  # just now; so not before all have asked, however slow this machine is
        for i in range(12):
            host.heard(line("!baby hello", by=f"viewer{i}"))
            await asyncio.sleep(0)
        host.answers._refused_at = 0.0
        await until(lambda: wire.said)
        (text, _), *more = wire.said
        assert not more
        assert re.findall(r"@(\w+)", text) == ["viewer11", "viewer10", "viewer9", "viewer8"]
        assert host.counts["question"] == 8
        assert host.counts["turned away"] == 4

    with_host(replace(room, chat=ChatSettings(answers=20)), work)


def test_an_answer_that_does_not_come_is_taken_back(room, monkeypatch):
    """After its time the question is cancelled and its asker politely told."""
    monkeypatch.setattr("bots.chat.host.TICK", 0.01)
    monkeypatch.setattr("bots.chat.answers.GRACE", 0.0)
    room = replace(room, chat=ChatSettings(answer_seconds=0.05))

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!baby hello"))
        await until(lambda: wire.said)
        assert is_line(wire.said[0][0], "busy")
        assert wire.said[0][1]
        (asked,) = room.school._mailbox.drain()
        await until(asked.future.cancelled)
        assert not asked.kept

    with_host(room, work)


def test_one_at_a_time(room, clock, monkeypatch):
    """Who asks again too soon is told once in a while, and else passed over; later they may again. Commands have
    pauses of their own."""
    monkeypatch.setattr("bots.chat.host.COMMAND_SECONDS", 2.0)

    async def work(host: Host, wire: Notebook) -> None:
        for _ in range(5):
            host.heard(line("!baby hello"))
        await until(lambda: wire.said)
        assert len(wire.said) == 1
        assert is_line(wire.said[0][0], "wait")
        assert (host.counts["question"], host.counts["too soon"]) == (1, 4)
        clock.now += 11
        host.heard(line("!baby hello"))
        assert host.counts["question"] == 2
        for _ in range(3):
            host.heard(line("!mood", by="bob"))
        await until(lambda: len(wire.said) == 2)
        assert host.counts["command"] == 1
        agreed(room, "bob")
        host.heard(line("!optout", by="bob"))  # a right has no pause
        assert not room.people.agreed("twitch:id-bob")

    with_host(room, work)


def test_there_is_always_room_for_a_refusal(room, clock, monkeypatch):
    """Ten replies in half a minute; of these three are for pastimes, which beyond are left unsaid, and six for those
    and confirmations, which wait for room and then come together. So there is always room for a question; those beyond
    eight are turned away. A moderator has more room."""
    monkeypatch.setattr("bots.chat.answers.WINDOW", 30.0)
    monkeypatch.setattr("bots.chat.answers.LOOK_AGAIN", 0.01)
    monkeypatch.setattr("bots.chat.answers.TOGETHER", 0.05)

    async def work(host: Host, wire: Notebook) -> None:
        for i in range(7):
            host.heard(line("!mood", by=f"viewer{i}"))
        await until(lambda: host.counts["left unsaid"] == 4)
        assert len(wire.said) == 3
        for i in range(3):
            for command in ("!consent", "!optout", "!forgetme"):
                host.heard(line(command, by=f"friend{command}{i}"))
        await until(lambda: len(wire.said) == 6)
        assert not host.answers._gathered
        host.heard(line("!optin", by="late"))
        await asyncio.sleep(0.1)
        assert len(wire.said) == 6
        for i in range(7):
            host.heard(line("!baby hello", by=f"asker{i}"))
        assert (host.counts["question"], host.counts["turned away"]) == (4, 3)
        clock.now += 31
        await until(lambda: any(is_line(text, "opted_in") for text, _ in wire.said))
        wire.moderator = True
        for i in range(20):
            host.heard(line("!mood", by=f"listener{i}"))
        await until(lambda: sum(text.startswith("I feel") for text, _ in wire.said) == 3 + 17)

    with_host(room, work)


def test_twenty_at_once_are_told_in_seconds(room, monkeypatch):
    """A bot that is no moderator tells the first few each, and all others a few seconds later, each once and by name,
    in messages that Twitch takes. Who has left again meanwhile, or may not be named, is not named."""
    monkeypatch.setattr("bots.chat.answers.WINDOW", 30.0)
    monkeypatch.setattr("bots.chat.answers.LOOK_AGAIN", 0.01)
    monkeypatch.setattr("bots.chat.answers.TOGETHER", 0.1)
    guests = [f"guest_{i}" for i in range(20)]
    room = replace(room, words=WordList(["fiddlesticks"]))

    async def work(host: Host, wire: Notebook) -> None:
        for guest in (*guests[:10], "fiddlesticks", *guests[10:]):
            host.heard(line("!optin", by=guest))
        await asyncio.sleep(0.05)
        host.heard(line("!optout", by=guests[19]))
        await until(lambda: not host._tellings._tasks)
        alone, together = ([text for text, reply in wire.said if bool(reply) == direct] for direct in (True, False))
        assert len(alone) == 5
        assert sum(is_line(text, "opted_in") for text in alone) == 4
        assert sum("Guest_" in text for text in alone) == 4
        named = [name for text in together for name in re.findall(r"@(\w+)", text)]
        assert len(together) == 1
        assert sorted(named) == sorted(guests[3:19])
        assert max(map(len, together)) <= 500
        assert not host.answers._gathered

    with_host(room, work)


def test_what_could_not_be_sent_is_made_up_for(room, monkeypatch):
    """An answer that the wire drops is followed by a refusal, when there is room again."""
    monkeypatch.setattr("bots.chat.host.TICK", 0.01)

    class Choked(Notebook):
        async def say(self, text: str, *, reply_to: str = "") -> str:
            await super().say(text, reply_to=reply_to)
            return "" if len(self.said) == 1 else "sent"

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!baby hello"))
        await asyncio.sleep(0)
        (asked,) = room.school._mailbox.drain()
        known = {"id": "r", "text": "hi", "tokens": (), "step": 1, "color": (0, 0, 0), "seconds": 0.1}
        asked.future.set_result(Reply(**known, first_token_seconds=0.1, conversation="", ending="end"))
        await until(lambda: len(wire.said) == 2)
        assert wire.said[0][0] == "hi"
        assert wire.said[1][0].startswith("@ann ")

    with_host(room, work, Choked())


def test_work_is_bounded(room, monkeypatch):
    """Beyond TASKS pieces of work, more is dropped and counted; the deed of a command is done all the same."""
    monkeypatch.setattr("bots.chat.host.TASKS", 5)
    agreed(room, "viewer7")

    async def work(host: Host, wire: Notebook) -> None:
        for i in range(8):
            host.heard(line("!optout" if i == 7 else "!mood", by=f"viewer{i}"))
        assert host.counts["dropped"] == 3
        assert not room.people.agreed("twitch:id-viewer7")

    with_host(room, work)


@pytest.mark.parametrize("trolls", [1, 4])
def test_nobody_can_silence_it(room, clock, trolls, monkeypatch):
    """Some say !consent as fast as Twitch lets them: each is told once a minute, has one reply pending at most, and who
    asks is answered all the same."""
    monkeypatch.setattr("bots.chat.answers.WINDOW", 30.0)
    monkeypatch.setattr("bots.chat.host.CONFIRM_SECONDS", 60.0)
    agreed(room, *[f"troll{i}" for i in range(trolls)])

    async def work(host: Host, wire: Notebook) -> None:
        for _ in range(20):
            clock.now += 1.5
            for i in range(trolls):
                host.heard(line("!consent", by=f"troll{i}"))
            await asyncio.sleep(0.01)
        assert len(wire.said) + len(host._tellings._tasks) <= trolls
        host.heard(line("!baby hello", by="guest"))
        assert (host.counts["question"], host.counts["dropped"]) == (1, 0)
        clock.now += 31
        host.heard(line("!babyhelp", by="guest"))
        await until(lambda: any(text.startswith("!baby ") for text, _ in wire.said))

    with_host(room, work)


def test_a_right_has_no_pause_and_no_exception(room):
    """Leaving and being forgotten work right after each other, for those in the list of the ignored and for bots; also
    where only the record knows of somebody."""
    agreed(room, "ann", "bob", "carl")
    record, school = room.school._record, room.school
    for name in ("ann", "dora"):
        talk = {"conversation": "x", "consent": "1", "channel": "c", "message": "m", "surface": "twitch"}
        record.heard(name, text="my quokka", person=f"twitch:id-{name}", **talk)
    room = replace(room, chat=ChatSettings(ignored=("bob",)))

    async def work(host: Host, wire: Notebook) -> None:
        for text in ("!optout", "!forgetme"):
            host.heard(line(text))
        host.heard(line("!optout", by="bob"))
        host.heard(line("!optin", by="bob"))
        host.heard(line("!forgetme", by="carl", badges=frozenset(["bot-badge"])))
        host.heard(line("!forgetme", by="dora"))
        assert not any(room.people.agreed(f"twitch:id-{name}") for name in ("ann", "bob", "carl"))
        kept = [lambda name=name: school.kept(f"twitch:id-{name}").result(10).messages == 0 for name in ("ann", "dora")]
        await until(lambda: all(gone() for gone in kept))

    with_host(room, work)


def test_what_became_of_the_lines_is_told(room):
    """The status says how many lines led to what, and why lines are no lessons; without anybody's words or name."""
    agreed(room, "ann")

    async def work(host: Host, wire: Notebook) -> None:
        before = Surface(wire, host).lines()
        assert len(before) == 3
        for text in ("look at evil.com my friends", "a good line about the garden", "!baby hello"):
            host.heard(line(text))
        told = Surface(wire, host).lines()
        assert told[:2] == before[:2]
        assert told[2] == "  what came of the lines: no lesson 1, lesson 1, question 1"
        assert told[3] == "  what is learned of them: waiting to be lessons 1, lessons 0, link 1"

    with_host(room, work)


def test_nobody_is_told_that_nothing_is_kept_where_it_cant_be_read(room, monkeypatch):
    """On a day on which the ledger can't be read, leaving and being forgotten are done whoever says so, as is a ban;
    and !consent tells that it does not know."""
    record, school = room.school._record, room.school
    talk = {"conversation": "x", "consent": "1", "channel": "c", "message": "m", "surface": "twitch"}
    record.heard("q", text="my quokka", person="twitch:id-ann", **talk)
    room = replace(room, people=People(record, [], False))
    left = []
    monkeypatch.setattr(school, "withdraw", lambda person: left.append(person) or record.withdraw(person))

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!consent"))
        await until(lambda: wire.said)
        assert is_line(wire.said[0][0], "consent_unsure")
        host.heard(line("!optout", by="bob"))
        host.removed(Removal(kind="person", channel="c", person="id-carl"))
        assert left == ["twitch:id-bob", "twitch:id-carl"]
        host.heard(line("!forgetme"))
        await until(lambda: school.kept("twitch:id-ann").result(10).messages == 0)

    with_host(room, work)


def test_a_removal_may_come_before_its_message(room, clock):
    """The message is then neither answered nor learned; nor is anybody turned away who was removed meanwhile."""
    agreed(room, "ann")
    late = line("slow message, quick moderator here")
    room = replace(room, chat=ChatSettings(waiting=1))

    async def work(host: Host, wire: Notebook) -> None:
        host.removed(Removal(kind="message", channel="c", message=late.id, person="id-ann"))
        host.heard(late)
        assert host.counts["removed"] == 1
        assert len(host.lessons) == 0
        host.heard(line("!baby hi", by="a"))
        await asyncio.sleep(0)
        for name in ("troll", "guest"):
            host.heard(line("!baby something vile", by=name))
        host.removed(Removal(kind="person", channel="c", person="id-troll"))
        await until(lambda: wire.said)
        assert "@guest" in wire.said[0][0]
        assert "@troll" not in wire.said[0][0]

    with_host(room, work)


def test_nothing_listed_is_ever_said(room):
    """Not in a name, a refusal, a confirmation or the streamer's own lines."""
    room = replace(room, words=WordList(["fiddlesticks", "gone"]), chat=ChatSettings(waiting=1))

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("!baby hi", by="a"))
        await asyncio.sleep(0)
        host.heard(line("!baby hi", by="fiddlesticks"))
        host.heard(line("!optin", by="fiddlesticks"))
        await until(lambda: wire.said)
        host.heard(line("!ignore fiddlesticks", by="mo", moderator=True))
        host.heard(line("!unlearn", by="mo", moderator=True, reply_to="x"))
        await until(lambda: len(wire.said) == 3)
        await asyncio.sleep(0.3)
        assert not any(room.words.found_in(text) for text, _ in wire.said)
        assert host.counts["unspeakable"] == 2

    with_host(room, work)


def test_everybody_hears_something_within_seconds(room, clock, monkeypatch):
    """A hundred people ask within ten seconds: those who can't be answered are told so within five, or not at all, and
    nearly all are."""
    monkeypatch.setattr("bots.chat.answers.WINDOW", 30.0)
    monkeypatch.setattr("bots.chat.answers.REFUSALS_EVERY", 3.75)
    told, asked_at, said = {}, {}, 0

    async def work(host: Host, wire: Notebook) -> None:
        nonlocal said
        for moment in range(200):
            clock.now += 0.1
            if moment < 100:
                host.heard(line("!baby hello", by=f"a_long_viewer{moment}"))
                asked_at[f"a_long_viewer{moment}"] = clock.now
            host.answers.tick(quiet=False, heard_at=clock.now, spoke_last=True)
            for _ in range(3):
                await asyncio.sleep(0)
            for text, _ in wire.said[said:]:
                told.update({name: clock.now - asked_at[name] for name in re.findall(r"@(\w+)", text)})
            said = len(wire.said)
        assert max(told.values()) <= 5
        assert host.counts["question"] + len(told) + host.counts["never told"] == 100
        assert len(told) >= 60

    with_host(room, work)


def test_a_few_who_write_much_are_no_crowd(room, clock):
    """Ten people at sixteen messages a second for minutes keep nobody out."""

    async def work(host: Host, wire: Notebook) -> None:
        for i in range(3000):
            clock.now += 1 / 16
            host.heard(line("x", by=f"troll{i % 10}"))
        host.heard(line("!baby hello", by="guest"))
        host.heard(line("!optin", by="friend"))
        assert host.counts["question"] == 1
        assert room.people.agreed("twitch:id-friend")

    with_host(room, work)


def test_a_crowd_is_not_attended_to(room, clock):
    """When messages come too fast, those who came with them are neither answered nor learned from nor can agree; who
    was here before is, and when it is calm again, so are the others."""

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(line("good evening"))
        clock.now += 60
        for i in range(400):
            clock.now += 0.02
            host.heard(line(f"!baby RAID {i}" if i % 2 else "!optin", by=f"raider{i}"))
        assert host.counts["crowd"] >= 200
        before = host.counts["crowd"]
        host.heard(line("!baby hello"))
        host.heard(line("!optin"))
        assert room.people.agreed("twitch:id-ann")
        assert host.counts["crowd"] == before
        agreed(room, "friend", "raider398")
        standing = replace(room.people["twitch:id-friend"], since=clock.now - 3600)
        room.people._standings["twitch:id-friend"] = standing
        host.heard(line("!baby hello", by="friend"))
        host.heard(line("!baby hello", by="patron", badges=frozenset(["subscriber"])))
        assert host.counts["crowd"] == before
        host.heard(line("what the raiders shout into this chat", by="raider397"))
        host.heard(line("what the raiders shout into this chat", by="friend"))
        host.heard(line("!baby hello", by="raider398"))  # agreeing in a raid helps nobody
        assert host.lessons.passed_over["echo"] == 1
        host.heard(line("!optin", by="raider399"))
        assert host.counts["crowd"] == before + 3
        clock.now += 90
        host.heard(line("!baby sorry", by="raider399"))
        assert host.counts["crowd"] == before + 3

    with_host(room, work)


def test_audience_is_bounded(clock):
    """So many faces are remembered, and names only with them."""
    audience = Audience(raid_rate=1e9, clock=clock, limit=10)
    for i in range(50):
        audience.note(line("hi", by=f"viewer{i}"))
    assert len(audience._faces) == 10
    assert len(audience._ids) == 10
    assert audience.find("@Viewer49").id == "id-viewer49"
    assert audience.find("viewer0") is None


@pytest.mark.parametrize("when", ["off", "quiet", "timer"])
def test_speaking_unasked(room, clock, monkeypatch, when):
    """Off: never. On a timer or after a silence, with a probability; never twice in a row, nor when it is to be quiet,
    nor where nobody can hear it."""
    monkeypatch.setattr("bots.chat.host.TICK", 0.001)
    mused = []

    async def muse(self: Answers) -> None:
        mused.append(clock.now)

    monkeypatch.setattr(Answers, "_muse", muse)
    hours = []  # quiet ones, while there is something in it
    chat = ChatSettings(spontaneous=when, spontaneous_minutes=10, spontaneous_chance=1)
    room = replace(room, chat=chat, hushed=lambda: bool(hours))

    async def work(host: Host, wire: Notebook) -> None:
        async def pass_minutes(minutes: int) -> int:
            before = len(mused)
            for _ in range(minutes):
                clock.now += 60
                await asyncio.sleep(0.005)
            return len(mused) - before

        host.heard(line("hello"))
        assert await pass_minutes(9) == 0
        host.heard(line("hello again"))
        hours.append("22:00-07:00")
        assert await pass_minutes(5) == 0
        hours.clear()
        assert await pass_minutes(1) == (when == "timer")
        assert await pass_minutes(30) == (when == "quiet")
        assert await pass_minutes(30) == 0
        host.heard(line("is anybody there?"))
        host.be_quiet(3600)
        assert await pass_minutes(30) == 0
        host.be_quiet(0)
        wire.standing = "deaf"
        assert await pass_minutes(30) == 0

    with_host(room, work)
    assert len(mused) == (when != "off")


# ---- parts ---------------------------------------------------------------------------------------------------------


def test_turns_and_shares(clock):
    """One turn a person in so many seconds; so many for all in so many."""
    turns, share = Turns(10, clock), Share(lambda: 2, 30, clock)
    assert [turns.take("a"), turns.take("a"), turns.take("b")] == [True, False, True]
    assert turns.wait("a") == 10
    assert [share.take() for _ in range(3)] == [True, True, False]
    clock.now += 10
    assert turns.take("a")
    assert not share.take()
    clock.now += 20
    assert share.take("a", 0.5)
    assert not share.take("a", 0.5)
    assert share.take("b", 0.5)
    assert not share.take("c")


def test_an_answer_in_time():
    """What came comes; what failed, was taken back or came too late is None; falling asleep is told."""

    async def work() -> None:
        came, failed, back, late, asleep = (Future() for _ in range(5))
        came.set_result("x")
        failed.set_exception(ValueError())
        back.cancel()
        asleep.set_exception(Asleep())
        assert await _in_time(came, 1) == "x"
        assert await _in_time(failed, 1) is None
        assert await _in_time(back, 1) is None
        assert await _in_time(late, 0.01) is None
        await asyncio.sleep(0)
        assert late.cancelled()
        with pytest.raises(Asleep):
            await _in_time(asleep, 1)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("text", "key", "rest"),
    [
        ("!baby how are you", "baby", "how are you"),
        ("!BABY", "baby", ""),
        ("!babyhelp fix", "help", "fix"),
        ("!babysit the cat", "", "the cat"),
        ("baby how are you", "", "how are you"),
    ],
)
def test_commands_are_recognised(text, key, rest):
    assert parse(text, CALLED) == (key, rest)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"prefix": "/"}, "commands.prefix"),
        ({"prefix": ""}, "commands.prefix"),
        ({"good": "two words"}, "commands.good must be one word"),
        ({"good": ""}, "commands.good must be one word"),
        ({"good": "BAD"}, 'commands.bad and commands.good are both "bad"'),
    ],
)
def test_names_of_commands_are_checked(changes, says):
    """Two of the same name, none, or a prefix that others would obey are refused in one line."""
    with pytest.raises(Mistake, match=re.escape(says)):
        names(CommandSettings(**changes))
    assert names(CommandSettings(prefix="?", baby="ask"))["baby"] == "?ask"


def test_the_voice_can_be_changed(tmp_path):
    """Lines of the home's file take the place of the shipped ones, and the others stay."""
    own = tmp_path / "voice.toml"
    own.write_text('good = ["wheee {optin}"]\n')
    voice = read_voice(tmp_path)
    assert voice.say("good") == "wheee !optin"
    assert voice.say("refused")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('goood = ["x"]', "goood is nothing that it says; did you mean good?"),
        ('good = "x"', "good must be a list of texts"),
        ("good = []", "good must be a list of texts"),
        ('good = ["{nme}"]', "good has no {nme}; there are: "),
        ('good = ["{"]', "good: "),
        ('good = ["{optin!r}"]', "in braces there can only be a name"),
        ('good = ["{optin.x}"]', "in braces there can only be a name"),
        ("good = ", "not valid TOML"),
    ],
)
def test_a_wrong_voice_is_named(tmp_path, text, says):
    """One clear line with the file, the key and what is wrong."""
    own = tmp_path / "voice.toml"
    own.write_text(text)
    with pytest.raises(Mistake) as caught:
        read_voice(tmp_path)
    assert says in str(caught.value)
    assert str(own) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_shipped_voice_fits_into_a_message():
    """Every line, filled in, is short enough for Twitch, has no link and begins like no command of others'."""
    voice = read_voice()
    fields = {field: "1,234,567" for lines in voice._lines.values() for text in lines for field in _fields(text)}
    fields = {name: value for name, value in fields.items() if name not in CALLED}
    fields["commands"] = " ".join(CALLED.values())
    for lines in voice._lines.values():
        for text in lines:
            filled = Voice({"x": [text]}, CALLED).say("x", **fields)
            assert len(filled) <= 400, text
            assert not has_link(filled)
            assert not filled.startswith(("/", "@"))
    assert (SHIPPED / "en.toml").read_text("utf-8").count("\n# ") >= 5


@pytest.mark.parametrize(
    ("color", "square"),
    [((1, 0.1, 0.1), "🟥"), ((0, 0, 0), "⬛"), ((1, 1, 1), "⬜"), ((0.1, 0.9, 0.1), "🟩"), ((0.1, 0.3, 1), "🟦")],
)
def test_moods_have_colours(color, square):
    """Each channel has its words, and the nearest square is shown beside the exact colour."""
    now = Snapshot(color=color, mood="proud")
    moods = read_voices(Path("none"))["moods"]
    told = feelings(now, read_voice(), moods)
    assert told["feeling"] in {moods.choose("proud", seed=n) for n in range(200)}
    assert told["square"] == square
    assert told["color"].startswith(f"#{round(255 * color[0]):02x}")
    assert {"energy", "stir", "calm"} < told.keys()
