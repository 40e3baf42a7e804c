"""The stage: what everybody may see of its talk, as the overlay shows it. Nothing gets here but what a public chat has
shown, in the words that the chat was told."""

from __future__ import annotations

import re
from collections.abc import Callable

from bots.web.hub import Hub
from school.door.school import School
from school.screen.telling import color

PIECE = re.compile(r"\S*\s*")


class Stage:
    """``name_of``: what somebody is called who agrees, or ""."""

    def __init__(self, hub: Hub, school: School, name_of: Callable[[str], str]):
        self._hub, self._school, self._name_of = hub, school, name_of

    def shown(self, key: str, text: str, person: str) -> None:
        if not self._hub:
            return
        now = self._school.status()
        self._hub.publish("reply_begin", {"id": key, "to": self._name_of(person) or None})
        for piece in filter(None, PIECE.findall(text)):
            self._hub.publish("reply_token", {"id": key, "text": piece})
        self._hub.publish("reply_end", {"id": key, "mood": now.mood, "colour": color(now.color)})

    def cleared(self) -> None:
        self._hub.publish("clear", {})
