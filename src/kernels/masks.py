r"""Token masks: which tokens may come next.

A token may come next if all its bytes lead somewhere. One walk of the vocabulary trie finds them all (``walks.py``);
the mask is then remembered with the configuration (``mask_pool.py``)::

    configuration ── in the pool? ──> a copy
                  ── STRING, PATTERN, KEY ──> tables of the vocabulary, and a walk of what follows
                  ── any other ──> a walk

Patterns of strings are walked by characters and by classes of characters instead (``pattern_masks.py``). Inside any
other string almost every token is allowed and a walk would visit the whole trie, so it is not walked: the tokens
that stay inside are a table of the vocabulary (by number of characters, for bounded strings), and those with a
closing quotation mark are found by walking the trie of what follows it. Keys: ``key_masks.py``.

Walks see configurations sketched (``key_views.py``); the tokens about which they may be wrong are tried byte by byte.

Patterns count characters beside their state. Where the bounds cannot matter within one token, the mask is that of the
state without the count (:func:`twin`), so that ``^\S+$`` with 1,000 characters at most has a mask or two and not 1,000.

Reference: ``tests/oracles/masks.py`` tries every token byte by byte.
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import entry, inner
from .doubtful import clear_bit, follow_doubtful, follow_token, set_bit, try_doubtful
from .intern import fail
from .json_string import pattern_twin
from .key_masks import key_mask, takes_any_key
from .key_views import sketched
from .machine import accepting, successor
from .mask_pool import keep_mask
from .memory import (
    COLUMNS,
    HEADER,
    SCALARS,
    Column,
    Scalar,
    address_32,
    call_entry,
    get_i32,
    get_i64,
    get_u64,
    load_u32,
)
from .opcodes import Op, Status
from .pattern_masks import allow_inside_automaton, closes_pattern
from .walks import allow_inside, enter, unite_words, walk, walk_all, walk_suffixes

__all__ = ["advance_token", "fill_mask", "token_successors"]

_INT = types.int64
_MASK = types.Array(types.uint32, 1, "C")
_TOKENS = types.Array(types.int32, 1, "C")


@inner(types.void(HEADER, _INT, _MASK))
def string_mask(header, config, mask):
    """Mask of a STRING at a character boundary."""
    spec = np.int64(get_i32(header, Column.CONFIG_A, config))
    count = get_i64(header, Column.CONFIG_B, config)
    fewest = np.int64(get_i32(header, Column.STRING_SPEC, 2 * spec))
    most = np.int64(get_i32(header, Column.STRING_SPEC, 2 * spec + 1))
    allow_inside(header, most - count if most >= 0 else np.int64(-1), mask)
    walk_suffixes(header, np.int64(get_i32(header, Column.CONFIG_PARENT, config)), count, fewest, most, mask)


@inner(types.void(HEADER, _INT, _MASK))
def pattern_mask(header, config, mask):
    """Mask of a PATTERN at a character boundary. ``mask`` holds nothing else."""
    dfa = np.int64(get_i32(header, Column.CONFIG_A, config))
    allow_inside_automaton(header, dfa, get_i64(header, Column.CONFIG_B, config), mask)
    if closes_pattern(header, config):
        parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
        walk_suffixes(header, parent, np.int64(-1), parent, np.int64(-1), mask)


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
