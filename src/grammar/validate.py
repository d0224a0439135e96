"""What must hold of every grammar before tables are made of it; each failure is an error with its place.

==================================  ===================================================
checked on the draft                undefined names, unknown start rule
checked on plain BNF                empty language, rules that derive no string
put right without a word            unreachable rules and terminals, duplicates (neither changes the language)
==================================  ===================================================
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable

from ..errors import GrammarError, Span
from .expression import Draft, references
from .ir import Grammar, Rule

__all__ = ["check_references", "check_start", "did_you_mean", "productive_names", "reachable_names", "validated"]

_MOST_NAMES_SHOWN = 12


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the known names nearest to `name`, or None if none is near."""
    candidates = sorted(set(known))
    folded = {candidate.lower(): candidate for candidate in candidates}
    near = difflib.get_close_matches(name, candidates, n=2, cutoff=0.6)
    if name.lower() in folded:
        near = [folded[name.lower()]]
    if not near:
        near = [folded[match] for match in difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)]
    return f"did you mean {' or '.join(near)}?" if near else None


def check_references(draft: Draft) -> None:
    """Raise GrammarError for an unknown start rule and for the first name that is used but not defined."""
    check_start(draft.start, draft.definitions)
    known = {*draft.definitions, *(terminal.name for terminal in draft.terminals)}
    for definition in draft.definitions.values():
        for reference in references(definition.expression):
            if reference.name not in known:
                raise GrammarError(
                    f"{reference.name} is used in {definition.name} but not defined",
                    pointer=definition.name,
                    span=reference.span or definition.span,
                    expected=("the name of a rule of this grammar",),
                    hint=did_you_mean(reference.name, known)
                    or f"define {reference.name}, or write it as a quoted text",
                )


def check_start(start: str, names: Iterable[str]) -> None:
    """Raise GrammarError unless `start` is one of the names of rules."""
    known = [name for name in names if "@" not in name]
    if start in known:
        return
    shown = known[:_MOST_NAMES_SHOWN] + (["..."] if len(known) > _MOST_NAMES_SHOWN else [])
    raise GrammarError(
        f"the grammar has no rule named {start}, which should be its start" if known else "the grammar has no rules",
        span=None if known else Span(1, 1),
        expected=shown or ("a rule",),
        hint=did_you_mean(start, known) or "name the start rule with start=",
    )


def validated(grammar: Grammar) -> Grammar:
    """The grammar without unreachable symbols and duplicate rules; its invariants hold (see `ir.Grammar`).

    Raises:
        GrammarError: the language is empty, or a reachable nonterminal derives no string.
    """
    check_start(grammar.start, grammar.alternatives)
    productive = productive_names(grammar)
    reachable = reachable_names(grammar)
    spans = {rule.origin: rule.span for rule in reversed(grammar.rules)}
    if grammar.start not in productive:
        raise GrammarError(
            f"the language of the grammar is empty: {grammar.start} derives no string",
            pointer=grammar.start,
            span=spans[grammar.start],
            hint=_endless_hint(grammar, productive, grammar.start),
        )
    for origin in grammar.alternatives:
        if origin in reachable and origin not in productive:
            raise GrammarError(
                f"the rule {origin.split('@')[0]} derives no string"
                + (": a part of it never ends" if "@" in origin else ""),
                pointer=origin.split("@")[0],
                span=spans[origin],
                hint=_endless_hint(grammar, productive, origin),
            )
    kept = dict.fromkeys(rule for rule in grammar.rules if rule.origin in reachable)
    distinct: dict[tuple[str, tuple[str, ...]], Rule] = {}
    for rule in kept:
        if rule.expansion != (rule.origin,):
            distinct.setdefault((rule.origin, rule.expansion), rule)
    wanted = reachable | set(grammar.ignore)
    return dataclasses.replace(
        grammar,
        rules=tuple(distinct.values()),
        terminals=tuple(terminal for terminal in grammar.terminals if terminal.name in wanted),
        ignore=tuple(dict.fromkeys(grammar.ignore)),
    )


def productive_names(grammar: Grammar) -> set[str]:
    """Terminals, and the nonterminals that derive some string of terminals. Linear time."""
    productive = {terminal.name for terminal in grammar.terminals}
    missing: list[int] = []
    waiting: dict[str, list[int]] = {}
    pending: list[str] = []
    for index, rule in enumerate(grammar.rules):
        unknown = {symbol for symbol in rule.expansion if symbol not in productive}
        missing.append(len(unknown))
        for symbol in unknown:
            waiting.setdefault(symbol, []).append(index)
        if not unknown:
            pending.append(rule.origin)
    while pending:
        name = pending.pop()
        if name in productive:
            continue
        productive.add(name)
        for index in waiting.get(name, ()):
            missing[index] -= 1
            if missing[index] == 0:
                pending.append(grammar.rules[index].origin)
    return productive


def reachable_names(grammar: Grammar) -> set[str]:
    """The start and all symbols that occur in some string derived from it."""
    reachable = {grammar.start}
    pending = [grammar.start]
    while pending:
        for expansion in grammar.alternatives.get(pending.pop(), ()):
            new = set(expansion) - reachable
            reachable |= new
            pending.extend(new)
    return reachable


def _endless_hint(grammar: Grammar, productive: set[str], origin: str) -> str:
    """Says what each alternative of an unproductive nonterminal waits for."""
    culprits = dict.fromkeys(
        symbol.split("@")[0]
        for expansion in grammar.alternatives[origin]
        for symbol in expansion
        if symbol not in productive
    )
    return f"each alternative needs {' or '.join(culprits)}, which never ends; add one that does not"
