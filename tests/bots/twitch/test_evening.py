"""An evening on Twitch: what the wire brings reaches the host, the school and the record, and what it says comes out.

What a chat does whatever the platform is tested in the room on this machine (tests/bots/chat)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from school.door.consent import WORDING
from tests.evening import answered, speaks
from tests.twitch_evening import TwitchEvening, twitch_evening


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwitchEvening]:
    with twitch_evening(tmp_path_factory.mktemp("home")) as chat:
        yield chat


def agree(chat: TwitchEvening, *logins: str) -> None:
    for login in logins:
        chat.says(login, "!optin")


def learned(chat: TwitchEvening, answer: str) -> bool:
    return any(answer == text for _, text in chat.lessons())


def replies(chat: TwitchEvening) -> int:
    """How many times the brain was asked; ``status`` may still show the last block's number."""
    return chat.day.classroom.receptionist.replies


def test_there_are_three_ways_to_ask(chat):
    """The command, a mention anywhere, and a reply to one of its messages are each answered from the live weights, as
    replies; a line to nobody is not."""
    before = replies(chat)
    first = chat.says("ann", "!baby how are you?")
    chat.says("ann", "@babybot how are you?", mentions=("babybot",))
    chat.says("ann", "so how are you, @BabyBot ?", mentions=("babybot",))
    chat.says("ann", "and you?", reply_to=first.id)
    assert replies(chat) == before + 4
    assert chat.unanswered(chat.mutters("ann", "it is raining again over here"))
    assert chat.unanswered(
        chat.mutters("ann", "a reply to somebody else", reply_to=chat.mutters("bob", "who is here?"))
    )
    assert replies(chat) == before + 4
    chat.eventually(lambda: chat.school.status().replies == before + 4)


def test_questions_are_read_without_its_name_and_others(chat, monkeypatch):
    """What reaches the brain is the question: no @bot, no names of those who did not agree, cheers in words."""
    asked = []
    ask = chat.school.ask
    monkeypatch.setattr(chat.school, "ask", lambda text, *a, **k: (asked.append(text), ask(text, *a, **k))[1])
    chat.says(
        "ann", "@babybot is @stranger Kappa Cheer100 ?", mentions=("babybot",), emotes=("Kappa",), cheers=("Cheer100",)
    )
    assert asked == ["is someone Kappa (cheers 100) ?"]


def test_what_it_says_is_harmless(chat, monkeypatch):
    """Commands, mentions, links and invisible characters never reach the chat; the asker may be mentioned."""
    speaks(chat, monkeypatch, "/ban @streamer see http://evil.example/x @Ann \x1b[2J noooooooo")
    assert chat.says("ann", "!baby what now?").text == "ban streamer see @Ann [2J nooo"


def test_programs_and_other_channels_are_not_attended_to(chat):
    """Those with a bot's badge, those that are known, and what was written in another channel of a shared chat, in
    which it says nothing."""
    silent = [
        chat.mutters("nightbot", "!baby hello"),
        chat.mutters("helperbot", "!baby remember to drink some water", badges=("bot-badge",)),
        chat.mutters("wanda", "!baby from next door", shared_from="neighbour"),
    ]
    chat.eventually(lambda: chat.surface.wire.state().silent)
    silent.append(chat.mutters("wanda", "!baby are you there?"))
    chat.eventually(lambda: not chat.surface.wire.state().silent)
    assert chat.unanswered(silent[-1])
    assert not any(sent.reply_to in silent for sent in chat.sent)
    assert {"own", "bot", "shared"} <= chat.host.counts.keys()


def test_what_is_kept_has_twitchs_ids(chat):
    """A question, its answer and a lesson of somebody who agreed stand in the record under their ids on Twitch."""
    agree(chat, "carla")
    question = chat.chat("!baby what is a tandem?", by="carla")
    answer = chat.answer_to(question)
    kept = "select messages.text, consent, surface, channel, messages.chat_message, replies.chat_message from messages "
    kept += "join replies on messages.id = message_id where person = ?"
    expected = ("what is a tandem?", WORDING, "twitch", chat.twitch.channel.id, question, answer.id)
    chat.eventually(lambda: chat.rows(kept, chat.key("carla")) == [expected])
    answered(chat, "!fix a bicycle for two", by="carla", occasion="fix", reply_to=answer.id)
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "a bicycle for two"))


def test_a_line_delivered_twice_is_one_lesson(chat):
    """Twitch delivers at least once; twice is still one."""
    agree(chat, "dora")
    chat.mutters("dora", "the postman rang two times at the gate", times=2)
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "the postman rang two times at the gate"))
    assert chat.rows("select count(*) from pairs where person = ?", chat.key("dora")) == [(1,)]


def test_what_was_heard_before_a_gap_is_not_learned(chat):
    """Lines that waited while the connection broke are dropped, for nobody told what was deleted meanwhile."""
    agree(chat, "pia")
    chat.mutters("pia", "pancakes before the connection broke")
    stays = chat.surface.wire.state().connects
    chat.twitch.revoke_subscriptions("version_removed")
    chat.eventually(lambda: chat.surface.wire.state().connects > stays and chat.twitch.listening, 20)
    chat.mutters("pia", "porridge after the connection broke")
    chat.after_minutes(10.5)
    chat.eventually(lambda: learned(chat, "porridge after the connection broke"))
    assert not learned(chat, "pancakes before the connection broke")


def test_what_moderators_remove_is_removed(chat):
    """A deleted message, a ban, and a cleared chat each take the lessons along."""
    agree(chat, "ida", "lena", "nora")
    said = {"ida": "icebergs idle in the inlet today", "lena": "lemons like the light of lamps"}
    said["nora"] = "nettles need no new noses"
    messages = {by: chat.mutters(by, text) for by, text in said.items()}
    chat.after_minutes(10.5)
    chat.eventually(lambda: all(learned(chat, text) for text in said.values()))
    chat.delete(messages["ida"])
    chat.eventually(lambda: not learned(chat, said["ida"]))
    assert chat.people.agreed(chat.key("ida"))
    chat.ban("lena")
    chat.eventually(lambda: not learned(chat, said["lena"]))
    assert not chat.people.agreed(chat.key("lena"))
    assert learned(chat, said["nora"])
    chat.clear()
    chat.eventually(lambda: not learned(chat, said["nora"]))
    chat.eventually(lambda: chat.rows("select count(*) from messages where surface = 'twitch'") == [(0,)])
    answer = chat.says("nora", "!baby is the kettle on?")
    chat.eventually(lambda: chat.school.find_sent("twitch", answer.id))
    chat.ban(chat.twitch.bot.login)
    chat.eventually(lambda: chat.rows("select count(*) from replies") == [(0,)])
    assert chat.people.agreed(chat.key("nora"))


def test_a_moderator_can_have_its_soul_saved(chat):
    """While lessons go on."""
    answered(chat, "!save", by="mo", occasion="saved")
    chat.eventually(lambda: chat.school.status().saved_step is not None)
