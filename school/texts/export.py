"""The conversations of a library, as models are trained on them: ``{"messages": [{"role", "content"}, ...]}``."""

from __future__ import annotations

from collections.abc import Iterator

from school.texts.content import Gathering
from school.texts.overview import with_turns
from school.texts.places import Source
from school.texts.survey import look_at, read_or_why

Lesson = dict[str, list[dict[str, str]]]


def lessons_of(sources: list[Source], skipped: dict[str, str]) -> Iterator[Lesson]:
    """Each conversation, the owner's part as the assistant's; files that can't be read are added to ``skipped``."""
    for file in look_at(sources):
        reading, why = read_or_why(file)
        if reading is None:
            skipped[file.source.name] = why
            continue
        owner = reading.prepared.owner or {"baby"}
        for document in reading.prepared.documents:
            for part in with_turns(document, file.source.facts):
                if isinstance(part, str):
                    continue
                gathering = Gathering()
                for speaker, text in part:
                    gathering.add("assistant" if speaker in owner else "user", text)
                yield {"messages": [{"role": role, "content": text} for role, text in gathering.talk]}
