"""Receipts in words: where an answer comes from, and what became of a lesson."""

from __future__ import annotations

from school.door.receipts import Progress, Receipt, Source
from school.door.values import ME, Kept, Pair, day_of
from school.office.foreign import one_line
from school.screen.calligraphist import number_of

PLURALS = {"question or mark": "questions and marks", "answer": "answers", "lesson": "lessons"}
NOBODY = "nobody told it that: it is what its weights made of all that it has read"
UNTOLD = "the more, the rarer they are (what its weights took from a text can't be told)"


def in_words(pair: Pair) -> str:
    """What was taught or marked."""
    answer = f"\u201c{one_line(pair.answer)}\u201d"
    if pair.source == "bad":
        return f"that it was bad to say {answer}"
    return f"when asked \u201c{one_line(pair.prompt)}\u201d, say {answer}" if pair.prompt else answer


def why(receipt: Receipt) -> str:
    """For the owner."""
    if pair := receipt.told:
        return f"you told it, on {day_of(pair.id)}: {in_words(pair)}" if pair.person == ME else _from_chat(pair)
    if not receipt.sources:
        return NOBODY
    rows = [
        f"  {source.share:4.0%}  {_named(source)}: \u201c{one_line(source.words)}\u201d" for source in receipt.sources
    ]
    unread = "" if receipt.read == receipt.of else f"; {receipt.read / receipt.of:.0%} of its texts were looked through"
    return "\n".join([f"nobody told it that. Its words stand there, too; {UNTOLD}{unread}:", *rows])


def _from_chat(pair: Pair) -> str:
    return f"it was told that in a chat, on {day_of(pair.id)}"


def _named(source: Source) -> str:
    if source.pair is None:
        return one_line(source.name)
    who = "you taught" if source.pair.person == ME else "somebody taught in a chat"
    return f"what {who} on {day_of(source.pair.id)}"


def who(kept: Kept) -> str:
    """What is kept of the owner."""
    things = {"question or mark": kept.messages, "answer": kept.replies, "lesson": kept.pairs}
    counted = ", ".join(f"{value:,} {thing if value == 1 else PLURALS[thing]}" for thing, value in things.items())
    return (
        f"(kept of you: {counted}, and {number_of(kept.conversations, 'conversation')} that it can go on with. /forget "
        "deletes all of it. Of guests who agreed, `wakeup.py stats people` tells; they ask with !consent themselves)"
    )


def learned(progress: Progress) -> str:
    """What became of a lesson."""
    now = f"{progress.surprise:.2f}"
    before = f"{progress.surprise_before:.2f}, now {now}" if progress.surprise_before is not None else now
    known = "yes, so it comes ever more rarely" if progress.by_heart else "not yet, so it comes often until it is"
    lines = [
        f"({in_words(progress.pair)}",
        f"  its weights' surprise at it: {before} nats a token",
        f"  lessons since: {progress.steps:,}; it comes again "
        f"{'next' if progress.next_in <= 1 else f'in {progress.next_in:,} steps'}",
        f"  known by heart: {known}",
    ]
    return "\n".join([*lines, f"  {_held_out(progress)})"])


def _held_out(progress: Progress) -> str:
    """What all lessons since did to text that it was never taught; this one's part in that can't be told."""
    before, now = progress.held_out_before, progress.held_out
    if before is None or now is None:
        return "held-out text: no examination yet to compare with"
    if progress.steps == 0 or before == now:
        return f"held-out text: {now:.3f} bits per byte; no examination since"
    return f"held-out text, by all lessons since: {before:.3f} to {now:.3f} bits per byte ({now / before - 1:+.1%})"
