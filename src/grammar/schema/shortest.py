"""The shortest value of a conjunction, and with it satisfiability: a conjunction without one is empty.

A value is finite, so this is a *least* fixpoint: ``{"required": ["a"], "properties": {"a": {"$ref": "#"}}}`` has none.
Only what a shortest value needs is looked at (required members, the fewest items). Rounds over the conjunctions that
depend on each other are repeated until nothing changes, in the manner of Knuth, *A generalization of Dijkstra's
algorithm* (1977).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from ...kernels.opcodes import NumberKind
from ..regex import CharDfa, from_ranges, union
from .document import Document
from .members import Items, Members, items_of, members_of
from .merge import Merger
from .numbers import shortest_number
from .shapes import Conjunction, Shape, Types
from .strings import StringLanguages, quote

__all__ = ["Shortest"]

_NAMES_TRIED = 64
"""Names beyond those wanted that are tried where patterns look at them."""

_LITERALS = ((Types.NULL, b"null"), (Types.TRUE, b"true"), (Types.FALSE, b"false"))


class _MergingError(Exception):
    """A conjunction was asked for while it is being merged."""


class _Values(dict[Conjunction, "bytes | None"]):
    """Values by conjunction, found when they are asked for."""

    def __init__(self, shortest: Shortest) -> None:
        self._shortest = shortest

    def __missing__(self, conjuncts: Conjunction) -> bytes | None:
        return self._shortest.value(conjuncts)


class Shortest:
    """Shortest values of the conjunctions of one document, memoised.

    Args:
        document: the document.
        strings: its patterns.
        plain: numbers in their plain spelling.
    """

    def __init__(self, document: Document, strings: StringLanguages, *, plain: bool = False) -> None:
        self._document = document
        self._plain = plain
        self._strings = strings
        self._known: dict[Conjunction, bytes | None] = {(): b"0"}
        self._merger = Merger(document, self._possible)
        self._merging: set[Conjunction] = set()
        self._names: dict[Conjunction, CharDfa] = {}
        self._shapes: dict[Conjunction, list[Shape]] = {}
        self._members: dict[Conjunction, Members] = {}
        self._items: dict[Conjunction, Items] = {}

    def shapes(self, conjuncts: Conjunction) -> list[Shape]:
        """The alternatives of a conjunction, memoised."""
        found = self._shapes.get(conjuncts)
        if found is None:
            if conjuncts in self._merging:
                raise _MergingError
            self._merging.add(conjuncts)
            try:
                found = self._shapes[conjuncts] = self._merger.alternatives(conjuncts)
            finally:
                self._merging.discard(conjuncts)
        return found

    def _possible(self, shape: Shape) -> bool:
        """True if some value has a shape, or if that depends on a conjunction that is being merged."""
        try:
            return next(self._texts(shape, _Values(self)), None) is not None
        except _MergingError:
            return True

    def members(self, conjuncts: Conjunction) -> Members:
        """The members of objects of a conjunction, memoised."""
        found = self._members.get(conjuncts)
        if found is None:
            found = self._members[conjuncts] = members_of(self._document, conjuncts, self)
        return found

    def items(self, conjuncts: Conjunction) -> Items:
        """The items of arrays of a conjunction, memoised."""
        found = self._items.get(conjuncts)
        if found is None:
            found = self._items[conjuncts] = items_of(self._document, conjuncts)
        return found

    def satisfiable(self, conjuncts: Conjunction) -> bool:
        """True if some value satisfies a conjunction."""
        return self._plainly(conjuncts) or self.value(conjuncts) is not None

    def _plainly(self, conjuncts: Conjunction) -> bool:
        """True if a look at one small subschema is enough."""
        if not conjuncts:
            return True
        if len(conjuncts) > 1:
            return False
        schema = self._document.subschemas[conjuncts[0]].schema
        return (
            isinstance(schema, dict) and not (_MAY_EMPTY & schema.keys()) and "type" in schema and bool(schema["type"])
        )

    def value(self, conjuncts: Conjunction) -> bytes | None:
        """The shortest value as JSON text without blanks, None if there is none."""
        if conjuncts in self._known:
            return self._known[conjuncts]
        group = self._closure(conjuncts)
        current: dict[Conjunction, bytes | None] = dict.fromkeys(group)
        changed = True
        while changed:
            changed = False
            for member in group:
                best = self._best(member, current)
                old = current[member]
                if best is not None and (old is None or len(best) < len(old)):
                    current[member] = best
                    changed = True
        self._known.update(current)
        return self._known[conjuncts]

    def _closure(self, conjuncts: Conjunction) -> list[Conjunction]:
        """The unknown conjunctions that a shortest value of one may contain, innermost last reversed."""
        group: dict[Conjunction, None] = {}
        waiting = [conjuncts]
        while waiting:
            one = waiting.pop()
            if one in group or one in self._known:
                continue
            group[one] = None
            for shape in self.shapes(one):
                waiting.extend(self._needs(shape))
        return list(reversed(group))

    def _needs(self, shape: Shape) -> Iterator[Conjunction]:
        if shape.types & Types.OBJECT and shape.objects:
            members = self.members(shape.objects)
            yield from (members.keys[name] for name in members.required)
            if members.fewest > len(members.required):
                yield from members.keys.values()
                yield from members.other_values()
        if shape.types & Types.ARRAY and shape.arrays:
            items = self.items(shape.arrays)
            for index in range(min(items.fewest, len(items.prefix) + 1)):
                yield items.at(index)

    def _best(self, conjuncts: Conjunction, current: dict[Conjunction, bytes | None]) -> bytes | None:
        texts = [text for shape in self.shapes(conjuncts) for text in self._texts(shape, current)]
        return min(texts, key=lambda text: (len(text), text), default=None)

    def _texts(self, shape: Shape, current: dict[Conjunction, bytes | None]) -> Iterator[bytes]:
        """The shortest value of each type of a shape."""
        for kind, text in _LITERALS:
            if shape.types & kind:
                yield text
        if shape.types & Types.NUMBER:
            number = shortest_number(shape, plain=self._plain or shape.number is NumberKind.INTEGER_LITERAL)
            if number is not None:
                yield number
        if shape.types & Types.STRING:
            string = self._strings.shortest(shape)
            if string is not None:
                yield string
        if shape.types & Types.ARRAY:
            array = self._array(self.items(shape.arrays), current)
            if array is not None:
                yield array
        if shape.types & Types.OBJECT:
            object_ = self._object(self.members(shape.objects), current)
            if object_ is not None:
                yield object_

    def others(self, members: Members, wanted: int) -> list[bytes]:
        """Short members with keys that are not declared, as many as wanted if there are so many."""
        return self._others(members, wanted, self.value)

    def _others(self, members: Members, wanted: int, value: Callable[[Conjunction], bytes | None]) -> list[bytes]:
        if wanted <= 0 or all(value(conjuncts) is None for conjuncts in members.other_values()):
            return []
        texts = []
        for name, conjuncts in islice(members.other_names(), wanted + _NAMES_TRIED):
            text = value(conjuncts)
            if text is not None:
                texts.append(quote(name) + b":" + text)
                if len(texts) == wanted and members.others is None:
                    break
        return sorted(texts, key=lambda text: (len(text), text))[:wanted]

    def names(self, conjuncts: Conjunction) -> CharDfa:
        """The strings that a conjunction allows."""
        found = self._names.get(conjuncts)
        if found is None:
            found = from_ranges([])
            for shape in self.shapes(conjuncts):
                if shape.types & Types.STRING:
                    found = union(found, self._strings.language(shape))
            self._names[conjuncts] = found
        return found

    def pattern(self, source: str, pointer: str) -> CharDfa:
        """The strings in which a pattern matches."""
        return self._strings.pattern(source, pointer)

    def _at(self, conjuncts: Conjunction, current: dict[Conjunction, bytes | None]) -> bytes | None:
        return self._known[conjuncts] if conjuncts in self._known else current[conjuncts]

    def _array(self, items: Items, current: dict[Conjunction, bytes | None]) -> bytes | None:
        if items.most is not None and items.most < items.fewest:
            return None
        texts = []
        for index in range(items.fewest):
            text = self._at(items.at(index), current)
            if text is None:
                return None
            texts.append(text)
        return b"[" + b",".join(texts) + b"]"

    def _object(self, members: Members, current: dict[Conjunction, bytes | None]) -> bytes | None:
        if members.most is not None and members.most < max(members.fewest, len(members.required)):
            return None
        texts: list[tuple[int, bytes]] = []
        optional: list[tuple[int, bytes]] = []
        for place, (name, conjuncts) in enumerate(members.keys.items()):
            value = None
            if name in members.required or members.fewest > len(members.required):
                value = self._at(conjuncts, current)
            if value is not None:
                (texts if name in members.required else optional).append((place, quote(name) + b":" + value))
            elif name in members.required:
                return None
        missing = members.fewest - len(texts)
        if missing > 0:
            others = self._others(members, missing, lambda conjuncts: self._at(conjuncts, current))
            optional.extend((len(members.keys), text) for text in others)
            if len(optional) < missing:
                return None
            texts.extend(sorted(optional, key=lambda one: (len(one[1]), one[1]))[:missing])
        return b"{" + b",".join(text for _, text in sorted(texts)) + b"}"


_MAY_EMPTY = frozenset(
    "enum const $ref allOf anyOf oneOf not minimum maximum exclusiveMinimum exclusiveMaximum pattern minLength "
    "maxLength required minProperties maxProperties minItems maxItems items "
    "format prefixItems additionalItems patternProperties propertyNames additionalProperties".split()
)
