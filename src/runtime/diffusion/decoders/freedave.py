"""Draft and verify without loss: several steps of one-token-a-step decoding in one batched pass.

FreeDave (Wu and Zhang 2025, arXiv 2510.00294). The pass that chose a token also ranks the others, so it is a draft of
the steps to come. The canvases after the next commit, the next two, ... are fed as one batch::

    drafts     x+a        x+a+b      x+a+b+c         one batch of three
    chosen      b           c'         (not used)    b as drafted: its logits are there already; c' is not: a new batch

Each commit is chosen from the logits of exactly the canvas that it is committed to, so the text is the one that a
step per token would have given; only the number of passes changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View

__all__ = ["FreeDave"]


class FreeDave:
    """The most confident position, and the next ones as drafts.

    Args:
        drafts: how many steps ahead a batch looks.
    """

    def __init__(self, drafts: int = 4) -> None:
        self.drafts = drafts

    def select(self, view: View) -> NDArray[np.int64]:
        """The first row by confidence."""
        return view.by_confidence()[:1]

    def draft(self, view: View, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that follow by confidence."""
        order = view.by_confidence()
        return order[~np.isin(order, chosen)][: self.drafts]
