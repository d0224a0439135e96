"""The strings of a shape: a set, an automaton within length bounds, or any string within them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from ...errors import LimitError, RegexError, SchemaError
from ..regex import CharDfa, Counted, compile_counted, compile_regex, complement, from_ranges, intersect
from .formats import format_strings
from .key_language import finite_automaton
from .lengths import Bounded
from .shapes import Shape, is_text
from .shortest_text import ShortestText, quote

__all__ = ["StringLanguages", "quote"]


@contextmanager
def _at(source: str, pointer: str) -> Iterator[None]:
    """Errors of a pattern as errors of the schema, with the pointer."""
    try:
        yield
    except (RegexError, LimitError) as error:
        raise SchemaError(
            f"the pattern {source!r}: {error.message}",
            pointer=pointer,
            span=error.span,
            expected=error.expected,
            hint=error.hint,
        ) from error


@cache
def _alone(name: str) -> Bounded:
    """The strings of a format; made once in a process."""
    strings = format_strings(name)
    return Bounded.of(strings.automaton, strings.fewest, strings.most)


@dataclass(slots=True)
class StringLanguages:
    """Automata of the patterns of one document, each made once."""

    _patterns: dict[str, CharDfa] = field(default_factory=dict)
    _counted: dict[str, Counted] = field(default_factory=dict)
    _joint: dict[tuple[object, ...], Bounded] = field(default_factory=dict)
    _shortest: dict[Bounded, ShortestText] = field(default_factory=dict)

    def pattern(self, source: str, pointer: str) -> CharDfa:
        """The automaton of the strings in which a pattern matches somewhere.

        Raises:
            SchemaError: the pattern is malformed, or no regular language; carries the pointer.
        """
        found = self._patterns.get(source)
        if found is None:
            counted = self.counted(source, pointer)
            found = counted.automaton
            if counted.fewest > 0 or counted.most is not None:
                with _at(source, pointer):
                    found = compile_regex(source, dialect="ecma", search=True)
            self._patterns[source] = found
        return found

    def counted(self, source: str, pointer: str) -> Counted:
        """The same as an automaton and bounds on the length."""
        found = self._counted.get(source)
        if found is None:
            with _at(source, pointer):
                found = self._counted[source] = compile_counted(source)
        return found

    def bounded(self, shape: Shape) -> Bounded:
        """The strings that match all patterns and formats of a shape and keep its length bounds."""
        sources = tuple(source for source, _ in shape.patterns)
        refused = tuple(source for source, _ in shape.not_patterns)
        formats = (shape.formats, shape.not_formats)
        key = (sources, refused, formats, shape.excluded, shape.min_length, shape.max_length)
        found = self._joint.get(key)
        if found is None and len(shape.formats) == 1 and key == ((), (), (shape.formats, ()), frozenset(), 0, None):
            found = self._joint[key] = _alone(shape.formats[0])
        if found is None:
            parts = [self.counted(source, pointer) for source, pointer in shape.patterns]
            parts += [format_strings(name) for name in shape.formats]
            automata = [part.automaton for part in parts]
            automata += [complement(self.pattern(source, pointer)) for source, pointer in shape.not_patterns]
            automata += [complement(format_strings(name).automaton) for name in shape.not_formats]
            if shape.excluded:
                automata.append(complement(finite_automaton(sorted(filter(is_text, shape.excluded)))))
            joint = automata[0] if automata else complement(from_ranges([]))
            for other in automata[1:]:
                joint = intersect(joint, other)
            fewest = max([shape.min_length, *(part.fewest for part in parts)])
            mosts = [shape.max_length, *(part.most for part in parts)]
            most = min((one for one in mosts if one is not None), default=None)
            found = self._joint[key] = Bounded.of(joint, fewest, most)
        return found

    def language(self, shape: Shape) -> CharDfa:
        """All strings of a shape as an automaton.

        Raises:
            LimitError: length bounds make it too large.
        """
        if shape.strings is not None:
            return finite_automaton(self.choices(shape))
        strings = self.bounded(shape)
        if not strings.bounded:
            return strings.automaton
        if strings.most is not None and strings.most < strings.fewest:
            return from_ranges([])
        most = "" if strings.most is None else str(strings.most)
        return intersect(strings.automaton, compile_regex(f"(?s:.{{{strings.fewest},{most}}})", dialect="python"))

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
        parts = [self.counted(source, pointer) for source, pointer in shape.patterns]
        for part in [*parts, *(format_strings(name) for name in shape.formats)]:
            kept = [text for text in kept if part.accepts(text)]
        for source, pointer in shape.not_patterns:
            counted = self.counted(source, pointer)
            kept = [text for text in kept if not counted.accepts(text)]
        for name in shape.not_formats:
            automaton = format_strings(name).automaton
            kept = [text for text in kept if not automaton.accepts(text)]
        return kept

    def _shortest_choice(self, shape: Shape) -> bytes | None:
        """The shortest of a finite set of strings. Only those that may be it are looked at more closely."""
        best: bytes | None = None
        for text in shape.strings or ():
            if (best is None or len(text) + 2 <= len(best)) and self.choices(shape._replace(strings=(text,))):
                quoted = quote(text)
                if best is None or (len(quoted), quoted) < (len(best), best):
                    best = quoted
        return best

    def shortest_text(self, strings: Bounded) -> ShortestText:
        """The shortest texts of an automaton, made once."""
        found = self._shortest.get(strings)
        if found is None:
            found = self._shortest[strings] = ShortestText(strings)
        return found

    def shortest(self, shape: Shape) -> bytes | None:
        """The shortest string of a shape as JSON text; None if there is none."""
        if shape.strings is not None:
            return self._shortest_choice(shape)
        if shape.max_length is not None and shape.max_length < shape.min_length:
            return None
        if not shape.automatic:
            return b'"' + b"a" * shape.min_length + b'"'
        text = self.shortest_text(self.bounded(shape)).shortest()
        return None if text is None else quote(text)
