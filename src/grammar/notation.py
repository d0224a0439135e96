"""Expressions written down: as regular expressions in Python's dialect, and as messages show them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .expression import Characters, Choice, Difference, Expression, Pattern, Reference, Repeat, Sequence, Text

__all__ = ["ONE_CHARACTER", "class_source", "described", "quantifier", "quoted", "regex_source"]

_LAST = 0x10FFFF
_SPECIAL = frozenset("\\.^$*+?{}[]|()# ")  # the last two only under the flag x

# Sources that stand for one character, so that a quantifier can follow without parentheses.
ONE_CHARACTER = re.compile(r"\[\^?(?:\\.|[^\]\\])+\]|\\[^xuUN0-9]|[^\\]", re.DOTALL)


def regex_source(expression: Expression) -> str:
    """A regular expression in Python's dialect for an expression without references."""
    match expression:
        case Text(text, ignore_case):
            source = "".join(map(_escaped_outside, text))
            return f"(?i:{source})" if ignore_case else source
        case Characters():
            return class_source(expression)
        case Pattern(source, "", _):
            return source
        case Pattern(source, flags, _):
            return f"(?{flags}:{source}\n)" if "x" in flags else f"(?{flags}:{source})"
        case Sequence(items):
            return "".join(_part(item) for item in items)
        case Choice(items):
            return "|".join(regex_source(item) for item in items)
        case Repeat(item, low, high):
            return _part(item, repeated=True) + quantifier(low, high)
        case Reference() | Difference():
            raise ValueError(f"{expression} has no regular expression of its own")


def _part(expression: Expression, *, repeated: bool = False) -> str:
    """The source of an expression, in parentheses where its neighbours would tear it apart."""
    source = regex_source(expression)
    match expression:
        case Text() if not repeated:
            return source
        case Sequence() | Repeat() if not repeated:
            return source
        case _:
            return source if ONE_CHARACTER.fullmatch(source) else f"(?:{source})"


def described(expression: Expression) -> str:
    """The expression in a notation close to that of most dialects, for messages."""
    match expression:
        case Text(text, ignore_case):
            return quoted(text) + ("i" if ignore_case else "")
        case Characters():
            return class_source(expression)
        case Pattern(source, flags, label):
            return label or f"/{source}/{flags}"
        case Reference(name):
            return name
        case Sequence(items):
            return " ".join(_grouped(item) if isinstance(item, Choice) else described(item) for item in items) or '""'
        case Choice(items):
            return " | ".join(described(item) for item in items)
        case Repeat(item, low, high):
            return _grouped(item) + quantifier(low, high)
        case Difference(kept, removed):
            return f"{_grouped(kept)} - {_grouped(removed)}"


def quoted(text: str) -> str:
    """The text in double quotes, with what cannot be seen escaped."""
    return '"' + text.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'


def quantifier(low: int, high: int | None) -> str:
    """How regular expressions write the bounds of a repetition."""
    match low, high:
        case 0, 1:
            return "?"
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case _, None:
            return f"{{{low},}}"
        case _:
            return f"{{{low}}}" if low == high else f"{{{low},{high}}}"


def _grouped(expression: Expression) -> str:
    several = isinstance(expression, Sequence | Choice | Repeat | Difference)
    return f"({described(expression)})" if several else described(expression)


def class_source(characters: Characters) -> str:
    """A regular expression for one character of the set, in Python's dialect. The empty set never matches."""
    ranges = characters.ranges
    if not ranges:
        return "(?!)"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _escaped_outside(chr(ranges[0][0]))
    if ranges == ((0, _LAST),):
        return r"[\s\S]"
    if ranges[-1][1] == _LAST:
        gaps = zip((-1, *(last for _, last in ranges)), ranges, strict=False)
        return "[^" + _ranges_source([(last + 1, first - 1) for last, (first, _) in gaps if last + 1 < first]) + "]"
    return f"[{_ranges_source(ranges)}]"


def _ranges_source(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(
        _escaped_in_class(chr(first))
        + ("" if first == last else ("-" if last > first + 1 else "") + _escaped_in_class(chr(last)))
        for first, last in ranges
    )


def _escaped_in_class(character: str) -> str:
    """The character inside a class."""
    return "\\" + character if character in "\\]^-[&~|" else _visible(character)


def _escaped_outside(character: str) -> str:
    """The character outside classes."""
    return "\\" + character if character in _SPECIAL else _visible(character)


def _visible(character: str) -> str:
    code = ord(character)
    if character.isprintable() and code != 0x7F:
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
