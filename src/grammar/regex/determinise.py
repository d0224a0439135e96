"""Position automata to minimal deterministic ones.

::

    Positions --determinise---> CharDfa
    Positions --to_nfa--------> CharNfa
    CharDfa ----positions_of--> Positions

The subset construction itself is a kernel, ``kernels/subset.py``; here its arrays are laid out, and grown as it asks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError
from .automata import CharDfa, CharNfa, RegexLimits
from .glushkov import INITIAL, bits
from .minimise import canonical
from .positions import Positions

__all__ = [
    "UNIVERSAL",
    "determinise",
    "grown",
    "positions_of",
    "to_nfa",
    "too_many_states",
]

_HINT = (
    "the pattern needs to remember too much at once, as (a|b)*a(a|b){24} does; bound lengths outside of it, "
    "run it lazily with compile_nfa, or raise RegexLimits"
)


def _matrix(masks: list[int], width: int) -> NDArray[np.uint64]:
    data = b"".join(mask.to_bytes(8 * width, "little") for mask in masks)
    return np.frombuffer(bytearray(data), np.uint64).reshape(len(masks), width)


def _vector(mask: int, width: int) -> NDArray[np.uint64]:
    return np.frombuffer(bytearray(mask.to_bytes(8 * width, "little")), np.uint64)


def _spans(follow: list[int], width: int) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32]]:
    """Follow sets as the kernel wants them: words from the first to the last bit, offsets, first word."""
    if width == 1:
        count = len(follow)
        return np.array(follow, np.uint64), np.arange(count + 1, dtype=np.int32), np.zeros(count, np.int32)
    firsts = []
    offsets = [0]
    parts = []
    for mask in follow:
        low = ((mask & -mask).bit_length() - 1) >> 6 if mask else 0
        size = (mask.bit_length() + 63 >> 6) - low
        firsts.append(low)
        offsets.append(offsets[-1] + size)
        parts.append((mask >> 64 * low).to_bytes(8 * size, "little"))
    words = np.frombuffer(bytearray(b"".join(parts)), np.uint64)
    return words, np.array(offsets, np.int32), np.array(firsts, np.int32)


UNIVERSAL = CharDfa(
    np.array([[0, 0], [1, 0]], np.int32),
    np.array([0, 1], np.uint8),
    np.array([0, 0xD800, 0xE000], np.int32),
    np.array([0, 1, 0], np.int32),
    1,
)


def too_many_states(limit: int) -> LimitError:
    """The error for an automaton with more than ``limit`` states."""
    return LimitError(f"the automaton of the pattern has more than {limit} states", hint=_HINT)


def determinise(positions: Positions, limits: RegexLimits) -> CharDfa:
    """The minimal automaton of a position automaton.

    Raises:
        LimitError: too many states, too large a table, or too much work.
    """
    if positions.universal:
        return UNIVERSAL
    from ...kernels import subset

    groups = len(positions.masks)
    width = len(positions.follow) + 63 >> 6
    words, offsets, firsts = _spans(positions.follow, width)
    masks = _matrix(positions.masks, width)
    ends = _matrix([positions.accept, positions.sink], width)
    universe = np.array(positions.universe, np.uint8)
    limit = limits.state_limit(groups + 2 * width)
    progress = np.array([0, 0, 0, limits.work], np.int64)
    capacity = 64
    sets = np.zeros((0, width), np.uint64)
    trans = np.zeros((0, groups), np.int32)
    accept = np.zeros(0, np.uint8)
    while True:
        capacity = max(capacity, 1 << (int(progress[subset.COUNT]) + groups).bit_length())
        sets, trans, accept = grown(sets, capacity + 1), grown(trans, capacity), grown(accept, capacity)
        table = np.zeros(2 * capacity, np.int32)
        status = subset.subset_construction(
            words, offsets, firsts, masks, ends, universe, sets, trans, accept, table, progress
        )
        count = int(progress[subset.COUNT])
        if count > limit:
            raise too_many_states(limit)
        if status == subset.DONE:
            return canonical(trans[:count], accept[:count], 2, positions.bounds, positions.classes)
        if status == subset.TOO_MUCH_WORK:
            raise LimitError(f"determinising the pattern takes more than {limits.work} steps", hint=_HINT)
        capacity *= 4


def grown(array: NDArray[Any], rows: int) -> NDArray[Any]:
    """A copy with ``rows`` rows, the new ones zero."""
    bigger = np.zeros((rows, *array.shape[1:]), array.dtype)
    bigger[: len(array)] = array
    return bigger


def positions_of(dfa: CharDfa) -> Positions:
    """A position automaton of the same language: one position for each (state, class that enters it)."""
    number = {(dfa.start, -1): INITIAL}
    order = [(dfa.start, -1)]
    rows = dfa.trans.tolist()
    follow = []
    masks = [0] * dfa.trans.shape[1]
    accept = 0
    for position, (state, _) in enumerate(order):
        targets = 0
        for group, target in enumerate(rows[state]):
            if target:
                key = (target, group)
                if key not in number:
                    number[key] = len(order)
                    order.append(key)
                    masks[group] |= 1 << number[key]
                targets |= 1 << number[key]
        follow.append(targets)
        if dfa.accept[state]:
            accept |= 1 << position
    universe = [1] * len(masks)
    return Positions(follow, masks, accept, 0, False, universe, tuple(dfa.bounds.tolist()), tuple(dfa.classes.tolist()))


def to_nfa(positions: Positions) -> CharNfa:
    """Pack a position automaton into arrays."""
    if positions.universal:
        positions = positions_of(UNIVERSAL)
    follow = positions.follow
    width = len(follow) + 63 >> 6
    lists = [list(bits(targets)) for targets in follow]
    offsets = np.zeros(len(follow) + 1, np.int32)
    np.cumsum([len(targets) for targets in lists], out=offsets[1:])
    return CharNfa(
        follow_offsets=offsets,
        follow_list=np.array([target for targets in lists for target in targets], np.int32),
        class_masks=_matrix(positions.masks, width),
        accept=_vector(positions.accept, width),
        sink=_vector(positions.sink, width),
        universe=np.array(positions.universe, np.uint8),
        bounds=np.array(positions.bounds, np.int32),
        classes=np.array(positions.classes, np.int32),
    )
