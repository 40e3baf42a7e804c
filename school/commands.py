"""The commands that don't wake anybody: each looks something up, or asks a sleeping baby, and prints what it found.

What a command needs is imported when it runs: those that only look must not wait for torch.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from school.office.foreign import emit, one_line, to_json
from school.settings import SchoolSettings

if TYPE_CHECKING:
    from school.office.machine import Compute
    from school.souls.caretaker import Soul


def ask(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Ask one question."""
    from school import offline
    from school.screen.calligraphist import for_screen

    soul, compute = _sleeper(settings, home)
    question = " ".join(options.text)
    reply = offline.ask(soul, question, conversation=options.conversation, settings=settings.speech, compute=compute)
    if options.json:
        fields = ("text", "step", "seconds", "color", "conversation")
        emit(to_json({name: getattr(reply, name) for name in fields}), sys.stdout)
    else:
        emit(for_screen(reply.text), sys.stdout)
    return 0


def score(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Bits per byte of texts, without learning."""
    from school import offline

    soul, compute = _sleeper(settings, home)
    scores = offline.score(soul, options.files, compute)
    if options.json:
        emit(to_json({"files": [asdict(one) for one in scores], "step": soul.step}), sys.stdout)
        return 0
    for one in scores:
        size = f"{one.bytes:,} bytes  {one.tokens:,} tokens"
        emit(f"{one.bits_per_byte:.4f} bits/byte  {size}  {one_line(one.file)}", sys.stdout)
    return 0


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


def stats(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Its life so far."""
    from school.record.chronicle import read_life, render
    from school.schedule.hours import zone_of

    zone = zone_of(settings.timetable.zone)
    life = read_life(home, search=options.search, last=options.last, zone=zone)
    if options.json:
        emit(to_json(life), sys.stdout)
    else:
        width = shutil.get_terminal_size().columns
        emit(render(life, width, weather=options.weather, zone=zone), sys.stdout)
    return 0


def diary(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """Its diary and its letters home."""
    from school.record.chronicle import read_diary
    from school.screen.calligraphist import for_screen, show

    found = read_diary(home, last=options.last)
    if options.json:
        emit(to_json({"pages": found}), sys.stdout)
        return 0
    for page in found:
        show(for_screen(page["text"]) + "\n", sys.stdout)
    return 0


def timetable(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """What is due when."""
    from school.schedule.noticeboard import as_table, look_up

    table = look_up(settings, home / "statistics" / "baby.db")
    width = shutil.get_terminal_size().columns
    emit(to_json(asdict(table), default=str) if options.json else as_table(table, width), sys.stdout)
    return 0


def whisper(text: str) -> None:
    """What a person may want to know, in one line beside the results on standard output."""
    from school.screen.calligraphist import show

    show(one_line(text), sys.stderr)


def _sleeper(settings: SchoolSettings, home: Path) -> tuple[Soul, Compute]:
    """The newest soul, and where to compute. Raises Mistake."""
    from school.assembly import souls_of
    from school.office.machine import prepare
    from school.offline import newest_soul

    compute = prepare(settings.machine)
    return newest_soul(souls_of(settings, home), whisper), compute
