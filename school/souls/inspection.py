"""The inspection of a soul before anything is made of it: it may come from anywhere, and its checksums only say that it
is what somebody wrote.

Whether it fits the brain is for those to say who build that; here it is types, shapes among themselves, and numbers.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from school.souls.caretaker import Soul
from school.souls.checksums import SoulDamaged
from school.texts.tokenizer import Tokenizer

PARTS = ("brain", "voice", "optimizer", "streams", "conversations")
LARGEST_VOCABULARY = 1 << 16  # token ids are kept in two bytes

Count = Annotated[int, Field(ge=0, lt=1 << 62)]
Size = Annotated[int, Field(ge=1, le=1 << 20)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Dates = Annotated[tuple[int, Positive], Field(strict=False)]
Known = Annotated[tuple[int, Positive, Count, Number, Number | None], Field(strict=False)]  # with ``reviews.Before``


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _Bookmark(_Strict, extra="forbid"):
    epoch: Count
    block: Count
    library: str


class _Course(_Strict, extra="forbid"):
    made_of: list[str]
    began: Count
    steps: Size
    done: Count
    strayed: Number
    liked: Number
    held_out: Number | None


class _Taste(_Strict, extra="forbid"):
    made_of: list[str]
    size: Number
    next: Count
    tries: Count
    course: _Course | None


class _Facts(_Strict):
    """What a waking school takes out of the facts; there may be more."""

    brain: dict
    tokens_seen: Count
    skipped_steps: Count
    examined_step: int
    rate_scale: Number
    bookmark: _Bookmark
    micro_streams: Size
    streams: Size
    block_tokens: Size
    replies: Count
    calibration: Positive
    repetition_penalty: Number
    text_repeats: Number | None
    conversations: dict[str, Annotated[tuple[str, str], Field(strict=False)]]
    reviews: dict[str, Dates | Known]
    best: Annotated[tuple[Number, int, bool | int], Field(strict=False)] | None = None
    unknown: list[str] = []
    night: list[str] = []
    strength: Positive = 1.0
    taste: _Taste | None = None


def inspect(soul: Soul) -> None:
    """Raises SoulDamaged, with a line that names what can't be."""
    try:
        facts = _Facts.model_validate(soul.facts)
    except ValidationError as error:
        first = error.errors()[0]
        raise SoulDamaged(f"facts.json: {'.'.join(map(str, first['loc']))[:80]}: {first['msg'].lower()}") from None
    for part in PARTS if facts.best is None else (*PARTS, "best"):
        if part not in soul.tensors:
            raise SoulDamaged(f"{part}.safetensors is missing")
    tokens = _vocabulary(soul)
    brain = soul.tensors["brain"]
    _must_match("voice", soul.tensors["voice"], brain)
    if facts.best is not None:
        _must_match("best", soul.tensors["best"], brain)
    if gate := soul.tensors.get("gate"):
        _must_match("gate", gate, brain)
    _check_moments("optimizer", soul.tensors["optimizer"], brain)
    _check_taste(soul.tensors.get("taste", {}), brain, course=bool(facts.taste and facts.taste.course))
    for part, tensors in soul.tensors.items():
        if part != "conversations":  # of those, each is looked at when somebody goes on with it
            for name, tensor in tensors.items():
                _check_numbers(part, name, tensor, tokens)


def _vocabulary(soul: Soul) -> int:
    try:
        size = Tokenizer.from_json(soul.tokenizer).size
    except Exception as error:  # the library has no kind of its own
        raise SoulDamaged(f"tokenizer.json: {type(error).__name__}: {str(error)[:200]}") from None
    if size > LARGEST_VOCABULARY:
        raise SoulDamaged(f"tokenizer.json: {size:,} tokens are more than there can be")
    return size


def _must_match(part: str, tensors: dict[str, Tensor], brain: dict[str, Tensor]) -> None:
    for name in sorted(tensors.keys() | brain.keys()):
        if name not in brain or name not in tensors or tensors[name].shape != brain[name].shape:
            raise SoulDamaged(f"{part}.safetensors: {name[:80]} is another than in brain.safetensors")


def _check_moments(part: str, tensors: dict[str, Tensor], brain: dict[str, Tensor]) -> None:
    for path, tensor in tensors.items():
        name, _, moment = path.rpartition("/")
        if name in brain and tensor.shape != (() if moment == "step" else brain[name].shape):
            raise SoulDamaged(f"{part}.safetensors: {path} has another shape than what it moves")


def _check_taste(tensors: dict[str, Tensor], brain: dict[str, Tensor], *, course: bool) -> None:
    parts: dict[str, dict[str, Tensor]] = {"base": {}, "learner": {}} if course else {}
    for path, tensor in tensors.items():
        part, _, name = path.partition("/")
        parts.setdefault(part, {})[name] = tensor
    _check_moments("taste", parts.pop("moments", {}), brain)
    for weights in parts.values():
        _must_match("taste", weights, brain)


def _check_numbers(part: str, name: str, tensor: Tensor, tokens: int) -> None:
    if tensor.is_complex():
        raise SoulDamaged(f"{part}.safetensors: {name[:80]} has numbers of a kind that no brain has")
    if tensor.is_floating_point():
        if not torch.isfinite(tensor).all():
            raise SoulDamaged(f"{part}.safetensors: {name[:80]} has values that are no numbers")
    elif part not in ("streams", "talks"):
        raise SoulDamaged(f"{part}.safetensors: {name[:80]} has numbers of a kind that no brain has")
    elif tensor.numel() and (tensor.min() < 0 or (name == "state.previous" and tensor.max() >= tokens)):
        raise SoulDamaged(f"{part}.safetensors: {name[:80]} has values that can't be")
