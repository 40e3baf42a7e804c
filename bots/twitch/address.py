"""Where Twitch is. Tests put a stand-in there, on this machine only."""

from __future__ import annotations

import ipaddress
import logging
import os
import re
from urllib.parse import urlsplit

from school.office.mistakes import Mistake

log = logging.getLogger(__name__)

VARIABLE = "BABYLLM_TWITCH_BASE"
HELIX, ACCOUNTS, EVENTS = "https://api.twitch.tv/helix/", "https://id.twitch.tv/", "wss://eventsub.wss.twitch.tv/ws"


def stand_in() -> str:
    """The stand-in's address, "" for Twitch itself. Raises Mistake for an address that is not on this machine."""
    base = os.environ.get(VARIABLE, "").strip().rstrip("/")
    if base and not _on_this_machine(base):
        raise Mistake(f"{VARIABLE}: only an address on this machine, like http://127.0.0.1:8080, is allowed.")
    return base


def _on_this_machine(base: str) -> bool:
    if not re.fullmatch(r"http://(127(\.\d{1,3}){3}|localhost|\[::1\]):\d{1,5}", base):
        return False
    host = urlsplit(base).hostname
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def point_client_library() -> None:
    """Tell twitchio where Twitch is; it keeps that for the whole process. Raises Mistake."""
    import twitchio.eventsub.websockets
    from twitchio.http import Route

    base = stand_in()
    if base:
        log.warning("Twitch is played by %s, because of %s.", base, VARIABLE)
    Route.BASE = f"{base}/helix/" if base else HELIX
    Route.ID_BASE = f"{base}/" if base else ACCOUNTS
    twitchio.eventsub.websockets.WSS = f"ws{base.removeprefix('http')}/ws" if base else EVENTS
