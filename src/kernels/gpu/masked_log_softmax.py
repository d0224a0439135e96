"""The log-law restricted to a mask, and the log of the mass that the model gives to what is allowed.

Reference::

    for b in range(B):
        if any(isnan(l) or l == inf for l in logits[b, :size]):
            log_mass[b] = nan; law[b, allowed] = nan; law[b, refused] = -inf
            continue
        total = log(sum(exp(l) for l in logits[b, :size]))
        mass  = log(sum(exp(logits[b, t]) for t in allowed))         # -inf if there are none
        log_mass[b] = min(0, mass - total)
        law[b, t] = logits[b, t] - mass if t is allowed and mass > -inf else -inf

A row is split among programs, so that few rows fill a device. The first kernel leaves for each chunk of columns the
largest logit and the sum of exponentials relative to it, of all and of the allowed; the second merges a row's chunks,
each program for itself, and writes::

    partial[row, chunk]    max of all    sum of all    max of allowed    sum of allowed
                                         NaN where the chunk holds NaN or +inf
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from .blocks import allowed_at, block_for, is_broken, load_block, mask_row

__all__ = ["masked_log_softmax", "masses_kernel", "write_kernel"]

BLOCK = 1024
BLOCKS_OF_CHUNK = 8


@triton.jit
def finite(top):
    """A level to subtract: the largest logit, or 0 where all are -inf."""
    return tl.where(top == -float("inf"), 0.0, top)


@triton.jit
def exp_sum(values):
    """The largest of float32[n], and the sum of exponentials relative to it (0 if all are -inf)."""
    top = tl.max(values, axis=0)
    return top, tl.sum(tl.exp(values - finite(top)), axis=0)


@triton.jit
def merged(total, top, other, other_top):
    """Two such sums as one."""
    new_top = tl.maximum(top, other_top)
    level = finite(new_top)
    return total * tl.exp(top - level) + other * tl.exp(other_top - level), new_top


@triton.jit
def masses_kernel(
    logits,
    masks,
    mask_rows,
    partial,
    size,
    words,
    row_stride,
    column_stride,
    mask_stride,
    word_stride,
    picked: tl.constexpr,
    block: tl.constexpr,
    blocks_of_chunk: tl.constexpr,
):
    """Sums of one chunk of one row, to float32[rows, chunks, 4]; a grid of (rows, chunks)."""
    index = tl.program_id(0).to(tl.int64)
    chunk = tl.program_id(1).to(tl.int64)
    row = logits + index * row_stride
    words_of_row = masks + mask_row(mask_rows, index, picked) * mask_stride
    top_all = -float("inf")
    top_kept = -float("inf")
    sum_all = 0.0
    sum_kept = 0.0
    broken = 0
    for i in range(blocks_of_chunk):
        columns = (chunk * blocks_of_chunk + i) * block + tl.arange(0, block)
        values, bits = load_block(row, column_stride, words_of_row, word_stride, words, size, columns)
        found = is_broken(values)
        broken = tl.maximum(broken, found)
        values = tl.where(found != 0, -float("inf"), values)
        top, total = exp_sum(values)
        sum_all, top_all = merged(sum_all, top_all, total, top)
        top, total = exp_sum(tl.where(bits, values, -float("inf")))
        sum_kept, top_kept = merged(sum_kept, top_kept, total, top)
    place = partial + (index * tl.num_programs(1) + chunk) * 4
    tl.store(place, top_all)
    tl.store(place + 1, tl.where(broken != 0, float("nan"), sum_all))
    tl.store(place + 2, top_kept)
    tl.store(place + 3, sum_kept)


@triton.jit
def log_sum(tops, sums):
    """Log of the sum of all chunks, NaN where one of them is NaN."""
    top = tl.max(tops, axis=0)
    total = tl.sum(sums * tl.exp(tops - finite(top)), axis=0)
    return tl.where(total == 0.0, -float("inf"), top + tl.log(tl.where(total == 0.0, 1.0, total)))


@triton.jit
def write_kernel(
    logits,
    masks,
    mask_rows,
    partial,
    law,
    log_mass,
    size,
    columns_of_row,
    words,
    chunks,
    row_stride,
    column_stride,
    mask_stride,
    word_stride,
    picked: tl.constexpr,
    block: tl.constexpr,
    padded_chunks: tl.constexpr,
):
    """Law of one block of one row, and by the first block the row's mass; a grid of (rows, blocks)."""
    index = tl.program_id(0).to(tl.int64)
    chunk = tl.arange(0, padded_chunks)
    place = partial + (index * chunks + chunk) * 4
    there = chunk < chunks
    total = log_sum(tl.load(place, mask=there, other=-float("inf")), tl.load(place + 1, mask=there, other=0.0))
    kept = log_sum(tl.load(place + 2, mask=there, other=-float("inf")), tl.load(place + 3, mask=there, other=0.0))
    broken = total != total
    mass = tl.where(kept == -float("inf"), kept, tl.minimum(kept - finite(total), 0.0))
    mass = tl.where(broken, float("nan"), mass)
    columns = tl.program_id(1).to(tl.int64) * block + tl.arange(0, block)
    words_of_row = masks + mask_row(mask_rows, index, picked) * mask_stride
    values = tl.load(logits + index * row_stride + columns * column_stride, mask=columns < size, other=-float("inf"))
    bits = (columns < size) & allowed_at(words_of_row, word_stride, words, columns)
    shifted = values.to(tl.float32) - finite(kept)
    shifted = tl.where(broken, float("nan"), shifted)
    inside = columns < columns_of_row
    tl.store(law + index * columns_of_row + columns, tl.where(bits, shifted, -float("inf")), mask=inside)
    if tl.program_id(1) == 0:
        tl.store(log_mass + index, mass)


def masked_log_softmax(
    logits: torch.Tensor, masks: torch.Tensor, mask_rows: torch.Tensor | None, size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Launch both kernels.

    Args:
        logits: float[B, V'].
        masks: int32[M, W].
        mask_rows: int64[B] or None.
        size: tokens of the vocabulary, at most V' and 32 W.

    Returns:
        float32[B, V'] and float32[B].
    """
    count, width = logits.shape
    law = torch.empty((count, width), dtype=torch.float32, device=logits.device)
    log_mass = torch.full((count,), -torch.inf, dtype=torch.float32, device=logits.device)
    if count == 0 or width == 0:
        return law, log_mass
    block = block_for(width, BLOCK)
    chunks = max(1, triton.cdiv(size, block * BLOCKS_OF_CHUNK))
    partial = torch.empty((count, chunks, 4), dtype=torch.float32, device=logits.device)
    strides = (logits.stride(0), logits.stride(1), masks.stride(0), masks.stride(1))
    picked = mask_rows is not None
    masses_kernel[count, chunks](
        logits,
        masks,
        mask_rows,
        partial,
        size,
        masks.shape[1],
        *strides,
        picked=picked,
        block=block,
        blocks_of_chunk=BLOCKS_OF_CHUNK,
    )
    write_kernel[count, triton.cdiv(width, block)](
        logits,
        masks,
        mask_rows,
        partial,
        law,
        log_mass,
        size,
        width,
        masks.shape[1],
        chunks,
        *strides,
        picked=picked,
        block=block,
        padded_chunks=triton.next_power_of_2(chunks),
    )
    return law, log_mass
