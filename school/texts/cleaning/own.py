"""Rules of one's own: regular expressions in a TOML file.

    [[rule]]
    name = "signature"
    pattern = '(?m)^Sent from my \\w+$'
    replacement = ""

They are those of the package ``regex``, which gives up on an expression that takes for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from school.office.files import Unfit, parse_toml, read_whole
from school.office.mistakes import Mistake
from school.texts.cleaning.changes import Changed, replaced

if TYPE_CHECKING:
    import regex

LONGEST_FILE, LONGEST_PATTERN = 1 << 18, 10_000
SECONDS, SECONDS_A_MILLION = 1.0, 2.0  # that a rule may take for a text, and more for each million characters


class TooSlow(Exception):
    """A rule that would take too long."""


@dataclass(frozen=True, slots=True)
class OwnRule:
    name: str
    pattern: regex.Pattern = field(repr=False)
    replacement: str = ""

    def __call__(self, text: str) -> Changed:
        """Raises TooSlow."""
        seconds = SECONDS + SECONDS_A_MILLION * len(text) / 1e6
        try:
            return replaced(text, self.pattern, lambda match: match.expand(self.replacement), timeout=seconds)
        except TimeoutError:
            raise TooSlow from None


def read_rules(file: Path, taken: frozenset[str] = frozenset()) -> list[OwnRule]:
    """The rules in a file, in order; ``taken`` are names that others have. Raises Mistake."""
    try:
        values = parse_toml(read_whole(file, LONGEST_FILE).decode("utf-8-sig"))
    except FileNotFoundError:
        raise Mistake(f"{file}: there is no such file of rules.") from None
    except OSError as error:
        raise Mistake(f"{file}: can't be read ({error.strerror}).") from None
    except (Unfit, ValueError) as error:
        raise Mistake(f"{file}: not valid TOML: {error}.") from None
    rows = values.get("rule", [])
    if set(values) - {"rule"} or not isinstance(rows, list):
        raise Mistake(f"{file}: write each rule under a line [[rule]], and nothing else.")
    rules: list[OwnRule] = []
    for number, row in enumerate(rows, start=1):
        rule = _rule(row, f"{file}, rule {number}")
        if rule.name in {*taken, *(one.name for one in rules)}:
            raise Mistake(f"{file}, rule {number}: another rule is called {rule.name!r} already.")
        rules.append(rule)
    return rules


def _rule(row: object, where: str) -> OwnRule:
    import regex

    if (
        not isinstance(row, dict)
        or set(row) - {"name", "pattern", "replacement"}
        or not {"name", "pattern"} <= set(row)
    ):
        raise Mistake(f"{where}: a rule has a name, a pattern and perhaps a replacement, and nothing else.")
    if not all(isinstance(value, str) for value in row.values()) or not row["name"].strip() or not row["pattern"]:
        raise Mistake(f"{where}: name, pattern and replacement are texts in quotation marks.")
    if len(row["pattern"]) > LONGEST_PATTERN:
        raise Mistake(f"{where}: a pattern of more than {LONGEST_PATTERN:,} characters is none.")
    replacement = row.get("replacement", "")
    try:
        pattern = regex.compile(row["pattern"], regex.VERSION0)
        regex.compile(f"(?:{row['pattern']}\n)|", regex.VERSION0).match("").expand(replacement)
        if pattern.search("", timeout=SECONDS):
            raise Mistake(f"{where}: its pattern also fits where nothing stands, so it fits everywhere.")
    except TimeoutError:
        raise Mistake(f"{where}: its pattern takes too long.") from None
    except (regex.error, IndexError, RecursionError) as error:
        raise Mistake(f"{where}: not a regular expression, or its replacement is none ({error}).") from None
    return OwnRule(row["name"].strip(), pattern, replacement)
