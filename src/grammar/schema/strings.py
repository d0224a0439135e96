"""The strings of a shape: a set, an automaton, or any string within length bounds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from ...errors import LimitError, RegexError, SchemaError
from ..regex import CharDfa, compile_regex, complement, from_ranges, intersect, is_empty, literal, witness
from .formats import format_automaton
from .key_language import finite_automaton
from .shapes import Shape, is_text

__all__ = ["StringLanguages", "quote"]


def quote(text: str) -> bytes:
    """A string as JSON text, its shortest spelling in UTF-8."""
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")


@dataclass(slots=True)
class StringLanguages:
    """Automata of the patterns of one document, each made once."""

    _patterns: dict[str, CharDfa] = field(default_factory=dict)
    _joint: dict[tuple[object, ...], CharDfa] = field(default_factory=dict)

    def pattern(self, source: str, pointer: str) -> CharDfa:
        """The automaton of the strings in which a pattern matches somewhere.

        Raises:
            SchemaError: the pattern is malformed, or no regular language; carries the pointer.
        """
        found = self._patterns.get(source)
        if found is None:
            try:
                found = compile_regex(source, dialect="ecma", search=True)
            except (RegexError, LimitError) as error:
                raise SchemaError(
                    f"the pattern {source!r}: {error.message}",
                    pointer=pointer,
                    span=error.span,
                    expected=error.expected,
                    hint=error.hint,
                ) from error
            self._patterns[source] = found
        return found

    def automaton(self, shape: Shape) -> CharDfa:
        """The strings that match all patterns of a shape and keep its length bounds."""
        key = (shape.patterns, shape.not_patterns, shape.formats, shape.excluded, shape.min_length, shape.max_length)
        found = self._joint.get(key)
        if found is None:
            automata = [self.pattern(source, pointer) for source, pointer in shape.patterns]
            automata += [complement(self.pattern(source, pointer)) for source, pointer in shape.not_patterns]
            automata += [format_automaton(name) for name in shape.formats]
            automata += [complement(literal(text)) for text in sorted(filter(is_text, shape.excluded))]
            found = automata[0] if automata else complement(from_ranges([]))
            for other in automata[1:]:
                found = intersect(found, other)
            if shape.min_length > 0 or shape.max_length is not None:
                most = "" if shape.max_length is None else str(shape.max_length)
                bounds = compile_regex(f"(?s:.{{{shape.min_length},{most}}})", dialect="python")
                found = intersect(found, bounds)
            self._joint[key] = found
        return found

    def language(self, shape: Shape) -> CharDfa:
        """All strings of a shape as an automaton."""
        if shape.strings is not None:
            return finite_automaton(self.choices(shape))
        return self.automaton(shape)

    def choices(self, shape: Shape) -> list[str]:
        """Of a finite set of strings, those that also keep the bounds and match the patterns."""
        most = shape.max_length
        kept = [
            text
            for text in shape.strings or ()
            if is_text(text)
            and shape.min_length <= len(text)
            and (most is None or len(text) <= most)
            and text not in shape.excluded
        ]
        for source, pointer in shape.patterns:
            automaton = self.pattern(source, pointer)
            kept = [text for text in kept if automaton.accepts(text)]
        for name in shape.formats:
            kept = [text for text in kept if format_automaton(name).accepts(text)]
        for source, pointer in shape.not_patterns:
            automaton = self.pattern(source, pointer)
            kept = [text for text in kept if not automaton.accepts(text)]
        return kept

    def shortest(self, shape: Shape) -> bytes | None:
        """The shortest string of a shape as JSON text; None if there is none."""
        if shape.strings is not None:
            return min((quote(text) for text in self.choices(shape)), key=lambda text: (len(text), text), default=None)
        if shape.max_length is not None and shape.max_length < shape.min_length:
            return None
        if not shape.automatic:
            return b'"' + b"a" * shape.min_length + b'"'
        automaton = self.automaton(shape)
        text = None if is_empty(automaton) else witness(automaton)
        return None if text is None else quote(text)
