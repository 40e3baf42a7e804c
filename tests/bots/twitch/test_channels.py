"""Several channels with one baby."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from bots.settings import Settings
from bots.twitch import open_channels
from bots.twitch.settings import TwitchSettings
from tests.bots.twitch.test_wire import HASTE, twitch  # noqa: F401
from tests.small_chat import Clock, SmallChat, reply_of


def test_one_baby_in_two_channels(twitch, tmp_path):  # noqa: F811
    """It hears both, answers each where it was asked, and nothing said in one is heard in the other; consent is one
    person's, and forbidden words hold in both. Together they say no more than Twitch allows one account."""
    twitch.others.append(twitch.person("friend"))
    twitch.log_in(tmp_path)
    settings = Settings(twitch=TwitchSettings(more_channels=("friend", "friend"), messages=18))

    async def work(small: SmallChat) -> None:
        context = small.context
        more = {"tell": lambda text: None, "patience": HASTE, "limits": context.limits}
        surfaces = open_channels(context.school, context.people, context.hooks, tmp_path, settings, **more)
        assert [surface.wire._settings.messages for surface in surfaces] == [9, 9]
        for surface in surfaces:
            surface.start()
        try:
            await twitch.until(lambda: all(one.wire.state().standing == "listening" for one in surfaces))
            home, away = surfaces
            assert (home.wire.state().channel, away.wire.state().channel) == ("streamer", "friend")
            twitch.chat("!optin", by="ann", channel="friend")
            await twitch.until(lambda: twitch.sent)
            assert context.people.agreed(f"twitch:{twitch.person('ann').id}")
            twitch.chat("!baby who are you?", by="ann")
            asked = await twitch.until(small.questions)
            asked[0].future.set_result(reply_of("a baby"))
            await twitch.until(lambda: len(twitch.sent) == 2)
            assert [one.channel for one in twitch.sent] == ["friend", "streamer"]
            await twitch.until(lambda: home.host.counts["own"] == away.host.counts["own"] == 1)
            assert (home.host.counts["question"], away.host.counts["question"]) == (1, 0)
            twitch.moderators.add("mo")
            twitch.chat("!forbid kerfuffle", by="mo", channel="friend")
            await twitch.until(lambda: home.host.context.words.found_in("kerfuffle"))
        finally:
            for surface in surfaces:
                await surface.close()

    with SmallChat.open(tmp_path, Clock()) as small:
        asyncio.run(asyncio.wait_for(work(small), 60))
    assert sorted(file.name for file in (tmp_path / "statistics").glob("twitch-pace*")) == [
        "twitch-pace-friend.json",
        "twitch-pace.json",
    ]


def test_no_more_channels_than_twitch_has_connections_for():
    with pytest.raises(ValidationError):
        TwitchSettings(more_channels=("a", "b", "c"))
