"""Re-noised canvases: diffusion without a mask token, as DiffusionGemma does it.

The canvas begins as random tokens. Each step looks at the whole of it, draws a new one from the posterior, accepts the
positions of least entropy and puts random tokens into all others, so what was accepted may change again::

    canvas   ? ? ? ? ?  ──model──> laws ──draw──>  a b c d e  ──accept──>  a ? c ? ?  ──> next step
                                    └── self-conditioning logits of the next pass ──────────┘

Acceptance is entropy-bounded (Ben-Hamu et al. 2025, arXiv 2505.24857): the k positions of least entropy whose
entropies sum, the largest left out, to no more than the bound. It ends when the likeliest canvas stays the same and
the mean entropy is low.

With a constraint nothing may be committed early, since nothing stays: each step draws from the *full posterior given
the constraint* (forward filtering, backward sampling over the canvas) where the canvas can sample jointly, else
position by position within the masks. At the end the canvas is the most likely one of the language (Viterbi), or, for
constraints that are not regular, the last laws are committed in order of confidence by the exact canvas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ...errors import GramaryeError, ModelError
from ..decoding.sampling import log_softmax
from ..vocabulary import Vocabulary
from .canvas_protocol import Canvas
from .decoders import Confidence
from .free_canvas import free_mask
from .loop import Run, Settings
from .view import make_view, unpack_masks

__all__ = ["RenoisedModel", "Renoising", "renoise"]


@runtime_checkable
class RenoisedModel(Protocol):
    """A model that denoises canvases of random tokens."""

    @property
    def vocabulary(self) -> Vocabulary:
        """Its tokens as bytes, with its end tokens."""

    def begin(self, prompt: Sequence[int], /) -> Any:
        """Read a prompt once; its keys and values serve all steps."""

    def denoise(
        self, state: Any, canvas: NDArray[np.int64], previous: NDArray[np.floating] | None, /
    ) -> NDArray[np.floating]:
        """float[L, V'], V' >= V: logits of all positions given the canvas int64[L] and the last step's logits."""


@dataclass(frozen=True, slots=True)
class Renoising:
    """The settings of DiffusionGemma's generation.

    Attributes:
        steps: most denoising steps.
        bound: entropy bound of acceptance, in nats.
        t_min, t_max: temperature at the last and the first step; linear in between.
        stable: steps for which the likeliest canvas must stay the same.
        certain: mean entropy below which it may end, in nats.
    """

    steps: int = 48
    bound: float = 0.1
    t_min: float = 0.4
    t_max: float = 0.8
    stable: int = 1
    certain: float = 0.005


def renoise(
    model: RenoisedModel,
    prompt: Sequence[int],
    make_canvas: Callable[[], Canvas],
    seed: int,
    settings: Renoising | None = None,
    observe: Callable[[NDArray[np.int64], int], None] = lambda canvas, step: None,
) -> Run:
    """Denoise a canvas and commit it.

    Args:
        model: the model.
        prompt: ids before the canvas.
        make_canvas: a fresh canvas; masks and joint samples come from one, the commits go into another.
        seed: of all randomness.
        settings: see :class:`Renoising`.
        observe: called with each step's likeliest canvas int64[L] and its number.

    Returns:
        The finished run; its canvas holds the text.

    Raises:
        ModelError: the logits are of the wrong shape or unusable.
    """
    plan = settings or Renoising()
    rng = np.random.Generator(np.random.PCG64(seed))
    guide = make_canvas()
    size = len(model.vocabulary)
    fixed = dict(guide.fixed)
    masks = guide.masks() if guide.exact else np.tile(free_mask(model.vocabulary), (guide.length, 1))
    allowed = np.array(unpack_masks(masks, size))
    state = model.begin(prompt)
    joint = _samples(guide, size)
    ids = _with(rng.integers(0, size, guide.length), fixed)
    previous: NDArray[np.floating] | None = None
    laws = np.zeros((guide.length, size))
    best = ids
    same = passes = 0
    for step in range(plan.steps, 0, -1):
        logits = _checked(np.asarray(model.denoise(state, ids, previous)), guide.length, size)
        passes += 1
        previous = logits / (plan.t_min + (plan.t_max - plan.t_min) * step / plan.steps)
        laws = log_softmax(previous[:, :size].astype(np.float64))
        view = make_view(np.arange(guide.length), laws, allowed, 1.0, rng)
        drawn = np.array(guide.sample(laws, rng)) if joint else np.where(view.tokens < 0, ids, view.tokens)
        likeliest = np.where(allowed, laws, -np.inf).argmax(axis=1)
        same = same + 1 if np.array_equal(likeliest, best) else 0
        best = likeliest
        observe(best, passes)
        if same >= plan.stable and float(view.entropy.mean()) < plan.certain:
            break
        accepted = _accepted(view.entropy, plan.bound)
        ids = _with(np.where(accepted, drawn, rng.integers(0, size, guide.length)), fixed)
    run = Run(_Frozen(model.vocabulary, laws), make_canvas(), Settings(Confidence(), block=None, joint=joint), ())
    for _ in run:
        continue
    run.passes = run.rows = passes
    return run


def _checked(logits: NDArray[np.floating], length: int, size: int) -> NDArray[np.floating]:
    """The logits, if they are of the right shape.

    Raises:
        ModelError: they are not.
    """
    if logits.ndim != 2 or logits.shape[0] != length or logits.shape[1] < size:
        raise ModelError(f"the model returned logits of shape {logits.shape}", expected=[f"({length}, {size})"])
    return logits


def _accepted(entropy: NDArray[np.float64], bound: float) -> NDArray[np.bool_]:
    """bool[L]: the positions of least entropy whose sum, the largest left out, is within the bound."""
    order = np.argsort(entropy, kind="stable")
    rising = entropy[order]
    accepted = np.zeros(len(entropy), np.bool_)
    accepted[order] = np.cumsum(rising) - rising <= bound
    return accepted


def _with(ids: NDArray[np.int64], fixed: dict[int, int]) -> NDArray[np.int64]:
    """The ids with the fixed tokens in their places."""
    for position, token in fixed.items():
        ids[position] = token
    return ids


def _samples(canvas: Canvas, size: int) -> bool:
    """Whether a canvas can be drawn from jointly."""
    if not canvas.exact:
        return False
    try:
        canvas.sample(np.zeros((canvas.length, size)), np.random.Generator(np.random.PCG64(0)), "map")
    except GramaryeError:
        return False
    return True


class _Frozen:
    """A model whose laws are those of the last step, whatever the canvas."""

    mask_id = 0
    shift = False

    def __init__(self, vocabulary: Vocabulary, laws: NDArray[np.float64]) -> None:
        self.vocabulary = vocabulary
        self._laws = laws

    def forward(self, ids: NDArray[np.int64], attention: NDArray[np.bool_] | None) -> NDArray[np.float64]:
        """float64[B, L, V], the same for all."""
        return np.broadcast_to(self._laws, (len(ids), *self._laws.shape))
