"""Zips of exports, and whatever can be wrong with a file: one clear line each, and the rest is learned."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from school.texts import original, survey
from school.texts.encodings import Unreadable
from school.texts.formats import SUFFIXES, _json
from school.texts.places import Source
from tests.school.texts.formats.reading import read, talk, zip_of
from tests.school.texts.formats.test_documents import RTF, docx, pdf, run

CHAT = "18/12/2023, 15:57 - Ann: hi\n18/12/2023, 15:58 - Ben: hello\n"


def test_what_is_in_a_zip():
    """Everything that can be read, in the order of its names, numbers by their size; pictures are not missed."""
    found = read(
        "export.zip",
        zip_of({
            "b/note10.txt": "ten\n",
            "b/note9.txt": "nine\n",
            "a.docx": docx(f"<w:p>{run('A letter.')}</w:p>"),
            "IMG.jpg": b"\xff\xd8\xff",
            "__MACOSX/b/._note9.txt": "no",
            ".obsidian/app.json": "{}",
            "unknown.json": "{}",
        }),
        "archive",
    )  # fmt: skip
    assert found.documents == ["A letter.\n", "nine\n", "ten\n"]
    assert not found.dropped


def test_a_whatsapp_chat_in_a_zip():
    assert talk(read("chat.zip", zip_of({"_chat.txt": CHAT}))) == [("Ann", "hi"), ("Ben", "hello")]


def test_a_zip_of_zips():
    """What Notion makes; one level more is refused by name."""
    inner = zip_of({"Soup 0123456789abcdef0123456789abcdef.md": "# Soup\n\nTags: hot\n\nIt rained.\n"})
    found = read("notion.zip", zip_of({"Part-1.zip": inner, "note.txt": "fox\n"}))
    assert found.documents == ["# Soup\n\nIt rained.\n", "fox\n"]
    deep = read("deep.zip", zip_of({"a.zip": zip_of({"b.zip": inner}), "note.txt": "fox\n"}))
    assert deep.documents == ["fox\n"]
    assert deep.note == "b.zip in it: an archive in an archive in an archive"


def test_who_speaks_everywhere_is_the_owner():
    """In an export of several conversations it is the one who takes part in all of them."""

    def messages(*names: str) -> dict:
        said = [{"sender_name": name, "timestamp_ms": i, "content": f"hi {i}"} for i, name in enumerate(names)]
        return {"participants": [], "messages": said}

    inbox = "your_activity/messages/inbox"
    found = read(
        "instagram.zip",
        zip_of({
            f"{inbox}/ben/message_1.json": messages("Ann", "Ben"),
            f"{inbox}/cat/message_1.json": messages("Cat", "Ann"),
        }),
    )  # fmt: skip
    assert found.owner == {"Ann"}


def test_neighbours_in_a_zip():
    """A file of a Slack export finds who is who."""
    users = [{"id": "U1", "real_name": "Ann"}]
    day = [{"type": "message", "user": "U1", "text": "hi", "ts": "1.0"}]
    found = read("slack.zip", zip_of({"export/users.json": users, "export/general/2024-01-01.json": day}))
    assert talk(found) == [("Ann", "hi")]


def test_one_broken_file_in_a_zip():
    """It is named, and the others are read; where nothing can be read, that is said."""
    broken = docx(f"<w:p>{run('no')}</w:p>")[:60]
    found = read("a.zip", zip_of({"a.docx": broken, "b.txt": "fox\n"}))
    assert found.documents == ["fox\n"]
    assert found.note.startswith("a.docx in it: it is damaged or cut short")
    assert found.dropped == {"file in it that can't be read": 1}
    with pytest.raises(Unreadable, match=r"nothing in it can be read \(a.docx: it is damaged"):
        read("a.zip", zip_of({"a.docx": broken}))


def test_a_zip_that_would_unpack_to_anything(monkeypatch: pytest.MonkeyPatch):
    """A bomb is given up once it has unpacked to more than any text, also in a document, in parts, and in a zip in a
    zip."""
    monkeypatch.setattr(original, "LARGEST", 100_000)
    bomb = b"a" * 150_000
    for name, said in (
        ("a.zip", zip_of({"a.txt": bomb})),
        ("a.zip", zip_of({f"{i}.txt": bomb[:40_000] for i in range(4)})),
        ("a.zip", zip_of({"b.zip": zip_of({"a.txt": bomb})})),
        ("a.docx", zip_of({"word/document.xml": bomb})),
        ("a.odt", zip_of({"content.xml": bomb})),
        ("a.epub", zip_of({"META-INF/container.xml": bomb})),
    ):
        with pytest.raises(Unreadable, match="it unpacks to more than"):
            read(name, said)


def test_what_an_export_holds_besides(monkeypatch: pytest.MonkeyPatch):
    """A huge file that is no text is never unpacked as a whole."""
    monkeypatch.setattr(original, "LARGEST", 300_000)
    events = b'{"event_type": "app_opened"}\n' * 20_000
    messages = [{"ID": 1, "Timestamp": "2024", "Contents": "hi", "Attachments": ""}]
    found = read("package.zip", zip_of({"activity/events.json": events, "messages/c1/messages.json": messages}))
    assert talk(found) == [("me", "hi")]


def test_a_locked_zip():
    """Its password is what is missing."""
    raw = bytearray(zip_of({"a.txt": "fox"}))
    for place in (raw.find(b"PK\3\4") + 6, raw.find(b"PK\1\2") + 8):
        raw[place] |= 1
    with pytest.raises(Unreadable, match="it has a password"):
        read("a.zip", bytes(raw))


# ---- broken files ----------------------------------------------------------------------------------------------------

MESSAGE = {"type": "message", "from": "Ann", "from_id": "user1"}
TELEGRAM = {"name": "Ben", "messages": [MESSAGE | {"id": i, "text": f"number {i}"} for i in range(50)]}


def test_json_that_breaks_off():
    """It is read up to there, and that is told; without a single whole entry it is refused."""
    raw = json.dumps(TELEGRAM)
    found = read("result.json", raw[: len(raw) // 2])
    assert 10 < len(talk(found)[0][1].split("\n")) < 40
    assert found.note.startswith("it breaks off after ")
    with pytest.raises(Unreadable, match="it is no whole JSON; it may be cut short or damaged"):
        read("result.json", '{"messages": [{"from_id": "user1", "text": "fo')


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le", "cp1252"])
def test_json_in_another_encoding(encoding: str):
    """As a text would be."""
    chat = TELEGRAM | {"messages": [TELEGRAM["messages"][0] | {"text": "Der Fuchs aß süße Äpfel für die Brücke."}]}
    raw = json.dumps(chat, ensure_ascii=False).encode(encoding)
    assert talk(read("result.json", raw)) == [("Ann", "Der Fuchs aß süße Äpfel für die Brücke.")]


def test_a_line_without_end(monkeypatch: pytest.MonkeyPatch):
    """Of JSON lines one that is too long is passed over without being in memory."""
    monkeypatch.setattr(_json, "LINE", 1000)
    lesson = json.dumps({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]})
    found = read("a.jsonl", f'{lesson}\n{{"text": "{"a" * 5000}"}}\n{lesson}\n')
    assert len(found.documents) == 2
    assert found.dropped == {"line that is too long": 1}


def test_xml_that_would_grow_to_anything():
    """Entities of its own are refused."""
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><a>&b;</a>'
    for name, said in (
        ("a.docx", zip_of({"word/document.xml": bomb})),
        ("a.odt", zip_of({"content.xml": bomb})),
        ("a.enex", bomb),
    ):
        with pytest.raises(Unreadable, match="declares entities"):
            read(name, said)


def test_json_of_another_shape():
    """What looks like an export and is none is refused in a sentence, not with a traceback."""
    for said in (
        {"messages": [{"from_id": "user1", "text": {"a": 1}}, 5, None, [1]]},
        [{"mapping": {"a": {"author": 5, "parent": "a", "message": [1]}}, "current_node": "a"}],
        [{"chat_messages": [5]}],
        {"entries": [5], "timeZone": 1},
    ):
        assert "\n" not in said_of("a.json", json.dumps(said).encode())


def said_of(name: str, raw: bytes) -> str:
    """Why a file can't be read, or what it says."""
    try:
        return repr(read(name, raw).documents)
    except Unreadable as why:
        return str(why)


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
@pytest.mark.parametrize(
    "said",
    [b"", b"\0" * 100, b"PK\3\4" + bytes(range(256)), b"{" * 5000, b"[" * 100_000, b"<a>" * 3000, bytes(range(256)) * 9,
     RTF[:90], pdf(["hi"])[:200], b"a,b\n\"1", b"From nobody\n\nxx"],
)  # fmt: skip
def test_any_bytes_under_any_name(suffix: str, said: bytes):
    """Something is read, or a sentence says why not."""
    told = said_of(f"a{suffix}", said)
    assert told
    assert "\n" not in told


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A small one by its content, a large one by when it was written: it is skipped, and the others are learned."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"the fox {name} and the moon\n" * 50)
    files = survey.look_at([Source(tmp_path / name, name) for name in ("a.txt", "b.txt")])
    (tmp_path / "a.txt").write_text("something else\n" * 20)
    for at_once in (survey.AT_ONCE, 0):
        monkeypatch.setattr(survey, "AT_ONCE", at_once)
        found = survey.survey(files, 0.1)
        assert found.skipped == {"a.txt": "it was changed while it was being read; it will be read the next time"}
        assert found.parts(1)[0]


def test_broken_files_in_a_library(tmp_path: Path):
    """Each is told in one line, and the rest is learned."""
    broken = {
        "a.docx": b"PK\3\4 broken",
        "b.json": b'{"messages": [{"from_id": ',
        "c.pdf": b"%PDF-1.7 broken",
        "d.csv": b"when,what\n1,soup\n",
        "e.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old",
        "f.zip": zip_of({"picture.jpg": b"\xff\xd8"}),
        "g.txt": CHAT.encode(),
    }
    for name, raw in broken.items():
        (tmp_path / name).write_bytes(raw)
    (tmp_path / "z.txt").write_text("the fox and the moon\n" * 50)
    names = [*broken, "z.txt"]
    found = survey.survey(survey.look_at([Source(tmp_path / name, name) for name in names]), 0.1)
    assert found.skipped.keys() == broken.keys()
    assert found.skipped["e.doc"] == "it is an old Office document, which can't be read here"
    assert "which of Ann, Ben are you?" in found.skipped["g.txt"]
    assert not any("\n" in why for why in found.skipped.values())
    assert list(found.taught())


def test_a_zip_is_never_in_memory_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its films may be larger than any text."""
    monkeypatch.setattr(survey, "LARGEST", 10_000)
    monkeypatch.setattr(survey, "AT_ONCE", 1000)
    with zipfile.ZipFile(tmp_path / "chat.zip", "w") as archive:
        archive.writestr("film.mp4", bytes(50_000))
        archive.writestr("note.txt", "the fox and the moon\n" * 9)
    assert BytesIO((tmp_path / "chat.zip").read_bytes()).getbuffer().nbytes > 10_000
    found = survey.survey(survey.look_at([Source(tmp_path / "chat.zip", "chat.zip")]), 0.1)
    assert found.skipped == {}
    assert found.text(0) == "the fox and the moon\n" * 9
