"""Chats in plain text: WhatsApp in many languages, logs of IRC and Twitch, iMessage, signal-export."""

from __future__ import annotations

import pytest

from tests.school.texts.formats.reading import read, talk

HI = [("Ann", "hi\nand a second line"), ("Ben", "hello: how are you?")]

WHATSAPP = {  # what stands before the first name, and before the second one
    "android, German": ("18.12.23, 15:57 - ", "18.12.23, 15:58 - "),
    "android, British": ("18/12/2023, 15:57 - ", "18/12/2023, 15:58 - "),
    "android, American": ("12/18/23, 3:57\u202fPM - ", "12/18/23, 3:58\u202fPM - "),
    "android, Spanish": ("18/12/23, 3:57 p. m. - ", "18/12/23, 3:58 p.\u00a0m. - "),
    "android, Dutch": ("18-12-2023 15:57 - ", "18-12-2023 15:58 - "),
    "android, Swedish": ("2023-12-18 15:57 - ", "2023-12-18 15:58 - "),
    "android, Finnish": ("18.12.2023 klo 15.57 - ", "18.12.2023 klo 15.58 - "),
    "android, Chinese": ("2023/12/18 下午3:57 - ", "2023/12/18 下午3:58 - "),
    "android, Czech": ("18. 12. 2023 15:57 - ", "18. 12. 2023 15:58 - "),
    "android, French": ("18/12/2023 à 15:57 - ", "18/12/2023 à 15:58 - "),
    "android, Bulgarian": ("18.12.2023 г., 15:57 ч. - ", "18.12.2023 г., 15:58 ч. - "),
    "android, Arabic": ("\u200f18\u200f/12\u200f/2023، 3:57 م - ", "\u200f18\u200f/12\u200f/2023، 3:58 م - "),
    "ios, British": ("[18/12/2023, 15:57:02] ", "[18/12/2023, 15:58:11] "),
    "ios, American": ("[12/18/23, 3:57:02\u202fPM] ", "\u200e[12/18/23, 3:58:11\u202fPM] "),
    "ios, German": ("[18.12.23, 15:57:02] ", "[18.12.23, 15:58:11] "),
    "ios, Korean": ("[2023. 12. 18. 오후 3:57:02] ", "[2023. 12. 18. 오후 3:58:11] "),
}


@pytest.mark.parametrize("locale", WHATSAPP)
def test_whatsapp_in_many_languages(locale: str):
    """Whatever order, separators and clock the phone has."""
    first, second = WHATSAPP[locale]
    text = f"{first}Ann: hi\nand a second line\n{second}Ben: hello: how are you?\n"
    assert talk(read("chat.txt", text, "whatsapp")) == HI
    assert talk(read("chat.txt", "\ufeff" + text.replace("\n", "\r\n"), "whatsapp")) == HI


def test_whatsapp_leaves_out_what_nobody_wrote():
    """System lines, attachments and deleted messages are counted; an edited message loses only that remark, a picture
    with words keeps them; a name may be reached without a space."""
    found = read(
        "_chat.txt",
        "[18/12/2023, 15:57:00] Our soup: \u200eMessages and calls are end-to-end encrypted.\n"
        "\u200e[18/12/2023, 15:57:01] Ann: \u200eimage omitted\n"
        "[18/12/2023, 15:57:02] Ann: hi <This message was edited>\n"
        "[18/12/2023, 15:57:03] \u202aBen\u202c: you: like soup?\nbaby: no\n"
        "\u200e[18/12/2023, 15:57:04] Ben: my soup \u200e<attached: 0001-PHOTO.jpg>\n"
        "[18/12/2023, 15:57:05] Ann: \u200eThis message was deleted.\n"
        "[18/12/2023, 15:57:06] Ann:yes\n",
        "whatsapp",
    )
    assert talk(found) == [("Ann", "hi"), ("Ben", "you: like soup?\nbaby: no\nmy soup"), ("Ann", "yes")]
    assert found.dropped == {"system message": 1, "attachment": 2, "deleted message": 1}
    found = read(
        "WhatsApp Chat with Ben.txt",
        "18/12/2023, 15:57 - Messages and calls are end-to-end encrypted. Tap to learn more.\n"
        "18/12/2023, 15:57 - Ann: <Media omitted>\n"
        "18/12/2023, 15:57 - Ann: IMG-20231218-WA0001.jpg (file attached)\nour soup\n"
        "18/12/2023, 15:58 - Ann: null\n"
        '18/12/2023, 15:58 - Ann changed the subject from "Soup" to "Soup: hot"\n'
        "18/12/2023, 15:59 - Ben: <3 it\n"
        "18/12/2023, 15:59 - Ben: Diese Nachricht wurde gelöscht.\n"
        "18/12/2023, 16:59 - Ann: good\n",
        "whatsapp",
    )
    assert talk(found) == [("Ann", "our soup"), ("Ben", "<3 it"), ("Ann", "good")]
    assert found.dropped == {"system message": 2, "attachment": 3, "deleted message": 1}


def test_whatsapp_of_a_group_that_says_little():
    """The group itself, a subject with a colon, and what is omitted without any mark."""
    found = read(
        "_chat.txt",
        "[18/12/2023, 15:57:00] Our soup: Messages and calls are end-to-end encrypted. Nobody can read them.\n"
        "[18/12/2023, 15:57:01] Cat changed the subject to “Soup: hot”\n"
        "[18/12/2023, 15:57:02] Ann: imagen omitida\n"
        "[18/12/2023, 15:57:03] Ann: image omitted, they said\n",
        "whatsapp",
    )
    assert talk(found) == [("Ann", "image omitted, they said")]
    assert found.dropped == {"system message": 2, "attachment": 1}


def test_a_diary_with_dates_is_no_chat():
    """Nor is a text with a time in its first line."""
    assert read("a.txt", "18/12/2023 it rained.\nAnn: hi\n").documents == ["18/12/2023 it rained.\nAnn: hi\n"]
    assert read("a.txt", "[18/12/2023] Soup.\n\n[19/12/2023] More soup.\n").speakers == []


def test_signal_export():
    """The owner is called Me there."""
    found = read("chat.md", "[2019-05-29, 15:04] Me: hi\n[2019-05-29, 15:05] Ben: hello\n", "whatsapp")
    assert talk(found) == [("Me", "hi"), ("Ben", "hello")]
    assert found.owner == {"Me"}


LOGS = {
    "irssi": "--- Log opened Mon Jan 01 17:39:00 2024\n17:40 -!- Ben [ben@host] has joined #soup\n"
    "17:40 <@Ann> hi\n17:41 <+Ben> \x0304hello\x03: you\n17:42  * Ben eats\n--- Day changed Tue Jan 02 2024\n",
    "znc": "[19:06:00] *** Joins: Ben (ben@host)\n[19:06:01] <Ann> hi\n[19:06:02] <Ben> hello: you\n"
    "[19:06:03] * Ben eats\n",
    "weechat": "2024-01-01 17:40:00\t-->\tBen (ben@host) has joined #soup\n2024-01-01 17:40:01\t@Ann\thi\n"
    "2024-01-01 17:40:02\tBen\thello: you\n2024-01-01 17:40:03\t *\tBen eats\n2024-01-01 17:40:04\t--\tMode #soup\n",
    "chatty": "# Log started: 2024-01-01 10:00:00 +0000\n[2024-01-01 10:00:00] <@Ann> hi\n"
    "[2024-01-01 10:00:01] <Ben> hello: you\n[2024-01-01 10:00:02] <Ben>* eats\n"
    "[2024-01-01 10:00:03] MOD_ACTION: Ann\n",
}


@pytest.mark.parametrize("client", LOGS)
def test_chat_logs(client: str):
    """Who says what, without marks of rank and colours; what somebody does is between stars, what the server says is
    left out."""
    found = read("#soup.log", LOGS[client], "chat log")
    assert talk(found) == [("Ann", "hi"), ("Ben", "hello: you\n*eats*")]
    assert set(found.dropped) == {"system line"}


def test_chatterino():
    """Lines without a login are Twitch's own."""
    found = read(
        "soupstream-2024-01-01.log",
        "# Start logging at 2024-01-01 10:00:00 UTC\n[10:00:01] ann: hi\n[10:00:02] ben subscribed at Tier 1.\n"
        "[10:00:03]  ben: hello: you\n# Stop logging at 2024-01-01 10:00:05 UTC\n",
        "chatterino",
    )
    assert talk(found) == [("ann", "hi"), ("ben", "hello: you")]
    assert found.dropped == {"system line": 3}


def test_twitch_downloader_as_text():
    """The same without a beginning of its own."""
    found = read("vod.txt", "[0:00:01] ann: hi\n[0:00:02] ben: hello\n[1:10:02] ann: soup\n", "chatterino")
    assert talk(found) == [("ann", "hi"), ("ben", "hello"), ("ann", "soup")]
    assert read("a.txt", "[10:00] it rained\n[10:05] ann: soup\n[10:07] more\n").speakers == []


def test_imessage():
    """A block for each message; reactions, replies' marks, attachments and announcements are left out."""
    found = read(
        "+15550100.txt",
        "May 17, 2022  5:29:42 PM (Read by them after 1 minute, 49 seconds)\nMe\nhi\nyou: there?\n\n"
        "May 17, 2022  5:31:31 PM\n+15550100\nhello\nReactions:\n    Loved by Me\n\n"
        "    May 17, 2022  5:32:00 PM\n    Me\n    soup?\n    /Users/me/Library/Messages/soup.heic\n\n"
        "May 17, 2022  5:33:31 PM Me named the conversation Soup\n\n"
        "May 17, 2022  5:34:00 PM\n+15550100\nyes\nThis message responded to an earlier message.\n\n",
        "imessage",
    )
    assert talk(found) == [("Me", "hi\nyou: there?"), ("+15550100", "hello"), ("Me", "soup?"), ("+15550100", "yes")]
    assert found.owner == {"Me"}
    assert found.dropped == {"reaction": 1, "attachment": 1, "system message": 1}


def test_discord_exporter_as_text():
    """Blocks of several lines, without what is attached."""
    found = read(
        "soup.txt",
        f"{'=' * 62}\nGuild: Soup\nChannel: Text / general\n{'=' * 62}\n\n"
        "[01/01/2024 10:00] ann\nhi\nthere\n\n[01/01/2024 10:01] ben (pinned)\nhello\n\n{Attachments}\nhttps://x/a.png\n\n"
        f"[01/01/2024 10:02] ben\nJoined the server.\n\n{'=' * 62}\nExported 3 message(s)\n{'=' * 62}\n",
        "discord",
    )
    assert talk(found) == [("ann", "hi\nthere"), ("ben", "hello")]
    assert found.dropped == {"system message": 1}
