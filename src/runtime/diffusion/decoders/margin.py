"""Top-k probability margin: where the best token is furthest ahead of the second.

Kim et al. 2025, *Train for the Worst, Plan for the Best* (arXiv 2502.06768): better than the plain probability where
two tokens compete for a position; Dream offers it as ``topk_margin``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View

__all__ = ["Margin"]


class Margin:
    """The positions with the widest margin, as many as the schedule asks for."""

    def select(self, view: View) -> NDArray[np.int64]:
        """The first ``quota`` rows by falling margin."""
        order = np.argsort(-view.margin, kind="stable").astype(np.int64)
        return order[: max(1, view.quota)]
