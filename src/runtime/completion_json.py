"""Finishing the frames of JSON text: what to write until the parent resumes.

The values and keys that are still missing come from the schema (``grammar/schema/shortest.py``); what is half written
is finished by breadth-first search over its own few configurations.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from ..grammar.schema import SchemaLowering
from ..grammar.schema.members import Members
from ..grammar.schema.strings import quote
from ..kernels.columns import Column
from ..kernels.opcodes import Literal, Op
from ..kernels.records import ARRAY_FIELDS, ArrayField
from ..kernels.search import GOAL_COLON, GOAL_PARENT, GOAL_PART
from .completion import BYTE_ORDER, Completer, FrameFinisher, find_path
from .machine import Machine

__all__ = ["JsonCompleter"]

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


class JsonCompleter:
    """Finishes JSON frames.

    Args:
        machine: the machine.
        lowering: the schema.
    """

    def __init__(self, machine: Machine, lowering: SchemaLowering) -> None:
        self._machine = machine
        self._lowering = lowering
        self._objects: dict[int, _MemberTexts] = {}
        self.completer = Completer(machine, self._frames(), {})

    def _frames(self) -> dict[Op, FrameFinisher]:
        return {
            Op.DOCUMENT: lambda config: self._value(self._machine.fields(config)[1]),
            Op.VALUE: lambda config: self._value(self._machine.fields(config)[1]),
            Op.SPACE: lambda config: b"",
            Op.LITERAL: self._literal,
            Op.NUMBER: lambda config: find_path(self._machine, config, GOAL_PART)[0][1],
            Op.STRING: self._string,
            Op.PATTERN: lambda config: find_path(self._machine, config, GOAL_PARENT)[0][1],
            Op.CHOICE: lambda config: find_path(self._machine, config, GOAL_PARENT)[0][1],
            Op.KEY: self._key,
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

    def _key(self, config: int) -> bytes:
        """The whole rest: which key is shortest depends on what its value and the other members cost."""
        _, _, _, decoder, parent = self._machine.fields(config)
        spec = self._machine.fields(parent)[1]
        order = BYTE_ORDER if decoder or self._texts_of(spec).escaped else _NO_ESCAPES
        paths = find_path(self._machine, config, GOAL_COLON, order)
        options = [path + self.completer.shortest(colon) for colon, path in paths]
        return min(options, key=lambda text: (len(text), text))

    def _texts_of(self, spec: int) -> _MemberTexts:
        found = self._objects.get(spec)
        if found is None:
            found = self._objects[spec] = _MemberTexts.of(self._lowering, spec)
        return found

    def _object(self, config: int) -> bytes:
        op, spec, packed, extra, _ = self._machine.fields(config)
        texts = self._texts_of(spec)
        seen = self._seen(packed)
        chosen = [key for key in texts.required if not seen >> key & 1]
        missing = texts.members.fewest - seen.bit_count() - extra - len(chosen)
        wanted = max(missing, int(op is Op.NEXT_KEY and not chosen), 0)
        first = seen.bit_length() if self._machine.ordered else 0
        closed = self._machine.ordered and extra > 0
        added = self._additional(texts.members, wanted)
        optional = (key for key in texts.optional if key >= first and not closed and not seen >> key & 1)
        picked = [(texts.texts[key], key) for key in islice(optional, wanted)]
        candidates = sorted(
            [*picked, *((text, len(texts.texts)) for text in added)], key=lambda one: (len(one[0]), one)
        )
        parts = sorted([*((texts.texts[key], key) for key in chosen), *candidates[:wanted]], key=lambda one: one[1])
        comma = b"," if op is Op.MEMBERS and parts else b""
        return comma + b",".join(text for text, _ in parts) + b"}"

    def _additional(self, members: Members, wanted: int) -> list[bytes]:
        """The shortest members with keys that are not declared."""
        return self._lowering.shortest.others(members, wanted)

    def _seen(self, packed: int) -> int:
        """The set of keys of a configuration as one number, bit k for key k."""
        if packed >= 0:
            return packed
        arena = self._machine.arena
        first, last = (int(x) for x in arena.column(Column.LIST_OFFSET)[-1 - packed : 1 - packed][:2])
        return int.from_bytes(arena.column(Column.LIST_DATA)[first:last].tobytes(), "little")

    def _array(self, config: int) -> bytes:
        _, spec, count, _, _ = self._machine.fields(config)
        arena = self._machine.arena
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
