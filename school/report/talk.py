"""What was said: the last of it, or the last that has some words in it."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from typing import Any

from school.office.foreign import one_line
from school.office.mistakes import Mistake
from school.report.life import Life, on_the_wall
from school.screen.calligraphist import for_screen, number_of

RUNNING = re.compile(  # scripts without spaces between words, or with endings on them
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)

TALK = """
    select messages.at, messages.person, messages.text as question, replies.text as answer, replies.step,
           (select verdict from feedback where reply_id = replies.id order by rowid desc limit 1) as verdict
    from messages left join replies on replies.message_id = messages.id"""


def talk(life: Life, search: str | None = None, *, last: int) -> list[dict[str, Any]]:
    """So many of the last questions, each with its answer and what was said of that, the last one first: ``at``,
    ``person``, ``question``, ``answer``, ``step``, ``verdict``. Raises Mistake where it is searched for nothing."""
    where, values = _found(search) if search is not None else ("1", {})
    span = "messages.at >= :since and messages.at < :until"
    query = f"{TALK} where {span} and ({where}) order by messages.at desc limit :last"
    return life.query(query, last=last, **values)


def _found(search: str) -> tuple[str, dict[str, str]]:
    """The condition under which a question or its answer has all the words, and its values. Raises Mistake.

    The index knows whole words, which stand between spaces. In scripts that write none, or hang endings on their words,
    a word is found wherever it stands.
    """
    words = search.split()
    if not words:
        raise Mistake("--search: write a word to look for.")
    values = {
        f"w{n}": word if _hidden(word) else f'"{word.replace(chr(34), chr(34) * 2)}"' for n, word in enumerate(words)
    }
    sides = []
    for table in ("messages", "replies"):
        indexed = f"{table}.rowid in (select rowid from {table}_fts where {table}_fts match :w"
        parts = [
            f"instr(lower({table}.text), lower(:w{n})) > 0" if _hidden(word) else f"{indexed}{n})"
            for n, word in enumerate(words)
        ]
        sides.append(f"({' and '.join(parts)})")
    return " or ".join(sides), values


def _hidden(word: str) -> bool:
    """Whether it may stand inside of what the index takes for one word; so also signs, of which it knows none."""
    return bool(RUNNING.search(word)) or not any(c.isalnum() for c in word)


def render_search(life: dict[str, Any], search: str, *, zone: tzinfo = UTC) -> str:
    """What was found, or that nothing was."""
    if not life["talk"]:
        return f"Nothing that was said has {one_line(search)} in it."
    found = number_of(len(life["talk"]), "exchange")
    return "\n".join([*talk_lines(life["talk"], zone), f"({found}, the latest last; --last N shows more)"])


def talk_lines(talks: list[dict[str, Any]], zone: tzinfo) -> list[str]:
    lines = []
    for talk in reversed(talks):
        verdict = f"  [{one_line(talk['verdict'])}]" if talk["verdict"] else ""
        lines.append(f"{on_the_wall(talk['at'], zone)}  {one_line(talk['person'])}: {for_screen(talk['question'])}")
        lines.append(f"  baby (step {talk['step'] or 0:,}): {for_screen(talk['answer'] or '-')}{verdict}")
    return lines
