r"""Tokens that walks of the vocabulary may be wrong about, so that they are tried byte by byte (``kernels/masks.py``).

Walks do not remember the keys of an object and the items of an array that they go through, so they may be wrong where
a key or an item ends in a token and more of its object or array follows::

    0  a key and a later key of its object             ": 1, "a
    1  an item and more than the opening of the next   ", "b     with the end of a string before the comma
    2  the same, without                               1, nu
    3  an item and the comma behind it                 ", "      with the end of a string before the comma
    4  the same, without                               1,

Tokens of 3 and 4 matter only where items have few values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from .vocabulary_tables import VocabularyTables

__all__ = ["doubtful_tokens"]

_TWO_KEYS = re.compile(rb'"[ \t\n\r]*:.*,[ \t\n\r]*".', re.DOTALL)
_NEXT_ITEM = re.compile(rb',[ \t\n\r]*(?:["\[{1-9].|[^ \t\n\r"\[{1-9])', re.DOTALL)
_GROUPS = 5


def doubtful_tokens(tables: VocabularyTables, token_bytes: Callable[[int], bytes]) -> NDArray[np.int32]:
    """Where the five groups begin, where the last one ends, and their tokens: int32[6 + n]; a few milliseconds.

    A token of two groups is in the first one of them, and in group 0 besides.
    """
    commas = np.flatnonzero(tables.token_buffer == ord(","))
    groups: list[list[int]] = [[] for _ in range(_GROUPS)]
    for token in np.unique(np.searchsorted(tables.token_offsets, commas, side="right") - 1).tolist():
        data = token_bytes(token)
        if _TWO_KEYS.search(data) is not None:
            groups[0].append(token)
        unquoted = b'"' not in data[: data.rindex(b",")]
        groups[(1 if _NEXT_ITEM.search(data) is not None else 3) + unquoted].append(token)
    ends = _GROUPS + 1 + np.cumsum([0, *map(len, groups)])
    return np.array([*ends, *(token for group in groups for token in group)], np.int32)
