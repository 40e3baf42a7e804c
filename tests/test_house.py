"""The house stays a house: no room needs itself by a detour, and what can be read off it is measured rightly."""

from __future__ import annotations

import ast

from benchmarks.house import measure
from tests.test_imports import ROOMS, ROOT, sources

ROOM = {
    "wakeup.py": "from school.a.one import One\n",
    "brain/__init__.py": "",
    "school/a/one.py": "import school.b.two\nif TYPE_CHECKING:\n    import bots.chat\n",
    "school/b/two.py": "class Two:\n    def __init__(self, a, b):\n        pass\n",
    "bots/chat.py": "",
}


def test_no_room_needs_itself_by_a_detour():
    """Arrows between rooms never lead back."""
    assert measure(ROOT).in_circles == ()


def test_nothing_is_decided_by_salted_hashes():
    """Python's own of a text are others in every process, and what is found or kept by them is, too."""
    texts = {file: file.read_text("utf-8") for room in ROOMS for file in sources(room)}
    named = {file: ast.walk(ast.parse(text)) for file, text in texts.items() if "hash" in text}
    assert not [file for file, nodes in named.items() if any(map(asks_for_a_hash, nodes))]


def asks_for_a_hash(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "hash" and isinstance(node.ctx, ast.Load)


def test_what_is_measured(tmp_path):
    """Rooms, arrows, circles and arguments of a small house; what is only for type checkers is no arrow."""
    for name, text in ROOM.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = measure(tmp_path)
    assert (found.files, found.rooms, found.arrows, found.in_circles) == (5, 5, 2, ())
    assert found.most_arguments == ("school/b/two.py:Two.__init__", 2)
    (tmp_path / "school/b/two.py").write_text("def f():\n    from school.a import one\n")
    assert measure(tmp_path).in_circles == ("school.a", "school.b")
