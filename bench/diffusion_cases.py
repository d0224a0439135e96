"""The settings of the diffusion benchmark: models, constraints, prompts, and readers that judge a text on their own."""

from __future__ import annotations

import ast
import json
import random
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import lark

from gramarye import engine
from gramarye.errors import GramaryeError
from gramarye.runtime.diffusion.adapters import MaskedModel
from gramarye.runtime.diffusion.rxnfp import load_rxnfp
from gramarye.runtime.diffusion.tiny import load_tiny

from .data import maskbench
from .diffusion_texts import draw, prompt_of_schema
from .smiles import problems

__all__ = ["SETTINGS", "Case", "infill_texts", "smiles_cases"]

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
LONGEST_INSTANCE = 40
"""Tokens of the longest instance of a schema that is used."""
USED_SCHEMAS = 40
REACTIONS = (
    "CCO.CC(=O)Cl>>",
    "c1ccccc1Br.OB(O)c1ccncc1>>",
    "CC(=O)c1ccccc1.[Na+].[BH4-]>>",
    "O=C(O)c1ccccc1.NCC>>",
    "CC(C)Br.Oc1ccccc1>>",
    "C=CC.Brc1ccccc1>>",
    "Nc1ccccc1.O=C(Cl)C>>",
    "OCC1CC1.CS(=O)(=O)Cl>>",
)


@dataclass(frozen=True)
class Case:
    """One generation.

    Attributes:
        model: what generates.
        prompt: its prompt.
        constraint: what the text must satisfy.
        length: positions of the canvas.
        masks: see ``engine.generate``.
        judge: whether a text is right, by code that is not this package's.
    """

    model: MaskedModel
    prompt: str
    constraint: engine.Constraint
    length: int
    masks: Any
    judge: Callable[[str], bool]


def smiles_cases(folder: Path) -> Iterator[Case]:
    """Products of reactions, 24 tokens, by the rxnfp model."""
    model = load_rxnfp()
    text = (SCHEMAS / "smiles.lark").read_text(encoding="utf-8")
    constraint = engine.compile(lark=text, vocabulary=model.vocabulary)
    rng = random.Random(1)
    while True:
        yield Case(model, rng.choice(REACTIONS), constraint, 24, None, lambda text: not problems(text))


def json_cases(folder: Path) -> Iterator[Case]:
    """Instances of MaskBench's schemas of objects that have a short one: the first 40 of them, again and again."""
    model = load_tiny()
    found: list[Case] = []
    while len(found) < USED_SCHEMAS:
        for problem in maskbench(folder, 7):
            schema = json.loads(problem.schema)
            short = min((len(model.vocabulary.encode(text)) for text in problem.valid), default=10**9)
            if short > LONGEST_INSTANCE or not isinstance(schema, dict) or not schema.get("properties"):
                continue
            try:
                judge = jsonschema_rs.validator_for(schema)
                constraint = engine.compile(
                    schema=schema,
                    vocabulary=model.vocabulary,
                    whitespace="bounded",
                    spelling="plain",
                    formats="assert",
                )
                canvas = constraint.canvas(LONGEST_INSTANCE + 8)
            except (GramaryeError, ValueError):
                continue
            if canvas.completable and canvas.exact:
                prompt = prompt_of_schema(schema)
                found.append(Case(model, prompt, constraint, LONGEST_INSTANCE + 8, None, _valid_json(judge)))
                yield found[-1]
            if len(found) == USED_SCHEMAS:
                break
    while True:
        yield from found


def _valid_json(judge: Any) -> Callable[[str], bool]:
    def valid(text: str) -> bool:
        try:
            return bool(judge.is_valid(json.loads(text)))
        except ValueError:
            return False

    return valid


def arithmetic_cases(folder: Path) -> Iterator[Case]:
    """Sums and products of up to 24 tokens."""
    model = load_tiny()
    text = (SCHEMAS / "arithmetic.ebnf").read_text(encoding="utf-8")
    constraint = engine.compile(ebnf=text, vocabulary=model.vocabulary)
    while True:
        yield Case(model, "expr\n", constraint, 24, None, is_arithmetic)


def is_arithmetic(text: str) -> bool:
    """Whether Python reads it as arithmetic."""
    return set(text) <= set("0123456789.abcdefghixyz()+-*/") and "**" not in text and is_expression(text)


def is_expression(text: str) -> bool:
    """Whether Python reads it as an expression."""
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def c_cases(folder: Path) -> Iterator[Case]:
    """Functions of the C subset, up to 48 tokens, prompted by their name."""
    model = load_tiny()
    text = (SCHEMAS / "c_subset.lark").read_text(encoding="utf-8")
    constraint = engine.compile(lark=text, vocabulary=model.vocabulary, lexer="basic")
    rng = random.Random(2)
    judge = _parses(lark.Lark(text, parser="earley", lexer="dynamic"))
    while True:
        yield Case(model, draw(rng, "c").prompt, constraint, 48, "none", judge)


def _parses(parser: lark.Lark) -> Callable[[str], bool]:
    def parses(text: str) -> bool:
        try:
            parser.parse(text)
        except lark.exceptions.LarkError:
            return False
        return True

    return parses


SETTINGS: dict[str, Callable[[Path], Iterator[Case]]] = {
    "smiles": smiles_cases,
    "json": json_cases,
    "arithmetic": arithmetic_cases,
    "c": c_cases,
}


def infill_texts(
    folder: Path, model: MaskedModel, longest: int
) -> dict[str, tuple[dict[str, Any], Iterator[str], Any]]:
    """Texts to cut holes into, by kind: the source of the constraint, the texts, and their judge."""

    def short(texts: Iterator[str], judge: Callable[[str], bool]) -> Iterator[str]:
        return (text for text in texts if 8 <= len(model.vocabulary.encode(text)) <= longest and judge(text))

    c_text = (SCHEMAS / "c_subset.lark").read_text(encoding="utf-8")
    python_text = (SCHEMAS / "python_expr.lark").read_text(encoding="utf-8")
    json_text = (SCHEMAS / "json.lark").read_text(encoding="utf-8")
    c_judge = _parses(lark.Lark(c_text, parser="earley", lexer="dynamic"))
    rng = random.Random(3)
    functions = (draw(rng, "c").text for _ in iter(int, 1))
    return {
        "json": ({"lark": json_text}, short(_instances(folder), is_json), is_json),
        "python": ({"lark": python_text, "lexer": "basic"}, short(_expressions(), is_expression), is_expression),
        "c": ({"lark": c_text, "lexer": "basic"}, short(functions, c_judge), c_judge),
    }


def is_json(text: str) -> bool:
    """Whether Python reads it as JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _instances(folder: Path) -> Iterator[str]:
    for problem in maskbench(folder, 11):
        yield problem.valid[0]


def _expressions() -> Iterator[str]:
    """Expressions out of the standard library's own source, on one line and without f-strings."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    random.Random(4).shuffle(files)
    for file in files:
        source = file.read_text(encoding="utf-8", errors="replace")
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call | ast.BinOp | ast.Compare)]
        for node in random.Random(5).sample(nodes, min(3, len(nodes))):
            text = ast.get_source_segment(source, node) or ""
            if "\n" not in text and not any(isinstance(one, ast.JoinedStr) for one in ast.walk(node)):
                yield text
