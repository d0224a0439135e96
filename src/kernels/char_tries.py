"""Sets of strings as tries of code points, in the records that ``json_string.py`` reads (``records.TrieField``)."""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import entry
from .records import TRIE_FIELDS, TrieField

__all__ = ["build_trie"]

_INTS = types.Array(types.int32, 1, "C")
_TEXT = types.Array(types.int32, 1, "C", readonly=True)


@entry(types.int64(_TEXT, _INTS, _INTS, types.int64, _INTS, _INTS))
def build_trie(codes, ends, places, first_node, path, nodes):
    """Write the trie of n distinct strings that ascend by code point; returns the number of its nodes.

    Args:
        codes: int32[...], the code points of the strings, one string behind the other.
        ends: int32[n], where in ``codes`` each string ends.
        places: int32[n], the value of each string.
        first_node: index that the root will have in the table.
        path: int32[2 * (characters of the longest string + 1)], work space.
        nodes: int32[TRIE_FIELDS * (codes.size + 1)], the records.

    Linear in the characters.
    """
    count = ends.size
    middle = path.size // 2  # path[d]: the node at depth d; path[middle + d]: its last child so far, -1
    nodes[0] = -1
    nodes[1] = -1
    nodes[2] = 0
    nodes[3] = -1
    nodes[4] = 0
    nodes[5] = count
    made = np.int64(1)
    path[0] = 0
    path[middle] = -1
    depth = np.int64(0)
    before = np.int64(0)
    start = np.int64(0)
    for rank in range(count):
        end = np.int64(ends[rank])
        shared = np.int64(0)
        while shared < depth and start + shared < end and codes[before + shared] == codes[start + shared]:
            shared += 1
        for level in range(shared + 1, depth + 1):
            nodes[TRIE_FIELDS * path[level] + TrieField.RANK_HIGH] = rank
        for at in range(start + shared, end):
            level = at - start
            record = TRIE_FIELDS * made
            nodes[record + TrieField.CHILD] = -1
            nodes[record + TrieField.SIBLING] = -1
            nodes[record + TrieField.CODE] = codes[at]
            nodes[record + TrieField.VALUE] = -1
            nodes[record + TrieField.RANK_LOW] = rank
            nodes[record + TrieField.RANK_HIGH] = count
            if path[middle + level] < 0:
                nodes[TRIE_FIELDS * path[level] + TrieField.CHILD] = first_node + made
            else:
                nodes[TRIE_FIELDS * path[middle + level] + TrieField.SIBLING] = first_node + made
            path[middle + level] = made
            path[level + 1] = made
            path[middle + level + 1] = -1
            made += 1
        depth = end - start
        nodes[TRIE_FIELDS * path[depth] + TrieField.VALUE] = places[rank]
        before = start
        start = end
    return made
