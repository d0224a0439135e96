"""Token healing: the boundary against brute force over all tokenizations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decoding_toys import RandomModel, bits, regex_constraint

from gramarye.runtime.decoding import run
from gramarye.runtime.decoding.healing import HealedMatcher, heal
from gramarye.runtime.vocabulary import Vocabulary

WEB = Vocabulary.from_bytes(
    [b"http", b":", b"//", b"://", b"a", b"b", b".", b"see", b" ", b"/", b"://", b":/", None, b"", b"s"],
    eos_ids=[12],
)


def test_the_end_of_the_prompt_is_respelled():
    constraint = regex_constraint("//[ab]+", WEB)
    boundary = heal(WEB.encode("see http:"), constraint.matcher(), WEB)
    assert boundary.prompt == WEB.encode("see http")
    assert boundary.respell == b":"
    tokens = {WEB.token_bytes(t) for t in bits(boundary.matcher.mask(), len(WEB))}
    assert tokens == {b":", b"://", b":/"}
    assert {3, 10} <= bits(boundary.matcher.mask(), len(WEB))  # both ids of "://"


@pytest.mark.parametrize("pattern", ["[ab]+", "b"])
def test_nothing_is_healed_where_no_token_spans_the_boundary(pattern):
    constraint = regex_constraint(pattern, WEB)
    prompt = WEB.encode("see http:")
    assert heal(prompt, constraint.matcher(), WEB)[:2] == (prompt, b"")


def test_special_tokens_and_the_first_token_stay():
    constraint = regex_constraint("//a", WEB)
    assert heal([0, 12, 1], constraint.matcher(), WEB)[:2] == ([0, 12], b":")
    assert heal([1], constraint.matcher(), WEB)[:2] == ([1], b"")
    assert heal([0, 13], constraint.matcher(), WEB)[:2] == ([0, 13], b"")
    assert heal([0, 1, 13, 1], constraint.matcher(), WEB)[:2] == ([0, 1, 13], b":")
    assert heal([], constraint.matcher(), WEB)[:2] == ([], b"")


TOKENS = st.lists(st.text("ab", min_size=1, max_size=3).map(str.encode), min_size=1, max_size=6, unique=True)


@given(
    TOKENS,
    st.text("ab", min_size=1, max_size=4),
    st.sampled_from(["a*", "(ab)*", "b{2}a?", "a|b|ab"]),
    st.data(),
)
def test_masks_are_those_of_the_respelled_prompt_and_the_text(tokens, respell, pattern, data):
    """The oracle: a regex for the respelled bytes followed by the language, by brute force."""
    vocabulary = Vocabulary.from_bytes([b"a", b"b", *tokens, None], eos_ids=[len(tokens) + 2])
    healed = HealedMatcher(regex_constraint(pattern, vocabulary).matcher(), respell.encode(), vocabulary)
    oracle = regex_constraint(f"{respell}({pattern})", vocabulary).matcher()
    for _ in range(4):
        size = len(vocabulary)
        assert bits(healed.mask(), size) == bits(oracle.mask(), size)
        assert (healed.accepting, healed.finished) == (oracle.accepting, oracle.finished)
        plan = healed.shortest_tokens()
        assert len(plan) >= len(oracle.shortest_tokens())
        for budget in (len(plan), len(plan) + 1):
            within = bits(healed.mask(budget=budget), size)
            assert within <= bits(oracle.mask(budget=budget), size)
            assert not plan or plan[0] in within
        walk = healed.fork()
        assert all(walk.advance(token) for token in plan)
        assert walk.accepting
        token = data.draw(st.integers(0, size - 1))
        before = bits(healed.mask(), size)
        moved = healed.advance(token)
        assert moved == (token in before and token not in vocabulary.eos_ids)
        if moved:
            healed.rollback(1)
            assert bits(healed.mask(), size) == before
            assert healed.advance(token)
            assert oracle.advance(token)


def test_generation_over_a_healed_boundary():
    constraint = regex_constraint("//[ab]{1,3}", WEB)
    spanning = 0
    for seed in range(40):
        result = run(RandomModel(WEB, seed), "see http:", constraint, seed=seed)
        assert result.healed == 1
        assert WEB.decode(result.tokens) == b":" + result.data
        assert result.text.startswith("//")
        spanning += result.tokens[0] in {3, 10, 11}
        deltas = [c.delta for c in run(RandomModel(WEB, seed), "see http:", constraint, seed=seed, stream=True)]
        assert "".join(deltas) == result.text
    assert 5 < spanning < 40


def test_healing_can_be_chosen_and_gives_way_to_a_tight_budget():
    constraint = regex_constraint("//a", WEB)
    model = RandomModel(WEB)
    ids = WEB.encode("see http:")
    assert run(model, "see http:", constraint, heal_prompt=False).healed == 0
    assert run(model, ids, constraint).healed == 0
    assert run(model, ids, constraint, heal_prompt=True).healed == 1
    tight = run(model, "see http:", constraint, max_tokens=2)
    assert (tight.healed, tight.text, len(tight.tokens)) == (0, "//a", 2)
