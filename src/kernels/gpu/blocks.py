"""What the kernels share: a block of a row of logits together with its bits of the mask.

::

    columns   start .. start + BLOCK - 1
    logits    [ 1.5  -inf  0.2  ...          ]     float32; -inf at and beyond ``size``
    bits      [ 1    0     1    ...   0   0  ]     bit c % 32 of word c // 32; 0 at and beyond ``size``

Offsets are int64: rows times vocabulary passes 2**31 at 8,192 rows of 262,144.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["allowed_at", "block_for", "is_broken", "load_block", "mask_row", "ordered_bits"]


@triton.jit
def mask_row(mask_rows, index, picked: tl.constexpr):
    """Which mask is that of the ``index``-th row, int64."""
    if picked:
        return tl.load(mask_rows + index).to(tl.int64)
    return index


@triton.jit
def allowed_at(words_of_row, word_stride, words, columns):
    """Bits of the mask at ``columns`` (int64[BLOCK]), False beyond its words."""
    word = columns >> 5
    held = tl.load(words_of_row + word * word_stride, mask=word < words, other=0)
    return ((held >> (columns & 31).to(tl.int32)) & 1) != 0


@triton.jit
def load_block(row, column_stride, words_of_row, word_stride, words, size, columns):
    """Logits as float32[BLOCK] (-inf beyond ``size``) and their bits."""
    inside = columns < size
    logits = tl.load(row + columns * column_stride, mask=inside, other=-float("inf")).to(tl.float32)
    return logits, inside & allowed_at(words_of_row, word_stride, words, columns)


@triton.jit
def is_broken(logits):
    """1 if the block holds NaN or +inf, from which no law follows; else 0."""
    return tl.max(((logits != logits) | (logits == float("inf"))).to(tl.int32), axis=0)


@triton.jit
def ordered_bits(logits):
    """float32[BLOCK] to int64[BLOCK] of 0 .. 2**32 - 1 in the same order; both zeros are equal."""
    bits = tl.where(logits == 0.0, 0.0, logits).to(tl.int32, bitcast=True).to(tl.int64)
    return tl.where(bits < 0, -1 - bits, bits + 2147483648) & 4294967295


def block_for(size: int, most: int) -> int:
    """Columns of a block: a power of two, no more than a row of ``size`` needs."""
    return min(most, max(16, 1 << (size - 1).bit_length()))
