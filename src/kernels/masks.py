r"""Token masks: which tokens may come next.

A token may come next if all its bytes lead somewhere. One walk of the vocabulary trie in preorder finds them all,
skipping the subtree of every dead byte; the mask is then remembered with the configuration::

    trie      a ── b ── c          STACK[depth]      configuration after that prefix
               \── x               STACK_ROW[depth]  its first transition

Patterns of strings are walked by characters and by classes of characters instead (``pattern_masks.py``). Inside any
other string almost every token is allowed and a walk would visit the whole trie, so it is not walked: the tokens
that stay inside are a table of the vocabulary (by number of characters, for bounded strings), and those with a
closing quotation mark are found by walking the trie of what follows it. In a key, the same, and then only the
subtrees where a declared key ends, or one that was seen, are walked.

Walks see configurations sketched (``key_views.py``); the tokens about which they may be wrong are tried byte by byte.

Patterns count characters beside their state. Where the bounds cannot matter within one token, the mask is that of the
state without the count (:func:`twin`), so that ``^\S+$`` with 1,000 characters at most has a mask or two and not 1,000.

The masks lie in a pool of as many slots as the byte limit allows; when it is full, slots are taken over in turn.
Reference: ``tests/oracles/masks.py`` tries every token byte by byte.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import entry, inner
from .doubtful import clear_bit, follow_doubtful, follow_token, set_bit, try_doubtful
from .intern import fail, intern_config
from .json_machine import is_blank
from .json_object import FREE_KEY, additional_allowed, close_key, object_field
from .json_string import pattern_twin, trie_child
from .key_names import key_name, key_state
from .key_views import sketched
from .machine import accepting, row_of, successor, transition
from .memory import (
    COLUMNS,
    HEADER,
    SCALARS,
    Column,
    Scalar,
    address_32,
    address_64,
    call_entry,
    get_i32,
    get_i64,
    get_u64,
    load_i32,
    load_i64,
    load_u32,
    load_u64,
    put_i32,
    put_i64,
    store_i32,
    store_i64,
    store_u32,
)
from .names import names_below, names_plain
from .narrow import has_wide_child
from .opcodes import DEAD, UNFILLED, Op, Question, Status, Whitespace
from .pattern_masks import allow_inside_automaton, close_other_keys, closes_pattern
from .records import TRIE_FIELDS, ObjectField, TrieField

__all__ = ["advance_token", "fill_mask", "token_successors"]

_INT = types.int64

_MASK = types.Array(types.uint32, 1, "C")
_TOKENS = types.Array(types.int32, 1, "C")


@inner(types.void(_INT, _MASK))
def unite_words(address, mask):
    """Allow what the words at an address allow."""
    for i in range(mask.size):
        mask[i] |= load_u32(address, i)


@inner(types.void(HEADER, _INT, _INT))
def enter(header, config, depth):
    """Put a configuration on the stack of the walk."""
    put_i32(header, Column.STACK, depth, config)
    put_i64(header, Column.STACK_ROW, depth, row_of(header, config))


@inner(types.void(HEADER, _INT, _INT, _INT, _MASK), inline=False)
def walk(header, config, first, last, mask):
    """Allow the tokens at the trie nodes ``first`` .. ``last - 1`` that a configuration accepts.

    ``config`` is the configuration before node ``first``; the nodes are all the descendants of one node.
    """
    if first >= last:
        return
    base = np.int64((get_u64(header, Column.TRIE, first) >> np.uint64(8)) & np.uint64(0xFFF)) - 1
    enter(header, config, base)
    trie = address_64(header, Column.TRIE, 0)
    transitions = address_32(header, Column.ROW_DATA, 0)
    config_rows = address_32(header, Column.CONFIG_ROW, 0)
    stack = address_32(header, Column.STACK, 0)
    stack_rows = address_64(header, Column.STACK_ROW, 0)
    i = first
    visited = np.int64(0)
    while i < last:
        node = load_u64(trie, i)
        visited += 1
        byte = np.int64(node & np.uint64(0xFF))
        depth = np.int64((node >> np.uint64(8)) & np.uint64(0xFFF))
        size = np.int64(node >> np.uint64(41))
        row = load_i64(stack_rows, depth - 1)
        target = np.int64(load_i32(transitions, row + byte))
        if target < 0:
            target = successor(header, np.int64(load_i32(stack, depth - 1)), row, byte)
            if header[SCALARS + Scalar.STATUS] != 0:
                break
        if target == 0:
            i += size
            continue
        token = np.int64((node >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
        if token >= 0:
            set_bit(mask, token)
        if size > 1:
            below = np.int64(load_i32(config_rows, target)) << 8
            if below < 0:
                below = row_of(header, target)
                if below < 0:
                    break
            store_i32(stack, depth, target)
            store_i64(stack_rows, depth, below)
        i += 1
    header[SCALARS + Scalar.VISITED] += visited


@inner(types.void(HEADER, _INT, _INT, _INT, _INT, _MASK))
def allow_suffix(header, suffix, characters, fewest, most, mask):
    """Allow the tokens of a suffix whose characters before the quotation mark keep the string within its bounds.

    ``characters`` -1: those of which QUOTE_LIVE says that what they begin with leads to configuration ``fewest``.
    """
    for i in range(
        np.int64(get_i32(header, Column.SUFFIX_OFFSETS, suffix)),
        np.int64(get_i32(header, Column.SUFFIX_OFFSETS, suffix + 1)),
    ):
        if characters < 0:
            quote = np.int64(get_i32(header, Column.SUFFIX_QUOTE, i))
            allowed = get_i32(header, Column.QUOTE_LIVE, quote) == fewest
        else:
            total = characters + get_i32(header, Column.SUFFIX_CHARS, i)
            allowed = total >= fewest and (most < 0 or total <= most)
        if allowed:
            set_bit(mask, np.int64(get_i32(header, Column.SUFFIX_TOKENS, i)))


@inner(types.void(HEADER, _INT, _INT, _INT, _INT, _MASK))
def walk_suffixes(header, config, characters, fewest, most, mask):
    """Allow the tokens that close a string and go on from ``config``, the configuration after the quotation mark.

    See :func:`allow_suffix` for the bounds.
    """
    allow_suffix(header, 0, characters, fewest, most, mask)
    enter(header, config, 0)
    i = np.int64(1)
    last = header[SCALARS + Scalar.SUFFIX_NODES]
    visited = np.int64(0)
    while i < last and header[SCALARS + Scalar.STATUS] == 0:
        node = get_u64(header, Column.SUFFIX_TRIE, i)
        visited += 1
        byte = np.int64(node & np.uint64(0xFF))
        depth = np.int64((node >> np.uint64(8)) & np.uint64(0xFFF))
        row = get_i64(header, Column.STACK_ROW, depth - 1)
        target = successor(header, np.int64(get_i32(header, Column.STACK, depth - 1)), row, byte)
        if target == 0:
            i += np.int64(node >> np.uint64(41))
            continue
        suffix = np.int64((node >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
        if suffix >= 0:
            allow_suffix(header, suffix, characters, fewest, most, mask)
        if np.int64(node >> np.uint64(41)) > 1:
            enter(header, target, depth)
        i += 1
    header[SCALARS + Scalar.VISITED] += visited


@inner(types.void(HEADER, _INT, _MASK))
def allow_inside(header, most, mask):
    """Allow the tokens that stay inside a string and begin at most ``most`` characters (-1: any number)."""
    if most < 0 or most >= header[SCALARS + Scalar.STRING_MAX_CHARS]:
        unite_words(address_32(header, Column.STRING_MASK, 0), mask)
        return
    row = most * header[COLUMNS + Column.STRING_MASK]
    unite_words(address_32(header, Column.STRING_MASK_BY_CHARS, row), mask)


@inner(types.void(HEADER, _INT, _MASK))
def string_mask(header, config, mask):
    """Mask of a STRING at a character boundary."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    count = get_i64(header, Column.CONFIG_B, config)
    fewest = np.int64(get_i32(header, Column.STRING_SPEC, 2 * spec))
    most = np.int64(get_i32(header, Column.STRING_SPEC, 2 * spec + 1))
    allow_inside(header, most - count if most >= 0 else np.int64(-1), mask)
    walk_suffixes(header, np.int64(get_i32(header, Column.CONFIG_PARENT, config)), count, fewest, most, mask)


@inner(_INT(HEADER))
def take_slot(header):
    """A free slot of the mask pool; when all that the pool may have are taken, the next one in turn."""
    slot = header[SCALARS + Scalar.MASKS]
    if slot < header[SCALARS + Scalar.MASK_SLOTS]:
        header[SCALARS + Scalar.MASKS] = slot + 1
        return slot
    slot = header[SCALARS + Scalar.MASK_HAND]
    header[SCALARS + Scalar.MASK_HAND] = (slot + 1) % header[SCALARS + Scalar.MASK_SLOTS]
    put_i32(header, Column.CONFIG_MASK, np.int64(get_i32(header, Column.MASK_OWNER, slot)), UNFILLED)
    return slot


@inner(types.void(HEADER, _INT, _MASK))
def keep_mask(header, config, mask):
    """Keep a mask in the pool."""
    words = header[SCALARS + Scalar.WORDS]
    slot = take_slot(header)
    header[SCALARS + Scalar.MASKS_BUILT] += 1
    put_i32(header, Column.MASK_OWNER, slot, config)
    put_i32(header, Column.CONFIG_MASK, config, slot)
    kept = address_32(header, Column.MASK_DATA, slot * words)
    for i in range(words):
        store_u32(kept, i, mask[i])


@inner(types.void(HEADER, _INT, _MASK))
def pattern_mask(header, config, mask):
    """Mask of a PATTERN at a character boundary. ``mask`` holds nothing else."""
    dfa = np.int64(get_i32(header, Column.CONFIG_A, config))
    allow_inside_automaton(header, dfa, get_i64(header, Column.CONFIG_B, config), mask)
    if closes_pattern(header, config):
        parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
        walk_suffixes(header, parent, np.int64(-1), parent, np.int64(-1), mask)


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


@inner(types.boolean(HEADER, _INT))
def between_tokens(header, config):
    """True if blanks leave a configuration of JSON text as it is."""
    if header[SCALARS + Scalar.WHITESPACE] != Whitespace.ANY:
        return False
    first, last = np.int64(0), np.int64(1)
    if get_i32(header, Column.CONFIG_OP, config) == Op.SET:
        members = np.int64(get_i32(header, Column.CONFIG_A, config))
        first = get_i64(header, Column.LIST_OFFSET, members)
        last = get_i64(header, Column.LIST_OFFSET, members + 1)
    one = config
    for i in range(first, last):
        if get_i32(header, Column.CONFIG_OP, config) == Op.SET:
            one = get_i64(header, Column.LIST_DATA, i)
        op = get_i32(header, Column.CONFIG_OP, one)
        inside = op == Op.OBJECT or op == Op.NEXT_KEY or op == Op.COLON or op == Op.MEMBERS
        inside = inside or op == Op.ARRAY or op == Op.ITEMS or op == Op.VALUE
        if not inside and op != Op.DOCUMENT and op != Op.FINISHED:
            return False
    return True


@inner(types.void(HEADER, _INT, _MASK))
def walk_blanks(header, config, mask):
    """Allow the tokens that begin with blanks, which leave ``config`` as it is."""
    unite_words(address_32(header, Column.BLANK_MASK, 0), mask)
    enter(header, config, 0)
    i = np.int64(1)
    last = header[COLUMNS + Column.BLANK_TRIE]
    visited = np.int64(0)
    while i < last and header[SCALARS + Scalar.STATUS] == 0:
        node = get_u64(header, Column.BLANK_TRIE, i)
        visited += 1
        depth = np.int64((node >> np.uint64(8)) & np.uint64(0xFFF))
        row = get_i64(header, Column.STACK_ROW, depth - 1)
        before = np.int64(get_i32(header, Column.STACK, depth - 1))
        target = successor(header, before, row, np.int64(node & np.uint64(0xFF)))
        if target == 0:
            i += np.int64(node >> np.uint64(41))
            continue
        rest = np.int64((node >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
        if rest >= 0:
            first = np.int64(get_i32(header, Column.BLANK_TOKENS, rest))
            for j in range(first, np.int64(get_i32(header, Column.BLANK_TOKENS, rest + 1))):
                set_bit(mask, np.int64(get_i32(header, Column.BLANK_TOKENS, j)))
        if np.int64(node >> np.uint64(41)) > 1:
            enter(header, target, depth)
        i += 1
    header[SCALARS + Scalar.VISITED] += visited


@inner(types.void(HEADER, _INT, _MASK), inline=False)
def walk_all(header, config, mask):
    """Allow the tokens that a configuration accepts: a walk of the subtrees whose first byte is not dead."""
    row = row_of(header, config)
    if row < 0:
        return
    blanks = between_tokens(header, config)
    if blanks:
        walk_blanks(header, config, mask)
    for byte in range(256):
        if get_i32(header, Column.ROW_DATA, row + byte) == DEAD or (blanks and is_blank(byte)):
            continue
        if header[SCALARS + Scalar.STATUS] != 0:
            return
        first = np.int64(get_i32(header, Column.TRIE_START, byte))
        walk(header, config, first, np.int64(get_i32(header, Column.TRIE_START, byte + 1)), mask)


@inner(types.void(HEADER, _INT, _MASK))
def grammar_mask(header, config, mask):
    """Mask of EARLEY: by ``earley_mask.py``, and what that leaves by walks."""
    count = call_entry(header, Scalar.EARLEY_MASK_ENTRY, config, np.int64(mask.ctypes.data), 0)
    for i in range(count):
        if header[SCALARS + Scalar.STATUS] != 0:
            return
        one = get_i64(header, Column.EARLEY_PENDING, 3 * i)
        first = get_i64(header, Column.EARLEY_PENDING, 3 * i + 1)
        walk(header, one, first, get_i64(header, Column.EARLEY_PENDING, 3 * i + 2), mask)


@inner(types.void(HEADER, _INT, _MASK))
def build_one(header, config, mask):
    """Mask of one configuration that is no SET, without end tokens, into a mask of zeros."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.STRING and get_i32(header, Column.CONFIG_C, config) == 0:
        string_mask(header, config, mask)
    elif op == Op.PATTERN and get_i32(header, Column.CONFIG_C, config) == 0:
        pattern_mask(header, config, mask)
    elif takes_any_key(header, config):
        key_mask(header, config, mask)
    elif op == Op.EARLEY:
        grammar_mask(header, config, mask)
    elif op != Op.END:
        walk_all(header, config, mask)


@inner(types.boolean(HEADER, _INT))
def shortcut(header, config):
    """True if :func:`build_one` does not walk the trie for a configuration."""
    op = get_i32(header, Column.CONFIG_OP, config)
    if op == Op.EARLEY:
        return True
    if (op == Op.STRING or op == Op.PATTERN) and get_i32(header, Column.CONFIG_C, config) == 0:
        return True
    return takes_any_key(header, config)


@inner(_INT(HEADER, _INT))
def twin(header, config):
    """A configuration with the same mask, one for many of them; 0 with the status set if there is no room."""
    if get_i32(header, Column.CONFIG_OP, config) != Op.PATTERN:
        return config
    return pattern_twin(header, config, header[COLUMNS + Column.STACK])


@inner(types.void(HEADER, _INT, _MASK, _MASK))
def build_set(header, config, work, mask):
    """Mask of a SET: what any member allows."""
    members = np.int64(get_i32(header, Column.CONFIG_A, config))
    first = get_i64(header, Column.LIST_OFFSET, members)
    last = get_i64(header, Column.LIST_OFFSET, members + 1)
    words = header[SCALARS + Scalar.WORDS]
    for i in range(first, last):
        member = twin(header, get_i64(header, Column.LIST_DATA, i))
        if member == 0:
            return
        slot = np.int64(get_i32(header, Column.CONFIG_MASK, member))
        if slot >= 0:
            unite_words(address_32(header, Column.MASK_DATA, slot * words), mask)
        elif shortcut(header, member):
            work[:] = 0
            build_one(header, member, work)
            for j in range(words):
                mask[j] |= work[j]
        else:
            walk_all(header, member, mask)
        if header[SCALARS + Scalar.STATUS] != 0:
            return


@inner(types.void(HEADER, _INT, _MASK))
def finish_mask(header, config, mask):
    """Treat duplicates like the first token of their bytes, and allow the end tokens if the text may end."""
    for group in range(header[SCALARS + Scalar.DUPLICATE_GROUPS]):
        first = np.int64(get_i32(header, Column.DUPLICATE_FIRST, group))
        allowed = (mask[first >> 5] >> np.uint32(first & 31)) & np.uint32(1) != 0
        for i in range(
            np.int64(get_i32(header, Column.DUPLICATE_OFFSETS, group)),
            np.int64(get_i32(header, Column.DUPLICATE_OFFSETS, group + 1)),
        ):
            if allowed:
                set_bit(mask, np.int64(get_i32(header, Column.DUPLICATE_IDS, i)))
            else:
                clear_bit(mask, np.int64(get_i32(header, Column.DUPLICATE_IDS, i)))
    if accepting(header, config):
        for i in range(header[SCALARS + Scalar.EOS_COUNT]):
            set_bit(mask, np.int64(get_i32(header, Column.EOS, i)))


@inner(types.void(HEADER, _INT, _MASK, _MASK))
def fill_mask(header, config, work, mask):
    """Write the mask of a configuration to ``mask`` (uint32[words]); ``work`` is scratch of the same size.

    From the pool if it is there: a copy. Otherwise built, and kept in the pool. Meaningless if it leaves a status.
    """
    words = header[SCALARS + Scalar.WORDS]
    view = sketched(header, config)
    seen = twin(header, view)
    slot = np.int64(get_i32(header, Column.CONFIG_MASK, seen))
    if slot >= 0:
        kept = address_32(header, Column.MASK_DATA, slot * words)
        for i in range(words):
            mask[i] = load_u32(kept, i)
        if view != config:
            try_doubtful(header, config, seen, mask)
        return
    mask[:] = 0
    if seen == 0:
        return
    held = header[SCALARS + Scalar.MASKS]
    if held >= header[COLUMNS + Column.MASK_OWNER] and held < header[SCALARS + Scalar.MASK_SLOTS]:
        fail(header, Status.GROW_MASKS)
        return
    if get_i32(header, Column.CONFIG_OP, seen) == Op.SET:
        build_set(header, seen, work, mask)
    else:
        build_one(header, seen, mask)
    finish_mask(header, seen, mask)
    if view == config:
        try_doubtful(header, config, seen, mask)
    if header[SCALARS + Scalar.STATUS] != 0:
        return
    keep_mask(header, seen, mask)
    if view != config:
        try_doubtful(header, config, seen, mask)


@entry(_INT(HEADER, _INT, _INT))
def advance_token(header, config, token):
    """:func:`follow_token` for Python."""
    return follow_token(header, config, token)


@entry(types.void(HEADER, _INT, _TOKENS))
def token_successors(header, config, targets):
    """Write the successor of ``config`` by every token to ``targets`` (int32[V], 0: refused), its keys sketched.

    One walk of the trie.
    """
    targets[:] = 0
    sketch = sketched(header, config)
    enter(header, sketch, 0)
    i = np.int64(1)
    while i < header[SCALARS + Scalar.TRIE_NODES] and header[SCALARS + Scalar.STATUS] == 0:
        node = get_u64(header, Column.TRIE, i)
        depth = np.int64((node >> np.uint64(8)) & np.uint64(0xFFF))
        row = get_i64(header, Column.STACK_ROW, depth - 1)
        before = np.int64(get_i32(header, Column.STACK, depth - 1))
        target = successor(header, before, row, np.int64(node & np.uint64(0xFF)))
        if target == 0:
            i += np.int64(node >> np.uint64(41))
            continue
        token = np.int64((node >> np.uint64(20)) & np.uint64(0x1FFFFF)) - 1
        if token >= 0:
            targets[token] = target
        enter(header, target, depth)
        i += 1
    for group in range(header[SCALARS + Scalar.DUPLICATE_GROUPS]):
        target = targets[get_i32(header, Column.DUPLICATE_FIRST, group)]
        for j in range(
            np.int64(get_i32(header, Column.DUPLICATE_OFFSETS, group)),
            np.int64(get_i32(header, Column.DUPLICATE_OFFSETS, group + 1)),
        ):
            targets[get_i32(header, Column.DUPLICATE_IDS, j)] = target
    follow_doubtful(header, config, sketch, targets)
