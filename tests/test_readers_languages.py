"""The language of what each reader reads, on random grammars, against enumeration and against lark itself."""

from __future__ import annotations

import random
from collections.abc import Callable

import lark
import pytest
from tests.oracles.earley import EarleyOracle
from tests.oracles.languages import RULES, all_texts, language, prefixes, random_rules, to_gbnf, to_iso, to_lark, to_w3c

from gramarye import GrammarError
from gramarye.grammar import lark_reader
from gramarye.grammar.ebnf_reader import read_ebnf
from gramarye.grammar.gbnf_reader import read_gbnf
from gramarye.grammar.ir import Grammar
from gramarye.grammar.lark_reader import read_lark

ALPHABET = "ab("
LONGEST = 4
TEXTS = all_texts(ALPHABET, LONGEST)

Reader = Callable[[dict], Grammar]
READERS: dict[str, tuple[Reader, bool]] = {
    "gbnf": (lambda rules: read_gbnf(to_gbnf(rules)), False),
    "iso": (lambda rules: read_ebnf(to_iso(rules), "iso", start=RULES[0]), True),
    "w3c": (lambda rules: read_ebnf(to_w3c(rules), start=RULES[0]), True),
    "lark": (lambda rules: read_lark(to_lark(rules), start=RULES[0], lexer="dynamic"), False),
}
REFUSALS = ("the language of the grammar is empty", "derives no string", "the exception leaves nothing")


def accepted(grammar: Grammar) -> set[str]:
    oracle = EarleyOracle(grammar)
    return {text for text in TEXTS if oracle.accepts(text)}


def check_random(dialect: str, seeds: range) -> int:
    read, has_differences = READERS[dialect]
    compared = 0
    for seed in seeds:
        rules = random_rules(random.Random(seed), ALPHABET, differences=has_differences and seed % 2 == 0)
        expected = language(rules, RULES[0], ALPHABET, LONGEST)
        refusal = ""
        try:
            grammar = read(rules)
        except GrammarError as error:
            refusal = error.message
        if refusal:
            assert any(reason in refusal for reason in REFUSALS), (seed, refusal)
            assert not (REFUSALS[0] in refusal and expected), (seed, rules)
            continue
        assert accepted(grammar) == expected, (seed, rules)
        compared += 1
    return compared


@pytest.mark.parametrize("dialect", READERS)
def test_random_grammars_mean_what_enumeration_says(dialect: str) -> None:
    assert check_random(dialect, range(40)) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("dialect", READERS)
def test_many_random_grammars_mean_what_enumeration_says(dialect: str) -> None:
    assert check_random(dialect, range(1000, 1400)) >= 200


def test_folding_does_not_change_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    folded_rules = unfolded_rules = 0
    for seed in range(200, 215):
        rules = random_rules(random.Random(seed), ALPHABET)
        try:
            folded = read_lark(to_lark(rules), start=RULES[0], lexer="dynamic")
        except GrammarError:
            continue
        with monkeypatch.context() as patch:
            patch.setattr(lark_reader, "fold_regular", lambda draft: draft)
            # Texts that may depend on other files are not kept.
            unfolded = read_lark(to_lark(rules), start=RULES[0], lexer="dynamic", base_path=".")
        assert accepted(folded) == accepted(unfolded), (seed, rules)
        folded_rules += len(folded.rules)
        unfolded_rules += len(unfolded.rules)
    assert 0 < folded_rules < unfolded_rules


@pytest.mark.parametrize("ignored", ["", '%ignore "b"\n', '%ignore "("\n%ignore "a"\n'])
def test_random_lark_grammars_mean_what_lark_says(ignored: str) -> None:
    compared = 0
    for seed in range(300, 318):
        text = to_lark(random_rules(random.Random(seed), ALPHABET)) + ignored
        try:
            parser = lark.Lark(text, start=RULES[0], parser="earley", lexer="dynamic_complete")
            grammar = read_lark(text, start=RULES[0], lexer="dynamic")
        except (lark.exceptions.GrammarError, GrammarError):
            continue  # lark refuses alternatives that collide; empty rules are tested elsewhere
        oracle = EarleyOracle(grammar)
        for sample in TEXTS:
            assert oracle.accepts(sample) == parses(parser, sample), (seed, text, sample)
        compared += 1
    assert compared >= 6


def parses(parser: lark.Lark, text: str) -> bool:
    try:
        parser.parse(text)
    except lark.exceptions.UnexpectedInput:
        return False
    except RuntimeError as error:  # a complaint of lark about itself, made once it has found several parses
        return "multiple start symbol items" in str(error)
    return True


def test_prefixes_are_what_enumeration_says() -> None:
    compared = 0
    for seed in range(400, 430):
        rules = random_rules(random.Random(seed), "ab")
        try:
            oracle = EarleyOracle(read_gbnf(to_gbnf(rules)))
        except GrammarError:
            continue
        expected = prefixes(rules, RULES[0], "ab", 4)
        assert {text for text in all_texts("ab", 4) if oracle.is_prefix(text)} == expected, (seed, rules)
        compared += 1
    assert compared >= 10


def test_the_draft_of_a_grammar_with_ignored_terminals_is_not_folded() -> None:
    grammar = read_lark('start: "a" "b"\n%ignore " "', lexer="dynamic")
    oracle = EarleyOracle(grammar)
    assert [text for text in ("ab", "a b", " ab ", "a", "a  b") if oracle.accepts(text)] == [
        "ab",
        "a b",
        " ab ",
        "a  b",
    ]
