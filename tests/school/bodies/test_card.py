"""The card: figures and kinds off the record, and no names."""

from __future__ import annotations

from dataclasses import asdict

from sqlite_utils import Database

from school.bodies.card import Card, consent_of, kinds_of, life_of
from school.door.consent import WORDING, Change
from school.record.schema import migrations


def change(person: str, what: str, wording: str = WORDING) -> Change:
    return Change(id=f"{person}{what}", person=person, what=what, at=1.0, channel="c", wording=wording)


def test_a_life_as_figures(tmp_path):
    """As it was at the step that is shared."""
    (tmp_path / "statistics").mkdir()
    db = Database(tmp_path / "statistics" / "baby.db")
    migrations.apply(db)
    db["runs"].insert({"id": "r", "started_at": "2026-03-04T05:06:07Z"})
    db["steps"].insert_all([{"step": step, "seconds": 900.0, "span": 2} for step in (1, 2, 3)])
    db["evaluations"].insert_all([{"step": 2, "bits_per_byte": 2.5}, {"step": 3, "bits_per_byte": 2.25}])
    for name, at in (("gone.txt", "2026-03-01"), ("ann/to.bob.txt", "2026-03-09"), ("notes.md", "2026-03-09")):
        db["sources"].insert({"sha256": name, "name": name, "last_seen_at": at})
    db["consents"].insert(asdict(change("twitch:5", "in")))
    db.close()
    life = life_of(tmp_path, 2)
    assert (life["born"], life["hours_of_lessons"], life["held_out_bits_per_byte"]) == ("2026-03-04", 1.0, 2.5)
    assert life["sources"] == {"plain": 1, "markdown": 1}
    assert (life["consent"].agree, life["consent"].left) == (1, 0)
    card = Card(
        species="interneuron", parameters=5, vocabulary=4, step=2, tokens_seen=9, shared="today", licence="MIT", **life
    )
    said = "\n".join(card.lines())
    assert "2.500 bits/byte" in said
    assert "1 x markdown, 1 x plain" in said
    assert "1 in public chats agree" in said
    assert Card.model_validate_json(card.model_dump_json()) == card


def test_a_record_that_is_none(tmp_path):
    (tmp_path / "statistics").mkdir()
    (tmp_path / "statistics" / "baby.db").write_bytes(b"no database" * 99)
    assert life_of(tmp_path, 2).keys() == {"consent"}


def test_no_part_of_a_name_is_taken_over():
    """What stands behind the last point may be anybody's name."""
    names = ["starter/a.txt", "starter/b.md", "x.TXT", "letter.to.anna", "diary.md"]
    assert kinds_of(names) == {"starter shelf": 2, "plain": 1, "other": 1, "markdown": 1}


def test_who_agrees():
    """To the present wording, as it stands after all that they decided."""
    changes = [
        change("a", "in"),
        change("b", "in"),
        change("b", "out"),
        change("c", "in", wording="1"),
        change("d", "in"),
        change("d", "forgotten"),
        change("d", "in"),
        change("e", "in"),
        change("e", "ignored"),
    ]
    assert (consent_of(changes).agree, consent_of(changes).left) == (2, 1)
