"""A .baby file: what is written is read again, and whatever else somebody sends ends in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from school.bodies import baby_file
from school.bodies.baby_file import read_baby, write_baby
from school.bodies.body import hash_of
from school.office.mistakes import Mistake


@pytest.fixture
def file(body, tmp_path: Path) -> Path:
    write_baby(body, tmp_path / "one.baby")
    return tmp_path / "one.baby"


def parts(file: Path) -> tuple[dict, bytes]:
    """The head and the numbers."""
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def put(file: Path, head: dict, numbers: bytes) -> None:
    text = json.dumps(head).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + numbers)


def refused(file: Path, why: str | None = None) -> str:
    with pytest.raises(Mistake, match=why) as caught:
        read_baby(file)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert len(line) < 600 + len(str(file))
    return line


def test_what_is_written_is_read_again(body, file):
    """To the last bit."""
    again = read_baby(file)
    assert (again.card, again.config, again.speech, again.tokenizer) == (
        body.card,
        body.config,
        body.speech,
        body.tokenizer,
    )
    assert again.weights.keys() == body.weights.keys()
    assert all(torch.equal(again.weights[name], tensor) for name, tensor in body.weights.items())
    assert file.stat().st_mode & 0o077 == 0


def test_the_hash_is_of_everything(body):
    """Another card, another way to speak, one weight moved: another hash."""
    given = [body.card, body.config, body.speech, body.tokenizer, body.weights]
    moved = body.weights | {"neurons.gain": body.weights["neurons.gain"] + 1}
    others = [
        body.card.model_copy(update={"licence": "any"}),
        body.config | {"dropout": 0.5},
        body.speech.model_copy(update={"temperature": 0.1}),
        body.tokenizer + " ",
        moved,
    ]
    hashes = {hash_of(*given[:i], other, *given[i + 1 :]) for i, other in enumerate(others)}
    assert body.card.hash == hash_of(*given)
    assert len(hashes | {body.card.hash}) == len(others) + 1


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.3, 0.9, 0.9999])
def test_a_truncated_one(file, share):
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    refused(file)


def test_something_behind_it(file):
    file.write_bytes(file.read_bytes() + b"more")
    refused(file, "more in it than a baby")


def test_a_bit_that_flipped(file):
    """Anywhere: in the length, the head or the numbers."""
    data = file.read_bytes()
    begins = 8 + int.from_bytes(data[:8], "little")
    rng = np.random.default_rng(1)
    places = [0, 3, 7, 8, *rng.integers(8, begins, 24), *rng.integers(begins, len(data), 8), len(data) - 1]
    for place in map(int, places):
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(8))
        file.write_bytes(changed)
        refused(file)


def test_no_file_at_all(tmp_path):
    refused(tmp_path / "none.baby", "can't be read")
    refused(tmp_path, "no file")


def test_a_zip_and_a_pickle(tmp_path):
    """Nothing is unpacked or unpickled, whatever it is called."""
    for data in (b"PK\x03\x04" + bytes(999), b"\x80\x04cos\nsystem\n(S'true'\ntR." * 9):
        (tmp_path / "x.baby").write_bytes(data)
        refused(tmp_path / "x.baby", "ends too soon")


def test_a_head_of_a_terabyte(file):
    """Its length is held against the file, and against what any head may have, before it is read."""
    numbers = file.read_bytes()[8:]
    file.write_bytes((1 << 40).to_bytes(8, "little") + numbers)
    refused(file, "ends too soon")
    with file.open("wb") as sparse:
        sparse.write((1 << 30).to_bytes(8, "little"))
        sparse.truncate(2 << 30)
    refused(file, "1,073,741,824 bytes, more than any baby's")
    with file.open("wb") as sparse:
        sparse.truncate(1 << 40)
    refused(file, "1,099.5 GB, more than any baby")


def test_a_tokenizer_of_a_gigabyte(file, monkeypatch):
    """One that would fill the head is never parsed; with the bounds moved down, so is this one."""
    monkeypatch.setattr(baby_file, "TOKENIZER_BYTES", 1000)
    refused(file, "letters have .* bytes, more than any baby's")


ODD_HEADS = ["[]", "7", "null", "{", '{"a": ' * 5000, '{"__metadata__": 5}', "{}", "\xff\xfe", '{"__metadata__": {}}']


@pytest.mark.parametrize("text", ODD_HEADS)
def test_a_head_that_is_none(file, text):
    data = text.encode("latin-1")
    file.write_bytes(len(data).to_bytes(8, "little") + data + bytes(64))
    refused(file)


WRONG_TENSORS = {
    "shape": lambda one: one.update(shape=[1 << 40, 1 << 40]),
    "negative": lambda one: one.update(shape=[-1]),
    "words": lambda one: one.update(shape="all"),
    "dtype": lambda one: one.update(dtype="F16"),
    "integers": lambda one: one.update(dtype="I32"),
    "unknown": lambda one: one.update(dtype="X"),
    "behind": lambda one: one.update(data_offsets=[0, 1 << 60]),
    "before": lambda one: one.update(data_offsets=[-8, 4]),
    "over another": lambda one: one.update(data_offsets=[0, 4]),
    "nowhere": lambda one: one.update(data_offsets=None),
    "fraction": lambda one: one.update(data_offsets=[0.5, 4]),
    "more": lambda one: one.update(code="import os"),
    "less": lambda one: one.pop("dtype"),
}


@pytest.mark.parametrize("wrong", WRONG_TENSORS)
def test_a_tensor_that_lies(file, wrong):
    head, numbers = parts(file)
    WRONG_TENSORS[wrong](head["neurons.rows"])
    put(file, head, numbers)
    refused(file, "neurons.rows")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/tmp/x", "C:\\x", "..", "a\nb", "", "x" * 100_000])
def test_names_that_are_paths(file, name):
    """A name only ever says which weight it is."""
    head, numbers = parts(file)
    head[name] = head.pop("neurons.rows")
    put(file, head, numbers)
    refused(file, "other weights")


WRONG_SHAPES = [
    {"neurons": 1_000_000},
    {"neurons": 1 << 70},
    {"neurons": -1},
    {"neurons": "many"},
    {"neurons": True},
    {"embed_width": 65_536},
    {"embed_width": 10**6},
    {"windows": [float("nan")]},
    {"windows": []},
    {"windows": [1.0] * 2000},
    {"positions": 1_000_000},
    {"species": "llama"},
    {"species": "llama", "layers": 1_000_000, "heads": 1, "key_heads": 1, "hidden_width": 1, "context": 1},
    {"species": "../x"},
    {"species": ["llama"]},
    {"code": "import os"},
    {"dropout": 2.0},
    {"neurons_per_gate": 7},
]


@pytest.mark.parametrize("change", WRONG_SHAPES, ids=lambda change: str(change)[:60])
def test_a_config_that_lies(file, change):
    head, numbers = parts(file)
    head["__metadata__"]["config"] = json.dumps(json.loads(head["__metadata__"]["config"]) | change)
    put(file, head, numbers)
    refused(file)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"neurons": NaN}', "[[" * 9999])
@pytest.mark.parametrize("part", ["card", "config", "speech", "tokenizer"])
def test_a_part_that_is_none(file, part, text):
    head, numbers = parts(file)
    head["__metadata__"][part] = text
    put(file, head, numbers)
    refused(file)


@pytest.mark.parametrize("change", ["gone", "more", "number", "newer"])
def test_other_parts(file, change):
    head, numbers = parts(file)
    texts = head["__metadata__"]
    match change:
        case "gone":
            del texts["card"]
        case "more":
            texts["code"] = "import os"
        case "number":
            texts["card"] = 5
        case "newer":
            texts["format"] = "babyLLM body 2"
    put(file, head, numbers)
    refused(file)


OTHER_LETTERS = [
    {"normalizer": {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""}},
    {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}},
    {"truncation": {"max_length": 1, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}},
    {"added_tokens": [{"id": 0, "content": "a", "special": True}]},
    {"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}},
    {"model": {"vocab": {}, "merges": []}},
    {"model": None},
]


@pytest.mark.parametrize("change", OTHER_LETTERS, ids=str)
def test_letters_that_would_run(file, change):
    """Regular expressions and the like have no place among them."""
    head, numbers = parts(file)
    texts = head["__metadata__"]
    texts["tokenizer"] = json.dumps(json.loads(texts["tokenizer"]) | change)
    put(file, head, numbers)
    refused(file, "letters")


@pytest.mark.parametrize("change", ["many", "gap", "lacking", "long", "merges"])
def test_letters_that_lie(file, change):
    head, numbers = parts(file)
    texts = head["__metadata__"]
    said = json.loads(texts["tokenizer"])
    vocab = said["model"]["vocab"]
    match change:
        case "many":
            vocab.update({f"a{n}": len(vocab) for n in range(70_000)})
        case "gap":
            vocab["aaaa"] = 1 << 31
        case "lacking":
            vocab["\u20ac"] = vocab.pop("b")
        case "long":
            vocab["a" * 100_000] = len(vocab)
        case "merges":
            said["model"]["merges"] = [["a", "nothing"]]
    texts["tokenizer"] = json.dumps(said)
    put(file, head, numbers)
    refused(file)


@pytest.mark.parametrize(
    "text",
    ['{"characters": ', '{"characters": "abc", "unknown": ""}', '{"characters": 5, "unknown": ""}']
    + ['{"characters": ' + "[" * 90_000, '{"characters": "\\n :AQ\\ud800", "unknown": ""}'],
    ids=lambda text: text[:40],
)
def test_alphabets_that_lie(file, text):
    head, numbers = parts(file)
    head["__metadata__"]["tokenizer"] = text
    put(file, head, numbers)
    refused(file)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(body, tmp_path, value):
    """With the right hash, too."""
    weights = {name: tensor.clone() for name, tensor in body.weights.items()}
    weights["memory1.reduce.weight"].view(-1)[5] = value
    hash_ = hash_of(body.card, body.config, body.speech, body.tokenizer, weights)
    write_baby(replace(body, weights=weights, card=body.card.model_copy(update={"hash": hash_})), tmp_path / "x.baby")
    refused(tmp_path / "x.baby", "memory1.reduce.weight has values that are no numbers")
