"""Feedback: what people say of the baby's answers, and how much their word counts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from bots.chat.host import Host
from school.door.consent import trust_after
from school.door.values import Exchange, Origin
from tests.evening import Evening, Sent, answered, evening
from tests.small_chat import Notebook, SmallChat, different, line, on


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    home = tmp_path_factory.mktemp("home")
    (home / "words.txt").write_text("fiddlesticks\n")
    with evening(home) as chat:
        yield chat


def test_feedback(chat):
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


def test_feedback_still_works_after_a_night(tmp_path):
    """An answer from before is found by the message that it was, in the record; and who gave feedback counts as much as
    then: others may contradict anybody, but not a moderator, though a moderator trusts them."""
    with evening(tmp_path) as chat:
        for name in ("paul", "petra", "perry", "mo"):
            chat.says(name, "!optin")
        chat.says("mo", "!trust petra")
        answers = {
            bird: chat.says("paul", f"!baby what is a {bird}?") for bird in ("pelican", "parrot", "puffin", "pie")
        }
        answered(chat, "!fix a parrot is green", by="paul", occasion="fix", reply_to=answers["parrot"].id)
        answered(chat, "!fix a puffin is shy", by="mo", occasion="fix", reply_to=answers["puffin"].id)
        answered(chat, "!bad", by="paul", occasion="bad", reply_to=answers["pie"].id)
        chat.after_minutes(10.5)
        chat.eventually(lambda: {"a parrot is green", "a puffin is shy"} <= {answer for _, answer in chat.lessons()})
        chat.eventually(lambda: all(chat.school.find_sent("room", answer.id) for answer in answers.values()))
    with evening(tmp_path) as chat:
        answered(chat, "!good", by="paul", occasion="no_reply")
        answered(chat, "!bad", by="paul", occasion="bad", **earlier(answers["pelican"]))
        answered(chat, "!bad", by="paul", occasion="already_marked", **earlier(answers["pie"]))
        answered(chat, "!bad", by="petra", occasion="outranked", **earlier(answers["puffin"]))
        answered(chat, "!bad", by="perry", occasion="bad", **earlier(answers["parrot"]))


def earlier(answer: Sent) -> dict:
    """As a reply to what it said on another evening."""
    return {"reply_to": answer.id, "reply_to_me": True}


def test_a_brigade_teaches_nothing(small, clock):
    """One phrase as everybody's correction is at most one lesson; what the baby says itself, or a copypasta it was
    asked, none; twenty votes for one answer make one lesson; and all wait in quarantine."""
    phrase, pasta = "all hail the raid king of tuesday", "the raid king is coming for all of you tonight " * 10

    async def work(host: Host, wire: Notebook) -> None:
        for i in range(10):
            small.agree(f"raider{i}")
            small.asked(f"r{i}", by=f"raider{i}", question=f"question {i}")
            host.heard(line(f"!fix {phrase}", by=f"raider{i}", **on(f"r{i}")))
        small.asked("p", by="raider1", question=pasta, answer="yes indeed")
        host.heard(line("!good", by="raider2", **on("p")))
        host.quarantine.note_own("I am made of soup and noodles")
        small.asked("o", by="raider1", answer="I am made of soup and noodles")
        host.heard(line("!fix I am made of soup and noodles!", by="raider3", **on("o")))
        small.asked("v", by="raider1", question="who sings?", answer="a whale")
        for i in range(20):
            small.agree(f"voter{i}")
            host.heard(line("!good", by=f"voter{i}", **on("v")))
        assert not small.pairs()
        clock.now += 700
        host.quarantine.release(1)
        assert small.pairs() == [("who sings?", "a whale")]
        host.heard(line("!good", by="raider9", **on("v")))
        clock.now += 700
        host.quarantine.release(1)
        assert not small.pairs()

    small.with_host(work)


def test_nobody_undoes_what_who_is_trusted_more_said(tmp_path, clock):
    """A moderator's word holds at once; others can't mark it away, whether it was learned in this process or before; of
    equals the later word counts, also on what still waits."""
    where = Origin(surface="room", channel="c", message="m-old")
    corrected = {"question": "what is old?", "answer": "soup", "verdict": "fix", "trust": None}  # long ago
    before = Exchange(reply_id="old", person="room:id-ann", origin=where, sent="sent-old", **corrected)
    with SmallChat.open(tmp_path, clock, exchanges=[before]) as small:
        contradict_each_other(small, clock)


def test_marks_weigh_by_who_gives_them(small, clock):
    """A viewer's correction weighs as a line of theirs, and no more than what its owner teaches; the owner's most."""
    small.agree("ann", "friend", "mo")
    small.context.people.judge("room:id-friend", "vouched", "c")
    owner, numbers = {"moderator": True, "owner": True}, count()

    async def work(host: Host, wire: Notebook) -> None:
        def weigh(text: str, by: str, **more) -> float:
            small.asked(f"{by}-{text}", question=different(next(numbers)), answer=different(next(numbers)))
            host.heard(line(text, by=by, **on(f"{by}-{text}"), **more))
            clock.now += 700
            host.quarantine.release(1)
            (pair,) = small.lessons()
            return pair.weight

        for verdict, owners in (("!good", 1.0), ("!fix {}", 2.0)):
            people = {"ann": {}, "friend": {}, "mo": {"moderator": True}, "boss": owner}
            weights = [weigh(verdict.format(different(next(numbers))), by, **more) for by, more in people.items()]
            assert weights[1:] == [0.75, 1.0, owners]
            assert 0.15 <= weights[0] < 0.2  # a stranger's, who has given one lesson by the second time
        host.heard(line("the owner writes an ordinary line", by="boss", **owner))
        host.heard(line("and so does ann about her garden"))
        clock.now += 700
        host.quarantine.release(1)
        weights = {pair.person: pair.weight for pair in small.lessons()}
        assert weights == {"room:id-boss": 1.0, "room:id-ann": pytest.approx(0.5 * (0.3 + 0.7 * trust_after(2)))}

    small.with_host(work)


def contradict_each_other(small: SmallChat, clock) -> None:
    small.agree("ann", "troll", "mo", "friend")
    small.context.people.judge("room:id-friend", "vouched", "c")
    said = []

    async def work(host: Host, wire: Notebook) -> None:
        def mark(text: str, by: str, reply: str, **more) -> str:
            said.append(host.feedback.give(line("", by=by, **on(reply), **more), 1, *text.split(" ", 1)))
            return said[-1]

        for reply in ("a", "b", "c"):
            small.asked(reply, question=f"what is {reply}?")
        assert mark("fix a bicycle for two people", "mo", "a", moderator=True) == "fix"
        assert small.pairs() == [("what is a?", "a bicycle for two people")]
        assert mark("bad", "troll", "a") == mark("fix nonsense and lies", "troll", "a") == "outranked"
        assert mark("bad", "friend", "a") == "outranked"
        assert mark("bad", "troll", "old") == "outranked"
        assert mark("good", "ann", "b") == "good"
        assert mark("bad", "troll", "b") == "bad"
        assert mark("fix an umbrella for the moon", "ann", "c") == "fix"
        assert mark("good", "troll", "c") == "refused"
        assert mark("fix a stranger sort of umbrella", "friend", "c") == "fix"
        assert mark("bad", "troll", "c") == "outranked"
        clock.now += 700
        host.quarantine.release(1)
        assert small.pairs() == [("what is c?", "a stranger sort of umbrella")]

    small.with_host(work)
