"""The arrays that the kernels read of a vocabulary, and how they are built from the tokens' bytes.

::

    tokens (bytes by id)
      |  pack                 token_offsets, token_buffer
      |  sort, trie           trie, duplicate_*          what may come next, by a depth-first walk
      |  json_string_tables   string_mask*, suffix_*     shortcuts inside JSON strings
      |  quotient_tables      letter_*, class_*, ...     the same under patterns
      v
    VocabularyTables  <-->  one file in the disk cache (table_cache.py)

A token without bytes (a control token, an end token, a padding row of the logits) is in none of the tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import VocabularyError
from ..kernels.trie import MAX_DEPTH, MAX_VALUE, build_trie
from .json_string_tables import JsonStringTables, build_json_string_tables
from .quotient_tables import QuotientTables, build_quotient_tables

__all__ = ["TABLE_FORMAT", "VocabularyTables", "build_tables", "pack_tokens", "tables_fingerprint"]

TABLE_FORMAT = 2
"""Version of the meaning of the tables; part of the key of the disk cache."""


@dataclass(frozen=True, slots=True, eq=False)
class VocabularyTables(QuotientTables):
    """All arrays are C-contiguous and read-only. V tokens, W = ceil(V / 32) rounded up to an even number.

    Those of `QuotientTables`, and these.

    Attributes:
        trie: uint64[nodes], preorder, packed as `kernels/trie.py` draws it; the value of a node is a token
            id, of tokens with equal bytes the smallest.
        duplicate_first: int32[m], ascending: those smallest ids that have further tokens with equal bytes.
        duplicate_offsets: int32[m + 1] into duplicate_ids.
        duplicate_ids: int32[k], the further ids, ascending within a group.
        token_offsets: int32[V + 1] into token_buffer.
        token_buffer: uint8[total], the bytes of all tokens.
        eos: int32[e], the end tokens.
        string_mask: uint32[W], the tokens that, read from a character boundary inside a JSON string, stay
            inside it; they may end within a character or an escape.
        string_mask_by_chars: uint32[string_max_chars + 1, W], row n: those of them that begin at most n
            characters. An escape, or a pair of surrogate escapes, is one character; one unfinished at the end
            counts.
        suffix_trie: uint64[nodes], the distinct bytes that follow the closing quote in the tokens that close
            a string; the value of a node is a suffix index. The empty suffix has index 0 and is the root,
            with no value.
        suffix_offsets: int32[s + 1] into suffix_tokens and suffix_chars, by suffix index.
        suffix_tokens: int32[...], the tokens with that suffix, in order of characters before the quote, then
            of id.
        suffix_chars: int32[...], the number of characters before the quote.
    """

    trie: NDArray[np.uint64]
    duplicate_first: NDArray[np.int32]
    duplicate_offsets: NDArray[np.int32]
    duplicate_ids: NDArray[np.int32]
    token_offsets: NDArray[np.int32]
    token_buffer: NDArray[np.uint8]
    eos: NDArray[np.int32]
    string_mask: NDArray[np.uint32]
    string_mask_by_chars: NDArray[np.uint32]
    suffix_trie: NDArray[np.uint64]
    suffix_offsets: NDArray[np.int32]
    suffix_tokens: NDArray[np.int32]
    suffix_chars: NDArray[np.int32]

    @property
    def string_max_chars(self) -> int:
        """The most characters that a token of ``string_mask`` begins."""
        return int(self.string_mask_by_chars.shape[0]) - 1

    @property
    def nbytes(self) -> int:
        """Bytes held by all arrays."""
        return sum(array.nbytes for array in self.arrays().values())


def pack_tokens(tokens: Sequence[bytes]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Lay V tokens out in one buffer: int32[V + 1] offsets and uint8[total] bytes.

    Raises:
        VocabularyError: there are no tokens, too many, or one is too long for the tables.
    """
    if not 0 < len(tokens) <= MAX_VALUE + 1:
        raise VocabularyError(
            f"a vocabulary of {len(tokens)} tokens",
            expected=[f"1 to {MAX_VALUE + 1} tokens"],
        )
    lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
    if int(lengths.max()) > MAX_DEPTH:
        token = int(lengths.argmax())
        raise VocabularyError(
            f"token {token} is {lengths[token]} bytes long",
            expected=[f"at most {MAX_DEPTH} bytes a token"],
            hint="give such a token as a special one: it spells nothing then",
        )
    offsets = np.zeros(len(tokens) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    if offsets[-1] > np.iinfo(np.int32).max:
        raise VocabularyError(f"the tokens have {offsets[-1]} bytes in all", expected=["less than 2 GiB"])
    return offsets.astype(np.int32), np.frombuffer(b"".join(tokens), np.uint8)


def tables_fingerprint(
    token_offsets: NDArray[np.int32], token_buffer: NDArray[np.uint8], eos: NDArray[np.int32]
) -> str:
    """SHA-256, in hexadecimal, of what determines the tables: the tokens' bytes by id and the end tokens."""
    digest = hashlib.sha256(b"gramarye vocabulary")
    for array in (token_offsets, token_buffer, eos):
        little_endian = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(array.size.to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(little_endian).data)
    return digest.hexdigest()


def build_tables(
    tokens: Sequence[bytes],
    token_offsets: NDArray[np.int32],
    token_buffer: NDArray[np.uint8],
    eos: NDArray[np.int32],
) -> VocabularyTables:
    """Build all tables. O(total bytes + V log V) string comparisons; about a second for 128k tokens.

    Args:
        tokens: the bytes of each token; empty for those that spell nothing.
        token_offsets: as :func:`pack_tokens` gives them.
        token_buffer: likewise.
        eos: int32[e], the end tokens.

    Raises:
        VocabularyError: the trie would be too large for its fields.
    """
    ids = np.array(sorted((token for token, text in enumerate(tokens) if text), key=tokens.__getitem__), np.int32)
    trie, first = _trie_of([tokens[token] for token in ids.tolist()], ids)
    duplicate_first, duplicate_offsets, duplicate_ids = _duplicates(ids, first)
    strings: JsonStringTables = build_json_string_tables(tokens, token_offsets, token_buffer)
    suffix_trie, _ = _trie_of(strings.suffixes[1:], np.arange(1, len(strings.suffixes), dtype=np.int32))
    words = strings.mask.size
    quotient: dict[str, Any] = build_quotient_tables(token_offsets, token_buffer, strings.suffix_tokens, words).arrays()
    tables = VocabularyTables(
        **quotient,
        trie=trie,
        duplicate_first=duplicate_first,
        duplicate_offsets=duplicate_offsets,
        duplicate_ids=duplicate_ids,
        token_offsets=token_offsets,
        token_buffer=token_buffer,
        eos=eos,
        string_mask=strings.mask,
        string_mask_by_chars=strings.mask_by_chars,
        suffix_trie=suffix_trie,
        suffix_offsets=strings.suffix_offsets,
        suffix_tokens=strings.suffix_tokens,
        suffix_chars=strings.suffix_chars,
    )
    for array in tables.arrays().values():
        array.flags.writeable = False
    return tables


def _trie_of(strings: Sequence[bytes], values: NDArray[np.int32]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Build the trie of sorted strings; see :func:`build_trie`."""
    offsets = np.zeros(len(strings) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, strings), np.int64, len(strings)), out=offsets[1:])
    try:
        return build_trie(np.frombuffer(b"".join(strings), np.uint8), offsets, values)
    except OverflowError as error:
        raise VocabularyError(f"the vocabulary does not fit the tables: {error}") from error


def _duplicates(
    ids: NDArray[np.int32], first: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Group the ids that repeat an earlier token's bytes by that token: (groups, offsets, ids).

    Tokens of equal bytes come in ascending order of their ids, as a stable sort left them.
    """
    repeats = ids != first
    order = np.argsort(first[repeats], kind="stable")
    groups, counts = np.unique(first[repeats], return_counts=True)
    offsets = np.zeros(groups.size + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    return groups, offsets, np.ascontiguousarray(ids[repeats][order])
