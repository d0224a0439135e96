"""Vocabulary pieces to bytes, by the decoder section of a ``tokenizer.json``.

A decoder of the `tokenizers` library turns a list of pieces into text. What it writes for one piece in the
middle of a text depends on that piece alone, for these kinds:

================  ==================================================================================
decoder           bytes of a piece
================  ==================================================================================
ByteLevel         each character is a byte, by GPT-2's table; with any other character: UTF-8
ByteFallback      ``<0xAB>`` is the byte AB; anything else is left to the next decoder
Metaspace         ``▁`` becomes a space
Replace           a fixed string becomes another
WordPiece         ``##`` is dropped, else a space put before; spaces before punctuation go
BPEDecoder        the end-of-word suffix becomes a space
Strip             drops a character at the ends of the piece; after Fuse no effect here
Fuse              joins the pieces: no effect here
none              the pieces are joined by spaces
================  ==================================================================================

A space that a decoder drops at the very start of a text is kept, since constrained text continues a prompt.
GPT-2's table: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019
(``bytes_to_unicode``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from ...errors import VocabularyError

__all__ = ["PieceDecoder", "byte_level_alphabet", "decode_pieces", "piece_decoder"]

PieceDecoder: TypeAlias = Callable[[str], bytes]

_Step: TypeAlias = Callable[[str], "str | bytes"]

_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>", re.ASCII)

_CLEANUP = (
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" do not", " don't"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
)
"""Replacements that the WordPiece decoder makes in each piece, in order."""


@lru_cache(maxsize=1)
def byte_level_alphabet() -> dict[str, int]:
    """GPT-2's table: printable Latin-1 characters are themselves, U+0100 and up the 68 other bytes."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    alphabet = {chr(byte): byte for byte in printable}
    alphabet.update({chr(0x100 + index): byte for index, byte in enumerate(others)})
    return alphabet


_KINDS = (
    "BPEDecoder",
    "ByteFallback",
    "ByteLevel",
    "Fuse",
    "Metaspace",
    "Replace",
    "Sequence",
    "Strip",
    "WordPiece",
)


def piece_decoder(decoder: Mapping[str, Any] | None, where: str) -> PieceDecoder:
    """Compile the decoder section of a tokenizer.

    Args:
        decoder: the section, or None where the tokenizer has no decoder.
        where: names the tokenizer in errors.

    Raises:
        VocabularyError: the decoder is malformed, or none of the kinds above.
    """
    steps: list[_Step] = []
    if decoder is None:
        steps.append(lambda piece: " " + piece)
    else:
        _compile(decoder, where, "/decoder", steps, fused=False)

    def decode(piece: str) -> bytes:
        for step in steps:
            result = step(piece)
            if isinstance(result, bytes):
                return result
            piece = result
        return piece.encode()

    return decode


def _compile(decoder: Mapping[str, Any], where: str, pointer: str, steps: list[_Step], *, fused: bool) -> bool:
    """Append the steps of a decoder; returns whether the pieces have been joined by its end."""
    part = _Section(decoder, where, pointer)
    match decoder.get("type"):
        case "Sequence":
            for index, below in enumerate(part("decoders", list)):
                if not isinstance(below, Mapping):
                    raise part.malformed(f"decoders/{index}", "an object")
                fused = _compile(below, where, f"{pointer}/decoders/{index}", steps, fused=fused)
        case "Fuse":
            return True
        case "Strip" if fused:
            pass
        case _:
            steps.append(_step(decoder.get("type"), part))
    return fused


def _step(kind: object, part: _Section) -> _Step:
    """What a decoder that is no sequence does to one piece."""
    match kind:
        case "ByteLevel":
            return _byte_level()
        case "ByteFallback":
            return _byte_fallback
        case "Metaspace":
            return _replace(part("replacement", str), " ")
        case "Replace":
            pattern = part("pattern", dict).get("String")
            if not isinstance(pattern, str):
                raise part.malformed("pattern", "a fixed string, no regular expression")
            return _replace(pattern, part("content", str))
        case "WordPiece":
            return _word_piece(part("prefix", str), cleanup=part("cleanup", bool))
        case "BPEDecoder":
            return _replace(part("suffix", str), " ")
        case "Strip":
            return _strip(part("content", str), part("start", int), part("stop", int))
        case _:
            raise part.malformed("type", ", ".join(_KINDS))


class _Section:
    """One decoder's part of the decoder section: typed access, and errors that name the place."""

    __slots__ = ("_decoder", "_pointer", "_where")

    def __init__(self, decoder: Mapping[str, Any], where: str, pointer: str) -> None:
        self._decoder = decoder
        self._where = where
        self._pointer = pointer

    def __call__(self, name: str, kind: type) -> Any:
        """The value of a member, which has to be of a type."""
        value = self._decoder.get(name)
        if not isinstance(value, kind):
            raise self.malformed(name, f"a value of type {kind.__name__}")
        return value

    def malformed(self, name: str, expected: str) -> VocabularyError:
        """The error that a member is not as expected."""
        return VocabularyError(
            f"{self._where} has a decoder that is malformed or of an unknown kind",
            pointer=f"{self._pointer}/{name}",
            expected=[expected],
            hint="Vocabulary.from_bytes takes the bytes of the tokens themselves",
        )


def _byte_level() -> _Step:
    # Latin-1 characters outside the alphabet go to one that Latin-1 lacks: the encoding below refuses them.
    table: dict[int, str] = dict.fromkeys(range(256), "\uffff")
    table.update({ord(character): chr(byte) for character, byte in byte_level_alphabet().items()})

    def step(piece: str) -> bytes:
        try:
            return piece.translate(table).encode("latin-1")
        except UnicodeEncodeError:
            return piece.encode()

    return step


def _byte_fallback(piece: str) -> str | bytes:
    found = _BYTE_PIECE.fullmatch(piece)
    return piece if found is None else bytes([int(found[1], 16)])


def _replace(old: str, new: str) -> _Step:
    return lambda piece: piece.replace(old, new)


def _word_piece(prefix: str, *, cleanup: bool) -> _Step:
    def step(piece: str) -> str:
        text = piece.removeprefix(prefix) if piece.startswith(prefix) else " " + piece
        for old, new in _CLEANUP if cleanup else ():
            text = text.replace(old, new)
        return text

    return step


def _strip(content: str, start: int, stop: int) -> _Step:
    def step(piece: str) -> str:
        first, last = 0, len(piece)
        while first < min(start, last) and piece[first] == content:
            first += 1
        while last > max(len(piece) - stop, first) and piece[last - 1] == content:
            last -= 1
        return piece[first:last]

    return step


def decode_pieces(pieces: Sequence[tuple[int, str]], decode: PieceDecoder, where: str) -> dict[int, bytes]:
    """Decode pieces by id.

    Raises:
        VocabularyError: a piece is not Unicode text.
    """
    decoded = {}
    for token, piece in pieces:
        try:
            decoded[token] = decode(piece)
        except UnicodeEncodeError as error:
            raise VocabularyError(
                f"token {token} of {where} is not Unicode text", expected=["no lone surrogates"]
            ) from error
    return decoded
