"""The best value of an unfinished JSON text.

The text is scanned once for the last *cut*: a place up to which it can be kept, and the brackets that close
it there::

    {"name": "Ada", "tags": ["x", tr          kept   {"name": "Ada", "tags": ["x"      closed by  ]}
                                 ^ cut

Strings are kept as far as they go (without half an escape), numbers as far as they are numbers; an unfinished
literal, and a member whose value has not begun, are left out.
"""

from __future__ import annotations

import re

__all__ = ["closed_prefix"]

_CHARACTERS = r'"(?:[^"\\\x00-\x1f]|\\u[0-9a-fA-F]{4}|\\["\\/bfnrt])*'
_OPEN_STRING = re.compile(_CHARACTERS)
_SCALAR = re.compile(_CHARACTERS + r'"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null')
_KEY = re.compile(_CHARACTERS + r'"[ \t\n\r]*:')
_HALF_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}$")
_SPACE = " \t\n\r"
_CLOSER = {"{": "}", "[": "]"}


def closed_prefix(text: str) -> str | None:
    """A complete JSON text made from the longest useful prefix of ``text``; None if no value has begun.

    >>> closed_prefix('{"a": [1, 2, {"b": "x')
    '{"a": [1, 2, {"b": "x"}]}'

    Whatever follows a place that cannot be JSON is ignored. O(len(text) + values x depth).
    """
    closers: list[str] = []
    cut: tuple[int, str] | None = None
    at, value_next = 0, True
    while cut is None or closers:
        at = _skip_space(text, at)
        if at == len(text):
            break
        char, top = text[at], closers[-1] if closers else ""
        if char == top:
            closers.pop()
            at, value_next = at + 1, False
        elif value_next and char in _CLOSER:
            closers.append(_CLOSER[char])
            at, value_next = at + 1, char == "["
        elif value_next:
            scalar = _SCALAR.match(text, at)
            if scalar is None:
                return _open_string(text, at, closers) if char == '"' else _closed(text, cut)
            at, value_next = scalar.end(), False
        else:
            at, value_next, separated = _separator(text, at, top)
            if not separated:
                break
            continue
        cut = at, "".join(reversed(closers))
    return _closed(text, cut)


def _separator(text: str, at: int, top: str) -> tuple[int, bool, bool]:
    """Past a comma, or a key with its colon: (place, a value comes next, there was one)."""
    if text[at] == "," and top:
        return at + 1, top == "]", True
    key = _KEY.match(text, at) if top == "}" else None
    return (at, False, False) if key is None else (key.end(), True, True)


def _open_string(text: str, at: int, closers: list[str]) -> str:
    body = _OPEN_STRING.match(text, at)
    kept = text[: len(text) if body is None else body.end()]
    half = _HALF_PAIR.search(kept, at)
    return (kept if half is None else kept[: half.end(1)]) + '"' + "".join(reversed(closers))


def _closed(text: str, cut: tuple[int, str] | None) -> str | None:
    return None if cut is None else text[: cut[0]] + cut[1]


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at
