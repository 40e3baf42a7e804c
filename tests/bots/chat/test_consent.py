"""Consent, to the letter and to the byte: what is kept of whom, seen in the record and in every file of the home."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots import PUBLIC
from bots.chat.retention import clear_out
from school.door.consent import WORDING, Change, People
from school.door.values import Origin, Scope, id_at
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.souls.caretaker import Caretaker
from tests.evening import Evening, evening

TABLES = ("messages", "replies", "feedback", "pairs")


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with evening(tmp_path_factory.mktemp("home")) as chat:
        yield chat


def agree(chat: Evening, *logins: str) -> None:
    for login in logins:
        chat.says(login, "!optin")


def learned(chat: Evening, answer: str) -> bool:
    return any(answer == text for _, text in chat.lessons())


def teach_line(chat: Evening, by: str, text: str, **more) -> str:
    """A line that goes through its quarantine and becomes a lesson; returns the message's id."""
    message = chat.mutters(by, text, **more)
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, text))
    return message


def rows_of(chat: Evening, person: str) -> dict[str, int]:
    """How many rows of each table have to do with a person."""
    theirs = "select replies.id from replies join messages on messages.id = message_id where messages.person = ?1"
    queries = {
        "messages": "select count(*) from messages where person = ?1",
        "replies": f"select count(*) from ({theirs})",
        "feedback": f"select count(*) from feedback where person = ?1 or reply_id in ({theirs})",
        "pairs": f"select count(*) from pairs where person = ?1 or asker = ?1 or reply_id in ({theirs})",
    }
    return {table: chat.rows(query, person)[0][0] for table, query in queries.items()}


# ---- before --------------------------------------------------------------------------------------------------------


def test_of_who_never_agreed_nothing_is_kept(chat):
    """Whatever somebody does who has not agreed (asks in every way, chats, marks, is ignored, is deleted, is banned):
    no row, no file, no log line and no conversation has their id, their name or their words."""
    agree(chat, "neighbour")
    answer = chat.says("zanzibarina", "!baby my quokka is called Wilhelmine")
    chat.says("zanzibarina", "@baby and my quokka sings")
    chat.says("zanzibarina", "quokka three", reply_to=answer.id)
    assert chat.says("zanzibarina", "!good").text.endswith("said !optin")
    chat.says("zanzibarina", "!fix quokka", reply_to=answer.id)
    message = chat.mutters("zanzibarina", "my quokka had a very fine day in the garden")
    teach_line(chat, "neighbour", "good evening to all of you", reply_to=message)
    chat.says("neighbour", "!baby do you know @Zanzibarina and zanzibarina?")
    chat.mutters("neighbour", "I think Zanzibarina is a wonderful person @zanzibarina")
    chat.says("mo", "!trust zanzibarina")
    chat.says("mo", "!ignore zanzibarina")
    chat.says("zanzibarina", "!consent")
    chat.says("zanzibarina", "!optout")
    chat.says("zanzibarina", "!forgetme")
    chat.delete(message)
    chat.ban("zanzibarina")
    chat.after_minutes(10.5)
    assert chat.day.control.save().result(timeout=60)
    assert learned(chat, "good evening to all of you")
    assert learned(chat, "I think someone is a wonderful person someone")
    assert rows_of(chat, chat.key("zanzibarina")) == dict.fromkeys(TABLES, 0)
    for words in ("quokka", "wilhelmine", "zanzibarina", chat.id_of("zanzibarina")):
        assert chat.files_with(words) == [], words
    assert chat.rows("select count(*) from consents where person = ?", chat.key("zanzibarina")) == [(0,)]
    assert not any(chat.id_of("zanzibarina") in name for name in chat.partners())


def test_one_who_did_not_agree_gets_an_answer_from_nowhere(chat):
    """Each question of theirs starts afresh, two at a time don't wait for each other, and no conversation remains."""
    before = set(chat.partners())
    first, second = (chat.chat(f"!baby question {i}", by="passerby") for i in range(2))
    assert chat.answer_to(first).text
    assert chat.answer_to(second).text
    assert set(chat.partners()) == before


# ---- agreeing ------------------------------------------------------------------------------------------------------


def test_agreeing_is_recorded_and_holds_from_then_on(chat):
    """Opting in writes id, time, channel and wording once; questions are then kept with their consent, lines become
    lessons after the quarantine and not before, and a reply to somebody who agreed becomes question and answer."""
    started = time.time()
    agree(chat, "ann", "bob")
    assert "already" in chat.says("ann", "!optin").text
    ledger = chat.rows("select what, at, channel, wording from consents where person = ?", chat.key("ann"))
    assert [(what, channel, wording) for what, _, channel, wording in ledger] == [("in", chat.channel, WORDING)]
    assert started <= ledger[0][1] <= time.time()
    question = chat.chat("!baby what is a tandem?", by="ann")
    answer = chat.answer_to(question)
    kept = "select messages.text, consent, surface, channel, messages.chat_message, replies.chat_message from messages "
    kept += "join replies on messages.id = message_id where person = ?"
    expected = ("what is a tandem?", WORDING, "room", chat.channel, question, answer.id)
    chat.eventually(lambda: chat.rows(kept, chat.key("ann")) == [expected])
    line = chat.mutters("ann", "who wants to ride a tandem with me?")
    reply = chat.mutters("bob", "I would love to ride along", reply_to=line)
    chat.after_minutes(9)
    assert not any("tandem with me" in text for _, text in chat.lessons())
    assert chat.files_with("tandem with me") == []
    chat.after_minutes(1.5)
    chat.eventually(lambda: learned(chat, "who wants to ride a tandem with me?"))
    prompts = lambda: [prompt for prompt, text in chat.lessons() if "ride along" in text]  # noqa: E731
    chat.eventually(prompts)
    assert all("who wants to ride a tandem" in prompt for prompt in prompts())
    pairs = "select person, asker, chat_message, asked_in, source from pairs where asker is not null"
    chat.eventually(lambda: chat.rows(pairs) == [(chat.key("bob"), chat.key("ann"), reply, line, "chat")])


def test_what_is_kept_is_told(chat):
    """!consent counts messages (marks are some), answers and lessons for who agreed, and says that nothing is kept of
    others."""
    agree(chat, "carl")
    chat.says("carl", "!baby hello")
    chat.says("carl", "!fix good day to you")
    assert "1 things" in chat.says("carl", "!consent").text  # the mark waits; nothing of it is written down
    chat.after_minutes(10.5)
    text = chat.says("carl", "!consent").text
    assert "2 things" in text
    assert "1 answers" in text
    assert "1 lessons" in text
    assert "nothing of you" in chat.says("somebody", "!consent").text


# ---- leaving -------------------------------------------------------------------------------------------------------


def test_leaving_stops_at_once(chat):
    """Opting out drops what waits, ends all lessons made of their words, by whomever, and their conversation; the very
    next line is not theirs to be learned from any more, nor is the next question kept."""
    agree(chat, "eve", "fred")
    teach_line(chat, "eve", "eels are eerie in the evening")
    answer = chat.says("eve", "!baby do eels sing?")
    chat.says("fred", "!fix eels hum in choirs", reply_to=answer.id)
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "eels hum in choirs"))
    chat.mutters("eve", "this line about eels still waits to be learned")
    line = chat.mutters("fred", "fred asks if anybody has seen eels")
    chat.mutters("eve", "I saw a hundred eels at noon", reply_to=line)
    before = rows_of(chat, chat.key("eve"))
    leaving = chat.chat("!optout", by="eve")
    chat.chat("and right after it this line about eels", by="eve")
    chat.chat("!baby and this question about moray eels?", by="eve")
    assert "nothing more" in chat.answer_to(leaving).text
    chat.after_minutes(11)
    chat.eventually(lambda: learned(chat, "fred asks if anybody has seen eels"))
    assert [text for _, text in chat.lessons() if "eel" in text] == ["fred asks if anybody has seen eels"]
    assert rows_of(chat, chat.key("eve")) == before
    assert {
        status for (status,) in chat.rows("select status from pairs where asker = ?1 or person = ?1", chat.key("eve"))
    } == {"withdrawn"}
    assert not any(chat.id_of("eve") in name for name in chat.partners())
    assert "didn't keep" in chat.says("fred", "!good", reply_to=answer.id).text
    ledger = chat.rows("select what from consents where person = ? order by rowid", chat.key("eve"))
    assert ledger == [("in",), ("out",)]
    assert "wasn't" in chat.says("eve", "!optout").text
    assert "you said no" in chat.says("eve", "!consent").text


def test_to_be_forgotten_is_to_be_gone(chat):
    """!forgetme deletes texts, pairs, marks, search rows, conversations in memory, on disk and in every saved soul;
    what others said stays, and of the person only the ledger of consent does, which has no words."""
    agree(chat, "gwen", "hugo")
    teach_line(chat, "gwen", "gwendolyn grows giant gooseberries")
    answer = chat.says("gwen", "!baby do gooseberries float?")
    chat.says("hugo", "!fix gooseberries float in custard", reply_to=answer.id)
    other = chat.says("hugo", "!baby how is the custard?")
    chat.says("gwen", "!fix full of gooseberries", reply_to=other.id)
    line = chat.mutters("gwen", "who else here has gooseberries in their garden?")
    chat.mutters("hugo", "my grandmother used to have a garden", reply_to=line)
    chat.after_minutes(10.5)
    assert chat.day.control.save().result(timeout=60)
    files = chat.files_with("gooseberries")
    assert files, "nothing to forget"
    key = chat.key("gwen")
    assert any("facts.json" in name for name in chat.files_with(f'"{key}"'))
    souls = sorted((chat.home / "soul").glob("step-*"))
    text = chat.says("gwen", "!forgetme").text
    assert "fade" in text
    assert "deleted" in text
    chat.eventually(lambda: not any("gooseberr" in prompt + answer for prompt, answer in chat.lessons()))
    assert rows_of(chat, key) == dict.fromkeys(TABLES, 0)
    assert chat.files_with("gooseberr") == []
    assert [name for name in chat.files_with(key) if not name.startswith("statistics")] == []
    assert chat.files_with(f"{chat.platform}:{chat.channel}:{chat.id_of('gwen')}") == []
    assert chat.rows("select what from consents where person = ?", key) == [("in",), ("forgotten",)]
    assert rows_of(chat, chat.key("hugo"))["messages"] == 1
    assert "nothing" in chat.says("gwen", "!consent").text
    for soul in souls:  # still whole
        if soul.exists():
            chat.day.classroom.saver.caretaker.load(soul)
    rows = chat.rows("select count(*) from messages_fts where messages_fts match 'gooseberries'")
    assert rows == [(0,)]


# ---- moderators ----------------------------------------------------------------------------------------------------


def test_a_deleted_message_takes_everything_made_of_it_along(chat):
    """Deleting a question, a taught line, a waiting line, or what somebody replied to removes it and its pairs, under
    instruction too, and the conversation that heard it, within seconds; the rest stays."""
    agree(chat, "ida", "jon")
    question = chat.chat("!baby is icing imperial?", by="ida")
    answer = chat.answer_to(question)
    chat.says("jon", "!fix icing is ideal", reply_to=answer.id)
    taught = teach_line(chat, "ida", "icebergs idle in the inlet today")
    prompt = chat.mutters("ida", "is anybody else here an ibis?")
    chat.mutters("jon", "no but my uncle was a pelican", reply_to=prompt)
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "no but my uncle was a pelican"))
    waiting = chat.mutters("ida", "igloos are my favourite kind of house")
    chat.mutters("ida", "this here line of mine is quite all right")
    chat.eventually(lambda: learned(chat, "icing is ideal"))
    assert chat.key("ida") in chat.partners().values()
    for message in (question, taught, prompt, waiting):
        chat.delete(message)
    chat.eventually(lambda: chat.key("ida") not in chat.partners().values())
    gone = {"icing is ideal", "icebergs idle in the inlet today", "no but my uncle was a pelican"}
    chat.eventually(lambda: not any(learned(chat, text) for text in gone))
    chat.eventually(lambda: rows_of(chat, chat.key("ida")) == dict.fromkeys(TABLES, 0))
    assert chat.files_with("icebergs") + chat.files_with("imperial") + chat.files_with("pelican") == []
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "this here line of mine is quite all right"))
    assert not any("igloos" in a for _, a in chat.lessons())


def test_a_deleted_mark_is_no_lesson(chat):
    """Moderators have the quarantine to delete a correction, too; then nothing of it was ever on disk."""
    agree(chat, "kai", "kent")
    answer = chat.says("kai", "!baby who is there?")
    mark = chat.chat("!fix kumquats are cursed", by="kai")
    chat.answer_to(mark)
    chat.delete(mark)
    chat.eventually(lambda: chat.host.counts["removed message"])
    assert "lessons" not in chat.says("kent", "!fix kumquats are kind", reply_to=answer.id).text
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "kumquats are kind"))
    assert not learned(chat, "kumquats are cursed")
    assert chat.files_with("cursed") == []


def test_a_timed_out_baby_takes_back_what_it_said(chat):
    """Where moderators time the bot out, its answers of the last day go, and the pairs made of them; questions stay."""
    agree(chat, "kurt")
    chat.says("kurt", "!baby is the kettle on?")
    chat.says("kurt", "!fix the kettle is on the kiln")
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "the kettle is on the kiln"))
    chat.eventually(lambda: rows_of(chat, chat.key("kurt"))["replies"] == 1)
    chat.ban(chat.bot)
    chat.eventually(lambda: not learned(chat, "the kettle is on the kiln"))
    chat.eventually(
        lambda: rows_of(chat, chat.key("kurt")) == {"messages": 1, "replies": 0, "feedback": 0, "pairs": 0}, 3
    )
    assert chat.people.agreed(chat.key("kurt"))


def test_a_deleted_answer_is_no_lesson(chat):
    """Where moderators delete what the baby said, it goes from the record, and so do the pairs made of it."""
    agree(chat, "kim")
    question = chat.chat("!baby knock knock", by="kim")
    answer = chat.answer_to(question)
    chat.says("kim", "!fix who knits there?")
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "who knits there?"))
    chat.delete(answer.id)
    chat.eventually(lambda: not learned(chat, "who knits there?"))
    chat.eventually(
        lambda: rows_of(chat, chat.key("kim")) == {"messages": 1, "replies": 0, "feedback": 0, "pairs": 0}, 3
    )
    assert "didn't keep" in chat.says("kim", "!good", reply_to=answer.id).text


def test_a_timeout_removes_and_ends_consent(chat):
    """A ban or timeout removes the messages and pairs of the last day, what waits, and the consent, which can be given
    anew; others' are untouched."""
    agree(chat, "lena", "mike")
    teach_line(chat, "lena", "lemons like the light of lamps")
    teach_line(chat, "mike", "marzipan melts in march or may")
    chat.says("lena", "!baby are lemons loud?")
    chat.mutters("lena", "lemons for all of you, my friends")
    chat.ban("lena")
    chat.eventually(lambda: rows_of(chat, chat.key("lena")) == dict.fromkeys(TABLES, 0))
    chat.eventually(lambda: not learned(chat, "lemons like the light of lamps"))
    chat.mutters("lena", "lemons are back and I talk again")
    chat.after_minutes(10.5)
    assert chat.files_with("lemons") == []
    assert learned(chat, "marzipan melts in march or may")
    ledger = chat.rows("select what from consents where person = ? order by rowid", chat.key("lena"))
    assert ledger == [("in",), ("removed",)]
    agree(chat, "lena")
    teach_line(chat, "lena", "limes are what I like instead")


def test_a_cleared_chat_is_cleared_here_too(chat):
    """Everybody's messages, pairs and waiting lines go; consent stays, and so does what the owner taught."""
    agree(chat, "nora")
    chat.school.teach("the owner's own lesson about nutmeg", source="teach")
    teach_line(chat, "nora", "nettles need no new noses")
    waiting = "needles and nettles, nothing but noise"
    chat.mutters("nora", waiting)
    chat.clear()
    chat.eventually(lambda: not learned(chat, "nettles need no new noses"))
    chat.eventually(lambda: chat.rows("select count(*) from messages where surface = 'room'") == [(0,)])
    assert chat.rows("select count(*) from pairs where surface = 'room'") == [(0,)]
    chat.after_minutes(10.5)
    assert not learned(chat, waiting)
    assert learned(chat, "the owner's own lesson about nutmeg")
    assert chat.people.agreed(chat.key("nora"))


def test_unlearn_takes_back_a_message(chat):
    """A moderator's !unlearn as a reply does what a deletion does, tells how much, and lowers the writer's trust; on an
    answer of the baby's it takes the pairs made of it. Others may not say it."""
    agree(chat, "olga")
    chat.says("mo", "!trust olga")
    assert chat.people[chat.key("olga")].vouched
    message = teach_line(chat, "olga", "otters own the old oboe")
    assert chat.unanswered(chat.mutters("olga", "!unlearn", reply_to=message))
    assert learned(chat, "otters own the old oboe")
    assert "gone: 1" in chat.says("mo", "!unlearn", reply_to=message).text
    chat.eventually(lambda: not learned(chat, "otters own the old oboe"))
    assert not chat.people[chat.key("olga")].vouched
    assert "reply to" in chat.says("mo", "!unlearn").text
    answer = chat.says("olga", "!baby oh?")
    chat.says("olga", "!fix oh indeed, an oboe")
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "oh indeed, an oboe"))
    assert "gone" in chat.says("mo", "!unlearn", reply_to=answer.id).text
    chat.eventually(lambda: not learned(chat, "oh indeed, an oboe"))


def test_only_the_last_day_is_removed(chat):
    """A timeout reaches back as far as it is set to; what is older stays, as withdrawn."""
    agree(chat, "quin")
    chat.says("quin", "!baby quietly quacking")
    chat.after_minutes(25 * 60)
    chat.ban("quin")
    chat.eventually(lambda: not chat.people.agreed(chat.key("quin")))
    assert rows_of(chat, chat.key("quin"))["messages"] == 1


def test_old_chat_goes_by_itself(chat):
    """Beyond the window that is set, what was said in chat is removed with its pairs, and nothing of the terminal's;
    0 keeps for ever."""
    agree(chat, "rosa")
    chat.says("rosa", "!baby rhubarb?")
    chat.says("rosa", "!fix rhubarb, radishes and rain")
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "rhubarb, radishes and rain"))
    chat.school.ask("owner's rhubarb", "terminal:owner").result(timeout=60)
    assert clear_out(chat.school, 0) == []
    assert [done.result(timeout=60).rows for done in clear_out(chat.school, 1.0)] == [0] * len(PUBLIC)
    assert sum(done.result(timeout=60).rows for done in clear_out(chat.school, 1e-9)) >= 3
    chat.eventually(lambda: not learned(chat, "rhubarb, radishes and rain"))
    assert rows_of(chat, chat.key("rosa")) == dict.fromkeys(TABLES, 0)
    assert chat.rows("select text from messages") == [("owner's rhubarb",)]


# ---- parts ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Registrar]:
    keeper = Registrar(tmp_path / "baby.db", RecordSettings(), run_config={}, from_step=0)
    yield keeper
    keeper.close(step=0, ending="asleep")


def test_the_ledger_makes_the_standing(keeper):
    """In, out, removed, forgotten, vouched, doubted and ignored, each as it says; and the ledger alone gives the same
    people again. A new wording has to be agreed to anew."""
    people = People(keeper)
    for name in ("ann", "bob", "cid", "dan", "eva"):
        assert people.agree(name, "c")
        assert not people.agree(name, "c")
    people.withdraw("ann", "c")
    assert not people.withdraw("ann", "c")
    people.withdraw("bob", "c", "removed")
    people.withdraw("cid", "c", "forgotten")
    people.agree("cid", "c")
    people.judge("dan", "ignored", "c")
    people.judge("eva", "vouched", "c")
    people.judge("stranger", "vouched", "c")
    people.judge("stranger", "ignored", "c")
    keeper.kept("x").result(60)
    assert {person for person in ["ann", "bob", "cid", "dan", "eva", "stranger"] if people.agreed(person)} == {
        "cid",
        "eva",
    }
    assert people.ignored("stranger")
    again = People(keeper, *keeper.ledger())
    assert again._standings == people._standings
    assert not again.ignored("stranger")
    assert again["eva"].vouched
    assert again.ignored("dan")
    again.judge("dan", "heeded", "c")
    assert again.agreed("dan")
    newer = People(keeper, *keeper.ledger(), wording=f"{WORDING}, amended")
    assert not any(newer.agreed(person) for person in ("cid", "eva"))
    assert newer.agree("eva", "c")


def test_trust_grows_by_the_day_and_starts_again():
    """Days since somebody agreed count, until a moderator's doubt."""
    written = []

    class Notes:
        def changed(self, change: Change, *, if_known: bool) -> None:
            written.append(change)

    now = time.time()
    entry = Change(id="1", person="ann", what="in", at=now - 5 * 86_400, channel="c", wording=WORDING)
    people = People(Notes(), [entry])
    assert people["ann"].trust_days(now) == pytest.approx(5)
    people.judge("ann", "doubted", "c")
    assert people["ann"].trust_days(time.time()) == pytest.approx(0, abs=0.01)
    assert [change.what for change in written] == ["doubted"]


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ({"channel": "c1"}, {"b"}),
        ({"person": "ann"}, {"b"}),
        ({"person": "bob"}, {"a", "c"}),
        ({"messages": frozenset(["m-a", "m-unknown"])}, {"b", "c"}),
        ({"messages": frozenset(["s-c"])}, {"a", "b"}),
        ({"channel": "c2", "messages": frozenset(["m-a"])}, {"a", "b", "c"}),
        ({"before": id_at(1_000_000)}, {"a", "b", "c"}),
        ({"before": "z"}, set()),
        ({"since": "b"}, {"a"}),
        ({"person": "ann", "since": "b"}, {"a", "b"}),
        ({}, set()),
    ],
)
def test_a_scope_takes_what_it_says(keeper, scope, left):
    """By channel, person, message, age and all together; answers, marks and pairs go along; other surfaces' stay."""
    talks = (("a", "ann", "c1"), ("b", "bob", "c2"), ("c", "ann", "c1"), ("t", "me", ""))
    for key, person, channel in talks:
        surface = "room" if channel else "terminal"
        how = {"surface": surface, "conversation": "x", "consent": "1", "channel": channel, "message": f"m-{key}"}
        keeper.heard(key, text=f"question {key}", person=person, **how)
        reply = {"id": f"r{key}", "message_id": key, "text": "x"}
        keeper._writer.submit(lambda db, reply=reply: db["replies"].insert(reply))
        keeper.sent(f"r{key}", f"s-{key}")
        origin = Origin(surface="room", channel=channel, message=f"g-{key}") if channel else Origin()
        keeper.marked(f"r{key}", person=person, verdict="good", correction="", origin=origin)
    removed = keeper.forget(Scope(surface="room", **scope)).result(60)
    messages, replies, marks = (
        keeper_rows(keeper, q) for q in ("id from messages", "id from replies", "reply_id from feedback")
    )
    gone_answer = scope.get("messages") == frozenset(["s-c"])
    assert messages - {"t"} == (left | {"c"} if gone_answer else left)
    assert replies == {f"r{key}" for key in left | {"t"}}
    assert marks == replies
    assert removed.rows == (2 if gone_answer else 3 * (3 - len(left)))


def keeper_rows(keeper: Registrar, what: str) -> set[str]:
    keeper.kept("x").result(60)
    return {row[0] for row in keeper._writer._db.execute(f"select {what}").fetchall()}


def test_a_damaged_soul_that_names_somebody_goes(chat, tmp_path):
    """Souls that can't be rewritten, because they are damaged, are deleted if they name who is to be forgotten, and
    kept if they don't."""
    agree(chat, "uma")
    chat.says("uma", "!baby umbrella?")
    place = Path(chat.day.control.save().result(timeout=60))
    caretaker = Caretaker(tmp_path, chat.day.classroom.saver.caretaker.settings)
    whole, torn, aside = tmp_path / "step-000000000001", tmp_path / "step-000000000002", tmp_path / "damaged" / "x"
    for copy in (whole, torn, aside):
        copy.mkdir(parents=True)
        for file in place.iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
    (torn / "brain.safetensors").write_bytes(b"torn")
    age = whole.stat().st_mtime
    assert caretaker.forget(["room:nobody"]) == 0
    assert caretaker.forget([chat.key("uma")]) == 3
    assert whole.exists()
    assert whole.stat().st_mtime == age
    assert not torn.exists()
    assert not aside.exists()
    facts = json.loads((whole / "facts.json").read_text())
    assert chat.key("uma") not in {person for _, person in facts["conversations"].values()}
    assert caretaker.load(whole).tensors["brain"]
