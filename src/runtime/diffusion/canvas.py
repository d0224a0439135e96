"""Canvases of regular constraints: exact masks of every position by forward and backward sets.

::

    position      0        1        2        3
             F[0] ──> F[1] ──> F[2] ──> F[3] ──> F[4]        a commit at 1 changes F[2], F[3], ... until one is as
             B[0] <── B[1] <── B[2] <── B[3] <── B[4]        it was, and B[1], B[0] likewise

A token may be committed at position i iff it leads from a state of F[i] to one of B[i+1]. A completion is kept, the
*witness*: what agrees with it needs no look at the sets.

Where the automaton is not exact, ``canvas_verified.py`` has the constraint's machine check every completion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import BudgetError, GramaryeError, LimitError
from .canvas_automaton import token_automaton
from .canvas_lattice import Lattice, StateSet
from .canvas_protocol import End, Mode
from .canvas_states import STATES, byte_automaton

if TYPE_CHECKING:
    from ..constraint import Constraint

__all__ = ["RegularCanvas", "exact_canvas", "lattice_of"]


class RegularCanvas:
    """A canvas over a token automaton; see :class:`.canvas_protocol.Canvas`.

    Args:
        constraint: the constraint.
        lattice: the sets of its automaton.
        length: L.
        fixed: tokens by position, checked.
        end: how the text ends.
    """

    def __init__(self, constraint: Constraint, lattice: Lattice, length: int, fixed: dict[int, int], end: End) -> None:
        self._constraint = constraint
        self.length = length
        self.exact = lattice.automaton.bytes.exact
        self.end: End = end
        self._lattice = lattice
        self._fixed = dict(fixed)
        automaton = lattice.automaton
        self._forward = [lattice.start] * (length + 1)
        self._backward = [lattice.final(end)] * (length + 1)
        for i in range(length):
            self._forward[i + 1] = lattice.forward(self._forward[i], fixed.get(i))
        for i in reversed(range(length)):
            self._backward[i] = lattice.backward(self._backward[i + 1], fixed.get(i))
        self._rows = np.zeros((length, automaton.words), np.uint64)
        self._written: list[tuple[StateSet, StateSet] | int | None] = [None] * length
        self._witness: list[int] | None = None

    @property
    def approximations(self) -> tuple[str, ...]:
        """In what its language differs from the constraint's; empty if the canvas is exact."""
        return self._lattice.automaton.bytes.approximations

    @property
    def completable(self) -> bool:
        """True if some completion remains."""
        return self._possible

    @property
    def _possible(self) -> bool:
        """True if the automaton accepts some completion."""
        return bool(np.any(self._forward[0].members & self._backward[0].members))

    @property
    def fixed(self) -> dict[int, int]:
        """The token of each position that was given or committed."""
        return dict(sorted(self._fixed.items()))

    @property
    def shortest(self) -> int | None:
        """See :attr:`.canvas_protocol.Canvas.shortest`.

        Of an empty canvas that is too short, where the automaton goes no further: as many as are known to be enough.
        """
        automaton, lattice = self._lattice.automaton, self._lattice
        text_ends = [i for i, token in self._fixed.items() if automaton.ends(token)]
        last = max((i + 1 for i, token in self._fixed.items() if not automaton.ends(token)), default=0)
        if self.end == "exact" and self._possible:
            return self.length
        most = min(text_ends, default=self.length + automaton.states)
        reached = lattice.start
        for i in range(most + 1):
            if i >= last and np.any(reached.members[: automaton.pad] & automaton.bytes.accept):
                return i
            reached = lattice.forward(reached, self._fixed.get(i))
        if automaton.bytes.length is not None and not self._fixed:
            return self._constraint.completer.count(self._constraint.start)
        return None

    def masks(self, exact: bool = True) -> NDArray[np.uint32]:
        """See :meth:`.canvas_protocol.Canvas.masks`; both kinds are the same here.

        O(distinct pairs of sets that were not met before * edges) and the copies of what changed.
        """
        for i in range(self.length):
            token = self._fixed.get(i)
            wanted = (self._forward[i], self._backward[i + 1])
            if token is None:
                if self._written[i] != wanted:
                    self._rows[i] = self._lattice.mask(*wanted)
                    self._written[i] = wanted
            elif self._written[i] != token:
                self._rows[i] = 0
                if self._possible:
                    self._rows[i, token >> 6] = np.uint64(1) << np.uint64(token & 63)
                    self._written[i] = token
        rows = self._rows.view(np.uint32)[:, : (len(self._lattice.automaton.vocabulary) + 31) // 32]
        rows.flags.writeable = False
        return rows

    def allows(self, position: int, token: int) -> bool:
        """See :meth:`.canvas_protocol.Canvas.allows`."""
        self._check(position, token)
        if position in self._fixed:
            return self._possible and self._fixed[position] == token
        if self._witness is not None and self._witness[position] == token:
            return True
        mask = self._lattice.mask(self._forward[position], self._backward[position + 1])
        return bool((mask[token >> 6] >> np.uint64(token & 63)) & np.uint64(1))

    def _check(self, position: int, token: int) -> None:
        if not 0 <= position < self.length:
            raise GramaryeError(f"position {position} is outside the canvas", expected=[f"0 to {self.length - 1}"])
        tokens = len(self._lattice.automaton.vocabulary)
        if not 0 <= token < tokens:
            raise GramaryeError(f"token {token} is outside the vocabulary", expected=[f"0 to {tokens - 1}"])

    def commit(self, position: int, token: int) -> bool:
        """See :meth:`.canvas_protocol.Canvas.commit`. O(positions until the sets are as they were * states)."""
        if self._fixed.get(position, token) != token:
            raise GramaryeError(
                f"position {position} is fixed to token {self._fixed[position]}", expected=["an open position"]
            )
        if not self.allows(position, token):
            return False
        if position not in self._fixed:
            self._fix(position, token)
        return True

    def _fix(self, position: int, token: int) -> None:
        """Fix an open position to a token that the sets allow."""
        self._fixed[position] = token
        self._update(position)
        if self._witness is not None and self._witness[position] != token:
            self._witness = None

    def _update(self, position: int) -> None:
        """Bring the sets up to date behind and before a position that was just fixed."""
        lattice, fixed = self._lattice, self._fixed
        for i in range(position, self.length):
            after = lattice.forward(self._forward[i], fixed.get(i))
            if after is self._forward[i + 1]:
                break
            self._forward[i + 1] = after
        for i in range(position, -1, -1):
            before = lattice.backward(self._backward[i + 1], fixed.get(i))
            if before is self._backward[i]:
                break
            self._backward[i] = before

    def witness(self) -> list[int]:
        """See :meth:`.canvas_protocol.Canvas.witness`. Ends as soon as what is fixed allows, greedily."""
        if self._witness is None:
            self._witness = self._completion()
        return list(self._witness)

    def _completion(self) -> list[int]:
        """A path through the sets that heads for the end wherever it can."""
        if not self._possible:
            raise self._incomplete()
        automaton = self._lattice.automaton
        tokens: list[int] = []
        state = 1
        for i in range(self.length):
            token = self._fixed.get(i)
            if token is None:
                first, last = automaton.edge_offsets[state], automaton.edge_offsets[state + 1]
                good = self._backward[i + 1].members[automaton.edge_targets[first:last]]
                edge = first + int(np.argmax(good))
                token = int(automaton.set_tokens[automaton.set_offsets[automaton.edge_sets[edge]]])
                state = int(automaton.edge_targets[edge])
            else:
                state = automaton.next(state, token)
            tokens.append(token)
        return tokens

    def _incomplete(self) -> GramaryeError:
        """Why there is no completion."""
        needed = self.shortest
        if needed is not None and needed > self.length:
            return BudgetError(
                f"a text needs {needed} tokens, the canvas has {self.length}", needed=needed, budget=self.length
            )
        return GramaryeError("no text of this canvas's length agrees with what is fixed on it")

    def sample(self, log_probs: NDArray[np.floating], rng: np.random.Generator, mode: Mode = "sample") -> list[int]:
        """See :meth:`.canvas_protocol.Canvas.sample` and ``canvas_joint.py``."""
        from .canvas_joint import joint_tokens

        if not self._possible:
            raise self._incomplete()
        return joint_tokens(
            self._lattice, self._forward, self._backward, self._fixed, log_probs, rng, mode, self._valid
        )

    def _valid(self, tokens: Sequence[int]) -> bool:
        """True for a completion of the automaton that is one of the constraint: all of them, where it is exact."""
        return True


def lattice_of(constraint: Constraint, length: int, states: int = STATES) -> Lattice:
    """The lattice of a constraint that is right about canvases of ``length`` positions; made once.

    Raises:
        LimitError: the constraint needs too many states.
    """
    known = constraint.lattices
    whole = known.get((states, None))
    found = whole if whole is not None and whole.automaton.bytes.exact else known.get((states, length))
    if found is not None:
        return found
    automaton = byte_automaton(constraint, length, states)
    if whole is None or automaton.exact:
        limit = constraint.machine.arena.limits.bytes
        made = Lattice(token_automaton(automaton, constraint.vocabulary), limit)
        whole = known[states, automaton.length] = made
    known[states, length] = whole
    return whole


def exact_canvas(
    constraint: Constraint,
    length: int,
    fixed: dict[int, int],
    end: End,
    *,
    states: int = STATES,
    approximate: bool = True,
) -> RegularCanvas:
    """A canvas of a regex, choice or schema; see :meth:`gramarye.runtime.constraint.Constraint.canvas`.

    Args:
        constraint: the constraint.
        length: L.
        fixed: tokens by position, checked.
        end: how the text ends.
        states: configurations of the constraint's machine that may be explored.
        approximate: whether a canvas will do whose masks are not exact, but whose commits are checked by the machine,
            where an exact one needs too many states.

    Raises:
        LimitError: the constraint needs too many states.
    """
    from .canvas_verified import VerifiedCanvas

    lattice = lattice_of(constraint, length, states)
    automaton = lattice.automaton.bytes
    if automaton.exact:
        return RegularCanvas(constraint, lattice, length, fixed, end)
    if not approximate:
        raise LimitError(
            f"an exact canvas of this constraint needs more than {states:,} states",
            expected=automaton.approximations,
            hint="approximate=True makes do with what is expected, and checks every commit",
        )
    return VerifiedCanvas(constraint, lattice, length, fixed, end)
