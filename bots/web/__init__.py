"""The web face: pages for the owner, an overlay for streams, an endpoint for programs. Loads nothing of aiohttp's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bots.web.face import Face
    from bots.web.house import House
    from school.door.school import School

__all__ = ["open_web"]


def open_web(school: School, house: House, home: Path, settings: Any, *, tell: Callable[[str], None]) -> Face:
    """The web face, not yet begun; ``settings`` is the whole tree, ``tell`` speaks to people at this machine. Its
    ``watch`` has to hear of events and answers. Raises Mistake."""
    from bots.web.face import Face
    from bots.web.keys import Keys, is_loopback

    web = settings.web
    keys = None if is_loopback(web.host) else Keys.of(home)
    return Face(school, house, web, keys, tell=tell)
