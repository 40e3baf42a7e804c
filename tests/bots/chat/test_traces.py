"""However somebody leaves, no file of the home holds their words or name any more: the logs neither."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bots.chat.retention import clear_out
from school.diary.scribe import Scribe
from tests.evening import Evening, evening

SAID = {  # by whom, about what: a correction and a line, unlike each other's, for copies teach nothing
    "wilhelmina": ("rutabaga", "rutabaga soup keeps the cold away", "my aunt carved a lantern from a rutabaga"),
    "ottokar": ("kohlrabi", "never argue with a kohlrabi", "somebody left three kohlrabi on the doorstep"),
    "yolanda": ("pineapple", "pineapple belongs in the garden", "we painted the pineapple blue on tuesday"),
    "ferdinand": ("zucchini", "zucchini grow while nobody looks", "the longest zucchini won at the county fair"),
    "mathilda": ("tamarind", "tamarind makes it sour and sweet", "grandfather traded tamarind for old books"),
}


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with evening(tmp_path_factory.mktemp("home"), "scribe.comments=1") as chat:
        yield chat


def tell_all(chat: Evening, by: str) -> str:
    """Let somebody's words reach everything that could keep them, and end in an error in each room they go through;
    returns the message."""
    words, correction, line = SAID[by]
    chat.says(by, "!optin")
    question = chat.chat(f"!baby do you like my {words}?", by=by)
    answer = chat.answer_to(question)
    chat.says(by, f"!fix {correction}", reply_to=answer.id)
    chat.mutters(by, line)
    chat.after_minutes(10.5)
    chat.eventually(lambda: any(words in text for _, text in chat.lessons()))
    for fails in (fail_in_the_record, fail_in_a_task, fail_in_a_library, fail_in_a_future):
        fails(chat, f"{by} said {words}")
    scribe: Scribe = chat.day.scribe
    scribe.write_day(scribe.today()).result(timeout=60)
    scribe.write_letter(scribe.today() + timedelta(days=1)).result(timeout=60)
    assert chat.day.control.save().result(timeout=60)
    return question


def fail_in_the_record(chat: Evening, words: str) -> None:
    def write(db: object) -> None:
        raise ValueError(f"no row for {words}")

    assert chat.day.registrar.write(write).exception(timeout=60)


def fail_in_a_task(chat: Evening, words: str) -> None:
    async def begin() -> None:
        chat.loop.call_exception_handler({"message": f"never retrieved: {words}", "exception": KeyError(words)})

    chat.do(begin())


def fail_in_a_library(chat: Evening, words: str) -> None:
    logging.getLogger("twitchio.client").error("can't understand %s", words)
    logging.getLogger("bots.somewhere").warning("the line led to %s", ValueError(words))


def fail_in_a_future(chat: Evening, words: str) -> None:
    try:
        try:
            json.loads(words)
        except ValueError as cause:
            raise LookupError(words) from cause
    except LookupError:
        logging.getLogger("school.somewhere").exception("a letter could not be opened")


def traces(chat: Evening, *needles: str) -> list[str]:
    return [name for needle in needles for name in chat.files_with(needle)]


WAYS: dict[str, Callable[[Evening], object]] = {
    "wilhelmina": lambda chat: chat.says("wilhelmina", "!forgetme"),
    "ottokar": lambda chat: chat.ban("ottokar"),
    "yolanda": lambda chat: chat.clear(),
    "ferdinand": lambda chat: [removing.result(timeout=60) for removing in clear_out(chat.school, 1e-9)],
}


@pytest.mark.parametrize("by", WAYS)
def test_who_leaves_leaves_no_words(chat, by):
    """By !forgetme, by a moderator's ban, with a cleared chat and by time: no file holds the words, nor, ever, the
    name."""
    words = SAID[by][0]
    tell_all(chat, by)
    assert traces(chat, words), "nothing to leave"
    assert not [name for name in traces(chat, words, by) if name.startswith("statistics/baby.log")]
    WAYS[by](chat)
    chat.eventually(lambda: not any(words in prompt + text for prompt, text in chat.lessons()))
    chat.eventually(lambda: traces(chat, words, by) == [])


def test_who_opts_out_is_in_no_log(chat):
    """!optout and a deleted message: the record keeps what it promised to keep, the logs nothing."""
    message = tell_all(chat, "mathilda")
    chat.delete(message)
    chat.says("mathilda", "!optout")
    kept = traces(chat, "tamarind", "mathilda")
    assert all(name.startswith("statistics/baby.db") for name in kept), kept


def test_the_diary_is_shown_and_not_logged(chat, tmp_path):
    """A page is for whoever watches; of it the log has the day alone. An answer that it quotes is in no log."""
    log = (chat.home / "statistics" / "baby.log").read_text()
    today = str(chat.day.scribe.today())
    for (text,) in chat.rows("select text from diary"):
        for sentence in set(text.split(". ")) - {today}:  # which begins some pages, and each line of the log
            assert sentence not in log
    assert f"the page of {today} is written" in log
