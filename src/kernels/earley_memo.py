"""What the kernels of context-free grammars remember, and how they collect lists in the work space.

One open-addressing table answers every "have I computed this before?". An entry is three ints::

    EARLEY_MEMO  [ question << 40 | a | b | answer ]  x power of two,  first word 0 = free

======================  =====================  ======================  ==================================
question                a                      b                       answer
======================  =====================  ======================  ==================================
``Memo.NODE``           nonterminal            environment             return node (earley_return.py)
``Memo.SYSTEM``         system as computed     0                       system without subsumed items
``Memo.CONTENT``        return node            0                       list of items that resume there
``Memo.SUBSUMED``       return node            return node             1: the second can do all the first can
``Memo.ENVIRONMENT``    Earley set             0                       its environment (earley_set.py)
``Memo.SCAN``           Earley set             list of terminals       Earley set after any of them
``Memo.START``          Earley set             0                       lexer state before its lexemes
``Memo.LEXER``          list of DFA states     0                       lexer state (earley_lexer.py)
``Memo.BOUND``          return node            0                       fewest bytes that finish from it
``Memo.FINISHERS``      return node            0                       set of terminals (earley_bound.py)
``Memo.AFTER``          Earley set             terminal                the same after one terminal
``Memo.LIVE``           Earley set             lexical situation       1: can be finished, 0: is doomed
``Memo.VISITED``        Earley set             lexical situation       number of the last search that saw it
``Memo.REGION``         generation, trie node  lexer states            region (earley_regions.py)
``Memo.COMPOSED``       generation, trie node  lexer states            region made from parts
``Memo.TOKENS``         generation, trie node  lexer states            tokens of such a region
======================  =====================  ======================  ==================================

When the table is more than half full nothing is stored and the status asks for growth; answers are then found again.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import types

from .compiling import entry, inner
from .memory import COLUMNS, HEADER, SCALARS, Column, Scalar, get_i64, put_i64
from .opcodes import UNFILLED, Status

__all__ = ["Memo", "ask_room", "push", "push_list", "recall", "rehash_memo", "remember"]

_INT = types.int64


class Memo(IntEnum):
    """Questions whose answers are remembered."""

    NODE = 1
    SYSTEM = 2
    CONTENT = 3
    SUBSUMED = 4
    ENVIRONMENT = 5
    SCAN = 6
    START = 7
    LEXER = 8
    BOUND = 9
    LIVE = 10
    VISITED = 11
    AFTER = 12
    FINISHERS = 13
    REGION = 14
    COMPOSED = 15
    TOKENS = 16


MEMO_FIELDS = 3
_QUESTION_SHIFT = 40


@inner(types.void(HEADER, _INT))
def ask_room(header, column):
    """Set the status that makes ``runtime/cfg_binding.py`` grow a column of the grammar machine."""
    if header[SCALARS + Scalar.STATUS] == 0:
        header[SCALARS + Scalar.STATUS] = Status.GROW_EARLEY
        header[SCALARS + Scalar.DETAIL] = column


@inner(_INT(HEADER, _INT, _INT))
def memo_slot(header, first, second):
    """Slot of the entry with these first two words, or the free slot where it belongs."""
    mask = header[COLUMNS + Column.EARLEY_MEMO] // MEMO_FIELDS - 1
    h = (np.uint64(first) ^ (np.uint64(second) << np.uint64(17))) * np.uint64(0x9E3779B97F4A7C15)
    h = (h ^ (h >> np.uint64(31)) ^ np.uint64(second)) * np.uint64(0xFF51AFD7ED558CCD)
    slot = np.int64(h >> np.uint64(20)) & mask
    while True:
        found = get_i64(header, Column.EARLEY_MEMO, slot * MEMO_FIELDS)
        if found == 0 or (found == first and get_i64(header, Column.EARLEY_MEMO, slot * MEMO_FIELDS + 1) == second):
            return slot
        slot = (slot + 1) & mask


@inner(_INT(HEADER, _INT, _INT, _INT))
def recall(header, question, a, b):
    """The remembered answer, or UNFILLED."""
    slot = memo_slot(header, (np.int64(question) << _QUESTION_SHIFT) | a, b)
    if get_i64(header, Column.EARLEY_MEMO, slot * MEMO_FIELDS) == 0:
        return UNFILLED
    return get_i64(header, Column.EARLEY_MEMO, slot * MEMO_FIELDS + 2)


@inner(types.void(HEADER, _INT, _INT, _INT, _INT))
def remember(header, question, a, b, answer):
    """Remember an answer, unless the status says that it may be wrong or the table is full (which sets the status)."""
    if header[SCALARS + Scalar.STATUS] != 0:
        return
    if header[SCALARS + Scalar.EARLEY_MEMOS] * 2 * MEMO_FIELDS >= header[COLUMNS + Column.EARLEY_MEMO]:
        ask_room(header, Column.EARLEY_MEMO)
        return
    first = (np.int64(question) << _QUESTION_SHIFT) | a
    slot = memo_slot(header, first, b) * MEMO_FIELDS
    if get_i64(header, Column.EARLEY_MEMO, slot) == 0:
        header[SCALARS + Scalar.EARLEY_MEMOS] += 1
    put_i64(header, Column.EARLEY_MEMO, slot, first)
    put_i64(header, Column.EARLEY_MEMO, slot + 1, b)
    put_i64(header, Column.EARLEY_MEMO, slot + 2, answer)


@entry(types.void(HEADER, types.Array(_INT, 1, "C")))
def rehash_memo(header, old):
    """Enter the entries of a former table (int64[entries * 3]) into the present one, which is larger and all zeros."""
    for at in range(0, old.size, MEMO_FIELDS):
        if old[at] != 0:
            slot = memo_slot(header, old[at], old[at + 1]) * MEMO_FIELDS
            for field in range(MEMO_FIELDS):
                put_i64(header, Column.EARLEY_MEMO, slot + field, old[at + field])


@inner(_INT(HEADER, _INT, _INT))
def push(header, end, value):
    """``SCRATCH[end] = value``; returns the new end. Without room the status is set and nothing is written."""
    if end >= header[COLUMNS + Column.SCRATCH]:
        if header[SCALARS + Scalar.STATUS] == 0:
            header[SCALARS + Scalar.STATUS] = Status.GROW_SCRATCH
        return end
    put_i64(header, Column.SCRATCH, end, value)
    return end + 1


@inner(_INT(HEADER, _INT, _INT))
def push_list(header, end, index):
    """Append a whole interned list to the work space; returns the new end."""
    for i in range(get_i64(header, Column.LIST_OFFSET, index), get_i64(header, Column.LIST_OFFSET, index + 1)):
        end = push(header, end, get_i64(header, Column.LIST_DATA, i))
    return end
