"""Alternatives to records of the machine's tables, when the machine first reaches them.

A schema node is a number for a conjunction of subschemas. Its record is written when a text reaches it::

    node(conjunction)  -> 12        NODE[12] = UNKNOWN
    machine reaches 12 -> lower(12) NODE[12] = READY, object spec 3, next 15 ...     and numbers for what lies inside

Values that nothing satisfies are found here and left out, so that every prefix that the machine lets through can be
finished: an optional member with such a value gets no node, a required one takes its object away.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import SchemaError
from ...kernels.columns import Column
from ...kernels.opcodes import Literal, NumberKind, Op
from ...kernels.records import (
    ARRAY_FIELDS,
    BOUNDS_FIELDS,
    CHAR_DFA_FIELDS,
    KEY_FIELDS,
    NODE_FIELDS,
    NUMBER_FIELDS,
    OBJECT_FIELDS,
    TRIE_FIELDS,
    NodeState,
)
from ..regex import CharDfa, is_empty
from .char_trie import build_char_trie
from .document import Document
from .key_language import KeyLanguage
from .keywords import check
from .members import Items, Members
from .numbers import PLAIN_ZEROS, Bounds, Interval, interval_of, kept_numbers, normalised
from .shapes import Conjunction, Number, Shape, Types, conjunction
from .shortest import Shortest
from .strings import StringLanguages

__all__ = ["SchemaLowering", "Tables"]

NONE = -1
_TYPE_BITS = ("NULL", "TRUE", "FALSE", "NUMBER", "STRING", "ARRAY", "OBJECT")
_DECIDED_LATE = frozenset(("oneOf", "not"))
"""Keywords of which it shows only in their context whether they can be enforced."""
_AUTOMATA = frozenset(("pattern", "format"))
_WITH_AUTOMATA = frozenset(("minLength", "maxLength", "allOf", "anyOf", "$ref"))
"""Keywords that automata are multiplied with, which may become too much."""


class Tables(Protocol):
    """Where records go: the arena of a machine."""

    def append(self, column: Column, values: ArrayLike) -> int:
        """Append elements to a table; returns the index of the first."""

    def length(self, column: Column) -> int:
        """Elements in a table."""

    def column(self, column: Column) -> NDArray[Any]:
        """A table."""


class SchemaLowering:
    """The schema nodes of one document.

    Args:
        document: the schema.
        tables: where the records go.
        plain: numbers in their plain spelling only: integers without fraction and exponent.

    Raises:
        SchemaError: a keyword cannot be enforced, or nothing satisfies the schema.
    """

    def __init__(self, document: Document, tables: Tables, *, plain: bool = False) -> None:
        enforced = check(document)
        self.document = document
        self.strings = StringLanguages()
        self.shortest = Shortest(document, self.strings, plain=plain)
        self._tables = tables
        self._plain = plain
        self._nodes: dict[Conjunction, int] = {}
        self._conjunctions: dict[int, Conjunction] = {}
        self._string_specs: dict[tuple[int, int | None], int] = {}
        self._number_specs: dict[tuple[NumberKind, Number | None, bool], int] = {}
        self._intervals: dict[tuple[Interval, bool], int] = {}
        self._automata: dict[CharDfa, int] = {}
        self._objects: dict[Conjunction, int] = {}
        self._arrays: dict[Conjunction, int] = {}
        self._object_conjunctions: dict[int, Conjunction] = {}
        self._array_conjunctions: dict[int, Conjunction] = {}
        self._choices: dict[tuple[str, ...], int] = {}
        for finding in enforced:
            if finding.keyword == "pattern":
                self.strings.pattern(finding.value, finding.pointer)
            elif finding.keyword == "patternProperties":
                for source in finding.value:
                    self.strings.pattern(source, finding.pointer)
        root = conjunction([document.root])
        if self.shortest.value(root) is None:
            raise SchemaError(
                "nothing satisfies this schema",
                pointer="",
                hint="look for bounds, types or required keys that exclude each other",
            )
        self.root = self.node(root)
        found = {finding.keyword for finding in enforced}
        if found & _DECIDED_LATE or (found & _AUTOMATA and found & _WITH_AUTOMATA):
            self._lower_all()
        else:
            self._lower_ahead()

    def node(self, conjuncts: Conjunction) -> int:
        """Number of the node of a conjunction; its record is written later."""
        found = self._nodes.get(conjuncts)
        if found is None:
            first = self._tables.append(Column.NODE, [NodeState.UNKNOWN, *[NONE] * (NODE_FIELDS - 1)])
            found = first // NODE_FIELDS
            self._nodes[conjuncts] = found
            self._conjunctions[found] = conjuncts
        return found

    def _lower_ahead(self) -> None:
        """Lower what every text reaches: the root, and "any value" if its members may be that."""
        self.lower(self.root)
        anything = self._nodes.get(())
        if anything is not None and anything != self.root:
            self.lower(anything)

    def _lower_all(self) -> None:
        """Lower everything that the root reaches, so that what cannot be enforced is refused now."""
        done = 0
        while done < len(self._conjunctions):
            for node in list(self._conjunctions)[done:]:
                done += 1
                self.lower(node)

    def pointers(self, node: int) -> list[str]:
        """Where in the schema a node's subschemas stand."""
        return [self.document.subschemas[index].pointer for index in self._conjunctions.get(node, ())]

    def conjunction_of(self, node: int) -> Conjunction:
        """The conjunction of a node."""
        return self._conjunctions[node]

    def kinds(self, node: int) -> list[str]:
        """The types of values that a node allows, in words."""
        types = 0
        for shape in self.shortest.shapes(self._conjunctions[node]):
            types |= shape.types
        return [name.lower() for name in _TYPE_BITS if types & getattr(Types, name)]

    def pointer_of_object(self, spec: int) -> str | None:
        """Where in the schema an object spec is described."""
        return self._pointer(self._object_conjunctions[spec])

    def pointer_of_array(self, spec: int) -> str | None:
        """Where in the schema an array spec is described."""
        return self._pointer(self._array_conjunctions[spec])

    def _pointer(self, conjuncts: Conjunction) -> str | None:
        return self.document.subschemas[conjuncts[0]].pointer if conjuncts else None

    def open_keys(self, spec: int) -> list[str]:
        """The declared keys of an object spec, "..." where others are allowed."""
        members = self.members_of_object(spec)
        rest = ["..."] if any(self.shortest.satisfiable(one) for one in members.other_values()) else []
        return [*(repr(name) for name in members.keys), *rest]

    def members_of_object(self, spec: int) -> Members:
        """The members of an object spec."""
        return self.shortest.members(self._object_conjunctions[spec])

    def items_of_array(self, spec: int) -> Items:
        """The items of an array spec."""
        return self.shortest.items(self._array_conjunctions[spec])

    def lower(self, node: int) -> None:
        """Write the record of a node, and those of its further alternatives."""
        records: list[list[int]] = []
        for shape in self.shortest.shapes(self._conjunctions[node]):
            records.extend(self._records(shape))
        if not records:
            records = [[NONE, NONE, NONE, NONE, NONE, 0]]
        following = NONE
        for record in reversed(records[1:]):
            following = self._tables.append(Column.NODE, [NodeState.READY, following, *record]) // NODE_FIELDS
        first = NODE_FIELDS * node
        self._tables.column(Column.NODE)[first : first + NODE_FIELDS] = [NodeState.READY, following, *records[0]]

    def _records(self, shape: Shape) -> list[list[int]]:
        """One record, and one more for each further number of a set."""
        types = shape.types
        string, spec = self._string(shape) if types & Types.STRING else (NONE, NONE)
        numbers = self._numbers(shape) if types & Types.NUMBER else []
        object_ = self._object(shape.objects) if types & Types.OBJECT else NONE
        array = self._array(shape.arrays) if types & Types.ARRAY else NONE
        literals = (
            (1 << Literal.NULL if types & Types.NULL else 0)
            | (1 << Literal.TRUE if types & Types.TRUE else 0)
            | (1 << Literal.FALSE if types & Types.FALSE else 0)
        )
        first = [string, spec, numbers[0] if numbers else NONE, object_, array, literals]
        return [first, *([NONE, NONE, number, NONE, NONE, 0] for number in numbers[1:])]

    def _string(self, shape: Shape) -> tuple[int, int]:
        if shape.strings is not None:
            choices = tuple(self.strings.choices(shape))
            return (Op.CHOICE, self._choice(choices)) if choices else (NONE, NONE)
        if shape.automatic:
            automaton = self.strings.automaton(shape)
            return (NONE, NONE) if is_empty(automaton) else (Op.PATTERN, self._automaton(automaton))
        if shape.max_length is not None and shape.max_length < shape.min_length:
            return NONE, NONE
        key = (shape.min_length, shape.max_length)
        spec = self._string_specs.get(key)
        if spec is None:
            most = NONE if shape.max_length is None else shape.max_length
            spec = self._string_specs[key] = self._tables.append(Column.STRING_SPEC, [shape.min_length, most]) // 2
        return Op.STRING, spec

    def _choice(self, choices: tuple[str, ...]) -> int:
        root = self._choices.get(choices)
        if root is None:
            root = self._choices[choices] = self._trie(choices)[0]
        return root

    def _trie(self, strings: tuple[str, ...]) -> tuple[int, list[int]]:
        """Root of the trie of some strings, and their places by rank."""
        root = self._tables.length(Column.CHAR_TRIE) // TRIE_FIELDS
        records, order = build_char_trie(strings, root)
        self._tables.append(Column.CHAR_TRIE, records)
        return root, order

    def _automaton(self, automaton: CharDfa) -> int:
        found = self._automata.get(automaton)
        if found is None:
            found = self._automata[automaton] = self._bind_automaton(automaton)
        return found

    def _bind_automaton(self, automaton: CharDfa) -> int:
        record = [
            self._tables.append(Column.CHAR_TRANS, automaton.trans),
            automaton.trans.shape[1],
            self._tables.append(Column.CHAR_ACCEPT, automaton.accept),
            self._tables.append(Column.CHAR_BOUND, automaton.bounds),
            len(automaton.bounds),
            automaton.start,
        ]
        self._tables.append(Column.CHAR_CLASS, automaton.classes)
        return self._tables.append(Column.CHAR_DFA, record) // CHAR_DFA_FIELDS

    def _numbers(self, shape: Shape) -> list[int]:
        literal = self._plain or shape.number is NumberKind.INTEGER_LITERAL
        if shape.numbers is not None:
            return [
                self._number(NumberKind.EQUAL, number, literal and abs(number[2]) <= PLAIN_ZEROS)
                for number in kept_numbers(shape)
            ]
        interval = interval_of(shape)
        if interval is None:
            kind = shape.number
            if kind is NumberKind.INTEGER and self._plain:
                kind = NumberKind.INTEGER_LITERAL
            return [self._number(kind, None, False)]
        return [] if interval.empty else [self._interval(interval, literal)]

    def _interval(self, interval: Interval, plain: bool) -> int:
        found = self._intervals.get((interval, plain))
        if found is None:
            sides = [self._bounds(side) for side in (interval.positive, interval.negative)]
            record = [NumberKind.RANGE, *sides, int(interval.zero), int(interval.whole), int(plain)]
            found = self._tables.append(Column.NUMBER_SPEC, record) // NUMBER_FIELDS
            self._intervals[interval, plain] = found
        return found

    def _bounds(self, bounds: Bounds | None) -> int:
        if bounds is None:
            return NONE
        record: list[int] = []
        for value, strict in ((bounds.low, bounds.low_strict), (bounds.high, bounds.high_strict)):
            digits, exponent = normalised(value) if value is not None else ("", 0)
            first = self._tables.append(Column.NUMBER_DIGITS, [int(digit) for digit in digits])
            record.extend((int(value is not None), first, len(digits), exponent, int(strict)))
        return self._tables.append(Column.NUMBER_BOUNDS, record) // BOUNDS_FIELDS

    def _number(self, kind: NumberKind, number: Number | None, literal: bool) -> int:
        key = (kind, number, literal)
        found = self._number_specs.get(key)
        if found is None:
            negative, digits, exponent = number if number is not None else (False, "", 0)
            first = self._tables.append(Column.NUMBER_DIGITS, [int(digit) for digit in digits])
            record = [kind, first, len(digits), exponent, int(negative), int(literal)]
            found = self._number_specs[key] = self._tables.append(Column.NUMBER_SPEC, record) // NUMBER_FIELDS
        return found

    def _value_node(self, conjuncts: Conjunction) -> int:
        """Node of a conjunction, or NONE if nothing satisfies it."""
        return self.node(conjuncts) if self.shortest.satisfiable(conjuncts) else NONE

    def _object(self, conjuncts: Conjunction) -> int:
        found = self._objects.get(conjuncts)
        if found is None:
            found = self._objects[conjuncts] = self._make_object(conjuncts)
            self._object_conjunctions[found] = conjuncts
        return found

    def _make_object(self, conjuncts: Conjunction) -> int:
        members = self.shortest.members(conjuncts)
        names = tuple(members.keys)
        nodes = [self._value_node(members.keys[name]) for name in names]
        automaton, labels = NONE, 0
        if members.others is None:
            additional = self._value_node(members.additional)
        else:
            automaton, labels = self._key_automaton(members.others.kept(self.shortest.satisfiable))
            additional = labels if automaton >= 0 else NONE
        required = [name in members.required for name in names]
        usable = sum(node >= 0 for node in nodes)
        most = NONE if members.most is None else members.most
        if any(needed and node < 0 for needed, node in zip(required, nodes, strict=True)):
            return NONE
        if 0 <= most < max(members.fewest, sum(required)) or (additional < 0 and usable < members.fewest):
            return NONE
        root, order = self._trie(names)
        first = (
            self._tables.append(Column.OBJECT_KEY, [x for pair in zip(nodes, required, strict=True) for x in pair])
            // KEY_FIELDS
        )
        if self._tables.append(Column.KEY_RANK, order) != first:
            raise ValueError("keys and ranks are out of step")
        words = np.zeros((len(names) + 63) // 64, np.uint64)
        for key, needed in enumerate(required):
            if needed:
                words[key >> 6] |= np.uint64(1) << np.uint64(key & 63)
        word = self._tables.append(Column.KEY_REQUIRED, words.view(np.int64))
        count_to = members.fewest if most < 0 else most
        record = [root, len(names), first, additional, members.fewest, most, word, count_to, automaton, labels]
        return self._tables.append(Column.OBJECT_SPEC, record) // OBJECT_FIELDS

    def _key_automaton(self, others: KeyLanguage) -> tuple[int, int]:
        """Number of the automaton of the keys that are not declared, and where its labels begin.

        NONE if there are none.
        """
        if others.empty:
            return NONE, 0
        labels = [NONE if label is None else self.node(label) for label in others.labels]
        return self._bind_automaton(others.automaton), self._tables.append(Column.KEY_LABEL, labels)

    def _array(self, conjuncts: Conjunction) -> int:
        found = self._arrays.get(conjuncts)
        if found is None:
            found = self._arrays[conjuncts] = self._make_array(conjuncts)
            self._array_conjunctions[found] = conjuncts
        return found

    def _make_array(self, conjuncts: Conjunction) -> int:
        items = self.shortest.items(conjuncts)
        prefix = []
        for conjunct in items.prefix:
            node = self._value_node(conjunct)
            if node < 0:
                break
            prefix.append(node)
        whole = len(prefix) == len(items.prefix)
        rest = self._value_node(items.rest) if whole else NONE
        most = NONE if items.most is None else items.most
        if rest < 0:
            most = len(prefix) if most < 0 else min(most, len(prefix))
        if 0 <= most < items.fewest:
            return NONE
        first = self._tables.append(Column.ARRAY_PREFIX, prefix)
        count_to = max(items.fewest, len(prefix)) if most < 0 else max(most, len(prefix))
        record = [rest, items.fewest, most, first, len(prefix), count_to]
        return self._tables.append(Column.ARRAY_SPEC, record) // ARRAY_FIELDS
