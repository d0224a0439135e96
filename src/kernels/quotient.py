r"""The tokens that stay inside a string of a pattern, by walks over characters instead of bytes.

Two walks over the tables of ``runtime/quotient_tables.py``. The first reads characters one by one; it is exact and
meets few nodes where a pattern lets little through. Beyond LETTER_BUDGET nodes the second takes over: it reads classes
of characters, 11,000 nodes in place of 265,000 for 128,000 tokens, and where the characters of a class lead to
different states (MIXED), it runs the tokens below one by one::

    pattern [a-z]+(-[a-z]+)*        class trie   lower ── lower ── lower ...   one walk for 30,000 words
                                                       \── -    ── lower ...
    pattern x[a-z]+|[a-w]1                       lower: MIXED                  each token below for itself

A token run for itself begins where it differs from the one before it, in the order of letters; if the first letter
decides, the first walk goes on below those letters. ``counted``: characters read before, plus 1, where bounds on the
length matter; otherwise 0. The state behind d characters is then live only within the bounds (DEPTH_BOUND, see
``pattern_masks.py``). Few tokens are long, so where the upper bound is further than FAR characters away, the walk by
classes does without it, and tokens that reach it are run for themselves.

QUOTIENT_STACK is three arrays by depth: states (of classes: rows), where subtrees end, and states of single tokens.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .characters import piece_high, piece_low, pieces
from .coarse_classes import COARSE, COARSE_BITS, NON_ASCII
from .compiling import inner
from .doubtful import set_bit
from .json_string import dfa_field, pattern_lives_in
from .letters import CHARACTER, LETTER_DEPTH_SHIFT, LETTER_SIZE_SHIFT
from .memory import (
    COLUMNS,
    HEADER,
    SCALARS,
    Column,
    Scalar,
    address_32,
    address_64,
    get_i32,
    get_i64,
    get_u8,
    get_u64,
    load_i32,
    load_u32,
    load_u64,
    store_i32,
)
from .quotient_rows import MIXED, Head, Kind, class_row, letter_class, quotient_field, quotient_record, wide
from .records import CharDfaField

__all__ = ["class_walk", "letter_walk"]

FAR = 16
"""Characters up to the upper bound from which on it is left to the few tokens that are longer."""

_INT = types.int64
_MASK = types.Array(types.uint32, 1, "C")
_LETTER = np.uint64((1 << LETTER_DEPTH_SHIFT) - 1)
_DEPTH = np.uint64(0xFFF)
_NONE_DEAD = 1 << 30


@inner(types.boolean(HEADER, _INT, _INT))
def within(header, depth, state):
    """True if a state is live, the bounds on the length considered, behind so many characters of a token."""
    slack = get_i32(header, Column.CHAR_LENGTH, get_i64(header, Column.DEPTH_BOUND, 2 * depth) + state)
    return 0 <= slack <= get_i64(header, Column.DEPTH_BOUND, 2 * depth + 1)


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT), inline=False)
def pending_lives(header, dfa, state, counted, pending):
    """True if a character that is half read leads on from a state; ``counted`` as in a configuration."""
    plainly = header[SCALARS + Scalar.PLAIN] != 0
    for i in range(pieces(pending, plainly)):
        low = piece_low(pending, plainly, i)
        if pattern_lives_in(header, dfa, state, counted, low, piece_high(pending, plainly, i)):
            return True
    return False


@inner(types.boolean(HEADER, _INT, _INT, _INT, types.uint64, _MASK), inline=False)
def letter_walk(header, record, dfa, packed, first, mask):
    """Allow the tokens that stay inside from a state and count (``packed``), as far as they begin with some letters.

    Args:
        header: the machine.
        record: of the automaton.
        dfa: the automaton.
        packed: the field ``b`` of the configuration.
        first: a set of coarse classes of ASCII characters. 0: any first letter, and at most LETTER_BUDGET nodes.
        mask: of the tokens.

    Returns:
        False if there are more nodes. What has been allowed by then is right.
    """
    budget = header[COLUMNS + Column.LETTER_TRIE] if first != 0 else header[SCALARS + Scalar.LETTER_BUDGET]
    counted = packed >> 32
    trie = address_64(header, Column.LETTER_TRIE, 0)
    tokens = address_32(header, Column.LETTER_TOKENS, 0)
    token_ends = address_32(header, Column.LETTER_ENDS, 0)
    transitions = address_32(header, Column.CHAR_TRANS, dfa_field(header, dfa, CharDfaField.TRANSITIONS))
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    states = address_32(header, Column.QUOTIENT_STACK, 0)
    ends = address_32(header, Column.QUOTIENT_STACK, header[COLUMNS + Column.QUOTIENT_STACK] // 3)
    last = header[COLUMNS + Column.LETTER_TRIE]
    store_i32(states, 0, np.int32(packed & 0xFFFFFFFF))
    store_i32(ends, 0, np.int32(last))
    i = np.int64(1)
    visited = np.int64(0)
    while i < last and visited < budget:
        node = load_u64(trie, i)
        visited += 1
        letter = np.int64(node & _LETTER)
        depth = np.int64((node >> np.uint64(LETTER_DEPTH_SHIFT)) & _DEPTH)
        size = np.int64(node >> np.uint64(LETTER_SIZE_SHIFT))
        state = np.int64(load_i32(states, depth - 1))
        if depth == 1 and first != 0:
            if letter >= CHARACTER + 128:
                break
            if letter < CHARACTER or first & COARSE_BITS[letter - CHARACTER] == 0:
                i += size
                continue
        if letter < CHARACTER:
            before = counted + depth - 1 if counted > 0 else np.int64(0)
            target = np.int64(pending_lives(header, dfa, state, before, letter))
        else:
            if letter >= CHARACTER + 128 and not wide(header, record, dfa, state):
                i = np.int64(load_i32(ends, depth - 1))
                continue
            cls = letter_class(header, record, dfa, letter - CHARACTER)
            target = np.int64(load_i32(transitions, state * classes + cls))
            if target != 0 and counted > 0 and not within(header, depth, target):
                target = np.int64(0)
        if target == 0:
            i += size
            continue
        store_i32(states, depth, np.int32(target))
        store_i32(ends, depth, np.int32(i + size))
        for j in range(load_i32(token_ends, i), load_i32(token_ends, i + 1)):
            set_bit(mask, np.int64(load_i32(tokens, j)))
        i += 1
    header[SCALARS + Scalar.VISITED] += visited
    return i >= last


@inner(types.void(HEADER, _INT, _INT, _INT, _INT, _INT, _MASK), inline=False)
def run_tokens(header, record, dfa, packed, first, last, mask):
    """Allow those of the tokens ``first`` .. ``last - 1``, in class order, that stay inside, each run for itself."""
    counted = packed >> 32
    classes = dfa_field(header, dfa, CharDfaField.CLASSES)
    successors = address_32(header, Column.CHAR_TRANS, dfa_field(header, dfa, CharDfaField.TRANSITIONS))
    spelling = address_32(header, Column.SPELLING, 0)
    starts = address_32(header, Column.SPELLING_STARTS, 0)
    states = address_32(header, Column.QUOTIENT_STACK, 2 * (header[COLUMNS + Column.QUOTIENT_STACK] // 3))
    store_i32(states, 0, np.int32(packed & 0xFFFFFFFF))
    dead = np.int64(_NONE_DEAD)
    for token in range(first, last):
        read = np.int64(get_u8(header, Column.SPELLING_SHARED, token)) if token > first else np.int64(0)
        if read >= dead:
            continue
        dead = np.int64(_NONE_DEAD)
        start = np.int64(load_i32(starts, token))
        length = np.int64(load_i32(starts, token + 1)) - start
        state = np.int64(load_i32(states, read))
        while read < length:
            letter = np.int64(load_i32(spelling, start + read))
            if letter < CHARACTER:
                before = counted + read if counted > 0 else np.int64(0)
                if not pending_lives(header, dfa, state, before, letter):
                    state = np.int64(0)
            else:
                cls = letter_class(header, record, dfa, letter - CHARACTER)
                state = np.int64(load_i32(successors, state * classes + cls))
                if state != 0 and counted > 0 and not within(header, read + 1, state):
                    state = np.int64(0)
            read += 1
            if state == 0:
                dead = read
                break
            store_i32(states, read, np.int32(state))
        if state != 0:
            set_bit(mask, np.int64(get_i32(header, Column.CLASS_TOKENS, token)))
    header[SCALARS + Scalar.VISITED] += last - first


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def counted_pending(header, members, row, depth, symbol):
    """Whether an unfinished character leads on within the bounds, from a state with this row: 1, 0 or MIXED."""
    reach = get_u64(header, Column.PENDING_REACH, 2 * (symbol - COARSE) + header[SCALARS + Scalar.PLAIN])
    cell = np.int64(0)
    for coarse in range(COARSE):
        if (reach >> np.uint64(coarse)) & np.uint64(1) == 0:
            continue
        target = np.int64(get_i32(header, Column.QUOTIENT, row + coarse))
        if target > 0 and within(header, depth, np.int64(load_i32(members, target))):
            return 1
        if target == MIXED:
            cell = np.int64(MIXED)
    return cell


@inner(_INT(HEADER, _INT, _INT, _INT))
def plain_depth(header, dfa, counted, kind):
    """Characters of a token up to which a quotient of some kind tells what is live."""
    most = dfa_field(header, dfa, CharDfaField.MOST)
    if counted == 0 or kind == Kind.BOUNDED or most < 0:
        return np.int64(1 << 30)
    room = dfa_field(header, dfa, CharDfaField.ROOM)
    if kind == Kind.LONG:
        room = most - dfa_field(header, dfa, CharDfaField.SLACK)
        if room < dfa_field(header, dfa, CharDfaField.FEWEST):
            return np.int64(-1)
    return max(room - (counted - 1), np.int64(-1))


@inner(_INT(HEADER, _INT, _INT))
def quotient_kind(header, dfa, counted):
    """The kind of quotient that tells most after ``counted - 1`` characters (0: bounds on the length do not matter)."""
    if counted == 0:
        return np.int64(Kind.LIVE)
    if counted >= dfa_field(header, dfa, CharDfaField.FEWEST) and plain_depth(header, dfa, counted, Kind.LIVE) >= FAR:
        return np.int64(Kind.LIVE)
    return np.int64(Kind.LONG) if plain_depth(header, dfa, counted, Kind.LONG) >= FAR else np.int64(Kind.BOUNDED)


@inner(types.void(HEADER, _INT, _MASK))
def allow_ending(header, node, mask):
    """Allow the tokens that end at a node of the class trie."""
    dense = np.int64(get_i32(header, Column.CLASS_DENSE, node))
    if dense >= 0:
        words = address_32(header, Column.DENSE_MASKS, dense * header[COLUMNS + Column.STRING_MASK])
        for i in range(mask.size):
            mask[i] |= load_u32(words, i)
        return
    tokens = address_32(header, Column.CLASS_TOKENS, 0)
    first = np.int64(get_i32(header, Column.CLASS_ENDS, node))
    for i in range(first, np.int64(get_i32(header, Column.CLASS_ENDS, node + 1))):
        set_bit(mask, np.int64(load_i32(tokens, i)))


@inner(types.void(HEADER, _INT, _INT, _INT, _MASK), inline=False)
def class_walk(header, record, dfa, packed, mask):
    """Allow the tokens that stay inside from a state and count (``packed``)."""
    counted = packed >> 32
    kind = quotient_kind(header, dfa, counted)
    deepest = plain_depth(header, dfa, counted, kind)
    quotient = quotient_record(header, record, dfa, kind)
    if quotient == 0:
        return
    merged = quotient_field(header, quotient, Head.MERGED)
    start = np.int64(get_i32(header, Column.QUOTIENT, merged + (packed & 0xFFFFFFFF)))
    members = address_32(header, Column.QUOTIENT, quotient_field(header, quotient, Head.MEMBER))
    trie = address_64(header, Column.CLASS_TRIE, 0)
    cells = address_32(header, Column.QUOTIENT, 0)
    rows = address_32(header, Column.QUOTIENT_STACK, 0)
    last = header[COLUMNS + Column.CLASS_TRIE]
    header[SCALARS + Scalar.QUOTIENTS] += 1
    store_i32(rows, 0, np.int32(class_row(header, quotient, dfa, start)))
    i = np.int64(1)
    visited = np.int64(0)
    unlike = np.uint64(0)
    while i < last and header[SCALARS + Scalar.STATUS] == 0:
        node = load_u64(trie, i)
        visited += 1
        symbol = np.int64(node & _LETTER)
        depth = np.int64((node >> np.uint64(LETTER_DEPTH_SHIFT)) & _DEPTH)
        size = np.int64(node >> np.uint64(LETTER_SIZE_SHIFT))
        row = np.int64(load_i32(rows, depth - 1))
        target = np.int64(load_i32(cells, row + symbol)) if depth <= deepest else np.int64(MIXED)
        if target > 0 and kind != Kind.LIVE:
            if symbol >= COARSE:
                target = counted_pending(header, members, row, depth, symbol)
            elif not within(header, depth, np.int64(load_i32(members, target))):
                target = np.int64(0)
        if target <= 0:
            if target == MIXED and depth == 1 and symbol < NON_ASCII:
                unlike |= np.uint64(1) << np.uint64(symbol)
            elif target == MIXED:
                tokens = np.int64(get_i32(header, Column.CLASS_ENDS, i))
                past = np.int64(get_i32(header, Column.CLASS_ENDS, i + size))
                run_tokens(header, record, dfa, packed, tokens, past, mask)
            i += size
            continue
        allow_ending(header, i, mask)
        if size > 1:
            store_i32(rows, depth, np.int32(class_row(header, quotient, dfa, target)))
        i += 1
    header[SCALARS + Scalar.VISITED] += visited
    if unlike != 0 and header[SCALARS + Scalar.STATUS] == 0:
        letter_walk(header, record, dfa, packed, unlike, mask)
