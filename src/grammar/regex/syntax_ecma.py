"""Parser of ECMA-262 patterns, to the tree of ``nodes.py``: the syntax of the flag u first, then that of Annex B.

JSON Schema says that patterns *should* be read with the flag u, and writes patterns that only Annex B allows (such as
``[\\w-.]`` or ``\\-``). So a pattern that u refuses is parsed again by Annex B's grammar. In both, characters are code
points, and ``\\p{...}`` and ``\\u{...}`` keep their u meaning: in the fall-back, they would be silent mistakes.

Refused: backreferences (not regular), and the flag v.
"""

from __future__ import annotations

from typing import NamedTuple

from ...errors import RegexError
from .casefold import ecma_close
from .charset import MAX_CODE_POINT, SCALARS, CharSet, union
from .nodes import (
    Alternate,
    Boundary,
    Chars,
    Edge,
    EdgeKind,
    Look,
    Node,
    Repeat,
    alternate,
    concat,
)
from .scanner import Scanner

__all__ = ["parse_ecma"]

_DIGITS = CharSet.of((48, 57))
_WORDS = CharSet.of((48, 57), (65, 90), (95, 95), (97, 122))
_SPACES = CharSet.of(
    (9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
_LINE_ENDS = CharSet.of((10, 10), (13, 13), (0x2028, 0x2029))
_NOT_LINE_ENDS = ~_LINE_ENDS
_CONTROLS = {"f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_SYNTAX_CHARS = frozenset("^$\\.*+?()[]{}|/")
_OCTAL = frozenset("01234567")
_FIELD = {"i": "ignore_case", "m": "multi_line", "s": "dot_all"}
_NO_EFFECT = frozenset("dgyu")


class _Flags(NamedTuple):
    """The flags in force at a place of the pattern."""

    ignore_case: bool = False
    multi_line: bool = False
    dot_all: bool = False


class _Parser(Scanner):
    def __init__(self, text: str, flags: _Flags, *, strict: bool) -> None:
        super().__init__(text)
        self.flags = flags
        self.strict = strict

    def parse(self) -> Node:
        node = self._alternation(self.flags)
        if self.at < len(self.text):
            raise self.error("unbalanced parenthesis", self.at, self.at + 1, hint=r"write \) for the character")
        return node

    def _alternation(self, flags: _Flags) -> Node:
        branches = [self._sequence(flags)]
        while self.take("|"):
            branches.append(self._sequence(flags))
        return alternate(branches)

    def _sequence(self, flags: _Flags) -> Node:
        parts: list[Node] = []
        text, size = self.text, len(self.text)
        while self.at < size:
            char = text[self.at]
            if char in "|)":
                break
            start = self.at
            self.at += 1
            node = self._atom(char, start, flags)
            if self.at < size and text[self.at] in "*+?{":
                node = self._quantified(node, start)
            parts.append(node)
        return concat(parts)

    def _quantified(self, node: Node, start: int) -> Node:
        """The atom that began at ``start``, repeated by the quantifier that comes next, if it is one."""
        at = self.at
        bounds = self._quantifier()
        if bounds is None:
            if self.strict:
                raise self.error("incomplete quantifier", at, at + 1, hint=r"write \{ for the character")
            return node
        fixed = ("^", "$", "\\b", "\\B", "(?<=", "(?<!", *(("(?=", "(?!") if self.strict else ()))
        if self.text.startswith(fixed, start):
            raise self.error("an assertion cannot be repeated", start)
        lazy = self.take("?")
        if self.peek() in ("*", "+", "?"):
            raise self.error(
                "nothing to repeat", self.at, self.at + 1, hint="put the repeated part into a group (?:...)"
            )
        return Repeat(node, *bounds, lazy=lazy)

    def _quantifier(self) -> tuple[int, int | None] | None:
        """Bounds of the quantifier that comes next; None, and nothing read, if its brace begins none."""
        start = self.at
        char = self.text[start]
        self.at += 1
        if char != "{":
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        low = self.decimal()
        high = low
        if low is not None and self.take(","):
            high = self.decimal()
        if low is None or not self.take("}"):
            self.at = start
            return None
        if high is not None and low > high:
            raise self.error("numbers out of order in a quantifier", start)
        return low, high

    def _atom(self, char: str, start: int, flags: _Flags) -> Node:
        if char == "\\":
            return self._escape(start, flags)
        if char == "[":
            return self._char_class(start, flags)
        if char == "(":
            return self._group(start, flags)
        if char == ".":
            return Chars(SCALARS if flags.dot_all else _NOT_LINE_ENDS)
        if char in "^$":
            edge = Edge(EdgeKind.BEGIN if char == "^" else EdgeKind.END)
            if flags.multi_line:
                return Alternate((edge, Look(Chars(_LINE_ENDS), behind=char == "^", negative=False)))
            return edge
        if char in "*+?":
            raise self.error("nothing to repeat", start, hint=f"write \\{char} for the character")
        if char in "{}]":
            self._lone_bracket(char, start)
        return self._char(ord(char), flags)

    def _lone_bracket(self, char: str, start: int) -> None:
        if self.strict:
            raise self.error(f"lone {char}", start, hint=f"write \\{char} for the character")
        if char == "{":
            self.at = start
            if self._quantifier() is not None:
                raise self.error("nothing to repeat", start, hint=r"write \{ for the character")
            self.at = start + 1

    def _char(self, code_point: int, flags: _Flags) -> Node:
        chars = CharSet.char(code_point)
        return Chars(ecma_close(chars, self.strict) if flags.ignore_case else chars)

    def _group(self, start: int, flags: _Flags) -> Node:
        if not self.take("?"):
            return self._body(start, flags)
        if self.take(":"):
            return self._body(start, flags)
        for token, behind, negative in (("=", 0, 0), ("!", 0, 1), ("<=", 1, 0), ("<!", 1, 1)):
            if self.take(token):
                return Look(self._body(start, flags), bool(behind), bool(negative))
        if self.take("<"):
            name = self.until(">", "group name")
            if not name.replace("$", "_").isidentifier():
                raise self.error(f"bad group name {name!r}", start, expected=["an identifier"])
            return self._body(start, flags)
        return self._body(start, self._modifiers(start, flags))

    def _modifiers(self, start: int, flags: _Flags) -> _Flags:
        """The flags of a group (?ims-ims:...)."""
        begin = self.at
        while self.peek() in _FIELD or self.peek() == "-":
            self.at += 1
        on, _, off = self.text[begin : self.at].partition("-")
        letters = on + off
        if not letters or "-" in off or len(set(letters)) < len(letters) or not self.take(":"):
            stop = min(self.at + 1, len(self.text))
            raise self.error(
                f"invalid group {self.text[start:stop]}", start, stop,
                expected=["(?:", "(?=", "(?!", "(?<=", "(?<!", "(?<name>", "(?ims-ims:"],
            )  # fmt: skip
        for letter in on:
            flags = flags._replace(**{_FIELD[letter]: True})
        for letter in off:
            flags = flags._replace(**{_FIELD[letter]: False})
        return flags

    def _body(self, start: int, flags: _Flags) -> Node:
        self.enter(start)
        node = self._alternation(flags)
        if not self.take(")"):
            raise self.error("missing ), unterminated group", start, start + 1, expected=[")"])
        self.depth -= 1
        return node

    def _escape(self, start: int, flags: _Flags) -> Node:
        char = self.peek()
        if char in ("b", "B"):
            self.at += 1
            words = ecma_close(_WORDS, True) if flags.ignore_case and self.strict else _WORDS
            return Boundary(words, char == "B", never_empty=False)
        if char == "k" and (self.strict or self._count_groups(named=True)):
            self.at += 1
            if not self.take("<"):
                raise self.error("invalid named reference", start, expected=[r"\k<name>"])
            self.until(">", "group name")
            raise self.refuse_backreference(start)
        if char and char in "123456789":
            self._reference(start)
        value = self._escaped(start, flags, in_class=False)
        if isinstance(value, CharSet):
            return Chars(ecma_close(value, self.strict) if flags.ignore_case else value)
        return self._char(value, flags)

    def _reference(self, start: int) -> None:
        """Refuse ``\\N`` if it is a backreference; Annex B reads it as an octal escape if there is no such group."""
        begin = self.at
        number = self.decimal() or 0
        groups = self._count_groups()
        if number <= groups:
            raise self.refuse_backreference(start)
        if self.strict:
            raise self.error(f"reference to group {number}, but there are {groups}", start)
        self.at = begin

    def _count_groups(self, *, named: bool = False) -> int:
        """The number of groups in the pattern that capture, or of those that have a name."""
        count = 0
        at = 0
        in_class = False
        text = self.text
        while at < len(text):
            char = text[at]
            if char == "\\":
                at += 1
            elif char == "[":
                in_class = True
            elif char == "]":
                in_class = False
            elif char == "(" and not in_class:
                has_name = text.startswith("(?<", at) and text[at + 3 : at + 4] not in ("=", "!")
                count += has_name or not (named or text.startswith("(?", at))
            at += 1
        return count

    def _escaped(self, start: int, flags: _Flags, *, in_class: bool) -> int | CharSet:
        """What the escape at ``start`` stands for; the cursor is behind the backslash."""
        char = self.peek()
        self.at += 1
        if not char:
            raise self.error("a backslash ends the pattern", start, hint=r"write \\ for the character")
        if char in "dDsSwW":
            chars = {"d": _DIGITS, "s": _SPACES, "w": _WORDS}[char.lower()]
            if char in "wW" and flags.ignore_case and self.strict:
                chars = ecma_close(_WORDS, True)
            return chars if char.islower() else ~chars
        if char in "pP" and (self.strict or self.peek() == "{"):
            chars = self.property_escape(start)
            return chars if char == "p" else ~chars
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "c":
            return self._control(start, in_class)
        if char == "x":
            value = self.hex_digits(2)
        elif char == "u":
            value = self._unicode_escape(start)
        elif char in "0123456789":
            return self._octal(char, start)
        elif in_class and char == "b":
            return 8
        elif self.strict and char not in _SYNTAX_CHARS and not (in_class and char == "-"):
            raise self.error(f"invalid escape \\{char}", start)
        else:
            return ord(char)
        if value is None:
            if self.strict:
                raise self.error(f"incomplete escape \\{char}", start, expected=[r"\xhh", r"\uhhhh", r"\u{h...}"])
            return ord(char)
        return value

    def _control(self, start: int, in_class: bool) -> int:
        char = self.peek()
        if (char.isascii() and char.isalpha()) or (not self.strict and in_class and char and char in "0123456789_"):
            self.at += 1
            return ord(char) & 31
        if self.strict:
            raise self.error(r"\c needs a letter", start, expected=[r"\cA"])
        self.at = start + 1  # the backslash is itself, and the c comes next
        return ord("\\")

    def _unicode_escape(self, start: int) -> int | None:
        if self.text.startswith("{", self.at):
            stop = self.text.find("}", self.at)
            digits = self.text[self.at + 1 : max(stop, self.at + 1)].lstrip("0") or "0"
            if stop > self.at + 1 and len(digits) <= 6 and all(d in "0123456789abcdefABCDEF" for d in digits):
                value = int(digits, 16)
                if value <= MAX_CODE_POINT:
                    self.at = stop + 1
                    return value
            if self.strict:
                raise self.error(r"invalid \u{...} escape", start, stop + 1 if stop > 0 else len(self.text))
            return None
        high = self.hex_digits(4)
        if high is not None and 0xD800 <= high <= 0xDBFF and self.text.startswith("\\u", self.at):
            before = self.at
            self.at += 2
            low = self.hex_digits(4)
            if low is not None and 0xDC00 <= low <= 0xDFFF:
                return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
            self.at = before
        return high

    def _octal(self, char: str, start: int) -> int:
        """``\\0``, or one of Annex B's octal escapes; 8 and 9 are themselves there."""
        following = self.peek()
        if self.strict:
            if char != "0" or (following and following in "0123456789"):
                raise self.error(f"invalid escape {self.text[start : self.at]}", start, hint=r"write \xhh")
            return 0
        if char not in _OCTAL:
            return ord(char)
        stop = self.at
        limit = self.at + (2 if char in "0123" else 1)
        while stop < min(limit, len(self.text)) and self.text[stop] in _OCTAL:
            stop += 1
        value = int(self.text[self.at - 1 : stop], 8)
        self.at = stop
        return value

    def _char_class(self, start: int, flags: _Flags) -> Node:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        sets: list[CharSet] = []
        while not self.take("]"):
            item_start = self.at
            low = self._class_item(start, flags)
            if not self.text.startswith("-", self.at) or self.text.startswith("-]", self.at):
                self._add_item(low, ranges, sets)
                continue
            self.at += 1
            high = self._class_item(start, flags)
            if not isinstance(low, CharSet) and not isinstance(high, CharSet):
                if high < low:
                    raise self.error(f"range out of order: {self.text[item_start : self.at]}", item_start)
                ranges.append((low, high))
                continue
            if self.strict:
                raise self.error(f"bad character range {self.text[item_start : self.at]}", item_start)
            for item in (low, ord("-"), high):
                self._add_item(item, ranges, sets)
        chars = union([CharSet.of(*ranges), *sets]) if sets else CharSet.of(*ranges)
        if flags.ignore_case:
            chars = ecma_close(chars, self.strict)
        return Chars(~chars if negated else chars)

    @staticmethod
    def _add_item(item: int | CharSet, ranges: list[tuple[int, int]], sets: list[CharSet]) -> None:
        if isinstance(item, CharSet):
            sets.append(item)
        else:
            ranges.append((item, item))

    def _class_item(self, start: int, flags: _Flags) -> int | CharSet:
        char = self.peek()
        if not char:
            raise self.error("unterminated character class", start, start + 1, expected=["]"])
        self.at += 1
        return self._escaped(self.at - 1, flags, in_class=True) if char == "\\" else ord(char)


def parse_ecma(pattern: str, flags: str = "") -> Node:
    """Parse an ECMA-262 pattern.

    Args:
        pattern: the source text, without slashes.
        flags: letters of i m s; u allows no fall-back to Annex B; d g y change no language and are ignored.

    Raises:
        RegexError: malformed in both grammars, or not regular; with the place and a hint.
    """
    state = _Flags()
    for letter in flags:
        field = _FIELD.get(letter)
        if field is not None:
            state = state._replace(**{field: True})
        elif letter not in _NO_EFFECT:
            hint = "the flag v is not supported: write the set out" if letter == "v" else None
            raise RegexError(f"unknown flag {letter!r}", expected=[*_FIELD, *sorted(_NO_EFFECT)], hint=hint)
    try:
        return _Parser(pattern, state, strict=True).parse()
    except RegexError:
        if "u" in flags:
            raise
        return _Parser(pattern, state, strict=False).parse()
