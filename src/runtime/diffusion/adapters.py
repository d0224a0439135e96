"""Masked diffusion models of Hugging Face transformers behind the :class:`.model_protocol.DiffusionModel` protocol.

=========================  ===========================  =====  ==========================================
model                      ``mask_id``                  shift  forward
=========================  ===========================  =====  ==========================================
any ``*ForMaskedLM``       the tokenizer's mask token   no     ``model(input_ids, attention_mask)``
LLaDA (arXiv 2502.09992)   126336                       no     the same, bidirectional
Dream (arXiv 2508.15487)   151666                       yes    the same; row i is the law of position i + 1
=========================  ===========================  =====  ==========================================

The table of shapes is a default, which ``mask_id=`` and ``shift=`` override. LLaDA and Dream come with code of their
own (``trust_remote_code``); what is adapted is the shape that they share with the models tested here.

Every pass reads the whole sequence. Keys and values of a prompt cannot be kept between passes without changing the
logits, since in a bidirectional model they depend on the canvas (Fast-dLLM's cache is an approximation for that
reason); where the architecture lets them be kept exactly, as DiffusionGemma's encoder does, the adapter keeps them
(``renoised_model.py``).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForMaskedLM, AutoTokenizer

from ...errors import ModelError
from ..vocabulary import Vocabulary

__all__ = ["MaskedModel", "Shape", "load_folder", "shape_of"]


class Shape(NamedTuple):
    """What a family of models does not say in its configuration.

    Attributes:
        mask_id: the mask token; None: the tokenizer or the configuration names it.
        eos_ids: the end tokens; None: the same.
        shift: see the table above.
    """

    mask_id: int | None
    eos_ids: tuple[int, ...] | None
    shift: bool


_SHAPES = {"llada": Shape(126336, (126081,), False), "dream": Shape(151666, (151643,), True)}


def shape_of(config: Any) -> Shape:
    """The shape of a model's family, by the ``model_type`` of its configuration."""
    name = str(getattr(config, "model_type", "")).lower()
    known = next((shape for family, shape in _SHAPES.items() if name.startswith(family)), Shape(None, None, False))
    own = getattr(config, "mask_token_id", None)
    return known if own is None else known._replace(mask_id=int(own))


class MaskedModel:
    """A bidirectional transformers model with a mask token.

    Attributes:
        model: the transformers model, left as it is.
        tokenizer: its tokenizer; None where a vocabulary was given.
        vocabulary: its tokens as bytes, control tokens spelling nothing.
        mask_id: the mask token.
        shift: whether the law of position i is in row i - 1.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        vocabulary: Vocabulary | None = None,
        mask_id: int | None = None,
        eos_ids: Sequence[int] | None = None,
        shift: bool | None = None,
    ) -> None:
        """Wrap a model.

        Args:
            model: the model, in eval mode.
            tokenizer: its tokenizer; not needed with a vocabulary and a mask token.
            vocabulary: the tokenizer's vocabulary, where it has been read already.
            mask_id: None: that of the family, the configuration or the tokenizer.
            eos_ids: the end tokens; None: those of the family or the tokenizer. A model trained without any (``()``)
            fills
                canvases to the last position.
            shift: None: that of the family.

        Raises:
            ModelError: the model is in training mode, or has no mask token, or no vocabulary.
        """
        if getattr(model, "training", False):
            raise ModelError(
                "the model is in training mode: dropout would make its law random", hint="call model.eval()"
            )
        shape = shape_of(model.config)
        found = next(
            (one for one in (mask_id, shape.mask_id, getattr(tokenizer, "mask_token_id", None)) if one is not None),
            None,
        )
        if found is None:
            raise ModelError("neither the model nor its tokenizer names a mask token", hint="pass mask_id=")
        if vocabulary is None and tokenizer is None:
            raise ModelError("a masked model needs its tokenizer", hint="pass tokenizer=, or vocabulary=")
        ends = shape.eos_ids if eos_ids is None else eos_ids
        self.model = model
        self.tokenizer = tokenizer
        self.mask_id = int(found)
        self.shift = shape.shift if shift is None else shift
        self.vocabulary = vocabulary or Vocabulary.from_tokenizer(tokenizer, eos_ids=ends)
        self._masked = "attention_mask" in inspect.signature(model.forward).parameters

    def encode_prompt(self, prompt: str | Sequence[Mapping[str, Any]]) -> list[int]:
        """Ids of a text without special tokens, or of a conversation by the tokenizer's chat template.

        Raises:
            ModelError: there is no chat template.
        """
        if isinstance(prompt, str):
            return list(self.vocabulary.encode(prompt))
        if getattr(self.tokenizer, "chat_template", None) is None:
            raise ModelError("the tokenizer has no chat template", hint="give the prompt as a text")
        ids = self.tokenizer.apply_chat_template(
            [dict(message) for message in prompt], tokenize=True, return_dict=False, add_generation_prompt=True
        )
        return [int(token) for token in ids]

    def forward(self, ids: NDArray[np.int64], attention: NDArray[np.bool_] | None) -> NDArray[np.float32]:
        """float32[B, T, V'] on the CPU; see the protocol."""
        device = self.model.device
        extra = {}
        if self._masked and attention is not None:
            extra["attention_mask"] = torch.from_numpy(attention.astype(np.int64)).to(device)
        with torch.inference_mode():
            output = self.model(input_ids=torch.from_numpy(ids).to(device), **extra)
        logits: NDArray[np.float32] = output.logits.float().cpu().numpy()
        return logits


def load_folder(folder: Path) -> MaskedModel:
    """A masked LM and its tokenizer from a folder.

    Raises:
        ModelError: transformers cannot load them.
    """
    loader: Any = AutoModelForMaskedLM
    try:
        model = loader.from_pretrained(folder, dtype=torch.float32)
        return MaskedModel(model.eval(), AutoTokenizer.from_pretrained(folder))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} holds no masked language model: {error}") from error
