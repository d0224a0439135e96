"""Text deltas for streaming: tokens may end inside a character, deltas never do.

::

    tokens    22 C3 | A9 22 | ...
    deltas    '"'   | 'é"'  | ...
"""

from __future__ import annotations

import codecs

__all__ = ["TextStream"]


class TextStream:
    """Bytes in, whole characters out.

    The deltas join to ``data.decode("utf-8", "replace")``: bytes that can be no part of a character become
    U+FFFD as soon as that is certain, an unfinished character is kept back until it is finished or the stream
    ends.

    Attributes:
        text: everything given out so far.
    """

    __slots__ = ("_decoder", "_skip", "text")

    def __init__(self, skip: int = 0) -> None:
        """``skip``: bytes at the beginning that are not text (a respelled prompt)."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._skip = skip
        self.text = ""

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """The characters that ``data`` completes."""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        delta = self._decoder.decode(data[skipped:], final)
        self.text += delta
        return delta
