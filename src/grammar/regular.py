r"""Regular parts of a grammar become single terminals, where that cannot change the language.

Under dynamic lexing without ignored terminals any text may be cut into lexemes in any way, so a part of a
grammar whose strings form a regular language can be one lexeme as well as many. Character-level grammars
(EBNF, GBNF) then get by with few terminals, and the parser moves once a word and not once a character::

    root  ::= item ("," ws item)* ws              root -> item root@1 ws     root@1 -> ε | root@1 SEP item
    item  ::= [a-z]+ ws | "(" root ")"     =>     item -> WORD | "(" root ")"
    ws    ::= [ \t\n]*                            WORD = [a-z]+[ \t\n]*    SEP = ,[ \t\n]*   ...

A rule that recurs only at one end of its alternatives is a loop in disguise (Arden's lemma)::

    A = A α | β A | γ      =>      A = β* γ α*

Folding stops at a size (an automaton of it would be large) and at what is truly recursive.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ..errors import GrammarError, LimitError, RegexError, Span
from .characters import as_characters, merged
from .expression import (
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
    choice,
    references,
    sequence,
    walk,
)
from .ir import Terminal
from .notation import ONE_CHARACTER, described, regex_source
from .patterns import sees_only_itself
from .subtraction import subtracted

__all__ = ["fold_regular"]

# Character positions of a folded expression, its repetitions written out, and states of its automaton.
_LARGEST = 512
_MOST_STATES = 2048


def fold_regular(draft: Draft) -> Draft:
    """The draft with maximal regular parts as patterns; the draft itself unless its lexing is dynamic.

    References must be defined. A rule that is regular as a whole becomes a terminal of its name. Linear in
    the size of the grammar and in the sizes of what is folded.
    """
    if draft.lexer != "dynamic" or draft.ignore:
        return draft
    definitions = {name: _unrolled(definition) for name, definition in draft.definitions.items()}
    closed = {
        terminal.name: _of_terminal(terminal)
        for terminal in draft.terminals
        if terminal.literal or sees_only_itself(terminal.pattern)
    }
    closed |= _closed_definitions(definitions, closed)
    definitions = {
        name: dataclasses.replace(definition, expression=_without_differences(definition.expression, closed))
        for name, definition in definitions.items()
    }
    folded = {
        name: dataclasses.replace(definition, expression=_fold(definition.expression, closed))
        for name, definition in definitions.items()
        if name not in closed or name == draft.start
    }
    terminals = [
        Terminal(name, regex_source(closed[name]), span=definition.span)
        for name, definition in definitions.items()
        if name in closed and name != draft.start
    ]
    return dataclasses.replace(draft, definitions=folded, terminals=(*draft.terminals, *terminals))


def _of_terminal(terminal: Terminal) -> Expression:
    if terminal.literal:
        return Text(terminal.pattern, ignore_case="i" in terminal.flags)
    return Pattern(terminal.pattern, terminal.flags)


def _unrolled(definition: Definition) -> Definition:
    """The definition with recursion at the ends of alternatives as loops, if that is all its recursion."""
    name = definition.name
    before: list[Expression] = []
    after: list[Expression] = []
    middle: list[Expression] = []
    for alternative in _alternatives(definition.expression):
        items = alternative.items if isinstance(alternative, Sequence) else (alternative,)
        own = sum(reference.name == name for reference in references(alternative))
        if own == 0:
            middle.append(alternative)
        elif own == 1 and items[0] == Reference(name):
            after.append(sequence(list(items[1:])))
        elif own == 1 and items[-1] == Reference(name):
            before.append(sequence(list(items[:-1])))
        else:
            return definition
    if not middle or not (before or after):
        return definition
    loops = [Repeat(choice(part), 0, None) if part else Sequence(()) for part in (before, after)]
    return dataclasses.replace(definition, expression=sequence([loops[0], choice(middle), loops[1]]))


def _alternatives(expression: Expression) -> list[Expression]:
    match expression:
        case Choice(items):
            return [alternative for item in items for alternative in _alternatives(item)]
        case Repeat(item, 0, 1):
            return [*_alternatives(item), Sequence(())]
        case _:
            return [expression]


def _closed_definitions(
    definitions: Mapping[str, Definition], terminals: Mapping[str, Expression]
) -> dict[str, Expression]:
    """Definitions without recursion, written without references, as far as they stay small."""
    closed = dict(terminals)
    needs = {
        name: {reference.name for reference in references(definition.expression)} - closed.keys()
        for name, definition in definitions.items()
    }
    users: dict[str, list[str]] = {}
    for name, needed in needs.items():
        for other in needed:
            users.setdefault(other, []).append(name)
    pending = [name for name, needed in needs.items() if not needed]
    while pending:
        name = pending.pop()
        expression = _closure(definitions[name].expression, closed)
        if expression is None or not _compact(expression):
            continue
        closed[name] = expression
        for user in users.get(name, ()):
            needs[user].discard(name)
            if not needs[user]:
                pending.append(user)
    return {name: expression for name, expression in closed.items() if name not in terminals}


def _closure(expression: Expression, closed: Mapping[str, Expression]) -> Expression | None:
    """The expression without references, None if it has references that are not closed, or is too large."""
    if any(
        (isinstance(part, Reference) and part.name not in closed)
        or (isinstance(part, Pattern) and not sees_only_itself(part.source))
        for part in walk(expression)
    ):
        return None
    expression = _without_differences(expression, closed)
    return _substituted(expression, closed) if _size(expression, closed) <= _LARGEST else None


def _without_differences(expression: Expression, closed: Mapping[str, Expression]) -> Expression:
    """The expression with every difference worked out.

    Raises:
        GrammarError: an operand of a difference is not regular, or too large.
    """
    match expression:
        case Difference(kept, removed, span):
            return subtracted(_operand(kept, span, closed), _operand(removed, span, closed), span)
        case Sequence(items):
            return sequence([_without_differences(item, closed) for item in items])
        case Choice(items):
            return choice([_without_differences(item, closed) for item in items])
        case Repeat(item, low, high):
            return Repeat(_without_differences(item, closed), low, high)
        case _:
            return expression


def _operand(expression: Expression, span: Span | None, closed: Mapping[str, Expression]) -> Expression:
    """A side of a difference, without differences and references."""
    for reference in references(expression):
        if reference.name not in closed:
            raise GrammarError(
                f"an exception needs regular languages, and {reference.name} is recursive or too large",
                pointer=reference.name,
                span=reference.span or span,
                expected=("rules that do not lead back to themselves",),
                hint="write out what is left when the exception is taken away",
            )
    return _substituted(_without_differences(expression, closed), closed)


def _size(expression: Expression, closed: Mapping[str, Expression]) -> int:
    """Character positions and operators of the expression after substitution."""
    match expression:
        case Text(text):
            return 1 + len(text)
        case Characters():
            return 1
        case Pattern(source, _, _):
            return 1 if ONE_CHARACTER.fullmatch(source) else 1 + len(source)
        case Reference(name):
            return _size(closed[name], closed)
        case Sequence(items) | Choice(items):
            return 1 + sum(_size(item, closed) for item in items)
        case Repeat(item, low, high):
            return 1 + _size(item, closed) * max(low if high is None else high, 1)
        case Difference(kept, removed):
            return 1 + _size(kept, closed) + _size(removed, closed)


def _substituted(expression: Expression, closed: Mapping[str, Expression]) -> Expression:
    match expression:
        case Reference(name):
            return closed[name]
        case Sequence(items):
            return sequence([_substituted(item, closed) for item in items])
        case Choice(items):
            return choice(merged(_substituted(item, closed) for item in items))
        case Repeat(item, low, high):
            return Repeat(_substituted(item, closed), low, high)
        case _:
            return expression


def _fold(expression: Expression, closed: Mapping[str, Expression]) -> Expression:
    """The expression with its maximal regular parts as patterns."""
    if isinstance(expression, Text | Characters | Pattern | Reference):
        return expression
    whole = _closure(expression, closed)
    if whole is not None and _compact(whole):
        return _as_pattern(whole, expression)
    match expression:
        case Sequence(items):
            return sequence(_folded_runs(items, closed))
        case Choice(items):
            regular = [part for item in items if (part := _closure(item, closed)) is not None]
            others = [_fold(item, closed) for item in items if _closure(item, closed) is None]
            together = choice(regular) if regular else None
            large = together is None or _size(together, closed) > _LARGEST or not _compact(together)
            if together is None or large or len(regular) == 1:
                return choice([_fold(item, closed) for item in items])
            originals = choice([item for item in items if _closure(item, closed) is not None])
            return choice([*others, _as_pattern(together, originals)])
        case Repeat(item, low, high):
            return Repeat(_fold(item, closed), low, high)
        case _:
            return expression


def _folded_runs(items: tuple[Expression, ...], closed: Mapping[str, Expression]) -> list[Expression]:
    """Neighbouring regular items as one pattern each, as far as these stay small."""
    result: list[Expression] = []
    run: list[Expression] = []
    for item in (*items, None):
        part = None if item is None else _closure(item, closed)
        longer = None if part is None else sequence([_substituted(one, closed) for one in run] + [part])
        if item is not None and longer is not None and _size(longer, closed) <= _LARGEST and _compact(longer):
            run.append(item)
            continue
        if run:
            result.append(
                _fold(run[0], closed)
                if len(run) == 1
                else _as_pattern(_substituted(sequence(run), closed), sequence(run))
            )
        run = [item] if item is not None and part is not None else []
        if item is not None and part is None:
            result.append(_fold(item, closed))
    return result


def _compact(expression: Expression) -> bool:
    """Whether the automaton of an expression without references has few states."""
    from .regex import RegexLimits, compile_regex

    if isinstance(expression, Text | Characters):
        return True
    try:
        compile_regex(regex_source(expression), limits=RegexLimits(states=_MOST_STATES))
    except (LimitError, RegexError):  # what is no regular expression is reported with its place in lowering
        return False
    return True


def _as_pattern(expression: Expression, original: Expression) -> Expression:
    """One leaf for an expression without references, which messages show as it was written."""
    if isinstance(expression, Text | Characters | Pattern) or expression == Sequence(()):
        return expression
    if (characters := as_characters(expression)) is not None:
        return characters
    return Pattern(regex_source(expression), label=described(original))
