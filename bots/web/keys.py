"""The keys to the web face where other machines can reach it: one for all of it, one for the overlay alone."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from school.office.files import Unfit, make_folder, parse_json, read_whole, write_state, write_whole
from school.office.log import keep_secret
from school.office.mistakes import Mistake
from school.office.privacy import close

SHORTEST = 20  # letters of a key that is believed


@dataclass(frozen=True, slots=True)
class Keys:
    """``overlay`` opens what everybody may see, and nothing else: it stands in a streaming program's settings."""

    file: Path
    token: str = field(repr=False)
    overlay: str = field(repr=False)

    @classmethod
    def of(cls, home: Path) -> Keys:
        """Those that are kept in the home's secrets; made where there are none. Raises Mistake."""
        file = home / "secrets" / "web.json"
        try:
            kept = _read(file)
            keys = cls(file, *(kept.get(name) or secrets.token_urlsafe(32) for name in ("token", "overlay")))
            keep_secret(keys.token, keys.overlay)
            keys.note([], [])
        except OSError as error:
            raise Mistake(f"{file}: the web face's keys can't be kept there ({error.strerror}).") from None
        return keys

    def note(self, pages: list[str], overlays: list[str]) -> None:
        """Write them down, for their owner's eyes only, with the links that hold them. Raises OSError."""
        make_folder(self.file.parent)
        self.file.parent.chmod(0o700)
        write_whole(self.file.parent / ".gitignore", "*\n")
        write_state(self.file, {"token": self.token, "overlay": self.overlay, "pages": pages, "overlays": overlays})

    def opens_all(self, given: str) -> bool:
        return same(given, self.token)

    def opens_overlay(self, given: str) -> bool:
        return same(given, self.overlay) or self.opens_all(given)


def same(given: str, key: str) -> bool:
    """Compared in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), key.encode())


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine gets there."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(file: Path) -> dict[str, str]:
    """What is kept there, as far as it is any good. Raises OSError and Mistake."""
    if not close(file):
        raise Mistake(f"{file} can be read by others on this machine; make it yours alone: chmod go= {file}")
    try:
        stored = parse_json(read_whole(file))
    except FileNotFoundError:
        return {}
    except (Unfit, ValueError):
        raise Mistake(f"{file}: can't be understood; delete it, and new keys are made.") from None
    found = {name: stored.get(name) for name in ("token", "overlay")} if isinstance(stored, dict) else {}
    return {name: key for name, key in found.items() if isinstance(key, str) and len(key) >= SHORTEST}
