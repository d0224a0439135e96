"""The canvas of no constraint at all: any token that spells something may stand anywhere, and so may end tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import GramaryeError
from ..decoding.sampling import generator, log_softmax
from .canvas_protocol import Mode, checked_fixed

if TYPE_CHECKING:
    from ..vocabulary import Vocabulary

__all__ = ["FreeCanvas", "free_mask"]


def free_mask(vocabulary: Vocabulary, *, ends: bool = True) -> NDArray[np.uint32]:
    """uint32[W] of the tokens that spell something, and of the end tokens if wanted."""
    lengths = np.diff(vocabulary.tables.token_offsets)
    bits = np.zeros(vocabulary.words * 32, np.bool_)
    bits[: len(vocabulary)] = lengths > 0
    bits[list(vocabulary.eos_ids)] = ends
    return np.packbits(bits, bitorder="little").view("<u4").astype(np.uint32)


class FreeCanvas:
    """A canvas on which everything is allowed; see :class:`.canvas_protocol.Canvas`."""

    exact = True

    def __init__(self, vocabulary: Vocabulary, length: int, fixed: Mapping[int, int] | None = None) -> None:
        self.length = length
        self._fixed = checked_fixed(length, fixed, len(vocabulary))
        self._vocabulary = vocabulary
        self._free = free_mask(vocabulary)

    @property
    def completable(self) -> bool:
        """Always."""
        return True

    @property
    def fixed(self) -> dict[int, int]:
        """The token of each position that was given or committed."""
        return self._fixed

    @property
    def shortest(self) -> int | None:
        """As far as fixed tokens of text reach."""
        ends = self._vocabulary.eos_ids
        return max((position + 1 for position, token in self._fixed.items() if token not in ends), default=0)

    def masks(self, exact: bool = True) -> NDArray[np.uint32]:
        """uint32[L, W]."""
        masks = np.tile(self._free, (self.length, 1))
        for position, token in self._fixed.items():
            masks[position] = 0
            masks[position, token >> 5] = np.uint32(1 << (token & 31))
        return masks

    def allows(self, position: int, token: int) -> bool:
        """True for tokens that spell something and for end tokens."""
        return self._fixed.get(position, token) == token and bool(self._free[token >> 5] >> (token & 31) & 1)

    def commit(self, position: int, token: int) -> bool:
        """Fix a position."""
        if not self.allows(position, token):
            return False
        self._fixed[position] = token
        return True

    def witness(self) -> list[int]:
        """The first token that is free, wherever nothing is fixed."""
        word = int(np.flatnonzero(self._free)[0])
        first = word * 32 + (int(self._free[word]) & -int(self._free[word])).bit_length() - 1
        return [self._fixed.get(position, first) for position in range(self.length)]

    def sample(self, log_probs: NDArray[np.floating], rng: np.random.Generator, mode: Mode = "sample") -> list[int]:
        """Each position by itself."""
        rng = generator(0) if mode == "map" else rng
        bits = np.unpackbits(self._free.astype("<u4").view(np.uint8), bitorder="little")[: log_probs.shape[1]]
        law = log_softmax(np.where(bits.astype(np.bool_), log_probs, -np.inf).astype(np.float64))
        if mode == "sample":
            law = law + rng.gumbel(size=law.shape)
        elif mode != "map":
            raise GramaryeError(f"mode is {mode!r}", expected=["sample", "map"])
        best = law.argmax(axis=1)
        return [self._fixed.get(position, int(best[position])) for position in range(self.length)]
