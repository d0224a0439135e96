"""The vocabulary as a preorder byte trie, one ``uint64`` a node: building it, and segmentation over it.

The strings ``a``, ``ab``, ``b`` with values 7, 3, 5 give::

    node 0  root          size 4          bit  0       8        20        41        63
    node 1    'a'  -> 7   size 2               +-------+---------+---------+---------+
    node 2      'b' -> 3  size 1               | byte  |  depth  | value+1 |  size   |
    node 3    'b'  -> 5   size 1               +-------+---------+---------+---------+

``size`` counts the nodes of the subtree, its root included, so a walk leaves a dead subtree by ``node +=
size`` and needs no pointers; siblings are in byte order. ``value + 1`` is 0 where no string ends.

The fields bound what fits: strings of at most ``MAX_DEPTH`` bytes, values of at most ``MAX_VALUE``, tries of
at most ``MAX_NODES`` nodes. The callers refuse anything larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from .compiling import entry

__all__ = [
    "DEPTH_BITS",
    "DEPTH_SHIFT",
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_VALUE",
    "SIZE_SHIFT",
    "VALUE_BITS",
    "VALUE_SHIFT",
    "Node",
    "build_trie",
    "build_trie_reference",
    "segment",
    "unpack_nodes",
]

DEPTH_SHIFT = 8
DEPTH_BITS = 12
VALUE_SHIFT = 20
VALUE_BITS = 21
SIZE_SHIFT = 41
MAX_DEPTH = (1 << DEPTH_BITS) - 1
MAX_VALUE = (1 << VALUE_BITS) - 2
MAX_NODES = (1 << (64 - SIZE_SHIFT)) - 1

_BYTE_MASK = np.uint64(0xFF)
_DEPTH_MASK = np.uint64(MAX_DEPTH)
_VALUE_MASK = np.uint64(MAX_VALUE + 1)
_DEPTH_SHIFT = np.uint64(DEPTH_SHIFT)
_VALUE_SHIFT = np.uint64(VALUE_SHIFT)
_SIZE_SHIFT = np.uint64(SIZE_SHIFT)

_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_OFFSETS = types.Array(types.int64, 1, "C", readonly=True)
_VALUES = types.Array(types.int32, 1, "C", readonly=True)
_TRIE = types.Array(types.uint64, 1, "C", readonly=True)


class Node(NamedTuple):
    """One trie node, unpacked. ``value`` is -1 where no string ends."""

    byte: int
    depth: int
    value: int
    size: int


def build_trie_reference(strings: Sequence[bytes], values: Sequence[int]) -> list[Node]:
    """Build the same trie by nested dictionaries: the slow definition of :func:`build_trie`, for tests.

    Args:
        strings: any order, duplicates allowed, none empty.
        values: the value of each string; of equal strings the first one's value is kept.

    Returns:
        The nodes in preorder, the root first.
    """
    # A dictionary maps a byte to the child's; the key -1 holds the value of the string that ends here.
    root: dict[int, object] = {}
    for string, value in zip(strings, values, strict=True):
        node = root
        for byte in string:
            child = node.setdefault(byte, {})
            if not isinstance(child, dict):
                raise TypeError("a byte key holds a dictionary")
            node = child
        node.setdefault(-1, value)

    def preorder(node: dict[int, object], byte: int, depth: int) -> list[Node]:
        below: list[Node] = []
        for key in sorted(key for key in node if key >= 0):
            child = node[key]
            if isinstance(child, dict):
                below += preorder(child, key, depth + 1)
        value = node.get(-1, -1)
        return [Node(byte, depth, value if isinstance(value, int) else -1, len(below) + 1), *below]

    return preorder(root, 0, 0)


def unpack_nodes(trie: NDArray[np.uint64]) -> list[Node]:
    """Unpack a trie of n nodes into tuples, in preorder. O(n), for tests and inspection."""
    columns = (
        trie & _BYTE_MASK,
        (trie >> _DEPTH_SHIFT) & _DEPTH_MASK,
        (trie >> _VALUE_SHIFT) & _VALUE_MASK,
        trie >> _SIZE_SHIFT,
    )
    return [
        Node(byte, depth, value - 1, size)
        for byte, depth, value, size in zip(*(column.tolist() for column in columns), strict=True)
    ]


@entry(
    [
        types.int64(
            _BYTES,
            _OFFSETS,
            _VALUES,
            types.Array(types.uint64, 1, "C"),
            types.Array(types.int32, 1, "C"),
            types.Array(types.int32, 1, "C"),
        )
    ],
)
def _build(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    values: NDArray[np.int32],
    nodes: NDArray[np.uint64],
    first: NDArray[np.int32],
    path: NDArray[np.int32],
) -> int:
    """Fill ``nodes`` and ``first`` (see :func:`build_trie`); return the number of nodes.

    ``path[d]`` is the node at depth d on the way to the latest string. The next string shares a prefix with
    it; the nodes of the path below that prefix are complete then, and get their sizes.
    """
    count = 1
    nodes[0] = np.uint64(0)
    path[0] = 0
    depth = 0
    start = np.int64(0)
    for rank in range(values.size):
        previous, start = start, offsets[rank]
        length = offsets[rank + 1] - start
        shared = 0
        while shared < depth and shared < length and buffer[start + shared] == buffer[previous + shared]:
            shared += 1
        if shared == length and shared == depth and rank > 0:
            first[rank] = first[rank - 1]
            continue
        while depth > shared:
            node = path[depth]
            nodes[node] |= np.uint64(count - node) << _SIZE_SHIFT
            depth -= 1
        while depth < length:
            byte = np.uint64(buffer[start + depth])
            depth += 1
            path[depth] = count
            nodes[count] = byte | (np.uint64(depth) << _DEPTH_SHIFT)
            count += 1
        nodes[path[depth]] |= np.uint64(values[rank] + 1) << _VALUE_SHIFT
        first[rank] = values[rank]
    while depth >= 0:
        node = path[depth]
        nodes[node] |= np.uint64(count - node) << _SIZE_SHIFT
        depth -= 1
    return count


def build_trie(
    buffer: NDArray[np.uint8], offsets: NDArray[np.int64], values: NDArray[np.int32]
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Build the preorder trie of n sorted, non-empty strings in O(total bytes).

    Args:
        buffer: uint8[total], the strings one after the other, in ascending byte order, equal strings
            adjacent.
        offsets: int64[n + 1], string i is ``buffer[offsets[i]:offsets[i + 1]]``.
        values: int32[n], the value of each string, at most ``MAX_VALUE``.

    Returns:
        ``(trie, first)``: uint64[nodes] as drawn above, and int32[n] with, for each string, the value of the
        first of the strings equal to it, which is the value that the trie holds.

    Raises:
        OverflowError: a string, a value or the trie is larger than its field.
    """
    lengths = np.diff(offsets)
    longest = int(lengths.max(initial=0))
    if longest > MAX_DEPTH:
        raise OverflowError(f"a string of {longest} bytes; a trie holds at most {MAX_DEPTH}")
    if int(values.max(initial=0)) > MAX_VALUE:
        raise OverflowError(f"value {int(values.max())}; a trie holds at most {MAX_VALUE}")
    nodes = np.empty(buffer.size + 1, np.uint64)
    first = np.empty(values.size, np.int32)
    count = _build(buffer, offsets, values, nodes, first, np.empty(longest + 1, np.int32))
    if count > MAX_NODES:
        raise OverflowError(f"a trie of {count} nodes; at most {MAX_NODES} are possible")
    return nodes[:count].copy(), first


@entry(
    [types.boolean(_TRIE, _BYTES, types.Array(types.int32, 1, "C"), types.Array(types.int32, 1, "C"))],
)
def _segment(
    trie: NDArray[np.uint64], text: NDArray[np.uint8], cost: NDArray[np.int32], choice: NDArray[np.int32]
) -> bool:
    """Fill in the fewest values that spell ``text[i:]`` as ``cost[i]``, the first of them as ``choice[i]``.

    A suffix that nothing spells costs ``len(text) + 1``. Returns whether the whole text can be spelled.
    """
    length = text.size
    unreachable = np.int32(length + 1)
    cost[length] = 0
    for position in range(length - 1, -1, -1):
        best = unreachable
        best_value = np.int32(-1)
        node = np.int64(0)
        end = np.int64(trie[0] >> _SIZE_SHIFT)
        for index in range(position, length):
            child = node + 1
            while child < end and (trie[child] & _BYTE_MASK) != np.uint64(text[index]):
                child += np.int64(trie[child] >> _SIZE_SHIFT)
            if child >= end:
                break
            node = child
            end = node + np.int64(trie[node] >> _SIZE_SHIFT)
            value = np.int32((trie[node] >> _VALUE_SHIFT) & _VALUE_MASK) - np.int32(1)
            if value >= 0 and cost[index + 1] + 1 <= best and cost[index + 1] < unreachable:
                best = cost[index + 1] + np.int32(1)
                best_value = value
        cost[position] = best
        choice[position] = best_value
    return bool(cost[0] < unreachable)


def segment(trie: NDArray[np.uint64], lengths: NDArray[np.int32], text: bytes) -> list[int] | None:
    """Spell a text with the fewest values of a trie; of equally few, the one whose first string is longest.

    Dynamic programming from the end of the text: O(len(text) * longest string * children a node).

    Args:
        trie: uint64[nodes].
        lengths: int32[values], the length in bytes of the string of each value.
        text: any bytes.

    Returns:
        The values in order, or None where no sequence of the strings spells the text.
    """
    cost = np.empty(len(text) + 1, np.int32)
    choice = np.empty(len(text) + 1, np.int32)
    if not _segment(trie, np.frombuffer(text, np.uint8), cost, choice):
        return None
    values = []
    position = 0
    while position < len(text):
        values.append(int(choice[position]))
        position += int(lengths[values[-1]])
    return values
