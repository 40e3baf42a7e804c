"""What leaves the record for other programs: TensorBoard's files, decoded here by another reading of the formats; CSV;
and Datasette's questions."""

from __future__ import annotations

import csv
import io
import json
import math
import sqlite3
import struct
from functools import cache
from pathlib import Path

import pytest

import wakeup
from school.report.tensorboard import crc32c

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("data", "sum_"),
    [
        (b"123456789", 0xE3069283),  # the check value of CRC-32/ISCSI
        (bytes(32), 0x8A9136AA),  # these are RFC 3720, B.4
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_the_checksum_is_crc_32c(data, sum_):
    assert crc32c(data) == sum_


@cache  # lengths come back
def bitwise(data: bytes) -> int:
    """CRC-32C as division of polynomials, bit by bit and without a table; masked as a TFRecord's is."""
    rest = 0xFFFFFFFF
    for byte in data:
        for place in range(8):
            bit = (rest ^ byte >> place) & 1
            rest = rest >> 1 ^ (0x82F63B78 if bit else 0)
    rest ^= 0xFFFFFFFF
    return ((rest >> 15) + ((rest & 0x7FFF) << 17) + 0xA282EAD8) % 2**32


def records(raw: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(raw):
        (length,) = struct.unpack_from("<Q", raw, at)
        assert struct.unpack_from("<I", raw, at + 8) == (bitwise(raw[at : at + 8]),)
        data = raw[at + 12 : at + 12 + length]
        assert len(data) == length
        if len(found) < 12:  # bit by bit takes its time
            assert struct.unpack_from("<I", raw, at + 12 + length) == (bitwise(data),)
        found.append(data)
        at += 16 + length
    assert at == len(raw)
    return found


def number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return value, at


def message(data: bytes) -> list[tuple[int, object]]:
    """The fields of a protobuf message: numbers, and what they hold."""
    fields, at = [], 0
    while at < len(data):
        key, at = number(data, at)
        kind = key & 7
        if kind == 0:
            value, at = number(data, at)
        elif kind == 1:
            (value,), at = struct.unpack_from("<d", data, at), at + 8
        elif kind == 5:
            (value,), at = struct.unpack_from("<f", data, at), at + 4
        else:
            assert kind == 2
            size, at = number(data, at)
            value, at = data[at : at + size], at + size
        fields.append((key >> 3, value))
    return fields


@pytest.fixture
def events(home, tmp_path, capsys) -> list[tuple[float, int, dict[str, float]]]:
    """Wall time, step and values of each event of an export."""
    folder = tmp_path / "tb"
    assert wakeup.main(["--home", str(home), "stats", "export", "--tensorboard", str(folder), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (file,) = folder.iterdir()
    assert str(file) == said["file"]
    assert ".tfevents." in file.name
    first, *rest = map(message, records(file.read_bytes()))
    assert dict(first)[3] == b"brain.Event:2"
    found = []
    for event in map(dict, rest):
        values = [dict(message(value)) for field, value in message(event[5]) if field == 1]
        found.append((event[1], event[2], {value[1].decode(): value[2] for value in values}))
    assert said["values"] == sum(len(values) for _, _, values in found)
    return found


def test_tensorboard_gets_what_is_recorded(home, events):
    """Every lesson's and answer's row, every examination, with step, time and values."""
    db = sqlite3.connect(home / "statistics" / "baby.db")
    lessons = {step: (wall, values) for wall, step, values in events if "lessons/loss" in values}
    seconds = "(julianday(at) - 2440587.5) * 86400"
    rows = db.execute(f"select step, {seconds}, loss, red, tokens / seconds from steps").fetchall()
    assert len(lessons) == len(rows)
    for step, at, loss, red, speed in rows:
        wall, values = lessons[step]
        assert wall == pytest.approx(at, abs=0.01)
        assert values["lessons/loss"] == pytest.approx(loss, rel=1e-6)
        assert values["lessons/red"] == pytest.approx(red, rel=1e-6)
        assert values["lessons/tokens_per_second"] == pytest.approx(speed, rel=1e-6)
    exams = {step: values for _, step, values in events if "examinations/held_out" in values}
    rows = db.execute("select step, bits_per_byte, json_extract(gauges, '$.window7') from evaluations").fetchall()
    first = db.execute("select min(step) from steps").fetchone()[0]
    assert set(exams) == {step for step, *_ in rows if step >= first}
    for step, bits, window in rows:
        if step in exams:
            assert exams[step]["examinations/held_out"] == pytest.approx(bits, rel=1e-6)
            assert exams[step]["tuned/window7"] == pytest.approx(window, rel=1e-6)
    answers = [values for _, _, values in events if "answers/answer_seconds" in values]
    assert len(answers) == db.execute("select count(*) from replies").fetchone()[0]
    db.close()


def test_csv_has_the_same(home, events, capsys):
    assert wakeup.main(["--home", str(home), "stats", "export", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    told = [(row["statistic"], int(row["step"]), float(row["value"])) for row in rows]
    written = [(name, step, value) for _, step, values in events for name, value in values.items()]
    assert len(told) == len(written)
    for (name, step, value), (other, at, single) in zip(told, written, strict=True):
        assert (name, step) == (other, at)
        assert math.isclose(single, value, rel_tol=1e-6, abs_tol=1e-12)


def test_datasettes_questions_are_answered(home):
    """Each canned query reads, only reads, and finds something; tables that are named are there."""
    known = json.loads((ROOT / "extras" / "datasette" / "metadata.json").read_text("utf-8"))["databases"]["baby"]
    db = sqlite3.connect(f"{(home / 'statistics' / 'baby.db').as_uri()}?mode=ro", uri=True)
    tables = {name for (name,) in db.execute("select name from sqlite_master where type = 'table'")}
    assert set(known["tables"]) <= tables
    for name, table in known["tables"].items():
        columns = {row[1] for row in db.execute(f"pragma table_info([{name}])")}
        named = {*table.get("facets", []), *table.get("sortable_columns", [])}
        assert named | {table.get("sort_desc") or table.get("sort") or next(iter(columns))} <= columns
    for name, query in known["queries"].items():
        values = {"words": "soup", "day": "2025-12-03"}
        assert db.execute(query["sql"], values).fetchall(), name
        assert query["title"]
        assert query["description"]
    db.close()
