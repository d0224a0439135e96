"""Budget landing: the text is complete and valid when the tokens run out.

Words used here: ``left`` is the number of tokens that may still be written, the ``plan`` a short list of
tokens that ends accepted from the present state (``Matcher.shortest_tokens``, or what remains of an older
plan that was followed), ``spare`` is left less the plan, never negative::

    max_tokens ├───────────── used ─────────────┼── plan ──┼───── spare ─────┤

Far from the edge (spare above ``edge``) the plain mask is used, and the drawn token is checked afterwards: in
the rare case that it opens more than can be closed (an object with forty required members, say) it is taken
back and drawn again from the budgeted mask. Drawing from p, and on refusal from p restricted to the good
tokens G, is drawing from p restricted to G: p(t) + (1 - p(G)) p(t) / p(G) = p(t) / p(G), so the law is the
same as if the budgeted mask had been used all along (with truncations, top-k and the like, the truncation is
the plain mask's). Near the edge the budgeted mask is used outright.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import BudgetError, GramaryeError, LimitError
from .protocol import BitMask, Matcher

__all__ = ["EDGE", "Budget"]

EDGE = 32
"""Spare tokens at or below which masks are budgeted; a wider edge costs time, not correctness."""


class Budget:
    """The tokens left to one sequence.

    Attributes:
        limit: tokens allowed in all, without the end token.
        used: tokens written.
        plan: tokens that finish the text from the present state; they fit into what is left.
        landed: True once the budget has taken a token away from the model.
    """

    __slots__ = ("edge", "landed", "limit", "plan", "used")

    def __init__(self, limit: int, matcher: Matcher, *, edge: int = EDGE) -> None:
        """Start a budget of ``limit`` tokens at the start state.

        Raises:
            GramaryeError: limit or edge is negative.
            BudgetError: the shortest valid output needs more than ``limit`` tokens.
        """
        if limit < 0 or edge < 0:
            raise GramaryeError(f"max_tokens is {limit} and edge is {edge}", expected=("integers >= 0",))
        self.limit = limit
        self.edge = edge
        self.used = 0
        self.landed = False
        self.plan: Sequence[int] = matcher.shortest_tokens()
        if len(self.plan) > limit:
            self.plan = _fitting(matcher, limit, len(self.plan))

    @property
    def left(self) -> int:
        """Tokens that may still be written."""
        return self.limit - self.used

    @property
    def near(self) -> bool:
        """Whether masks must be budgeted from the outset."""
        return self.left - len(self.plan) <= self.edge

    def mask(self, matcher: Matcher) -> BitMask:
        """The mask to draw from: plain when far from the edge, else budgeted."""
        return self.narrow(matcher) if self.near else matcher.mask()

    def narrow(self, matcher: Matcher) -> BitMask:
        """The budgeted mask and the first token of the plan, noting whether anything is taken away."""
        plain = matcher.mask()
        try:
            narrowed = matcher.mask(budget=self.left)
        except BudgetError:  # the matcher itself knows no plan as short as ours
            narrowed = np.zeros_like(plain)
        if self.plan:
            narrowed[self.plan[0] >> 5] |= np.uint32(1 << (self.plan[0] & 31))
        self.landed = self.landed or not np.array_equal(narrowed, plain)
        return narrowed

    def spend(self, tokens: Sequence[int], matcher: Matcher) -> bool:
        """Count tokens that have just moved ``matcher``; False, and nothing counted, if they are too many.

        They are if no plan is known that finishes the text within what is left then.
        """
        plan: Sequence[int] = matcher.shortest_tokens()
        if list(self.plan[: len(tokens)]) == list(tokens) and len(self.plan) - len(tokens) < len(plan):
            plan = self.plan[len(tokens) :]
        if self.used + len(tokens) + len(plan) > self.limit:
            return False
        self.used += len(tokens)
        self.plan = plan
        return True


def _fitting(matcher: Matcher, limit: int, known: int) -> Sequence[int]:
    """A plan of at most ``limit`` tokens, searched for among all spellings; or the error that says what is needed.

    ``known``: the length of a plan that is known.
    """
    least, needed = limit, known
    plan: Sequence[int] = ()
    settled = True
    while settled and least < needed:  # the fewest tokens are among least ... needed
        middle = limit if least == limit else (least + needed) // 2
        try:
            plan = matcher.shortest_tokens(middle)
        except BudgetError:
            least = middle + 1
        except LimitError:
            settled = False
        else:
            needed = len(plan)
    if needed <= limit:
        return plan
    finding = f"the shortest valid output needs {needed} tokens"
    if not settled:
        finding = f"no valid output of at most {limit} tokens was found ({needed} are enough)"
    raise BudgetError(
        f"{finding}, but max_tokens is {limit}",
        needed=needed,
        budget=limit,
        hint=f"raise max_tokens to at least {needed}",
    )
