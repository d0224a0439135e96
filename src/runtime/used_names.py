"""The names of the additional keys that an object has so far, read back from a machine (``kernels/names.py``)."""

from __future__ import annotations

from collections.abc import Sequence

from ..kernels.names import MARK, UNKNOWN, WEIGHT
from ..kernels.opcodes import Op
from .machine import Machine

__all__ = ["count_names", "used_names"]


def used_names(machine: Machine, names: int) -> Sequence[str | None]:
    """The texts of a set of names, None for each of which nothing is known. O(n) for n characters."""
    found: list[str | None] = []
    waiting = [names] if names else []
    while waiting:
        op, a, _, _, parent = machine.fields(waiting.pop())
        if op is Op.NAMES:
            waiting.extend((a, parent))
        elif a <= UNKNOWN:
            found.append(None)
        elif a == MARK:
            letters = []
            _, code, _, _, above = machine.fields(parent)
            while above:
                letters.append(chr(code))
                _, code, _, _, above = machine.fields(above)
            found.append("".join(reversed(letters)))
    return found


def count_names(machine: Machine, names: int) -> int:
    """How many texts a set of names holds. O(1)."""
    op, a, _, weight, _ = machine.fields(names)
    if op is Op.NAMES:
        return weight // WEIGHT
    return int(names != 0 and a <= MARK)
