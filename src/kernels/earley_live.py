"""Whether a record can be finished at all, where longest match may have doomed it.

``NAME NAME`` without anything to separate them can be parsed and never be lexed; a hypothesis that waits for a
watcher to die may wait in vain. Where the tables cannot exclude that beforehand (grammar/cfg/liveness.py), every new
record is decided by a search over records: best first by the lower bound of earley_bound.py, until a finished one or
one that is known to be live comes up. The verdicts of all records on the way, or, if the search runs dry, of all that
it saw, are remembered. The search can be endless only if ever new records are all doomed; it is then stopped by a
typed limit.

One array in the work space holds the records seen and, in the third field, the binary heap of those to be examined::

    SCRATCH[base:]   [ record | index of predecessor | bound << 32 | index ]  x records seen
"""

from __future__ import annotations

import numpy as np
from numba import types

from .compiling import inner
from .earley import WATCHED, WATCHED_ONLY, lexer_of, record_complete, record_step
from .earley_bound import FAR
from .earley_items import LOW
from .earley_memo import Memo, ask_room, push, recall, remember
from .memory import HEADER, SCALARS, Column, Scalar, call_entry, get_i64, put_i64

__all__ = ["SEARCH_LIMIT", "record_live"]

_INT = types.int64

SEARCH_LIMIT = -1
"""DETAIL of the status when a search has visited ``Scalar.EARLEY_SEARCH`` records."""

_FIELDS = 3
_HEAP = 2


@inner(types.void(HEADER, _INT, _INT, _INT))
def heap_insert(header, base, size, value):
    """Add a value to the heap of ``size`` values at ``SCRATCH[base + 2 :: 3]``."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        other = get_i64(header, Column.SCRATCH, base + above * _FIELDS + _HEAP)
        if other <= value:
            break
        put_i64(header, Column.SCRATCH, base + at * _FIELDS + _HEAP, other)
        at = above
    put_i64(header, Column.SCRATCH, base + at * _FIELDS + _HEAP, value)


@inner(_INT(HEADER, _INT, _INT))
def heap_remove(header, base, size):
    """Remove the least of ``size`` values and return it."""
    least = get_i64(header, Column.SCRATCH, base + _HEAP)
    value = get_i64(header, Column.SCRATCH, base + (size - 1) * _FIELDS + _HEAP)
    at = np.int64(0)
    while True:
        below = 2 * at + 1
        if below >= size - 1:
            break
        other = get_i64(header, Column.SCRATCH, base + below * _FIELDS + _HEAP)
        if below + 1 < size - 1:
            right = get_i64(header, Column.SCRATCH, base + (below + 1) * _FIELDS + _HEAP)
            if right < other:
                below += 1
                other = right
        if value <= other:
            break
        put_i64(header, Column.SCRATCH, base + at * _FIELDS + _HEAP, other)
        at = below
    put_i64(header, Column.SCRATCH, base + at * _FIELDS + _HEAP, value)
    return least


@inner(_INT(HEADER, _INT))
def known_live(header, record):
    """1 or 0 if it is known whether a record is live, else UNFILLED."""
    if header[SCALARS + Scalar.EARLEY_DOOMED] == WATCHED_ONLY and record & WATCHED == 0:
        return 1
    return recall(header, Memo.LIVE, record >> 32, record & LOW)


@inner(_INT(HEADER, _INT, _INT))
def settle_path(header, base, at):
    """Remember that a record and all its predecessors are live."""
    while at >= 0:
        record = get_i64(header, Column.SCRATCH, base + at * _FIELDS)
        remember(header, Memo.LIVE, record >> 32, record & LOW, 1)
        at = get_i64(header, Column.SCRATCH, base + at * _FIELDS + 1)
    return 1


@inner(_INT(HEADER, _INT, _INT, _INT, _INT, _INT))
def add_seen(header, base, seen, waiting, record, predecessor):
    """Enter a record that the present search has not seen and that is not known to be doomed; returns ``seen``."""
    serial = header[SCALARS + Scalar.EARLEY_SEARCHES]
    if recall(header, Memo.VISITED, record >> 32, record & LOW) == serial:
        return seen
    remember(header, Memo.VISITED, record >> 32, record & LOW, serial)
    known = known_live(header, record)
    if known == 0:
        return seen
    end = push(header, base + seen * _FIELDS, record)
    end = push(header, push(header, end, predecessor), 0)
    bound = np.int64(0)
    if known < 0:
        bound = call_entry(header, Scalar.EARLEY_BOUND_ENTRY, record >> 32, lexer_of(header, record), end)
    if header[SCALARS + Scalar.STATUS] != 0:
        return seen
    if bound >= FAR:
        return seen
    heap_insert(header, base, waiting, (bound << 32) | seen)
    return seen + 1


@inner(_INT(HEADER, _INT, _INT))
def record_live(header, record, base):
    """1 if some text finishes from a record of longest-match lexing, else 0. Works above ``SCRATCH[base]``.

    A record made without room may name nothing, so nothing is looked up while a status is set.
    """
    if header[SCALARS + Scalar.STATUS] != 0:
        return 0
    known = known_live(header, record)
    if known >= 0:
        return known
    header[SCALARS + Scalar.EARLEY_SEARCHES] += 1
    seen = add_seen(header, base, 0, 0, record, -1)
    waiting = seen
    while waiting > 0 and header[SCALARS + Scalar.STATUS] == 0:
        at = heap_remove(header, base, waiting) & LOW
        waiting -= 1
        one = get_i64(header, Column.SCRATCH, base + at * _FIELDS)
        work = base + seen * _FIELDS
        if known_live(header, one) == 1 or record_complete(header, one, work):
            return settle_path(header, base, at)
        for cls in range(header[SCALARS + Scalar.EARLEY_CLASSES]):
            work = base + seen * _FIELDS
            end = record_step(header, one, cls, work)
            if header[SCALARS + Scalar.STATUS] != 0:
                return 0
            longer = get_i64(header, Column.SCRATCH, work) if end > work else np.int64(0)
            ended = get_i64(header, Column.SCRATCH, work + 1) if end > work + 1 else np.int64(0)
            if (longer != 0 and known_live(header, longer) == 1) or (ended != 0 and known_live(header, ended) == 1):
                return settle_path(header, base, at)
            before = seen
            if longer != 0:
                seen = add_seen(header, base, seen, waiting, longer, at)
                waiting += seen - before
                before = seen
            if ended != 0:
                seen = add_seen(header, base, seen, waiting, ended, at)
                waiting += seen - before
        if seen > header[SCALARS + Scalar.EARLEY_SEARCH]:
            ask_room(header, SEARCH_LIMIT)
    remember(header, Memo.LIVE, record >> 32, record & LOW, 0)
    for i in range(seen):
        one = get_i64(header, Column.SCRATCH, base + i * _FIELDS)
        remember(header, Memo.LIVE, one >> 32, one & LOW, 0)
    return 0
