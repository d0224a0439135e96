"""Parser of Python's ``re`` syntax (str patterns), to the tree of ``nodes.py``.

Beyond ``re``: ``\\p{...}`` and ``\\P{...}``, and lookbehinds of any width. Refused, since they denote no regular
language or would need captures: backreferences and conditionals. Language, not captures, is what counts: group names
are checked and forgotten, and it only matters inside atomic groups whether a repeat is lazy.

Flags: i m s x a u, as an argument, ``(?ims)`` in front, or scoped ``(?i-s:...)``.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from ...errors import RegexError
from .casefold import python_close
from .charset import MAX_CODE_POINT, SCALARS, CharSet, union
from .nodes import (
    EPSILON,
    Alternate,
    Atomic,
    Boundary,
    Chars,
    Concat,
    Edge,
    EdgeKind,
    Look,
    Node,
    Repeat,
    alternate,
    concat,
)
from .scanner import Scanner
from .unicode_properties import python_digits, python_spaces, python_words

__all__ = ["parse_python"]

_WHITESPACE = frozenset(" \t\n\r\v\f")
_SPECIAL = frozenset(".\\[{()*+?^$|")
_SIMPLE_ESCAPES = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_ASCII_DIGITS = CharSet.of((48, 57))
_ASCII_SPACES = CharSet.of((9, 13), (32, 32))
_ASCII_WORDS = CharSet.of((48, 57), (65, 90), (95, 95), (97, 122))
_NEWLINE = CharSet.char(10)
_NOT_NEWLINE = ~_NEWLINE
_MAX_REPEAT = 2**32 - 1
# Python 3.14 lets \B match the empty text, as other dialects always did.
_B_NEEDS_TEXT = sys.version_info < (3, 14)


class _Flags(NamedTuple):
    """The flags in force at a place of the pattern."""

    ignore_case: bool = False
    multi_line: bool = False
    dot_all: bool = False
    verbose: bool = False
    ascii_only: bool = False


_FIELD = {"i": "ignore_case", "m": "multi_line", "s": "dot_all", "x": "verbose", "a": "ascii_only", "u": "ascii_only"}


@lru_cache(maxsize=1024)
def _char_node(code_point: int, ignore_case: bool, ascii_only: bool) -> Chars:
    chars = CharSet.char(code_point)
    return Chars(python_close(chars, ascii_only) if ignore_case else chars)


class _Parser(Scanner):
    def __init__(self, text: str, flags: _Flags) -> None:
        super().__init__(text)
        self.flags = flags
        self.groups = 0
        self.closed: set[int] = set()
        self.names: dict[str, int] = {}

    def parse(self) -> Node:
        self._global_flags()
        node = self._alternation(self.flags)
        if self.at < len(self.text):
            raise self.error("unbalanced parenthesis", self.at, self.at + 1, hint=r"write \) for the character")
        return node

    def _global_flags(self) -> None:
        """Read (?ims) in front; between them comments, and under x whitespace, may stand."""
        while True:
            if self.flags.verbose:
                self._skip_verbose()
            start = self.at
            if self.text.startswith("(?#", start):
                self._comment(start)
                continue
            stop = start + 2
            while self.text[stop : stop + 1].isalpha():
                stop += 1
            if not self.text.startswith("(?", start) or self.text[stop : stop + 1] != ")" or stop == start + 2:
                return
            self.at = start + 2
            self.flags = self._set_flags(self.flags, self.text[start + 2 : stop], start, on=True)
            self.at = stop + 1

    def _set_flags(self, flags: _Flags, letters: str, start: int, *, on: bool) -> _Flags:
        if "a" in letters and "u" in letters:
            raise self.error("the flags a and u are incompatible", start)
        for letter in letters:
            field = _FIELD.get(letter)
            if field is None:
                hint = "locale-dependent matching is for bytes patterns" if letter == "L" else None
                raise self.error(f"unknown flag {letter!r}", start, expected=list(_FIELD), hint=hint)
            if letter in "au":
                if not on:
                    raise self.error("the flags a and u cannot be turned off", start)
                flags = flags._replace(ascii_only=letter == "a")
            else:
                flags = flags._replace(**{field: on})
        return flags

    def _comment(self, start: int) -> None:
        if self.text.find(")", self.at) < 0:
            raise self.error("missing ), unterminated comment", start, len(self.text), expected=[")"])
        self.until(")", "comment")

    def _skip_verbose(self) -> None:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "#":
                stop = self.text.find("\n", self.at)
                self.at = len(self.text) if stop < 0 else stop + 1
            elif char in _WHITESPACE:
                self.at += 1
            else:
                return

    def _alternation(self, flags: _Flags) -> Node:
        branches = [self._sequence(flags)]
        while self.take("|"):
            branches.append(self._sequence(flags))
        return alternate(branches)

    def _sequence(self, flags: _Flags) -> Node:
        parts: list[Node] = []
        repeatable = False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "|)":
                break
            if flags.verbose and (char in _WHITESPACE or char == "#"):
                self._skip_verbose()
                continue
            start = self.at
            if char in "*+?{":
                bounds = self._quantifier()
                if bounds is not None:
                    if not repeatable:
                        again = bool(parts) and isinstance(parts[-1], Repeat | Atomic) and start > 0
                        what = "multiple repeat" if again else "nothing to repeat"
                        raise self.error(what, start, hint="put the repeated part into a group (?:...)")
                    parts[-1] = self._repeat(parts[-1], *bounds, start)
                    repeatable = False
                    continue
                self.at = start + 1
                parts.append(_char_node(ord(char), flags.ignore_case, flags.ascii_only))
                repeatable = True
                continue
            self.at += 1
            node = self._atom(char, start, flags)
            if node is not None:
                parts.append(node)
                # re refuses to repeat its own position assertions, but not groups that hold one.
                repeatable = not (char in "^$" or (char == "\\" and self.text[start + 1] in "AZbB"))
        return concat(parts)

    def _quantifier(self) -> tuple[int, int | None] | None:
        """Bounds of the quantifier that comes next; None if its brace is an ordinary character."""
        char = self.text[self.at]
        start = self.at
        self.at += 1
        if char != "{":
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        if self.peek() == "}":
            return None
        low = self.decimal()
        high = low
        if self.take(","):
            high = self.decimal()
        elif low is None:
            return None
        if not self.take("}"):
            return None
        if max(low or 0, high or 0) >= _MAX_REPEAT:
            raise self.error("the repetition number is too large", start)
        if high is not None and (low or 0) > high:
            raise self.error("min repeat greater than max repeat", start)
        return low or 0, high

    def _repeat(self, body: Node, low: int, high: int | None, start: int) -> Node:
        if self.take("+"):
            return Atomic(Repeat(body, low, high, lazy=False), self.span(start, self.at))
        return Repeat(body, low, high, lazy=self.take("?"))

    def _atom(self, char: str, start: int, flags: _Flags) -> Node | None:
        """The node of what began with ``char`` at ``start``; None for a comment."""
        if char not in _SPECIAL:
            return _char_node(ord(char), flags.ignore_case, flags.ascii_only)
        if char == "\\":
            return self._escape(start, flags)
        if char == "[":
            return self._char_class(start, flags)
        if char == "(":
            return self._group(start, flags)
        if char == ".":
            return Chars(SCALARS if flags.dot_all else _NOT_NEWLINE)
        if char == "^":
            if flags.multi_line:
                return Alternate((Edge(EdgeKind.BEGIN), Look(Chars(_NEWLINE), behind=True, negative=False)))
            return Edge(EdgeKind.BEGIN)
        if flags.multi_line:
            return Alternate((Edge(EdgeKind.END), Look(Chars(_NEWLINE), behind=False, negative=False)))
        return Edge(EdgeKind.DOLLAR)

    def _group(self, start: int, flags: _Flags) -> Node | None:
        if not self.take("?"):
            return self._capture(start, flags, None)
        if self.take("P"):
            return self._named(start, flags)
        if self.take(":"):
            return self._body(start, flags)
        if self.take("#"):
            self._comment(start)
            return None
        if self.take(">"):
            body = self._body(start, flags)
            return Atomic(body, self.span(start, self.at))
        for token, behind, negative in (("=", 0, 0), ("!", 0, 1), ("<=", 1, 0), ("<!", 1, 1)):
            if self.take(token):
                return Look(self._body(start, flags), bool(behind), bool(negative))
        if self.take("("):
            self.until(")", "group name")
            raise self.error(
                "a conditional group needs captures",
                start,
                hint="write both cases as alternatives, each with its condition",
            )
        return self._body(start, self._scoped_flags(start, flags))

    def _scoped_flags(self, start: int, flags: _Flags) -> _Flags:
        begin = self.at
        while self.peek().isalpha() or self.peek() == "-":
            self.at += 1
        letters, minus, off = self.text[begin : self.at].partition("-")
        if self.at == begin or (minus and not off):
            stop = min(self.at + 1, len(self.text))
            raise self.error(f"unknown extension {self.text[start + 1 : stop]}", start, stop)
        flags = self._set_flags(flags, letters, start, on=True)
        flags = self._set_flags(flags, off, start, on=False)
        if set(letters) & set(off):
            raise self.error("a flag is turned on and off", start)
        if not minus and self.peek() == ")":
            raise self.error(
                "global flags not at the start of the expression",
                start,
                self.at + 1,
                hint="use a scoped group (?i:...)",
            )
        if not self.take(":"):
            raise self.error("malformed flags", start, expected=[":"])
        return flags

    def _named(self, start: int, flags: _Flags) -> Node:
        if self.take("<"):
            name = self._name(">", start)
            if name in self.names:
                raise self.error(f"the group name {name!r} is used twice", start)
            return self._capture(start, flags, name)
        if self.take("="):
            name = self._name(")", start)
            if name not in self.names:
                raise self.error(f"unknown group name {name!r}", start, expected=list(self.names))
            raise self.refuse_backreference(start)
        raise self.error(f"unknown extension ?P{self.peek()}", start, expected=["(?P<name>", "(?P=name)"])

    def _name(self, end: str, start: int) -> str:
        name = self.until(end, "group name")
        if not name.isidentifier():
            raise self.error(f"bad group name {name!r}", start, expected=["an identifier"])
        return name

    def _capture(self, start: int, flags: _Flags, name: str | None) -> Node:
        self.groups += 1
        number = self.groups
        if name is not None:
            self.names[name] = number
        node = self._body(start, flags)
        self.closed.add(number)
        return node

    def _body(self, start: int, flags: _Flags) -> Node:
        self.enter(start)
        node = self._alternation(flags)
        if not self.take(")"):
            raise self.error("missing ), unterminated group", start, start + 1, expected=[")"])
        self.depth -= 1
        return node

    def _escape(self, start: int, flags: _Flags) -> Node:
        char = self.peek()
        if char in "123456789" and char:
            return self._octal_or_reference(start, flags)
        self.at += 1
        if char == "A":
            return Edge(EdgeKind.BEGIN)
        if char == "Z":
            return Edge(EdgeKind.END)
        if char in "bB" and char:
            words = _ASCII_WORDS if flags.ascii_only else python_words()
            return Boundary(words, char == "B", _B_NEEDS_TEXT)
        value = self._escaped(char, start, flags)
        if isinstance(value, CharSet):
            return Chars(value)
        return _char_node(value, flags.ignore_case, flags.ascii_only)

    def _octal_or_reference(self, start: int, flags: _Flags) -> Node:
        digits = self.text[self.at : self.at + 3]
        if len(digits) == 3 and all(d in "01234567" for d in digits):
            self.at += 3
            value = int(digits, 8)
            if value > 0o377:
                raise self.error("octal escape outside of 0 to 0o377", start)
            return _char_node(value, flags.ignore_case, flags.ascii_only)
        self.at += 2 if digits[1:2].isdigit() and digits[1:2].isascii() else 1
        number = int(self.text[start + 1 : self.at])
        if number > self.groups:
            raise self.error(f"invalid group reference {number}", start)
        if number not in self.closed:
            raise self.error("cannot refer to an open group", start)
        raise self.refuse_backreference(start)

    def _escaped(self, char: str, start: int, flags: _Flags) -> int | CharSet:
        """What ``\\char`` stands for, in or outside of a class; the cursor is behind it."""
        simple = _SIMPLE_ESCAPES.get(char)
        if simple is not None:
            return simple
        if char in "dDsSwW" and char:
            chars = _category(char.lower(), flags.ascii_only)
            return chars if char.islower() else ~chars
        if char in "pP" and char:
            chars = self.property_escape(start)
            return chars if char == "p" else ~chars
        if char in "xuU" and char:
            value = self.hex_digits({"x": 2, "u": 4, "U": 8}[char])
            if value is None or value > MAX_CODE_POINT:
                raise self.error(f"incomplete escape \\{char}", start, expected=[r"\xhh", r"\uhhhh", r"\Uhhhhhhhh"])
            return value
        if char == "N":
            return self._character_name(start)
        if char in "01234567" and char:
            stop = self.at
            while stop < self.at + 2 and self.text[stop : stop + 1] in set("01234567"):
                stop += 1
            value = int(self.text[self.at - 1 : stop], 8)
            self.at = stop
            if value > 0o377:
                raise self.error("octal escape outside of 0 to 0o377", start)
            return value
        if not char:
            raise self.error("a backslash ends the pattern", start, hint=r"write \\ for the character")
        if char.isascii() and char.isalnum():
            raise self.error(f"bad escape \\{char}", start)
        return ord(char)

    def _character_name(self, start: int) -> int:
        if not self.take("{"):
            raise self.error(r"\N needs a character name in braces", start, expected=[r"\N{NAME}"])
        name = self.until("}", "character name")
        try:
            found = unicodedata.lookup(name)
        except KeyError:
            found = ""
        if len(found) != 1:
            raise self.error(f"undefined character name {name!r}", start)
        return ord(found)

    def _char_class(self, start: int, flags: _Flags) -> Node:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        categories: list[CharSet] = []
        first = True
        while first or not self.take("]"):
            first = False
            item_start = self.at
            low = self._class_item(start, flags)
            if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                high = self._class_item(start, flags)
                if isinstance(low, CharSet) or isinstance(high, CharSet) or high < low:
                    raise self.error(f"bad character range {self.text[item_start : self.at]}", item_start)
                ranges.append((low, high))
            elif isinstance(low, CharSet):
                categories.append(low)
            else:
                ranges.append((low, low))
        chars = CharSet.of(*ranges)
        if flags.ignore_case:
            chars = python_close(chars, flags.ascii_only)
        if categories:
            chars = union([chars, *categories])
        return Chars(~chars if negated else chars)

    def _class_item(self, start: int, flags: _Flags) -> int | CharSet:
        char = self.peek()
        if not char:
            raise self.error("unterminated character class", start, start + 1, expected=["]"])
        self.at += 1
        if char != "\\":
            return ord(char)
        char = self.peek()
        self.at += 1
        if char == "b":
            return 8
        return self._escaped(char, self.at - 2, flags)


def _category(letter: str, ascii_only: bool) -> CharSet:
    if letter == "d":
        return _ASCII_DIGITS if ascii_only else python_digits()
    if letter == "s":
        return _ASCII_SPACES if ascii_only else python_spaces()
    return _ASCII_WORDS if ascii_only else python_words()


def parse_python(pattern: str, flags: str = "") -> Node:
    """Parse a pattern of Python's ``re``.

    Args:
        pattern: the source text.
        flags: letters of i m s x a u.

    Raises:
        RegexError: malformed, or not regular; with the place and a hint.
    """
    state = _Flags()
    for letter in flags:
        field = _FIELD.get(letter)
        if field is None:
            raise RegexError(f"unknown flag {letter!r}", expected=list(_FIELD))
        state = state._replace(**{field: letter != "u"})
    node = _Parser(pattern, state).parse()
    return node if node != Concat(()) else EPSILON
