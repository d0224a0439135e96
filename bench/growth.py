"""Cost of a token as the text grows: recursive and ambiguous lists by length, and nesting by depth.

A list whose every token costs the same shows a ratio near 1 between its longest and its shortest text. Each
text is followed by a matcher of a newly compiled constraint, so that nothing is remembered from the text
before; the cost of a token is that of its mask and its advance.
"""

from __future__ import annotations

import argparse
import time
from types import MappingProxyType

from .data import EOS_TOKENS, RealTokenizer
from .masks import no_collection
from .report import Report, Section, summarize

# Name -> Lark grammar. All but the last are lists of "x,"; the last nests.
LISTS = MappingProxyType(
    {
        "left-recursive": 'start: start "x," | "x,"',
        "right-recursive": 'start: "x," start | "x,"',
        "ambiguous": 'start: start start | "x,"',
        "ambiguous, mutually left-recursive": (
            'start: a | b\na: b "x," | a "x," | "x,"\nb: a "x," | b "x," | a b | "x,"'
        ),
    }
)
NESTING = 'start: "(" start ")" | "x"'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this benchmark's options."""
    parser.add_argument("--tokenizer", choices=sorted(EOS_TOKENS), default="llama3_1")
    parser.add_argument("--lengths", type=int, nargs="+", default=[100, 200, 400, 800], metavar="N")
    parser.add_argument("--repeats", type=int, default=5, help="newly compiled constraints a text (default 5)")


def token_costs(grammar: str, tokens: list[int], vocabulary: object) -> list[float]:
    """Microseconds of CPU that mask and advance take at each token of a text.

    Raises:
        ValueError: the grammar forbids one of the tokens.
    """
    from gramarye import engine

    matcher = engine.compile(lark=grammar, vocabulary=vocabulary).matcher()
    costs = []
    with no_collection():
        for token in tokens:
            before = time.thread_time_ns()
            matcher.mask()
            advanced = matcher.advance(token)
            costs.append((time.thread_time_ns() - before) / 1e3)
            if not advanced:
                raise ValueError(f"token {token} was refused after {len(costs) - 1} tokens of {grammar!r}")
    return costs


def run(options: argparse.Namespace) -> Report:
    """Run the benchmark."""
    from gramarye import Vocabulary

    tokenizer = RealTokenizer(options.data, options.tokenizer)
    vocabulary = Vocabulary.from_tokenizer(tokenizer.write(), eos_ids=[tokenizer.eos_id])
    texts = {name: (grammar, {n: "x," * n for n in options.lengths}) for name, grammar in LISTS.items()}
    texts["nesting"] = (NESTING, {n: "(" * n + "x" + ")" * n for n in options.lengths})
    sections = []
    for name, (grammar, by_length) in texts.items():
        token_costs(grammar, tokenizer.encode(by_length[options.lengths[0]]), vocabulary)
        rows = {}
        for length, text in by_length.items():
            tokens = tokenizer.encode(text)
            costs = [token_costs(grammar, tokens, vocabulary) for _ in range(options.repeats)]
            rows[f"{length} repetitions"] = summarize(costs)
        sections.append(Section(f"{name}: us of CPU a token", rows))
    return Report(
        bench="growth",
        options={key: getattr(options, key) for key in ("tokenizer", "lengths", "repeats")},
        engines=["gramarye"],
        sections=sections,
    )
