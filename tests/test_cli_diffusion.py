"""The commands that fill canvases: infill, and generate --diffusion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from gramarye.cli import app, holes_of
from gramarye.cli_views import canvas_view
from gramarye.runtime.diffusion.holes import Hole

RUNNER = CliRunner()
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def person(tmp_path: Path) -> str:
    path = tmp_path / "person.json"
    path.write_text(json.dumps(PERSON))
    return str(path)


def test_holes_are_read_out_of_a_text() -> None:
    assert holes_of(b"a{{}}b{{6}}{{2-9}}") == [b"a", Hole(), b"b", Hole(6), b"", Hole(least=2, most=9), b""]
    assert holes_of(b"{{-3}}") == [b"", Hole(most=3), b""]
    assert holes_of(b"{}") == [b"{}"]


def test_a_canvas_shows_what_is_open_given_and_new() -> None:
    view = canvas_view([b"a", None, b"b", b"c", b""], {0}, {3})
    assert view.plain == "a\u2591bc\u00b7"
    assert [(span.start, span.style) for span in view.spans] == [
        (0, "dim"), (1, "dim"), (2, "green"), (3, "bold black on green"), (4, "dim"),
    ]  # fmt: skip


def test_infill_prints_the_whole_text(person: str) -> None:
    result = RUNNER.invoke(app, ["infill", person, '{"name": "{{4}}", "age": {{1-3}}}'])
    assert result.exit_code == 0, result.output
    value = json.loads(result.stdout)
    assert value.keys() == {"name", "age"}
    assert "check exact, 0 refused" in result.stderr


def test_generate_fills_a_canvas(person: str) -> None:
    arguments = [
        "generate",
        person,
        "json name string, age integer\n",
        "--diffusion",
        "--max-tokens",
        "32",
        "--block",
        "8",
    ]
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout).keys() == {"name", "age"}


def test_what_cannot_be_filled_is_an_error(person: str) -> None:
    result = RUNNER.invoke(app, ["infill", person, "[{{2}}"])
    assert result.exit_code == 2
    assert "no text of the constraint has these fragments" in result.stderr.replace("\n", " ").replace("  ", " ")
