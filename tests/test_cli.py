"""The command line: what its views show, and what its commands print and return."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console, RenderableType
from typer.testing import CliRunner

from gramarye import GrammarError, SchemaError, Span
from gramarye.cli import Kind, app, read_source
from gramarye.cli_views import error_view, explanation_view, report_view, source_excerpt, split_at

RUNNER = CliRunner()
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


class Entry(NamedTuple):
    keyword: str
    pointer: str
    status: str
    note: str = ""


class Reason(NamedTuple):
    position: int
    expected: tuple[str, ...]
    pointer: str | None = None
    span: Span | None = None


def rendered(view: RenderableType) -> str:
    stream = io.StringIO()
    Console(file=stream, width=100, highlight=False).print(view)
    return stream.getvalue()


@pytest.fixture
def person(tmp_path: Path) -> str:
    path = tmp_path / "person.json"
    path.write_text(json.dumps(PERSON))
    return str(path)


# Views


def test_report_lists_and_counts_every_entry() -> None:
    entries = [
        Entry("type", "", "enforced"),
        Entry("title", "/properties/[red]x", "annotation", "says nothing about instances"),
        Entry("minimum", "/properties/y", "enforced"),
    ]
    shown = rendered(report_view(entries))
    assert "/properties/[red]x" in shown, "text of users is no markup"
    assert "says nothing about instances" in shown
    assert "2 enforced, 1 annotation, 0 refused" in shown


@pytest.mark.parametrize(
    ("text", "position", "pieces"),
    [
        (b"abc", 1, ("a", "b", "c")),
        (b"abc", 3, ("abc", "", "")),
        (b"", 0, ("", "", "")),
        ("aé€".encode(), 1, ("a", "é", "€")),
        ("aé€".encode(), 2, ("a", "é", "€")),
        ("aé€".encode(), 5, ("aé", "€", "")),
        (b"a\xffb", 1, ("a", "\ufffd", "b")),
    ],
)
def test_split_never_cuts_a_character(text: bytes, position: int, pieces: tuple[str, str, str]) -> None:
    assert split_at(text, position) == pieces


def test_explanation_shows_place_expectation_and_source() -> None:
    text = b'{"name": "Ada",\n "age": "old"}'
    reason = Reason(text.index(b'"old"'), ("a digit", "-"), "/properties/age")
    shown = rendered(explanation_view(text, reason, json.dumps(PERSON)))
    assert "line 2, column 9 (byte 24)" in shown
    assert "a digit, -" in shown
    assert "/properties/age" in shown
    assert '"type": "integer"' in shown


def test_explanation_at_the_end_of_the_text() -> None:
    assert "end of text" in rendered(explanation_view(b"ab", Reason(2, ("c",)), "abc"))


def test_error_shows_the_marked_line() -> None:
    error = GrammarError("no such rule", span=Span(2, 4, 3), expected=("a rule",), hint="define it")
    shown = rendered(error_view(error, 'start: a\na: nix "x"\n'))
    for part in ("GrammarError", "no such rule", "line 2, column 4", "a rule", "define it", '2 │ a: nix "x"'):
        assert part in shown


def test_error_at_the_root_of_a_schema() -> None:
    shown = rendered(error_view(SchemaError("bad", pointer=""), '{"type": "nix"}'))
    assert '"type": "nix"' in shown


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("", {"a~/": [10, {"": 3}]}), ("/a~0~1/0", 10), ("#/a~0~1/1/", 3)],
)
def test_excerpt_follows_pointers(pointer: str, value: object) -> None:
    excerpt = source_excerpt('{"a~/": [10, {"": 3}]}', pointer, None)
    assert excerpt is not None
    assert json.loads(excerpt.plain) == value


@pytest.mark.parametrize("pointer", ["/nix", "/a/7", "/a/x", "/a/0/b"])
def test_excerpt_of_a_place_that_is_not_there(pointer: str) -> None:
    assert source_excerpt('{"a": [1]}', pointer, None) is None
    assert source_excerpt("start: x", pointer, None) is None
    assert source_excerpt("start: x", None, Span(9, 1)) is None


# Sources


@pytest.mark.parametrize("kind", list(Kind))
def test_kind_is_that_of_the_suffix(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / ("c.json" if kind is Kind.SCHEMA else f"c.{kind}")
    path.write_text("x")
    assert read_source(str(path), None, None) == (kind, "x", None)


def test_text_with_a_kind() -> None:
    assert read_source(r"a.*\.json", Kind.REGEX, None).arguments() == {"regex": r"a.*\.json"}
    assert read_source("yes\nno", Kind.CHOICE, None).arguments() == {"choice": ["yes", "no"]}
    assert read_source("r: x", Kind.LARK, "r").arguments() == {"lark": "r: x", "start": "r"}
    assert read_source("x" * 100_000, Kind.REGEX, None).text == "x" * 100_000


@pytest.mark.parametrize("command", ["check", "explain", "complete", "generate"])
def test_unknown_kind_and_missing_file_are_usage_errors(command: str, tmp_path: Path) -> None:
    latin = tmp_path / "latin.json"
    latin.write_bytes(b'"\xe9"')
    for argument, message in [
        ("[0-9]+", "--kind"),
        (str(tmp_path / "nix.json"), "cannot read"),
        (str(latin), "UTF-8"),
    ]:
        result = RUNNER.invoke(app, [command, argument, "x"][: 2 if command == "check" else 3])
        assert result.exit_code == 2
        assert message in result.stderr


# Commands


def test_check_prints_the_report(person: str) -> None:
    result = RUNNER.invoke(app, ["check", person])
    assert result.exit_code == 0
    assert "additionalProperties" in result.stdout
    assert "enforced" in result.stdout


def test_explain_accepted_unfinished_and_refused(person: str) -> None:
    accepted = RUNNER.invoke(app, ["explain", person, '{"name": "Ada", "age": 36}'])
    assert (accepted.exit_code, "accepted" in accepted.stdout) == (0, True)
    unfinished = RUNNER.invoke(app, ["explain", person, '{"name": "Ada", "age": 36'])
    assert (unfinished.exit_code, "}" in unfinished.stdout) == (1, True)
    refused = RUNNER.invoke(app, ["explain", person, '{"name": "Ada", "age": "old"}'])
    assert refused.exit_code == 1
    assert "byte 23" in refused.stdout
    assert "/properties/age" in refused.stdout


def test_complete_finishes_a_prefix(person: str) -> None:
    result = RUNNER.invoke(app, ["complete", person, '{"name": "A'])
    assert result.exit_code == 0
    assert json.loads(result.stdout).keys() == {"name", "age"}
    refused = RUNNER.invoke(app, ["complete", person, "[1"])
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_errors_are_readable_and_exit_with_2() -> None:
    result = RUNNER.invoke(app, ["check", "a(b", "--kind", "regex"])
    assert result.exit_code == 2
    assert "RegexError" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_warmup_says_what_it_does_and_finds_it_again() -> None:
    first, second = (CliRunner().invoke(app, ["warmup"]) for _ in range(2))
    assert first.exit_code == second.exit_code == 0
    lines = second.stderr.splitlines()
    assert [line.partition(":")[0].partition(" ")[0] for line in lines] == [
        "vocabulary",
        "schema",
        "regex",
        "choice",
        "lark",
        "kernels",
    ]
    assert "kernels: 0 compiled, " in lines[-1]
    assert "kernels-" in lines[-1]
