"""Growth with the vocabulary, the schema, the depth of nesting and the threads.

Vocabularies of one family and many sizes: the tokens of the largest tokenizer in the order of their ids (for BPE, of
their merges: the earlier, the more frequent), cut after N, single bytes always kept; and, beyond the largest, those of
all real tokenizers merged, first come first kept. Texts are spelled by each vocabulary's own longest matches, so that
smaller vocabularies take more tokens. The real tokenizers stand beside them.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from .data import EOS_TOKENS, Problem, RealTokenizer, maskbench
from .masks import no_collection
from .progress import shown
from .report import Curves, Report, Section, Summary, summarize

SIZES = (49_152, 65_536, 98_304, 131_072, 196_608, 262_144)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--schemas", type=int, default=100, metavar="N", help="schemas a vocabulary (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="draws the schemas (default 0)")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="sizes of cut vocabularies")
    parser.add_argument("--kilobytes", type=int, nargs="+", default=[1, 10, 100, 1000], help="sizes of schemas")
    parser.add_argument("--depths", type=int, nargs="+", default=[10, 100, 1000], help="depths of nesting")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads (default 1 2)")


def merged(tokenizers: Sequence[Any]) -> list[bytes]:
    """The tokens of all vocabularies by id, the first vocabulary's first, single bytes before all."""
    tokens = dict.fromkeys(bytes([byte]) for byte in range(256))
    for vocabulary in tokenizers:
        tokens |= dict.fromkeys(text for text in map(vocabulary.token_bytes, range(len(vocabulary))) if text)
    return list(tokens)


def costs(vocabulary: Any, encode: Callable[[str], list[int]], problems: Sequence[Problem]) -> tuple[list[float], int]:
    """Microseconds of CPU of each mask along the first valid instance of each schema; and trie nodes visited."""
    from gramarye import GramaryeError, engine
    from gramarye.kernels.columns import Scalar

    taken: list[float] = []
    visited = 0
    for problem in problems:
        try:
            constraint = engine.compile(schema=problem.schema, vocabulary=vocabulary, formats="assert")
        except GramaryeError:
            continue
        taken.extend(mask_times(constraint.matcher(), encode(problem.valid[0])))
        visited += constraint.machine.arena.get(Scalar.VISITED)
    return taken, visited


def mask_times(matcher: Any, tokens: Sequence[int]) -> Iterator[float]:
    """Microseconds of CPU of the mask before each token."""
    for token in tokens:
        before = time.thread_time_ns()
        matcher.mask()
        yield (time.thread_time_ns() - before) / 1e3
        if not matcher.advance(token):
            return


def by_vocabulary(options: argparse.Namespace) -> tuple[Section, Curves, list[str]]:
    """Masks of the same schemas on vocabularies of many sizes."""
    from gramarye import Vocabulary

    problems = list(islice(maskbench(options.data, options.seed), options.schemas))
    real = [RealTokenizer(options.data, name) for name in sorted(EOS_TOKENS)]
    rows: dict[str, Summary] = {}
    notes: list[str] = []
    points: list[tuple[float, float]] = []
    vocabularies = {}
    for one in sorted(real, key=lambda tokenizer: tokenizer.size):
        vocabularies[one.name] = Vocabulary.from_tokenizer(one.write(), eos_ids=[one.eos_id])
    tokens = merged(list(reversed(vocabularies.values())))
    plan: dict[str, Callable[[], Spelling]] = {}
    for size in sorted({*(size for size in options.sizes if size < len(tokens)), len(tokens)}):
        plan[f"cut to {size:,}"] = partial(spelled, Vocabulary, tokens[: size - 1])
    for one in real:
        plan[f"{one.name}, {one.size:,}"] = partial(Spelling, vocabularies[one.name], one.encode)
    costs(*spelled(Vocabulary, tokens[:1024]), problems)  # what is made once for all vocabularies
    for name, make in shown(plan.items(), "vocabularies", len(plan)):
        vocabulary, encode = make()
        costs(vocabulary, encode, problems[:1])
        with no_collection():
            taken, visited = costs(vocabulary, encode, problems)
        rows[name] = summarize(taken)
        notes.append(
            f"{name}: {visited / max(len(taken), 1):,.0f} trie nodes visited a mask, "
            f"tables {vocabulary.tables.nbytes / 1e6:.1f} MB"
        )
        if name.startswith("cut"):
            points.append((len(vocabulary), rows[name].avg))
    within = [average for size, average in points if size <= max(SIZES)]
    notes.append(
        f"average mask, largest size up to {max(SIZES):,} against smallest: {within[-1] / within[0]:.2f} times"
    )
    title = "mask by size of vocabulary, us of CPU"
    return Section(title, rows), Curves(title, "tokens", "average, us of CPU", {"gramarye": points}), notes


class Spelling(NamedTuple):
    """A vocabulary, and how it spells texts."""

    vocabulary: Any
    encode: Callable[[str], list[int]]


def spelled(kind: Any, tokens: list[bytes]) -> Spelling:
    """A vocabulary of given tokens and an end token, which spells texts itself."""
    vocabulary = kind.from_bytes([*tokens, b""], eos_ids=[len(tokens)])
    return Spelling(vocabulary, vocabulary.encode)


def wide(kilobytes: int) -> tuple[str, str]:
    """A schema of about so many kilobytes, with properties of every simple type, and an instance of it."""
    kinds = ('{"type": "integer"}', '{"type": "string", "maxLength": 40}', '{"enum": ["red", "green", "blue"]}')
    values = ("12", '"some text"', '"green"')
    members: list[str] = []
    instance: list[str] = []
    size = 0
    while size < 1000 * kilobytes:
        number = len(members)
        members.append(f'"property_{number}": {kinds[number % 3]}')
        size += len(members[-1]) + 2
        if len(instance) < 40:
            instance.append(f'"property_{number}": {values[number % 3]}')
    schema = f'{{"type": "object", "properties": {{{", ".join(members)}}}, "required": ["property_0"]}}'
    return schema, f"{{{', '.join(instance)}}}"


def by_schema(options: argparse.Namespace, vocabulary: Any, encode: Callable[[str], list[int]]) -> list[Section]:
    """Compiling and masks by size of the schema, and by depth of nesting."""
    from gramarye import engine

    first: dict[str, Summary] = {}
    masks: dict[str, Summary] = {}
    nested: dict[str, Summary] = {}
    for kilobytes in shown(options.kilobytes, "sizes of schemas"):
        schema, text = wide(kilobytes)
        with no_collection():
            before = time.thread_time_ns()
            matcher = engine.compile(schema=schema, vocabulary=vocabulary).matcher()
            matcher.mask()
            first[f"{kilobytes} kB"] = summarize([(time.thread_time_ns() - before) / 1e6])
            masks[f"{kilobytes} kB"] = summarize(list(mask_times(matcher, encode(text))))
    for depth in shown(options.depths, "depths"):
        schema = '{"$defs": {"t": {"type": "array", "items": {"$ref": "#/$defs/t"}}}, "$ref": "#/$defs/t"}'
        matcher = engine.compile(schema=schema, vocabulary=vocabulary).matcher()
        with no_collection():
            nested[f"depth {depth}"] = summarize(list(mask_times(matcher, encode("[" * depth + "]" * depth))))
    return [
        Section("schema to first mask by size of schema, ms of CPU", first),
        Section("mask by size of schema, us of CPU", masks),
        Section("mask by depth of nesting, us of CPU", nested),
    ]


def by_threads(
    options: argparse.Namespace, vocabulary: Any, problems: Sequence[Problem], encode: Callable[[str], list[int]]
) -> Section:
    """Masks a second of the wall, each thread with constraints of its own."""
    from gramarye import GramaryeError, engine

    walks = []
    for problem in problems:
        try:
            constraint = engine.compile(schema=problem.schema, vocabulary=vocabulary)
        except GramaryeError:
            continue
        walks.append((constraint, encode(problem.valid[0])))

    def work(part: Sequence[tuple[Any, list[int]]]) -> None:
        for constraint, tokens in part:
            for _ in mask_times(constraint.matcher(), tokens):
                pass

    rows = {}
    count = sum(len(tokens) for _, tokens in walks)
    work(walks)
    for threads in options.threads:
        rates = []
        for _ in range(9):
            team = [threading.Thread(target=work, args=(walks[i::threads],)) for i in range(threads)]
            before = time.perf_counter()
            for thread in team:
                thread.start()
            for thread in team:
                thread.join()
            rates.append(count / (time.perf_counter() - before))
        rows[f"{threads} threads"] = summarize(rates)
    return Section("remembered masks and advances a second of the wall, one call each, by threads", rows)


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    from gramarye import Vocabulary

    section, curves, notes = by_vocabulary(options)
    tokenizer = RealTokenizer(options.data, "llama3_1")
    vocabulary = Vocabulary.from_tokenizer(tokenizer.write(), eos_ids=[tokenizer.eos_id])
    problems = list(islice(maskbench(options.data, options.seed), min(options.schemas, 50)))
    return Report(
        bench="scale",
        options={key: getattr(options, key) for key in ("schemas", "seed", "sizes", "kilobytes", "depths", "threads")},
        engines=["gramarye"],
        sections=[
            section,
            *by_schema(options, vocabulary, tokenizer.encode),
            by_threads(options, vocabulary, problems, tokenizer.encode),
        ],
        notes=notes,
        curves=[curves],
    )
