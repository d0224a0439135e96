"""The likeliest allowed token of every row, its probability among the allowed, the margin to the second, the entropy.

Reference, for each row with L the allowed tokens' logits, t the first largest::

    if any(isnan(l) or l == inf for l in logits[:size]):  -1, nan, nan, nan
    if no logit in L is above -inf:                       -1, 0, 0, 0
    q = exp(L - max L); q /= sum(q)
    t, q[t], q[t] - max(q without t), -sum(q log q)

One program a row, two passes: the two largest logits, then the sums relative to the largest. With s = sum(exp(l - top))
and a = sum((l - top) exp(l - top)), the confidence is 1 / s and the entropy log(s) - a / s (nats).
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from .blocks import block_for, is_broken, load_block, mask_row

__all__ = ["masked_argmax", "masked_argmax_kernel"]

BLOCK = 2048
WARPS = 8


@triton.jit
def masked_argmax_kernel(
    logits,
    masks,
    mask_rows,
    tokens,
    confidences,
    margins,
    entropies,
    size,
    words,
    row_stride,
    column_stride,
    mask_stride,
    word_stride,
    picked: tl.constexpr,
    block: tl.constexpr,
):
    """See the module; a grid of (rows,)."""
    index = tl.program_id(0).to(tl.int64)
    row = logits + index * row_stride
    words_of_row = masks + mask_row(mask_rows, index, picked) * mask_stride
    top = -float("inf")
    second = -float("inf")
    token = tl.full((), -1, tl.int64)
    broken = 0
    for start in range(0, size, block):
        columns = start + tl.arange(0, block).to(tl.int64)
        values, bits = load_block(row, column_stride, words_of_row, word_stride, words, size, columns)
        found = is_broken(values)
        broken = tl.maximum(broken, found)
        values = tl.where(bits & (found == 0), values, -float("inf"))
        best = tl.max(values, axis=0)
        first = tl.min(tl.where(values == best, columns, size), axis=0)
        rest = tl.max(tl.where(columns == first, -float("inf"), values), axis=0)
        second = tl.maximum(tl.maximum(second, rest), tl.minimum(top, best))
        token = tl.where(best > top, first, token)
        top = tl.maximum(top, best)
    level = tl.where(top == -float("inf"), 0.0, top)
    total = 0.0
    spread = 0.0
    for start in range(0, size, block):
        columns = start + tl.arange(0, block).to(tl.int64)
        values, bits = load_block(row, column_stride, words_of_row, word_stride, words, size, columns)
        counted = bits & (values > -float("inf"))
        shifted = tl.where(counted, values - level, 0.0)
        weights = tl.where(counted, tl.exp(shifted), 0.0)
        total += tl.sum(weights, axis=0)
        spread += tl.sum(weights * shifted, axis=0)
    hopeless = top == -float("inf")
    divisor = tl.where(hopeless, 1.0, total)
    other = tl.where(second == -float("inf"), 0.0, tl.exp(second - level))
    confidence = tl.where(hopeless, 0.0, 1.0 / divisor)
    margin = tl.where(hopeless, 0.0, (1.0 - other) / divisor)
    entropy = tl.where(hopeless, 0.0, tl.log(divisor) - spread / divisor)
    tl.store(tokens + index, tl.where(broken != 0, -1, token))
    tl.store(confidences + index, tl.where(broken != 0, float("nan"), confidence))
    tl.store(margins + index, tl.where(broken != 0, float("nan"), margin))
    tl.store(entropies + index, tl.where(broken != 0, float("nan"), entropy))


def masked_argmax(
    logits: torch.Tensor, masks: torch.Tensor, mask_rows: torch.Tensor | None, size: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Launch.

    Args:
        logits: float[L, V'].
        masks: int32[M, W].
        mask_rows: int64[L] or None.
        size: tokens of the vocabulary, at most V' and 32 W.

    Returns:
        Tokens int64[L]; confidence, margin and entropy, float32[L] each.
    """
    count = logits.shape[0]
    tokens = torch.empty(count, dtype=torch.int64, device=logits.device)
    confidence, margin, entropy = (torch.empty(count, dtype=torch.float32, device=logits.device) for _ in range(3))
    if count:
        masked_argmax_kernel[(count,)](
            logits,
            masks,
            mask_rows,
            tokens,
            confidence,
            margin,
            entropy,
            size,
            masks.shape[1],
            logits.stride(0),
            logits.stride(1),
            masks.stride(0),
            masks.stride(1),
            picked=mask_rows is not None,
            block=block_for(size, BLOCK),
            num_warps=WARPS,
        )
    return tokens, confidence, margin, entropy
