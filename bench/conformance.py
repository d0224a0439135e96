"""Verdicts on the JSON Schema Test Suite and on MaskBench, keyword by keyword, beside the peers.

Ourselves are held to five spellings of every valid instance of MaskBench, the peers to the plain one only, since they
demand properties in the schema's order. An instance counts as wrongly judged unless both jsonschema and jsonschema-rs
contradict its label; such labels are listed apart.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .conformance_report import ConformanceReport, Part, expected, write_expected
from .peers import engine_version
from .questions import Question, keywords_of, maskbench_questions, suite
from .recognizers import RECOGNIZERS, Isolated
from .tallies import Tally, contradicted

OURSELVES = "gramarye"
EXPECTED = Path(__file__).resolve().parents[1] / "tests" / "expected"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    peers = [name for name in RECOGNIZERS if name != OURSELVES]
    parser.add_argument("--schemas", type=int, metavar="N", help="how many schemas of MaskBench (default all)")
    parser.add_argument("--seed", type=int, default=0, help="draws them (default 0)")
    parser.add_argument("--suite-only", action="store_true", help="leave MaskBench out")
    parser.add_argument("--maskbench-only", action="store_true", help="leave the Test Suite out")
    parser.add_argument("--peers", default=",".join(peers), help=f"comma-separated, of {', '.join(peers)}; or none")
    parser.add_argument("--limit", type=float, default=60, help="seconds that a schema may take (default 60)")
    parser.add_argument(
        "--update", action="store_true", help="write what the tests expect from now on (needs all of the questions)"
    )


@contextmanager
def engines(options: argparse.Namespace) -> Iterator[dict[str, Isolated]]:
    """The engines of the command line, each in a process of its own."""
    named = [name for name in options.peers.split(",") if name not in ("", "none")]
    if unknown := set(named) - RECOGNIZERS.keys():
        sys.exit(f"no such engine: {', '.join(sorted(unknown))}; there are {', '.join(RECOGNIZERS)}")
    found = {name: Isolated(name, options.data, options.limit) for name in (OURSELVES, *named)}
    try:
        yield found
    finally:
        for engine in found.values():
            engine.close()


def group_of(question: Question) -> list[str]:
    """What a question of the Test Suite is about: the name of its file."""
    path = question.id.partition(":")[0].removesuffix(".json").split("/")
    return ["/".join(path[-2:]) if path[-2] == "format" else path[-1]]


def judge(name: str, questions: Iterable[Question], asked: dict[str, Isolated]) -> Part:
    """Put every question to every engine."""
    tallies = {engine: Tally() for engine in asked}
    for question in questions:
        ours = name == "maskbench"
        groups = keywords_of(question.schema) if ours else group_of(question)
        plain = replace(question, texts=tuple(one for one in question.texts if one.label.endswith(" spaced")))
        for engine, isolated in asked.items():
            put = question if engine == OURSELVES or not ours else plain
            answer = isolated.ask(put)
            disputed = contradicted(put, answer.wrong) if ours and answer.wrong else frozenset[int]()
            tallies[engine].add(put, answer, groups, disputed)
    return Part(name, tallies)


def run(options: argparse.Namespace) -> ConformanceReport:
    """Run the benchmark."""
    parts = []
    with engines(options) as asked:
        if not options.maskbench_only:
            questions = suite(options.data)
            for name, optional in (("suite, required", False), ("suite, optional", True)):
                chosen = [one for one in questions if ("/optional/" in one.id) == optional]
                parts.append(judge(name, chosen, asked))
        if not options.suite_only:
            parts.append(judge("maskbench", maskbench_questions(options.data, options.schemas, options.seed), asked))
    if options.update:
        update(parts, whole=options.schemas is None)
    return ConformanceReport(
        options={key: getattr(options, key) for key in ("schemas", "seed", "peers", "limit")},
        versions={name: engine_version(name) for name in asked},
        parts=parts,
    )


def update(parts: Iterable[Part], *, whole: bool) -> None:
    """Write the expected results of the parts that were asked whole."""
    for part in parts:
        if part.name != "maskbench" or whole:
            name = part.name.replace(", ", "-")
            write_expected(EXPECTED / f"{name}.json", expected(part.tallies[OURSELVES], files=part.name != "maskbench"))
