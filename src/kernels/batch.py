"""Masks of many configurations in one call, of one machine or of several, on as many threads as call it.

The configurations come sorted by machine, and the machines, *groups* here, are handed out one after another: a machine
may be written to by one thread at a time only, and whoever is done first takes the next::

    headers   [ A  A  A | B | C  C | D ]     machine and configuration of each mask
    configs   [ 3  3  9 | 5 | 2  8 | 3 ]
    starts    [ 0         3   4      6   7 ] first of each group, then the end
                thread 1 ^   ^ thread 2      BOARD[NEXT]: the group to be taken next
    done      [ 3         0   0      0 ]     how many of each group are filled

A machine that stops (no room, something to be lowered) keeps its status in its header; its group stays unfinished and
the thread goes on to the next. The caller helps the machine and calls again.

Slow reference: :func:`fill_mask` for each.
"""

from __future__ import annotations

from numba import types

from .atomics import fetch_add
from .compiling import address, entry
from .masks import fill_mask
from .memory import HEADER, SCALARS, Column, Scalar, call_entry, get_i32, header_at, load_u32, store_u32, words_at

__all__ = ["ACTIVE", "BOARD", "NEXT", "fill_address", "fill_groups", "fill_one"]

_INT = types.int64
_INTS = types.Array(_INT, 1, "C")
_MASK = types.Array(types.uint32, 1, "C")

NEXT = 0
"""Place in the board of the group to be taken next."""
ACTIVE = 1
"""Place in the board of the number of threads at work."""
BOARD = 2
"""Length of the board, on which the threads of one call agree."""


@address(_INT(_INT, _INT, _INT, _INT))
def fill_address(machine, config, work, mask):
    """:func:`fill_mask` with its arrays by address, compiled once for all that call it. The status is in the header."""
    header = header_at(machine)
    words = header[SCALARS + Scalar.WORDS]
    fill_mask(header, config, words_at(work, words), words_at(mask, words))
    return header[SCALARS + Scalar.STATUS]


@entry(types.void(HEADER, _INT, _MASK, _MASK))
def fill_one(header, config, work, mask):
    """:func:`fill_mask` for Python."""
    call_entry(header, Scalar.FILL_ENTRY, config, work.ctypes.data, mask.ctypes.data)


@entry(types.void(_INTS, _INTS, _INTS, _INTS, _INTS, _INTS, _INT, _INT, types.boolean))
def fill_groups(board, headers, configs, rows, starts, done, work, masks, remembered):
    """Take groups until none is left and write the mask of each of their configurations to its row.

    Args:
        board: int64[BOARD], zeros before the first thread comes.
        headers: int64[B], addresses of the machines' headers, equal ones side by side.
        configs: int64[B].
        rows: int64[B], row of ``masks`` that each goes to.
        starts: int64[G + 1].
        done: int64[G], in and out: masks of each group that are filled.
        work: address of uint32[words], scratch of this thread.
        masks: address of uint32[B, words], out.
        remembered: stop in each group before the first mask that is to be built, as far as a look tells.
    """
    fetch_add(board, ACTIVE, 1)
    group = fetch_add(board, NEXT, 1)
    while group < done.size:
        first = starts[group]
        count = starts[group + 1] - first
        i = done[group]
        while i < count:
            at = first + i
            header = header_at(headers[at])
            if remembered and get_i32(header, Column.CONFIG_MASK, configs[at]) < 0:
                break
            words = header[SCALARS + Scalar.WORDS]
            mask = masks + 4 * words * rows[at]
            if i > 0 and configs[at] == configs[at - 1]:
                equal = masks + 4 * words * rows[at - 1]
                for word in range(words):
                    store_u32(mask, word, load_u32(equal, word))
            elif call_entry(header, Scalar.FILL_ENTRY, configs[at], work, mask) != 0:
                break
            i += 1
        done[group] = i
        group = fetch_add(board, NEXT, 1)
    fetch_add(board, ACTIVE, -1)
