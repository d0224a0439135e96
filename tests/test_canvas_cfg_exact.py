"""Canvases of context-free grammars against enumeration of every text, and against themselves after commits."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.grammar_machines import ALPHABET, random_grammar
from tests.oracles.canvas_cfg import GapOracle

from gramarye import engine
from gramarye.errors import BudgetError, GramaryeError, GrammarError
from gramarye.grammar.ir import Grammar
from gramarye.runtime.build import Options, build_grammar
from gramarye.runtime.constraint import Constraint
from gramarye.runtime.diffusion.canvas_protocol import Canvas, Check, End
from gramarye.runtime.limits import Limits
from gramarye.runtime.vocabulary import Vocabulary

PIECES = ["a", "b", "c", "d", "ab", "bc", "aa", "cc", "abc", "bb", "ad", "da", "dd", "cb", "aab", "ca", "bdc"]
"""Several lexemes, parts of lexemes and ignored letters in one token."""


class Case:
    """A random grammar over a random vocabulary; the last token ends the text."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.seed = seed
        self.rng = rng
        self.grammar: Grammar = random_grammar(rng.randrange(1 << 30), rng.choice(("dynamic", "basic")))
        self.oracle = GapOracle(self.grammar, ALPHABET)
        self.tokens = rng.sample(PIECES, rng.randrange(4, 12))
        self.vocabulary = Vocabulary.from_bytes([*(piece.encode() for piece in self.tokens), b""], [len(self.tokens)])
        self.constraint: Constraint = build_grammar(self.grammar, "lark", Options(self.vocabulary, Limits()))
        self._words: dict[str, bool] = {}

    def is_word(self, text: str) -> bool:
        if text not in self._words:
            self._words[text] = self.oracle.accepts(text)
        return self._words[text]

    def text(self, tokens: tuple[int, ...] | list[int]) -> str:
        return "".join(self.tokens[token] for token in tokens if token < len(self.tokens))

    def texts(self, length: int, fixed: dict[int, int], end: End) -> Iterator[tuple[int, ...]]:
        """All completions, by enumeration."""
        eos = len(self.tokens)
        open_tokens = range(eos + (end == "padded"))
        for tokens in itertools.product(*([fixed[i]] if i in fixed else open_tokens for i in range(length))):
            ended = tokens.index(eos) if eos in tokens else length
            padded = all(token == eos for token in tokens[ended:]) and (end == "padded" or ended == length)
            if padded and self.is_word(self.text(tokens)):
                yield tokens

    def allowed(self, length: int, fixed: dict[int, int], end: End) -> list[set[int]]:
        found: list[set[int]] = [{fixed[i]} if i in fixed else set() for i in range(length)]
        for tokens in self.texts(length, fixed, end):
            for position, token in enumerate(tokens):
                found[position].add(token)
        return found


def members(masks: NDArray[np.uint32], tokens: int) -> list[set[int]]:
    return [{token for token in range(tokens) if int(row[token >> 5]) >> (token & 31) & 1} for row in masks]


def cases(seed: int, count: int) -> Iterator[tuple[Case, int, dict[int, int], End]]:
    """Random canvases of random grammars, three of each."""
    rng = random.Random(seed)
    made = 0
    while made < count:
        try:
            case = Case(rng.randrange(1 << 30))
        except (GrammarError, GramaryeError):
            continue
        for _ in range(3):
            small = len(case.tokens)
            length = rng.randrange(1, 4 if small > 9 else 5 if small > 6 else 6 if small > 4 else 7)
            end: End = rng.choice(("padded", "exact"))
            fixed = {i: rng.randrange(small + 1) for i in range(length) if rng.random() < 0.25}
            yield case, length, fixed, end
            made += 1


def check_canvas(case: Case, canvas: Canvas, length: int, fixed: dict[int, int], end: End) -> bool:
    """Completability, masks, their bound and a witness; returns the first."""
    where = (case.seed, case.tokens, length, fixed, end)
    first = next(case.texts(length, fixed, end), None)
    assert canvas.completable == (first is not None), where
    expected = case.allowed(length, fixed, end)
    size = len(case.tokens) + 1
    assert members(canvas.masks(), size) == expected, where
    bounds = members(canvas.masks(exact=False), size)
    assert all(one <= bound for one, bound in zip(expected, bounds, strict=True)), where
    grammar = case.constraint.token_grammar
    assert grammar is not None
    grammar.width = case.rng.randrange(3)  # bounds of which most is holes
    bounds = members(canvas.masks(exact=False), size)
    assert all(one <= bound for one, bound in zip(expected, bounds, strict=True)), where
    del grammar.width
    if first is None:
        return False
    witness = canvas.witness()
    assert tuple(witness) in set(case.texts(length, fixed, end)), where
    return True


def check_masks(seed: int, count: int) -> None:
    completable = 0
    for case, length, fixed, end in cases(seed, count):
        completable += check_canvas(case, case.constraint.canvas(length, fixed, end=end), length, fixed, end)
    assert completable > count // 6


def test_masks_are_those_of_enumeration() -> None:
    check_masks(41, 45)


@pytest.mark.slow
def test_masks_are_those_of_enumeration_often() -> None:
    check_masks(42, 1000)


def check_commits(seed: int, count: int) -> None:
    """Random proposals, refused or taken as enumeration says, until the canvas is full."""
    rng = random.Random(seed)
    taken = refused = 0
    for case, length, given, end in cases(seed, count):
        canvas = case.constraint.canvas(length, given, end=end)
        fixed = dict(given)
        if not canvas.completable:
            continue
        while len(fixed) < length:
            position = rng.choice([i for i in range(length) if i not in fixed])
            allowed = case.allowed(length, fixed, end)[position]
            token = rng.randrange(len(case.tokens) + 1) if rng.random() < 0.5 else rng.choice(sorted(allowed))
            assert canvas.allows(position, token) == (token in allowed), (case.seed, length, fixed, end)
            assert canvas.commit(position, token) == (token in allowed), (case.seed, length, fixed, end)
            if token in allowed:
                fixed[position] = token
                taken += 1
            else:
                refused += 1
            assert canvas.fixed == fixed
            assert canvas.witness()[position] == token or token not in allowed
            assert members(canvas.masks(), len(case.tokens) + 1) == case.allowed(length, fixed, end)
    assert min(taken, refused) > count // 6


def test_commits_are_taken_as_enumeration_says() -> None:
    check_commits(51, 30)


@pytest.mark.slow
def test_commits_are_taken_as_enumeration_says_often() -> None:
    check_commits(52, 500)


def check_intersection(seed: int, count: int) -> None:
    """Fragments are completable exactly if some canvas is that has them in order, all letters being tokens.

    Grammars this small need at most a few letters in a gap.
    """
    rng = random.Random(seed)
    verdicts = {True: 0, False: 0}
    while sum(verdicts.values()) < count:
        try:
            grammar = random_grammar(rng.randrange(1 << 30), rng.choice(("dynamic", "basic")))
            letters = Vocabulary.from_bytes([*(letter.encode() for letter in ALPHABET), b"ab", b"cc", b""], [6])
            constraint = build_grammar(grammar, "lark", Options(letters, Limits()))
        except GrammarError:
            continue
        pieces = [[rng.randrange(6) for _ in range(rng.randrange(3))] for _ in range(rng.choice((1, 2, 2, 3)))]
        gaps = len(pieces) - 1
        found = any(
            canvas_of(constraint, pieces, lengths).completable for lengths in itertools.product(range(6), repeat=gaps)
        )
        free = canvas_of(constraint, pieces, (1,) * gaps, check="intersection")
        assert free.completable == found, (grammar, pieces)
        verdicts[found] += 1
    assert min(verdicts.values()) > count // 10


def canvas_of(
    constraint: Constraint, pieces: list[list[int]], lengths: tuple[int, ...], check: Check = "exact"
) -> Canvas:
    """Pieces with so many open positions between them."""
    fixed: dict[int, int] = {}
    at = 0
    for number, piece in enumerate(pieces):
        at += lengths[number - 1] if number else 0
        fixed.update(enumerate(piece, at))
        at += len(piece)
    return constraint.canvas(at, fixed, end="exact", check=check)


def test_intersection_is_the_check_without_lengths() -> None:
    check_intersection(61, 40)


@pytest.mark.slow
def test_intersection_is_the_check_without_lengths_often() -> None:
    check_intersection(62, 600)


def test_witness_of_nothing() -> None:
    constraint = parentheses(Vocabulary.from_bytes([b"(", b")", b"x", b""], [3]))
    canvas = constraint.canvas(2, {0: 0})
    assert canvas.shortest == 3
    with pytest.raises(BudgetError, match="a text needs 3 tokens, the canvas has 2") as caught:
        canvas.witness()
    assert (caught.value.needed, caught.value.budget) == (3, 2)
    assert not canvas.allows(1, 2)
    assert not canvas.commit(1, 2)
    wrong = constraint.canvas(4, {0: 1})
    assert wrong.shortest is None
    with pytest.raises(GramaryeError, match="no text of this canvas's length"):
        wrong.witness()
    with pytest.raises(GramaryeError, match="joint sampling needs a regular constraint"):
        wrong.sample(np.zeros((4, 4)), np.random.default_rng(0))


def parentheses(vocabulary: Vocabulary) -> Constraint:
    return engine.compile(lark='start: "(" start ")" | "x"', vocabulary=vocabulary)


def test_parentheses_close_in_time() -> None:
    vocabulary = Vocabulary.from_bytes([b"(", b")", b"x", b"))", b""], [4])
    canvas = parentheses(vocabulary).canvas(5)
    assert canvas.exact
    assert canvas.shortest == 1
    assert members(canvas.masks(), 5) == [{0, 2}, {0, 2, 4}, {1, 2, 4}, {1, 3, 4}, {1, 4}]
    assert not canvas.commit(3, 2)  # "(((x" leaves no room
    assert canvas.commit(2, 2)
    assert members(canvas.masks(), 5) == [{0}, {0}, {2}, {1, 3}, {1, 4}]
