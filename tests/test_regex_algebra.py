"""Boolean algebra and concatenation against brute force over all short texts, and its laws as equalities of tables."""

from __future__ import annotations

import re
from random import Random

import pytest
from tests.oracles.regex_automata import all_texts, assert_canonical
from tests.oracles.regex_patterns import python_pattern

from gramarye.errors import LimitError
from gramarye.grammar.regex import (
    CharDfa,
    RegexLimits,
    compile_regex,
    complement,
    concat,
    difference,
    from_ranges,
    intersect,
    is_empty,
    is_subset,
    literal,
    symmetric_difference,
    union,
    witness,
)

ALPHABET = "ab\né"
TEXTS = all_texts(ALPHABET, 4)
NOTHING = from_ranges([])
EVERYTHING = compile_regex("(?s:.*)")


def random_pairs(seed: int, count: int) -> list[tuple[CharDfa, CharDfa]]:
    rng = Random(seed)

    def draw() -> CharDfa:
        while True:
            pattern = python_pattern(rng, rng.randint(0, 4), assertions=rng.random() < 0.3)
            try:
                re.compile(pattern)
            except re.error:
                continue
            return compile_regex(pattern, search=rng.random() < 0.3)

    return [(draw(), draw()) for _ in range(count)]


def language(dfa: CharDfa) -> set[str]:
    return {text for text in TEXTS if dfa.accepts(text)}


@pytest.mark.parametrize("seed", range(3))
def test_set_operations_are_those_of_sets(seed):
    everything = set(TEXTS)
    for left, right in random_pairs(seed, 40):
        a, b = language(left), language(right)
        results = {
            "intersection": (intersect(left, right), a & b),
            "union": (union(left, right), a | b),
            "difference": (difference(left, right), a - b),
            "symmetric difference": (symmetric_difference(left, right), a ^ b),
            "complement": (complement(left), everything - a),
        }
        for name, (result, expected) in results.items():
            assert language(result) == expected, name
            assert_canonical(result)
        assert is_subset(left, right) == is_empty(difference(left, right))
        if not a <= b:
            assert not is_subset(left, right)


@pytest.mark.parametrize("seed", range(3))
def test_concatenation_joins_every_split(seed):
    for left, right in random_pairs(10 + seed, 40):
        result = concat(left, right)
        assert_canonical(result)
        expected = {
            text
            for text in TEXTS
            if any(left.accepts(text[:cut]) and right.accepts(text[cut:]) for cut in range(len(text) + 1))
        }
        assert language(result) == expected


@pytest.mark.parametrize("seed", range(2))
def test_laws(seed):
    for left, right in random_pairs(20 + seed, 40):
        assert complement(complement(left)) == left
        assert intersect(left, right) == complement(union(complement(left), complement(right)))
        assert difference(left, right) == intersect(left, complement(right))
        assert union(left, right) == union(right, left)
        assert symmetric_difference(left, left) == NOTHING
        assert concat(left, NOTHING) == NOTHING == concat(NOTHING, left)
        assert concat(left, literal("")) == left == concat(literal(""), left)
        assert union(left, EVERYTHING) == EVERYTHING
        assert intersect(left, EVERYTHING) == left


def test_concatenation_of_patterns_is_the_pattern_of_the_concatenation():
    for left, right in [("a*", "a*b"), ("(ab)*", "a?"), ("", "x"), ("[^a]*", "a|bc"), (".{0,3}", ".{2}")]:
        assert concat(compile_regex(left), compile_regex(right)) == compile_regex(f"(?:{left})(?:{right})")


def test_complement_is_over_scalar_values():
    assert complement(EVERYTHING) == NOTHING
    assert complement(NOTHING) == EVERYTHING
    assert not complement(literal("a")).accepts("\ud800")
    assert complement(literal("a")).accepts("😀")


@pytest.mark.parametrize("text", ["", "a", "abca", "naïve", "😀😀", "a\x00\n", "x" * 3000])
def test_literals(text):
    dfa = literal(text)
    assert dfa == compile_regex(re.escape(text))
    assert witness(dfa) == text
    assert dfa.states == len(text) + 2


def test_a_literal_with_a_surrogate_is_no_text():
    assert is_empty(literal("a\ud800b"))


def test_ranges():
    assert from_ranges([(97, 99), (98, 120)]) == compile_regex("[a-x]")
    assert is_empty(from_ranges([]))
    assert is_empty(from_ranges([(0xD800, 0xDFFF)]))
    assert from_ranges([(0, 0x10FFFF)]) == compile_regex("(?s:.)")


@pytest.mark.parametrize("seed", range(3))
def test_witnesses_are_the_smallest_of_the_shortest(seed):
    # In these languages every text over other characters has one over these, no longer and not greater.
    ordered = all_texts("\x00\x01" + "ab", 3)
    rng = Random(seed)
    for _ in range(60):
        pattern = "".join(
            rng.choice(["a", "b", "[ab]", "[^a]", ".", "(?:a|b)?", "a*", "(?!a)", "(?:b|\x01)"]) for _ in range(3)
        )
        dfa = compile_regex(pattern)
        expected = next((text for text in sorted(ordered, key=lambda t: (len(t), t)) if dfa.accepts(text)), None)
        assert witness(dfa) == expected, pattern


def test_witness_of_nothing():
    assert witness(NOTHING) is None
    assert witness(compile_regex("a(?!b)b")) is None
    assert is_empty(compile_regex("a(?!b)b"))


def test_products_keep_the_state_limit():
    left, right = compile_regex("(?:a{31})*"), compile_regex("(?:a{37})*")
    assert intersect(left, right).states == 31 * 37 + 1
    with pytest.raises(LimitError, match="states"):
        intersect(left, right, RegexLimits(states=1000))
    with pytest.raises(LimitError, match="states"):
        concat(compile_regex("[ab]*"), compile_regex("a[ab]{12}"), RegexLimits(states=1000))
