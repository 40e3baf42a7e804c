"""An ``.html``: one page with everything in it, which talks in any browser and needs no network."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

from school.bodies.body import Body
from school.bodies.compact import compact
from school.office.files import write_whole

SOURCES = Path(__file__).with_name("page")
WORKER = ("layers.js", "interneuron.js", "llama.js", "talk.js", "mood.js", "worker.js")
PLACE = re.compile(r"%\((\w+)\)s")


def write_page(body: Body, file: Path) -> None:
    """Raises OSError, or Mistake for what has no room in 16 bits; then nothing is there."""
    said, numbers = compact(body)
    parts = {
        "style": _source("page.css"),
        "said": json.dumps(said).replace("<", "\\u003c"),  # or a script could end in it
        "weights": base64.b64encode(numbers).decode(),
        "worker": "\n".join(map(_source, WORKER)),
        "page": _source("page.js"),
    }
    write_whole(file, PLACE.sub(lambda place: parts[place[1]], _source("page.html")))


def _source(name: str) -> str:
    return (SOURCES / name).read_text("utf-8")
