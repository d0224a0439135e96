"""The vocabulary of a language model: the bytes of each token, the end tokens, and the kernels' tables.

::

    transformers / tokenizers / tiktoken / sentencepiece object, or a file
        |  tokenizer_bytes.py   bytes of each token, control tokens, end tokens, the tokenizer's encoder
        v
    Vocabulary  -- .tables ------> the kernels          (vocabulary_tables.py; disk cache: table_cache.py)
                -- .encode ------> canonical token ids  (the tokenizer's own where it is known)

A token's bytes are what the tokenizer's decoder writes for it *in the middle of a text*: the SentencePiece
piece ``▁is`` is `` is`` with its space, also at the start of a text, where the decoder would drop that space.
Control tokens (special tokens, end tokens, the unknown token) and padding rows of the logits spell nothing:
their bytes are empty, and no constraint ever lets them through, the end tokens at the end excepted.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import VocabularyError
from ..kernels.trie import segment
from .blank_tokens import BlankTokens, blank_tokens
from .blueprint import Blueprint
from .doubtful_tokens import doubtful_tokens
from .plain_strings import PlainStrings, plain_strings
from .spare import SpareArrays
from .table_cache import TableCache
from .tokenizer_bytes import read_tokenizer
from .tokenizers.source import Encoder
from .vocabulary_tables import VocabularyTables, build_tables, pack_tokens, tables_fingerprint
from .workers import Workers

__all__ = ["Vocabulary"]

_ANCHORS = ("\n", "0", "}")
"""Put before a text, where a tokenizer adds a space at the start of its input."""


class Vocabulary:
    """Tokens as bytes. Immutable after construction and shareable between threads.

    Made by :meth:`from_tokenizer` or :meth:`from_bytes`.

    Attributes:
        tables: the arrays that the kernels read.
        eos_ids: the end tokens, ascending.
        special_ids: the control tokens, the end tokens included.
        fingerprint: SHA-256 of the tokens' bytes and the end tokens, in hexadecimal: equal for equal
            vocabularies, wherever they came from.
        longest: bytes of the longest token.
        words: 32-bit words of a token mask, ``ceil(len(self) / 32)``.
        spare: large arrays that machines hand on to each other.
        workers: threads that fill masks of several machines at once.
        spellable: bool[256], the bytes that are a token by themselves.
        byte_complete: whether all 256 are, so that any bytes can be spelled.
        spare: large arrays that the machines of the vocabulary take from each other.
        blueprints: what its machines begin with, in any spelling and in plain spelling; made by the first of them.
        cache: where tables of the vocabulary are kept on disk; None keeps none.
    """

    __slots__ = (
        "_blank_tokens",
        "_doubtful_tokens",
        "_encoder",
        "_lengths",
        "_plain_strings",
        "blueprints",
        "byte_complete",
        "cache",
        "eos_ids",
        "fingerprint",
        "longest",
        "spare",
        "special_ids",
        "spellable",
        "tables",
        "words",
        "workers",
    )

    def __init__(
        self,
        tokens: Sequence[bytes],
        eos_ids: Iterable[int],
        special_ids: Iterable[int],
        *,
        encoder: Encoder | None = None,
        cache: TableCache | None = None,
    ) -> None:
        self._plain_strings: PlainStrings | None = None
        self._doubtful_tokens: NDArray[np.int32] | None = None
        self._blank_tokens: BlankTokens | None = None
        self.eos_ids = tuple(sorted(_checked_ids(eos_ids, len(tokens), "eos_ids")))
        self.special_ids = _checked_ids(special_ids, len(tokens), "special_ids").union(self.eos_ids)
        tokens = [b"" if token in self.special_ids else text for token, text in enumerate(tokens)]
        offsets, buffer = pack_tokens(tokens)
        eos = np.array(self.eos_ids, np.int32)
        self.fingerprint = tables_fingerprint(offsets, buffer, eos)
        tables = cache.load(self.fingerprint) if cache is not None else None
        if tables is None:
            tables = build_tables(tokens, offsets, buffer, eos)
            if cache is not None:
                cache.store(self.fingerprint, tables)
        self.tables: VocabularyTables = tables
        self.words = (len(tokens) + 31) // 32
        self.spare = SpareArrays()
        self.workers = Workers()
        self.blueprints: dict[bool, Blueprint] = {}
        self._lengths: NDArray[np.int32] = np.diff(tables.token_offsets)
        self.longest = int(self._lengths.max(initial=0))
        self._encoder = encoder
        self.cache = cache
        self.spellable = np.zeros(256, np.bool_)
        single = tables.token_offsets[:-1][self._lengths == 1]
        self.spellable[tables.token_buffer[single]] = True
        self.spellable.flags.writeable = False
        self.byte_complete = bool(self.spellable.all())

    @classmethod
    def from_tokenizer(
        cls,
        tokenizer: Any,
        *,
        eos_ids: int | Iterable[int] | None = None,
        size: int | None = None,
        cache: bool | str | PathLike[str] = True,
    ) -> Vocabulary:
        """Read a tokenizer.

        Args:
            tokenizer: a transformers tokenizer (fast or slow), a `tokenizers.Tokenizer`, a tiktoken
                `Encoding`, a `SentencePieceProcessor`; or a path to a ``tokenizer.json``, a SentencePiece
                model, a tiktoken file of ranks, or a directory with one of them.
            eos_ids: the end tokens. By default what the tokenizer and a ``generation_config.json`` beside it
                declare, and where there is no such file the special tokens whose names are known to end a
                text or a turn. Pass ``()`` for a vocabulary without any.
            size: length of the model's logits, where it differs from the tokenizer's number of tokens. Ids
                beyond the tokenizer's spell nothing; special tokens beyond the logits are dropped.
            cache: whether to keep the tables on disk, or the directory to keep them in.

        Raises:
            VocabularyError: the tokenizer is malformed, of an unknown kind or without end tokens, or ``size``
                is too small for it.
        """
        source = read_tokenizer(tokenizer)
        if eos_ids is None:
            ends: Iterable[int] = source.eos_ids
            if not source.eos_ids:
                raise VocabularyError(
                    f"{source.name} does not say which token ends a text",
                    expected=["an eos token, a generation_config.json, or a special token of a known name"],
                    hint="pass eos_ids=[...], or eos_ids=() to do without",
                )
        else:
            ends = [eos_ids] if isinstance(eos_ids, int) else eos_ids
        count = len(source.tokens) if size is None else operator.index(size)
        tokens = source.tokens[:count] + [b""] * (count - len(source.tokens))
        spelling = [token for token in range(count, len(source.tokens)) if source.tokens[token]]
        if spelling:
            raise VocabularyError(
                f"size={count} leaves out token {spelling[0]} of {source.name}, "
                f"which spells {source.tokens[spelling[0]]!r}",
                expected=[f"size of at least {spelling[-1] + 1}"],
                hint="size is the length of the model's logits; is this the tokenizer of that model?",
            )
        if eos_ids is None:
            ends = [token for token in ends if token < count]
        directory = None if isinstance(cache, bool) else cache
        return cls(
            tokens,
            ends,
            [token for token in source.special_ids if token < count],
            encoder=source.encoder,
            cache=TableCache(directory) if cache is not False else None,
        )

    @classmethod
    def from_bytes(
        cls,
        tokens: Sequence[bytes | None],
        eos_ids: Iterable[int] = (),
        *,
        special_ids: Iterable[int] = (),
    ) -> Vocabulary:
        """Make a vocabulary of given tokens, for tests and odd models. Nothing is cached on disk.

        Args:
            tokens: the bytes of each token by id; None or empty for one that spells nothing.
            eos_ids: the end tokens, which spell nothing whatever their bytes.
            special_ids: further tokens that spell nothing.

        Raises:
            VocabularyError: an id is out of range, or the tokens do not fit the tables.
        """
        return cls([token or b"" for token in tokens], eos_ids, special_ids)

    @property
    def blank_tokens(self) -> BlankTokens:
        """Tokens that begin with blanks, by what follows; looked for once."""
        if self._blank_tokens is None:
            self._blank_tokens = blank_tokens(self.tables, self.token_bytes)
        return self._blank_tokens

    @property
    def doubtful_tokens(self) -> NDArray[np.int32]:
        """Tokens that walks may be wrong about, in groups; looked for once."""
        if self._doubtful_tokens is None:
            self._doubtful_tokens = doubtful_tokens(self.tables, self.token_bytes)
        return self._doubtful_tokens

    @property
    def plain_strings(self) -> PlainStrings:
        """The string tables in plain spelling; made when a constraint first asks for them."""
        if self._plain_strings is None:
            self._plain_strings = plain_strings(self.tables, self.token_bytes)
        return self._plain_strings

    def __len__(self) -> int:
        return int(self._lengths.size)

    def __repr__(self) -> str:
        ends = list(self.eos_ids)
        return f"Vocabulary({len(self)} tokens, eos_ids={ends}, fingerprint={self.fingerprint[:12]})"

    def token_bytes(self, token: int) -> bytes:
        """The bytes that a token spells; empty for control tokens and padding.

        Raises:
            VocabularyError: there is no such token.
        """
        if not 0 <= token < len(self):
            raise VocabularyError(f"token {token} does not exist", expected=[f"0 to {len(self) - 1}"])
        offsets = self.tables.token_offsets
        return self.tables.token_buffer[offsets[token] : offsets[token + 1]].tobytes()

    def decode(self, tokens: Iterable[int]) -> bytes:
        """The bytes that a sequence of tokens spells in the middle of a text."""
        return b"".join(map(self.token_bytes, tokens))

    def encode(self, text: bytes | str) -> list[int]:
        """Tokens that spell a text exactly: ``decode(encode(text)) == text``.

        The tokenizer's own tokenization, without special tokens and without a space put before the text,
        where the tokenizer is known and that spells the text. Otherwise (no tokenizer, bytes that are not
        UTF-8, a normalizer that changes the text, the text of a special token) the fewest tokens, the longest
        first among equally few.

        Raises:
            VocabularyError: no tokens spell the text.
        """
        if isinstance(text, str):
            try:
                data = text.encode()
            except UnicodeEncodeError as error:
                raise VocabularyError(
                    f"the text has a lone surrogate at character {error.start}", expected=["Unicode text"]
                ) from error
        else:
            data = bytes(text)
        if not data:
            return []
        tokens = self._encode_canonically(data) if self._encoder is not None else None
        return self.segment(data) if tokens is None else tokens

    def segment(self, text: bytes) -> list[int]:
        """The fewest tokens that spell some bytes, the longest first among equally few. Linear in trie steps.

        Raises:
            VocabularyError: no tokens spell them.
        """
        tokens = segment(self.tables.trie, self._lengths, text) if text else []
        if tokens is None:
            missing = [byte for byte in text if not self.spellable[byte]]
            raise VocabularyError(
                f"the vocabulary cannot spell {text[:60]!r}",
                hint=f"no token is the single byte {missing[0]:#04x}" if missing else None,
            )
        return tokens

    def _encode_canonically(self, data: bytes) -> list[int] | None:
        """The tokenizer's own tokens for a text, or None where it has none that spell it."""
        encoder = self._encoder
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return None
        if encoder is None:
            return None
        tokens = encoder(text)
        if self._spells(tokens, data):
            return tokens
        for anchor in _ANCHORS:
            before = encoder(anchor)
            tokens = encoder(anchor + text)
            if tokens[: len(before)] == before and self._spells(tokens[len(before) :], data):
                return tokens[len(before) :]
        return None

    def _spells(self, tokens: Sequence[int], data: bytes) -> bool:
        """Whether the tokens spell the data, each of them a part of it."""
        spelled = [self.token_bytes(token) if token < len(self) else b"" for token in tokens]
        return all(spelled) and b"".join(spelled) == data


def _checked_ids(ids: Iterable[int], count: int, what: str) -> frozenset[int]:
    """Validate token ids given by the user or declared by a tokenizer."""
    checked = frozenset(map(operator.index, ids))
    for token in checked:
        if not 0 <= token < count:
            raise VocabularyError(f"{what} names token {token}, which does not exist", expected=[f"0 to {count - 1}"])
    return checked
