"""How fast each kind of file is read, and how much memory that takes, on files that are made for it.

    python -m benchmarks.intake --megabytes 20
    python -m benchmarks.intake --gigabytes 2 --files 10000 --text FOLDER

Every kind is read in a process of its own: from the file to text that is ready to be cut and made into tokens. MB/s are
megabytes of the file for each second of one core; ``memory`` is what the process grew by at most, and ``words`` says
that the same came out of all. The text is the starter shelf, again and again. The second form takes in a whole library,
see ``large_library.py``: seconds of ``survey`` are those for reading, cleaning, redaction and near copies, ``again`` is
what a wake takes at which nothing is new.
"""

from __future__ import annotations

import argparse
import email.message
import html
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

from benchmarks import large_library
from school.office.foreign import emit
from school.texts.facts import Facts
from school.texts.places import STARTER_SHELF, find_files
from tests.school.texts.formats.test_documents import MC, ODF, W, pdf, run

MEGABYTE = 1_000_000


def lines() -> Iterator[str]:
    """Lines of the starter shelf without end."""
    files = find_files(STARTER_SHELF).files
    return cycle([line for file in files for line in file.read_text("utf-8").split("\n") if line.strip()])


def filled(size: int, make: Callable[[str, int], str]) -> str:
    """About ``size`` letters of what is made of each line."""
    parts, letters = [], 0
    for number, line in enumerate(lines()):
        parts.append(make(line, number))
        letters += len(parts[-1])
        if letters >= size:
            return "".join(parts)
    raise AssertionError


def name(number: int) -> str:
    return ("Ann", "Ben")[number % 3 // 2]


def zipped(**files: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path.replace("__", "/").replace("_", "."), content)
    return stream.getvalue()


def whatsapp(line: str, number: int) -> str:
    return f"18/12/2023, {number // 60 % 24:02}:{number % 60:02} - {name(number)}: {line}\n"


def telegram(line: str, number: int) -> str:
    who = {"from": name(number), "from_id": f"user{number % 3 // 2}", "date_unixtime": "1704103200"}
    parts = [{"type": "plain", "text": line}]
    return json.dumps({"id": number, "type": "message", "text": line, "text_entities": parts} | who) + ",\n"


def discord(line: str, number: int) -> str:
    who = {"id": "1", "name": name(number), "nickname": name(number), "isBot": False}
    return json.dumps({"id": str(number), "type": "Default", "content": line, "author": who, "embeds": []}) + ",\n"


def lesson(line: str, number: int) -> str:
    turns = [{"role": "user", "content": line}, {"role": "assistant", "content": line}]
    return json.dumps({"messages": turns}) + "\n"


def mail(line: str, number: int) -> str:
    message = email.message.EmailMessage()
    message["From"], message["Message-ID"] = "ann@a.example", f"<{number}>"
    message.set_content(f"{line}\n\nOn Monday Ben wrote:\n> {line}\n")
    return f"From ann\n{message}\n\n"


def json_of(before: str, make: Callable[[str, int], str]) -> Callable[[int], bytes]:
    return lambda size: (before + filled(size, make).rstrip(",\n") + "]}").encode()


def text_of(make: Callable[[str, int], str], before: str = "", after: str = "") -> Callable[[int], bytes]:
    return lambda size: (before + filled(size, make) + after).encode()


def docx(size: int) -> bytes:
    body = filled(size, lambda line, _: f"<w:p>{run(html.escape(line))}</w:p>")
    return zipped(word__document_xml=f"<w:document {W} {MC}><w:body>{body}</w:body></w:document>")


def odt(size: int) -> bytes:
    body = filled(size, lambda line, _: f"<text:p>{html.escape(line)}</text:p>")
    return zipped(content_xml=f"<office:document-content {ODF}>{body}</office:document-content>")


def book(size: int) -> bytes:
    pages = zip(range(max(1, size // 50_000)), lines(), strict=False)
    chapters = {
        f"c{number}_xhtml": "<html><body>"
        + filled(50_000, lambda line, _: f"<p>{html.escape(line)}</p>")
        + "</body></html>"
        for number, _ in pages
    }
    items = "".join(f'<item id="{one}" href="{one.replace("_", ".")}"/>' for one in chapters)
    spine = "".join(f'<itemref idref="{one}"/>' for one in chapters)
    return zipped(
        **{"META-INF/container_xml": '<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>'},
        a_opf=f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>",
        **chapters,
    )


def pages(size: int) -> bytes:
    pieces = filled(size, lambda line, _: f"{line[:90]}\n").encode("ascii", "replace").decode()
    rows = [row.translate({40: None, 41: None, 92: None}) for row in pieces.split("\n")]
    return pdf(*(rows[start : start + 45] for start in range(0, len(rows), 45)))


def western(size: int) -> bytes:
    """As an old program would have written it."""
    return filled(size, lambda line, _: f"{line} Äpfel\n").encode("cp1252", "replace")


def note(line: str, _: int) -> str:
    page = f"<en-note><div>{html.escape(line)}</div></en-note>"
    return f"<note><title>a</title><content><![CDATA[{page}]]></content></note>"


def texts(size: int) -> bytes:
    return zipped(**{f"{i}_txt": filled(size // 10, lambda line, _: f"{line}\n") for i in range(10)})


def paragraph(line: str, _: int) -> str:
    return f"<p>{html.escape(line)} <b>so</b></p>\n"


KINDS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "plain": ("a.txt", text_of(lambda line, _: f"{line}\n")),
    "plain, cp1252": ("a.txt", western),
    "markdown": ("a.md", text_of(lambda line, i: f"{'# ' * (i % 20 == 0)}{line} [[note|{name(i)}]]\n\n")),
    "html": ("a.html", text_of(paragraph, "<html><body>", "</body></html>")),
    "rtf": ("a.rtf", text_of(lambda line, _: f"{line}\\par\n", "{\\rtf1\\ansi ", "}")),
    "docx": ("a.docx", docx),
    "odt": ("a.odt", odt),
    "epub": ("a.epub", book),
    "pdf": ("a.pdf", pages),
    "subtitles": ("a.srt", text_of(lambda line, i: f"{i}\n00:00:01,000 --> 00:00:02,000\n{line}\n\n")),
    "table": ("a.csv", text_of(lambda line, _: '2024,"' + line.replace('"', '""') + '"\n', "date,text\n")),
    "mail": ("a.mbox", text_of(mail)),
    "evernote": ("a.enex", text_of(note, "<en-export>", "</en-export>")),
    "whatsapp": ("a.txt", text_of(whatsapp)),
    "irc": ("a.log", text_of(lambda line, i: f"[10:{i % 60:02}] <{name(i)}> {line}\n")),
    "telegram": ("a.json", json_of('{"name": "Ben", "type": "personal_chat", "id": 1, "messages": [', telegram)),
    "discord": ("a.json", json_of('{"guild": {}, "channel": {}, "exportedAt": "", "messages": [', discord)),
    "conversations": ("a.jsonl", text_of(lesson)),
    "zip of texts": ("a.zip", texts),
}


def read_one(kind: str, size: int) -> dict[str, float]:
    """In this process: what it takes to read a file of a kind."""
    from school.texts.overview import words_in
    from school.texts.prepare import prepared
    from school.texts.survey import read_alone

    file, make = KINDS[kind]
    with tempfile.TemporaryDirectory(prefix="intake-") as folder:
        path = Path(folder, file)
        maker = [
            sys.executable,
            "-m",
            "benchmarks.intake",
            "--make",
            kind,
            str(path),
            "--megabytes",
            str(size / MEGABYTE),
        ]
        subprocess.run(maker, check=True)
        facts = Facts(speaker=("Ann",))
        read_alone(STARTER_SHELF / "letters.txt", facts)  # so that what is loaded late is there
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.process_time()
        format_, content = read_alone(path, facts)
        ready = prepared(content, facts, file)
        seconds = time.process_time() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        bytes_ = path.stat().st_size
    return {
        "kind": kind,
        "reader": format_.name,
        "megabytes": round(bytes_ / MEGABYTE, 1),
        "megabytes_of_text": round(len(ready.text.encode()) / MEGABYTE, 1),
        "per_second": round(bytes_ / MEGABYTE / seconds, 1),
        "text_per_second": round(len(ready.text.encode()) / MEGABYTE / seconds, 1),
        "memory_megabytes": round(memory / 1000),
        "words": words_in(ready.text),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--megabytes", type=float, default=10.0, help="size of each file's content")
    options.add_argument("--kind", choices=KINDS, action="append", help="only this one")
    options.add_argument("--one", choices=KINDS, help="read one kind in this process")
    options.add_argument("--make", nargs=2, metavar=("KIND", "FILE"), help="only make a file")
    options.add_argument("--json", action="store_true", help="print one JSON line for each kind")
    options.add_argument("--gigabytes", type=float, help="make a library of that size, and measure how it is taken in")
    options.add_argument("--files", type=int, default=10_000, help="that it has")
    options.add_argument("--text", type=Path, metavar="FOLDER", help="of .txt files that its sentences come from")
    options.add_argument("--run", type=Path, metavar="HOME", help="take in the library of a home in this process")
    given = options.parse_args()
    if given.run:
        emit(json.dumps(large_library.run(given.run)), sys.stdout)
        return
    if given.gigabytes:
        with tempfile.TemporaryDirectory(prefix="intake-") as home:
            told = large_library.measure(Path(home), int(given.gigabytes * 1e9), given.files, given.text)
        emit(json.dumps(told) if given.json else "\n".join(f"{k:26} {v:>12,}" for k, v in told.items()), sys.stdout)
        return
    size = int(given.megabytes * MEGABYTE)
    if given.make:
        kind, path = given.make
        Path(path).write_bytes(KINDS[kind][1](size))
        return
    if given.one:
        emit(json.dumps(read_one(given.one, size)), sys.stdout)
        return
    if not given.json:
        emit(f"{'kind':16} {'file':>8} {'text':>8} {'file/s':>9} {'text/s':>9} {'memory':>8}", sys.stdout)
    for kind in given.kind or KINDS:
        command = [sys.executable, "-m", "benchmarks.intake", "--one", kind, "--megabytes", str(given.megabytes)]
        one = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        if given.json:
            emit(json.dumps(one), sys.stdout)
            continue
        sizes = f"{one['megabytes']:>5} MB {one['megabytes_of_text']:>5} MB"
        speeds = f"{one['per_second']:>4} MB/s {one['text_per_second']:>4} MB/s"
        emit(f"{kind:16} {sizes} {speeds} {one['memory_megabytes']:>5} MB", sys.stdout)


if __name__ == "__main__":
    main()
