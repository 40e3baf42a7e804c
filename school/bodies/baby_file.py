"""A voice as a ``.baby`` file, which wakes again elsewhere; written, and read from anybody.

It is a safetensors file: eight bytes that say how long its head is, the head (JSON: where each tensor lies, and among
its metadata the brain's shape, how it speaks, its letters and its card), then the numbers. Nothing in it can run or
name a place. What it claims is held against the file's own size, the tensors' names and shapes against those of the
brain that its shape makes, and all of it against the card's hash, before room is made for any of the numbers.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, BinaryIO

import torch
from pydantic import ValidationError
from safetensors.torch import save
from tokenizers import Tokenizer as BytePairs
from tokenizers import decoders, models, pre_tokenizers
from torch import Tensor

from brain import BrainConfig, build_brain
from school.bodies.body import Body, Speech, hash_of
from school.bodies.card import Card
from school.office.files import open_plain, parse_json, write_whole
from school.office.foreign import one_line
from school.office.mistakes import Mistake
from school.souls.inspection import LARGEST_VOCABULARY
from school.souls.packing import Budget, shape_from
from school.texts.characters import BEGINS, Characters
from school.texts.tokenizer import MARK_COUNT, Tokenizer

FORMAT = "babyLLM body 1"
HEAD_BYTES, TOKENIZER_BYTES = 16 << 20, 8 << 20  # of the longest head, and of the letters in it, that are read
LARGEST = 4 << 30  # bytes of all of it; the largest preset's has a tenth of that
MOST_TENSORS = 8192
SPARE = 1 << 16  # numbers that are made on the way to a brain, beside its weights
TEXTS = ("format", "card", "config", "speech", "tokenizer")
WOULD_RUN = ("normalizer", "post_processor", "truncation", "padding", "added_tokens")  # parts that ours never have
HEADLESS = 8  # bytes before the head


class NoBaby(ValueError):
    """Why a file is no baby that can be adopted."""


def write_baby(body: Body, file: Path) -> None:
    """Raises OSError; then nothing is there."""
    texts = {
        "format": FORMAT,
        "card": body.card.model_dump_json(),
        "config": json.dumps(body.config),
        "speech": body.speech.model_dump_json(),
        "tokenizer": body.tokenizer,
    }
    write_whole(file, save(body.weights, texts))


def read_baby(file: Path) -> Body:
    """A voice from anybody. Raises Mistake, one line that says what is wrong with it."""
    try:
        with open_plain(file) as stream:
            return _read(stream)
    except OSError as error:
        raise Mistake(f"{file}: can't be read ({error.strerror}).") from None
    except (ValueError, Mistake) as why:
        raise Mistake(f"{file}: no baby can be woken from it ({one_line(why)[:300].rstrip('.')}).") from None
    except MemoryError:
        raise Mistake(f"{file}: there is not enough memory to read it.") from None


def _read(stream: BinaryIO) -> Body:
    size = os.fstat(stream.fileno()).st_size
    if size > LARGEST:
        raise NoBaby(f"it has {size / 1e9:,.1f} GB, more than any baby")
    head, begins = _head(stream, size)
    texts = _texts(head)
    card, speech = _facts(Card, texts["card"], "card"), _facts(Speech, texts["speech"], "speech")
    tokenizer = _letters(texts["tokenizer"])
    shape, config = _shape(texts["config"])
    shapes = _shapes_of(shape, tokenizer, (size - begins) // 4)
    places = _places(head, shapes, size - begins)
    stream.seek(begins)
    data = bytearray(size - begins)
    if stream.readinto(data) != len(data):
        raise NoBaby("it ends too soon")
    weights = {name: _tensor(data, *places[name], shapes[name]) for name in sorted(shapes)}
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise NoBaby(f"{name} has values that are no numbers")
    if hash_of(card, config, speech, texts["tokenizer"], weights) != card.hash:
        raise NoBaby("it is not as it was written: its hash is another")
    return Body(card=card, config=config, speech=speech, tokenizer=texts["tokenizer"], weights=weights)


def _head(stream: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """The head as JSON has it, and where the numbers begin."""
    length = int.from_bytes(stream.read(HEADLESS), "little")
    if size <= HEADLESS or length > size - HEADLESS:
        raise NoBaby("it ends too soon, or is no .baby file")
    if length > HEAD_BYTES:
        raise NoBaby(f"its head has {length:,} bytes, more than any baby's")
    head = parse_json(stream.read(length))
    if not isinstance(head, dict) or len(head) > MOST_TENSORS:
        raise NoBaby("its head lists no tensors, or too many")
    return head, HEADLESS + length


def _texts(head: dict[str, Any]) -> dict[str, str]:
    texts = head.pop("__metadata__", None)
    if not isinstance(texts, dict) or texts.get("format") != FORMAT:
        raise NoBaby("it doesn't say that it is a baby, or is of a newer program")
    if sorted(texts) != sorted(TEXTS) or not all(isinstance(text, str) for text in texts.values()):
        raise NoBaby("its head has other parts than a baby's")
    return texts


def _facts(kind: type, text: str, name: str) -> Any:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))[:80]
        raise NoBaby(f"its {name} says what can't be: {where}: {first['msg'].lower()}") from None


def _letters(text: str) -> Tokenizer:
    """The tokenizer, if it is one of ours: an alphabet, or byte pairs and nothing besides, which would run whenever it
    reads."""
    if len(text) > TOKENIZER_BYTES:
        raise NoBaby(f"its letters have {len(text):,} bytes, more than any baby's")
    if text.startswith(BEGINS):
        return Characters.of_json(text)
    said = parse_json(text)
    model = said.get("model") if isinstance(said, dict) else None
    lists = isinstance(model, dict) and isinstance(model.get("vocab"), dict) and isinstance(model.get("merges"), list)
    if not lists or len(model["vocab"]) + MARK_COUNT > LARGEST_VOCABULARY:
        raise NoBaby("its letters are no byte pairs, or too many")
    if any(said.get(part) for part in WOULD_RUN) or _kind(said.get("pre_tokenizer")) != "ByteLevel":
        raise NoBaby("its letters are of another kind than a baby's")
    try:
        tokenizer = Tokenizer.from_json(text)
    except Exception as error:  # the library has no kind of its own
        raise NoBaby(f"its letters can't be read: {type(error).__name__}: {str(error)[:100]}") from None
    if _unlearned(tokenizer.to_json()) != _unlearned(_plain_letters().to_str()):
        raise NoBaby("its letters are of another kind than a baby's")
    if len({piece for piece in tokenizer.pieces if len(piece) == 1}) < 256:
        raise NoBaby("its letters lack some bytes")
    return tokenizer


def _kind(part: Any) -> Any:
    return part.get("type") if isinstance(part, dict) else None


def _unlearned(text: str) -> dict[str, Any]:
    """What the library makes of a tokenizer, in its present words, but for the letters themselves."""
    said = json.loads(text)
    return {**said, "model": {**said["model"], "vocab": {}, "merges": []}}


def _plain_letters() -> BytePairs:
    """A tokenizer like ours, with nothing learned yet."""
    plain = BytePairs(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    return plain


def _shape(text: str) -> tuple[BrainConfig, dict[str, Any]]:
    """What brain it is, each width within what settings may ask for."""
    config = parse_json(text)
    try:
        shape = shape_from(config)
    except (TypeError, KeyError, ValueError) as why:
        raise NoBaby(f"its config is of a kind that this version does not know: {why}") from None
    for name, about in shape.parts().items():
        value = getattr(shape, name)
        if type(value) is int and value > about["at_most"]:
            raise NoBaby(f"its config says {name} = {value:,}, more than there can be")
    return shape, config


def _shapes_of(shape: BrainConfig, tokenizer: Tokenizer, numbers: int) -> dict[str, torch.Size]:
    """The weights of such a brain, if the file has as many ``numbers``; no room is made for more."""
    try:
        with Budget(2 * numbers + SPARE):
            brain = build_brain(shape, pieces=tokenizer.pieces, turn_tokens=MARK_COUNT)
    except (ValueError, RuntimeError, ArithmeticError) as error:
        raise NoBaby(f"its config is of another brain: {str(error).splitlines()[0]}") from None
    return {name: parameter.shape for name, parameter in brain.named_parameters()}


def _places(head: dict[str, Any], shapes: dict[str, torch.Size], size: int) -> dict[str, tuple[int, int]]:
    """Where each tensor's bytes lie among the numbers: one behind the other, and nothing besides."""
    if head.keys() != shapes.keys():
        odd = min(head.keys() ^ shapes.keys())
        raise NoBaby(f"it has other weights than such a brain ({odd[:80]})")
    places = {}
    for name, said in head.items():
        if not isinstance(said, dict) or said.keys() != {"dtype", "shape", "data_offsets"}:
            raise NoBaby(f"{name} is no tensor")
        if said["dtype"] != "F32" or said["shape"] != list(shapes[name]):
            raise NoBaby(f"{name} is of another shape or kind than such a brain's")
        place = said["data_offsets"]
        if not isinstance(place, list) or len(place) != 2 or not all(type(end) is int for end in place):
            raise NoBaby(f"{name} lies nowhere")
        places[name] = (place[0], place[1])
    ends = 0
    for name, (start, stop) in sorted(places.items(), key=lambda item: item[1]):
        if start != ends or stop - start != 4 * math.prod(shapes[name]):
            raise NoBaby(f"{name} lies where it can't")
        ends = stop
    if ends != size:
        raise NoBaby("it ends too soon" if ends > size else "there is more in it than a baby")
    return places


def _tensor(data: bytearray, start: int, stop: int, shape: torch.Size) -> Tensor:
    return torch.frombuffer(data, dtype=torch.float32, count=(stop - start) // 4, offset=start).view(shape)
