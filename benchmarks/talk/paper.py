"""What a person reads of it: a table, and all questions with their answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.talk.point import AMONG
from benchmarks.talk.questions import Question
from school.door.values import Reply
from wakeup import whisper

JUDGES = {"mixer": "the context mixer", "ppmd": "PPMd, which learns from them"}
Row = dict[str, Any]  # of one variant
PERCENT, NUMBER, BITS = "{:.1%}", "{:.1f}", "{:.3f}"
ROWS = (
    ("known_words", "words that are known", PERCENT),
    ("ends_with_a_sentence", "ends by itself with a sentence", PERCENT),
    ("distinct_2", "distinct-2", PERCENT),
    ("mean_words", "words", NUMBER),
    ("two_tokens_or_fewer", "two tokens or fewer", PERCENT),
    ("copied_words", "words copied, in runs of 8 or more", PERCENT),
)
OF_TURNS = (*ROWS[:2], *ROWS[3:5], ("said_before", "said before", PERCENT))


def table(title: str, variants: Sequence[Row], people: dict[str, Any] | None, by: str) -> Table:
    """A column for each variant, and one for human text as long as its answers; in the lower part, for ``people`` who
    answer in the library."""
    made = Table(title=title, title_justify="left")
    made.add_column("")
    for variant in variants:
        made.add_column(variant["name"], justify="right")
        made.add_column("human", justify="right", style="dim")

    def row(says: str, baby: Callable[[Row], str], human: Callable[[Row], str] = lambda variant: "") -> None:
        made.add_row(says, *(cell(variant) for variant in variants for cell in (baby, human)))

    def both(says: str, cell: Callable[[dict[str, Any]], str]) -> None:
        row(says, lambda variant: cell(variant["baby"]), lambda variant: cell(variant["human"] or {}))

    row("bits per byte of held-out text, for itself", lambda variant: _cell(variant["bits_per_byte"], BITS))
    for name, says, form in ROWS:
        both(says, lambda side, name=name, form=form: _cell(side.get(name), form))
    both("brackets and quotation marks closed", _closed)
    if by:
        both(f"bits per byte, for {JUDGES[by]}", lambda side: _cell(side.get("judged_bits_per_byte"), BITS))
    row("ended: when done, long enough, cut short", lambda variant: _endings(variant["lives"]))
    made.add_section()
    people = people or {}
    row(
        f"its question found among {AMONG}",
        lambda variant: _with_range(variant["to_the_point"]),
        lambda variant: _with_range(people),
    )
    for kind, says in (("named", "... one that names something"), ("others", "... another")):
        row(says, lambda variant, kind=kind: _cell(variant["to_the_point"][kind], PERCENT))
    row("... answers dealt out anew", lambda variant: "", lambda variant: _cell(people.get("dealt_out_anew"), PERCENT))
    row(
        "words that stand in its question",
        lambda variant: _cell(variant["baby"]["echoed_words"], PERCENT),
        lambda variant: _cell(people.get("echoed_words"), PERCENT),
    )
    return made


def turns_table(variants: Sequence[Row]) -> Table:
    """The first turns of long conversations and their last halves."""
    made = Table(title="in long conversations", title_justify="left")
    made.add_column("")
    for variant in variants:
        for part in ("first", "last"):
            made.add_column(f"{variant['name']}, {'first turns' if part == 'first' else 'last half'}", justify="right")
    parts = [variant["turns"][part] for variant in variants for part in ("first", "last")]
    for name, says, form in OF_TURNS:
        made.add_row(says, *(_cell(part[name], form) for part in parts))
    made.add_section()
    for name, says, _ in OF_TURNS[:3]:
        lasting = [variant["turns"]["last_to_first"][name] for variant in variants]
        made.add_row(f"{says}, last to first", *(cell for one in lasting for cell in ("", _with_error(one))))
    return made


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _with_error(found: dict[str, float | None]) -> str:
    error = "" if found["error"] is None else f" ± {found['error']:.3f}"
    return _cell(found["ratio"], BITS) + error


def _closed(side: dict[str, Any]) -> str:
    closed = side.get("closed_marks")
    return "-" if closed is None else f"{closed:.1%} of {side['marks']:g}"


def _endings(lives: Sequence[dict[str, Any]]) -> str:
    total = sum((Counter(life["endings"]) for life in lives), Counter())
    free = total["end"], total["sentence"]
    return ", ".join(map(str, (*free, total.total() - sum(free))))


def _with_range(found: dict[str, Any]) -> str:
    return "{mean:.1%} ({low:.0%} to {high:.0%})".format(**found) if found else "-"


# ---- all that was said ---------------------------------------------------------------------------------------------


def interview_lines(
    asked: Sequence[Question], replies: Sequence[Sequence[Reply]], hits: Sequence[Sequence[float]]
) -> Iterator[str]:
    """Each question with its answers; + where the judge found the question, and how an answer was cut short."""
    for question, of_it, found in zip(asked, replies, hits, strict=True):
        yield ""
        yield question.text
        for reply, hit in zip(of_it, found, strict=True):
            yield f"  {'+' if hit == 1 else '-'} {_told(reply)}"


def conversation_lines(asked: Sequence[Question], said: Sequence[Reply]) -> Iterator[str]:
    yield ""
    yield "One conversation:"
    for turn, reply in enumerate(said):
        yield f"  you: {asked[turn % len(asked)].text}"
        yield f"  baby: {_told(reply)}"


def _told(reply: Reply) -> str:
    cut = "" if reply.ending == "end" else f"  [{reply.ending}]"
    return reply.text.replace("\n", "\n    ") + cut


def write(file: Path, lines: Sequence[str]) -> str | None:
    """Returns the file's name, None where it can't be written."""
    try:
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        whisper(f"no answers on paper: {file} can't be written ({error.strerror}).")
        return None
    whisper(f"all questions and answers: {file}")
    return str(file)
