"""What the command `library` does: looking at the texts, adding and removing some. No torch here."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from school.office.foreign import emit, one_line, to_json
from school.office.mistakes import Mistake
from school.report.life import opened
from school.report.sources import texts
from school.screen.calligraphist import count, number_of, show
from school.settings import SchoolSettings
from school.taking_out import take_out
from school.texts.care import Care
from school.texts.export import lessons_of
from school.texts.facts import Facts, facts_on, read_known, said_by, write_known
from school.texts.keeping import Added, add
from school.texts.news import tell_skipped
from school.texts.overview import FIRST, Preview, Row, newest_tokenizer, preview, rows_of, tokens_of, words_in
from school.texts.places import STARTER_SHELF, Source, gather_sources, shown

LINES = 12  # of a text that `show` shows


def run(settings: SchoolSettings, home: Path, options: argparse.Namespace) -> int:
    """One of the errands below. Raises Mistake."""
    return ERRANDS[options.errand](Desk(settings, home, options))


class Desk:
    """What every errand needs."""

    def __init__(self, settings: SchoolSettings, home: Path, options: argparse.Namespace):
        self.settings, self.home, self.options = settings, home, options
        self.library = home / "library"
        self.default = said_by(settings.library)
        self.care = Care.of(settings, home)

    def sources(self) -> tuple[list[Source], dict[str, str]]:
        use, folders = self.settings.library.starter, list(self.options.library)
        how = {"home": self.home, "default": self.default, "care": self.care}
        return gather_sources(self.library, folders, STARTER_SHELF, use, **how)

    def preview(self, path: Path) -> Preview:
        """Raises Mistake."""
        return preview(*self.facts_on(path), self.care)

    def listed(self, name: str) -> Source | None:
        """The text that goes by a name in `library list`, or is written as a path that leads there."""
        sources, _ = self.sources()
        place = Path(name).absolute()
        return next((one for one in sources if name == one.name or place == one.path.absolute()), None)

    def facts_on(self, path: Path) -> tuple[Path, Facts]:
        """A file, whether it is named by its path or as the library calls it, and what was said about it, now too."""
        known, name = read_known(self.library), str(path)
        if not path.exists() and (self.library / path).exists():
            path = self.library / path
        inside = path.absolute()
        if inside.is_relative_to(self.library.absolute()):
            name = inside.relative_to(self.library.absolute()).as_posix()
        said = known.get(name, {}) | said_in(self.options)
        return path, facts_on(name, known | {name: said}, self.default)


def said_in(options: argparse.Namespace) -> dict[str, object]:
    """What the command line says about a file."""
    said = {key: getattr(options, key, None) for key in ("private", "weight", "speaker", "taken_as", "column")}
    return {key: value for key, value in said.items() if value is not None}


# ---- adding and removing ---------------------------------------------------------------------------------------------


def _add(desk: Desk) -> int:
    said, done = said_in(desk.options), Added()
    desk.library.mkdir(parents=True, exist_ok=True)
    for path in desk.options.paths:
        added = add(desk.library, path, said)
        done.names += added.names
        done.skipped |= added.skipped
    found: list[Preview] = []
    asked: set[str] = set()
    for name in done.names:
        if (desk.library / name).is_file():
            try:
                found.append(_known_speaker(desk, name, asked))
            except Mistake as why:
                done.skipped[name] = one_line(why).removeprefix(f"{desk.library / name}: ").rstrip(".")
    if desk.options.json:
        added = [one.in_short | {"text": None, "turns": len(one.turns), "problem": one.problem} for one in found]
        emit(to_json({"added": added, "skipped": done.skipped}), sys.stdout)
        return 0
    for one in found:
        emit(f"{Path(one.file).name}: {in_short(one)}", sys.stdout)
        if one.problem:
            emit(f"  not learned yet: {one.problem}", sys.stdout)
    for line in tell_skipped(done.skipped):
        emit(line, sys.stdout)
    if found:
        emit("It is learned from the next wake on, or within a minute where the baby is awake.", sys.stdout)
    return 0


def _known_speaker(desk: Desk, name: str, asked: set[str]) -> Preview:
    """A file of the library; where nobody knows who the owner is in it, they are asked, once for all that is in a
    folder."""
    path, facts = desk.facts_on(desk.library / name)
    one, top = preview(path, facts, desk.care, name), name.partition("/")[0]
    if not one.problem or top in asked or desk.options.json or sys.stdin is None or not sys.stdin.isatty():
        return one
    asked.add(top)
    emit(one.problem.partition("?")[0] + "?", sys.stdout)
    try:
        answer = input("you are: ").strip()
    except EOFError:
        answer = ""
    if answer:
        known = read_known(desk.library)
        known[top] = known.get(top, {}) | {"speaker": [answer]}
        write_known(desk.library, known)
        one = desk.preview(desk.library / name)
    return one


def _remove(desk: Desk) -> int:
    texts = []
    for name in desk.options.names:
        if (desk.library / name).is_file():
            with suppress(Mistake):
                texts.append(desk.preview(desk.library / name).learned)
    done = take_out(desk.home, desk.library, desk.options.names, texts)
    if desk.options.json:
        counts = {name: getattr(done, name) for name in ("lessons", "pages", "answers", "souls", "awake")}
        emit(to_json({"removed": done.lines, "names": done.names} | counts), sys.stdout)
    else:
        for line in [*done.lines, *done.told()]:
            emit(line, sys.stdout)
    return 0


# ---- looking ---------------------------------------------------------------------------------------------------------


def _list(desk: Desk) -> int:
    sources, skipped = desk.sources()
    tell = lambda text: emit(text, sys.stderr)  # noqa: E731
    rows, unread = rows_of(sources, desk.settings.library.held_out, desk.home / "soul", tell)
    skipped |= unread
    if desk.options.json:
        emit(to_json({"texts": [asdict(row) for row in rows], "skipped": skipped}), sys.stdout)
        return 0
    for line in table(rows):
        show(line, sys.stdout)
    for line in tell_skipped(skipped):
        show(one_line(line), sys.stdout)
    if not rows and not skipped:
        raise Mistake(f"{desk.library}: there is nothing in the library yet.")
    return 0


def table(rows: list[Row]) -> list[str]:
    """The texts, a line each."""
    width = min(40, max((len(row.name) for row in rows), default=0))
    lines = [f"{'text':{width}}  {'words':>8}  {'share':>6}  {'weight':>6}  {'':7}  read as"] if rows else []
    for row in rows:
        note = f"; {row.note}" if row.note else ""
        lines.append(
            f"{one_line(row.name):{width}}  {row.words:>8,}  {100 * row.share:>5.1f}%  {row.weight:>6g}  "
            f"{'private' if row.private else 'public':7}  {row.reader}{one_line(note)}"
        )
    return lines


def _show(desk: Desk) -> int:
    for name in desk.options.names:
        if listed := desk.listed(name):
            name, path, facts = listed.name, listed.path, listed.facts
        else:  # one that can't be learned yet
            path, facts = desk.facts_on(desk.library / name)
        if not path.exists():
            raise Mistake(f"{name}: the library has no such file; `library list` shows all.")
        one = preview(path, facts, desk.care)
        taught = _taught(desk, name)
        if desk.options.json:
            more = {"facts": asdict(facts), "owner": one.owner, "note": one.note, "taught": taught}
            emit(to_json(one.in_short | more), sys.stdout)
            continue
        lines = one.text.split("\n")
        emit(f"{one_line(name)}: {in_short(one)}", sys.stdout)
        emit(f"{'private' if facts.private else 'public'}, weight {facts.weight:g}", sys.stdout)
        emit(how_taught(taught), sys.stdout)
        if one.owner:
            emit(f"you are: {', '.join(one.owner)}", sys.stdout)
        emit("\n".join(lines[:LINES]) + ("\n..." if len(lines) > LINES else ""), sys.stdout)
    return 0


def _taught(desk: Desk, name: str) -> dict[str, Any] | None:
    """How a text was taught, as its record tells; None where that doesn't know it."""
    with suppress(Mistake), opened(desk.home) as life:
        return next(iter(texts(life, shown(Path(name)))), None)
    return None


def how_taught(taught: dict[str, Any] | None) -> str:
    """In a line."""
    if not taught or not taught["lessons"]:
        return "not taught yet, as far as its record tells"
    said = f"taught in {number_of(taught['lessons'], 'lesson')}, {taught['times'] or 0:.1f} times all of it"
    if taught["bits_now"] is None:
        return said
    return f"{said}; {taught['bits_at_first']:.2f} bits per byte at first, {taught['bits_now']:.2f} now"


def _preview(desk: Desk) -> int:
    one = desk.preview(desk.options.file)
    if desk.options.json:
        emit(to_json(one.in_short), sys.stdout)
        return 0
    emit(one.text, sys.stdout)
    tell = lambda text: emit(text, sys.stderr)  # noqa: E731
    tell(in_short(one))
    if one.problem:
        tell(f"not learned yet: {one.problem}")
    elif tokenizer := newest_tokenizer(desk.home):
        tokens, shown = tokens_of(one.learned, tokenizer)
        tell(f"{count(tokens)} tokens{f', the first {FIRST}' if tokens > FIRST else ''}: {shown}")
    return 0


def in_short(one: Preview) -> str:
    """What became of a file, in a line."""
    said = [number_of(words_in(one.learned), "word"), f"read as {one.reader}"]
    said += [number_of(len(one.turns), "turn")] if one.turns else []
    said += [one.note] if one.note else []
    if one.dropped:
        said.append(f"left out: {', '.join(f'{rule} ({number:,})' for rule, number in one.dropped.items())}")
    if one.changed:
        said.append(f"changed: {', '.join(f'{rule} ({number:,})' for rule, number in one.changed.items())}")
    return one_line(", ".join(said))


def _export(desk: Desk) -> int:
    sources, skipped = desk.sources()
    written = 0
    for lesson in lessons_of(sources, skipped):
        emit(to_json(lesson), sys.stdout)
        written += 1
    for line in tell_skipped(skipped):
        emit(one_line(line), sys.stderr)
    emit(f"{number_of(written, 'conversation')} written; prose has none.", sys.stderr)
    return 0


ERRANDS = {
    "add": _add,
    "list": _list,
    "show": _show,
    "remove": _remove,
    "preview": _preview,
    "export": _export,
}
