"""Case-insensitive closure of character sets, as each dialect defines it.

A *folding* groups the characters that match one another; only groups of two or more are stored::

    Folding(members=(..., 75, 107, 8490, ...), orbit={107: (75, 107, 8490), ...})      k, K and the Kelvin sign

    python      c matches x if lower(c) is lower(x) or has the same upper case as lower(x)   (CPython, re/_compiler.py)
    python, a   the same for ASCII letters only
    ECMA, u     simple case folding                                       (ECMA-262, Canonicalize, step 2)
    ECMA        simple upper case, unless that maps into ASCII            (ECMA-262, Canonicalize, steps 3 to 8)

All tables come from the case mappings of ``str``, on first use.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from .charset import MAX_CODE_POINT, CharSet

__all__ = ["ecma_close", "python_close"]

_DOTTED_CAPITAL_I = 0x130
_BLOCK = 256


class Folding(NamedTuple):
    """Which characters match which.

    Attributes:
        members: every character that matches another one or is matched by one, ascending.
        orbit: for each member, what a class with that member matches.
    """

    members: tuple[int, ...]
    orbit: dict[int, tuple[int, ...]]


def _simple_lower(code_point: int) -> int:
    if code_point == _DOTTED_CAPITAL_I:  # the one character whose full lower case differs from its simple one
        return ord("i")
    return ord(chr(code_point).lower())


def _legacy_upper(code_point: int) -> int:
    upper = chr(code_point).upper()
    if len(upper) != 1 or code_point > 0xFFFF or (code_point >= 128 and ord(upper) < 128):
        return code_point
    return ord(upper)


@lru_cache(maxsize=1)
def _with_case() -> tuple[int, ...]:
    """Every character that some case mapping changes, or that is the result of one."""
    found = set()
    for first in range(0, MAX_CODE_POINT + 1, _BLOCK):
        block = "".join(map(chr, range(first, first + _BLOCK)))
        if block.lower() != block or block.upper() != block or block.casefold() != block:
            for char in block:
                for mapped in (char.lower(), char.upper(), char.title(), char.casefold()):
                    if mapped != char:
                        found.add(ord(char))
                        found.update(map(ord, mapped))
    return tuple(sorted(found))


def _by_key(key: Callable[[int], int | str]) -> Folding:
    groups: dict[int | str, list[int]] = defaultdict(list)
    for code_point in _with_case():
        groups[key(code_point)].append(code_point)
    orbit = {c: tuple(group) for group in groups.values() if len(group) > 1 for c in group}
    return Folding(tuple(sorted(orbit)), orbit)


@lru_cache(maxsize=1)
def _python_folding() -> Folding:
    matched_by = defaultdict(list)  # lower case to the characters with it
    same_upper = defaultdict(set)  # full upper case to the lower-case characters with it
    for code_point in _with_case():
        lower = _simple_lower(code_point)
        matched_by[lower].append(code_point)
        same_upper[chr(lower).upper()].add(lower)
    orbit = {}
    for code_point in _with_case():
        lower = _simple_lower(code_point)
        group = {c for equal in same_upper[chr(lower).upper()] for c in matched_by[equal]}
        if group != {code_point}:
            orbit[code_point] = tuple(sorted(group))
    return Folding(tuple(sorted(orbit)), orbit)


@lru_cache(maxsize=1)
def _ascii_folding() -> Folding:
    orbit: dict[int, tuple[int, ...]] = {}
    for lower in range(ord("a"), ord("z") + 1):
        orbit[lower] = orbit[lower - 32] = (lower - 32, lower)
    return Folding(tuple(sorted(orbit)), orbit)


@lru_cache(maxsize=1)
def _unicode_folding() -> Folding:
    # Simple folding joins exactly the characters with equal full foldings since Unicode 15.1, as stability now demands.
    return _by_key(lambda code_point: chr(code_point).casefold())


@lru_cache(maxsize=1)
def _legacy_folding() -> Folding:
    return _by_key(_legacy_upper)


def _members(chars: CharSet, folding: Folding) -> list[int]:
    members = folding.members
    found: list[int] = []
    for low, high in chars.ranges:
        found += members[bisect_left(members, low) : bisect_right(members, high)]
    return found


def _close(chars: CharSet, folding: Folding) -> CharSet:
    extra = {other for member in _members(chars, folding) for other in folding.orbit[member]}
    return chars | CharSet.of(*((c, c) for c in extra)) if extra else chars


@lru_cache(maxsize=1024)
def python_close(chars: CharSet, ascii_only: bool) -> CharSet:
    """What the characters of one class match under the flag i of ``re``."""
    return _close(chars, _ascii_folding() if ascii_only else _python_folding())


@lru_cache(maxsize=1024)
def ecma_close(chars: CharSet, unicode_mode: bool) -> CharSet:
    """What the characters of one class match under the flag i of ECMA-262, with or without the flag u."""
    return _close(chars, _unicode_folding() if unicode_mode else _legacy_folding())
