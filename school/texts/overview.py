"""Looking at a library: every file with its words, and one file as it would be learned. No torch here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from school.office.mistakes import Mistake
from school.texts.care import CARELESS, Care
from school.texts.content import Document, Turn
from school.texts.encodings import Unreadable
from school.texts.facts import Facts
from school.texts.marks import MARKED, own_words
from school.texts.places import Source
from school.texts.prepare import as_prose, owner_of, prepared, who_are_you
from school.texts.survey import Survey, look_at, read_alone, survey
from school.texts.tokenizer import BABY, DOCUMENT, END, MARKS, PERSON, Tokenizer
from school.texts.turns import conversation_segments, has_turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A text of a library. ``words`` are counted between spaces; ``share``: of all that is learned, 0 to
    1."""

    name: str
    words: int
    share: float
    reader: str
    private: bool
    weight: float
    note: str


def rows_of(
    sources: list[Source], held_out: float, folder: Path | None = None, say: Callable[[str], object] = lambda text: None
) -> tuple[list[Row], dict[str, str]]:
    """Every text of a library, and why the others are skipped; see ``survey``."""
    found = survey(look_at(sources), held_out, folder, say)
    rows, skipped = [], found.skipped
    for number, file in enumerate(found.files):
        if file.source.name not in skipped:
            try:
                rows.append(_row(found, number))
            except (OSError, Unreadable) as why:  # it was changed meanwhile
                skipped[file.source.name] = getattr(why, "strerror", None) or str(why)
    total = sum(row.share for row in rows) or 1.0
    return [replace(row, share=row.share / total) for row in rows], skipped


def _row(found: Survey, number: int) -> Row:
    """Its share still in letters. Raises OSError, Unreadable."""
    file, share, text = found.files[number], found.shares[number], found.text(number)
    facts, name = file.source.facts, file.source.name
    return Row(
        name=name,
        words=words_in("".join(text[start:stop] for start, stop in sorted(share.taught + share.held_out))),
        share=facts.weight * _learned(found, number),
        reader=file.format.name,
        private=facts.private,
        weight=facts.weight,
        note=found.notes.get(name, ""),
    )


def _learned(found: Survey, number: int) -> int:
    """Letters that are targets of lessons: others' words are not."""
    if found.contexts[number]:
        return len(own_words(found.parts(number)[0]))
    return sum(stop - start for start, stop in found.shares[number].taught)


def words_in(text: str) -> int:
    return len(MARKED.sub(" ", text).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A file as it would be learned. ``text``: turns with their speakers' names; ``problem``: why it is not learned
    yet, or ""; ``learned``: the text with its marks."""

    file: str
    reader: str
    encoding: str
    text: str
    turns: list[dict[str, str]]
    dropped: dict[str, int]
    changed: dict[str, int]
    note: str = ""
    problem: str = ""
    owner: list[str] = field(default_factory=list)
    learned: str = ""

    @property
    def in_short(self) -> dict[str, object]:
        """What others than people may rely on."""
        told = {key: asdict(self)[key] for key in ("file", "reader", "encoding", "text", "turns")}
        return told | {"dropped": self.dropped | self.changed}


def preview(path: Path, facts: Facts, care: Care = CARELESS, name: str = "") -> Preview:
    """``name``: by which a person names the file. Raises Mistake."""
    name = name or path.name
    try:
        format_, content = read_alone(path, facts)
        speakers, problem = content.speakers, ""
        if speakers and facts.taken_as != "prose" and not owner_of(speakers, content.owner, facts):
            problem = who_are_you(speakers, name)
            facts = _as_anybody(facts, speakers)
        ready = prepared(content, facts, name, care)
    except (OSError, Unreadable, MemoryError) as why:
        reason = getattr(why, "strerror", None) or str(why) or "it needs more memory than there is"
        raise Mistake(f"{path}: {reason}.") from None
    documents = [part for document in ready.documents for part in with_turns(document, facts)]
    return Preview(
        file=str(path),
        reader=format_.name,
        encoding=content.encoding,
        text=_in_one(ready.documents),
        turns=[turn._asdict() for part in documents if not isinstance(part, str) for turn in part],
        dropped=dict(ready.dropped),
        changed=dict(ready.changed),
        note=content.note,
        problem=problem,
        owner=sorted(ready.owner) if not problem else [],
        learned=ready.text,
    )


def _as_anybody(facts: Facts, speakers: list[str]) -> Facts:
    """So that a conversation can be looked at before anybody said whose it is."""
    return Facts(speaker=tuple(speakers), taken_as=facts.taken_as, column=facts.column)


def _in_one(documents: list[Document]) -> str:
    if len(documents) == 1 and isinstance(documents[0], str):
        return documents[0]
    parts = (document if isinstance(document, str) else as_prose(document) for document in documents)
    return "\n".join(part if part.endswith("\n") else f"{part}\n" for part in parts)


def with_turns(document: Document, facts: Facts) -> list[Document]:
    """A text with lines that begin with you: and baby: as the turns that are learned of it."""
    if not isinstance(document, str) or facts.taken_as == "prose" or not has_turns(document):
        return [document]
    turns, speaker, said = [], "", ""
    for segment in conversation_segments(document):
        if isinstance(segment, str):
            said += segment
        elif segment == END:
            turns.append(Turn(speaker, said))
        else:
            speaker, said = {PERSON: "you", BABY: "baby"}[segment], ""
    return [turns]


def tokens_of(text: str, tokenizer: Tokenizer) -> tuple[int, str]:
    """How many tokens a text is, and the first of them as one can see them, with a bar between."""
    from school.texts.shelf import segments_of

    ids = [DOCUMENT, *(i for piece in tokenizer.encode_segments(list(segments_of(text))) for i in piece)]
    shown = [MARKS[i] if i < len(MARKS) else tokenizer.token_bytes(i).decode("utf-8", "replace") for i in ids[:FIRST]]
    return len(ids), "|".join(shown)


FIRST = 200


def newest_tokenizer(home: Path) -> Tokenizer | None:
    """Of the newest soul, without waking it; None before a baby is born."""
    for soul in sorted((home / "soul").glob("step-*"), reverse=True):
        try:
            return Tokenizer.from_json((soul / "tokenizer.json").read_text("utf-8"))
        except Exception:  # a half or a damaged one; tokenizers raises plain exceptions
            continue
    return None
