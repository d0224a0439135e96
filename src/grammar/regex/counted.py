"""A long bounded repeat as bounds on the length of the text.

Between ``^`` and ``$``, where all else has one length, the length of the text says how often the repeat was gone
through, so that it need not be unrolled::

    ^#[0-9a-f]{2,30000};$    =    ^#[0-9a-f]*;$    with 4 to 30,002 characters
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from .automata import CharDfa
from .nodes import Alternate, Chars, Concat, Edge, EdgeKind, Node, Repeat

__all__ = ["Counted", "counted"]

_LONG = 32
"""Repeats of fewer characters are unrolled."""


class Counted(NamedTuple):
    """The texts of an automaton with ``fewest`` to ``most`` characters (None: any number)."""

    automaton: CharDfa
    fewest: int = 0
    most: int | None = None

    def accepts(self, text: str) -> bool:
        """Whether ``text`` is one of them."""
        return self.fewest <= len(text) <= (len(text) if self.most is None else self.most) and self.automaton.accepts(
            text
        )


def counted(node: Node) -> tuple[Node, int, int | None]:
    """A tree and bounds on the length that together mean what ``node`` means."""
    parts = _flat(node)
    if len(parts) < 3 or parts[0] != Edge(EdgeKind.BEGIN) or parts[-1] != Edge(EdgeKind.END):
        return node, 0, None
    inner = _runs(parts[1:-1])
    lengths = [_length(part) for part in inner]
    loose = [place for place, length in enumerate(lengths) if length is None]
    place = loose[0] if loose else max(range(len(inner)), key=lambda at: lengths[at] or 0)
    repeat = inner[place]
    size = _length(repeat.body) if isinstance(repeat, Repeat) else None
    if not isinstance(repeat, Repeat) or not size or len(loose) > 1:
        return node, 0, None
    if size * max(repeat.low, repeat.high or 0) < _LONG:
        return node, 0, None
    rest = sum(length or 0 for at, length in enumerate(lengths) if at != place)
    inner[place] = Repeat(repeat.body, 0, None, repeat.lazy)
    most = None if repeat.high is None else rest + size * repeat.high
    return Concat((parts[0], *inner, parts[-1])), rest + size * repeat.low, most


def _flat(node: Node) -> list[Node]:
    """The parts of a sequence, those of sequences inside it included."""
    if isinstance(node, Concat):
        return [part for child in node.parts for part in _flat(child)]
    return [node]


def _runs(parts: list[Node]) -> list[Node]:
    """The same parts, equal characters in a row as one repeat."""
    found: list[Node] = []
    for part, run in groupby(parts):
        count = sum(1 for _ in run)
        found.extend([Repeat(part, count, count, False)] if isinstance(part, Chars) and count > 1 else [part] * count)
    return found


def _length(node: Node) -> int | None:
    """The number of characters of every text of a subtree; None if it varies, or if the subtree asserts something."""
    if isinstance(node, Chars):
        return 1
    if isinstance(node, Concat):
        lengths = [_length(part) for part in node.parts]
        return None if None in lengths else sum(length for length in lengths if length is not None)
    if isinstance(node, Alternate):
        branches = {_length(branch) for branch in node.branches}
        return branches.pop() if len(branches) == 1 else None
    if isinstance(node, Repeat) and node.low == node.high:
        length = _length(node.body)
        return None if length is None else length * node.low
    return None
