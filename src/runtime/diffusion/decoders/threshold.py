"""Confidence-aware parallel decoding: commit every proposal above a threshold.

Fast-dLLM (Wu et al. 2025, arXiv 2505.22618): where n tokens have a confidence above 1 - eps with (n + 1) eps <= 1,
taking them together equals taking them one by one. ``factor`` is its second rule: the largest n with (n + 1)(1 - c_n)
< f, c_n the n-th highest confidence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View

__all__ = ["Threshold"]


class Threshold:
    """All positions above a confidence, at least one.

    Args:
        confidence: the threshold, 0.9 in the paper.
        factor: f of the other rule, which is then used instead.
    """

    def __init__(self, confidence: float = 0.9, factor: float | None = None) -> None:
        self.confidence = confidence
        self.factor = factor

    def select(self, view: View) -> NDArray[np.int64]:
        """Rows by confidence, as far as the rule allows."""
        order = view.by_confidence()
        falling = view.confidence[order]
        if self.factor is None:
            count = int((falling >= self.confidence).sum())
        else:
            safe = np.arange(2, len(order) + 2) * (1 - falling) < self.factor
            count = len(order) if safe.all() else int(np.argmin(safe))
        return order[: max(1, count)]
