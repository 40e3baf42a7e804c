"""Settings: one strict, frozen tree, read from TOML, changed by --set, explained by the very classes that hold it.

Each slice lives beside the part that uses it; ``school/settings.py`` and ``bots/settings.py`` compose them.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from school.office.files import parse_toml
from school.office.mistakes import Mistake

LONGEST_FILE, LONGEST_SHOWN = 1 << 20, 200  # bytes; characters of a wrong value

EXPERT = {"expert": True}  # as ``json_schema_extra`` of a Field: taken from anywhere, but not written into config.toml

EXPERT = {"expert": True}  # as ``json_schema_extra`` of a Field: taken from anywhere, but not written into config.toml


class Slice(BaseModel):
    """A frozen group of settings; unknown keys and wrong types are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Tree = TypeVar("Tree", bound=Slice)


def read_settings(
    tree: type[Tree],
    file: Path | None,
    changes: list[str],
    *,
    removed: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Tree:
    """Defaults, then ``file``, then each ``section.key=value`` of ``changes``. Raises Mistake with one clear line.

    ``removed``: settings and whole sections that were there once, each with a sentence about them. They are taken out,
    and ``tell`` hears of all of them in one line.
    """
    values = _read_toml(file) if file else {}
    origin = {}
    for change in changes:
        _apply(values, change, origin)
    if gone := list(_take_out(values, removed or {})):
        where = ", ".join(dict.fromkeys(_where(name, file, origin) for name in gone))
        told = "; ".join(f"{name} ({removed[name]})" for name in gone)
        tell(f"{where}: no longer a setting and ignored: {told}.")
    try:
        return tree.model_validate(values)
    except ValidationError as error:
        raise Mistake(_explain(tree, error.errors()[0], file, origin)) from None


def _take_out(values: dict[str, Any], removed: Mapping[str, str]) -> Iterator[str]:
    """Drop what was removed; yields the names of what was there."""
    for name in removed:
        section, _, key = name.partition(".")
        inside = values.get(section) if key else values
        if isinstance(inside, dict) and inside.pop(key or section, None) is not None:
            yield name


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            raw = opened.read(LONGEST_FILE + 1)
        if len(raw) > LONGEST_FILE:
            raise Mistake(f"{file}: too long for a settings file.")
        return parse_toml(raw.decode("utf-8-sig"))
    except FileNotFoundError:
        raise Mistake(f"{file}: there is no such settings file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{file}: can't be read ({error}).") from None
    except ValueError as error:
        raise Mistake(f"{file}: not valid TOML: {error}.") from None


def _apply(values: dict[str, Any], change: str, origin: dict[str, str]) -> None:
    """Enter one ``section.key=value``; the value is TOML, or else taken as plain text."""
    path, equals, text = change.partition("=")
    keys = [" ".join(key.split()) for key in path.split(".")]
    if not equals or len(keys) != 2 or not all(keys):
        raise Mistake(f"--set {' '.join(change.split())}: write it as section.key=value.")
    try:
        parsed = parse_toml(f"value = {text}")
    except ValueError:
        parsed = {}
    if keys[0] not in values:
        origin[keys[0]] = "--set"
    section = values.setdefault(keys[0], {})
    if isinstance(section, dict):  # else the tree's own check says what is wrong
        section[keys[1]] = parsed["value"] if parsed.keys() == {"value"} else text.strip()
        origin[".".join(keys)] = "--set"


def _explain(tree: type[Slice], error: dict[str, Any], file: Path | None, origin: dict[str, str]) -> str:
    path = [str(part) for part in error["loc"] if not isinstance(part, int)]
    name = ".".join(path[:2])
    where = _where(name, file, origin)
    section = tree.model_fields.get(path[0])
    keys = section.annotation.model_fields if section and len(path) > 1 else tree.model_fields
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(path[-1], keys, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(keys)}."
        return f"{where}: {name} is not a setting; {hint}"
    if len(path) == 1:
        return f"{where}: {name} must be a section, [{name}]."
    return f"{where}: {name} must be {allowed(keys[path[1]])}, not {_shown(error['input'])}."


def _where(name: str, file: Path | None, origin: dict[str, str]) -> str:
    return origin.get(name, str(file) if file else "settings")


def _shown(value: object) -> str:
    """A wrong value, as far as it fits into a line."""
    try:
        text = json.dumps(value, default=str)
    except (ValueError, RecursionError):  # whole numbers of thousands of digits, lists in lists in lists
        return "this"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _where(name: str, file: Path | None, origin: dict[str, str]) -> str:
    return origin.get(name, str(file) if file else "settings")


def allowed(field: FieldInfo) -> str:
    """What a setting may be, in words."""
    kind = field.annotation
    if choices := get_args(kind):
        if all(isinstance(choice, str) for choice in choices):
            return "one of " + ", ".join(f'"{choice}"' for choice in choices)
        return "a list of texts" if choices[0] is str else "a list of numbers"
    if field.examples:
        return "text like " + " or ".join(json.dumps(example) for example in field.examples)
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[kind]
    bounds = []
    for rule in field.metadata:
        for sign, text in (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than")):
            if hasattr(rule, sign):
                bounds.append(f"{text} {getattr(rule, sign)}")
    return " ".join([words, " and ".join(bounds)]).strip()


def is_expert(field: FieldInfo) -> bool:
    """Whether few people change it."""
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("expert"))


def default_of(field: FieldInfo) -> str:
    """The default, as it is written in TOML."""
    default = field.get_default(call_default_factory=True)
    return json.dumps(list(default) if isinstance(default, tuple) else default, ensure_ascii=False)


def as_toml(tree: type[Slice]) -> str:
    """What people change, with its defaults, as a commented settings file."""
    lines = (tree.__doc__ or "").strip().splitlines()
    text = "\n".join(f"# {line.strip()}".rstrip() for line in lines) + "\n"
    for name, section in tree.model_fields.items():
        fields = section.annotation.model_fields
        shown = [
            f"{key} = {default_of(fields[key])}  # {fields[key].description}\n"
            for key in fields
            if not is_expert(fields[key])
        ]
        text += f"\n[{name}]\n{''.join(shown)}" if shown else ""
    return text


def as_markdown(tree: type[Slice], title: str) -> str:
    """All settings, section by section, as tables: what people change, then the rest."""
    text = title
    for name, section in tree.model_fields.items():
        fields = section.annotation.model_fields
        text += f"\n## [{name}]\n"
        for expert, heading in ((False, ""), (True, "Seldom changed; not in `config.toml`:")):
            rows = [_row(key, field) for key, field in fields.items() if is_expert(field) == expert]
            if rows:
                text += f"\n{heading}\n" * bool(heading)
                text += "\n| setting | default | what it is | may be |\n|---|---|---|---|\n" + "".join(rows)
    return text


def _row(key: str, field: FieldInfo) -> str:
    cells = (f"`{key}`", f"`{default_of(field)}`", field.description or "", allowed(field))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
