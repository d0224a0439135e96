"""The example grammars in schemas/: real texts are accepted, wrong ones are not, by us and by independent parsers."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import lark
import pytest
from tests.oracles.earley import EarleyOracle, LongestMatchOracle

from gramarye.grammar.ebnf_reader import read_ebnf
from gramarye.grammar.gbnf_reader import read_gbnf
from gramarye.grammar.ir import Grammar
from gramarye.grammar.lark_reader import read_lark

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
SAMPLES = Path(__file__).resolve().parent / "data" / "grammar_samples"
GRAMMARS = ["json.lark", "sql.lark", "c_subset.lark", "python_expr.lark"]
GRAMMARS += ["json.gbnf", "arithmetic.gbnf", "arithmetic.ebnf", "xml.ebnf"]
READERS = {".lark": read_lark, ".gbnf": read_gbnf, ".ebnf": read_ebnf}


def samples(name: str, verdict: str) -> list[str]:
    text = (SAMPLES / f"{name.removesuffix('.lark')}.{verdict}.txt").read_text("utf-8")
    return text.removesuffix("\n").split("\n----\n")


def read(name: str) -> Grammar:
    return READERS[Path(name).suffix]((SCHEMAS / name).read_text("utf-8"))


@pytest.mark.parametrize("name", GRAMMARS)
def test_samples(name: str) -> None:
    grammar = read(name)
    oracle = LongestMatchOracle(grammar) if grammar.lexer == "longest" else EarleyOracle(grammar)
    assert [text for text in samples(name, "accepted") if not oracle.accepts(text)] == []
    assert [text for text in samples(name, "rejected") if oracle.accepts(text)] == []


@pytest.mark.parametrize("name", [name for name in GRAMMARS if name.endswith(".lark")])
def test_lark_accepts_the_accepted_samples(name: str) -> None:
    parser = lark.Lark((SCHEMAS / name).read_text("utf-8"), parser="earley", lexer="dynamic")
    for text in samples(name, "accepted"):
        parser.parse(text)


def test_python_agrees_on_expressions() -> None:
    for text in samples("python_expr.lark", "accepted"):
        ast.parse(text, mode="eval")
    for text in samples("python_expr.lark", "rejected"):
        with pytest.raises(SyntaxError):
            ast.parse(text, mode="eval")


def test_json_agrees() -> None:
    for text in samples("json.lark", "accepted") + samples("json.gbnf", "accepted"):
        json.loads(text)
    for text in samples("json.lark", "rejected"):
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)


def test_sql_is_a_real_dialect() -> None:
    rules = [rule for rule in read("sql.lark").alternatives if "@" not in rule]
    assert len(rules) >= 60
