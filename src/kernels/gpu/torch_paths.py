"""The same operations in plain torch, for CPUs and other devices: what the Triton kernels compute, to the rounding.

::

    masks int32[M, W] --unpack--> bool[B, V'] --> masked_fill, logsumexp, sort, cumsum

Float64 where the kernels use it (sampling); a device that has none, such as MPS, gets its answer from the CPU.
"""

from __future__ import annotations

import math

import numpy as np
import torch

__all__ = ["apply_mask", "masked_argmax", "masked_log_softmax", "masked_sample", "step_automaton", "unpack_masks"]

_NO_WEIGHT = -200.0
"""A logit relative to the largest whose float32 weight is 0, and which 0 may be multiplied with."""


def unpack_masks(masks: torch.Tensor, size: int) -> torch.Tensor:
    """int32[M, W] to bool[M, size], False beyond the words; O(M size)."""
    if masks.device.type == "cpu":
        octets = np.ascontiguousarray(masks.numpy()).astype("<i4", copy=False).view(np.uint8)
        flat = torch.from_numpy(np.unpackbits(octets, axis=1, bitorder="little").view(np.bool_))
    else:
        shifts = torch.arange(32, device=masks.device, dtype=torch.int32)
        flat = ((masks[..., None] >> shifts) & 1).flatten(-2).bool()
    flat = flat[:, :size]
    return torch.nn.functional.pad(flat, (0, size - flat.shape[1]))


def apply_mask(
    logits: torch.Tensor, masks: torch.Tensor, rows: torch.Tensor | None, mask_rows: torch.Tensor | None
) -> None:
    """See ``apply_mask.py``."""
    refused = ~unpack_masks(_picked(masks, mask_rows), logits.shape[1])
    if rows is None:
        logits.masked_fill_(refused, -math.inf)
    else:
        logits.index_copy_(0, rows, logits.index_select(0, rows).masked_fill_(refused, -math.inf))


def masked_log_softmax(
    logits: torch.Tensor, masks: torch.Tensor, mask_rows: torch.Tensor | None, size: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """See ``masked_log_softmax.py``."""
    allowed = unpack_masks(_picked(masks, mask_rows), logits.shape[1])[:, :size]
    values = logits[:, :size].float()
    kept = values.masked_fill(~allowed, -math.inf)
    total, mass = values.logsumexp(1), kept.logsumexp(1)
    log_mass = torch.where(mass == -math.inf, mass, torch.minimum(mass - total, torch.zeros_like(mass)))
    broken = _broken(total)
    log_mass.masked_fill_(broken, math.nan)
    shift = torch.where(mass == -math.inf, 0.0, mass).masked_fill_(broken, math.nan)
    law = kept.sub_(shift[:, None]).masked_fill_(~allowed, -math.inf)
    return torch.nn.functional.pad(law, (0, logits.shape[1] - size), value=-math.inf), log_mass


def masked_sample(
    logits: torch.Tensor,
    masks: torch.Tensor,
    mask_rows: torch.Tensor | None,
    uniforms: torch.Tensor,
    settings: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor],
    size: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """See ``masked_sample.py``; one sort a row."""
    if logits.device.type == "mps":
        moved = [each.cpu() for each in (logits, masks, uniforms, *settings)]
        picks = None if mask_rows is None else mask_rows.cpu()
        t, k, p, m = moved[3:]
        found = masked_sample(moved[0], moved[1], picks, moved[2], (t, k, p, m), size)
        return found[0].to(logits.device), found[1].float().to(logits.device), found[2].float().to(logits.device)
    temperature, top_k, top_p, min_p = settings
    allowed = unpack_masks(_picked(masks, mask_rows), logits.shape[1])[:, :size]
    values = logits[:, :size].double()
    kept = values.masked_fill(~allowed, -math.inf)
    total, mass = values.logsumexp(1), kept.logsumexp(1)
    ranked, ids = kept.sort(dim=1, descending=True, stable=True)
    scale = torch.where(temperature > 0, temperature, 1.0)[:, None]
    weights = ((ranked - ranked[:, :1]) / scale).exp()
    place = torch.arange(size, device=logits.device)
    limit = torch.where(temperature == 0, 1, torch.where(top_k > 0, top_k, size))
    weights.masked_fill_(place >= limit[:, None], 0.0)
    sums = weights.cumsum(1)
    target = torch.where(top_p < 1, top_p * sums[:, -1], math.inf)[:, None]
    before = torch.nn.functional.pad(sums[:, :-1], (1, 0))
    weights.masked_fill_((before >= target) & (place > 0), 0.0)
    weights.masked_fill_(weights < min_p[:, None], 0.0)
    tokens = _draw(torch.zeros_like(weights).scatter_(1, ids, weights), uniforms)
    hopeless = mass == -math.inf
    broken = _broken(total)
    tokens.masked_fill_(hopeless | broken, -1)
    log_probs = values.gather(1, tokens.clamp(min=0)[:, None])[:, 0] - total
    log_mass = torch.where(hopeless, mass, torch.minimum(mass - total, torch.zeros_like(mass)))
    log_probs = torch.where(hopeless, -math.inf, log_probs)
    return tokens, log_probs.masked_fill_(broken, math.nan), log_mass.masked_fill_(broken, math.nan)


def masked_argmax(
    logits: torch.Tensor, masks: torch.Tensor, mask_rows: torch.Tensor | None, size: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """See ``masked_argmax.py``."""
    allowed = unpack_masks(_picked(masks, mask_rows), logits.shape[1])[:, :size]
    values = logits[:, :size].float()
    kept = values.masked_fill(~allowed, -math.inf)
    top = kept.amax(1, keepdim=True)
    hopeless = (top == -math.inf)[:, 0]
    tokens = kept.argmax(1)  # the first of the largest
    second = kept.scatter(1, tokens[:, None], -math.inf).amax(1)
    others = torch.where(second == -math.inf, 0.0, (second - top[:, 0]).exp())
    shifted = kept.sub_(torch.where(hopeless[:, None], 0.0, top)).clamp_(min=_NO_WEIGHT)
    weights = shifted.exp()
    mass = torch.where(hopeless, 1.0, weights.sum(1))
    entropy = mass.log() - (weights * shifted).sum(1) / mass
    broken = _broken(values.amax(1))
    tokens.masked_fill_(hopeless | broken, -1)
    numbers = (1.0 / mass, (1.0 - others) / mass, entropy)
    confidence, margin, entropy = (n.masked_fill(hopeless, 0.0).masked_fill_(broken, math.nan) for n in numbers)
    return tokens, confidence, margin, entropy


def step_automaton(
    states: torch.Tensor,
    tokens: torch.Tensor,
    class_of: torch.Tensor,
    row_start: torch.Tensor,
    row_class: torch.Tensor,
    row_target: torch.Tensor,
    steps: int,
) -> torch.Tensor:
    """See ``step_automaton.py``."""
    if not len(row_class) or not len(class_of):
        return torch.zeros(states.shape, dtype=torch.bool, device=states.device)
    known = (tokens >= 0) & (tokens < len(class_of))
    wanted = class_of[torch.where(known, tokens, 0)]
    low, high = row_start[states], row_start[states + 1]
    end = high
    for _ in range(steps):
        middle = (low + high) // 2
        below = row_class[middle.clamp(max=len(row_class) - 1)] < wanted
        searching = low < high
        low = torch.where(searching & below, middle + 1, low)
        high = torch.where(searching & ~below, middle, high)
    place = low.clamp(max=len(row_class) - 1)
    found = known & (low < end) & (row_class[place] == wanted)
    states.copy_(torch.where(found, row_target[place].to(states.dtype), states))
    return found


def _picked(masks: torch.Tensor, mask_rows: torch.Tensor | None) -> torch.Tensor:
    return masks if mask_rows is None else masks.index_select(0, mask_rows)


def _broken(level: torch.Tensor) -> torch.Tensor:
    """bool[B]: rows that hold NaN or +inf, from which no law follows, by their maximum or log-sum of exponentials."""
    return ~(level < math.inf)


def _draw(weights: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """int64[B]: the first id at which the running sum of weights float64[B, V] exceeds ``uniform * total``."""
    sums = weights.cumsum(1)
    goal = (uniforms * sums[:, -1])[:, None]
    hits = (sums > goal) & (weights > 0)
    count = weights.shape[1]
    place = torch.arange(count, device=weights.device)
    first = torch.where(hits, place, count).amin(1)
    last = torch.where(weights > 0, place, -1).amax(1)
    return torch.where(first < count, first, last)
