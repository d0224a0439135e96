"""The benchmarks' own arithmetic and bookkeeping, with engines made up for the purpose."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from bench import generate, grammars, masks, memory, report, scale
from bench.__main__ import BENCHES, parser
from bench.data import DataMissingError, Problem, RealTokenizer, maskbench
from bench.peers import Mask, RefusedError, Session
from gramarye import GramaryeError, Vocabulary, engine

EOS = 127


class ListEngine:
    """Its schemas are JSON lists of the texts allowed; it refuses lists longer than `limit`."""

    def __init__(self, log: list[str], name: str, limit: int = 9) -> None:
        self.log, self.name, self.limit = log, name, limit

    def compile(self, schema: str) -> Session:
        self.log.append(self.name)
        texts = json.loads(schema)
        if len(texts) > self.limit:
            raise RefusedError(f"more than\n{self.limit} texts")
        return ListSession([text.encode() for text in texts])


class ListSession:
    def __init__(self, texts: list[bytes]) -> None:
        self.texts, self.done = texts, b""

    def mask(self) -> Mask:
        mask = np.zeros(4, np.uint32)
        for text in self.texts:
            if text.startswith(self.done):
                token = EOS if text == self.done else text[len(self.done)]
                mask[token // 32] |= np.uint32(1 << token % 32)
        return mask

    def advance(self, token: int) -> bool:
        self.done += bytes([token])
        return any(text.startswith(self.done) for text in self.texts)

    def reset(self) -> None:
        self.done = b""

    def counts(self) -> Counter[str]:
        return Counter({"texts": len(self.texts)})


class ByteTokenizer:
    eos_id = EOS

    def encode(self, text: str) -> list[int]:
        return list(text.encode())


def problems() -> list[Problem]:
    return [
        Problem("short", '["ab", "ac"]', ("ab", "ac", "ad"), ("xx", "ab")),
        Problem("long", '["a", "b", "c"]', ("a",), ()),
        Problem("last", '["a"]', ("a",), ()),
    ]


def test_summary_is_that_of_numpy() -> None:
    sample = np.random.default_rng(0).exponential(size=(40, 50))
    got = report.summarize(sample)
    assert got.size == 2000
    assert got.avg == pytest.approx(sample.mean())
    assert (got.p50, got.max) == (pytest.approx(np.median(sample)), sample.max())
    assert got[3:6] == pytest.approx([np.quantile(sample, q) for q in (0.9, 0.99, 0.999)])
    assert np.isnan(report.summarize([]).avg)


def test_section_prints_ratios_to_the_first_engine() -> None:
    rows = {"ours": report.summarize([1.0, 3.0]), "theirs": report.summarize([4.0, 12.0])}
    *_, last = str(report.Section("t", rows)).splitlines()
    assert last.startswith("theirs / ours")
    assert last.split()[3:] == ["4.00x"] * 6


def test_figures_have_three_digits() -> None:
    figures = [report._figure(x) for x in (0.0, 0.01234, 1.234, 123.4, 12345.6, float("nan"))]
    assert figures == ["0", "0.012", "1.23", "123", "12,346", "-"]


def test_masks_are_taken_at_every_position_and_verdicts_counted() -> None:
    tally = masks.Tally()
    assert masks.run_problem(ListEngine([], "e"), problems()[0], ByteTokenizer(), tally)
    assert tally.outcomes == {"passed": 2, "rejected": 1, "caught": 1, "wrongly accepted": 1}
    # "ab" and "ac" have three positions each, the end included; "ad" is refused at its second.
    assert len(tally.mask_cpu) == len(tally.mask_wall) == 3 + 3 + 2
    assert len(tally.advance_cpu) == 2 + 2 + 1
    assert len(tally.first_cpu) == len(tally.first_wall) == 1


def test_refusals_keep_their_reason() -> None:
    tally = masks.Tally()
    assert not masks.run_problem(ListEngine([], "e", limit=1), problems()[0], ByteTokenizer(), tally)
    assert tally.refused == {"short": "more than 1 texts"}
    assert not tally.mask_cpu


def test_engines_take_turns() -> None:
    log: list[str] = []
    engines = {name: ListEngine(log, name) for name in "abc"}
    assert len(list(masks.measured(engines, iter(problems()), ByteTokenizer(), None))) == 3
    assert "".join(log) == "bca" + "cab" + "abc"


def test_covered_by_goes_first_and_decides() -> None:
    log: list[str] = []
    engines = {"a": ListEngine(log, "a"), "b": ListEngine(log, "b", limit=2), "c": ListEngine(log, "c")}
    results = list(masks.measured(engines, iter(problems()), ByteTokenizer(), "b"))
    assert "".join(log) == "bca" + "b" + "bca"
    assert [result["b"].outcomes["passed"] for result in results] == [2, 1]


def test_report_is_written(tmp_path: Path) -> None:
    rows = {"llguidance": report.summarize([1.0, 2.0])}
    samples = {"llguidance": [1.0, 2.0]}
    made = report.Report("masks", {"seed": 1}, [], [report.Section("t", rows)], ["note"], samples, "us")
    made.write_json(tmp_path / "new" / "r.json")
    record = json.loads((tmp_path / "new" / "r.json").read_text())
    assert record["sections"][0]["rows"]["llguidance"]["avg"] == 1.5
    assert {"processor", "cores", "python"} <= record["machine"].keys()
    assert "note" in str(made)


def test_every_bench_has_a_command() -> None:
    assert parser().parse_args(["masks", "--schemas", "3"]).schemas == 3
    assert parser().parse_args(["growth"]).lengths == [100, 200, 400, 800]
    assert parser().parse_args(["startup"]).runs == 5
    for name in BENCHES:
        assert callable(parser().parse_args([name]).run)


def test_absent_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="--data"):
        next(maskbench(tmp_path, 0))


@pytest.mark.parametrize("name", ["llama3_1", "gemma3"])
def test_token_bytes_spell_what_the_tokenizer_decodes(
    shared_data: Path, name: str, tokenizer_json: Callable[[str], Path]
) -> None:
    tokenizer = RealTokenizer(shared_data, name)
    assert tokenizer.text == tokenizer_json(name).read_text(encoding="utf-8")
    spelled = {token: spelling for spelling, tokens in tokenizer.token_bytes().items() for token in tokens}
    for text in ('{"a": [1, true, null]}\n', "naïve — 日本語 🧙\x07", "  two  spaces"):
        assert b"".join(spelled[token] for token in tokenizer.encode(text)).decode() == text


def test_something_is_done_before_each_mask_and_counts_are_kept() -> None:
    flushes: list[int] = []
    tally = masks.Tally()
    masks.run_problem(ListEngine([], "e"), problems()[0], ByteTokenizer(), tally, lambda: flushes.append(1))
    assert len(flushes) == len(tally.mask_cpu)
    assert tally.counts == {"texts": 2}
    assert masks.work({"e": tally}) == ["e, 8 masks: texts 2 (0.2 a mask)"]
    assert masks.work({"f": masks.Tally()}) == []


def test_curves_and_tails_are_drawn(tmp_path: Path) -> None:
    curves = report.Curves("growth", "n", "us", {"a": [(1, 2), (10, 3)]})
    made = report.Report("scale", {}, [], [], [], {"a": [1.0, 2.0]}, "us", [curves])
    made.write_plot(tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    made.write_json(tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text())["curves"][0]["lines"] == {"a": [[1, 2], [10, 3]]}


def test_growth_of_a_soak_is_that_of_its_last_half() -> None:
    assert memory.slope([5.0] * 50 + [100.0] * 50) == pytest.approx(0, abs=1e-9)
    assert memory.slope([1.0] * 100 + list(np.linspace(100, 110, 100))) == pytest.approx(0.1)
    assert memory.slope([3.0]) == 0.0


def test_wide_schemas_have_their_size_and_admit_their_instance() -> None:
    for kilobytes in (1, 30):
        schema, instance = scale.wide(kilobytes)
        assert 1000 * kilobytes < len(schema) < 1000 * kilobytes + 200
        assert Draft202012Validator(json.loads(schema)).is_valid(json.loads(instance))


def test_merged_vocabularies_begin_with_all_bytes() -> None:
    first = Vocabulary.from_bytes([b"ab", b"c", b""], eos_ids=[2])
    second = Vocabulary.from_bytes([b"d", b"ab", b"xy", b""], eos_ids=[3])
    tokens = scale.merged([first, second])
    assert tokens[:256] == [bytes([byte]) for byte in range(256)]
    assert tokens[256:] == [b"ab", b"xy"]


def test_calls_of_a_matcher_are_timed() -> None:
    vocabulary = Vocabulary.from_bytes([*(bytes([byte]) for byte in range(256)), b""], eos_ids=[256])
    clock = generate.Clock()
    matcher = generate.TimedConstraint(engine.compile(regex="ab", vocabulary=vocabulary), clock).matcher()
    assert not matcher.accepting
    assert matcher.fork().forced_tokens() == [97, 98]
    assert clock.wall > 0
    with pytest.raises(GramaryeError):
        matcher.rollback(3)


def test_lookaheads_of_names_become_differences() -> None:
    source = "start: NAME\nNAME: /(?!(?:if|else)\\b)[a-z]+/\n"
    assert grammars.for_llguidance(source) == "start: NAME\nNAME: /[a-z]+/ & ~/(?:if|else)/\n"


@pytest.mark.parametrize("name", grammars.GRAMMARS)
def test_texts_of_grammars_are_words(name: str) -> None:
    vocabulary = Vocabulary.from_bytes([*(bytes([byte]) for byte in range(256)), b""], eos_ids=[256])
    constraint = engine.compile(lark=(grammars.SCHEMAS / f"{name}.lark").read_text("utf-8"), vocabulary=vocabulary)
    assert all(constraint.accepts(text) for text in grammars.texts_of(name))


def test_a_grammar_is_measured_along_its_texts() -> None:
    results = grammars.Results()
    texts = [[*b"ab", EOS], [*b"ax", EOS]]
    grammars.measure(ListEngine([], "list"), '["ab", "ac"]', texts, 1.0, results)
    assert (len(results.first), len(results.later), results.failed) == (1, 0, {1})
    assert len(results.tally.mask_cpu) == 5
    grammars.measure(ListEngine([], "list", limit=1), '["ab", "ac"]', texts, 1.0, results)
    assert "more than" in results.refused
