"""Masks of random regular expressions and choices on the real vocabularies, against automata of another library."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.oracles.masks import TokenTable, differences, mask_by_steps
from tests.oracles.regex_prefix import ChoiceOracle, RegexOracle
from tests.real_vocabularies import load_table

from gramarye import RegexError, engine

ATOMS = ["a", "b", "é", "日", "[a-c]", "[^a]", r"\.", "☃", "[éa-d]", "ab", " "]


def random_pattern(rng: Random, depth: int = 3) -> str:
    """A pattern that means the same to every library: no classes of characters by name, no flags, no assertions."""
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(ATOMS)
    kind = rng.randrange(4)
    if kind == 0:
        return f"({random_pattern(rng, depth - 1)}|{random_pattern(rng, depth - 1)})"
    if kind == 1:
        return f"({random_pattern(rng, depth - 1)}){rng.choice(['*', '+', '?', '{2}', '{1,3}', '{2,}'])}"
    return random_pattern(rng, depth - 1) + random_pattern(rng, depth - 1)


def random_choices(rng: Random) -> list[str]:
    """Some strings, beginnings of each other among them."""
    texts = ["".join(rng.choice("aб☃ \n😀") for _ in range(rng.randrange(1, 6))) for _ in range(rng.randrange(1, 7))]
    return [*texts, texts[0] + "a"]


def compare(table: TokenTable, oracle: Any, options: dict[str, Any], rng: Random) -> int:
    """Walk along allowed bytes of the oracle and compare the masks there; the number of masks compared."""
    constraint = engine.compile(vocabulary=table.vocabulary, **options)
    state, read = oracle.start, b""
    compared = 0
    for _ in range(3):
        matcher = constraint.matcher()
        assert matcher.advance_bytes(read), (options, read)
        wanted = mask_by_steps(table, state, oracle.step, accepting=oracle.accepting(state))
        assert differences(table, matcher.mask(), wanted) == [], (options, read)
        compared += 1
        for _ in range(rng.randrange(1, 4)):
            live = [byte for byte in range(256) if oracle.step(state, byte) is not None]
            if live:
                byte = rng.choice(live)
                state, read = oracle.step(state, byte), read + bytes([byte])
    return compared


def check(path: Path, pairs: int, seed: int) -> None:
    table = load_table(path)
    rng = Random(seed)
    regexes = choices = 0
    while regexes < pairs:
        pattern = random_pattern(rng)
        try:
            regexes += compare(table, RegexOracle(pattern), {"regex": pattern}, rng)
        except RegexError:
            pytest.fail(f"{pattern} is refused")
    while choices < pairs:
        texts = random_choices(rng)
        choices += compare(table, ChoiceOracle(texts), {"choice": texts}, rng)


def test_masks_are_the_definition(real_tokenizer_json: Path) -> None:
    check(real_tokenizer_json, 9, 1)


@pytest.mark.slow
def test_many_masks_are_the_definition(real_tokenizer_json: Path) -> None:
    check(real_tokenizer_json, 200, 2)
