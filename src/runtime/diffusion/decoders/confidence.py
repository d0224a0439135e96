"""Low-confidence remasking: each step keeps its most confident proposals and masks the rest again.

LLaDA (Nie et al. 2025, arXiv 2502.09992, algorithm 5): with T steps for a block, step s commits the quota of tokens
that the linear noise schedule asks for, those of the highest probability.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View

__all__ = ["Confidence"]


class Confidence:
    """The most confident positions, as many as the schedule asks for."""

    def select(self, view: View) -> NDArray[np.int64]:
        """The first ``quota`` rows by confidence."""
        return view.by_confidence()[: max(1, view.quota)]
