"""The parts of the page: what stands in each, in words around what is drawn.

Each takes the figures and returns HTML; where the record holds nothing of it, a sentence says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from school.record.pages import LETTER
from school.report import drawn
from school.report.curves import SPOKEN
from school.report.drawn import day
from school.report.html import bits, few, folded, table, text, things, whole
from school.report.svg import calendar
from school.screen.calligraphist import count

LEVELS = 4
FEW_DAYS = 8  # that need no calendar
TEXTS = 12  # told one by one
REMARKABLE, RECENT, EVENTS = 6, 14, 8  # rows told
FLAGS = {"record": "its best until then", "worst": "undid the most"}
GUESSING = 8.0  # bits per byte of one that knows nothing
NOTHING_YET = "Nothing of this is in the record yet."
GOOD, FIX, TEACH = ("answers that were marked good", "answers that were put right", "things that it was taught")
HOW = {"good": GOOD, "fix": FIX, "teach": TEACH}
MARKS = {
    "fix": "put right", "laughter": "laughed at", "thanks": "thanked for", "again": "asked for once more",
    "silence": "met with silence",
}  # fmt: skip
HAPPENED = {
    "saved": "its soul was saved", "not saved": "its soul could not be saved", "reflection": "it was asked how it is",
    "skipped": "a step taught nothing", "rang": "a bell rang", "rang ahead": "a bell rang while the clock was ahead",
}  # fmt: skip
Figures = dict[str, Any]


def _knows(told: Figures) -> str:
    head = told["head"]
    if head["held_out"] is None:
        plain = "How well it predicts texts that it was never taught has not been measured yet."
    else:
        share = 100 * (1 - head["held_out"] / GUESSING)
        plain = (
            f"A tenth of its texts is kept from it, and it is examined on them. Each byte there, about a letter, "
            f"surprises it by {head['held_out']:.2f} bits. Pure guessing costs {GUESSING:.0f}, so it has learned away "
            f"{share:.0f} % of the surprise. Less is better; its best so far was {head['best']:.2f}."
        )
    return f"<p>{plain}</p>{drawn.knowing(told) or _none()}"


def _read(told: Figures) -> str:
    read = told["texts"]
    if not read:
        return _none()
    rows = [
        (f"{number}.", count(row["tokens"]), f"{row['times']:.1f}", bits(row["bits_at_first"]), bits(row["bits_now"]))
        for number, row in enumerate(read[:TEXTS], 1)
        if row["times"] is not None
    ]
    more = f" These are the largest of {whole(len(read))}." if len(read) > TEXTS else ""
    plain = "What it is taught, text by text, the largest first: how often it read all of it, and what a byte cost."
    heads = ("text", "tokens", "times", "bits per byte at first", "now")
    return f"<p>{plain}{more}</p>{table('Its texts', heads, rows, (0,))}"


def _feels(told: Figures) -> str:
    plain = (
        "A small head of its brain follows how it is doing, as a colour. The river shows how wide each part of it was; "
        "the band below is the colour itself."
    )
    return f"<p>{plain}</p>{drawn.feeling(told) or _none()}"


def _looks_back(told: Figures) -> str:
    plain = (
        "It has no attention. It looks back through windows, and keeps running memories, and tunes how far both reach."
    )
    reaching = drawn.looking_back(told)
    return f"<p>{plain}</p>{reaching}" if reaching else _none()


def _hippocampus(told: Figures) -> str:
    plain = "Beside the brain, a fast memory counts what it hears, and helps to predict what comes next."
    if not (gain := told["hippocampus"]):
        return f"<p>{plain}</p>{_none()}"
    plain += (
        f" At the last examination that took {gain['now']:.3f} bits off each byte; at most it was {gain['most']:.3f}, "
        f"and {gain['mean']:.3f} on the average of those that are drawn."
    )
    return f"<p>{plain}</p>{drawn.remembering(told)}"


def _heard(rows: list[dict[str, Any]]) -> str:
    """How it spoke at examinations, where it is asked the same every time."""
    known, ended, different = (f"{100 * rows[-1][name]:.0f} %" for name in SPOKEN)
    said = (
        f"At examinations it is asked a few things, always the same. At the last one its library had {known} of its "
        f"words, {ended} of its answers ended with a sentence, and {different} of their pairs of words differed."
    )
    cells = [(whole(r["step"]), day(r["at"]), *(f"{100 * r[name]:.0f} %" for name in SPOKEN)) for r in few(rows)]
    heads = ("step", "day", "words known", "ends with a sentence", "different pairs")
    return f"<p>{said}</p>{folded('as a table', table('How it speaks', heads, cells, (1,)))}"


def _said(told: Figures) -> str:
    talk, parts = told["talk"], []
    if talk["answers"]:
        said = f"{things(talk['questions'], 'question')}, {things(talk['answers'], 'answer')}."
        if talk["seconds"] is not None:
            said += f" An answer took {talk['seconds']:.1f} seconds."
        if talk["first_token_seconds"] is not None:
            said += f" Its first word came after {talk['first_token_seconds']:.2f} seconds."
        said += f" {100 * talk['ended'] / talk['answers']:.0f} % of the answers found an end by themselves."
        parts.append(f"<p>{said}</p>")
    if heard := told["heard"]:
        parts.append(_heard(heard))
    for what, heading in (("best", "Its best sentences, by its own measure"), ("strangest", "Its strangest")):
        if quotes := (told["sentences"] or {}).get(what):
            parts.append(f"<h3>{heading}</h3>" + "".join(_quote(quote) for quote in quotes))
    return "".join(parts) or _none()


def _quote(quote: Figures) -> str:
    sure = f"{100 * math.exp(quote['log_probability']):.0f} % sure of each token"
    return f"<blockquote>{text(quote['text'])}<footer>{day(quote['at'])} · {sure}</footer></blockquote>"


def _words(told: Figures) -> str:
    words = told["vocabulary"]
    if not words["words"]:
        return _none()
    parts = [
        f"<p>{things(words['words'], 'word')} of four letters or more, {whole(words['different'])} different ones.</p>"
    ]
    most = words["most"][0][1]
    cloud = "".join(
        f'<li style="font-size:{0.95 + 1.25 * (times / most) ** 0.7:.2f}rem">{text(word)}'
        f'<span class="times">{whole(times)}</span></li>'
        for word, times in words["most"]
    )
    parts.append(f'<h3>Said most, and how often</h3><ul class="cloud">{cloud}</ul>')
    if words["seasons"]:
        rows = [(season, ", ".join(word for word, _ in own) or "-") for season, own in words["seasons"].items()]
        parts.append("<h3>Favourite words, season by season</h3>")
        parts.append(table("What it said more than at other times", ("from", "words"), rows, (0, 1), wide=(1,)))
    if words["new"]:
        more = words["new_count"] - len(words["new"])
        chips = "".join(f"<li>{text(word)}</li>" for word in words["new"])
        parts.append(f'<h3>New this week</h3><ul class="chips">{chips}</ul>')
        parts.append(f'<p class="quiet">and {whole(more)} more</p>' if more else "")
    return "".join(parts)


def _taught(told: Figures) -> str:
    taught = told["teaching"]
    if not (taught["questions"] or taught["taught"]):
        return _none()
    guests = f" and {things(taught['guests'], 'guest')} who agreed to be learned from" if taught["guests"] else ""
    rows = [(HOW.get(source, source), whole(pairs)) for source, pairs in taught["taught"].items()]
    marked = sorted(taught["marks"].items(), reverse=True)
    marks = ", ".join(f"{whole(times)} {MARKS.get(verdict, verdict)}" for verdict, times in marked)
    reviewed = (
        " What people taught comes back in its lessons, at ever longer intervals: "
        f"{count(told['reviewed_tokens'])} tokens so far."
        if told["reviewed_tokens"]
        else ""
    )
    one = taught["learning"] == 1
    parts = [
        f"<p>{things(taught['questions'], 'question')} from its family{guests}.",
        f" Marks for its answers: {text(marks)}." if marks else "",
        f" {things(taught['learning'], 'lesson')} from people {'is' if one else 'are'} being taught.{reviewed}</p>",
        table("Lessons from people", ("what", "how many"), rows) if rows else "",
    ]
    return "".join(parts)


def _days(told: Figures) -> str:
    days = told["days"]
    if not days:
        return _none()
    first, most = date.fromisoformat(days[0]["day"]), max(row["steps"] for row in days)
    monday, levels = first - timedelta(days=first.weekday()), {}
    last = date.fromisoformat(days[-1]["day"])
    for n in range((last - monday).days + 1):
        levels[divmod(n, 7)] = 0
    for row in days:
        share = row["steps"] / most if most else 0
        levels[divmod((date.fromisoformat(row["day"]) - monday).days, 7)] = min(LEVELS, -int(-share * LEVELS // 1))
    lived = sum(bool(row["steps"]) for row in days)
    said = f"{things(lived, 'day')} with lessons from {days[0]['day']} to {days[-1]['day']}"
    said += f"; the busiest had {whole(most)} steps"
    kept = [row for row in days if row["flag"]][-REMARKABLE:]
    rows = [(row["day"], bits(row["held_out_bits_per_byte"]), FLAGS[row["flag"]]) for row in kept]
    heads = ("day", "steps", "answers", "bits per byte")
    counts = [(whole(row["steps"]), whole(row["answers"]), bits(row["held_out_bits_per_byte"])) for row in days]
    recent = [(row["day"], *told) for row, told in zip(days, counts, strict=True)][-RECENT:]
    if len(days) < FEW_DAYS:
        return f"<p>{said}.</p>{table('Its days', heads, recent)}"
    plain = f"A square for each day; the stronger its colour, the more lessons. {said}."
    return (
        f"<p>{plain}</p>{calendar('Its days', said, levels)}"
        + (table("Days to remember", ("day", "bits per byte", ""), rows, (0, 2)) if rows else "")
        + folded("the last days as a table", table("Its last days", heads, recent))
    )


def _speed(told: Figures) -> str:
    return drawn.learning_speed(told) or _none()


def _diary(told: Figures) -> str:
    articles = []
    for one in told["diary"]:
        if one["kind"] == LETTER:
            inside = _letter(one["lines"])
            articles.append(f"<article><h3>Letter home, {text(one['day'])}</h3>{inside}</article>")
        else:
            articles.append(f"<article><h3>{text(one['day'])}</h3><p>{text(' '.join(one['lines']))}</p></article>")
    return "".join(articles) or _none()


def _letter(lines: list[str]) -> str:
    """What the scribe writes of Markdown: headings, quotations and one table."""
    found, rows = [], []
    for line in [*"\n".join(lines).split("\n"), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
            continue
        if len(rows) > 2:
            found.append(table("The days", rows[0], rows[2:], (0, 4)))
        rows = []
        if line.startswith("#"):
            found.append(f"<h4>{text(line.lstrip('# '))}</h4>")
        elif line.startswith(">"):
            found.append(f"<blockquote>{text(line.lstrip('> '))}</blockquote>")
        elif line.strip():
            found.append(f"<p>{text(line)}</p>")
    return "".join(found)


def _events(told: Figures) -> str:
    rows = [
        (HAPPENED.get(row["kind"], row["kind"]), whole(row["times"]), day(row["last_at"])) for row in told["events"]
    ]
    if not rows:
        return _none()
    return table("How often, and when last", ("what", "times", "last"), rows[:EVENTS], (0, 2))


def _none() -> str:
    return f'<p class="none">{NOTHING_YET}</p>'


SECTIONS: tuple[tuple[str, str, Callable[[Figures], str]], ...] = (
    ("knows", "What it knows", _knows),
    ("read", "What it read", _read),
    ("feels", "How it felt", _feels),
    ("said", "What it said", _said),
    ("words", "Its words", _words),
    ("looks-back", "How far it looks back", _looks_back),
    ("hippocampus", "What it remembers at once", _hippocampus),
    ("taught", "What people taught it", _taught),
    ("days", "Its days", _days),
    ("diary", "From its diary", _diary),
    ("speed", "How fast it learns", _speed),
    ("events", "What else happened", _events),
)
WORDY = {"words": "vocabulary", "diary": "diary"}  # parts that are left out where no words are wanted
