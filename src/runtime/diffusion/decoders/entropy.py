"""Least entropy first, as Dream decodes (Ye et al. 2025, arXiv 2508.15487, ``alg="entropy"``).

With a bound, the entropy-bounded sampler (Ben-Hamu et al. 2025, arXiv 2505.24857): all positions, in rising order of
entropy, as long as the sum of their entropies less the largest stays below it; that sum bounds the mutual information
that committing them together neglects.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View

__all__ = ["Entropy"]


class Entropy:
    """The positions of least entropy.

    Args:
        bound: in nats; None commits as many as the schedule asks for.
    """

    def __init__(self, bound: float | None = None) -> None:
        self.bound = bound

    def select(self, view: View) -> NDArray[np.int64]:
        """The first rows by rising entropy."""
        entropy = np.where(view.tokens < 0, np.inf, view.entropy)
        order = np.argsort(entropy, kind="stable").astype(np.int64)
        if self.bound is None:
            return order[: max(1, view.quota)]
        rising = entropy[order]
        neglected = np.cumsum(rising) - rising
        return order[: max(1, int(np.searchsorted(neglected, self.bound, side="right")))]
