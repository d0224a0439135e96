"""Sets of characters as ranges of code points: what classes such as ``[a-z]`` and ``[^#x20-#x7F]`` denote."""

from __future__ import annotations

from collections.abc import Iterable

from .expression import Characters, Choice, Expression, Text

__all__ = ["ANY", "as_characters", "complement", "merged", "minus", "union"]

LAST = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]

ANY = Characters(((0, LAST),))


def union(ranges: Iterable[tuple[int, int]]) -> Characters:
    """The set of all characters in some range, in canonical form."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return Characters(tuple(merged))


def complement(characters: Characters) -> Characters:
    """All other characters."""
    result: list[tuple[int, int]] = []
    following = 0
    for first, last in characters.ranges:
        if following < first:
            result.append((following, first - 1))
        following = last + 1
    if following <= LAST:
        result.append((following, LAST))
    return Characters(tuple(result))


def minus(kept: Characters, removed: Characters) -> Characters:
    """The characters of the first set that are not in the second."""
    return complement(union((*complement(kept).ranges, *removed.ranges)))


def merged(items: Iterable[Expression]) -> list[Expression]:
    """Alternatives with those of one character joined into one set."""
    items = list(items)
    sets = [one for item in items if (one := as_characters(item)) is not None]
    if len(sets) < 2:
        return items
    joined = union(pair for one in sets for pair in one.ranges)
    return [joined, *(item for item in items if as_characters(item) is None)]


def as_characters(expression: Expression) -> Characters | None:
    """The expression as a set of characters, if all its strings are one character."""
    match expression:
        case Characters():
            return expression
        case Text(text, False) if len(text) == 1:
            return Characters(((ord(text), ord(text)),))
        case Choice(items):
            sets = [as_characters(item) for item in items]
            known = [one for one in sets if one is not None]
            return union(pair for one in known for pair in one.ranges) if len(known) == len(sets) else None
        case _:
            return None
