"""Does it keep its plasticity? One life through four libraries, each in another spelling, then a text never seen.

    python -m benchmarks.plasticity --texts A.txt B.txt --seconds-each 180 --plot plasticity.png

At birth and after each library a copy of the brain reads the same 20 kB once, predicting before learning, as
``wakeup.py read`` does, but without counts; the copy from birth is the fresh brain, with the same tokenizer and seeds,
that the old one is measured against. *Saved* are the bits below 8 per byte. The text is read in two spellings: plain,
where an old brain may use what it knows, and with the alphabet mirrored (a for z), which no library had. Net of
transfer: *saved at the end* counts the last tenth only, where both have learned for a while; *learned* is what the last
tenth costs less than the first, to which a better start can only be a hindrance.

The tokenizer is learned from the first library, as at any birth. Each library takes the place of the one before.
"""

from __future__ import annotations

import argparse
import copy
import math
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import wakeup
from benchmarks.common import awake, report, run
from benchmarks.learn import examine
from benchmarks.plots import save
from brain.contract import Brain
from brain.hippocampus import Hippocampus
from school.assembly import Awake, Say
from school.office.mistakes import Mistake
from school.office.settings import Slice
from school.souls.packing import pack_soul, wake_tutor
from school.teaching.examiner import NEUTRAL
from school.teaching.reader import Reader
from school.teaching.settings import LessonSettings
from school.teaching.tutor import Tutor
from school.texts.decoding import Unreadable, read_text
from school.texts.librarian import Librarian
from school.texts.places import STARTER_SHELF, Source
from school.texts.shelf import Text
from school.texts.tokenizer import DOCUMENT, Tokenizer

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ROTATED = str.maketrans(LETTERS + LETTERS.upper(), LETTERS[1:] + "a" + LETTERS[1:].upper() + "A")
MIRRORED = str.maketrans(LETTERS + LETTERS.upper(), LETTERS[::-1] + LETTERS[::-1].upper())
UNSEEN_BYTES = 20_000
SAMPLE = 512  # held-out tokens of each library that the neurons are watched on
SILENT = 0.01  # of the mean over a layer's units: below it one counts as dormant, or its row as idle


# ---- the texts -----------------------------------------------------------------------------------------------------


def libraries(first: str, second: str) -> dict[str, str]:
    """Four texts, in the order they are taught; none holds the second half of ``second``."""
    half, quarter = len(first) // 2, len(second) // 4
    return {
        "plain": first[:half],
        "words reversed": re.sub(r"\w+", lambda word: word[0][::-1], second[:quarter]),
        "capitals": first[half:].upper(),
        "letters rotated": second[quarter : 2 * quarter].translate(ROTATED),
    }


def unseen(second: str) -> dict[str, str]:
    """The text for the readings, from the second half of ``second``, in both spellings."""
    start = second[len(second) // 2 :].encode()[:UNSEEN_BYTES].decode(errors="ignore")
    return {"plain": start, "mirrored": start.translate(MIRRORED)}


def two_texts(files: list[Path] | None) -> tuple[str, str]:
    """The texts asked for, else two corpora beside the repository, else the starter shelf in halves. Raises Mistake."""
    corpora = sorted(wakeup.REPOSITORY.parent.joinpath("shared", "corpora").glob("*.txt"))[:2]
    if files or len(corpora) == 2:
        first, second = (_read(file) for file in files or corpora)
        return first, second
    shelf = [_read(file) for file in sorted(STARTER_SHELF.iterdir())]
    return "\n".join(shelf[::2]), "\n".join(shelf[1::2])


def _read(file: Path) -> str:
    try:
        return read_text(file.read_bytes())
    except (OSError, Unreadable) as why:
        raise Mistake(f"{file}: {getattr(why, 'strerror', None) or why}.") from None


# ---- looking at the brain ------------------------------------------------------------------------------------------


def effective_rank(activations: Tensor) -> float:
    """How many directions (samples, units) spread over: exp of the entropy of the normalised singular values
    (Roy and Vetterli 2007, "The effective rank: a measure of effective dimensionality")."""
    values = torch.linalg.svdvals(activations.double())
    shares = values / values.sum().clamp(min=1e-300)
    return torch.special.entr(shares).sum().exp().item()


def silent_share(sizes: Tensor) -> float:
    """Share of units (N,) whose mean size is below SILENT of the layer's mean (Sokar et al. 2023, "The dormant neuron
    phenomenon in deep reinforcement learning")."""
    return (sizes <= SILENT * sizes.mean()).double().mean().item()


def parts(brain: Brain) -> Iterator[tuple[str, nn.Module]]:
    """The brain's parts by name; of a list of layers, those of each."""
    for name, part in brain.named_children():
        if not isinstance(part, nn.ModuleList):
            yield name, part
            continue
        for i, layer in enumerate(part, 1):
            yield from ((f"{name}{i}.{inner}", piece) for inner, piece in layer.named_children())


def look_at(brain: Brain, tokens: Tensor) -> dict[str, dict[str, float]]:
    """What each part's units do on ``tokens`` (B, T+1), nothing dropped: ``dormant``, ``idle`` (rows of the neurons
    that the gradient does not reach), ``effective_rank``; and the ``norm`` of the part's weights."""
    heard: dict[str, Tensor] = {}

    def listen(name: str):
        def hook(_module, _inputs, output) -> None:
            heard[name] = (output if isinstance(output, Tensor) else output[0]).detach()

        return hook

    hooks = [part.register_forward_hook(listen(name)) for name, part in parts(brain)]
    try:
        shown = torch.full((*tokens[:, 1:].shape, 3), NEUTRAL, device=tokens.device)
        logits = brain(tokens[:, :-1], shown, brain.fresh_state(len(tokens))).logits
    finally:
        for hook in hooks:
            hook.remove()
    F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
    found = {}
    for name, part in parts(brain):
        squares = sum(parameter.detach().square().sum().item() for parameter in part.parameters())
        found[name] = {"norm": squares**0.5}
        if name in heard:
            units = heard[name].flatten(0, -2).cpu()
            found[name] |= {"dormant": silent_share(units.abs().mean(0)), "effective_rank": effective_rank(units)}
        if isinstance(rows := getattr(part, "rows", None), Tensor):
            found[name]["idle"] = silent_share(rows.grad.norm(dim=1))
    brain.zero_grad()
    return found


# ---- a life --------------------------------------------------------------------------------------------------------


def teach_for(tutor: Tutor, seconds: float, exam_tokens: int) -> None:
    """Lessons for some seconds, with the examinations that belong to them."""
    spent = 0.0
    while spent < seconds:
        if step := tutor.micro_step():
            spent += step.seconds
        if tutor.exam_due:
            started = time.perf_counter()
            tutor.heed(examine(tutor, limit=exam_tokens).bits_per_byte)
            spent += time.perf_counter() - started


def read_unseen(day: Awake, shelf: Librarian, lessons: LessonSettings, text: str) -> dict[str, float]:
    """A copy of the brain, with all that a soul keeps, reads ``text`` once; ``shelf``: what it may go over again. What
    counts is what the brain predicts by itself: a hippocampus is as plastic as ever."""
    tokens = np.array([DOCUMENT, *shelf.tokenizer.encode(text)], dtype=np.int64)
    heard = Hippocampus(shelf.tokenizer.pieces, DOCUMENT, run=day.tutor.brain.backend.kernels)
    reader = Reader(copy.deepcopy(day.tutor.brain), shelf, lessons, tokens, heard)
    wake_tutor(pack_soul(day.tutor, day.classroom.receptionist, {}), reader.tutor, [])
    reader.read(day.say)
    bits, sizes = reader.alone / math.log(2), shelf.byte_lengths[tokens[1:]]
    ends = np.cumsum(sizes)
    first, last = ends <= ends[-1] / 10, ends > 0.9 * ends[-1]
    whole, at_first, at_last = (bits[some].sum() / sizes[some].sum() for some in (slice(None), first, last))
    return {
        "bits_per_byte": whole,
        "first_tenth": at_first,
        "last_tenth": at_last,
        "saved_bits": (8 - whole) * ends[-1],
        "saved_at_end": 8 - at_last,
        "learned": at_first - at_last,
    }


def open_libraries(files: dict[str, Path], tokenizer: Tokenizer, settings: Slice, say: Say) -> list[Librarian]:
    """One librarian for each text, all spelling with the same tokenizer."""
    held_out, seed = settings.library.held_out, settings.lessons.seed
    return [
        Librarian.open(
            [Source(file, name)], tokenizer, held_out=held_out, cache=file.with_suffix(".tokens"), seed=seed, say=say
        )
        for name, file in files.items()
    ]


def some_of_each(texts: list[Text]) -> Tensor:
    """The first held-out tokens of every text, (texts, SAMPLE + 1) or as many as the shortest has."""
    length = min(SAMPLE + 1, *(len(text.held_out) for text in texts))
    return torch.from_numpy(np.stack([text.held_out[:length] for text in texts]).astype(np.int64))


def live(first: str, second: str, given: argparse.Namespace, seed: int) -> list[dict]:
    """One life: what there is to see at birth and after each library."""
    with tempfile.TemporaryDirectory(prefix="baby-") as folder:
        files = {}
        for name, text in libraries(first, second).items():
            files[name] = Path(folder, f"{name}.txt")
            files[name].write_text(text, encoding="utf-8")
        with awake(argparse.Namespace(text=files["plain"], set=given.set), f"lessons.seed={seed}") as (day, settings):
            tutor, tokenizer = day.tutor, day.tutor.librarian.tokenizer
            librarians = open_libraries(files, tokenizer, settings, day.say)
            shelf = Librarian(tokenizer, [text for one in librarians for text in one.texts], seed=seed)
            sample = some_of_each(shelf.texts).to(tutor.device)

            def look(after: str) -> dict:
                fifth = unseen(second).items()
                stage = {
                    "after": after,
                    "step": tutor.step,
                    "learning_rate": tutor.learning_rate(),
                    "held_out_bits_per_byte": examine(tutor, limit=1 << 14).bits_per_byte,
                    "parts": look_at(tutor.brain, sample),
                    "unseen": {name: read_unseen(day, shelf, settings.lessons, text) for name, text in fifth},
                }
                day.say(_told(seed, stage))
                return stage

            stages = [look("birth")]
            for name, tutor.planner.librarian in zip(files, librarians, strict=True):
                teach_for(tutor, given.seconds_each, settings.lessons.evaluation_tokens)
                stages.append(look(name))
    return stages


def _told(seed: int, stage: dict) -> str:
    neurons = next((part for part in stage["parts"].values() if "idle" in part), {})
    read = ", ".join(f"{name} {unseen['bits_per_byte']:.3f}" for name, unseen in stage["unseen"].items())
    return (
        f"seed {seed}, step {stage['step']}, after {stage['after']}: reads unseen text at {read} bits/byte; "
        f"neurons' rank {neurons.get('effective_rank', 0):.0f}, dormant {neurons.get('dormant', 0):.1%}"
    )


# ---- the result ----------------------------------------------------------------------------------------------------


def percent_of_fresh(lives: list[list[dict]], what: str) -> dict[str, float]:
    """The oldest brain's share of the newborn's, in per cent, by spelling; mean over the seeds."""
    spellings = lives[0][0]["unseen"]
    return {
        name: round(fmean(100 * life[-1]["unseen"][name][what] / life[0]["unseen"][name][what] for life in lives), 1)
        for name in spellings
    }


def draw(lives: list[list[dict]], file: Path) -> None:
    """Four pictures of the lives, one line per seed, in a PNG file; says so where that can't be."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        wakeup.whisper("no plot: matplotlib is not installed; run `make lab`.")
        return
    figure = Figure(figsize=(12, 8), dpi=120, layout="constrained")
    (saved, rank), (dormant, norm) = figure.subplots(2, 2)
    for seed, life in enumerate(lives):
        after = [stage["after"] for stage in life]

        def line(axes, values, label, colour, seed=seed, after=after):
            axes.plot(after, values, color=colour, label=label if seed == 0 else None)

        for i, name in enumerate(life[0]["unseen"]):
            bits = [stage["unseen"][name]["saved_bits"] for stage in life]
            line(saved, [100 * one / bits[0] for one in bits], name, f"C{i}")
        for i, name in enumerate(life[0]["parts"]):
            seen = [stage["parts"][name] for stage in life]
            line(norm, [one["norm"] / max(seen[0]["norm"], 1e-9) for one in seen], name, f"C{i}")
            if "dormant" in seen[0]:
                line(rank, [one["effective_rank"] for one in seen], name, f"C{i}")
                line(dormant, [100 * one["dormant"] for one in seen], name, f"C{i}")
    saved.axhline(95, color="grey", linestyle=":")
    for axes, title, unit in (
        (saved, "bits saved on 20 kB never seen", "% of the newborn's"),
        (rank, "effective rank of activations", "directions"),
        (dormant, "dormant units", "%"),
        (norm, "norm of weights", "times that at birth"),
    ):
        axes.set(title=title, ylabel=unit, xlabel="after the library")
        axes.legend(fontsize="small")
    dormant.set_ylim(0, 100)
    save(figure, file)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--texts", type=Path, nargs=2, metavar=("A", "B"), help="the texts that all is made from")
    options.add_argument("--seconds-each", type=float, default=120, help="of lessons in each library")
    options.add_argument("--seeds", type=int, default=1, help="lives, one after the other")
    options.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change a setting")
    options.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the lives")
    options.add_argument("--json", action="store_true", help="print one JSON line")
    given = options.parse_args()
    if given.seeds < 1:
        raise Mistake("--seeds must be at least 1.")
    first, second = two_texts(given.texts)
    lives = [live(first, second, given, seed) for seed in range(given.seeds)]
    if given.plot:
        draw(lives, given.plot)
    result = {
        "seconds_each": given.seconds_each,
        "saved_percent_of_fresh": percent_of_fresh(lives, "saved_bits"),
        "saved_at_end_percent_of_fresh": percent_of_fresh(lives, "saved_at_end"),
        "learned_percent_of_fresh": percent_of_fresh(lives, "learned"),
    }
    report(result | {"lives": lives}, given.json)


if __name__ == "__main__":
    run(main)
