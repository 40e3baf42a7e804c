"""The long evening's judgement: what counts as answered, and that each thing that may go wrong is complained of."""

from __future__ import annotations

import math
import random
from types import SimpleNamespace

import pytest

from benchmarks.twitch_soak import MARK, RAID, Evening, complaints, sentence, waits
from bots.chat.normalize import folded
from tests.fake_twitch import Sent

WELL = {
    "crashed": "", "failed": 0, "connects": 1, "recoveries": 0, "event_loop_lag_ms_worst": 5.0, "heard": 330,
    "written": 200, "raided": 100, "answer_seconds_p99": 2.0, "most_sent_in_30_s": 18,
    "second_half_growth_percent": 0.5,
    "held_out_before": 2.0, "held_out_after": 2.009, "raid_lessons": 0, "raid_phrases": 0, "lessons_from_chat": 9,
}  # fmt: skip


@pytest.mark.parametrize(
    "trouble",
    [
        {"crashed": "ValueError()"}, {"failed": 1}, {"connects": 2}, {"recoveries": 1}, {"heard": 299},
        {"event_loop_lag_ms_worst": 9000.0}, {"answer_seconds_p99": 5.1}, {"answer_seconds_p99": math.inf},
        {"most_sent_in_30_s": 21}, {"second_half_growth_percent": 6.0}, {"held_out_after": 2.02}, {"raid_lessons": 1},
        {"raid_phrases": 1}, {"lessons_from_chat": 0},
    ],
)  # fmt: skip
def test_every_trouble_is_complained_of(trouble):
    """A good evening has no complaints, and each trouble has one."""
    assert complaints(WELL) == []
    assert len(complaints(WELL | trouble)) == 1


def test_who_was_answered():
    """A reply, or a later message that names the asker, ends the waiting; nobody else's does."""
    sent = [("you there", "m1", 3.0), ("@bob @cid so many voices", "m9", 7.0), ("@cid early", "m0", 1.0)]
    sent.append(("thank you, @dan @eva !", "", 7.5))  # told that they agreed
    sent.append(("@dan @eva, you said yes already", "", 7.6))
    sent = [Sent(f"s{at}", at, text, reply_to, "bot", False) for text, reply_to, at in sent]
    seen = Evening(
        asked=[("m1", "ann", 2.0), ("m2", "bob", 4.0), ("m3", "cid", 5.0), ("m4", "dan", 6.0), ("m5", "eva", 9)]
    )
    assert waits(SimpleNamespace(sent=sent), seen, until=8.0) == [1.0, 3.0, 2.0, math.inf]


def test_the_raiders_have_a_word_of_their_own():
    """It is in what they write, and in nothing else."""
    assert sum(MARK in folded(text).replace(" ", "") for text in RAID) == len(RAID) - 1
    rng = random.Random(1)
    assert not any(MARK in sentence(rng) for _ in range(100))
