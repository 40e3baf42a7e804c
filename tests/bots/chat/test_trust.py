"""Trust grows slowly with lessons that nobody takes away, falls at once with harm, and goes with the person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.chat.quarantine import Quarantine
from bots.chat.trust import Trust
from school.door.consent import HALF_TRUSTED, Change, People, trust_after
from school.door.values import Snapshot, new_id
from school.record.queries import Queries
from tests.small_chat import SmallChat, different, key, line

CHANNEL = "c"


def teach(small: SmallChat, lessons: Quarantine, by: str, number: int) -> float:
    """A line of theirs that comes through; what it weighs."""
    lessons.offer(line(different(number), by=by), 1)
    small.clock.now += 700
    lessons.release(1)
    (pair,) = small.lessons()
    return pair.weight


def examined(small: SmallChat, bits: float) -> None:
    small.context.school.snapshot = Snapshot(held_out_bits_per_byte=bits)


@pytest.fixture
def generous(small):
    small.change(teaching=small.context.teaching.model_copy(update={"first_day": 1000, "most": 1000}))
    return small


def test_it_grows_slowly(generous):
    """From a stranger's share of the weight, half of the rest after HALF_TRUSTED lessons, never beyond all of it."""
    generous.agree("ann")
    lessons = generous.quarantine()
    weights = [teach(generous, lessons, "ann", number) for number in range(HALF_TRUSTED + 1)]
    assert weights == sorted(weights)
    assert weights[0] == pytest.approx(0.5 * 0.3)
    assert weights[-1] == pytest.approx(0.5 * (0.3 + 0.7 / 2))
    assert trust_after(10**6) < 1


def test_a_moderator_ends_it_at_once(generous):
    """A message of theirs that is taken away makes them a stranger again; of others nothing changes. Whom a moderator
    vouches for is trusted fully."""
    generous.agree("ann", "bob")
    lessons = generous.quarantine()
    for number in range(4):
        teach(generous, lessons, "ann", number)
        teach(generous, lessons, "bob", 100 + number)
    people, before = generous.context.people, lessons.trust.of(key("bob"))
    generous.clock.now += 1
    people.judge(key("ann"), "doubted", CHANNEL)
    assert (lessons.trust.of(key("ann")), lessons.trust.of(key("bob"))) == (0.0, before)
    people.judge(key("ann"), "vouched", CHANNEL)
    assert lessons.trust.of(key("ann")) == 1.0


def test_harm_at_an_examination_ends_it_at_once(generous):
    """Whoever gave most of the lessons before it got worse is a stranger again, and the ledger knows; who gave few is
    not to blame, and nobody is where it got no worse than is usual."""
    generous.agree("ann", "bob")
    lessons = generous.quarantine()
    examined(generous, 2.0)
    assert lessons.trust.look() == []
    for number in range(6):
        teach(generous, lessons, "ann", number)
    teach(generous, lessons, "bob", 100)
    examined(generous, 2.005)
    assert lessons.trust.look() == []
    for number in range(6):
        teach(generous, lessons, "ann", 10 + number)
    teach(generous, lessons, "bob", 101)
    bob = lessons.trust.of(key("bob"))
    examined(generous, 2.1)
    assert lessons.trust.look() == [key("ann")]
    assert lessons.trust.look() == []
    assert (lessons.trust.of(key("ann")), lessons.trust.of(key("bob"))) == (0.0, bob)
    generous.keeper.write(lambda db: None).result(timeout=60)
    changes, _ = generous.keeper.ledger()
    assert [change.person for change in changes if change.what == "doubted"] == [key("ann")]


def test_it_comes_back_from_the_record_and_goes_with_the_person(generous, tmp_path):
    """The same after a night, from the lessons in the record and the ledger; nothing of it is left of who leaves."""
    generous.agree("ann")
    lessons = generous.quarantine()
    for number in range(3):
        teach(generous, lessons, "ann", number)
    generous.keeper.write(lambda db: None).result(timeout=60)
    before = Queries(generous.keeper.path).taught_before("room")
    assert len(before[key("ann")]) == 3
    changes, _ = generous.keeper.ledger()
    early = [replace(change, at=0.0) for change in changes]
    again = Trust(replace(generous.context, people=People(generous.keeper, early), taught_before=before))
    assert again.of(key("ann")) == lessons.trust.of(key("ann")) == trust_after(3)
    harm = Change(id=new_id(), person=key("ann"), what="doubted", at=9e9, channel=CHANNEL, wording="")
    doubted = Trust(replace(generous.context, people=People(generous.keeper, [*early, harm]), taught_before=before))
    assert doubted.of(key("ann")) == 0.0
    lessons.trust.forget(key("ann"))
    assert key("ann") not in str(vars(lessons.trust))
