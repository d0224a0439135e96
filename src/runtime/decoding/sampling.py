"""Choosing one token from a row of logits: the model's law, restricted to a mask, sharpened, truncated.

::

    logits ──log_softmax──> log p ──mask──> log p | allowed ──temperature──top-k──top-p──min-p──> q ──> token
                              │                │
                              │                └── log_mass = log sum of p over allowed: importance weight
                              └── log_prob = log p(token): the model's own, at temperature 1

All arithmetic is float64. With temperature 1 and no truncation q(t) = p(t) / mass exactly, so that
``log_prob - log_mass`` is the log-probability with which the token was drawn. The order of the truncations is
that of Hugging Face transformers; min-p is Nguyen et al. 2024, *Turning up the heat*; top-p is Holtzman et
al. 2019.

A draw takes one uniform number from the request's own PCG64 stream and inverts the distribution function over
token ids in ascending order, so a result depends on the seed, the logits and the mask, and on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...errors import GramaryeError, ModelError
from .protocol import Bits, FloatArray

__all__ = ["Choice", "Sampling", "allowed_mass", "choose", "generator", "log_softmax", "proposal"]


_NUCLEUS = 256
"""How many of the likeliest tokens are sorted first in search of the top-p set."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn.

    Attributes:
        temperature: divides the logits; 0 is greedy (the lowest id among equals).
        top_k: keep the k likeliest allowed tokens; None keeps all.
        top_p: keep the smallest set of likeliest allowed tokens whose share is at least top_p.
        min_p: keep allowed tokens at least min_p times as likely as the likeliest.

    Raises:
        GramaryeError: an option is out of range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.temperature < np.inf:
            raise GramaryeError(f"temperature is {self.temperature!r}", expected=("a finite number >= 0",))
        if self.top_k is not None and self.top_k < 1:
            raise GramaryeError(f"top_k is {self.top_k!r}", expected=("an integer >= 1", "None"))
        if self.top_p is not None and not 0.0 < self.top_p <= 1.0:
            raise GramaryeError(f"top_p is {self.top_p!r}", expected=("0 < top_p <= 1", "None"))
        if self.min_p is not None and not 0.0 <= self.min_p <= 1.0:
            raise GramaryeError(f"min_p is {self.min_p!r}", expected=("0 <= min_p <= 1", "None"))


class Choice(NamedTuple):
    """A chosen token, its log-probability under the model, and the log of the model's allowed mass."""

    token: int
    log_prob: float
    log_mass: float


def generator(seed: int) -> np.random.Generator:
    """The random stream of one request: PCG64, which numpy keeps stable between versions."""
    return np.random.Generator(np.random.PCG64(seed))


def log_softmax(logits: FloatArray) -> FloatArray:
    """Normalised log-probabilities over the last axis, float64; O(V).

    Raises:
        ModelError: a row holds NaN or +inf, or nothing but -inf.
    """
    top = logits.max(axis=-1, keepdims=True)
    if np.isnan(top).any():
        raise ModelError("the model returned NaN logits", hint="try a wider dtype (float32 or bfloat16) for the model")
    if np.isposinf(top).any():
        raise ModelError("the model returned a logit of +inf", hint="try a wider dtype for the model")
    if np.isneginf(top).any():
        raise ModelError("the model returned -inf for every token")
    shifted: FloatArray = logits - top
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def allowed_mass(log_probs: FloatArray) -> float:
    """Log of the sum of probabilities given as logs, float64[n] -> float; -inf for none.

    Raises:
        ModelError: the model gives probability zero to everything that the constraint allows.
    """
    top = float(log_probs.max(initial=-np.inf))
    if top == -np.inf:
        raise ModelError(
            "the model gives a logit of -inf to every token that the constraint allows here",
            hint="a processor or a list of suppressed tokens may forbid what the output needs",
        )
    return min(0.0, top + float(np.log(np.exp(log_probs - top).sum())))


def proposal(log_probs: FloatArray, sampling: Sampling) -> FloatArray:
    """The law that is drawn from: float64[n] of allowed log-probabilities to float64[n] summing to 1.

    ``log_probs`` need not be normalised. Temperature 0 is a point mass on the first maximum. O(n), O(n log n)
    with top-p.
    """
    if sampling.temperature == 0.0:
        point = np.zeros(len(log_probs))
        point[int(np.argmax(log_probs))] = 1.0
        return point
    with np.errstate(over="ignore"):
        weights = np.exp((log_probs - log_probs.max()) / sampling.temperature)
    if sampling.top_k is not None and sampling.top_k < len(weights):
        weights = _only(weights, _largest(weights, sampling.top_k))
    if sampling.top_p is not None and sampling.top_p < 1.0:
        weights = _only(weights, _nucleus(weights, sampling.top_p))
    if sampling.min_p is not None:
        weights[weights < sampling.min_p * weights.max()] = 0.0
    normalised: FloatArray = weights / weights.sum()
    return normalised


def choose(log_probs: FloatArray, allowed: Bits, sampling: Sampling, rng: np.random.Generator) -> Choice:
    """Draw one of the allowed tokens.

    Args:
        log_probs: float64[V], the model's normalised log-law (``log_softmax``).
        allowed: bool[V], not all False.
        sampling: temperature and truncations, applied within the allowed tokens.
        rng: the request's stream; one number is taken, also when greedy, so that streams stay aligned.

    Returns:
        The token with its log-probability under the unrestricted law, and the log of the allowed mass.

    Raises:
        ModelError: every allowed token has probability zero.
    """
    ids = np.flatnonzero(allowed)
    candidates = log_probs[ids]
    mass = allowed_mass(candidates)
    cumulative = np.cumsum(proposal(candidates, sampling))
    place = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
    if place == len(ids):  # the product rounded up to the total: the last token with any probability
        place = int(np.searchsorted(cumulative, cumulative[-1], side="left"))
    return Choice(int(ids[place]), float(candidates[place]), mass)


def _largest(weights: FloatArray, count: int) -> npt.NDArray[np.intp]:
    """Indices of the ``count`` largest weights in falling order, lower ids first among equals; O(n)."""
    if count >= len(weights):
        return np.argsort(-weights, kind="stable")
    least = np.partition(weights, len(weights) - count)[len(weights) - count]
    candidates = np.flatnonzero(weights >= least)
    return candidates[np.argsort(-weights[candidates], kind="stable")][:count]


def _nucleus(weights: FloatArray, share: float) -> npt.NDArray[np.intp]:
    """Indices of the largest weights that together reach ``share`` of the sum; O(n) where they are few."""
    target, count = share * weights.sum(), _NUCLEUS
    while True:
        order = _largest(weights, count)
        kept = int(np.searchsorted(np.cumsum(weights[order]), target, side="left")) + 1
        if kept <= len(order) or len(order) == len(weights):
            return order[:kept]
        count *= 8


def _only(weights: FloatArray, kept: npt.NDArray[np.intp]) -> FloatArray:
    """The weights at some indices, zero elsewhere."""
    out = np.zeros_like(weights)
    out[kept] = weights[kept]
    return out
