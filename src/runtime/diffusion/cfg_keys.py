"""Items of a text with gaps, and the keys of lattice nodes: one integer each, ordered as paths go.

::

    bit 63       39      37              24                       0
        | place  | kind  | 4095 - rests  | lexer set or rest set  |
"""

from __future__ import annotations

from enum import Enum

__all__ = [
    "DONE",
    "FINAL",
    "INNER",
    "PLACE",
    "SET",
    "Item",
    "ItemKind",
    "key_kind",
    "key_number",
    "key_place",
    "node_key",
    "rest_order",
]


class ItemKind(Enum):
    """An item that is not a byte."""

    OPEN = "one token"
    HOLE = "any string"


Item = int | ItemKind
"""A byte (0 to 255), an open token, or a hole."""

SET, INNER, FINAL, DONE = range(4)
"""Kinds of nodes: a lexer set; a rest set, a node between two emissions of one byte, or within a hole; the end."""

PLACE = 1 << 39
"""What the keys of one place differ from those of the next by."""

_KIND = 1 << 37
_ORDER = 1 << 24
_MOST_RESTS = (1 << 13) - 1


def node_key(place: int, kind: int, order: int, number: int) -> int:
    """The key of a node."""
    return place * PLACE + kind * _KIND + order * _ORDER + number


def rest_order(longest: int) -> int:
    """The order of rest sets: the more emissions are to come, the earlier. Tokens have at most 4,095 bytes."""
    return _MOST_RESTS - longest


def key_place(key: int) -> int:
    """The place of a node."""
    return key // PLACE


def key_kind(key: int) -> int:
    """The kind of a node."""
    return key // _KIND % 4


def key_number(key: int) -> int:
    """The number of the lexer set or rest set."""
    return key % _ORDER
