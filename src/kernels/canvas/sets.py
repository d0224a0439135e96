"""Sets of states along a canvas: one position forward, one backward, and which token sets lie between the two.

A set of states is ``uint8[n]``, 0 or 1. Reference loops::

    F' = {u : s in F, (s, tokens, u) an edge}           F' = {delta(s, t) : s in F}        position fixed to t
    B' = {s : (s, tokens, u) an edge, u in B}           B' = {s : delta(s, t) in B}
    mask = union of the tokens of edges (s, tokens, u) with s in F and u in B
"""

from __future__ import annotations

import numpy as np
from numba import types

from ..compiling import entry, inner

__all__ = [
    "backward",
    "backward_token",
    "forward",
    "forward_token",
    "needed_sets",
    "next_state",
    "pack_sets",
    "unite_sets",
]

_INT = types.int64
_I4 = types.Array(types.int32, 1, "C")
_I4S = types.Array(types.int32, 2, "C")
_I8 = types.Array(types.int64, 1, "C")
_U1 = types.Array(types.uint8, 1, "C")
_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_U8 = types.Array(types.uint64, 1, "C")
_U8S = types.Array(types.uint64, 2, "C")


@inner(_INT(_I4S, _U1, _INT, _BYTES))
def advance(table, classes, state, text):
    """State behind some bytes."""
    for i in range(text.size):
        state = np.int64(table[state, classes[text[i]]])
        if state == 0:
            return 0
    return state


@entry(_INT(_I4S, _U1, _INT, _BYTES))
def next_state(table, classes, state, text):
    """:func:`advance` for Python; ``text`` holds a byte or more."""
    return advance(table, classes, state, text)


@entry(types.void(_U1, _I8, _I4, _U1))
def forward(before, edge_offsets, edge_targets, after):
    """The states one open position behind ``before``. O(edges)."""
    after[:] = 0
    for state in range(before.size):
        if before[state]:
            for edge in range(edge_offsets[state], edge_offsets[state + 1]):
                after[edge_targets[edge]] = 1


@entry(types.void(_U1, _I8, _I4, _U1))
def backward(after, edge_offsets, edge_targets, before):
    """The states one open position before ``after``. O(edges)."""
    for state in range(before.size):
        before[state] = 0
        for edge in range(edge_offsets[state], edge_offsets[state + 1]):
            if after[edge_targets[edge]]:
                before[state] = 1
                break


@entry(types.void(_U1, _I4S, _U1, _BYTES, _U1))
def forward_token(before, table, classes, text, after):
    """The states behind ``before`` and the bytes of a token."""
    after[:] = 0
    for state in range(1, table.shape[0]):
        if before[state]:
            after[advance(table, classes, state, text)] = 1
    after[0] = 0


@entry(types.void(_U1, _I4S, _U1, _BYTES, _U1))
def backward_token(after, table, classes, text, before):
    """The states from which the bytes of a token lead into ``after``."""
    before[:] = 0
    for state in range(1, table.shape[0]):
        target = advance(table, classes, state, text)
        before[state] = after[target] if target != 0 else np.uint8(0)


@entry(types.void(_U1, _U1, _I8, _I4, _I4, _U1))
def needed_sets(before, after, edge_offsets, edge_targets, edge_sets, needed):
    """Mark the token sets of the edges from ``before`` to ``after`` in ``needed`` (uint8[sets])."""
    needed[:] = 0
    for state in range(before.size):
        if before[state]:
            for edge in range(edge_offsets[state], edge_offsets[state + 1]):
                if after[edge_targets[edge]]:
                    needed[edge_sets[edge]] = 1


@entry(types.void(_I8, _I8, _I8, _I4, _U8S))
def pack_sets(numbers, set_offsets, set_sizes, set_tokens, rows):
    """Write the sets ``numbers`` as bits to ``rows`` (uint64[m, W], zero)."""
    for i in range(numbers.size):
        first = set_offsets[numbers[i]]
        for j in range(first, first + set_sizes[numbers[i]]):
            token = np.int64(set_tokens[j])
            rows[i, token >> 6] |= np.uint64(1) << np.uint64(token & 63)


@entry(types.void(_U1, _I4, _U8S, _I8, _I8, _I4, _U8))
def unite_sets(needed, row_of_set, rows, set_offsets, set_sizes, set_tokens, mask):
    """Unite the marked sets into ``mask`` (uint64[W]): whole rows where there is one, token by token otherwise."""
    mask[:] = 0
    for number in range(needed.size):
        if needed[number] == 0:
            continue
        row = np.int64(row_of_set[number])
        if row >= 0:
            for word in range(mask.size):
                mask[word] |= rows[row, word]
        else:
            first = set_offsets[number]
            for j in range(first, first + set_sizes[number]):
                token = np.int64(set_tokens[j])
                mask[token >> 6] |= np.uint64(1) << np.uint64(token & 63)
