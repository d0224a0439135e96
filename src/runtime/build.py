"""From what the user gave to a :class:`Constraint`: one builder a kind of source.

::

    regex, choice ──> ByteDfa ─────────> Op.BYTES
    lark, ebnf, gbnf ─> Grammar ─> CfgTables ─> Op.EARLEY
    schema ──> Document ─> SchemaLowering ──> Op.DOCUMENT       lowered on, when the machine asks
    after="</think>" ──> free text up to the tag (Op.BYTES), then one of the above
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..errors import GramaryeError, GrammarError, RegexError, VocabularyError
from ..grammar.choice import choice_automaton
from ..grammar.regex import ByteDfa, RegexLimits, compile_regex, difference, to_bytes
from ..grammar.schema import Document, SchemaLowering
from ..grammar.schema.keywords import Finding, Treatment, findings
from ..kernels.opcodes import Op, Status, Whitespace
from .bytes_binding import bind_bytes
from .completion import Completer
from .completion_json import json_completer
from .constraint import Constraint
from .explain import Expectation, Explainer, describe_bytes, schema_describer
from .limits import Limits
from .machine import Machine
from .remembered_items import answer_items
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from referencing import Registry

    from ..grammar.cfg.tables import CfgTables
    from ..grammar.ir import Grammar

__all__ = ["Options", "build_choice", "build_grammar", "build_regex", "build_schema"]


_WHITESPACE = {mode.name.lower(): mode for mode in Whitespace}
_SPELLING_TOKENS = 64
"""Tokens within which a vocabulary without all single bytes must spell some text."""


@dataclass(frozen=True, slots=True)
class Options:
    """What every builder takes.

    Attributes:
        vocabulary: the tokens.
        limits: what the constraint may use.
        after: free text comes first, up to and including this tag.
    """

    vocabulary: Vocabulary
    limits: Limits
    after: str | None = None


def build_regex(
    pattern: str, options: Options, *, dialect: Literal["python", "ecma"] = "python", flags: str = ""
) -> Constraint:
    """Texts that a regular expression matches from end to end."""
    limits = RegexLimits(states=options.limits.automaton_states)
    automaton = to_bytes(compile_regex(pattern, dialect=dialect, flags=flags, limits=limits), limits)
    if automaton.start == 0:
        raise RegexError("no text matches this regular expression", hint="look for assertions that exclude each other")
    return _from_bytes(automaton, "regex", options)


def build_choice(choices: Iterable[str | bytes], options: Options) -> Constraint:
    """Texts that are one of several."""
    return _from_bytes(choice_automaton(choices), "choice", options)


def build_grammar(grammar: Grammar, kind: str, options: Options) -> Constraint:
    """Texts of a context-free grammar."""
    from .build_grammar import grammar_parts

    machine = Machine(options.vocabulary, options.limits)
    parts = grammar_parts(machine, grammar)
    return _finish(
        machine,
        parts.start,
        lambda: Completer(machine, {}, {Op.EARLEY: parts.completion}),
        parts.describe,
        options,
        kind=kind,
        report=lambda: [Finding(grammar.start, kind, Treatment.ENFORCED)],
        grammar=parts.tables,
    )


def build_schema(
    schema: bool | dict[str, Any],
    options: Options,
    *,
    whitespace: str,
    ordered: bool,
    plain: bool = False,
    assert_formats: bool = False,
    draft: int | None = None,
    registry: Registry[Any] | None = None,
    python_type: object = None,
) -> Constraint:
    """JSON texts that a schema accepts."""
    mode = _WHITESPACE.get(whitespace)
    if mode is None:
        raise GramaryeError(f"whitespace is {whitespace!r}", expected=list(_WHITESPACE))
    machine = Machine(options.vocabulary, options.limits, whitespace=mode, ordered=ordered, plain=plain)
    document = Document(schema, draft=draft, registry=registry, assert_formats=assert_formats)
    # The arena calls what lowers for it, which holds on to the arena only weakly: nothing is in a cycle, so nothing
    # that was compiled waits for the collector.
    lowering = SchemaLowering(document, weakref.proxy(machine.arena), plain=plain, ordered=ordered)
    machine.arena.on(Status.LOWER_NODE, lowering.lower)
    machine.arena.on(Status.LOWER_STATE, lowering.numbers.lower_state)
    machine.arena.on(Status.LOWER_ENTRY, lowering.containers.lower_entry)
    answer_items(machine, lowering.containers.item_read)
    start = machine.intern(Op.DOCUMENT, lowering.root, parent=machine.intern(Op.FINISHED))
    describe = schema_describer(machine, lowering)
    return _finish(
        machine,
        start,
        lambda: json_completer(machine, lowering),
        describe,
        options,
        kind="schema",
        report=lambda: list(findings(document)),
        python_type=python_type,
    )


def _from_bytes(automaton: ByteDfa, kind: str, options: Options) -> Constraint:
    machine = Machine(options.vocabulary, options.limits)
    start = machine.intern(Op.BYTES, bind_bytes(machine.arena, automaton), automaton.start, parent=machine.end)

    def describe(config: int) -> list[Expectation]:
        return [Expectation(describe_bytes(machine.live_bytes(config)))]

    return _finish(
        machine,
        start,
        lambda: Completer(machine, {}, {}),
        describe,
        options,
        kind=kind,
        report=lambda: [Finding("", kind, Treatment.ENFORCED)],
    )


def _finish(
    machine: Machine,
    start: int,
    make_completer: Callable[[], Completer],
    describe: Callable[[int], list[Expectation]],
    options: Options,
    *,
    kind: str,
    report: Callable[[], list[Finding]],
    python_type: object = None,
    grammar: CfgTables | None = None,
) -> Constraint:
    """Put the free text before it, and check that the vocabulary can spell something of the language."""
    if options.after is not None:
        start = _free_text(machine, options.after, start)
    constraint = Constraint(
        machine,
        start,
        make_completer,
        Explainer(machine, describe),
        kind=kind,
        report=report,
        after=options.after,
        python_type=python_type,
        grammar=grammar,
    )
    if not machine.vocabulary.byte_complete:
        _check_spelling(constraint)
    return constraint


def _free_text(machine: Machine, tag: str, start: int) -> int:
    """Any text up to the first occurrence of a tag, then ``start``."""
    if not tag:
        raise GrammarError("after is empty", expected=["the tag that ends the free text"])
    quoted = re.escape(tag)
    upto = compile_regex(f"(?s:.*){quoted}")
    automaton = to_bytes(difference(upto, compile_regex(f"(?s:.*){quoted}(?s:.+)")))
    return machine.intern(Op.BYTES, bind_bytes(machine.arena, automaton), automaton.start, parent=start)


def _check_spelling(constraint: Constraint) -> None:
    """A vocabulary without all single bytes must spell at least one text of the language.

    Raises:
        VocabularyError: it spells none.
    """
    completer = constraint.completer
    try:
        completer.tokens(constraint.start)
    except VocabularyError as error:
        if completer.search_tokens(constraint.start, _SPELLING_TOKENS) is None:
            raise VocabularyError(
                "the vocabulary cannot spell any text of this language: " + error.message,
                hint="use a vocabulary with all single bytes, or one whose tokens fit the constraint",
            ) from error
