"""Any tokenizer, or a path to one, to the bytes of its tokens: finds out the kind and calls its reader.

Kinds of objects are told by what they can do, so that no tokenizer library is imported here.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from ..errors import VocabularyError
from .tokenizers.huggingface import read_tokenizer_json, read_tokenizers, read_transformers
from .tokenizers.sentencepiece import read_sentencepiece, read_sentencepiece_file
from .tokenizers.source import TokenSource
from .tokenizers.tiktoken import read_rank_file, read_tiktoken

__all__ = ["read_tokenizer"]

_RANK_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,2} [0-9]+\s")
_FILES = ("tokenizer.json", "tokenizer.model", "*.tiktoken")


def read_tokenizer(tokenizer: Any) -> TokenSource:
    """Read a tokenizer; `Vocabulary.from_tokenizer` lists what is understood.

    Raises:
        VocabularyError: it is malformed, or of an unknown kind.
    """
    if isinstance(tokenizer, str | os.PathLike):
        return _read_path(Path(tokenizer))
    if hasattr(tokenizer, "get_added_tokens_decoder") and hasattr(tokenizer, "to_str"):
        return read_tokenizers(tokenizer)
    if hasattr(tokenizer, "all_special_ids") and hasattr(tokenizer, "added_tokens_decoder"):
        return read_transformers(tokenizer)
    if hasattr(tokenizer, "decode_single_token_bytes") and hasattr(tokenizer, "special_tokens_set"):
        return read_tiktoken(tokenizer)
    if hasattr(tokenizer, "id_to_piece") and hasattr(tokenizer, "is_unknown"):
        return read_sentencepiece(tokenizer)
    raise VocabularyError(
        f"{type(tokenizer).__module__}.{type(tokenizer).__qualname__} is no tokenizer of a known kind",
        expected=[
            "a transformers tokenizer",
            "a tokenizers.Tokenizer",
            "a tiktoken Encoding",
            "a SentencePieceProcessor",
            "a path",
        ],
        hint="Vocabulary.from_bytes takes the bytes of the tokens themselves",
    )


def _read_path(path: Path) -> TokenSource:
    """Read a file by its content, or the tokenizer file in a directory."""
    if path.is_dir():
        for pattern in _FILES:
            if found := sorted(path.glob(pattern)):
                return _read_path(found[0])
        raise VocabularyError(f"{path} holds no tokenizer", expected=list(_FILES))
    try:
        with path.open("rb") as file:
            start = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError as error:
        raise VocabularyError(
            f"{path} cannot be read: {error.strerror}",
            expected=["a tokenizer.json, a SentencePiece model, or a tiktoken file of ranks"],
            hint="load a tokenizer of a hub first, as with transformers.AutoTokenizer.from_pretrained",
        ) from error
    if start.startswith((b"{", b"[")):
        return read_tokenizer_json(path)
    if _RANK_LINE.match(start):
        return read_rank_file(path)
    return read_sentencepiece_file(path)
