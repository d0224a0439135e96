"""Masks of keys of objects that take keys beside the declared ones.

Nearly every token may go on such a key. What a key that begins like no declared one allows is one mask for all the
places where the next key of an object may come (MEMO OTHER_KEYS); on top of it, only the subtrees of the vocabulary
where a declared key ends, or one that was seen, are walked::

    declared "id", "name"; after {"n    mask of any key, less and more below    a-m-e-"  ":  ...
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .doubtful import clear_bit, set_bit
from .intern import intern_config
from .json_object import FREE_KEY, additional_allowed, close_key, object_field
from .json_string import trie_child
from .key_names import key_name, key_state
from .machine import transition
from .mask_pool import keep_mask
from .memory import COLUMNS, HEADER, SCALARS, Column, Scalar, address_32, get_i32, get_i64, get_u64, put_i32
from .names import names_below, names_plain
from .narrow import has_wide_child
from .opcodes import Op, Question
from .pattern_masks import allow_inside_automaton, close_other_keys
from .records import TRIE_FIELDS, ObjectField, TrieField
from .walks import allow_inside, unite_words, walk, walk_suffixes

__all__ = ["key_mask", "takes_any_key"]

_INT = types.int64
_MASK = types.Array(types.uint32, 1, "C")


@inner(types.void(HEADER, _INT, _INT, _MASK))
def automatic_keys_mask(header, members, state, mask):
    """:func:`other_keys_mask` where an automaton reads keys along: what follows a key depends on where it ends."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    allow_inside_automaton(header, object_field(header, spec, ObjectField.KEY_DFA), state, mask)
    close_other_keys(header, members, state)
    quotes = header[COLUMNS + Column.QUOTE_LIVE]
    for quote in range(quotes):
        after = np.int64(get_i32(header, Column.QUOTE_LIVE, quote))
        if after != 0 and header[SCALARS + Scalar.STATUS] == 0:
            walk_suffixes(header, after, np.int64(-1), after, np.int64(-1), mask)
            for other in range(quote, quotes):
                if get_i32(header, Column.QUOTE_LIVE, other) == after:
                    put_i32(header, Column.QUOTE_LIVE, other, 0)


@inner(types.void(HEADER, _INT, _INT, _MASK))
def refuse_subtree(header, first, last, mask):
    """Refuse all tokens at the trie nodes ``first`` .. ``last - 1``."""
    for i in range(first, last):
        token = np.int64((get_u64(header, Column.TRIE, i) >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
        if token >= 0:
            clear_bit(mask, token)


@inner(types.boolean(HEADER, _INT, _INT))
def known_key(header, config, byte):
    """True if a declared key, or one that was seen, may go on from a KEY with a byte."""
    if get_i32(header, Column.CONFIG_C, config) != 0 or byte == 34 or byte == 92:
        return True
    node = np.int64(get_i32(header, Column.CONFIG_A, config))
    name = key_name(get_i64(header, Column.CONFIG_B, config))
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    names = np.int64(get_i32(header, Column.CONFIG_C, members))
    if byte >= 128:
        return (node != FREE_KEY and has_wide_child(header, node)) or (name != 0 and not names_plain(header, names))
    if node != FREE_KEY and trie_child(header, node, byte) >= 0:
        return True
    return name != 0 and names_below(header, names, name, byte) != 0


@inner(types.boolean(HEADER, _INT))
def is_free(header, config):
    """True for a KEY that no declared key and none that was seen begins like."""
    return (
        get_i32(header, Column.CONFIG_A, config) == FREE_KEY and key_name(get_i64(header, Column.CONFIG_B, config)) == 0
    )


@inner(types.void(HEADER, _INT, _INT, _MASK))
def repair_keys(header, first, last, mask):
    """Correct a free key's mask at trie nodes ``first`` .. ``last - 1`` where a declared key or one seen ends there.

    The KEY before node ``first`` is on the stack; the nodes are all those below it, or with one first byte.
    """
    i = first
    while i < last and header[SCALARS + Scalar.STATUS] == 0:
        node = get_u64(header, Column.TRIE, i)
        header[SCALARS + Scalar.VISITED] += 1
        byte = np.int64(node & np.uint64(0xFF))
        depth = np.int64((node >> np.uint64(8)) & np.uint64(0xFFF))
        size = np.int64(node >> np.uint64(41))
        before = np.int64(get_i32(header, Column.STACK, depth - 1))
        if not known_key(header, before, byte):
            i += size
            continue
        target = transition(header, before, byte)
        if byte == 34 and get_i32(header, Column.CONFIG_C, before) == 0:
            refuse_subtree(header, i, i + size, mask)
            if target != 0:
                token = np.int64((node >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
                if token >= 0:
                    set_bit(mask, token)
                walk(header, target, i + 1, i + size, mask)
            i += size
            continue
        if target == 0:
            refuse_subtree(header, i, i + size, mask)
            i += size
            continue
        token = np.int64((node >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
        if token >= 0:
            set_bit(mask, token)
        if is_free(header, target):
            i += size
            continue
        put_i32(header, Column.STACK, depth, target)
        i += 1


@inner(types.void(HEADER, _INT, _MASK), inline=False)
def repair_byte(header, byte, mask):
    """:func:`repair_keys` for the tokens with one first byte."""
    if header[SCALARS + Scalar.STATUS] == 0:
        first = np.int64(get_i32(header, Column.TRIE_START, byte))
        repair_keys(header, first, np.int64(get_i32(header, Column.TRIE_START, byte + 1)), mask)


@inner(types.void(HEADER, _INT, _INT, _MASK))
def other_keys_mask(header, members, state, mask):
    """Mask of a key that no declared key and none seen begins like; remembered for all keys that come next here.

    ``state``: of the key automaton; 0 if there is none, or if only declared keys begin so.
    """
    words = header[SCALARS + Scalar.WORDS]
    memo = intern_config(header, Op.MEMO, members, state, Question.OTHER_KEYS, 0)
    if memo == 0:
        return
    slot = np.int64(get_i32(header, Column.CONFIG_MASK, memo))
    if slot >= 0:
        unite_words(address_32(header, Column.MASK_DATA, slot * words), mask)
        return
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    if object_field(header, spec, ObjectField.KEY_DFA) >= 0:
        automatic_keys_mask(header, members, state, mask)
    else:
        allow_inside(header, -1, mask)
        free = close_key(header, np.int64(FREE_KEY), np.int64(0), members)
        walk_suffixes(header, free, np.int64(0), np.int64(0), np.int64(-1), mask)
    room = header[SCALARS + Scalar.MASKS] + 2 <= header[COLUMNS + Column.MASK_OWNER]
    if room and header[SCALARS + Scalar.STATUS] == 0:
        keep_mask(header, memo, mask)
        header[SCALARS + Scalar.MASKS_BUILT] -= 1


@inner(types.void(HEADER, _INT, _MASK))
def key_mask(header, config, mask):
    """Mask of a KEY at a character boundary of an object that takes additional keys. ``mask`` holds nothing else."""
    state = key_state(get_i64(header, Column.CONFIG_B, config))
    other_keys_mask(header, np.int64(get_i32(header, Column.CONFIG_PARENT, config)), state, mask)
    if is_free(header, config):
        return
    put_i32(header, Column.STACK, 0, config)
    node = np.int64(get_i32(header, Column.CONFIG_A, config))
    by_trie = key_name(get_i64(header, Column.CONFIG_B, config)) == 0
    repair_byte(header, np.int64(34), mask)
    repair_byte(header, np.int64(92), mask)
    for byte in range(32 if not by_trie else 256, 128):
        if byte != 34 and byte != 92 and known_key(header, config, byte):
            repair_byte(header, byte, mask)
    child = (
        np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.CHILD)) if by_trie else np.int64(-1)
    )
    while child >= 0:
        code = np.int64(get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.CODE))
        if 32 <= code < 128 and code != 34 and code != 92:
            repair_byte(header, code, mask)
        child = np.int64(get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.SIBLING))
    for byte in range(128 if known_key(header, config, np.int64(128)) else 256, 256):
        repair_byte(header, byte, mask)


@inner(types.boolean(HEADER, _INT))
def takes_any_key(header, config):
    """True for a KEY at a character boundary that may become an additional key."""
    if get_i32(header, Column.CONFIG_OP, config) != Op.KEY or get_i32(header, Column.CONFIG_C, config) != 0:
        return False
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    return additional_allowed(
        header,
        np.int64(get_i32(header, Column.CONFIG_A, members)),
        get_i64(header, Column.CONFIG_B, members),
        np.int64(get_i32(header, Column.CONFIG_C, members)),
    )
