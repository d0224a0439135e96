"""Early answer commit: stop when the gap between the two best tokens says that everything is decided.

Prophet (Li et al. 2025, *Diffusion Language Models Know the Answer Before Decoding*, arXiv 2508.19982): the mean gap
between the two highest logits over the open positions is compared with a threshold that falls as decoding goes on,
high while a mistake would still be costly (7.5 in the first third, 5.0 in the second, 2.5 in the last). Once above
it, all that is open is committed at once; before, the decoder inside decides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..view import View
from .confidence import Confidence
from .protocol import Decoder

__all__ = ["Prophet"]


class Prophet:
    """Everything at once when the mean gap is wide enough.

    Args:
        gaps: thresholds in nats for the first, second and last third of the canvas.
        inner: who decides before; by confidence.
    """

    def __init__(self, gaps: tuple[float, float, float] = (7.5, 5.0, 2.5), inner: Decoder | None = None) -> None:
        self.gaps = gaps
        self._inner = inner or Confidence()

    def select(self, view: View) -> NDArray[np.int64]:
        """All rows by confidence, or the inner decoder's."""
        threshold = self.gaps[min(2, int(view.progress * 3))]
        finite = np.minimum(view.gap, 50.0)  # a forced position is decided, but must not decide for the others
        if finite.mean() >= threshold:
            return view.by_confidence()
        return self._inner.select(view)
