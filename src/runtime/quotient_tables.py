r"""The tokens of a vocabulary by the classes of their characters, for the masks of patterns (``kernels/quotient.py``).

Tokens that stay inside a JSON string, as letters (``kernels/letters.py``), are sorted in two ways::

    letter order                              class order: by the coarse class of each letter, then by letter
      "ab"    a --- b                           lower lower        "ab" "by" "to"
      "ab1"         \--- 1                      lower lower digit  "ab1"
      "by"    b --- y                           upper lower        "No"
      ...     letter_trie                       ...                class_trie

128,000 tokens make 5,700 class sequences; their trie has 11,000 nodes instead of 265,000 of bytes. Where many tokens
end at one node, they are a mask as well. Tokens that close a string are kept by what they spell before the quotation
mark.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..kernels.coarse_classes import COARSE, COARSE_BOUNDS, COARSE_CLASSES
from ..kernels.letters import (
    CHARACTER,
    CLOSES,
    INSIDE,
    build_letter_trie,
    pending_classes,
    shared_letters,
    spell,
)

__all__ = ["QuotientTables", "build_quotient_tables"]

_DENSE = 384
"""Tokens at one node of class_trie from which on a mask of them is kept: setting so many bits takes as long."""


@dataclass(frozen=True, slots=True, eq=False)
class QuotientTables:
    """All arrays are C-contiguous. n tokens stay inside a string, W words a mask.

    Attributes:
        letter_trie: uint64[nodes], packed as ``kernels/letters.py`` draws it.
        letter_ends: int32[nodes + 1] into letter_tokens, by node.
        letter_tokens: int32[n], the tokens in letter order.
        class_trie: uint64[nodes], likewise over classes: ``COARSE + i`` is row i of pending_reach.
        class_ends: int32[nodes + 1] into class_tokens, by node.
        class_tokens: int32[n], the tokens in class order.
        class_dense: int32[nodes], row of dense_masks with the tokens of the node, or -1.
        dense_masks: uint32[rows, W].
        spelling: int32[...], the letters of the tokens in class order.
        spelling_starts: int32[n + 1] into spelling.
        spelling_shared: uint8[n], how many letters (255 at most) a token begins like the one before it.
        pending_reach: uint64[p, 2], the coarse classes of the characters that an unfinished one may become, in any
            spelling and in the plain one; distinct rows.
        quote_letters: int32[...], what the tokens that close a string spell before the quotation mark: distinct ones.
        quote_starts: int32[q + 1] into quote_letters.
        suffix_quote: int32[...], which of those, by index in suffix_tokens.
    """

    letter_trie: NDArray[np.uint64]
    letter_ends: NDArray[np.int32]
    letter_tokens: NDArray[np.int32]
    class_trie: NDArray[np.uint64]
    class_ends: NDArray[np.int32]
    class_tokens: NDArray[np.int32]
    class_dense: NDArray[np.int32]
    dense_masks: NDArray[np.uint32]
    spelling: NDArray[np.int32]
    spelling_starts: NDArray[np.int32]
    spelling_shared: NDArray[np.uint8]
    pending_reach: NDArray[np.uint64]
    quote_letters: NDArray[np.int32]
    quote_starts: NDArray[np.int32]
    suffix_quote: NDArray[np.int32]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by field name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True, eq=False)
class _Sequences:
    """Some sequences of ints, one after the other."""

    items: NDArray[np.int32]
    starts: NDArray[np.int32]

    def take(self, order: NDArray[np.intp]) -> _Sequences:
        """Some of them, in another order."""
        lengths = np.diff(self.starts)[order]
        starts = np.zeros(order.size + 1, np.int32)
        np.cumsum(lengths, out=starts[1:])
        places = np.arange(int(starts[-1])) + np.repeat(self.starts[:-1][order] - starts[:-1], lengths)
        return _Sequences(self.items[places], starts)

    def keys(self, dtype: str) -> list[bytes]:
        """A key by which to sort each; ``dtype`` is unsigned and big-endian."""
        data = self.items.astype(dtype).tobytes()
        ends = (self.starts * np.dtype(dtype).itemsize).tolist()
        return [data[low:high] for low, high in pairwise(ends)]


def build_quotient_tables(
    token_offsets: NDArray[np.int32],
    token_buffer: NDArray[np.uint8],
    suffix_tokens: NDArray[np.int32],
    words: int,
) -> QuotientTables:
    """Build the tables of one vocabulary; a third of a second for 128k tokens.

    Args:
        token_offsets: int32[V + 1] into token_buffer.
        token_buffer: uint8[total], the bytes of the tokens.
        suffix_tokens: see `VocabularyTables`.
        words: 32-bit words of a mask.
    """
    count = token_offsets.size - 1
    letters = np.empty(token_buffer.size, np.int32)
    starts = np.empty(count + 1, np.int32)
    kinds = np.empty(count, np.uint8)
    spell(token_offsets, token_buffer, letters, starts, kinds)
    spelled = _Sequences(letters[: starts[-1]], starts)
    quote_letters, quote_starts, suffix_quote = _before_quotes(spelled, np.flatnonzero(kinds == CLOSES), suffix_tokens)

    inside = np.flatnonzero(kinds == INSIDE)
    texts = spelled.take(inside)
    by_letter = _ascending(texts.keys(">u4"))
    inside, texts = inside[by_letter], texts.take(by_letter)
    letter_trie, letter_ends = build_letter_trie(texts.items, texts.starts)

    symbols, pending_reach = _symbols(texts.items)
    sequences = _Sequences(symbols, texts.starts)
    by_class = _ascending(sequences.keys(">u4"))
    sequences, texts = sequences.take(by_class), texts.take(by_class)
    class_trie, class_ends = build_letter_trie(sequences.items, sequences.starts)
    class_tokens = inside[by_class].astype(np.int32)
    shared = np.empty(inside.size, np.uint8)
    shared_letters(texts.items, texts.starts, shared)
    class_dense, dense_masks = _dense(class_ends, class_tokens, words)
    return QuotientTables(
        letter_trie=letter_trie,
        letter_ends=letter_ends,
        letter_tokens=inside.astype(np.int32),
        class_trie=class_trie,
        class_ends=class_ends,
        class_tokens=class_tokens,
        class_dense=class_dense,
        dense_masks=dense_masks,
        spelling=texts.items,
        spelling_starts=texts.starts,
        spelling_shared=shared,
        pending_reach=pending_reach,
        quote_letters=quote_letters,
        quote_starts=quote_starts,
        suffix_quote=suffix_quote,
    )


def _ascending(keys: list[bytes]) -> NDArray[np.intp]:
    """The stable order of some keys."""
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.intp)


def _symbols(letters: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
    """The class of each letter, and pending_reach."""
    codes = letters - CHARACTER
    symbols = COARSE_CLASSES[np.searchsorted(COARSE_BOUNDS, codes, side="right") - 1]
    unfinished = np.flatnonzero(codes < 0)
    states, which = np.unique(letters[unfinished], return_inverse=True)
    reach = np.empty((2, states.size), np.uint64)
    for plainly in (False, True):
        pending_classes(states, plainly, COARSE_BOUNDS, COARSE_CLASSES, reach[int(plainly)])
    rows, row_of = np.unique(reach.T, axis=0, return_inverse=True)
    symbols[unfinished] = COARSE + row_of.reshape(-1)[which].astype(np.int32)
    return symbols, np.ascontiguousarray(rows)


def _before_quotes(
    spelled: _Sequences, closing: NDArray[np.intp], suffix_tokens: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """quote_letters, quote_starts and suffix_quote."""
    texts = spelled.take(closing)
    numbers: dict[bytes, int] = {}
    firsts: list[int] = []
    quote_of = np.zeros(spelled.starts.size - 1, np.int32)
    for place, key in enumerate(texts.keys(">u4")):
        number = numbers.setdefault(key, len(numbers))
        if number == len(firsts):
            firsts.append(place)
        quote_of[closing[place]] = number
    distinct = texts.take(np.array(firsts, np.intp))
    return distinct.items, distinct.starts, quote_of[suffix_tokens]


def _dense(
    ends: NDArray[np.int32], tokens: NDArray[np.int32], words: int
) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """class_dense and dense_masks."""
    large = np.flatnonzero(np.diff(ends) >= _DENSE)
    dense = np.full(ends.size - 1, -1, np.int32)
    dense[large] = np.arange(large.size)
    masks = np.zeros((large.size, words), np.uint32)
    for row, node in zip(masks, large, strict=True):
        here = tokens[ends[node] : ends[node + 1]]
        np.bitwise_or.at(row, here >> 5, np.uint32(1) << (here & 31).astype(np.uint32))
    return dense, masks
