"""Every figure of the report is in the record: each is derived anew here, in other words, and must be the same."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections import Counter
from datetime import datetime, timedelta

import pytest

from school.diary.scoring import goodness
from school.door.values import ME
from school.report.curves import POINTS
from school.report.figures import figures
from school.report.life import opened
from tests.school.report.conftest import CANARIES, NOW

AGREED = {"owner", *(f"twitch:{1000 + n}" for n in (0, 2, 4, 8, 10))}  # 1006 agreed to an earlier wording


@pytest.fixture(scope="module")
def record(home):
    connection = sqlite3.connect(home / "statistics" / "baby.db")
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


def one(record, sql, *values):
    return record.execute(sql, values).fetchone()[0]


def test_the_head(record, told):
    head = told["head"]
    steps = record.execute("select * from steps order by step").fetchall()
    assert head["born_at"] == one(record, "select started_at from runs")
    assert head["wakings"] == 1
    assert head["step"] == steps[-1]["step"]
    assert head["last_at"] == steps[-1]["at"]
    assert head["tokens_seen"] == sum(row["tokens"] * row["span"] for row in steps)
    assert head["seconds_of_lessons"] == pytest.approx(sum(row["seconds"] * row["span"] for row in steps))
    exams = record.execute("select * from evaluations order by step").fetchall()
    best = min(exams, key=lambda row: row["bits_per_byte"])
    assert (head["held_out"], head["held_out_at"]) == (exams[-1]["bits_per_byte"], exams[-1]["at"])
    assert (head["best"], head["best_at"], head["best_step"]) == (best["bits_per_byte"], best["at"], best["step"])
    assert head["color"] == [steps[-1][channel] for channel in ("red", "green", "blue")]
    assert head["age_days"] == pytest.approx((NOW - datetime.fromisoformat(head["born_at"])).total_seconds() / 86400)
    assert head["mood"] in ("calm", "curious", "sleepy", "bored", "hopeful", "proud", "frustrated")


def parts(rows, first, last):
    """The rows by the part of the span that their step is in."""
    found = {}
    for row in rows:
        found.setdefault((row["step"] - first) * min(POINTS, last - first + 1) // (last - first + 1), []).append(row)
    return [found[part] for part in sorted(found)]


def mean(rows, value):
    return sum(value(row) * row["span"] for row in rows) / sum(row["span"] for row in rows)


def test_the_curves_of_lessons(record, told):
    steps = record.execute("select * from steps order by step").fetchall()
    grouped = parts(steps, steps[0]["step"], steps[-1]["step"])
    assert len(grouped) == len(told["lessons"]) == len(told["colors"])
    for group, point, color in zip(grouped, told["lessons"], told["colors"], strict=True):
        assert (point["step"], point["at"]) == (group[-1]["step"], group[-1]["at"]) == (color["step"], color["at"])
        assert point["bits_per_byte"] == pytest.approx(mean(group, lambda row: row["bits_per_byte"]))
        tokens, seconds = (sum(row[name] * row["span"] for row in group) for name in ("tokens", "seconds"))
        assert point["tokens_per_second"] == pytest.approx(tokens / seconds)
        for channel in ("red", "green", "blue"):
            assert color[channel] == pytest.approx(mean(group, lambda row, c=channel: row[c]))


def test_the_curves_of_examinations(record, told):
    first, last = record.execute("select min(step), max(step) from steps").fetchone()
    exams = record.execute("select * from evaluations where step >= ? order by step", [first]).fetchall()
    chosen = [group[-1] for group in parts(exams, first, last)]
    assert [(p["step"], p["at"], p["held_out"], p["remembering"]) for p in told["examinations"]] == [
        (row["step"], row["at"], row["bits_per_byte"], row["remembering"]) for row in chosen
    ]
    assert [tuple(p.values()) for p in told["heard"]] == [
        (row["step"], row["at"], row["known_words"], row["ended"], row["distinct_2"]) for row in chosen
    ]
    gauges = [json.loads(row["gauges"]) for row in chosen]
    assert set(told["tuned"]) == set(gauges[0])
    for name, curve in told["tuned"].items():
        assert curve == [(row["step"], row["at"], found[name]) for row, found in zip(chosen, gauges, strict=True)]
    gains = [row["bits_per_byte"] - row["remembering"] for row in chosen]
    assert told["hippocampus"] == {
        "now": gains[-1], "most": max(gains), "mean": pytest.approx(math.fsum(gains) / len(gains)),
        "examinations": len(gains),
    }  # fmt: skip


def test_the_counts(record, told):
    assert told["library"] == {
        name: one(record, f"select {what} from sources")
        for name, what in (("texts", "count(*)"), ("tokens", "sum(tokens)"), ("bytes", "sum(bytes)"))
    }
    steps = record.execute("select review_tokens, span from steps").fetchall()
    assert told["reviewed_tokens"] == round(math.fsum(row[0] * row[1] for row in steps))
    replies = record.execute("select * from replies").fetchall()
    firsts = [row["first_token_seconds"] for row in replies if row["first_token_seconds"] is not None]
    assert told["talk"] == {
        "questions": one(record, "select count(*) from messages"),
        "answers": len(replies),
        "seconds": pytest.approx(math.fsum(row["seconds"] for row in replies) / len(replies)),
        "first_token_seconds": pytest.approx(math.fsum(firsts) / len(firsts)),
        "ended": sum(row["ending"] == "end" for row in replies),
    }
    events: Counter = Counter()
    for row in record.execute("select kind, times from events"):
        events[row["kind"]] += row["times"]
    assert events["saved"] == 9 * 144
    assert [(row["kind"], row["times"]) for row in told["events"]] == sorted(
        events.items(), key=lambda e: (-e[1], e[0])
    )
    for row in told["events"]:
        assert row["last_at"] == one(record, "select max(at) from events where kind = ?", row["kind"])


def test_the_people(record, told):
    """Only who lives here, and who agrees to the present wording, is counted one by one."""
    asked = Counter(row["person"] for row in record.execute("select person from messages"))
    marks = record.execute("select * from feedback").fetchall()
    pairs = record.execute("select * from pairs").fetchall()
    assert set(CANARIES) < set(asked)
    assert told["teaching"] == {
        "guests": len(AGREED) - 1,
        "questions": sum(asked[person] for person in AGREED),
        "marks": Counter(row["verdict"] for row in marks if row["person"] in AGREED),
        "taught": Counter(row["source"] for row in pairs if row["person"] in AGREED),
        "learning": sum(row["status"] == "learning" for row in pairs if row["person"] in AGREED),
    }


def test_the_days(record, told):
    steps, replies, exams = (
        record.execute(f"select * from {table}").fetchall() for table in ("steps", "replies", "evaluations")
    )
    days = sorted({row["at"][:10] for row in (*steps, *replies)})
    assert [day["day"] for day in told["days"]] == days
    before = None
    for day in told["days"]:
        today = [row for row in steps if row["at"][:10] == day["day"]]
        best = min((row["bits_per_byte"] for row in exams if row["at"][:10] == day["day"]), default=None)
        assert day["steps"] == sum(row["span"] for row in today)
        assert day["seconds"] == pytest.approx(sum(row["seconds"] * row["span"] for row in today))
        assert day["tokens"] == round(sum(row["tokens"] * row["span"] for row in today))
        assert day["last_step"] == max((row["step"] for row in today), default=None)
        assert day["bits_per_byte"] == (pytest.approx(mean(today, lambda row: row["bits_per_byte"])) if today else None)
        assert day["held_out_bits_per_byte"] == best
        assert day["answers"] == sum(row["at"][:10] == day["day"] for row in replies)
        assert day["gain"] == (None if None in (best, before) else before - best)
        before = best if best is not None else before


def answers_to_the_owner(record):
    everything = record.execute(
        "select replies.*, person from replies, messages where messages.id = message_id order by replies.at"
    )
    return [row for row in everything if row["person"] == ME]


def words(text):
    return [word for word in re.split(r"(?:[^\w'’]|\d|_)+", text.casefold()) if len(word) >= 4]


def test_the_words(record, told):
    """Of nine days the seasons are days."""
    said = [(row["at"], words(row["text"])) for row in answers_to_the_owner(record)]
    counted = Counter(word for _, found in said for word in found)
    found = told["vocabulary"]
    assert (found["words"], found["different"]) == (counted.total(), len(counted))
    assert found["most"] == sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:20]
    assert set(found["seasons"]) == {at[:10] for at, _ in said}
    for day, own in found["seasons"].items():
        season = Counter(word for at, found in said if at[:10] == day for word in found)
        share = {w: n * math.log(n / season.total() / (counted[w] / counted.total())) for w, n in season.items()}
        best = sorted((w for w in share if season[w] >= 3 and share[w] > 0), key=lambda w: (-share[w], w))[:5]
        assert own == [(word, season[word]) for word in best]
    edge = (datetime.fromisoformat(said[-1][0]) - timedelta(days=7)).isoformat().replace("+00:00", "Z")
    before = {word for at, found in said if at <= edge for word in found}
    new = Counter(word for at, found in said if at > edge for word in found if word not in before)
    assert found["new_count"] == len(new) > 0
    assert found["new"] == sorted(new, key=lambda word: (-new[word], word))[:24]
    assert {"naïve", "zoë's", "schön"} <= set(new)


def test_the_sentences(record, told):
    """The best by the scribe's measure and the least likely, each text once."""
    rows = [row for row in answers_to_the_owner(record) if len(row["text"].split()) >= 3 and len(row["text"]) <= 200]
    order = sorted(rows, key=lambda r: (-goodness(r["log_probability"], r["repeats"], r["ending"]), r["id"]))
    best = list(dict.fromkeys(" ".join(row["text"].split()) for row in order))[:3]
    assert [quote["text"] for quote in told["sentences"]["best"]] == best
    strange = sorted((row for row in rows if row["text"] not in best), key=lambda r: (r["log_probability"], r["id"]))
    strangest = list(dict.fromkeys(row["text"] for row in strange))[:3]
    assert [quote["text"] for quote in told["sentences"]["strangest"]] == strangest
    for quote in (*told["sentences"]["best"], *told["sentences"]["strangest"]):
        known = [(row["at"], row["log_probability"]) for row in rows if " ".join(row["text"].split()) == quote["text"]]
        assert (quote["at"], quote["log_probability"]) in known


def test_the_diary(record, told):
    """The three last pages and the last letter, without what speaks of somebody who does not agree."""
    pages = record.execute("select kind, day from diary order by day desc, kind desc").fetchall()
    days = [page["day"] for page in pages if page["kind"] == "day"][:3]
    letter = [page["day"] for page in pages if page["kind"] == "letter"][:1]
    assert sorted((page["kind"], page["day"]) for page in told["diary"]) == sorted(
        [("day", day) for day in days] + [("letter", day) for day in letter]
    )
    assert told["diary"][0]["lines"] == ["It was a <i>fine</i> day."]


def test_since(record, home):
    """What is told of a part of a life is told of its days alone; the head is of all of it."""
    with opened(home, since="2025-12-08") as life:
        part = figures(life, "Pip", NOW)
    since = "2025-12-08T00:00:00.000Z"
    assert part["since"] == since
    assert part["head"]["tokens_seen"] == one(record, "select sum(tokens * span) from steps")
    assert part["lessons"][0]["at"] >= since
    assert part["talk"]["answers"] == one(record, "select count(*) from replies where at >= ?", since)
    assert [day["day"] for day in part["days"]][0] == "2025-12-08"
    assert part["examinations"][0]["at"] >= since


def test_a_second_baby_in_a_home(home, tmp_path):
    """What another baby lived before it in the same record is not told as its own."""
    (tmp_path / "statistics").mkdir()
    path = tmp_path / "statistics" / "baby.db"
    path.write_bytes((home / "statistics" / "baby.db").read_bytes())
    with sqlite3.connect(path) as db:
        db.execute("insert into runs (id, started_at, from_step) values ('zz', '2025-12-11T00:00:00.000Z', 0)")
        db.execute(
            "insert into steps (step, run_id, at, span, bits_per_byte, loss, tokens, seconds) "
            "values (1000000, 'zz', '2025-12-11T01:00:00.000Z', 1, 6.5, 9.0, 512, 0.5)"
        )
    db.close()
    with opened(tmp_path) as life:
        second = figures(life, "Pop", NOW)
    assert (second["head"]["tokens_seen"], second["head"]["wakings"], second["head"]["held_out"]) == (512, 1, None)
    assert [point["bits_per_byte"] for point in second["lessons"]] == [6.5]
    assert second["talk"]["answers"] == 0


def test_without_words(home):
    with opened(home) as life:
        bare = figures(life, "Pip", NOW, words=False)
    assert bare["vocabulary"] is bare["sentences"] is bare["diary"] is None
