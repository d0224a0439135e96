"""Local determinism: around confident anchors a lower threshold will do.

LocalLeap (Kong et al. 2025, arXiv 2510.07081): positions above the anchor threshold are committed as in Fast-dLLM,
and within a radius of them all positions above a relaxed one, since what stands next to decided text is mostly
decided too::

    confidence   .31  .78  .95  .81  .40  .77
    anchor                  *
    committed         +     *    +              radius 1, relaxed 0.75: the last one is too far away
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View

__all__ = ["LocalLeap"]


class LocalLeap:
    """Anchors and their confident neighbourhood.

    Args:
        anchor: confidence of an anchor.
        relaxed: confidence that is enough near one.
        radius: how near, in positions.
    """

    def __init__(self, anchor: float = 0.9, relaxed: float = 0.75, radius: int = 4) -> None:
        self.anchor = anchor
        self.relaxed = relaxed
        self.radius = radius

    def select(self, view: View) -> NDArray[np.int64]:
        """Anchors and neighbours by confidence; the most confident position where there is no anchor."""
        order = view.by_confidence()
        anchors = view.positions[view.confidence >= self.anchor]
        if anchors.size == 0:
            return order[:1]
        near = np.abs(view.positions[:, None] - anchors[None]).min(axis=1) <= self.radius
        taken = (view.confidence >= self.anchor) | (near & (view.confidence >= self.relaxed))
        committed: NDArray[np.int64] = order[taken[order]]
        return committed
