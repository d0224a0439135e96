"""The command line: ``gramarye generate | infill | check | explain | complete | warmup``.

::

    gramarye check person.json                      what of a schema is enforced
    gramarye explain sql.lark "select from t"       where a text leaves the language, and why
    gramarye complete '[0-9]{4}-[0-9]{2}' 20 --kind regex
    gramarye generate person.json "Describe Ada Lovelace as JSON."
    gramarye generate person.json "json name string" --diffusion
    gramarye infill json.lark '{"name": "{{6}}", "age": {{}}}'

A constraint is a file, whose suffix tells its kind, or a text together with ``--kind``. What a command
produces goes to the standard output and all else to the standard error, so that results can be piped. Exit
status: 0 done, 1 the text was refused, 2 an error of the input.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from .cli_views import canvas_view, error_view, explanation_view, report_view
from .errors import GramaryeError

if TYPE_CHECKING:
    from .runtime.constraint import Constraint
    from .runtime.diffusion.holes import Hole
    from .runtime.diffusion.result import CanvasChunk
    from .runtime.vocabulary import Vocabulary

__all__ = ["app", "main"]

DEMO_MODEL = "smollm2"
DEMO_DIFFUSION = "tiny"

app = typer.Typer(
    help="Exact constraints for language models: JSON Schemas, grammars and regular expressions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class ExitStatus:
    """Exit statuses other than 0."""

    REFUSED = 1
    INPUT_ERROR = 2


class Kind(StrEnum):
    """The kinds of constraints: the keywords of `engine.compile`, and the suffixes of their files."""

    SCHEMA = "schema"
    REGEX = "regex"
    CHOICE = "choice"
    LARK = "lark"
    EBNF = "ebnf"
    GBNF = "gbnf"


class CheckBy(StrEnum):
    """What decides about the commits of a canvas."""

    EXACT = "exact"
    INTERSECTION = "intersection"
    LOOKAHEAD = "lookahead"


_SUFFIXES = {".json": Kind.SCHEMA, **{f".{kind}": kind for kind in Kind}}

SourceArgument = Annotated[
    str,
    typer.Argument(metavar="CONSTRAINT", help="A file, - for the standard input, or a text if --kind is given."),
]
KindOption = Annotated[
    Kind | None,
    typer.Option(help="What CONSTRAINT is; a choice is one text a line. Default: by the file's suffix."),
]
StartOption = Annotated[str | None, typer.Option(help="Start rule of a grammar.")]
TokenizerOption = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="A tokenizer.json; without it every byte is a token."),
]
DecoderOption = Annotated[str, typer.Option(help="Which positions of the canvas a step commits.")]
CheckOption = Annotated[CheckBy, typer.Option("--check", help="What decides about commits to the canvas.")]
TextArgument = Annotated[str, typer.Argument(metavar="TEXT", help="The text; - for the standard input.")]


class Source(NamedTuple):
    """A constraint as the user gave it.

    Attributes:
        kind: what it is.
        text: its text.
        start: the start rule, if one was named.
    """

    kind: Kind
    text: str
    start: str | None

    def arguments(self) -> dict[str, Any]:
        """The same as keyword arguments of `engine.compile`."""
        value = self.text.splitlines() if self.kind is Kind.CHOICE else self.text
        start = {} if self.start is None else {"start": self.start}
        return {self.kind.value: value, **start}


def read_source(argument: str, kind: Kind | None, start: str | None) -> Source:
    """The constraint that CONSTRAINT and ``--kind`` name.

    Raises:
        typer.BadParameter: it is neither a readable file nor of a known kind.
    """
    suffix_kind = _SUFFIXES.get(Path(argument).suffix)
    if argument == "-" or _is_file(argument) or (kind is None and suffix_kind is not None):
        found, text = kind or suffix_kind, _read_text(argument)
    else:
        found, text = kind, argument
    if found is None:
        raise typer.BadParameter(f"cannot tell what {argument!r} is: give --kind {'|'.join(Kind)}")
    return Source(found, text, start)


def _is_file(argument: str) -> bool:
    """Whether a file is meant: a text that is too long for a name is none."""
    try:
        return Path(argument).is_file()
    except OSError:
        return False


def _read_text(argument: str) -> str:
    """The text of a file, or of the standard input for "-"."""
    try:
        data = sys.stdin.buffer.read() if argument == "-" else Path(argument).read_bytes()
        return data.decode("utf-8")
    except OSError as error:
        raise typer.BadParameter(f"cannot read {argument!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{argument!r} is not UTF-8: byte {error.start} is the first wrong one") from error


def _vocabulary(tokenizer: Path | None) -> Vocabulary:
    """The tokenizer's vocabulary, or that of single bytes."""
    from .runtime.vocabulary import Vocabulary

    if tokenizer is not None:
        return Vocabulary.from_tokenizer(tokenizer)
    return Vocabulary.from_bytes([*(bytes([byte]) for byte in range(256)), b""], eos_ids=[256])


def _compile(source: Source, tokenizer: Path | None) -> Constraint:
    """Compile a constraint for a tokenizer."""
    from . import engine

    constraint: Constraint = engine.compile(vocabulary=_vocabulary(tokenizer), **source.arguments())
    return constraint


def _out() -> Console:
    """The console of results."""
    return Console(soft_wrap=True, highlight=False)


def _err() -> Console:
    """The console of everything else."""
    return Console(stderr=True, highlight=False)


@app.command()
def check(
    constraint: SourceArgument,
    kind: KindOption = None,
    start: StartOption = None,
    tokenizer: TokenizerOption = None,
) -> None:
    """Show what of a schema or grammar is enforced, what is an annotation, and what is refused."""
    source = read_source(constraint, kind, start)
    with _readable_errors(source):
        report = _compile(source, tokenizer).report
        Console(highlight=False).print(report_view(report))


@app.command()
def explain(
    constraint: SourceArgument,
    text: TextArgument,
    kind: KindOption = None,
    start: StartOption = None,
    tokenizer: TokenizerOption = None,
) -> None:
    """Say whether a text is in the language, and if not, where it leaves it, what was expected, and why."""
    source = read_source(constraint, kind, start)
    data = _text_argument(text)
    with _readable_errors(source):
        compiled = _compile(source, tokenizer)
        matcher = compiled.matcher()
        if compiled.accepts(data):
            _out().print(Text("accepted", "bold green"))
            return
        if matcher.advance_bytes(data):
            _out().print(Text("unfinished:", "bold yellow"), Text("a shortest ending is "), end="")
            _out().print(Text(matcher.completion().decode("utf-8", "replace"), "bold"))
        else:
            Console(highlight=False).print(explanation_view(data, matcher.explain(data), source.text))
    raise typer.Exit(ExitStatus.REFUSED)


@app.command()
def complete(
    constraint: SourceArgument,
    prefix: Annotated[str, typer.Argument(help="How the text begins; - for the standard input.")] = "",
    kind: KindOption = None,
    start: StartOption = None,
    tokenizer: TokenizerOption = None,
    max_tokens: Annotated[int | None, typer.Option(min=0, help="Most tokens to add.")] = None,
) -> None:
    """Finish a prefix by a shortest ending."""
    source = read_source(constraint, kind, start)
    data = _text_argument(prefix)
    with _readable_errors(source):
        matcher = _compile(source, tokenizer).matcher()
        if not matcher.advance_bytes(data):
            _err().print(explanation_view(data, matcher.explain(data), source.text))
            raise typer.Exit(ExitStatus.REFUSED)
        ending = matcher.completion(max_tokens)
        whole = (data + ending).decode("utf-8", "replace")
        shown = Text(whole)
        shown.stylize("dim", 0, len(data.decode("utf-8", "replace")))
        _out().print(shown)


@app.command()
def generate(
    constraint: SourceArgument,
    prompt: Annotated[str, typer.Argument(help="What the model is given; - for the standard input.")] = "",
    kind: KindOption = None,
    start: StartOption = None,
    model: Annotated[str, typer.Option(help="A demo model, or a folder that transformers can load.")] = DEMO_MODEL,
    chat: Annotated[bool, typer.Option("--chat", help="Give the prompt as a user's message.")] = False,
    max_tokens: Annotated[int, typer.Option(min=1, help="Token budget; the output is complete within it.")] = 256,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 takes the likeliest token.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Draws the output.")] = 0,
    diffusion: Annotated[
        bool, typer.Option("--diffusion", help="Fill a canvas of --max-tokens positions with a diffusion model.")
    ] = False,
    decoder: DecoderOption = "confidence",
    block: Annotated[int, typer.Option(min=1, help="Positions of a block of the canvas.")] = 32,
    check_by: CheckOption = CheckBy.EXACT,
) -> None:
    """Generate a text in the language with a model, streaming."""
    source = read_source(constraint, kind, start)
    text = _text_argument(prompt).decode("utf-8", "replace")
    if diffusion:
        name = DEMO_DIFFUSION if model == DEMO_MODEL else model
        canvas: dict[str, Any] = {"length": max_tokens, "decoder": decoder, "block": block, "check": check_by.value}
        with _readable_errors(source):
            from . import engine

            chunks: Any = engine.generate(
                name, text, temperature=temperature, seed=seed, stream=True, **canvas, **_lexed(source)
            )
            _show_canvas(chunks)
        return
    with _readable_errors(source):
        from . import engine

        began = time.perf_counter()
        chunks = engine.generate(
            model,
            [{"role": "user", "content": text}] if chat else text,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
            stream=True,
            **source.arguments(),
        )
        result = None
        for chunk in chunks:
            sys.stdout.write(chunk.delta)
            sys.stdout.flush()
            result = chunk.result
        sys.stdout.write("\n")
        if result is not None:
            seconds = time.perf_counter() - began
            note = (
                f"{len(result.tokens)} tokens, {result.forced} of them forced; {result.passes} passes; "
                f"{seconds:.1f} s; finish reason {result.finish_reason}"
            )
            _err().print(Text(note, "dim"))


@app.command()
def infill(
    constraint: SourceArgument,
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help="The text with holes: {{}} of any length, {{6}} of 6 tokens, {{2-9}} of 2 to 9."
        ),
    ],
    kind: KindOption = None,
    start: StartOption = None,
    model: Annotated[str, typer.Option(help="A diffusion model: tiny, rxnfp, or a folder.")] = DEMO_DIFFUSION,
    prompt: Annotated[str, typer.Option(help="What the model reads before the text.")] = "",
    decoder: DecoderOption = "confidence",
    check_by: CheckOption = CheckBy.EXACT,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 takes the likeliest token.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Draws the output.")] = 0,
) -> None:
    """Fill the holes of a text so that all of it is in the language."""
    source = read_source(constraint, kind, start)
    with _readable_errors(source):
        from . import engine

        parts = holes_of(_text_argument(text))
        chunks: Any = engine.infill(
            model,
            parts,
            prompt=prompt,
            decoder=decoder,
            check=check_by.value,
            temperature=temperature,
            seed=seed,
            stream=True,
            **_lexed(source),
        )
        _show_canvas(chunks)


def holes_of(text: bytes) -> list[bytes | Hole]:
    """Fragments and holes of a text with ``{{}}``, ``{{6}}`` and ``{{2-9}}`` in it."""
    from .runtime.diffusion.holes import Hole

    parts: list[bytes | Hole] = []
    for index, piece in enumerate(re.split(rb"\{\{(\d*(?:-\d+)?)\}\}", text)):
        if index % 2 == 0:
            parts.append(piece)
        elif b"-" in piece:
            least, _, most = piece.partition(b"-")
            parts.append(Hole(least=int(least or 0), most=int(most)))
        else:
            parts.append(Hole(int(piece)) if piece else Hole())
    return parts


def _lexed(source: Source) -> dict[str, Any]:
    """The constraint's arguments, a Lark grammar lexed without context, as canvases need it."""
    basic = {"lexer": "basic"} if source.kind is Kind.LARK else {}
    return {**source.arguments(), **basic}


def _show_canvas(chunks: Iterator[CanvasChunk]) -> None:
    """Show a canvas filling up on the standard error, if that is a terminal, and print the text at its end.

    Raises:
        typer.Exit: status 1 where the text is not in the language (checks that are not exact).
    """
    began = time.perf_counter()
    err = _err()
    result = None
    with Live(console=err, auto_refresh=False, transient=True) as live:
        for chunk in chunks:
            result = chunk.result
            if err.is_terminal:
                live.update(canvas_view(chunk.pieces, chunk.given, chunk.step.new), refresh=True)
    if result is None:
        return
    sys.stdout.write(result.text + "\n")
    note = (
        f"{result.chosen} tokens chosen, {result.forced} forced; {result.passes} passes; "
        f"{time.perf_counter() - began:.1f} s; check {result.check}, {result.retries} refused; {result.finish_reason}"
    )
    err.print(Text(note, "dim"))
    if not result.valid:
        raise typer.Exit(ExitStatus.REFUSED)


@app.command()
def warmup(tokenizer: TokenizerOption = None) -> None:
    """Compile the kernels and build a tokenizer's tables now, for the next start to find both cached."""
    with _readable_errors(None), _err().status("compiling kernels (half a minute the first time)"):
        began = time.perf_counter()
        from . import engine
        from .runtime.kernel_cache import cached_kernels

        before = cached_kernels()[1]
        vocabulary = _vocabulary(tokenizer)
        size = vocabulary.tables.nbytes / 1e6
        _say(f"vocabulary of {len(vocabulary):,} tokens, tables of {size:.1f} MB", began)
        for kind, source in _WARMING.items():
            since = time.perf_counter()
            matcher = engine.compile(vocabulary=vocabulary, **{kind: source}).matcher()
            engine.fill_masks([matcher])
            matcher.forced_tokens()
            matcher.completion()
            _say(kind, since)
        folder, after = cached_kernels()
        place = f"in {folder}" if after else "but nowhere to keep them: set GRAMARYE_CACHE to a folder"
        _say(f"kernels: {len(after - before)} compiled, {len(after & before)} found {place}; warm", began)


_WARMING: dict[Kind, Any] = {
    Kind.SCHEMA: {"properties": {"at": {"format": "date-time"}, "n": {"minimum": 1}}},
    Kind.REGEX: "a",
    Kind.CHOICE: ["a"],
    Kind.LARK: 'start: "a" start | "a"',
}
"""Constraints that between them run on all kernels."""


def _say(what: str, since: float) -> None:
    """Print what was done and how long it took."""
    _err().print(f"{what}: {time.perf_counter() - since:.1f} s", soft_wrap=True)


def _text_argument(argument: str) -> bytes:
    """The bytes of a text on the command line, odd bytes included, or of the standard input for "-"."""
    return sys.stdin.buffer.read() if argument == "-" else os.fsencode(argument)


@contextmanager
def _readable_errors(source: Source | None) -> Iterator[None]:
    """Show the package's errors with their place in the source, not as tracebacks, and exit with status 2."""
    try:
        yield
    except GramaryeError as error:
        _err().print(error_view(error, None if source is None else source.text))
        raise typer.Exit(ExitStatus.INPUT_ERROR) from error


def main() -> None:
    """Entry point of the console script."""
    app()
