"""Character sets by name: Unicode properties (``\\p{...}``), and what ``\\d \\s \\w`` are in Python's ``re``.

Names are matched as Unicode recommends (UAX #44, LM3): case, spaces, hyphens and underscores do not count.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from functools import lru_cache

from .charset import MAX_CODE_POINT, SCALARS, CharSet, union
from .unicode_tables import BINARY, CATEGORIES, PACKED, SCRIPTS

__all__ = ["property_set", "python_digits", "python_spaces", "python_words"]

# General categories that are unions of the two-letter ones.
_GROUPS = {
    "L": ("Letter", "Lu Ll Lt Lm Lo"),
    "LC": ("Cased_Letter", "Lu Ll Lt"),
    "M": ("Mark=Combining_Mark", "Mn Mc Me"),
    "N": ("Number", "Nd Nl No"),
    "P": ("Punctuation=punct", "Pc Pd Ps Pe Pi Pf Po"),
    "S": ("Symbol", "Sm Sc Sk So"),
    "Z": ("Separator", "Zs Zl Zp"),
    "C": ("Other", "Cc Cf Cs Co Cn"),
}


def _loose(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def _numbers(packed: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in packed:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0


@lru_cache(maxsize=1)
def _tables() -> dict[tuple[str, str], CharSet]:
    """(kind, loose name) to set, where the kind is gc, bin, sc or scx. About 10 ms, once."""
    numbers = _numbers(zlib.decompress(base64.b85decode(PACKED)))
    entries = (("gc", CATEGORIES), ("bin", BINARY), ("sc", SCRIPTS), ("scx", SCRIPTS))
    tables = {}
    for kind, names in entries:
        for aliases in names.split():
            end = 0
            ranges = []
            for _ in range(next(numbers)):
                low = end + next(numbers)
                end = low + next(numbers)
                ranges.append((low, end - 1))
            chars = CharSet(tuple(ranges))
            for alias in aliases.split("="):
                tables[kind, _loose(alias)] = chars
    for short, (aliases, parts) in _GROUPS.items():
        chars = union(tables["gc", _loose(part)] for part in parts.split())
        for alias in (short, *aliases.split("=")):
            tables["gc", _loose(alias)] = chars
    tables["bin", "any"] = SCALARS
    tables["bin", "ascii"] = CharSet.of((0, 127))
    tables["bin", "assigned"] = ~tables["gc", "cn"]
    return tables


_KINDS = {
    "generalcategory": "gc",
    "gc": "gc",
    "script": "sc",
    "sc": "sc",
    "scriptextensions": "scx",
    "scx": "scx",
}


def property_set(name: str) -> CharSet | None:
    """The set of a property escape's name, such as ``Lu``, ``Script=Greek`` or ``Alphabetic``; None if unknown."""
    left, equals, right = name.partition("=")
    if equals:
        kind = _KINDS.get(_loose(left))
        return None if kind is None else _tables().get((kind, _loose(right)))
    loose = _loose(name)
    found = _tables().get(("gc", loose))
    return _tables().get(("bin", loose)) if found is None else found


def _runs(pattern: str) -> CharSet:
    everything = "".join(map(chr, range(MAX_CODE_POINT + 1)))
    return CharSet.of(*((m.start(), m.end() - 1) for m in re.finditer(f"{pattern}+", everything)))


@lru_cache(maxsize=1)
def python_digits() -> CharSet:
    """``\\d`` of ``re``: the decimal digits of the running interpreter's Unicode version."""
    return _runs(r"\d")


@lru_cache(maxsize=1)
def python_spaces() -> CharSet:
    """``\\s`` of ``re``."""
    return _runs(r"\s")


@lru_cache(maxsize=1)
def python_words() -> CharSet:
    """``\\w`` of ``re``."""
    return _runs(r"\w")
