r"""Which tokens stay inside a JSON string, and what follows the quote in those that close it.

A walk of the whole trie inside a JSON string would visit nearly every node, since nearly every token is legal
there. So the answer is computed once, for the state between two characters of the string::

    "abc|          | is the boundary; a token read from it either
      xyz            stays inside               -> string_mask, and the number of characters it begins
      xy\u00e        stays, unfinished          -> the same; the unfinished character counts
      xy": 1         closes after 2 characters  -> suffix ``: 1``
      x\q            breaks RFC 8259            -> neither

What is legal (RFC 8259, RFC 3629)::

    boundary --any but control, quote, backslash--> boundary     through the continuation states of UTF-8
    boundary --\--> escape --"\/bfnrt--> boundary
                    escape --u--> 4 hexadecimal digits --> boundary, where D800..DBFF must be followed by
                                                           \u and DC00..DFFF, the two being one character
    boundary --"--> closed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["JsonStringTables", "StringState", "build_json_string_tables", "string_transitions"]

_HEX = b"0123456789abcdefABCDEF"


class StringState(IntEnum):
    """States of the automaton of a JSON string's interior."""

    BOUNDARY = 0
    ESCAPE = 1
    HEX_4 = 2  # four hexadecimal digits to come, none seen
    HEX_3 = 3
    HEX_2 = 4
    HEX_1 = 5
    SURROGATE = 6  # after \ud: 0-7 is no surrogate, 8-b is a high one
    HIGH_2 = 7  # two digits of a high surrogate to come
    HIGH_1 = 8
    LOW_BACKSLASH = 9
    LOW_U = 10
    LOW_D = 11
    LOW_C = 12
    UTF8_1 = 13  # one continuation byte to come
    UTF8_2 = 14
    UTF8_3 = 15
    UTF8_E0 = 16  # after E0: no overlong forms
    UTF8_ED = 17  # after ED: no surrogates
    UTF8_F0 = 18  # after F0: no overlong forms
    UTF8_F4 = 19  # after F4: nothing above U+10FFFF
    CLOSED = 20
    DEAD = 21


def string_transitions() -> NDArray[np.uint8]:
    """The automaton as uint8[states, 256], started in ``BOUNDARY``; CLOSED and DEAD lead to DEAD."""
    state = StringState
    table = np.full((len(state), 256), state.DEAD, np.uint8)

    def put(source: StringState, inputs: bytes | range, target: StringState) -> None:
        table[source, list(inputs)] = target

    put(state.BOUNDARY, range(0x20, 0x80), state.BOUNDARY)
    put(state.BOUNDARY, b'"', state.CLOSED)
    put(state.BOUNDARY, b"\\", state.ESCAPE)
    put(state.BOUNDARY, range(0xC2, 0xE0), state.UTF8_1)
    put(state.BOUNDARY, range(0xE1, 0xF0), state.UTF8_2)
    put(state.BOUNDARY, range(0xF1, 0xF4), state.UTF8_3)
    put(state.BOUNDARY, b"\xe0", state.UTF8_E0)
    put(state.BOUNDARY, b"\xed", state.UTF8_ED)
    put(state.BOUNDARY, b"\xf0", state.UTF8_F0)
    put(state.BOUNDARY, b"\xf4", state.UTF8_F4)
    put(state.UTF8_E0, range(0xA0, 0xC0), state.UTF8_1)
    put(state.UTF8_ED, range(0x80, 0xA0), state.UTF8_1)
    put(state.UTF8_F0, range(0x90, 0xC0), state.UTF8_2)
    put(state.UTF8_F4, range(0x80, 0x90), state.UTF8_2)
    put(state.UTF8_3, range(0x80, 0xC0), state.UTF8_2)
    put(state.UTF8_2, range(0x80, 0xC0), state.UTF8_1)
    put(state.UTF8_1, range(0x80, 0xC0), state.BOUNDARY)
    put(state.ESCAPE, b'"\\/bfnrt', state.BOUNDARY)
    put(state.ESCAPE, b"u", state.HEX_4)
    put(state.HEX_4, _HEX, state.HEX_3)
    put(state.HEX_4, b"dD", state.SURROGATE)
    put(state.HEX_3, _HEX, state.HEX_2)
    put(state.HEX_2, _HEX, state.HEX_1)
    put(state.HEX_1, _HEX, state.BOUNDARY)
    put(state.SURROGATE, b"01234567", state.HEX_2)
    put(state.SURROGATE, b"89abAB", state.HIGH_2)
    put(state.HIGH_2, _HEX, state.HIGH_1)
    put(state.HIGH_1, _HEX, state.LOW_BACKSLASH)
    put(state.LOW_BACKSLASH, b"\\", state.LOW_U)
    put(state.LOW_U, b"u", state.LOW_D)
    put(state.LOW_D, b"dD", state.LOW_C)
    put(state.LOW_C, b"cdefCDEF", state.HEX_2)
    return table


@dataclass(frozen=True, slots=True, eq=False)
class JsonStringTables:
    """See `VocabularyTables` for the arrays; ``suffixes[i]`` is suffix i, ``suffixes[0]`` is empty."""

    mask: NDArray[np.uint32]
    mask_by_chars: NDArray[np.uint32]
    suffixes: list[bytes]
    suffix_offsets: NDArray[np.int32]
    suffix_tokens: NDArray[np.int32]
    suffix_chars: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    """What became of each token, read from a character boundary.

    Attributes:
        inside: bool[V], it has bytes and ends inside the string.
        chars: int32[V], characters begun before the end or the closing quote.
        quote: int32[V], position of the closing quote, -1 where there is none.
    """

    inside: NDArray[np.bool_]
    chars: NDArray[np.int32]
    quote: NDArray[np.int32]


def build_json_string_tables(
    tokens: Sequence[bytes], token_offsets: NDArray[np.int32], token_buffer: NDArray[np.uint8]
) -> JsonStringTables:
    """Build the tables of one vocabulary in O(total bytes).

    Args:
        tokens: the bytes of each of V tokens.
        token_offsets: int32[V + 1] into token_buffer.
        token_buffer: uint8[total], the same bytes.
    """
    scan = _scan(token_offsets, token_buffer)
    words = (len(tokens) + 63) // 64 * 2
    inside = np.flatnonzero(scan.inside)
    chars = scan.chars[inside]
    by_chars = np.zeros((int(chars.max(initial=0)) + 1, words), np.uint32)
    np.bitwise_or.at(by_chars, (chars, inside >> 5), np.uint32(1) << (inside & 31).astype(np.uint32))
    np.bitwise_or.accumulate(by_chars, axis=0, out=by_chars)

    groups: dict[bytes, list[tuple[int, int]]] = {b"": []}
    for token in np.flatnonzero(scan.quote >= 0).tolist():
        suffix = tokens[token][int(scan.quote[token]) + 1 :]
        groups.setdefault(suffix, []).append((int(scan.chars[token]), token))
    suffixes = sorted(groups)
    entries = [entry for suffix in suffixes for entry in sorted(groups[suffix])]
    offsets = np.zeros(len(suffixes) + 1, np.int32)
    np.cumsum([len(groups[suffix]) for suffix in suffixes], out=offsets[1:])
    return JsonStringTables(
        mask=by_chars[-1].copy(),
        mask_by_chars=by_chars,
        suffixes=suffixes,
        suffix_offsets=offsets,
        suffix_tokens=np.array([token for _, token in entries], np.int32),
        suffix_chars=np.array([count for count, _ in entries], np.int32),
    )


def _scan(token_offsets: NDArray[np.int32], token_buffer: NDArray[np.uint8]) -> _Scan:
    """Run the automaton over all tokens at once, one byte position a round."""
    table = string_transitions()
    lengths = np.diff(token_offsets)
    count = lengths.size
    state = np.full(count, StringState.BOUNDARY, np.uint8)
    chars = np.zeros(count, np.int32)
    quote = np.full(count, -1, np.int32)
    active = np.flatnonzero(lengths > 0)
    position = 0
    while active.size:
        before = state[active]
        after = table[before, token_buffer[token_offsets[active] + position]]
        state[active] = after
        quote[active[after == StringState.CLOSED]] = position
        live = after < StringState.CLOSED
        chars[active[live & (before == StringState.BOUNDARY)]] += 1
        position += 1
        active = active[live]
        active = active[lengths[active] > position]
    return _Scan((lengths > 0) & (state < StringState.CLOSED), chars, quote)
