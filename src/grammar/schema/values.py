r"""JSON equality: texts that stand for the same value, as one key.

::

    {"b": [1.0, "\u0061"], "a": -0}   ->   {"a":0,"b":[1e0,"a",],}   <-   {"a":0e7,"b":[10e-1,"a"]}

Numbers are equal by value, however large their exponents are; strings by code points; objects without regard to order.
Nothing here recurses: texts may be nested deeply.
"""

from __future__ import annotations

import json
import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from itertools import pairwise

from ...errors import LimitError
from .document import JsonValue

__all__ = ["canonical", "to_json"]

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[-0-9][-+.0-9eE]*|[\[\]{}]|null|true|false')
_NUMBER = re.compile(rb"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([-+]?[0-9]+))?")
_LITERALS: dict[bytes, JsonValue] = {b"null": None, b"true": True, b"false": False}


def canonical(text: bytes) -> bytes:
    """The key of the value of a JSON text: equal for equal values, different for different ones.

    O(n log n), times the depth of objects in each other whose members are not in the order of their names.

    Args:
        text: a JSON text that is known to be right.
    """
    pieces: list[bytes] = []
    stack: list[tuple[int, list[tuple[bytes, int]] | None]] = []
    named = False  # the name of a member was read, its value was not
    for token in _TOKEN.findall(text):
        if token == b"{" or token == b"[":
            pieces.append(token)
            stack.append((len(pieces), [] if token == b"{" else None))
        elif token == b"}" or token == b"]":
            start, members = stack.pop()
            _sort_members(pieces, start, members or [])
            pieces.append(token + b",")
        elif token[0] != 0x22:
            pieces.append((token if token in _LITERALS else _number(token)) + b",")
        else:
            string = json.dumps(json.loads(token)).encode()
            if not named and stack and (members := stack[-1][1]) is not None:
                members.append((string, len(pieces)))
                pieces.append(string + b":")
                named = True
                continue
            pieces.append(string + b",")
        named = False
    return b"".join(pieces)


def _sort_members(pieces: list[bytes], start: int, members: list[tuple[bytes, int]]) -> None:
    """Put ``pieces[start:]``, members that begin at the given places, in the order of their names."""
    if all(one < other for (one, _), (other, _) in pairwise(members)):
        return
    ends = [*(begin for _, begin in members[1:]), len(pieces)]
    spans = sorted((name, begin, end) for (name, begin), end in zip(members, ends, strict=True))
    pieces[start:] = [piece for _, begin, end in spans for piece in pieces[begin:end]]


def _number(token: bytes) -> bytes:
    """A number as its sign, its significant digits, and the exponent behind them: ``-12.50e3`` is ``-125e2``."""
    found = _NUMBER.fullmatch(token)
    if found is None:
        raise ValueError(f"{token!r} is no number of JSON")
    sign, whole, fraction, exponent = found.groups(default=b"")
    digits = (whole + fraction).lstrip(b"0")
    significant = digits.rstrip(b"0")
    if not significant:
        return b"0"
    shift = len(digits) - len(significant) - len(fraction)
    context = Context(prec=len(exponent) + len(str(shift)) + 1, Emax=MAX_EMAX, Emin=MIN_EMIN)
    power = context.add(Decimal((exponent or b"0").decode()), Decimal(shift))  # of any number of digits, in linear time
    return sign + significant + f"e{power:f}".encode()


def to_json(text: bytes) -> JsonValue:
    """The value of a JSON text, its numbers exact.

    Args:
        text: a JSON text that is known to be right.

    Raises:
        LimitError: the exponent of a number is beyond those of :class:`decimal.Decimal`.
    """
    found: JsonValue = None
    stack: list[list[JsonValue] | dict[str, JsonValue]] = []
    names: list[str | None] = []
    for token in _TOKEN.findall(text):
        if token == b"}" or token == b"]":
            stack.pop()
            names.pop()
            continue
        inside = stack[-1] if stack else None
        if isinstance(inside, dict) and names[-1] is None:
            names[-1] = json.loads(token)
            continue
        value = _value(token)
        if isinstance(inside, list):
            inside.append(value)
        elif inside is not None and (name := names[-1]) is not None:
            inside[name] = value
            names[-1] = None
        else:
            found = value
        if isinstance(value, (list, dict)):
            stack.append(value)
            names.append(None)
    return found


def _value(token: bytes) -> JsonValue:
    """The value of a scalar, or an empty container at its opening bracket."""
    if token == b"{":
        return {}
    if token == b"[":
        return []
    if token[0] == 0x22:
        return str(json.loads(token))
    if token in _LITERALS:
        return _LITERALS[token]
    if _number(token) == b"0":
        return Decimal(0)
    value = Decimal(token.decode(), Context(prec=1, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[]))
    if not value.is_finite():
        raise LimitError(
            "the exponent of a number is too large to be remembered", expected=[f"at most {MAX_EMAX:,} either way"]
        )
    return value
