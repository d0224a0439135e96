"""What `conformance` prints, draws and writes: tables, a picture by keyword, and the results to expect next time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from .report import machine
from .tallies import STATUSES, Tally

_WIDTH = 140
_LISTED = 40
_LABELS = 3
_COLOURS = ("#4c9f70", "#d9a441", "#b5403c")


@dataclass(frozen=True)
class Part:
    """One body of questions.

    Attributes:
        name: "suite, required", "suite, optional" or "maskbench".
        tallies: what each engine said, ourselves first.
    """

    name: str
    tallies: Mapping[str, Tally]


@dataclass(frozen=True)
class ConformanceReport:
    """All that a run found.

    Attributes:
        options: the command line, parsed.
        versions: the engines' versions, by name.
        parts: the bodies of questions.
    """

    options: Mapping[str, Any]
    versions: Mapping[str, str]
    parts: Sequence[Part]

    def __str__(self) -> str:
        """The report as text."""
        host = ", ".join(f"{key} {value}" for key, value in machine().items())
        engines = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        blocks = [f"conformance\nmachine: {host}\nengines: {engines}"]
        for part in self.parts:
            blocks.append(_counts(part))
            blocks.append(_by_group(part))
            blocks += [_reasons(name, tally) for name, tally in part.tallies.items() if tally.refused]
            first = next(iter(part.tallies.values()))
            blocks += [_listing("wrong", first.wrong), _listing("label contradicted", first.disputed)]
        return "\n\n".join(block for block in blocks if block)

    def write_json(self, path: Path) -> None:
        """Write everything as JSON."""
        record = {
            "options": {key: str(value) for key, value in self.options.items()},
            "machine": machine(),
            "engines": dict(self.versions),
            "parts": {part.name: {name: _record(tally) for name, tally in part.tallies.items()} for part in self.parts},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def write_plot(self, path: Path) -> None:
        """Draw, for each body of questions and keyword, the shares of schemas that each engine gets right."""
        from matplotlib.figure import Figure

        engines = list(self.versions)
        heights = [max(len(_groups(part)), 4) for part in self.parts]
        figure = Figure(figsize=(2.5 + 3.2 * len(engines), 2 + 0.2 * sum(heights)), layout="constrained")
        axes = figure.subplots(
            len(self.parts), len(engines), squeeze=False, sharex=True, height_ratios=heights, sharey="row"
        )
        for row, part in enumerate(self.parts):
            groups = _groups(part)
            for column, name in enumerate(engines):
                tally = part.tallies[name]
                table = np.array([[tally.groups[group][status] for status in STATUSES] for group in groups], np.float64)
                shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
                lefts = np.cumsum(shares, axis=1) - shares
                panel = axes[row, column]
                for index, (status, colour) in enumerate(zip(STATUSES, _COLOURS, strict=True)):
                    panel.barh(groups, shares[:, index], left=lefts[:, index], color=colour, label=status, height=0.8)
                panel.set(title=name if row == 0 else "", xlim=(0, 1))
                panel.margins(y=0.01)
                panel.tick_params(axis="y", labelsize=7)
            axes[row, 0].invert_yaxis()
            axes[row, 0].set_ylabel(part.name)
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130)


def _groups(part: Part) -> list[str]:
    """The keywords of a part, most used first."""
    first = next(iter(part.tallies.values()))
    return sorted(first.groups, key=lambda group: (-first.groups[group].total(), group))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as text, its first column flush left."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    buffer = StringIO()
    Console(file=buffer, width=_WIDTH).print(table)
    return buffer.getvalue().rstrip()


def _counts(part: Part) -> str:
    """Schemas and texts by status, and the times of compiling."""
    rows = []
    for name, tally in part.tallies.items():
        times = np.array(tally.seconds or [0.0]) * 1e3
        rows.append(
            [
                name,
                *(f"{tally.schemas[status]:,}" for status in STATUSES),
                *(f"{tally.texts[status]:,}" for status in STATUSES),
                f"{len(tally.disputed)}",
                *(f"{figure:,.2f}" for figure in (np.median(times), np.quantile(times, 0.99), times.max())),
            ]
        )
    columns = ["", *(f"schemas {s}" for s in STATUSES), *(f"texts {s}" for s in STATUSES), "disputed"]
    return _table(part.name, [*columns, "compile ms p50", "p99", "max"], rows)


def _by_group(part: Part) -> str:
    """For each keyword, the schemas that use it: right / refused / wrong."""
    first = next(iter(part.tallies.values()))
    rows = [
        [
            group,
            f"{first.groups[group].total():,}",
            *(" / ".join(f"{tally.groups[group][status]:,}" for status in STATUSES) for tally in part.tallies.values()),
        ]
        for group in _groups(part)
    ]
    return _table(f"{part.name}: {' / '.join(STATUSES)}", ["keyword", "schemas", *part.tallies], rows)


def _reasons(name: str, tally: Tally) -> str:
    reasons = tally.reasons()
    lines = [f"{count:>7,}  {reason[: _WIDTH - 10]}" for reason, count in reasons[:_LISTED]]
    rest = sum(count for _, count in reasons[_LISTED:])
    return "\n".join([f"{name} refuses", *lines, *([f"{rest:>7,}  for other reasons"] if rest else [])])


def _listing(title: str, found: Mapping[str, Sequence[str]]) -> str:
    lines = []
    for key, labels in list(found.items())[:_LISTED]:
        more = f", and {len(labels) - _LABELS} more" if len(labels) > _LABELS else ""
        lines.append(f"  {key}: {', '.join(labels[:_LABELS])}{more}")
    rest = len(found) - len(lines)
    return "\n".join([f"{title}: {len(found)}", *lines, *([f"  and {rest} more"] if rest else [])]) if found else ""


def _record(tally: Tally) -> dict[str, Any]:
    times = tally.seconds or [0.0]
    return {
        "schemas": {status: tally.schemas[status] for status in STATUSES},
        "texts": {status: tally.texts[status] for status in STATUSES},
        "compile seconds": dict(zip(("p50", "p99", "max"), np.quantile(times, (0.5, 0.99, 1.0)).tolist(), strict=True)),
        "keywords": {group: dict(counts) for group, counts in sorted(tally.groups.items())},
        "refused": tally.refused,
        "wrong": tally.wrong,
        "disputed": tally.disputed,
    }


def expected(tally: Tally, *, files: bool) -> dict[str, Any]:
    """What to compare with the next time: counts, and what did not pass.

    Args:
        tally: our own.
        files: whether to keep the counts of each file.
    """
    record: dict[str, Any] = {
        "schemas": {status: tally.schemas[status] for status in STATUSES},
        "texts": {status: tally.texts[status] for status in STATUSES},
    }
    if files:
        record["files"] = {
            name: [counts[status] for status in STATUSES] for name, counts in sorted(tally.files.items())
        }
    for name in ("refused", "wrong", "disputed"):
        record[name] = dict(sorted(getattr(tally, name).items()))
    return record


def write_expected(path: Path, record: Mapping[str, Any]) -> None:
    """Write what is expected, one schema or file a line."""
    lines = []
    for name, value in record.items():
        inner = ",\n".join(
            f"  {json.dumps(key, ensure_ascii=False)}: {json.dumps(one, ensure_ascii=False)}"
            for key, one in value.items()
        )
        lines.append(f' "{name}": {{\n{inner}\n }}' if inner else f' "{name}": {{}}')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
