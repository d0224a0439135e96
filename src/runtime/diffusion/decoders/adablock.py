"""Blocks that end where a semantic step ends.

AdaBlock-dLLM (Lu et al. 2025, arXiv 2509.26432): a fixed block size cuts steps of the text in two, so that tokens of
low confidence are committed early and confident ones behind the block's end wait. At the first pass over a block the
proposals in a window ahead are searched for delimiters; the most confident one, if it is above a threshold, ends the
block, and otherwise the block has its usual size. Inside a block tokens are committed by the confidence threshold::

    proposals   x   =   1   ;   \\n  y   =   2
    block      |<----------------->|                 ends at the confident line break
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View
from .threshold import Threshold

__all__ = ["AdaBlock"]


class AdaBlock:
    """Confidence threshold in blocks of adaptive size.

    Args:
        delimiters: a token that contains one of them may end a block.
        certainty: confidence that such a proposal needs.
        share: the window, as a share of the block's usual size.
        confidence: threshold of the commits.
    """

    def __init__(
        self,
        delimiters: tuple[bytes, ...] = (b"\n", b",", b";", b"}"),
        certainty: float = 0.3,
        share: float = 1.0,
        confidence: float = 0.9,
    ) -> None:
        self.delimiters = delimiters
        self.certainty = certainty
        self.share = share
        self._within = Threshold(confidence)

    def select(self, view: View) -> NDArray[np.int64]:
        """As the confidence threshold does."""
        return self._within.select(view)

    def block_end(self, view: View, start: int, end: int, text: list[bytes]) -> int:
        """Behind the most confident delimiter of the window, else ``end``."""
        window = start + max(1, round((end - start) * self.share))
        best, found = self.certainty, end
        for row, data in enumerate(text):
            if view.positions[row] >= window:
                break
            if view.confidence[row] > best and any(mark in data for mark in self.delimiters):
                best, found = float(view.confidence[row]), int(view.positions[row]) + 1
        return found
