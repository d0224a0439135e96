"""Fréchet-profile commit sets: the longest prefix of the sorted confidences that is safe whatever the dependence.

Fast-dLLM++ (Kasa et al. 2026, arXiv 2606.02955). By the Fréchet-Hoeffding bound n tokens of confidences c_1 >= ... >=
c_n are right together with probability at least 1 - sum (1 - c_i), whatever their joint law. Fast-dLLM's factor rule
(n + 1)(1 - c_n) < f puts the weakest confidence in the place of all; with the whole profile it reads::

    sum_{i <= n} (1 - c_i) + (1 - c_n) < f

which is the same rule where all confidences are equal, and takes more tokens where they are not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View

__all__ = ["Frechet"]


class Frechet:
    """The longest prefix of the confidence profile within the bound, at least one.

    Args:
        factor: f above.
    """

    def __init__(self, factor: float = 0.5) -> None:
        self.factor = factor

    def select(self, view: View) -> NDArray[np.int64]:
        """Rows by confidence, as far as the bound allows; the left side above rises with n."""
        order = view.by_confidence()
        doubt = 1 - view.confidence[order]
        count = int(np.searchsorted(np.cumsum(doubt) + doubt, self.factor, side="left"))
        return order[: max(1, count)]
