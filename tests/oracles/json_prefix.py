"""Which JSON texts a basic JSON Schema lets through, and which prefixes of them: a slow machine written from the rules.

A state is a frozen set of stacks, one for every way in which the text so far can be read; a stack is ``(frame, below)``
or None, a frame a tuple whose first element names it. All questions about numbers, characters and members are asked
anew from what was read (``json_spelling.py``, ``json_schema.py``). Nothing is shared with the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.oracles.json_schema import Conjunction, Rules, exact_number
from tests.oracles.json_spelling import BAD, MORE, NumberRule, character, could_spell, number_is, number_may_become

__all__ = ["JsonOracle", "State"]

Frame = tuple[Any, ...]
Stack = Any  # tuple[Frame, Stack] | None
State = frozenset[Stack]

DEAD: State = frozenset()
_BLANKS = b" \t\n\r"
_INDENT = 256


class JsonOracle:
    """Reads one byte at a time; ``whitespace``, ``ordered`` and ``plain`` as the options of ``engine.compile``.

    With ``forgetful``, additional keys that begin like none before are not told apart: there are fewer states, and a
    key that was read so may come again.
    """

    def __init__(
        self,
        schema: Any,
        whitespace: str = "any",
        *,
        ordered: bool = False,
        plain: bool = False,
        forgetful: bool = False,
    ) -> None:
        self.forgetful = forgetful
        self.schema = schema
        self.rules = Rules(schema)
        self.whitespace = whitespace
        self.ordered = ordered
        self.plain = plain
        self.start: State = frozenset([(("value", self.rules.conjunction(schema), "document"), (("end",), None))])
        self._steps: dict[tuple[State, int], State] = {}

    def step(self, state: State, byte: int) -> State:
        found = self._steps.get((state, byte))
        if found is None:
            found = self._steps[state, byte] = frozenset(after for stack in state for after in self._step(stack, byte))
        return found

    def run(self, text: bytes, state: State | None = None) -> State:
        state = self.start if state is None else state
        for byte in text:
            state = self.step(state, byte)
        return state

    def forgetting(self) -> JsonOracle:
        """The same, forgetful: for the states that the tokens of a large vocabulary lead to."""
        oracle = JsonOracle(self.schema, self.whitespace, ordered=self.ordered, plain=self.plain, forgetful=True)
        oracle.rules = self.rules
        return oracle

    def accepting(self, state: State) -> bool:
        return any(self._accepts(stack) for stack in state)

    def _accepts(self, stack: Stack) -> bool:
        (name, *rest), below = stack
        if name == "number":
            return number_is(*rest) and self._accepts(below)
        return name == "end"

    def _step(self, stack: Stack, byte: int) -> Iterable[Stack]:
        frame, below = stack
        name = frame[0]
        if name == "space":
            return self._space(frame, below, byte)
        if name in ("number", "word", "string", "key"):
            return getattr(self, f"_{name}")(frame, below, byte)
        if byte in _BLANKS:
            return self._blank(stack, byte)
        if name == "end":
            return ()
        return getattr(self, f"_{name}")(frame, below, byte)

    # blanks

    def _blank(self, stack: Stack, byte: int) -> Iterator[Stack]:
        if self.whitespace == "any":
            yield stack
        if self.whitespace != "bounded" or byte not in b" \n":
            return
        frame = stack[0]
        if frame[0] == "value":
            pretty = frame[-1] == "item" or (frame[-1] == "member" and byte == 32)
        elif frame[0] == "array":
            pretty = frame[-1] == 0 or self._array_closes(frame)
        else:
            pretty = frame[0] == "object" and (frame[-1] != "after" or self._object_closes(frame))
        if pretty:
            yield ("space", byte, 0), stack

    def _space(self, frame: Frame, below: Stack, byte: int) -> Iterator[Stack]:
        _, first, count = frame
        if byte in _BLANKS:
            if first == 10 and byte in b" \t" and count < _INDENT:
                yield ("space", first, count + 1), below
            return
        inner = below[0]
        between = (inner[0] == "array" and inner[-1] > 0) or (inner[0] == "object" and inner[-1] == "after")
        if not between or byte in b"]}":
            yield from self._step(below, byte)

    # values

    def _value(self, frame: Frame, below: Stack, byte: int) -> Iterator[Stack]:
        for leaf in self.rules.leaves(frame[1]):
            yield from self._begin(leaf, below, byte)

    def _begin(self, leaf: Conjunction, below: Stack, byte: int) -> Iterator[Stack]:
        rules = self.rules
        types = rules.types(leaf)
        exact = rules.is_value(leaf)
        for literal, value in ((b"null", None), (b"true", True), (b"false", False)):
            named = "null" if value is None else "boolean"
            if byte == literal[0] and named in types and (not exact or exact[0] is value):
                yield ("word", literal[1:]), below
        if byte == 34 and "string" in types:
            low, high = rules.bounds(leaf, "minLength", "maxLength")
            if exact:
                yield ("string", exact[0], "", b""), below
            elif low <= high:
                yield ("string", (low, high), 0, b""), below
        if byte == 91 and "array" in types and rules.array_ends(leaf, 0):
            yield ("array", leaf, 0), below
        if byte == 123 and "object" in types and rules.object_ends(leaf, frozenset(), 0, ordered=self.ordered):
            yield ("object", leaf, frozenset(), frozenset(), "first"), below
        if types & {"number", "integer"}:
            yield from self._number(("number", self._number_rule(types, exact), b""), (("stop",), None), byte, below)

    def _number_rule(self, types: set[str], exact: tuple[Any] | None) -> NumberRule:
        if exact:
            return ("plainly" if self.plain else "equal"), exact_number(exact[0])
        if "integer" in types:
            return ("digits" if self.plain else "integer"), None
        return "any", None

    def _number(self, frame: Frame, below: Stack, byte: int, parent: Stack = None) -> Iterator[Stack]:
        _, rule, text = frame
        parent = parent or below
        if text and number_is(rule, text):
            yield from self._step(parent, byte)
        longer = text + bytes([byte])
        if byte in b"0123456789+-.eE" and number_may_become(rule, longer):
            yield ("number", rule, longer), parent

    def _word(self, frame: Frame, below: Stack, byte: int) -> Iterator[Stack]:
        if frame[1][0] == byte:
            yield (("word", frame[1][1:]), below) if frame[1][1:] else below

    # strings

    def _string(self, frame: Frame, below: Stack, byte: int) -> Iterator[Stack]:
        _, wanted, read, pending = frame
        exact = isinstance(wanted, str)
        if byte == 34 and not pending:
            if read == wanted if exact else read >= wanted[0]:
                yield below
            return
        pending += bytes([byte])
        code = character(pending, self.plain)
        if code == BAD or (not exact and read >= wanted[1]):
            return
        if not exact:
            count = read if code == MORE else read + 1
            yield (
                (
                    "string",
                    wanted,
                    count if wanted[1] < 1e9 else min(count, wanted[0]),
                    pending if code == MORE else b"",
                ),
                below,
            )
        elif code == MORE:
            if len(read) < len(wanted) and could_spell(pending, wanted[len(read)], self.plain):
                yield ("string", wanted, read, pending), below
        elif wanted.startswith(read + chr(code)):
            yield ("string", wanted, read + chr(code), b""), below

    # arrays: count of items begun; "array" is after "[" (0) or after an item

    def _array_closes(self, frame: Frame) -> bool:
        low, high = self.rules.bounds(frame[1], "minItems", "maxItems")
        return low <= frame[2] <= high

    def _array(self, frame: Frame, below: Stack, byte: int) -> Iterator[Stack]:
        _, leaf, count = frame
        if byte == 93 and self._array_closes(frame):
            yield below
        item = self.rules.items(leaf, count)
        if not (self.rules.satisfiable(item) and self.rules.array_ends(leaf, count + 1)):
            return
        after = ("array", leaf, count + 1), below
        if count and byte == 44:
            yield ("value", item, "item"), after
        elif not count and byte != 93:
            yield from self._value(("value", item, "item"), after, byte)

    # objects: place is "first" after "{", "next" after ",", "after" a member; extra: the additional keys

    def _object_closes(self, frame: Frame) -> bool:
        _, leaf, seen, extra, _ = frame
        low, high = self.rules.bounds(leaf, "minProperties", "maxProperties")
        return low <= len(seen) + len(extra) <= high and self.rules.required(leaf) <= seen

    def _ends(self, leaf: Conjunction, seen: frozenset[str], extra: int) -> bool:
        return self.rules.object_ends(leaf, seen, extra, ordered=self.ordered)

    def _usable(self, leaf: Conjunction, seen: frozenset[str], extra: int) -> list[str]:
        names = self.rules.open_names(leaf, seen, extra, ordered=self.ordered)
        return [name for name in names if self._ends(leaf, seen | {name}, extra)]

    def _takes_extra(self, leaf: Conjunction, seen: frozenset[str], extra: int) -> bool:
        return self.rules.satisfiable(self.rules.members(leaf, None)) and self._ends(leaf, seen, extra + 1)

    def _object(self, frame: Frame, below: Stack, byte: int) -> Iterator[Stack]:
        _, leaf, seen, extra, place = frame
        if byte == 125 and place != "next" and self._object_closes(frame):
            yield below
        if byte not in (34, 44):
            return
        if not (self._usable(leaf, seen, len(extra)) or self._takes_extra(leaf, seen, len(extra))):
            return
        if byte == 44 and place == "after":
            yield ("object", leaf, seen, extra, "next"), below
        if byte == 34 and place != "after":
            yield ("key", leaf, seen, extra, "", b""), below

    def _key(self, frame: Frame, below: Stack, byte: int) -> Iterator[Stack]:
        _, leaf, seen, extra, read, pending = frame
        names = self.rules.names(leaf)
        if byte == 34 and not pending:
            if read in names:
                if read in self._usable(leaf, seen, len(extra)):
                    after = ("object", leaf, seen | {read}, extra, "after"), below
                    yield ("colon", self.rules.members(leaf, read)), after
            elif self._takes_extra(leaf, seen, len(extra)) and read not in extra:
                added = f"\ud800{len(extra)}" if read is None else read
                after = ("object", leaf, seen, extra | {added}, "after"), below
                yield ("colon", self.rules.members(leaf, None)), after
            return
        pending += bytes([byte])
        code = character(pending, self.plain)
        if code == BAD:
            return
        usable = [] if read is None else self._usable(leaf, seen, len(extra))
        free = self._takes_extra(leaf, seen, len(extra))
        known = [] if read is None else [*names, *(extra if self.forgetful else ())]
        if code == MORE:
            begun = [name for name in known if name.startswith(read) and len(name) > len(read)]
            begun = [name for name in begun if could_spell(pending, name[len(read)], self.plain)]
            rest = pending
        else:
            read = None if read is None else read + chr(code)
            begun = [name for name in known if name.startswith(read)]
            rest = b""
        if free or set(begun) & set(usable):
            kept = read if begun or not self.forgetful else None
            yield ("key", leaf, seen, extra, kept, rest), below

    def _colon(self, frame: Frame, below: Stack, byte: int) -> Iterator[Stack]:
        if byte == 58:
            yield ("value", frame[1], "member"), below
