"""The JSON string tables against `json.loads`: a token stays inside iff some ending makes a string of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gramarye import Vocabulary
from gramarye.kernels.trie import unpack_nodes
from gramarye.runtime.json_string_tables import StringState, string_transitions
from gramarye.runtime.vocabulary_tables import VocabularyTables

# Every way to finish one unfinished character, after each of its proper prefixes.
ENDINGS = [
    b"",
    *(b"n", b"0", b"00", b"000", b"0000"),
    *(b"\\udc00"[start:] for start in range(6)),
    *(b"0\\udc00", b"00\\udc00", b"800\\udc00"),
    *(b"\x80", b"\x80\x80", b"\x80\x80\x80", b"\xa0\x80", b"\x90\x80\x80"),
]


def read(interior: bytes) -> str | None:
    """The string with this interior, or None where it is no JSON string of Unicode text."""
    try:
        value = json.loads((b'"' + interior + b'"').decode())
        value.encode()
    except ValueError:
        return None
    return value


def oracle_inside(token: bytes) -> int | None:
    """Characters begun by a token that stays inside, or None: the fewest that any ending makes of it."""
    if (value := read(token)) is not None:
        return len(value) if token else None
    counts = [len(value) for ending in ENDINGS if (value := read(token + ending)) is not None]
    return min(counts) if counts else None


def oracle_closes(token: bytes) -> tuple[bytes, int] | None:
    """Suffix after the closing quote, and the number of characters before it, or None."""
    for position in range(len(token)):
        if token[position] == ord('"') and (value := read(token[:position])) is not None:
            return token[position + 1 :], len(value)
    return None


def members(mask: np.ndarray) -> set[int]:
    return {word * 32 + bit for word, value in enumerate(mask.tolist()) for bit in range(32) if value >> bit & 1}


def check(tables: VocabularyTables, tokens: list[bytes], limits: Sequence[int] | None = None) -> None:
    counts = {token: oracle_inside(text) for token, text in enumerate(tokens)}
    inside = {token: count for token, count in counts.items() if count is not None}
    assert members(tables.string_mask) == set(inside)
    assert tables.string_max_chars == max(inside.values(), default=0)
    for limit in range(tables.string_max_chars + 1) if limits is None else limits:
        within = {token for token, count in inside.items() if count <= limit}
        assert members(tables.string_mask_by_chars[limit]) == within

    closing: dict[bytes, list[tuple[int, int]]] = {b"": []}
    for token, text in enumerate(tokens):
        if (found := oracle_closes(text)) is not None:
            closing.setdefault(found[0], []).append((found[1], token))
    bounds = tables.suffix_offsets.tolist()
    entries = list(zip(tables.suffix_chars.tolist(), tables.suffix_tokens.tolist(), strict=True))
    by_index = [entries[start:end] for start, end in pairwise(bounds)]
    by_suffix = {b"": by_index[0]}
    path = b""
    for node in unpack_nodes(tables.suffix_trie)[1:]:
        path = path[: node.depth - 1] + bytes([node.byte])
        if node.value >= 0:
            by_suffix[path] = by_index[node.value]
    assert by_suffix == {suffix: sorted(group) for suffix, group in closing.items()}
    assert len(by_suffix) == len(by_index)


PIECES = [b'"', b"\\", b"u", b"d", b"D8", b"dC", b"00", b"e9", b"n", b"q", b"a", b" ", b"\n", b"\x7f"]
PIECES += ["é".encode(), "€".encode(), "😀".encode(), b"\\u", b"\\ud83d", b"\\uDE00", b'": ', b"}"]
PIECES += [bytes([byte]) for byte in (0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5)]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=5).map(b"".join), min_size=1, max_size=30))
@example([b"\\ud83d\\ude00x", b"\\ud83d", b"\\ud83d\\", b"\\ud83dx", b"\\ude00", b"\\u00", b"\\ud", b"\\ud7"])
@example([b'"', b'"', b'a"', b'\\"', b'\\\\"', b'\xc3\xa9",', b'\xc3"', b'\xa9"'])
def test_tables_equal_the_oracle(tokens):
    check(Vocabulary.from_bytes(tokens).tables, tokens)


def test_every_token_of_up_to_two_bytes():
    tokens = [bytes([byte]) for byte in range(256)] + [bytes([a, b]) for a in range(256) for b in range(256)]
    check(Vocabulary.from_bytes(tokens).tables, tokens)


def test_real_tokenizers(real_tokenizer_json):
    vocabulary = Vocabulary.from_tokenizer(real_tokenizer_json, cache=False)
    tokens = [vocabulary.token_bytes(token) for token in range(len(vocabulary))]
    check(vocabulary.tables, tokens, limits=[0, 1, 5, vocabulary.tables.string_max_chars])


@pytest.mark.parametrize(
    ("token", "count"),
    [(b"\\n", 1), (b"\\uD83D\\uDE00", 1), (b"\\uD83D", 1), (b"\\", 1), (b"a\xc3", 2), ("😀é".encode(), 2)],
)
def test_counts_of_characters(token, count):
    tables = Vocabulary.from_bytes([token]).tables
    assert tables.string_mask.tolist() == [1, 0]
    assert tables.string_max_chars == count


def test_closed_and_dead_are_final():
    table = string_transitions()
    assert table.shape == (len(StringState), 256)
    assert (table[[StringState.CLOSED, StringState.DEAD]] == StringState.DEAD).all()
    assert table[StringState.BOUNDARY, 0x1F] == StringState.DEAD
    assert table[StringState.BOUNDARY, 0x20] == StringState.BOUNDARY
