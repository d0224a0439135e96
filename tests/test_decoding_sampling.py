"""Sampling: the law over tokens against its definition, and the errors for unusable logits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gramarye.errors import GramaryeError, ModelError
from gramarye.runtime.decoding.sampling import Sampling, choose, generator, log_softmax, proposal

LOGITS = st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=12)


def reference(logits, temperature=1.0, top_k=None, top_p=None, min_p=None):
    """The truncations of Hugging Face transformers in its order, one token at a time."""
    weights = {t: np.exp((x - max(logits)) / temperature) for t, x in enumerate(logits)}
    order = sorted(weights, key=lambda t: (-weights[t], t))
    if top_k is not None:
        order = order[:top_k]
    if top_p is not None:
        total, held, kept = sum(weights[t] for t in order), 0.0, []
        for token in order:
            if kept and held >= top_p * total:
                break
            kept.append(token)
            held += weights[token]
        order = kept
    if min_p is not None:
        least = min_p * max(weights[t] for t in order)
        order = [t for t in order if weights[t] >= least]
    total = sum(weights[t] for t in order)
    kept = set(order)
    return [weights[t] / total if t in kept else 0.0 for t in range(len(logits))]


@given(
    LOGITS,
    st.sampled_from([0.3, 1.0, 1.7]),
    st.none() | st.integers(1, 13),
    st.none() | st.sampled_from([0.11, 0.5, 0.93, 1.0]),
    st.none() | st.sampled_from([0.0, 0.05, 0.4, 1.0]),
)
def test_proposal_is_the_truncated_law(logits, temperature, top_k, top_p, min_p):
    law = proposal(np.array(logits), Sampling(temperature, top_k, top_p, min_p))
    np.testing.assert_allclose(law, reference(logits, temperature, top_k, top_p, min_p), atol=1e-12)


@pytest.mark.parametrize("scale", [0.0, 0.01, 3.0])
def test_large_vocabularies_are_truncated_alike(scale):
    logits = np.random.default_rng(1).normal(0, scale, 3000).round(2)  # rounding makes ties
    for options in ({"top_k": 700}, {"top_p": 0.95}, {"top_p": 0.9999}, {"top_k": 300, "top_p": 0.5, "min_p": 0.3}):
        law = proposal(logits, Sampling(**options))
        np.testing.assert_allclose(law, reference(list(logits), **options), atol=1e-12)


@given(LOGITS, st.integers(0, 2**32))
def test_greedy_takes_the_first_maximum_of_the_allowed(logits, seed):
    allowed = np.random.default_rng(seed).random(len(logits)) < 0.5
    allowed[seed % len(logits)] = True
    log_probs = log_softmax(np.array(logits))
    choice = choose(log_probs, allowed, Sampling(temperature=0.0), generator(seed))
    best = max(x for x, ok in zip(log_probs, allowed, strict=True) if ok)
    assert choice.token == next(t for t, x in enumerate(log_probs) if allowed[t] and x == best)


def test_draws_follow_the_renormalised_law_and_report_the_models_own():
    logits = np.array([0.0, 1.0, -1.0, 2.0, 0.5])
    allowed = np.array([True, True, False, False, True])
    law = np.exp(logits) / np.exp(logits).sum()
    rng = generator(7)
    counts = np.zeros(5)
    for _ in range(20_000):
        choice = choose(log_softmax(logits), allowed, Sampling(), rng)
        counts[choice.token] += 1
        assert choice.log_prob == pytest.approx(np.log(law[choice.token]), abs=1e-12)
        assert choice.log_mass == pytest.approx(np.log(law[allowed].sum()), abs=1e-12)
    expected = np.where(allowed, law, 0) / law[allowed].sum()
    deviation = np.sqrt(expected * (1 - expected) / 20_000)
    assert np.all(np.abs(counts / 20_000 - expected) <= 4 * deviation)


def test_tokens_of_probability_zero_are_never_drawn():
    logits = np.array([-np.inf, 0.0, -np.inf, 0.0, -np.inf])
    rng = generator(0)
    drawn = {choose(log_softmax(logits), np.ones(5, bool), Sampling(), rng).token for _ in range(500)}
    assert drawn == {1, 3}


@pytest.mark.parametrize("u", [0.0, 1.0 - 2.0**-53])
def test_the_ends_of_the_unit_interval_pick_tokens_with_probability(u):
    class Fixed:
        def random(self):
            return u

    logits = np.array([-np.inf, 0.1, 0.7, -np.inf])
    token = choose(log_softmax(logits), np.ones(4, bool), Sampling(), Fixed()).token
    assert token == (1 if u == 0.0 else 2)


@pytest.mark.parametrize("temperature", [1e-300, 1e-12, 1e6])
def test_extreme_temperatures_stay_finite(temperature):
    law = proposal(np.array([1000.0, 0.0, -np.inf]), Sampling(temperature))
    assert law.sum() == pytest.approx(1.0)
    assert law[2] == 0.0
    assert law[0] == pytest.approx(1.0 if temperature < 1 else 0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("row", "message"),
    [([0.0, np.nan], "NaN"), ([np.inf, 0.0], r"\+inf"), ([-np.inf, -np.inf], "-inf for every token")],
)
def test_unusable_logits_are_model_errors(row, message):
    with pytest.raises(ModelError, match=message):
        log_softmax(np.array([row]))


def test_no_probability_on_what_is_allowed_is_a_model_error():
    log_probs = log_softmax(np.array([0.0, -np.inf, -np.inf]))
    with pytest.raises(ModelError, match="every token that the constraint allows"):
        choose(log_probs, np.array([False, True, True]), Sampling(), generator(0))


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"top_k": 0},
        {"top_p": 0.0},
        {"top_p": 1.5},
        {"min_p": -0.1},
        {"min_p": float("nan")},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(GramaryeError, match=next(iter(options))):
        Sampling(**options)
