"""The EBNF of W3C specifications (XML 1.0, section 6).

::

    [1] document ::= prolog element*            numbers before rules are ignored, and comments /* ... */ too
    Char   ::= #x9 | [#x20-#xD7FF] | [^<&]      one character, from a class, or from all but a class
    Name   ::= NameStart NameChar*              ? * + after what they repeat
    PITarget ::= Name - ("X" "M" "L")           exception of regular languages; binds like ? * +
"""

from __future__ import annotations

import re

from ..errors import GrammarError
from .characters import complement, union
from .expression import (
    Characters,
    Definition,
    Difference,
    Expression,
    Reference,
    Repeat,
    Text,
    choice,
    sequence,
)
from .scanner import Scanner

__all__ = ["read_w3c_definitions"]

_NAME_SOURCE = r"[^\W\d][\w.-]*"
_NAME = re.compile(_NAME_SOURCE)
_SPACE = re.compile(r"(?:\s+|/\*.*?\*/|\[\s*(?:wfc|vc|WFC|VC)\s*:[^\]]*\])+", re.DOTALL)
_RULE_START = re.compile(
    rf"(?:\[\s*\d+\w*\s*\](?:\s|/\*.*?\*/)*)?(?P<name>{_NAME_SOURCE})(?:\s|/\*.*?\*/)*::=", re.DOTALL
)
_HEX = re.compile(r"#x([0-9a-fA-F]+)")
_REPEATS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
_ITEMS = ("a rule name", '"text"', "'text'", "[characters]", "#xN", "(")


def read_w3c_definitions(text: str) -> dict[str, Definition]:
    """The rules of a grammar in W3C notation, by name in order.

    Raises:
        GrammarError: the grammar is malformed.
    """
    reader = _Reader(text)
    found: dict[str, Definition] = {}
    reader.skip()
    while not reader.scanner.at_end:
        definition = reader.definition()
        if definition.name in found:
            raise GrammarError(
                f"the rule {definition.name} is defined twice, first at {found[definition.name].span}",
                pointer=definition.name,
                span=definition.span,
                hint="join the two with |",
            )
        found[definition.name] = definition
        reader.skip()
    return found


class _Reader:
    """Recursive descent; methods leave the scanner at the next thing that is neither space nor comment."""

    def __init__(self, text: str) -> None:
        self.scanner = Scanner(text)

    def skip(self) -> None:
        """Consume spaces and comments."""
        self.scanner.match(_SPACE)
        if self.scanner.peek(2) == "/*":
            raise self.scanner.error("the comment is not closed", start=self.scanner.position, expected=("*/",))

    def definition(self) -> Definition:
        scanner = self.scanner
        begin = scanner.position
        head = scanner.match(_RULE_START)
        if head is None:
            raise scanner.error("a rule must begin here", expected=("name ::= ...",), hint=self._head_hint())
        name = head["name"]
        span = scanner.span(begin + head.start("name") - head.start())._replace(length=len(name))
        self.skip()
        expression = self._alternatives()
        if not (scanner.at_end or self._at_rule()):
            raise scanner.error(
                f"the rule {name} cannot go on like this",
                expected=(*_ITEMS, "|", "-", "?", "*", "+", "name ::="),
                hint="ISO notation (with , and ;) is read with dialect='iso'"
                if scanner.peek() in (",", ";", "{")
                else None,
            )
        return Definition(name, expression, span)

    def _head_hint(self) -> str | None:
        if self.scanner.peek() == "<":
            return "names stand without angle brackets, and texts in quotes"
        return None

    def _at_rule(self) -> bool:
        return _RULE_START.match(self.scanner.text, self.scanner.position) is not None

    def _alternatives(self) -> Expression:
        alternatives = [self._sequence()]
        while self.scanner.take("|"):
            self.skip()
            alternatives.append(self._sequence())
        return choice(alternatives)

    def _sequence(self) -> Expression:
        items: list[Expression] = []
        while (item := self._repeated()) is not None:
            begin = self.scanner.position
            while self.scanner.take("-"):
                span = self.scanner.span(begin)
                self.skip()
                removed = self._repeated()
                if removed is None:
                    raise self.scanner.error("what the exception removes is missing", expected=_ITEMS)
                item = Difference(item, removed, span)
            items.append(item)
        if (mark := self.scanner.peek()) and mark in _REPEATS:
            raise self.scanner.error(f"nothing stands before {mark} that could be repeated", expected=_ITEMS)
        return sequence(items)

    def _repeated(self) -> Expression | None:
        item = self._item()
        if item is None:
            return None
        self.skip()
        while (mark := self.scanner.peek()) in _REPEATS:
            self.scanner.position += 1
            item = Repeat(item, *_REPEATS[mark])
            self.skip()
        return item

    def _item(self) -> Expression | None:
        scanner = self.scanner
        if scanner.at_end or self._at_rule():
            return None
        begin = scanner.position
        if (name := scanner.match(_NAME)) is not None:
            return Reference(name.group(), scanner.span(begin))
        if scanner.peek() in ("'", '"'):
            return self._text()
        if scanner.peek(2) == "#x":
            code = self._code()
            return Characters(((code, code),))
        if scanner.take("["):
            return self._class(begin)
        if scanner.take("("):
            opened = scanner.span(begin)
            scanner.enter()
            self.skip()
            group = self._alternatives()
            scanner.expect(")", "the closing parenthesis", opened)
            scanner.leave()
            return group
        return None

    def _text(self) -> Text:
        scanner = self.scanner
        begin = scanner.position
        end = scanner.text.find(scanner.peek(), begin + 1)
        if end < 0:
            raise scanner.error("the text is not closed", start=begin, expected=(scanner.peek(),))
        scanner.position = end + 1
        return Text(scanner.text[begin + 1 : end])

    def _class(self, begin: int) -> Characters:
        scanner = self.scanner
        negated = scanner.take("^")
        ranges: list[tuple[int, int]] = []
        while not scanner.take("]"):
            if scanner.at_end:
                raise scanner.error("the class of characters is not closed", start=begin, expected=("]",))
            here = scanner.position
            first = last = self._code()
            if scanner.peek() == "-" and scanner.peek(2) not in ("-]", "-"):
                scanner.take("-")
                last = self._code()
            if last < first:
                raise scanner.error(
                    f"the range {scanner.text[here : scanner.position]} is empty",
                    start=here,
                    hint="swap its ends",
                )
            ranges.append((first, last))
        if not ranges:
            raise scanner.error("the class has no characters", start=begin, hint="write #x5D for a closing bracket")
        return complement(union(ranges)) if negated else union(ranges)

    def _code(self) -> int:
        """The code point of the next character, which may be written ``#xN``."""
        scanner = self.scanner
        begin = scanner.position
        number = scanner.match(_HEX)
        if number is None:
            scanner.position += 1
            return ord(scanner.text[begin])
        code = int(number.group(1), 16)
        if code > 0x10FFFF:
            raise scanner.error(f"{number.group()} is no character", start=begin, expected=("#x0 to #x10FFFF",))
        return code
