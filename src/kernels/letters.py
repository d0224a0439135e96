r"""Tokens of JSON strings as sequences of *letters*: what an automaton over characters reads of them.

A letter is one int: a character, ``CHARACTER + code point``, however it is spelled; or, last, the decoder state of a
character that the token only begins (see ``characters.py``)::

    token   a \ n b               a \ u 0 0               b " :
    letters 'a' '\n' 'b'          'a' <state 7>           'b'       closes the string

Sorted sequences become a preorder trie, one ``uint64`` a node, as that of bytes (``trie.py``)::

    bit  0        24        36        63
         +--------+---------+---------+        a subtree is nodes i .. i + size - 1; siblings ascend
         | letter |  depth  |  size   |
         +--------+---------+---------+
"""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from .characters import INVALID, decode, piece_high, piece_low, pieces
from .coarse_classes import NO_CLASS
from .compiling import entry

__all__ = [
    "CHARACTER",
    "CLOSES",
    "INSIDE",
    "LETTER_DEPTH_SHIFT",
    "LETTER_SIZE_SHIFT",
    "build_letter_trie",
    "pending_classes",
    "shared_letters",
    "spell",
]

CHARACTER = 1 << 21
"""Added to the code points of whole characters; decoder states are less."""
INSIDE = 1
CLOSES = 2

LETTER_DEPTH_SHIFT = 24
LETTER_SIZE_SHIFT = 36
_LETTER_MASK = np.uint64((1 << LETTER_DEPTH_SHIFT) - 1)

_INT = types.int64
_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_I32 = types.Array(types.int32, 1, "C")
_I32_READ = types.Array(types.int32, 1, "C", readonly=True)
_U8 = types.Array(types.uint8, 1, "C")
_U64 = types.Array(types.uint64, 1, "C")


@entry(types.void(_I32_READ, _BYTES, _I32, _I32, _U8))
def spell(offsets, buffer, letters, starts, kinds):
    """Write the letters of every token, read from a character boundary inside a string.

    Args:
        offsets: int32[V + 1] into buffer.
        buffer: uint8[total], the bytes of the tokens.
        letters: int32[total], the letters of all tokens one after the other, up to a closing quotation mark.
        starts: int32[V + 1]; token t is ``letters[starts[t]:starts[t + 1]]``.
        kinds: uint8[V]: INSIDE, CLOSES, or 0 for tokens without bytes and those that no string contains (their
            letters mean nothing).
    """
    count = 0
    for token in range(kinds.size):
        starts[token] = count
        state = np.int64(0)
        kind = INSIDE if offsets[token + 1] > offsets[token] else 0
        for i in range(offsets[token], offsets[token + 1]):
            byte = np.int64(buffer[i])
            if state == 0 and byte == 34:
                kind = CLOSES
                break
            state = decode(state, byte)
            if state == INVALID:
                kind = 0
                break
            if state < 0:
                letters[count] = CHARACTER + (-2 - state)
                count += 1
                state = np.int64(0)
        if kind == INSIDE and state != 0:
            letters[count] = state
            count += 1
        kinds[token] = kind
    starts[kinds.size] = count


@entry(types.void(_I32_READ, types.boolean, _I32_READ, _I32_READ, _U64))
def pending_classes(states, plainly, bounds, classes, reach):
    """Write, for each decoder state, the bit set of the coarse classes of the characters that it may become."""
    for i in range(states.size):
        found = np.uint64(0)
        for piece in range(pieces(np.int64(states[i]), plainly)):
            low = piece_low(np.int64(states[i]), plainly, piece)
            high = piece_high(np.int64(states[i]), plainly, piece)
            for j in range(bounds.size):
                past = np.int64(bounds[j + 1]) if j + 1 < bounds.size else np.int64(0x110000)
                if bounds[j] <= high and past > low and low <= high and classes[j] != NO_CLASS:
                    found |= np.uint64(1) << np.uint64(classes[j])
        reach[i] = found


@entry(types.void(_I32_READ, _I32_READ, _U8))
def shared_letters(letters, starts, shared):
    """Write how many letters each sequence begins like the one before it, 255 at most; 0 for the first."""
    for i in range(shared.size):
        count = 0
        if i > 0:
            longest = min(starts[i] - starts[i - 1], starts[i + 1] - starts[i], 255)
            while count < longest and letters[starts[i - 1] + count] == letters[starts[i] + count]:
                count += 1
        shared[i] = count


@entry(_INT(_I32_READ, _I32_READ, _U64, _I32, _I32))
def _build(letters, starts, nodes, node_of, path):
    """Fill ``nodes`` and ``node_of`` (see :func:`build_letter_trie`); return the number of nodes."""
    count = 1
    nodes[0] = np.uint64(0)
    path[0] = 0
    depth = 0
    for i in range(node_of.size):
        start = starts[i]
        length = starts[i + 1] - start
        common = 0
        while common < depth and common < length:
            if np.uint64(letters[start + common]) != nodes[path[common + 1]] & _LETTER_MASK:
                break
            common += 1
        while depth > common:
            node = path[depth]
            nodes[node] |= np.uint64(count - node) << np.uint64(LETTER_SIZE_SHIFT)
            depth -= 1
        while depth < length:
            letter = np.uint64(letters[start + depth])
            depth += 1
            path[depth] = count
            nodes[count] = letter | (np.uint64(depth) << np.uint64(LETTER_DEPTH_SHIFT))
            count += 1
        node_of[i] = path[depth]
    while depth >= 0:
        node = path[depth]
        nodes[node] |= np.uint64(count - node) << np.uint64(LETTER_SIZE_SHIFT)
        depth -= 1
    return count


def build_letter_trie(
    letters: NDArray[np.int32], starts: NDArray[np.int32]
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Build the preorder trie of n sorted sequences of letters (or of classes) in O(total length).

    Args:
        letters: int32[total], less than ``1 << 24``; the sequences one after the other, in ascending order, none empty.
        starts: int32[n + 1]; sequence i is ``letters[starts[i]:starts[i + 1]]``; of at most 4,095 letters.

    Returns:
        ``(trie, ends)``: uint64[nodes], and int32[nodes + 1]: the sequences that end at node i are numbers
        ``ends[i] .. ends[i + 1] - 1``, so those at and below it ``ends[i] .. ends[i + size] - 1``.
    """
    lengths = np.diff(starts)
    nodes = np.empty(letters.size + 1, np.uint64)
    node_of = np.empty(lengths.size, np.int32)
    count = _build(letters, starts, nodes, node_of, np.empty(int(lengths.max(initial=0)) + 1, np.int32))
    ends = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(node_of, minlength=count), out=ends[1:])
    return nodes[:count].copy(), ends
