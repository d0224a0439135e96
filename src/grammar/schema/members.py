"""What a conjunction of subschemas says of the members of an object and the items of an array.

::

    {"properties": {"a": A}}  and  {"properties": {"b": B}, "additionalProperties": C}
        keys:        a: A and C     b: B
        additional:  C

A key that one subschema declares and another does not is additional for the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import count, islice, product
from string import ascii_letters, digits, punctuation
from typing import Protocol

from ...errors import SchemaError
from ..regex import CharDfa, complement, from_ranges, union
from .atoms import NameSet
from .document import Document, JsonValue, Subschema
from .key_language import KeyLanguage, finite_automaton, key_language
from .shapes import TUPLE, Conjunction, conjunction, count_value, is_text

__all__ = [
    "NO_MORE",
    "Further",
    "Items",
    "Label",
    "MemberSource",
    "Members",
    "NameLanguages",
    "free_names",
    "items_of",
    "labelled_others",
    "language_of",
    "members_of",
]


_NAME_LETTERS = ascii_letters + digits + "".join(mark for mark in punctuation if mark not in '"\\\\') + " "


class NameLanguages(Protocol):
    """Automata of names."""

    def pattern(self, source: str, pointer: str) -> CharDfa:
        """The names in which a pattern matches."""

    def name_set(self, names: NameSet) -> CharDfa:
        """The names of a set."""

    def names(self, conjuncts: Conjunction) -> CharDfa:
        """The strings that a conjunction allows."""


class MemberSource(Protocol):
    """What is known of the members of the objects of a document."""

    def members(self, conjuncts: Conjunction, further: Further = ...) -> Members:
        """The members of a conjunction, of those that are still to come."""

    def labelled(
        self, conjuncts: Conjunction, declared: tuple[str, ...], sets: tuple[NameSet, ...]
    ) -> KeyLanguage[Label]:
        """The keys that a conjunction does not declare, labelled by their values and by the sets they are in."""


def free_names(taken: frozenset[str] | set[str] | dict[str, Conjunction]) -> Iterator[str]:
    """Names that are not taken, shortest first; the shortest of all is empty."""
    for length in count():
        for letters in product(_NAME_LETTERS, repeat=length):
            name = "".join(letters)
            if name not in taken:
                yield name


@dataclass(frozen=True, slots=True)
class Further:
    """What is asked of the members that are still to come, besides what the subschemas say.

    Attributes:
        named: members that must be there, with what their values must be besides.
        everywhere: what the values of all members with some names must be besides.
        used: keys that are there already.
        count: how many members are there already.
        fewest: members still to come at least.
        most: members still to come at most, or None.
    """

    named: tuple[tuple[str, Conjunction], ...] = ()
    everywhere: tuple[tuple[str | NameSet, Conjunction], ...] = ()
    used: frozenset[str] = frozenset()
    count: int = 0
    fewest: int = 0
    most: int | None = None


NO_MORE = Further()
"""Nothing is asked besides."""


def language_of(names: NameSet, languages: NameLanguages) -> CharDfa:
    """The automaton of a set of names."""
    found = from_ranges([])
    for source in names.patterns:
        found = union(found, languages.pattern(source, names.pointer))
    if names.names:
        found = union(found, finite_automaton(tuple(filter(is_text, names.names))))
    if names.schema is not None:
        found = union(found, languages.names(names.schema))
    return complement(found) if names.outside else found


@dataclass(frozen=True, eq=False)
class Members:
    """The members of an object: declared keys in the schema's order, and the rest.

    Attributes:
        keys: what the values of the declared keys must be, in the schema's order.
        required: those that must be there.
        additional: what the value of any other key must be, if nothing looks at the keys.
        make_others: makes :attr:`others`, None if they are None.
        fewest: members at least.
        most: members at most, or None.
    """

    keys: dict[str, Conjunction]
    required: frozenset[str]
    additional: Conjunction
    make_others: Callable[[], KeyLanguage[Conjunction]] | None
    fewest: int
    most: int | None

    @cached_property
    def others(self) -> KeyLanguage[Conjunction] | None:
        """The other keys, if ``patternProperties`` or ``propertyNames`` look at them."""
        return None if self.make_others is None else self.make_others()

    def other_names(self, wanted: int, keep: Callable[[Conjunction], bool]) -> Iterator[tuple[str, Conjunction]]:
        """Names that are not declared, with what their values must be, shortest first, as many as wanted if there are.

        Args:
            wanted: how many.
            keep: whether a value is possible; names with others are left out.
        """
        if self.others is not None:
            return islice(self.others.kept(keep).names(wanted), wanted)
        if not keep(self.additional):
            return iter(())
        return ((name, self.additional) for name in islice(free_names(self.keys), wanted))

    def other_values(self) -> list[Conjunction]:
        """What the values of members that are not declared may have to be."""
        if self.others is None:
            return [self.additional]
        return list(dict.fromkeys(label for label in self.others.labels if label is not None))


@dataclass(frozen=True, slots=True)
class Items:
    """The items of an array: a prefix, and the rest."""

    prefix: tuple[Conjunction, ...]
    rest: Conjunction
    fewest: int
    most: int | None

    def at(self, index: int) -> Conjunction:
        """What item ``index`` must be."""
        return self.prefix[index] if index < len(self.prefix) else self.rest


def _bounds(parts: Iterable[Subschema], low: str, high: str) -> tuple[int, int | None]:
    fewest, most = 0, None
    for part in parts:
        schema = part.schema
        if isinstance(schema, bool) or (low not in schema and high not in schema):
            continue
        for keyword in (low, high):
            value = schema.get(keyword)
            if value is None:
                continue
            count = count_value(part, keyword, value)
            if keyword == low:
                fewest = max(fewest, count)
            else:
                most = count if most is None else min(most, count)
    return fewest, most


def _mapping(part: Subschema, keyword: str) -> dict[str, JsonValue]:
    value = part.schema.get(keyword, {}) if isinstance(part.schema, dict) else {}
    if not isinstance(value, dict):
        raise SchemaError(f"{keyword} is not an object", pointer=f"{part.pointer}/{keyword}", expected=["an object"])
    return value


def _required(part: Subschema) -> list[str]:
    value = part.schema.get("required", []) if isinstance(part.schema, dict) else []
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise SchemaError(
            "required is not an array of names", pointer=f"{part.pointer}/required", expected=["an array of strings"]
        )
    return value


@dataclass(frozen=True, slots=True)
class _Part:
    """What one subschema says of members. Without the subschema: what is asked besides."""

    subschema: Subschema | None
    patterns: tuple[tuple[CharDfa, Subschema], ...]
    rest: tuple[Subschema, ...]

    def of(self, document: Document, name: str) -> list[Subschema]:
        """What it says of the value of one name."""
        found = [child for automaton, child in self.patterns if automaton.accepts(name)]
        if self.subschema is not None and name in _mapping(self.subschema, "properties"):
            found.append(document.child(self.subschema, "properties", name))
        return found or list(self.rest)


def _part(document: Document, subschema: Subschema, languages: NameLanguages) -> _Part:
    patterns = tuple(
        (
            languages.pattern(source, f"{subschema.pointer}/patternProperties"),
            document.child(subschema, "patternProperties", source),
        )
        for source in _mapping(subschema, "patternProperties")
    )
    has = isinstance(subschema.schema, dict) and "additionalProperties" in subschema.schema
    rest = (document.child(subschema, "additionalProperties"),) if has else ()
    return _Part(subschema, patterns, rest)


def _parts(
    document: Document, conjuncts: Conjunction, languages: NameLanguages, further: Further
) -> tuple[list[_Part], list[CharDfa], dict[str, list[Subschema]]]:
    """What is said of members in general, what all keys must be, and what is asked of single keys besides."""
    subschemas = [document.subschemas[index] for index in dict.fromkeys(conjuncts)]
    parts = [_part(document, subschema, languages) for subschema in subschemas]
    allowed = [
        languages.names(conjunction([document.child(subschema, "propertyNames")]))
        for subschema in subschemas
        if isinstance(subschema.schema, dict) and "propertyNames" in subschema.schema
    ]
    besides: dict[str, list[Subschema]] = {}
    for name, value in (*further.named, *further.everywhere):
        meant = [document.subschemas[index] for index in value]
        if isinstance(name, str):
            besides.setdefault(name, []).extend(meant)
        else:
            parts.append(_Part(None, tuple((languages.name_set(name), one) for one in meant), ()))
    return parts, allowed, besides


def members_of(
    document: Document, conjuncts: Conjunction, languages: NameLanguages, further: Further = NO_MORE
) -> Members:
    """The members that all of some subschemas allow, of those that are still to come."""
    if further is NO_MORE and len(conjuncts) <= 1:
        if not conjuncts:
            return _ANYTHING
        subschema = document.subschemas[conjuncts[0]]
        if isinstance(subschema.schema, dict) and _NAME_KEYWORDS.isdisjoint(subschema.schema):
            return _simple_members(document, subschema, subschema.schema)
    subschemas = [document.subschemas[index] for index in dict.fromkeys(conjuncts)]
    parts, allowed, besides = _parts(document, conjuncts, languages, further)
    names: dict[str, None] = {}
    for subschema in subschemas:
        names.update(dict.fromkeys(_mapping(subschema, "properties")))
    needed = [
        *(name for subschema in subschemas for name in _required(subschema)),
        *(name for name, _ in further.named),
    ]
    names.update(dict.fromkeys(needed))
    names.update(dict.fromkeys((*besides, *sorted(further.used))))
    keys = {}
    for name in names:
        if is_text(name) and name not in further.used and all(automaton.accepts(name) for automaton in allowed):
            said = (child for part in parts for child in part.of(document, name))
            keys[name] = conjunction((*said, *besides.get(name, ())))
        else:
            keys[name] = conjunction([document.nothing()])
    rest = conjunction(child for part in parts for child in part.rest)
    looked_at = allowed or any(part.patterns for part in parts)
    others = partial(_others, parts, allowed, tuple(names)) if looked_at else None
    fewest, most = _bounds(subschemas, "minProperties", "maxProperties")
    fewest = max(fewest - further.count, further.fewest)
    bounds = [bound for bound in (None if most is None else most - further.count, further.most) if bound is not None]
    required = frozenset(needed) - further.used
    return Members(keys, required, rest, others, fewest, min(bounds, default=None))


_NAME_KEYWORDS = frozenset(("patternProperties", "propertyNames"))
_ANYTHING = Members({}, frozenset(), (), None, 0, None)


def _simple_members(document: Document, subschema: Subschema, schema: dict[str, JsonValue]) -> Members:
    """The members that one subschema allows which does not look at their names."""
    has = "additionalProperties" in schema
    rest = conjunction([document.child(subschema, "additionalProperties")]) if has else ()
    keys = {}
    for name in _mapping(subschema, "properties"):
        keys[name] = conjunction([document.child(subschema, "properties", name)])
    required = frozenset(_required(subschema))
    for name in _required(subschema):
        keys.setdefault(name, rest)
    for name in keys:
        if not name.isascii() and not is_text(name):
            keys[name] = conjunction([document.nothing()])
    fewest, most = _bounds([subschema], "minProperties", "maxProperties")
    return Members(keys, required, rest, None, fewest, most)


Label = tuple[Conjunction, frozenset[int]]
"""What the value of an undeclared key must be, and which of some sets of names the key is in."""


def _others(parts: list[_Part], allowed: list[CharDfa], declared: tuple[str, ...]) -> KeyLanguage[Conjunction]:
    """The keys that are not declared."""
    patterns = [automaton for part in parts for automaton, _ in part.patterns]
    value = _value_label(parts, len(patterns), len(allowed))
    return key_language([*patterns, *allowed, finite_automaton(declared)], value)


def labelled_others(
    document: Document,
    conjuncts: Conjunction,
    languages: NameLanguages,
    declared: tuple[str, ...],
    sets: tuple[NameSet, ...],
) -> KeyLanguage[Label]:
    """The keys that are not declared, labelled by what their values must be and by the sets of names they are in."""
    parts, allowed, _ = _parts(document, conjuncts, languages, NO_MORE)
    patterns = [automaton for part in parts for automaton, _ in part.patterns]
    value = _value_label(parts, len(patterns), len(allowed))

    def label(accepts: tuple[bool, ...]) -> Label | None:
        found = value(accepts[len(sets) :])
        return None if found is None else (found, frozenset(i for i in range(len(sets)) if accepts[i]))

    automata = [languages.name_set(names) for names in sets]
    return key_language([*automata, *patterns, *allowed, finite_automaton(declared)], label)


def _value_label(parts: list[_Part], patterns: int, allowed: int) -> Callable[[tuple[bool, ...]], Conjunction | None]:
    """What the value of a key must be by what accepts it: the patterns, what all keys must be, the declared keys."""

    def label(accepts: tuple[bool, ...]) -> Conjunction | None:
        if accepts[-1] or not all(accepts[patterns:-1]):
            return None
        holding: list[Subschema] = []
        at = 0
        for part in parts:
            matched = [child for index, (_, child) in enumerate(part.patterns, at) if accepts[index]]
            at += len(part.patterns)
            holding.extend(matched or part.rest)
        return conjunction(holding)

    return label


def _split(document: Document, part: Subschema) -> tuple[list[Subschema], list[Subschema], bool]:
    """Prefix, rest and whether the prefix is the whole array, of one subschema."""
    schema = part.schema
    if isinstance(schema, bool):
        return [], [], False
    if TUPLE in schema:
        return [document.child(part, TUPLE, index) for index in range(len(schema[TUPLE]))], [], True
    keyword = "prefixItems" if part.draft == 2020 else "items"
    after = "items" if part.draft == 2020 else "additionalItems"
    first = schema.get(keyword)
    if isinstance(first, list):
        prefix = [document.child(part, keyword, index) for index in range(len(first))]
        return prefix, [document.child(part, after)] if after in schema else [], False
    return [], [document.child(part, "items")] if "items" in schema else [], False


_ANY_ITEMS = Items((), (), 0, None)


def items_of(document: Document, conjuncts: Conjunction) -> Items:
    """The items that all of some subschemas allow."""
    if not conjuncts:
        return _ANY_ITEMS
    parts = [document.subschemas[index] for index in dict.fromkeys(conjuncts)]
    fewest, most = _bounds(parts, "minItems", "maxItems")
    split = [_split(document, part) for part in parts]
    longest = max((len(prefix) for prefix, _, _ in split), default=0)
    prefixes = []
    for index in range(longest):
        holding: list[Subschema] = []
        for prefix, rest, _ in split:
            holding.extend(prefix[index : index + 1] if index < len(prefix) else rest)
        prefixes.append(conjunction(holding))
    for prefix, _, whole in split:
        if whole:
            fewest = max(fewest, len(prefix))
            most = len(prefix) if most is None else min(most, len(prefix))
    return Items(tuple(prefixes), conjunction(s for _, rest, _ in split for s in rest), fewest, most)
