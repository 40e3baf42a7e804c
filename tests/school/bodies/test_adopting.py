"""Giving away and adopting: the same voice wakes somewhere else and learns there, and nobody's words come along."""

from __future__ import annotations

import base64
import re
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from sqlite_utils import Database

from brain import SPECIES
from school.bodies.adopting import adopt, settings_for, soul_of
from school.bodies.baby_file import read_baby, write_baby
from school.bodies.body import NO_LICENCE, body_of
from school.bodies.sharing import KINDS, share
from school.door.consent import WORDING
from school.office.mistakes import Mistake
from school.record.schema import migrations
from school.settings import SchoolSettings
from school.souls.caretaker import Caretaker
from school.souls.inspection import inspect
from school.souls.packing import wake_tutor
from school.souls.settings import SoulSettings
from tests.conftest import make_tutor, take_steps
from tests.school.bodies.conftest import SETTINGS


def test_it_goes_on_learning_somewhere_else(body, lived, librarian, tmp_path):
    """Its weights are the voice's to the last bit, it knows how old it is, and its lessons go on."""
    write_baby(body, tmp_path / "x.baby")
    place = adopt(read_baby(tmp_path / "x.baby"), SETTINGS, tmp_path / "new" / "home")
    assert place.parent.parent == tmp_path / "new" / "home"
    soul = Caretaker(place.parent, SoulSettings(), inspect=inspect).newest(print, set_aside=True)
    assert soul.facts["conversations"] == {}
    tutor = make_tutor(librarian)
    wake_tutor(soul, tutor, [])
    for brain in (tutor.brain, tutor.voice):
        assert all(torch.equal(tensor, lived.tensors["voice"][name]) for name, tensor in brain.named_parameters())
    take_steps(tutor, 2)
    assert (tutor.step, soul.facts["tokens_seen"]) == (lived.step + 2, lived.facts["tokens_seen"])
    assert not torch.equal(tutor.brain.neurons.rows, lived.tensors["voice"]["neurons.rows"])


@pytest.mark.parametrize("there", ["soul/step-000000000003", "soul/earlier/x", "soul/damaged/x", "statistics/baby.db"])
def test_a_home_is_never_taken_over(body, tmp_path, there):
    """Where somebody lives, or lived, nothing is written."""
    (tmp_path / there).mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Mistake, match="a baby lives here already"):
        adopt(body, SETTINGS, tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_home_that_is_a_file(body, tmp_path):
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(Mistake) as caught:
            adopt(body, SETTINGS, home)
        assert len(str(caught.value).splitlines()) == 1


def test_what_must_be_set_to_wake_it(body):
    """A preset of this program needs its name at most; any other brain what is different in it."""
    for species, presets in SPECIES.items():
        for name, preset in presets.items():
            wanted = [f"brain.species={species}"] * (species != "interneuron")
            wanted += [f"brain.preset={name}"] * (name != "toddler")
            assert settings_for(asdict(preset)) == wanted
    odd = asdict(replace(SPECIES["interneuron"]["newborn"], neurons=512, vocabulary=600))
    assert settings_for(odd) == ["brain.preset=newborn", "library.vocabulary=600", "brain.neurons=512"]
    assert "brain.windows=[1.0, 2.0, 3.5, 6.0]" in settings_for(body.config)


def at_home(lived, home: Path) -> Path:
    Caretaker(home / "soul", SoulSettings()).save(lived)
    return home


def test_sharing_says_what_is_wrong(lived, tmp_path):
    """One line each, and no file."""
    home, file = at_home(lived, tmp_path / "home"), tmp_path / "a.baby"
    mistakes = [
        (home, tmp_path / "a.doc", "", "must end with one of .baby"),
        (home, tmp_path / "none" / "a.baby", "", "can't be written"),
        (home, file, "MIT\nand more", "--licence"),
        (home, file, "x" * 201, "--licence"),
        (tmp_path / "empty", file, "", "wake the baby first"),
    ]
    for where, what, licence, why in mistakes:
        with pytest.raises(Mistake, match=why):
            share(SETTINGS, where, what, licence, print)
        assert not what.exists()
    body, size = share(SETTINGS, home, file, "", print)
    assert size == file.stat().st_size
    assert body.card.licence == NO_LICENCE
    with pytest.raises(Mistake, match="is there already"):
        share(SETTINGS, home, file, "", print)


CANARIES = (b"quillon", b"harbour", b"blue pot", b"zebediah", b"grandmother's will", b"secret-title")


def keep_record(home: Path) -> None:
    """A record that names Zebediah wherever it can."""
    (home / "statistics").mkdir()
    db = Database(home / "statistics" / "baby.db")
    migrations.apply(db)
    db["runs"].insert({"id": "Zebediah", "started_at": "2026-03-04T05:06:07Z"})
    db["sources"].insert({"sha256": "0", "name": "secret-title.zebediah", "last_seen_at": "2026-03-04"})
    db["messages"].insert({"id": "m", "person": "Zebediah", "conversation": "Zebediah", "text": "grandmother's will"})
    db["replies"].insert({"id": "r", "message_id": "m", "text": "grandmother's will"})
    db["pairs"].insert({"id": "p", "person": "Zebediah", "prompt": "Zebediah", "answer": "grandmother's will"})
    consent = {"id": "c", "at": 1.0, "person": "Zebediah", "what": "in", "channel": "Zebediah", "wording": WORDING}
    db["consents"].insert(consent)
    db.close()


@pytest.mark.parametrize("kind", KINDS)
def test_nobodys_words_are_in_it(lived, tmp_path, kind, monkeypatch):
    """Names, conversations, texts and their titles stand in the home, and in no file that leaves it."""
    facts = lived.facts | {"settings": {"secret-title": "Zebediah"}, "reviews": {"Zebediah": [1, 1.0]}}
    home = at_home(replace(lived, facts=facts), tmp_path / "home")
    (home / "library").mkdir()
    (home / "library" / "secret-title.txt").write_text("Zebediah read grandmother's will.")
    (home / "names.txt").write_text("Zebediah")
    keep_record(home)
    kept = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file()).lower()
    assert all(canary in kept for canary in (b"quillon", b"zebediah", b"grandmother's will", b"secret-title"))
    monkeypatch.setattr("school.bodies.program.FLAGS", ["-O0", "-std=c99"])  # sooner, and the same words are in it
    file = tmp_path / f"gift{kind}"
    share(SETTINGS, home, file, "", print)
    for data in readable(file):
        assert [canary for canary in CANARIES if canary in data.lower()] == []


def test_names_among_its_letters_are_told(lived, tokenizer, tmp_path):
    """Those that are listed and are tokens of their own; others stand nowhere in it."""
    home, said = at_home(lived, tmp_path / "home"), []
    name = max(tokenizer.pieces, key=len).decode().strip().title()
    (home / "names.txt").write_text(f"{name}=Kim\nZebediah\n# The\n")
    share(SETTINGS, home, tmp_path / "a.baby", "", said.append)
    assert said == [f"its letters hold names from your names.txt, for everybody to read: {name}."]


def readable(file: Path) -> list[bytes]:
    """All that can be read in a file: as it is, and what is packed into it."""
    parts = [file.read_bytes()]
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as packed:
            parts += [packed.read(name) for name in packed.namelist()]
    parts += [base64.b64decode(run) for run in re.findall(rb"[A-Za-z0-9+/=]{200,}", parts[0]) if not len(run) % 4]
    return parts


def test_only_the_voice_is_in_it(lived, body):
    """Neither the weights in training, nor the optimizer, nor anybody's conversation."""
    assert body.weights.keys() == lived.tensors["voice"].keys()
    soul = soul_of(body)
    assert all(not soul.tensors[part] for part in soul.tensors.keys() - {"brain", "voice"})


def test_a_card_without_a_record(lived, tmp_path):
    card = body_of(lived, SchoolSettings(), tmp_path).card
    assert (card.born, card.held_out_bits_per_byte, card.sources) == (None, None, {})
    assert (card.step, card.parameters) == (3, sum(t.numel() for t in lived.tensors["voice"].values()))
    assert len(card.hash) == 64
    assert [len(line.splitlines()) for line in card.lines()] == [1] * 7
