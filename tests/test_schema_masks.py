"""Masks of real schemas over a real vocabulary: every token of a mask is what ``advance`` takes, and no other is."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.oracles.masks import TokenTable, differences, mask_by_steps
from tests.real_vocabularies import load_table

from bench.questions import maskbench_questions
from gramarye import engine
from gramarye.errors import SchemaError


@pytest.fixture(scope="module")
def table(llama3_1_json: Path) -> TokenTable:
    return load_table(llama3_1_json)


def compare(table: TokenTable, folder: Path, schemas: int, places: int) -> int:
    """Compare the masks at some places of the first valid text of some schemas; returns how many."""
    rng = Random("masks of real schemas")
    compared = 0
    for question in maskbench_questions(folder, schemas):
        valid = [text.text.encode() for text in question.texts if text.valid]
        try:
            constraint = engine.compile(schema=question.schema, vocabulary=table.vocabulary, formats="assert")
        except SchemaError:
            continue
        text = rng.choice(valid) if valid else b""
        for place in sorted(rng.sample(range(len(text) + 1), min(places, len(text) + 1))):
            matcher = constraint.matcher()
            assert matcher.advance_bytes(text[:place])
            found = matcher.mask()
            wanted = mask_by_steps(table, matcher.config, constraint.machine.step, accepting=matcher.accepting)
            assert not differences(table, found, wanted), (question.id, text[:place])
            compared += 1
    return compared


def test_masks_are_what_advance_takes(table: TokenTable, shared_data: Path) -> None:
    assert compare(table, shared_data, 12, 2) >= 20


@pytest.mark.slow
def test_masks_of_two_hundred_schemas(table: TokenTable, shared_data: Path) -> None:
    assert compare(table, shared_data, 200, 10) >= 1_500
