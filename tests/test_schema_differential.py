"""Verdicts on random schemas of every keyword and their combinations: ours against those of jsonschema-rs."""

from __future__ import annotations

import json
from collections import Counter
from random import Random

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from tests.oracles.json_schema_strategy import DIALECTS, Case, cases
from tests.oracles.json_texts import spelled
from tests.real_vocabularies import toy_vocabulary

from gramarye import engine
from gramarye.errors import SchemaError

VOCABULARY = toy_vocabulary()
INSTANCES = 8


def compiled(case: Case) -> engine.Constraint | None:
    """The constraint; None if nothing satisfies the schema."""
    try:
        return engine.compile(schema=case.schema, vocabulary=VOCABULARY)
    except SchemaError as error:
        if error.message.startswith("nothing satisfies"):
            return None
        raise


def compare(case: Case, counts: Counter[str]) -> None:
    """Judge the instances of a case, each in one plain and, but for draft 4, one random spelling."""
    oracle = jsonschema_rs.validator_for(case.schema)
    written = json.dumps(case.schema)
    if case.draft == 2019 and '"contains"' in written and '"unevaluatedItems"' in written:
        counts["disputed"] += len(case.instances)  # in 2019-09 contains evaluates nothing; for the oracle it does
        return
    constraint = compiled(case)
    for index, value in enumerate(case.instances):
        right = oracle.is_valid(value)
        texts = [json.dumps(value)]
        if case.draft > 4:
            texts.append(spelled(Random(index), value))
        for text in texts:
            verdict = constraint is not None and constraint.accepts(text)
            assert verdict == right, f"{text} is {'valid' if right else 'invalid'} in {json.dumps(case.schema)}"
        counts["valid" if right else "invalid"] += 1


def run(examples: int) -> Counter[str]:
    """Compare on as many random cases, and count the pairs by outcome."""
    counts: Counter[str] = Counter()

    @settings(max_examples=examples, derandomize=True)
    @given(cases(count=INSTANCES))
    def check(case: Case) -> None:
        compare(case, counts)

    check()
    return counts


def test_verdicts_are_those_of_jsonschema_rs() -> None:
    counts = run(60)
    assert counts.total() >= 60 * INSTANCES
    assert min(counts["valid"], counts["invalid"]) > 40


@pytest.mark.slow
def test_twenty_thousand_verdicts() -> None:
    counts = run(20_000 // INSTANCES)
    assert counts.total() >= 20_000
    assert min(counts["valid"], counts["invalid"]) > 2_000


@given(cases(count=3))
@example(Case(4, {}, ()))
def test_cases_are_what_they_claim(case: Case) -> None:
    """The oracle takes every schema, and the metaschema of its draft allows it."""
    if case.schema:
        assert case.schema["$schema"] == DIALECTS[case.draft]
        jsonschema_rs.meta.validate(case.schema)
    assert len(case.instances) in (0, 3)
