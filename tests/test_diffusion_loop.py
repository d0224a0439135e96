"""The denoising loop and generation: exact canvases end valid, other checks say what they did."""

from __future__ import annotations

import json

import numpy as np
import pytest

from diffusion_toys import END, LETTERS, MASK, FixedModel, NoisyModel, small_vocabulary
from gramarye import Vocabulary, engine
from gramarye.errors import BudgetError, GramaryeError, ModelError
from gramarye.runtime.diffusion.decoders import DECODERS, Confidence
from gramarye.runtime.diffusion.generate import DiffusionOptions, run_diffusion
from gramarye.runtime.diffusion.loop import Run, Settings
from gramarye.runtime.diffusion.model_protocol import DiffusionModel, position_log_probs

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "yy"]}},
    "required": ["a", "b"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return small_vocabulary()


@pytest.fixture(scope="module")
def constraint(vocabulary):
    return engine.compile(schema=SCHEMA, vocabulary=vocabulary, whitespace="bounded", spelling="plain")


def test_toys_are_models(vocabulary) -> None:
    assert isinstance(NoisyModel(vocabulary), DiffusionModel)


@pytest.mark.parametrize("decoder", sorted(DECODERS))
def test_every_decoder_ends_valid_without_retries(vocabulary, constraint, decoder) -> None:
    for seed in range(4):
        model = NoisyModel(vocabulary, seed=seed)
        result = engine.generate(
            model, "", constraint=constraint, length=30, block=8, decoder=decoder, temperature=0, seed=seed
        )
        assert result.valid, result.text
        assert json.loads(result.text) == result.value
        assert (result.check, result.masks, result.retries, result.fallback) == ("exact", "exact", 0, False)
        assert result.chosen + result.forced <= 30
        assert result.passes == len(model.fed)


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("joint", [False, True])
def test_few_steps_commit_many_tokens_at_once(vocabulary, constraint, steps, joint) -> None:
    for seed in range(6):
        result = engine.generate(
            NoisyModel(vocabulary, seed=seed), "", constraint=constraint, length=24, block=24, steps=steps,
            temperature=1.0, seed=seed, joint=joint,
        )  # fmt: skip
        assert result.valid
        assert result.passes <= steps
        assert result.retries == 0


def test_temperature_varies_and_a_seed_repeats(vocabulary, constraint) -> None:
    model = NoisyModel(vocabulary, sharpness=0.5)
    texts = [
        engine.generate(model, "", constraint=constraint, length=24, temperature=1.0, seed=seed).text
        for seed in (1, 2, 3, 4, 1)
    ]
    assert texts[0] == texts[4]
    assert len(set(texts)) > 1


def test_drafts_are_lossless(vocabulary, constraint) -> None:
    """FreeDave's text is that of one token a pass, in fewer passes."""
    fewer = 0
    for seed in range(6):
        plain, drafted = (
            engine.generate(
                NoisyModel(vocabulary, seed=seed), "", constraint=constraint, length=30, block=10, decoder=decoder,
                temperature=0, fast_forward=False,
            )
            for decoder in ("confidence", "freedave")
        )  # fmt: skip
        assert plain.text == drafted.text
        assert plain.log_prob == pytest.approx(drafted.log_prob)
        assert drafted.passes <= plain.passes
        fewer += drafted.passes < plain.passes
    assert fewer


def test_blocks_are_filled_from_left_to_right(vocabulary) -> None:
    chunks = engine.generate(
        NoisyModel(vocabulary), "", regex="[xyz]{16}", length=16, block=4, temperature=0, stream=True
    )
    for chunk in chunks:
        fixed = [token is not None for token in chunk.step.canvas]
        filled = sum(all(fixed[start : start + 4]) for start in range(0, 16, 4))
        assert not any(fixed[start] and not all(fixed[:start]) for start in range(4 * (filled + 1), 16))


def test_the_canvas_is_known_to_be_too_short_before_the_first_pass(vocabulary, constraint) -> None:
    model = NoisyModel(vocabulary)
    with pytest.raises(BudgetError, match=r"needs 1\d tokens, but length is 6") as raised:
        engine.generate(model, "", constraint=constraint, length=6)
    assert raised.value.budget == 6
    assert not model.fed
    assert engine.generate(model, "", constraint=constraint, length=raised.value.needed).valid


def test_what_is_forced_costs_no_pass(vocabulary) -> None:
    model = NoisyModel(vocabulary)
    result = engine.generate(model, "", choice=["abc"], length=3, temperature=0)
    assert (result.text, result.chosen) == ("abc", result.passes)
    without = engine.generate(model, "", choice=["abc"], length=4, fast_forward=False, temperature=0)
    assert without.text == "abc"
    assert without.forced == 0


def test_masks_follow_the_other_commits_of_a_step(vocabulary) -> None:
    """Two positions that must agree are proposed apart: the second is proposed anew once the first is committed."""
    laws = {0: {b"a": 0.9, b"b": 0.1}, 1: {b"c": 0.45, b"a": 0.4, b"b": 0.15}}
    result = engine.generate(
        FixedModel(vocabulary, laws), "", choice=["aa", "bb", "cc", "xx"], length=3, steps=1, temperature=0
    )
    assert (result.text, result.passes, result.retries) == ("aa", 1, 0)


def test_without_a_constraint_the_model_decides(vocabulary) -> None:
    laws = {0: {b"x": 0.9}, 1: {b"y": 0.8}, 2: {b"": 0.9}, 3: {b"z": 0.7}}
    result = engine.generate(FixedModel(vocabulary, laws), "", length=4, temperature=0)
    assert (result.text, result.finish_reason, result.valid, result.check) == ("xy", "stop", None, None)
    open_end = engine.generate(FixedModel(vocabulary, {0: {b"x": 0.9}, 1: {b"y": 0.9}}), "", length=2, temperature=0)
    assert (open_end.text, open_end.finish_reason) == ("xy", "length")
    assert open_end.log_prob == pytest.approx(2 * np.log(0.9 / (0.9 + 1e-6 * (len(vocabulary) - 1))))


def test_shifted_logits_are_read_one_row_before(vocabulary) -> None:
    model = NoisyModel(vocabulary, shift=True)
    ids = np.array([[0, 1, MASK, MASK]])
    laws = position_log_probs(model, ids, np.array([2, 3]))
    plain = NoisyModel(vocabulary)
    assert np.allclose(laws, position_log_probs(plain, ids, np.array([1, 2])))


def test_wrong_shapes_and_vocabularies_are_refused(vocabulary, constraint) -> None:
    class Short(NoisyModel):
        def forward(self, ids, attention):
            return super().forward(ids, attention)[:, :, :5]

    with pytest.raises(ModelError, match="logits of shape"):
        engine.generate(Short(vocabulary), "", constraint=constraint, length=24)
    other = Vocabulary.from_bytes([b"a", b""], eos_ids=[1])
    with pytest.raises(ModelError, match="is not the model's"):
        engine.generate(NoisyModel(other), "", constraint=constraint, length=24)
    with pytest.raises(GramaryeError, match="top_k: not for diffusion"):
        engine.generate(NoisyModel(vocabulary), "", constraint=constraint, length=24, top_k=3)
    with pytest.raises(GramaryeError, match="block is 0"):
        engine.generate(NoisyModel(vocabulary), "", constraint=constraint, length=24, block=0)


def test_lookahead_counts_what_it_refuses_and_may_fail(vocabulary) -> None:
    """Brackets must match, which a prefix does not tell: the canvas runs full before they do."""
    outcomes = []
    for seed in range(12):
        result = engine.generate(
            NoisyModel(vocabulary, seed=seed, sharpness=1.0), "", regex="(ab|c){2}x[0-9]", length=8, block=4,
            check="lookahead", temperature=0, seed=seed,
        )  # fmt: skip
        assert (result.check, result.masks) == ("lookahead", "none")
        assert result.fallback == (result.recovered > 0)
        outcomes.append((bool(result.valid), result.retries))
    assert any(retries for _, retries in outcomes)
    assert len({valid for valid, _ in outcomes}) >= 1


def test_lookahead_accepts_what_a_filling_completes(vocabulary) -> None:
    constraint = engine.compile(regex="a[bc]x", vocabulary=vocabulary)
    canvas = constraint.canvas(3, end="exact", check="lookahead", fillings=20)
    laws = np.full((3, len(vocabulary)), -20.0)
    for position, data in enumerate((b"a", b"b", b"x")):
        laws[position, LETTERS.index(data)] = 0.0
    canvas.observe(np.arange(3), laws)
    assert not canvas.commit(2, LETTERS.index(b"y"))
    assert canvas.fixed == {}
    assert canvas.commit(2, LETTERS.index(b"x"))
    assert canvas.recover() == [(0, LETTERS.index(b"a")), (1, LETTERS.index(b"b"))]
    assert canvas.witness() == [LETTERS.index(data) for data in (b"a", b"b", b"x")]
    with pytest.raises(GramaryeError, match="no exact masks"):
        canvas.masks()


class Refusing:
    """A canvas that refuses some commits that its masks allow, as upper bounds do."""

    exact = False
    length = 3

    def __init__(self, refused: set[tuple[int, int]]) -> None:
        self.refused = refused
        self.fixed: dict[int, int] = {}
        self.asked: list[tuple[int, int]] = []

    def masks(self, exact=True):
        assert not exact
        masks = np.zeros((3, 2), np.uint32)
        masks[:, 0] = 0b111
        for position, token in self.fixed.items():
            masks[position] = [1 << token, 0]
        return masks

    def commit(self, position, token):
        self.asked.append((position, token))
        if (position, token) in self.refused:
            return False
        self.fixed[position] = token
        return True


def test_refused_proposals_are_counted_and_not_repeated(vocabulary) -> None:
    laws = {position: {b"a": 0.6 + position / 10, b"b": 0.2, b"c": 0.1} for position in range(3)}
    canvas = Refusing({(2, 0), (2, 1), (0, 0)})
    run = Run(FixedModel(vocabulary, laws), canvas, Settings(Confidence(), masks="bound"))
    list(run)
    assert canvas.fixed == {0: 1, 1: 0, 2: 2}
    assert (run.retries, run.chosen, run.stuck) == (3, 3, False)
    assert len(set(canvas.asked)) == len(canvas.asked)


def test_a_run_gives_up_where_everything_is_refused(vocabulary) -> None:
    canvas = Refusing({(position, token) for position in range(3) for token in range(3)})
    run = Run(FixedModel(vocabulary, {0: {b"a": 0.9}}), canvas, Settings(Confidence(), refusals=4, masks="bound"))
    list(run)
    assert run.stuck
    assert run.retries == 4


def test_end_tokens_end_the_run(vocabulary) -> None:
    laws = {0: {b"a": 0.5}, 1: {b"": 0.99}, 2: {b"b": 0.6}, 3: {b"b": 0.6}}
    options = DiffusionOptions(temperature=0, block=None)
    result = run_diffusion(
        FixedModel(vocabulary, laws), "", engine.compile(regex="a+", vocabulary=vocabulary), length=4, options=options
    )
    assert result.text == "a"
    assert END not in result.tokens
