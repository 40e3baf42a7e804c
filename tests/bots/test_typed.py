"""What a typed line means, on a real school that is awake but teaches nothing: this test is its tutor."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from bots.stdin import Unfit, lines_of
from bots.typed import Commands, House, help_text, name_and_text, trimmed
from school.diary.voice import read_voices, signals_of
from school.door.mailbox import Ask, Follow, Forget, Mailbox, Recollect, Teach, Trace, fulfil
from school.door.receipts import Progress, Receipt, Source
from school.door.school import School
from school.door.values import Pair, Removed, Reply, id_at
from school.record.registrar import Registrar
from school.record.settings import RecordSettings
from school.talking.settings import SignalSettings

PIPED = (
    b"\xef\xbb\xbf/teach The kettle sings in A minor.\r\n/teach\tThe cat is called Pudding.\r\n"
    b"/teach\xc2\xa0 The bus is blue.\r\n\xe2\x80\x8e/status\r\ncaf\xe9 ole\r\n/FIX no\r\n\r\n   \r\n"
    b"hello\x00there\x1b[31m\r\n/good now\r\nlast line without newline"
)


@pytest.fixture
def desk(tmp_path):
    """``type`` lines; ``said`` is what came back, ``asked`` and ``taught`` what reached the tutor."""
    registrar = Registrar(tmp_path / "baby.db", RecordSettings(), run_config={}, from_step=0)
    mailbox = Mailbox()
    school = School(mailbox, registrar)
    here = SimpleNamespace(
        said=[], asked=[], taught=[], scopes=[], forgotten=0, left=0, told=None, registrar=registrar, school=school
    )
    here.receipt, here.progress = Receipt(), None

    def leave() -> None:
        here.left += 1

    corrections = read_voices(tmp_path)["corrections"].lines("fix")
    signals = signals_of(read_voices(tmp_path), SignalSettings())
    commands = Commands(school, here.said.append, House(quit=leave, corrections=corrections, signals=signals))

    async def tutor() -> None:
        while True:
            for letter in [*mailbox.hear(), *mailbox.drain()]:
                if isinstance(letter, Ask):
                    here.asked.append(letter)
                    fulfil(letter.future, replace(a_reply(letter, "I see."), told=here.told))
                elif isinstance(letter, Teach):
                    here.taught.append(letter.pair)
                elif isinstance(letter, Forget):
                    here.forgotten += not letter.scope.withdrawn
                    here.scopes.append(letter.scope)
                    fulfil(letter.future, Removed())
                elif isinstance(letter, Trace | Follow | Recollect):
                    found = {Trace: replace(here.receipt, told=here.told), Follow: here.progress, Recollect: 2}
                    fulfil(letter.future, found[type(letter)])
            await asyncio.sleep(0.005)

    async def visit(lines) -> None:
        helper = asyncio.create_task(tutor())
        for line in lines:
            await asyncio.wait_for(commands.handle(line), 30)
        await asyncio.sleep(0.02)
        helper.cancel()

    here.type = lambda *lines: asyncio.run(visit(lines))
    yield here
    registrar.close(step=0, ending="asleep", patience=60)


def a_reply(ask: Ask, text: str) -> Reply:
    return Reply(
        id=ask.id, text=text, tokens=(1,), step=1, color=(0.5, 0.5, 0.5), seconds=0.1, first_token_seconds=0.1,
        conversation=ask.conversation, ending="end",
    )  # fmt: skip


def test_what_pipes_bring(desk):
    """A byte-order mark, a tab, a no-break space or a direction mark changes nothing; a line that is no text is refused
    by name, and nothing of it is asked."""
    pieces = iter([PIPED[:50], PIPED[50:], b""])
    lines = list(lines_of(lambda: next(pieces)))
    (refused,) = [line.why for line in lines if isinstance(line, Unfit)]
    assert refused == "line 5 is not UTF-8 text (at byte 4); nothing of it was taken"
    desk.type(*(line for line in lines if not isinstance(line, Unfit)))
    taught = [pair.answer for pair in desk.taught if pair.source == "teach"]
    assert taught == ["The kettle sings in A minor.", "The cat is called Pudding.", "The bus is blue."]
    assert any("soul not saved yet" in text for text in desk.said)
    assert [ask.text for ask in desk.asked] == ["hello\x00there\x1b[31m", "last line without newline"]
    assert "(it will learn that)" in desk.said
    assert not any("\ufffd" in text for text in [*taught, *(ask.text for ask in desk.asked)])


@pytest.mark.parametrize("line", ["/teach\nThe bus is blue.\nIt is late.", "/teach \r\n The bus is blue.\nIt is late."])
def test_a_pasted_lesson(desk, line):
    """/teach, a line end and a text in one paste: the text is taught, its line ends too."""
    desk.type(line)
    assert [pair.answer for pair in desk.taught] == ["The bus is blue.\nIt is late."]


def test_a_lesson_on_the_next_line(desk):
    """Where a paste comes line by line, the line after /teach is the lesson; an empty one or a command means none."""
    desk.type("/teach", "The bus is blue.", "/teach", "", "how are you?", "/teach", "/status", "and now?")
    assert [pair.answer for pair in desk.taught] == ["The bus is blue."]
    assert [ask.text for ask in desk.asked] == ["how are you?", "and now?"]


def test_forgetting_is_asked_first(desk):
    """Nothing goes unless the next line is yes; one that is neither yes nor no is itself."""
    desk.type("hello", "/forget", "no", "/forget", "", "/forget", "what is soup?")
    assert desk.forgotten == 0
    assert desk.said.count("(nothing was deleted)") == 3
    assert [ask.text for ask in desk.asked] == ["hello", "what is soup?"]
    desk.type("/forget", "Yes")
    assert desk.forgotten == 1
    assert "deleted: " in desk.said[-1]
    desk.type("/forget yes")
    assert desk.forgotten == 2


def test_quit_and_exit_alone_ask(desk):
    """They let it sleep after a yes; in a sentence they are words."""
    desk.type("quit", "no", "Exit", "how was it?", "I quit")
    assert desk.left == 0
    assert [ask.text for ask in desk.asked] == ["how was it?", "I quit"]
    desk.type("exit", "y")
    assert desk.left == 1


def test_new_begins_another_conversation(desk):
    """What is asked then is in another one, and nothing of the first is deleted; the next wake goes on with it."""
    desk.type("hello", "/new", "/bad", "again")
    first, second = (ask.conversation for ask in desk.asked)
    assert first == "terminal:owner"
    assert second.startswith("terminal:owner:")
    assert desk.forgotten == 0
    assert "(it has not said anything yet)" in desk.said
    desk.registrar.write(lambda db: None).result(60)
    assert desk.registrar.queries.last_conversation("terminal:owner") == second


def test_questions_are_taught_with_their_answers(desk):
    """/fix, and /teach with an arrow, teach an answer to a question, which is what is promised; a text without one, or
    with an arrow far down in it, is a text."""
    long = "a list of things\nwater => steam\n"
    desk.type("hello", "/fix hello you", "/teach who are you? => I am Pip.", "/teach => what", f"/teach {long}")
    assert desk.said[1:3] == ["(it says that from now on, and practises it)"] * 2
    assert desk.said[3:] == ["(it will learn that)"] * 2
    taught = [(pair.prompt, pair.answer) for pair in desk.taught]
    assert taught == [("hello", "hello you"), ("who are you?", "I am Pip."), ("", "=> what"), ("", long.strip())]


def test_it_is_corrected_in_plain_words(desk):
    """Some ways to say so are taken as /fix, and it says that they are; what only begins alike is talk, and so is all
    before it has said anything."""
    desk.type(
        "no, say hello", "hello", "No, say: \u201cgood morning\u201d", "hello", "say hi there instead", "no, says who?"
    )
    assert [(pair.prompt, pair.answer) for pair in desk.taught] == [("hello", "good morning"), ("hello", "hi there")]
    assert desk.said[2].startswith("(taken as /fix good morning: it says that from now on")
    assert [ask.text for ask in desk.asked] == ["no, say hello", "hello", "hello", "no, says who?"]


def test_the_last_that_was_taught_is_taken_back(desk):
    """/undo says what it took back, the last first; the answer that was corrected can be marked again. Nothing is left
    to be taught at the next wake."""
    desk.type("hello", "/fix hello you", "/teach the moon", "/undo", "/undo", "/undo", "/good", "/undo")
    assert [text.split(". ")[0] for text in desk.said[3:6]] == [
        "(taken back: \u201cthe moon\u201d",
        "(taken back: when asked \u201chello\u201d, say \u201chello you\u201d",
        "(there is nothing that you taught)",
    ]
    assert desk.said[6] == "(it learns that, and tries to do more of it)"
    assert "say \u201cI see.\u201d" in desk.said[7]
    assert [set(scope.pairs) for scope in desk.scopes if scope.pairs] == [
        {pair.id} for pair in (desk.taught[1], desk.taught[0], desk.taught[2])
    ]
    assert desk.registrar.queries.pairs_learning() == []


def test_a_bad_mark_is_taken_back(desk):
    """Afterwards the answer is as if nobody had marked it: it may even be called good."""
    desk.type("hello", "/bad", "/undo", "/undo", "/good")
    assert desk.said[2].startswith("(taken back: that it was bad to say \u201cI see.\u201d.")
    assert desk.said[3:] == ["(there is nothing that you taught)", "(it learns that, and tries to do more of it)"]


def test_why_it_said_that(desk):
    """Who told it, what and when; or that nobody did."""
    desk.type("/why", "hello", "/why")
    assert desk.said[0] == "(it has not said anything yet)"
    assert desk.said[2].startswith("(nobody told it that")
    desk.told = Pair(id=id_at(1_750_000_000.0) + "0000", prompt="hello", answer="I see.", person="owner")
    desk.type("hello", "/why")
    assert desk.said[-1] == "(you told it, on 2025-06-15: when asked \u201chello\u201d, say \u201cI see.\u201d)"


def test_whose_words_it_said(desk):
    """Texts by their names, what was taught by when and by whom; of guests neither their names nor more of their words
    than it said itself."""
    pair = Pair(id=id_at(1_750_000_000.0) + "0000", prompt="a?", answer="I see a secret.", person="twitch:7")
    text = Source(kind="text", name="diary.txt", private=True, share=0.75, words="I see")
    guest = Source(kind="taught", name=pair.id, private=True, share=0.25, words="see.", pair=pair)
    desk.receipt = Receipt(sources=(text, guest), read=1, of=4)
    desk.type("hello", "/why")
    first, *rows = desk.said[-1].splitlines()
    assert first.startswith("(nobody told it that.")
    assert "25% of its texts" in first
    assert rows == [
        "   75%  diary.txt: \u201cI see\u201d",
        "   25%  what somebody taught in a chat on 2025-06-15: \u201csee.\u201d)",
    ]
    for_others = str(desk.receipt.for_others())
    assert not [word for word in ("diary", "see", "secret", "twitch:7") if word in for_others]


def test_what_became_of_a_lesson(desk):
    """/learned says how surprising it was and is, what held-out text says, and when it comes back."""
    desk.type("/learned")
    assert desk.said == ["(there is nothing that you taught)"]
    pair = Pair(id="1", prompt="hello", answer="I see.", person="owner")
    how = {"surprise_before": 4.0, "surprise": 1.5, "held_out_before": 2.0, "held_out": 1.99}
    desk.progress = Progress(pair=pair, steps=40, by_heart=True, next_in=12, **how)
    desk.type("/learned")
    figures = "4.00, now 1.50 nats", "in 12 steps", "2.000 to 1.990", "-0.5%"
    for words in ("say \u201cI see.\u201d", *figures, "known by heart: yes"):
        assert words in desk.said[-1]
    desk.progress = Progress(pair=pair, steps=0, by_heart=False, next_in=0, **how | {"held_out": None})
    desk.type("/learned")
    assert "no examination yet" in desk.said[-1]
    assert "known by heart: not yet" in desk.said[-1]


def test_what_is_let_on_counts_little_until_more_is_said(desk):
    """A laugh makes a lesson of little weight, the question again only a verdict; one for each answer. What is said
    outright takes its place, and /undo takes back what was meant."""
    desk.type("hello", "haha", "what is soup?", "What is soup", "/good", "/undo", "/undo")
    meant = [(pair.prompt, pair.source, pair.weight) for pair in desk.taught]
    assert meant == [("hello", "good", 0.2), ("what is soup?", "bad", 0.2), ("What is soup", "good", 1.0)]
    desk.registrar.write(lambda db: None).result(timeout=60)
    assert [exchange.signal for exchange in desk.registrar.queries.exchanges(9)] == ["laughter", "", "again", ""]
    assert "(there is nothing that you taught)" in desk.said[-1]
    desk.type("hello", "thank you", "how are you?")
    desk.registrar.write(lambda db: None).result(timeout=60)
    thanked = next(e for e in desk.registrar.queries.exchanges(9) if e.signal == "thanks")
    assert desk.school.feedback(thanked.reply_id, "bad") == "marked"
    assert desk.school.feedback(thanked.reply_id, "good", signal="laughter", weight=0.2) == "refused"
    desk.registrar.write(lambda db: None).result(timeout=60)
    assert {exchange.verdict for exchange in desk.registrar.queries.exchanges(9)} == {"", "bad"}


def test_what_is_kept_of_the_owner(desk):
    """/who counts it, and says how it is deleted."""
    desk.type("hello", "/teach the moon", "/good", "/who")
    assert "2 questions and marks, 1 answer, 2 lessons, and 2 conversations" in desk.said[-1]
    assert "/forget" in desk.said[-1]


def test_typos_get_a_guess(desk):
    """Of the commands and of the words that are explained."""
    desk.type("/stauts", "/xyzzy", "/help los", "/help loss", "/help BITS/BYTE", "/help teach", "/help")
    assert "did you mean /status?" in desk.said[0]
    assert "/help shows them all" in desk.said[1]
    assert desk.said[2] == "did you mean /help loss?"
    assert desk.said[3].startswith("loss: how surprised")
    assert desk.said[4].startswith("bits per byte: ")
    assert desk.said[5] == "/teach TEXT: learn this text; QUESTION => ANSWER: say that when asked so"
    assert desk.said[6] == help_text()


def test_a_line_too_long_to_be_said_is_never_held():
    """Twenty megabytes without a line end: named, and what follows is heard; only a piece is held at a time."""
    pieces = iter([b"x" * 65_536] * 320 + [b"\nhello\n", b""])
    long, hello = lines_of(lambda: next(pieces))
    assert long.why.startswith("line 1 has 21.0 MB, more than can be said at once")
    assert hello == "hello"


def test_names_and_texts():
    assert trimmed("\ufeff \u200e/status \u200b") == "/status"
    assert trimmed("\u200b \ufeff") == ""
    assert trimmed("a\u200db") == "a\u200db"
    assert name_and_text("/TEACH\ufeffThe cat") == ("/teach", "The cat")
    assert name_and_text("/good") == ("/good", "")
