"""Masks of Lark grammars along valid texts (JSON, SQL, C, Python expressions), interleaved across engines.

For each grammar of ``schemas/`` and each engine: compile, with empty caches of masks, and take the mask at each
position of the tokenizations of ``bench/texts/NAME.txt``, the end included. What an engine builds on the way counts for
the mask during which it builds it. That is repeated, the engines taking turns in another order; the first compilation
of a grammar and the later ones, for which an engine may have kept what it read, are told apart.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
from rich.progress import track

from .data import EOS_TOKENS, RealTokenizer
from .masks import Tally, allows, no_collection
from .peers import (
    Engine,
    Gramarye,
    LLGuidance,
    RefusedError,
    Session,
    XGrammar,
    _GramaryeSession,
    _LLGuidanceSession,
    _XGrammarSession,
)
from .report import Report, Section, summarize

GRAMMARS = ("json", "sql", "c_subset", "python_expr")
SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
TEXTS = Path(__file__).resolve().parent / "texts"
_MOST_ITEMS = 100_000_000
_WARM_UP = 'start: "a" | "b" start'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--grammars", default=",".join(GRAMMARS), help=f"comma-separated, of {', '.join(GRAMMARS)}")
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")
    parser.add_argument("--engines", default="gramarye,llguidance,xgrammar", help=f"of {', '.join(ENGINES)}")
    parser.add_argument("--seconds", type=float, default=10, help="CPU after which an engine is stopped, a grammar")
    parser.add_argument("--rounds", type=int, default=3, help="how often each engine goes through each grammar")


class GramaryeGrammars(Gramarye):
    """Ourselves, with counts."""

    def compile(self, source: str) -> Session:
        """See `Engine`."""
        from gramarye import GramaryeError, engine

        try:
            constraint = engine.compile(lark=source, vocabulary=self.vocabulary)
        except GramaryeError as error:
            raise RefusedError(str(error)) from error
        return _GramaryeSession(constraint, self.vocabulary.words)


class LLGuidanceGrammars(LLGuidance):
    """llguidance, its limits lifted: with those that it comes with it gives up on Python expressions."""

    def compile(self, source: str) -> Session:
        """See `Engine`."""
        matcher_type = self.library.LLMatcher
        limits = self.library.LLParserLimits(max_items_in_row=_MOST_ITEMS, step_max_items=_MOST_ITEMS)
        try:
            grammar = matcher_type.grammar_from_lark(for_llguidance(source))
        except ValueError as error:
            raise RefusedError(str(error)) from error
        matcher = matcher_type(self.tokenizer, grammar, log_level=0, limits=limits)
        if matcher.is_error():
            raise RefusedError(matcher.get_error())
        return _LLGuidanceSession(matcher, self.words)


class XGrammarGrammars(XGrammar):
    """xgrammar with the grammar as it is; it keeps no compiled grammars."""

    def compile(self, source: str) -> Session:
        """See `Engine`."""
        self.compiler.clear_cache()
        try:
            compiled = self.compiler.compile_lark(source)
        except (RuntimeError, ValueError) as error:
            raise RefusedError(str(error)) from error
        return _XGrammarSession(self.library.GrammarMatcher(compiled), self.words)


ENGINES: Mapping[str, Callable[[RealTokenizer], Engine]] = MappingProxyType(
    {"gramarye": GramaryeGrammars, "llguidance": LLGuidanceGrammars, "xgrammar": XGrammarGrammars}
)


def for_llguidance(source: str) -> str:
    """A grammar whose lookaheads, which say that a name is no keyword, are differences of languages."""
    return re.sub(r"^(\w+): /\(\?!\(\?:(.*?)\)\\b\)(\S+)/$", r"\1: /\3/ & ~/(?:\2)/", source, flags=re.MULTILINE)


def texts_of(name: str) -> list[str]:
    """The texts of a grammar."""
    return (TEXTS / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n").split("\n----\n")


@dataclass
class Results:
    """What was measured of one engine on one grammar.

    Attributes:
        tally: times of masks.
        first: ns of the first compilation, up to the first mask.
        later: ns of the others.
        refused: why it does not compile the grammar.
        failed: texts that it does not let through, once each.
        stopped: it was stopped before the last text.
        counts: of the machine, ourselves only: trie nodes visited, configurations made and so on.
    """

    tally: Tally = field(default_factory=Tally)
    first: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    refused: str = ""
    failed: set[int] = field(default_factory=set)
    stopped: bool = False
    counts: dict[str, int] = field(default_factory=dict)


def follow(session: Session, tokens: list[int], tally: Tally, seconds: float) -> bool | None:
    """Whether a session lets all tokens through; None where the masks so far have taken longer than allowed."""
    clock = time.thread_time_ns
    for token in tokens:
        before = clock()
        mask = session.mask()
        tally.mask_cpu.append(clock() - before)
        if not allows(mask, token):
            return False
        if tally.mask_cpu[-1] > 1e6 and sum(tally.mask_cpu) > seconds * 1e9:
            return None
        session.advance(token)
    return True


def measure(engine: Engine, source: str, texts: list[list[int]], seconds: float, results: Results) -> None:
    """Compile a grammar and go through its texts, end tokens included."""
    if results.stopped or results.refused:
        return
    before = time.thread_time_ns()
    try:
        session = engine.compile(source)
    except RefusedError as error:
        results.refused = " ".join(str(error).split())
        return
    session.mask()
    (results.later if results.first else results.first).append(time.thread_time_ns() - before)
    session = engine.compile(source)
    for number, text in enumerate(texts):
        session.reset()
        passed = follow(session, text, results.tally, seconds)
        if passed is None:
            results.stopped = True
            return
        if not passed:
            results.failed.add(number)
    if isinstance(session, _GramaryeSession):
        results.counts = session.counts()


def measured(options: argparse.Namespace, names: list[str]) -> Iterator[tuple[str, dict[str, Results]]]:
    """What each engine did on each grammar."""
    tokenizer = RealTokenizer(options.data, options.tokenizer)
    engines = {name: ENGINES[name](tokenizer) for name in names}
    for engine in engines.values():
        engine.compile(_WARM_UP).mask()
    for grammar in track(options.grammars.split(","), description="grammars"):
        source = (SCHEMAS / f"{grammar}.lark").read_text(encoding="utf-8")
        texts = [[*tokenizer.encode(text), tokenizer.eos_id] for text in texts_of(grammar)]
        results = {name: Results() for name in names}
        rotating = list(names)
        for _ in range(options.rounds):
            with no_collection():
                for name in rotating:
                    measure(engines[name], source, texts, options.seconds, results[name])
            rotating.append(rotating.pop(0))
        yield grammar, results


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    names = options.engines.split(",")
    if unknown := set(names) - ENGINES.keys():
        sys.exit(f"no such engine: {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
    if unknown := set(options.grammars.split(",")) - set(GRAMMARS):
        sys.exit(f"no such grammar: {', '.join(sorted(unknown))}; there are {', '.join(GRAMMARS)}")
    return report(options, names, dict(measured(options, names)))


def report(options: argparse.Namespace, names: list[str], found: dict[str, dict[str, Results]]) -> Report:
    """Summarize the results by grammar and engine."""
    sections = []
    for grammar, results in found.items():
        ran = {name: one for name, one in results.items() if one.tally.mask_cpu}
        masks = {name: summarize([t / 1e3 for t in one.tally.mask_cpu]) for name, one in ran.items()}
        sections.append(Section(f"{grammar}: mask, us of thread CPU", masks))
        compiled = {name: summarize([t / 1e6 for t in one.first]) for name, one in ran.items()}
        sections.append(Section(f"{grammar}: grammar to first mask, the first time, ms of thread CPU", compiled))
        again = {name: summarize([t / 1e6 for t in one.later]) for name, one in ran.items()}
        sections.append(Section(f"{grammar}: grammar to first mask, later, ms of thread CPU", again))
    samples = {
        name: [t / 1e3 for results in found.values() for t in results[name].tally.mask_cpu]
        for name in names
        if any(results[name].tally.mask_cpu for results in found.values())
    }
    return Report(
        bench="grammars",
        options={key: getattr(options, key) for key in ("tokenizer", "grammars", "rounds")},
        engines=names,
        sections=sections,
        notes=[*ratios(names, found), *verdicts(found)],
        samples=samples,
        unit="mask, us of thread CPU",
    )


def ratios(names: list[str], found: dict[str, dict[str, Results]]) -> Iterator[str]:
    """The average mask of the first engine as a share of each other's, by grammar and on the geometric mean."""
    first, *others = names
    for other in others:
        shares = {
            grammar: float(np.mean(results[first].tally.mask_cpu) / np.mean(results[other].tally.mask_cpu))
            for grammar, results in found.items()
            if results[first].tally.mask_cpu and results[other].tally.mask_cpu
        }
        if shares:
            mean = float(np.exp(np.mean(np.log(list(shares.values())))))
            each = ", ".join(f"{grammar} {share:.2f}" for grammar, share in shares.items())
            yield f"average mask, {first} / {other}: {each}; geometric mean {mean:.2f}"


def verdicts(found: dict[str, dict[str, Results]]) -> Iterator[str]:
    """Refusals, texts that did not pass, and counts."""
    for grammar, results in found.items():
        for name, one in results.items():
            if one.refused:
                yield f"{name} refused {grammar}: {one.refused}"
            elif one.failed:
                yield f"{name} on {grammar}: {len(one.failed)} texts not let through"
            if one.stopped:
                yield f"{name} on {grammar}: stopped after {len(one.tally.mask_cpu)} masks"
            if one.counts:
                yield f"{name} on {grammar}: " + ", ".join(f"{count:,} {what}" for what, count in one.counts.items())
