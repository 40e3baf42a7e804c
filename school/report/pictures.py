"""Pages of HTML as PNG files: a browser that is on the machine prints them, and what it printed is drawn as points.

Chromium and what is made of it have printed in the same way for years, while how they take a screenshot has changed
often. The PDF between is also why letters stay sharp at any size.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from school.office.files import write_whole
from school.office.mistakes import Mistake

if TYPE_CHECKING:
    import numpy as np

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge",
    "brave-browser", "brave",
)  # fmt: skip
ELSEWHERE = {  # where they lie that are not on the path
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "/Applications/Brave Browser.app/Contents/MacOS/Brave Browser",
    ),
    "win32": (
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ),
}
OPTIONS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer",
    "--print-to-pdf-no-header",
)  # fmt: skip
SECONDS = 120  # that printing may take
SHARPNESS = 2 * 96 / 72  # points of a picture for each of the PDF's, of which 72 are an inch, and 96 CSS's


def find_browser() -> str:
    """Raises Mistake."""
    known = (shutil.which(name) for name in BROWSERS)
    lying = (place for place in ELSEWHERE.get(sys.platform, ()) if Path(place).exists())
    if browser := next(filter(None, (*known, *lying)), None):
        return browser
    raise Mistake(
        "--png needs Chromium, Chrome, Edge or Brave to draw with, and none is on this machine; "
        "without --png, the report is a page that any browser shows."
    )


def draw(document: str, files: Sequence[Path], browser: str) -> None:
    """Each page of the document, which says its own size, into its file. Raises Mistake, or OSError."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page, printed = Path(folder) / "cards.html", Path(folder) / "cards.pdf"
        page.write_text(document, "utf-8")
        _print(browser, page, printed, Path(folder) / "profile")
        for file, points in zip(files, _drawn(printed, len(files)), strict=True):
            write_whole(file, png(points))


def _print(browser: str, page: Path, printed: Path, profile: Path) -> None:
    command = [browser, *OPTIONS, f"--user-data-dir={profile}", f"--print-to-pdf={printed}", page.as_uri()]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # root can't have its sandbox; the page is our own and has no script
    try:
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pass  # some print and then stay
    except OSError as error:
        raise Mistake(f"{browser} can't be started ({error.strerror}), which --png draws with.") from None
    if not printed.exists():
        raise Mistake(f"{browser} drew nothing, which --png draws with; without --png the report is a page.")


def _drawn(printed: Path, count: int) -> list[np.ndarray]:
    """The pages as (height, width, 3) bytes. Raises Mistake."""
    import pypdfium2

    document = pypdfium2.PdfDocument(printed)
    try:
        if len(document) != count:
            raise Mistake(f"the browser made {len(document)} pictures of {count}; a newer one may do better.")
        return [page.render(scale=SHARPNESS, rev_byteorder=True).to_numpy()[:, :, :3].copy() for page in document]
    finally:
        document.close()


def png(points: np.ndarray) -> bytes:
    """Bytes (height, width, 3) of red, green and blue as a PNG file (W3C, "Portable Network Graphics", third edition).
    Each row is told by how it differs from the one above, which packs flat colours well."""
    import numpy as np

    high, wide, _ = points.shape
    rows = points.reshape(high, wide * 3)
    above = np.vstack([np.zeros_like(rows[:1]), rows[:-1]])
    filtered = np.hstack([np.full((high, 1), 2, np.uint8), rows - above])  # bytes go round at 256, as they should
    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(filtered.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
