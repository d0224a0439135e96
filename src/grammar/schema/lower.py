"""Alternatives to records of the machine's tables, when the machine first reaches them.

A schema node is a number for a conjunction of subschemas. Its record is written when a text reaches it::

    node(conjunction)  -> 12        NODE[12] = UNKNOWN
    machine reaches 12 -> lower(12) NODE[12] = READY, object spec 3, next 15 ...     and numbers for what lies inside

Values that nothing satisfies are found here and left out, so that every prefix that the machine lets through can be
finished: an optional member with such a value gets no node, a required one takes its object away.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from itertools import takewhile
from types import MappingProxyType

from ...errors import SchemaError
from ...kernels.columns import Column
from ...kernels.opcodes import Literal, Op
from ...kernels.records import (
    CHAR_DFA_FIELDS,
    NODE_FIELDS,
    TRIE_FIELDS,
    NodeState,
)
from ..regex import CharDfa
from .char_trie import build_char_trie
from .conflict import conflict
from .containers import Containers, Tables
from .document import Document
from .keywords import check
from .lengths import Bounded
from .members import Items, Members
from .number_specs import NumberSpecs
from .plainly import RESTRICTING
from .shapes import Conjunction, Shape, Types, conjunction
from .shortest import Shortest
from .strings import StringLanguages

__all__ = ["SchemaLowering", "Tables"]

NONE = -1
_TYPE_BITS = ("NULL", "TRUE", "FALSE", "NUMBER", "STRING", "ARRAY", "OBJECT")
_LITERALS = (
    (Types.NULL, 1 << Literal.NULL),
    (Types.TRUE, 1 << Literal.TRUE),
    (Types.FALSE, 1 << Literal.FALSE),
)
_CHOICE, _PATTERN, _STRING = int(Op.CHOICE), int(Op.PATTERN), int(Op.STRING)
_SIMPLE_TYPES = frozenset(("boolean", "integer", "null", "number", "string"))
_SIMPLE_LITERALS = MappingProxyType(
    {"boolean": 1 << Literal.TRUE | 1 << Literal.FALSE, "null": 1 << Literal.NULL},
)
_READY = int(NodeState.READY)
_UNKNOWN = (int(NodeState.UNKNOWN), *[NONE] * (NODE_FIELDS - 1))


class SchemaLowering:
    """The schema nodes of one document.

    Args:
        document: the schema.
        tables: where the records go.
        plain: numbers in their plain spelling only: integers without fraction and exponent.
        ordered: keys in the schema's order.

    Raises:
        SchemaError: a keyword cannot be enforced, or nothing satisfies the schema.
    """

    def __init__(self, document: Document, tables: Tables, *, plain: bool = False, ordered: bool = False) -> None:
        patterns = check(document)
        self.document = document
        self.strings = StringLanguages()
        self.shortest = Shortest(document, self.strings, plain=plain, ordered=ordered)
        self._tables = tables
        self.containers = Containers(tables, weakref.proxy(self), ordered=ordered)
        self._nodes: dict[Conjunction, int] = {}
        self._conjunctions: dict[int, Conjunction] = {}
        self._simple_records: dict[tuple[int, str], list[int]] = {}
        self._string_specs: dict[tuple[int, int | None], int] = {}
        self.numbers = NumberSpecs(tables, plain=plain)
        self._automata: dict[CharDfa, int] = {}
        self._patterns: dict[Bounded, int] = {}
        self._bounded: dict[int, Bounded] = {}
        self._choices: dict[tuple[str, ...], int] = {}
        for pointer, keyword, value in patterns:
            if keyword == "pattern":
                self.strings.counted(value, pointer)
            else:
                for source in value:
                    self.strings.pattern(source, pointer)
        root = conjunction([document.root])
        if not self.shortest.satisfiable(root):
            pointers = conflict(document, self.shortest, root)
            listed = f": {', '.join(pointers)} exclude each other" if len(pointers) > 1 else ""
            raise SchemaError(
                f"nothing satisfies this schema{listed}",
                pointer=pointers[0] if len(pointers) == 1 else _common(pointers),
                hint="leave out one of them" if len(pointers) > 1 else "nothing satisfies what stands there",
            )
        self.root = self.node(root)
        self._lower_ahead()

    def node(self, conjuncts: Conjunction) -> int:
        """Number of the node of a conjunction; its record is written later, unless one like it is known."""
        found = self._nodes.get(conjuncts)
        if found is None:
            simple = self._simple_kind(conjuncts)
            record = self._simple_record(simple) if simple is not None else None
            first = self._tables.append(Column.NODE, _UNKNOWN if record is None else [_READY, NONE, *record])
            found = first // NODE_FIELDS
            self._nodes[conjuncts] = found
            self._conjunctions[found] = conjuncts
        return found

    def _simple_kind(self, conjuncts: Conjunction) -> tuple[int, str] | None:
        """The draft and the type of values that are confined by nothing else, or None."""
        if len(conjuncts) != 1:
            return None
        subschema = self.document.subschemas[conjuncts[0]]
        schema = subschema.schema
        kind = None if isinstance(schema, bool) else schema.get("type")
        if isinstance(schema, bool) or not isinstance(kind, str) or kind not in _SIMPLE_TYPES:
            return None
        return (subschema.draft, kind) if len(RESTRICTING & schema.keys()) == 1 else None

    def _simple_record(self, kind: tuple[int, str]) -> list[int] | None:
        """The record of all values of a type; of numbers only once there is one."""
        found = self._simple_records.get(kind)
        if found is None and kind[1] == "string":
            found = self._simple_records[kind] = [_STRING, self._string_spec(0, None), NONE, NONE, NONE, 0]
        elif found is None and kind[1] in _SIMPLE_LITERALS:
            found = self._simple_records[kind] = [NONE, NONE, NONE, NONE, NONE, _SIMPLE_LITERALS[kind[1]]]
        return found

    def _lower_ahead(self) -> None:
        """Lower what every text reaches: the root, and "any value" if its members may be that."""
        self.lower(self.root)
        anything = self._nodes.get(())
        if anything is not None and anything != self.root:
            self.lower(anything)

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
        return self._pointer(self.containers.objects[spec])

    def pointer_of_array(self, spec: int) -> str | None:
        """Where in the schema an array spec is described."""
        return self._pointer(self.containers.arrays[spec])

    def _pointer(self, conjuncts: Conjunction) -> str | None:
        return self.document.subschemas[conjuncts[0]].pointer if conjuncts else None

    def open_keys(self, spec: int) -> list[str]:
        """The declared keys of an object spec, "..." where others are allowed."""
        members = self.members_of_object(spec)
        rest = ["..."] if any(self.shortest.satisfiable(one) for one in members.other_values()) else []
        return [*(repr(name) for name in members.keys), *rest]

    def members_of_object(self, spec: int) -> Members:
        """The members of an object spec."""
        return self.containers.members[spec]

    def items_of_array(self, spec: int) -> Items:
        """The items of an array spec."""
        return self.shortest.items(self.containers.arrays[spec])

    def lower(self, node: int) -> None:
        """Write the record of a node, and those of its further alternatives."""
        records: list[list[int]] = []
        for shape in self.shortest.shapes(self._conjunctions[node]):
            records += self._records(shape)
        if not records:
            records = [[NONE, NONE, NONE, NONE, NONE, 0]]
        simple = self._simple_kind(self._conjunctions[node])
        if simple is not None and len(records) == 1:
            self._simple_records[simple] = records[0]
        following = NONE
        for record in reversed(records[1:]):
            following = self._tables.append(Column.NODE, [_READY, following, *record]) // NODE_FIELDS
        self._tables.write(Column.NODE, NODE_FIELDS * node, [_READY, following, *records[0]])

    def _records(self, shape: Shape) -> list[list[int]]:
        """One record, and one more for each further number of a set."""
        types = shape.types
        string, spec = self._string(shape) if types & Types.STRING else (NONE, NONE)
        numbers = self.numbers.specs(shape) if types & Types.NUMBER else []
        object_ = self.containers.object(shape) if types & Types.OBJECT else NONE
        array = self.containers.array(shape) if types & Types.ARRAY else NONE
        literals = sum(bit for kind, bit in _LITERALS if types & kind)
        first = [string, spec, numbers[0] if numbers else NONE, object_, array, literals]
        return [first, *([NONE, NONE, number, NONE, NONE, 0] for number in numbers[1:])]

    def _string(self, shape: Shape) -> tuple[int, int]:
        if shape.strings is not None:
            choices = tuple(self.strings.choices(shape))
            return (_CHOICE, self._choice(choices)) if choices else (NONE, NONE)
        if shape.automatic:
            strings = self.strings.bounded(shape)
            return (NONE, NONE) if strings.empty else (_PATTERN, self._pattern(strings))
        if shape.max_length is not None and shape.max_length < shape.min_length:
            return NONE, NONE
        return _STRING, self._string_spec(shape.min_length, shape.max_length)

    def _string_spec(self, fewest: int, most: int | None) -> int:
        spec = self._string_specs.get((fewest, most))
        if spec is None:
            record = [fewest, NONE if most is None else most]
            spec = self._string_specs[fewest, most] = self._tables.append(Column.STRING_SPEC, record) // 2
        return spec

    def _choice(self, choices: tuple[str, ...]) -> int:
        root = self._choices.get(choices)
        if root is None:
            root = self._choices[choices] = self.trie(choices)[0]
        return root

    def trie(self, strings: tuple[str, ...]) -> tuple[int, list[int]]:
        """Root of the trie of some strings, and their places by rank."""
        root = self._tables.length(Column.CHAR_TRIE) // TRIE_FIELDS
        records, order = build_char_trie(strings, root)
        self._tables.append(Column.CHAR_TRIE, records)
        return root, order

    def automaton(self, automaton: CharDfa) -> int:
        """The number of an automaton."""
        found = self._automata.get(automaton)
        if found is None:
            unbounded = [0, NONE, 0, 0, 0, automaton.states, 0, 0, NONE, 0]
            found = self._automata[automaton] = self._bind_automaton(automaton, unbounded)
        return found

    def pattern(self, spec: int) -> Bounded:
        """The strings of a pattern spec."""
        return self._bounded[spec]

    def _pattern(self, strings: Bounded) -> int:
        found = self._patterns.get(strings)
        if found is None:
            found = self._patterns[strings] = self._bind_pattern(strings)
            self._bounded[found] = strings
        return found

    def _bind_pattern(self, strings: Bounded) -> int:
        lengths, rows, period = strings.lengths()
        first = self._tables.append(Column.CHAR_LENGTH, lengths)
        anything = strings.anything
        spec = self._string_spec(strings.fewest, strings.most) if anything else 0
        most = NONE if strings.most is None else strings.most
        states = strings.automaton.states
        slack = max(lengths[: rows * states], default=0)
        record = [strings.fewest, most, first, rows, period, states, anything, spec, strings.room, slack]
        return self._bind_automaton(strings.automaton, record)

    def _bind_automaton(self, automaton: CharDfa, pattern: Sequence[int]) -> int:
        record = [
            self._tables.append(Column.CHAR_TRANS, automaton.trans),
            automaton.trans.shape[1],
            self._tables.append(Column.CHAR_ACCEPT, automaton.accept),
            self._tables.append(Column.CHAR_BOUND, automaton.bounds),
            len(automaton.bounds),
            automaton.start,
            *pattern,
            0,
        ]
        self._tables.append(Column.CHAR_CLASS, automaton.classes)
        return self._tables.append(Column.CHAR_DFA, record) // CHAR_DFA_FIELDS


def _common(pointers: list[str]) -> str:
    """The innermost place that holds some others."""
    paths = [pointer.split("/")[:-1] for pointer in pointers] or [[""]]
    same = (tokens[0] for tokens in takewhile(lambda tokens: len({*tokens}) == 1, zip(*paths, strict=False)))
    return "/".join(same)
