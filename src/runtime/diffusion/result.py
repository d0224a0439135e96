"""What diffusion generation and infilling return."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from ..decoding.values import ValueReader
from .loop import Step

__all__ = ["CanvasChunk", "DiffusionResult", "Finish"]

Finish: TypeAlias = Literal["stop", "length", "stuck"]
"""``stop``: complete. ``length``: the canvas ended before the text did (without a constraint, or by lookahead).
``stuck``: a check that is not exact ran into a dead end; the text has gaps."""


@dataclass(frozen=True)
class DiffusionResult:
    """One filled canvas.

    Attributes:
        text: the text, of infilling the whole of it; bytes that are no UTF-8 become U+FFFD.
        data: the same as bytes.
        tokens: the tokens of the canvas up to its end token; open positions (only if stuck) are left out.
        holes: what infilling put into each hole; empty for generation.
        valid: whether the text is in the language; None without a constraint. Always True for ``check="exact"``.
        check: "exact", "intersection", "lookahead" or None.
        masks: what proposals were drawn from: "exact" masks, an upper "bound", or "none", so that the check alone
        decided
            (retries count what it refused); None without a constraint.
        finish_reason: "stop", "length" or "stuck".
        log_prob: sum of the model's log-probabilities of the tokens that were chosen, each at the time of its commit.
        chosen: how many those are.
        forced: tokens that were the only ones allowed, committed without a choice.
        passes: forward passes; ``rows`` counts the sequences in them (drafts are batched).
        retries: proposals that the check refused.
        recovered: tokens that lookahead's witness put in after too many refusals: its fallback.
        seed: gives this output again.
        prompt_tokens: tokens before the canvas.
    """

    text: str
    data: bytes = field(repr=False)
    tokens: tuple[int, ...] = field(repr=False)
    holes: tuple[str, ...]
    valid: bool | None
    check: str | None
    masks: str | None
    finish_reason: Finish
    log_prob: float
    chosen: int
    forced: int
    passes: int
    rows: int
    retries: int
    recovered: int
    seed: int
    prompt_tokens: int
    reader: ValueReader = field(repr=False)

    @property
    def fallback(self) -> bool:
        """Whether something other than a checked proposal of the model was put in. Never for ``check="exact"``."""
        return self.recovered > 0

    @cached_property
    def value(self) -> Any:
        """The text as a Python value: parsed JSON, an instance of the given type, or the text itself."""
        return self.reader.read(self.text)


@dataclass(frozen=True)
class CanvasChunk:
    """One step of a stream.

    Attributes:
        pieces: the bytes at each position, None where it is open.
        given: positions that were fixed from the beginning.
        step: what the last pass committed.
        result: the finished output, with the last chunk; else None.
    """

    pieces: tuple[bytes | None, ...]
    given: frozenset[int]
    step: Step
    result: DiffusionResult | None = None
