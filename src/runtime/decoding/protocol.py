"""The nouns of decoding: what models, vocabularies, constraints and matchers must offer.

Everything in this package is written against these structural types, so a toy model of ten lines takes the
place of a transformer and a toy matcher that of a compiled constraint::

      prompt ids ──> Model.forward ──> logits (V,) ──┐
                        ^                            ├──> sampling ──> token ──> Matcher.advance
      Matcher.mask ─────│────────────> bits (W,) ────┘                   │
                        └────────────────────────────────────────────────┘

A whole model, whose law can be enumerated by hand::

    class Coin:
        '''The first token is token 0 with probability 3/4; from then on every token is equally likely.'''

        def __init__(self, vocabulary):
            self.vocabulary = vocabulary
            others = 0.25 / (len(vocabulary) - 1)
            self.first = np.log([0.75] + [others] * (len(vocabulary) - 1))

        def forward(self, ids, states):
            begun = [state is not None for state in states]
            logits = [0.0 * self.first if past else self.first for past in begun]
            return [np.tile(row, (max(1, len(new)), 1)) for row, new in zip(logits, ids)], [True] * len(ids)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

__all__ = [
    "BitMask",
    "Bits",
    "Constraint",
    "FloatArray",
    "Matcher",
    "Message",
    "Model",
    "Prompt",
    "PromptEncoder",
    "State",
    "TrieTables",
    "Vocabulary",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]
BitMask: TypeAlias = npt.NDArray[np.uint32]
"""uint32[ceil(V / 32)]: token t is bit t % 32 of word t // 32."""
Bits: TypeAlias = npt.NDArray[np.bool_]
"""bool[V]: the same set, unpacked."""

State: TypeAlias = Any
"""What a model remembers of a sequence: opaque, never changed once returned, so that any can be continued."""

Message: TypeAlias = Mapping[str, Any]
Prompt: TypeAlias = "str | Sequence[int] | Sequence[Message]"
"""A text, token ids, or the messages of a conversation."""


class TrieTables(Protocol):
    """The part of the vocabulary's tables that token healing walks.

    Group g of tokens of equal bytes has the first id ``duplicate_first[g]`` and the further ids
    ``duplicate_ids[duplicate_offsets[g]:duplicate_offsets[g + 1]]``; only first ids are in the trie.
    """

    @property
    def trie(self) -> npt.NDArray[np.uint64]:
        """uint64[n] in preorder: bits 0-7 byte, 8-19 depth, 20-40 token + 1 (0: none), 41-63 subtree size."""

    @property
    def duplicate_offsets(self) -> npt.NDArray[np.int32]:
        """int32[groups + 1]."""

    @property
    def duplicate_first(self) -> npt.NDArray[np.int32]:
        """int32[groups]."""

    @property
    def duplicate_ids(self) -> npt.NDArray[np.int32]:
        """int32[k]."""


class Vocabulary(Protocol):
    """Token ids and the bytes they stand for."""

    @property
    def eos_ids(self) -> tuple[int, ...]:
        """The end tokens."""

    @property
    def fingerprint(self) -> str:
        """Equal for equal vocabularies only."""

    @property
    def tables(self) -> TrieTables:
        """The tokens as a trie."""

    def __len__(self) -> int: ...

    def token_bytes(self, token: int, /) -> bytes:
        """The bytes of a token, empty for control tokens."""

    def encode(self, text: str | bytes, /) -> list[int]:
        """Tokens that spell a text."""


class Matcher(Protocol):
    """A position inside the language of a constraint, moved by tokens."""

    @property
    def accepting(self) -> bool:
        """Whether the text may end here."""

    @property
    def finished(self) -> bool:
        """Whether the text may end here and nothing else may come."""

    def mask(self, out: BitMask | None = None, budget: int | None = None) -> BitMask:
        """uint32[W] of the tokens that may come next; end tokens are set where the text may end.

        With a budget r only the tokens after which the text can still be finished within r - 1 further ones,
        the end token not counted; BudgetError if there are none.
        """

    def advance(self, token: int, /) -> bool:
        """Move by a token that is no end token; False, and nothing changed, where it is refused."""

    def advance_bytes(self, data: bytes, /) -> bool:
        """Move by bytes; False, and nothing changed, where they are refused."""

    def rollback(self, n_tokens: int, /) -> None:
        """Undo the last moves."""

    def fork(self) -> Matcher:
        """An independent copy."""

    def forced_tokens(self) -> list[int]:
        """The canonical tokenization of the bytes that must come next; empty where there is a choice."""

    def shortest_tokens(self, limit: int | None = None) -> list[int]:
        """A short list of tokens that ends accepted from here; empty where the text may end.

        With a limit, one of at most so many tokens, searched for among all spellings; BudgetError if there is
        none.
        """


class Constraint(Protocol):
    """A compiled constraint: immutable, shared, the maker of matchers."""

    @property
    def vocabulary(self) -> Vocabulary:
        """What it was compiled for."""

    def matcher(self) -> Matcher:
        """A matcher at the beginning."""


@runtime_checkable
class Model(Protocol):
    """A language model that writes left to right."""

    @property
    def vocabulary(self) -> Vocabulary:
        """Its tokens."""

    def forward(
        self, ids: Sequence[Sequence[int]], states: Sequence[State | None], /
    ) -> tuple[Sequence[npt.NDArray[Any]], Sequence[State]]:
        """Feed a batch of sequences.

        Args:
            ids: ``ids[i]`` are the new tokens of sequence i; empty only for an empty prompt at the start.
            states: ``states[i]`` is what an earlier call returned for sequence i, None at its
                start.

        Returns:
            ``(logits, states)``. ``logits[i]`` is a float array of shape (n, V'), V' >= V (the rest is cut):
            the logits after each of the last n new tokens. n is len(ids[i]), or at the start any n >= 1,
            since the inside of a prompt is never read. Shape (V',) counts as n = 1. ``states[i]`` goes with
            the sequence including the new tokens.

            Rows are independent: what sequence i gets does not depend on the others in the batch, up to the
            rounding of the model's own arithmetic.
        """


@runtime_checkable
class PromptEncoder(Protocol):
    """A model that turns prompts into ids itself: special tokens, chat templates.

    For other models the vocabulary's ``encode`` is used.
    """

    def encode_prompt(self, prompt: str | Sequence[Message], /) -> list[int]:
        """Token ids of a text or a conversation."""
