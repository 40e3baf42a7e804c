"""Exporting: a folder, whole or not at all; nobody's words in it; the same logits by the format's definition."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bots.command_line import parse
from school import commands
from school.bodies.adopting import soul_of
from school.bodies.body import Body
from school.bodies.compact import brain_of
from school.bodies.others.exporting import KINDS
from school.bodies.others.llama2c import order_of, write_llama2c
from school.bodies.others.plain import plain_of
from school.office.mistakes import Mistake
from school.settings import SchoolSettings
from school.souls.caretaker import Caretaker
from school.souls.settings import SoulSettings
from school.texts.tokenizer import DOCUMENT, END, MARK_COUNT, Tokenizer
from tests.school.bodies.others import reference
from tests.school.bodies.test_adopting import CANARIES, keep_record, readable

FLAGS = {"transformers": [], "llama2c": ["--llama2c"], "gguf": ["--gguf"], "dubrovsky": ["--dubrovsky"]}


def at_home(body: Body, home: Path, **changes) -> Path:
    soul = soul_of(body)
    soul = replace(soul, facts=soul.facts | changes)
    Caretaker(home / "soul", SoulSettings()).save(soul)
    return home


def run(home: Path, *words: str) -> int:
    options = parse(["export", "--home", str(home), *words])
    return commands.export(SchoolSettings(), home, options)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_and_its_card(kind, llama, by_letter, tmp_path, capsys):
    """Its files, and a card that says how old it is, what it learned from, and that its colour is fixed."""
    if kind == "gguf":
        pytest.importorskip("gguf", reason="gguf is not installed")
    home, folder = at_home(by_letter if kind == "dubrovsky" else llama, tmp_path / "home"), tmp_path / "out"
    assert run(home, str(folder), *FLAGS[kind], "--licence", "MIT") == 0
    out, err = capsys.readouterr()
    assert "licence: MIT" in out
    assert "docs/sharing.md" in err
    card = (folder / "README.md").read_text()
    for words in ("licence: MIT", "3 steps", "score: not examined yet", "learned from", "people:", "hash: ", "colour"):
        assert words in card
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out"]
    with pytest.raises(Mistake, match="is there already"):
        run(home, str(folder), *FLAGS[kind])
    assert run(home, str(tmp_path / "again"), *FLAGS[kind], "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bytes"] == {file.name: file.stat().st_size for file in (tmp_path / "again").iterdir()}


def test_what_can_not_be_exported(body, llama, by_letter, tmp_path):
    """One line each, and nothing is written."""
    other, pieces = at_home(body, tmp_path / "1"), at_home(llama, tmp_path / "2")
    letters = at_home(by_letter, tmp_path / "3")
    folder = tmp_path / "out"
    for home, words, why in (
        (other, [], "interneuron is a species"),
        (other, ["--gguf"], "only a llama"),
        (pieces, ["--dubrovsky"], "pieces of words"),
        (letters, ["--llama2c"], "--dubrovsky"),
        (pieces, ["--half"], "--half"),
        (tmp_path / "nobody", [], "wake the baby first"),
    ):
        with pytest.raises(Mistake, match=why) as caught:
            run(home, str(folder), *words)
        assert len(str(caught.value).splitlines()) == 1
        assert not folder.exists()
    with pytest.raises(Mistake, match="can't be written"):
        run(pieces, str(tmp_path / "none" / "out"))
    with pytest.raises(SystemExit):
        parse(["export", str(folder), "--gguf", "--llama2c"])


def test_a_folder_is_whole_or_not_there(llama, tmp_path, monkeypatch):
    """Whatever breaks while it is made."""
    home = at_home(llama, tmp_path / "home")

    def full(plain, body, folder):
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(KINDS, "transformers", full)
    with pytest.raises(Mistake, match="No space left"):
        run(home, str(tmp_path / "out"))
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize("kind", KINDS)
def test_nobodys_words_are_in_it(kind, llama, by_letter, tmp_path):
    """Names, conversations, texts and their titles stand in the home, and in no file that leaves it."""
    if kind == "gguf":
        pytest.importorskip("gguf", reason="gguf is not installed")
    body = by_letter if kind == "dubrovsky" else llama
    settings = {"secret-title": "Zebediah told quillon of the harbour"}
    home = at_home(body, tmp_path / "home", settings=settings, reviews={"Zebediah": [1, 1.0]})
    (home / "library").mkdir()
    (home / "library" / "secret-title.txt").write_text("Zebediah read grandmother's will by the blue pot.")
    (home / "names.txt").write_text("Zebediah")
    keep_record(home)
    kept = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file()).lower()
    assert all(canary in kept for canary in CANARIES)
    run(home, str(tmp_path / "out"), *FLAGS[kind])
    for file in (tmp_path / "out").iterdir():
        for data in readable(file):
            assert [canary for canary in CANARIES if canary in data.lower()] == [], file
            assert str(tmp_path).encode() not in data


def test_llama2c_by_its_definition(llama, tmp_path):
    """Its tables where that format has them, and letters for every id."""
    write_llama2c(plain_of(llama), llama, tmp_path)
    tokenizer = Tokenizer.from_json(llama.tokenizer)
    raw = (tmp_path / "model.bin").read_bytes()
    width, hidden, layers, heads, key_heads, vocabulary, places = struct.unpack("<7i", raw[:28])
    assert (-vocabulary, places) == (tokenizer.size, llama.config["context"] + 1)
    row, start = np.frombuffer(raw[28:], "<f4"), 0

    def take(*shape: int) -> np.ndarray:
        nonlocal start
        start += int(np.prod(shape))
        return row[start - int(np.prod(shape)) : start].reshape(shape)

    keys = width // heads * key_heads
    kinds = {
        "attention_norm": (width,), "queries": (width, width), "keys": (keys, width), "values": (keys, width),
        "attended": (width, width), "feed_norm": (width,), "gate": (hidden, width), "fed": (width, hidden),
        "content": (hidden, width),
    }  # fmt: skip
    model = {"tokens": take(-vocabulary, width)}
    tables = {name: take(layers, *shape) for name, shape in kinds.items()}
    model["layers"] = [{name: table[i] for name, table in tables.items()} for i in range(layers)]
    model["norm"] = take(width)
    take(2, places, width // heads // 2)
    model["speak"] = take(-vocabulary, width)
    assert start == len(row)
    ids, order = [DOCUMENT, *tokenizer.encode("the cat sat on the mat")], order_of(tokenizer)
    theirs = [order.index(i) for i in ids]
    found = reference.logits(model, theirs, heads=heads, key_heads=key_heads, epsilon=1e-5)
    tokens, brain = torch.tensor([ids]), brain_of(llama, tokenizer)
    wanted = brain(tokens, torch.full((*tokens.shape, 3), 0.5), brain.fresh_state(1)).logits[0][:, order]
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-4)  # its norms have another epsilon


def test_llama2c_letters(llama, tmp_path):
    """Its first ids are those that its programs count on, and joining pairs by score gives our ids."""
    write_llama2c(plain_of(llama), llama, tmp_path)
    tokenizer, raw = Tokenizer.from_json(llama.tokenizer), (tmp_path / "tokenizer.bin").read_bytes()
    pieces, scores, start = [], [], 4
    while start < len(raw):
        score, size = struct.unpack("<fI", raw[start : start + 8])
        pieces.append(raw[start + 8 : start + 8 + size])
        scores.append(score)
        start += 8 + size
    order = order_of(tokenizer)
    assert sorted(order) == list(range(tokenizer.size))
    assert order[1:3] == [DOCUMENT, END]
    assert pieces[3:259] == [bytes([byte]) for byte in range(256)]
    assert struct.unpack("<I", raw[:4])[0] == max(map(len, pieces))
    known = {piece: i for i, piece in enumerate(pieces) if order[i] >= MARK_COUNT}
    for text in (" the cat sat on the mat", " my sister é 猫 made soup!"):
        ids = [known[bytes([byte])] for byte in text.encode()]
        while best := max(
            (
                (scores[known[joined]], -i, known[joined])
                for i, joined in enumerate(pairs(ids, pieces))
                if joined in known
            ),
            default=None,
        ):
            ids[-best[1] : -best[1] + 2] = [best[2]]
        assert [order[i] for i in ids] == tokenizer.encode(text)


def pairs(ids: list[int], pieces: list[bytes]) -> list[bytes]:
    return [pieces[left] + pieces[right] for left, right in zip(ids, ids[1:], strict=False)]
