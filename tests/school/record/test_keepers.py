"""Who keeps what people say, read off the code, the record and the home: whoever is new has to be asked to forget."""

from __future__ import annotations

import ast
import re
from contextlib import ExitStack
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
from sqlite_utils import Database

from bots.chat.host import Host
from school.door import forgetting
from school.door.exchanges import Exchanges
from school.door.forgetting import Mind
from school.record.registrar import Registrar
from school.record.schema import connect
from school.souls.removal import SavedSouls
from tests.school.record.test_removal import ANN, BOB, day, files_with, opened, talk, teach

ROOT = Path(__file__).resolve().parents[3]
WORDS = r"Verdict|Ask|Teach|Exchange|Pair|Review|_Speaking|Conversation|Line|Reply|Page|Request"
HOLDS = re.compile(rf"(dict|list|deque|set|OrderedDict|\w*Cache|SimpleQueue|Queue)\[.*\b({WORDS})\b")

# Whoever keeps words in memory, or has a verb to forget them, and the keeper that the coordinator asks on their behalf.
REACHED = {
    "school/door/exchanges.py:Exchanges": Exchanges,
    "school/door/forgetting.py:Mind": Mind,
    "school/teaching/reviews.py:Reviews": Mind,
    "school/teaching/taste.py:Taste": Mind,
    "school/teaching/tutor.py:Tutor": Mind,
    "school/teaching/verdicts.py:Verdicts": Mind,
    "school/talking/receptionist.py:Receptionist": Mind,
    "school/talking/conversations.py:Conversations": Mind,
    "school/talking/recall.py:Recall": Mind,
    "school/record/registrar.py:Registrar": Registrar,
    "school/souls/caretaker.py:Caretaker": SavedSouls,
    "school/souls/removal.py:SavedSouls": SavedSouls,
    "bots/chat/answers.py:Answers": Host,
    "bots/chat/quarantine.py:Quarantine": Host,
    "bots/chat/tasks.py:Tasks": Host,
    "bots/chat/trust.py:Trust": Host,
    "bots/chat/host.py:Host": Host,
}
PASSING = {  # what only hands on
    "school/door/forgetting.py:Removable": "a protocol",
    "school/door/forgetting.py:Forgetting": "the coordinator",
    "school/door/school.py:School": "asks the coordinator",
    "bots/chat/speaker.py:Speaker": "lines only while something is said about them, by tasks that a removal ends",
    "school/talking/talker.py:Talker": "hands the receptionist what it hears, in order",
    "bots/web/hub.py:Hub": "what is on its way to pages that are open; who doesn't take it within moments is let go",
    "bots/room/wire.py:RoomWire": "a platform, whose transcript is its moderators' own",
    "school/door/mailbox.py:Mailbox": "whatever waits there is opened in order, the questions before who forgets them",
}

# Tables of the record. Words and ids of people go by a removal; the rest says why it may stay.
EMPTIED = {"messages", "replies", "feedback", "pairs", "comments"}
STAYING = {
    "diary": "lines that name or quote somebody are taken out of its pages",
    "consents": "the ledger: ids and dates, so that nobody is taken for having agreed",
    "runs": "settings",
    "steps": "figures",
    "evaluations": "figures",
    "sources": "names of the owner's own texts, and figures; `library remove` takes out its own",
    "events": "what the program did",
    "lifetime": "what time it was",
    "_sqlite_migrations": "names of migrations",
    "sqlite_sequence": "SQLite's",
    "sqlite_stat1": "SQLite's",
}

# Files of a home, and who takes words out of them.
FILES = {
    "statistics/baby.db*": Registrar,
    "statistics/letters/*.md": Registrar,
    "soul/step-*/*": SavedSouls,
    "soul/backups/step-*/*": SavedSouls,
    "soul/damaged/*": SavedSouls,
    "soul/conversations/*.safetensors": Mind,
    "statistics/owed.*": "ids of who is still to be forgotten",
    "statistics/baby.log*": "lines of the program's own",
    "statistics/baby.jsonl*": "lines of the program's own",
    "soul/lock": "nothing",
    "soul/doing.json": "what the holder of the lock does",
    "soul/awake.sock": "a way to the one that is awake",
    "soul/library.json": "names and digests of the owner's texts",
    "soul/backups.json": "names of folders",
    "soul/private.runs": "hashes of the owner's texts, made anew at waking when those change",
    "soul/redaction.key": "chance",
    "soul/tokens/*": "the owner's texts; what leaves the library is swept at waking",
    "soul/tokenizer.json": "pieces of the owner's texts",
    "library/*": "the owner's texts",
}


@cache
def classes() -> dict[str, ast.ClassDef]:
    files = [file for room in ("school", "bots") for file in sorted((ROOT / room).rglob("*.py"))]
    found = {file: ast.walk(ast.parse(file.read_text("utf-8"))) for file in files}
    return {
        f"{file.relative_to(ROOT).as_posix()}:{node.name}": node
        for file, nodes in found.items()
        for node in nodes
        if isinstance(node, ast.ClassDef)
    }


def keeps_words(node: ast.ClassDef) -> bool:
    """Whether it can forget, or holds several of what people say, as its annotations tell."""
    verbs = {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
    held = [ast.unparse(part.annotation) for part in ast.walk(node) if isinstance(part, ast.AnnAssign)]
    return bool(verbs & {"forget", "remove_person"}) or any(HOLDS.search(kind) for kind in held)


def test_whoever_keeps_words_is_known():
    """A new class that holds what people say, or forgets something, has to be put under a keeper that is asked."""
    keepers = {name for name, node in classes().items() if keeps_words(node)}
    if protocol := "school/door/school.py:Record":
        keepers.discard(protocol)
    assert keepers == REACHED.keys() | PASSING.keys()


def test_every_keeper_is_asked(tmp_path):
    """In a school that is awake the coordinator asks all of them; whoever says what they keep is one."""
    say_so = {
        name
        for name, node in classes().items()
        for part in node.body
        if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "keeps"
    }
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "diary.txt").write_text("today it rained and the cat slept. i made soup.\n" * 100)
    with ExitStack() as closing:
        asked = {type(keeper) for keeper in opened(tmp_path, closing).school.forgetting.keepers}
    assert asked == {keeper for keeper in REACHED.values() if keeper is not Host}  # a surface forgets what waits there
    assert {f"{one.__module__.replace('.', '/')}.py:{one.__name__}" for one in asked} == say_so


def test_every_table_is_known(tmp_path):
    """A new table of the record has to be emptied by a removal, or say why it may stay."""
    db = connect(tmp_path / "baby.db")
    tables = {name for name in db.table_names() if "_fts" not in name}
    searched = {name.partition("_fts")[0] for name in db.table_names() if "_fts" in name}
    db.close()
    assert tables - {"sqlite_stat4"} <= EMPTIED | STAYING.keys()
    assert tables >= EMPTIED
    assert searched <= EMPTIED


@pytest.fixture
def lived(tmp_path) -> Path:
    """A home in which two people talked and taught, with a conversation at rest, a letter, and a backup."""
    with day(tmp_path, "--set", "speech.conversations=1") as awake:
        for person in (BOB, ANN, BOB):
            talk(awake, person)
            teach(awake, person)
        awake.school.feedback(talk(awake, ANN).id, "fix", correction="a quokka", person=ANN)
        awake.registrar.kept(ANN).result(60)
        awake.scribe.write_day(awake.scribe.today()).result(60)
        awake.scribe.write_letter(awake.scribe.today()).result(60)
        assert awake.control.save().result(60)
        assert awake.control.back_up().result(60)
    return tmp_path


def test_every_file_is_known(lived):
    """A new kind of file in a home has to be somebody's who forgets, or say what is in it."""
    files = {file.relative_to(lived).as_posix() for file in lived.rglob("*") if file.is_file()}
    known = {name: [pattern for pattern in FILES if fnmatch(name, pattern)] for name in files}
    assert not [name for name, patterns in known.items() if not patterns]
    seen = {pattern for patterns in known.values() for pattern in patterns}
    owned = {pattern for pattern, keeper in FILES.items() if isinstance(keeper, type)}
    assert owned - seen <= {"soul/damaged/*"}  # the fixture shows each of the others


def test_of_who_is_forgotten_only_the_ledger_is_left(lived, monkeypatch):
    """In no row, no soul, no backup, no conversation and no letter; the other person's are all there."""
    monkeypatch.setattr(forgetting, "PATIENCE_SECONDS", 600.0)  # what a slow disk still owes is not what is asked here
    with day(lived, "--set", "speech.conversations=1") as awake:
        awake.people.withdraw(ANN, "c", "forgotten")
        told = awake.school.forget(person=ANN).result(60)
        assert told.rows >= 6
        assert not told.owed
    db = Database(lived / "statistics" / "baby.db")
    naming = {
        table.name
        for table in db.tables
        if "_fts" not in table.name and any(ANN in str(value) for row in table.rows for value in row.values())
    }
    assert naming == {"consents"}
    assert db["messages"].count_where("person = ?", [BOB]) == 2
    db.close()
    others = {name for name in files_with(lived, b'"' + ANN.encode()) if not name.startswith("baby.db")}
    assert others == set()
