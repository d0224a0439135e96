"""The loop through ``run``: sampled law, scores, forced tokens, batches, seeds, streams, broken models."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from tests.decoding_toys import RandomModel, enumerate_law, nested_constraint, regex_constraint

from gramarye.errors import GramaryeError, ModelError
from gramarye.runtime.decoding import JSON, Chunk, Model, resolve_model, run
from gramarye.runtime.vocabulary import Vocabulary

LETTERS = Vocabulary.from_bytes([b"a", b"b", b"ab", b"ba", b"aa", b"c", None], eos_ids=[6])
JSONISH = Vocabulary.from_bytes(
    [bytes([c]) for c in b'abcdefghijklmnopqrstuvwxyz{}":, 0123456789[]']
    + [b'{"', b'": "', b'"}', b"name", None, None],
    eos_ids=[48, 49],
)
RECORD = r'\{"name": "[a-z]*", "age": [0-9]{1,3}\}'


def assert_frequencies(results, law):
    """Every output as often as the law says, within 4 standard deviations and 2 counts."""
    counts = Counter(result.tokens for result in results)
    assert set(counts) <= set(law)
    for tokens, q in law.items():
        deviation = math.sqrt(q * (1 - q) / len(results))
        assert abs(counts[tokens] / len(results) - q) <= 4 * deviation + 2 / len(results), (
            tokens,
            counts[tokens],
            q,
        )


def test_outputs_follow_the_masked_law_exactly():
    model, constraint = RandomModel(LETTERS, 3, scale=0.7), regex_constraint("(a|ba){1,2}c?", LETTERS)
    law = {tokens: (q, p) for tokens, q, p in enumerate_law(model, constraint, [0])}
    assert sum(q for q, _ in law.values()) == pytest.approx(1.0)
    results = run(model, [[0]] * 4000, constraint, seed=11, fast_forward=False, edge=0)
    assert_frequencies(results, {tokens: q for tokens, (q, _) in law.items()})
    for result in results:
        q, p = law[result.tokens]
        assert result.log_prob == pytest.approx(math.log(p), abs=1e-9)
        assert result.log_weight == pytest.approx(math.log(p / q), abs=1e-9)
        assert result.finish_reason == "stop"
        assert result.text.encode() == result.data == LETTERS.decode(result.tokens)


def test_without_a_constraint_the_law_is_the_models():
    vocabulary = Vocabulary.from_bytes([b"a", None], eos_ids=[1])
    model = RandomModel(vocabulary, 5)
    results = run(model, [[0]] * 2000, None, seed=0, max_tokens=3)
    stop = [model.law([0] * n)[1] for n in (1, 2, 3)]
    expected = [stop[0], (1 - stop[0]) * stop[1], (1 - stop[0]) * (1 - stop[1]) * stop[2]]
    counts = Counter(len(r.tokens) for r in results if r.finish_reason == "stop")
    for length, q in enumerate(expected):
        assert abs(counts[length] / 2000 - q) < 4 * math.sqrt(q * (1 - q) / 2000)
    assert all(r.log_weight == pytest.approx(0.0, abs=1e-12) for r in results)


def test_forced_tokens_are_fed_in_one_pass_and_scored_like_the_others():
    model, constraint = RandomModel(JSONISH, 1), regex_constraint(RECORD, JSONISH)
    result = run(model, [5], constraint, seed=2, temperature=0.7)
    prefix, tail = b'{"name": "', b', "age": '
    assert result.data.startswith(prefix)
    assert tail in result.data
    assert result.forced >= len(JSONISH.encode(prefix)) + len(JSONISH.encode(tail))
    assert result.passes == len(model.calls) <= 2 + len(result.tokens) - result.forced
    log_prob = sum(math.log(model.law([5, *result.tokens[:n]])[t]) for n, t in enumerate(result.tokens))
    assert result.log_prob == pytest.approx(log_prob, abs=1e-9)
    fed = [token for call in model.calls for token in call[0]]
    assert fed == [5, *result.tokens[:-1]]  # every token once; the last is not needed


def test_a_fully_forced_output_is_still_scored():
    model, constraint = RandomModel(LETTERS, 1), regex_constraint("abba", LETTERS)
    result = run(model, [5], constraint, seed=0)
    forced = LETTERS.encode("abba")
    assert (list(result.tokens), result.text, result.forced) == (forced, "abba", len(forced))
    log_prob = sum(math.log(model.law([5, *forced[:n]])[t]) for n, t in enumerate(forced))
    assert result.log_prob == result.log_weight == pytest.approx(log_prob, abs=1e-12)
    assert result.passes == 2


def test_results_do_not_depend_on_the_batch():
    model = RandomModel(JSONISH, 4, scale=0.5)
    record, letters = regex_constraint(RECORD, JSONISH), regex_constraint("[a-c]{0,30}", JSONISH)
    prompts, constraints = [[0], [1, 2, 3], [4, 4], [0]], [record, letters, record, letters]
    together = run(model, prompts, constraints, seed=[5, 6, 7, 8])
    alone = [run(model, p, c, seed=s) for p, c, s in zip(prompts, constraints, [5, 6, 7, 8], strict=True)]
    assert together == alone
    assert together == list(reversed(run(model, prompts[::-1], constraints[::-1], seed=[8, 7, 6, 5])))
    assert together == run(model, prompts, constraints, seed=5)
    eight = regex_constraint("[a-c]{8}", JSONISH)
    assert len({r.text for r in run(model, [[0]] * 20, eight, seed=0)}) > 10


def test_the_reported_seed_repeats_an_unseeded_output():
    model, constraint = RandomModel(JSONISH, 4), regex_constraint(RECORD, JSONISH)
    first = run(model, [1], constraint)
    assert run(model, [1], constraint, seed=first.seed) == first
    assert first.seed != run(model, [1], constraint).seed


def test_several_constraints_on_one_prompt():
    model = RandomModel(LETTERS)
    results = run(model, "ab", [regex_constraint("a{2}", LETTERS), regex_constraint("b{3}", LETTERS)], seed=0)
    assert [r.text for r in results] == ["aa", "bbb"]
    with pytest.raises(GramaryeError, match="2 constraints for 1 prompts"):
        run(model, ["ab"], [regex_constraint("a", LETTERS)] * 2)


def test_streams_join_to_the_result():
    model, constraint = RandomModel(JSONISH, 4), regex_constraint(RECORD, JSONISH)
    prompts = [[0], [1, 2, 3]]
    whole = run(model, prompts, constraint, seed=3, reader=JSON)
    chunks = list(run(model, prompts, constraint, seed=3, reader=JSON, stream=True))
    assert all(isinstance(chunk, Chunk) for chunk in chunks)
    for index, result in enumerate(whole):
        mine = [chunk for chunk in chunks if chunk.index == index]
        assert "".join(chunk.delta for chunk in mine) == result.text
        assert [c.result for c in mine] == [None] * (len(mine) - 1) + [result]
        assert [c.finish_reason for c in mine][-1] == result.finish_reason
        assert mine[-1].value == result.value == {"name": result.value["name"], "age": result.value["age"]}
        assert all(set(c.value) <= {"name", "age"} for c in mine if c.value)
        assert all(c.text == "".join(d.delta for d in mine[: n + 1]) for n, c in enumerate(mine))


def test_padded_logits_are_cut_and_single_rows_are_enough_for_prompts():
    constraint = regex_constraint("[a-c]{1,6}", LETTERS)
    padded, plain = RandomModel(LETTERS, 2, padding=9), RandomModel(LETTERS, 2)
    assert run(padded, [0, 1], constraint, seed=1) == run(plain, [0, 1], constraint, seed=1)

    class Flat(RandomModel):
        def forward(self, ids, states):
            rows, states = super().forward(ids, states)
            return [row[0] if len(row) == 1 else row for row in rows], states

    assert run(Flat(LETTERS, 2), [0, 1], constraint, seed=1) == run(plain, [0, 1], constraint, seed=1)


def test_an_empty_output_needs_no_pass():
    model = RandomModel(LETTERS)
    result = run(model, [0], regex_constraint("", LETTERS))
    assert (result.text, result.tokens, result.finish_reason, result.log_prob) == ("", (), "stop", 0.0)
    assert model.calls == []
    (chunk,) = run(model, [0], regex_constraint("", LETTERS), stream=True)
    assert chunk.result.text == ""


def test_an_empty_batch_and_an_empty_prompt():
    model = RandomModel(LETTERS)
    assert run(model, [], regex_constraint("a", LETTERS)) == []
    assert run(model, "", regex_constraint("a", LETTERS)).text == "a"


class Broken(RandomModel):
    """Goes wrong at its second pass."""

    def __init__(self, fault):
        super().__init__(LETTERS, 0)
        self.fault = fault

    def forward(self, ids, states):
        rows, after = super().forward(ids, states)
        return self.fault(rows, after) if len(self.calls) == 2 else (rows, after)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda rows, states: ([r * np.nan for r in rows], states), "NaN"),
        (lambda rows, states: ([np.where(r == r.max(), np.inf, r) for r in rows], states), r"\+inf"),
        (lambda rows, states: ([r * 0 - np.inf for r in rows], states), "-inf for every token"),
        (
            lambda rows, states: ([np.where(np.arange(7) == 5, 0, -np.inf)[None] for r in rows], states),
            "constraint allows",
        ),
        (lambda rows, states: ([r[:, :-1] for r in rows], states), "6 logits, but the vocabulary has 7"),
        (lambda rows, states: ([r[:0] for r in rows], states), "shape"),
        (lambda rows, states: ([r[None] for r in rows], states), "shape"),
        (lambda rows, states: ([None for r in rows], states), "shape|no array"),
        (lambda rows, states: (["x" for r in rows], states), "no array of numbers"),
        (lambda rows, states: (rows[:-1], states), "1 logits and 2 states for 2"),
        (lambda rows, states: (rows, [*states, None]), "2 logits and 3 states for 2"),
    ],
)
def test_broken_models_are_model_errors(fault, message):
    with pytest.raises(ModelError, match=message):
        run(Broken(fault), [[0], [1]], regex_constraint("[ab]{20}", LETTERS), seed=0)


def test_other_mistakes_are_explained():
    model = RandomModel(LETTERS)
    constraint = regex_constraint("a", LETTERS)
    with pytest.raises(GramaryeError, match=r"'smc' is not available") as caught:
        run(model, [0], constraint, method="smc")
    assert caught.value.expected == ("mask",)
    with pytest.raises(ModelError, match=r"is not the model's"):
        run(model, [0], regex_constraint("a", JSONISH))
    with pytest.raises(GramaryeError, match="no token id: 77"):
        run(model, [0, 77], constraint)
    with pytest.raises(ModelError, match="no chat template"):
        run(model, [{"role": "user", "content": "a"}], constraint)
    with pytest.raises(GramaryeError, match="seed is negative"):
        run(model, [0], constraint, seed=-1)
    with pytest.raises(ModelError, match="int is no model"):
        run(7, [0], constraint)
    with pytest.raises(ModelError, match="vocabulary of its own"):
        run(model, [0], constraint, tokenizer=object())
    assert resolve_model(model) is model
    assert isinstance(model, Model)


def test_nested_lists_of_any_depth():
    vocabulary = Vocabulary.from_bytes([b"[", b"]", b"x", b"[[", b"]]", b"x]", None], eos_ids=[6])
    model = RandomModel(vocabulary, 9)
    for result in run(model, [[2]] * 50, nested_constraint(vocabulary), seed=0, max_tokens=40):
        assert result.text.count("[") == result.text.count("]")


def test_decoding_loads_no_deep_learning_library():
    code = (
        "import sys, gramarye.runtime.decoding as d; from gramarye.runtime.decoding import loop, healing;"
        "print([m for m in ('torch', 'transformers', 'pydantic', 'rich', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
