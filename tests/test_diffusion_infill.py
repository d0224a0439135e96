"""Infilling: fragments stay, holes of exact, bounded and free length are filled, what cannot be is refused at once."""

from __future__ import annotations

import ast
import json

import numpy as np
import pytest

from diffusion_toys import LETTERS, NoisyModel, small_vocabulary
from gramarye import Vocabulary, engine
from gramarye.errors import BudgetError, GramaryeError, ModelError
from gramarye.runtime.diffusion.fim import FillTokens, run_fim
from gramarye.runtime.diffusion.generate import DiffusionOptions
from gramarye.runtime.diffusion.holes import Hole
from gramarye.runtime.diffusion.infill import layout_of, lengths_of

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "yy", "zz"]}},
    "required": ["a", "b"],
    "additionalProperties": False,
}
SUM = 'start: sum\nsum: product | sum ("+" | "-") product\nproduct: NUMBER | "(" sum ")"\nNUMBER: /[1-9][0-9]*/\n'


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return small_vocabulary()


@pytest.mark.parametrize("seed", range(4))
def test_two_holes_in_a_regular_language(vocabulary, seed) -> None:
    parts = ['{"a": ', Hole(3), ', "b": "', Hole(most=3), '"}']
    result = engine.infill(NoisyModel(vocabulary, seed=seed), parts, schema=SCHEMA, seed=seed)
    assert result.valid
    assert result.text == f'{{"a": {result.holes[0]}, "b": "{result.holes[1]}"}}'
    assert json.loads(result.text) == result.value
    assert result.retries == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("masks", ["exact", "none"])
def test_three_holes_in_a_context_free_language(vocabulary, seed, masks) -> None:
    parts = ["(", Hole(3), "+(", Hole(), ")-", Hole(least=1, most=4)]
    result = engine.infill(
        NoisyModel(vocabulary, seed=seed), parts, lark=SUM, lexer="basic", seed=seed, free=5, masks=masks
    )
    assert result.valid
    first, second, third = result.holes
    assert result.text == f"({first}+({second})-{third}"
    ast.parse(result.text, mode="eval")
    assert (result.check, result.masks, result.fallback) == ("exact", masks, False)


def test_holes_that_cannot_be_filled_are_refused_before_the_first_pass(vocabulary) -> None:
    model = NoisyModel(vocabulary)
    with pytest.raises(BudgetError, match="no text of the constraint has these fragments"):
        engine.infill(model, ["{", Hole(most=3), "]"], schema=SCHEMA)
    assert not model.fed


def test_a_hole_may_stay_empty(vocabulary) -> None:
    result = engine.infill(NoisyModel(vocabulary), ["ab", Hole(most=2)], choice=["ab"])
    assert (result.text, result.holes) == ("ab", ("",))


def test_without_a_constraint_everything_goes(vocabulary) -> None:
    result = engine.infill(NoisyModel(vocabulary), [b"x", Hole(4), b"y"])
    assert result.valid is None
    assert result.text.startswith("x")
    assert result.text.endswith("y")


def test_holes_are_checked() -> None:
    assert Hole(4).bounds(9) == (4, 4)
    assert Hole(least=2).bounds(9) == (2, 9)
    for wrong in ({"length": -1}, {"least": 3, "most": 2}, {"length": 3, "most": 4}):
        with pytest.raises(GramaryeError, match="a hole"):
            Hole(**wrong)


def test_parts_are_checked(vocabulary) -> None:
    with pytest.raises(GramaryeError, match="no hole to fill"):
        engine.infill(NoisyModel(vocabulary), ["ab"], regex="ab")
    with pytest.raises(GramaryeError, match="a part is a int"):
        engine.infill(NoisyModel(vocabulary), [1, Hole()], regex="ab")


def test_every_combination_of_lengths_comes_once() -> None:
    parts = [[0], Hole(most=2), Hole(1), Hole(least=1, most=3)]
    found = list(lengths_of(parts, 9))
    assert sorted(found) == [(a, 1, b) for a in range(3) for b in (1, 2, 3)]


def test_layouts_put_fragments_and_holes_side_by_side() -> None:
    layout = layout_of([[7, 8], Hole(2), [9], Hole()], [2, 0])
    assert (layout.length, layout.fixed, layout.holes) == (5, {0: 7, 1: 8, 4: 9}, (range(2, 4), range(5, 5)))


class MiddleModel:
    """An autoregressive model that wants to write digits into the middle, and to stop after two of them."""

    def __init__(self, vocabulary: Vocabulary, tokens: FillTokens) -> None:
        self.vocabulary = vocabulary
        self.tokens = tokens
        self.prompts: list[list[int]] = []

    def forward(self, ids, states):
        logits, after = [], []
        for new, state in zip(ids, states, strict=True):
            past = [*(state or []), *new]
            self.prompts.append(past)
            written = len(past) - past.index(self.tokens.middle) - 1
            law = np.zeros(len(self.vocabulary))
            law[LETTERS.index(b"7")] = 5.0
            law[self.tokens.ends[0]] = 9.0 if written == 2 else -9.0
            logits.append(np.tile(law, (max(1, len(new)), 1)))
            after.append(past)
        return logits, after


def test_autoregressive_models_fill_one_hole_after_the_other() -> None:
    size = len(LETTERS)
    vocabulary = Vocabulary.from_bytes(
        [*LETTERS, b"", b"", b"", b""], eos_ids=[size], special_ids=[size + 1, size + 2, size + 3]
    )
    tokens = FillTokens(size + 1, size + 2, size + 3, (size,))
    model = MiddleModel(vocabulary, tokens)
    constraint = engine.compile(schema=SCHEMA, vocabulary=vocabulary, whitespace="bounded", spelling="plain")
    parts = ['{"a":', Hole(most=6), ',"b":"', Hole(), '"}']
    result = run_fim(model, parts, constraint, options=DiffusionOptions(seed=0), tokens=tokens, free=3)
    assert result.valid
    assert json.loads(result.text)["a"] == 77
    assert result.text.startswith('{"a":77,"b":"')
    prefix = vocabulary.encode('{"a":')
    assert model.prompts[0][: len(prefix) + 2] == [tokens.prefix, *prefix, tokens.suffix]
    with pytest.raises(ModelError, match="no fill-in-the-middle tokens"):
        engine.infill(model, parts, constraint=constraint)
