"""Host masks to the device through two pinned buffers, while the device works on something else.

::

    host     fill A ── fill B ── fill A ...        pinned: the copy engine reads them by itself
    copies      └─ A' ──┐  └─ B' ──┐               a stream of its own: not behind the forward pass
    compute   forward ──┴ mask A' ─┴ mask B'       waits for its copy, and only on the device

Before the host writes a buffer again, it waits for the copy made from it two calls ago; before the device's buffer is
overwritten, the copy stream waits for what the compute stream was given before the call in between. Elsewhere than on
CUDA a copy is a plain copy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .operations import mask_tensor

__all__ = ["MaskCopier"]

_BUFFERS = 2


class MaskCopier:
    """Copies masks of one width to one device.

    Attributes:
        device: where they go.

    Args:
        words: W, words of a mask.
        device: where they go.
    """

    def __init__(self, words: int, device: torch.device | str) -> None:
        self.device = torch.device(device)
        self._words = words
        self._next = 0
        self._slots: list[_Slot] = []
        cuda: Any = torch.cuda  # whose classes are untyped
        self._stream: Any = cuda.Stream(self.device) if self.device.type == "cuda" else None

    def copy(self, masks: NDArray[np.uint32]) -> torch.Tensor:
        """Masks uint32[B, W] as int32[B, W] on the device; valid until the call after the next.

        The result may be used on the stream that is current in this call. The array may be changed at once.
        """
        if self._stream is None:
            return mask_tensor(masks.copy(), self.device)
        if not self._slots or len(masks) > self._slots[0].rows:
            self._grow(max(len(masks), 2 * self._slots[0].rows if self._slots else 0))
        compute = torch.cuda.current_stream(self.device)
        slot, other = self._slots[self._next], self._slots[1 - self._next]
        self._next = 1 - self._next
        return slot.send(masks, self._stream, compute, other)

    def _grow(self, rows: int) -> None:
        """New buffers, once nothing is under way in the old ones, whose memory they may get."""
        self._stream.synchronize()
        torch.cuda.current_stream(self.device).synchronize()
        self._slots = [_Slot(rows, self._words, self.device) for _ in range(_BUFFERS)]


class _Slot:
    """A pinned buffer with its buffer on the device.

    ``copied`` is done when the host may write ``host`` again; ``consumed`` when the copy stream may write ``sent``.
    """

    def __init__(self, rows: int, words: int, device: torch.device) -> None:
        self.rows = rows
        self.host = torch.empty((rows, words), dtype=torch.int32, pin_memory=True)
        self.sent = torch.empty((rows, words), dtype=torch.int32, device=device)
        cuda: Any = torch.cuda
        self.copied = cuda.Event()
        self.consumed = cuda.Event()

    def send(self, masks: NDArray[np.uint32], stream: Any, compute: Any, other: _Slot) -> torch.Tensor:
        """Copy, and let the compute stream wait for it."""
        count = len(masks)
        other.consumed.record(compute)  # all that reads the other slot has been enqueued by now
        self.copied.synchronize()
        self.host[:count].numpy()[...] = masks.view(np.int32)
        with torch.cuda.stream(stream):
            stream.wait_event(self.consumed)
            self.sent[:count].copy_(self.host[:count], non_blocking=True)
            self.copied.record(stream)
        compute.wait_event(self.copied)
        return self.sent[:count]
