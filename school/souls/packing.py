"""What a soul consists of: packing a living school into one, and waking a school from one."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import partial
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor
from torch.overrides import TorchFunctionMode

from brain import BrainConfig, build_brain, read_config
from brain.contract import Brain
from school.door.values import Pair
from school.office.machine import Compute
from school.office.mistakes import Mistake
from school.souls.caretaker import Soul
from school.talking.receptionist import Receptionist
from school.teaching.night import Night
from school.teaching.plateau import Best
from school.teaching.remembering import Remembering
from school.teaching.reviews import Before, Dates
from school.teaching.streams import Streams
from school.teaching.tutor import Tutor
from school.texts.librarian import Bookmark
from school.texts.tokenizer import MARK_COUNT, Tokenizer

LARGEST_WIDTH, MOST_WINDOWS = 1_000_000, 1024
STATE_NUMBERS = 1 << 26  # that a conversation may carry, and that are made on the way to a brain
MAKERS = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn}

log = logging.getLogger(__name__)


def pack_soul(
    tutor: Tutor, receptionist: Receptionist, facts: dict[str, Any], remembering: Remembering | None = None
) -> Soul:
    """A copy of everything, on the CPU; nothing of it changes when lessons and talk go on. Nobody says a token
    meanwhile, so that all of it is of one moment."""
    with receptionist.turns:
        return _packed(tutor, receptionist, facts, remembering)


def _packed(tutor: Tutor, receptionist: Receptionist, facts: dict[str, Any], remembering: Remembering | None) -> Soul:
    conversations = receptionist.conversations.snapshot()
    names = {f"{i:04d}": name for i, name in enumerate(conversations)}
    kept = {f"{key}/{part}": tensor for key, name in names.items() for part, tensor in conversations[name][1].items()}
    plateau, agenda, shape = tutor.plateau, tutor.planner.agenda, tutor.planner.shape
    best = plateau.best
    tensors = {
        "brain": dict(tutor.brain.named_parameters()),
        "voice": dict(tutor.voice.named_parameters()),
        "best": best.weights if best else {},
        "optimizer": tutor.optimizer.tensors(),
        "streams": tutor.all_streams().tensors(),
        "talks": tutor.talks.carried.tensors(),
        "conversations": kept,
        "hippocampus": remembering.tensors() if remembering else {},
        "gate": tutor.gate.before,
        "taste": tutor.taste.tensors(),
    }
    facts = {
        **facts,
        "tokens_seen": tutor.tokens_seen,
        "skipped_steps": tutor.skipped,
        "examined_step": plateau.examined_step,
        "best": [best.bits_per_byte, best.waited, best.taught] if best else None,
        "rate_scale": plateau.rate_scale,
        "bookmark": agenda.bookmark._asdict(),
        "reviews": agenda.reviews.dates(),
        "unknown": agenda.reviews.unknown(),
        "night": list(agenda.night.waiting),
        "strength": tutor.gate.strength,
        "taste": tutor.taste.facts(),
        "micro_streams": tutor.pace.micro_streams,
        "streams": shape.streams,
        "block_tokens": shape.length,
        "talks": tutor.talks.places,
        "replies": receptionist.replies,
        "calibration": receptionist.calibration,
        "repetition_penalty": receptionist.penalty,
        "text_repeats": receptionist.text_repeats,
        "conversations": {key: [name, conversations[name][0]] for key, name in names.items()},
    }
    copies = {name: {key: _copy(tensor) for key, tensor in part.items()} for name, part in tensors.items()}
    return Soul(tutor.step, facts, copies, tutor.librarian.tokenizer.to_json())


def wake_tutor(soul: Soul, tutor: Tutor, pairs: list[Pair]) -> None:
    """Bring a new tutor to where the soul was. ``pairs``: what the record says is to be taught."""
    facts, plateau, agenda = soul.facts, tutor.plateau, tutor.planner.agenda
    load_weights(tutor.brain, soul.tensors["brain"])
    load_weights(tutor.voice, soul.tensors["voice"])
    tutor.optimizer.restore(soul.tensors["optimizer"])
    tutor.step, tutor.tokens_seen, tutor.skipped = soul.step, facts["tokens_seen"], facts["skipped_steps"]
    plateau.examined_step, plateau.rate_scale = facts["examined_step"], facts["rate_scale"]
    if best := facts.get("best"):
        figure, waited, taught = best
        weights = _own(soul.tensors["best"], tutor.device)
        plateau.best = Best(figure, weights, waited, taught)
    tutor.gate.before = _own(soul.tensors.get("gate", {}), tutor.device)
    tutor.gate.strength = facts.get("strength", 1.0)
    agenda.night = Night(facts.get("night", ()))
    agenda.bookmark = Bookmark(**facts["bookmark"])
    fresh, kept = tutor.streams.tensors(), soul.tensors["streams"]
    kept = {name: tensor for name, tensor in kept.items() if name in fresh}
    fits = all((kept[name].shape, kept[name].dtype) == (fresh[name].shape, fresh[name].dtype) for name in kept)
    if (facts["streams"], facts["block_tokens"]) == tutor.planner.shape and fits:
        tensors = _own(kept, tutor.device)
        tutor.streams = Streams.of(fresh | tensors)  # an old soul's may lack something
    else:  # other blocks than before: the lessons start a new epoch
        agenda.bookmark = agenda.bookmark._replace(epoch=agenda.bookmark.epoch + 1, block=0)
    tutor.talks.restore(facts.get("talks", []), _own(soul.tensors.get("talks", {}), tutor.device))
    dates, unknown = facts["reviews"], frozenset(facts.get("unknown", ()))
    for pair in pairs:  # one without dates was taught after the soul was saved
        kept = dates.get(pair.id)
        tutor.learn(pair, Dates(*kept[:2], pair.id not in unknown) if kept else None)
        if kept and kept[2:]:
            agenda.reviews.note(pair.id, Before(*kept[2:]))
    known = frozenset(pair.id for pair in pairs)
    tutor.taste.restore(facts.get("taste", {}), soul.tensors.get("taste", {}), tutor.voice, known)


def wake_receptionist(
    soul: Soul, receptionist: Receptionist, *, welcome: Callable[[str], bool] = lambda person: True
) -> None:
    """Bring back how it speaks, and the conversations with everybody who is ``welcome``."""
    facts = soul.facts
    receptionist.replies = facts["replies"]
    if receptionist.settings.tune:
        receptionist.calibration, receptionist.penalty = facts["calibration"], facts["repetition_penalty"]
        receptionist.text_repeats = facts["text_repeats"]
    parts: dict[str, dict[str, Tensor]] = {}
    for path, tensor in soul.tensors["conversations"].items():
        key, _, part = path.partition("/")
        parts.setdefault(key, {})[part] = tensor
    named = soul.facts["conversations"]
    receptionist.conversations.restore(
        {
            named[key][0]: (named[key][1], _own(tensors, receptionist.device))
            for key, tensors in parts.items()
            if key in named and welcome(named[key][1])
        }
    )


def brain_config(soul: Soul) -> BrainConfig:
    """The shape of the brain that the soul belongs to. Raises Mistake for one that this version does not know."""
    try:
        return shape_from(soul.facts["brain"])
    except (TypeError, KeyError, ValueError) as why:
        unknown = f"the soul of step {soul.step} is of a kind that this version does not know ({why})."
    raise Mistake(unknown)


def shape_from(facts: Any) -> BrainConfig:
    """What is said of a brain, held against all that a brain can be. Raises TypeError, KeyError or ValueError."""
    try:
        shape = read_config(dict(facts))
        facts = json.dumps(asdict(shape))  # as JSON, since only there a list may be a tuple
        shape = TypeAdapter(type(shape)).validate_json(facts, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))[:80]}: {first['msg'].lower()}") from None
    _check_bounds(shape)
    return shape


def _check_bounds(shape: BrainConfig) -> None:
    """Raises ValueError for what no brain is like, before anybody makes room for it."""
    for field in fields(shape):
        value = getattr(shape, field.name)
        if type(value) is int and not 1 <= value <= LARGEST_WIDTH:
            raise ValueError(f"{field.name} = {value}")
        if isinstance(value, tuple) and not 1 <= len(value) <= MOST_WINDOWS:
            raise ValueError(field.name)
    if not 0 <= shape.dropout < 1:
        raise ValueError(f"dropout = {shape.dropout}")
    if misfit := shape.misfit():
        raise ValueError(misfit)


def _own(tensors: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """Copies: a soul's tensors are its files, which stay in memory as a whole while one of them is in use, and are
    perhaps on a disk that goes away."""
    return {name: tensor.to(device, copy=True) for name, tensor in tensors.items()}


@torch.no_grad()
def load_weights(brain: torch.nn.Module, tensors: dict[str, Tensor]) -> None:
    """Copy weights by name. Raises Mistake if they are another brain's."""
    parameters = dict(brain.named_parameters())
    for name in sorted(parameters.keys() | tensors.keys()):
        if name not in parameters or name not in tensors or parameters[name].shape != tensors[name].shape:
            raise Mistake(f"the soul's weights don't fit this version of the brain ({name}); wake it with the old one.")
    for name, tensor in tensors.items():
        parameters[name].copy_(tensor)


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True)


def open_voice(soul: Soul, compute: Compute) -> tuple[Tokenizer, Brain]:
    """Just what it takes to speak and to be examined. Raises Mistake where the weights are another brain's."""
    tokenizer, shape = Tokenizer.from_json(soul.tokenizer), brain_config(soul)
    build = partial(build_brain, pieces=tokenizer.pieces, turn_tokens=MARK_COUNT, backend=compute.backend)
    try:
        with Budget(2 * sum(tensor.numel() for tensor in soul.tensors["voice"].values()) + STATE_NUMBERS):
            voice = build(shape).to(compute.device)
            voice.fresh_state(1)
    except (ValueError, RuntimeError, ArithmeticError, MemoryError) as error:
        raise Mistake(f"the soul of step {soul.step} says what no brain is like ({error}).") from None
    load_weights(voice, soul.tensors["voice"])
    return tokenizer, voice.requires_grad_(False)


class Budget(TorchFunctionMode):
    """Within it, tensors of so many numbers can be made; what a soul says of its size is not to be believed."""

    def __init__(self, numbers: int):
        super().__init__()
        self._left = numbers

    def __torch_function__(self, function, types, arguments=(), named=None):
        if function in MAKERS:
            shape = arguments[0] if arguments and not isinstance(arguments[0], int) else arguments
            self._left -= math.prod(shape or (named or {}).get("size", ()))
            if self._left < 0:
                raise ValueError("it is larger than its weights")
        return function(*arguments, **(named or {}))
