"""What masks and compilation cost, in counts: trie nodes visited, steps, masks built, kernel calls. No times."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gramarye import Vocabulary, engine
from gramarye.kernels import entries
from gramarye.kernels.columns import SCALARS, Column, Scalar
from gramarye.kernels.opcodes import Op
from gramarye.runtime.arena import Arena
from gramarye.runtime.spare import SpareArrays

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"enum": ["x", "yz", 1.5, None]}},
        "code": {"type": "string", "pattern": "^[a-c]+$"},
        "rest": {"type": "object", "additionalProperties": {"type": "boolean"}},
    },
    "required": ["name"],
}
TEXT = b'{"name":"\\u00e9 x", "age": -12.0e1,"tags":["yz", 1.5,null],"code":"abc","rest":{"q":true}}'


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """All bytes, and a thousand words with and without the marks of JSON around them."""
    words = [f"{a}{b}{c}" for a in "abcdefghij" for b in "klmnopqrst" for c in "uvwxyzabcd"]
    marks = ['":', '",', '"}', '": "', '", "', '{"', "[1", "true", "null", "12", ".5", "e1", '"x"', "\\u00"]
    singles = [bytes([byte]) for byte in range(256)]
    return Vocabulary.from_bytes([*singles, *(word.encode() for word in words + marks), b""], eos_ids=[1270])


def counts(constraint: engine.Constraint) -> dict[str, int]:
    """The counters of a constraint's machine."""
    header = constraint.machine.arena.header
    return {name: int(header[SCALARS + Scalar[name]]) for name in ("VISITED", "STEPS", "MASKS_BUILT")}


def test_a_mask_met_before_is_a_copy(vocabulary: Vocabulary) -> None:
    matcher = engine.compile(schema=SCHEMA, vocabulary=vocabulary).matcher()
    first = matcher.mask()
    before = counts(matcher.constraint)
    assert before["MASKS_BUILT"] == 1
    assert np.array_equal(matcher.mask(), first)
    assert counts(matcher.constraint) == before


def test_a_mask_is_one_call_into_the_kernels(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    matcher = engine.compile(schema=SCHEMA, vocabulary=vocabulary).matcher()
    matcher.mask()
    calls = []
    run = Arena.run
    monkeypatch.setattr(Arena, "run", lambda arena, kernel, *args: calls.append(kernel) or run(arena, kernel, *args))
    matcher.mask()
    assert len(calls) == 1


def test_strings_are_not_walked(vocabulary: Vocabulary) -> None:
    matcher = engine.compile(schema={"type": "string"}, vocabulary=vocabulary).matcher()
    assert matcher.advance_bytes(b'"a')
    before = counts(matcher.constraint)
    mask = matcher.mask()
    assert int(np.bitwise_count(mask).sum()) > 1000
    assert counts(matcher.constraint)["VISITED"] - before["VISITED"] < 64 < vocabulary.tables.trie.size


def test_free_keys_are_not_walked(vocabulary: Vocabulary) -> None:
    matcher = engine.compile(schema=SCHEMA, vocabulary=vocabulary).matcher()
    assert matcher.advance_bytes(b'{"')
    matcher.mask()
    assert counts(matcher.constraint)["VISITED"] < vocabulary.tables.trie.size // 2


def test_structure_computes_few_steps(vocabulary: Vocabulary) -> None:
    """The bytes that an opcode never takes are not stepped: the trie's root tries all 256."""
    constraint = engine.compile(schema=SCHEMA, vocabulary=vocabulary)
    constraint.matcher().mask()
    assert counts(constraint)["STEPS"] < 100


def stepped(header: NDArray[np.int64], config: int, byte: int) -> int:
    """The successor as computed, past the row that remembers it."""
    return int(entries._step.ctypes(header.ctypes.data, config, byte, 0))


def test_templates_agree_with_the_machine(vocabulary: Vocabulary) -> None:
    """Whatever a row's template calls dead is dead by computation, for every configuration that texts reach."""
    checked = set()
    for whitespace in ("any", "bounded", "compact"):
        machine = engine.compile(schema=SCHEMA, vocabulary=vocabulary, whitespace=whitespace)
        config, arena = machine.start, machine.machine.arena
        text = TEXT if whitespace == "any" else TEXT.replace(b" ", b"")
        for following in text:
            after = [machine.machine.step(config, byte) for byte in range(256)]
            for byte in range(256):
                computed = arena.run(stepped, config, byte)
                same = machine.machine.sketched(computed) == machine.machine.sketched(after[byte])
                assert same, (machine.machine.fields(config), byte)
            checked.add(machine.machine.fields(config)[0])
            config = after[following]
            assert config
    assert checked >= {Op.VALUE, Op.NUMBER, Op.KEY, Op.COLON, Op.MEMBERS, Op.ITEMS, Op.CHOICE, Op.LITERAL, Op.PATTERN}


def test_large_arrays_are_reused() -> None:
    vocabulary = Vocabulary.from_bytes([*(bytes([byte]) for byte in range(256)), b""], eos_ids=[256])
    constraint = engine.compile(schema=SCHEMA, vocabulary=vocabulary)
    rows = constraint.machine.arena.column(Column.ROW_DATA).ctypes.data
    constraint.matcher().mask()
    del constraint
    kept = vocabulary.spare.nbytes
    assert kept > 0
    again = engine.compile(schema=SCHEMA, vocabulary=vocabulary)
    assert vocabulary.spare.nbytes < kept
    taken = again.machine.arena.column(Column.ROW_DATA)
    assert taken.ctypes.data == rows


@pytest.mark.parametrize(
    "source",
    [
        {"schema": SCHEMA},
        {"schema": {"oneOf": [{"required": ["a"]}, {"not": {"minProperties": 1}}], "additionalProperties": False}},
        {"schema": {"uniqueItems": True, "items": {"multipleOf": 0.3}}},
        {"schema": {"anyOf": [{"properties": {"a": {}}}, {"required": ["b"]}], "unevaluatedProperties": False}},
        {"regex": "a+b"},
        {"lark": 'start: "a" start "b" |'},
    ],
    ids=str,
)
def test_what_was_compiled_is_in_no_reference_cycle(source: dict[str, Any]) -> None:
    vocabulary = Vocabulary.from_bytes([*(bytes([byte]) for byte in range(256)), b""], eos_ids=[256])
    gc.collect()
    gc.disable()
    try:
        constraint = engine.compile(vocabulary=vocabulary, **source)
        constraint.matcher().mask()
        constraint.matcher().completion()
        constraint.explain(constraint.start, b'{"x":[1,2,1]')
        arena = weakref.ref(constraint.machine.arena)
        del constraint
        assert arena() is None
    finally:
        gc.enable()


def test_spare_arrays_are_bounded() -> None:
    spare = SpareArrays(limit=4096)
    for _ in range(10):
        spare.give(np.empty(256, np.int32))
    assert spare.nbytes == 4096
    assert spare.take(np.int32, 300).size == 300
    assert spare.take(np.int32, 100).size == 256
    assert spare.nbytes == 3072
