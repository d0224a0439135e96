"""``run_diffusion``: a prompt and a constraint in, a filled canvas out.

::

    prompt ──encode──> ids ─────────────┐
    constraint ──canvas(length, check)──┴──> Run (loop.py), or renoise (renoise.py)
                                                │ steps ──> chunks, for the live view
                                                v
                                         DiffusionResult

A canvas of L positions holds the text and an end token; with a model that has no end token, exactly L tokens of text.
Whether that is enough is known before the first pass.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import BudgetError, GramaryeError, ModelError
from ..decoding.protocol import Model, Prompt
from ..decoding.values import TEXT, ValueReader
from ..vocabulary import Vocabulary
from .canvas_protocol import Canvas, Check, End
from .decoders import Decoder, decoder_of
from .free_canvas import FreeCanvas
from .loop import Proposals, Run, Settings, Step
from .model_protocol import DiffusionModel, encode_prompt
from .renoise import RenoisedModel, renoise
from .result import CanvasChunk, DiffusionResult, Finish

if TYPE_CHECKING:
    from ..constraint import Constraint

__all__ = [
    "REFUSALS",
    "DiffusionOptions",
    "Job",
    "check_vocabulary",
    "fill",
    "last_result",
    "make_canvas",
    "result_of",
    "run_diffusion",
]

REFUSALS: Mapping[str, int | None] = {"exact": None, "intersection": 100, "lookahead": 5}
"""Refused proposals of a step after which a check gives up (arXiv 2508.10111) or recovers (tau of arXiv 2602.00612)."""


@dataclass(frozen=True, slots=True)
class DiffusionOptions:
    """How a canvas is filled; see :func:`gramarye.engine.generate`.

    Attributes:
        block: positions of a block, None for one block.
        steps: passes for the whole canvas; None: one token a step, or the decoder's own rule.
        decoder: a name, or a decoder.
        check: what decides about commits.
        temperature: of the proposals.
        seed: None: a random one, which the result names.
        joint: propose jointly; regular constraints only.
        fast_forward: commit what is forced without a pass.
        masks: what proposals are drawn from; None: exact masks where the canvas has them.
        check_options: further options of the canvas.
    """

    block: int | None = 32
    steps: int | None = None
    decoder: str | Decoder = "confidence"
    check: Check = "exact"
    temperature: float = 0.0
    seed: int | None = None
    joint: bool = False
    fast_forward: bool = True
    masks: Proposals | None = None
    check_options: Mapping[str, Any] = field(default_factory=dict)

    def settings(self, seed: int) -> Settings:
        """The loop's part of it."""
        return Settings(
            decoder_of(self.decoder),
            self.block,
            self.steps,
            self.temperature,
            seed,
            REFUSALS[self.check],
            self.fast_forward,
            self.joint,
            self.masks,
        )


@dataclass(slots=True)
class Job:
    """A canvas with all that turns it into a result.

    Attributes:
        passes: forward passes that were needed to choose the lengths of holes.
        canvas: an untouched canvas, where choosing the lengths has made it already.
    """

    model: DiffusionModel | RenoisedModel | Model
    prompt: list[int]
    constraint: Constraint | None
    length: int
    fixed: Mapping[int, int]
    end: End
    options: DiffusionOptions
    reader: ValueReader = TEXT
    holes: tuple[range, ...] = ()
    seed: int = 0
    passes: int = 0
    canvas: Canvas | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The model's tokens.

        Raises:
            ModelError: the model has a vocabulary of its own kind.
        """
        found = self.model.vocabulary
        if not isinstance(found, Vocabulary):
            raise ModelError(f"the model's vocabulary is a {type(found).__name__}", expected=["a gramarye.Vocabulary"])
        return found


def run_diffusion(
    model: DiffusionModel | RenoisedModel,
    prompt: Prompt,
    constraint: Constraint | None,
    *,
    length: int,
    options: DiffusionOptions,
    reader: ValueReader = TEXT,
    stream: bool = False,
) -> DiffusionResult | Iterator[CanvasChunk]:
    """Fill a canvas behind a prompt.

    Args:
        model: a diffusion model.
        prompt: a text, token ids or messages.
        constraint: what the text satisfies; None: free text.
        length: positions of the canvas.
        options: how.
        reader: how the text becomes a value.
        stream: return an iterator of chunks, one for each step.

    Raises:
        BudgetError: no text of the constraint fits the canvas; raised before the first pass.
        ModelError: the model does not fit the constraint's vocabulary.
    """
    check_vocabulary(model, constraint)
    end: End = "padded" if model.vocabulary.eos_ids else "exact"
    seed = secrets.randbits(63) if options.seed is None else options.seed
    job = Job(model, encode_prompt(model, prompt), constraint, length, {}, end, options, reader, (), seed)
    chunks = fill(job)
    if stream:
        return chunks
    return last_result(chunks)


def last_result(chunks: Iterator[CanvasChunk]) -> DiffusionResult:
    """The result that the last chunk carries.

    Raises:
        GramaryeError: there is none.
    """
    result = None
    for chunk in chunks:
        result = chunk.result
    if result is None:
        raise GramaryeError("the canvas was not finished")
    return result


def check_vocabulary(model: DiffusionModel | RenoisedModel | Model, constraint: Constraint | None) -> None:
    """Compare the constraint's vocabulary with the model's.

    Raises:
        ModelError: they differ.
    """
    vocabulary = model.vocabulary
    if constraint is not None and constraint.vocabulary.fingerprint != vocabulary.fingerprint:
        raise ModelError(
            f"the constraint's vocabulary ({len(constraint.vocabulary)} tokens) is not the model's"
            f" ({len(vocabulary)} tokens)",
            hint="compile with vocabulary=model.vocabulary",
        )


def make_canvas(job: Job) -> Canvas:
    """The canvas of a job.

    Raises:
        BudgetError: it has no completion.
    """
    if job.constraint is None:
        return FreeCanvas(job.vocabulary, job.length, job.fixed)
    canvas = job.constraint.canvas(
        job.length, job.fixed, end=job.end, check=job.options.check, **job.options.check_options
    )
    if canvas.completable:
        return canvas
    shortest = canvas.shortest
    if shortest is None or shortest <= job.length:
        raise BudgetError(
            f"no text of {job.length} tokens satisfies the constraint",
            needed=job.length + 1 if shortest is None else shortest,
            budget=job.length,
            hint="change length, or what is fixed" if job.fixed else "change length",
        )
    raise BudgetError(
        f"the shortest valid output needs {shortest} tokens, but length is {job.length}",
        needed=shortest,
        budget=job.length,
        hint=f"raise length to at least {shortest}",
    )


def fill(job: Job) -> Iterator[CanvasChunk]:
    """Fill the canvas: a chunk for each step, the last with the result. The canvas is made at once.

    Raises:
        BudgetError: as :func:`make_canvas`, from this call and not from the iterator.
    """
    canvas = job.canvas or make_canvas(job)
    if isinstance(job.model, DiffusionModel):
        matcher = None if job.constraint is None else job.constraint.matcher
        run = Run(job.model, canvas, job.options.settings(job.seed), job.prompt, matcher)
        return _steps(job, run)
    if isinstance(job.model, RenoisedModel):
        return iter([_renoised(job, job.model)])
    raise ModelError(f"a {type(job.model).__name__} fills no canvases")


def _steps(job: Job, run: Run) -> Iterator[CanvasChunk]:
    given = frozenset(job.fixed)
    before: Step | None = None
    for step in run:
        if before is not None:
            yield CanvasChunk(_pieces(job, before), given, before)
        before = step
    if before is None:
        fixed = run.canvas.fixed
        before = Step(tuple(fixed.get(p) for p in range(job.length)), (), 0, (), run.passes)
    yield CanvasChunk(_pieces(job, before), given, before, result_of(job, run))


def _renoised(job: Job, model: RenoisedModel) -> CanvasChunk:
    run = renoise(model, job.prompt, lambda: make_canvas(job), job.seed)
    fixed = run.canvas.fixed
    tokens = tuple(fixed.get(position) for position in range(job.length))
    step = Step(tokens, tuple(p for p in range(job.length) if p not in job.fixed), run.forced, (), run.passes)
    return CanvasChunk(_pieces(job, step), frozenset(job.fixed), step, result_of(job, run))


def _pieces(job: Job, step: Step) -> tuple[bytes | None, ...]:
    spell = job.vocabulary.token_bytes
    return tuple(None if token is None else spell(token) for token in step.canvas)


def result_of(job: Job, run: Run) -> DiffusionResult:
    """What a run has made of a job."""
    vocabulary = job.vocabulary
    fixed = run.canvas.fixed
    tokens: list[int] = []
    stuck = run.stuck and not run.finished
    ended = job.end == "exact" or (job.constraint is not None and not stuck)
    for position in range(job.length):
        token = fixed.get(position)
        if token in vocabulary.eos_ids:
            ended = True
            break
        if token is not None:
            tokens.append(token)
    data = vocabulary.decode(tokens)
    valid = None if job.constraint is None else not stuck and job.constraint.accepts(data)
    finish: Finish = "stuck" if stuck else "stop" if ended and valid is not False else "length"
    return DiffusionResult(
        text=data.decode("utf-8", "replace"),
        data=data,
        tokens=tuple(tokens),
        holes=tuple(_hole_text(job, fixed, hole) for hole in job.holes),
        valid=valid,
        check=None if job.constraint is None else job.options.check,
        masks=None if job.constraint is None else run.masks,
        finish_reason=finish,
        log_prob=run.log_prob,
        chosen=run.chosen,
        forced=run.forced,
        passes=job.passes + run.passes,
        rows=run.rows,
        retries=run.retries,
        recovered=run.recovered,
        seed=job.seed,
        prompt_tokens=len(job.prompt),
        reader=job.reader,
    )


def _hole_text(job: Job, fixed: Mapping[int, int], hole: range) -> str:
    data = job.vocabulary.decode(fixed[position] for position in hole if position in fixed)
    return data.decode("utf-8", "replace")
