"""Hugging Face tokenizers: ``tokenizer.json``, `tokenizers.Tokenizer`, transformers fast and slow.

All come down to the same parts: pieces by id, added tokens by id (which overrule the pieces), a decoder
section, and the unknown token. Special added tokens spell nothing; other added tokens are text like any
piece, as decoding treats them. A slow tokenizer has no decoder section; its kind implies one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import VocabularyError
from ...kernels.trie import MAX_VALUE
from .end_tokens import find_end_tokens, read_json_object
from .piece_decoders import decode_pieces, piece_decoder
from .source import Encoder, PlainExceptions, TokenSource

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["read_tokenizer_json", "read_tokenizers", "read_transformers"]

_SENTENCE_PIECE: Mapping[str, Any] = {
    "type": "Sequence",
    "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"},
    ],
}


@dataclass(frozen=True, slots=True)
class _Added:
    """An added token; ``normalized`` where it spells text that a normalizer applies to."""

    id: int
    content: str
    special: bool
    normalized: bool


@dataclass(frozen=True, slots=True)
class _Parts:
    """What determines the bytes of the tokens."""

    name: str
    pieces: Mapping[str, int]
    added: tuple[_Added, ...]
    decoder: Mapping[str, Any] | None
    unknown: int | None


def read_tokenizer_json(path: Path) -> TokenSource:
    """Read a ``tokenizer.json``. The configuration files beside it are asked for the end tokens.

    Raises:
        VocabularyError: the file is malformed.
    """
    content = read_json_object(path)
    has_library = find_spec("tokenizers") is not None
    parts = _json_parts(content, path)
    if has_library and content.get("normalizer") and any(added.normalized for added in parts.added):
        # Decoding writes such a token's content normalized, which only the library can do.
        parts = _fast_parts(_load(path), str(path))
    return _source(parts, _FastEncoder(None, lambda: _load(path)) if has_library else None, directory=path.parent)


def _json_parts(content: Mapping[str, Any], path: Path) -> _Parts:
    model = content.get("model")
    if not isinstance(model, dict):
        raise _malformed(path, "/model", "an object", "is this the tokenizer.json of the tokenizers library?")
    pieces = _pieces(model.get("vocab"), path)
    unknown = _unknown(model, pieces, path)
    decoder = content.get("decoder")
    if decoder is not None and not isinstance(decoder, dict):
        raise _malformed(path, "/decoder", "an object or null")
    added = tuple(_added(content.get("added_tokens") or [], path))
    return _Parts(str(path), pieces, added, decoder, unknown)


def _load(path: Path) -> Tokenizer:
    """Load a file by the `tokenizers` library."""
    from tokenizers import Tokenizer

    with PlainExceptions(f"{path} is malformed"):
        return Tokenizer.from_file(str(path))


def read_tokenizers(tokenizer: Tokenizer) -> TokenSource:
    """Read a `tokenizers.Tokenizer`.

    Raises:
        VocabularyError: its decoder is written in Python, or of an unknown kind.
    """
    return _source(_fast_parts(tokenizer, _name(tokenizer)), _FastEncoder(tokenizer, lambda: _copy(tokenizer)))


def read_transformers(tokenizer: Any) -> TokenSource:
    """Read a transformers tokenizer, fast or slow.

    Raises:
        VocabularyError: a slow tokenizer of a kind whose tokens' bytes are not known.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    encoder: Encoder
    if backend is not None:
        parts, encoder = _fast_parts(backend, _name(backend)), _FastEncoder(backend, lambda: _copy(backend))
    else:
        parts, encoder = _slow_parts(tokenizer), _SlowEncoder(tokenizer)
    declared = tokenizer.eos_token_id
    ends = declared if isinstance(declared, list) else [] if declared is None else [declared]
    directory = Path(str(getattr(tokenizer, "name_or_path", "") or "?"))
    return _source(
        parts,
        encoder,
        special_ids=tokenizer.all_special_ids,
        declared=ends,
        directory=directory if directory.is_dir() else None,
    )


def _copy(tokenizer: Tokenizer) -> Tokenizer:
    """Copy a tokenizer of the user's."""
    from tokenizers import Tokenizer

    return Tokenizer.from_str(tokenizer.to_str())


def _name(tokenizer: object) -> str:
    return f"{type(tokenizer).__module__}.{type(tokenizer).__qualname__}"


def _fast_parts(tokenizer: Tokenizer, name: str) -> _Parts:
    pieces = tokenizer.get_vocab(with_added_tokens=True)
    decoder = None
    if tokenizer.decoder is not None:
        with PlainExceptions(f"the decoder of {name} cannot be read", "use Vocabulary.from_bytes"):
            decoder = json.loads(tokenizer.decoder.__getstate__())
    added = tuple(
        _Added(token, tokenizer.id_to_token(token) or entry.content, entry.special, normalized=False)
        for token, entry in tokenizer.get_added_tokens_decoder().items()
    )
    return _Parts(name, pieces, added, decoder, _unknown_of_model(tokenizer.model, pieces))


def _unknown_of_model(model: Any, pieces: Mapping[str, int]) -> int | None:
    """The id of the unknown token. Unigram has no attribute for it: its state is asked."""
    if hasattr(model, "unk_token"):
        return pieces.get(model.unk_token or "")
    unknown = json.loads(model.__getstate__()).get("unk_id")
    return unknown if isinstance(unknown, int) else None


def _slow_parts(tokenizer: Any) -> _Parts:
    name = type(tokenizer).__qualname__
    decoder: Mapping[str, Any]
    if hasattr(tokenizer, "sp_model"):
        decoder = _SENTENCE_PIECE
    elif hasattr(tokenizer, "byte_decoder"):
        decoder = {"type": "ByteLevel"}
    elif hasattr(tokenizer, "wordpiece_tokenizer"):
        decoder = {"type": "WordPiece", "prefix": "##", "cleanup": False}
    else:
        raise VocabularyError(
            f"the slow tokenizer {name} does not say which bytes its tokens are",
            expected=["a tokenizer of the kind SentencePiece, byte-level BPE or WordPiece, or a fast tokenizer"],
            hint="load the fast tokenizer, or make the vocabulary with Vocabulary.from_bytes",
        )
    added = tuple(
        _Added(token, entry.content, entry.special, normalized=False)
        for token, entry in tokenizer.added_tokens_decoder.items()
    )
    return _Parts(name, tokenizer.get_vocab(), added, decoder, None)


def _source(
    parts: _Parts,
    encoder: Encoder | None,
    *,
    special_ids: Iterable[int] = (),
    declared: Iterable[int] = (),
    directory: Path | None = None,
) -> TokenSource:
    """Decode the pieces and find the control and end tokens."""
    overruled = {added.id for added in parts.added}
    spelling = [(token, piece) for piece, token in parts.pieces.items() if token not in overruled]
    spelling += [(added.id, added.content) for added in parts.added if not added.special]
    decoded = decode_pieces(spelling, piece_decoder(parts.decoder, parts.name), parts.name)
    control = {added.id for added in parts.added if added.special}.union(special_ids)
    if parts.unknown is not None:
        control.add(parts.unknown)
    if not decoded and not control:
        raise VocabularyError(f"{parts.name} has no tokens", expected=["at least one token"])
    tokens = [b""] * (max(max(decoded, default=-1), max(control, default=-1)) + 1)
    for token, text in decoded.items():
        if token not in control:
            tokens[token] = text
    names = {piece: token for piece, token in parts.pieces.items() if token in control}
    names.update({added.content: added.id for added in parts.added if added.special})
    ends = find_end_tokens(names, declared=declared, directory=directory)
    return TokenSource(parts.name, tokens, frozenset(control), ends, encoder)


def _malformed(path: Path, pointer: str, expected: str, hint: str | None = None) -> VocabularyError:
    return VocabularyError(f"{path} is malformed", pointer=pointer, expected=[expected], hint=hint)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_VALUE


def _pieces(vocab: object, path: Path) -> dict[str, int]:
    """The vocabulary of a model section: ``{piece: id}``, or Unigram's ``[[piece, score], ...]``."""
    if isinstance(vocab, list):
        for index, entry in enumerate(vocab):
            if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str)):
                raise _malformed(path, f"/model/vocab/{index}", "a pair of a piece and a score")
        return {entry[0]: index for index, entry in enumerate(vocab)}
    if not isinstance(vocab, dict):
        raise _malformed(path, "/model/vocab", "an object of ids by piece, or a list of pairs")
    seen: dict[int, str] = {}
    for piece, token in vocab.items():
        pointer = "/model/vocab/" + piece.replace("~", "~0").replace("/", "~1")
        if not _is_id(token):
            raise _malformed(path, pointer, f"an id from 0 to {MAX_VALUE}")
        if token in seen:
            raise _malformed(path, pointer, f"an id other than {token}, which {seen[token]!r} has")
        seen[token] = piece
    return vocab


def _unknown(model: Mapping[str, Any], pieces: Mapping[str, int], path: Path) -> int | None:
    """The id of the unknown token: named by ``unk_token``, or for Unigram numbered by ``unk_id``."""
    number, name = model.get("unk_id"), model.get("unk_token")
    if number is not None and not (_is_id(number) and number < len(pieces)):
        raise _malformed(path, "/model/unk_id", "the id of a piece, or null")
    if name is not None and not isinstance(name, str):
        raise _malformed(path, "/model/unk_token", "a string, or null")
    return number if number is not None else pieces.get(name or "")


def _added(entries: object, path: Path) -> Iterable[_Added]:
    if not isinstance(entries, list):
        raise _malformed(path, "/added_tokens", "a list")
    for index, entry in enumerate(entries):
        pointer = f"/added_tokens/{index}"
        if not isinstance(entry, dict):
            raise _malformed(path, pointer, "an object")
        token, content, special = entry.get("id"), entry.get("content"), entry.get("special", False)
        if not isinstance(token, int) or not _is_id(token):
            raise _malformed(path, pointer + "/id", f"an id from 0 to {MAX_VALUE}")
        if not isinstance(content, str):
            raise _malformed(path, pointer + "/content", "a string")
        if not isinstance(special, bool):
            raise _malformed(path, pointer + "/special", "true or false")
        yield _Added(token, content, special, normalized=entry.get("normalized") is True and not special)


class _FastEncoder:
    """Tokenization by the `tokenizers` library.

    A tokenizer of the user's is used as it is and never changed. Where there is none, or it truncates or
    pads, one of our own is loaded when first needed.

    Args:
        users: a tokenizer of the user's, or None.
        load: makes a tokenizer of our own.
    """

    __slots__ = ("_load", "_lock", "_own", "_users")

    def __init__(self, users: Tokenizer | None, load: Callable[[], Tokenizer]) -> None:
        self._users = users
        self._load = load
        self._own: Tokenizer | None = None
        self._lock = threading.Lock()

    def __call__(self, text: str) -> list[int]:
        """Token ids of a text; none where the tokenizer refuses it."""
        tokenizer = self._users
        if tokenizer is None or tokenizer.truncation is not None or tokenizer.padding is not None:
            tokenizer = self._loaded()
        try:
            with PlainExceptions("the tokenizer refuses the text"):
                return list(tokenizer.encode(text, add_special_tokens=False).ids)
        except VocabularyError:
            return []

    def _loaded(self) -> Tokenizer:
        with self._lock:
            if self._own is None:
                own = self._load()
                own.no_truncation()
                own.no_padding()
                own.encode_special_tokens = True
                self._own = own
            return self._own


class _SlowEncoder:
    """Tokenization by a slow transformers tokenizer, one call at a time."""

    __slots__ = ("_lock", "_tokenizer")

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._lock = threading.Lock()

    def __call__(self, text: str) -> list[int]:
        with self._lock:
            return list(self._tokenizer.encode(text, add_special_tokens=False))
