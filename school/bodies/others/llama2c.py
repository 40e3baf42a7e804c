"""The files of llama2.c: ``model.bin`` of its first version, which its ``run`` reads, and ``tokenizer.bin``.

Head: seven int32 (width, hidden width, layers, heads, key heads, vocabulary, places; the vocabulary is negative where
the output has a table of its own). Then float32, each kind of table for all layers in a row, and what its programs once
used for rotations. They want ids of their own: 1 begins a text, 2 is their other mark, 3 to 258 are the bytes.
"""

from __future__ import annotations

import struct
from pathlib import Path

import torch

from school.bodies.body import Body
from school.bodies.others.plain import THETA, Plain
from school.office.mistakes import Mistake
from school.texts.tokenizer import DOCUMENT, END, MARK_COUNT, MARKS, Tokenizer

FILES = ("model.bin", "tokenizer.bin")
ORDER = ("attention_norm", "queries", "keys", "values", "attended", "feed_norm", "gate", "fed", "content")


def write_llama2c(plain: Plain, body: Body, folder: Path) -> None:
    """Raises OSError, or Mistake for what that format can't hold."""
    tokenizer = Tokenizer.from_json(body.tokenizer)
    if tokenizer.by_letter:
        raise Mistake("its tokens are characters, and that format wants bytes; export it with --dubrovsky.")
    order = order_of(tokenizer)
    plain = plain.rows(order).with_neighbours()
    head = (plain.width, plain.hidden_width, len(plain.layers), plain.heads, plain.key_heads, -len(order), plain.places)
    speeds = THETA ** (-torch.arange(0, plain.width // plain.heads, 2) / (plain.width // plain.heads))
    angles = torch.arange(plain.places)[:, None] * speeds
    by_kind = [torch.stack([getattr(layer, name) for layer in plain.layers]) for name in ORDER]
    with (folder / FILES[0]).open("wb") as stream:
        stream.write(struct.pack("<7i", *head))
        for part in (plain.tokens, *by_kind, plain.norm, angles.cos(), angles.sin(), plain.speak):
            stream.write(part.contiguous().numpy().astype("<f4").tobytes())
    (folder / FILES[1]).write_bytes(_letters(tokenizer, order))


def order_of(tokenizer: Tokenizer) -> list[int]:
    """Our ids in the order of theirs."""
    byte = {piece: i for i, piece in enumerate(tokenizer.pieces) if len(piece) == 1}
    first = [MARK_COUNT - 1, DOCUMENT, END, *(byte[bytes([value])] for value in range(256))]
    return first + [i for i in range(tokenizer.size) if i not in set(first)]


def _letters(tokenizer: Tokenizer, order: list[int]) -> bytes:
    """How long the longest is, then of each the score, by which pairs are joined, its length and its bytes."""
    pieces = [MARKS[i].encode() if i < MARK_COUNT else tokenizer.pieces[i] for i in order]
    rows = (struct.pack("<fI", -float(i), len(piece)) + piece for i, piece in zip(order, pieces, strict=True))
    return struct.pack("<I", max(map(len, pieces))) + b"".join(rows)
