"""Lexer states: sets of states of the terminals' byte automata, determinised as they are met.

The automata of all terminals are pooled, so a state of the pool names its terminal too. The automaton of a terminal
never returns to its first state, which therefore means "no byte of the lexeme has been read"::

    lexer state 7 = { NAME after "i", IF after "i" }  --f-->  { NAME accepting, IF accepting }   accepts [IF]
                                                      --x-->  { NAME accepting }                 accepts [NAME]

What a lexer state accepts is filtered by rank only there, when the lexeme may end, never on the way to it. Its
transitions are a row by byte class, filled as it is used.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numba import types

from .compiling import inner
from .earley_memo import Memo, ask_room, push, push_list, recall, remember
from .earley_set import TERMINAL_FIELDS
from .intern import intern_set
from .memory import COLUMNS, HEADER, SCALARS, Column, Scalar, call_entry, get_i32, get_i64, put_i32
from .opcodes import UNFILLED

__all__ = ["LexerField", "intern_lexer", "lexer_field", "lexer_step", "lexer_union", "start_of"]

_INT = types.int64


class LexerField(IntEnum):
    """Fields of a lexer state."""

    STATES = 0  # interned list of its automaton states
    ACCEPTED = 1  # interned list of the terminals that may end here, after the filter by rank; 0 if none
    EXTENDS = 2  # 1: some byte leads on


LEXER_FIELDS = 4
STATE_FIELDS = 3
_LOWEST = -(1 << 62)


@inner(_INT(HEADER, _INT, _INT))
def lexer_field(header, lexer, field):
    """One field of a lexer state."""
    return np.int64(get_i32(header, Column.EARLEY_LEXER, lexer * LEXER_FIELDS + field))


@inner(_INT(HEADER, _INT, _INT))
def accepted_terminals(header, states, base):
    """The terminals of the accepting states of a list: those of the highest rank, all if lexing is dynamic."""
    dynamic = header[SCALARS + Scalar.EARLEY_DYNAMIC] != 0
    first = get_i64(header, Column.LIST_OFFSET, states)
    last = get_i64(header, Column.LIST_OFFSET, states + 1)
    best = np.int64(_LOWEST)
    end = base
    for i in range(first, last):
        state = get_i64(header, Column.LIST_DATA, i)
        if get_i32(header, Column.EARLEY_STATE, state * STATE_FIELDS + 1) == 0:
            continue
        terminal = np.int64(get_i32(header, Column.EARLEY_STATE, state * STATE_FIELDS))
        rank = np.int64(get_i32(header, Column.EARLEY_TERMINAL, terminal * TERMINAL_FIELDS + 1))
        if rank > best and not dynamic:
            best = rank
            end = base
        if rank == best or dynamic:
            end = push(header, end, terminal)
    return intern_set(header, base, end - base)


@inner(_INT(HEADER, _INT, _INT))
def intern_lexer(header, base, length):
    """The lexer state that is the set of automaton states ``SCRATCH[base : base + length]``."""
    states = intern_set(header, base, length)
    known = recall(header, Memo.LEXER, states, 0)
    if known >= 0:
        return known
    classes = header[SCALARS + Scalar.EARLEY_CLASSES]
    new = header[SCALARS + Scalar.EARLEY_LEXERS]
    if (new + 1) * classes > header[COLUMNS + Column.EARLEY_ROW]:
        ask_room(header, Column.EARLEY_ROW)
    if (new + 1) * LEXER_FIELDS > header[COLUMNS + Column.EARLEY_LEXER]:
        ask_room(header, Column.EARLEY_LEXER)
    accepted = accepted_terminals(header, states, base)
    remember(header, Memo.LEXER, states, 0, new)
    if header[SCALARS + Scalar.STATUS] != 0:
        return 0
    header[SCALARS + Scalar.EARLEY_LEXERS] = new + 1
    extends = np.int64(0)
    for i in range(get_i64(header, Column.LIST_OFFSET, states), get_i64(header, Column.LIST_OFFSET, states + 1)):
        row = get_i64(header, Column.LIST_DATA, i) * classes
        for cls in range(classes):
            if get_i32(header, Column.EARLEY_DFA, row + cls) != 0:
                extends = 1
                break
    put_i32(header, Column.EARLEY_LEXER, new * LEXER_FIELDS + LexerField.STATES, states)
    put_i32(header, Column.EARLEY_LEXER, new * LEXER_FIELDS + LexerField.ACCEPTED, accepted)
    put_i32(header, Column.EARLEY_LEXER, new * LEXER_FIELDS + LexerField.EXTENDS, extends)
    for cls in range(classes):
        put_i32(header, Column.EARLEY_ROW, new * classes + cls, UNFILLED)
    return new


@inner(_INT(HEADER, _INT, _INT, _INT))
def lexer_step(header, lexer, cls, base):
    """The lexer state after a byte of class ``cls``, 0 if there is none. Works above ``SCRATCH[base]``."""
    classes = header[SCALARS + Scalar.EARLEY_CLASSES]
    after = np.int64(get_i32(header, Column.EARLEY_ROW, lexer * classes + cls))
    if after >= 0:
        return after
    states = lexer_field(header, lexer, LexerField.STATES)
    end = base
    for i in range(get_i64(header, Column.LIST_OFFSET, states), get_i64(header, Column.LIST_OFFSET, states + 1)):
        state = get_i32(header, Column.EARLEY_DFA, get_i64(header, Column.LIST_DATA, i) * classes + cls)
        if state != 0:
            end = push(header, end, np.int64(state))
    after = call_entry(header, Scalar.EARLEY_LEXER_ENTRY, base, end - base, 0) if end > base else np.int64(0)
    if header[SCALARS + Scalar.STATUS] != 0:
        return 0
    put_i32(header, Column.EARLEY_ROW, lexer * classes + cls, after)
    return after


@inner(_INT(HEADER, _INT, _INT, _INT))
def lexer_union(header, one, other, base):
    """The lexer state that has the automaton states of both (0: none). Works above ``SCRATCH[base]``."""
    if one == 0 or other == 0:
        return one | other
    end = push_list(header, base, lexer_field(header, one, LexerField.STATES))
    end = push_list(header, end, lexer_field(header, other, LexerField.STATES))
    return call_entry(header, Scalar.EARLEY_LEXER_ENTRY, base, end - base, 0)


@inner(_INT(HEADER, _INT, _INT))
def start_of(header, earley_set, base):
    """The lexer state before the lexemes that an Earley set can take, and the ignored ones. Above ``SCRATCH[base]``.

    Basic lexing begins with all terminals everywhere.
    """
    known = recall(header, Memo.START, earley_set, 0)
    if known >= 0:
        return known
    end = base
    for i in range(
        get_i64(header, Column.LIST_OFFSET, earley_set), get_i64(header, Column.LIST_OFFSET, earley_set + 1)
    ):
        symbol = np.int64(get_i32(header, Column.EARLEY_SYMBOL, get_i64(header, Column.LIST_DATA, i) >> 32))
        if 0 <= symbol < header[SCALARS + Scalar.EARLEY_TERMINALS]:
            end = push(header, end, np.int64(get_i32(header, Column.EARLEY_TERMINAL, symbol * TERMINAL_FIELDS)))
    environment = call_entry(header, Scalar.EARLEY_ENVIRONMENT_ENTRY, earley_set, end, 0)
    for i in range(
        get_i64(header, Column.LIST_OFFSET, environment), get_i64(header, Column.LIST_OFFSET, environment + 1)
    ):
        nonterminal = get_i64(header, Column.LIST_DATA, i) >> 32
        for j in range(
            get_i32(header, Column.EARLEY_FIRST_OFFSET, nonterminal),
            get_i32(header, Column.EARLEY_FIRST_OFFSET, nonterminal + 1),
        ):
            terminal = get_i32(header, Column.EARLEY_FIRST, j)
            end = push(header, end, np.int64(get_i32(header, Column.EARLEY_TERMINAL, terminal * TERMINAL_FIELDS)))
    basic = header[SCALARS + Scalar.EARLEY_BASIC] != 0
    for terminal in range(header[SCALARS + Scalar.EARLEY_TERMINALS]):
        if basic or get_i32(header, Column.EARLEY_TERMINAL, terminal * TERMINAL_FIELDS + 2) != 0:
            end = push(header, end, np.int64(get_i32(header, Column.EARLEY_TERMINAL, terminal * TERMINAL_FIELDS)))
    start = call_entry(header, Scalar.EARLEY_LEXER_ENTRY, base, end - base, 0)
    remember(header, Memo.START, earley_set, 0, start)
    return start
