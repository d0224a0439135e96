"""What users pass as ``model``, made into a ``Model``. Adapters are imported only when one is needed."""

from __future__ import annotations

import os

from ...errors import ModelError
from .protocol import Model

__all__ = ["resolve_model"]


def resolve_model(model: object, tokenizer: object = None) -> Model:
    """A ``Model`` as it is; a transformers model wrapped; a demo model by name, or a model directory, loaded.

    Wrapping reads the vocabulary, so resolve once and pass the result where many calls follow.

    Raises:
        ModelError: ``model`` is none of these, or a tokenizer is given for a model that has its vocabulary.
    """
    if isinstance(model, Model):
        if tokenizer is not None:
            raise ModelError("this model has a vocabulary of its own", hint="leave out tokenizer=")
        return model
    if isinstance(model, str | os.PathLike):
        if tokenizer is not None:
            raise ModelError("a model loaded by name comes with its tokenizer", hint="leave out tokenizer=")
        from ..adapters.demo import load_model

        return load_model(os.fspath(model))
    if hasattr(model, "config") and hasattr(model, "get_input_embeddings"):
        from ..adapters.transformers import TransformersModel

        return TransformersModel(model, tokenizer)
    raise ModelError(
        f"a {type(model).__name__} is no model",
        expected=(
            "a transformers causal LM",
            "the name of a demo model",
            "an object with vocabulary and forward(ids, states)",
        ),
    )
