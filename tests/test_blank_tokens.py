"""Tokens that begin with blanks, by what follows (``runtime/blank_tokens.py``)."""

from __future__ import annotations

import numpy as np

from gramarye import Vocabulary, engine
from gramarye.kernels.columns import Scalar
from gramarye.kernels.trie import unpack_nodes

TOKENS = [
    b" ",
    b"\n\t",
    b' "',
    b'  "a',
    b" {",
    b" the",
    b" tr",
    b" try",
    b" nul",
    b"\t-1",
    b"a",
    b'"',
    b"\r\n",
    b"\xe4",
]


def listed(mask: np.ndarray) -> list[int]:
    return np.flatnonzero(np.unpackbits(mask.view(np.uint8), bitorder="little")).tolist()


def test_rests_hold_what_json_text_may_go_on_with() -> None:
    vocabulary = Vocabulary.from_bytes([*TOKENS, b""], eos_ids=[len(TOKENS)])
    tables = vocabulary.blank_tokens
    assert listed(tables.mask) == [TOKENS.index(token) for token in (b" ", b"\n\t", b"\r\n")]
    rests, path = {}, bytearray()
    for node in unpack_nodes(tables.trie)[1:]:
        path[node.depth - 1 :] = bytes([node.byte])
        if node.value >= 0:
            first, last = tables.tokens[node.value : node.value + 2]
            rests[bytes(path)] = [TOKENS[token] for token in tables.tokens[first:last]]
    assert rests == {
        b'"': [b' "'],
        b'"a': [b'  "a'],
        b"{": [b" {"],
        b"tr": [b" tr"],
        b"nul": [b" nul"],
        b"-1": [b"\t-1"],
    }


def test_starts_divide_the_trie_by_first_byte() -> None:
    vocabulary = Vocabulary.from_bytes([*TOKENS, b""], eos_ids=[len(TOKENS)])
    nodes = unpack_nodes(vocabulary.tables.trie)
    starts = vocabulary.blank_tokens.starts
    for byte in range(256):
        tops = [node.byte for node in nodes[starts[byte] : starts[byte + 1]] if node.depth == 1]
        assert tops == [byte] * (any(token[:1] == bytes([byte]) for token in TOKENS))
    assert starts[0] == 1
    assert starts[256] == len(nodes)


def test_runs_of_blanks_are_not_walked() -> None:
    runs = [bytes([blank]) * count for blank in b" \t\n\r" for count in range(1, 60)]
    vocabulary = Vocabulary.from_bytes([*runs, b"1", b"{", b"}", b'"', b":", b"a", b""], eos_ids=[len(runs) + 6])
    matcher = engine.compile(schema={"type": "object"}, vocabulary=vocabulary).matcher()
    arena = matcher.constraint.machine.arena
    before = arena.get(Scalar.VISITED)
    assert set(range(len(runs))) < set(listed(matcher.mask()))
    assert arena.get(Scalar.VISITED) - before < 12
