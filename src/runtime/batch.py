"""Masks of many matchers in one call, on several cores.

One constraint's machine is one memory that a single thread may add to. So matchers are grouped by machine, and threads
take whole groups, without the interpreter lock (``kernels/batch.py``). What is remembered is copied before, by the
caller alone, which takes less time than to wake another thread::

    matchers   a0  b1  a0  c7  a3           (machine, configuration)
    groups     a: 0 0 3 | b: 1 | c: 7       equal ones are computed once
    threads    1        | 2    | 2

What a kernel cannot do itself (grow, lower) is done between two rounds, here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from operator import methodcaller
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import GramaryeError
from ..kernels.batch import ACTIVE, BOARD, fill_groups
from .arena import Arena
from .matcher import Matcher, places
from .workers import Workers

__all__ = ["fill_masks"]

_ACQUIRE = methodcaller("acquire")
_RELEASE = methodcaller("release")


def fill_masks(
    matchers: Sequence[Matcher], out: NDArray[np.uint32] | None = None, *, threads: int | None = None
) -> NDArray[np.uint32]:
    """Masks of several matchers, of one vocabulary and any constraints.

    Matchers of different constraints are filled side by side on several cores; those of one constraint one after
    another, each configuration once. No Python runs per mask, and the interpreter lock is not held.

    Args:
        matchers: B matchers.
        out: uint32[B, ceil(V / 32)], C-contiguous, written and returned; None makes a new one.
        threads: threads at most; None: one a core.

    Returns:
        uint32[B, ceil(V / 32)], row b the mask of matcher b: what ``matchers[b].mask()`` returns.

    Raises:
        GramaryeError: ``out`` has another shape, or the matchers are of vocabularies of different sizes.
        LimitError: a constraint would need more configurations than its limit.
    """
    words = matchers[0].constraint.machine.words if matchers else 0
    shape = (len(matchers), words)
    if out is None:
        out = np.empty(shape, np.uint32)
    elif out.dtype != np.uint32 or out.shape != shape or not out.flags.c_contiguous:
        raise GramaryeError(f"out is {out.dtype}{list(out.shape)}", expected=[f"contiguous uint32{list(shape)}"])
    if not matchers:
        return out
    headers, configs = places(matchers)
    live = np.flatnonzero(configs >= 0)
    for row in np.flatnonzero(configs < 0).tolist():
        matchers[row].mask(out[row])
    if live.size:
        _fill(matchers, _plan(headers, configs, live), out, threads)
    return out


class _Plan(NamedTuple):
    """The arguments of the kernel that do not differ between threads and rounds; see :func:`fill_groups`."""

    headers: NDArray[np.int64]
    configs: NDArray[np.int64]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    done: NDArray[np.int64]


def _plan(headers: NDArray[np.int64], configs: NDArray[np.int64], live: NDArray[np.int64]) -> _Plan:
    """Sort the rows ``live`` by machine and configuration. O(B log B)."""
    rows = live[np.lexsort((configs[live], headers[live]))]
    headers = headers[rows]
    starts = np.concatenate(([0], np.flatnonzero(headers[1:] != headers[:-1]) + 1, [rows.size]))
    return _Plan(headers, configs[rows], rows, starts, np.zeros(starts.size - 1, np.int64))


def _fill(matchers: Sequence[Matcher], plan: _Plan, out: NDArray[np.uint32], threads: int | None) -> None:
    """Rounds of the kernel until every group is filled."""
    machines = [matchers[row].constraint.machine for row in plan.rows[plan.starts[:-1]].tolist()]
    if {machine.words for machine in machines} != {out.shape[1]}:
        raise GramaryeError("the matchers are of vocabularies of different sizes", expected=["one vocabulary"])
    workers = machines[0].vocabulary.workers
    arenas = [machine.arena for machine in machines]
    locks = [arena.lock for arena in arenas]  # in the order of their addresses, as in every other call
    sizes = np.diff(plan.starts)
    deque(map(_ACQUIRE, locks), maxlen=0)
    try:
        for arena in arenas:
            arena.flush()
        scratch = np.empty(out.shape[1], np.uint32)
        fill_groups(np.zeros(BOARD, np.int64), *plan, scratch.ctypes.data, out.ctypes.data, True)
        left = int(np.count_nonzero(plan.done < sizes))
        while left:
            _round(plan, out, workers, min(left, workers.threads if threads is None else threads))
            stopped = np.flatnonzero(plan.done < sizes).tolist()
            _help([arenas[group] for group in stopped])
            left = len(stopped)
    finally:
        deque(map(_RELEASE, locks), maxlen=0)


def _round(plan: _Plan, out: NDArray[np.uint32], workers: Workers, team: int) -> None:
    """Let a team of threads take groups until none is left."""
    board = np.zeros(BOARD, np.int64)
    finished: SimpleQueue[None] = SimpleQueue()

    def work() -> None:
        scratch = np.empty(out.shape[1], np.uint32)
        fill_groups(board, *plan, scratch.ctypes.data, out.ctypes.data, False)
        finished.put(None)

    workers.invite(work, team)
    work()
    while board[ACTIVE]:
        finished.get()


def _help(arenas: list[Arena]) -> None:
    """Do what stopped machines ask for."""
    statuses = [arena.take_status() for arena in arenas]
    for arena, status in zip(arenas, statuses, strict=True):
        arena.resolve(status)
        arena.flush()
