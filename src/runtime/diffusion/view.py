"""What a decoder sees of a forward pass: a proposal for each open position, and how sure the model is of it.

::

    log p [n, V] ──allowed?──> argmax, Gumbel-argmax ──> token ──┬── confidence   p(token); 1: nothing else may come
                                                                 ├── margin       p(first) - p(second)
                                                                 ├── entropy      of the law among the allowed, in nats
                                                                 └── gap          log p(first) - log p(second)

The probabilities are the model's own, not renormalised over what is allowed: where the constraint forbids what the
model wants, the model is not sure of what is left. A position with one allowed token is another matter: nothing else
can ever come there, so it is committed as soon as possible.

Temperature draws tokens by the Gumbel trick, as LLaDA does (arXiv 2502.09992, in float64: arXiv 2409.02908).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError

__all__ = ["View", "make_view", "unpack_masks"]


@dataclass(slots=True)
class View:
    """Proposals at the open positions of a block.

    Attributes:
        positions: int64[n], ascending positions of the canvas.
        allowed: bool[n, V], what may be proposed; tokens that were refused are taken out.
        log_probs: float64[n, V], the model's laws.
        tokens: int64[n], the proposed tokens; -1 where nothing is left to propose.
        confidence: float64[n] in [0, 1].
        margin: float64[n] in [0, 1].
        entropy: float64[n] >= 0, in nats.
        gap: float64[n] >= 0, in nats; inf where only one token is allowed.
        quota: how many positions this step should commit where the decoder has no rule of its own.
        progress: share of the canvas that is fixed, in [0, 1].
        open: open positions of the whole canvas, these included.
    """

    positions: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    log_probs: NDArray[np.float64]
    tokens: NDArray[np.int64]
    confidence: NDArray[np.float64]
    margin: NDArray[np.float64]
    entropy: NDArray[np.float64]
    gap: NDArray[np.float64]
    noise: NDArray[np.float64] | None
    temperature: float
    quota: int = 1
    progress: float = 0.0
    open: int = 0

    def by_confidence(self) -> NDArray[np.int64]:
        """Rows in falling order of confidence, leftmost first among equals."""
        return np.argsort(-self.confidence, kind="stable").astype(np.int64)

    def update(self, row: int, allowed: NDArray[np.bool_] | None = None) -> None:
        """Propose anew at one position after ``allowed`` has changed."""
        if allowed is not None:
            self.allowed[row] = allowed
        noise = None if self.noise is None else self.noise[row : row + 1]
        fresh = _scores(self.log_probs[row : row + 1], self.allowed[row : row + 1], noise, self.temperature)
        for target, value in zip(
            (self.tokens, self.confidence, self.margin, self.entropy, self.gap), fresh, strict=True
        ):
            target[row] = value[0]


def make_view(
    positions: NDArray[np.int64],
    log_probs: NDArray[np.float64],
    allowed: NDArray[np.bool_],
    temperature: float,
    rng: np.random.Generator,
) -> View:
    """Proposals from the laws of n open positions.

    Args:
        positions: int64[n].
        log_probs: float64[n, V].
        allowed: bool[n, V].
        temperature: 0 takes the likeliest token.
        rng: of the Gumbel noise.
    """
    noise = rng.gumbel(size=log_probs.shape) if temperature > 0 else None
    return View(positions, allowed, log_probs, *_scores(log_probs, allowed, noise, temperature), noise, temperature)


def unpack_masks(masks: NDArray[np.uint32], size: int) -> NDArray[np.bool_]:
    """uint32[n, W] to bool[n, V]."""
    words = np.ascontiguousarray(masks, dtype="<u4")
    return np.unpackbits(words.view(np.uint8), axis=1, count=size, bitorder="little").view(np.bool_)


_Scores = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def _scores(
    log_probs: NDArray[np.float64], allowed: NDArray[np.bool_], noise: NDArray[np.float64] | None, temperature: float
) -> _Scores:
    """Tokens, confidence, margin, entropy and gap of each row; O(n V)."""
    masked = np.where(allowed, log_probs, -np.inf)
    counts = allowed.sum(axis=1)
    first = masked.argmax(axis=1)
    rows = np.arange(len(masked))
    best = masked[rows, first]
    if np.isnan(best).any():
        raise ModelError("the model returned NaN logits")
    tokens = first if noise is None else (masked / temperature + noise).argmax(axis=1)
    second = np.partition(masked, -2, axis=1)[:, -2] if masked.shape[1] > 1 else np.full(len(masked), -np.inf)
    forced = counts == 1
    empty = counts == 0
    usable = ~empty & (best > -np.inf)
    top = np.where(usable, best, 0.0)
    law = np.exp(masked - top[:, None])
    mass = np.maximum(law.sum(axis=1), 1e-300)
    law /= mass[:, None]
    surprise = np.zeros_like(law)
    np.log(law, out=surprise, where=law > 0)
    entropy = np.where(usable, -(law * surprise).sum(axis=1), 0.0)
    chosen = masked[rows, tokens]
    confidence = np.where(forced, 1.0, np.where(empty, -1.0, np.exp(chosen)))
    margin = np.where(forced, 1.0, np.where(empty, -1.0, np.exp(best) - np.exp(second)))
    with np.errstate(invalid="ignore"):
        gap = np.where(forced, np.inf, np.where(usable, best - second, 0.0))
    return np.where(empty, -1, tokens), confidence, margin, np.abs(entropy), gap
