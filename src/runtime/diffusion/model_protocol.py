"""What a masked diffusion language model must offer, and how its logits are read.

::

    position      0        1        2        3        4
                +--------+--------+--------+--------+--------+
    ids         | prompt | prompt | {      | MASK   | MASK   |
                +--------+--------+--------+--------+--------+
    logits        row 0    row 1    row 2    row 3    row 4       shift=False: row i is the law of position i
                              row 0    row 1    row 2    row 3    shift=True:  row i - 1 is (Dream, arXiv 2508.15487)

A whole model, whose law can be computed by hand::

    class Uniform:
        '''Every token is equally likely at every position.'''

        mask_id, shift = 0, False

        def __init__(self, vocabulary):
            self.vocabulary = vocabulary

        def forward(self, ids, attention):
            return np.zeros((*ids.shape, len(self.vocabulary)))
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from ..decoding.protocol import Prompt, PromptEncoder
from ..decoding.sampling import log_softmax
from ..vocabulary import Vocabulary

__all__ = ["DiffusionModel", "encode_prompt", "position_log_probs"]


@runtime_checkable
class DiffusionModel(Protocol):
    """A language model that fills in masked positions of a text.

    Attributes:
        mask_id: the token that stands at open positions.
        shift: whether the logits of position i are in row i - 1.
    """

    mask_id: int
    shift: bool

    @property
    def vocabulary(self) -> Vocabulary:
        """Its tokens as bytes, with its end tokens."""

    def forward(self, ids: NDArray[np.int64], attention: NDArray[np.bool_] | None, /) -> NDArray[Any]:
        """Logits of all positions of a batch.

        Args:
            ids: int64[B, T].
            attention: bool[B, T], the positions that exist; None: all.

        Returns:
            float[B, T, V'], V' >= V (the rest is cut).
        """


def position_log_probs(
    model: DiffusionModel, ids: NDArray[np.int64], positions: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The model's laws at some positions: float64[B, n, V], normalised; one forward pass.

    Args:
        model: the model.
        ids: int64[B, T].
        positions: int64[n], ascending, the same in all rows. With ``shift``, position 0 has no law of its own and gets
            that of row 0, as in Dream's own code.

    Raises:
        ModelError: the logits are of the wrong shape or unusable.
    """
    logits = np.asarray(model.forward(ids, None))
    size = len(model.vocabulary)
    if logits.ndim != 3 or logits.shape[:2] != ids.shape or logits.shape[2] < size:
        raise ModelError(
            f"the model returned logits of shape {logits.shape}", expected=[f"({ids.shape[0]}, {ids.shape[1]}, {size})"]
        )
    rows = np.maximum(positions - 1, 0) if model.shift else positions
    return log_softmax(logits[:, rows, :size].astype(np.float64))


def encode_prompt(model: Any, prompt: Prompt) -> list[int]:
    """Token ids of a prompt: by the model's own ``encode_prompt`` where it has one.

    Raises:
        ModelError: messages are given, and the model has no chat template.
        VocabularyError: no tokens spell the text.
    """
    if isinstance(prompt, str):
        return (
            model.encode_prompt(prompt) if isinstance(model, PromptEncoder) else list(model.vocabulary.encode(prompt))
        )
    if prompt and isinstance(prompt[0], int):
        ids = [token for token in prompt if isinstance(token, int)]
        wrong = [token for token in ids if not 0 <= token < len(model.vocabulary)]
        if len(ids) == len(prompt) and not wrong:
            return ids
        raise ModelError("the prompt holds what is no token id", expected=("a text", "token ids", "messages"))
    messages = [message for message in prompt if not isinstance(message, int)]
    if not messages:
        return []
    if not isinstance(model, PromptEncoder):
        raise ModelError("this model has no chat template", hint="give the prompt as a text or as token ids")
    return model.encode_prompt(messages)
