"""Why some bytes are refused: where, what was expected there, and what in the source says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import Span
from ..grammar.schema import SchemaLowering
from ..kernels.columns import Column
from ..kernels.machine import may_end_entry
from ..kernels.opcodes import Literal, NumberKind, Op
from ..kernels.records import NUMBER_FIELDS
from .machine import Machine
from .matcher import Explanation

__all__ = ["Expectation", "Explainer", "describe_bytes", "schema_describer"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one configuration expects.

    Attributes:
        words: in words.
        pointer: where in the source that is said.
        span: the same, as a place in a text.
    """

    words: str
    pointer: str | None = None
    span: Span | None = None


_PARTS = frozenset((Op.NUMBER, Op.LAZY, Op.BYTES, Op.EARLEY))
"""Opcodes of parts whose end shows only at the byte after it."""


class Explainer:
    """Explains refusals of one machine.

    Args:
        machine: the machine.
        describe: what a plain configuration (no SET) expects; parents need not be looked at.
    """

    def __init__(self, machine: Machine, describe: Callable[[int], list[Expectation]]) -> None:
        self._machine = machine
        self._describe = describe

    def explain(self, config: int, data: bytes, *, ends: bool = False) -> Explanation:
        """See :meth:`Matcher.explain`. ``ends``: the text should end after ``data``."""
        machine = self._machine
        after, position = machine.advance_bytes(config, data)
        if after and not (ends and not machine.accepting(after)):
            return Explanation(True, len(data), data, (), None, None)
        before, _ = machine.advance_bytes(config, data[:position])
        with machine.arena.lock:
            return self._refusal(before, data, position)

    def _refusal(self, config: int, data: bytes, position: int) -> Explanation:
        machine = self._machine
        expectations: list[Expectation] = []
        waiting = [machine.sketched(config)]
        seen: set[int] = set()
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            op, _, _, _, parent = machine.fields(one)
            if op in (Op.SET, Op.PRODUCT):
                waiting.extend(reversed(machine.members(one)))
                continue
            expectations.extend(
                [Expectation(describe_bytes(machine.live_bytes(one)))] if op is Op.BYTES else self._describe(one)
            )
            if op is Op.SPACE or (op in _PARTS and parent and self._part_ends(one)):
                waiting.append(parent)
        words = tuple(dict.fromkeys(expectation.words for expectation in expectations))
        pointer = next((e.pointer for e in expectations if e.pointer is not None), None)
        span = next((e.span for e in expectations if e.span is not None), None)
        return Explanation(False, position, data, words, pointer, span)

    def _part_ends(self, config: int) -> bool:
        return bool(self._machine.arena.run(may_end_entry, config))


def describe_bytes(live: list[int]) -> str:
    """Bytes as ranges of characters: ``[0-9a-f]``."""
    if not live:
        return "the end"
    if len(live) == 1:
        return repr(chr(live[0])) if 32 <= live[0] < 127 else f"byte 0x{live[0]:02x}"
    ranges: list[tuple[int, int]] = []
    for byte in live:
        if ranges and byte == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], byte)
        else:
            ranges.append((byte, byte))
    return "[" + "".join(_shown(a) if a == b else f"{_shown(a)}-{_shown(b)}" for a, b in ranges) + "]"


def _shown(byte: int) -> str:
    return chr(byte) if 33 <= byte < 127 and byte not in b"[]-\\" else f"\\x{byte:02x}"


_NUMBERS = {
    NumberKind.ANY: "a number",
    NumberKind.INTEGER: "an integer",
    NumberKind.INTEGER_LITERAL: "an integer",
    NumberKind.EQUAL: "the listed number",
    NumberKind.RANGE: "a number between the bounds",
}
_PLAIN = {
    Op.END: "the end",
    Op.FINISHED: "the end",
    Op.COLON: "':'",
    Op.STRING: "a character of a string or '\"'",
    Op.CHOICE: "one of the listed strings",
    Op.PATTERN: "a character that the pattern allows or '\"'",
    Op.KEY: "a property name that is allowed here",
    Op.SPACE: "a blank",
}


def schema_describer(machine: Machine, lowering: SchemaLowering) -> Callable[[int], list[Expectation]]:
    """What configurations of JSON text expect, with pointers into the schema."""

    def pointer_of(node: int) -> str | None:
        pointers = lowering.pointers(node)
        return pointers[0] if pointers else None

    def members(config: int) -> list[Expectation]:
        op, spec, _, _, _ = machine.fields(config)
        pointer = lowering.pointer_of_object(spec)
        found = []
        if op is not Op.MEMBERS and machine.step(config, 34):
            found.append(Expectation(f"a property name ({', '.join(lowering.open_keys(spec))})", pointer))
        if machine.step(config, 44):
            found.append(Expectation("','", pointer))
        if machine.step(config, 125):
            found.append(Expectation("'}'", pointer))
        return found

    def describe(config: int) -> list[Expectation]:
        op, a, b, _, _ = machine.fields(config)
        if op in (Op.VALUE, Op.DOCUMENT):
            return [Expectation(kind, pointer_of(a)) for kind in lowering.kinds(a)]
        if op in (Op.OBJECT, Op.NEXT_KEY, Op.MEMBERS):
            return members(config)
        if op in (Op.ARRAY, Op.ITEMS):
            pointer = lowering.pointer_of_array(a)
            marks = [("','", 44), ("']'", 93)] if op is Op.ITEMS else [("']'", 93)]
            found = [Expectation(word, pointer) for word, byte in marks if machine.step(config, byte)]
            live = [x for x in machine.live_bytes(config) if x not in b" \t\r\n]"]
            return [*found, Expectation("an item", pointer)] if op is Op.ARRAY and live else found
        if op is Op.LITERAL:
            return [Expectation(repr(Literal(a).name.lower()[b:]))]
        if op is Op.LAZY:
            return [Expectation(f"{describe_bytes(machine.live_bytes(config))} of {lowering.numbers.words(a)}")]
        if op is Op.NUMBER:
            kind = NumberKind(int(machine.arena.column(Column.NUMBER_SPEC)[a * NUMBER_FIELDS]))
            return [Expectation(f"{describe_bytes(machine.live_bytes(config))} of {_NUMBERS[kind]}")]
        return [Expectation(_PLAIN.get(op, op.name.lower()))]

    return describe
