"""What a newcomer does first: a folder of theirs with ten kinds of files in it, a wake, and a question."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.school.texts.formats.reading import zip_of
from tests.school.texts.formats.test_documents import docx, pdf, run
from tests.school.texts.formats.test_mail import mail
from tests.test_wakeup import ROOT, wakeup

WHO = ["my sister", "the fox", "our neighbour", "the old teacher", "grandmother", "the cat", "a boy with a drum"]
DID = ["walked to", "painted", "sang about", "dreamed of", "looked for", "laughed at", "wrote to me about", "waited by"]
WHAT = ["the harbour", "a red kettle", "the garden wall", "the winter market", "a paper boat", "the last tram"]
WHEN = ["before breakfast", "while it rained", "all through March", "when the lamps went out", "on a slow Sunday"]
PATIENCE = 60  # seconds from the first step to the answer


def sentences(seed: int, count: int = 120) -> list[str]:
    """Of one person: the same words, in another order in each file."""
    rng = random.Random(seed)
    parts = ([rng.choice(row) for row in (WHO, DID, WHAT, WHEN)] for _ in range(count))
    return [f"{' '.join(four)}, and that was day {rng.randrange(10_000)}.".capitalize() for four in parts]


def book(lines: list[str]) -> dict[str, str]:
    page = f"<html><body>{''.join(f'<p>{line}</p>' for line in lines)}</body></html>"
    opf = '<item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>'
    container = '<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>'
    return {"META-INF/container.xml": container, "a.opf": f"<package><manifest>{opf}", "a.xhtml": page}


def folder(home: Path) -> dict[str, str]:
    """A library of ten kinds; the reader of each."""
    said = [sentences(seed) for seed in range(10)]
    chat = "".join(f"18/12/2023, 15:{i % 60:02} - {('Ann', 'Ben')[i % 2]}: {line}\n" for i, line in enumerate(said[6]))
    who = {"from": "Ann", "from_id": "user1", "type": "message"}
    telegram = {"name": "Ben", "type": "personal_chat", "id": 1, "messages": [{"id": i, "text": line} | who
                for i, line in enumerate(said[7])]}  # fmt: skip
    files = {
        "diary.txt": ("plain", "\n".join(said[0])),
        "notes/summer.md": ("markdown", "# Summer\n\n" + "\n\n".join(said[1])),
        "page.html": ("html", "".join(f"<p>{line}</p>" for line in said[2])),
        "story.docx": ("docx", docx("".join(f"<w:p>{run(line)}</w:p>" for line in said[3]))),
        "printed.pdf": ("pdf", pdf(said[4][:40], said[4][40:80], said[4][80:])),
        "book.epub": ("epub", zip_of(book(said[5]))),
        "WhatsApp Chat with Ben.txt": ("whatsapp", chat),
        "result.json": ("telegram", json.dumps(telegram)),
        "days.csv": ("table", "date,text\n" + "".join(f'2024,"{line}"\n' for line in said[8])),
        "sent.mbox": ("mail", "".join(mail("Ann <ann@a.example>", line, f"Message-ID: <{i}>")
                                       for i, line in enumerate(said[9]))),
    }  # fmt: skip
    for name, (_, content) in files.items():
        file = home / "library" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {name: reader for name, (reader, _) in files.items()}


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


@pytest.mark.trial
def test_an_answer_in_their_words_within_a_minute(tmp_path: Path):
    """All ten are learned, and within a minute of its first step it answers in words of the folder; `library list`
    shows every file."""
    readers = folder(tmp_path)
    how = ["--set", "brain.preset=newborn", "--set", 'library.speaker=["Ann"]', "--set", "machine.threads=1"]
    command = [sys.executable, "-u", str(ROOT / "wakeup.py"), "--home", str(tmp_path), *how]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, text=True, cwd="/", **pipes)
    told: list[str] = []

    def until(begins: str) -> str:
        while not (told and told[-1].startswith(begins)):
            line = process.stdout.readline()
            assert line, "".join(told)
            told.append(line)
        return told[-1]

    try:
        until("step 1 ")
        first = time.monotonic()
        time.sleep(PATIENCE / 2)
        process.stdin.write("what did my sister do?\n")
        process.stdin.flush()
        answer = until("baby:").removeprefix("baby:")
        seconds = time.monotonic() - first
    finally:
        process.terminate()
        rest = process.communicate(timeout=120)[0]
    print("".join(told), rest, sep="\n")
    assert seconds < PATIENCE
    known = words_of(" ".join(WHO + DID + WHAT + WHEN) + " and that was day")
    said = re.findall(r"[a-z]+", answer.lower())
    assert len(said) >= 3
    assert sum(word in known for word in said) >= 0.8 * len(said), answer
    assert "skipped" not in "".join(told)
    listed = json.loads(wakeup(tmp_path, "library", "list", "--json", "--set", 'library.speaker=["Ann"]').stdout)
    assert listed["skipped"] == {}
    assert {row["name"]: row["reader"] for row in listed["texts"]} == readers
    assert all(row["words"] > 500 and 0.01 < row["share"] < 0.5 for row in listed["texts"])
