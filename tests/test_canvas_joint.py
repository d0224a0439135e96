"""Joint sampling over canvases: its law against enumeration by chi-square, its mode, and what it refuses."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from tests.oracles.canvases import completions
from tests.test_canvas import random_regular, toy

from gramarye import engine
from gramarye.errors import GramaryeError, ModelError

LEAST = 1e-4


def chi_square_tail(statistic, freedom):
    """Probability of a larger statistic: the regularised upper incomplete gamma function of freedom / 2.

    By its continued fraction (Abramowitz and Stegun 6.5.31, Lentz's method), or one minus its series (6.5.29).
    """
    a, x = freedom / 2, statistic / 2
    if x <= 0:
        return 1.0
    scale = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while term > total * 1e-15:
            n += 1
            term *= x / n
            total += term
        return 1 - total * scale
    b = x + 1 - a
    c, d = 1e300, 1 / b
    h = d
    for i in range(1, 1000):
        factor = -i * (i - a)
        b += 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        h *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return h * scale


@pytest.mark.parametrize(("statistic", "freedom", "tail"), [(3.841, 1, 0.05), (18.307, 10, 0.05), (2.558, 10, 0.99)])
def test_tail(statistic, freedom, tail):
    assert chi_square_tail(statistic, freedom) == pytest.approx(tail, abs=1e-4)


def p_value(counts, law):
    """Of counts under a law, cells of fewer than five expected draws pooled."""
    expected = law * counts.sum()
    rare = expected < 5
    counts, expected = (np.append(x[~rare], x[rare].sum()) for x in (counts, expected))
    if expected[-1] < 1e-9:
        assert counts[-1] == 0
        counts, expected = counts[:-1], expected[:-1]
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return chi_square_tail(statistic, len(counts) - 1) if len(counts) > 1 else 1.0


def draw_case(rng, numbers):
    """A canvas, its completions, log-probabilities, and those of the completions."""
    while True:
        tokens, eos_ids, vocabulary, source, language = random_regular(rng)
        length, end = rng.randrange(2, 6), rng.choice(["padded", "exact"])
        try:
            constraint = engine.compile(vocabulary=vocabulary, **source)
        except GramaryeError:
            continue
        rows = completions(tokens, eos_ids, length, end, language)
        if rows is None or not 4 <= len(rows) <= 5000:
            continue
        fixed = {}
        if rng.random() < 0.5:
            position = rng.randrange(length)
            fixed = {position: int(rng.choice(rows[:, position].tolist()))}
            rows = rows[rows[:, position] == fixed[position]]
        log_probs = numbers.normal(size=(length, len(tokens))) * rng.choice([0.5, 2, 40])
        if rng.random() < 0.3:
            log_probs[rng.randrange(length), rng.randrange(len(tokens))] = -np.inf
        waiting = [position for position in range(length) if position not in fixed]
        scores = log_probs[waiting, rows[:, waiting]].sum(axis=1)
        if np.isfinite(scores).any():
            return constraint.canvas(length, fixed, end=end), rows, log_probs, scores


def check_laws(seed, cases, draws):
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    for _ in range(cases):
        canvas, rows, log_probs, scores = draw_case(rng, numbers)
        best = rows[scores == scores.max()]
        assert (best == np.array(canvas.sample(log_probs, numbers, "map"))).all(axis=1).any()
        law = np.exp(scores - scores.max())
        drawn = Counter(tuple(canvas.sample(log_probs, numbers)) for _ in range(draws))
        texts = list(map(tuple, rows.tolist()))
        assert drawn.keys() <= set(texts)
        assert p_value(np.array([drawn[text] for text in texts]), law / law.sum()) > LEAST


def test_law():
    check_laws(1, 30, 500)


@pytest.mark.slow
def test_law_of_many_draws():
    check_laws(2, 5, 100_000)


def test_mode_by_brute_force():
    rng, numbers = random.Random(3), np.random.default_rng(3)
    for _ in range(80):
        canvas, rows, log_probs, scores = draw_case(rng, numbers)
        best = rows[scores == scores.max()]
        assert (best == np.array(canvas.sample(log_probs, numbers, "map"))).all(axis=1).any()


def test_far_tails_are_sampled():
    """Logarithms whose exponentials are all 0 in float64 are weights like any others."""
    canvas = toy("a+|b+", b"a", b"b").canvas(3, end="exact")
    log_probs = np.array([[-5000.0, -5001.0, 0.0]] * 3)
    numbers = np.random.default_rng(0)
    drawn = Counter(tuple(canvas.sample(log_probs, numbers)) for _ in range(2000))
    law = np.exp([0.0, -3.0])
    assert p_value(np.array([drawn[0, 0, 0], drawn[1, 1, 1]]), law / law.sum()) > LEAST


def test_float32_will_do():
    canvas = toy("[ab]*", b"a", b"b").canvas(4)
    log_probs = np.zeros((4, 3), np.float32)
    log_probs[2, 1] = 9
    assert canvas.sample(log_probs, np.random.default_rng(0), "map")[2] == 1


@pytest.mark.parametrize(
    ("log_probs", "error"),
    [
        (np.zeros((2, 4)), ModelError),
        (np.zeros((3, 3)), ModelError),
        (np.full((2, 3), np.nan), ModelError),
        (np.full((2, 3), np.inf), ModelError),
        (np.full((2, 3), -np.inf), GramaryeError),
    ],
)
def test_bad_log_probs(log_probs, error):
    with pytest.raises(error):
        toy("[ab]*", b"a", b"b").canvas(2).sample(log_probs, np.random.default_rng(0))


def test_unknown_mode():
    with pytest.raises(GramaryeError, match="mode"):
        toy("a*", b"a").canvas(2).sample(np.zeros((2, 2)), np.random.default_rng(0), "best")


def test_nothing_to_sample():
    with pytest.raises(GramaryeError):
        toy("ab", b"a", b"b").canvas(4, {0: 1}).sample(np.zeros((4, 3)), np.random.default_rng(0))
