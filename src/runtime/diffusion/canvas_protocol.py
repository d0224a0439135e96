"""What a canvas is: L positions, each fixed to a token or open, and the texts that may still fill it.

::

    position     0      1      2      3      4      5
              +------+------+------+------+------+------+
    fixed     | '{"' |      |      | '":' |      | eos  |      end="padded": after an end token only end tokens
              +------+------+------+------+------+------+
    masks[i]    {'{"'}  ...    ...   {'":'}  ...  {eos}        uint32[L, W]: fix i to any of them, and some completion
                                                               of the whole canvas remains

Diffusion decoders propose a token at a position, ask :meth:`Canvas.commit`, and go on; which check stands behind the
canvas (exact sets, intersection with a context-free grammar, lookahead) is the choice of ``Constraint.canvas``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import GramaryeError

__all__ = ["Canvas", "Check", "End", "Mode", "checked_fixed"]

End = Literal["exact", "padded"]
"""How a text ends: "padded": with an end token at some position and only end tokens after it, or, if it fills the whole
canvas, without one; "exact": with the last position, every position a token of the text and none an end token."""

Check = Literal["exact", "intersection", "lookahead"]
"""How a commit is checked."""

Mode = Literal["sample", "map"]
"""What a joint assignment is: drawn from the product law given the constraint, or the most likely one."""


class Canvas(Protocol):
    """A canvas of ``length`` positions over a vocabulary of V tokens; W = ceil(V / 32). Not to be shared by threads.

    Attributes:
        length: L.
        exact: True if masks and commits are exact, so that no canvas runs into a dead end; ``masks(exact=True)`` is
            cheap then.
    """

    length: int
    exact: bool

    @property
    def completable(self) -> bool:
        """True if some completion remains."""
        ...

    @property
    def fixed(self) -> dict[int, int]:
        """The token of each position that was given or committed."""
        ...

    @property
    def shortest(self) -> int | None:
        """The fewest tokens of text (end tokens not counted) that complete what is fixed; None if none do.

        The text may be longer than the canvas for this, as if there were open positions behind it: more than ``length``
        says that the canvas is too short, before the first pass of a model.
        """
        ...

    def masks(self, exact: bool = True) -> NDArray[np.uint32]:
        """uint32[L, W]: row i the tokens that position i may be fixed to; of a fixed position, its token only.

        Args:
            exact: False: a tight upper bound will do, where that is cheaper; no token that may be committed is missing.

        Returns:
            Read-only, of contiguous rows, and valid until the canvas changes.
        """
        ...

    def allows(self, position: int, token: int) -> bool:
        """True if :meth:`commit` would take the token. O(1) where it agrees with the witness."""
        ...

    def commit(self, position: int, token: int) -> bool:
        """Fix an open position. False if that leaves no completion; nothing has changed then.

        Raises:
            GramaryeError: the position or the token does not exist, or the position is fixed to another token.
        """
        ...

    def witness(self) -> list[int]:
        """A completion: L tokens, the end tokens included, equal to ``fixed`` where that says something.

        Raises:
            GramaryeError: there is none; a BudgetError where the canvas is too short.
        """
        ...

    def sample(self, log_probs: NDArray[np.floating], rng: np.random.Generator, mode: Mode = "sample") -> list[int]:
        """L tokens jointly: from the product of the rows of ``log_probs`` given the constraint and what is fixed.

        Args:
            log_probs: float[L, V], natural logarithms, up to a constant a row; rows of fixed positions are not read.
            rng: where randomness comes from; not used by mode "map".
            mode: "sample" draws from the law, "map" returns its mode.

        Raises:
            GramaryeError: this check cannot (only canvases of regular constraints can), or there is no completion, or
                none to which ``log_probs`` gives a probability above 0.
            ModelError: ``log_probs`` is of another shape, or holds NaN or infinity above 0.
        """
        ...


def checked_fixed(length: int, fixed: Mapping[int, int] | None, tokens: int) -> dict[int, int]:
    """Validate the size of a canvas and its fixed positions; a copy of them in ascending order.

    Raises:
        GramaryeError: the length is negative, or a position or a token does not exist.
    """
    if length < 0:
        raise GramaryeError(f"a canvas of {length} positions", expected=["0 or more"])
    given = {} if fixed is None else fixed
    for position, token in given.items():
        if not 0 <= position < length:
            raise GramaryeError(f"position {position} is outside the canvas", expected=[f"0 to {length - 1}"])
        if not 0 <= token < tokens:
            raise GramaryeError(f"token {token} is outside the vocabulary", expected=[f"0 to {tokens - 1}"])
    return {position: given[position] for position in sorted(given)}
