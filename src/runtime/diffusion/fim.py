"""Infilling by autoregressive models that were trained to fill in the middle, hole after hole.

::

    <|fim_prefix|> text so far <|fim_suffix|> what follows the hole <|fim_middle|> ──> the hole, left to right

(PSM order; Bavarian et al. 2022, arXiv 2207.14255.) The same canvases check each token: a token goes in only if the
rest of the hole, all later fragments and all later holes can still be completed, which masks from the left alone do
not know. Holes of no exact length get the number of tokens after which the model itself ends the hole when nothing
constrains it, or the nearest length that can be completed.

Later holes are open while an earlier one is written, so the model reads the fragments behind them without a gap; each
hole is written knowing the ones before it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import BudgetError, ModelError
from ..decoding.protocol import Model
from ..decoding.sampling import log_softmax
from ..decoding.values import TEXT, ValueReader
from .decoders import Leftmost
from .generate import DiffusionOptions, Job, check_vocabulary, make_canvas, result_of
from .holes import Hole
from .infill import layout_of, lengths_of, tokenize
from .loop import Run, Settings
from .result import DiffusionResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..constraint import Constraint

__all__ = ["FillTokens", "fill_tokens_of", "run_fim"]

_SPELLINGS = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    ("<PRE>", "<SUF>", "<MID>"),
)


@dataclass(frozen=True, slots=True)
class FillTokens:
    """The control tokens of a fill-in-the-middle model.

    Attributes:
        prefix, suffix, middle: what stands before each part.
        ends: tokens that end a hole.
    """

    prefix: int
    suffix: int
    middle: int
    ends: tuple[int, ...]


def fill_tokens_of(model: Any) -> FillTokens:
    """The control tokens by the names that the tokenizer has for them.

    Raises:
        ModelError: the tokenizer has none of the usual ones.
    """
    tokenizer = getattr(model, "tokenizer", None)
    known = tokenizer.get_vocab() if tokenizer is not None else {}
    for names in _SPELLINGS:
        if all(name in known for name in names):
            prefix, suffix, middle = (int(known[name]) for name in names)
            return FillTokens(prefix, suffix, middle, tuple(model.vocabulary.eos_ids))
    raise ModelError(
        "the model has no fill-in-the-middle tokens",
        expected=[" ".join(names) for names in _SPELLINGS],
        hint="infilling needs a diffusion model, or a model that was trained to fill in the middle (pass fill_tokens=)",
    )


def run_fim(
    model: Model,
    parts: Sequence[str | bytes | Hole],
    constraint: Constraint | None,
    *,
    options: DiffusionOptions,
    tokens: FillTokens | None = None,
    free: int,
    reader: ValueReader = TEXT,
) -> DiffusionResult:
    """Fill the holes from left to right with an autoregressive model.

    Args:
        model: a model that writes left to right.
        parts: fragments and holes in the order of the text.
        constraint: what the whole text satisfies; None: anything.
        options: check, temperature and seed are used.
        tokens: the model's control tokens; None: those of the usual names.
        free: most tokens of a hole without bounds.
        reader: how the text becomes a value.

    Raises:
        BudgetError: no lengths within the bounds leave a completion.
        ModelError: the model cannot fill in the middle.
    """
    check_vocabulary(model, constraint)
    control = tokens or fill_tokens_of(model)
    pieces = tokenize(model, parts)
    seed = secrets.randbits(63) if options.seed is None else options.seed
    sizes: list[int] = []
    passes = 0
    for hole, part in enumerate(part for part in pieces if isinstance(part, Hole)):
        low, high = part.bounds(free)
        wanted = low
        if high is None or high > low:
            wanted, used = _natural_length(model, pieces, hole, control, max(low, free) if high is None else high)
            passes += used
        sizes.append(max(low, wanted))
    job = _nearest(model, pieces, sizes, free, Job(model, [], constraint, 0, {}, "exact", options, reader, (), seed))
    settings = Settings(Leftmost(), block=None, temperature=options.temperature, seed=seed, refusals=None)
    run = Run(_Middle(model, control, job), job.canvas or make_canvas(job), settings, ())
    for _ in run:
        continue
    job.passes = passes
    return result_of(job, run)


def _nearest(model: Model, pieces: Sequence[list[int] | Hole], sizes: Sequence[int], free: int, job: Job) -> Job:
    """The lengths nearest to those wanted that leave a completion.

    Raises:
        BudgetError: there are none.
    """
    every = sorted(lengths_of(pieces, free), key=lambda one: sum(abs(a - b) for a, b in zip(one, sizes, strict=True)))
    for one in every:
        layout = layout_of(pieces, one)
        job.length, job.fixed, job.holes = layout.length, layout.fixed, layout.holes
        try:
            job.canvas = make_canvas(job)
        except BudgetError:
            continue
        return job
    raise BudgetError(
        "no text of the constraint has these fragments with holes of these lengths", needed=0, budget=job.length
    )


def _prompt(before: Sequence[int], after: Sequence[int], control: FillTokens) -> list[int]:
    return [control.prefix, *before, control.suffix, *after, control.middle]


def _natural_length(
    model: Model, pieces: Sequence[list[int] | Hole], hole: int, control: FillTokens, most: int
) -> tuple[int, int]:
    """After how many tokens the model ends a hole of its own accord, greedily, and the passes that took."""
    before: list[int] = []
    after: list[int] = []
    index = -1
    for part in pieces:
        if isinstance(part, Hole):
            index += 1
        else:
            (before if index < hole else after).extend(part)
    new: list[int] = _prompt(before, after, control)
    state: Any = None
    for count in range(most):
        logits, states = model.forward([new], [state])
        state = states[0]
        token = int(np.atleast_2d(np.asarray(logits[0]))[-1].argmax())
        if token in control.ends:
            return count, count + 1
        new = [token]
    return most, most


class _Middle:
    """An autoregressive model as a diffusion model that knows the law of the first open position only."""

    shift = False

    def __init__(self, model: Model, control: FillTokens, job: Job) -> None:
        self._model = model
        self._control = control
        self._job = job
        self.mask_id = -1
        self.vocabulary = job.vocabulary

    def forward(self, ids: NDArray[np.int64], attention: NDArray[np.bool_] | None) -> NDArray[np.float64]:
        """float64[1, L, V]: zeros but at the first open position."""
        row = ids[0]
        open_positions = np.flatnonzero(row == self.mask_id)
        first = int(open_positions[0])
        hole = next(one for one in self._job.holes if first in one)
        before = row[: hole.start].tolist()
        after = [token for token in row[hole.stop :].tolist() if token != self.mask_id]
        written = row[hole.start : first].tolist()
        logits, _ = self._model.forward([[*_prompt(before, after, self._control), *written]], [None])
        laws = np.zeros((1, len(row), len(self.vocabulary)))
        laws[0, first] = log_softmax(np.atleast_2d(np.asarray(logits[0], np.float64))[-1][: len(self.vocabulary)])
        return laws
