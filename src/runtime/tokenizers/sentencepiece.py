"""SentencePiece: processors and model files.

Kudo and Richardson, "SentencePiece: A simple and language independent subword tokenizer and detokenizer for
neural text processing", 2018. ``▁`` (U+2581) in a piece is a space; byte pieces ``<0xAB>`` spell what no
other piece can.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import VocabularyError
from .end_tokens import find_end_tokens
from .source import TokenSource

__all__ = ["read_sentencepiece", "read_sentencepiece_file"]

_SPACE = "▁"


def read_sentencepiece(processor: Any, *, name: str | None = None, directory: Path | None = None) -> TokenSource:
    """Read a `sentencepiece.SentencePieceProcessor`; control pieces and the unknown piece are control tokens.

    Args:
        processor: the processor, with a model loaded.
        name: what errors call it.
        directory: where configuration files of the model are, if anywhere.

    Raises:
        VocabularyError: no model is loaded.
    """
    name = name or type(processor).__qualname__
    count = processor.get_piece_size()
    if count == 0:
        raise VocabularyError(f"{name} has no model loaded", expected=["a processor with a model"])
    tokens = [b""] * count
    special = {}
    for token, piece in enumerate(processor.id_to_piece(list(range(count)))):
        if processor.is_control(token) or processor.is_unknown(token):
            special[piece] = token
        elif processor.is_byte(token):
            tokens[token] = bytes([int(piece[3:5], 16)])
        else:
            tokens[token] = piece.replace(_SPACE, " ").encode()

    def encode(text: str) -> list[int]:
        return list(
            processor.encode(text, out_type=int, add_bos=False, add_eos=False, reverse=False, enable_sampling=False)
        )

    end = processor.eos_id()
    return TokenSource(
        name=name,
        tokens=tokens,
        special_ids=frozenset(special.values()),
        eos_ids=find_end_tokens(special, declared=[end] if end >= 0 else [], directory=directory),
        encoder=encode,
    )


def read_sentencepiece_file(path: Path) -> TokenSource:
    """Read a SentencePiece model file.

    Raises:
        VocabularyError: it is no such file, or the `sentencepiece` library is not installed.
    """
    if find_spec("sentencepiece") is None:
        raise VocabularyError(
            f"{path} can only be read with the sentencepiece library",
            hint="pip install sentencepiece, or give the tokenizer.json of the model",
        )
    from sentencepiece import SentencePieceProcessor

    try:
        processor = SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError, ValueError) as error:
        raise VocabularyError(
            f"{path} is no tokenizer of a known kind",
            expected=["a tokenizer.json", "a SentencePiece model", "a tiktoken file of ranks"],
        ) from error
    return read_sentencepiece(processor, name=str(path), directory=path.parent)
