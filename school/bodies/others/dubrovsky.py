"""The files of the project Dubrovsky: a small llama by characters, which answers questions.

Three files. The weights: numbers without any head, little-endian float32 (or float16, which its own programs can't
read), table by table and row by row. The config: its widths, as JSON. The tokenizer: ``{"char_to_id": {"\\n": 0, ...},
"vocab_size": 88}``. Layout, rotations (neighbouring pairs) and rules were read off its programs' behaviour.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from brain import SPECIES, BrainConfig, build_brain
from brain.species.llama_config import LlamaConfig
from school.bodies.adopting import settings_for
from school.bodies.body import NO_LICENCE, Body, Speech, hash_of
from school.bodies.card import Card, Consent, today
from school.bodies.others.plain import THETA, Layer, Plain, weights_of
from school.door.consent import WORDING
from school.office.files import open_plain, parse_json, read_whole
from school.office.foreign import one_line
from school.office.mistakes import Mistake
from school.talking.settings import SpeechSettings
from school.texts.characters import MOST, Characters
from school.texts.tokenizer import MARK_COUNT, Tokenizer

FILES = ("dubrovsky.bin", "dubrovsky_config.json", "tokenizer.json")
CONFIG_BYTES, TOKENIZER_BYTES, LARGEST = 1 << 16, 8 << 20, 4 << 30  # that are read at most
KINDS = {4: "<f4", 2: "<f2"}  # numbers by their bytes
ITS_HABITS = ("speech.guidance=1", "speech.top_k=40", "speech.top_p=0.9", "speech.max_tokens=150")

Width = Annotated[int, Field(ge=1, le=65_536)]
Few = Annotated[int, Field(ge=1, le=1024)]


class _Config(BaseModel):
    """Its config; early ones say more, of how it was trained."""

    model_config = ConfigDict(strict=True, extra="ignore")

    dim: Width
    n_layers: Few
    n_heads: Few
    n_kv_heads: Few
    vocab_size: Annotated[int, Field(ge=1, le=MOST)]
    max_seq_len: Annotated[int, Field(ge=2, le=4096)]
    norm_eps: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    rope_theta: Annotated[float, Field(ge=THETA, le=THETA)] = THETA
    head_dim: Width
    hidden_dim: Width
    n_kv_groups: Few

    def misfit(self) -> str:
        if self.head_dim * self.n_heads != self.dim or self.head_dim % 2:
            return f"head_dim = {self.head_dim}, n_heads = {self.n_heads} and dim = {self.dim} don't fit together"
        if self.n_kv_groups * self.n_kv_heads != self.n_heads:
            return "n_kv_groups, n_kv_heads and n_heads don't fit together"
        return ""

    def shapes(self) -> Iterator[tuple[int, ...]]:
        """Of all tables, as they lie in the file."""
        keys = self.n_kv_heads * self.head_dim
        square, cut = (self.dim, self.dim), (keys, self.dim)
        yield (self.vocab_size, self.dim)
        for _ in range(self.n_layers):
            yield from ((self.dim,), square, cut, cut, square)
            yield from (
                (self.dim,),
                (self.hidden_dim, self.dim),
                (self.hidden_dim, self.dim),
                (self.dim, self.hidden_dim),
            )
        yield from ((self.dim,), (self.vocab_size, self.dim))


def read_dubrovsky(weights: Path, config: Path, tokenizer: Path) -> Body:
    """From anybody. Raises Mistake, one line that says what is wrong with which file."""
    with _naming(config):
        shape = _config(read_whole(config, CONFIG_BYTES))
    with _naming(tokenizer):
        letters = _letters(read_whole(tokenizer, TOKENIZER_BYTES), shape.vocab_size)
    with _naming(weights):
        plain = _plain(_tables(weights, shape), shape)
        return _body(plain.with_halves(), shape, letters)


class _naming:
    """What goes wrong within is told of a file, in one line."""

    def __init__(self, file: Path):
        self._file = file

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError):
            raise Mistake(f"{self._file}: can't be read ({error.strerror}).") from None
        if isinstance(error, ValueError | ArithmeticError):
            raise Mistake(
                f"{self._file}: no baby can be woken from it ({one_line(error)[:300].rstrip('.')})."
            ) from None
        if isinstance(error, MemoryError):
            raise Mistake(f"{self._file}: there is not enough memory to read it.") from None


def _config(raw: bytes) -> _Config:
    """Raises ValueError."""
    said = parse_json(raw)
    try:
        config = _Config.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))[:80] or 'it'}: {first['msg'].lower()}") from None
    if misfit := config.misfit():
        raise ValueError(misfit)
    return config


def _letters(raw: bytes, count: int) -> Characters:
    """Raises ValueError. What it lacks is its first character, as its own programs have it."""
    said = parse_json(raw)
    known = said.get("char_to_id") if isinstance(said, dict) else None
    if not isinstance(known, dict) or said.get("vocab_size") != len(known):
        raise ValueError("it has no char_to_id with as many characters as its vocab_size says")
    if len(known) != count:
        raise ValueError(f"it has {len(known):,} characters, but the config says {count:,}")
    order = {token: letter for letter, token in known.items() if type(token) is int}
    if sorted(order) != list(range(count)) or any(len(letter) != 1 for letter in known):
        raise ValueError("its characters are not numbered from 0 on, one by one")
    alphabet = "".join(order[i] for i in range(count))
    return Characters.of_json(json.dumps({"characters": alphabet, "unknown": alphabet[0]}))


def _tables(file: Path, config: _Config) -> list[Tensor]:
    """The numbers, table by table. Raises ValueError, OSError."""
    shapes = list(config.shapes())
    numbers = sum(map(math.prod, shapes))
    with open_plain(file) as stream:
        size = os.fstat(stream.fileno()).st_size
        kind = next((kind for width, kind in KINDS.items() if size == width * numbers), None)
        if kind is None or size > LARGEST:
            raise ValueError(f"it has {size:,} bytes; its config's shape makes {4 * numbers:,} (or {2 * numbers:,})")
        read = np.frombuffer(stream.read(size), kind)
    if len(read) != numbers:
        raise ValueError("it ends too soon")
    row = torch.from_numpy(read.astype(np.float32))
    if not torch.isfinite(row).all():
        raise ValueError("it has values that are no numbers")
    return [part.view(shape) for part, shape in zip(row.split([math.prod(s) for s in shapes]), shapes, strict=True)]


def _plain(tables: list[Tensor], config: _Config) -> Plain:
    names = tuple(Layer.__dataclass_fields__)
    layers = [tables[1 + i * len(names) : 1 + (i + 1) * len(names)] for i in range(config.n_layers)]
    return Plain(
        heads=config.n_heads,
        key_heads=config.n_kv_heads,
        places=config.max_seq_len,
        epsilon=config.norm_eps,
        tokens=tables[0],
        layers=tuple(Layer(**dict(zip(names, layer, strict=True))) for layer in layers),
        norm=tables[-2],
        speak=tables[-1],
    )


def _body(plain: Plain, config: _Config, letters: Characters) -> Body:
    """The colours begin with nothing: none is added to what it reads, and those that it expects are a newborn's."""
    shape = _shape(config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        newborn = build_brain(shape, pieces=letters.pieces, turn_tokens=MARK_COUNT)
    weights = {name: tensor.detach() for name, tensor in newborn.named_parameters()} | weights_of(plain)
    weights |= {name: torch.zeros_like(weights[name]) for name in ("pixel.weight", "pixel.bias")}
    said = SpeechSettings()
    known = {name: getattr(said, name) for name in Speech.model_fields if hasattr(said, name)}
    speech = Speech(**known | {"calibration": 1.0, "repetition_penalty": 0.0})
    card = Card(
        species="llama",
        parameters=sum(tensor.numel() for tensor in weights.values()),
        vocabulary=letters.size,
        step=0,
        tokens_seen=0,
        shared=today(),
        consent=Consent(wording=WORDING),
        licence=NO_LICENCE,
    )
    facts = json.loads(json.dumps(asdict(shape)))
    card = card.model_copy(update={"hash": hash_of(card, facts, speech, letters.to_json(), weights)})
    return Body(card=card, config=facts, speech=speech, tokenizer=letters.to_json(), weights=weights)


def _shape(config: _Config) -> BrainConfig:
    """With the vocabulary of whichever preset needs the fewest settings to wake it: it has its own alphabet anyway."""
    shape = LlamaConfig(
        embed_width=config.dim,
        layers=config.n_layers,
        heads=config.n_heads,
        key_heads=config.n_kv_heads,
        hidden_width=config.hidden_dim,
        context=config.max_seq_len - 1,
        tied=False,
        epsilon=config.norm_eps,
    )
    ways = [replace(shape, vocabulary=preset.vocabulary) for preset in SPECIES["llama"].values()]
    return min(ways, key=lambda way: len(settings_for(asdict(way))))


# ---- writing -------------------------------------------------------------------------------------------------------


def write_dubrovsky(plain: Plain, body: Body, folder: Path, *, half: bool = False) -> None:
    """Its three files. Raises OSError, or Mistake for what that format can't hold."""
    letters = Tokenizer.from_json(body.tokenizer)
    if not isinstance(letters, Characters):
        raise Mistake(
            "its tokens are pieces of words, and that format has characters only; a newborn has them with "
            'library.tokenizer = "characters".'
        )
    plain = plain.rows(list(range(MARK_COUNT, letters.size))).with_neighbours()
    parts = [plain.tokens, *(getattr(one, name) for one in plain.layers for name in Layer.__dataclass_fields__)]
    numbers = np.concatenate([part.numpy().ravel() for part in (*parts, plain.norm, plain.speak)])
    with np.errstate(over="ignore"):
        numbers = numbers.astype(KINDS[2 if half else 4])
    if not np.isfinite(numbers).all():
        raise Mistake("its weights are too large for 16 bits; export it without --half.")
    (folder / FILES[0]).write_bytes(numbers.tobytes())
    _write_json(folder / FILES[1], _said(plain))
    known = {letter: i for i, letter in enumerate(letters.alphabet)}
    _write_json(folder / FILES[2], {"char_to_id": known, "vocab_size": len(known)})


def _said(plain: Plain) -> dict[str, Any]:
    return {
        "dim": plain.width,
        "n_layers": len(plain.layers),
        "n_heads": plain.heads,
        "n_kv_heads": plain.key_heads,
        "vocab_size": len(plain.tokens),
        "max_seq_len": plain.places,
        "norm_eps": plain.epsilon,
        "rope_theta": THETA,
        "head_dim": plain.width // plain.heads,
        "hidden_dim": plain.hidden_width,
        "n_kv_groups": plain.heads // plain.key_heads,
    }


def _write_json(file: Path, said: dict[str, Any]) -> None:
    """With a space behind each colon: its program in C reads JSON by counting letters."""
    file.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
