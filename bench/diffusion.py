"""Diffusion models under constraints: validity, infilling of several regions, quality, for each check.

::

    validity   200 generations a setting: SMILES (rxnfp), JSON Schema (MaskBench), arithmetic, C (the shipped model)
    infill     300 texts with one to three holes cut at random bytes: JSON, Python expressions, C functions
    quality    as validity, a pass a token for all, scored by pseudo-log-likelihood a token

Texts are judged by code that is not this package's (``diffusion_cases.py``).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from gramarye import engine
from gramarye.errors import GramaryeError
from gramarye.runtime.diffusion.adapters import MaskedModel
from gramarye.runtime.diffusion.model_protocol import position_log_probs
from gramarye.runtime.diffusion.tiny import load_tiny

from .diffusion_cases import SETTINGS, Case, infill_texts

CHECKS = ("exact", "lookahead", "intersection", "none")


@dataclass
class Row:
    """What came of one setting under one check.

    Attributes:
        name: setting and check.
        count: texts.
        valid: those that the judge takes.
        retries: refused proposals, in all.
        fallback: texts with something in them that was no checked proposal of the model.
        stuck: texts with gaps.
        passes: forward passes, in all.
        seconds: wall time, in all.
        scores: mean log-likelihood a token of each valid text.
        errors: texts that were not begun, by message.
    """

    name: str
    count: int = 0
    valid: int = 0
    retries: int = 0
    fallback: int = 0
    stuck: int = 0
    passes: int = 0
    seconds: float = 0.0
    scores: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def take(self, result: Any, right: bool, seconds: float) -> None:
        """Count one text."""
        self.count += 1
        self.valid += right
        self.retries += result.retries
        self.fallback += result.fallback
        self.stuck += result.finish_reason == "stuck"
        self.passes += result.passes
        self.seconds += seconds

    @property
    def interval(self) -> tuple[float, float]:
        """Mean score and half the width of its 95% interval."""
        if len(self.scores) < 2:
            return float("nan"), float("nan")
        return float(np.mean(self.scores)), float(1.96 * np.std(self.scores, ddof=1) / len(self.scores) ** 0.5)

    def __str__(self) -> str:
        mean, half = self.interval
        score = f"{mean:8.3f} ± {half:.3f}" if self.scores else ""
        per = self.count or 1
        return (
            f"{self.name:28} {self.valid:5}/{self.count:<5} {self.retries:8} {self.fallback:9} {self.stuck:6} "
            f"{self.passes / per:8.1f} {self.seconds / per:8.2f} {score}"
            + "".join(f"\n    not begun ({number}): {message}" for message, number in self.errors.items())
        )


@dataclass
class DiffusionReport:
    """All rows of a run."""

    rows: list[Row]

    def __str__(self) -> str:
        head = f"{'':28} {'valid':>11} {'retries':>8} {'fallback':>9} {'stuck':>6} {'passes':>8} {'seconds':>8} log p"
        return "\n".join([head, *map(str, self.rows)])

    def write_json(self, path: Path) -> None:
        """Write the rows as JSON."""
        path.write_text(json.dumps([vars(row) for row in self.rows], indent=1), encoding="utf-8")

    def write_plot(self, path: Path) -> None:
        """Draw the share of valid texts of each row."""
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(7, 0.35 * len(self.rows) + 1))
        axes.barh([row.name for row in self.rows], [100 * row.valid / max(1, row.count) for row in self.rows])
        axes.set_xlabel("valid, %")
        axes.invert_yaxis()
        figure.tight_layout()
        figure.savefig(path)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is run, and how often."""
    parser.add_argument("--part", choices=("validity", "infill", "quality"), default="validity")
    parser.add_argument("--settings", nargs="+", choices=tuple(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--checks", nargs="+", choices=CHECKS, default=list(CHECKS))
    parser.add_argument("--count", type=int, default=200, help="generations a setting, or texts with holes")
    parser.add_argument("--temperature", type=float, default=0.5)
    parser.add_argument("--block", type=int, default=8)


def run(options: argparse.Namespace) -> DiffusionReport:
    """Run one part."""
    torch.set_num_threads(1)
    if options.part == "infill":
        return DiffusionReport(_infill(options))
    return DiffusionReport([row for name in options.settings for row in _generate(name, options)])


def _generate(name: str, options: argparse.Namespace) -> list[Row]:
    cases = list(islice(SETTINGS[name](options.data), options.count))
    rows = []
    for check in options.checks:
        row = Row(f"{name} {check}")
        for seed, case in enumerate(track(cases, f"{name} {check}", console=Console(stderr=True))):
            _one(row, case, check, seed, options)
        print(row, file=sys.stderr)
        rows.append(row)
    return rows


def _one(row: Row, case: Case, check: str, seed: int, options: argparse.Namespace) -> None:
    """One generation; in part "quality" nothing is committed without a pass."""
    began = time.perf_counter()
    free = check == "none"
    arguments: dict[str, Any] = {} if free else {"constraint": case.constraint, "check": check}
    if check == "exact":
        arguments["masks"] = case.masks
    try:
        result: Any = engine.generate(
            case.model,
            case.prompt,
            length=case.length,
            block=options.block,
            temperature=options.temperature,
            seed=seed,
            fast_forward=options.part == "validity",
            **arguments,
        )
    except GramaryeError as error:
        message = error.message[:100]
        row.errors[message] = row.errors.get(message, 0) + 1
        return
    right = case.judge(result.text)
    row.take(result, right, time.perf_counter() - began)
    if options.part == "quality" and right:
        row.scores.append(pseudo_log_likelihood(case.model, case.prompt, result.tokens))


def pseudo_log_likelihood(model: MaskedModel, prompt: str, tokens: tuple[int, ...]) -> float:
    """Mean log-probability of each token given all others; one batch of a row a token.

    Salazar et al. 2020, *Masked Language Model Scoring* (arXiv 1910.14659).
    """
    before = model.encode_prompt(prompt)
    ids = np.array([*before, *tokens], np.int64)
    where = np.arange(len(before), len(ids))
    if where.size == 0:
        return 0.0
    batch = np.tile(ids, (len(where), 1))
    batch[np.arange(len(where)), where] = model.mask_id
    laws = position_log_probs(model, batch, where)
    index = np.arange(len(where))
    return float(laws[index, index, ids[where]].mean())


def _infill(options: argparse.Namespace) -> list[Row]:
    model = load_tiny()
    rng = random.Random(6)
    rows = []
    kinds = infill_texts(options.data, model, 48)
    for kind, (source, texts, judge) in kinds.items():
        constraint = engine.compile(vocabulary=model.vocabulary, **source)
        chosen = list(islice(texts, options.count // len(kinds)))
        cases = [_cut(model, text, 1 + index % 3, index // 3 % 3, rng) for index, text in enumerate(chosen)]
        for check in (check for check in options.checks if check != "none"):
            row = Row(f"{kind} {check}")
            for seed, parts in enumerate(track(cases, row.name, console=Console(stderr=True))):
                _fill(row, model, parts, constraint, check, seed, judge)
            print(row, file=sys.stderr)
            rows.append(row)
    return rows


def _cut(model: MaskedModel, text: str, holes: int, way: int, rng: random.Random) -> list[bytes | engine.Hole]:
    """Cut holes at random bytes; of exact, bounded or free length."""
    data = text.encode()
    cuts = sorted(rng.sample(range(len(data) + 1), 2 * holes))
    parts: list[bytes | engine.Hole] = []
    at = 0
    for start, stop in zip(cuts[::2], cuts[1::2], strict=True):
        parts.append(data[at:start])
        size = len(model.vocabulary.encode(data[start:stop]))
        parts.append([engine.Hole(size), engine.Hole(most=size + 4), engine.Hole()][way])
        at = stop
    return [*parts, data[at:]]


def _fill(
    row: Row, model: MaskedModel, parts: list[Any], constraint: engine.Constraint, check: Any, seed: int, judge: Any
) -> None:
    began = time.perf_counter()
    try:
        result: Any = engine.infill(
            model, parts, constraint=constraint, check=check, seed=seed, masks="none" if check == "exact" else None
        )
    except GramaryeError as error:
        message = f"{type(error).__name__}: {error.message[:80]}"
        row.errors[message] = row.errors.get(message, 0) + 1
        return
    row.take(result, judge(result.text) and _untouched(parts, result), time.perf_counter() - began)


def _untouched(parts: list[Any], result: Any) -> bool:
    """Whether the fragments stand in the text as they were given, in order, with the holes between them."""
    at = 0
    for part in _fragments(parts):
        found = result.data.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return bool(result.data.startswith(parts[0]) and result.data.endswith(parts[-1]))


def _fragments(parts: list[Any]) -> Iterator[bytes]:
    return (part for part in parts if isinstance(part, bytes))
