"""What generation returns: one finished output, or one chunk of a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from .values import ValueReader

__all__ = ["Chunk", "FinishReason", "GenerationResult"]

FinishReason: TypeAlias = Literal["stop", "length"]
"""``stop``: the model ended the text, or the constraint left nothing to add. ``length``: the token budget
ended or shaped it; under a constraint the text is complete and valid all the same."""


@dataclass(frozen=True)
class GenerationResult:
    """One finished output.

    Attributes:
        text: the output as text; bytes that are no UTF-8 (possible only if the constraint allows them) become
            U+FFFD.
        data: the output as bytes.
        tokens: the generated tokens without the end token. With a healed prompt the first ``healed`` of their
            bytes respell the end of the prompt and are not part of ``text``.
        log_prob: log-probability of the chosen tokens under the model's own law (no mask, temperature 1), in
            nats; of the end token too, if the model was asked whether to end.
        log_weight: sum over the same steps of the log of the model's mass on what was allowed (of the token
            itself where it was forced), so that with temperature 1 and no truncation ``log_prob -
            log_weight`` is the log-probability with which this output was drawn, and ``log_weight`` its
            importance weight towards the model's law.
        finish_reason: "stop" or "length".
        seed: gives this output again, alone or in any batch.
        prompt_tokens: tokens of the prompt that were fed.
        forced: how many of ``tokens`` were forced by the constraint and cost no choice.
        passes: forward passes that this sequence took part in.
        healed: bytes of the prompt that were respelled.
    """

    text: str
    data: bytes = field(repr=False)
    tokens: tuple[int, ...] = field(repr=False)
    log_prob: float
    log_weight: float
    finish_reason: FinishReason
    seed: int
    prompt_tokens: int
    forced: int
    passes: int
    healed: int
    reader: ValueReader = field(repr=False)

    @cached_property
    def value(self) -> Any:
        """The output as a Python value: parsed JSON, an instance of the given type, or the text.

        Raises:
            SchemaError: a Pydantic model's own validators, which no grammar can express, refuse the text.
        """
        return self.reader.read(self.text)


@dataclass(frozen=True)
class Chunk:
    """One step of a stream.

    Attributes:
        index: which prompt of the batch.
        delta: new text, always whole characters; the deltas of a prompt join to its ``text``.
        text: the text so far.
        tokens: tokens generated so far.
        result: the finished output, with the last chunk of each prompt; else None.
    """

    index: int
    delta: str
    text: str = field(repr=False)
    tokens: int
    reader: ValueReader = field(repr=False)
    result: GenerationResult | None = field(default=None, repr=False)

    @property
    def finish_reason(self) -> FinishReason | None:
        """Set with the last chunk."""
        return None if self.result is None else self.result.finish_reason

    @cached_property
    def value(self) -> Any:
        """The best partial value so far (see ``values.partial_json``); at the end the value itself."""
        return self.reader.partial(self.text) if self.result is None else self.result.value
