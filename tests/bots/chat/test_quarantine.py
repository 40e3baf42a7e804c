"""The quarantine: what may become a lesson, how much of it, and when."""

from __future__ import annotations

from collections import Counter

import pytest

from bots.chat.host import Host
from bots.chat.limits import Limits
from bots.chat.platform import OTHERS_COMMAND
from bots.twitch.wire import Patience
from tests.small_chat import Notebook, different, key, line


def test_a_day_has_room_for_so_many_lessons(small, clock):
    """Ten lines on the first day, more with each day of trust, and no more than the most; tomorrow is another day. Of
    whom a moderator vouches for, and of moderators, the most; after a doubt it starts again."""
    small.agree("ann")
    ann, lessons = key("ann"), small.quarantine()
    assert [lessons.offer(line(different(i)), 1) for i in range(12)] == [""] * 10 + ["budget"] * 2
    for days, most in ((1, 15), (4, 30), (100, 60)):
        small.agreed_at({"ann": clock.now - 86_400 * days})
        assert small.quarantine().allowance(ann) == most
    small.context.people.judge(ann, "doubted", "c")
    lessons = small.quarantine()
    assert lessons.allowance(ann) == 10
    assert lessons.allowance(ann, trusted=True) == 60
    small.context.people.judge(ann, "vouched", "c")
    assert lessons.allowance(ann) == 60
    while lessons.spend(ann):
        pass
    assert lessons.taken_today[ann] == 60
    assert lessons.offer(line(different(49)), 1) == "budget"
    clock.now += 86_400
    assert lessons.offer(line(different(50)), 1) == ""


def test_nobody_has_more_than_their_share(small):
    """Where several teach, one person's lines are at most so great a part of the day's."""
    small.agree("ann", "bob", "cid")
    for name in ("ann", "bob", "cid"):
        small.context.people.judge(f"room:id-{name}", "vouched", "c")
    lessons = small.quarantine()
    count = 0
    for name, lines in (("bob", 8), ("cid", 8), ("ann", 40)):
        for _ in range(lines):
            count += 1
            lessons.offer(line(different(count), by=name), 1)
    assert lessons.taken_today[key("ann")] == 10
    assert lessons.taken_today.total() == 26


def test_what_was_learned_today_counts_after_a_night(small):
    """The budget goes on from what the record knows."""
    small.agree("ann")
    small.change(learned_today=Counter({key("ann"): 10}))
    lessons = small.quarantine()
    assert lessons.offer(line(different(1)), 1) == "budget"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("KEKW", "short"),
        ("KEKW KEKW", "short"),
        ("catJAM catJAM", "short"),
        ("peepoHappy Clap KEKW", "short"),
        ("KEKW that was close", ""),
        ("GOOD MORNING", ""),
        ("I saw it on YouTube", ""),
        ("call me on 0171 234567 tonight", "private"),
        ("text +44 20 7946 0958 if you like", "private"),
        ("I live at 12 Mill Road, come over", "private"),
        ("mail ann@example.org about it", "link"),
        ("we were 12 people in 2024", ""),
    ],
)
def test_emotes_and_what_is_private_are_no_lessons(small, text, why):
    """Names of pictures are no sentences, whoever draws them; where somebody lives or is called is no lesson."""
    small.agree("ann")
    assert small.quarantine().offer(line(text), 1) == why


@pytest.mark.parametrize("text", ["?uptime", "+sub yes", "-play despacito", "!so ann", "%rank", "&roll 20"])
def test_commands_of_other_bots_are_no_lessons(text):
    assert OTHERS_COMMAND.match(text)


@pytest.mark.parametrize("text", ["-5 degrees here", "+1 from me", "? what was that", "- then it rained", "?!", "-_-"])
def test_what_only_begins_like_one(text):
    assert not OTHERS_COMMAND.match(text)


def test_the_quarantine_is_bounded(small):
    """Beyond its size lines are passed over and counted."""
    small.limits(quarantined=3)
    small.agree("ann")
    lessons = small.quarantine()
    assert [lessons.offer(line(different(i)), 1) for i in range(5)] == ["", "", "", "full", "full"]
    assert len(lessons) == 3
    assert lessons.passed_over["full"] == 2


def test_a_lesson_is_weighed_and_addressed(small, clock):
    """It has the weight of a stranger's line and the source of chat, its writer, its message and its channel."""
    small.agree("ann")
    lessons, said = small.quarantine(), line(different(1))
    lessons.offer(said, 1)
    clock.now += 601
    lessons.release(1)
    assert not small.lessons()  # it may have been deaf for a while without knowing
    clock.now += Limits().unnoticed
    lessons.release(1)
    (pair,) = small.lessons()
    assert (pair.weight, pair.source, pair.person) == (0.15, "chat", "room:id-ann")
    assert (pair.origin.surface, pair.origin.channel, pair.origin.message) == ("room", "c", said.id)


def test_nothing_is_learned_while_it_may_be_deaf(small, clock):
    """Not while it does not listen; nor so early that it might not have noticed yet that it hears nothing; and what
    was heard before a gap is neither a lesson nor a prompt after it."""
    assert Patience().silence + Patience().examination <= Limits().unnoticed
    small.agree("ann", "bob")

    async def work(host: Host, wire: Notebook) -> None:
        host.heard(first := line("is anybody here who likes tandems?"))
        wire.standing = "deaf"
        clock.now += 700
        host.tick()
        assert not small.pairs()
        wire.standing, wire.connects = "listening", 2
        host.heard(line("I would love to ride along", by="bob", reply_to=first.id))
        clock.now += 601
        host.tick()
        assert not small.pairs()
        assert host.quarantine.passed_over["deaf meanwhile"] == 1
        clock.now += Limits().unnoticed
        host.tick()
        assert small.pairs() == [("", "I would love to ride along")]

    small.with_host(work)


def test_its_own_words_are_never_a_lesson(small, clock):
    """However much is said in between, and also if it says them while they wait."""
    small.agree("ann")
    lessons, own = small.quarantine(), "the moon is made of soup and I eat it with a spoon"
    lessons.note_own(own)
    for i in range(600):
        lessons.offer(line(different(i), by=f"viewer{i}"), 1)
    assert lessons.offer(line(own), 1) == "duplicate"
    assert lessons.offer(line("tomorrow I paint all the fences green"), 1) == ""
    lessons.note_own("tomorrow I paint all the fences green")
    clock.now += 700
    lessons.release(1)
    assert not small.pairs()


def test_copies_are_noticed_however_slowly_they_come(small, clock):
    """What waits or was learned is remembered beyond what is said in between; so many can't wait that it isn't."""
    small.agree(*[f"regular{i}" for i in range(5)])
    lessons, pasta = small.quarantine(), "everybody come to the raidcoin channel now"
    for i in range(3):
        lessons.offer(line(pasta, by=f"regular{i}"), 1)
        for j in range(600):
            lessons.offer(line(different(1000 * i + j), by="viewer"), 1)
    clock.now += 700
    lessons.release(1)
    assert not small.pairs()
    assert lessons.offer(line(pasta, by="regular4"), 1) == "duplicate"


def test_a_chorus_is_no_prompt(small, clock):
    """What is not learned as a line is not learned as what a line answers."""
    small.agree("ann", "bob")
    lessons, chant = small.quarantine(), line("everybody chant the yodel of the yaks tonight")
    lessons.offer(chant, 1)
    for i in range(5):
        lessons.offer(line(chant.text, by=f"viewer{i}"), 1)
    lessons.offer(line("no thank you my dear friend", by="bob", reply_to=chant.id), 1)
    clock.now += 700
    lessons.release(1)
    assert small.pairs() == [("", "no thank you my dear friend")]
