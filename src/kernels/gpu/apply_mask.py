"""Refused logits become -inf, in place; the logits are never read.

Reference::

    for i in range(n):
        row, mask = rows[i], masks[mask_rows[i]]
        for token in range(V):
            if token >= 32 * W or not mask[token // 32] >> (token % 32) & 1:
                logits[row, token] = -inf

One program writes BLOCK columns of one row. NaN that is allowed stays NaN, as ``masked_fill`` leaves it.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from .blocks import allowed_at, block_for, mask_row

__all__ = ["apply_mask", "apply_mask_kernel"]

BLOCK = 2048


@triton.jit
def apply_mask_kernel(
    logits,
    masks,
    rows,
    mask_rows,
    size,
    words,
    row_stride,
    column_stride,
    mask_stride,
    word_stride,
    some_rows: tl.constexpr,
    picked: tl.constexpr,
    block: tl.constexpr,
):
    """See the module; a grid of (rows, blocks of columns)."""
    index = tl.program_id(0).to(tl.int64)
    row = index
    if some_rows:
        row = tl.load(rows + index).to(tl.int64)
    columns = tl.program_id(1).to(tl.int64) * block + tl.arange(0, block)
    bits = allowed_at(masks + mask_row(mask_rows, index, picked) * mask_stride, word_stride, words, columns)
    places = logits + row * row_stride + columns * column_stride
    tl.store(places, -float("inf"), mask=(columns < size) & ~bits)


def apply_mask(
    logits: torch.Tensor, masks: torch.Tensor, rows: torch.Tensor | None, mask_rows: torch.Tensor | None
) -> None:
    """Launch.

    Args:
        logits: float[B, V], changed.
        masks: int32[M, W].
        rows: int64[n] or None.
        mask_rows: int64[n] or None.
    """
    count = logits.shape[0] if rows is None else rows.shape[0]
    size = logits.shape[1]
    if count == 0 or size == 0:
        return
    block = block_for(size, BLOCK)
    apply_mask_kernel[count, triton.cdiv(size, block)](
        logits,
        masks,
        rows,
        mask_rows,
        size,
        masks.shape[1],
        logits.stride(0),
        logits.stride(1),
        masks.stride(0),
        masks.stride(1),
        some_rows=rows is not None,
        picked=mask_rows is not None,
        block=block,
    )
