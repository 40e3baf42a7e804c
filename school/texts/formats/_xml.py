"""XML of documents: parsed without entities of its own, which could unpack to anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from school.texts.encodings import Unreadable

LARGEST = 128 << 20  # bytes; as elements they take ten times as much


def parse(raw: bytes, what: str) -> Element:
    """Raises Unreadable. (expat itself limits how much entities may grow; documents have none at all.)"""
    if len(raw) > LARGEST:
        raise Unreadable(f"{what} in it is too large: {len(raw) / 1e6:,.0f} MB")
    if b"<!ENTITY" in raw or "<!ENTITY".encode("utf-16-le") in raw or "<!ENTITY".encode("utf-16-be") in raw:
        raise Unreadable(f"{what} in it declares entities, which no document does")
    try:
        return ElementTree.fromstring(raw)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"{what} in it is damaged ({error})") from None


def local(element: Element) -> str:
    """A tag without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute, whatever its namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def walk(element: Element, enter: Callable[[Element], bool]) -> Iterator[tuple[Element, bool]]:
    """Every element below, as it begins (True) and ends (False); of those that ``enter`` refuses only the end."""
    stack: list[tuple[Element, Iterator[Element]]] = [(element, iter(element))]
    while stack:
        above, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            if stack:
                yield above, False
        elif enter(child):
            yield child, True
            stack.append((child, iter(child)))
        else:
            yield child, False
