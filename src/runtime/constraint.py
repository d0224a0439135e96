"""A compiled constraint: immutable, shareable between threads, maker of matchers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BudgetError
from .forced import forced_bytes, stable_tokens
from .machine import Machine
from .matcher import Explanation, Matcher

if TYPE_CHECKING:
    from ..grammar.cfg.tables import CfgTables
    from ..grammar.schema.keywords import Finding
    from .completion import Completer
    from .diffusion.canvas_lattice import Lattice
    from .diffusion.canvas_protocol import Canvas, Check, End
    from .diffusion.cfg_tables import TokenGrammar
    from .explain import Explainer
    from .vocabulary import Vocabulary

__all__ = ["Constraint"]


class Constraint:
    """What :func:`gramarye.engine.compile` returns.

    Attributes:
        machine: the machine that it runs on.
        vocabulary: the tokens.
        start: the configuration of the empty text.
        kind: "schema", "regex", "choice", "lark", "ebnf" or "gbnf".
        after: the tag that ends the free text before the constrained region, if there is one.
        python_type: what a schema was made from, if it was a Python type; values are parsed into it.
        lattices: what canvases of the same kind share, by what was asked for; see ``diffusion/canvas.py``.
        grammar: the tables of a context-free grammar.
    """

    def __init__(
        self,
        machine: Machine,
        start: int,
        make_completer: Callable[[], Completer],
        explainer: Explainer,
        *,
        kind: str,
        report: Callable[[], Sequence[Finding]],
        after: str | None = None,
        python_type: object = None,
        grammar: CfgTables | None = None,
    ) -> None:
        self.machine = machine
        self.vocabulary: Vocabulary = machine.vocabulary
        self.start = start
        self._make_completer = make_completer
        self.kind = kind
        self.lattices: dict[tuple[int, int | None], Lattice] = {}
        self._make_report = report
        self.after = after
        self.python_type = python_type
        self.grammar = grammar
        self.end_tokens = frozenset(machine.vocabulary.eos_ids)
        self._explainer = explainer
        self._continues: dict[int, bool] = {}

    def __repr__(self) -> str:
        return f"<Constraint {self.kind}, {len(self.vocabulary)} tokens>"

    def matcher(self) -> Matcher:
        """A matcher at the start of the text."""
        return Matcher(self)

    def canvas(
        self,
        length: int,
        fixed: Mapping[int, int] | None = None,
        *,
        end: End = "padded",
        check: Check = "exact",
        **options: Any,
    ) -> Canvas:
        """A canvas of ``length`` positions to be filled in any order, as diffusion language models do.

        Args:
            length: L, the number of positions.
            fixed: tokens that are there from the beginning, by position.
            end: "padded": an end token from some position on, then only end tokens; "exact": ``length`` tokens of
                text and no end token.
            check: "exact", "intersection" or "lookahead": what decides whether a token may be committed.
            options: of the check.

        Raises:
            GramaryeError: an argument is out of range, or the check cannot serve this constraint.
            LimitError: the constraint is too large for the check.
        """
        from .diffusion.checks import make_canvas

        return make_canvas(self, length, fixed, end=end, check=check, **options)

    def accepts(self, text: str | bytes) -> bool:
        """True if the whole text is in the language."""
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
        config, _ = self.machine.advance_bytes(self.start, data)
        return config != 0 and self.machine.accepting(config)

    @cached_property
    def completer(self) -> Completer:
        """Shortest completions. Made when first asked for."""
        return self._make_completer()

    @cached_property
    def report(self) -> tuple[Finding, ...]:
        """Every keyword of the schema (or the grammar as a whole) and what becomes of it. Made when first asked for."""
        return tuple(self._make_report())

    @cached_property
    def token_grammar(self) -> TokenGrammar | None:
        """The context-free grammar as canvases need it, made when the first canvas is; None if there is no grammar.

        Raises:
            GrammarError: it cannot be lexed without context.
        """
        from .diffusion.cfg_tables import TokenGrammar

        return None if self.grammar is None else TokenGrammar(self.grammar, self.vocabulary)

    @cached_property
    def _end_mask(self) -> NDArray[np.uint32]:
        mask = np.zeros(self.machine.words, np.uint32)
        for token in self.end_tokens:
            mask[token >> 5] |= np.uint32(1 << (token & 31))
        return mask

    def end_mask(self, out: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Write the mask of the end tokens to ``out``."""
        out[:] = self._end_mask
        return out

    def continues(self, config: int) -> bool:
        """True if some byte may come next."""
        found = self._continues.get(config)
        if found is None:
            found = self._continues[config] = self.machine.continues(config)
        return found

    def budgeted_mask(self, config: int, budget: int, out: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Write the tokens after which the text can be finished in ``budget - 1`` more to ``out``.

        Raises:
            BudgetError: there is none, and the text may not end here.
        """
        machine = self.machine
        out[:] = 0
        if budget > 0:
            targets = machine.successors(config)
            fitting = np.zeros(int(targets.max()) + 1, np.bool_)
            fitting[targets] = True
            for one in np.flatnonzero(fitting).tolist():
                fitting[one] = one != 0 and self.completer.fits(one, budget - 1)
            allowed = np.packbits(fitting[targets], bitorder="little")
            out.view(np.uint8)[: allowed.size] = allowed
            if sys.byteorder == "big":
                out.byteswap(inplace=True)
            for token in self.completer.tokens(config)[:1] if self.completer.fits(config, budget) else ():
                out[token >> 5] |= np.uint32(1 << (token & 31))
        accepting = machine.accepting(config)
        if accepting:
            out |= self._end_mask
        elif not out.any():
            plan = self.completer.tokens(config)
            raise BudgetError(
                f"{len(plan)} more tokens finish the text, {budget} are left", needed=len(plan), budget=budget
            )
        return out

    def forced_bytes(self, config: int) -> bytes:
        """The bytes that must follow a configuration."""
        return forced_bytes(self.machine, config)

    def forced_tokens(self, data: bytes) -> list[int]:
        """The tokens of forced bytes that nothing after them can change."""
        return stable_tokens(self.vocabulary, data) if data else []

    def explain(self, config: int, data: bytes, *, ends: bool = False) -> Explanation:
        """See :meth:`Matcher.explain`."""
        return self._explainer.explain(config, data, ends=ends)
