"""Token effects: what each token of a vocabulary does to the lexer of a grammar, from every lexer state at once.

An *effect* of a token is (emissions of the lexemes that end within it, lexer state after it); *origins* are the lexer
states from which the token has that effect. The walk of the vocabulary's trie carries the effects of the bytes so far,
each with its origins as a bit set; after a byte or two most origins have met in few effects::

    trie            effects: (emissions, state after) <- origins
    root            ((), q) <- {q}                for every lexer state q: one each
      'a'           ((), NAME) <- {start, NAME, ...}    ((";"), NAME) <- {after ";"}  ...
        'b'         ...

Emission sequences are interned as (sequence before, last emission); the sequence 0 is empty. At every token the effects
are interned too, and the sorted list of a token's effects is its *atom*: tokens with equal atoms are interchangeable.

Reference, for one token and one origin::

    hypotheses = {((), origin)}
    for byte in token:
        hypotheses = {(seq + nonzero(one, two), after) for seq, q in hypotheses for one, two, after in steps(q, byte)}
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from ..compiling import entry, inner
from ..trie import DEPTH_SHIFT, MAX_DEPTH, SIZE_SHIFT, VALUE_SHIFT

__all__ = ["EffectsWork", "walk_effects"]

_INT = types.int64
_I32 = types.Array(types.int32, 1, "C")
_I64 = types.Array(types.int64, 1, "C")
_U64 = types.Array(types.uint64, 1, "C")
_U64_ROWS = types.Array(types.uint64, 2, "C")
_U8 = types.Array(types.uint8, 1, "C")
_U8_ROWS = types.Array(types.uint8, 2, "C")
_TRIE = types.Array(types.uint64, 1, "C", readonly=True)

_VALUE_MASK = (1 << (SIZE_SHIFT - VALUE_SHIFT)) - 1
_MULTIPLIER = 0x9E3779B97F4A7C15


@inner(types.uint64(types.uint64, types.uint64))
def mix(hashed, value):
    """A hash with one more word."""
    hashed = (hashed ^ value) * np.uint64(_MULTIPLIER)
    return hashed ^ (hashed >> np.uint64(29))


@inner(_INT(_I32, _I32, _I32, _I64, _INT, _INT))
def intern_sequence(parent, label, table, counts, before, emission):
    """The number of a sequence and one more emission; -1 if there is no room."""
    hashed = mix(mix(np.uint64(7), np.uint64(before)), np.uint64(emission))
    mask = np.uint64(table.size - 1)
    slot = np.int64(hashed & mask)
    while table[slot] >= 0:
        found = np.int64(table[slot])
        if parent[found] == before and label[found] == emission:
            return found
        slot = (slot + 1) & np.int64(mask)
    new = counts[0]
    if 2 * (new + 1) > table.size or new >= parent.size:
        return -1
    parent[new] = before
    label[new] = emission
    table[slot] = new
    counts[0] = new + 1
    return new


@inner(_INT(_I32, _I32, _U64_ROWS, _I32, _I64, _INT, _INT, _U64_ROWS, _INT))
def intern_effect(sequence, after, origin, table, counts, seq, state, rows, row):
    """The number of the effect (seq, state, origins ``rows[row]``); -1 if there is no room."""
    words = rows.shape[1]
    hashed = mix(mix(np.uint64(11), np.uint64(seq)), np.uint64(state))
    for word in range(words):
        hashed = mix(hashed, rows[row, word])
    mask = np.int64(table.size - 1)
    slot = np.int64(hashed & np.uint64(mask))
    while table[slot] >= 0:
        found = np.int64(table[slot])
        if sequence[found] == seq and after[found] == state:
            same = True
            for word in range(words):
                if origin[found, word] != rows[row, word]:
                    same = False
                    break
            if same:
                return found
        slot = (slot + 1) & mask
    new = counts[1]
    if 2 * (new + 1) > table.size or new >= sequence.size:
        return -1
    sequence[new] = seq
    after[new] = state
    for word in range(words):
        origin[new, word] = rows[row, word]
    table[slot] = new
    counts[1] = new + 1
    return new


@inner(_INT(_I32, _I32, _I32, _I64, _I32, _INT))
def intern_atom(offset, member, table, counts, listed, length):
    """The number of the atom with the effects ``listed[:length]``, ascending; -1 if there is no room."""
    hashed = np.uint64(13)
    for i in range(length):
        hashed = mix(hashed, np.uint64(listed[i]))
    mask = np.int64(table.size - 1)
    slot = np.int64(hashed & np.uint64(mask))
    while table[slot] >= 0:
        found = np.int64(table[slot])
        begin = np.int64(offset[found])
        if offset[found + 1] - begin == length:
            same = True
            for i in range(length):
                if member[begin + i] != listed[i]:
                    same = False
                    break
            if same:
                return found
        slot = (slot + 1) & mask
    new = counts[2]
    begin = np.int64(offset[new])
    if 2 * (new + 1) > table.size or new + 2 > offset.size or begin + length > member.size:
        return -1
    for i in range(length):
        member[begin + i] = listed[i]
    offset[new + 1] = begin + length
    table[slot] = new
    counts[2] = new + 1
    return new


@inner(_INT(_I32, _I32, _I32, _I64, _U8_ROWS, _I32, _INT, _INT))
def extended(parent, label, table, counts, follows, edge, k, seq):
    """A sequence and the emissions of edge k; -1 if they cannot follow each other, -2 if there is no room."""
    for which in range(2):
        emission = np.int64(edge[3 * k + which])
        if emission == 0:
            continue
        if follows[label[seq], emission] == 0:
            return -1
        seq = intern_sequence(parent, label, table, counts, seq, emission)
        if seq < 0:
            return -2
    return seq


@inner(_INT(_I32, _I32, _U64_ROWS, _I32, _I32, _INT, _INT, _INT, _INT))
def level_place(level_seq, level_state, level_origin, table, mark, node, end, seq, target):
    """Where (seq, target) stands among the effects at a node of the trie, `end` if it is new; -1 without room."""
    slot = np.int64(mix(np.uint64(seq), np.uint64(target)) & np.uint64(table.size - 1))
    while mark[slot] == node:
        place = np.int64(table[slot])
        if level_seq[place] == seq and level_state[place] == target:
            return place
        slot = (slot + 1) & (table.size - 1)
    if end >= level_seq.size:
        return -1
    mark[slot] = node
    table[slot] = end
    level_seq[end] = seq
    level_state[end] = target
    level_origin[end, :] = 0
    return end


@inner(
    _INT(
        *(_I32, _I32, _U64_ROWS, _I32, _I32, _I32, _I32, _I64, _I32),
        *(_I32, _I32, _U64_ROWS, _INT, _INT),
    )
)
def intern_token(
    sequence,
    after,
    origin,
    effect_table,
    atom_offset,
    atom,
    atom_table,
    counts,
    listed,
    level_seq,
    level_state,
    level_origin,
    begin,
    end,
):
    """The atom of the effects from `begin` to `end`; -2 or -3 if the effects or the atoms have no room."""
    for i in range(begin, end):
        seq = np.int64(level_seq[i])
        state = np.int64(level_state[i])
        number = intern_effect(sequence, after, origin, effect_table, counts, seq, state, level_origin, i)
        if number < 0:
            return -2
        place = i - begin
        while place > 0 and listed[place - 1] > number:
            listed[place] = listed[place - 1]
            place -= 1
        listed[place] = number
    found = intern_atom(atom_offset, atom, atom_table, counts, listed, end - begin)
    return found if found >= 0 else np.int64(-3)


@entry(
    [
        _INT(
            *(_TRIE, _U8, _INT, _I32, _I32, _U8_ROWS),
            *(_I32, _I32, _U64_ROWS, _I64, _I32, _I32),
            *(_I32, _I32, _I32, _I32, _I32, _U64_ROWS, _I32, _I32, _I32, _I32, _I64),
            *(_I32, _I32),
        )
    ]
)
def _walk(
    trie: Any,
    byte_class: Any,
    classes: int,
    offset: Any,
    edge: Any,
    follows: Any,
    level_seq: Any,
    level_state: Any,
    level_origin: Any,
    level_begin: Any,
    level_table: Any,
    level_mark: Any,
    parent: Any,
    label: Any,
    sequence_table: Any,
    sequence: Any,
    after: Any,
    origin: Any,
    effect_table: Any,
    atom_offset: Any,
    atom: Any,
    atom_table: Any,
    counts: Any,
    listed: Any,
    token_atom: Any,
) -> int:
    """Fill the tables; 0 if all went in, 1 to 4 if the sequences, effects, atoms or levels have no room."""
    node = np.int64(1)
    while node < trie.size:
        packed = trie[node]
        depth = np.int64((packed >> np.uint64(DEPTH_SHIFT)) & np.uint64(MAX_DEPTH))
        cls = np.int64(byte_class[np.int64(packed & np.uint64(255))])
        begin = level_begin[depth]
        end = begin
        for i in range(level_begin[depth - 1], begin):
            at = np.int64(level_state[i]) * classes + cls
            for k in range(offset[at], offset[at + 1]):
                seq = extended(parent, label, sequence_table, counts, follows, edge, k, np.int64(level_seq[i]))
                if seq == -2:
                    return 1
                if seq < 0:
                    continue
                target = np.int64(edge[3 * k + 2])
                place = level_place(
                    level_seq, level_state, level_origin, level_table, level_mark, node, end, seq, target
                )
                if place < 0:
                    return 4
                end = max(end, place + 1)
                for word in range(level_origin.shape[1]):
                    level_origin[place, word] |= level_origin[i, word]
        if end == begin:
            node += np.int64(packed >> np.uint64(SIZE_SHIFT))
            continue
        level_begin[depth + 1] = end
        token = np.int64((packed >> np.uint64(VALUE_SHIFT)) & np.uint64(_VALUE_MASK)) - 1
        if token >= 0:
            number = intern_token(
                sequence,
                after,
                origin,
                effect_table,
                atom_offset,
                atom,
                atom_table,
                counts,
                listed,
                level_seq,
                level_state,
                level_origin,
                begin,
                end,
            )
            if number < 0:
                return int(-number)
            token_atom[token] = number
        node += 1
    return 0


class EffectsWork:
    """The growing tables of one walk.

    Attributes:
        parent, label: int32; sequences.
        sequence, after: int32; effects.
        origin: uint64[effects, words].
        atom_offset, atom: int32; effects by atom. Atom 0 has none.
        token_atom: int32[V].
    """

    def __init__(self, states: int, tokens: int) -> None:
        self._states = states
        self._room = [1 << 12, 1 << 12, 1 << 12, max(1 << 12, 4 * states)]
        self.token_atom = np.zeros(tokens, np.int32)
        self._make()

    def _make(self) -> None:
        sequences, effects, atoms, levels = self._room
        words = (self._states + 63) // 64
        self.parent = np.zeros(sequences, np.int32)
        self.label = np.zeros(sequences, np.int32)
        self.sequence_table = np.full(2 * sequences, -1, np.int32)
        self.sequence = np.zeros(effects, np.int32)
        self.after = np.zeros(effects, np.int32)
        self.origin = np.zeros((effects, words), np.uint64)
        self.effect_table = np.full(2 * effects, -1, np.int32)
        self.atom_offset = np.zeros(atoms + 1, np.int32)
        self.atom = np.zeros(4 * atoms, np.int32)
        self.atom_table = np.full(2 * atoms, -1, np.int32)
        self.level_seq = np.zeros(levels, np.int32)
        self.level_state = np.zeros(levels, np.int32)
        self.level_origin = np.zeros((levels, words), np.uint64)
        self.level_table = np.zeros(1 << (2 * levels - 1).bit_length(), np.int32)
        self.level_mark = np.zeros(len(self.level_table), np.int32)
        self.listed = np.zeros(levels, np.int32)
        self.level_begin = np.zeros(MAX_DEPTH + 3, np.int64)
        self.counts = np.array([1, 0, 1], np.int64)

    def grow(self, what: int) -> None:
        """Start again with four times the room for sequences, effects, atoms or levels (1 to 4)."""
        self._room[what - 1] *= 4
        self._make()

    def seed(self) -> None:
        """One effect a lexer state at the root of the trie: nothing done yet."""
        states = np.arange(self._states)
        self.level_state[: self._states] = states
        self.level_origin[states, states >> 6] = np.uint64(1) << (states & 63).astype(np.uint64)
        self.level_begin[1] = self._states


def walk_effects(
    trie: NDArray[np.uint64],
    tokens: int,
    byte_class: NDArray[np.uint8],
    classes: int,
    offset: NDArray[np.int32],
    edge: NDArray[np.int32],
    follows: NDArray[np.uint8],
) -> EffectsWork:
    """The effects of all tokens of a trie, of V token ids.

    Args:
        trie: uint64[nodes], see kernels/trie.py.
        tokens: V.
        byte_class: uint8[256], of the lexer (``TokenLexer``).
        classes: number of classes of bytes.
        offset: int32[states * classes + 1] into ``edge``.
        edge: int32[., 3]; two emissions and the state after them.
        follows: uint8[emissions, emissions]; [0, e]: emission e can be the first; [d, e]: it can come behind d.

    Returns:
        the tables; the numbers of sequences, effects and atoms are ``counts``.
    """
    states = (len(offset) - 1) // classes
    work = EffectsWork(states, tokens)
    while True:
        work.seed()
        status = _walk(
            trie,
            byte_class,
            classes,
            offset,
            edge.reshape(-1),
            follows,
            work.level_seq,
            work.level_state,
            work.level_origin,
            work.level_begin,
            work.level_table,
            work.level_mark,
            work.parent,
            work.label,
            work.sequence_table,
            work.sequence,
            work.after,
            work.origin,
            work.effect_table,
            work.atom_offset,
            work.atom,
            work.atom_table,
            work.counts,
            work.listed,
            work.token_atom,
        )
        if status == 0:
            return work
        work.grow(int(status))
