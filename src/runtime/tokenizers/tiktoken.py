"""tiktoken: `Encoding` objects, and files of ranks (a base64 token and its rank a line)."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from ...errors import Span, VocabularyError
from ...kernels.trie import MAX_VALUE
from .end_tokens import find_end_tokens
from .source import TokenSource

__all__ = ["read_rank_file", "read_tiktoken"]


def read_tiktoken(encoding: Any) -> TokenSource:
    """Read a `tiktoken.Encoding`; its special tokens are control tokens, its unused ids spell nothing."""
    special = {name: encoding.encode_single_token(name) for name in encoding.special_tokens_set}
    control = frozenset(special.values())
    tokens = [b""] * encoding.n_vocab
    for token in range(encoding.n_vocab):
        if token not in control:
            try:
                tokens[token] = encoding.decode_single_token_bytes(token)
            except KeyError:  # a gap between the ranks and the special tokens
                continue
    return TokenSource(
        name=f"tiktoken encoding {encoding.name}",
        tokens=tokens,
        special_ids=control,
        eos_ids=find_end_tokens(special),
        encoder=encoding.encode_ordinary,
    )


def read_rank_file(path: Path) -> TokenSource:
    """Read a file of ranks. It names no special tokens, and not the pattern that splits texts: no encoder.

    Raises:
        VocabularyError: a line is malformed.
    """
    ranks: dict[int, bytes] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        text, _, rank = line.partition(b" ")
        try:
            token, spelled = int(rank), base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            token, spelled = -1, b""
        if not spelled or not 0 <= token <= MAX_VALUE or token in ranks:
            raise VocabularyError(
                f"{path} is malformed",
                span=Span(number, 1, len(line)),
                expected=[f"a token in base64, a space, and a rank from 0 to {MAX_VALUE} that no other line has"],
            )
        ranks[token] = spelled
    tokens = [ranks.get(token, b"") for token in range(max(ranks, default=-1) + 1)]
    return TokenSource(name=str(path), tokens=tokens, special_ids=frozenset(), eos_ids=())
