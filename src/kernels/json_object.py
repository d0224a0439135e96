"""Objects of JSON text: which keys may come next, and when the object may close.

Three opcodes stand for the places inside an object; their fields are the same::

    {   "key"   :   value   ,   "key"   :   value   }
     OBJECT KEY  COLON   MEMBERS NEXT_KEY ...

    a: object spec   b: declared keys seen   c: names of the additional keys seen (a set, see names.py)

``b`` is a bit set over the declared keys: the bits themselves for up to 62 keys, otherwise ``-1 - list`` for an
interned list of 64-bit words. A KEY configuration stands on the MEMBERS record that holds once the key's value is
over; the key is added to it when the closing quotation mark has been read.

Declared keys form a trie of code points. Each trie node knows the ranks (in code-point order) of the keys below it, so
"can this prefix still become a key that is allowed here" looks at a range of keys. A key that leaves the trie becomes
FREE_KEY if additional keys are allowed, and is refused at its end if it is among those seen (``key_names.py``). Where
``patternProperties`` or ``propertyNames`` look at the other keys, a character automaton reads along, and the label of
the state that it ends in is the schema node of the value.

Where a member decides what else must come (``not``, ``if``, ``dependentRequired``, ...), the field that would name the
value's schema node names an *entry* instead: what the value may be, each possibility with the object spec that holds
behind it. Entries are derived when a text reaches them (``grammar/schema/objects.py``).
"""

from __future__ import annotations

import numpy as np
from numba import types

from .characters import INVALID, canonical, piece_high, piece_low, pieces, read_byte
from .compiling import inner
from .intern import ask, intern_config, intern_list, reserve_scratch, sort_unique
from .json_string import dfa_next, interval_of, trie_child, trie_has_child_in
from .key_names import key_name, key_state, longer_name, packed_key
from .key_words import ENDLESS, key_goes_on, key_goes_on_in, keys_left
from .memory import HEADER, SCALARS, Column, Scalar, get_i32, get_i64, put_i64
from .names import (
    name_root,
    names_add,
    names_add_unknown,
    names_below_in,
    names_count,
    names_have,
    names_have_text,
    names_plain,
)
from .opcodes import Op, Status
from .records import (
    CHAR_DFA_FIELDS,
    ENTRY_FIELDS,
    INLINE_KEYS,
    KEY_FIELDS,
    OBJECT_FIELDS,
    TRIE_FIELDS,
    CharDfaField,
    EntryField,
    KeyField,
    ObjectField,
    TrieField,
)

__all__ = [
    "FREE_KEY",
    "additional_allowed",
    "entry_count",
    "free_half",
    "half_name",
    "key_start",
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


@inner(_INT(HEADER, _INT))
def entry_count(header, entry):
    """Number of successors of an entry; 0 with the status set if it is not lowered yet."""
    count = np.int64(get_i32(header, Column.ENTRY, entry * ENTRY_FIELDS + EntryField.COUNT))
    if count < 0:
        ask(header, Status.LOWER_ENTRY, entry)
        return 0
    return count


@inner(types.boolean(HEADER, _INT))
def usable(header, node):
    """True if ``node``, a schema node or ``-2 - entry``, allows some value."""
    return node >= 0 or (node <= -2 and entry_count(header, -2 - node) > 0)


@inner(_INT(HEADER, _INT, _INT))
def key_node(header, spec, key):
    """Schema node of a declared key's value, -2 - entry, or -1."""
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


@inner(_INT(HEADER, _INT, _INT))
def free_keys_left(header, spec, names):
    """Number of additional keys that have not been seen, or ENDLESS."""
    if object_field(header, spec, ObjectField.ADDITIONAL) == -1:
        return 0
    dfa = object_field(header, spec, ObjectField.KEY_DFA)
    return keys_left(header, dfa, object_field(header, spec, ObjectField.KEY_LABELS), names)


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT))
def key_allowed(header, spec, seen, names, key):
    """True if a declared key may come next."""
    if seen_has(header, seen, key) or not usable(header, key_node(header, spec, key)):
        return False
    most = object_field(header, spec, ObjectField.MOST)
    if most < 0 and header[SCALARS + Scalar.ORDERED] == 0:
        return True
    count = seen_count(header, spec, seen) + names_count(header, names)
    first = object_field(header, spec, ObjectField.REQUIRED)
    required = (get_i64(header, Column.KEY_REQUIRED, first + (key >> 6)) >> (key & 63)) & 1
    missing = missing_count(header, spec, seen)
    if most >= 0 and count + missing + 1 - required > most:
        return False
    if header[SCALARS + Scalar.ORDERED] == 0:
        return True
    following = next_in_order(header, spec, seen)
    if key < following or names != 0:
        return False
    for skipped in range(following, key):
        if (get_i64(header, Column.KEY_REQUIRED, first + (skipped >> 6)) >> (skipped & 63)) & 1 != 0:
            return False
    later_ones = free_keys_left(header, spec, names)
    if later_ones == ENDLESS:
        return True
    for later in range(key + 1, object_field(header, spec, ObjectField.KEYS)):
        later_ones += 1 if key_node(header, spec, later) != -1 else 0
    return count + 1 + later_ones >= object_field(header, spec, ObjectField.FEWEST)


@inner(types.boolean(HEADER, _INT, _INT, _INT))
def additional_allowed(header, spec, seen, names):
    """True if an additional key may come next."""
    if not usable(header, object_field(header, spec, ObjectField.ADDITIONAL)):
        return False
    most = object_field(header, spec, ObjectField.MOST)
    if most >= 0:
        count = seen_count(header, spec, seen) + names_count(header, names)
        if count + missing_count(header, spec, seen) + 1 > most:
            return False
    left = np.int64(ENDLESS)
    if object_field(header, spec, ObjectField.KEY_DFA) >= 0:
        left = free_keys_left(header, spec, names)
    if header[SCALARS + Scalar.ORDERED] == 0:
        return left != 0
    count = seen_count(header, spec, seen) + names_count(header, names)
    enough = left == ENDLESS or count + left >= object_field(header, spec, ObjectField.FEWEST)
    return left != 0 and enough and missing_count(header, spec, seen) == 0


@inner(types.boolean(HEADER, _INT, _INT, _INT, _INT))
def any_key_below(header, spec, seen, names, node):
    """True if a declared key at or below a trie node may come next."""
    first = object_field(header, spec, ObjectField.FIRST_KEY)
    low = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.RANK_LOW))
    high = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.RANK_HIGH))
    for rank in range(low, high):
        if key_allowed(header, spec, seen, names, np.int64(get_i32(header, Column.KEY_RANK, first + rank))):
            return True
    return False


@inner(types.boolean(HEADER, _INT))
def object_takes_key(header, config):
    """True if another member may follow a configuration of an object."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    seen = get_i64(header, Column.CONFIG_B, config)
    names = np.int64(get_i32(header, Column.CONFIG_C, config))
    if additional_allowed(header, spec, seen, names):
        return True
    return any_key_below(header, spec, seen, names, object_field(header, spec, ObjectField.TRIE))


@inner(types.boolean(HEADER, _INT))
def object_closes(header, config):
    """True if ``}`` may follow a configuration of an object."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    seen = get_i64(header, Column.CONFIG_B, config)
    if object_field(header, spec, ObjectField.UNFINISHED) != 0:
        return False
    count = seen_count(header, spec, seen) + names_count(header, np.int64(get_i32(header, Column.CONFIG_C, config)))
    return count >= object_field(header, spec, ObjectField.FEWEST) and missing_count(header, spec, seen) == 0


@inner(_INT(HEADER, _INT, _INT))
def object_start(header, spec, parent):
    """The OBJECT configuration after ``{``."""
    return intern_config(header, Op.OBJECT, spec, seen_none(header, spec), 0, parent)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT), inline=False)
def after_key(header, entry, seen, names, parent):
    """The COLONs of an entry, each above MEMBERS of its own spec, as one configuration; 0 if there are none."""
    count = entry_count(header, entry)
    if count == 0 or not reserve_scratch(header, count):
        return 0
    first = np.int64(get_i32(header, Column.ENTRY, entry * ENTRY_FIELDS + EntryField.FIRST))
    for i in range(count):
        value = np.int64(get_i32(header, Column.SUCCESSOR, 2 * (first + i)))
        spec = np.int64(get_i32(header, Column.SUCCESSOR, 2 * (first + i) + 1))
        after = intern_config(header, Op.MEMBERS, spec, seen, names, parent)
        put_i64(header, Column.SCRATCH, i, intern_config(header, Op.COLON, value, 0, 0, after))
    count = sort_unique(header, 0, count)
    if count == 1:
        return get_i64(header, Column.SCRATCH, 0)
    return intern_config(header, Op.SET, intern_list(header, 0, count), 0, 0, 0)


@inner(_INT(HEADER, _INT))
def key_start(header, members):
    """KEY after the opening quotation mark. ``members`` is the record that its key will be added to."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    dfa = object_field(header, spec, ObjectField.KEY_DFA)
    state = np.int64(0)
    if dfa >= 0:
        state = np.int64(get_i32(header, Column.CHAR_DFA, dfa * CHAR_DFA_FIELDS + CharDfaField.START))
    names = np.int64(get_i32(header, Column.CONFIG_C, members))
    root = name_root(header) if names != 0 else np.int64(0)
    name = root if names_have(header, names, root) else np.int64(0)
    trie = object_field(header, spec, ObjectField.TRIE)
    return intern_config(header, Op.KEY, trie, packed_key(name, state), 0, members)


@inner(_INT(HEADER, _INT, _INT, _INT))
def close_key(header, node, packed, members):
    """COLON after the closing quotation mark of a key, or 0. ``members`` is the record before this key."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    seen = get_i64(header, Column.CONFIG_B, members)
    names = np.int64(get_i32(header, Column.CONFIG_C, members))
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, members))
    key = np.int64(-1)
    if node != FREE_KEY:
        key = np.int64(get_i32(header, Column.CHAR_TRIE, node * TRIE_FIELDS + TrieField.VALUE))
    if key >= 0:
        if not key_allowed(header, spec, seen, names, key):
            return 0
        value = key_node(header, spec, key)
        seen = seen_add(header, spec, seen, key)
    else:
        name = abs(key_name(packed))
        if not additional_allowed(header, spec, seen, names) or (name != 0 and names_have_text(header, names, name)):
            return 0
        value = object_field(header, spec, ObjectField.ADDITIONAL)
        if object_field(header, spec, ObjectField.KEY_DFA) >= 0:
            state = key_state(packed)
            labels = object_field(header, spec, ObjectField.KEY_LABELS)
            value = np.int64(get_i32(header, Column.KEY_LABEL, labels + state)) if state != 0 else np.int64(-1)
        if value == -1:
            return 0
        names = names_add(header, names, name) if name != 0 else names_add_unknown(header, names)
    if value <= -2:
        return after_key(header, -2 - value, seen, names, parent)
    after = intern_config(header, Op.MEMBERS, spec, seen, names, parent)
    return intern_config(header, Op.COLON, value, 0, 0, after)


@inner(_INT(HEADER, _INT, _INT))
def free_half(header, dfa, read):
    """The least half-read character that leads on like ``read`` where no key of the object begins so."""
    if dfa < 0:
        return canonical(read, 0)
    plainly = header[SCALARS + Scalar.PLAIN] != 0
    interval = interval_of(header, dfa, piece_low(read, plainly, 0))
    if pieces(read, plainly) == 1 and interval == interval_of(header, dfa, piece_high(read, plainly, 0)):
        return canonical(read, np.int64(get_i32(header, Column.CHAR_BOUND, interval)))
    return read


@inner(_INT(HEADER, _INT, _INT, _INT))
def half_name(header, names, name, read):
    """The key before a half-read character; 0 if it is not the whole key and no key seen can go on with that."""
    if name <= 0:
        return name
    plainly = header[SCALARS + Scalar.PLAIN] != 0
    for i in range(pieces(read, plainly)):
        low = piece_low(read, plainly, i)
        if low >= 128 and names_plain(header, names):
            continue
        if names_below_in(header, names, name, low, piece_high(read, plainly, i)):
            return name
    return 0


@inner(_INT(HEADER, _INT, _INT, types.boolean))
def half_key(header, config, read, free):
    """KEY in the middle of a character: kept at the trie node if a child continues it, else free, else 0."""
    node = np.int64(get_i32(header, Column.CONFIG_A, config))
    state = key_state(get_i64(header, Column.CONFIG_B, config))
    name = key_name(get_i64(header, Column.CONFIG_B, config))
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    seen = get_i64(header, Column.CONFIG_B, members)
    names = np.int64(get_i32(header, Column.CONFIG_C, members))
    dfa = object_field(header, spec, ObjectField.KEY_DFA)
    labels = object_field(header, spec, ObjectField.KEY_LABELS)
    plainly = header[SCALARS + Scalar.PLAIN] != 0
    near = False  # some declared key continues so
    declared = False  # one that is allowed
    alive = free and dfa < 0  # some other key does
    for i in range(pieces(read, plainly)):
        low = piece_low(read, plainly, i)
        high = piece_high(read, plainly, i)
        if free and not alive:
            alive = key_goes_on_in(header, dfa, labels, names, abs(name), state, low, high)
        child = trie_has_child_in(header, node, low, high) if node != FREE_KEY else np.int64(-1)
        while child >= 0 and get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.CODE) <= high:
            near = True
            declared = declared or any_key_below(header, spec, seen, names, child)
            child = np.int64(get_i32(header, Column.CHAR_TRIE, child * TRIE_FIELDS + TrieField.SIBLING))
    if not declared and not alive:
        return 0
    name = half_name(header, names, name, read)
    if near:
        return intern_config(header, Op.KEY, node, packed_key(name, state), read, members)
    if name == 0:
        read = free_half(header, dfa, read)
    return intern_config(header, Op.KEY, FREE_KEY, packed_key(name, state), read, members)


@inner(_INT(HEADER, _INT, _INT))
def key_step(header, config, byte):
    """KEY after one more byte of the key; COLON after the closing quotation mark; 0 if refused."""
    node = np.int64(get_i32(header, Column.CONFIG_A, config))
    packed = get_i64(header, Column.CONFIG_B, config)
    pending = np.int64(get_i32(header, Column.CONFIG_C, config))
    members = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    if pending == 0 and byte == 34:
        return close_key(header, node, packed, members)
    read = read_byte(header, pending, byte)
    if read == INVALID:
        return 0
    spec = np.int64(get_i32(header, Column.CONFIG_A, members))
    seen = get_i64(header, Column.CONFIG_B, members)
    names = np.int64(get_i32(header, Column.CONFIG_C, members))
    free = additional_allowed(header, spec, seen, names)
    if read >= 0:
        return half_key(header, config, read, free)
    code = -2 - read
    state = key_state(packed)
    dfa = object_field(header, spec, ObjectField.KEY_DFA)
    if dfa >= 0 and state != 0:
        state = dfa_next(header, dfa, state, interval_of(header, dfa, code))
    name = longer_name(header, names, key_name(packed), code)
    labels = object_field(header, spec, ObjectField.KEY_LABELS)
    free = free and (dfa < 0 or key_goes_on(header, dfa, labels, names, abs(name), state))
    child = trie_child(header, node, code) if node != FREE_KEY else np.int64(-1)
    if child >= 0 and (free or any_key_below(header, spec, seen, names, child)):
        return intern_config(header, Op.KEY, child, packed_key(name, state), 0, members)
    return intern_config(header, Op.KEY, FREE_KEY, packed_key(name, state), 0, members) if free else np.int64(0)
