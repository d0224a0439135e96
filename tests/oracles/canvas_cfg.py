"""Slow, plain answers about texts with gaps: what the canvases of context-free grammars are compared with.

A text is a list of *choices*: at each place one of several strings (one fixed string, or all tokens of a vocabulary),
or any string at all. Lexing follows the words of `gramarye.grammar.ir` letter by letter, over `interegular`'s automata
of single terminals, all terminals being candidates everywhere; parsing is the naive fixpoint "which nonterminal derives
which path" over the rules as they stand. Nothing is shared with what is tested but the grammar.
"""

from __future__ import annotations

from collections.abc import Sequence

import interegular
from interegular.fsm import FSM, anything_else

from gramarye.grammar.ir import Grammar

__all__ = ["ANYTHING", "Choices", "GapOracle"]

ANYTHING = None
"""A gap of any length."""

Choices = Sequence[str] | None
"""What may stand at a place of a text."""

Inside = frozenset[tuple[str, object]]
LexState = tuple[Inside, Inside]
Emission = frozenset[str] | None
"""Terminals of an ended lexeme; None: nothing ended, or an ignored lexeme."""

Node = tuple[int, str, LexState]
"""(place in the text, letters still to be read of what was chosen before it, lexer)."""


class GapOracle:
    """One grammar over a small alphabet.

    Args:
        grammar: without lazy terminals.
        alphabet: the letters that a gap may be filled with.
    """

    def __init__(self, grammar: Grammar, alphabet: str) -> None:
        self.grammar = grammar
        self.alphabet = alphabet
        self.dynamic = grammar.lexer == "dynamic"
        used = {symbol for rule in grammar.rules for symbol in rule.expansion} | set(grammar.ignore)
        self.automata: dict[str, FSM] = {
            terminal.name: interegular.parse_pattern(
                f"(?{terminal.flags}:{terminal.regex})" if terminal.flags else terminal.regex
            )
            .to_fsm()
            .reduce()
            for terminal in grammar.terminals
            if terminal.name in used
        }

    def _advance(self, states: Inside, letter: str) -> Inside:
        found = set()
        for name, state in states:
            automaton = self.automata[name]
            symbol = letter if letter in automaton.alphabet else anything_else
            if symbol not in automaton.alphabet:
                continue
            after = automaton.map.get(state, {}).get(automaton.alphabet[symbol])
            if after is not None and automaton.islive(after):
                found.add((name, after))
        return frozenset(found)

    def _begin(self, letter: str) -> Inside:
        return self._advance(frozenset((name, automaton.initial) for name, automaton in self.automata.items()), letter)

    def _matching(self, states: Inside) -> set[str]:
        return {name for name, state in states if state in self.automata[name].finals}

    def _emissions(self, inside: Inside) -> list[Emission]:
        """What a lexeme that ends here may be."""
        names = self._matching(inside)
        if not self.dynamic and names:
            best = max(self.grammar.terminal[name].rank for name in names)
            names = {name for name in names if self.grammar.terminal[name].rank == best}
        found: list[Emission] = [frozenset(names)] if names else []
        if names & set(self.grammar.ignore):
            found.append(None)
        return found

    def steps(self, state: LexState, letter: str) -> list[tuple[Emission, LexState]]:
        """The ways to read one letter."""
        inside, watchers = state
        watchers = self._advance(watchers, letter)
        if self._matching(watchers):
            return []
        found: list[tuple[Emission, LexState]] = []
        longer = self._advance(inside, letter)
        if longer:
            found.append((None, (longer, watchers)))
        fresh = self._begin(letter)
        if not fresh:
            return found
        if not inside:
            found.append((None, (fresh, watchers)))
        elif self.dynamic:
            found += [(emission, (fresh, frozenset())) for emission in self._emissions(inside)]
        elif not self._matching(longer):
            found += [(emission, (fresh, watchers | longer)) for emission in self._emissions(inside)]
        return found

    def endings(self, state: LexState) -> list[Emission]:
        return self._emissions(state[0]) if state[0] else [None]

    def possible(self, text: Sequence[Choices]) -> bool:
        """Whether some choice at every place makes a text of the grammar."""
        return _Paths(self, text).possible()

    def accepts(self, text: str) -> bool:
        return self.possible([[text]])


class _Paths:
    """The graph of a text with choices, explored node by node, and the naive fixpoint over it."""

    def __init__(self, oracle: GapOracle, text: Sequence[Choices]) -> None:
        self.oracle = oracle
        self.text = text
        self.edges: dict[Node, list[tuple[Emission, Node]]] = {}
        nothing: LexState = (frozenset(), frozenset())
        self.start: Node = (0, "", nothing)
        self.end: Node = (len(text) + 1, "", nothing)
        pending: list[Node] = [self.start]
        while pending:
            node = pending.pop()
            if node in self.edges or node == self.end:
                continue
            self.edges[node] = self._leave(node)
            pending += [target for _, target in self.edges[node]]

    def _leave(self, node: Node) -> list[tuple[Emission, Node]]:
        place, rest, state = node
        if rest:
            return [(emission, (place, rest[1:], after)) for emission, after in self.oracle.steps(state, rest[0])]
        if place == len(self.text):
            return [(emission, self.end) for emission in self.oracle.endings(state)]
        choices = self.text[place]
        if choices is not None:
            return [(None, (place + 1, choice, state)) for choice in choices]
        found: list[tuple[Emission, Node]] = [(None, (place + 1, "", state))]
        for letter in self.oracle.alphabet:
            found += [(emission, (place, "", after)) for emission, after in self.oracle.steps(state, letter)]
        return found

    def possible(self) -> bool:
        silent = self._silent()
        spans: dict[str, set[tuple[Node, Node]]] = {name: set() for name in self.oracle.grammar.alternatives}
        for name in self.oracle.automata:
            spans[name] = {
                (before, target)
                for before, reached in silent.items()
                for node in reached
                for emission, target in self.edges.get(node, ())
                if emission is not None and name in emission
            }
        changed = True
        while changed:
            changed = False
            for rule in self.oracle.grammar.rules:
                found: set[tuple[Node, Node]] = {(node, node) for node in silent}
                for symbol in rule.expansion:
                    behind: dict[Node, set[Node]] = {}
                    for middle, target in spans.get(symbol, ()):
                        behind.setdefault(middle, set()).add(target)
                    found = {(source, target) for source, middle in found for target in behind.get(middle, ())}
                if not found <= spans[rule.origin]:
                    spans[rule.origin] |= found
                    changed = True
        last = {node for node, reached in silent.items() if self.end in reached}
        return any(source == self.start and target in last for source, target in spans[self.oracle.grammar.start])

    def _silent(self) -> dict[Node, set[Node]]:
        """Nodes that are reached from each one without a terminal."""
        found: dict[Node, set[Node]] = {}
        for node in [*self.edges, self.end]:
            reached = {node}
            pending = [node]
            while pending:
                for emission, target in self.edges.get(pending.pop(), ()):
                    if emission is None and target not in reached:
                        reached.add(target)
                        pending.append(target)
            found[node] = reached
        return found
