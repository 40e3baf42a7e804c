"""What a line means that the owner typed, or sent through a pipe: talk, or a command. To add a command, add a row."""

from __future__ import annotations

import asyncio
import difflib
import re
import time
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

from bots.acknowledgement import FROM_NOW_ON, SORRY, VERDICTS, WILL_LEARN, when_written
from bots.receipts import in_words, learned, who, why
from school.diary.voice import Voice
from school.door.school import School
from school.door.signals import Signals
from school.door.values import ME, Asleep, Busy, Reply, new_id
from school.office.foreign import JOINERS, one_line
from school.screen.calligraphist import for_screen, number_of
from school.screen.glossary import LISTED, explain
from school.screen.status import status_lines

TERMINAL = f"terminal:{ME}"  # how the names of conversations here begin
YES, NO = ("yes", "y"), ("no", "n", "")
LEAVE = "(let it sleep? yes or no)"
QUOTES = " \"'\u201c\u201d\u2018\u2019\u00ab\u00bb"
ARROW = "=>"  # between a question that is taught and its answer

T = TypeVar("T")
Say = Callable[[str], None]


def _done(value: T) -> Callable[..., Future[T]]:
    def act(*_: object) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(value)
        return future

    return act


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the house lets whoever sits at it do. ``others`` tells, for /status, how the other surfaces are;
    ``learning`` says whether it learns; ``names`` says what baby and ``you`` are called; ``corrections`` are ways to
    say what it should have said, with {text} where that is; ``place`` is how the names of conversations here begin,
    ``conversation`` the one to go on with; ``signals`` tells what a line lets on about the answer before it."""

    quit: Callable[[], None]
    save: Callable[[], Future[str | None]] = field(default_factory=lambda: _done(None))
    pause: Callable[[bool], Future[bool]] = field(default_factory=lambda: _done(False))
    others: Callable[[], list[str]] = list
    learning: Callable[[], str] = str
    view: Callable[[str], str] = lambda name: "nothing is shown here"
    why_slow: Callable[[], list[str]] = list
    names: Voice | None = None
    corrections: Sequence[str] = ()
    place: str = TERMINAL
    conversation: str = ""
    signals: Signals | None = None


class Commands:
    """What a line means, whichever way it came; answers are shown with ``say``. ``last`` is the answer that commands
    are about, by its id; "" where there is none."""

    def __init__(self, school: School, say: Say, house: House):
        called = [house.names.choose(who) for who in ("baby", "you")] if house.names else ["baby", "you"]
        self.baby, self.you = map(one_line, called)
        self._school, self._say, self._house = school, say, house
        self.conversation = house.conversation or house.place
        self.last = ""
        self._said_at = time.monotonic()
        self._corrections = [correction(line) for line in house.corrections]
        self._open: Callable[[str], Awaitable[bool]] | None = None  # takes the next line, if that answers it

    @property
    def asks(self) -> bool:
        """Whether the next line may be the answer to a question."""
        return self._open is not None

    def unask(self) -> None:
        """Whoever was asked is gone; nobody else is to answer that."""
        self._open = None

    async def obey(self, line: str) -> bool:
        """Do what a line says, if it is a command or answers what was asked back; whether it was. Raises Busy and
        Asleep."""
        line = trimmed(line)
        question, self._open = self._open, None
        if question and await question(line):
            return True
        if line.startswith("/"):
            await self._command(line)
        elif line.lower() in ("quit", "exit"):
            self._ask(LEAVE, self._leave)
        return line.startswith("/") or self.asks

    async def handle(self, line: str, on_token: Callable[[str], None] | None = None) -> None:
        line = trimmed(line)
        try:
            if await self.obey(line):
                return
            if self.last and (text := self._corrected(line)):
                await self._give_feedback(
                    "fix", text, f"taken as /fix {one_line(text)}: {FROM_NOW_ON}; /undo takes it back"
                )
            elif line:
                await self._talk(line, on_token)
        except (Busy, Asleep) as error:
            self._say(f"({SORRY[type(error)]})")

    async def _command(self, line: str) -> None:
        name, text = name_and_text(line)
        command = next((row for row in ROWS if row.name == name), None)
        if command is None:
            close = difflib.get_close_matches(name, [row.name for row in ROWS], n=1, cutoff=0.6)
            hint = f"did you mean {close[0]}?" if close else "/help shows them all"
            self._say(f"({one_line(name)} is not a command; {hint})")
        else:
            await command.act(self, text)

    def _corrected(self, line: str) -> str:
        """What it should have said, where the line says so; else ""."""
        found = next(filter(None, (way.fullmatch(line) for way in self._corrections)), None)
        return found["text"].strip(QUOTES) if found else ""

    async def _talk(self, line: str, on_token: Callable[[str], None] | None) -> None:
        self._notice(line)
        future = self._school.ask(line, self.conversation, on_token=on_token)
        try:
            reply: Reply = await asyncio.wrap_future(future)
        except (asyncio.CancelledError, Busy, Asleep):
            raise
        except Exception as error:
            self._say(f"(it could not answer: {one_line(error)})")
            return
        self.last, self._said_at = reply.id, time.monotonic()
        self._say(f"{self.baby}: {for_screen(reply.text)}")

    def _notice(self, line: str) -> None:
        """What the line lets on about the last answer."""
        exchange = self._school.find(self.last) if self.last else None
        if exchange and self._house.signals:
            seconds = time.monotonic() - self._said_at
            if signal := self._house.signals.heard(line, exchange.question, seconds):
                self._school.feedback(exchange.reply_id, signal.verdict, weight=signal.weight, signal=signal.name)

    # ---- what it asks back ---------------------------------------------------------------------------------------

    def _ask(self, question: str, act: Callable[[str], Awaitable[None]], otherwise: str = "") -> None:
        """Do it if the next line says yes. One that says neither yes nor no means no, and is itself."""

        async def hear(line: str) -> bool:
            if line.lower() in YES:
                await act("")
            elif otherwise:
                self._say(otherwise)
            return line.lower() in (*YES, *NO)

        self._open = hear
        self._say(question)

    def _ask_for_text(self, what: str, act: Callable[[str], Awaitable[None]]) -> None:
        """Do it with the next line, if that is a text: one that was pasted may begin on a line of its own."""

        async def hear(line: str) -> bool:
            if line and not line.startswith("/"):
                await act(line)
                return True
            return not line

        self._open = hear
        self._say(f"({what}; an empty line for nothing)")

    # ---- the commands --------------------------------------------------------------------------------------------

    async def _help(self, word: str) -> None:
        command = next((row for row in ROWS if row.name.lstrip("/") == word.lower().lstrip("/")), None)
        if command:
            self._say(f"{command.name} {command.argument}".rstrip() + f": {command.help}")
        else:
            self._say(explain(word) if word else help_text())

    async def _good(self, _: str) -> None:
        await self._give_feedback("good")

    async def _bad(self, _: str) -> None:
        await self._give_feedback("bad")

    async def _fix(self, text: str) -> None:
        if not self.last:
            self._say("(it has not said anything yet)")
        elif text:
            await self._give_feedback("fix", text)
        else:
            self._ask_for_text("what should it have said? Write it", self._fix)

    async def _give_feedback(self, verdict: str, correction: str = "", done: str = "") -> None:
        """``done``: what is said of it, if not what is always said of such a verdict."""
        if not self.last:
            self._say("(it has not said anything yet)")
            return
        said = {
            "learned": done or VERDICTS[verdict],
            "marked": done or VERDICTS[verdict],
            "refused": "you marked it as bad before; /fix TEXT says what it should have been",
            "unknown": "that answer is forgotten",
        }
        written: Future[None] = Future()
        result = self._school.feedback(self.last, verdict, correction=correction, written=written)
        if result in ("learned", "marked"):
            await self._acknowledge(said[result], written)
        else:
            self._say(f"({said[result]})")

    async def _acknowledge(self, done: str, written: Future[None]) -> None:
        self._say(f"({await when_written(done, written)})")

    async def _teach(self, text: str) -> None:
        if not text:
            self._ask_for_text("what is it to learn? Write it", self._teach)
            return
        prompt, _, answer = (part.strip() for part in text.partition(ARROW))
        known = bool(prompt and answer and "\n" not in prompt)
        written: Future[None] = Future()
        self._school.teach(answer if known else text, prompt=prompt if known else "", source="teach", written=written)
        await self._acknowledge(FROM_NOW_ON if known else WILL_LEARN, written)

    async def _undo(self, _: str) -> None:
        pair = await asyncio.wrap_future(self._school.take_back())
        if pair:
            faded = "Nothing of it is said or taught any more; what its weights took from it fades, but is not undone."
            self._say(f"(taken back: {in_words(pair)}. {faded})")
        else:
            self._say("(there is nothing that you taught)")

    async def _why(self, _: str) -> None:
        if not self.last:
            self._say("(it has not said anything yet)")
            return
        receipt = await asyncio.wrap_future(self._school.why(self.last))
        self._say(f"({why(receipt)})" if receipt else "(that answer is forgotten)")

    async def _learned(self, _: str) -> None:
        progress = await asyncio.wrap_future(self._school.learned())
        self._say(learned(progress) if progress else "(there is nothing that you taught)")

    async def _who(self, _: str) -> None:
        kept = await asyncio.wrap_future(self._school.kept(ME))
        self._say(who(kept))

    def _begin_anew(self) -> None:
        self.conversation, self.last = f"{self._house.place}:{new_id()}", ""

    async def _new(self, _: str) -> None:
        self._begin_anew()
        self._say("(a new conversation; nothing was deleted)")

    async def _status(self, _: str) -> None:
        learning = await asyncio.to_thread(self._house.learning)  # it reads the record
        lines = [*([learning] if learning else []), *status_lines(self._school.status()), *self._house.others()]
        self._say("\n".join([*lines, f"(/help WORD says what a word means: {', '.join(LISTED)}...)"]))

    async def _view(self, name: str) -> None:
        self._say(f"({self._house.view(name)})")

    async def _tell_why(self, _: str) -> None:
        self._say("\n".join(self._house.why_slow()))

    async def _pause(self, _: str) -> None:
        await asyncio.wrap_future(self._house.pause(True))
        self._say("(lessons pause; it still answers. /resume lets them go on)")

    async def _resume(self, _: str) -> None:
        still = await asyncio.wrap_future(self._house.pause(False))
        self._say("(it was woken without lessons, with --no-train)" if still else "(lessons go on)")

    async def _save(self, _: str) -> None:
        place = await asyncio.wrap_future(self._house.save())
        if place is None:
            self._say("(the soul could not be saved; the log says why)")

    async def _forget(self, text: str) -> None:
        if text.lower() in YES:
            await self._forget_all("")
            return
        what = "delete everything you said and taught here, for ever, also from saved souls and backups?"
        self._ask(f"({what} yes or no)", self._forget_all, "(nothing was deleted)")

    async def _forget_all(self, _: str) -> None:
        self._begin_anew()
        told = await asyncio.wrap_future(self._school.forget(person=ME))
        gone = f"{number_of(told.rows, 'row')} of what you said and taught" if told.rows else "what could be"
        self._say(
            f"(deleted: {gone}. It will never train on them again; "
            "what its weights already took from them fades, but is not undone.)"
        )
        if told.owed:
            when = "That goes on by itself until it is done" + (", also when you wake it again." if told.noted else ".")
            still = "" if told.noted else " The disk could not even take a note of it: let it run until there is room."
            self._say(f"(not gone yet from: {', '.join(told.owed)}. {when}{still})")

    async def _leave(self, _: str) -> None:
        self._house.quit()


@dataclass(frozen=True, slots=True)
class Row:
    """A command: what is typed, what stands behind it, what it does; ``choices``: what may stand behind it."""

    name: str
    argument: str
    help: str
    act: Callable[[Commands, str], Awaitable[None]]
    choices: tuple[str, ...] = ()


ON_ANSWERS = (
    Row("/good", "", "that was good: it learns the exchange, and tries to do more of that", Commands._good),
    Row("/bad", "", "that was bad: it never learns the exchange, and tries to do less of that", Commands._bad),
    Row("/fix", "TEXT", "what it should have said: it says that from now on", Commands._fix),
    Row("/why", "", "who told it that, or in whose texts its words stand", Commands._why),
)
OTHERS = (
    Row("/teach", "TEXT", "learn this text; QUESTION => ANSWER: say that when asked so", Commands._teach),
    Row("/learned", "", "what became of the last that you taught", Commands._learned),
    Row("/undo", "", "take back the last that you taught", Commands._undo),
    Row("/new", "", "begin another conversation; nothing is deleted", Commands._new),
    Row("/who", "", "what is kept of you, and of others", Commands._who),
    Row("/status", "", "how it is doing, and whether it learns", Commands._status),
    Row(
        "/view",
        "",
        "how much of the lessons is shown: full, compact, plain, off",
        Commands._view,
        ("full", "compact", "plain", "off"),
    ),
    Row("/why-slow", "", "where the last minute went", Commands._tell_why),
    Row("/pause", "", "let lessons rest; it still answers", Commands._pause),
    Row("/resume", "", "let lessons go on", Commands._resume),
    Row("/save", "", "save its soul now (it also saves by itself)", Commands._save),
    Row("/forget", "", "delete everything you said and taught here (it asks first)", Commands._forget),
    Row("/help", "WORD", "what a word means, like loss; without one, this", Commands._help, LISTED),
    Row("/quit", "", "save and go to sleep (so does Ctrl-C)", Commands._leave),
)
ROWS = (*ON_ANSWERS, *OTHERS)


def help_text() -> str:
    parts = (("Just type to talk. About its last answer:", ON_ANSWERS), ("And:", OTHERS))
    return "\n".join(
        line for title, rows in parts for line in (title, *(f"  {f'{r.name} {r.argument}':16} {r.help}" for r in rows))
    )


def correction(line: str) -> re.Pattern[str]:
    """What matches a way to correct it, in whatever case, with anything where {text} stands."""
    before, _, after = line.partition("{text}")
    begins = re.escape(before.strip().rstrip(":"))
    return re.compile(rf"{begins}(?::\s*|\s+)(?P<text>\S.*?)\s*{re.escape(after)}", re.IGNORECASE | re.DOTALL)


# ---- reading a line --------------------------------------------------------------------------------------------------


def _is_unseen(character: str) -> bool:
    """White space, and marks that no one sees: byte orders, directions, controls."""
    return character.isspace() or (unicodedata.category(character) in ("Cc", "Cf") and character not in JOINERS)


def trimmed(line: str) -> str:
    """Without what nobody sees at its ends."""
    first = next((i for i, c in enumerate(line) if not _is_unseen(c)), len(line))
    last = next((i for i in range(len(line), first, -1) if not _is_unseen(line[i - 1])), first)
    return line[first:last]


def name_and_text(line: str) -> tuple[str, str]:
    """A command's name in small letters, and what stands behind it, even on the next line."""
    end = next((i for i, c in enumerate(line) if _is_unseen(c)), len(line))
    return line[:end].lower(), trimmed(line[end:])
