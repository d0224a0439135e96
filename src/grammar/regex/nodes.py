"""The syntax tree of a pattern, common to both dialects.

Dialect matters (what ``\\d`` is, case folding, ``$``) are resolved by the parsers, so few node types remain. Groups
vanish; lazy and greedy repeats differ only inside atomic groups, where priority matters::

    Chars      one character of a set            Look       (?=..) (?!..) (?<=..) (?<!..)
    Concat     parts in sequence                 Boundary   \\b \\B over a set of word characters
    Alternate  one of the branches               Edge       start of text, end of text, python's $
    Repeat     body{low,high}, high None = oo    Atomic     (?>..) and the body of a possessive repeat
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ...errors import Span
from .charset import CharSet

__all__ = [
    "EPSILON",
    "Alternate",
    "Atomic",
    "Boundary",
    "Chars",
    "Concat",
    "Edge",
    "EdgeKind",
    "Look",
    "Node",
    "Repeat",
    "alternate",
    "concat",
]


class EdgeKind(Enum):
    """Places of a text that an :class:`Edge` matches."""

    BEGIN = "begin"
    END = "end"
    DOLLAR = "dollar"  # python's $ without the m flag: the end, or before a line feed that ends the text


class Chars(NamedTuple):
    """One character out of ``chars``."""

    chars: CharSet


class Concat(NamedTuple):
    """The parts one after the other."""

    parts: tuple[Node, ...]


class Alternate(NamedTuple):
    """One of the branches, earlier ones preferred."""

    branches: tuple[Node, ...]


class Repeat(NamedTuple):
    """``low`` to ``high`` copies of ``body``; ``high`` None is unbounded. ``lazy`` prefers few."""

    body: Node
    low: int
    high: int | None
    lazy: bool


class Look(NamedTuple):
    """A zero-width assertion: ``body`` matches from here on, or up to here if ``behind``; or does not."""

    body: Node
    behind: bool
    negative: bool


class Boundary(NamedTuple):
    """Exactly one of the neighbours is in ``word`` (or, if ``negative``, both or none of them).

    ``never_empty``: a negative boundary does not hold in the empty text (python's ``re`` before 3.14).
    """

    word: CharSet
    negative: bool
    never_empty: bool


class Edge(NamedTuple):
    """A zero-width assertion on the place in the whole text."""

    kind: EdgeKind


class Atomic(NamedTuple):
    """Only the preferred match of ``body`` counts; ``span`` is its place in the pattern, for errors."""

    body: Node
    span: Span


Node = Chars | Concat | Alternate | Repeat | Look | Boundary | Edge | Atomic

EPSILON = Concat(())


def concat(parts: list[Node]) -> Node:
    """The parts in sequence, without a wrapper around a single one."""
    return parts[0] if len(parts) == 1 else Concat(tuple(parts))


def alternate(branches: list[Node]) -> Node:
    """One of the branches, without a wrapper around a single one."""
    return branches[0] if len(branches) == 1 else Alternate(tuple(branches))
