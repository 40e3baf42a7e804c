"""A voice as small bodies carry it: finished tables of tokens, half the precision, and all that is known before.

Bodies that speak without this program (``.pyz``, ``.html``) hold one JSON text and the numbers one behind the other.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import torch
from tokenizers import pre_tokenizers

from brain import build_brain, read_config
from brain.contract import Brain
from brain.layers.words import KEPT
from brain.sampling import FAR
from school.bodies.body import Body
from school.office.mistakes import Mistake
from school.souls.packing import load_weights
from school.talking.form import LONG, PULL, SPELLED, Form
from school.talking.receptionist import GUIDED, TAIL
from school.teaching.examiner import NEUTRAL
from school.texts.characters import Characters
from school.texts.sentences import ends_only
from school.texts.tokenizer import BABY, MARK_COUNT, PERSON, Tokenizer

LAST, SURROGATES = 0x3FFFF, range(0xD800, 0xE000)  # no planes beyond the third hold letters


def compact(body: Body) -> tuple[dict[str, Any], bytes]:
    """What a body says of itself, as JSON has it, and its weights in float16, little-endian. Raises Mistake."""
    tokenizer = Tokenizer.from_json(body.tokenizer)
    about, numbers, places = [], 0, {}
    form = Form(tokenizer, body.speech.max_tokens)
    for name, tensor in tables(brain_of(body, tokenizer)).items():
        with np.errstate(over="ignore"):
            half = tensor.numpy().astype("<f2")
        if not np.isfinite(half).all():
            raise Mistake(f"its weights ({name}) are too large for 16 bits; share it as a .baby file.")
        places[name] = [numbers, list(half.shape)]
        numbers += half.size
        about.append(half.tobytes())
    said = {
        "card": body.card.model_dump(),
        "about": body.card.lines(),
        "config": body.config,
        "speech": body.speech.model_dump(),
        "habits": {
            "guided": GUIDED,
            "long": LONG,
            "pull": PULL,
            "spelled": SPELLED,
            "far": FAR,
            "tail": TAIL,
            "neutral": NEUTRAL,
            "kept": list(KEPT),
        },
        "marks": {
            "count": MARK_COUNT,
            "person": tokenizer.mark(PERSON),
            "baby": tokenizer.mark(BABY),
            "end": tokenizer.end,
        },
        "letters": letters_of(tokenizer),
        "no_beginning": [tokenizer.end, *(i for i, piece in enumerate(tokenizer.pieces) if ends_only(piece))],
        "marked": sorted(form.marked),
        "final": form.final.nonzero()[:, 0].tolist(),
        "begun": sorted(form.begun),
        "goes_on": form.goes_on.nonzero()[:, 0].tolist(),
        "lines": form.lines,
        "weights": places,
    }
    return said, b"".join(about)


def brain_of(body: Body, tokenizer: Tokenizer) -> Brain:
    brain = build_brain(read_config(body.config), pieces=tokenizer.pieces, turn_tokens=MARK_COUNT)
    load_weights(brain, body.weights)
    return brain.requires_grad_(False)


def tables(brain: Brain) -> dict[str, torch.Tensor]:
    """Its weights by name, in which what tokens share by their spelling has been added to each token's own."""
    weights = {name: tensor.detach() for name, tensor in brain.named_parameters() if ".spelling." not in name}
    for name, part in (("embedding.tokens", "embedding"), ("logits.speak.weight", "logits")):
        if name in weights:
            weights[name] = getattr(brain, part).table().detach()
    return weights


def letters_of(tokenizer: Tokenizer) -> dict[str, Any]:
    """Pieces (as Latin-1), merges by their ids, and which characters are letters, numbers and spaces. Of an alphabet:
    pieces, and the id that stands for what it lacks, or -1."""
    pieces = [piece.decode("latin-1") for piece in tokenizer.pieces]
    if isinstance(tokenizer, Characters):
        unknown = tokenizer.encode(tokenizer.stand_in)
        return {"kind": "characters", "pieces": pieces, "unknown": unknown[0] if unknown else -1}
    ids = {piece: i for i, piece in enumerate(tokenizer.pieces) if i >= MARK_COUNT}
    model = json.loads(tokenizer.to_json())["model"]
    spelled = {letters: tokenizer.pieces[i + MARK_COUNT] for letters, i in model["vocab"].items()}
    merges = [[ids[spelled[left]], ids[spelled[right]]] for left, right in model["merges"]]
    return {"kind": "byte pairs", "pieces": pieces, "merges": merges, **classes()}


@cache
def classes() -> dict[str, list[list[int]]]:
    """The ranges of characters that the tokenizer's library takes for letters, numbers and spaces.

    Given all characters in order it cuts wherever one of another kind follows, so a few thousand questions tell the
    kind of each of a quarter of a million.
    """
    cut = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str
    everything = [code for code in range(LAST + 1) if code not in SURROGATES]
    found: dict[str, list[list[int]]] = {"letters": [], "numbers": [], "spaces": []}
    for _, (start, stop) in cut("".join(map(chr, everything))):
        first = start + (everything[start] == ord(" ") and stop - start > 1)
        kind = _kind(cut, chr(everything[first]))
        if first > start:
            extend(found["spaces"], ord(" "), ord(" "))
        if kind:
            extend(found[kind], everything[first], everything[stop - 1])
    return found


def _kind(cut: Any, character: str) -> str:
    if len(cut(f"a{character}")) == 1:
        return "letters"
    if len(cut(f"1{character}")) == 1:
        return "numbers"
    return "spaces" if len(cut(f"!{character}")) > 1 else ""


def extend(ranges: list[list[int]], first: int, last: int) -> None:
    if ranges and ranges[-1][1] + 1 == first:
        ranges[-1][1] = last
    else:
        ranges.append([first, last])
