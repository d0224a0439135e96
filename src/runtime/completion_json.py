"""Finishing the frames of JSON text: what to write until the parent resumes.

The values and keys that are still missing come from the schema (``grammar/schema/shortest.py``); what is half written
is finished by breadth-first search over its own few configurations.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from itertools import islice

from ..grammar.schema import SchemaLowering
from ..grammar.schema.members import Members
from ..grammar.schema.strings import quote
from ..kernels.columns import Column
from ..kernels.opcodes import Literal, Op
from ..kernels.records import ARRAY_FIELDS, ArrayField
from ..kernels.search import GOAL_CHARACTER, GOAL_COLON, GOAL_PARENT, GOAL_PART
from .completion import BYTE_ORDER, Completer, FrameFinisher, find_path
from .machine import Machine
from .used_names import count_names, used_names

__all__ = ["json_completer"]

_NO_ESCAPES = BYTE_ORDER[BYTE_ORDER != 92]

_FINISHING = b'n0DdCA\\u"' + bytes(range(0x80, 0xC0))
"""Bytes of which one always leads on from a half-read character of an unrestricted string."""


@dataclass(frozen=True, slots=True)
class _MemberTexts:
    """The declared members of an object spec, as text.

    Attributes:
        members: what the schema says of them.
        texts: ``"name":value`` by key, with the shortest value; empty if the key can never be used.
        required: the required keys, ascending.
        optional: the other usable keys, those with the shortest text first.
        escaped: whether some name has a character that must be escaped.
    """

    members: Members
    texts: list[bytes]
    required: list[int]
    optional: list[int]
    escaped: bool

    @classmethod
    def of(cls, lowering: SchemaLowering, spec: int) -> _MemberTexts:
        """Those of an object spec."""
        members = lowering.members_of_object(spec)
        texts = []
        for name, conjuncts in members.keys.items():
            value = lowering.shortest.value(conjuncts)
            texts.append(b"" if value is None else quote(name) + b":" + value)
        required = [key for key, name in enumerate(members.keys) if name in members.required]
        optional = [key for key, name in enumerate(members.keys) if texts[key] and name not in members.required]
        optional.sort(key=lambda key: (len(texts[key]), texts[key]))
        return cls(members, texts, required, optional, any(b"\\" in quote(name) for name in members.keys))


def json_completer(machine: Machine, lowering: SchemaLowering) -> Completer:
    """Shortest completions of the configurations of a machine that reads JSON text."""
    finisher = _JsonFinisher(machine, lowering)
    completer = Completer(machine, finisher.frames(), {}, finisher.decides)
    finisher.whole = weakref.proxy(completer)
    return completer


class _JsonFinisher:
    """Finishes JSON frames.

    Attributes:
        whole: finishes configurations with their parents.

    Args:
        machine: the machine.
        lowering: the schema.
    """

    whole: Completer

    def __init__(self, machine: Machine, lowering: SchemaLowering) -> None:
        self._machine = machine
        self._lowering = lowering
        self._objects: dict[int, _MemberTexts] = {}

    def frames(self) -> dict[Op, FrameFinisher]:
        """How to finish the frames of each opcode."""
        return {
            Op.DOCUMENT: lambda config: self._value(self._machine.fields(config)[1]),
            Op.VALUE: self._item,
            Op.SPACE: lambda config: b"",
            Op.LITERAL: self._literal,
            Op.NUMBER: lambda config: find_path(self._machine, config, GOAL_PART)[0][1],
            Op.LAZY: lambda config: self._lowering.numbers.completion(self._machine.fields(config)[1]),
            Op.STRING: self._string,
            Op.PATTERN: self._pattern,
            Op.CHOICE: lambda config: find_path(self._machine, config, GOAL_PARENT)[0][1],
            Op.KEY: self._key,
            Op.RECORD: self._record,
            Op.COLON: lambda config: b":" + self._value(self._machine.fields(config)[1]),
            Op.OBJECT: self._object,
            Op.NEXT_KEY: self._object,
            Op.MEMBERS: self._object,
            Op.ARRAY: self._array,
            Op.ITEMS: self._array,
        }

    def _value(self, node: int) -> bytes:
        """The shortest value of a node; nodes without one are never reached."""
        text = self._lowering.shortest.value(self._lowering.conjunction_of(node))
        if text is None:
            raise ValueError(f"schema node {node} was reached and has no value")
        return text

    def _literal(self, config: int) -> bytes:
        _, literal, read, _, _ = self._machine.fields(config)
        return Literal(literal).name.lower().encode()[read:]

    def _string(self, config: int) -> bytes:
        """Finish the half-read character, then the characters still missing."""
        machine = self._machine
        path = bytearray()
        _, spec, count, decoder, _ = machine.fields(config)
        while decoder:
            byte, config = next((b, c) for b in _FINISHING if (c := machine.step(config, b)))
            path.append(byte)
            _, spec, count, decoder, _ = machine.fields(config)
        fewest = int(machine.arena.column(Column.STRING_SPEC)[2 * spec])
        return bytes(path) + b"a" * max(0, fewest - count) + b'"'

    def _pattern(self, config: int) -> bytes:
        """Finish the half-read character in every way that leads elsewhere, then the cheapest rest of them all."""
        machine = self._machine
        options = []
        for after, path in find_path(machine, config, GOAL_CHARACTER):
            op, spec, packed, _, _ = machine.fields(after)
            if op is Op.PATTERN:
                strings = self._lowering.pattern(spec)
                state, counted = packed & 0xFFFFFFFF, packed >> 32
                shortest = self._lowering.strings.shortest_text(strings)
                rest = quote(shortest.rest(state, counted - 1 if counted else None))[1:]
            else:
                rest = self._string(after)
            options.append(path + rest)
        return min(options, key=lambda text: (len(text), text))

    def _key(self, config: int) -> bytes:
        """The whole rest: which key is shortest depends on what its value and the other members cost."""
        _, _, _, decoder, parent = self._machine.fields(config)
        spec = self._machine.fields(parent)[1]
        order = BYTE_ORDER if decoder or self._texts_of(spec).escaped else _NO_ESCAPES
        machine = self._machine
        paths = [path for _, path in find_path(machine, machine.sketched(config), GOAL_COLON, order)]
        options = [path + self.whole.shortest(machine.advance_bytes(config, path)[0]) for path in paths]
        return min(options, key=lambda text: (len(text), text))

    def decides(self, config: int) -> bool:
        """True for a key, and for an item whose value decides what may follow: the rest is finished with them."""
        op, _, _, _, parent = self._machine.fields(config)
        return op in (Op.KEY, Op.RECORD) or (op is Op.VALUE and any(map(self._waits, self._machine.members(parent))))

    def _waits(self, config: int) -> bool:
        op, spec, _, _, _ = self._machine.fields(config)
        if op is not Op.ITEMS:
            return False
        return bool(self._machine.arena.column(Column.ARRAY_SPEC)[ARRAY_FIELDS * spec + ArrayField.PENDING])

    def _item(self, config: int) -> bytes:
        """A value; the rest too if it decides about that."""
        text = self._value(self._machine.fields(config)[1])
        return self._with_rest(config, text) if self.decides(config) else text

    def _record(self, config: int) -> bytes:
        """The item and the whole rest."""
        return self._with_rest(config, self.whole.shortest(self._machine.fields(config)[1]))

    def _with_rest(self, config: int, item: bytes) -> bytes:
        after = self._machine.item_over(self._machine.advance_bytes(config, item)[0])
        return item + self.whole.shortest(after)

    def _texts_of(self, spec: int) -> _MemberTexts:
        found = self._objects.get(spec)
        if found is None:
            found = self._objects[spec] = _MemberTexts.of(self._lowering, spec)
        return found

    def _object(self, config: int) -> bytes:
        op, spec, packed, names, _ = self._machine.fields(config)
        texts = self._texts_of(spec)
        seen = self._seen(packed)
        if spec in self._lowering.containers.object_states:
            declared = [name for key, name in enumerate(texts.members.keys) if seen >> key & 1]
            used = used_names(self._machine, names)
            known = frozenset(name for name in (*declared, *used) if name is not None)
            rest = self._lowering.containers.rest_of_object(spec, known, int(op is Op.NEXT_KEY))
            return (b"," if op is Op.MEMBERS and rest else b"") + rest + b"}"
        chosen = [key for key in texts.required if not seen >> key & 1]
        count = count_names(self._machine, names)
        missing = texts.members.fewest - seen.bit_count() - count - len(chosen)
        wanted = max(missing, int(op is Op.NEXT_KEY and not chosen), 0)
        first = seen.bit_length() if self._machine.ordered else 0
        closed = self._machine.ordered and count > 0
        used = used_names(self._machine, names) if wanted else ()
        added = self._lowering.shortest.others(texts.members, wanted, used)
        optional = (key for key in texts.optional if key >= first and not closed and not seen >> key & 1)
        picked = [(texts.texts[key], key) for key in islice(optional, wanted)]
        candidates = sorted(
            [*picked, *((text, len(texts.texts)) for text in added)], key=lambda one: (len(one[0]), one)
        )
        parts = sorted([*((texts.texts[key], key) for key in chosen), *candidates[:wanted]], key=lambda one: one[1])
        comma = b"," if op is Op.MEMBERS and parts else b""
        return comma + b",".join(text for text, _ in parts) + b"}"

    def _seen(self, packed: int) -> int:
        """The set of keys of a configuration as one number, bit k for key k."""
        if packed >= 0:
            return packed
        arena = self._machine.arena
        first, last = (int(x) for x in arena.column(Column.LIST_OFFSET)[-1 - packed : 1 - packed][:2])
        return int.from_bytes(arena.column(Column.LIST_DATA)[first:last].tobytes(), "little")

    def _array(self, config: int) -> bytes:
        op, spec, count, _, _ = self._machine.fields(config)
        arena = self._machine.arena
        if spec in self._lowering.containers.array_states:
            rest = self._lowering.containers.rest_of_array(spec)
            return (b"," if op is Op.ITEMS and rest else b"") + rest + b"]"
        base = ARRAY_FIELDS * spec
        fewest = int(arena.column(Column.ARRAY_SPEC)[base + ArrayField.FEWEST])
        items = self._lowering.items_of_array(spec)
        texts = []
        for index in range(count, fewest):
            text = self._lowering.shortest.value(items.at(index))
            if text is None:
                raise ValueError(f"item {index} of array spec {spec} has no value")
            texts.append(text)
        comma = b"," if count and texts else b""
        return comma + b",".join(texts) + b"]"
