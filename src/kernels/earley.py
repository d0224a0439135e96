"""The opcode of context-free grammars: one byte further in every way in which the text can be lexed and parsed.

A configuration has an interned set of *records*, each a hypothesis about the text so far::

    record = Earley set << 32 | lexer state                  after the lexemes before, within (or before) the next one
           | Earley set << 32 | WATCHED | [ lexer state, watcher ]

``lexer="dynamic"``: any split counts. A record stays for as long as its lexeme may go on; all records whose lexeme
may end at this byte go on together as the union of their sets.

``lexer="longest"``: exact maximal munch. A lexeme that may end here, and could still be a proper prefix of a longer
one, makes two hypotheses: the longer one, and that it ends here. The second holds only if the longer one never comes
to its end, so it carries the abandoned lexer state along as its *watcher*, and dies if the watcher accepts::

    terminals "a" "abc" "bd"        ab d                     ab c
        a    {(S, abc after a)}
        ab   {(S, abc after ab),  (S after "a", bd after b; watcher abc after ab)}
        abd  {(S after "a" "bd")}                            abc  {(S after "abc")}: the watcher accepted
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .earley_items import LOW, advance, intern_items
from .earley_lexer import LexerField, lexer_field, lexer_step, lexer_union
from .earley_memo import push, push_list
from .earley_set import earley_accepts
from .intern import intern_config, intern_list, intern_set
from .memory import HEADER, SCALARS, Column, Scalar, call_entry, get_i32, get_i64, get_u8, put_i64
from .opcodes import Op

__all__ = ["earley_complete", "earley_initial", "earley_step", "record_complete", "record_step"]

_INT = types.int64

WATCHED = 1 << 31
"""Mark of a record with a watcher."""

WATCHED_ONLY = 2
"""Value of ``Scalar.EARLEY_DOOMED``: only records with a watcher can be doomed."""

_ACCEPT_ITEM = 1 << 32


@inner(_INT(HEADER, _INT))
def lexer_of(header, record):
    """The lexer state of a record."""
    if record & WATCHED == 0:
        return record & LOW
    return get_i64(header, Column.LIST_DATA, get_i64(header, Column.LIST_OFFSET, (record & LOW) ^ WATCHED))


@inner(_INT(HEADER, _INT))
def watcher_of(header, record):
    """The watcher of a record, a lexer state; 0 if there is none."""
    if record & WATCHED == 0:
        return 0
    return get_i64(header, Column.LIST_DATA, get_i64(header, Column.LIST_OFFSET, (record & LOW) ^ WATCHED) + 1)


@inner(_INT(HEADER, _INT, _INT, _INT, _INT))
def push_record(header, end, earley_set, lexer, watcher):
    """Append a record; a lexeme that ends here and cannot go on is scanned at once. Returns the new end."""
    accepted = lexer_field(header, lexer, LexerField.ACCEPTED)
    if accepted != 0 and lexer_field(header, lexer, LexerField.EXTENDS) == 0:
        earley_set = call_entry(header, Scalar.EARLEY_SCAN_ENTRY, earley_set, accepted, end)
        lexer = call_entry(header, Scalar.EARLEY_BEGIN_ENTRY, earley_set, end, 0)
    if watcher != 0:
        at = push(header, push(header, end, lexer), watcher)
        lexer = WATCHED | (intern_list(header, end, 2) if at == end + 2 else np.int64(0))
    return push(header, end, (earley_set << 32) | lexer)


@inner(_INT(HEADER, _INT, _INT, _INT))
def record_step(header, record, cls, end):
    """Append the records, at most two, that follow one after a byte of class ``cls`` (longest match); new end."""
    earley_set = record >> 32
    lexer = lexer_of(header, record)
    watcher = watcher_of(header, record)
    if watcher != 0:
        watcher = lexer_step(header, watcher, cls, end)
        if watcher != 0 and lexer_field(header, watcher, LexerField.ACCEPTED) != 0:
            return end
    longer = lexer_step(header, lexer, cls, end)
    accepted = lexer_field(header, lexer, LexerField.ACCEPTED)
    if longer != 0:
        end = push_record(header, end, earley_set, longer, watcher)
        if lexer_field(header, longer, LexerField.ACCEPTED) != 0:
            return end
    if accepted != 0:
        after = call_entry(header, Scalar.EARLEY_SCAN_ENTRY, earley_set, accepted, end)
        following = lexer_step(header, call_entry(header, Scalar.EARLEY_BEGIN_ENTRY, after, end, 0), cls, end)
        if following != 0:
            end = push_record(header, end, after, following, lexer_union(header, watcher, longer, end))
    return end


@inner(_INT(HEADER, _INT, _INT, _INT))
def dynamic_step(header, records, cls, base):
    """Write the records after a byte of class ``cls`` to ``SCRATCH[base:]`` (dynamic lexing); returns their end.

    The items of the lexemes that end here are collected behind the place of the longest possible list of records.
    """
    first = get_i64(header, Column.LIST_OFFSET, records)
    last = get_i64(header, Column.LIST_OFFSET, records + 1)
    end = base
    items = base + last - first + 1
    items_end = items
    for i in range(first, last):
        record = get_i64(header, Column.LIST_DATA, i)
        lexer = lexer_step(header, record & LOW, cls, items_end)
        if lexer == 0:
            continue
        accepted = lexer_field(header, lexer, LexerField.ACCEPTED)
        if accepted != 0:
            after = call_entry(header, Scalar.EARLEY_SCAN_ENTRY, record >> 32, accepted, items_end)
            items_end = push_list(header, items_end, after)
        if lexer_field(header, lexer, LexerField.EXTENDS) != 0:
            end = push(header, end, (record >> 32 << 32) | lexer)
    if items_end > items:
        after = intern_items(header, items, items_end - items)
        end = push(header, end, (after << 32) | call_entry(header, Scalar.EARLEY_BEGIN_ENTRY, after, items, 0))
    return end


@inner(_INT(HEADER, _INT))
def drop_doomed(header, end):
    """Drop the records of ``SCRATCH[:end]`` that no text finishes; returns the new end."""
    kept = np.int64(0)
    for i in range(end):
        record = get_i64(header, Column.SCRATCH, i)
        live = record & WATCHED == 0 and header[SCALARS + Scalar.EARLEY_DOOMED] == WATCHED_ONLY
        if live or call_entry(header, Scalar.EARLEY_LIVE_ENTRY, record, end, 0) != 0:
            put_i64(header, Column.SCRATCH, kept, record)
            kept += 1
    return kept


@inner(_INT(HEADER, _INT, _INT))
def earley_step(header, config, byte):
    """EARLEY after one more byte, or 0. Meaningless if it leaves a status."""
    records = np.int64(get_i32(header, Column.CONFIG_A, config))
    cls = np.int64(get_u8(header, Column.EARLEY_CLASS, byte))
    end = np.int64(0)
    if header[SCALARS + Scalar.EARLEY_DYNAMIC] != 0:
        end = dynamic_step(header, records, cls, end)
    else:
        for i in range(get_i64(header, Column.LIST_OFFSET, records), get_i64(header, Column.LIST_OFFSET, records + 1)):
            end = record_step(header, get_i64(header, Column.LIST_DATA, i), cls, end)
    if header[SCALARS + Scalar.EARLEY_DOOMED] != 0:
        end = drop_doomed(header, end)
    if end == 0 or header[SCALARS + Scalar.STATUS] != 0:
        return 0
    following = intern_set(header, 0, end)
    if following == 0:
        return 0
    parent = np.int64(get_i32(header, Column.CONFIG_PARENT, config))
    return intern_config(header, Op.EARLEY, following, get_i64(header, Column.CONFIG_B, config), 0, parent)


@inner(_INT(HEADER, _INT, _INT))
def earley_initial(header, grammar, parent):
    """EARLEY before the first byte of a text of a grammar, after whose end ``parent`` resumes; 0 if no text is."""
    end = push(header, 0, _ACCEPT_ITEM)
    node = intern_list(header, 0, end)
    end = advance(header, 0, header[SCALARS + Scalar.EARLEY_START], node)
    earley_set = intern_items(header, 0, end)
    end = push(header, 0, (earley_set << 32) | call_entry(header, Scalar.EARLEY_BEGIN_ENTRY, earley_set, 0, 0))
    if header[SCALARS + Scalar.EARLEY_DOOMED] != 0:
        end = drop_doomed(header, end)
    records = intern_list(header, 0, end)
    if records == 0 or header[SCALARS + Scalar.STATUS] != 0:
        return 0
    return intern_config(header, Op.EARLEY, records, grammar, 0, parent)


@inner(types.boolean(HEADER, _INT, _INT))
def record_complete(header, record, base):
    """True if the text may end at a record. Works above ``SCRATCH[base]``."""
    earley_set = record >> 32
    lexer = lexer_of(header, record)
    if lexer == call_entry(header, Scalar.EARLEY_BEGIN_ENTRY, earley_set, base, 0):
        return earley_accepts(header, earley_set)
    accepted = lexer_field(header, lexer, LexerField.ACCEPTED)
    if accepted == 0 or header[SCALARS + Scalar.EARLEY_DYNAMIC] != 0:
        return False
    return earley_accepts(header, call_entry(header, Scalar.EARLEY_SCAN_ENTRY, earley_set, accepted, base))


@inner(types.boolean(HEADER, _INT))
def earley_complete(header, config):
    """True if the text so far is a word of the grammar. Meaningless if it leaves a status."""
    records = np.int64(get_i32(header, Column.CONFIG_A, config))
    for i in range(get_i64(header, Column.LIST_OFFSET, records), get_i64(header, Column.LIST_OFFSET, records + 1)):
        if record_complete(header, get_i64(header, Column.LIST_DATA, i), 0):
            return True
    return False
