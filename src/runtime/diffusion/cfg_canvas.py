"""Canvases of context-free constraints: the exact check on the token lattice, and the intersection of Mündler et al.

::

    check="exact"          every open position is one token    completable within exactly this canvas
    check="intersection"   a run of open positions is a hole   completable if lengths were free

The intersection check is the published baseline (arXiv 2508.10111) with its lexing made exact; its commits can run into
dead ends, since a hole may need more tokens than it has positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import BudgetError, GramaryeError
from ...kernels.canvas.cfg_live import live_edges
from ...kernels.canvas.cfg_outside import outside
from .canvas_protocol import Canvas, End, Mode
from .cfg_fragments import token_grammar
from .cfg_items import CanvasItems, canvas_items
from .cfg_masks import MaskReader, mask_rows
from .cfg_search import CompletionSearch

if TYPE_CHECKING:
    from ..constraint import Constraint

__all__ = ["CfgCanvas", "ExactCanvas", "IntersectionCanvas", "exact_canvas", "intersection_canvas"]


_FEW_EFFECTS = 2_000
"""Token effects with which masks are read off a lattice that keeps them apart. JSON has 290, SQL 38,000."""


class CfgCanvas:
    """What both canvases share: the fixed tokens.

    Attributes:
        length: L.
        exact: whether commits are exact.
    """

    exact = False

    def __init__(self, constraint: Constraint, length: int, fixed: Mapping[int, int], end: End) -> None:
        self.length = length
        self.constraint = constraint
        self.grammar = token_grammar(constraint)
        self.end = end
        self._fixed = dict(fixed)

    @property
    def fixed(self) -> dict[int, int]:
        """The token of each position that was given or committed."""
        return dict(sorted(self._fixed.items()))

    def sample(self, log_probs: NDArray[np.floating], rng: np.random.Generator, mode: Mode = "sample") -> list[int]:
        """Not possible: the product law is conditioned exactly for regular constraints only."""
        raise GramaryeError(
            "joint sampling needs a regular constraint", hint="commit position after position by masks() and commit()"
        )

    def _check(self, position: int, token: int) -> None:
        if not 0 <= position < self.length:
            raise GramaryeError(f"position {position} is outside the canvas", expected=[f"0 to {self.length - 1}"])
        if not 0 <= token < len(self.constraint.vocabulary):
            raise GramaryeError(
                f"token {token} is outside the vocabulary", expected=[f"0 to {len(self.constraint.vocabulary) - 1}"]
            )
        if self._fixed.get(position, token) != token:
            raise GramaryeError(f"position {position} is fixed to token {self._fixed[position]}")

    def _items(self, fixed: Mapping[int, int], length: int | None = None) -> CanvasItems | None:
        size = self.length if length is None else length
        return canvas_items(self.constraint.vocabulary, size, fixed, self.end)


class IntersectionCanvas(CfgCanvas):
    """Runs of open positions are holes of any length; a verdict a proposal, no masks."""

    @property
    def completable(self) -> bool:
        """True if some completion remains."""
        return self._possible(self._fixed)

    def allows(self, position: int, token: int) -> bool:
        """True if :meth:`commit` would take the token."""
        self._check(position, token)
        return position in self._fixed or self._possible({**self._fixed, position: token})

    def commit(self, position: int, token: int) -> bool:
        """Fix an open position; False, and nothing changes, if that leaves no completion."""
        if not self.allows(position, token):
            return False
        self._fixed[position] = token
        return True

    @property
    def shortest(self) -> int | None:
        """Lengths are free: the fixed tokens alone, None if nothing completes them."""
        return max(self._fixed, default=-1) + 1 if self.completable else None

    def masks(self, exact: bool = True) -> NDArray[np.uint32]:
        """Not available: the check answers for one proposal at a time."""
        raise GramaryeError("the intersection check has no masks", hint='ask allows(), or choose check="exact"')

    def witness(self) -> list[int]:
        """Not available: a completion of free lengths need not fit the canvas."""
        raise GramaryeError("the intersection check has no witness", hint='choose check="exact"')

    def _possible(self, fixed: Mapping[int, int]) -> bool:
        found = self._items(fixed)
        return found is not None and self.grammar.derives(self.grammar.text_lattice(found.free))


class ExactCanvas(CfgCanvas):
    """Every open position is one token: exact verdicts, masks off the same lattice.

    Attributes:
        exact: True while exact masks are cheap: token effects are few, as those of JSON, and so are open positions.
            Commits are always exact, and so are masks unless a bound is asked for, which costs much less otherwise:
            the first open positions (``TokenGrammar.width``) are seen as tokens, the others as holes.
    """

    def __init__(self, constraint: Constraint, length: int, fixed: Mapping[int, int], end: End) -> None:
        super().__init__(constraint, length, fixed, end)
        self.exact = self._cheap()
        self._search = CompletionSearch(self.grammar, end)
        self._witness: list[int] | None = None
        self._hopeless = False

    @property
    def completable(self) -> bool:
        """True if some completion remains."""
        self._find()
        return self._witness is not None

    @property
    def shortest(self) -> int | None:
        """The fewest tokens of text of any completion, also if that is more than the canvas has room for."""
        return self._search.shortest(self._fixed, self.length)

    def masks(self, exact: bool = True) -> NDArray[np.uint32]:
        """uint32[L, W]: the tokens that each position may be fixed to."""
        items = self._items(self._fixed)
        vocabulary = self.constraint.vocabulary
        end_tokens = vocabulary.tables.eos if self.end == "padded" else vocabulary.tables.eos[:0]
        ends, live = ([], {}) if items is None else self._live(items, exact)
        return mask_rows(self.grammar.nodes.effects, live, self._fixed, ends, self.length, end_tokens)

    def _live(self, items: CanvasItems, exact: bool) -> tuple[list[int], dict[int, NDArray[np.bool_]]]:
        """Positions where texts end, and the live effects by open position; bounds of both unless `exact`."""
        grammar = self.grammar
        nodes = grammar.apart if exact else grammar.nodes
        window = items if exact else items.windowed(grammar.width)
        found = grammar.token_lattice(nodes, window.items, {*window.ends, len(window.items)})
        if found is None:
            return [], {}
        chart = grammar.chart(found)
        used = outside(grammar.rules, found.graph, chart)
        if used is None:
            return [], {}
        reader = MaskReader(nodes, found, window, live_edges(grammar.rules, found.graph, chart, used))
        ends, live = reader.ends(), reader.effects()
        if window is not items:
            ends.append(max(window.latest + 1, items.earliest))
            anything = np.ones(len(grammar.nodes.effects.sequence), np.bool_)
            live.update((position, anything) for position in range(window.latest, items.latest))
        return ends, live

    def allows(self, position: int, token: int) -> bool:
        """True if :meth:`commit` would take the token. O(1) where it agrees with the witness."""
        self._check(position, token)
        self._find()
        if self._witness is None:
            return False
        return self._witness[position] == token or self._completion({**self._fixed, position: token}) is not None

    def commit(self, position: int, token: int) -> bool:
        """Fix an open position; False, and nothing changes, if that leaves no completion."""
        self._check(position, token)
        self._find()
        if self._witness is None:
            return False
        if self._witness[position] != token:
            found = self._completion({**self._fixed, position: token})
            if found is None:
                return False
            self._witness = found
        self._fixed[position] = token
        self.exact = self._cheap()
        return True

    def _cheap(self) -> bool:
        """Whether effects of tokens, and open positions, are few enough for exact masks."""
        few = len(self.grammar.nodes.effects.sequence) <= _FEW_EFFECTS
        return few and self.length - len(self._fixed) <= self.grammar.width

    def witness(self) -> list[int]:
        """A completion: L tokens, the end tokens included."""
        self._find()
        if self._witness is None:
            raise self._failure()
        return list(self._witness)

    def _failure(self) -> GramaryeError:
        needed = self.shortest
        if needed is not None and needed > self.length:
            message = f"a text needs {needed} tokens, the canvas has {self.length}"
            return BudgetError(message, needed=needed, budget=self.length)
        return GramaryeError("no text of this canvas's length agrees with what is fixed on it")

    def _find(self) -> None:
        if self._witness is None and not self._hopeless:
            self._witness = self._completion(self._fixed)
            self._hopeless = self._witness is None

    def _completion(self, fixed: Mapping[int, int]) -> list[int] | None:
        """Some completion of a canvas, None if there is none."""
        found = self._search.completion(fixed, self.length)
        if found is None:
            return None
        ended = self.constraint.vocabulary.eos_ids[:1] * (self.length - len(found))
        return [*found, *(fixed.get(len(found) + at, token) for at, token in enumerate(ended))]


def exact_canvas(constraint: Constraint, length: int, fixed: Mapping[int, int], end: End) -> Canvas:
    """A canvas whose commits never run into a dead end.

    Raises:
        GramaryeError: the constraint has no context-free grammar.
        GrammarError: the grammar cannot be lexed without context.
    """
    return ExactCanvas(constraint, length, fixed, end)


def intersection_canvas(constraint: Constraint, length: int, fixed: Mapping[int, int], end: End) -> Canvas:
    """A canvas checked by intersection.

    Raises:
        GramaryeError: the constraint has no context-free grammar.
        GrammarError: the grammar cannot be lexed without context.
    """
    return IntersectionCanvas(constraint, length, fixed, end)
