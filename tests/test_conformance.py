"""The JSON Schema Test Suite and MaskBench: verdicts are those that were written down, and the counting is right.

``python -m bench conformance --update`` writes down anew what is expected.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from bench.conformance import EXPECTED, group_of
from bench.conformance_report import ConformanceReport, Part, expected, write_expected
from bench.data import DataMissingError
from bench.peers import RefusedError
from bench.questions import Question, Text, keywords_of, maskbench_questions, remotes, spellings, suite
from bench.recognizers import Answer, Gramarye, ask
from bench.tallies import Tally, contradicted


def asked(folder: Path, questions: Iterable[Question], *, labels: bool = False) -> Tally:
    """Our answers to some questions; ``labels``: whether validators may contradict labels."""
    engine, tally = Gramarye(folder), Tally()
    for question in questions:
        answer = ask(engine, question)
        disputed = contradicted(question, answer.wrong) if labels else frozenset()
        tally.add(question, answer, (), disputed)
    return tally


def compare(tally: Tally, name: str, *, files: bool) -> None:
    written = json.loads((EXPECTED / f"{name}.json").read_text(encoding="utf-8"))
    found = json.loads(json.dumps(expected(tally, files=files)))
    for part in ("wrong", "refused", "disputed", "files"):
        before, now = written.get(part, {}), found.get(part, {})
        changed = {key: (before.get(key), now.get(key)) for key in before.keys() | now.keys()}
        assert {key: pair for key, pair in changed.items() if pair[0] != pair[1]} == {}, part
    assert found == written


@pytest.mark.parametrize("part", ["required", "optional"])
def test_suite(shared_data: Path, part: str) -> None:
    questions = [one for one in suite(shared_data) if ("/optional/" in one.id) == (part == "optional")]
    assert len(questions) > 300
    compare(asked(shared_data, questions), f"suite-{part}", files=True)


@pytest.mark.slow
def test_maskbench(shared_data: Path) -> None:
    compare(asked(shared_data, maskbench_questions(shared_data), labels=True), "maskbench", files=False)


def test_the_whole_suite_is_read(shared_data: Path) -> None:
    questions = suite(shared_data)
    assert len({one.id.partition("/")[0] for one in questions}) == 5
    required = [one for one in questions if one.id.startswith("draft2020-12/") and "/optional/" not in one.id]
    assert sum(len(one.texts) for one in required) == 1299
    assert any(one.formats for one in questions)
    registry = remotes(shared_data)
    assert registry.contents("http://localhost:1234/draft2020-12/integer.json")["type"] == "integer"


def test_absent_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="--data"):
        suite(tmp_path)
    with pytest.raises(DataMissingError, match="--data"):
        next(maskbench_questions(tmp_path))


def test_spellings_are_five_texts_of_one_value() -> None:
    value = {"a": [1, {"b": "é"}], "c": None, "d": {"e": 1, "f": 2, "g": 3}}
    texts = spellings(value, "seed")
    assert all(json.loads(text) == value for text in texts.values())
    assert len(set(texts.values())) == 5
    assert texts["shuffled"] == spellings(value, "seed")["shuffled"]
    assert texts["escaped"].isascii()


def test_keywords_are_found_where_subschemas_stand() -> None:
    schema = {
        "$defs": {"minimum": {"multipleOf": 2}},
        "properties": {"pattern": {"items": [{"format": "date"}]}},
        "enum": [{"required": 1}],
        "title": {"uniqueItems": True},
    }
    assert keywords_of(schema) == {"multipleOf", "properties", "items", "format", "enum"}


class Words:
    """An engine whose schemas are lists of the texts that it accepts; None is refused."""

    def compile(self, schema, *, draft, formats):
        if schema is None:
            raise RefusedError('no "schema" of 12 words\n')
        return lambda text: text in schema


def question(name: str, schema: object, *texts: tuple[str, bool]) -> Question:
    return Question(name, schema, None, False, tuple(Text(f"{text}!", text, valid) for text, valid in texts))


def test_answers_are_counted() -> None:
    tally = Tally()
    questions = [
        question("f/one.json: a", ["x"], ("x", True), ("y", False)),
        question("f/one.json: b", ["x", "y"], ("x", True), ("y", False), ("z", True)),
        question("f/two.json: c", None, ("x", True), ("y", True)),
        question("f/two.json: d", [], ("x", True)),
    ]
    for one in questions:
        disputed = frozenset([0]) if one.id.endswith("d") else frozenset()
        tally.add(one, ask(Words(), one), ["k"], disputed)
    assert tally.schemas == {"right": 2, "wrong": 1, "refused": 1}
    assert tally.texts == {"right": 4, "wrong": 2, "refused": 2}
    assert tally.groups["k"] == tally.schemas
    assert tally.files["f/one.json"] == {"right": 3, "wrong": 2}
    assert tally.wrong == {"f/one.json: b": ["y! (invalid)", "z! (valid)"]}
    assert tally.disputed == {"f/two.json: d": ["x! (valid)"]}
    assert tally.reasons() == [('no "..." of N words', 1)]


def test_what_is_expected_is_written_and_read_back(tmp_path: Path) -> None:
    tally = Tally()
    tally.add(question("f.json: é", ["x"], ("x", False)), Answer(None, (0,), 0.5), [], frozenset())
    tally.add(question("f.json: b", ["x"], ("x", False)), Answer("why", (), 0.5), [], frozenset())
    record = expected(tally, files=True)
    write_expected(tmp_path / "new" / "e.json", record)
    assert json.loads((tmp_path / "new" / "e.json").read_text(encoding="utf-8")) == record
    assert record["wrong"] == {"f.json: é": ["x! (invalid)"]}
    assert record["files"] == {"f.json": [0, 1, 1]}


def test_labels_that_two_validators_contradict() -> None:
    asked = Question(
        "q",
        {"type": "string", "format": "ipv4"},
        None,
        True,
        (Text("", '"1.2.3.4"', False), Text("", '"1.2.3"', False), Text("", "3", True)),
    )
    assert contradicted(asked, range(3)) == {0, 2}


def test_report_shows_every_engine(tmp_path: Path) -> None:
    ours, theirs = Tally(), Tally()
    one = question("maskbench id", {}, ("1", True))
    ours.add(one, Answer(None, (), 0.001), ["type"], frozenset())
    theirs.add(one, Answer("cannot", (), 0.002), ["type"], frozenset())
    made = ConformanceReport({}, {"ours": "1", "theirs": "2"}, [Part("maskbench", {"ours": ours, "theirs": theirs})])
    text = str(made)
    assert "1 / 0 / 0" in text
    assert "0 / 1 / 0" in text
    assert "cannot" in text
    made.write_json(tmp_path / "r.json")
    record = json.loads((tmp_path / "r.json").read_text())
    assert record["parts"]["maskbench"]["theirs"]["refused"] == {"maskbench id": "cannot"}


def test_groups_are_files() -> None:
    assert group_of(question("draft7/optional/format/date.json: x", {})) == ["format/date"]
    assert group_of(question("draft4/ref.json: x: y", {})) == ["ref"]
