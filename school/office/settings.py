"""Settings: one strict, frozen tree, read from TOML, changed by --set, explained by the very classes that hold it.

Each slice lives beside the part that uses it; ``school/settings.py`` and ``bots/settings.py`` compose them.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from school.office.given import Given, read_given
from school.office.mistakes import Mistake

LONGEST_SHOWN = 200  # characters of a wrong value

EXPERT = {"expert": True}  # as ``json_schema_extra`` of a Field: taken from anywhere, but not written into config.toml


class Slice(BaseModel):
    """A frozen group of settings; unknown keys and wrong types are errors."""

    # A section is checked as part of the tree; what checks one by itself is only made where that is asked for.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class Some(Slice):
    """Some of all sections, for who needs no others; what else was given is not looked at."""

    model_config = ConfigDict(extra="ignore")


Tree = TypeVar("Tree", bound=Slice)


def read_settings(
    tree: type[Tree],
    file: Path | None,
    changes: Iterable[str],
    *,
    removed: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Tree:
    """Defaults, then ``file``, then each ``section.key=value`` of ``changes``; as ``check``."""
    return check(tree, read_given(file, changes), removed=removed, tell=tell)


def check(
    tree: type[Tree],
    given: Given,
    *,
    removed: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Tree:
    """The defaults with what was given. Raises Mistake with one clear line.

    ``removed``: settings and whole sections that were there once, each with a sentence about them. They are taken out,
    and ``tell`` hears of all of them in one line.
    """
    if gone := list(_take_out(given.values, removed or {})):
        where = ", ".join(dict.fromkeys(given.where(name) for name in gone))
        told = "; ".join(f"{name} ({removed[name]})" for name in gone)
        tell(f"{where}: no longer a setting and ignored: {told}.")
    try:
        return tree.model_validate(given.values)
    except ValidationError as error:
        raise Mistake(_explain(tree, error.errors()[0], given)) from None


def _take_out(values: dict[str, Any], removed: Mapping[str, str]) -> Iterator[str]:
    """Drop what was removed; yields the names of what was there."""
    for name in removed:
        section, _, key = name.partition(".")
        inside = values.get(section) if key else values
        if isinstance(inside, dict) and inside.pop(key or section, None) is not None:
            yield name


def _explain(tree: type[Slice], error: dict[str, Any], given: Given) -> str:
    path = [str(part) for part in error["loc"] if not isinstance(part, int)]
    name = ".".join(path[:2])
    where = given.where(name)
    section = tree.model_fields.get(path[0])
    keys = section.annotation.model_fields if section and len(path) > 1 else tree.model_fields
    if error["type"] == "extra_forbidden":
        return f"{where}: {name} is not a setting; {_hint(path, keys)}"
    if len(path) == 1:
        return f"{where}: {name} must be a section, [{name}]."
    return f"{where}: {name} must be {allowed(keys[path[1]])}, not {_shown(error['input'])}."


def _hint(path: list[str], keys: Iterable[str]) -> str:
    """What somebody may have meant: settings that have the word in their name, or else the one most alike."""
    *section, word = path
    close = [key for key in keys if word in key.split("_")] or difflib.get_close_matches(word, keys, n=1, cutoff=0.5)
    if not close:
        return f"there are: {', '.join(keys)}."
    return f"did you mean {' or '.join('.'.join([*section, key]) for key in close)}?"


def _shown(value: object) -> str:
    """A wrong value, as far as it fits into a line."""
    try:
        text = json.dumps(value, default=str)
    except (ValueError, RecursionError):  # whole numbers of thousands of digits, lists in lists in lists
        return "this"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


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
