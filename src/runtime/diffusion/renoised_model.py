"""DiffusionGemma (transformers 5) behind the :class:`.renoise.RenoisedModel` protocol.

An encoder reads the prompt once and causally; a decoder denoises a canvas of any length against the encoder's keys and
values and the logits of the step before (self-conditioning). The encoder's cache does not depend on the canvas, so
keeping it between steps is exact: this is the one architecture here whose prefix is cached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import ModelError
from ..vocabulary import Vocabulary

__all__ = ["DiffusionGemma"]


class _Encoded:
    """A prompt's keys and values, and its length."""

    __slots__ = ("cache", "length")

    def __init__(self, cache: Any, length: int) -> None:
        self.cache = cache
        self.length = length


class DiffusionGemma:
    """A ``DiffusionGemmaForBlockDiffusion`` with its tokenizer.

    Attributes:
        model: the transformers model, left as it is.
        tokenizer: its tokenizer; None where a vocabulary was given.
        vocabulary: its tokens as bytes.
    """

    def __init__(self, model: Any, tokenizer: Any = None, *, vocabulary: Vocabulary | None = None) -> None:
        """Wrap a model.

        Raises:
            ModelError: the model is in training mode, or there is neither tokenizer nor vocabulary.
        """
        if getattr(model, "training", False):
            raise ModelError("the model is in training mode", hint="call model.eval()")
        if vocabulary is None and tokenizer is None:
            raise ModelError("a diffusion model needs its tokenizer", hint="pass tokenizer=, or vocabulary=")
        self.model = model
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary or Vocabulary.from_tokenizer(tokenizer)

    def encode_prompt(self, prompt: str | Sequence[Mapping[str, Any]]) -> list[int]:
        """Ids of a text with the special tokens that the tokenizer adds, or of a conversation.

        Raises:
            ModelError: there is no chat template.
        """
        if isinstance(prompt, str):
            if self.tokenizer is None:
                return list(self.vocabulary.encode(prompt))
            return [int(token) for token in self.tokenizer.encode(prompt)]
        if getattr(self.tokenizer, "chat_template", None) is None:
            raise ModelError("the tokenizer has no chat template", hint="give the prompt as a text")
        ids = self.tokenizer.apply_chat_template(
            [dict(message) for message in prompt], tokenize=True, return_dict=False, add_generation_prompt=True
        )
        return [int(token) for token in ids]

    def begin(self, prompt: Sequence[int]) -> _Encoded:
        """Encode a prompt; one pass of the encoder.

        Raises:
            ModelError: the prompt is empty.
        """
        if not prompt:
            raise ModelError("the encoder needs a prompt of at least one token")
        ids = torch.tensor([list(prompt)], device=self.model.device)
        with torch.inference_mode():
            encoded = self.model.model.encoder(input_ids=ids)
        return _Encoded(encoded.past_key_values, len(prompt))

    def denoise(
        self, state: _Encoded, canvas: NDArray[np.int64], previous: NDArray[np.floating] | None
    ) -> NDArray[np.float32]:
        """float32[L, V'] on the CPU; one pass of the decoder."""
        device = self.model.device
        positions = torch.arange(state.length, state.length + len(canvas), dtype=torch.int32, device=device)[None]
        conditioning = None
        if previous is not None:
            dtype = self.model.model.decoder.embed_tokens.weight.dtype
            conditioning = torch.from_numpy(np.asarray(previous)).to(device=device, dtype=dtype)[None]
        with torch.inference_mode():
            output = self.model(
                decoder_input_ids=torch.from_numpy(canvas).to(device)[None],
                past_key_values=state.cache,
                self_conditioning_logits=conditioning,
                decoder_position_ids=positions,
            )
        logits: NDArray[np.float32] = output.logits[0].float().cpu().numpy()
        return logits
