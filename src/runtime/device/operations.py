"""Masks applied to logits, and tokens chosen under them, on the device of the logits.

::

    logits [B, V']  ──┐
    masks  [M, W]   ──┴─ apply_mask_          in place: -inf where a bit is 0
                      ├─ masked_log_softmax   log q, and log of the allowed mass
                      ├─ masked_sample        temperature, top-k, top-p, min-p, one uniform number a row
                      └─ canvas_argmax        likeliest token of every position, with three measures of certainty

Token t is bit t % 32 of word t // 32. Without ``mask_rows`` row i has mask i; with it, mask ``mask_rows[i]``, so that
few masks serve many rows. Logits may be wider than the vocabulary (padded embeddings): ``size`` tokens are the law's,
what lies beyond is refused and not looked at. A NaN or +inf among these ``size``, allowed or not, leaves no law: the
row's token is -1 and its numbers are NaN; where nothing allowed has a chance, the token is -1 and the mass is -inf. No
operation waits for the device, so none raises for it: :func:`check_tokens` does.

Which of the two implementations runs: Triton on CUDA (and ROCm) where it is installed, torch elsewhere
(:func:`backend_of` says which and why).
"""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import GramaryeError, ModelError
from ...kernels.gpu import torch_paths

__all__ = [
    "Backend",
    "CanvasChoice",
    "Drawn",
    "apply_mask_",
    "backend_of",
    "canvas_argmax",
    "check_tokens",
    "mask_tensor",
    "masked_log_softmax",
    "masked_sample",
]

Masks: TypeAlias = "torch.Tensor | NDArray[np.uint32]"
Setting: TypeAlias = "float | torch.Tensor | None"

_TRITON_DTYPES = (torch.float32, torch.bfloat16, torch.float16)


class Backend(NamedTuple):
    """What runs the operations on a device, and why."""

    name: str
    reason: str


class Drawn(NamedTuple):
    """A token for each row, with its log-probability under the model and the log of the model's allowed mass."""

    tokens: torch.Tensor
    log_probs: torch.Tensor
    log_masses: torch.Tensor


class CanvasChoice(NamedTuple):
    """The likeliest allowed token of every position and how certain it is, under the law restricted to the mask.

    Attributes:
        tokens: int64[L], the lowest id among equals; -1 where there is none.
        confidence: float32[L], the probability of the token.
        margin: float32[L], that less the probability of the second.
        entropy: float32[L], in nats.
    """

    tokens: Any
    confidence: Any
    margin: Any
    entropy: Any


def backend_of(logits: torch.Tensor | torch.device) -> Backend:
    """Who applies masks to such logits."""
    device = logits.device if isinstance(logits, torch.Tensor) else logits
    if device.type != "cuda":
        return Backend("torch", f"the Triton kernels run on CUDA and ROCm devices, not on {device.type}")
    if importlib.util.find_spec("triton") is None:
        return Backend("torch", "triton is not installed")
    if isinstance(logits, torch.Tensor) and logits.dtype not in _TRITON_DTYPES:
        return Backend("torch", f"the Triton kernels take float32, bfloat16 and float16, not {logits.dtype}")
    return Backend("triton", "")


def mask_tensor(masks: Masks, device: torch.device | None = None) -> torch.Tensor:
    """Packed masks as int32[M, W] with the same bits, on ``device``; a single mask becomes one row."""
    if isinstance(masks, np.ndarray):
        masks = torch.from_numpy(np.ascontiguousarray(masks).astype(np.uint32, copy=False).view(np.int32))
    if masks.dtype == torch.uint32:
        masks = masks.view(torch.int32)
    if masks.dtype != torch.int32:
        raise GramaryeError(f"masks are {masks.dtype}", expected=["uint32 or int32 words"])
    masks = masks if masks.dim() == 2 else masks.reshape(1, -1)
    return masks if device is None else masks.to(device)


def apply_mask_(
    logits: torch.Tensor,
    masks: Masks,
    *,
    rows: torch.Tensor | None = None,
    mask_rows: torch.Tensor | None = None,
) -> torch.Tensor:
    """Set refused logits to -inf, in place; allowed ones stay as they are, NaN included.

    Args:
        logits: float[B, V'], of any strides.
        masks: uint32 or int32[M, W].
        rows: int64[n], the rows of ``logits`` that mask i, i < n, is for, distinct; None for all. Others stay.
        mask_rows: int64[n], which mask each of these rows has; None for the i-th.

    Returns:
        ``logits``.

    Raises:
        GramaryeError: shapes, dtypes or devices do not fit.
    """
    words = mask_tensor(masks, logits.device)
    count = logits.shape[0] if rows is None else len(rows)
    _check(logits, words, mask_rows, count)
    if rows is not None:
        rows = _indices(rows, logits.device, "rows")
    mask_rows = None if mask_rows is None else _indices(mask_rows, logits.device, "mask_rows")
    if not count:
        return logits
    if _uses_triton(logits):
        from ...kernels.gpu.apply_mask import apply_mask

        apply_mask(logits, words, rows, mask_rows)
    else:
        torch_paths.apply_mask(logits, words, rows, mask_rows)
    return logits


def masked_log_softmax(
    logits: torch.Tensor, masks: Masks, *, mask_rows: torch.Tensor | None = None, size: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-law restricted to the masks, float32[B, V'], and log of the allowed mass, float32[B].

    ``log p(t) = result[b, t] + log_mass[b]`` is the model's own.

    Args:
        logits: float[B, V'].
        masks: uint32 or int32[M, W].
        mask_rows: see :func:`apply_mask_`.
        size: tokens of the vocabulary; None: all logits that the masks have bits for.

    Raises:
        GramaryeError: shapes, dtypes or devices do not fit.
    """
    words, picks, size = _prepared(logits, masks, mask_rows, size)
    if _uses_triton(logits):
        from ...kernels.gpu.masked_log_softmax import masked_log_softmax as run

        return run(logits, words, picks, size)
    return torch_paths.masked_log_softmax(logits, words, picks, size)


def masked_sample(
    logits: torch.Tensor,
    masks: Masks,
    uniforms: torch.Tensor | NDArray[np.float64],
    *,
    temperature: Setting = 1.0,
    top_k: Setting = None,
    top_p: Setting = None,
    min_p: Setting = None,
    mask_rows: torch.Tensor | None = None,
    size: int | None = None,
) -> Drawn:
    """Draw a token for each row, as ``runtime.decoding.sampling.choose`` does with the same uniform number.

    Args:
        logits: float[B, V'].
        masks: uint32 or int32[M, W].
        uniforms: float64[B] in [0, 1): one ``random()`` of each request's generator.
        temperature: one for all rows, or a tensor of B; 0 is greedy.
        top_k: likewise; None or 0 keeps all.
        top_p: likewise; None or 1 keeps all.
        min_p: likewise; None or 0 keeps all.
        mask_rows: see :func:`apply_mask_`.
        size: tokens of the vocabulary; None: all logits that the masks have bits for.

    Raises:
        GramaryeError: shapes, dtypes or devices do not fit. The ranges of settings given as tensors are not looked at.
    """
    words, picks, size = _prepared(logits, masks, mask_rows, size)
    device, count = logits.device, logits.shape[0]
    given = torch.as_tensor(uniforms, dtype=_wide(device)).to(device)
    if given.shape != (count,):
        raise GramaryeError(f"uniforms of shape {list(given.shape)}", expected=[f"[{count}], one number a row"])
    settings = (
        _setting(temperature, 1.0, count, device, "temperature"),
        _setting(top_k, 0, count, device, "top_k").to(torch.int64),
        _setting(top_p, 1.0, count, device, "top_p"),
        _setting(min_p, 0.0, count, device, "min_p"),
    )
    if _uses_triton(logits):
        from ...kernels.gpu.masked_sample import masked_sample as run

        return Drawn(*run(logits, words, picks, given, settings, size))
    return Drawn(*torch_paths.masked_sample(logits, words, picks, given, settings, size))


def canvas_argmax(
    logits: torch.Tensor | NDArray[Any],
    masks: Masks,
    *,
    mask_rows: torch.Tensor | None = None,
    size: int | None = None,
) -> CanvasChoice:
    """The likeliest allowed token of every position of a canvas, and how certain it is.

    Args:
        logits: float[L, V'], a tensor or an array; the results are of the same kind, on the same device.
        masks: uint32 or int32[L, W], or [M, W] with ``mask_rows``.
        mask_rows: see :func:`apply_mask_`.
        size: tokens of the vocabulary; None: all logits that the masks have bits for.

    Returns:
        ``(tokens, confidence, margin, entropy)``. A position with one allowed token has 1, 1 and 0; one with none has
        token -1 and zeros; one whose logits hold NaN or +inf has token -1 and NaN.

    Raises:
        GramaryeError: shapes, dtypes or devices do not fit.
    """
    if isinstance(logits, np.ndarray):
        found = canvas_argmax(torch.from_numpy(np.ascontiguousarray(logits)), masks, mask_rows=mask_rows, size=size)
        return CanvasChoice(*(each.numpy() for each in found))
    words, picks, size = _prepared(logits, masks, mask_rows, size)
    if _uses_triton(logits):
        from ...kernels.gpu.masked_argmax import masked_argmax as run

        return CanvasChoice(*run(logits, words, picks, size))
    return CanvasChoice(*torch_paths.masked_argmax(logits, words, picks, size))


def check_tokens(tokens: torch.Tensor, numbers: torch.Tensor) -> None:
    """Raise for rows without a token. Waits for the device.

    Args:
        tokens: of :func:`masked_sample` or :func:`canvas_argmax`.
        numbers: the log-masses, or the confidences.

    Raises:
        ModelError: a row's logits are NaN or +inf, or its mask allows nothing that has a chance.
    """
    missing = (tokens < 0).nonzero()[:, 0].tolist()
    if not missing:
        return
    if bool(numbers[missing[0]].isnan()):
        raise ModelError(
            f"the model returned NaN or +inf logits in row {missing[0]}",
            hint="try a wider dtype (float32 or bfloat16) for the model",
        )
    raise ModelError(
        f"the model gives a logit of -inf to every token that is allowed in row {missing[0]}",
        hint="a processor or a list of suppressed tokens may forbid what the output needs",
    )


def _uses_triton(logits: torch.Tensor) -> bool:
    backend = backend_of(logits)
    if backend.name == "torch" and logits.device.type == "cuda" and logits.dtype in _TRITON_DTYPES:
        warnings.warn(f"masks on {logits.device} are applied by torch, slower: {backend.reason}", stacklevel=3)
    return backend.name == "triton"


def _prepared(
    logits: torch.Tensor, masks: Masks, mask_rows: torch.Tensor | None, size: int | None
) -> tuple[torch.Tensor, torch.Tensor | None, int]:
    """The masks as words on the device, the mask rows as indices, and the number of tokens; all checked."""
    words = mask_tensor(masks, logits.device)
    _check(logits, words, mask_rows, logits.shape[0])
    most = min(logits.shape[1], 32 * words.shape[1])
    size = most if size is None else size
    if not 0 <= size <= most:
        raise GramaryeError(f"size is {size}", expected=[f"0 to {most}, the logits that the masks have bits for"])
    return words, None if mask_rows is None else _indices(mask_rows, logits.device, "mask_rows"), size


def _check(logits: torch.Tensor, words: torch.Tensor, mask_rows: torch.Tensor | None, count: int) -> None:
    if logits.dim() != 2 or not logits.is_floating_point():
        raise GramaryeError(
            f"logits are {logits.dtype}{list(logits.shape)}", expected=["floating point [rows, tokens]"]
        )
    if words.shape[1] > (logits.shape[1] + 31) // 32:
        raise GramaryeError(
            f"masks of {words.shape[1]} words for {logits.shape[1]} logits",
            expected=[f"at most {(logits.shape[1] + 31) // 32} words"],
            hint="the constraint's vocabulary is larger than the model's",
        )
    found = len(words) if mask_rows is None else len(mask_rows)
    if found != count:
        what = "masks" if mask_rows is None else "mask_rows"
        raise GramaryeError(f"{found} {what} for {count} rows", expected=["one for each row"])


def _indices(values: torch.Tensor, device: torch.device, name: str) -> torch.Tensor:
    if values.dim() != 1 or values.dtype not in (torch.int32, torch.int64):
        raise GramaryeError(f"{name} are {values.dtype}{list(values.shape)}", expected=["int64[n]"])
    return values.to(device=device, dtype=torch.int64)


def _setting(value: Setting, default: float, count: int, device: torch.device, name: str) -> torch.Tensor:
    """float64[count] on the device."""
    if not isinstance(value, torch.Tensor):
        return torch.full((count,), default if value is None else float(value), dtype=_wide(device), device=device)
    if value.shape != (count,):
        raise GramaryeError(f"{name} of shape {list(value.shape)}", expected=["a number", f"a tensor of {count}"])
    return value.to(device=device, dtype=_wide(device))


def _wide(device: torch.device) -> torch.dtype:
    """The widest floating point of a device."""
    return torch.float32 if device.type == "mps" else torch.float64
