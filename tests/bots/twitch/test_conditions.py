"""What Twitch does to new bots: messages that are not shown, slow mode, shared chats, and a pace over restarts."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace

import pytest

from bots.twitch.pace import Pace
from bots.twitch.pace_memory import PaceMemory
from bots.twitch.refusals import REASONS, too_fast, why_not_shown
from tests.bots.twitch.test_wire import HASTE, connected, run, twitch  # noqa: F401
from tests.fake_twitch import READ, WRITE

NO_MARGIN = replace(HASTE, slow_margin=0.0)


@pytest.mark.parametrize(
    ("code", "words", "reason"),
    [
        ("msg_requires_verified_phone_number", None, "phone"),
        ("channel_settings", "A verified phone number is required to chat in this channel.", "phone"),
        ("msg_verified_email", "", "email"),
        ("msg_followersonly_zero", "This room is in followers-only mode.", "follower"),
        ("msg_subsonly", "", "subs"),
        ("msg_emoteonly", "", "emote"),
        ("msg_slowmode", "", "slow"),
        ("user_timed_out", "", "timed"),
        ("msg_banned", "", "ban"),
        ("msg_rejected", "", "reject"),
        ("msg_r9k", "", "r9k"),
    ],
)
def test_reasons_are_told_in_words(code, words, reason):
    assert why_not_shown(code, words) == REASONS[reason]


def test_an_unheard_of_reason_is_told_in_twitchs_words():
    assert why_not_shown("new_rule", "Only on Tuesdays.") == "Only on Tuesdays"
    assert why_not_shown("new_rule", None) == "new_rule"
    assert why_not_shown(None, None) == "Twitch gave no reason"
    assert "\x1b" not in why_not_shown("x", "\x1b]0;evil\x07 Bearer abcdefghijklmnop")
    assert "abcdefghijklmnop" not in why_not_shown("x", "Bearer abcdefghijklmnop")
    assert too_fast("msg_slowmode", "You may talk again in 17 seconds.") == 17
    assert too_fast("msg_followersonly", "Follow for 10 seconds.") == 0


def test_it_says_here_why_a_message_was_not_shown(twitch, tmp_path):  # noqa: F811
    """Once in a while for each reason, and in its state until one is shown again."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path) as (wire, _):
            for number in range(3):
                twitch.reject_next("msg_followersonly", "followers only")
                assert await wire.say(f"hello {number}") == ""
            assert "followers only" in wire.state().not_shown
            assert sum("for followers only" in line for line in wire.told) == 1
            assert await wire.say("is it better now?")
            assert wire.state().not_shown == ""
            assert (wire.state().rejected, len(twitch.sent)) == (3, 1)

    run(work())


def test_slow_mode_is_kept_to(twitch, tmp_path):  # noqa: F811
    """Asked for when it comes, and learned from a refusal; nothing is lost, and a moderator need not."""
    twitch.log_in(tmp_path)
    twitch.slow = 1

    async def work():
        async with connected(twitch, tmp_path, patience=NO_MARGIN, messages=20) as (wire, _):
            assert wire.state().pace == 20  # of 30, one a second
            assert all(await asyncio.gather(*(wire.say(f"message {i}") for i in range(3))))
            assert wire.state().rejected == 0
            assert all(after.at - before.at >= 1 for before, after in zip(twitch.sent, twitch.sent[1:], strict=False))
        twitch.slow, patient = 0, replace(NO_MARGIN, examination=60.0)
        async with connected(twitch, tmp_path, patience=patient) as (wire, _):
            assert await wire.say("fast")
            twitch.slow = 1  # and nobody has told it
            assert await wire.say("faster")
            assert wire.state().rejected == 0
            assert any("slow mode" in line for line in wire.told)
            twitch.moderators.add("babybot")

        twitch.slow = 60  # seconds, for everybody else
        async with connected(twitch, tmp_path, patience=patient) as (wire, _):
            began = time.monotonic()
            assert all([await wire.say(f"a moderator's {i}") for i in range(3)])
            assert twitch.sent[-1].at - began < 60

    run(work())


def test_in_a_shared_chat_it_is_silent(twitch, tmp_path):  # noqa: F811
    """From the first line or look that tells, until it is over; here it is told. Where it is allowed, it speaks."""
    twitch.log_in(tmp_path)

    async def work():
        async with connected(twitch, tmp_path, patience=replace(HASTE, examination=0.5)) as (wire, _):
            assert await wire.say("among ourselves")
            twitch.shared_with.append("neighbour")
            twitch.chat("hello from next door", shared_from="neighbour")
            await twitch.until(lambda: wire.state().silent)
            assert await wire.say("hello everybody") == ""
            assert any("twitch.shared_chat" in line for line in wire.told)
            twitch.shared_with.clear()
            await twitch.until(lambda: not wire.state().silent)
            assert await wire.say("alone again")
        twitch.shared_with.append("neighbour")
        async with connected(twitch, tmp_path) as (wire, _):
            assert wire.state().silent
            assert await wire.say("hello everybody") == ""
        async with connected(twitch, tmp_path, shared_chat=True) as (wire, _):
            assert await wire.say("hello everybody")
        async with connected(twitch, tmp_path, badge=True) as (wire, _):
            assert await wire.say("hello everybody here")
        assert [one.source_only for one in twitch.sent] == [None, None, None, True]

    run(work())


def test_whether_the_stream_is_live_is_known(twitch, tmp_path):  # noqa: F811
    """Asked again and again; while Twitch does not tell, it stays as it was."""
    twitch.log_in(tmp_path)
    twitch.live = True

    async def work():
        async with connected(twitch, tmp_path) as (wire, _):
            assert wire.state().live
            twitch.fail("/helix/streams", 404, times=2)
            twitch.live = False
            await twitch.until(lambda: not wire.state().live)
            assert wire.state().recoveries == 0

    run(work())


def test_who_follows_is_known_where_it_may_be(twitch, tmp_path):  # noqa: F811
    """With the scope, asked of Twitch; without it, or while Twitch does not tell, nobody knows."""
    twitch.log_in(tmp_path)
    twitch.moderators.add("babybot")
    twitch.followers.add("fan")
    fan, guest = twitch.person("fan").id, twitch.person("guest").id

    async def work():
        async with connected(twitch, tmp_path) as (wire, _):
            assert (await wire.follows(fan), await wire.follows(guest)) == (True, False)
            twitch.fail("/helix/channels/followers", 404)
            assert await wire.follows(fan) is None
        assert await wire.follows(fan) is None
        twitch.log_in(tmp_path, scopes=(READ, WRITE))
        async with connected(twitch, tmp_path) as (wire, _):
            assert await wire.follows(fan) is None

    run(work())


def test_the_pace_outlives_a_restart(twitch, tmp_path):  # noqa: F811
    """What was sent in the last half minute counts for the next life, too; also after a kill, and with a bad clock."""
    twitch.log_in(tmp_path)
    file = tmp_path / "statistics" / "twitch-pace.json"

    async def work():
        async with connected(twitch, tmp_path, messages=3) as (wire, _):
            for number in range(3):
                assert await wire.say(f"message {number}")
            await twitch.until(lambda: file.exists() and len(json.loads(file.read_text())["sent"]) == 3)
            assert file.stat().st_mode & 0o777 == 0o600
        async with connected(twitch, tmp_path, messages=3) as (wire, _):
            waiting = asyncio.create_task(wire.say("one more"))
            await twitch.until(lambda: wire.state().waiting == 1)
            assert len(twitch.sent) == 3
        assert await waiting == ""

    run(work())


@pytest.mark.parametrize(
    ("sent", "wait"),
    [([-5.0], 25.0), ([-40.0], 0.0), ([1e6], 30.0), ([-5.0, -1e9], 25.0)],
    ids=["lately", "long ago", "in a future", "in the wrong order"],
)
def test_what_was_sent_before_counts(tmp_path, sent, wait):
    """By age; what the clock puts into the future was just now."""
    file = tmp_path / "statistics" / "twitch-pace.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"sent": [1_000_000.0 + at for at in sent], "slow": 0}))
    pace = Pace(limit=1, gap=0.0)
    PaceMemory(tmp_path, pace, wall=lambda: 1_000_000.0).begin(50.0)
    assert pace.wait(50.0) == pytest.approx(wait)


@pytest.mark.parametrize("text", ["", "3", '{"sent": ["x"]}', '{"sent": [], "slow": -1}', "[" * 5000])
def test_a_damaged_pace_is_set_aside(tmp_path, text):
    file = tmp_path / "statistics" / "twitch-pace.json"
    file.parent.mkdir()
    file.write_text(text)
    pace = Pace(limit=1, gap=0.0)
    PaceMemory(tmp_path, pace).begin(50.0)
    assert pace.wait(50.0) == 0
    assert not file.exists()
