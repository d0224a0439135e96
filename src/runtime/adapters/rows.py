"""Key-value caches of many sequences in one batch, with states that stay valid for ever.

Sequences of a batch grow by different numbers of tokens a pass. All rows get the same number of new slots;
shorter rows are padded on the left with slots that attention never sees (``#``)::

                prompts          pass 2       pass 3
    row 0    # # # a b c      |  d          |  # e            batch.seen   bool[B, T]: which slots hold tokens
    row 1    t u v w x y      |  z          |  p q            state        (batch, row, slots = T after the
    pass)

Slots are only ever appended, so a state, which is a row and a number of slots, means the same for good:
decoding may go on from an old one, or twice from the same one (a fork). Where the states of a call are the
newest of one batch, in order, the pass appends in place; otherwise, and where more than half of the slots are
padding, the rows are first copied into a batch of their own, packed to the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from transformers import DynamicCache

__all__ = ["RowBatch", "RowState", "batch_of"]

_SLACK = 64  # padded slots that are not worth a copy


class RowBatch:
    """The cache of a batch.

    Attributes:
        cache: a ``DynamicCache`` whose layers hold keys and values of shape (B, heads, T, width).
        seen: bool[B, T], on the model's device.
    """

    __slots__ = ("cache", "seen")

    def __init__(self, cache: Any, seen: torch.Tensor) -> None:
        self.cache = cache
        self.seen = seen

    @property
    def slots(self) -> int:
        """T, tokens and padding."""
        return int(self.seen.shape[1])

    def append(self, lengths: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Make room for ``lengths[i]`` new tokens in row i.

        Returns:
            The attention mask int64[B, T'] and the position ids int64[B, max(lengths)] of the new slots.
        """
        width = max(lengths)
        counts = torch.tensor(lengths, device=self.seen.device)
        new = torch.arange(width, device=self.seen.device)[None] >= width - counts[:, None]
        old = self.seen.sum(dim=1, keepdim=True)
        self.seen = torch.cat([self.seen, new], dim=1)
        positions = (old + new.cumsum(dim=1) - 1).clamp(min=0)
        return self.seen.long(), positions


class RowState(NamedTuple):
    """One sequence: the slots of ``row`` below ``slots`` that are seen."""

    batch: RowBatch
    row: int
    slots: int


def batch_of(states: Sequence[RowState | None], device: torch.device) -> RowBatch:
    """A batch whose row i continues ``states[i]`` (None: an empty sequence); in place where possible."""
    first = states[0]
    if first is not None and all(
        state is not None and state.batch is first.batch and state.row == row and state.slots == first.batch.slots
        for row, state in enumerate(states)
    ):
        whole = len(states) == first.batch.seen.shape[0]
        if whole and first.batch.slots <= 2 * int(first.batch.seen.sum(dim=1).max()) + _SLACK:
            return first.batch
    return _gathered(states, device)


def _gathered(states: Sequence[RowState | None], device: torch.device) -> RowBatch:
    """Copy rows into a batch of their own, right-aligned: O(layers x tokens)."""
    picks = [None if s is None else s.batch.seen[s.row, : s.slots].nonzero()[:, 0] for s in states]
    lengths = [0 if pick is None else len(pick) for pick in picks]
    width = max(lengths)
    cache = DynamicCache()
    sources = [(s, pick) for s, pick in zip(states, picks, strict=True) if s is not None and pick is not None]
    if width == 0 or not sources:
        return RowBatch(cache, torch.zeros((len(states), 0), dtype=torch.bool, device=device))
    for index in range(len(sources[0][0].batch.cache.layers)):
        packed = []
        for name in ("keys", "values"):
            model = getattr(sources[0][0].batch.cache.layers[index], name)
            out = model.new_zeros((len(states), model.shape[1], width, model.shape[3]))
            for row, (state, pick) in enumerate(zip(states, picks, strict=True)):
                if state is not None and pick is not None and len(pick):
                    tensor = getattr(state.batch.cache.layers[index], name)
                    out[row, :, width - len(pick) :] = tensor[state.row][:, pick]
            packed.append(out)
        cache.update(packed[0], packed[1], index)
    counts = torch.tensor(lengths, device=device)
    return RowBatch(cache, torch.arange(width, device=device)[None] >= width - counts[:, None])
