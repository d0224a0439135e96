"""Canvases of real grammars over real tokens, against the slow oracle and the lattice that keeps all effects apart."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.oracles.canvas_cfg import GapOracle
from tests.real_vocabularies import load_table
from tests.test_canvas_cfg_exact import members

from gramarye import engine
from gramarye.grammar.lark_reader import read_lark
from gramarye.runtime.constraint import Constraint
from gramarye.runtime.vocabulary import Vocabulary

SCHEMAS = Path(__file__).parent.parent / "schemas"

TEXTS = {
    "json": '{"a": [1, -2.5e3, "x"], "b": {"c": null}}',
    "sql": "SELECT a, COUNT(*) FROM t AS x WHERE a.b >= 3.5 OR c IS NOT NULL LIMIT 1",
}
TOKENS = {
    "json": (
        '{"',
        '":',
        '",',
        '"}',
        "]}",
        "}}",
        '": "',
        "],",
        '["',
        " null",
        "true",
        "0.",
        "e1",
        "\\u00",
        ', "',
        "  ",
        ']"',
    ),
    "sql": (
        "SELECT",
        " FROM",
        " WHERE",
        "a.b",
        ".*",
        "(*)",
        " AS",
        " a",
        "--",
        "/*",
        "*/",
        "'",
        "')",
        ">=",
        "1.",
        " OR",
        ");",
    ),
}
"""Tokens that real vocabularies have, of one lexeme, of several, and of parts."""


def constraint_of(name: str) -> Constraint:
    letters = sorted({*TEXTS[name], *"[]{}(),;:x1"})
    tokens = [*TOKENS[name], *(letter for letter in letters if letter not in TOKENS[name])]
    vocabulary = Vocabulary.from_bytes([*(token.encode() for token in tokens), b""], [len(tokens)])
    return engine.compile(lark=(SCHEMAS / f"{name}.lark").read_text(), vocabulary=vocabulary, lexer="basic")


def spelled(vocabulary: Vocabulary, text: str, rng: random.Random) -> list[int]:
    """Some tokens that spell a text."""
    tokens: list[int] = []
    rest = text.encode()
    while rest:
        fitting = [t for t in range(len(vocabulary) - 1) if rest.startswith(vocabulary.token_bytes(t))]
        tokens.append(rng.choice(fitting))
        rest = rest[len(vocabulary.token_bytes(tokens[-1])) :]
    return tokens


def possible(oracle: GapOracle, tokens: Sequence[str], length: int, fixed: dict[int, int]) -> bool:
    """Whether tokens at the open positions, up to the end of the text, make a text."""
    eos = len(tokens)
    latest = min((i for i, token in fixed.items() if token == eos), default=length)
    earliest = max((i + 1 for i, token in fixed.items() if token != eos), default=0)
    return any(
        oracle.possible([[tokens[fixed[i]]] if i in fixed else tokens for i in range(end)])
        for end in range(earliest, latest + 1)
    )


def check_canvases(name: str, seed: int, count: int, opened: int) -> None:
    rng = random.Random(seed)
    constraint = constraint_of(name)
    vocabulary = constraint.vocabulary
    tokens = [vocabulary.token_bytes(token).decode() for token in range(len(vocabulary) - 1)]
    source = (SCHEMAS / f"{name}.lark").read_text()
    oracle = GapOracle(read_lark(source, lexer="basic"), "")
    verdicts = {True: 0, False: 0}
    for _ in range(count):
        text = spelled(vocabulary, TEXTS[name], rng)
        cut = rng.randrange(len(text))
        text = text[: cut + rng.randrange(1, 4)] if rng.random() < 0.5 else text
        fixed = dict(enumerate(text))
        for position in rng.sample(range(max(0, cut - 3), min(len(text), cut + 3)), k=min(opened, len(text) - cut)):
            del fixed[position]
        length = len(text) + rng.randrange(2)
        canvas = constraint.canvas(length, fixed)
        assert canvas.completable == possible(oracle, tokens, length, fixed), (text, fixed)
        exact = members(canvas.masks(), len(vocabulary))
        bounds = members(canvas.masks(exact=False), len(vocabulary))
        for position in (i for i in range(length) if i not in fixed):
            assert exact[position] <= bounds[position], (text, fixed)
            for token in rng.sample(range(len(vocabulary)), 4):
                expected = possible(oracle, tokens, length, {**fixed, position: token})
                assert (token in exact[position]) == expected, (text, fixed, position, token)
                assert canvas.allows(position, token) == expected, (text, fixed, position, token)
                verdicts[expected] += 1
    assert verdicts[False] > 0
    assert verdicts[True] > 0 or count < 10


def test_json_canvases_are_as_the_oracle_says() -> None:
    check_canvases("json", 71, 4, 2)


@pytest.mark.slow
def test_json_canvases_are_as_the_oracle_says_often() -> None:
    check_canvases("json", 72, 200, 3)


@pytest.mark.slow
def test_sql_masks_by_lattice_and_by_commits() -> None:
    """The lattice of all effects apart, and commits by holes, few tokens and sets; the oracle takes minutes here."""
    rng = random.Random(73)
    constraint = constraint_of("sql")
    vocabulary = constraint.vocabulary
    for _ in range(40):
        text = spelled(vocabulary, TEXTS["sql"], rng)
        fixed = dict(enumerate(text))
        for position in rng.sample(range(len(text)), k=3):
            del fixed[position]
        canvas = constraint.canvas(len(text), fixed)
        assert canvas.completable
        exact = members(canvas.masks(), len(vocabulary))
        bounds = members(canvas.masks(exact=False), len(vocabulary))
        assert all(one <= bound for one, bound in zip(exact, bounds, strict=True)), fixed
        for position in (i for i in range(len(text)) if i not in fixed):
            assert text[position] in exact[position]
            for token in range(len(vocabulary)):
                assert canvas.allows(position, token) == (token in exact[position]), (fixed, position, token)


def test_json_masks_by_lattice_and_by_commits(llama3_1_json: Path) -> None:
    """Over a real vocabulary: exact masks, which the lattice of all effects gives, are what commits allow."""
    llama_vocabulary = load_table(llama3_1_json).vocabulary
    constraint = engine.compile(lark=(SCHEMAS / "json.lark").read_text(), vocabulary=llama_vocabulary)
    prefix = llama_vocabulary.encode('{"a": [1, ')
    canvas = constraint.canvas(len(prefix) + 4, dict(enumerate(prefix)))
    masks, bounds = canvas.masks(), canvas.masks(exact=False)
    assert not (masks & ~bounds).any()
    rng = np.random.default_rng(0)
    for position in range(len(prefix), canvas.length):
        flags = np.unpackbits(masks[position].view(np.uint8), bitorder="little")
        for wanted in (0, 1):
            for token in rng.choice(np.flatnonzero(flags[: len(llama_vocabulary)] == wanted), 8).tolist():
                assert canvas.allows(position, token) == bool(wanted), (position, token)
