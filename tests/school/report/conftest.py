"""A small life, with people who agreed, who never did, and who agreed once; and with words that must not be shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.year import Plan, write_year
from school.door.consent import WORDING
from school.record.schema import connect
from school.report.figures import figures
from school.report.life import opened

PLAN = Plan(days=9, steps_a_day=4000, questions_a_day=40)
NOW = datetime(2025, 12, 12, 6, tzinfo=UTC)
STRANGER, LEFT, HOSTILE = "twitch:Xanthippe", "twitch:Bathsheba", "twitch:<b>Ozymandias</b>"
CANARIES = {  # what must not be shown, and of whom
    STRANGER: "quetzalcoatlus", LEFT: "ornithorhynchus", HOSTILE: "archaeopteryx",
}  # fmt: skip
ATTACK = '<script>alert("x")</script> & <img src=http://evil.example/x> \u202e sleeps'


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """Of nine days. Each canary was said in an answer that was very good; an attack was answered to the owner."""
    home = tmp_path_factory.mktemp("report") / "home"
    path = home / "statistics" / "baby.db"
    write_year(path, PLAN)
    db = connect(path)
    run = next(db.query("select id from runs"))["id"]
    told = [(person, f"The {word} waits by the sea.") for person, word in CANARIES.items()]
    told += [("owner", ATTACK), ("owner", "Schön, ça va? Ναί, naïve Zoë's soup.")]
    for n, (person, said) in enumerate(told):
        at = f"2025-12-09T1{n}:00:00.000Z"
        message = {"id": f"m{n}", "run_id": run, "at": at, "surface": "twitch", "person": person}
        db["messages"].insert(message | {"text": f"tell me, {CANARIES.get(person, 'you')}", "conversation": person})
        reply = {"id": f"r{n}", "message_id": f"m{n}", "at": at, "step": 30_000, "text": said, "ending": "end"}
        db["replies"].insert(reply | {"seconds": 1.0, "log_probability": -0.01 + n / 1000, "repeats": 0.0})
        db["feedback"].insert({"id": f"f{n}", "reply_id": f"r{n}", "at": at, "person": person, "verdict": "good"})
        db["pairs"].insert(
            {"id": f"p{n}", "at": at, "person": person, "source": "teach", "prompt": said, "answer": said,
             "status": "learning"}
        )  # fmt: skip
    for n, (person, what) in enumerate(((LEFT, "in"), (HOSTILE, "in"), (LEFT, "out"), (HOSTILE, "forgotten"))):
        change = {"id": f"c{n}", "person": person, "what": what, "at": 1.0 + n, "channel": "c", "wording": WORDING}
        db["consents"].insert(change)
    db["diary"].insert(
        {
            "kind": "day", "day": "2025-12-11", "at": "2025-12-11T23:00:00.000Z", "text": "", "facts": "{}",
            "lines": f'[{{"text": "It was a <i>fine</i> day.", "people": [], "replies": []}},'
            f' {{"text": "Once I heard from Xanthippe.", "people": ["{STRANGER}"], "replies": []}},'
            f' {{"text": "I said: quetzalcoatlus", "people": [], "replies": ["r0"]}}]',
        }
    )  # fmt: skip
    db.close()
    return home


@pytest.fixture(scope="session")
def told(home) -> dict:
    with opened(home) as life:
        return figures(life, "Pip <3", NOW)
