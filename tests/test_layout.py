"""The shape of the code base: who may import whom, what an import costs, and what a wheel holds."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src"

# What grammar/ may import of kernels/: constants, the loops over arrays that build automata and tries,
# and where files are kept.
CONSTANTS = frozenset({"kernels.columns", "kernels.opcodes", "kernels.records"})
AUTOMATA = frozenset({"kernels.char_tries", "kernels.minimise", "kernels.product", "kernels.subset"})
# Layer -> the layers it may import. A file directly in src/ is a layer of its own name; "kernels.opcodes"
# grants one module of another layer. Anything may import itself.
ALLOWED: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "kernels": frozenset(),
    "grammar": CONSTANTS | AUTOMATA | {"errors", "kernels.folders"},
    "runtime": frozenset({"errors", "grammar", "kernels"}),
    "engine": frozenset({"errors", "grammar", "runtime"}),
    "cli": frozenset({"__init__", "cli_views", "engine", "errors", "runtime"}),
    "cli_views": frozenset({"errors"}),
    "__init__": frozenset({"engine", "errors", "runtime"}),
    "__main__": frozenset({"cli"}),
}
# What the package may load only when it is used: each of these is slow to import, optional, or both.
LAZY = (
    "jsonschema",
    "lark",
    "llvmlite",
    "numba",
    "pydantic",
    "referencing",
    "rich",
    "torch",
    "transformers",
    "triton",
)


def module_name(path: Path) -> str:
    """The dotted name below src/: "kernels.walk" of kernels/walk.py, "grammar" of grammar/__init__.py."""
    parts = path.relative_to(SRC).with_suffix("").parts
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


def imported_modules(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Dotted names, below src/, of every import of ours in `source`, whose package below src/ is `package`.

    Imports inside functions and under TYPE_CHECKING count too: the direction is that of the design, not of
    the loader. ``from .a import b`` yields "a.b", whether b is a module or a name in a.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package[: len(package) - (node.level - 1)]
                base = ".".join(("gramarye", *above, *filter(None, base.split("."))))
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name == "gramarye" or name.startswith("gramarye."):
                yield name.removeprefix("gramarye").removeprefix(".") or "__init__"


def violations(source: str, path: Path) -> list[str]:
    """The imports in `source`, standing at `path`, that point against the layering."""
    module = module_name(path)
    layer = module.partition(".")[0]
    package = path.relative_to(SRC).parent.parts
    found = []
    for target in imported_modules(source, package):
        granted = ALLOWED[layer] | {layer}
        parts = target.split(".")
        prefixes = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
        if not prefixes & granted:
            found.append(f"{module} imports {target}")
    return found


def sources() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def test_every_layer_has_a_rule() -> None:
    layers = {module_name(path).partition(".")[0] for path in sources()}
    assert layers <= ALLOWED.keys(), f"give {sorted(layers - ALLOWED.keys())} a line in ALLOWED"


def test_dependencies_point_one_way() -> None:
    found = [line for path in sources() for line in violations(path.read_text(encoding="utf-8"), path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source", "count"),
    [
        ("kernels/walk.py", "from ..grammar import ir", 1),
        ("kernels/walk.py", "from .. import errors", 1),
        ("kernels/walk.py", "from .opcodes import Op\nimport numpy", 0),
        ("grammar/ebnf.py", "from ..kernels import walk", 1),
        ("grammar/ebnf.py", "from ..kernels.opcodes import Op\nfrom ..errors import Span", 0),
        ("grammar/regex/dfa.py", "from ...kernels.opcodes import Op\nfrom ..ir import Rule", 0),
        ("grammar/regex/dfa.py", "def f():\n    from ...runtime import matcher", 1),
        ("runtime/matcher.py", "from .. import engine", 1),
        ("runtime/matcher.py", "import gramarye.engine", 1),
        ("runtime/__init__.py", "from .matcher import Matcher\nfrom ..kernels import walk", 0),
        ("engine.py", "from .runtime.matcher import Matcher", 0),
        ("engine.py", "from .kernels import walk", 1),
    ],
)
def test_layering_is_read_from_imports(path: str, source: str, count: int) -> None:
    assert len(violations(source, SRC / path)) == count


@pytest.mark.parametrize("module", sorted(CONSTANTS))
def test_constants_are_only_constants(module: str) -> None:
    """Modules that other layers import for their names and numbers load no compiler."""
    tree = ast.parse((SRC / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert modules <= {"__future__", "collections.abc", "enum", "numpy", "typing"}


def test_import_is_light(record_property: pytest.FixtureRequest) -> None:
    """In a fresh process `import gramarye` loads nothing slow. Its time is reported, not asserted."""
    code = "import gramarye, json, sys; gramarye.GramaryeError; print(json.dumps(sorted(sys.modules)))"
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    record_property("import_seconds", time.perf_counter() - start)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {*LAZY, "typer", "interegular"}


def test_engine_imports_no_optional_library() -> None:
    """Nor does the engine itself load a deep-learning or command-line library."""
    code = "import json, sys; from gramarye import Vocabulary, engine; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"pydantic", "rich", "torch", "transformers", "triton", "typer"}


def test_packages_of_the_wheel_are_complete() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = config["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(SRC) for path in sources()}
    expected = sorted(".".join(("gramarye", *folder.parts)) for folder in folders)
    assert sorted(listed) == expected, "bring [tool.setuptools] packages in pyproject.toml up to date"
    missing = [str(folder) for folder in folders if not (SRC / folder / "__init__.py").exists()]
    assert not missing, f"no __init__.py in {missing}"


def test_core_dependencies_are_the_agreed_ones() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = {requirement.partition(">=")[0] for requirement in config["project"]["dependencies"]}
    assert names == {"interegular", "jsonschema", "lark", "numba", "numpy", "referencing"}


def test_lazy_names_resolve() -> None:
    import gramarye

    assert gramarye.__version__
    assert "engine" in dir(gramarye)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = gramarye.nonsense
