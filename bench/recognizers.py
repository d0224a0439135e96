"""One adapter an engine that answers yes or no: does a schema admit a text? All have a vocabulary of single bytes.

::

    accepts = RECOGNIZERS["llguidance"](folder).compile({"type": "integer"}, draft=None, formats=False)
    accepts("17")        # True

Each engine runs in a process of its own (`Isolated`), so that one that does not come back is stopped and counted.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from .peers import RefusedError
from .questions import Question, Text, remotes

Accepts = Callable[[str], bool]

_END = 256
_WARM_UP = Question("warm-up", {"type": "object"}, None, False, (Text("", '{"a": "b"}', True),))
_DIALECTS: Mapping[int, str] = MappingProxyType(
    {
        4: "http://json-schema.org/draft-04/schema#",
        6: "http://json-schema.org/draft-06/schema#",
        7: "http://json-schema.org/draft-07/schema#",
        2019: "https://json-schema.org/draft/2019-09/schema",
        2020: "https://json-schema.org/draft/2020-12/schema",
    }
)


class Recognizer(Protocol):
    """An engine."""

    def compile(self, schema: Any, *, draft: int | None, formats: bool) -> Accepts:
        """What tells whether a schema admits a text.

        Raises:
            RefusedError: the engine does not compile the schema, for the reason in the message.
        """
        ...


def _nothing(text: str) -> bool:
    """What an engine that finds a schema unsatisfiable says of every text."""
    return False


class Gramarye:
    """Ourselves.

    Args:
        folder: where the documents are that the Test Suite refers to.

    Raises:
        DataMissingError: they are absent.
    """

    def __init__(self, folder: Path) -> None:
        from gramarye import Vocabulary

        self._vocabulary = Vocabulary.from_bytes([*(bytes([byte]) for byte in range(256)), b""], eos_ids=[_END])
        self._registry = remotes(folder)

    def compile(self, schema: Any, *, draft: int | None, formats: bool) -> Accepts:
        """See `Recognizer`."""
        from gramarye import GramaryeError, engine

        try:
            constraint = engine.compile(
                schema=schema,
                vocabulary=self._vocabulary,
                draft=draft,
                formats="assert" if formats else "annotate",
                registry=self._registry,
            )
        except GramaryeError as error:
            if error.message.startswith("nothing satisfies"):
                return _nothing
            raise RefusedError(error.message) from error

        def accepts(text: str) -> bool:
            try:
                return bool(constraint.accepts(text))
            except GramaryeError as error:
                raise RefusedError(error.message) from error

        return accepts


def _with_dialect(schema: Any, draft: int | None) -> str:
    if isinstance(schema, dict) and draft is not None:
        schema = {"$schema": _DIALECTS[draft], **schema}
    return json.dumps(schema, ensure_ascii=False)


class LLGuidance:
    """Microsoft's llguidance."""

    def __init__(self, folder: Path) -> None:
        import llguidance

        self._type = llguidance.LLMatcher
        self._tokenizer = llguidance.LLTokenizer("byte")

    def compile(self, schema: Any, *, draft: int | None, formats: bool) -> Accepts:
        """See `Recognizer`. It asserts formats always."""
        try:
            grammar = self._type.grammar_from_json_schema(_with_dialect(schema, draft))
        except ValueError as error:
            if str(error).startswith("Unsatisfiable"):
                return _nothing
            raise RefusedError(str(error)) from error
        initial = self._type(self._tokenizer, grammar, log_level=0)
        if initial.is_error():
            raise RefusedError(initial.get_error())

        def accepts(text: str) -> bool:
            data = list(text.encode())
            matcher = initial.deep_copy()
            return matcher.try_consume_tokens(data) == len(data) and bool(matcher.is_accepting())

        return accepts


class XGrammar:
    """xgrammar with `strict_mode` off, as the JSON Schema standard has it."""

    def __init__(self, folder: Path) -> None:
        import xgrammar

        tokens = [*(bytes([byte]) for byte in range(256)), b"</s>"]
        info = xgrammar.TokenizerInfo(tokens, xgrammar.VocabType.RAW, vocab_size=len(tokens), stop_token_ids=[_END])
        self._compiler = xgrammar.GrammarCompiler(info, max_threads=1)
        self._matcher = xgrammar.GrammarMatcher

    def compile(self, schema: Any, *, draft: int | None, formats: bool) -> Accepts:
        """See `Recognizer`. It asserts formats always."""
        try:
            compiled = self._compiler.compile_json_schema(_with_dialect(schema, draft), strict_mode=False)
        except (RuntimeError, ValueError) as error:
            raise RefusedError(str(error)) from error

        def accepts(text: str) -> bool:
            matcher = self._matcher(compiled)
            return bool(matcher.accept_string(text.encode()) and matcher.accept_token(_END))

        return accepts


RECOGNIZERS: Mapping[str, Callable[[Path], Recognizer]] = MappingProxyType(
    {"gramarye": Gramarye, "llguidance": LLGuidance, "xgrammar": XGrammar}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine said to a question.

    Attributes:
        refused: why it did not compile the schema; None if it did.
        wrong: indices of the texts that it judged otherwise than their labels.
        seconds: of CPU that compiling took.
    """

    refused: str | None
    wrong: tuple[int, ...]
    seconds: float


def ask(recognizer: Recognizer, question: Question) -> Answer:
    """Compile a question's schema, and judge its texts; an engine that gives up on a text refuses the schema."""
    before = time.thread_time()
    try:
        accepts = recognizer.compile(question.schema, draft=question.draft, formats=question.formats)
    except RefusedError as error:
        return Answer(" ".join(str(error).split()), (), time.thread_time() - before)
    seconds = time.thread_time() - before
    try:
        wrong = [index for index, one in enumerate(question.texts) if accepts(one.text) != one.valid]
    except RefusedError as error:
        return Answer(" ".join(str(error).split()), (), seconds)
    return Answer(None, tuple(wrong), seconds)


def _serve(name: str, folder: Path, connection: Connection) -> None:
    """Say that the engine is ready, then answer questions until the other end closes. Warnings of peers are dropped."""
    if name != "gramarye":
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    recognizer = RECOGNIZERS[name](folder)
    ask(recognizer, _WARM_UP)
    connection.send(None)
    while True:
        try:
            question = connection.recv()
        except EOFError:
            return
        connection.send(ask(recognizer, question))


class Isolated:
    """An engine in a process of its own, started anew when it hangs or dies.

    Args:
        name: a key of RECOGNIZERS.
        folder: the real inputs.
        limit: seconds that a question may take.
    """

    def __init__(self, name: str, folder: Path, limit: float) -> None:
        self._name = name
        self._folder = folder
        self._limit = limit
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._connection, other = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(self._name, self._folder, other), daemon=True)
        self._process.start()
        other.close()
        self._connection.recv()

    def ask(self, question: Question) -> Answer:
        """See :func:`ask`."""
        self._connection.send(question)
        try:
            if self._connection.poll(self._limit):
                answer: Answer = self._connection.recv()
                return answer
            reason = f"no answer within {self._limit:g} s"
        except (EOFError, ConnectionError):
            reason = "the process died"
        self.close()
        self._start()
        return Answer(reason, (), self._limit)

    def close(self) -> None:
        """Stop the process."""
        self._process.kill()
        self._process.join()
        self._connection.close()
