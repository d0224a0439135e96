"""Random walks over schemas end in valid texts: random tokens of the masks, then the shortest completion.

What comes out is read exactly, numbers as decimals, and judged by jsonschema-rs. A walk that meets an empty mask, a
dead end, a key twice in one object, or an invalid text fails.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from random import Random
from typing import Any

import jsonschema_rs
import pytest
from tests.oracles.json_schema_strategy import DIALECTS, random_case
from tests.oracles.masks import allowed_by
from tests.real_vocabularies import JSON_PIECES, toy_vocabulary

from bench.questions import maskbench_questions
from gramarye import engine
from gramarye.errors import SchemaError

VOCABULARY = toy_vocabulary(*JSON_PIECES)
STEPS = 60
WALKS = 5
_EXPONENT = 1_000
_MISREAD = re.compile(r"\\\\[<>]")
"""What the oracle takes for ends of words in a pattern, not for characters."""
_LINE_ENDS = frozenset("\r\u2028\u2029")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    assert len(found) == len(pairs), f"a key comes twice: {[key for key, _ in pairs]}"
    return found


def _decimal(text: str) -> Decimal:
    """A number; beyond the exponents of decimals, one that is not tame either."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(10).scaleb(_EXPONENT)


def exact_value(text: bytes) -> Any:
    """The value of a JSON text, numbers exact."""
    return json.loads(text, parse_float=_decimal, object_pairs_hook=_members)


def is_tame(value: Any) -> bool:
    """False where the oracle cannot judge.

    It would write out in full a number with a large exponent, and lets the dot of patterns match line ends of ECMA-262.
    """
    if isinstance(value, Decimal):
        return abs(value.adjusted()) < _EXPONENT
    if isinstance(value, str):
        return _LINE_ENDS.isdisjoint(value)
    if isinstance(value, dict):
        return all(map(is_tame, value)) and all(map(is_tame, value.values()))
    return all(map(is_tame, value)) if isinstance(value, list) else True


def walk(constraint: engine.Constraint, rng: Random) -> bytes:
    """A text: uniformly drawn tokens, the end left out as long as others are allowed, then the shortest completion."""
    matcher = constraint.matcher()
    for _ in range(STEPS):
        allowed = allowed_by(matcher)
        assert allowed, f"nothing may follow {matcher.text_bytes!r}"
        choices = sorted(allowed - constraint.end_tokens)
        if not choices:
            break
        assert matcher.advance(rng.choice(choices))
    finish = matcher.completion()
    text = matcher.text_bytes + finish
    assert matcher.advance_bytes(finish), text
    assert matcher.accepting, text
    assert constraint.accepts(text), text
    return text


def check(schema: Any, rng: Random, counts: Counter[str], *, formats: bool = False) -> None:
    """Walk over a schema, unless it is refused or unsatisfiable."""
    try:
        constraint = engine.compile(schema=schema, vocabulary=VOCABULARY, formats="assert" if formats else "annotate")
    except SchemaError:
        counts["refused"] += 1
        return
    oracle = None
    try:
        if not _MISREAD.search(json.dumps(schema)):
            oracle = jsonschema_rs.validator_for(schema, validate_formats=formats, offline=True)
    except jsonschema_rs.ValidationError:
        counts["unjudged"] += 1  # it cannot read a pattern of the schema
    for _ in range(WALKS):
        text = walk(constraint, rng)
        value = exact_value(text)
        counts["walks"] += 1
        if oracle is not None and is_tame(value):
            assert oracle.is_valid(value), f"{text!r} is invalid in {json.dumps(schema)}"
            counts["judged"] += 1


def over_random_schemas(seeds: Iterable[int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for seed in seeds:
        rng = Random(f"walk {seed}")
        check(random_case(rng, rng.choice([*DIALECTS]), 0).schema, rng, counts)
    return counts


def test_walks_over_random_schemas() -> None:
    counts = over_random_schemas(range(40))
    assert counts["judged"] > 60


@pytest.mark.slow
def test_many_walks_over_random_schemas() -> None:
    counts = over_random_schemas(range(1_000, 3_000))
    assert counts["judged"] > 3_000


def over_maskbench(folder: Path, count: int | None) -> Counter[str]:
    counts: Counter[str] = Counter()
    for question in maskbench_questions(folder, count):
        check(question.schema, Random(question.id), counts, formats=True)
    return counts


def test_walks_over_real_schemas(shared_data: Path) -> None:
    counts = over_maskbench(shared_data, 40)
    assert counts["judged"] > 120


@pytest.mark.slow
def test_walks_over_all_real_schemas(shared_data: Path) -> None:
    counts = over_maskbench(shared_data, None)
    assert counts["judged"] > 7_000 * WALKS
