"""The byte automaton behind a canvas: what of a constraint's machine a canvas of L positions can reach, minimised.

A machine makes its configurations as texts reach them, and there may be no end of them: nested values, additional keys
that are remembered, numbers whose zeros are counted. What is tried, in this order::

    all of them, where the machine has not too many and remembers no text             exact
    those that L tokens lead to, what is remembered included                          exact for canvases of up to L
    less and less of them, with texts that must be remembered forgotten               an approximation

Byte classes and equal states are merged (Valmari 2012, ``kernels/minimise.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError
from ...grammar.regex.minimise import minimal
from ...kernels.canvas import explore_tokens as by_tokens
from ...kernels.canvas.explore import EXPANDED, FLAGS, FOUND, PROGRESS, REMEMBERS, explore
from ...kernels.canvas.narrow import ESCAPES, KEYS, NUMBERS, ORDER
from ...kernels.columns import Scalar

if TYPE_CHECKING:
    from ..constraint import Constraint

__all__ = ["STATES", "ByteAutomaton", "byte_automaton"]

STATES = 32_768
"""States explored at most, before they are minimised; the table takes 1 KB a state."""

_FIRST_ROOM = 512
_DEEPEST = 12
"""Nesting that approximations go up to."""
_ENOUGH = 4096
"""Minimal states beyond which approximations are not made deeper."""
_LADDER = (NUMBERS | ESCAPES, NUMBERS | ESCAPES | ORDER, NUMBERS | ESCAPES | ORDER | KEYS)
"""What approximations leave out, one after the other."""


_WORDS = {
    NUMBERS: "integers without fraction and exponent",
    ESCAPES: "no escapes in keys and enumerated strings, and none by number in others",
    ORDER: "declared keys in the schema's order",
    KEYS: "no further keys in objects that declare some",
}


@dataclass(frozen=True, slots=True, eq=False)
class ByteAutomaton:
    """A minimal byte automaton: S states, K classes of bytes. State 0 is dead, 1 the start where any text is accepted.

    Attributes:
        table: int32[S, K].
        classes: uint8[256].
        accept: uint8[S].
        length: tokens of the texts that it is right about; None: any number.
        depth: nesting of objects and arrays that it is confined to; None: any.
        cuts: what else is left out, see ``kernels/canvas/narrow.py``.
        remembers: True if it forgets texts that the constraint remembers, and so lets too much through.
    """

    table: NDArray[np.int32]
    classes: NDArray[np.uint8]
    accept: NDArray[np.uint8]
    length: int | None
    depth: int | None
    cuts: int
    remembers: bool

    @property
    def exact(self) -> bool:
        """True if it accepts what the constraint accepts, of texts up to ``length`` tokens."""
        return self.depth is None and not self.cuts and not self.remembers

    @property
    def approximations(self) -> tuple[str, ...]:
        """What it does otherwise than the constraint, in words; empty if it is exact."""
        found = [words for cut, words in _WORDS.items() if self.cuts & cut]
        if self.depth is not None:
            found.append(f"at most {self.depth} objects and arrays in each other")
        if self.remembers:
            found.append("repeated keys and items are seen only when a completion is checked")
        return tuple(found)


@dataclass(slots=True)
class _Explored:
    """What a search found: see ``kernels/canvas/explore.py``. ``complete``: it came to its end."""

    table: NDArray[np.int32]
    accept: NDArray[np.uint8]
    flags: int
    complete: bool


def byte_automaton(constraint: Constraint, length: int, states: int = STATES) -> ByteAutomaton:
    """The automaton for texts of up to ``length`` tokens.

    Args:
        constraint: the constraint.
        length: positions of the canvas.
        states: how many may be explored.

    Raises:
        LimitError: not even the shallowest approximation has so few states.
    """
    whole = _explore(constraint, states)
    if whole.complete and not whole.flags & REMEMBERS:
        return _minimised(whole, None, None, remembers=False)
    short = _explore_tokens(constraint, states, length)
    if short.complete:
        return _minimised(short, length, None, remembers=False)
    best = _approximation(constraint, whole, states)
    if best is None:
        raise LimitError(
            f"a canvas of this constraint needs an automaton of more than {states:,} states",
            hint='compile with property_order="schema" and spelling="plain", or close objects by '
            '"additionalProperties": false',
        )
    return best


def _approximation(constraint: Constraint, whole: _Explored, states: int) -> ByteAutomaton | None:
    """The automaton that leaves out the least, and then the one nested deepest; None if none has few enough states."""
    if whole.complete:
        return _minimised(whole, None, None, remembers=True)
    for cuts in _LADDER:
        narrow = _explore(constraint, states, cuts=cuts)
        if narrow.complete and narrow.accept.any():
            return _minimised(narrow, None, None, remembers=bool(narrow.flags & REMEMBERS), cuts=cuts)
    best: ByteAutomaton | None = None
    for depth in range(1, _DEEPEST + 1):
        shallow = _explore(constraint, states, depth, _LADDER[-1])
        if not shallow.complete:
            break
        if not shallow.accept.any():
            continue
        deeper = _minimised(shallow, None, depth, remembers=bool(shallow.flags & REMEMBERS), cuts=_LADDER[-1])
        if best is not None and len(deeper.table) > _ENOUGH:
            break
        best = deeper
    return best


class _Room:
    """Arrays of an exploration, which grow up to ``limit`` states."""

    def __init__(self, constraint: Constraint, limit: int) -> None:
        self.limit = limit
        first = min(_FIRST_ROOM, limit)
        self.configs = np.zeros(first, np.int32)
        self.states = np.zeros(2 * constraint.machine.arena.get(Scalar.CONFIGS), np.int32)
        self.table = np.zeros((first, 256), np.int32)
        self.accept = np.zeros(first, np.uint8)
        self.configs[1], self.states[constraint.start] = constraint.start, 1

    @property
    def size(self) -> int:
        """States that there is room for."""
        return int(self.configs.size)

    def grow(self, found: int) -> bool:
        """Make more of what was missing when ``found`` states were there; False at the limit."""
        if found < self.size:
            self.states = _longer(self.states, 2 * self.states.size)
        elif self.size >= self.limit:
            return False
        else:
            size = min(2 * self.size, self.limit)
            self.configs, self.table = _longer(self.configs, size), _longer(self.table, size)
            self.accept = _longer(self.accept, size)
        return True

    def explored(self, found: int, flags: int, *, complete: bool) -> _Explored:
        """The first ``found`` states."""
        return _Explored(np.maximum(self.table[:found], 0), self.accept[:found], flags, complete)


def _explore(constraint: Constraint, limit: int, depth: int | None = None, cuts: int = 0) -> _Explored:
    """Explore the machine's configurations, up to ``limit`` of them, nested up to ``depth``, without what is cut."""
    arena = constraint.machine.arena
    room = _Room(constraint, limit)
    heights = np.zeros(room.states.size, np.int32)
    measured = np.ones(1, np.int32)
    progress = np.zeros(PROGRESS, np.int64)
    progress[[EXPANDED, FOUND]] = 1, 2
    bounds = (-1 if depth is None else depth, cuts, np.unique(constraint.vocabulary.tables.token_buffer))
    complete = True
    while not arena.run(
        explore, *bounds, room.configs, room.states, heights, measured, room.table, room.accept, progress
    ):
        if not room.grow(int(progress[FOUND])):
            complete = False
            break
        heights = _longer(heights, room.states.size)
    return room.explored(int(progress[FOUND]), int(progress[FLAGS]), complete=complete)


def _explore_tokens(constraint: Constraint, limit: int, length: int) -> _Explored:
    """Explore the configurations that ``length`` tokens can reach, remembering all that the machine does."""
    arena, vocabulary = constraint.machine.arena, constraint.vocabulary
    room = _Room(constraint, limit)
    stack = np.zeros(vocabulary.longest + 1, np.int32)
    queue, queued = np.ones(room.size, np.int32), np.zeros(room.size, np.uint8)
    queued[1] = 1
    progress = np.zeros(by_tokens.PROGRESS, np.int64)
    progress[[by_tokens.QUEUED, by_tokens.FOUND, by_tokens.LEVEL_END]] = 1, 2, 1
    bounds = (vocabulary.tables.trie, length, stack)
    complete = True
    while not arena.run(
        by_tokens.explore_tokens,
        *bounds,
        room.configs,
        room.states,
        queue,
        queued,
        room.table,
        room.accept,
        progress,
    ):
        if not room.grow(int(progress[by_tokens.FOUND])):
            complete = False
            break
        queue, queued = _longer(queue, room.size), _longer(queued, room.size)
    return room.explored(int(progress[by_tokens.FOUND]), 0, complete=complete)


def _longer(array: NDArray[Any], length: int) -> NDArray[Any]:
    """A copy with zeros at its end."""
    longer: NDArray[Any] = np.zeros((length, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def _minimised(
    explored: _Explored, length: int | None, depth: int | None, *, remembers: bool, cuts: int = 0
) -> ByteAutomaton:
    """The minimal automaton of what was explored; merges columns first, for time grows with them."""
    columns, classes = np.unique(explored.table, axis=1, return_inverse=True)
    small = minimal(np.ascontiguousarray(columns), explored.accept, 1, range(columns.shape[1]))
    merged = small.merged[classes.ravel()].astype(np.uint8)
    return ByteAutomaton(small.trans, merged, small.accept, length, depth, cuts, remembers)
