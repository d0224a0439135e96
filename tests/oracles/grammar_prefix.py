"""Which bytes can go on, by definition: incremental recognisers of prefixes, independent of readers and machine.

A state stands for a text, up to what the rest of a word may be, so that it is cheap to ask about every token of a
vocabulary. Parsing is Earley's (1970); a set refers to the sets in which its items began by identity instead of by
position, and equal sets are one object::

    ParseSet ── {(origin, expansion, dot, ParseSet in which it began, or None: this one), ...}

    dynamic   one pair (set, text since) for every place at which an unfinished lexeme may have begun
    longest   the set behind the last lexeme that is settled, and the text since; whether a word can follow is searched

Characters that no terminal of the grammar tells apart are represented by one of them (`Letters`).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Hashable, Iterable
from functools import cache, lru_cache

from tests.oracles.earley import Lexemes

from gramarye.grammar.ir import Grammar

__all__ = ["ByteOracle", "DynamicPrefixes", "Letters", "LongestPrefixes", "UndecidedError", "productive", "reduced"]

SEARCH = 4000
"""States that a search for a word visits before it is given up."""

REMEMBERED = 1 << 17
"""Answers about texts that are remembered."""

Item = tuple[str, tuple[str, ...], int, "ParseSet | None"]


class UndecidedError(Exception):
    """A search met too many states, or the parser made too many items."""


class Letters:
    """The characters, those together that lie in the same ones of some ranges."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        ranges = list(ranges)
        self._bounds = sorted({0, *(first for first, _ in ranges), *(last + 1 for _, last in ranges)})
        kinds: dict[tuple[bool, ...], str] = {}
        self._letters = [
            kinds.setdefault(tuple(first <= bound <= last for first, last in ranges), chr(bound))
            for bound in self._bounds
        ]
        self.all = tuple(sorted(kinds.values()))

    def of(self, character: str) -> str:
        """The letter that stands for a character."""
        return self._letters[bisect_right(self._bounds, ord(character)) - 1]

    def among(self, first: int, last: int) -> set[str]:
        """The letters that stand for some character of a range."""
        return set(self._letters[bisect_right(self._bounds, first) - 1 : bisect_right(self._bounds, last)])


class ParseSet:
    """An Earley set; two with the same items are the same object."""

    __slots__ = ("complete", "items", "wanted")

    def __init__(self, items: frozenset[Item], start: str, terminals: frozenset[str]) -> None:
        self.items = items
        self.wanted = frozenset(body[dot] for _, body, dot, _ in items if dot < len(body) and body[dot] in terminals)
        self.complete = any(origin == start + "'" and dot == len(body) for origin, body, dot, _ in items)


class Parser:
    """Earley's algorithm on a grammar all of whose nonterminals derive something."""

    def __init__(self, grammar: Grammar, most_items: float) -> None:
        self.grammar = grammar
        self._most_items = most_items
        self.ignore = frozenset(grammar.ignore)
        self._rules = dict(grammar.alternatives)
        self._terminals = frozenset(terminal.name for terminal in grammar.terminals)
        self._sets: dict[frozenset[Item], ParseSet] = {}
        self._behind: dict[frozenset[Item], ParseSet] = {}
        self._made = 0
        self.start = self._closed({(grammar.start + "'", (grammar.start,), 0, None)})

    def wanted(self, items: ParseSet) -> frozenset[str]:
        """Terminals of which a lexeme may begin here."""
        return items.wanted | self.ignore

    def scan(self, moves: Iterable[tuple[ParseSet, frozenset[str]]]) -> ParseSet | None:
        """The set behind lexemes of these terminals that began in these sets; None if nothing is in it."""
        kernel: set[Item] = set()
        for before, names in moves:
            for origin, body, dot, begin in before.items:
                began = before if begin is None else begin
                if dot < len(body) and body[dot] in names:
                    kernel.add((origin, body, dot + 1, began))
                if names & self.ignore:
                    kernel.add((origin, body, dot, began))
        if not kernel:
            return None
        known = frozenset(kernel)
        if known not in self._behind:
            self._behind[known] = self._closed(kernel)
        return self._behind[known]

    def _closed(self, kernel: set[Item]) -> ParseSet:
        found = set(kernel)
        while True:
            new: set[Item] = set()
            for origin, body, dot, begin in found:
                if dot == len(body):
                    for item in found if begin is None else begin.items:
                        if item[2] < len(item[1]) and item[1][item[2]] == origin:
                            new.add((item[0], item[1], item[2] + 1, begin if item[3] is None else item[3]))
                elif body[dot] in self._rules:
                    new.update((body[dot], other, 0, None) for other in self._rules[body[dot]])
            if new <= found:
                items = frozenset(found)
                if items not in self._sets:
                    self._made += len(items)
                    if self._made > self._most_items:
                        raise UndecidedError
                    self._sets[items] = ParseSet(items, self.grammar.start, self._terminals)
                return self._sets[items]
            found |= new


class _Terminals:
    """Lexemes of all terminals, asked once for each text; automata are built only where prefixes are asked for."""

    def __init__(self, grammar: Grammar) -> None:
        lexemes = cache(lambda name: Lexemes(grammar.terminal[name]))
        patterns = {
            terminal.name: re.compile(terminal.regex, sum(getattr(re, flag.upper()) for flag in terminal.flags))
            for terminal in grammar.terminals
            if not terminal.lazy
        }

        def matches(name: str, text: str) -> bool:
            return patterns[name].fullmatch(text) is not None if name in patterns else text in lexemes(name)

        self.matches = lru_cache(REMEMBERED)(matches)
        self.may_become = lru_cache(REMEMBERED)(lambda name, text: lexemes(name).has_prefix(text))


class DynamicPrefixes:
    """Every way to cut the text into lexemes counts."""

    def __init__(self, grammar: Grammar, letters: Letters, most_items: float = math.inf) -> None:
        self.letters = letters
        self._parser = Parser(grammar, most_items)
        self._lexemes = _Terminals(grammar)

    def start(self) -> Hashable:
        return frozenset({(self._parser.start, "")})

    def read(self, state: frozenset[tuple[ParseSet, str]], letter: str) -> Hashable:
        """The state behind one more letter; None if no word begins like that."""
        grown = [(items, text + letter) for items, text in state]
        moves = [
            (items, frozenset(name for name in self._parser.wanted(items) if self._lexemes.matches(name, text)))
            for items, text in grown
        ]
        here = self._parser.scan((items, names) for items, names in moves if names)
        after = {
            (items, text)
            for items, text in grown
            if any(self._lexemes.may_become(name, text) for name in self._parser.wanted(items))
        }
        if here is not None:
            after.add((here, ""))
        return frozenset(after) or None

    def complete(self, state: frozenset[tuple[ParseSet, str]]) -> bool:
        return any(text == "" and items.complete for items, text in state)

    def accepts(self, text: str) -> bool:
        """Whether a whole text is a word, by trying every part of it as a lexeme."""
        sets: list[ParseSet | None] = [self._parser.start]
        for place in range(1, len(text) + 1):
            moves = []
            for begin, items in enumerate(sets):
                if items is not None:
                    lexeme = text[begin:place]
                    names = {name for name in self._parser.wanted(items) if self._lexemes.matches(name, lexeme)}
                    if names:
                        moves.append((items, frozenset(names)))
            sets.append(self._parser.scan(moves))
        return sets[-1] is not None and sets[-1].complete


class LongestPrefixes:
    """At each place the longest lexeme of any terminal that may stand there, the best of equally long ones."""

    def __init__(self, grammar: Grammar, letters: Letters, most_items: float = math.inf) -> None:
        self.letters = letters
        self._parser = Parser(grammar, most_items)
        self._lexemes = _Terminals(grammar)
        self._rank = {terminal.name: terminal.rank for terminal in grammar.terminals}
        self._viable: dict[Hashable, bool] = {}

    def start(self) -> Hashable:
        state = (self._parser.start, "")
        return state if self.viable(state) else None

    def read(self, state: tuple[ParseSet, str], letter: str) -> Hashable:
        """The state behind one more letter; None if no word begins like that.

        Raises:
            UndecidedError: that was not settled within the limits.
        """
        after = self._read(state, letter)
        return after if after is not None and self.viable(after) else None

    def complete(self, state: tuple[ParseSet, str]) -> bool:
        items, text = state
        while text:
            settled = self._settle(items, text)
            if settled is None:
                return False
            items, text = settled
        return items.complete

    def lexemes(self, text: str) -> list[str] | None:
        """How a whole text is cut; None if it is not a word."""
        items, cut = self._parser.start, []
        while text:
            settled = self._settle(items, text)
            if settled is None:
                return None
            items, rest = settled
            cut.append(text[: len(text) - len(rest)])
            text = rest
        return cut if items.complete else None

    def viable(self, state: tuple[ParseSet, str]) -> bool:
        """Whether a word can follow: breadth-first search over the letters."""
        known = self._viable.get(state)
        if known is not None:
            return known
        came: dict[tuple[ParseSet, str], tuple[ParseSet, str] | None] = {state: None}
        queue = deque([state])
        while queue:
            current = queue.popleft()
            if self._viable.get(current) or self.complete(current):
                back: tuple[ParseSet, str] | None = current
                while back is not None:
                    self._viable[back] = True
                    back = came[back]
                return True
            for letter in self.letters.all:
                after = self._read(current, letter)
                if after is not None and after not in came and self._viable.get(after) is not False:
                    came[after] = current
                    queue.append(after)
            if len(came) > SEARCH:
                raise UndecidedError
        self._viable.update(dict.fromkeys(came, False))
        return False

    def _read(self, state: tuple[ParseSet, str], letter: str) -> tuple[ParseSet, str] | None:
        items, text = state[0], state[1] + letter
        while text and not any(self._lexemes.may_become(name, text) for name in self._parser.wanted(items)):
            settled = self._settle(items, text)
            if settled is None:
                return None
            items, text = settled
        return items, text

    def _settle(self, items: ParseSet, text: str) -> tuple[ParseSet, str] | None:
        """Cut off the longest lexeme that the text begins with, by trying all lengths."""
        wanted = self._parser.wanted(items)
        for length in range(len(text), 0, -1):
            matching = [name for name in wanted if self._lexemes.matches(name, text[:length])]
            if matching:
                best = max(self._rank[name] for name in matching)
                after = self._parser.scan([(items, frozenset(name for name in matching if self._rank[name] == best))])
                return None if after is None else (after, text[length:])
        return None


@cache
def _unfinished() -> dict[bytes, tuple[int, int]]:
    """The first and last code point of each proper, non-empty prefix of a character's UTF-8."""
    found: dict[bytes, tuple[int, int]] = {}
    for code in (*range(0x80, 0xD800), *range(0xE000, 0x110000)):
        encoded = chr(code).encode()
        for end in range(1, len(encoded)):
            first, _ = found.get(encoded[:end], (code, code))
            found[encoded[:end]] = (first, code)
    return found


class ByteOracle:
    """An oracle over letters as one over bytes: its states are a state of the letters and the begun character."""

    def __init__(self, letters: DynamicPrefixes | LongestPrefixes) -> None:
        self._letters = letters.letters
        self._of_letters = letters
        self._read_letter = cache(letters.read)
        self.step = cache(self._step)

    def start(self) -> Hashable:
        state = self._of_letters.start()
        return None if state is None else (state, b"")

    def complete(self, state: tuple[Hashable, bytes]) -> bool:
        return state[1] == b"" and self._of_letters.complete(state[0])

    def _step(self, state: tuple[Hashable, bytes], byte: int) -> Hashable:
        """The state behind one more byte; None if no word begins like that."""
        before, begun = state
        begun += bytes([byte])
        if begun in _unfinished():
            letters = self._letters.among(*_unfinished()[begun])
            return (before, begun) if any(self._read_letter(before, letter) for letter in letters) else None
        try:
            letter = self._letters.of(begun.decode())
        except UnicodeDecodeError:
            return None
        after = self._read_letter(before, letter)
        return None if after is None else (after, b"")


def productive(grammar: Grammar) -> set[str]:
    """The symbols that derive some text."""
    found = {terminal.name for terminal in grammar.terminals}
    while True:
        new = {rule.origin for rule in grammar.rules if found.issuperset(rule.expansion)}
        if new <= found:
            return found
        found |= new


def reduced(grammar: Grammar) -> Grammar | None:
    """Without rules that derive nothing or cannot be reached, and unused terminals; None if nothing is left."""
    useful = productive(grammar)
    if grammar.start not in useful:
        return None
    rules = [rule for rule in grammar.rules if useful.issuperset(rule.expansion)]
    reached = {grammar.start}
    while True:
        new = {symbol for rule in rules if rule.origin in reached for symbol in rule.expansion}
        if new <= reached:
            break
        reached |= new
    used = reached | set(grammar.ignore)
    return Grammar(
        tuple(terminal for terminal in grammar.terminals if terminal.name in used),
        tuple(rule for rule in rules if rule.origin in reached),
        grammar.start,
        grammar.ignore,
        grammar.lexer,
    )
