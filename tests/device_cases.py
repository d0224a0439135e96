"""Logits and masks with everything that is awkward: odd sizes, padding, empty and full masks, -inf, NaN, +inf, ties."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from tests.oracles.device import pack

SIZES = (1, 31, 32, 33, 63, 1000)
PADDING = (0, 1, 40)
KINDS = (
    "plain",
    "empty",
    "full",
    "one",
    "minus_infinity",
    "nan_allowed",
    "nan_refused",
    "infinity",
    "ties",
    "no_chance",
)
DTYPES = (torch.float32, torch.bfloat16, torch.float16)


@dataclass
class Case:
    """Logits [B, size + padding], a row of each kind, and masks of ``size`` tokens."""

    size: int
    logits: torch.Tensor
    allowed: np.ndarray
    masks: np.ndarray
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.size}of{self.logits.shape[1]}-{self.logits.dtype}".replace("torch.", "")

    @property
    def values(self) -> np.ndarray:
        """The logits as the reference sees them, exactly."""
        return self.logits.double().numpy()


def row_of(kind, size, rng):
    logits, allowed = rng.normal(0, 3, size), rng.random(size) < 0.4
    allowed[rng.integers(size)] = True
    if kind in ("empty", "full"):
        allowed[:] = kind == "full"
    elif kind == "one":
        allowed[:] = False
        allowed[rng.integers(size)] = True
    elif kind == "minus_infinity":
        logits[rng.random(size) < 0.5] = -np.inf
        logits[np.flatnonzero(allowed)[0]] = 1.0
    elif kind == "nan_allowed":
        logits[np.flatnonzero(allowed)[-1]] = np.nan
    elif kind == "nan_refused":
        allowed[size // 2] = False
        logits[size // 2] = np.nan
    elif kind == "infinity":
        logits[size // 3] = np.inf
    elif kind == "ties":
        logits = np.round(logits / 3)
    elif kind == "no_chance":
        logits[allowed] = -np.inf
    return logits, allowed


def make(size, padding, dtype, seed=0):
    rng = np.random.default_rng((size, padding, seed))
    rows = [row_of(kind, size, rng) for kind in KINDS]
    logits = np.concatenate([np.stack([row[0] for row in rows]), np.full((len(rows), padding), 9.0)], axis=1)
    logits[0, size:] = np.nan  # what is beyond the vocabulary is not looked at
    allowed = np.stack([row[1] for row in rows])
    return Case(size, torch.from_numpy(logits).to(dtype), allowed, pack(allowed), KINDS)


ALL_CASES = [make(size, padding, dtype) for size, padding, dtype in product(SIZES, PADDING, DTYPES)]
CASES = ALL_CASES[::7]
"""Every size, padding and dtype at least once, for tests that are run each time."""
