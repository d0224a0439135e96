"""From expression trees to plain BNF: options, repetitions and groups become helper nonterminals.

::

    list: item ("," item)* [";"]
      =>  list    -> item list@1 list@2          the helper's name tells the rule it was first needed in
          list@1  -> ε | list@1 "," item         a loop recurs on the left
          list@2  -> ";" | ε                     an option is a helper too: k options in a row stay k helpers
                                                 and are not multiplied out into 2^k alternatives

Bounded repetitions are unambiguous and logarithmic in their bounds: ``x{n}`` is doubled (``P(2k) -> P(k)
P(k)``), and "at most n" splits in the middle into "fewer than half" or "half, and at most the other half"::

    U(n) -> U(h-1) | P(h) U(n-h)      with h = ceil(n/2)

so every count has one derivation, and at any position of a repetition only O(log n) items are alive.
"""

from __future__ import annotations

from ..errors import GrammarError
from .expression import (
    EMPTY,
    Characters,
    Choice,
    Definition,
    Difference,
    Draft,
    Expression,
    Pattern,
    Reference,
    Repeat,
    Sequence,
    Text,
)
from .ir import Grammar, Rule, Terminal
from .notation import class_source, quoted
from .patterns import Shape, named_terminal, shape

__all__ = ["lower"]

# A repetition of a fixed count up to this one is written out.
_WRITTEN_OUT = 4

Symbols = tuple[str, ...]


def lower(draft: Draft) -> Grammar:
    """The draft in plain BNF; references must be defined (see `validate.check_references`).

    Complexity: linear in the size of the expressions, and logarithmic in the bounds of repetitions.
    """
    return _Lowering(draft).grammar()


class _Lowering:
    """Collects the rules and terminals of one grammar.

    Attributes:
        draft: what is lowered.
        terminals: by name.
        rules: so far; a dict as an ordered set.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.terminals: dict[str, Terminal] = {}
        self.rules: dict[Rule, None] = {}
        self._known: dict[tuple[str, str, bool], str] = {}
        self._shapes: dict[str, Shape] = {}
        self._helpers: dict[object, str] = {}
        self._counter = 0
        self._current = Definition("", EMPTY)
        for terminal in draft.terminals:
            self._add_terminal(terminal)

    def grammar(self) -> Grammar:
        for definition in self.draft.definitions.values():
            self._current, self._counter = definition, 0
            self._define(definition.name, self._alternatives(definition.expression))
        for name in self.draft.ignore:
            self._refuse_dead(name)
        return Grammar(
            terminals=tuple(self.terminals.values()),
            rules=tuple(self.rules),
            start=self.draft.start,
            ignore=tuple(name for name in self.draft.ignore if self._shapes[name].lexemes),
            lexer=self.draft.lexer,
            source=self.draft.source,
        )

    def _define(self, origin: str, alternatives: list[Symbols]) -> None:
        span, priority = self._current.span, self._current.priority
        self.rules.update((Rule(origin, symbols, priority, span), None) for symbols in alternatives)

    def _helper(self, key: object, alternatives: list[Symbols] | None = None) -> str:
        """The helper nonterminal remembered under `key`, made of the alternatives if it is new."""
        if key not in self._helpers:
            self._counter += 1
            self._helpers[key] = f"{self._current.name}@{self._counter}"
            if alternatives is not None:
                self._define(self._helpers[key], alternatives)
        return self._helpers[key]

    def _alternatives(self, expression: Expression) -> list[Symbols]:
        """The expression as alternatives of one nonterminal."""
        match expression:
            case Choice(items):
                return [symbols for item in items for symbols in self._alternatives(item)]
            case Repeat(item, 0, 1):
                return [*self._alternatives(item), ()]
            case _:
                return [self._symbols(expression)]

    def _symbols(self, expression: Expression) -> Symbols:
        """The expression as a part of one alternative."""
        match expression:
            case Sequence(items):
                return tuple(symbol for item in items for symbol in self._symbols(item))
            case Text(text, ignore_case):
                return self._terminal(text, "i" if ignore_case else "", literal=True) if text else ()
            case Characters():
                return self._terminal(class_source(expression), "", literal=False)
            case Pattern(source, flags, label):
                return self._terminal(source, flags, literal=False, label=label)
            case Reference(name):
                return self._taken(name) if name in self.terminals else (name,)
            case Choice() | Repeat(_, 0, 1):
                return (self._helper(expression, self._alternatives(expression)),)
            case Repeat(item, low, high):
                return self._repeat(item, low, high)
            case Difference():
                raise ValueError("differences must be worked out before lowering")

    def _repeat(self, item: Expression, low: int, high: int | None) -> Symbols:
        if high is not None:
            unit = self._unit(item)
            return self._power(unit, low) + self._at_most(unit, high - low)
        if low == 0:
            return (self._star(item),)
        unit = self._unit(item)
        if low == 1:
            plus = ("plus", unit)
            return (self._helpers.get(plus) or self._plus(plus, unit),)
        return (*self._power(unit, low - 1), *self._repeat(item, 1, None))

    def _star(self, item: Expression) -> str:
        key = ("star", item)
        if key in self._helpers:
            return self._helpers[key]
        bodies = self._alternatives(item)
        name = self._helper(key)
        self._define(name, [(), *((name, *body) for body in bodies if body)])
        return name

    def _plus(self, key: object, unit: str) -> str:
        name = self._helper(key)
        self._define(name, [(unit,), (name, unit)])
        return name

    def _unit(self, item: Expression) -> str:
        """One symbol for the item."""
        alternatives = self._alternatives(item)
        if len(alternatives) == 1 and len(alternatives[0]) == 1:
            return alternatives[0][0]
        return self._helper(item, alternatives)

    def _power(self, unit: str, count: int) -> Symbols:
        """`count` times the unit."""
        if count <= _WRITTEN_OUT:
            return (unit,) * count
        key = ("power", unit, count)
        if key not in self._helpers:
            half = self._power(unit, count // 2)
            odd = (unit,) * (count % 2)
            return (self._helper(key, [half + half + odd]),)
        return (self._helpers[key],)

    def _at_most(self, unit: str, count: int) -> Symbols:
        """0 to `count` times the unit."""
        if count == 0:
            return ()
        key = ("at most", unit, count)
        if key not in self._helpers:
            if count == 1:
                return (self._helper(key, [(unit,), ()]),)
            half = (count + 1) // 2
            fewer = self._at_most(unit, half - 1)
            more = self._power(unit, half) + self._at_most(unit, count - half)
            return (self._helper(key, [fewer, more]),)
        return (self._helpers[key],)

    def _taken(self, name: str) -> Symbols:
        """The terminal, which may be left out if its pattern matches the empty string.

        Raises:
            GrammarError: its pattern matches nothing at all.
        """
        self._refuse_dead(name)
        match self._shapes[name]:
            case Shape(empty=False):
                return (name,)
            case Shape(lexemes=True):
                return (self._helper(("at most", name, 1), [(name,), ()]),)
            case _:
                return ()

    def _refuse_dead(self, name: str) -> None:
        if not any(self._shapes[name]):
            terminal = self.terminals[name]
            raise GrammarError(
                f"the terminal {name} matches no string",
                pointer=name,
                span=terminal.span,
                hint=f"an assertion or a class in /{terminal.regex}/ leaves nothing",
            )

    def _terminal(self, pattern: str, flags: str, *, literal: bool, label: str = "") -> Symbols:
        """The terminal of that pattern, an old one if there is; optional if it matches the empty string."""
        name = self._known.get((pattern, flags, literal))
        if name is None:
            name = self._add_terminal(self._anonymous(pattern, flags, literal=literal, label=label))
        return self._taken(name)

    def _anonymous(self, pattern: str, flags: str, *, literal: bool, label: str) -> Terminal:
        span = self._current.span
        name = label or (quoted(pattern) if literal else f"/{pattern}/") + flags
        while name in self.terminals or name in self.draft.definitions:
            name += "'"
        if literal:
            return Terminal(name, pattern, flags, literal=True, span=span)
        return named_terminal(name, pattern, flags, lexer=self.draft.lexer, span=span)

    def _add_terminal(self, terminal: Terminal) -> str:
        self.terminals[terminal.name] = terminal
        self._known.setdefault((terminal.pattern + terminal.tail, terminal.flags, terminal.literal), terminal.name)
        self._shapes[terminal.name] = shape(terminal)
        return terminal.name
