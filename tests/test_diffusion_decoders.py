"""What each decoder commits, on profiles worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gramarye.errors import GramaryeError
from gramarye.runtime.diffusion.decoders import (
    DECODERS,
    AdaBlock,
    Confidence,
    Entropy,
    Frechet,
    FreeDave,
    Leftmost,
    LocalLeap,
    Margin,
    Prophet,
    Threshold,
    decoder_of,
)
from gramarye.runtime.diffusion.view import make_view


def view_of(best: list[float], *, seconds: list[float] | None = None, quota: int = 1, progress: float = 0.0):
    """A view of positions 0, 1, ... whose likeliest token (0) has the given probability, the rest spread over three."""
    rows = []
    for index, first in enumerate(best):
        second = (1 - first) / 3 if seconds is None else seconds[index]
        others = (1 - first - second) / 2
        rows.append([first, second, others, others])
    laws = np.log(np.maximum(np.array(rows), 1e-12))
    allowed = np.ones(laws.shape, np.bool_)
    view = make_view(np.arange(len(best)), laws, allowed, 0.0, np.random.default_rng(0))
    view.quota, view.progress = quota, progress
    return view


PROFILE = [0.31, 0.78, 0.95, 0.81, 0.40, 0.77]


@pytest.mark.parametrize(
    ("decoder", "expected"),
    [
        (Confidence(), [2]),
        (Threshold(), [2]),
        (Threshold(0.78), [2, 3, 1]),
        (Threshold(0.99), [2]),
        (LocalLeap(radius=1), [2, 3, 1]),
        (LocalLeap(radius=3), [2, 3, 1, 5]),
        (LocalLeap(anchor=0.99), [2]),
        (Leftmost(), [0]),
        (FreeDave(), [2]),
        (Entropy(), [2]),
    ],
)
def test_commits_of_a_profile(decoder, expected) -> None:
    assert decoder.select(view_of(PROFILE)).tolist() == expected


def test_quota_sets_the_number() -> None:
    assert Confidence().select(view_of(PROFILE, quota=3)).tolist() == [2, 3, 1]
    assert Entropy().select(view_of(PROFILE, quota=2)).tolist() == [2, 3]


def test_margin_looks_at_the_second() -> None:
    view = view_of([0.5, 0.45], seconds=[0.49, 0.1])
    assert Confidence().select(view).tolist() == [0]
    assert Margin().select(view).tolist() == [1]


def test_factor_rule_and_frechet_agree_on_equal_confidences_only() -> None:
    for count in range(1, 9):
        for confidence in (0.85, 0.9, 0.95, 0.99):
            view = view_of([confidence] * count)
            assert len(Frechet(0.5).select(view)) == len(Threshold(factor=0.5).select(view))
    uneven = view_of([0.99, 0.99, 0.99, 0.85])
    assert len(Threshold(factor=0.5).select(uneven)) == 3  # 5 * 0.15 = 0.75
    assert len(Frechet(0.5).select(uneven)) == 4  # 0.03 + 0.15 + 0.15 = 0.33


def test_frechet_is_the_definition() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        confidences = np.clip(rng.beta(8, 1, size=rng.integers(1, 12)), 0.3, 0.999)
        view = view_of(confidences.tolist())
        falling = np.sort(view.confidence)[::-1]
        sizes = [n for n in range(1, len(falling) + 1) if (1 - falling[:n]).sum() + 1 - falling[n - 1] < 0.4]
        assert len(Frechet(0.4).select(view)) == max(sizes, default=1)


def test_entropy_bound_adds_up_all_but_the_largest() -> None:
    view = view_of([0.9, 0.8, 0.7, 0.6])
    entropy = np.sort(view.entropy)
    bound = float(entropy[:2].sum()) + 1e-9
    assert len(Entropy(bound).select(view)) == 3


def test_prophet_waits_less_as_it_goes_on() -> None:
    decided = view_of([0.999, 0.998, 0.999])  # gaps of about 8
    doubtful = view_of([0.97, 0.96, 0.97])  # about 4.5
    assert len(Prophet().select(decided)) == 3
    assert len(Prophet().select(doubtful)) == 1
    doubtful.progress = 0.7
    assert len(Prophet().select(doubtful)) == 3


def test_adablock_ends_behind_the_most_confident_delimiter() -> None:
    view = view_of([0.9, 0.35, 0.9, 0.6, 0.9, 0.99])
    text = [b"x", b";", b"y", b"}\n", b"z", b";"]
    assert AdaBlock().block_end(view, 0, 5, text) == 4
    assert AdaBlock(certainty=0.7).block_end(view, 0, 5, text) == 5
    assert AdaBlock(share=0.4).block_end(view, 0, 5, text) == 2


def test_freedave_drafts_what_comes_next() -> None:
    view = view_of(PROFILE)
    decoder = FreeDave(drafts=2)
    assert decoder.draft(view, decoder.select(view)).tolist() == [3, 1]


def test_a_forced_position_is_certain_and_an_empty_one_comes_last() -> None:
    laws = np.log(np.full((3, 4), 0.25))
    allowed = np.array([[1, 1, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]], np.bool_)
    view = make_view(np.arange(3), laws, allowed, 0.0, np.random.default_rng(0))
    assert view.confidence.tolist() == [0.25, 1.0, -1.0]
    assert view.tokens.tolist() == [0, 2, -1]
    assert view.gap[1] == np.inf
    assert view.entropy[:2] == pytest.approx([np.log(4), 0.0])
    for name in DECODERS:
        assert decoder_of(name).select(view)[0] in ((0,) if name == "leftmost" else (1,)), name


def test_temperature_draws_from_the_allowed_law() -> None:
    law = np.array([0.5, 0.3, 0.15, 0.05])
    laws = np.tile(np.log(law), (40_000, 1))
    allowed = np.tile(np.array([True, False, True, True]), (40_000, 1))
    view = make_view(np.arange(40_000), laws, allowed, 1.0, np.random.default_rng(3))
    shares = np.bincount(view.tokens, minlength=4) / 40_000
    assert shares == pytest.approx(law * [1, 0, 1, 1] / 0.7, abs=0.012)


def test_an_unknown_decoder_names_the_known_ones() -> None:
    with pytest.raises(GramaryeError, match="no decoder 'best'"):
        decoder_of("best")
