"""Sets of strings as tries of code points.

Strings are inserted in the order of their code points, so that siblings ascend and the strings below a node are those
of a range of ranks::

    "id", "is", "name"        root[0,3) ─ i[0,2) ─ d[0,1) value 0
                                 │          └───── s[1,2) value 1
                                 └─ n[2,3) ─ a ─ m ─ e value 2
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from ...kernels.char_tries import build_trie
from ...kernels.records import TRIE_FIELDS

__all__ = ["build_char_trie"]


def build_char_trie(strings: Sequence[str], first_node: int) -> tuple[NDArray[np.int32], list[int]]:
    """Trie of distinct strings; the value of a string is its place in ``strings``.

    Args:
        strings: the strings.
        first_node: index that the root will have in the table.

    Returns:
        The records, int32[nodes * TRIE_FIELDS], and the strings' places by rank.
    """
    if not strings:
        return np.array((-1, -1, 0, -1, 0, 0), np.int32), []
    order = sorted(range(len(strings)), key=strings.__getitem__)
    ascending = [strings[place] for place in order]
    lengths = [len(text) for text in ascending]
    codes = np.frombuffer("".join(ascending).encode("utf-32-le", "surrogatepass"), np.int32)
    ends = np.array(list(accumulate(lengths)), np.int32)
    path = np.empty(2 * max(lengths, default=0) + 2, np.int32)
    nodes = np.empty(TRIE_FIELDS * (codes.size + 1), np.int32)
    made = build_trie(codes, ends, np.array(order, np.int32), first_node, path, nodes)
    return nodes[: TRIE_FIELDS * made], order
