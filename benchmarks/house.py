"""How large is the house, and which room needs which? Read off the syntax trees; nothing is run.

    python -m benchmarks.house
    python -m benchmarks.house before=/path/to/an/older/checkout after=.

A room is a folder of modules; an arrow is one room that imports another. What is only for type checkers doesn't count,
nor what goes on between a folder and one inside it. An arrow runs upwards where the two rooms need each other, directly
or around a circle.
"""

from __future__ import annotations

import argparse
import ast
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

PARTS = ("brain", "school", "bots")


@dataclass(frozen=True, slots=True)
class House:
    """``in_circles``: rooms that reach themselves again; ``most_arguments``: of any constructor, itself left out."""

    files: int
    lines: int
    rooms: int
    arrows: int
    in_circles: tuple[str, ...]
    longest_file: tuple[str, int]
    longest_function: tuple[str, int]
    files_over_350: int
    functions_over_40: int
    most_arguments: tuple[str, int]
    test_files: int
    test_lines: int


def measure(root: Path) -> House:
    """The house whose ``wakeup.py`` is in ``root``."""
    files = [root / "wakeup.py", *(file for part in PARTS for file in sorted((root / part).rglob("*.py")))]
    trees = {file.relative_to(root): ast.parse(file.read_text("utf-8")) for file in files}
    lengths = {str(file): len((root / file).read_text("utf-8").splitlines()) for file in trees}
    functions = {f"{file}:{name}": length for file, tree in trees.items() for name, length, _ in functions_of(tree)}
    constructors = {
        f"{file}:{name}": arguments - 1
        for file, tree in trees.items()
        for name, _, arguments in functions_of(tree)
        if name == "__init__" or name.endswith(".__init__")
    }
    arrows = arrows_between(trees)
    tests = sorted((root / "tests").rglob("*.py"))
    return House(
        files=len(files),
        lines=sum(lengths.values()),
        rooms=len({room_of(file) for file in trees}),
        arrows=sum(map(len, arrows.values())),
        in_circles=tuple(sorted(room for room in arrows if room in reached(room, arrows))),
        longest_file=longest(lengths),
        longest_function=longest(functions),
        files_over_350=sum(length > 350 for length in lengths.values()),
        functions_over_40=sum(length > 40 for length in functions.values()),
        most_arguments=longest(constructors),
        test_files=len(tests),
        test_lines=sum(len(file.read_text("utf-8").splitlines()) for file in tests),
    )


def longest(lengths: dict[str, int]) -> tuple[str, int]:
    return max(lengths.items(), key=lambda one: one[1], default=("", 0))


def functions_of(tree: ast.Module, inside: str = "") -> Iterator[tuple[str, int, int]]:
    """Name, lines and number of arguments of every function and method."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            arguments = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
            yield f"{inside}{node.name}", node.end_lineno - node.lineno + 1, arguments
        elif isinstance(node, ast.ClassDef):
            yield from functions_of(node, f"{inside}{node.name}.")


def room_of(file: Path) -> str:
    """The folder that a module is in, as modules name it."""
    return ".".join(file.parent.parts) or file.stem


def arrows_between(trees: dict[Path, ast.Module]) -> dict[str, set[str]]:
    """For each room the others that it imports."""
    rooms = {".".join(file.with_suffix("").parts): room_of(file) for file in trees}
    rooms |= {".".join(file.parent.parts): room_of(file) for file in trees if file.name == "__init__.py"}
    arrows: dict[str, set[str]] = defaultdict(set)
    for file, tree in trees.items():
        here = room_of(file)
        for name in imported(tree):
            there = rooms.get(name) or rooms.get(name.rpartition(".")[0])
            if there and not (f"{here}.".startswith(f"{there}.") or f"{there}.".startswith(f"{here}.")):
                arrows[here].add(there)
    return arrows


def imported(tree: ast.AST) -> Iterator[str]:
    """Modules, and names out of modules, that are imported outside ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imported(node)


def reached(room: str, arrows: dict[str, set[str]]) -> set[str]:
    """All rooms that one gets to from here, along one arrow at least."""
    found, waiting = set(), list(arrows.get(room, ()))
    while waiting:
        if (there := waiting.pop()) not in found:
            found.add(there)
            waiting.extend(arrows.get(there, ()))
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("checkouts", nargs="*", metavar="NAME=FOLDER", help="default: this one")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    named = dict(one.partition("=")[::2] for one in given.checkouts) or {"now": str(Path(__file__).parents[1])}
    found = {name: asdict(measure(Path(folder))) for name, folder in named.items()}
    if given.json:
        print(json.dumps(found))
        return
    for row in next(iter(found.values())):
        cells = (", ".join(map(str, one[row])) if isinstance(one[row], tuple) else one[row] for one in found.values())
        print(f"{row:18} " + "  |  ".join(f"{name}: {cell}" for name, cell in zip(found, cells, strict=True)))


if __name__ == "__main__":
    main()
