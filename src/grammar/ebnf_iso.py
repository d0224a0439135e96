"""ISO/IEC 14977 EBNF.

::

    (* comment (* nested *) *)
    digit without zero = "1" | '2' ;         names may have spaces; ; or . ends a rule; / and ! also mean |
    number = digit, { digit } ;              , one after the other   [ ] (/ /) option   { } (: :) any number
    year = 4 * digit ;                       a count before *
    consonant = letter - vowel ;             exception, exact where both sides are regular
    word = { letter }- ;                     exception of nothing: not the empty string
    special = ? free text ? ;                refused: its meaning is not in the grammar
"""

from __future__ import annotations

import re

from ..errors import GrammarError, Span
from .expression import EMPTY, Definition, Difference, Expression, Reference, Repeat, Text, choice, sequence
from .scanner import Scanner

__all__ = ["read_iso_definitions"]

_NAME = re.compile(r"[^\W\d]\w*(?:\s+[^\W\d]\w*|\s+\d\w*)*")
_NUMBER = re.compile(r"\d+")
_COMMENT_MARK = re.compile(r"\(\*(?!\))|\*\)")
_SPACE = re.compile(r"\s+")
_BRACKETS = {"(/": "/)", "(:": ":)", "[": "]", "{": "}", "(": ")"}
_REPEATS = {"[": (0, 1), "(/": (0, 1), "{": (0, None), "(:": (0, None)}
_ITEMS = ("a rule name", '"text"', "'text'", "(", "[", "{", "n * ...")


def read_iso_definitions(text: str) -> dict[str, Definition]:
    """The rules of a grammar in ISO 14977 notation, by name in order.

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
        """Consume spaces and comments, which may be nested."""
        scanner = self.scanner
        while True:
            scanner.match(_SPACE)
            if not (scanner.peek(2) == "(*" and scanner.peek(3) != "(*)"):
                return
            begin, depth = scanner.position, 0
            for mark in _COMMENT_MARK.finditer(scanner.text, begin):
                depth += 1 if mark.group() == "(*" else -1
                if depth == 0:
                    scanner.position = mark.end()
                    break
            else:
                raise scanner.error("the comment is not closed", start=begin, expected=("*)",))

    def definition(self) -> Definition:
        scanner = self.scanner
        begin = scanner.position
        name = self._name()
        if name is None:
            raise scanner.error("a rule must begin here", expected=("a rule name",))
        span = scanner.span(begin)._replace(length=len(name))
        self.skip()
        hint = "that is W3C notation: read it with dialect='w3c'" if scanner.peek(3) == "::=" else None
        if not scanner.take("="):
            raise scanner.error(f"the definition sign of {name} is missing", expected=("=",), hint=hint)
        self.skip()
        expression = self._alternatives()
        if not (scanner.take(";") or scanner.take(".")):
            raise scanner.error(
                f"the rule {name} cannot go on like this",
                expected=(",", "|", "-", ";"),
                hint=self._stop_hint(),
            )
        return Definition(name, expression, span)

    def _stop_hint(self) -> str | None:
        following = self.scanner.peek()
        if following and following in "*+?":
            return "ISO notation writes { x } for any number, [ x ] for an option and n * x for a count"
        if following == "=":
            return "end the rule before this one with ;"
        if following and (following in "\"'([{" or following.isalnum()):
            return "write a comma between what follows one another"
        return None

    def _name(self) -> str | None:
        name = self.scanner.match(_NAME)
        return " ".join(name.group().split()) if name else None

    def _alternatives(self) -> Expression:
        alternatives = [self._sequence()]
        while (mark := self.scanner.peek()) and mark in "|/!" and self.scanner.peek(2) != "/)":
            self.scanner.position += 1
            self.skip()
            alternatives.append(self._sequence())
        return choice(alternatives)

    def _sequence(self) -> Expression:
        items = [self._term()]
        while self.scanner.take(","):
            self.skip()
            items.append(self._term())
        return sequence(items)

    def _term(self) -> Expression:
        """A factor, and perhaps an exception to it."""
        kept = self._factor()
        begin = self.scanner.position
        if not self.scanner.take("-"):
            return kept
        span = self.scanner.span(begin)
        self.skip()
        return Difference(kept, self._factor(), span)

    def _factor(self) -> Expression:
        scanner = self.scanner
        number = scanner.match(_NUMBER)
        if number is None:
            return self._primary()
        self.skip()
        if not scanner.take("*"):
            raise scanner.error(f"what is to be repeated {number.group()} times is missing", expected=("*",))
        self.skip()
        count = int(number.group())
        return Repeat(self._primary(), count, count)

    def _primary(self) -> Expression:
        scanner = self.scanner
        begin = scanner.position
        if (name := self._name()) is not None:
            span = scanner.span(begin)
            self.skip()
            return Reference(name, span)
        if scanner.peek() in ("'", '"'):
            return self._text()
        if scanner.peek() == "?":
            raise scanner.error(
                "the meaning of a special sequence ? ... ? is not in the grammar",
                start=begin,
                expected=_ITEMS,
                hint="spell it out, or use W3C notation, which has classes such as [#x20-#x7E]",
            )
        for opening, closing in _BRACKETS.items():
            if scanner.take(opening):
                return self._group(opening, closing, scanner.span(begin))
        return EMPTY

    def _group(self, opening: str, closing: str, opened: Span) -> Expression:
        self.scanner.enter()
        self.skip()
        inner = self._alternatives()
        self.scanner.expect(closing, "the closing bracket", opened)
        self.scanner.leave()
        self.skip()
        return Repeat(inner, *_REPEATS[opening]) if opening in _REPEATS else inner

    def _text(self) -> Text:
        scanner = self.scanner
        begin = scanner.position
        quote = scanner.peek()
        end = scanner.text.find(quote, begin + 1)
        if end < 0:
            raise scanner.error("the text is not closed", start=begin, expected=(quote,))
        scanner.position = end + 1
        self.skip()
        return Text(scanner.text[begin + 1 : end])
