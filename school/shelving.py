"""From a home's library to a librarian: at a wake, and whenever the library changes while the baby is awake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from school.intake import Desk, Intake
from school.office.files import make_folder
from school.screen.calligraphist import number_of
from school.talking.guard import Guard
from school.talking.private_texts import NAME as RUNS
from school.talking.private_texts import open_guard
from school.teaching.shape import vocabulary_for
from school.texts.care import Care
from school.texts.facts import said_by
from school.texts.librarian import NOTHING, Librarian, alphabet_of, train_tokenizer
from school.texts.news import Library, own_names, read_library, write_library
from school.texts.places import STARTER_SHELF, Source, gather_sources
from school.texts.survey import Survey, look_at, survey
from school.texts.tokenizer import Tokenizer

if TYPE_CHECKING:
    from school.assembly import Mind, Waking
    from school.door.mailbox import Mailbox
    from school.record.registrar import Registrar
    from school.settings import SchoolSettings
    from school.souls.caretaker import Soul

Say = Callable[[str], None]
Files = tuple[list[Source], dict[str, str]]  # to learn from; what was left out, and why


def open_library(settings: SchoolSettings, waking: Waking, soul: Soul | None, say: Say) -> Librarian:
    """The texts, through the soul's tokenizer or, for a newborn, one learned from them. Raises Mistake."""
    known = known_texts(waking)
    before = read_library(known) if soul else {}
    files = sources_of(settings, waking, before)
    files, found = with_starter(settings, waking, files, before, say)
    sources = files[0]
    if soul:
        tokenizer = Tokenizer.from_json(soul.tokenizer)
    else:
        found = found or survey(look_at(sources), settings.library.held_out, spool_of(waking), say)
        say(f"a new baby: learning its letters from {number_of(len(sources), 'text')}...")
        tokenizer = learn_letters(settings, found, say)
    librarian = hire_librarian(settings, waking, tokenizer, files, before, say, found=found)
    write_library(known, librarian.files, say)
    return librarian


def learn_letters(settings: SchoolSettings, found: Survey, say: Say) -> Tokenizer:
    """A newborn's tokenizer. Raises Mistake."""
    library = settings.library
    if library.tokenizer == "characters":
        return alphabet_of(found, most=library.vocabulary, unknown=library.unknown)
    return train_tokenizer(
        found,
        vocabulary=vocabulary_for(settings.brain, library.vocabulary, found.taught_letters),
        minimum_frequency=library.minimum_frequency,
        say=say,
    )


def sources_of(settings: SchoolSettings, waking: Waking, before: Library, starter: str = "") -> Files:
    """The files to learn from, and what was left out; ``before``: what there was; ``starter``: as the setting says, or
    else. Raises Mistake."""
    library, starter = waking.home / "library", starter or settings.library.starter
    library.mkdir(exist_ok=True)
    if starter == "auto" and own_names(before):
        starter = "never"  # for one that has a life of its own
    default = said_by(settings.library)
    how = {"home": waking.home, "default": default, "care": Care.of(settings, waking.home)}
    return gather_sources(library, list(waking.folders), STARTER_SHELF, starter, **how)


def with_starter(
    settings: SchoolSettings, waking: Waking, files: Files, before: Library, say: Say
) -> tuple[Files, Survey | None]:
    """These files, and the starter shelf, if they can't be read and there was never anything of its own; and the survey
    of them, if there had to be one. Raises Mistake."""
    sources, skipped = files
    own = [source for source in sources if STARTER_SHELF not in source.path.parents]
    if settings.library.starter != "auto" or own_names(before) or not (own or skipped):
        return files, None
    found = survey(look_at(sources), settings.library.held_out, spool_of(waking), say) if own else None
    if found and any(file.source.name not in found.skipped for file in found.files):
        return files, found
    say("nothing in its library can be read, so it learns from the starter shelf.")
    return sources_of(settings, waking, before, "always") if own else files, None


def hire_librarian(
    settings: SchoolSettings,
    waking: Waking,
    tokenizer: Tokenizer,
    files: Files,
    before: Library,
    say: Say,
    *,
    found: Survey | None = None,
    told: Mapping[str, str] = NOTHING,
) -> Librarian:
    """Who draws lessons from these files; says what is new, and what is left out, but for what was ``told`` of that.
    Raises Mistake."""
    sources, skipped = files
    return Librarian.open(
        sources,
        tokenizer,
        held_out=settings.library.held_out,
        cache=waking.home / "soul" / "tokens",
        seed=settings.lessons.seed,
        say=say,
        skipped=skipped,
        before=before,
        told=told,
        found=found,
        language=settings.voice.language,
    )


def guard_of(settings: SchoolSettings, waking: Waking, librarian: Librarian, *, newborn: bool = False) -> Guard | None:
    """Of what may not be said in public; see ``open_guard``."""
    words, file = settings.speech.verbatim_words, waking.home / "soul" / RUNS
    return open_guard(librarian.texts, librarian.tokenizer, words, file, newborn=newborn)


def spool_of(waking: Waking) -> Path:
    """Where texts that don't fit into memory wait while the library is read."""
    folder = waking.home / "soul" / "tokens"
    with suppress(OSError):
        make_folder(folder)
    return folder


def known_texts(waking: Waking) -> Path:
    """Where it is written down which texts there were."""
    return waking.home / "soul" / "library.json"


def watch_library(
    settings: SchoolSettings, waking: Waking, mind: Mind, mailbox: Mailbox, registrar: Registrar, say: Say
) -> Intake:
    """Who takes in what is put into the library while it is awake."""

    def open_(sources: list[Source], skipped: dict[str, str]) -> Librarian:
        now = mind.librarian
        files, _ = with_starter(settings, waking, (sources, skipped), now.files, say)
        return hire_librarian(settings, waking, now.tokenizer, files, now.files, say, told=now.skipped)

    def taken(librarian: Librarian) -> None:
        mind.librarian = librarian
        registrar.shelve(librarian.texts)
        write_library(known_texts(waking), librarian.files, say)

    desk = Desk(
        gather=lambda: sources_of(settings, waking, mind.librarian.files),
        open=open_,
        current=lambda: mind.librarian,
        guard=lambda librarian: guard_of(settings, waking, librarian),
        taken=taken,
        say=say,
    )
    return Intake(desk, mailbox, seconds=settings.library.look_seconds)
