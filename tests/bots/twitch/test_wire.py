"""The wire, with the real client library and a small Twitch on this machine."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bots.chat.messages import Line, Removal
from bots.twitch.outbox import Outbox
from bots.twitch.pace import Pace, Repetitions, fit
from bots.twitch.settings import TwitchSettings
from bots.twitch.wire import Patience, TwitchWire
from tests.fake_twitch import READ, WRITE, FakeTwitch

HASTE = Patience(
    answer=5.0, examination=0.15, silence=4.0, first_retry=0.05, longest_retry=0.2, well=0.2, refused_retry=60.0,
    keys=0.05, stale=5.0, gap=0.0, moderator_gap=0.0,
)  # fmt: skip


class Diary:
    """A listener that writes down what it is told."""

    def __init__(self):
        self.lines: list[Line] = []
        self.removals: list[Removal] = []

    def heard(self, line: Line) -> None:
        self.lines.append(line)

    def removed(self, removal: Removal) -> None:
        self.removals.append(removal)

    def texts(self) -> list[str]:
        return [line.text for line in self.lines]


@pytest.fixture
def twitch(monkeypatch):
    with FakeTwitch(keepalive=0.2) as twitch:
        for name, value in twitch.environment().items():
            monkeypatch.setenv(name, value)
        yield twitch


@asynccontextmanager
async def connected(twitch, home, *, patience=HASTE, listens=True, **settings):
    """A wire and its diary; with ``listens``, when it does."""
    told: list[str] = []
    wire = TwitchWire(TwitchSettings(**settings), home, tell=told.append, patience=patience)
    wire.listener, wire.told = Diary(), told
    wire.start()
    try:
        if listens:
            await twitch.until(lambda: wire.state().standing == "listening" and twitch.listening)
        yield wire, wire.listener
    finally:
        await wire.close()
        assert not wire._tasks
        await twitch.until(lambda: twitch.open_sockets == 0)


def run(work) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def examinations(twitch) -> int:
    """How often the wire asked what Twitch would send, whatever the answer."""
    return sum((method, path) == ("GET", "/helix/eventsub/subscriptions") for _, method, path, _ in twitch.requests)


# ---- hearing ---------------------------------------------------------------------------------------------------------


def test_a_message_arrives_with_all_that_is_known_of_it(twitch, tmp_path):
    """Writer, what badges say, mentions, emotes, cheers, links, replies and shared chat come as plain values, once."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            twitch.moderators.add("mo")
            first = twitch.chat("hello Kappa Cheer100 you", emotes=("Kappa",), cheers=("Cheer100",), times=3)
            twitch.chat("@BabyBot  what is   soup?", by="mo", badges=("vip",))
            twitch.chat("look at example.com @friend", by="streamer", mentions=("friend",))
            twitch.chat("from next door", shared_from="neighbour")
            mine = await wire.say("i said this")
            await twitch.until(lambda: len(diary.lines) == 5)
            twitch.chat("oh", reply_to=mine)
            twitch.chat("did @babybot say so?", reply_to=first)
            await twitch.until(lambda: len(diary.lines) == 7)
            hello, soup, look, shared, own, oh, said = diary.lines
            assert (hello.text, hello.id, hello.login) == ("hello Kappa Cheer100 you", first, "viewer")
            assert (hello.emotes, hello.channel) == (("Kappa",), twitch.channel.id)
            assert hello.in_words == (("Cheer100", "(cheers 100)"),)
            assert not any((hello.moderator, hello.mentions_me, hello.own, hello.links, hello.shared_from))
            assert (soup.text, soup.mentions_me, soup.moderator) == ("what is soup?", True, True)
            assert [one.regular for one in diary.lines[:4]] == [False, True, True, False]
            assert not any(one.bot for one in diary.lines)
            assert [one.owner for one in diary.lines] == [False, False, True, False, False, False, False]
            assert look.links
            assert look.moderator
            assert not look.mentions_me
            assert shared.shared_from == twitch.person("neighbour").id
            assert own.own
            assert (own.id, own.text) == (mine, "i said this")
            assert oh.reply_to_me
            assert (oh.text, oh.reply_to, oh.reply_to_person) == ("oh", mine, twitch.bot.id)
            assert (said.text, said.mentions_me, said.reply_to_me) == ("did @babybot say so?", True, False)
            assert wire.state().duplicates == 2
            assert wire.state().heard == 7

    run(work())


def test_what_is_not_words_is_no_words(twitch, tmp_path):
    """What somebody does (/me) is said without its marks, a gif and a kind of fragment that is not known yet are left
    out, and so is what people's programs add unseen."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (_, diary):
            for text in (
                "\1ACTION polishes the lamp\1", "\1ACTION\1", "\1ACTIONS speak\1", "ACTION please",
                "\1ACTION !quiet 2\1", "!quiet 2 \U000e0000", "!quiet\u034f 2\u034f", "@babybot \u200bhello \U000e0000",
                "see exam\u200bple.com",
            ):  # fmt: skip
                twitch.chat(text)
            twitch.chat("look https://giphy.example/x.gif at it", gifs=("https://giphy.example/x.gif",))
            twitch.chat("a hologram of soup", unheard_of=("hologram",))
            twitch.chat(
                "\u0001ACTION nods Kappa Cheer100\u0001",
                emotes=("Kappa",),
                cheers=("Cheer100",),
                reply_to=twitch.chat("so?"),
            )
            await twitch.until(lambda: len(diary.lines) == 13)
            assert diary.texts() == [
                "polishes the lamp", "", "ACTIONS speak", "ACTION please", "!quiet 2", "!quiet 2", "!quiet 2", "hello",
                "see example.com", "look at it", "a of soup", "so?", "nods Kappa Cheer100",
            ]  # fmt: skip
            assert [line.links for line in diary.lines].count(True) == diary.lines[8].links == 1
            assert diary.lines[7].mentions_me
            nods = diary.lines[-1]
            assert (nods.emotes, nods.in_words) == (("Kappa",), (("Cheer100", "(cheers 100)"),))

    run(work())


@pytest.mark.parametrize(("price", "paid"), [("", [None] * 3), ("r-1", [False, True, False]), ("?", [None] * 3)])
def test_a_reward_may_be_what_a_question_costs(twitch, tmp_path, price, paid):
    """Whether it was used is known of each line; while its id is not known, it is told here once."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path, reward=price) as (wire, diary):
            for reward in ("", "r-1", "r-2"):
                twitch.chat("what is rain?", reward=reward)
            twitch.chat("what is snow?", reward="r-1")
            await twitch.until(lambda: len(diary.lines) == 4)
            assert [line.paid for line in diary.lines[:3]] == paid
            told = [line for line in wire.told if "twitch.reward" in line]
            assert len(told) == (2 if price == "?" else 0)

    run(work())


def test_what_a_moderator_removes_is_told(twitch, tmp_path):
    """A deletion, a timeout and a clearing become removals, each once."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            message = twitch.chat("something bad")
            twitch.delete(message, times=2)
            twitch.ban("viewer")
            twitch.clear()
            await twitch.until(lambda: len(diary.removals) == 3)
            viewer = twitch.person("viewer").id
            one, person, everything = diary.removals
            assert (one.kind, one.message, one.person) == ("message", message, viewer)
            assert (person.kind, person.message, person.person) == ("person", "", viewer)
            assert (everything.kind, everything.person, everything.channel) == ("all", "", twitch.channel.id)
            assert wire.state().removals == 3

    run(work())


def test_it_hears_that_it_is_banned_itself(twitch, tmp_path):
    """Before it has said anything: by a timeout, by the end of its subscriptions, and by not being let in again."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path, patience=replace(HASTE, refused_retry=0.1)) as (wire, diary):
            me = wire.state().me
            assert me == twitch.bot.id
            twitch.ban("babybot")
            await twitch.until(lambda: len(diary.removals) == 1)
            twitch.banned.add("babybot")
            twitch.revoke_subscriptions("chat_user_banned")
            await twitch.until(lambda: len(diary.removals) >= 3)
            assert {(one.kind, one.channel, one.person) for one in diary.removals} == {
                ("person", twitch.channel.id, me)
            }
            twitch.banned.clear()
            await twitch.until(lambda: wire.state().standing == "listening")

        async with connected(twitch, tmp_path, listens=False) as (wire, diary):
            twitch.banned.add("babybot")
            twitch.drop()
            await twitch.until(lambda: diary.removals)
            assert diary.removals[0].person == wire.state().me == me

    run(work())


def test_a_listener_that_stumbles_does_not_stop_the_wire(twitch, tmp_path, caplog):
    """An error in the listener is logged; the next message arrives."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            hear, diary.heard = diary.heard, lambda line: 1 / 0
            twitch.chat("one")
            await twitch.until(lambda: "stumbled" in caplog.text)
            diary.heard = hear
            twitch.chat("two")
            await twitch.until(lambda: diary.texts() == ["two"])
            assert wire.state().standing == "listening"

    run(work())


# ---- the ways of going deaf ------------------------------------------------------------------------------------------


def drop(twitch):
    twitch.drop(4000)


def drop_for_good(twitch):
    twitch.shut()


def silence(twitch):
    twitch.mute()


def resubscribing_fails(twitch):
    twitch.fail("/helix/eventsub/subscriptions", 500, times=3, method="POST")
    twitch.drop()


def one_subscription_fails(twitch):
    twitch.fail("/helix/eventsub/subscriptions", 429, times=1, method="POST")
    twitch.drop()


def no_welcome(twitch):
    twitch.welcoming = False
    twitch.drop()


def forgotten(twitch):
    twitch.lose_subscriptions()


def revoked(twitch):
    twitch.revoke_subscriptions("user_removed")


def one_revoked_for_an_unheard_of_reason(twitch):
    twitch.revoke_subscriptions("something_new", kind="channel.chat.clear")


def nonsense(twitch):
    twitch.send_raw(json.dumps({"metadata": {}}))


def dead_end(twitch):
    twitch.move(dead_end=True)


def says_it_listens_already(twitch):
    twitch.fail("/helix/eventsub/subscriptions", 409, times=1, message="already exists id=1", method="POST")
    twitch.drop()


DEAFNESS = [
    drop, drop_for_good, silence, resubscribing_fails, one_subscription_fails, no_welcome, forgotten, revoked,
    one_revoked_for_an_unheard_of_reason, nonsense, dead_end, says_it_listens_already,
]  # fmt: skip


@pytest.mark.parametrize("trouble", DEAFNESS, ids=lambda trouble: trouble.__name__)
def test_it_hears_again_by_itself(twitch, tmp_path, trouble):
    """After each way of going deaf it listens again, hears each message once, and holds one connection."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            twitch.chat("before")
            await twitch.until(lambda: diary.texts() == ["before"])
            trouble(twitch)
            await twitch.until(lambda: wire.state().standing == "deaf")
            assert wire.state().why
            if trouble is drop_for_good:
                await asyncio.sleep(0.3)
                twitch.open()
            elif trouble is no_welcome:
                await twitch.until(lambda: twitch.silent_welcomes)
                twitch.welcoming = True
            await twitch.until(lambda: wire.state().standing == "listening" and twitch.listening)
            twitch.chat("after")
            await twitch.until(lambda: "after" in diary.texts())
            assert diary.texts() == ["before", "after"]
            assert wire.state().recoveries >= 1
            assert await wire.say(f"heard you after {trouble.__name__}")

    run(work())


@pytest.mark.parametrize("same_id", [True, False])
def test_a_move_loses_nothing(twitch, tmp_path, same_id):
    """Asked to reconnect, it hears everything once, without a new start, and leaves no connection behind."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            for number in range(20):
                twitch.chat(f"{number}")
                if number in (5, 12):
                    twitch.move(same_id=same_id)
                    if number == 12:
                        await twitch.until(lambda: twitch.connections == 3)
                await asyncio.sleep(0.01)
            await twitch.until(lambda: len(diary.lines) == 20)
            assert diary.texts() == [str(number) for number in range(20)]
            before = examinations(twitch)
            await twitch.until(lambda: examinations(twitch) >= before + 4)  # and they find nothing wrong
            assert (wire.state().standing, wire.state().connects) == ("listening", 1)
            assert twitch.connections == 3
            assert twitch.open_sockets == 1

    run(work())


@pytest.mark.parametrize("same_id", [True, False])
def test_a_slow_move_is_no_reason_to_leave(twitch, tmp_path, same_id):
    """While the new connection waits for its welcome the old one is heard, and examinations find nothing wrong."""
    twitch.log_in(tmp_path)
    twitch.thinking = 8 * HASTE.examination

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            twitch.move(same_id=same_id)
            for number in range(15):
                twitch.chat(f"{number}")
                await asyncio.sleep(0.1)
            await twitch.until(lambda: len(diary.lines) == 15 and twitch.open_sockets == 1)
            assert diary.texts() == [str(number) for number in range(15)]
            assert (wire.state().standing, wire.state().connects) == ("listening", 1)
            assert twitch.connections == 2

    run(work())


def test_an_unanswered_question_is_no_reason_to_leave(twitch, tmp_path):
    """While Twitch can't say what it sends, but sends, the wire stays."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            twitch.fail("/helix/eventsub/subscriptions", 500, times=5, method="GET")
            await twitch.until(lambda: examinations(twitch) >= 6)
            twitch.chat("still there?")
            await twitch.until(lambda: diary.texts() == ["still there?"])
            assert wire.state().connects == 1

    run(work())


def test_the_real_clock_keeps_to_two_minutes():
    """By the clock of daily life, too: the longest unnoticed silence, a farewell nobody answers, one try in vain and a
    slow second one."""
    real = Patience()
    one_try = 4 * real.answer  # the token, the channel, the welcome, the subscriptions
    assert real.silence + real.examination + real.farewell + 3 * real.first_retry + one_try < 120
    assert real.silence > 20  # a keepalive comes every ten seconds, and one may be late


# ---- keys ------------------------------------------------------------------------------------------------------------


def test_an_expired_token_is_refreshed_and_stored(twitch, tmp_path):
    """Before and during a stay; what Twitch gives instead is kept, for its owner alone."""
    twitch.log_in(tmp_path)
    file = tmp_path / "secrets" / "twitch.json"
    old = json.loads(file.read_text())["bot"]["access"]
    twitch.expire_tokens()

    def stored() -> str:
        return json.loads(file.read_text())["bot"]["access"]

    async def work():
        async with connected(twitch, tmp_path) as (wire, _):
            await twitch.until(lambda: stored() != old)
            assert stored() in twitch.tokens
            assert await wire.say("one")
            twitch.expire_tokens()
            assert await wire.say("two")
            await twitch.until(lambda: stored() in twitch.tokens)
            assert wire.state().connects == 1

    run(work())
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "secrets" / ".gitignore").read_text() == "*\n"


def test_a_revoked_application_is_told_and_a_new_login_helps(twitch, tmp_path):
    """It says what to do, keeps quiet, and comes back with new keys, without being started again."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            twitch.revoke_application()
            twitch.revoke_subscriptions()
            await twitch.until(lambda: wire.state().standing == "refused")
            assert "twitch login" in wire.state().why
            tries = len(twitch.requests)
            await asyncio.sleep(0.5)
            assert len(twitch.requests) == tries
            assert len([line for line in wire.told if "twitch login" in line]) == 1
            twitch.log_in(tmp_path)
            await twitch.until(lambda: wire.state().standing == "listening" and twitch.listening)
            twitch.chat("welcome back")
            await twitch.until(lambda: diary.texts() == ["welcome back"])

    run(work())


def scopes_too_narrow(twitch, home, monkeypatch):
    twitch.log_in(home, scopes=(READ,))


def wrong_secret(twitch, home, monkeypatch):
    twitch.log_in(home)
    twitch.expire_tokens()
    monkeypatch.setenv("TWITCH_CLIENT_SECRET", "wrongPLANTED123456")


def banned(twitch, home, monkeypatch):
    twitch.log_in(home)
    twitch.banned.add("babybot")


def other_application(twitch, home, monkeypatch):
    twitch.log_in(home)
    for token in twitch.tokens.values():
        token.client_id = "another"


def nobody(twitch, home, monkeypatch):
    pass


def damaged(twitch, home, monkeypatch):
    (home / "secrets").mkdir()
    (home / "secrets" / "twitch.json").write_text('{"bot": 7')


def no_such_channel(twitch, home, monkeypatch):
    twitch.log_in(home)
    monkeypatch.setenv("CHANNEL", "nowhere")


REFUSALS = {
    scopes_too_narrow: WRITE,
    wrong_secret: "TWITCH_CLIENT_ID",
    banned: "banned",
    other_application: "another application",
    nobody: "twitch login",
    damaged: "can't be read",
    no_such_channel: "no channel nowhere",
}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.__name__)
def test_what_only_a_person_can_mend_is_said_plainly(twitch, tmp_path, monkeypatch, refusal):
    """The state is "refused", with a sentence that names the thing, and no secret."""
    refusal(twitch, tmp_path, monkeypatch)
    words, channel = REFUSALS[refusal], os.environ.get("CHANNEL", "")

    async def work():
        async with connected(twitch, tmp_path, listens=False, channel=channel) as (wire, _):
            await twitch.until(lambda: wire.state().standing == "refused")
            assert words in wire.state().why
            assert "PLANTED" not in wire.state().why
            assert any(words in line for line in wire.told)
            assert await wire.say("anybody?") == ""

    run(work())


def test_time_alone_lifts_a_refusal(twitch, tmp_path):
    """A ban ends without anybody changing a key."""
    twitch.log_in(tmp_path)
    twitch.banned.add("babybot")

    async def work():
        patience = Patience(**{name: getattr(HASTE, name) for name in HASTE.__slots__} | {"refused_retry": 0.3})
        async with connected(twitch, tmp_path, patience=patience, listens=False) as (wire, _):
            await twitch.until(lambda: wire.state().standing == "refused")
            twitch.banned.clear()
            await twitch.until(lambda: wire.state().standing == "listening")

    run(work())


def test_twitch_down_at_the_start(twitch, tmp_path):
    """It says so once, tries on, and joins when Twitch is there."""
    twitch.log_in(tmp_path)
    twitch.shut()

    async def work():
        async with connected(twitch, tmp_path, listens=False) as (wire, diary):
            await twitch.until(lambda: wire.state().standing == "connecting" and "reached" in wire.state().why)
            await asyncio.sleep(0.5)
            assert sum("can't be reached" in line for line in wire.told) == 1
            twitch.open()
            await twitch.until(lambda: wire.state().standing == "listening" and twitch.listening)
            assert any("it listens in the chat of streamer" in line for line in wire.told)

    run(work())


def test_another_account_logs_in_meanwhile(twitch, tmp_path):
    """The wire changes over by itself."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, _):
            assert wire.state().bot == "babybot"
            twitch.bot = twitch.person("otherbot")
            twitch.log_in(tmp_path)
            await twitch.until(lambda: wire.state().bot == "otherbot" and wire.state().standing == "listening")

    run(work())


# ---- speaking --------------------------------------------------------------------------------------------------------


def test_it_speaks_as_the_bot_with_the_bots_token(twitch, tmp_path):
    """Replies carry what they answer; without the badge, no application token is ever asked for."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, _):
            message = twitch.chat("hi")
            sent = await wire.say("  hello   you ", reply_to=message)
            (one,) = twitch.sent
            assert (one.id, one.text, one.reply_to, one.sender) == (sent, "hello you", message, "babybot")
            assert not one.as_application
            assert all(token.person for token in twitch.tokens.values())

    run(work())


def test_with_the_badge_it_speaks_with_the_applications_token(twitch, tmp_path):
    """twitch.badge = true: Twitch shows a badge for messages sent that way."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path, badge=True) as (wire, _):
            assert await wire.say("beep")
            assert twitch.sent[0].as_application

    run(work())


def test_refusals_of_twitch_do_not_stop_the_queue(twitch, tmp_path, caplog):
    """Rejected, forbidden, broken and slowed messages: each ends as it should, and the next one goes out."""
    caplog.set_level(logging.INFO)
    twitch.log_in(tmp_path)
    twitch.moderators.add("babybot")

    async def work():
        async with connected(twitch, tmp_path) as (wire, _):
            twitch.reject_next("msg_rejected")
            assert await wire.say("one") == ""
            twitch.fail("chat/messages", 403)
            assert await wire.say("two") == ""
            twitch.fail("chat/messages", 429, times=2)
            assert await wire.say("three")
            twitch.fail("chat/messages", 500)
            assert await wire.say("four")
            assert [one.text for one in twitch.sent] == ["three", "four"]
            assert (wire.state().said, wire.state().rejected) == (2, 2)
            assert "msg_rejected" in caplog.text

    run(work())


def test_a_lost_answer_is_no_lost_message(twitch, tmp_path):
    """Twitch shows a message but its answer gets lost: the message's id is learned from hearing it, also of a reply,
    which begins with a name; one that nobody heard counts as not sent."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path, patience=replace(HASTE, answer=0.3, echo=60.0)) as (wire, diary):
            question = twitch.chat("!baby?")
            twitch.answers_to_lose = 2
            for text, reply_to in (("here i am", question), ("and here", "")):
                sent = await wire.say(text, reply_to=reply_to)
                assert (sent, twitch.sent[-1].text) == (twitch.sent[-1].id, text)
            assert (wire.state().said, wire.state().rejected) == (2, 0)
        async with connected(twitch, tmp_path, patience=replace(HASTE, answer=0.3, echo=0.3)) as (wire, diary):
            twitch.answers_to_lose = 1
            twitch.mute()
            assert await wire.say("nobody hears this") == ""
            assert (wire.state().said, wire.state().rejected) == (0, 1)

    run(work())


@pytest.mark.parametrize("lost", [0, 1])
def test_with_the_streamers_own_account_only_what_it_said_is_its_own(twitch, tmp_path, lost):
    """What the streamer types under the same name is the streamer's, a moderator's word like any other; a reply is to
    the baby when it is to a message of its own."""
    twitch.channel = twitch.bot
    twitch.log_in(tmp_path, streamer=False)

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            twitch.answers_to_lose = lost
            mine = await wire.say("i am the baby")
            typed = twitch.chat("!quiet 5", by=twitch.bot.login)
            for message in (mine, typed):
                twitch.chat("oh", reply_to=message)
            await twitch.until(lambda: len(diary.lines) == 4)
            lines = {line.id: line for line in diary.lines}
            assert lines[mine].own
            assert not lines[typed].own
            assert lines[typed].moderator
            assert {line.reply_to: line.reply_to_me for line in diary.lines if line.reply_to} == {
                mine: True,
                typed: False,
            }

    run(work())


def test_nobody_at_the_screen_makes_nobody_deaf(twitch, tmp_path):
    """Where nothing can be printed any more, it listens, loses the connection, and listens again."""
    twitch.log_in(tmp_path)

    def tell(text: str) -> None:
        raise BrokenPipeError(32, text)

    async def work():
        wire = TwitchWire(TwitchSettings(), tmp_path, tell=tell, patience=HASTE)
        wire.listener = diary = Diary()
        wire.start()
        try:
            for times in (1, 2):
                await twitch.until(lambda times=times: wire.state().connects == times and twitch.listening)
                twitch.fail("oauth2/validate", 500, times=3, message="\x1b[2Jserver is unwell")
                twitch.drop()
                await twitch.until(lambda: wire.state().standing == "deaf")
                assert "\x1b" not in wire.state().why
            await twitch.until(lambda: wire.state().connects == 3 and twitch.listening)
            twitch.chat("still there?")
            await twitch.until(lambda: diary.texts() == ["still there?"])
        finally:
            await wire.close()
            await twitch.until(lambda: twitch.open_sockets == 0)

    run(work())


def test_the_queue_outlives_the_unexpected(caplog):
    """An error that nobody thought of costs one message; its kind is logged, its words are not."""

    async def send(text: str, reply_to: str) -> str:
        if text == "one":
            raise RuntimeError("a person's words")
        return "id"

    async def work():
        box = Outbox(send, Pace(limit=10, gap=0), limit=5, stale=5)
        running = asyncio.create_task(box.run())
        assert [await box.say("one"), await box.say("two")] == ["", "id"]
        assert (box.said, box.rejected) == (1, 1)
        assert "RuntimeError" in caplog.text
        assert "words" not in caplog.text
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(work())


def test_no_more_than_twitch_allows(twitch, tmp_path):
    """Of a burst, only as many go out as may; the oldest that wait make room, and all of them are answered."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path, messages=5, waiting=8) as (wire, _):
            burst = [asyncio.create_task(wire.say(f"message {number}")) for number in range(20)]
            # what has arrived there is not said before its answer has arrived here
            await twitch.until(lambda: sum(one.done() for one in burst) == 17 and wire.state().waiting == 3)
            assert twitch.most_in_window() == len(twitch.sent) == 5
            assert wire.state().dropped == 12
        done = await asyncio.gather(*burst)
        assert sum(bool(sent) for sent in done) == len(twitch.sent)
        assert wire.state().dropped == 15

    run(work())


def test_a_moderator_may_say_more(twitch, tmp_path):
    """What it is there it asks when it comes, and its own messages' badges tell when that changes."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path, messages=5, moderator_messages=50, waiting=100) as (wire, diary):
            assert not wire.state().moderator
            twitch.moderators.add("babybot")
            assert await wire.say("first")
            await twitch.until(lambda: wire.state().moderator)
            assert all(await asyncio.gather(*(wire.say("the same") for _ in range(20))))
            twitch.drop()
            await twitch.until(lambda: wire.state().connects == 2 and wire.state().standing == "listening")
            assert wire.state().moderator
            assert len(twitch.sent) == 21

    run(work())


def test_the_same_words_are_varied_then_left_out(twitch, tmp_path):
    """Twitch drops what was just said; so it is varied a little, twice, and then not sent at all."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, _):
            ids = [await wire.say("hello") for _ in range(5)]
            assert [bool(one) for one in ids] == [True, True, True, False, False]
            assert [one.text for one in twitch.sent] == ["hello", "hello ·", "hello ··"]
            assert wire.state().dropped == 2

    run(work())


def test_a_secret_is_never_said(twitch, tmp_path):
    """Whatever it is given to say, tokens and the application's secret stay here; so do those that viewers write."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, diary):
            await wire.say(f"the key is {twitch.client_secret} and Bearer abcdefghijklmnop")
            twitch.chat(f"i know it: {twitch.client_secret}", by="viewer")
            await twitch.until(lambda: len(diary.lines) == 2)
            assert twitch.sent[0].text == "the key is (secret) and Bearer (secret)"
            assert "PLANTED" not in repr(diary.lines)

    run(work())


# ---- leaving ---------------------------------------------------------------------------------------------------------


def test_it_leaves_at_once_and_leaves_signals_alone(twitch, tmp_path):
    """Closing takes no time, even when Twitch answers nothing; handlers for signals stay what they were."""
    twitch.log_in(tmp_path)

    async def work():
        loop = asyncio.get_running_loop()
        rung = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, rung.set)
        async with connected(twitch, tmp_path, patience=replace(HASTE, farewell=600.0)) as (wire, _):
            twitch.welcoming = False
            twitch.drop()
            await twitch.until(lambda: twitch.silent_welcomes)
            await wire.close()  # without waiting for as long as it might
            assert wire.state().standing == "off"
            signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(rung.wait(), 60)
            twitch.mend()
        loop.remove_signal_handler(signal.SIGTERM)

    run(work())


# ---- pure parts ------------------------------------------------------------------------------------------------------


def test_pace_holds_in_every_window():
    """However greedily it is asked, no window of 30 seconds holds more than the limit."""
    pace, now, sent = Pace(limit=18, gap=0.5), 0.0, []
    while now < 200:
        now += pace.wait(now) + 1e-6
        pace.sent(now)
        sent.append(now)
    assert max(sum(at <= other < at + 30 for other in sent) for at in sent) == 18
    assert min(after - before for before, after in zip(sent, sent[1:], strict=False)) >= 0.5
    assert len(sent) > 100


def test_pace_learns_of_a_lower_limit():
    """When the bot is no moderator any more, what it said before counts against it."""
    pace = Pace(limit=95, gap=0.0)
    for number in range(50):
        pace.sent(number / 10)
    pace.limit = 18
    assert pace.wait(5.0) == pytest.approx(3.2 + 30 - 5.0)


@pytest.mark.parametrize(
    ("text", "limit", "fitted"),
    [
        ("a  b\n c", 10, "a b c"),
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("onetwothreefour", 10, "onetwothr…"),
        ("", 10, ""),
    ],
)
def test_fit(text, limit, fitted):
    """Cut at a word if there is one in the second half, else anywhere, never longer than the limit."""
    assert fit(text, limit) == fitted
    assert len(fit(text, limit)) <= limit


def test_repetitions_forget():
    """After half a minute the same words are news again."""
    repetitions = Repetitions()
    repetitions.said("hi", 0.0)
    assert repetitions.varied("hi", 29.0) == "hi ·"
    assert repetitions.varied("hi", 30.0) == "hi"
    long = "x" * 500
    repetitions.said(fit(long), 40.0)
    assert len(repetitions.varied(long, 41.0)) == 500
