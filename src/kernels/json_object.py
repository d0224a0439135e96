"""Objects of JSON text: which keys may come next, and when the object may close.

Three opcodes stand for the places inside an object; their fields are the same::

    {   "key"   :   value   ,   "key"   :   value   }
     OBJECT KEY  COLON   MEMBERS NEXT_KEY ...

    a: object spec   b: keys seen   c: additional keys counted (as far as the bounds care)

``b`` is a bit set over the declared keys: the bits themselves for up to 62 keys, otherwise ``-1 - list`` for an
interned list of 64-bit words. A KEY configuration stands on the MEMBERS record that holds once the key's value is
over; the key is added to it when the closing quotation mark has been read.

Declared keys form a trie of code points. Each trie node knows the ranks (in code-point order) of the keys below it, so
"can this prefix still become a key that is allowed here" looks at a range of keys. A key that leaves the trie becomes
FREE_KEY if additional keys are allowed. Where ``patternProperties`` or ``propertyNames`` look at the other keys, a
character automaton reads along (field ``b`` of KEY), and the label of the state that it ends in is the schema node of
the value.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .characters import INVALID, canonical, piece_high, piece_low, pieces, read_byte
from .compiling import inner
from .intern import intern_config, intern_list, reserve_scratch
from .json_string import dfa_alive, dfa_next, interval_of, trie_child, trie_has_child_in
from .memory import HEADER, SCALARS, Column, Scalar, get_i32, get_i64, put_i64
from .opcodes import Op
from .records import INLINE_KEYS, KEY_FIELDS, OBJECT_FIELDS, TRIE_FIELDS, KeyField, ObjectField, TrieField

__all__ = [
    "FREE_KEY",
    "additional_allowed",
    "key_step",
    "object_closes",
    "object_start",
    "object_takes_key",
]

_INT = types.int64

FREE_KEY = -1
"""``a`` of a KEY configuration that is none of the declared keys."""


@inner(_INT(HEADER, _INT, _INT))
def object_field(header, spec, field):
    """One field of an object spec."""
    return np.int64(get_i32(header, Column.OBJECT_SPEC, spec * OBJECT_FIELDS + field))


@inner(_INT(HEADER, _INT, _INT))
def key_node(header, spec, key):
    """Schema node of a declared key's value, or -1."""
    first = object_field(header, spec, ObjectField.FIRST_KEY)
    return np.int64(get_i32(header, Column.OBJECT_KEY, (first + key) * KEY_FIELDS + KeyField.NODE))


@inner(_INT(types.uint64))
def popcount(word):
    """Number of set bits."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@inner(_INT(HEADER, _INT, _INT))
def seen_word(header, seen, index):
    """Word ``index`` of a set of keys."""
    if seen >= 0:
        return seen
    return get_i64(header, Column.LIST_DATA, get_i64(header, Column.LIST_OFFSET, -1 - seen) + index)


@inner(types.boolean(HEADER, _INT, _INT))
def seen_has(header, seen, key):
    """True if a key is in the set."""
    return (seen_word(header, seen, key >> 6) >> (key & 63)) & 1 != 0


@inner(_INT(HEADER, _INT, _INT, _INT))
def seen_add(header, spec, seen, key):
    """The set with one more key; -1 with the status set if there is no room."""
    keys = object_field(header, spec, ObjectField.KEYS)
    if keys <= INLINE_KEYS:
        return seen | (np.int64(1) << key)
    words = (keys + 63) >> 6
    if not reserve_scratch(header, words):
        return -1
    for i in range(words):
        word = seen_word(header, seen, i)
        if i == key >> 6:
            word |= np.int64(1) << (key & 63)
        put_i64(header, Column.SCRATCH, i, word)
    return -1 - intern_list(header, 0, words)


@inner(_INT(HEADER, _INT))
def seen_none(header, spec):
    """The empty set of keys of an object; -1 with the status set if there is no room."""
    keys = object_field(header, spec, ObjectField.KEYS)
    if keys <= INLINE_KEYS:
        return 0
    words = (keys + 63) >> 6
    if not reserve_scratch(header, words):
        return -1
    for i in range(words):
        put_i64(header, Column.SCRATCH, i, 0)
    return -1 - intern_list(header, 0, words)


@inner(_INT(HEADER, _INT, _INT))
def seen_count(header, spec, seen):
    """Number of declared keys seen."""
    total = np.int64(0)
    for i in range((object_field(header, spec, ObjectField.KEYS) + 63) >> 6):
        total += popcount(np.uint64(seen_word(header, seen, i)))
    return total


@inner(_INT(HEADER, _INT, _INT))
def missing_count(header, spec, seen):
    """Number of required keys not seen."""
    total = np.int64(0)
    first = object_field(header, spec, ObjectField.REQUIRED)
    for i in range((object_field(header, spec, ObjectField.KEYS) + 63) >> 6):
        required = get_i64(header, Column.KEY_REQUIRED, first + i)
        total += popcount(np.uint64(required & ~seen_word(header, seen, i)))
    return total


@inner(_INT(HEADER, _INT, _INT))
def next_in_order(header, spec, seen):
    """Schema order only: the first key after the last one seen."""
    key = object_field(header, spec, ObjectField.KEYS)
    while key > 0 and not seen_has(header, seen, key - 1):
        key -= 1
    return key


@inner(types.boolean(HEADER, _INT, _INT))
def required_from(header, spec, key):
    """Schema order only: True if a required key is among those from ``key`` on."""
    first = object_field(header, spec, ObjectField.REQUIRED)
    for later in range(key, object_field(header, spec, ObjectField.KEYS)):
        if (get_i64(header, Column.KEY_REQUIRED, first + (later >> 6)) >> (later & 63)) & 1 != 0:
            return True
    return False


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT))
def key_allowed(header, spec, seen, extra, key):
    """True if a declared key may come next."""
    if key_node(header, spec, key) < 0 or seen_has(header, seen, key):
        return False
    count = seen_count(header, spec, seen) + extra
    first = object_field(header, spec, ObjectField.REQUIRED)
    required = (get_i64(header, Column.KEY_REQUIRED, first + (key >> 6)) >> (key & 63)) & 1
    missing = missing_count(header, spec, seen)
    most = object_field(header, spec, ObjectField.MOST)
    if most >= 0 and count + missing + 1 - required > most:
        return False
    if header[SCALARS + Scalar.ORDERED] == 0:
        return True
    following = next_in_order(header, spec, seen)
    if key < following or extra > 0:
        return False
    for skipped in range(following, key):
        if (get_i64(header, Column.KEY_REQUIRED, first + (skipped >> 6)) >> (skipped & 63)) & 1 != 0:
            return False
    if object_field(header, spec, ObjectField.ADDITIONAL) >= 0:
        return True
    usable = np.int64(0)
    for later in range(key + 1, object_field(header, spec, ObjectField.KEYS)):
        usable += 1 if key_node(header, spec, later) >= 0 else 0
    return count + 1 + usable >= object_field(header, spec, ObjectField.FEWEST)


@inner(types.boolean(HEADER, _INT, _INT, _INT))
def additional_allowed(header, spec, seen, extra):
    """True if an additional key may come next."""
    if object_field(header, spec, ObjectField.ADDITIONAL) < 0:
        return False
    missing = missing_count(header, spec, seen)
    most = object_field(header, spec, ObjectField.MOST)
    if most >= 0 and seen_count(header, spec, seen) + extra + missing + 1 > most:
        return False
    return header[SCALARS + Scalar.ORDERED] == 0 or missing == 0


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT))
def any_key_below(header, spec, seen, extra, node):
    """True if a declared key at or below a trie node may come next."""
    first = object_field(header, spec, ObjectField.FIRST_KEY)
    low = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.RANK_LOW))
    high = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.RANK_HIGH))
    for rank in range(low, high):
        if key_allowed(header, spec, seen, extra, np.int64(get_i32(header, Column.KEY_RANK, first + rank))):
            return True
    return False


@inner(types.boolean(HEADER, _INT))
def object_takes_key(header, config):
    """True if another member may follow a configuration of an object."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    seen = get_i64(header, Column.CONFIG_B, config)
    extra = np.int64(get_i32(header, Column.CONFIG_C, config))
    if additional_allowed(header, spec, seen, extra):
        return True
    return any_key_below(header, spec, seen, extra, object_field(header, spec, ObjectField.TRIE))


@inner(types.boolean(HEADER, _INT))
def object_closes(header, config):
    """True if ``}`` may follow a configuration of an object."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    seen = get_i64(header, Column.CONFIG_B, config)
    count = seen_count(header, spec, seen) + np.int64(get_i32(header, Column.CONFIG_C, config))
    return count >= object_field(header, spec, ObjectField.FEWEST) and missing_count(header, spec, seen) == 0


@inner(_INT(HEADER, _INT, _INT))
def object_start(header, spec, parent):
    """The OBJECT configuration after ``{``."""
    return intern_config(header, Op.OBJECT, spec, seen_none(header, spec), 0, parent)


@inner(_INT(HEADER, _INT, _INT, _INT))
def close_key(header, node, state, members):
    """COLON after the closing quotation mark of a key, or 0. ``members`` is the record before this key."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    seen = get_i64(header, Column.CONFIG_B, members)
    extra = np.int64(get_i32(header, Column.CONFIG_C, members))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, members))
    key = np.int64(-1)
    if node != FREE_KEY:
        key = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.VALUE))
    if key >= 0:
        if not key_allowed(header, spec, seen, extra, key):
            return 0
        value = key_node(header, spec, key)
        after = intern_config(header, Op.MEMBERS, spec, seen_add(header, spec, seen, key), extra, parent)
    else:
        if not additional_allowed(header, spec, seen, extra):
            return 0
        value = object_field(header, spec, ObjectField.ADDITIONAL)
        if object_field(header, spec, ObjectField.KEY_DFA) >= 0:
            labels = object_field(header, spec, ObjectField.KEY_LABELS)
            value = np.int64(get_i32(header, Column.KEY_LABEL, labels + state)) if state != 0 else np.int64(-1)
        if value < 0:
            return 0
        extra = min(extra + 1, object_field(header, spec, ObjectField.COUNT_TO))
        after = intern_config(header, Op.MEMBERS, spec, seen, extra, parent)
    return intern_config(header, Op.COLON, value, 0, 0, after)


@inner(_INT(HEADER, _INT, _INT, types.boolean))
def half_key(header, config, read, free):
    """KEY in the middle of a character: kept at the trie node if a child continues it, else free, else 0."""
    node = np.int64(get_i32(header, Column.CONFIG_A, config))
    state = get_i64(header, Column.CONFIG_B, config)
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    seen = get_i64(header, Column.CONFIG_B, members)
    extra = np.int64(get_i32(header, Column.CONFIG_C, members))
    dfa = object_field(header, spec, ObjectField.KEY_DFA)
    plainly = header[SCALARS + Scalar.PLAIN] != 0
    near = False  # some declared key continues so
    declared = False  # one that is allowed
    alive = dfa < 0  # some other key does
    for i in range(pieces(read, plainly)):
        low = piece_low(read, plainly, i)
        high = piece_high(read, plainly, i)
        alive = alive or (state != 0 and dfa_alive(header, dfa, state, low, high))
        child = trie_has_child_in(header, node, low, high) if node != FREE_KEY else np.int64(-1)
        while child >= 0 and get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.CODE) <= high:
            near = True
            declared = declared or any_key_below(header, spec, seen, extra, child)
            child = np.int64(get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.SIBLING))
    if not declared and not (free and alive):
        return 0
    if near:
        return intern_config(header, Op.KEY, node, state, read, members)
    if dfa < 0:
        return intern_config(header, Op.KEY, FREE_KEY, 0, canonical(read, 0), members)
    interval = interval_of(header, dfa, piece_low(read, plainly, 0))
    if pieces(read, plainly) == 1 and interval == interval_of(header, dfa, piece_high(read, plainly, 0)):
        read = canonical(read, np.int64(get_i32(header, Column.CHAR_BOUND, interval)))
    return intern_config(header, Op.KEY, FREE_KEY, state, read, members)


@inner(_INT(HEADER, _INT, _INT))
def key_step(header, config, byte):
    """KEY after one more byte of the key; COLON after the closing quotation mark; 0 if refused."""
    node = np.int64(get_i32(header, Column.CONFIG_A, config))
    state = get_i64(header, Column.CONFIG_B, config)
    pending = np.int64(get_i32(header, Column.CONFIG_C, config))
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if pending == 0 and byte == 34:
        return close_key(header, node, state, members)
    read = read_byte(header, pending, byte)
    if read == INVALID:
        return 0
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    seen = get_i64(header, Column.CONFIG_B, members)
    extra = np.int64(get_i32(header, Column.CONFIG_C, members))
    free = additional_allowed(header, spec, seen, extra)
    if read >= 0:
        return half_key(header, config, read, free)
    dfa = object_field(header, spec, ObjectField.KEY_DFA)
    if dfa >= 0:
        state = dfa_next(header, dfa, state, interval_of(header, dfa, -2 - read)) if state != 0 else np.int64(0)
        free = free and state != 0
    child = trie_child(header, node, -2 - read) if node != FREE_KEY else np.int64(-1)
    if child >= 0 and (free or any_key_below(header, spec, seen, extra, child)):
        return intern_config(header, Op.KEY, child, state, 0, members)
    return intern_config(header, Op.KEY, FREE_KEY, state, 0, members) if free else np.int64(0)
