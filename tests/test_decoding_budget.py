"""Budget landing: every output complete and within the budget, with the law that the budget leaves."""

from __future__ import annotations

import math
import re
import sys

import pytest
from tests.decoding_toys import ClumsyConstraint, RandomModel, enumerate_law, nested_constraint, regex_constraint
from tests.test_decoding_loop import assert_frequencies

from gramarye.errors import BudgetError, GramaryeError, LimitError
from gramarye.runtime.decoding import run
from gramarye.runtime.vocabulary import Vocabulary

NESTED = Vocabulary.from_bytes([b"[", b"]", b"x", b"[[[[[", b"]]", b"x]", None], eos_ids=[6])
LETTERS = Vocabulary.from_bytes([b"a", b"b", b"ab", b"ba", b"c", None], eos_ids=[5])


def balanced(text):
    while (shorter := re.sub(r"\[x*\]", "", text)) != text:
        text = shorter
    return not text


@pytest.mark.parametrize("edge", [0, 3, 1000])
def test_every_budget_from_the_minimum_is_landed_in(edge):
    constraint = nested_constraint(NESTED)
    minimum = len(constraint.matcher().shortest_tokens())
    shaped = 0
    for extra in range(21):
        # a model that loves to open brackets
        model = RandomModel(NESTED, extra, scale=4.0)
        for result in run(model, [[2]] * 12, constraint, seed=extra, max_tokens=minimum + extra, edge=edge):
            assert len(result.tokens) <= minimum + extra
            assert result.text
            assert balanced(result.text)
            shaped += result.finish_reason == "length"
    assert shaped > 50


def test_a_budget_below_the_minimum_fails_before_the_first_pass():
    model = RandomModel(NESTED)
    constraint = regex_constraint(r"\[\[\[x\]\]\]", NESTED)
    needed = len(constraint.matcher().shortest_tokens())
    for stream in (False, True):
        with pytest.raises(BudgetError, match=f"needs {needed} tokens, but max_tokens is {needed - 1}") as caught:
            run(model, [2], constraint, max_tokens=needed - 1, stream=stream)
        assert (caught.value.needed, caught.value.budget) == (needed, needed - 1)
    assert model.calls == []
    assert run(model, [2], constraint, max_tokens=needed).text == "[[[x]]]"


@pytest.mark.parametrize("edge", [0, 1000])
def test_the_law_under_a_budget_is_the_budgeted_masks(edge):
    """Far from the edge tokens are checked when drawn; the law must be that of the budgeted mask."""
    model, constraint = RandomModel(LETTERS, 8, scale=0.7), regex_constraint("(aba|b)*c", LETTERS)
    law = {tokens: q for tokens, q, _ in enumerate_law(model, constraint, [0], budget=5)}
    assert sum(law.values()) == pytest.approx(1.0)
    results = run(model, [[0]] * 4000, constraint, seed=1, max_tokens=5, edge=edge, fast_forward=False)
    assert_frequencies(results, law)
    if edge:
        for result in results:
            assert result.log_prob - result.log_weight == pytest.approx(math.log(law[result.tokens]), abs=1e-9)


def test_finish_reasons():
    model = RandomModel(LETTERS, 0)
    optional = regex_constraint("(a|b)*", LETTERS)
    reasons = {}
    for result in run(model, [[0]] * 200, optional, seed=0, max_tokens=3):
        reasons.setdefault(result.finish_reason, []).append(result)
    assert all(len(r.tokens) == 3 for r in reasons["length"])  # the model was about to go on
    assert any(len(r.tokens) < 3 for r in reasons["stop"])
    exact = run(model, [0], regex_constraint("aa", LETTERS), max_tokens=2)
    assert exact.finish_reason == "stop"  # nothing could have followed


def test_no_tokens_at_all():
    model = RandomModel(LETTERS, 0)
    result = run(model, [0], regex_constraint("a*", LETTERS), max_tokens=0)
    assert (result.text, result.finish_reason) == ("", "length")
    assert model.calls == []
    with pytest.raises(GramaryeError, match="max_tokens is -1"):
        run(model, [0], regex_constraint("a*", LETTERS), max_tokens=-1)


def test_forced_tokens_give_way_to_a_tight_budget():
    """The canonical tokenization of forced text may be longer than the shortest one."""
    vocabulary = Vocabulary.from_bytes([b"a", b"b", b"abab", None], eos_ids=[3])

    class Spelled(type(vocabulary)):
        def encode(self, text):
            return [token for byte in bytes(text) for token in (0, 1) if vocabulary.token_bytes(token)[0] == byte]

    spelled = Spelled.from_bytes([b"a", b"b", b"abab", None], eos_ids=[3])
    constraint = regex_constraint("abab", spelled)
    model = RandomModel(spelled)
    assert run(model, [0], constraint, max_tokens=4).tokens == (0, 1, 0, 1)
    assert run(model, [0], constraint, max_tokens=3).tokens == (2,)


def test_a_matcher_that_knows_only_long_plans_is_landed_all_the_same():
    plain = regex_constraint("abab(ab)*c", LETTERS)
    clumsy = ClumsyConstraint(LETTERS, plain.start, plain.step, plain.accepts)
    assert len(clumsy.matcher().shortest_tokens()) == 5
    for extra in range(4):
        for result in run(RandomModel(LETTERS, extra), [[0]] * 20, clumsy, seed=0, max_tokens=3 + extra):
            assert len(result.tokens) <= 3 + extra
            assert re.fullmatch("abab(ab)*c", result.text)
    with pytest.raises(BudgetError, match="needs 3 tokens, but max_tokens is 1") as caught:
        run(RandomModel(LETTERS), [0], clumsy, max_tokens=1)
    assert caught.value.needed == 3


def test_a_search_for_short_outputs_that_is_cut_off_says_what_is_known():
    class Unsettled(ClumsyConstraint):
        def plan(self, state):
            if sys._getframe(1).f_code.co_name == "shortest_tokens":
                raise LimitError("not settled")
            return super().plan(state)

    plain = regex_constraint("abab", LETTERS)
    unsettled = Unsettled(LETTERS, plain.start, plain.step, plain.accepts)
    with pytest.raises(BudgetError, match=r"at most 2 tokens was found \(4 are enough\)") as caught:
        run(RandomModel(LETTERS), [0], unsettled, max_tokens=2)
    assert (caught.value.needed, caught.value.budget) == (4, 2)
