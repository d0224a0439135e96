r"""Tokens that begin with blanks, for configurations of JSON text that blanks leave as they are (``kernels/masks.py``).

Between two tokens of JSON text any run of blanks may stand, and behind it the configuration is what it was. So a token
of blanks alone is allowed there, and one that goes on is allowed where its rest is::

    "\n\n\t"     all blanks         -> mask
    "  {"        rest "{"           -> trie, with the tokens of each rest
    " the"       rest "the"         -> nowhere: no JSON text goes on so

which spares the walk a third of the nodes that it would visit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..kernels.trie import build_trie

if TYPE_CHECKING:
    from .vocabulary_tables import VocabularyTables

__all__ = ["BlankTokens", "blank_tokens"]

_BLANK = np.isin(np.arange(256), list(b" \t\n\r"))
_RESTS = re.compile(
    rb'[ \t\n\r]+([{}\[\],:"0-9-].*|(?:t(?:r(?:u(?:e.*)?)?)?|f(?:a(?:l(?:s(?:e.*)?)?)?)?|n(?:u(?:l(?:l.*)?)?)?))',
    re.DOTALL,
)
"""What may follow blanks in JSON text, as far as its first token decides."""


@dataclass(frozen=True, slots=True, eq=False)
class BlankTokens:
    """The tables of one vocabulary of V tokens, W = ceil(V / 32) rounded up to an even number.

    Attributes:
        mask: uint32[W], the tokens of blanks alone.
        trie: uint64[nodes], the rests, packed as `kernels/trie.py` draws it; the value of a node is its index.
        tokens: int32[rests + 1 + n], where the tokens of each rest begin in this array and where the last ones end,
            and then those tokens.
        starts: int32[257], where the tokens with each first byte begin in the vocabulary's trie, and where it ends.
    """

    mask: NDArray[np.uint32]
    trie: NDArray[np.uint64]
    tokens: NDArray[np.int32]
    starts: NDArray[np.int32]


def blank_tokens(tables: VocabularyTables, token_bytes: Callable[[int], bytes]) -> BlankTokens:
    """Make the tables; a few milliseconds."""
    lengths = np.diff(tables.token_offsets)
    ids = np.flatnonzero(lengths > 0)
    ids = ids[_BLANK[tables.token_buffer[tables.token_offsets[ids]]]]
    blank, going_on = _past_blanks(tables, ids, lengths)
    mask = np.zeros_like(tables.string_mask)
    np.bitwise_or.at(mask, blank >> 5, np.uint32(1) << (blank & 31).astype(np.uint32))
    rests: dict[bytes, list[int]] = {}
    for token in going_on.tolist():
        rest = _RESTS.fullmatch(token_bytes(token))
        if rest is not None:
            rests.setdefault(rest[1], []).append(token)
    ordered = sorted(rests)
    starts = len(rests) + 1 + np.cumsum([0, *(len(rests[rest]) for rest in ordered)])
    offsets = np.cumsum([0, *map(len, ordered)])
    trie, _ = build_trie(
        np.frombuffer(b"".join(ordered), np.uint8), offsets.astype(np.int64), np.arange(len(ordered), dtype=np.int32)
    )
    tokens = np.array([*starts, *(token for rest in ordered for token in rests[rest])], np.int32)
    return BlankTokens(mask, trie, tokens, _first_bytes(tables.trie))


def _past_blanks(
    tables: VocabularyTables, ids: NDArray[np.int64], lengths: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of tokens that begin with a blank, those of blanks alone, and those that may go on with JSON text."""
    opening = np.isin(np.arange(256), list(b'{}[],:"-0123456789tfn'))
    blank, going_on = [ids[:0]], [ids[:0]]
    position = 1
    while ids.size:
        ended = lengths[ids] == position
        blank.append(ids[ended])
        ids = ids[~ended]
        following = tables.token_buffer[tables.token_offsets[ids] + position]
        going_on.append(ids[opening[following]])
        ids = ids[_BLANK[following]]
        position += 1
    return np.concatenate(blank), np.concatenate(going_on)


def _first_bytes(trie: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Where the strings with each first byte begin in a trie, int32[257]."""
    starts = np.full(257, trie.size, np.int32)
    node = 1
    filled = 0
    while node < trie.size:
        byte = int(trie[node]) & 0xFF
        starts[filled : byte + 1] = node
        filled = byte + 1
        node += int(trie[node]) >> 41
    return starts
