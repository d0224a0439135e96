"""The real inputs of the benchmarks: tokenizers and MaskBench schemas, in a folder beside the repository."""

from __future__ import annotations

import json
import lzma
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"

# The end-of-sequence token of each tokenizer, which a tokenizer.json does not name.
EOS_TOKENS = {"llama3_1": "<|eot_id|>", "qwen3": "<|im_end|>", "gemma3": "<eos>"}


class DataMissingError(Exception):
    """A benchmark's input file is absent."""


def open_input(folder: Path, name: str) -> Path:
    """The path of an input file.

    Raises:
        DataMissingError: where there is none.
    """
    path = folder / name
    if not path.exists():
        raise DataMissingError(f"no file {path}: name the folder that holds it with --data")
    return path


class RealTokenizer:
    """One of the tokenizers in EOS_TOKENS, in the forms in which the engines want it.

    Attributes:
        name: a key of EOS_TOKENS.
        text: the tokenizer.json.
        encoder: the same as an object.
        eos_id: id of the end-of-sequence token.
        size: number of ids.
    """

    def __init__(self, folder: Path, name: str) -> None:
        packed = open_input(folder, f"tokenizers/{name}.json.xz")
        self.name = name
        self.text = lzma.decompress(packed.read_bytes()).decode("utf-8")
        self.encoder = tokenizers.Tokenizer.from_str(self.text)
        eos_id = self.encoder.token_to_id(EOS_TOKENS[name])
        if eos_id is None:
            raise DataMissingError(f"{packed} has no token {EOS_TOKENS[name]}")
        self.eos_id = eos_id
        self.size = self.encoder.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """Canonical tokenization without special tokens."""
        return list(self.encoder.encode(text, add_special_tokens=False).ids)

    def write(self) -> Path:
        """Write the tokenizer.json into the temporary folder, and return its path."""
        path = Path(tempfile.gettempdir()) / f"bench-{self.name}-tokenizer.json"
        if not path.exists() or path.stat().st_size != len(self.text.encode("utf-8")):
            path.write_text(self.text, encoding="utf-8")
        return path

    @cached_property
    def encoded_tokens(self) -> list[str]:
        """Each id's token as the tokenizer spells it; the empty string for an id that has none."""
        return [self.encoder.id_to_token(i) or "" for i in range(self.size)]

    @cached_property
    def added_tokens(self) -> dict[int, str | None]:
        """The text of each added token; None where it is special and stands for no text."""
        tokens = json.loads(self.text)["added_tokens"]
        return {token["id"]: None if token["special"] else token["content"] for token in tokens}

    @property
    def byte_fallback(self) -> bool:
        """Whether tokens are text with <0x0A> for odd bytes, rather than the byte-level alphabet of GPT-2."""
        return bool(json.loads(self.text)["model"]["byte_fallback"])

    def token_bytes(self) -> dict[bytes, list[int]]:
        """The ids of each byte string, special tokens left out.

        Byte-level tokenizers spell added tokens as plain text; with byte fallback they are like all others.
        """
        decode = _decode_fallback if self.byte_fallback else _decode_byte_level
        decode_added = _decode_fallback if self.byte_fallback else str.encode
        ids: dict[bytes, list[int]] = {}
        for token, text in enumerate(self.encoded_tokens):
            added = token in self.added_tokens
            spelling = decode_added(self.added_tokens[token] or "") if added else decode(text)
            if spelling:
                ids.setdefault(spelling, []).append(token)
        return ids


def _decode_fallback(token: str) -> bytes:
    """Bytes of a SentencePiece token: "<0x0A>" is one byte, U+2581 is a space."""
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return bytes([int(token[3:5], 16)])
    return token.replace("\u2581", " ").encode("utf-8")


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's map of characters to bytes: printable Latin-1 stands for itself, the rest from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    return alphabet | {chr(256 + index): byte for index, byte in enumerate(others)}


_ALPHABET = _byte_alphabet()


def _decode_byte_level(token: str) -> bytes:
    """Bytes of a token in GPT-2's alphabet."""
    return bytes(_ALPHABET[char] for char in token)


@dataclass(frozen=True)
class Problem:
    """One schema of MaskBench with its instances, as JSON texts.

    Attributes:
        id: its name in MaskBench.
        schema: the JSON Schema.
        valid: instances that the schema admits.
        invalid: instances that it does not.
    """

    id: str
    schema: str
    valid: tuple[str, ...]
    invalid: tuple[str, ...]


def _problem(line: str) -> Problem:
    record: dict[str, Any] = json.loads(line)
    texts: dict[bool, list[str]] = {True: [], False: []}
    for test in record["tests"]:
        texts[bool(test["valid"])].append(json.dumps(test["data"], ensure_ascii=False))
    schema = json.dumps(record["schema"], ensure_ascii=False)
    return Problem(record["id"], schema, tuple(texts[True]), tuple(texts[False]))


def maskbench(folder: Path, seed: int) -> Iterator[Problem]:
    """MaskBench's development problems that have a valid instance, in an order drawn by `seed`."""
    with lzma.open(open_input(folder, "maskbench-dev.jsonl.xz"), "rt", encoding="utf-8") as file:
        lines = file.readlines()
    random.Random(seed).shuffle(lines)
    for line in lines:
        problem = _problem(line)
        if problem.valid:
            yield problem


_FURTHER = frozenset(
    "pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf oneOf not allOf if patternProperties "
    "propertyNames dependencies dependentRequired dependentSchemas uniqueItems contains unevaluatedItems "
    "unevaluatedProperties".split()
)


def is_basic(problem: Problem) -> bool:
    """Whether a schema has nothing beyond types, members, items, enums, counts, lengths, $ref and anyOf."""
    waiting: list[Any] = [json.loads(problem.schema)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if not _FURTHER.isdisjoint(value):
                return False
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return True
