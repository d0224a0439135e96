"""The front door: :func:`compile` a constraint, :func:`generate` with a model.

    constraint                    compile()                     matcher()             generate()
    schema, type, regex,  ──────> Constraint ────────────────> Matcher ────────────> text, value
    choice, grammar               a constraint machine          one int, forkable     exact masks at every step

A constraint is compiled to a machine that reads bytes and whose every state is one int (``kernels/``); the tokens
that may come next are found by walking the vocabulary's trie with it, once per state. Start reading at
``runtime/build.py`` for how each kind of source becomes a machine, at ``kernels/opcodes.py`` for what a state is, at
``runtime/decoding/loop.py`` for how text is made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from .errors import GramaryeError
from .runtime.batch import fill_masks
from .runtime.build import Options, build_choice, build_grammar, build_regex, build_schema
from .runtime.constraint import Constraint
from .runtime.diffusion.holes import Hole
from .runtime.limits import Limits
from .runtime.matcher import Explanation, Matcher
from .runtime.python_types import schema_of
from .runtime.vocabulary import Vocabulary

if TYPE_CHECKING:
    from referencing import Registry

    from .runtime.decoding import Chunk, GenerationResult, ValueReader
    from .runtime.diffusion.canvas_protocol import Check
    from .runtime.diffusion.decoders import Decoder
    from .runtime.diffusion.loop import Proposals
    from .runtime.diffusion.result import CanvasChunk, DiffusionResult

__all__ = [
    "Constraint",
    "Explanation",
    "Hole",
    "Limits",
    "Matcher",
    "Vocabulary",
    "compile",
    "fill_masks",
    "generate",
    "infill",
]

_SOURCES = ("schema", "regex", "choice", "lark", "ebnf", "gbnf")


def compile(
    *,
    schema: Any = None,
    regex: str | None = None,
    choice: Iterable[str] | None = None,
    lark: str | None = None,
    ebnf: str | None = None,
    gbnf: str | None = None,
    vocabulary: Vocabulary | Any,
    after: str | None = None,
    whitespace: Literal["any", "bounded", "compact"] = "any",
    formats: Literal["assert", "annotate"] = "annotate",
    spelling: Literal["any", "plain"] = "any",
    property_order: Literal["any", "schema"] = "any",
    draft: int | None = None,
    registry: Registry[Any] | None = None,
    dialect: Literal["python", "ecma", "auto", "iso", "w3c"] | None = None,
    flags: str = "",
    start: str | None = None,
    lexer: Literal["longest", "basic", "dynamic"] | None = None,
    base_path: str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
) -> Constraint:
    """Compile a constraint for a vocabulary.

    Exactly one source is given:

    Args:
        schema: a JSON Schema (dict, bool, or its text), or a Pydantic model, dataclass, TypedDict, Literal, Enum, other
            type, or a callable (its arguments).
        regex: a regular expression that the whole text matches.
        choice: strings of which the text is one.
        lark: a Lark grammar.
        ebnf: an ISO 14977 or W3C EBNF grammar.
        gbnf: a grammar in the dialect of llama.cpp.
        vocabulary: the tokens; a tokenizer is turned into one.
        after: free text comes first, up to and including the first occurrence of this tag (``"</think>"``).
        whitespace: what may stand between JSON tokens: "any" blanks, at most one space or one indented line break
            ("bounded", as pretty-printers do it: models cannot run away on blanks), or none ("compact").
        spelling: how strings and numbers of JSON may be written: "any" way that means the same value, or the
            "plain" one of
            serialisers (no escapes but those that are needed, integers without fraction and exponent), in which much
            more is forced, and small models do not go astray.
        formats: whether ``format`` is asserted. The report names the formats that have no automaton and stay
            annotations.
        property_order: "any" order, as JSON Schema means it, or the "schema"'s.
        draft: dialect of the schema (4, 6, 7, 2019, 2020); None reads ``$schema``, 2020 by default.
        registry: schemas that ``$ref`` may name (a ``referencing.Registry``); nothing is ever fetched.
        dialect: of a regex "python" (default) or "ecma"; of EBNF "auto" (default), "iso" or "w3c".
        flags: of a regex.
        start: start rule of a grammar.
        lexer: how a grammar's text is split into terminals: "longest" match (the default of Lark grammars) among those
            that the parser can take, "basic": among all, or "dynamic", any split (the default of the others).
        base_path: folder that a Lark grammar's relative imports start from.
        limits: what the constraint may use.

    Returns:
        The constraint: immutable, shareable between threads, maker of matchers.

    Raises:
        SchemaError, GrammarError, RegexError: the source is malformed, empty, or cannot be enforced exactly.
        VocabularyError: the vocabulary cannot spell the language.
        LimitError: a limit was reached.
    """
    given = {"schema": schema, "regex": regex, "choice": choice, "lark": lark, "ebnf": ebnf, "gbnf": gbnf}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        raise GramaryeError(
            f"{len(named)} constraints are given" + (f" ({', '.join(named)})" if named else ""),
            expected=[f"exactly one of {', '.join(_SOURCES)}"],
        )
    _one_of("formats", formats, ("assert", "annotate"))
    _one_of("property_order", property_order, ("any", "schema"))
    _one_of("spelling", spelling, ("any", "plain"))
    if dialect is not None:
        _one_of("dialect", dialect, ("auto", "iso", "w3c") if ebnf is not None else ("python", "ecma"))
    if lexer is not None:
        _one_of("lexer", lexer, ("longest", "basic", "dynamic") if lark is not None else ("dynamic",))
    tokens = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary.from_tokenizer(vocabulary)
    options = Options(tokens, limits or Limits(), after)
    if schema is not None:
        document, python_type = schema_of(schema)
        return build_schema(
            document,
            options,
            whitespace=whitespace,
            ordered=property_order == "schema",
            plain=spelling == "plain",
            assert_formats=formats == "assert",
            draft=draft,
            registry=registry,
            python_type=python_type,
        )
    if regex is not None:
        return build_regex(regex, options, dialect="ecma" if dialect == "ecma" else "python", flags=flags)
    if choice is not None:
        return build_choice(choice, options)
    if lark is not None:
        from .grammar.lark_reader import read_lark

        return build_grammar(read_lark(lark, start or "start", lexer=lexer, base_path=base_path), "lark", options)
    if ebnf is not None:
        from .grammar.ebnf_reader import read_ebnf

        notation: Literal["auto", "iso", "w3c"] = dialect if dialect in ("iso", "w3c") else "auto"
        return build_grammar(read_ebnf(ebnf, notation, start=start), "ebnf", options)
    from .grammar.gbnf_reader import read_gbnf

    return build_grammar(read_gbnf(gbnf or "", start or "root"), "gbnf", options)


def _one_of(option: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse an option that has no such value.

    Raises:
        GramaryeError: lists the values that it has.
    """
    if value not in allowed:
        raise GramaryeError(f"{option} is {value!r}", expected=list(allowed))


def generate(
    model: Any,
    prompt: Any,
    *,
    tokenizer: Any = None,
    schema: Any = None,
    regex: str | None = None,
    choice: Iterable[str] | None = None,
    lark: str | None = None,
    ebnf: str | None = None,
    gbnf: str | None = None,
    constraint: Constraint | Sequence[Constraint | None] | None = None,
    max_tokens: int = 256,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    seed: int | Sequence[int] | None = None,
    stream: bool = False,
    method: Literal["mask", "rejection", "smc"] = "mask",
    monitors: Sequence[Any] = (),
    heal_prompt: bool | None = None,
    fast_forward: bool = True,
    length: int | None = None,
    block: int | None = None,
    steps: int | None = None,
    decoder: str | Decoder | None = None,
    check: Check | None = None,
    joint: bool | None = None,
    masks: Proposals | None = None,
    **options: Any,
) -> GenerationResult | list[GenerationResult] | Iterator[Chunk] | DiffusionResult | Iterator[CanvasChunk]:
    """Generate text that satisfies a constraint, complete within ``max_tokens``.

    Args:
        model: a transformers causal LM, the name of a demo model ("smollm2"), a model directory, or any object with the
            protocol of ``runtime/decoding/protocol.py``; or a diffusion model (see :func:`infill`).
        prompt: a text, token ids, or the messages of a conversation; or a list of such, decoded as one batch.
        tokenizer: of a transformers model whose configuration does not name it.
        schema: at most one of this and the next five, as for :func:`compile`; none is free text.
        regex: see :func:`compile`.
        choice: see :func:`compile`.
        lark: see :func:`compile`.
        ebnf: see :func:`compile`.
        gbnf: see :func:`compile`.
        constraint: compiled constraints instead: one for all prompts, or one for each (None: free text).
        max_tokens: the output is complete within this many tokens, not counting the end token.
        temperature: divides the logits; 0 is greedy, 1 the model's own law.
        top_k: draw from the k likeliest of the allowed tokens only.
        top_p: draw from the likeliest allowed tokens that together hold this share.
        min_p: draw from allowed tokens at least min_p times as likely as the likeliest.
        seed: of prompt 0, then seed + 1, ...; or a list. The same seed gives the same text, whatever the batch.
        stream: return an iterator of chunks with text and partial value.
        method: "mask" draws from the model's law restricted to the allowed tokens, step by step.
        monitors: static analyses that confine decoding further; none are available in this version.
        heal_prompt: let the model retokenize the end of the prompt; None: if the prompt is a text.
        fast_forward: append what is forced without drawing it.
        length: of diffusion models, as all up to ``masks``: positions of the canvas; None: ``max_tokens``.
        block: positions of a block, filled from left to right; None: 32.
        steps: passes for the whole canvas; None: one token a step, or the decoder's own rule.
        decoder: which positions a step commits: "confidence", "margin", "entropy", "threshold", "frechet",
            "localleap", "adablock", "prophet", "freedave", "leftmost", or an object of
            ``runtime/diffusion/decoders``.
        check: what decides about commits: "exact", "intersection" or "lookahead".
        joint: propose jointly from the model's product law given the constraint (regular constraints).
        masks: what proposals are drawn from: "exact" masks, an upper "bound", or "none", so that the check alone
            decides, which may be faster for large grammars; None: exact masks where the check has them.
        options: further options of :func:`compile`; ``whitespace`` is "bounded" and ``spelling`` "plain" by default.

    Returns:
        A result with ``text``, ``value`` (parsed, and typed for Python types), ``tokens``, ``log_prob``,
        ``log_weight`` and ``finish_reason``; a list of them for a list of prompts; an iterator of chunks with
        ``stream``.

    Raises:
        BudgetError: ``max_tokens`` is below the shortest valid output; raised before the first forward pass.
        ModelError: the model does not fit the vocabulary, or returns unusable logits.
        SchemaError, GrammarError, RegexError, VocabularyError, LimitError: as :func:`compile`.
    """
    from .runtime.decoding import resolve_model, run
    from .runtime.diffusion.resolve import is_diffusion_model

    if monitors:
        raise GramaryeError("monitors are not available in this version")
    sources = {"schema": schema, "regex": regex, "choice": choice, "lark": lark, "ebnf": ebnf, "gbnf": gbnf}
    canvas = {"length": length, "block": block, "steps": steps, "decoder": decoder, "check": check, "joint": joint}
    canvas["masks"] = masks
    if is_diffusion_model(model):
        ignored = {"top_k": top_k, "top_p": top_p, "min_p": min_p, "heal_prompt": heal_prompt}
        _refuse(ignored, "not for diffusion models")
        canvas["length"] = max_tokens if length is None else length
        return _generate_canvas(
            model, prompt, tokenizer, sources, constraint, options, canvas, temperature, seed, fast_forward, stream
        )
    _refuse(canvas, "for diffusion models only")
    lm = resolve_model(model, tokenizer)
    compiled = _compiled(lm.vocabulary, sources, constraint, options)
    readers = (
        _reader(compiled)
        if isinstance(compiled, Constraint) or compiled is None
        else [_reader(one) for one in compiled]
    )
    return run(
        lm,
        prompt,
        compiled,
        max_tokens=max_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        seed=seed,
        stream=stream,
        method=method,
        reader=readers,
        heal_prompt=heal_prompt,
        fast_forward=fast_forward,
    )


def infill(
    model: Any,
    parts: Sequence[str | bytes | Hole],
    *,
    tokenizer: Any = None,
    prompt: str = "",
    schema: Any = None,
    regex: str | None = None,
    choice: Iterable[str] | None = None,
    lark: str | None = None,
    ebnf: str | None = None,
    gbnf: str | None = None,
    constraint: Constraint | None = None,
    free: int = 24,
    block: int | None = None,
    steps: int | None = None,
    decoder: str | Decoder | None = None,
    check: Check | None = None,
    joint: bool | None = None,
    masks: Proposals | None = None,
    temperature: float = 0.0,
    seed: int | None = None,
    stream: bool = False,
    **options: Any,
) -> DiffusionResult | Iterator[CanvasChunk]:
    """Fill the holes of a text so that the whole of it satisfies a constraint; what is given stays as it is.

    Args:
        model: a diffusion model ("tiny", "rxnfp", a transformers ``*ForMaskedLM``, a LLaDA- or Dream-shaped model,
            DiffusionGemma, any object with the protocol of ``runtime/diffusion/model_protocol.py``), or a causal LM
            that was trained to fill in the middle, which fills one hole after the other.
        parts: fragments (text or bytes) and :class:`Hole` objects, in the order of the text.
        tokenizer: of a transformers model.
        prompt: what a diffusion model reads before the text.
        schema: at most one of this and the next five, as for :func:`compile`; none fills freely.
        regex: see :func:`compile`.
        choice: see :func:`compile`.
        lark: see :func:`compile`.
        ebnf: see :func:`compile`.
        gbnf: see :func:`compile`.
        constraint: a compiled constraint instead.
        free: most tokens of a hole without bounds.
        block: see :func:`generate`; None: all holes are one block.
        steps: see :func:`generate`.
        decoder: see :func:`generate`.
        check: see :func:`generate`.
        joint: see :func:`generate`.
        masks: see :func:`generate`.
        temperature: 0 takes the likeliest token.
        seed: the same seed gives the same text.
        stream: return an iterator of chunks, one for each step.
        options: further options of :func:`compile`.

    Returns:
        A result with ``text``, ``holes`` and ``value``; an iterator of chunks with ``stream``.

    Raises:
        BudgetError: no text of the constraint has these fragments with holes of these lengths; raised before the
            first pass.
        ModelError: the model can neither fill canvases nor fill in the middle.
        SchemaError, GrammarError, RegexError, VocabularyError, LimitError: as :func:`compile`.
    """
    from .runtime.decoding import resolve_model
    from .runtime.diffusion.generate import DiffusionOptions
    from .runtime.diffusion.infill import run_infill
    from .runtime.diffusion.resolve import is_diffusion_model, resolve_diffusion_model

    sources = {"schema": schema, "regex": regex, "choice": choice, "lark": lark, "ebnf": ebnf, "gbnf": gbnf}
    plan = DiffusionOptions(
        block, steps, decoder or "confidence", check or "exact", temperature, seed, joint=bool(joint), masks=masks
    )
    if is_diffusion_model(model):
        filler = resolve_diffusion_model(model, tokenizer)
        compiled = _compiled(filler.vocabulary, sources, constraint, options)
        return run_infill(
            filler,
            parts,
            compiled,
            options=plan,
            prompt=prompt,
            free=free,
            reader=_reader(compiled),
            stream=stream,
        )
    from .runtime.diffusion.fim import run_fim

    _refuse({"prompt": prompt or None, "decoder": decoder, "steps": steps, "joint": joint}, "for diffusion models only")
    lm = resolve_model(model, tokenizer)
    compiled = _compiled(lm.vocabulary, sources, constraint, options)
    return run_fim(lm, parts, compiled, options=plan, free=free, reader=_reader(compiled))


def _compiled(vocabulary: Any, sources: Mapping[str, Any], constraint: Any, options: dict[str, Any]) -> Any:
    """The constraint of a call: compiled already, or from its source; None where there is neither."""
    given = {name: value for name, value in sources.items() if value is not None}
    if constraint is not None and (given or options):
        raise GramaryeError("constraint= comes compiled", hint=f"leave out {', '.join([*given, *options])}")
    if not given:
        return constraint
    if "schema" in given:
        options = {"whitespace": "bounded", "spelling": "plain", **options}
    return compile(vocabulary=vocabulary, **given, **options)


def _reader(constraint: Constraint | None) -> ValueReader:
    """How the text of a constraint becomes a value."""
    from .runtime.decoding import JSON, TEXT, ValueReader, reader_for_schema

    if constraint is None or constraint.kind != "schema":
        return TEXT if constraint is None or constraint.after is None else ValueReader("text", after=constraint.after)
    if constraint.python_type is None:
        return JSON if constraint.after is None else ValueReader("json", after=constraint.after)
    return reader_for_schema(constraint.python_type, after=constraint.after)


def _refuse(given: Mapping[str, Any], why: str) -> None:
    """Refuse arguments that another kind of model takes.

    Raises:
        GramaryeError: one is not None.
    """
    names = [name for name, value in given.items() if value is not None]
    if names:
        raise GramaryeError(f"{', '.join(names)}: {why}", hint=f"leave out {', '.join(names)}")


def _generate_canvas(
    model: Any,
    prompt: Any,
    tokenizer: Any,
    sources: Mapping[str, Any],
    constraint: Any,
    options: dict[str, Any],
    canvas: Mapping[str, Any],
    temperature: float,
    seed: Any,
    fast_forward: bool,
    stream: bool,
) -> DiffusionResult | Iterator[CanvasChunk]:
    """:func:`generate` with a diffusion model."""
    from .runtime.diffusion.generate import DiffusionOptions, run_diffusion
    from .runtime.diffusion.resolve import resolve_diffusion_model

    if not (constraint is None or isinstance(constraint, Constraint)) or not (seed is None or isinstance(seed, int)):
        raise GramaryeError("a diffusion model fills one canvas a call", expected=["one constraint and one seed"])
    filler = resolve_diffusion_model(model, tokenizer)
    compiled = _compiled(filler.vocabulary, sources, constraint, options)
    plan = DiffusionOptions(
        32 if canvas["block"] is None else canvas["block"],
        canvas["steps"],
        canvas["decoder"] or "confidence",
        canvas["check"] or "exact",
        temperature,
        seed,
        bool(canvas["joint"]),
        fast_forward,
        canvas["masks"],
    )
    return run_diffusion(
        filler, prompt, compiled, length=canvas["length"], options=plan, reader=_reader(compiled), stream=stream
    )
