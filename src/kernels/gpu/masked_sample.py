"""Draw a token from the masked law, sharpened and truncated: temperature, top-k, top-p, min-p. Float64 throughout.

Reference: ``runtime/decoding/sampling.py`` (``choose``), row by row, with a given uniform number u::

    w = exp((logits - max allowed) / temperature) of the allowed tokens
    top-k: the k largest                        lower ids first among equals
    top-p: the fewest largest that reach top_p * sum(w)            likewise
    min-p: w >= min_p * max(w)
    token = first t with w[0] + ... + w[t] > u * sum(w)         temperature 0: the first largest
    log_prob = log p(token), log_mass = log of p's sum over allowed, p the model's law over ``size`` tokens

No sort. What top-k and top-p keep is an upper part of the order (logit falling, id rising), so it is described by its
last element, (key, id), where the key is the logit's bits as an ordered number of 32 bits. The key is found from its
highest hexadecimal digit down: eight passes, each of which adds up the measure (1 for top-k, w for top-p) by digit::

    keys with the digits found so far      0x8c1.....
    measure by the next digit              [ 0  1  2  ...  e  f ]        the largest digit with
                                            <--- above + suffix sums     above + sum(digits >= it) >= target

One more pass finds the id among those with that key. One program a row.

Order is by logit where the reference orders by weight: the two part only where different float32 logits have the same
float64 weight, as at temperatures above 1e8. Sums are added in another order, so a draw may differ where u is within
rounding (1e-13) of a boundary between two tokens.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from .blocks import block_for, is_broken, load_block, mask_row, ordered_bits

__all__ = ["masked_sample", "masked_sample_kernel"]

BLOCK = 1024
WARPS = 8


@triton.jit
def weights_of(values, top, temperature):
    """exp((values - top) / temperature), float64[block]."""
    return tl.exp((values.to(tl.float64) - top) / temperature)


@triton.jit
def is_kept(keys, columns, bits, last_key, last_id):
    """Whether tokens are not behind (last_key, last_id) in the order."""
    return bits & ((keys > last_key) | ((keys == last_key) & (columns <= last_id)))


@triton.jit
def cut(
    row,
    column_stride,
    words_of_row,
    word_stride,
    words,
    size,
    top,
    temperature,
    last_key,
    last_id,
    target,
    by_weight: tl.constexpr,
    block: tl.constexpr,
):
    """The element at which the measure of the kept, added up in order, reaches ``target``: its key and id."""
    digits = tl.arange(0, 16).to(tl.int64)
    prefix = tl.full((), 0, tl.int64)
    above = tl.full((), 0.0, tl.float64)
    for level in range(8):
        shift = 28 - 4 * level
        found = tl.zeros((16,), tl.float64)
        for start in range(0, size, block):
            columns = start + tl.arange(0, block).to(tl.int64)
            values, bits = load_block(row, column_stride, words_of_row, word_stride, words, size, columns)
            keys = ordered_bits(values)
            kept = is_kept(keys, columns, bits, last_key, last_id) & ((keys >> (shift + 4)) == prefix)
            measure = tl.where(kept, 1.0, 0.0).to(tl.float64)
            if by_weight:
                measure = tl.where(kept, weights_of(values, top, temperature), 0.0)
            digit = (keys >> shift) & 15
            found += tl.sum(tl.where(digit[:, None] == digits[None, :], measure[:, None], 0.0), axis=0)
        reach = above + tl.sum(tl.where(digits[None, :] >= digits[:, None], found[None, :], 0.0), axis=1)
        digit = tl.max(tl.where(reach >= target, digits, 0), axis=0)
        above += tl.sum(tl.where(digits > digit, found, 0.0), axis=0)
        prefix = prefix * 16 + digit
    each = tl.full((), 1.0, tl.float64)
    if by_weight:
        bits_of_key = tl.where(prefix >= 2147483648, prefix - 2147483648, -1 - prefix).to(tl.int32)
        each = tl.exp((bits_of_key.to(tl.float32, bitcast=True).to(tl.float64) - top) / temperature)
    rank = tl.full((), 0.0, tl.float64)
    cut_id = tl.full((), -1, tl.int64)
    for start in range(0, size, block):
        columns = start + tl.arange(0, block).to(tl.int64)
        values, bits = load_block(row, column_stride, words_of_row, word_stride, words, size, columns)
        keys = ordered_bits(values)
        equal = is_kept(keys, columns, bits, last_key, last_id) & (keys == prefix)
        ones = tl.where(equal, 1.0, 0.0).to(tl.float64)
        before = rank + tl.cumsum(ones, axis=0) - ones
        needed = equal & (above + before * each < target)
        cut_id = tl.maximum(cut_id, tl.max(tl.where(needed, columns, -1), axis=0))
        rank += tl.sum(ones, axis=0)
    return prefix, cut_id


@triton.jit
def masked_sample_kernel(
    logits,
    masks,
    mask_rows,
    uniforms,
    temperatures,
    top_ks,
    top_ps,
    min_ps,
    tokens,
    log_probs,
    log_masses,
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
    top_all = tl.full((), -float("inf"), tl.float32)
    top = tl.full((), -float("inf"), tl.float32)
    broken = 0
    for start in range(0, size, block):
        columns = start + tl.arange(0, block).to(tl.int64)
        values, bits = load_block(row, column_stride, words_of_row, word_stride, words, size, columns)
        found = is_broken(values)
        broken = tl.maximum(broken, found)
        values = tl.where(found != 0, -float("inf"), values)
        top_all = tl.maximum(top_all, tl.max(values, axis=0))
        top = tl.maximum(top, tl.max(tl.where(bits, values, -float("inf")), axis=0))
    if (broken != 0) | (top == -float("inf")):
        verdict = tl.where(broken != 0, float("nan"), -float("inf")).to(tl.float64)
        tl.store(tokens + index, tl.full((), -1, tl.int64))
        tl.store(log_probs + index, verdict)
        tl.store(log_masses + index, verdict)
    else:
        level = top.to(tl.float64)
        temperature = tl.load(temperatures + index).to(tl.float64)
        greedy = temperature == 0.0
        temperature = tl.where(greedy, 1.0, temperature)
        last_key = tl.full((), 0, tl.int64)
        last_id = tl.full((), 0, tl.int64) + size
        top_k = tl.where(greedy, 1, tl.load(top_ks + index))
        if top_k > 0:
            last_key, last_id = cut(
                row,
                column_stride,
                words_of_row,
                word_stride,
                words,
                size,
                level,
                temperature,
                last_key,
                last_id,
                top_k.to(tl.float64),
                by_weight=False,
                block=block,
            )
        sum_all = tl.full((), 0.0, tl.float64)
        sum_allowed = tl.full((), 0.0, tl.float64)
        sum_kept = tl.full((), 0.0, tl.float64)
        for start in range(0, size, block):
            columns = start + tl.arange(0, block).to(tl.int64)
            values, bits = load_block(row, column_stride, words_of_row, word_stride, words, size, columns)
            sum_all += tl.sum(tl.exp(values.to(tl.float64) - top_all.to(tl.float64)), axis=0)
            plain = tl.exp(values.to(tl.float64) - level)
            sum_allowed += tl.sum(tl.where(bits, plain, 0.0), axis=0)
            kept = is_kept(ordered_bits(values), columns, bits, last_key, last_id)
            sum_kept += tl.sum(tl.where(kept, weights_of(values, level, temperature), 0.0), axis=0)
        total = top_all.to(tl.float64) + tl.log(sum_all)
        share = tl.load(top_ps + index).to(tl.float64)
        if share < 1.0:
            last_key, last_id = cut(
                row,
                column_stride,
                words_of_row,
                word_stride,
                words,
                size,
                level,
                temperature,
                last_key,
                last_id,
                share * sum_kept,
                by_weight=True,
                block=block,
            )
        least = tl.load(min_ps + index).to(tl.float64)
        token = draw(
            row,
            column_stride,
            words_of_row,
            word_stride,
            words,
            size,
            level,
            temperature,
            last_key,
            last_id,
            least,
            tl.load(uniforms + index).to(tl.float64),
            block,
        )
        tl.store(tokens + index, token)
        tl.store(log_probs + index, tl.load(row + token * column_stride).to(tl.float64) - total)
        tl.store(log_masses + index, tl.minimum(level + tl.log(sum_allowed) - total, 0.0))


@triton.jit
def final_weights(values, columns, bits, top, temperature, last_key, last_id, least):
    """Weights after all truncations, 0 where cut off."""
    kept = is_kept(ordered_bits(values), columns, bits, last_key, last_id)
    weights = tl.where(kept, weights_of(values, top, temperature), 0.0)
    return tl.where(weights < least, 0.0, weights)


@triton.jit
def draw(
    row,
    column_stride,
    words_of_row,
    word_stride,
    words,
    size,
    top,
    temperature,
    last_key,
    last_id,
    least,
    uniform,
    block: tl.constexpr,
):
    """The first token at which the running sum exceeds ``uniform`` of the total; the last with weight if none does."""
    total = tl.full((), 0.0, tl.float64)
    last = tl.full((), 0, tl.int64)
    for start in range(0, size, block):
        columns = start + tl.arange(0, block).to(tl.int64)
        values, bits = load_block(row, column_stride, words_of_row, word_stride, words, size, columns)
        weights = final_weights(values, columns, bits, top, temperature, last_key, last_id, least)
        total += tl.sum(weights, axis=0)
        last = tl.maximum(last, tl.max(tl.where(weights > 0.0, columns, 0), axis=0))
    goal = uniform * total
    running = tl.full((), 0.0, tl.float64)
    token = last
    for start in range(0, size, block):
        columns = start + tl.arange(0, block).to(tl.int64)
        values, bits = load_block(row, column_stride, words_of_row, word_stride, words, size, columns)
        weights = final_weights(values, columns, bits, top, temperature, last_key, last_id, least)
        sums = running + tl.cumsum(weights, axis=0)
        token = tl.minimum(token, tl.min(tl.where((sums > goal) & (weights > 0.0), columns, last), axis=0))
        running += tl.sum(weights, axis=0)
    return token


def masked_sample(
    logits: torch.Tensor,
    masks: torch.Tensor,
    mask_rows: torch.Tensor | None,
    uniforms: torch.Tensor,
    settings: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor],
    size: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Launch.

    Args:
        logits: float[B, V'].
        masks: int32[M, W].
        mask_rows: int64[B] or None.
        uniforms: float64[B].
        settings: temperature float64[B], top_k int64[B] (0: all), top_p float64[B] (1: all), min_p float64[B].
        size: tokens of the vocabulary, at most V' and 32 W.

    Returns:
        Tokens int64[B], log-probabilities and log-masses, float64[B] each.
    """
    count = logits.shape[0]
    tokens = torch.empty(count, dtype=torch.int64, device=logits.device)
    log_probs = torch.empty(count, dtype=torch.float64, device=logits.device)
    log_masses = torch.empty_like(log_probs)
    if count:
        masked_sample_kernel[(count,)](
            logits,
            masks,
            mask_rows,
            uniforms,
            *settings,
            tokens,
            log_probs,
            log_masses,
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
    return tokens, log_probs, log_masses
