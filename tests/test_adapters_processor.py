"""The logits processor inside ``model.generate``: greedy, sampling, beams, batches, reuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.decoding_toys import regex_constraint
from tests.tiny_models import tiny_model, tiny_tokenizer

from gramarye.errors import BudgetError, GramaryeError, ModelError
from gramarye.runtime.adapters.processor import ConstraintLogitsProcessor
from gramarye.runtime.adapters.transformers import TransformersModel
from gramarye.runtime.decoding import run

RECORD = r'\{"hell": [0-9]{1,4}, "ab": "[a-z]{0,9}"\}'


@pytest.fixture(scope="module")
def lm():
    return TransformersModel(tiny_model(padding=5), tiny_tokenizer())


@pytest.fixture(scope="module")
def record(lm):
    return regex_constraint(RECORD, lm.vocabulary)


def generate(lm, prompts, processor, **options):
    lm.tokenizer.padding_side = "left"
    inputs = lm.tokenizer(prompts, return_tensors="pt", padding=True)
    options = {"max_new_tokens": 50, "do_sample": False, **options}
    output = lm.model.generate(**inputs, logits_processor=[processor], **options)
    return [lm.tokenizer.decode(row[inputs["input_ids"].shape[1] :], skip_special_tokens=True) for row in output]


def assert_valid(constraint, text):
    matcher = constraint.matcher()
    assert matcher.advance_bytes(text.encode()), text
    assert matcher.accepting, text


def test_greedy_equals_our_own_loop(lm, record):
    ours = run(lm, "hello", record, temperature=0.0, fast_forward=False, heal_prompt=False)
    assert generate(lm, ["hello"], ConstraintLogitsProcessor(record)) == [ours.text]


def test_one_processor_serves_many_calls(lm, record):
    processor = ConstraintLogitsProcessor(record)
    first = generate(lm, ["hello"], processor)
    other = generate(lm, ["ab ab ab", "x"], processor)
    for text in [*first, *other]:
        assert_valid(record, text)
    assert generate(lm, ["hello"], processor) == first
    assert generate(lm, ["hello"], processor, max_new_tokens=1) != first
    assert generate(lm, ["hello"], processor) == first


@pytest.mark.parametrize("options", [{"num_beams": 4}, {"num_beams": 3, "do_sample": True}, {"do_sample": True}])
def test_beams_samples_and_batches_are_valid(lm, record, options):
    torch.manual_seed(3)
    letters = regex_constraint("[a-h]{2,6}(12)?", lm.vocabulary)
    processor = ConstraintLogitsProcessor([record, letters])
    count = 3
    texts = generate(lm, ["hello", "ab 12"], processor, num_return_sequences=count, **options)
    for text in texts[:count]:
        assert_valid(record, text)
    for text in texts[count:]:
        assert_valid(letters, text)


def test_wide_beams_find_the_likeliest_output(lm):
    """With more beams than outputs beam search is exhaustive: compare with every tokenization of every text."""
    constraint = regex_constraint("(a|b){2}", lm.vocabulary)
    inputs = lm.tokenizer("hello", return_tensors="pt")
    prompt = inputs["input_ids"][0].tolist()
    a, b, ab = (lm.vocabulary.encode(text)[0] for text in ("a", "b", "ab"))
    scores = {}
    for output in ([a, a], [a, b], [b, a], [b, b], [ab]):
        with torch.inference_mode():
            logits = lm.model(input_ids=torch.tensor([prompt + output])).logits[0].double()
        log_probs = torch.log_softmax(logits, -1)[len(prompt) - 1 :]
        full = [*output, lm.tokenizer.eos_token_id]
        scores[tuple(output)] = float(log_probs.gather(1, torch.tensor(full)[:, None]).sum())
    found = lm.model.generate(
        **inputs,
        logits_processor=[ConstraintLogitsProcessor(constraint)],
        num_beams=12,
        length_penalty=0.0,
        max_new_tokens=4,
        do_sample=False,
    )[0, len(prompt) :].tolist()
    end = found.index(lm.tokenizer.eos_token_id)
    assert tuple(found[:end]) == max(scores, key=scores.get)


def test_landing_within_a_budget(lm, record):
    needed = len(record.matcher().shortest_tokens())
    for budget in (needed, needed + 1, needed + 4):
        processor = ConstraintLogitsProcessor(record, max_tokens=budget)
        for text in generate(lm, ["hello", "x"], processor, max_new_tokens=budget + 1, num_beams=2):
            assert_valid(record, text)
    with pytest.raises(BudgetError, match=f"needs {needed} tokens"):
        ConstraintLogitsProcessor(record, max_tokens=needed - 1)


def allowed(processor, rows, size):
    scores = processor(torch.tensor(rows), torch.zeros((len(rows), size)))
    return [set(np.flatnonzero(np.isfinite(row))) for row in scores.numpy()]


def test_rows_may_be_reordered_duplicated_and_jump(lm):
    constraint = regex_constraint("(ab|ba){1,9}", lm.vocabulary)
    a, b, end = *lm.vocabulary.encode("a"), *lm.vocabulary.encode("b"), lm.vocabulary.eos_ids[0]
    size = len(lm.vocabulary) + 5

    def expected(tokens):
        matcher = constraint.matcher()
        for token in tokens:
            if not matcher.advance(token):
                return {end}
        mask = matcher.mask()
        return {t for t in range(len(lm.vocabulary)) if int(mask[t // 32]) >> t % 32 & 1}

    processor = ConstraintLogitsProcessor(constraint)
    prompt = [7, 7]
    steps = [
        [[], [], []],
        [[a], [b], [a]],
        [[b, a], [a, b], [a, b]],
        [[a, b, end], [a, b, b], [a, b, a]],
        [[a, b, end, end], [a, b, b, a], [a, b, b, a]],
        [[a, b, b, a, b], [a, b, b, a, end], [a, b, end, end, end]],
    ]
    for rows in steps:
        assert allowed(processor, [prompt + row for row in rows], size) == [expected(row) for row in rows]
    # a new generation whose prompt happens to be one token longer than the last call's ids
    length = len(prompt) + len(steps[-1][0])
    assert allowed(processor, [[8] * (length + 1)] * 3, size) == [expected([])] * 3
    # a fixed prompt length: any rows in any order, as in assisted generation
    fixed = ConstraintLogitsProcessor(constraint, prompt_length=2)
    for rows in (steps[4], steps[1], steps[5], steps[2]):
        assert allowed(fixed, [prompt + row for row in rows], size) == [expected(row) for row in rows]


def test_unusable_scores_and_rows_are_errors(lm, record):
    size = len(lm.vocabulary)
    with pytest.raises(ModelError, match="NaN"):
        ConstraintLogitsProcessor(record)(torch.tensor([[1]]), torch.full((1, size), torch.nan))
    with pytest.raises(ModelError, match="vocabulary has"):
        ConstraintLogitsProcessor(record)(torch.tensor([[1]]), torch.zeros((1, size - 1)))
    barred = torch.zeros((1, size))
    barred[
        0, list(np.flatnonzero(np.unpackbits(record.matcher().mask().view(np.uint8), bitorder="little")))
    ] = -torch.inf
    with pytest.raises(ModelError, match="are -inf"):
        ConstraintLogitsProcessor(record)(torch.tensor([[1]]), barred)
    with pytest.raises(GramaryeError, match="2 constraints for a batch of 3"):
        ConstraintLogitsProcessor([record, record])(torch.tensor([[1]] * 3), torch.zeros((3, size)))
    with pytest.raises(GramaryeError, match="no constraint"):
        ConstraintLogitsProcessor([])
