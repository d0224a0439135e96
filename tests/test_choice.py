"""Finite sets of texts: exactly the given ones, in the smallest automaton."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import GrammarError
from gramarye.grammar.choice import choice_automaton


def run(automaton, text):
    state = automaton.start
    for byte in text:
        state = int(automaton.trans[state, byte])
    return state


def equivalence_classes(automaton):
    """Number of distinguishable states, the dead one included, by refinement."""
    classes = automaton.accept.astype(np.int64)
    while True:
        rows = np.column_stack([classes, classes[automaton.trans]])
        _, refined = np.unique(rows, axis=0, return_inverse=True)
        refined = refined.ravel()
        if refined.max() == classes.max():
            return int(refined.max()) + 1
        classes = refined


def test_random_sets():
    for seed in range(120):
        rng = random.Random(seed)
        words = {"".join(rng.choice("abé") for _ in range(rng.randrange(5))) for _ in range(rng.randrange(1, 12))}
        automaton = choice_automaton(words)
        encoded = {word.encode() for word in words}
        prefixes = {word[:length] for word in encoded for length in range(len(word) + 1)}
        for text in prefixes | {word + b"a" for word in encoded} | {word[:-1] + b"b" for word in encoded if word}:
            state = run(automaton, text)
            assert (state != 0) == (text in prefixes), (words, text)
            assert bool(automaton.accept[state]) == (text in encoded), (words, text)
        assert equivalence_classes(automaton) == len(automaton.accept)


def test_endings_are_shared():
    words = [f"{number:04}ing" for number in range(10_000)]
    assert len(choice_automaton(words).accept) == 1 + 8


def test_bytes_that_are_no_text():
    constraint = engine.compile(choice=[b"\xff\x00", b"\xff"], vocabulary=toy_vocabulary())
    assert constraint.accepts(b"\xff")
    assert constraint.accepts(b"\xff\x00")
    assert not constraint.accepts(b"\x00")


def test_an_empty_choice_ends_at_once():
    constraint = engine.compile(choice=[""], vocabulary=toy_vocabulary())
    matcher = constraint.matcher()
    assert matcher.finished
    assert matcher.completion() == b""
    assert not matcher.advance_bytes(b"a")


@pytest.mark.parametrize(
    ("choices", "said"), [([], "empty"), ("yes", "one string"), ([1], "not int"), (["\ud800"], "lone surrogate")]
)
def test_bad_choices(choices, said):
    with pytest.raises(GrammarError, match=said):
        engine.compile(choice=choices, vocabulary=toy_vocabulary())
