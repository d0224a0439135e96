r"""GBNF, the grammar notation of llama.cpp (https://github.com/ggml-org/llama.cpp/tree/master/grammars).

::

    root  ::= item ("," item)*          # rules end with their line, but run on inside ( ) and after | and ::=
    item  ::= [a-z_]{1,8} | [^\n"\\] | . | "text\n" | "é"

There is no lexer in GBNF: a grammar is over characters, and every way to cut a text counts
(``lexer="dynamic"``).
"""

from __future__ import annotations

import re

from ..errors import GrammarError
from .characters import ANY, complement, union
from .expression import Characters, Definition, Draft, Expression, Reference, Repeat, Text, choice, sequence
from .ir import Grammar
from .lowering import lower
from .regular import fold_regular
from .scanner import Scanner
from .validate import check_references, validated

__all__ = ["read_gbnf"]

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_NUMBER = re.compile(r"[0-9]+")
_GAP = re.compile(r"(?:[ \t]|#[^\n]*)*")
_GAP_WITH_NEWLINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_NEXT_ALTERNATIVE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*\|")
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"} | {mark: mark for mark in '\\"[]-'}
_ITEMS = ("a rule name", '"text"', "[characters]", "(", ".")


def read_gbnf(text: str, start: str = "root") -> Grammar:
    """The language of a GBNF grammar.

    Raises:
        GrammarError: the grammar is malformed, matches tokens instead of characters, or is empty.
    """
    definitions = _Reader(text).definitions()
    draft = Draft(definitions, start, lexer="dynamic", source=text)
    check_references(draft)
    return validated(lower(fold_regular(draft)))


class _Reader:
    """Recursive descent over the text; `nested` says that lines may end without ending the rule."""

    def __init__(self, text: str) -> None:
        self.scanner = Scanner(text)

    def definitions(self) -> dict[str, Definition]:
        found: dict[str, Definition] = {}
        self._space(nested=True)
        while not self.scanner.at_end:
            definition = self._definition()
            if definition.name in found:
                raise GrammarError(
                    f"the rule {definition.name} is defined twice, first at {found[definition.name].span}",
                    pointer=definition.name,
                    span=definition.span,
                    hint="join the two with |",
                )
            found[definition.name] = definition
            self._space(nested=True)
        return found

    def _space(self, *, nested: bool) -> None:
        self.scanner.match(_GAP_WITH_NEWLINES if nested else _GAP)

    def _definition(self) -> Definition:
        scanner = self.scanner
        begin = scanner.position
        name = scanner.match(_NAME)
        if name is None:
            raise scanner.error("a rule must begin here", expected=("a rule name",), hint=self._line_hint())
        span = scanner.span(begin)
        self._space(nested=False)
        scanner.expect("::=", f"the definition sign of {name.group()}")
        self._space(nested=True)
        expression = self._alternatives(nested=False)
        if not (scanner.at_end or scanner.take("\n") or scanner.take("\r\n")):
            raise scanner.error(
                f"the rule {name.group()} cannot go on like this",
                expected=(*_ITEMS, "|", "*", "+", "?", "{m,n}", "the end of the line"),
            )
        return Definition(name.group(), expression, span)

    def _line_hint(self) -> str | None:
        if self.scanner.peek() in ("(", '"', "[", ")"):
            return "a rule goes on in the next line only inside parentheses, or after | or ::="
        return None

    def _alternatives(self, *, nested: bool) -> Expression:
        alternatives = [self._sequence(nested=nested)]
        while self.scanner.match(_NEXT_ALTERNATIVE):
            self._space(nested=True)
            alternatives.append(self._sequence(nested=nested))
        return choice(alternatives)

    def _sequence(self, *, nested: bool) -> Expression:
        items: list[Expression] = []
        while (item := self._item()) is not None:
            self._space(nested=nested)
            while (bounds := self._repetition(nested=nested)) is not None:
                item = Repeat(item, *bounds)
                self._space(nested=nested)
            items.append(item)
        if (mark := self.scanner.peek()) and mark in "*+?{":
            raise self.scanner.error(f"nothing stands before {mark} that could be repeated", expected=_ITEMS)
        return sequence(items)

    def _item(self) -> Expression | None:
        scanner = self.scanner
        begin = scanner.position
        if (name := scanner.match(_NAME)) is not None:
            return Reference(name.group(), scanner.span(begin))
        if scanner.take('"'):
            return self._text(begin)
        if scanner.take("["):
            return self._class(begin)
        if scanner.take("."):
            return ANY
        if scanner.take("("):
            opened = scanner.span(begin)
            scanner.enter()
            self._space(nested=True)
            group = self._alternatives(nested=True)
            scanner.expect(")", "the closing parenthesis", opened)
            scanner.leave()
            return group
        if scanner.peek() == "<" or scanner.peek(2) == "!<":
            raise scanner.error(
                "tokens such as <think> or <[1000]> cannot be matched: a constraint is over text",
                start=begin,
                expected=_ITEMS,
                hint='spell the text of the token: "<think>"',
            )
        return None

    def _repetition(self, *, nested: bool) -> tuple[int, int | None] | None:
        scanner = self.scanner
        for mark, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if scanner.take(mark):
                return bounds
        begin = scanner.position
        if not scanner.take("{"):
            return None
        opened = scanner.span(begin)
        self._space(nested=nested)
        low = self._number()
        high: int | None = low
        self._space(nested=nested)
        if scanner.take(","):
            self._space(nested=nested)
            high = self._number() if scanner.peek().isdigit() else None
            self._space(nested=nested)
        scanner.expect("}", "the closing brace", opened)
        if high is not None and high < low:
            raise scanner.error(f"the repetition {{{low},{high}}} has no meaning", start=begin, expected=("m <= n",))
        return low, high

    def _number(self) -> int:
        number = self.scanner.match(_NUMBER)
        if number is None:
            raise self.scanner.error("a bound is missing", expected=("a number",), hint="write {0,n} for at most n")
        return int(number.group())

    def _text(self, begin: int) -> Text:
        scanner = self.scanner
        characters: list[str] = []
        while not scanner.take('"'):
            if scanner.at_end or scanner.peek() == "\n":
                raise scanner.error(
                    "the text is not closed", start=begin, expected=('"',), hint="write a newline as \\n"
                )
            characters.append(self._character())
        return Text("".join(characters))

    def _class(self, begin: int) -> Characters:
        scanner = self.scanner
        negated = scanner.take("^")
        ranges: list[tuple[int, int]] = []
        while not scanner.take("]"):
            if scanner.at_end or scanner.peek() == "\n":
                raise scanner.error("the class of characters is not closed", start=begin, expected=("]",))
            here = scanner.position
            first = last = ord(self._character())
            if scanner.peek() == "-" and scanner.peek(2) not in ("-]", "-"):
                scanner.take("-")
                last = ord(self._character())
            if last < first:
                raise scanner.error(
                    f"the range {scanner.text[here : scanner.position]} is empty",
                    start=here,
                    hint="swap its ends",
                )
            ranges.append((first, last))
        if not ranges:
            raise scanner.error(
                "the class has no characters",
                start=begin,
                hint="write . for any character, \\] for a bracket",
            )
        return complement(union(ranges)) if negated else union(ranges)

    def _character(self) -> str:
        """One character, which may be escaped."""
        scanner = self.scanner
        begin = scanner.position
        character = scanner.peek()
        scanner.position += 1
        if character != "\\":
            return character
        kind = scanner.peek()
        scanner.position += 1
        if kind in _PLAIN_ESCAPES:
            return _PLAIN_ESCAPES[kind]
        digits = scanner.peek(_HEX_ESCAPES.get(kind, 0))
        scanner.position += len(digits)
        expected = ("\\n", "\\r", "\\t", "\\\\", '\\"', "\\[", "\\]", "\\xHH", "\\uHHHH", "\\UHHHHHHHH")
        if len(digits) != _HEX_ESCAPES.get(kind, -1) or not re.fullmatch("[0-9a-fA-F]+", digits):
            raise scanner.error("the escape is unknown", start=begin, expected=expected)
        code = int(digits, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise scanner.error(
                f"U+{code:04X} is no character",
                start=begin,
                hint="write characters beyond U+FFFF as \\UHHHHHHHH",
            )
        return chr(code)
