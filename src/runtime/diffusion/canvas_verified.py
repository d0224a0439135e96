"""Canvases whose automaton is an approximation: the constraint's machine reads every completion before it counts.

::

    proposal (i, t) ── agrees with the witness ────────────────────────────> committed
           └── allowed by the sets? ── a completion that the machine accepts? ──> committed, the new witness
                     │ no                        │ none found
                  refused                     refused, and counted

The sets say what to try, so that the first completion tried is nearly always accepted; where it is not (two keys of an
object are the same, say), a depth-first search tries others. So no canvas of these runs into a dead end either; but a
token may be missing in its masks, or allowed by them and refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import GramaryeError
from .canvas import RegularCanvas
from .canvas_lattice import Lattice
from .canvas_protocol import End

if TYPE_CHECKING:
    from ..constraint import Constraint

__all__ = ["VerifiedCanvas"]

_STEPS = 4096
"""Tokens that a search may try, and 64 more for each position."""
_TOKENS = 3
"""Tokens of one edge that a search tries."""


class VerifiedCanvas(RegularCanvas):
    """A :class:`RegularCanvas` with a machine-checked completion at all times.

    Attributes:
        refused: commits that the masks allowed and that were refused, for no completion was found.
    """

    def __init__(self, constraint: Constraint, lattice: Lattice, length: int, fixed: dict[int, int], end: End) -> None:
        super().__init__(constraint, lattice, length, fixed, end)
        self.refused = 0
        self._searched = False

    @property
    def completable(self) -> bool:
        """True if a completion was found that the machine accepts."""
        return self._proved() is not None

    def _proved(self) -> list[int] | None:
        """The completion, searched for once for what is fixed now; None if none was found."""
        if self._witness is None and not self._searched:
            self._searched = True
            self._witness = self._search() if self._possible else None
        return self._witness

    def witness(self) -> list[int]:
        """See :meth:`.canvas_protocol.Canvas.witness`."""
        found = self._proved()
        if found is None:
            raise (
                self._incomplete()
                if not self._possible
                else GramaryeError("no completion was found that the constraint accepts", expected=self.approximations)
            )
        return list(found)

    def allows(self, position: int, token: int) -> bool:
        """See :meth:`.canvas_protocol.Canvas.allows`; searches for a completion, unless the witness is one."""
        return self._tried(position, token, keep=False)

    def commit(self, position: int, token: int) -> bool:
        """See :meth:`.canvas_protocol.Canvas.commit`; False also if no completion was found."""
        if self._fixed.get(position, token) != token:
            raise GramaryeError(
                f"position {position} is fixed to token {self._fixed[position]}", expected=["an open position"]
            )
        return self._tried(position, token, keep=True)

    def _tried(self, position: int, token: int, *, keep: bool) -> bool:
        """True if some completion has the token at the position, which is then fixed if ``keep``."""
        witness = self._proved()
        if not super().allows(position, token) or witness is None:
            return False
        if position in self._fixed:
            return True
        if witness[position] == token:
            if keep:
                self._fix(position, token)
            return True
        before = dict(self._fixed), list(self._forward), list(self._backward)
        self._fix(position, token)
        found = self._search()
        if found is None or not keep:
            self._fixed, self._forward, self._backward = before
            self.refused += int(keep)
            self._witness = witness
        else:
            self._witness = found
        return found is not None

    def _valid(self, tokens: Sequence[int]) -> bool:
        """True if the machine accepts the text of some tokens."""
        machine, automaton = self._constraint.machine, self._lattice.automaton
        config = self._constraint.start
        for token in tokens:
            if automaton.ends(token):
                break
            config = machine.advance_token(config, token)
            if config == 0:
                return False
        return machine.accepting(config)

    def _search(self) -> list[int] | None:
        """A completion that the machine accepts: the one that ends soonest, or the first of a depth-first search."""
        first = self._completion()
        if self._valid(first):
            return first
        machine, automaton = self._constraint.machine, self._lattice.automaton
        rng = np.random.default_rng(len(self._fixed))
        configs, tokens = [self._constraint.start], list[int]()
        waiting = [self._candidates(0, 1, rng)]
        for _ in range(_STEPS + 64 * self.length):
            candidate = next(waiting[-1], None)
            if candidate is None:
                waiting.pop()
                if not waiting:
                    return None
                configs.pop()
                tokens.pop()
                continue
            token, state = candidate
            config = configs[-1] if automaton.ends(token) else machine.advance_token(configs[-1], token)
            if config == 0 or (automaton.ends(token) and not machine.accepting(config)):
                continue
            if len(tokens) + 1 == self.length:
                if machine.accepting(config):
                    return [*tokens, token]
                continue
            tokens.append(token)
            configs.append(config)
            waiting.append(self._candidates(len(tokens), state, rng))
        return None

    def _candidates(self, position: int, state: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
        """Tokens to try at a position, each with the state behind it; those that end the text soonest come first."""
        automaton = self._lattice.automaton
        fixed = self._fixed.get(position)
        if fixed is not None:
            yield fixed, automaton.next(state, fixed)
            return
        for edge in range(int(automaton.edge_offsets[state]), int(automaton.edge_offsets[state + 1])):
            target = int(automaton.edge_targets[edge])
            if not self._backward[position + 1].members[target]:
                continue
            number = automaton.edge_sets[edge]
            first, size = int(automaton.set_offsets[number]), int(automaton.set_sizes[number])
            places = range(size) if size <= _TOKENS else rng.integers(size, size=_TOKENS).tolist()
            for place in places:
                yield int(automaton.set_tokens[first + place]), target
