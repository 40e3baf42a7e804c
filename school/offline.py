"""What can be asked of a sleeping baby without waking it: answers, a score, one reading."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from school.assembly import Waking, build_brain_for, facts_of, lock_souls, open_recall
from school.door.mailbox import Ask
from school.door.values import ME, Pair, Reply, Score
from school.office.advice import command
from school.office.machine import Compute
from school.office.mistakes import Mistake
from school.settings import SchoolSettings
from school.shelving import open_library
from school.souls.caretaker import Caretaker, Soul
from school.souls.packing import open_voice, pack_soul, wake_receptionist, wake_tutor
from school.talking.conversations import Conversations
from school.talking.receptionist import Receptionist
from school.teaching.reader import Reader, Reading
from school.teaching.remembering import Remembering
from school.teaching.scoring import exam_on, facts_about, open_file, score_of
from school.texts.shelf import kept_texts
from school.texts.tokenizer import Tokenizer


def newest_soul(caretaker: Caretaker, say: Callable[[str], None]) -> Soul:
    """The newest whole soul. Raises Mistake if there is none."""
    soul = caretaker.newest(say, set_aside=False)
    if soul is None and caretaker.occupied():
        raise Mistake(
            f"there is no soul in {caretaker.folder} yet: a baby is being born there. Ask again in a moment, or when "
            "it has been saved."
        )
    if soul is None:
        raise Mistake(f"there is no soul in {caretaker.folder} yet; wake the baby first: {command()}")
    return soul


class Talk:
    """Talking with a soul that stays asleep: nothing is kept of it. ``conversation`` is one to go on from, or "";
    ``told``: what it was taught."""

    def __init__(
        self,
        soul: Soul,
        conversation: str,
        settings: SchoolSettings,
        compute: Compute,
        *,
        told: Iterable[Pair] = (),
        remembering: Remembering | None = None,
    ):
        tokenizer, voice = open_voice(soul, compute)
        self._conversation = conversation
        with tempfile.TemporaryDirectory() as nowhere:
            conversations = Conversations(Path(nowhere), limit=10_000, disk_limit=0, device=compute.device)
        recall = open_recall(tokenizer, settings)
        self._receptionist = Receptionist(voice, tokenizer, conversations, settings.speech, recall)
        wake_receptionist(soul, self._receptionist)
        self._receptionist.remember(told)
        if remembering:
            self._receptionist.listen_to(remembering.heard.result(), remembering.weights)
        self._receptionist.step = soul.step
        self._receptionist.replies = time.time_ns()  # another answer each time it is asked

    def ask(self, text: str, on_token: Callable[[str], None] | None = None) -> Reply:
        """One answer; it remembers the ones before."""
        return self._receptionist.answer(Ask(text, self._conversation, ME, on_token))


class Marker:
    """Says how well a soul that stays asleep predicts files."""

    def __init__(self, soul: Soul, settings: SchoolSettings, home: Path, compute: Compute):
        self._step, self._remembering = soul.step, remembering_of(soul, settings, home, compute)
        self._facts = partial(facts_about, library=home / "library", settings=settings.library)
        self._tokenizer, self._voice = open_voice(soul, compute)

    def score(self, file: Path) -> Score:
        """Raises Mistake."""
        judge = self._remembering.adviser() if self._remembering else None
        return score_of(file, exam_on(file, self._tokenizer, judge, self._facts(file)).run(self._voice), self._step)


def remembering_of(soul: Soul, settings: SchoolSettings, home: Path, compute: Compute) -> Remembering | None:
    """Its hippocampus, which has heard what was in the library at the last wake; None where it is to have none."""
    if not (megabytes := settings.library.remember_megabytes):
        return None
    tokenizer = Tokenizer.from_json(soul.tokenizer)
    texts = kept_texts(home / "soul" / "tokens", tokenizer)
    remembering = Remembering(tokenizer.pieces, compute.backend, megabytes).now(texts)
    remembering.restore(soul.tensors.get("hippocampus", {}))
    return remembering


def read(
    settings: SchoolSettings,
    waking: Waking,
    file: Path,
    compute: Compute,
    *,
    keep: bool,
    say: Callable[[str], None],
) -> Reading:
    """Read a text once, predicting each token, then learning it; with ``keep``, its soul keeps what it learned.
    Raises Mistake."""
    caretaker = lock_souls(settings, waking.home, doing="reading")
    try:
        soul = caretaker.newest(say, set_aside=True)
        librarian = open_library(settings, waking, soul, say)
        brain, shape = build_brain_for(settings, waking.home, librarian, soul, compute)
        pieces = librarian.tokenizer.pieces
        remembering = Remembering(pieces, compute.backend, settings.library.remember_megabytes).now(librarian.texts)
        heard = remembering.heard.result()
        facts = facts_about(file, waking.home / "library", settings.library)
        tokens, own = open_file(file, librarian.tokenizer, facts)
        reader = Reader(brain, librarian, settings.lessons, tokens, heard, own)
        if soul:
            wake_tutor(soul, reader.tutor, [])
            remembering.restore(soul.tensors.get("hippocampus", {}))
            heard.weights = remembering.weights
        reading = reader.read(say)
        if keep:
            conversations = Conversations(
                waking.home / "soul" / "conversations", limit=1, disk_limit=0, device=compute.device
            )
            receptionist = Receptionist(reader.tutor.voice, librarian.tokenizer, conversations, settings.speech)
            if soul:
                wake_receptionist(soul, receptionist)
            kept = pack_soul(reader.tutor, receptionist, facts_of(settings, shape), remembering)
            kept.facts["reviews"] = soul.facts["reviews"] if soul else {}
            say(f"soul saved: {caretaker.save(kept)}")
    finally:
        caretaker.unlock()
    return reading
