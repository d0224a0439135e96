"""Masks of grammars by regions against the walk of configurations, which knows nothing of regions."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from tests.oracles.masks import bits
from tests.real_vocabularies import load_table

from gramarye import Vocabulary, engine
from gramarye.grammar.cfg.spelling import spelled
from gramarye.grammar.regex import compile_regex, to_bytes
from gramarye.kernels.columns import Column, Scalar
from gramarye.kernels.opcodes import UNFILLED

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
TEXTS = Path(__file__).resolve().parents[1] / "bench" / "texts"
NAMES = ("json", "sql", "c_subset", "python_expr")
POSITIONS = 25

# Lexemes that may have ended or go on, over which the walk of configurations must be asked.
SPLITTING = """
start: (A | ABC | NUMBER | FRACTION | "." | "e" | NAME)+
A: "a"
ABC: "abc"
NUMBER: /[0-9]+/
FRACTION: /[0-9]+e[0-9]+|[0-9]+\\.[0-9]+/
NAME: /[b-d]+/
%ignore /[ ]+/
%ignore /#[^\\n]*\\n/
"""


def walked(constraint: engine.Constraint, config: int) -> np.ndarray:
    """The mask of a configuration as the walk of configurations has it."""
    allowed = constraint.machine.successors(config) != 0
    if constraint.machine.accepting(config):
        allowed[list(constraint.end_tokens)] = True
    return allowed


def assert_masks(constraint: engine.Constraint, text: bytes, positions: list[int]) -> None:
    """Every mask behind the first bytes of a text is that of the walk."""
    for position in positions:
        config, read = constraint.machine.advance_bytes(constraint.start, text[:position])
        assert config, (text[:position], read)
        mask = constraint.machine.mask(config, np.empty(constraint.machine.words, np.uint32))
        found = bits(mask, len(constraint.vocabulary))
        wrong = np.flatnonzero(found != walked(constraint, config))
        assert not wrong.size, (text[:position][-30:], [constraint.vocabulary.token_bytes(int(t)) for t in wrong[:5]])


def texts_of(name: str) -> list[bytes]:
    return (TEXTS / f"{name}.txt").read_bytes().rstrip(b"\n").split(b"\n----\n")


@pytest.mark.parametrize("name", NAMES)
def test_masks_are_those_of_the_walk(name: str, real_tokenizer_json: Path) -> None:
    vocabulary = load_table(real_tokenizer_json).vocabulary
    constraint = engine.compile(lark=(SCHEMAS / f"{name}.lark").read_text("utf-8"), vocabulary=vocabulary)
    rng = random.Random(name)
    text = rng.choice([text for text in texts_of(name) if len(text) > 4 * POSITIONS])
    assert_masks(constraint, text, [0, *rng.sample(range(1, len(text) + 1), POSITIONS)])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_all_masks_are_those_of_the_walk(name: str, real_tokenizer_json: Path) -> None:
    vocabulary = load_table(real_tokenizer_json).vocabulary
    constraint = engine.compile(lark=(SCHEMAS / f"{name}.lark").read_text("utf-8"), vocabulary=vocabulary)
    for text in texts_of(name):
        assert_masks(constraint, text, list(range(0, len(text) + 1, 2)))


def test_lexemes_that_may_have_ended(real_tokenizer_json: Path) -> None:
    constraint = engine.compile(lark=SPLITTING, vocabulary=load_table(real_tokenizer_json).vocabulary)
    for text in (b"aab", b"abcab 12e.3", b"12 e1e", b"1.#caf\xc3\xa9 \xe2\x98", b"bcd#x\n 7e2e"):
        assert_masks(constraint, text, list(range(len(text) + 1)))
    config, _ = constraint.machine.advance_bytes(constraint.start, b"12")
    constraint.machine.arena.column(Column.CONFIG_MASK).fill(UNFILLED)
    constraint.machine.mask(config, np.empty(constraint.machine.words, np.uint32))
    assert constraint.machine.arena.get(Scalar.EARLEY_PENDINGS) > 0


def test_a_full_pool_of_regions_is_begun_anew(real_tokenizer_json: Path) -> None:
    vocabulary = load_table(real_tokenizer_json).vocabulary
    constraint = engine.compile(lark=(SCHEMAS / "sql.lark").read_text("utf-8"), vocabulary=vocabulary)
    arena = constraint.machine.arena
    arena.bind(Column.EARLEY_REGION, np.zeros(constraint.machine.words * 4, np.int32))
    text = b"SELECT a, b FROM t WHERE x IS NULL"
    assert_masks(constraint, text, list(range(0, len(text) + 1, 3)))
    assert arena.get(Scalar.EARLEY_GENERATION) > 1


def test_masks_make_no_configurations(real_tokenizer_json: Path) -> None:
    constraint = engine.compile(
        lark=(SCHEMAS / "json.lark").read_text("utf-8"), vocabulary=load_table(real_tokenizer_json).vocabulary
    )
    machine = constraint.machine
    config, _ = machine.advance_bytes(constraint.start, b'{"a": [1, ')
    before = machine.arena.get(Scalar.CONFIGS)
    machine.mask(config, np.empty(machine.words, np.uint32))
    assert machine.arena.get(Scalar.CONFIGS) == before


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("text", ["select", "KISS", "Å-ß", "x", "ﬀ"])
def test_keywords_are_spelled_as_their_patterns(text: str, fold: bool) -> None:
    quick = spelled(text, fold=fold)
    exact = to_bytes(compile_regex(text, flags="i" if fold else ""))
    pending, seen = [(quick.start, exact.start)], {(quick.start, exact.start)}
    while pending:
        one, other = pending.pop()
        assert quick.accept[one] == exact.accept[other]
        for byte in range(256):
            pair = (int(quick.trans[one, byte]), int(exact.trans[other, byte]))
            assert (pair[0] == 0) == (pair[1] == 0), (text, byte)
            if pair not in seen and pair[0]:
                seen.add(pair)
                pending.append(pair)


def test_a_text_with_a_surrogate_is_no_keyword() -> None:
    assert spelled("a\ud800", fold=True).start == 0


def test_small_vocabularies_have_regions_too() -> None:
    vocabulary = Vocabulary.from_bytes([*(bytes([byte]) for byte in range(256)), b'{"', b'": ', b""], eos_ids=[258])
    constraint = engine.compile(lark=(SCHEMAS / "json.lark").read_text("utf-8"), vocabulary=vocabulary)
    text = b'{"a": [1.5, "\xc3\xa9\\n", true]}'
    assert_masks(constraint, text, list(range(len(text) + 1)))
