"""Token edges of a byte automaton: one walk of the vocabulary's trie per state, the tokens grouped by successor.

::

    state s --"a"--> s --"ab"--> s --'"'--> u       edges of s:   target   s   u
                                                                  set      0   1
    sets, interned by content:   0: {"a", "ab", ...}   1: {'"', ...}           (offsets into one array of tokens)

String bodies of a thousand states have the same set of tokens that stay inside them, so a hundred million pairs of a
state and a token come down to a few hundred sets.
"""

from __future__ import annotations

import numpy as np
from numba import types

from ..compiling import entry, inner
from ..trie import DEPTH_BITS, DEPTH_SHIFT, SIZE_SHIFT, VALUE_BITS, VALUE_SHIFT

__all__ = ["EDGES", "EXPANDED", "PROGRESS", "SETS", "TOKENS", "rehash_sets", "token_edges"]

_INT = types.int64
_I4 = types.Array(types.int32, 1, "C")
_I4S = types.Array(types.int32, 2, "C")
_I8 = types.Array(types.int64, 1, "C")
_U1 = types.Array(types.uint8, 1, "C")
_U8 = types.Array(types.uint64, 1, "C")
_TRIE = types.Array(types.uint64, 1, "C", readonly=True)

EXPANDED, EDGES, SETS, TOKENS = 0, 1, 2, 3
PROGRESS = 4
"""Length of the progress of :func:`token_edges`: states expanded, edges, sets, and tokens of all sets."""


@inner(types.uint64(types.uint64))
def scrambled(value):
    """A pseudo-random word of a token (SplitMix64), so that the sum of several names their set."""
    value = (value + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@inner(_INT(_TRIE, _I4S, _U1, _INT, _I4, _I4, _I4))
def walk(trie, table, classes, state, stack, tokens, targets):
    """Write the tokens that a state lets through, in the order of the trie, and their successors; returns how many."""
    stack[0] = state
    count = np.int64(0)
    node = np.int64(1)
    while node < trie.size:
        word = trie[node]
        depth = np.int64((word >> np.uint64(DEPTH_SHIFT)) & np.uint64((1 << DEPTH_BITS) - 1))
        target = table[stack[depth - 1], classes[word & np.uint64(0xFF)]]
        if target == 0:
            node += np.int64(word >> np.uint64(SIZE_SHIFT))
            continue
        stack[depth] = target
        token = np.int64((word >> np.uint64(VALUE_SHIFT)) & np.uint64((1 << VALUE_BITS) - 1))
        if token != 0:
            tokens[count] = token - 1
            targets[count] = target
            count += 1
        node += 1
    return count


@inner(_INT(_I4, _I4, _INT, _I4, _I8, _I4, _I4))
def group(tokens, targets, count, sizes, starts, order, distinct):
    """Sort tokens by target, stably, into ``order``; returns how many targets there are, listed in ``distinct``.

    ``sizes`` is int32[states], zero before and after; ``starts[g]`` and ``starts[g + 1]`` bound group g.
    """
    groups = np.int64(0)
    for i in range(count):
        target = targets[i]
        if sizes[target] == 0:
            distinct[groups] = target
            groups += 1
        sizes[target] += 1
    place = np.int64(0)
    for g in range(groups):
        starts[g] = place
        size = sizes[distinct[g]]
        sizes[distinct[g]] = np.int32(place)
        place += size
    starts[groups] = place
    for i in range(count):
        target = targets[i]
        order[sizes[target]] = tokens[i]
        sizes[target] += 1
    for g in range(groups):
        sizes[distinct[g]] = 0
    return groups


@inner(_INT(_I4, _INT, _INT, _I4, _I8, _I8, _U8, _I4, _I8))
def intern(order, first, last, set_tokens, set_offsets, set_sizes, set_keys, set_table, progress):
    """Number of the set ``order[first:last]``; -1: no room for it."""
    key = np.uint64(last - first)
    for i in range(first, last):
        key += scrambled(np.uint64(order[i]))
    mask = set_table.size - 1
    slot = np.int64(key >> np.uint64(1)) & mask
    while set_table[slot] != 0:
        known = np.int64(set_table[slot]) - 1
        if set_keys[known] == key and set_sizes[known] == last - first:
            offset = set_offsets[known]
            i = np.int64(0)
            while i < last - first and set_tokens[offset + i] == order[first + i]:
                i += 1
            if i == last - first:
                return known
        slot = (slot + 1) & mask
    number = progress[SETS]
    offset = progress[TOKENS]
    if number == set_keys.size or offset + last - first > set_tokens.size:
        return -1
    for i in range(last - first):
        set_tokens[offset + i] = order[first + i]
    set_offsets[number] = offset
    set_sizes[number] = last - first
    set_keys[number] = key
    set_table[slot] = np.int32(number + 1)
    progress[SETS] = number + 1
    progress[TOKENS] = offset + last - first
    return number


@entry(types.void(_U8, _INT, _I4))
def rehash_sets(set_keys, count, set_table):
    """Enter ``count`` sets into ``set_table`` (int32[power of two], zero, at least twice as large)."""
    mask = set_table.size - 1
    for number in range(count):
        slot = np.int64(set_keys[number] >> np.uint64(1)) & mask
        while set_table[slot] != 0:
            slot = (slot + 1) & mask
        set_table[slot] = np.int32(number + 1)


@entry(
    types.boolean(_TRIE, _I4S, _U1, _I4, _I4S, _I4, _I8, _I8, _I4, _I4, _I4, _I8, _I8, _U8, _I4, _I8),
)
def token_edges(
    trie,
    table,
    classes,
    stack,
    work,
    sizes,
    starts,
    edge_offsets,
    edge_targets,
    edge_sets,
    set_tokens,
    set_offsets,
    set_sizes,
    set_keys,
    set_table,
    progress,
):
    """Make the edges of all states, as far as there is room; call again with more room to go on.

    Args:
        trie: uint64[nodes], see ``kernels/trie.py``.
        table: int32[S, K], the byte automaton; state 0 is dead.
        classes: uint8[256], the class of each byte.
        stack: int32[longest token + 1], scratch.
        work: int32[4, V], scratch.
        sizes: int32[S], zero.
        starts: int64[S + 1], scratch.
        edge_offsets: int64[S + 1], zero; edges of state s are ``edge_offsets[s]`` to ``edge_offsets[s + 1]``.
        edge_targets: int32[E].
        edge_sets: int32[E], the set of each edge.
        set_tokens: int32[T], the tokens of all sets.
        set_offsets: int64[N], where each set begins.
        set_sizes: int64[N].
        set_keys: uint64[N], hashes of the sets.
        set_table: int32[power of two, at least 2 * N]; 0, or the number of a set plus 1.
        progress: int64[PROGRESS]; at first 1 and zeros.

    Returns:
        False: E, T or N is too small. O(states * nodes of the trie that are visited).
    """
    tokens, targets, order, distinct = work[0], work[1], work[2], work[3]
    while progress[EXPANDED] < table.shape[0]:
        state = progress[EXPANDED]
        edge = edge_offsets[state]
        count = walk(trie, table, classes, state, stack, tokens, targets)
        groups = group(tokens, targets, count, sizes, starts, order, distinct)
        if edge + groups > edge_targets.size:
            return False
        for g in range(groups):
            number = intern(
                order, starts[g], starts[g + 1], set_tokens, set_offsets, set_sizes, set_keys, set_table, progress
            )
            if number < 0:
                return False
            edge_targets[edge + g] = distinct[g]
            edge_sets[edge + g] = np.int32(number)
        edge_offsets[state + 1] = edge + groups
        progress[EDGES] = edge + groups
        progress[EXPANDED] = state + 1
    return True
