"""What is exported for other programs: size, and whether they find our ids and logits; with their tokens a second.

Asked are those that are installed (`make lab`; llama-cpp-python besides), and llama2.c's `run` where it is named. One
thread; tokens a second are of one stream that always says what is likeliest.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.common import awake, parser, report, run
from brain.contract import Brain
from school.assembly import Awake
from school.bodies.body import Body, body_of
from school.bodies.compact import brain_of
from school.bodies.others.exporting import KINDS
from school.bodies.others.plain import plain_of
from school.office.mistakes import Mistake
from school.texts.tokenizer import DOCUMENT, MARK_COUNT, MARKS, Tokenizer

EXACT = {"type_k": 0, "type_v": 0, "flash_attn": False}  # of llama.cpp: keys and values are kept in 32 bits, too
QUIET = {"verbose": False, "n_threads": 1, "logits_all": True}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--steps", type=int, default=60, metavar="N", help="lessons before it is exported")
    options.add_argument("--tokens", type=int, default=200, metavar="N", help="tokens that are said")
    options.add_argument("--run", type=Path, metavar="FILE", help="llama2.c's program, built")
    given = options.parse_args()
    with awake(given, "machine.threads=1", "brain.species=llama") as (school, settings):
        learn(school, given.steps)
        body = body_of(school.classroom.saver.pack(), settings, Path("none"))
        text = held_out(school)
    with tempfile.TemporaryDirectory() as folder:
        report(measure(body, text, Path(folder), given), given.json)


def learn(school: Awake, steps: int) -> None:
    while school.tutor.step < steps:
        school.tutor.micro_step()


def held_out(school: Awake) -> str:
    """Text that it was never taught, longer than its window."""
    tokenizer = school.tutor.librarian.tokenizer
    return "".join(tokenizer.decode(text.held_out) for text in school.tutor.librarian.texts)[:20_000]


def measure(body: Body, text: str, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    tokenizer, plain = Tokenizer.from_json(body.tokenizer), plain_of(body)
    brain = brain_of(body, tokenizer)
    found: dict[str, Any] = {"parameters": body.card.parameters, "window": plain.places}
    for kind, write in KINDS.items():
        place = folder / kind
        place.mkdir()
        try:
            write(plain, body, place)
            found[f"{kind} MB"] = round(sum(file.stat().st_size for file in place.iterdir()) / 1e6, 3)
        except Mistake as why:
            found[kind] = str(why)
    said = Said(brain, tokenizer, text, given.tokens)
    found["at home tokens per second"] = said.rate
    if find_spec("transformers"):
        found |= in_transformers(folder / "transformers", said)
    if find_spec("llama_cpp") and (folder / "gguf" / "model.gguf").exists():
        found |= in_llama_cpp(folder / "gguf", said, plain.places)
    if given.run:
        found |= in_llama2c(given.run, folder / "llama2c", said)
    return found


class Said:
    """What the brain makes of a text under a grey colour, and what it says from its beginning on."""

    def __init__(self, brain: Brain, tokenizer: Tokenizer, text: str, tokens: int):
        self.brain, self.tokenizer, self.text, self.tokens = brain, tokenizer, text, tokens
        self.ids = tokenizer.encode(text)
        started = time.perf_counter()
        self.greedy = self.after([DOCUMENT], tokens)
        self.rate = round(tokens / (time.perf_counter() - started), 1)

    @torch.no_grad()
    def logits(self, ids: list[int]) -> Tensor:
        tokens = torch.tensor([ids])
        return self.brain(tokens, torch.full((*tokens.shape, 3), 0.5), self.brain.fresh_state(1)).logits[0]

    @torch.no_grad()
    def after(self, ids: list[int], tokens: int) -> list[int]:
        grey, state, said = torch.full((1, 3), 0.5), self.brain.fresh_state(1), list(ids)
        for place in range(len(ids) + tokens - 1):
            out = self.brain.step(torch.tensor(said[place : place + 1]), grey, state)
            state = out.state
            if place >= len(ids) - 1:
                said.append(int(out.logits.argmax()))
        return said


def in_transformers(place: Path, said: Said) -> dict[str, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    letters, model = AutoTokenizer.from_pretrained(place), AutoModelForCausalLM.from_pretrained(place)
    ids = said.ids[:1000]
    with torch.no_grad():
        apart = (model(torch.tensor([ids])).logits[0] - said.logits(ids)).abs().max().item()
    started = time.perf_counter()
    how = {"max_new_tokens": said.tokens, "min_new_tokens": said.tokens, "do_sample": False, "suppress_tokens": None}
    model.generate(torch.tensor([[DOCUMENT]]), **how)
    rate = said.tokens / (time.perf_counter() - started)
    return {
        "transformers same ids": letters(said.text)["input_ids"] == said.ids,
        f"transformers logits apart, {len(ids)} tokens": apart,
        "transformers tokens per second": round(rate, 1),
    }


def in_llama_cpp(place: Path, said: Said, places: int) -> dict[str, Any]:
    from llama_cpp import Llama

    model = Llama(str(place / "model.gguf"), n_ctx=places, **QUIET, **EXACT)
    ids = said.ids[: places - 1]
    model.eval(ids)
    apart = (torch.from_numpy(model.scores[: len(ids)]) - said.logits(ids)).abs().max().item()
    model.reset()
    started = time.perf_counter()
    token, count = DOCUMENT, min(said.tokens, places - 1)
    for _ in range(count):
        model.eval([token])
        token = int(model.scores[model.n_tokens - 1].argmax())
    rate = count / (time.perf_counter() - started)
    return {
        "llama.cpp same ids": model.tokenize(said.text.encode(), add_bos=False) == said.ids,
        f"llama.cpp logits apart, {len(ids)} tokens": apart,
        "llama.cpp tokens per second": round(rate, 1),
    }


def in_llama2c(program: Path, place: Path, said: Said) -> dict[str, Any]:
    """It puts a space before a text and prints what it says; so what both say is compared as text."""
    prompt = said.text[: said.text.find(" ", 40)]
    ids = said.tokenizer.encode(f" {prompt}")
    steps = len(ids) + said.tokens
    command = [program.resolve(), "model.bin", "-z", "tokenizer.bin", "-t", "0", "-n", str(steps), "-i", prompt]
    ran = subprocess.run(command, cwd=place, capture_output=True, check=True)
    theirs = ran.stdout.decode("utf-8", "replace").strip()
    pieces = [MARKS[i].encode() if i < MARK_COUNT else said.tokenizer.pieces[i] for i in range(said.tokenizer.size)]
    mine = said.after([DOCUMENT, *ids], said.tokens)[1:]
    mine = mine[: mine.index(DOCUMENT)] if DOCUMENT in mine else mine
    ours = b"".join(pieces[i] for i in mine).decode("utf-8", "replace").strip()
    rate = re.search(rb"tok/s: ([\d.]+)", ran.stderr)
    same = theirs.startswith(ours) or ours.startswith(theirs)
    return {"llama2.c same text": same, "llama2.c tokens per second": float(rate[1]) if rate else None}


if __name__ == "__main__":
    run(main)
