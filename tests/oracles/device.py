"""The operations on masked logits, a row and a token at a time, in float64."""

from __future__ import annotations

import math

import numpy as np

from gramarye.errors import ModelError
from gramarye.runtime.decoding.sampling import choose, log_softmax


def pack(allowed, words=None):
    """bool[M, V] to uint32[M, W]."""
    count, size = allowed.shape
    words = (size + 31) // 32 if words is None else words
    bits = np.zeros((count, 32 * words), np.bool_)
    bits[:, :size] = allowed
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint32).reshape(count, words)


def is_allowed(mask, token):
    return token < 32 * len(mask) and bool(int(mask[token // 32]) >> (token % 32) & 1)


def apply_mask(logits, masks, rows=None, mask_rows=None):
    rows = range(len(logits)) if rows is None else rows
    out = logits.copy()
    for place, row in enumerate(rows):
        mask = masks[place if mask_rows is None else mask_rows[place]]
        for token in range(logits.shape[1]):
            if not is_allowed(mask, token):
                out[row, token] = -np.inf
    return out


def is_broken(row):
    return any(math.isnan(value) or value == math.inf for value in row)


def log_sum(values):
    top = max(values, default=-math.inf)
    return top if top == -math.inf else top + math.log(math.fsum(math.exp(value - top) for value in values))


def masked_log_softmax(logits, masks, size):
    law, masses = np.full(logits.shape, -np.inf), np.empty(len(logits))
    for row, (values, mask) in enumerate(zip(logits[:, :size].astype(np.float64), masks, strict=True)):
        kept = [token for token in range(size) if is_allowed(mask, token)]
        if is_broken(values):
            law[row, kept], masses[row] = math.nan, math.nan
            continue
        mass = log_sum(values[kept].tolist())
        masses[row] = mass - log_sum(values.tolist()) if mass > -math.inf else -math.inf
        for token in kept:
            law[row, token] = values[token] - mass if mass > -math.inf else -math.inf
    return law, masses


def masked_argmax(logits, masks, size):
    """Tokens, confidence, margin, entropy."""
    found = []
    for values, mask in zip(logits[:, :size].astype(np.float64), masks, strict=True):
        kept = [token for token in range(size) if is_allowed(mask, token) and values[token] > -math.inf]
        if is_broken(values):
            found.append((-1, math.nan, math.nan, math.nan))
        elif not kept:
            found.append((-1, 0.0, 0.0, 0.0))
        else:
            mass = log_sum(values[kept].tolist())
            law = {token: math.exp(values[token] - mass) for token in kept}
            best = min(kept, key=lambda token: (-values[token], token))
            second = max((share for token, share in law.items() if token != best), default=0.0)
            entropy = -math.fsum(share * (values[token] - mass) for token, share in law.items())
            found.append((best, law[best], law[best] - second, entropy))
    return tuple(np.array(column) for column in zip(*found, strict=True))


class Fixed:
    """A generator whose next number is known."""

    def __init__(self, uniform):
        self.uniform = uniform

    def random(self):
        return self.uniform


def masked_sample(logits, masks, uniforms, samplings, size):
    """Tokens, log-probabilities and log-masses, by the decoding loop's own functions."""
    found = []
    for values, mask, uniform, sampling in zip(logits, masks, uniforms, samplings, strict=True):
        row = values[:size].astype(np.float64)
        allowed = np.array([is_allowed(mask, token) for token in range(size)], np.bool_)
        if is_broken(row):
            found.append((-1, math.nan, math.nan))
            continue
        try:
            found.append(tuple(choose(log_softmax(row), allowed, sampling, Fixed(uniform))))
        except ModelError:
            found.append((-1, -math.inf, -math.inf))
    return tuple(np.array(column) for column in zip(*found, strict=True))
