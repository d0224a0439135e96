"""``run``: prompts and constraints in, results or a stream of chunks out.

::

    prompts ──encode, heal──> ids ──┐
    constraints ──> matchers ───────┴──> Requests ──> Courses
                                                         │ decode <── Model
                                                         v
                             Chunk*, GenerationResult <── TextStream
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import GramaryeError, ModelError
from .budget import EDGE
from .free import FreeMatcher
from .healing import heal
from .loop import Course, Request, decode
from .models import resolve_model
from .protocol import Constraint, Matcher, Model, Prompt, PromptEncoder
from .result import Chunk, GenerationResult
from .sampling import Sampling
from .streaming import TextStream
from .values import TEXT, ValueReader

__all__ = ["METHODS", "run"]

METHODS = ("mask",)


def run(
    model: object,
    prompt: Prompt | Sequence[Prompt],
    constraint: Constraint | Sequence[Constraint | None] | None,
    *,
    tokenizer: object = None,
    max_tokens: int = 256,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    seed: int | Sequence[int] | None = None,
    stream: bool = False,
    method: str = "mask",
    reader: ValueReader | Sequence[ValueReader] = TEXT,
    heal_prompt: bool | None = None,
    fast_forward: bool = True,
    edge: int = EDGE,
) -> GenerationResult | list[GenerationResult] | Iterator[Chunk]:
    """Generate text that satisfies a constraint: a result, or a list for a batch; chunks with ``stream``.

    Args:
        model: a ``Model``, a transformers causal LM, the name of a demo model, or a model directory.
        prompt: a text, token ids, or the messages of a conversation; or a list of such, decoded as one batch.
        constraint: one for all prompts, or a list with one for each (or several for one); None is free text.
        tokenizer: of a transformers model whose configuration does not name it.
        max_tokens: the output is complete within this many tokens, not counting the end token.
        temperature: divides the logits; 0 is greedy, 1 the model's own law.
        top_k: draw from the k likeliest of the allowed tokens only.
        top_p: draw from the likeliest allowed tokens that together hold this share.
        min_p: draw from allowed tokens at least min_p times as likely as the likeliest.
        seed: of prompt 0; prompt i gets ``seed + i``, or its own from a list. None: a random one, which the
            result names. A prompt's output depends on its seed, not on the batch (see ``loop``).
        stream: return an iterator of chunks, one for each prompt and step.
        method: "mask".
        reader: how texts become values, one for all or a list with one for each.
        heal_prompt: let the model retokenize the end of the prompt; None: if the prompt is a text. Left out
            where the budget has no room for it.
        fast_forward: append what is forced without drawing it; False: its tokenization is drawn as well.
        edge: spare tokens at or below which every mask is budgeted (see ``budget``).

    Raises:
        BudgetError: max_tokens is below the shortest valid output; nothing has been computed then.
        ModelError: the model does not fit the constraint's vocabulary, or returns unusable logits.
        GramaryeError: an option is out of range or not available.
    """
    if method not in METHODS:
        raise GramaryeError(f"method {method!r} is not available", expected=METHODS)
    lm = resolve_model(model, tokenizer)
    prompts, constraints, single = _pair(prompt, constraint)
    options = _Options(max_tokens, Sampling(temperature, top_k, top_p, min_p), heal_prompt, fast_forward, edge)
    rows = zip(prompts, constraints, _seeds(seed, len(prompts)), _readers(reader, len(prompts)), strict=True)
    jobs = [_job(lm, index, options, *row) for index, row in enumerate(rows)]
    chunks = _chunks(lm, jobs)
    if stream:
        return chunks
    results = {chunk.index: chunk.result for chunk in chunks if chunk.result is not None}
    return results[0] if single else [results[index] for index in range(len(jobs))]


@dataclass(frozen=True, slots=True)
class _Options:
    """What all prompts of a call share."""

    max_tokens: int
    sampling: Sampling
    heal_prompt: bool | None
    fast_forward: bool
    edge: int


def _job(
    model: Model,
    index: int,
    options: _Options,
    prompt: Prompt,
    constraint: Constraint | None,
    seed: int,
    reader: ValueReader,
) -> _Job:
    """Set up one prompt, up to its first forward pass."""
    vocabulary = model.vocabulary
    if constraint is not None and constraint.vocabulary.fingerprint != vocabulary.fingerprint:
        raise ModelError(
            f"the constraint's vocabulary ({len(constraint.vocabulary)} tokens) is not the model's"
            f" ({len(vocabulary)} tokens)",
            hint="compile with vocabulary=model.vocabulary",
        )
    ids = _encode(model, prompt)
    matcher: Matcher = FreeMatcher(vocabulary) if constraint is None else constraint.matcher()
    healed = 0
    if options.heal_prompt or (options.heal_prompt is None and isinstance(prompt, str)):
        boundary = heal(ids, matcher, vocabulary)
        if boundary.respell and len(boundary.matcher.shortest_tokens()) <= options.max_tokens:
            ids, matcher, healed = boundary.prompt, boundary.matcher, len(boundary.respell)
    request = Request(
        tuple(ids), matcher, options.max_tokens, options.sampling, seed, options.fast_forward, options.edge
    )
    return _Job(index, Course(request, vocabulary), reader, healed)


@dataclass(slots=True)
class _Job:
    """A course with what turns its tokens into text."""

    index: int
    course: Course
    reader: ValueReader
    healed: int
    data: bytearray = field(default_factory=bytearray)
    given: int = 0
    text: TextStream = field(init=False)

    def __post_init__(self) -> None:
        self.text = TextStream(self.healed)

    def advance(self, model: Model) -> str:
        """The new text since the last call."""
        new = b"".join(model.vocabulary.token_bytes(token) for token in self.course.tokens[self.given :])
        self.given = len(self.course.tokens)
        self.data += new
        return self.text.feed(new, final=self.course.done)

    def result(self) -> GenerationResult:
        course = self.course
        if course.finish_reason is None:
            raise GramaryeError("the output is not finished")
        return GenerationResult(
            text=self.text.text,
            data=bytes(self.data[self.healed :]),
            tokens=tuple(course.tokens),
            log_prob=course.log_prob,
            log_weight=course.log_weight,
            finish_reason=course.finish_reason,
            seed=course.request.seed,
            prompt_tokens=len(course.request.prompt),
            forced=course.forced,
            passes=course.passes,
            healed=self.healed,
            reader=self.reader,
        )


def _chunks(model: Model, jobs: Sequence[_Job]) -> Iterator[Chunk]:
    """Decode, and yield a chunk for every step that gave text or ended a sequence."""
    by_course = {id(job.course): job for job in jobs}
    for job in jobs:
        if job.course.done:  # the empty text is all there is
            yield _chunk(job, job.advance(model))
    for course in decode(model, [job.course for job in jobs]):
        job = by_course[id(course)]
        delta = job.advance(model)
        if delta or course.done:
            yield _chunk(job, delta)


def _chunk(job: _Job, delta: str) -> Chunk:
    result = job.result() if job.course.done else None
    return Chunk(job.index, delta, job.text.text, len(job.course.tokens), job.reader, result)


def _encode(model: Model, prompt: Prompt) -> list[int]:
    if isinstance(prompt, str):
        return model.encode_prompt(prompt) if isinstance(model, PromptEncoder) else model.vocabulary.encode(prompt)
    if _is_messages(prompt):
        if not isinstance(model, PromptEncoder):
            raise ModelError("this model has no chat template", hint="give the prompt as a text or as token ids")
        return model.encode_prompt([message for message in prompt if isinstance(message, Mapping)])
    ids = [token for token in prompt if isinstance(token, int)]
    wrong = [token for token in ids if not 0 <= token < len(model.vocabulary)]
    if len(ids) != len(prompt) or wrong:
        raise GramaryeError(
            "the prompt holds what is no token id" + (f": {wrong[0]}" if wrong else ""),
            expected=("a text", "a list of token ids", "a list of messages"),
        )
    return ids


def _is_messages(prompt: Sequence[Any]) -> bool:
    return bool(prompt) and all(isinstance(part, Mapping) for part in prompt)


def _is_single(prompt: Any) -> bool:
    """A text, a list of ids or a conversation, as opposed to a list of those."""
    return isinstance(prompt, str) or _is_messages(prompt) or (len(prompt) > 0 and isinstance(prompt[0], int))


def _pair(
    prompt: Prompt | Sequence[Prompt], constraint: Constraint | Sequence[Constraint | None] | None
) -> tuple[list[Prompt], list[Constraint | None], bool]:
    """Prompts and constraints side by side, and whether both were single."""
    one_prompt = _is_single(prompt)
    prompts: list[Any] = [prompt] if one_prompt else list(prompt)
    if not isinstance(constraint, Sequence):
        return prompts, [constraint] * len(prompts), one_prompt
    if one_prompt:
        return prompts * len(constraint), list(constraint), False
    return prompts, _spread(constraint, len(prompts), "constraints"), False


def _readers(reader: ValueReader | Sequence[ValueReader], count: int) -> list[ValueReader]:
    return [reader] * count if isinstance(reader, ValueReader) else _spread(reader, count, "readers")


def _spread(values: Sequence[Any], count: int, name: str) -> list[Any]:
    if len(values) != count:
        raise GramaryeError(f"{len(values)} {name} for {count} prompts", expected=(f"one, or {count}",))
    return list(values)


def _seeds(seed: int | Sequence[int] | None, count: int) -> list[int]:
    if seed is None:
        return [secrets.randbits(63) for _ in range(count)]
    seeds = [seed + i for i in range(count)] if isinstance(seed, int) else _spread(seed, count, "seeds")
    if any(value < 0 for value in seeds):
        raise GramaryeError("a seed is negative", expected=("integers >= 0",))
    return seeds
