"""Multi-region infilling: fragments stay, holes are filled.

::

    parts      "def f(x):\\n    "   Hole(12)   "\\n    return "   Hole()   "\\n"
    canvas     |  fixed tokens  |  12 open  |  fixed tokens  | k open | fixed |        end="exact": no end token
                                                                ^
                                              a length is chosen for each hole that has none

A hole of *exact* length has that many tokens. For *bounded* and *free* holes lengths are gone through, equal ones
first, until a few are found that can be completed; the model reads each with everything open, and the mean
log-probability of its likeliest tokens decides. What a hole may hold is judged with all fragments and all other holes
in view, so a filled text is in the language whatever its holes' lengths were.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import BudgetError, GramaryeError
from ..decoding.protocol import Model
from ..decoding.values import TEXT, ValueReader
from .generate import DiffusionOptions, Job, check_vocabulary, fill, last_result, make_canvas
from .holes import Hole
from .model_protocol import DiffusionModel, encode_prompt, position_log_probs
from .renoise import RenoisedModel
from .result import CanvasChunk, DiffusionResult

if TYPE_CHECKING:
    from ..constraint import Constraint

__all__ = ["FREE", "LAYOUTS", "Layout", "layout_of", "lengths_of", "run_infill", "tokenize"]

FREE = 24
"""Most tokens of a hole without bounds, unless the call says otherwise."""

LAYOUTS = 6
"""Combinations of lengths that are compared, by a pass of the model each."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A canvas for a choice of lengths.

    Attributes:
        length: L.
        fixed: the fragments' tokens by position.
        holes: positions of each hole.
    """

    length: int
    fixed: Mapping[int, int]
    holes: tuple[range, ...]


def layout_of(parts: Sequence[Sequence[int] | Hole], lengths: Sequence[int]) -> Layout:
    """Lay fragments (tokens) and holes of the given lengths out side by side."""
    fixed: dict[int, int] = {}
    holes = []
    place = 0
    remaining = iter(lengths)
    for part in parts:
        if isinstance(part, Hole):
            size = next(remaining)
            holes.append(range(place, place + size))
            place += size
        else:
            fixed.update(enumerate(part, place))
            place += len(part)
    return Layout(place, fixed, tuple(holes))


def run_infill(
    model: DiffusionModel | RenoisedModel,
    parts: Sequence[str | bytes | Hole],
    constraint: Constraint | None,
    *,
    options: DiffusionOptions,
    prompt: str = "",
    free: int = FREE,
    reader: ValueReader = TEXT,
    stream: bool = False,
) -> DiffusionResult | Iterator[CanvasChunk]:
    """Fill the holes.

    Args:
        model: a diffusion model.
        parts: fragments and holes in the order of the text.
        constraint: what the whole text satisfies; None: anything.
        options: how; of ``end`` there is no choice, the canvas is the text.
        prompt: what the model reads before the text.
        free: most tokens of a hole without bounds.
        reader: how the text becomes a value.
        stream: return an iterator of chunks.

    Raises:
        BudgetError: no lengths within the bounds leave a completion; raised before the first pass.
        GramaryeError: there is no hole, or a part is neither a text nor a hole.
    """
    check_vocabulary(model, constraint)
    tokens = tokenize(model, parts)
    seed = secrets.randbits(63) if options.seed is None else options.seed
    before = encode_prompt(model, prompt)

    def job(layout: Layout) -> Job:
        return Job(model, before, constraint, layout.length, layout.fixed, "exact", options, reader, layout.holes, seed)

    chosen, passes = _choose(model, tokens, free, job)
    chosen.passes = passes
    chunks = fill(chosen)
    return chunks if stream else last_result(chunks)


def tokenize(
    model: DiffusionModel | RenoisedModel | Model, parts: Sequence[str | bytes | Hole]
) -> list[list[int] | Hole]:
    """Fragments as tokens.

    Raises:
        GramaryeError: there is no hole, or a part is neither a text nor a hole.
    """
    tokens: list[list[int] | Hole] = []
    for part in parts:
        if isinstance(part, str | bytes):
            tokens.append(list(model.vocabulary.encode(part)))
        elif isinstance(part, Hole):
            tokens.append(part)
        else:
            raise GramaryeError(f"a part is a {type(part).__name__}", expected=["a text", "a Hole"])
    if not any(isinstance(part, Hole) for part in tokens):
        raise GramaryeError("there is no hole to fill", expected=["at least one Hole among the parts"])
    return tokens


def lengths_of(parts: Sequence[list[int] | Hole], free: int) -> Iterator[tuple[int, ...]]:
    """All combinations of lengths within the bounds: equal ones first, from a third of the room on, then by total."""
    ranges = []
    for part in parts:
        if isinstance(part, Hole):
            low, high = part.bounds(free)
            ranges.append(range(low, 1 + (max(low, free) if high is None else high)))
    top = max(one.stop for one in ranges)
    seen = set()
    for size in sorted(range(top), key=lambda size: (abs(size - top // 3), size)):
        equal = tuple(min(max(size, one.start), one.stop - 1) for one in ranges)
        if equal not in seen:
            seen.add(equal)
            yield equal
    for total in range(sum(one.start for one in ranges), 1 + sum(one.stop - 1 for one in ranges)):
        for sizes in _sums(ranges, total):
            if sizes not in seen:
                yield sizes


def _sums(ranges: Sequence[range], total: int) -> Iterator[tuple[int, ...]]:
    """Choices of one number of each range with a given sum."""
    if not ranges:
        if total == 0:
            yield ()
        return
    for size in ranges[0]:
        if size > total:
            return
        for others in _sums(ranges[1:], total - size):
            yield (size, *others)


def _choose(
    model: DiffusionModel | RenoisedModel,
    parts: Sequence[list[int] | Hole],
    free: int,
    job: Callable[[Layout], Job],
) -> tuple[Job, int]:
    """The lengths that the model likes best among the first that can be completed, and the passes that took.

    Raises:
        BudgetError: there are none.
    """
    found: list[Job] = []
    failure: BudgetError | None = None
    for sizes in lengths_of(parts, free):
        trial = job(layout_of(parts, sizes))
        try:
            trial.canvas = make_canvas(trial)
        except BudgetError as error:
            failure = failure or error
            continue
        found.append(trial)
        if len(found) == LAYOUTS:
            break
    if not found:
        raise BudgetError(
            "no text of the constraint has these fragments with holes of these lengths",
            needed=0 if failure is None else failure.needed,
            budget=0 if failure is None else failure.budget,
            hint="allow longer holes, or look at the fragments",
        )
    if len(found) == 1 or not isinstance(model, DiffusionModel):
        return found[0], 0
    scores = [_score(model, trial) for trial in found]
    return found[int(np.argmax(scores))], len(found)


def _score(model: DiffusionModel, trial: Job) -> float:
    """Mean log-probability of the likeliest tokens at the open positions; one pass."""
    ids = np.full(len(trial.prompt) + trial.length, model.mask_id, np.int64)
    ids[: len(trial.prompt)] = trial.prompt
    for position, token in trial.fixed.items():
        ids[len(trial.prompt) + position] = token
    where = np.flatnonzero(ids == model.mask_id)
    if where.size == 0:
        return -np.inf
    return float(position_log_probs(model, ids[None], where)[0].max(axis=1).mean())
