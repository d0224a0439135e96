"""Lark grammars (https://lark-parser.readthedocs.io/en/stable/grammar.html), read by lark's own loader.

Lark's `GrammarBuilder` gives the syntax, the imports, overrides and extensions. What follows is ours,
because lark's next stage multiplies options out into exponentially many rules, refuses ambiguous optionals,
and forgets places::

    text -> lark's definitions, as trees (imports resolved) -> Draft (templates instantiated) -> Grammar

A rule's modifiers, aliases and ``maybe_placeholders`` shape trees and do not change the language. A terminal
defined as one string is a literal; an anonymous string or pattern is the same terminal as a named one that
says the same.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import GrammarError, LimitError, Span
from .expression import (
    EMPTY,
    Characters,
    Definition,
    Draft,
    Expression,
    Pattern,
    Reference,
    Repeat,
    Text,
    choice,
    references,
    sequence,
)
from .ir import Grammar, LexerKind, Terminal
from .lark_syntax import Places, find_places, translated
from .lowering import lower
from .notation import described, regex_source
from .patterns import named_terminal
from .regular import fold_regular
from .validate import check_references, check_start, validated

if TYPE_CHECKING:
    import lark

__all__ = ["read_lark"]

# Templates that use themselves with ever larger arguments are stopped at this many instances.
_MOST_INSTANCES = 10_000


def read_lark(
    text: str,
    start: str = "start",
    lexer: LexerKind | None = None,
    base_path: str | os.PathLike[str] | None = None,
) -> Grammar:
    """The language of a Lark grammar.

    Args:
        text: the grammar.
        start: its start rule.
        lexer: "longest" (default), "basic" or "dynamic", see `ir`.
        base_path: folder in which relative imports ``%import .module.NAME`` are looked up.

    Raises:
        GrammarError: the grammar is malformed, uses what cannot be enforced (``%declare``), or is empty.
        LimitError: its templates have no end of instances.
    """
    if base_path is None:
        return _read_alone(text, start, lexer)
    return _read(text, start, lexer, base_path)


@lru_cache(maxsize=64)
def _read_alone(text: str, start: str, lexer: LexerKind | None) -> Grammar:
    """:func:`read_lark` of a text that depends on no other files; those of the last texts are kept."""
    return _read(text, start, lexer, None)


def _read(text: str, start: str, lexer: LexerKind | None, base_path: str | os.PathLike[str] | None) -> Grammar:
    places = find_places(text)
    if places.relative_imports and base_path is None:
        name, span = places.relative_imports[0]
        raise GrammarError(
            f"the relative import of {name} needs a folder to look in",
            span=span,
            hint="pass base_path=, the folder of the grammar file",
        )
    with translated(text, places):
        draft = _Reader(text, places, lexer or "longest", base_path).draft(start)
    draft = _without_declared(draft, places)
    check_references(draft)
    return validated(lower(fold_regular(draft)))


def _without_declared(draft: Draft, places: Places) -> Draft:
    """The draft, if it leads to no ``%declare``; rules that do and cannot be reached are left out.

    Raises:
        GrammarError: a rule that can be reached uses a declared terminal.
    """
    if not places.declared:
        return draft
    declared = dict(places.declared)
    check_start(draft.start, draft.definitions)
    reachable = {draft.start: draft.definitions[draft.start]}
    pending = [draft.start]
    while pending:
        user = pending.pop()
        for reference in references(reachable[user].expression):
            if reference.name in declared:
                raise GrammarError(
                    f"%declare {reference.name} announces a terminal that only a hand-written lexer recognises",
                    pointer=user,
                    span=declared[reference.name],
                    expected=("a definition of the terminal",),
                    hint=f"{user} uses it: define it, or choose a start rule that does without",
                )
            if reference.name in draft.definitions and reference.name not in reachable:
                reachable[reference.name] = draft.definitions[reference.name]
                pending.append(reference.name)
    return dataclasses.replace(draft, definitions=reachable)


class _Reader:
    """Turns lark's trees into a Draft.

    Attributes:
        places: where names stand.
        lexer: decides whether lazy quantifiers mean anything.
        definitions: finished rules by name, instances of templates among them.
    """

    def __init__(self, text: str, places: Places, lexer: LexerKind, base_path: str | os.PathLike[str] | None) -> None:
        from lark.load_grammar import GrammarBuilder

        self.text = text
        self.places = places
        self.lexer: LexerKind = lexer
        self.definitions: dict[str, Definition] = {}
        builder = GrammarBuilder()
        # The name of the grammar is a path whose folder is where lark looks for relative imports.
        builder.load_grammar(text, str(Path(base_path or "") / "grammar.lark"))
        self._loaded = builder.build()
        self._templates = {
            name: (parameters, tree, options) for name, parameters, tree, options in self._loaded.rule_defs
        }
        self._pending: list[tuple[str, str, tuple[Expression, ...]]] = []

    def draft(self, start: str) -> Draft:
        term_defs: Any = self._loaded.term_defs  # a declared terminal has no tree, whatever lark's annotations say
        terminals = tuple(
            self._terminal(name, tree, priority) for name, (tree, priority) in term_defs if tree is not None
        )
        for name, (parameters, tree, options) in self._templates.items():
            if not parameters:
                self._define(str(name), tree, options, {})
        while self._pending:
            instance, template, arguments = self._pending.pop()
            parameters, tree, options = self._templates[template]
            self._define(instance, tree, options, dict(zip(parameters, arguments, strict=True)))
        return Draft(
            definitions=self.definitions,
            start=start,
            terminals=terminals,
            ignore=tuple(map(str, self._loaded.ignore)),
            lexer=self.lexer,
            source=self.text,
        )

    def _define(self, name: str, tree: lark.Tree[Any], options: Any, bound: Mapping[str, Expression]) -> None:
        span = self.places.definitions.get(name.partition("{")[0])
        self.definitions[name] = Definition(name, self._expression(tree, bound), span, options.priority or 0)

    def _terminal(self, name: str, tree: lark.Tree[Any], priority: int) -> Terminal:
        """A named terminal: plain text if it is one string, and else one regular expression."""
        name = str(name)
        span = self.places.definitions.get(name)
        expression = self._expression(tree, {})
        if isinstance(expression, Text):
            flags = "i" if expression.ignore_case else ""
            return Terminal(name, expression.text, flags, literal=True, priority=priority, span=span)
        if isinstance(expression, Pattern):
            source, flags = expression.source, expression.flags
        else:
            source, flags = regex_source(expression), ""
        return named_terminal(name, source, flags, lexer=self.lexer, priority=priority, span=span)

    def _expression(self, node: Any, bound: Mapping[str, Expression]) -> Expression:
        """The expression of a tree; `bound` are the arguments of the template that it is the body of."""
        from lark import Token, Tree
        from lark.grammar import Symbol

        if isinstance(node, Symbol):
            return bound.get(node.name) or Reference(
                str(node.name), next(iter(self.places.uses.get(node.name, ())), None)
            )
        if not isinstance(node, Tree):
            raise TypeError(f"lark's loader gave a {type(node).__name__} where a tree should be")
        children = node.children
        match node.data:
            case "expansions":
                return choice([self._expression(child, bound) for child in children])
            case "expansion":
                return sequence([self._expression(child, bound) for child in children])
            case "alias" | "value":
                return self._expression(children[0], bound)
            case "maybe":
                return Repeat(self._expression(children[0], bound), 0, 1)
            case "expr":
                low, high = _bounds([child for child in children[1:] if isinstance(child, Token)])
                return Repeat(self._expression(children[0], bound), low, high)
            case "literal":
                return _literal(_token(children[0]))
            case "range":
                return _character_range(*map(_token, children))
            case "template_usage":
                template = children[0]
                if not isinstance(template, Symbol):
                    raise TypeError("lark's loader gave a template without a name")
                return self._instance(
                    template.name, tuple(self._expression(child, bound) for child in children[1:]), bound
                )
            case other:
                raise TypeError(f"lark's loader gave a tree of unknown kind {other}")

    def _instance(
        self, template: str, arguments: tuple[Expression, ...], bound: Mapping[str, Expression]
    ) -> Expression:
        """A reference to the rule that the template makes of the arguments, which is queued if it is new."""
        actual = bound.get(template)  # a template may be passed to a template
        template = actual.name if isinstance(actual, Reference) else str(template)
        instance = f"{template}{{{', '.join(map(described, arguments))}}}"
        if instance not in self.definitions:
            if len(self.definitions) > _MOST_INSTANCES:
                raise LimitError(
                    f"the template {template} has more than {_MOST_INSTANCES} instances",
                    span=self.places.of(template),
                    hint="a template that uses itself must pass its own parameters on unchanged",
                )
            self.definitions[instance] = Definition(instance, EMPTY)
            self._pending.append((instance, template, arguments))
        return Reference(instance)


def _token(node: Any) -> lark.Token:
    from lark import Token

    if not isinstance(node, Token):
        raise TypeError(f"lark's loader gave a {type(node).__name__} where a token should be")
    return node


def _place(token: lark.Token) -> Span:
    return Span(token.line or 1, token.column or 1, len(token))


def _bounds(operator: list[lark.Token]) -> tuple[int, int | None]:
    """Bounds of ``?``, ``*``, ``+``, ``~ n`` and ``~ n..m``."""
    match list(map(str, operator)):
        case ["?"]:
            return 0, 1
        case ["*"]:
            return 0, None
        case ["+"]:
            return 1, None
        case ["~", *numbers]:
            low, high = int(numbers[0]), int(numbers[-1])
            if 0 <= low <= high:
                return low, high
    raise GrammarError(
        f"the repetition {' '.join(operator)} has no meaning",
        span=_place(operator[0]),
        expected=("?", "*", "+", "~ n", "~ n..m with 0 <= n <= m"),
    )


def _literal(token: lark.Token) -> Text | Pattern:
    """A string ``"..."i`` or a regular expression ``/.../imsx``."""
    from lark import load_grammar
    from lark.exceptions import LarkError

    unescaped: Callable[[str], str] = load_grammar.eval_escaping
    end = max(token.rfind('"'), token.rfind("/"))
    body, flags = str(token[1:end]), str(token[end + 1 :])
    try:
        value = unescaped(body)
    except (LarkError, ValueError, SyntaxError) as error:
        raise GrammarError(f"{token} has an escape that Python cannot read: {error}", span=_place(token)) from error
    if token.startswith('"'):
        text = value.replace("\\\\", "\\")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise GrammarError(f"{token} contains half of a surrogate pair", span=_place(token))
        return Text(text, ignore_case="i" in flags)
    if "l" in flags:
        raise GrammarError(
            f"the regular expression {token} depends on the locale",
            span=_place(token),
            expected=("flags i, m, s, u, x",),
        )
    return Pattern(value, "".join(flag for flag in "imsx" if flag in flags))


def _character_range(first: lark.Token, last: lark.Token) -> Characters:
    """The class of the characters from one to another, given as quoted strings."""
    low, high = _literal(first), _literal(last)
    if not (isinstance(low, Text) and isinstance(high, Text) and len(low.text) == len(high.text) == 1):
        raise GrammarError(
            f"{first}..{last} is no range of characters",
            span=_place(first),
            expected=("two strings of one character",),
        )
    if low.text > high.text:
        raise GrammarError(f"the range {first}..{last} is empty", span=_place(first), hint=f"write {last}..{first}")
    return Characters(((ord(low.text), ord(high.text)),))
