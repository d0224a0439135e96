"""One small adapter an engine, so that a benchmark treats ourselves and the peers alike.

An `Engine` holds a tokenizer and compiles schemas; what it compiles is a `Session`, which writes masks into
an array of its own and advances token by token::

    engine = ENGINES["llguidance"](tokenizer)
    session = engine.compile('{"type": "integer"}')  # RefusedError where the engine does not cover the schema
    session.mask()             # uint32[ceil(V / 32)], token t is bit t % 32 of word t // 32
    session.advance(17)

Each engine gets the cheapest calls that it offers: schemas as text, masks into memory that exists already.
Compilers that would spread over threads are held to one, since time is the calling thread's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .data import RealTokenizer

Mask = NDArray[np.uint32]


class RefusedError(Exception):
    """An engine does not compile a schema."""


class Session(Protocol):
    """A compiled schema and a position in a text."""

    def mask(self) -> Mask:
        """Compute the mask here: uint32[ceil(V / 32)], overwritten by the next call."""
        ...

    def advance(self, token: int) -> bool:
        """Go on by a token; False where the engine forbids it, and then only `reset` may follow."""
        ...

    def reset(self) -> None:
        """Go back to the beginning."""
        ...

    def counts(self) -> Counter[str]:
        """The work done so far since compiling, for engines that count it."""
        return Counter()


class Engine(Protocol):
    """An engine bound to a tokenizer."""

    def compile(self, schema: str) -> Session:
        """Compile a JSON Schema given as text.

        Raises:
            RefusedError: with the engine's own reason.
        """
        ...


class Gramarye:
    """Ourselves."""

    def __init__(self, tokenizer: RealTokenizer) -> None:
        from gramarye import Vocabulary

        self.vocabulary = Vocabulary.from_tokenizer(tokenizer.write(), eos_ids=[tokenizer.eos_id])

    def compile(self, schema: str) -> Session:
        """See `Engine`."""
        from gramarye import GramaryeError, engine

        try:
            constraint = engine.compile(schema=schema, vocabulary=self.vocabulary, whitespace="any", formats="assert")
        except GramaryeError as error:
            raise RefusedError(str(error)) from error
        return _GramaryeSession(constraint, self.vocabulary.words)


class _GramaryeSession(Session):
    def __init__(self, constraint: Any, words: int) -> None:
        self._constraint = constraint
        self._matcher = constraint.matcher()
        self._mask = np.zeros(words, np.uint32)

    def mask(self) -> Mask:
        self._matcher.mask(out=self._mask)
        return self._mask

    def advance(self, token: int) -> bool:
        return bool(self._matcher.advance(token))

    def reset(self) -> None:
        self._matcher = self._constraint.matcher()

    def counts(self) -> Counter[str]:
        from gramarye.kernels.columns import Scalar

        arena = self._constraint.machine.arena
        return Counter(
            {
                "trie nodes visited": arena.get(Scalar.VISITED),
                "transitions computed": arena.get(Scalar.STEPS),
                "masks built": arena.get(Scalar.MASKS_BUILT),
                "configurations": arena.get(Scalar.CONFIGS),
            }
        )


class LLGuidance:
    """Microsoft's llguidance: derivatives for lexemes, Earley for the rest."""

    def __init__(self, tokenizer: RealTokenizer) -> None:
        import llguidance

        self.library = llguidance
        self.words = -(-tokenizer.size // 32)
        self.tokenizer = llguidance.LLTokenizer(tokenizer.text, eos_token=tokenizer.eos_id)

    def compile(self, schema: str) -> Session:
        """See `Engine`."""
        matcher_type = self.library.LLMatcher
        try:
            grammar = matcher_type.grammar_from_json_schema(schema)
        except ValueError as error:
            raise RefusedError(str(error)) from error
        matcher = matcher_type(self.tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise RefusedError(matcher.get_error())
        return _LLGuidanceSession(matcher, self.words)


class _LLGuidanceSession(Session):
    def __init__(self, matcher: Any, words: int) -> None:
        self._matcher = matcher
        self._mask = np.zeros(words, np.uint32)
        self._address = self._mask.ctypes.data
        self._initial = matcher.deep_copy()

    def mask(self) -> Mask:
        self._matcher.unsafe_compute_mask_ptr(self._address, self._mask.nbytes)
        return self._mask

    def advance(self, token: int) -> bool:
        return bool(self._matcher.consume_token(token))

    def reset(self) -> None:
        # A matcher that refused a token stays in error, so that a rollback would not do.
        self._matcher = self._initial.deep_copy()


class XGrammar:
    """xgrammar with `strict_mode` off, as the JSON Schema standard has it: undeclared properties may come."""

    strict_mode = False

    def __init__(self, tokenizer: RealTokenizer) -> None:
        import xgrammar

        self.library = xgrammar
        self.words = -(-tokenizer.size // 32)
        kind = xgrammar.VocabType.BYTE_FALLBACK if tokenizer.byte_fallback else xgrammar.VocabType.BYTE_LEVEL
        info = xgrammar.TokenizerInfo(
            tokenizer.encoded_tokens, kind, vocab_size=tokenizer.size, stop_token_ids=[tokenizer.eos_id]
        )
        self.compiler = xgrammar.GrammarCompiler(info, max_threads=1)

    def compile(self, schema: str) -> Session:
        """See `Engine`."""
        try:
            compiled = self.compiler.compile_json_schema(schema, strict_mode=self.strict_mode)
        except (RuntimeError, ValueError) as error:
            raise RefusedError(str(error)) from error
        return _XGrammarSession(self.library.GrammarMatcher(compiled), self.words)


class XGrammarDefault(XGrammar):
    """xgrammar as it comes: properties and items that a schema does not name are forbidden."""

    strict_mode = True


class _XGrammarSession(Session):
    def __init__(self, matcher: Any, words: int) -> None:
        self._matcher = matcher
        self._rows = np.zeros((1, words), np.int32)
        self._mask: Mask = self._rows[0].view(np.uint32)

    def mask(self) -> Mask:
        self._matcher.fill_next_token_bitmask(self._rows, 0)
        return self._mask

    def advance(self, token: int) -> bool:
        return bool(self._matcher.accept_token(token))

    def reset(self) -> None:
        self._matcher.reset()


class OutlinesCore:
    """outlines-core: the schema as one regular expression, all of whose states are indexed when compiling."""

    def __init__(self, tokenizer: RealTokenizer) -> None:
        import outlines_core
        from outlines_core.json_schema import build_regex_from_schema

        self._library = outlines_core
        self._to_regex = build_regex_from_schema
        self._words = -(-tokenizer.size // 32)
        self._vocabulary = outlines_core.Vocabulary(tokenizer.eos_id, tokenizer.token_bytes())

    def compile(self, schema: str) -> Session:
        """See `Engine`."""
        try:
            index = self._library.Index(self._to_regex(schema), self._vocabulary)
        except (RuntimeError, TypeError, ValueError) as error:
            raise RefusedError(str(error)) from error
        return _OutlinesSession(self._library.Guide(index), self._words)


class _OutlinesSession(Session):
    def __init__(self, guide: Any, words: int) -> None:
        self._guide = guide
        self._mask = np.zeros(words, np.uint32)
        self._address = self._mask.ctypes.data

    def mask(self) -> Mask:
        self._guide.write_mask_into(self._address, self._mask.size, self._mask.itemsize)
        return self._mask

    def advance(self, token: int) -> bool:
        if not self._guide.accepts_tokens([token]):
            return False
        self._guide.advance(token, False)
        return True

    def reset(self) -> None:
        self._guide.reset()


ENGINES: Mapping[str, Callable[[RealTokenizer], Engine]] = MappingProxyType(
    {
        "gramarye": Gramarye,
        "llguidance": LLGuidance,
        "xgrammar": XGrammar,
        "xgrammar-default": XGrammarDefault,
        "outlines-core": OutlinesCore,
    }
)

_DISTRIBUTIONS = MappingProxyType({"xgrammar-default": "xgrammar"})


def engine_version(name: str) -> str:
    """The installed version of an engine of ENGINES."""
    return version(_DISTRIBUTIONS.get(name, name))
