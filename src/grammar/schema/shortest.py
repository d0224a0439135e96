"""The shortest value of a conjunction, and with it satisfiability: a conjunction without one is empty.

A value is finite, so this is a *least* fixpoint: ``{"required": ["a"], "properties": {"a": {"$ref": "#"}}}`` has none.
Only what a shortest value needs is looked at (required members, the fewest items). Rounds over the conjunctions that
depend on each other are repeated until nothing changes, in the manner of Knuth, *A generalization of Dijkstra's
algorithm* (1977).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterator
from functools import cached_property

from ...kernels.opcodes import NumberKind
from ..regex import CharDfa, from_ranges, union
from .atoms import NameSet
from .document import Document
from .key_language import KeyLanguage
from .members import NO_MORE, Further, Items, Label, Members, items_of, labelled_others, language_of, members_of
from .merge import Merger
from .numbers import shortest_number
from .plainly import Plainly
from .residuals import WAYS, Residuals
from .shapes import Conjunction, Shape, Types
from .strings import StringLanguages, quote
from .weak_methods import weakly
from .witnesses import Witnesses

__all__ = ["Shortest"]

_LITERALS = ((Types.NULL, b"null"), (Types.TRUE, b"true"), (Types.FALSE, b"false"))


_DEEPEST = 8
"""Questions within each other, whether alternatives have values, up to which they are looked into."""


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
        ordered: keys in the schema's order.
    """

    def __init__(
        self, document: Document, strings: StringLanguages, *, plain: bool = False, ordered: bool = False
    ) -> None:
        self._document = document
        self._plain = plain
        self._strings = strings
        self._known: dict[Conjunction, bytes | None] = {(): b"0"}
        self._witnesses = Witnesses(document)
        self._plainly = Plainly(document)
        self._merger = Merger(document, strings, weakly(self._possible))
        self._merging: set[Conjunction] = set()
        self._depth = 0
        self._names: dict[Conjunction, CharDfa] = {}
        self._shapes: dict[Conjunction, list[Shape]] = {}
        self._members: dict[tuple[Conjunction, Further], Members] = {}
        self._items: dict[Conjunction, Items] = {}
        self._labelled: dict[tuple[object, ...], KeyLanguage[Label]] = {}
        self._name_sets: dict[NameSet, CharDfa] = {}
        self._missing: dict[Conjunction, None] = {}
        self._ordered = ordered

    @cached_property
    def residuals(self) -> Residuals:
        """Finishes objects and arrays of which clauses must hold."""
        return Residuals(self._document, weakref.proxy(self), ordered=self._ordered)

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
        """True if some value has a shape, or if that depends on a conjunction that is being merged.

        Asked in the middle of merging, which may ask again; so deep down that it is not worth it, the answer is True.
        """
        if self._depth >= _DEEPEST:
            return True
        self._depth += 1
        try:
            return next(self._texts(shape, _Values(self), ways=1), None) is not None
        except _MergingError:
            return True
        finally:
            self._depth -= 1

    def members(self, conjuncts: Conjunction, further: Further = NO_MORE) -> Members:
        """The members of objects of a conjunction, of those that are still to come, memoised."""
        key = (conjuncts, further)
        found = self._members.get(key)
        if found is None:
            found = self._members[key] = members_of(self._document, conjuncts, self, further)
        return found

    def labelled(
        self, conjuncts: Conjunction, declared: tuple[str, ...], sets: tuple[NameSet, ...]
    ) -> KeyLanguage[Label]:
        """The keys that are not declared, labelled by their values and by the sets of names they are in, memoised."""
        key = (conjuncts, declared, sets)
        found = self._labelled.get(key)
        if found is None:
            found = labelled_others(self._document, conjuncts, self, declared, sets)
            self._labelled[key] = found
        return found

    def name_set(self, names: NameSet) -> CharDfa:
        """The names of a set."""
        found = self._name_sets.get(names)
        if found is None:
            found = self._name_sets[names] = language_of(names, self)
        return found

    def items(self, conjuncts: Conjunction) -> Items:
        """The items of arrays of a conjunction, memoised."""
        found = self._items.get(conjuncts)
        if found is None:
            found = self._items[conjuncts] = items_of(self._document, conjuncts)
        return found

    def satisfiable(self, conjuncts: Conjunction) -> bool:
        """True if some value satisfies a conjunction."""
        if not conjuncts:
            return True
        subschemas = self._document.subschemas
        shared = -1
        for index in conjuncts:
            if subschemas[index].schema is False:
                return False
            shared &= self._witnesses.accept(subschemas[index])
        if shared or (len(conjuncts) == 1 and self._plainly.satisfiable(subschemas[conjuncts[0]])):
            return True
        return self.value(conjuncts) is not None

    def value(self, conjuncts: Conjunction) -> bytes | None:
        """The shortest value as JSON text without blanks, None if there is none."""
        if conjuncts in self._known:
            return self._known[conjuncts]
        if self._document.contradictory(conjuncts):
            return None
        group = self._closure(conjuncts)
        current: dict[Conjunction, bytes | None] = dict.fromkeys(group)
        changed = True
        while changed or self._missing:
            changed = self._discover(current)
            for member in reversed(current):
                best = self._best(member, current)
                old = current[member]
                if best is not None and (old is None or len(best) < len(old)):
                    current[member] = best
                    changed = True
        self._known.update(current)
        return self._known[conjuncts]

    def _discover(self, current: dict[Conjunction, bytes | None]) -> bool:
        """Add the conjunctions that were asked for and are not among the current ones; True if there are any."""
        found = False
        while self._missing:
            for member in self._closure(self._missing.popitem()[0]):
                found = found or member not in current
                current.setdefault(member, None)
        return found

    def _closure(self, conjuncts: Conjunction) -> list[Conjunction]:
        """The unknown conjunctions that a shortest value of one may contain, outermost first."""
        group: dict[Conjunction, None] = {}
        waiting = [conjuncts]
        while waiting:
            one = waiting.pop()
            if one in group or one in self._known:
                continue
            group[one] = None
            for shape in self.shapes(one):
                waiting.extend(self._needs(shape))
        return list(group)

    def _needs(self, shape: Shape) -> Iterator[Conjunction]:
        if shape.types & Types.OBJECT and shape.objects and not shape.object_clauses:
            members = self.members(shape.objects)
            yield from (members.keys[name] for name in members.required)
            if members.fewest > len(members.required):
                yield from members.keys.values()
                yield from members.other_values()
        if shape.types & Types.ARRAY and shape.arrays and not shape.array_clauses:
            items = self.items(shape.arrays)
            for index in range(min(items.fewest, len(items.prefix) + 1)):
                yield items.at(index)

    def _best(self, conjuncts: Conjunction, current: dict[Conjunction, bytes | None]) -> bytes | None:
        texts = [text for shape in self.shapes(conjuncts) for text in self._texts(shape, current)]
        return min(texts, key=lambda text: (len(text), text), default=None)

    def _texts(self, shape: Shape, current: dict[Conjunction, bytes | None], ways: int = WAYS) -> Iterator[bytes]:
        """The shortest value of each type of a shape, of so many ways to make objects with clauses."""
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
            array = self._array(shape, current)
            if array is not None:
                yield array
        if shape.types & Types.OBJECT:
            object_ = self._object(shape, current, ways)
            if object_ is not None:
                yield object_

    def others(self, members: Members, wanted: int, used: Collection[str | None] = ()) -> list[bytes]:
        """Short members with keys that are neither declared nor used, as many as wanted if there are so many.

        Args:
            members: of which object.
            wanted: how many.
            used: keys; None for one that is not known: so many of the shortest members are left out.
        """
        unknown = sum(name is None for name in used)
        return self._others(members, wanted + unknown, self.value, used)[unknown:] if wanted > 0 else []

    def _others(
        self,
        members: Members,
        wanted: int,
        value: Callable[[Conjunction], bytes | None],
        used: Collection[str | None] = (),
    ) -> list[bytes]:
        if wanted <= 0:
            return []
        texts = []
        taken = set(used)
        names = members.other_names(wanted + len(taken), lambda conjuncts: value(conjuncts) is not None)
        for name, conjuncts in names:
            text = value(conjuncts) if name not in taken else None
            if text is not None:
                texts.append(quote(name) + b":" + text)
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
        if conjuncts in self._known:
            return self._known[conjuncts]
        if self._document.contradictory(conjuncts):
            return None
        try:
            return current[conjuncts]
        except KeyError:
            self._missing[conjuncts] = None
            return None

    def _array(self, shape: Shape, current: dict[Conjunction, bytes | None]) -> bytes | None:
        items = self.items(shape.arrays)
        if shape.array_clauses:
            state = self.residuals.arrays.start(shape.arrays, shape.array_clauses)
            rest = self.residuals.array_text(state, lambda conjuncts: self._at(conjuncts, current))
            return None if rest is None else b"[" + rest + b"]"
        if items.most is not None and items.most < items.fewest:
            return None
        texts = []
        for index in range(items.fewest):
            text = self._at(items.at(index), current)
            if text is None:
                return None
            texts.append(text)
        return b"[" + b",".join(texts) + b"]"

    def _object(self, shape: Shape, current: dict[Conjunction, bytes | None], ways: int) -> bytes | None:
        def at(conjuncts: Conjunction) -> bytes | None:
            return self._at(conjuncts, current)

        if shape.object_clauses:
            state = self.residuals.objects.start(shape.objects, shape.object_clauses)
            rest = self.residuals.object_text(state, state.used, at, ways=ways)
        else:
            rest = self.object_text(self.members(shape.objects), at)
        return None if rest is None else b"{" + rest + b"}"

    def object_text(self, members: Members, at: Callable[[Conjunction], bytes | None]) -> bytes | None:
        """The shortest members of an object, without the braces; None if there are none."""
        if members.most is not None and members.most < max(members.fewest, len(members.required)):
            return None
        texts: list[tuple[int, bytes]] = []
        optional: list[tuple[int, bytes]] = []
        for place, (name, conjuncts) in enumerate(members.keys.items()):
            value = None
            if name in members.required or members.fewest > len(members.required):
                value = at(conjuncts)
            if value is not None:
                (texts if name in members.required else optional).append((place, quote(name) + b":" + value))
            elif name in members.required:
                return None
        missing = members.fewest - len(texts)
        if missing > 0:
            others = self._others(members, missing, at)
            optional.extend((len(members.keys), text) for text in others)
            if len(optional) < missing:
                return None
            texts.extend(sorted(optional, key=lambda one: (len(one[1]), one[1]))[:missing])
        return b",".join(text for _, text in sorted(texts))
