"""The protocol of decoders: a view of the open positions of the block in, the rows to commit out.

::

    forward pass ──> View (proposals, confidences) ──select──> rows, most certain first ──> Canvas.commit, one by one

A decoder decides *where* and *how many*; *what* is proposed there comes from the model and the canvas. A step must
commit something, so a decoder whose rule finds nothing takes the most confident position. Two optional abilities:
`BlockSizing` moves the end of a block, `Drafting` names commits that are likely next, whose forward passes are then
made in one batch with the present one.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..view import View

__all__ = ["BlockSizing", "Decoder", "Drafting"]


class Decoder(Protocol):
    """Which positions a step commits."""

    def select(self, view: View, /) -> NDArray[np.int64]:
        """Rows of the view to commit, in the order in which they are to be tried; at least one."""
        ...


@runtime_checkable
class BlockSizing(Protocol):
    """A decoder that chooses where a block ends."""

    def block_end(self, view: View, start: int, end: int, text: list[bytes], /) -> int:
        """The end of the block that begins at ``start``, from the first pass over it.

        Args:
            view: proposals at all open positions from ``start`` on.
            start: first position of the block.
            end: where it would end otherwise.
            text: the bytes of each proposed token, in the order of the view.

        Returns:
            A position above ``start``.
        """
        ...


@runtime_checkable
class Drafting(Protocol):
    """A decoder that foresees its next commits."""

    def draft(self, view: View, chosen: NDArray[np.int64], /) -> NDArray[np.int64]:
        """Rows that are likely to be committed after the chosen ones, in order, one a step."""
        ...
