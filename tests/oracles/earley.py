"""Slow, plain recognisers for the two lexings of a Grammar: what the constraint machine is compared with.

Both follow the words of `gramarye.grammar.ir` and share one textbook Earley step (Earley 1970), which is
repeated until nothing changes instead of being scheduled cleverly. Terminals are matched by `re` on
substrings; whether a string can be extended to a lexeme is asked of `interegular` where it can read the
pattern, else of `regex`'s partial matching.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Iterable

import interegular
import regex
from interegular.fsm import FSM, anything_else

from gramarye.grammar.ir import Grammar, Terminal

__all__ = ["EarleyOracle", "Lexemes", "LongestMatchOracle"]

# An item (nonterminal, expansion, dot, index of the set in which it began).
Item = tuple[str, tuple[str, ...], int, int]
EarleySet = frozenset[Item]


class _Language:
    """The strings of one regular expression."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern = pattern
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._compiled = re.compile(pattern, sum(getattr(re, flag.upper()) for flag in flags))
        self._automaton: FSM | None = None
        try:
            source = f"(?{flags}:{pattern})" if flags else pattern
            self._automaton = interegular.parse_pattern(source).to_fsm()
        except (interegular.Unsupported, interegular.InvalidSyntax, NotImplementedError, KeyError):
            names = sum(getattr(regex, flag.upper()) for flag in flags)
            self._partial = regex.compile(pattern, names | regex.V0)

    def __contains__(self, text: str) -> bool:
        return self._compiled.fullmatch(text) is not None

    def has_prefix(self, text: str) -> bool:
        """Whether some string of the language begins with the text."""
        if self._automaton is None:
            return self._partial.fullmatch(text, partial=True) is not None
        state = self._automaton.initial
        for character in text:
            symbol = character if character in self._automaton.alphabet else anything_else
            following = self._automaton.map.get(state, {}).get(self._automaton.alphabet[symbol])
            if following is None:
                return False
            state = following
        return bool(self._automaton.islive(state))


class Lexemes:
    """The lexemes of one terminal: non-empty, and the shortest if it is lazy."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._head = _Language(terminal.regex, terminal.flags)
        self._tail = _Language(terminal.tail, terminal.flags)

    def __contains__(self, text: str) -> bool:
        if not self.terminal.lazy:
            return text != "" and text in self._head
        return any(self._is_shortest(text[:end]) and text[end:] in self._tail for end in range(1, len(text) + 1))

    def has_prefix(self, text: str) -> bool:
        """Whether some lexeme begins with the text."""
        if not self.terminal.lazy:
            return self._head.has_prefix(text)
        inside_head = self._head.has_prefix(text) and not any(text[:end] in self._head for end in range(1, len(text)))
        return inside_head or any(
            self._is_shortest(text[:end]) and self._tail.has_prefix(text[end:]) for end in range(1, len(text) + 1)
        )

    def _is_shortest(self, text: str) -> bool:
        return text in self._head and not any(text[:end] in self._head for end in range(1, len(text)))


class _Earley:
    """Earley sets over positions that the two oracles choose: places in the text, or counts of lexemes."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.lexemes = {terminal.name: Lexemes(terminal) for terminal in grammar.terminals}

    def initial(self) -> EarleySet:
        return self.closed(
            {(self.grammar.start, body, 0, 0) for body in self.grammar.alternatives[self.grammar.start]}, []
        )

    def closed(self, items: Iterable[Item], earlier: list[EarleySet]) -> EarleySet:
        """The items with all that prediction and completion add; the set's own index is len(earlier)."""
        here = len(earlier)
        found = set(items)
        while True:
            new: set[Item] = set()
            for origin, body, dot, begin in found:
                if dot == len(body):
                    for item in found if begin == here else earlier[begin]:
                        if item[2] < len(item[1]) and item[1][item[2]] == origin:
                            new.add((item[0], item[1], item[2] + 1, item[3]))
                elif body[dot] in self.grammar.alternatives:
                    new.update((body[dot], other, 0, here) for other in self.grammar.alternatives[body[dot]])
            if new <= found:
                return frozenset(found)
            found |= new

    def expected(self, items: EarleySet) -> set[str]:
        """Terminals that some item waits for."""
        return {body[dot] for _, body, dot, _ in items if dot < len(body) and body[dot] in self.lexemes}

    def scanned(self, items: EarleySet, terminals: Iterable[str]) -> set[Item]:
        """The items that wait for one of the terminals, moved past it; all items, if it is an ignored one."""
        names = set(terminals)
        moved = {
            (origin, body, dot + 1, begin)
            for origin, body, dot, begin in items
            if dot < len(body) and body[dot] in names
        }
        return moved | items if names & set(self.grammar.ignore) else moved

    def complete(self, items: EarleySet) -> bool:
        return any(
            origin == self.grammar.start and dot == len(body) and begin == 0 for origin, body, dot, begin in items
        )


class EarleyOracle:
    """Dynamic lexing: every way to cut the text counts. Exact. O(n^3) and worse."""

    def __init__(self, grammar: Grammar) -> None:
        self._earley = _Earley(grammar)
        self._ignore = set(grammar.ignore)

    def accepts(self, text: str) -> bool:
        return self._earley.complete(self._sets(text)[-1])

    def is_prefix(self, text: str) -> bool:
        """Whether some accepted text begins with this one; every symbol of the grammar must be productive."""
        sets = self._sets(text)
        return bool(sets[-1]) or any(
            self._earley.lexemes[name].has_prefix(text[place:])
            for place, items in enumerate(sets)
            if items
            for name in self._earley.expected(items) | self._ignore
        )

    def _sets(self, text: str) -> list[EarleySet]:
        """The Earley sets at all places of the text."""
        earley = self._earley
        sets = [earley.initial()]
        for place in range(1, len(text) + 1):
            items: set[Item] = set()
            for begin in range(place):
                wanted = earley.expected(sets[begin]) | self._ignore if sets[begin] else set()
                lexeme = text[begin:place]
                items |= earley.scanned(sets[begin], [name for name in wanted if lexeme in earley.lexemes[name]])
            sets.append(earley.closed(items, sets))
        return sets


class LongestMatchOracle:
    """Contextual longest match with priorities. Exact; each lexeme is looked for by trying all lengths."""

    def __init__(self, grammar: Grammar) -> None:
        self._earley = _Earley(grammar)
        self._grammar = grammar

    def accepts(self, text: str) -> bool:
        cut = self.lexemes(text)
        return cut is not None and cut[1]

    def lexemes(self, text: str) -> tuple[list[tuple[str, frozenset[str]]], bool] | None:
        """How the text is cut, with the terminals taken for each lexeme, and whether the parse is complete.

        None if there is a place at which no candidate matches anything, or the parser cannot go on.
        """
        earley = self._earley
        sets = [earley.initial()]
        cut: list[tuple[str, frozenset[str]]] = []
        place = 0
        while place < len(text):
            candidates = earley.expected(sets[-1]) | set(self._grammar.ignore)
            length = max(
                (
                    length
                    for length in range(1, len(text) - place + 1)
                    if any(text[place : place + length] in earley.lexemes[name] for name in candidates)
                ),
                default=0,
            )
            if length == 0:
                return None
            lexeme = text[place : place + length]
            matching = [name for name in candidates if lexeme in earley.lexemes[name]]
            best = max(self._grammar.terminal[name].rank for name in matching)
            kept = frozenset(name for name in matching if self._grammar.terminal[name].rank == best)
            sets.append(earley.closed(earley.scanned(sets[-1], kept), sets))
            cut.append((lexeme, kept))
            place += length
        return cut, earley.complete(sets[-1])

    def is_prefix(self, text: str, alphabet: Iterable[str], extra: int) -> bool:
        """Whether the text, followed by at most `extra` characters of the alphabet, is accepted."""
        return any(
            self.accepts(text + "".join(more))
            for length in range(extra + 1)
            for more in itertools.product(alphabet, repeat=length)
        )
