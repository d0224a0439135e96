"""Budget landing: the text is complete and valid when the tokens run out.

Words used here: ``left`` is the number of tokens that may still be written, ``need`` the length of the
shortest plan that ends accepted from the present state (``Matcher.shortest_tokens``), ``spare`` their
difference, never negative::

    max_tokens ├───────────── used ─────────────┼── need ──┼───── spare ─────┤

Far from the edge (spare above ``edge``) the plain mask is used, and the drawn token is checked afterwards: in
the rare case that it opens more than can be closed (an object with forty required members, say) it is taken
back and drawn again from the budgeted mask. Drawing from p, and on refusal from p restricted to the good
tokens G, is drawing from p restricted to G: p(t) + (1 - p(G)) p(t) / p(G) = p(t) / p(G), so the law is the
same as if the budgeted mask had been used all along (with truncations, top-k and the like, the truncation is
the plain mask's). Near the edge the budgeted mask is used outright.
"""

from __future__ import annotations

import numpy as np

from ...errors import BudgetError, GramaryeError
from .protocol import BitMask, Matcher

__all__ = ["EDGE", "Budget"]

EDGE = 32
"""Spare tokens at or below which masks are budgeted; a wider edge costs time, not correctness."""


class Budget:
    """The tokens left to one sequence.

    Attributes:
        limit: tokens allowed in all, without the end token.
        used: tokens written.
        need: tokens of the shortest completion from the present state.
        landed: True once the budget has taken a token away from the model.
    """

    __slots__ = ("edge", "landed", "limit", "need", "used")

    def __init__(self, limit: int, matcher: Matcher, *, edge: int = EDGE) -> None:
        """Start a budget of ``limit`` tokens at the start state.

        Raises:
            GramaryeError: limit or edge is negative.
            BudgetError: the shortest valid output found needs more than ``limit`` tokens.
        """
        if limit < 0 or edge < 0:
            raise GramaryeError(f"max_tokens is {limit} and edge is {edge}", expected=("integers >= 0",))
        self.limit = limit
        self.edge = edge
        self.used = 0
        self.landed = False
        self.need = len(matcher.shortest_tokens())
        if self.need > limit:
            raise BudgetError(
                f"the shortest valid output needs {self.need} tokens, but max_tokens is {limit}",
                needed=self.need,
                budget=limit,
                hint=f"raise max_tokens to at least {self.need}",
            )

    @property
    def left(self) -> int:
        """Tokens that may still be written."""
        return self.limit - self.used

    @property
    def near(self) -> bool:
        """Whether masks must be budgeted from the outset."""
        return self.left - self.need <= self.edge

    def mask(self, matcher: Matcher) -> BitMask:
        """The mask to draw from: plain when far from the edge, else budgeted."""
        return self.narrow(matcher) if self.near else matcher.mask()

    def narrow(self, matcher: Matcher) -> BitMask:
        """The budgeted mask, noting whether it takes anything away."""
        narrowed = matcher.mask(budget=self.left)
        self.landed = self.landed or not np.array_equal(narrowed, matcher.mask())
        return narrowed

    def spend(self, tokens: int, matcher: Matcher) -> bool:
        """Count tokens that have just moved ``matcher``; False, and nothing counted, if they are too many.

        They are if the text could not be finished within what is left then.
        """
        need = len(matcher.shortest_tokens())
        if self.used + tokens + need > self.limit:
            return False
        self.used += tokens
        self.need = need
        return True
