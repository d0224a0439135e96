"""Random grammars against independent recognisers: which texts are words, and which can become words."""

from __future__ import annotations

import itertools
import random

import pytest
from lark import Lark, UnexpectedInput
from tests.grammar_machines import ALPHABET, GrammarMachine, random_grammar
from tests.oracles.earley import EarleyOracle, LongestMatchOracle

from gramarye.errors import GrammarError, LimitError
from gramarye.grammar.ir import Grammar, LexerKind

LENGTH = 5
WIDTH = 12


def grammars(seeds: range, lexer: LexerKind) -> list[tuple[int, Grammar]]:
    found = []
    for seed in seeds:
        try:
            found.append((seed, random_grammar(seed, lexer)))
        except GrammarError:
            continue
    return found


def viable_texts(machine: GrammarMachine, seed: int) -> list[tuple[str, int]]:
    """Up to WIDTH texts of each length that the machine takes for prefixes, and each text that it refuses (with 0)."""
    rng = random.Random(seed)
    level = [("", machine.start)]
    found = list(level)
    for _ in range(LENGTH):
        following = [
            (text + char, machine.step(config, ord(char)))
            for text, config in rng.sample(level, min(WIDTH, len(level)))
            for char in ALPHABET
        ]
        found += following
        level = [(text, config) for text, config in following if config]
    return found


@pytest.mark.parametrize("block", range(4))
def test_dynamic_lexing_equals_earley(block: int) -> None:
    for seed, grammar in grammars(range(100 * block, 100 * block + 100), "dynamic"):
        machine, oracle = GrammarMachine(grammar), EarleyOracle(grammar)
        for text, config in viable_texts(machine, seed):
            assert (config != 0) == oracle.is_prefix(text), (seed, text)
            assert (config != 0 and machine.complete(config)) == oracle.accepts(text), (seed, text)


@pytest.mark.parametrize("block", range(4))
def test_longest_match_equals_the_definition(block: int) -> None:
    """What is let through can be finished, as the oracle agrees; what is refused has no short continuation."""
    for seed, grammar in grammars(range(1000 + 100 * block, 1100 + 100 * block), "longest"):
        oracle = LongestMatchOracle(grammar)
        try:
            machine = GrammarMachine(grammar)
        except GrammarError:
            assert not oracle.is_prefix("", ALPHABET, LENGTH), seed
            continue
        try:
            texts = viable_texts(machine, seed)
        except LimitError:
            continue  # undecidable in general: stopped, not wrong
        for text, config in texts:
            assert (config != 0 and machine.complete(config)) == oracle.accepts(text), (seed, text)
            if config:
                assert oracle.accepts(text + machine.completion(text)), (seed, text)
            else:
                assert not oracle.is_prefix(text, ALPHABET, 1), (seed, text)


def test_completions_are_shortest_and_least() -> None:
    checked = 0
    for seed, grammar in grammars(range(2000, 2040), "longest"):
        try:
            machine = GrammarMachine(grammar)
            texts = viable_texts(machine, seed)[:20]
        except (GrammarError, LimitError):
            continue
        oracle = LongestMatchOracle(grammar)
        for text, config in texts:
            if config == 0:
                continue
            found = machine.completion(text)
            if len(found) > 3:
                continue
            candidates = ("".join(more) for length in range(4) for more in itertools.product(ALPHABET, repeat=length))
            assert found == next(more for more in candidates if oracle.accepts(text + more)), (seed, text)
            checked += 1
    assert checked > 100


def lark_text(grammar: Grammar) -> str:
    """A grammar without ignored terminals in Lark's syntax."""
    lines = [
        f"{origin}: " + " | ".join(" ".join(expansion) for expansion in expansions)
        for origin, expansions in grammar.alternatives.items()
    ]
    lines += [f"{terminal.name}: /{terminal.regex}/" for terminal in grammar.terminals]
    return "\n".join(lines) + "\n"


def test_dynamic_lexing_equals_lark() -> None:
    checked = 0
    for seed, grammar in grammars(range(3000, 3060), "dynamic"):
        if grammar.ignore:
            continue
        parser = Lark(lark_text(grammar), start="s", parser="earley", lexer="dynamic_complete")
        machine = GrammarMachine(grammar)
        rng = random.Random(seed)
        for _ in range(25):
            text = "".join(rng.choice("abc") for _ in range(rng.randrange(6)))
            try:
                parser.parse(text)
                accepted = True
            except UnexpectedInput:
                accepted = False
            assert machine.accepts(text) == accepted, (seed, text)
            checked += accepted
    assert checked > 50
