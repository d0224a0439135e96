"""The matcher of no constraint: every token may come, and the text may end anywhere."""

from __future__ import annotations

import numpy as np

from .protocol import BitMask, Vocabulary

__all__ = ["FreeMatcher"]


class FreeMatcher:
    """All of the vocabulary, always. Used for ``generate(model, prompt)`` without a constraint."""

    accepting = True
    finished = False

    def __init__(self, vocabulary: Vocabulary) -> None:
        size = len(vocabulary)
        self._words: BitMask = np.full(-(-size // 32), 0xFFFFFFFF, np.uint32)
        if size % 32:
            self._words[-1] = np.uint32((1 << size % 32) - 1)

    def mask(self, out: BitMask | None = None, budget: int | None = None) -> BitMask:
        """uint32[W], bits beyond the vocabulary 0."""
        if out is None:
            return self._words
        out[:] = self._words
        return out

    def advance(self, token: int) -> bool:
        """Always accepted."""
        return True

    def advance_bytes(self, data: bytes) -> bool:
        """Always accepted."""
        return True

    def rollback(self, n_tokens: int) -> None:
        """Nothing to undo."""

    def fork(self) -> FreeMatcher:
        """Itself: there is no state."""
        return self

    def forced_tokens(self) -> list[int]:
        """None."""
        return []

    def shortest_tokens(self, limit: int | None = None) -> list[int]:
        """The empty plan."""
        return []
