"""Autoregressive order: the leftmost open position, a token a step. For models that only know how to go on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View

__all__ = ["Leftmost"]


class Leftmost:
    """The first open position at which something is proposed."""

    def select(self, view: View) -> NDArray[np.int64]:
        """The first row, those without a proposal last."""
        return np.argsort(view.tokens < 0, kind="stable")[:1].astype(np.int64)
