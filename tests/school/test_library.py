"""The command `library`: files go in and out, what is said about them is kept, and a file can be looked at before."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from bots.command_line import parse
from school import library
from school.door.events import Taught
from school.office.mistakes import Mistake
from school.settings import SchoolSettings
from school.texts.facts import NAME
from school.texts.keeping import BIN
from school.texts.overview import newest_tokenizer
from school.texts.places import STARTER_SHELF
from school.texts.tokenizer import Tokenizer

CHAT = "18/12/2023, 15:57 - Ann: hi\n18/12/2023, 15:58 - Ben: hello\n18/12/2023, 15:59 - Ann: soup?\n"


class Home:
    """A home, and the command in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture):
        self.folder, self.library, self._capsys = folder / "home", folder / "home" / "library", capsys
        self.settings = SchoolSettings.model_validate({"library": {"starter": "never"}})
        self.library.mkdir(parents=True)

    def __call__(self, *words: str | Path) -> SimpleNamespace:
        self._capsys.readouterr()
        options = parse(["library", *map(str, words)])
        status = library.run(self.settings, self.folder, options)
        out, err = self._capsys.readouterr()
        return SimpleNamespace(status=status, out=out, err=err)

    def json(self, *words: str | Path) -> dict:
        return json.loads(self(*words, "--json").out)


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture) -> Home:
    return Home(tmp_path, capsys)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "notes" / "deep").mkdir(parents=True)
    (folder / "chat.txt").write_text(CHAT)
    (folder / "notes" / "a.md").write_text("# Soup\n\nIt rained and the fox slept.\n")
    (folder / "notes" / "deep" / "b.txt").write_text("The moon was out, and so was I.\n")
    (folder / "notes" / "c.png").write_bytes(b"\x89PNG")
    return folder


def test_files_are_copied(home: Home, files: Path):
    """A file, and whatever can be read in a folder, with its folders; what can't be read is told."""
    told = home("add", files / "chat.txt", files / "notes").out
    names = {path.relative_to(home.library).as_posix() for path in home.library.rglob("*.*") if path.name != NAME}
    assert names == {"chat.txt", "notes/a.md", "notes/deep/b.txt"}
    assert "a.md: 8 words, read as markdown" in told
    assert "skipped c.png: .png files can't be read here" in told
    assert (home.library / "chat.txt").read_text() == CHAT


def test_a_text_is_shown_as_it_is_listed(home: Home, files: Path):
    """By its name in the list or by its path, and with what the list says of it; what comes with the program, too."""
    home.settings = SchoolSettings()
    name = next(path.name for path in STARTER_SHELF.glob("*.txt"))
    assert not any(text["private"] for text in home.json("list")["texts"])
    shelf = home("show", f"starter/{name}").out
    assert "public, weight 1" in shelf
    assert home("show", STARTER_SHELF / name).out == shelf
    home("add", files / "notes")
    assert home("show", home.library / "notes" / "a.md").out == home("show", "notes/a.md").out


def test_who_one_is_in_a_chat(home: Home, files: Path):
    """Where nobody knows, it is skipped, and the line says what to type; once said, it is learned."""
    (files / "deep").mkdir()
    (files / "deep" / "b.txt").write_text(CHAT)
    (files / "deep" / "c.docx").write_bytes(b"PK broken")
    deep = home("add", files / "deep").out
    assert '"deep/b.txt" --speaker NAME' in deep
    assert "skipped deep/c.docx: it is damaged or cut short (File is not a zip file).\n" in deep
    home("remove", "deep")
    told = home("add", files / "chat.txt").out
    assert "not learned yet: which of Ann, Ben are you? Say it once: " in told
    assert re.search(r'library add.* "chat.txt" --speaker NAME', told)
    assert home.json("list")["skipped"].keys() == {"chat.txt"}
    home("add", "chat.txt", "--speaker", "ann")
    (row,) = home.json("list")["texts"]
    assert (row["name"], row["reader"], row["words"]) == ("chat.txt", "whatsapp", 3)
    assert "you are: Ann" in home("show", "chat.txt").out


def test_it_asks_once_where_somebody_can_answer(home: Home, files: Path, monkeypatch: pytest.MonkeyPatch):
    """At a terminal the command asks, and keeps the answer."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked = []
    monkeypatch.setattr("builtins.input", lambda prompt: asked.append(prompt) or "Ben")
    assert "which of Ann, Ben are you?" in home("add", files / "chat.txt").out
    home("add", files / "chat.txt")
    assert asked == ["you are: "]
    assert home.json("show", "chat.txt")["owner"] == ["Ben"]
    for number in range(3):
        (files / "notes" / f"{number}.txt").write_text(CHAT)
    home("add", files / "notes")
    assert len(asked) == 2
    assert home.json("show", "notes/2.txt")["owner"] == ["Ben"]


def test_the_settings_may_say_who_one_is(home: Home, files: Path):
    """For all files of which nothing else was said."""
    home("add", files / "chat.txt")
    home.settings = SchoolSettings.model_validate({"library": {"speaker": ["Ann", "Annie"], "starter": "never"}})
    assert [row["name"] for row in home.json("list")["texts"]] == ["chat.txt"]


def test_what_is_said_is_kept(home: Home, files: Path):
    """Of a file, or of a folder and all that is in it; a file's own word counts more; the rest stays as it was."""
    home("add", files / "notes", "--public", "--weight", "2")
    home("add", "notes/a.md", "--weight", "0.5")
    rows = {row["name"]: row for row in home.json("list")["texts"]}
    assert [(name, row["private"], row["weight"]) for name, row in sorted(rows.items())] == [
        ("notes/a.md", False, 0.5),
        ("notes/deep/b.txt", False, 2.0),
    ]
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    home("add", home.library / "notes" / "a.md", "--private")
    assert home.json("show", "notes/a.md")["facts"] == {
        "private": True, "weight": 0.5, "speaker": [], "taken_as": "", "column": "", "context": True,
    }  # fmt: skip


def test_another_file_of_the_same_name(home: Home, files: Path):
    """It is not overwritten; the same once more changes nothing."""
    home("add", files / "chat.txt")
    home("add", files / "chat.txt")
    (files / "chat.txt").write_text("something else\n")
    with pytest.raises(Mistake, match=r"chat\.txt: the library has another file of this name"):
        home("add", files / "chat.txt")
    assert (home.library / "chat.txt").read_text() == CHAT


@pytest.mark.parametrize(("name", "why"), [("none.txt", "no such file or folder"), ("notes/c.png", ".png files can't")])
def test_what_can_not_be_added(home: Home, files: Path, name: str, why: str):
    with pytest.raises(Mistake, match=why):
        home("add", files / name)


def test_taking_out(home: Home, files: Path):
    """What was copied is deleted while its original is there; the only copy goes to the library's bin; what was said is
    forgotten, and nothing of it is found any more."""
    home("add", files / "chat.txt", files / "notes", "--speaker", "Ann")
    (files / "notes" / "a.md").unlink()
    (home.library / "own.txt").write_text("Mine alone.\n")
    told = home("remove", "chat.txt", "notes", "own.txt").out
    assert "chat.txt is out of the library.\n" in told
    assert f"notes/a.md is out of the library; the only copy of it that is known is {home.library / BIN}" in told
    assert (home.library / BIN / "own.txt").read_text() == "Mine alone.\n"
    assert not (home.library / BIN / "chat.txt").exists()
    assert json.loads((home.library / NAME).read_text()) == {}
    assert {path.name for path in home.library.iterdir()} == {NAME, BIN}
    with pytest.raises(Mistake, match="no such file"):
        home("remove", "chat.txt")
    with pytest.raises(Mistake, match="nothing in the library"):
        home("list")


def test_a_preview_in_json(home: Home, files: Path):
    """What other programs rely on: these keys, whatever the file."""
    assert home.json("preview", files / "chat.txt") == {
        "file": str(files / "chat.txt"),
        "reader": "whatsapp",
        "encoding": "utf-8",
        "text": "Ann: hi\nBen: hello\nAnn: soup?\n",
        "turns": [
            {"speaker": "Ann", "text": "hi"},
            {"speaker": "Ben", "text": "hello"},
            {"speaker": "Ann", "text": "soup?"},
        ],
        "dropped": {},
    }
    assert not any(home.library.iterdir())


@pytest.mark.parametrize(("encoding", "name"), [("utf-8", "utf-8"), ("utf-16", "utf-16-le"), ("utf-8-sig", "utf-8")])
def test_a_preview_of_a_plain_text(home: Home, tmp_path: Path, encoding: str, name: str):
    """Letter by letter what is learned, with turns where it has any."""
    text = "Füchse äßen Süßes.\n\nyou: hi\nbaby: hello\nyou\n\nEnd.\n"
    (tmp_path / "a.txt").write_bytes(text.replace("\n", "\r\n").encode(encoding))
    found = home.json("preview", tmp_path / "a.txt")
    assert (found["text"], found["reader"], found["encoding"]) == (text, "plain", name)
    assert found["turns"] == [{"speaker": "you", "text": "hi"}, {"speaker": "baby", "text": "hello\nyou"}]
    assert home.json("preview", tmp_path / "a.txt", "--as", "prose")["turns"] == []


def test_a_preview_for_people(home: Home, files: Path):
    """The text, and beside it what was left out, and its tokens as soon as there are letters."""
    (files / "a.md").write_text("---\na: b\n---\na fox and a fox <!-- no -->\n")
    soul = home.folder / "soul" / "step-000000000001"
    shown = home("preview", files / "a.md")
    assert shown.out == "a fox and a fox\n\n"
    assert "left out: front matter (1), comment (1)" in shown.err
    assert "tokens" not in shown.err
    soul.mkdir(parents=True)
    tokenizer = Tokenizer.train(["a fox and a moon"] * 5, vocabulary=300, minimum_frequency=2)
    (soul / "tokenizer.json").write_text(tokenizer.to_json())
    (home.folder / "soul" / "step-000000000002").mkdir()
    assert newest_tokenizer(home.folder).fingerprint == tokenizer.fingerprint
    assert "<document>|a| fox| and| a| fox" in home("preview", files / "a.md").err


def test_headings_as_conversations(home: Home, tmp_path: Path):
    """What headings ask, the text answers; the library keeps it so."""
    (tmp_path / "faq.md").write_text("# What is soup?\n\nWater that met a carrot.\n")
    turns = [{"speaker": "you", "text": "What is soup?"}, {"speaker": "baby", "text": "Water that met a carrot."}]
    assert home.json("preview", tmp_path / "faq.md", "--as", "conversations")["turns"] == turns
    home("add", tmp_path / "faq.md", "--as", "conversations")
    assert home.json("show", "faq.md")["turns"] == turns


def test_conversations_for_other_programs(home: Home, files: Path):
    """A line each, the owner's part as the assistant's; they can be read again."""
    (home.library / "talk.txt").write_text("you: hi\nbaby: hello\n")
    home("add", files / "chat.txt", files / "notes", "--speaker", "Ann")
    lines = home("export", "--jsonl").out
    assert [json.loads(line)["messages"] for line in lines.splitlines()] == [
        [
            {"role": "assistant", "content": "hi"},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "soup?"},
        ],
        [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}],
    ]
    (files / "again.jsonl").write_text(lines)
    assert len(home.json("preview", files / "again.jsonl")["turns"]) == 5


@pytest.mark.parametrize("words", ["", "frob", "add", "add a --weight 0", "add a --weight 101", "export", "show"])
def test_what_is_typed_wrongly(words: str, capsys: pytest.CaptureFixture):
    """A line, and status 2."""
    with pytest.raises(SystemExit) as leaving:
        parse(["library", *words.split()])
    assert leaving.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def lived(home: Home) -> str:
    """A baby lived here, learned own.txt and quoted it; returns what it said."""
    from school.record.pages import Line, Page, put
    from school.record.schema import connect
    from school.record.sources import Tally, note, shelve
    from school.texts.news import write_library

    (home.library / "own.txt").write_text("My own secret soup has seven carrots and one onion.\n" * 40)
    for folder in ("statistics/letters", "soul/tokens", "soul/step-000000012"):
        (home.folder / folder).mkdir(parents=True)
    (home.folder / "soul" / "tokens" / "library.tokens").write_bytes(b"tokens")
    write_library(home.folder / "soul" / "library.json", {"own.txt": "a", "b.txt": "b"}, print)
    db = connect(home.folder / "statistics" / "baby.db")
    learned = [SimpleNamespace(name=f"{name}.txt", sha256=sha, size=9, learn=[0] * 9, held_out=[]) for name, sha in OWN]
    shelve(db, learned, "2026-03-01T00:00:00Z")
    tally = Tally()
    tally.add(1, [Taught(sha256="a", tokens=18, bytes=40, nats=80.0)])
    note(db, tally.take())
    lines = (Line("It rained."), Line("I read own.", texts=("own.txt",)))
    page = Page(
        kind="day", day="2026-03-01", at="2026-03-01T23:59:00Z", lines=lines, facts={"texts": ["own.txt", "b.txt"]}
    )
    put(db, page)
    said = "well, my own secret soup has seven carrots, or more"
    db["messages"].insert({"id": "m", "text": "soup?"})
    db["replies"].insert_all(
        [{"id": "1", "message_id": "m", "text": said}, {"id": "2", "message_id": "m", "text": "no"}]
    )
    db.conn.commit()
    db.close()
    return said


OWN = (("own", "a"), ("b", "b"))


def test_showing_how_a_text_was_taught(home: Home):
    lived(home)
    assert (
        "taught in 1 lesson, 2.0 times all of it; 2.89 bits per byte at first, 2.89 now\n"
        in home("show", "own.txt").out
    )
    assert home.json("show", "own.txt")["taught"]["lessons"] == 1
    (home.library / "new.txt").write_text("Hello.\n")
    assert "not taught yet, as far as its record tells\n" in home("show", "new.txt").out


def test_what_was_made_of_a_text_goes_with_it(home: Home):
    """Its lessons, what the diary said of it by name, its tokens, its name; what stays is told."""
    lived(home)
    told = home("remove", "own.txt").out
    assert (
        "Gone from its record, too: 1 lesson of it, and what 1 page of diary and letters said of it by name.\n" in told
    )
    assert "1 answer in the record says eight words of it in a row" not in told  # it says seven
    assert "the weights (1 soul) keep traces of it" in told
    record = (home.folder / "statistics" / "baby.db").read_bytes()
    assert b"own.txt" not in record
    assert b"I read own" not in record
    assert b"It rained." in record
    assert not list((home.folder / "soul" / "tokens").iterdir())
    assert json.loads((home.folder / "soul" / "library.json").read_text()) == {"b.txt": "b"}
    with pytest.raises(Mistake, match="no such file"):
        home("remove", "own.txt")


def test_answers_that_quote_a_text_are_counted(home: Home):
    lived(home)
    (home.library / "own.txt").write_text("Well my OWN secret soup has seven carrots. And more of it.\n" * 40)
    found = home.json("remove", "own.txt")
    assert (found["names"], found["answers"], found["lessons"], found["pages"]) == (["own.txt"], 1, 1, 1)


def test_a_text_that_is_gone_is_taken_out_of_the_record(home: Home):
    """Somebody deleted the file before."""
    lived(home)
    (home.library / "own.txt").unlink()
    assert home.json("remove", "own.txt")["lessons"] == 1
    with pytest.raises(Mistake, match="no such file"):
        home("remove", "own.txt")
