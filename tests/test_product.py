"""PRODUCT configurations: what several byte automata all accept, walked jointly."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gramarye import Vocabulary
from gramarye.grammar.regex import compile_regex, to_bytes
from gramarye.kernels.columns import Column, Scalar
from gramarye.kernels.opcodes import Op
from gramarye.runtime.bytes_binding import bind_bytes
from gramarye.runtime.limits import Limits
from gramarye.runtime.machine import Machine

TOKENS = [*(bytes([byte]) for byte in range(256)), b"ab", b"abab", b"ba", b"aab", b""]
VOCABULARY = Vocabulary.from_bytes(TOKENS, eos_ids=[len(TOKENS) - 1])


def product(machine: Machine, patterns: list[str]) -> int:
    factors = []
    for pattern in patterns:
        automaton = to_bytes(compile_regex(pattern))
        factors.append(
            machine.intern(Op.BYTES, bind_bytes(machine.arena, automaton), automaton.start, parent=machine.end)
        )
    arena = machine.arena
    listed = arena.get(Scalar.LISTS)
    offsets = arena.column(Column.LIST_OFFSET)
    offsets[listed + 1] = offsets[listed] + len(factors)
    arena.column(Column.LIST_DATA)[offsets[listed] : offsets[listed + 1]] = factors
    arena.set(Scalar.LISTS, listed + 1)
    arena.set(Scalar.LIST_LENGTH, int(offsets[listed + 1]))
    return machine.intern(Op.PRODUCT, listed)


@pytest.mark.parametrize("patterns", [["(ab)*", "a.*|"], ["[ab]{2,6}", "(aab|ab)*", ".*b"], ["a*", "b*"]])
def test_a_product_accepts_what_all_factors_accept(patterns: list[str]) -> None:
    machine = Machine(VOCABULARY, Limits())
    start = product(machine, patterns)
    for length in range(7):
        for number in range(2**length):
            text = "".join("ab"[number >> place & 1] for place in range(length))
            config, _ = machine.advance_bytes(start, text.encode())
            expected = all(re.fullmatch(pattern, text) for pattern in patterns)
            assert (config != 0 and machine.accepting(config)) == expected, text


def test_the_mask_of_a_product_is_one_joint_walk() -> None:
    machine = Machine(VOCABULARY, Limits())
    start = product(machine, ["[ab]{2,6}", "(aab|ab)*"])
    mask = machine.mask(start, np.zeros(machine.words, np.uint32))
    allowed = {token for token in range(len(TOKENS)) if mask[token >> 5] >> (token & 31) & 1}
    assert allowed == {token for token, text in enumerate(TOKENS) if text and machine.advance_bytes(start, text)[0]}
    assert {TOKENS[token] for token in allowed} == {b"a", b"ab", b"abab", b"aab"}
