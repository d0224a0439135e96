"""Sets of states along canvases, interned, and the masks between them, memoised.

::

    F[0] --open--> F[1] --token--> F[2] --open--> F[3] ...          states that what stands before can lead to
    B[0] <--open-- B[1] <--token-- B[2] <--open-- B[3] ...          states from which what stands behind can be spelled

    mask of position i: tokens of the edges between F[i] and B[i+1]

Equal sets are one object, and a set knows its neighbours across an open position. Along a run of open positions the
sets soon repeat themselves, so that all but the first few steps, and masks, are looked up.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from ...kernels.canvas.sets import backward, backward_token, forward, forward_token, needed_sets, unite_sets
from .canvas_automaton import TokenAutomaton
from .canvas_protocol import End

if TYPE_CHECKING:
    from .canvas_joint import Atoms

__all__ = ["Lattice", "StateSet"]

_PAIRS = 1 << 14
"""Pairs of sets whose mask is remembered by the pair."""

_Value = TypeVar("_Value")


class StateSet:
    """A set of states, one object a content.

    Attributes:
        members: uint8[n], 0 or 1.
        ahead: the set one open position ahead, once it is known.
        behind: likewise, one open position back.
    """

    __slots__ = ("__weakref__", "ahead", "behind", "members")

    def __init__(self, members: NDArray[np.uint8]) -> None:
        self.members = members
        self.ahead: StateSet | None = None
        self.behind: StateSet | None = None


class _Recent(Generic[_Value]):
    """A mapping that forgets what was longest not asked for."""

    def __init__(self, room: int) -> None:
        self._room = max(1, room)
        self._items: OrderedDict[Hashable, _Value] = OrderedDict()

    def get(self, key: Hashable) -> _Value | None:
        found = self._items.get(key)
        if found is not None:
            self._items.move_to_end(key)
        return found

    def put(self, key: Hashable, value: _Value) -> None:
        self._items[key] = value
        while len(self._items) > self._room:
            self._items.popitem(last=False)


class Lattice:
    """What the canvases of one token automaton share. Safe to use from several threads.

    Args:
        automaton: the token automaton.
        mask_bytes: bytes of memoised masks at most.
    """

    def __init__(self, automaton: TokenAutomaton, mask_bytes: int) -> None:
        self.automaton = automaton
        self._lock = threading.Lock()
        self._known: WeakValueDictionary[bytes, StateSet] = WeakValueDictionary()
        self._by_pair: _Recent[NDArray[np.uint64]] = _Recent(min(_PAIRS, mask_bytes // (8 * automaton.words)))
        self._by_sets: _Recent[NDArray[np.uint64]] = _Recent(mask_bytes // (8 * automaton.words))
        start = np.zeros(automaton.states, np.uint8)
        if len(automaton.bytes.table) > 1:
            start[1] = 1
        self.start = self.interned(start)
        self._finals = {end: self._final(end) for end in ("exact", "padded")}

    def _final(self, end: str) -> StateSet:
        members = np.zeros(self.automaton.states, np.uint8)
        members[: self.automaton.pad] = self.automaton.bytes.accept
        members[self.automaton.pad] = end == "padded"
        return self.interned(members)

    @cached_property
    def atoms(self) -> Atoms:
        """The atoms of the automaton's sets, for joint sampling."""
        from .canvas_joint import make_atoms

        return make_atoms(self.automaton)

    def final(self, end: End) -> StateSet:
        """The states in which a canvas may end."""
        return self._finals[end]

    def interned(self, members: NDArray[np.uint8]) -> StateSet:
        """The one object with these members, which must not change."""
        key = members.tobytes()
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = StateSet(members)
        return found

    def forward(self, before: StateSet, token: int | None = None) -> StateSet:
        """The states one position ahead, which is open or holds a token."""
        automaton = self.automaton
        if token is None:
            if before.ahead is None:
                after = np.empty_like(before.members)
                forward(before.members, automaton.edge_offsets, automaton.edge_targets, after)
                before.ahead = self.interned(after)
            return before.ahead
        after = np.zeros_like(before.members)
        text = automaton.spelled(token)
        if automaton.ends(token):
            after[automaton.pad] = before.members[automaton.pad] or np.any(
                before.members[: automaton.pad] & automaton.bytes.accept
            )
        elif text.size:
            forward_token(before.members, automaton.bytes.table, automaton.bytes.classes, text, after)
        return self.interned(after)

    def backward(self, after: StateSet, token: int | None = None) -> StateSet:
        """The states one position back, which is open or holds a token."""
        automaton = self.automaton
        if token is None:
            if after.behind is None:
                before = np.empty_like(after.members)
                backward(after.members, automaton.edge_offsets, automaton.edge_targets, before)
                after.behind = self.interned(before)
            return after.behind
        before = np.zeros_like(after.members)
        text = automaton.spelled(token)
        if automaton.ends(token):
            if after.members[automaton.pad]:
                before[: automaton.pad] = automaton.bytes.accept
                before[automaton.pad] = 1
        elif text.size:
            backward_token(after.members, automaton.bytes.table, automaton.bytes.classes, text, before)
        return self.interned(before)

    def needed(self, before: StateSet, after: StateSet) -> NDArray[np.uint8]:
        """uint8[sets], 1 for the sets of tokens that lead from one set of states into the other."""
        automaton = self.automaton
        marked = np.empty(automaton.set_count, np.uint8)
        edges = (automaton.edge_offsets, automaton.edge_targets, automaton.edge_sets)
        needed_sets(before.members, after.members, *edges, marked)
        return marked

    def mask(self, before: StateSet, after: StateSet) -> NDArray[np.uint64]:
        """uint64[words], the tokens that lead from one set of states into the other; not to be changed."""
        automaton = self.automaton
        with self._lock:
            found = self._by_pair.get((before, after))
        if found is not None:
            return found
        marked = self.needed(before, after)
        key = marked.tobytes()
        with self._lock:
            found = self._by_sets.get(key)
        if found is None:
            found = np.empty(automaton.words, np.uint64)
            sets = (automaton.set_offsets, automaton.set_sizes, automaton.set_tokens)
            unite_sets(marked, automaton.row_of_set, automaton.rows, *sets, found)
        with self._lock:
            self._by_pair.put((before, after), found)
            self._by_sets.put(key, found)
        return found
