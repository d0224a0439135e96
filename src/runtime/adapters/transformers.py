"""Causal language models of Hugging Face transformers behind the ``Model`` protocol.

Two ways to keep the past, chosen by the model's kind of cache::

    full attention in every layer   ->  one batch for all sequences (``rows.py``), one pass a step
    sliding windows, linear layers  ->  a cache for each sequence, one pass a step and sequence

The second way can be asked for (``batched=False``): rows then do not share matrix products, so that a
sequence gets the same logits to the last bit whatever else is in the batch.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from transformers import AutoTokenizer, DynamicCache

from ...errors import ModelError
from ..vocabulary import Vocabulary
from .rows import RowState, batch_of

__all__ = ["TransformersModel"]


class TransformersModel:
    """A causal LM with its tokenizer.

    Attributes:
        model: the transformers model, left as it is.
        tokenizer: the transformers tokenizer.
        vocabulary: its tokens as bytes, with the end tokens of the model's generation configuration.
        batched: whether sequences share forward passes.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        vocabulary: Vocabulary | None = None,
        batched: bool | None = None,
    ) -> None:
        """Wrap a model.

        Args:
            model: a transformers causal LM, in eval mode.
            tokenizer: its tokenizer; None loads the one that the model's configuration names.
            vocabulary: the tokenizer's vocabulary, where it has been read already.
            batched: None decides by the model's layers.

        Raises:
            ModelError: the model is no causal LM, is in training mode, or its tokenizer is not found.
        """
        if getattr(model.config, "is_encoder_decoder", False):
            raise ModelError("the model is an encoder-decoder", expected=("a causal (decoder-only) language model",))
        if getattr(model, "training", False):
            raise ModelError(
                "the model is in training mode: dropout would make its law random", hint="call model.eval()"
            )
        self.model = model
        self.tokenizer = _tokenizer_of(model) if tokenizer is None else tokenizer
        self.vocabulary = vocabulary or Vocabulary.from_tokenizer(
            self.tokenizer, eos_ids=_end_tokens(model, self.tokenizer)
        )
        self._parameters = _parameters(model)
        needed = {"position_ids", "attention_mask", "past_key_values"}
        plain = needed <= self._parameters and _has_plain_cache(model)
        self.batched = plain if batched is None else batched and plain

    def encode_prompt(self, prompt: str | Sequence[Mapping[str, Any]]) -> list[int]:
        """Ids of a text, with the special tokens that the tokenizer adds, or of a conversation.

        A conversation that ends with a message of the assistant is continued in that message.

        Raises:
            ModelError: the tokenizer has no chat template.
        """
        if isinstance(prompt, str):
            ids = list(self.tokenizer.encode(prompt))
            last = ids[-1] if ids else None
            if last is not None and prompt and last in self.vocabulary.eos_ids:
                ids.pop()  # some tokenizers close a text with its end token
            return ids or self._start_token()
        if getattr(self.tokenizer, "chat_template", None) is None:
            raise ModelError("the tokenizer has no chat template", hint="give the prompt as a text")
        answering = prompt[-1].get("role") == "assistant"
        ids = self.tokenizer.apply_chat_template(
            [dict(message) for message in prompt],
            tokenize=True,
            return_dict=False,
            add_generation_prompt=not answering,
            continue_final_message=answering,
        )
        return [int(token) for token in ids]

    def _start_token(self) -> list[int]:
        """What stands for an empty prompt: the begin token, else an end token, as in training."""
        for token in (getattr(self.tokenizer, "bos_token_id", None), *self.vocabulary.eos_ids):
            if token is not None:
                return [int(token)]
        raise ModelError("an empty prompt needs a tokenizer with a begin or end token")

    def forward(
        self, ids: Sequence[Sequence[int]], states: Sequence[Any]
    ) -> tuple[list[np.ndarray[Any, Any]], list[Any]]:
        """One pass; see ``decoding.protocol.Model``. Logits are float32[n, V'], n = 1 at the start.

        Raises:
            ModelError: a sequence has nothing to feed.
        """
        if not ids:
            return [], []
        if not all(ids):
            raise ModelError("the model was given no tokens to read", hint="an empty prompt needs a begin token")
        with torch.inference_mode():
            if self.batched:
                return self._forward_batch(ids, states)
            pairs = [self._forward_alone(new, state) for new, state in zip(ids, states, strict=True)]
            return [rows for rows, _ in pairs], [state for _, state in pairs]

    def _forward_batch(
        self, ids: Sequence[Sequence[int]], states: Sequence[RowState | None]
    ) -> tuple[list[np.ndarray[Any, Any]], list[RowState]]:
        device = self.model.device
        batch = batch_of(states, device)
        lengths = [len(new) for new in ids]
        mask, positions = batch.append(lengths)
        padded = [[0] * (max(lengths) - len(new)) + list(new) for new in ids]
        kept = [1 if state is None else len(new) for new, state in zip(ids, states, strict=True)]
        logits = self._logits(padded, batch.cache, max(kept), attention_mask=mask, position_ids=positions)
        rows = [logits[i, logits.shape[1] - n :] for i, n in enumerate(kept)]
        return rows, [RowState(batch, row, batch.slots) for row in range(len(ids))]

    def _forward_alone(self, new: Sequence[int], state: _OwnState | None) -> tuple[np.ndarray[Any, Any], _OwnState]:
        known = () if state is None else state.ids
        kept = 1 if state is None else len(new)
        if state is not None and state.past is not None and state.past.length == len(known):
            past: _OwnCache | None = state.past
            fed = list(new)
        else:  # a new sequence, or an older state of one that has moved on: read it all again
            past, fed = self._own_cache(), [*known, *new]
        logits = self._logits([fed], None if past is None else past.cache, kept)
        if past is not None:
            past.length = len(known) + len(new)
        return logits[0, logits.shape[1] - kept :], _OwnState(past, (*known, *new))

    def _own_cache(self) -> _OwnCache | None:
        """An empty cache; None for a model that takes none, which reads the whole text in each pass."""
        cached = "past_key_values" in self._parameters
        return _OwnCache(DynamicCache(config=self.model.config)) if cached else None

    def _logits(self, ids: list[list[int]], cache: Any, keep: int, **extra: Any) -> np.ndarray[Any, Any]:
        """float32[B, n >= keep, V'] on the CPU; the cache takes in the new tokens."""
        if cache is not None:
            extra |= {"past_key_values": cache, "use_cache": True}
        if "logits_to_keep" in self._parameters:
            extra["logits_to_keep"] = keep
        inputs = torch.tensor(ids, dtype=torch.long, device=self.model.device)
        output = self.model(input_ids=inputs, **extra)
        logits: np.ndarray[Any, Any] = output.logits[:, -keep:].float().cpu().numpy()
        return logits


class _OwnCache:
    """The cache of one sequence, which only the newest state of the sequence can append to."""

    __slots__ = ("cache", "length")

    def __init__(self, cache: Any) -> None:
        self.cache = cache
        self.length = 0


class _OwnState(NamedTuple):
    past: _OwnCache | None
    ids: tuple[int, ...]


def _tokenizer_of(model: Any) -> Any:
    name = getattr(model.config, "_name_or_path", "")
    if not name:
        raise ModelError("the model's configuration names no tokenizer", hint="pass tokenizer=")
    try:
        return AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise ModelError(f"no tokenizer is found for {name!r}: {error}", hint="pass tokenizer=") from error


def _end_tokens(model: Any, tokenizer: Any) -> list[int] | None:
    """End tokens by the generation configuration and the tokenizer; None leaves it to the vocabulary."""
    configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    ends = [configured] if isinstance(configured, int) else list(configured or ())
    if tokenizer.eos_token_id is not None:
        ends.append(tokenizer.eos_token_id)
    return sorted(set(ends)) or None


def _parameters(model: Any) -> frozenset[str]:
    return frozenset(inspect.signature(model.forward).parameters)


def _has_plain_cache(model: Any) -> bool:
    """Whether every layer keeps all keys and values, so that padded slots can be masked out."""
    layers = getattr(DynamicCache(config=model.config), "layers", [])
    return bool(layers) and all(type(layer).__name__ == "DynamicLayer" for layer in layers)
