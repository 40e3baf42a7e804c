"""Chats as JSON or tables: Telegram, Discord, Signal, Slack, Meta, Twitch, Google, X, and those with models."""

from __future__ import annotations

import json

import pytest

from school.texts.facts import Facts
from school.texts.prepare import prepared
from tests.school.texts.formats.reading import read, talk

HI = [("Ann", "hi\nyou: there?"), ("Ben", "hello")]


def telegram(*messages: dict, **more) -> dict:
    plain = {"type": "message", "date": "2024-01-01T10:00:00", "date_unixtime": "1704103200"}
    return more | {"messages": [plain | {"id": i} | message for i, message in enumerate(messages)]}


ANN, BEN = {"from": "Ann", "from_id": "user1"}, {"from": "Ben", "from_id": "user2"}
SAID = (
    {"type": "service", "actor": "Ann", "actor_id": "user1", "action": "phone_call", "text": ""},
    ANN | {"text": "hi"},
    ANN | {"text": ["you: ", {"type": "bold", "text": "there"}, "?"], "edited": "2024-01-01T10:00:05"},
    BEN | {"text": "news", "forwarded_from": "Some channel"},
    BEN | {"text": "a cat", "via_bot": "@gif"},
    BEN | {"text": "", "photo": "photos/1.jpg"},
    BEN | {"text_entities": [{"type": "plain", "text": "hello"}]},
)


def test_telegram_one_chat():
    """In a chat of two it is called after the other one."""
    found = read("result.json", telegram(*SAID, name="Ben", type="personal_chat", id=2), "telegram")
    assert talk(found) == HI
    assert found.owner == {"Ann"}
    dropped = {"system message": 1, "forwarded message": 1, "bot's message": 1, "attachment": 1}
    assert found.dropped == dropped


def test_telegram_all_chats():
    """Each chat by itself; the export says whose it is; who left has no name."""
    left = telegram(BEN | {"text": "bye"}, {"from": None, "from_id": "user3", "text": "oh"}, name="Old", id=9)
    chats = [telegram(*SAID, name="Ben", id=2), left]
    everything = {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "first_name": "Ann"},
        "contacts": {"list": []},
        "chats": {"list": chats},
        "left_chats": {"list": [left]},
    }
    found = read("result.json", everything, "telegram")
    assert found.documents == [HI, [("Ben", "bye"), ("deleted account", "oh")]] + [found.documents[1]]
    assert found.owner == {"Ann"}


def discord(type_: str, content: str, name: str = "Ann", **author) -> dict:
    return {
        "id": "1",
        "type": type_,
        "content": content,
        "author": {"id": "1", "name": name, "nickname": name} | author,
    }


def test_discord_exporter():
    """JSON and tables; bots and system messages are left out."""
    messages = [
        discord("GuildMemberJoin", "Joined the server."),
        discord("Default", "hi"),
        discord("Reply", "you: there?"),
        discord("Default", "beep", "Bot", isBot=True),
        discord("Default", "", "Ben"),
        discord("Default", "hello", "Ben"),
    ]
    export = {
        "guild": {},
        "channel": {},
        "dateRange": {},
        "exportedAt": "2024",
        "messages": messages,
        "messageCount": 6,
    }
    found = read("soup.json", export, "discord")
    assert talk(found) == HI
    assert found.dropped == {"system message": 1, "bot's message": 1, "attachment": 1}
    table = 'AuthorID,Author,Date,Content,Attachments,Reactions\n"1","Ann","2024","hi\nyou: there?","",""\n'
    table += '"2","Ben","2024","","http://a.png",""\n"2","Ben","2024","hello","",""\n'
    table += '"2","Ben","2024","Pinned a message.","",""\n'
    found = read("soup.csv", table, "discord")
    assert talk(found) == HI
    assert found.dropped == {"system message": 1, "attachment": 1}


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_discord_package(suffix: str):
    """Only the owner's lines, the newest first in the file; the package says who that is."""
    said = [("3", "see <#42> <:soup:99>"), ("2", ""), ("1", "hi <@!7>")]
    rows = [{"ID": i, "Timestamp": "2024-01-01 10:00:00", "Contents": text, "Attachments": ""} for i, text in said]
    table = "ID,Timestamp,Contents,Attachments\n" + "".join(f"{i},2024-01-01,{text},\n" for i, text in said)
    name, content = f"package/Messages/c42/messages.{suffix}", rows if suffix == "json" else table
    found = read(name, content, "discord package", package__account__user_json={"username": "ann"})
    assert talk(found) == [("ann", "hi @someone"), ("ann", "see #channel :soup:")]
    assert found.owner == {"ann"}
    assert found.dropped == {"attachment": 1}
    assert read(name, content).owner == {"me"}


def test_signal():
    """Each chat by itself; what the owner sent is marked as outgoing."""

    def item(chat: str, author: str, text: str | None, **more) -> dict:
        message = {"standardMessage": {"text": {"body": text}} if text else {"attachments": [{}]}}
        return {"chatItem": {"chatId": chat, "authorId": author, "dateSent": "1"} | message | more}

    lines = [
        {"version": "1", "backupTimeMs": "1704103200000"},
        {"recipient": {"id": "1", "self": {}}},
        {"recipient": {"id": "2", "contact": {"profileGivenName": "Ben", "profileFamilyName": "Broth"}}},
        {"chat": {"id": "10", "recipientId": "2"}},
        item("10", "1", "hi", outgoing={}),
        item("11", "2", "else", incoming={}),
        item("10", "1", "you: there?", outgoing={}),
        item("10", "2", None, incoming={}),
        item("10", "2", "hello", incoming={}),
        {"chatItem": {"chatId": "10", "authorId": "2", "remoteDeletedMessage": {}}},
        {"chatItem": {"chatId": "10", "authorId": "2", "updateMessage": {}}},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    found = read("main.jsonl", text + "{broken\n", "signal")
    assert found.documents == [[("Me", "hi\nyou: there?"), ("Ben Broth", "hello")], [("Ben Broth", "else")]]
    assert found.owner == {"Me"}
    assert found.dropped == {"attachment": 1, "deleted message": 1, "system message": 1, "line that is no JSON": 1}


def test_slack():
    """Names from the file beside it, references as one sees them, words that stand in blocks only."""
    users = [
        {"id": "U1", "name": "ann", "real_name": "Ann"},
        {"id": "U2", "name": "ben", "profile": {"real_name": "Ben"}},
    ]
    words = [{"type": "text", "text": "hello "}, {"type": "user", "user_id": "U1"}, {"type": "emoji", "name": "wave"}]
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": words}]}
    day = [
        {"type": "message", "subtype": "channel_join", "user": "U1", "text": "<@U1> has joined", "ts": "1.0"},
        {"type": "message", "user": "U1", "text": "hi <@U2> &amp; all, see <https://a.example|this>", "ts": "2.0"},
        {"type": "message", "user": "U2", "text": "", "blocks": [rich], "ts": "3.0"},
        {"type": "message", "subtype": "bot_message", "bot_id": "B1", "text": "beep", "ts": "4.0"},
    ]
    found = read("export/general/2024-01-01.json", day, "slack", export__users_json=users)
    assert talk(found) == [("Ann", "hi @Ben & all, see this"), ("Ben", "hello @Ann:wave:")]
    assert found.dropped == {"system message": 1, "bot's message": 1}


def test_messenger_and_instagram():
    """The newest message comes first, and what is UTF-8 read as Latin-1 is repaired; what was right stays."""
    messages = [
        {"sender_name": "Ben", "timestamp_ms": 4, "content": "Liked a message"},
        {"sender_name": "Ben", "timestamp_ms": 3, "photos": [{}]},
        {"sender_name": "Ben", "timestamp_ms": 2, "content": "d\u00c3\u00a9j\u00c3\u00a0 \u00f0\u009f\u00a5\u00a3"},
        {"sender_name": "Zo\u00c3\u00ab", "timestamp_ms": 1, "content": "caf\u00e9?"},
    ]
    export = {"participants": [{"name": "Ben"}, {"name": "Zo\u00c3\u00ab"}], "messages": messages, "title": "Ben"}
    found = read("messages/inbox/ben_1/message_1.json", export, "messenger or instagram")
    assert talk(found) == [("Zoë", "café?"), ("Ben", "déjà 🥣")]
    assert found.dropped == {"system message": 1, "attachment": 1}


def test_twitch_downloader():
    comments = [
        {"commenter": {"display_name": name}, "message": {"body": text, "fragments": []}}
        for name, text in (("Ann", "hi"), ("Ann", "you: there?"), ("Ben", "hello"))
    ]
    export = {"FileInfo": {"Version": {}}, "streamer": {"name": "soup"}, "comments": comments, "embeddedData": {}}
    assert talk(read("vod.json", export, "twitch downloader")) == HI


def test_google_chat():
    messages = [
        {"creator": {"name": name, "user_type": "Human"}, "created_date": "Monday", "text": text}
        for name, text in (("Ann", "hi"), ("Ann", "you: there?"), ("Ben", "hello"))
    ]
    assert talk(read("messages.json", {"messages": messages}, "google chat")) == HI


def test_x():
    """Behind an assignment; retweets and short links are left out, entities are letters."""
    posts = [
        {"tweet": {"id": "2", "full_text": "soup &amp; bread https://t.co/abc"}},
        {"tweet": {"id": "1", "full_text": "RT @ben: no"}},
        {"tweet": {"id": "0", "full_text": "you: hi"}},
    ]
    account = 'window.YTD.account.part0 = [{"account": {"username": "ann"}}]'
    found = read("data/tweets.js", "window.YTD.tweets.part0 = " + json.dumps(posts), "x", data__account_js=account)
    assert talk(found) == [("ann", "you: hi"), ("ann", "soup & bread")]
    assert found.owner == {"ann"}
    assert found.dropped == {"retweet": 1, "link": 1}


def node(role: str, parent: str | None, parts: list | None, kind: str = "text", **metadata) -> dict:
    message = {"author": {"role": role}, "content": {"content_type": kind, "parts": parts or []}, "metadata": metadata}
    return {"message": message if parts else None, "parent": parent, "children": []}


def test_chatgpt():
    """The branch that was open last, without what is hidden or for tools; who asked is the owner."""
    mapping = {
        "root": node("", None, None),
        "s": node("system", "root", ["Be nice."], is_visually_hidden_from_conversation=True),
        "a": node("user", "s", ["hi"]),
        "b1": node("assistant", "a", ["old answer"]),
        "b2": node("assistant", "a", ["hello"]),
        "t": node("tool", "b2", ["4"], "execution_output"),
        "c": node("user", "t", [{"asset_pointer": "file"}, "and this?"], "multimodal_text"),
        "d": node("assistant", "c", ["print(4)"], "code"),
        "e": node("assistant", "d", ["Soup."]),
    }
    found = read("conversations.json", [{"title": "Soup", "mapping": mapping, "current_node": "e"}], "chatgpt")
    assert talk(found) == [("user", "hi"), ("assistant", "hello"), ("user", "and this?"), ("assistant", "Soup.")]
    assert found.owner == {"user"}
    assert found.dropped == {"hidden message": 2, "tool's message": 1}


def test_claude():
    """The text may be empty and stand in its content, beside what was thought."""
    messages = [
        {"sender": "human", "text": "hi", "content": []},
        {"sender": "assistant", "text": "", "content": [
            {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hello"}]},
    ]  # fmt: skip
    found = read("conversations.json", [{"uuid": "1", "name": "Soup", "chat_messages": messages}], "claude")
    assert talk(found) == [("human", "hi"), ("assistant", "hello")]
    assert found.owner == {"human"}


LESSON = {"messages": [{"role": "system", "content": "Be nice."}, {"role": "user", "content": "hi"},
                       {"role": "assistant", "content": [{"type": "text", "text": "hello"}]}]}  # fmt: skip
SHARED = {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]}
CHATML = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nhello<|im_end|>\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.jsonl", json.dumps(LESSON) + "\n"),
        ("a.json", LESSON),
        ("a.json", [LESSON]),
        ("a.jsonl", json.dumps(SHARED)),
        ("a.json", [SHARED]),
        ("a.jsonl", json.dumps({"text": CHATML})),
        ("a.txt", CHATML),
        ("a.jsonl", json.dumps({"prompt": "hi", "completion": "hello"})),
        ("a.json", [{"instruction": "hi", "input": "", "output": "hello"}]),
    ],
)
def test_training_conversations(name: str, said):
    """What the assistant says is the baby's part."""
    found = read(name, said, "conversations")
    assert talk(found) == [("user", "hi"), ("assistant", "hello")]
    assert found.owner == {"assistant"}
    assert prepared(found, Facts()).context


def test_lines_of_text():
    """A line with a text alone is a document."""
    assert read("a.jsonl", '{"text": "soup"}\n\n{"text": "bread"}\n', "conversations").documents == ["soup", "bread"]
