"""Objects and arrays to records of the machine's tables.

A plain object is one record: the machine itself knows which keys were there and how many. Where clauses must hold, each
state of an object (``objects.py``) or array (``arrays.py``) is a record of its own, and an entry leads from a key, or
from an item, to the values that it may have and the record behind each; entries are derived when a text reaches them::

    spec 4 (state 0)   "kind" -> entry 7: [("a", spec 5), (anything else, spec 3)]      spec 3: plain
                       "size" -> entry 8: not derived yet
                       others -> schema node 2, spec 4 again
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

from numpy.typing import NDArray

from ...kernels.columns import Column, Scalar
from ...kernels.records import ARRAY_FIELDS, ENTRY_FIELDS, KEY_FIELDS, OBJECT_FIELDS
from ..regex import CharDfa
from .arrays import ArrayState
from .atoms import AllMembers, NameSet, SomeMember, atoms_of
from .document import Document
from .key_language import ENDLESS, KeyLanguage
from .members import NO_MORE, Further, Items, Label, Members
from .objects import ObjectState
from .residuals import Residuals
from .roomy import Room
from .shapes import Conjunction, Shape
from .shortest import Shortest

__all__ = ["Containers", "Tables"]

NONE = -1
_WORD = (1 << 64) - 1
_NEVER = 1 << 30  # more items than there ever are


class Tables(Protocol):
    """Where records go: the arena of a machine."""

    def append(self, column: Column, values: Sequence[int] | NDArray[Any]) -> int:
        """Append elements to a table; returns the index of the first."""

    def write(self, column: Column, first: int, values: Sequence[int]) -> None:
        """Write over elements of a table."""

    def length(self, column: Column) -> int:
        """Elements in a table."""

    def set(self, scalar: Scalar, value: int) -> None:
        """Set a scalar."""


class Lowering(Protocol):
    """What containers are lowered with."""

    @property
    def document(self) -> Document:
        """The schema."""

    @property
    def shortest(self) -> Shortest:
        """Shortest values, members and items."""

    def node(self, conjuncts: Conjunction) -> int:
        """The schema node of a conjunction."""

    def trie(self, strings: tuple[str, ...]) -> tuple[int, list[int]]:
        """Root of the trie of some strings, and their places by rank."""

    def automaton(self, automaton: CharDfa) -> int:
        """The number of an automaton."""


class Containers:
    """The records of the objects and arrays of one document.

    Args:
        tables: where they go.
        lowering: lowers what is in them.
        ordered: whether keys come in the schema's order.
    """

    def __init__(self, tables: Tables, lowering: Lowering, *, ordered: bool) -> None:
        self._tables = tables
        self._lowering = lowering
        self._shortest = lowering.shortest
        self._ordered = ordered
        self._doubt = 0
        self._plain_objects: dict[tuple[Conjunction, tuple[str, ...]], int] = {}
        self._plain_arrays: dict[Conjunction, int] = {}
        self._object_specs: dict[ObjectState, int] = {}
        self._array_specs: dict[ArrayState, int] = {}
        self._languages: dict[tuple[object, ...], tuple[int, KeyLanguage[Label]]] = {}
        self._entries: list[tuple[ObjectState, str | Label] | ArrayState] = []
        self.object_states: dict[int, ObjectState] = {}
        self.array_states: dict[int, ArrayState] = {}
        self.members: dict[int, Members] = {}
        self.objects: dict[int, Conjunction] = {}
        self.arrays: dict[int, Conjunction] = {}

    @cached_property
    def _residuals(self) -> Residuals:
        return self._shortest.residuals

    @cached_property
    def _room(self) -> Room:
        return Room(self._lowering.document, self._shortest.shapes, self._residuals.has_more)

    def object(self, shape: Shape) -> int:
        """The spec of the objects of a shape, NONE if there are none."""
        if not shape.object_clauses:
            return self._plain_object(shape.objects, ())
        state = self._residuals.objects.start(shape.objects, shape.object_clauses)
        return self._object_spec(state) if self._residuals.object_lives(state) else NONE

    def array(self, shape: Shape) -> int:
        """The spec of the arrays of a shape, NONE if there are none."""
        if not shape.array_clauses:
            return self._plain_array(shape.arrays)
        state = self._residuals.arrays.start(shape.arrays, shape.array_clauses)
        return self._array_spec(state) if self._residuals.array_lives(state) else NONE

    def lower_entry(self, entry: int) -> None:
        """Derive the successors of an entry."""
        meant = self._entries[entry]
        if isinstance(meant, ArrayState):
            items = self._residuals.items(meant)
            pairs = [(self._lowering.node(value), self._array_spec(following)) for value, following in items]
        else:
            state, key = meant
            members = self._residuals.keys(state, key) if isinstance(key, str) else self._residuals.others(state, key)
            pairs = [(self._lowering.node(value), self._object_spec(following)) for value, following in members]
        first = self._tables.append(Column.SUCCESSOR, [x for pair in pairs for x in pair]) // 2
        self._tables.write(Column.ENTRY, entry * ENTRY_FIELDS, [first, len(pairs)])

    def item_read(self, spec: int, text: bytes) -> int:
        """The spec behind an item whose value matters, NONE if nothing may follow it.

        Args:
            spec: the spec that waits for the value.
            text: the item.
        """
        state = self._residuals.arrays.after_value(self.array_states[spec], text)
        return self._array_spec(state) if self._residuals.array_lives(state) else NONE

    def rest_of_object(self, spec: int, used: frozenset[str], fewest: int) -> bytes:
        """Short members that finish an object of which clauses must hold, without the brace.

        Args:
            spec: the spec of its state.
            used: the keys that were there, as far as they are known.
            fewest: members that must come at least.
        """
        state = self.object_states[spec]
        text = self._residuals.object_text(state, used | state.used, self._shortest.value, fewest)
        if text is None:
            raise ValueError(f"object spec {spec} was reached and cannot be finished")
        return text

    def rest_of_array(self, spec: int) -> bytes:
        """The shortest items that finish an array of which clauses must hold, without the bracket."""
        text = self._residuals.array_text(replace(self.array_states[spec], pending=False), self._shortest.value)
        if text is None:
            raise ValueError(f"array spec {spec} was reached and cannot be finished")
        return text

    def _entry(self, meant: tuple[ObjectState, str | Label] | ArrayState) -> int:
        """A new entry."""
        self._entries.append(meant)
        return self._tables.append(Column.ENTRY, [0, NONE]) // ENTRY_FIELDS

    def _value_node(self, conjuncts: Conjunction) -> int:
        """Node of a conjunction, or NONE if nothing satisfies it."""
        return self._lowering.node(conjuncts) if self._shortest.satisfiable(conjuncts) else NONE

    def _plain_object(self, conjuncts: Conjunction, more_names: tuple[str, ...]) -> int:
        key = (conjuncts, more_names)
        found = self._plain_objects.get(key)
        if found is None:
            further = Further(everywhere=tuple((name, ()) for name in more_names)) if more_names else NO_MORE
            members = self._shortest.members(conjuncts, further)
            found = self._plain_objects[key] = self._make_plain_object(members)
            self.members[found] = members
            self.objects[found] = conjuncts
        return found

    def _make_plain_object(self, members: Members) -> int:
        names = tuple(members.keys)
        nodes = [self._value_node(members.keys[name]) for name in names]
        automaton, labels, left = NONE, 0, ENDLESS
        if members.others is None:
            additional = self._value_node(members.additional)
        else:
            others = members.others.kept(self._shortest.satisfiable)
            automaton, labels = self._key_automaton(others)
            additional = labels if automaton >= 0 else NONE
            left = int(others.words()[others.automaton.start])
        usable = sum(node >= 0 for node in nodes) + (left if additional >= 0 else 0)
        endless = additional >= 0 and left == ENDLESS
        needed = [name in members.required for name in names]
        most = NONE if members.most is None else members.most
        if any(wanted and node < 0 for wanted, node in zip(needed, nodes, strict=True)):
            return NONE
        if 0 <= most < max(members.fewest, sum(needed)) or (not endless and usable < members.fewest):
            return NONE
        return self._object_record(members, nodes, additional, automaton, labels, unfinished=False)

    def _object_record(
        self, members: Members, nodes: list[int], additional: int, automaton: int, labels: int, *, unfinished: bool
    ) -> int:
        """Append the record of an object; the bounds and the required keys are those of the members."""
        names = tuple(members.keys)
        required = [name in members.required for name in names]
        root, order = self._lowering.trie(names)
        pairs = [x for pair in zip(nodes, required, strict=True) for x in pair]
        first = self._tables.append(Column.OBJECT_KEY, pairs) // KEY_FIELDS
        if self._tables.append(Column.KEY_RANK, order) != first:
            raise ValueError("keys and ranks are out of step")
        bits = sum(1 << key for key, needed in enumerate(required) if needed)
        words = [_signed(bits >> low & _WORD) for low in range(0, len(names), 64)]
        word = self._tables.append(Column.KEY_REQUIRED, words)
        most = NONE if members.most is None else members.most
        record = [root, len(names), first, additional, members.fewest, most, word, automaton, labels]
        return self._tables.append(Column.OBJECT_SPEC, [*record, int(unfinished)]) // OBJECT_FIELDS

    def _key_automaton(self, others: KeyLanguage[Conjunction]) -> tuple[int, int]:
        """Number of the automaton of the keys that are not declared, and where its labels begin; NONE if none are."""
        if others.empty:
            return NONE, 0
        labels = [NONE if label is None else self._lowering.node(label) for label in others.labels]
        return self._lowering.automaton(others.automaton), self._key_labels(labels, others)

    def _key_labels(self, labels: list[int], keys: KeyLanguage[Any]) -> int:
        """Where the labels of an automaton of keys begin, and the numbers of keys from its states on."""
        first = self._tables.append(Column.KEY_LABEL, labels)
        if self._tables.append(Column.KEY_WORDS, keys.words()) != first:
            raise ValueError("labels of keys and their numbers are out of step")
        return first

    def _object_spec(self, state: ObjectState) -> int:
        """The record of a state; a plain object's if no clauses are left."""
        found = self._object_specs.get(state)
        if found is None:
            if state.clauses:
                found = self._derived_object(state)
            else:
                family = state.family
                declared = self._shortest.members(family.objects).keys
                more = tuple(name for name in family.names if name not in declared)
                found = self._plain_object(family.objects, more)
            if found < 0:
                raise ValueError("a state that can be finished has no record")
            self._object_specs[state] = found
        return found

    def _derived_object(self, state: ObjectState) -> int:
        family = state.family
        everywhere = tuple((name, ()) for name in family.names)
        members = self._shortest.members(family.objects, Further(everywhere=everywhere))
        sets = list(_sets(state))
        every = family.counted or self._ordered

        def matters(name: str) -> bool:
            inside = (self._shortest.name_set(names).accepts(name) for names in sets)
            return every or name in family.tracked or any(inside)

        nodes = []
        for name, value in members.keys.items():
            if name in state.used:
                nodes.append(NONE)
            else:
                nodes.append(-2 - self._entry((state, name)) if matters(name) else self._value_node(value))
        automaton, labels = NONE, 0
        if members.others is None and not sets:
            label: Label = (members.additional, frozenset())
            additional = -2 - self._entry((state, label)) if every else self._value_node(members.additional)
        else:
            automaton, labels = self._derived_keys(state, members, every)
            additional = labels if automaton >= 0 else NONE
        spec = self._object_record(members, nodes, additional, automaton, labels, unfinished=not state.finished)
        self.members[spec] = members
        self.objects[spec] = family.objects
        self.object_states[spec] = state
        return spec

    def _derived_keys(self, state: ObjectState, members: Members, every: bool) -> tuple[int, int]:
        """The automaton of the keys that are not declared, and where its labels begin; NONE if none are allowed."""
        family = state.family
        language = self._shortest.labelled(family.objects, family.names, family.name_sets)
        active = {number for number, names in enumerate(family.name_sets) if names in set(_sets(state))}
        targets: dict[Label, int] = {}
        for label in dict.fromkeys(label for label in language.labels if label is not None):
            if every or label[1] & active:
                usable = bool(self._residuals.others(state, label))
                targets[label] = -2 - self._entry((state, label)) if usable else NONE
            else:
                targets[label] = self._value_node(label[0])
        usable_ones = frozenset(label for label, target in targets.items() if target != NONE)
        key = (family, usable_ones)
        if key not in self._languages:
            kept = language.kept(usable_ones.__contains__)
            self._languages[key] = (NONE if kept.empty else self._lowering.automaton(kept.automaton), kept)
        automaton, kept = self._languages[key]
        if automaton < 0:
            return NONE, 0
        labels = [NONE if label is None else targets[label] for label in kept.labels]
        return automaton, self._key_labels(labels, kept)

    def _plain_array(self, conjuncts: Conjunction) -> int:
        found = self._plain_arrays.get(conjuncts)
        if found is None:
            found = self._plain_arrays[conjuncts] = self._make_plain_array(self._shortest.items(conjuncts))
            self.arrays[found] = conjuncts
        return found

    def _make_plain_array(self, items: Items) -> int:
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
        return self._array_record([rest, items.fewest, most, first, len(prefix), count_to, NONE, 0])

    def _array_record(self, record: list[int]) -> int:
        return self._tables.append(Column.ARRAY_SPEC, record) // ARRAY_FIELDS

    def _array_spec(self, state: ArrayState) -> int:
        """The record of a state. A pending one waits for a value; it says what may follow if that is not known."""
        found = self._array_specs.get(state)
        if found is None:
            known = replace(state, pending=False)
            entry = self._entry(known)
            record = [NONE, 0 if known.finished else _NEVER, NONE, 0, 0, 0, entry, int(state.pending)]
            found = self._array_specs[state] = self._array_record(record)
            if state.pending:
                self._doubt = max(self._doubt, 1 if self._room.holds(known) else 2)
                self._tables.set(Scalar.DOUBT, self._doubt)
            self.array_states[found] = state
            self.arrays[found] = state.family.arrays
        return found


def _signed(word: int) -> int:
    """64 bits as an int64."""
    return word - (1 << 64) if word >> 63 else word


def _sets(state: ObjectState) -> Iterable[NameSet]:
    """The sets of names of the clauses of a state."""
    for atom in atoms_of(state.clauses):
        if isinstance(atom, (SomeMember, AllMembers)) and isinstance(atom.names, NameSet):
            yield atom.names
