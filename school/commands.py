"""The commands that need a baby and wake none: each has one think, asleep or awake, and prints what comes of it.

What a command needs is imported when it runs, so that a mistake in its words is told before torch is loaded.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

from school.door.values import new_id
from school.office.foreign import emit, one_line, to_json
from school.office.mistakes import Mistake
from school.screen.calligraphist import number_of
from school.settings import SchoolSettings


def ask(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Ask one question, or with --chat talk; the baby that is awake, or else the newest soul."""
    from school.asking import Asker, one_question, questions

    conversation = options.conversation or (f"ask:{new_id()}" if options.chat else "")
    with Asker.of(settings, home, conversation, whisper) as asker:
        if options.chat:
            for question in questions(" ".join(options.text), tell=whisper):
                asker.answer(question, as_json=options.json, name="baby: ")
        else:
            asker.answer(one_question(options.text), as_json=options.json)
    return 0


def score(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Bits per byte of texts, without learning. What can't be read is told; the others have their figures."""
    from school.asking import marker_of
    from school.screen.glossary import WORDS

    found, failed = [], []
    with marker_of(settings, home, whisper) as score_one:
        for file in options.files:
            try:
                one = score_one(file)
            except Mistake as why:
                failed.append({"file": str(file), "why": str(why)})
                emit(f"babyLLM: {one_line(why)}", sys.stderr)
                continue
            found.append(one)
            if not options.json:
                size = f"{number_of(one['bytes'], 'byte')}  {number_of(one['tokens'], 'token')}"
                emit(f"{one['bits_per_byte']:.4f} bits/byte  {size}  {one_line(one['file'])}", sys.stdout)
    if options.json:
        step = found[-1]["step"] if found else None
        files = [{name: value for name, value in one.items() if name != "step"} for one in found]
        emit(to_json({"files": files, "step": step} | ({"failed": failed} if failed else {})), sys.stdout)
    elif found and sys.stdout.isatty():
        whisper(f"(bits/byte: {WORDS['bits per byte']})")
    return 2 if failed else 0


def read(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Read a text once."""
    from school import offline
    from school.assembly import Waking
    from school.office.machine import prepare

    waking = Waking(home=home, folders=options.library)
    compute = prepare(settings.machine)
    started = time.monotonic()
    reading = offline.read(settings, waking, options.file, compute, keep=options.keep, say=whisper)
    result = {"file": str(options.file), **asdict(reading), "seconds": time.monotonic() - started}
    if options.json:
        emit(to_json(result), sys.stdout)
    else:
        emit(
            f"{reading.bits_per_byte:.4f} bits/byte, {reading.tail_bits_per_byte:.4f} in the last tenth, "
            f"{reading.bytes:,} bytes in {result['seconds']:.0f} s  {one_line(options.file)}",
            sys.stdout,
        )
    return 0


def selfplay(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Make answers that are bad on purpose, beside those that people gave."""
    from school.selfplay import play

    made = play(settings, home, options.library, whisper)
    if options.json:
        emit(to_json(made), sys.stdout)
        return 0
    bad = ", ".join(f"{made[style]:,} {style}" for style in made if style != "preferred")
    emit(f"{number_of(made.get('preferred', 0), 'answer')} of people's, and beside them: {bad or 'none'}", sys.stdout)
    if not settings.lessons.selfplay_weight:
        whisper("They are kept, and count nothing before lessons.selfplay_weight is more than 0: docs/talking.md.")
    return 0


def library(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Look at the texts, add and remove some."""
    from school.library import run

    return run(settings, home, options)


def share(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """One file of the newest voice, to give away."""
    from school.bodies.sharing import share as make

    body, size = make(settings, home, options.file, options.licence, whisper)
    if options.json:
        emit(to_json({"file": str(options.file), "bytes": size, "card": body.card.model_dump()}), sys.stdout)
        return 0
    for line in body.card.lines():
        emit(one_line(line), sys.stdout)
    emit(f"{size / 1e6:,.1f} MB  {one_line(options.file)}", sys.stdout)
    whisper("It holds no texts and no talk, but it can repeat what it learned by heart: docs/sharing.md.")
    return 0


def export(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """A folder with the newest voice, for other programs."""
    from school.bodies.others.exporting import export as make

    body, sizes = make(settings, home, options.folder, options.kind, options.licence, whisper, half=options.half)
    if options.json:
        card = body.card.model_dump()
        emit(to_json({"folder": str(options.folder), "bytes": sizes, "card": card}), sys.stdout)
        return 0
    for line in body.card.lines():
        emit(one_line(line), sys.stdout)
    for name, size in sizes.items():
        emit(f"{size / 1e6:,.3f} MB  {one_line(options.folder / name)}", sys.stdout)
    whisper("It holds no texts and no talk, but it can repeat what it learned by heart: docs/sharing.md.")
    return 0


def adopt(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Let a baby that somebody gave away live in a home of its own."""
    from school.bodies.adopting import adopt as move_in
    from school.bodies.adopting import settings_for
    from school.bodies.baby_file import read_baby
    from school.office.advice import command

    needed = []
    if options.dubrovsky:
        from school.bodies.others.dubrovsky import ITS_HABITS, read_dubrovsky

        body, needed = read_dubrovsky(*options.dubrovsky), [*ITS_HABITS]
    else:
        body = read_baby(options.file)
    place = move_in(body, settings, home)
    needed = settings_for(body.config) + needed
    if options.json:
        emit(to_json({"soul": str(place), "set": needed, "card": body.card.model_dump()}), sys.stdout)
        return 0
    for line in body.card.lines():
        emit(one_line(line), sys.stdout)
    missing = [change for change in needed if change not in options.set]
    whisper(f"It lives in {home} now. To wake it: {command(more=missing)}")
    return 0


def whisper(text: str) -> None:
    """What a person may want to know, in one line beside the results on standard output."""
    from school.screen.calligraphist import show

    show(one_line(text), sys.stderr)
