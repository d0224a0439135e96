"""The coarse classes of characters by which the quotient of a vocabulary is made (see ``quotient.py``).

Most states of patterns treat all characters of such a class alike::

    a-z   A-Z   0-9   blanks   \\n   \\r   each ASCII mark   DEL   controls   |   Latin-1   spaces   line ends   other
                                    0 .. NON_ASCII - 1                       |        NON_ASCII .. COARSE - 1

A state that does not is treated exactly, so the partition is a matter of speed alone. It is one for all vocabularies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["COARSE", "COARSE_BITS", "COARSE_BOUNDS", "COARSE_CLASSES", "NON_ASCII", "NO_CLASS"]

NO_CLASS = 255
"""Class of the surrogates, which no text contains."""

_BLANKS = "\t\v\f"
_SPACES = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000, 0xFEFF)
_LINE_ENDS = (0x2028, 0x2029)


def _ascii_kind(char: str) -> str:
    """A name of the class of an ASCII character."""
    if char.isalpha():
        return "lower" if char.islower() else "upper"
    if char.isdigit():
        return "digit"
    if char in _BLANKS:
        return "blank"
    return char if char.isprintable() or char in "\n\r\x7f" else "control"


def _partition() -> tuple[NDArray[np.int32], NDArray[np.int32], int, int]:
    """Bounds, classes, number of classes and the first that is not ASCII."""
    numbers: dict[str, int] = {}
    kinds = [numbers.setdefault(_ascii_kind(chr(code)), len(numbers)) for code in range(128)]
    latin, space, line_end, other = range(len(numbers), len(numbers) + 4)
    marks = dict(enumerate(kinds)) | {128: latin, 256: other, 0xD800: NO_CLASS, 0xE000: other}
    for single, kind in ((_SPACES, space), (_LINE_ENDS, line_end)):
        for code in single:
            marks[code] = kind
            marks.setdefault(code + 1, latin if code < 255 else other)
    bounds = sorted(marks)
    kept = [bound for i, bound in enumerate(bounds) if i == 0 or marks[bounds[i - 1]] != marks[bound]]
    classes = np.array([marks[bound] for bound in kept], np.int32)
    return np.array(kept, np.int32), classes, other + 1, latin


COARSE_BOUNDS, COARSE_CLASSES, COARSE, NON_ASCII = _partition()
_ASCII = COARSE_CLASSES[np.searchsorted(COARSE_BOUNDS, np.arange(128), side="right") - 1]
COARSE_BITS: NDArray[np.uint64] = np.left_shift(np.uint64(1), _ASCII.astype(np.uint64))
"""uint64[128], the class of each ASCII character as a set."""
COARSE_BITS.flags.writeable = False
COARSE_BOUNDS.flags.writeable = False
COARSE_CLASSES.flags.writeable = False
