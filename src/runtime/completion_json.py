"""Finishing the frames of JSON text: what to write until the parent resumes.

The values and keys that are still missing come from the schema (``grammar/schema/shortest.py``); what is half written is
finished by breadth-first search over its own few configurations.
"""

from __future__ import annotations

from ..grammar.schema import SchemaLowering
from ..grammar.schema.members import Members
from ..grammar.schema.shortest import free_names
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


class JsonCompleter:
    """Finishes JSON frames.

    Args:
        machine: the machine.
        lowering: the schema.
    """

    def __init__(self, machine: Machine, lowering: SchemaLowering) -> None:
        self._machine = machine
        self._lowering = lowering
        self._objects: dict[int, Members] = {}
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
        op, spec, count, decoder, _ = machine.fields(config)
        while decoder:
            byte, config = next((b, c) for b in _FINISHING if (c := machine.step(config, b)))
            path.append(byte)
            op, spec, count, decoder, _ = machine.fields(config)
        fewest = int(machine.arena.column(Column.STRING_SPEC)[2 * spec])
        return bytes(path) + b"a" * max(0, fewest - count) + b'"'

    def _key(self, config: int) -> bytes:
        """The whole rest: which key is shortest depends on what its value and the other members cost."""
        _, _, _, decoder, _ = self._machine.fields(config)
        order = BYTE_ORDER if decoder else _NO_ESCAPES
        paths = find_path(self._machine, config, GOAL_COLON, order)
        if decoder == 0 and not paths:
            paths = find_path(self._machine, config, GOAL_COLON)
        options = [path + self.completer.shortest(colon) for colon, path in paths]
        return min(options, key=lambda text: (len(text), text))

    def _members(self, spec: int) -> Members:
        found = self._objects.get(spec)
        if found is None:
            found = self._objects[spec] = self._lowering.members_of_object(spec)
        return found

    def _object(self, config: int) -> bytes:
        op, spec, seen, extra, _ = self._machine.fields(config)
        members = self._members(spec)
        names = list(members.keys)
        done = {name for key, name in enumerate(names) if self._has(seen, key)}
        texts = {
            name: quote(name) + b":" + value
            for name in names
            if name not in done and (value := self._lowering.shortest.value(members.keys[name])) is not None
        }
        chosen = [name for name in names if name in members.required and name not in done]
        missing = max(members.fewest - len(done) - extra - len(chosen), int(op is Op.NEXT_KEY and not chosen))
        ordered = self._machine.ordered
        last = max((key for key, name in enumerate(names) if name in done), default=-1)
        optional = [
            name
            for key, name in enumerate(names)
            if name in texts and name not in chosen and (not ordered or (key > last and extra == 0))
        ]
        added = self._additional(members, missing)
        candidates = sorted([(len(texts[name]), texts[name], name) for name in optional] + added)[: max(missing, 0)]
        picked = {*chosen, *(name for _, _, name in candidates if name)}
        parts = [texts[name] for name in names if name in picked] + [text for _, text, name in candidates if not name]
        comma = b"," if op is Op.MEMBERS and parts else b""
        return comma + b",".join(parts) + b"}"

    def _additional(self, members: Members, wanted: int) -> list[tuple[int, bytes, str]]:
        rest = self._lowering.shortest.value(members.additional) if wanted > 0 else None
        if rest is None:
            return []
        fresh = free_names(members.keys)
        texts = [quote(next(fresh)) + b":" + rest for _ in range(wanted)]
        return [(len(text), text, "") for text in texts]

    def _has(self, seen: int, key: int) -> bool:
        if seen >= 0:
            return bool(seen >> key & 1)
        arena = self._machine.arena
        first = int(arena.column(Column.LIST_OFFSET)[-1 - seen])
        return bool(int(arena.column(Column.LIST_DATA)[first + (key >> 6)]) >> (key & 63) & 1)

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
