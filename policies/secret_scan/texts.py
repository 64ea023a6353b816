"""Contents as judges read them: text in pieces of a bounded size, of binary files the letters."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

# Characters. Judges' expressions take long on what is longer; a secret is shorter than the overlap.
PIECE, OVERLAP = 1 << 20, 1 << 14
# As git tells a binary file.
_LOOKED_AT = 8000
_LETTERS = re.compile(rb"[\t\x20-\x7e]{8,}")
# JavaScript counts these twice, and a position has to be the same for both judges.
_COUNTED_TWICE = re.compile("[\U00010000-\U0010ffff]")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be judged, and under which name."""

    source: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a content.

    ``first_line`` counts from 1, and is 0 where lines mean nothing. What begins at ``kept`` or
    later belongs to the next piece, which holds the whole of it.
    """

    source: str
    text: str
    first_line: int
    kept: int

    def line_of(self, position: int) -> int:
        """Tell the line of a position in ``text``; 0 where lines mean nothing."""
        return self.first_line and self.first_line + self.text.count("\n", 0, position)


def pieces_of(content: Content) -> Iterator[Piece]:
    """Cut a content into pieces that overlap; at least one, so that nothing goes unread."""
    text, line = _text_of(content.data)
    begin = 0
    while True:
        part = text[begin : begin + PIECE]
        if begin + PIECE >= len(text):
            yield Piece(content.source, part, line, len(part))
            return
        kept = PIECE - OVERLAP
        yield Piece(content.source, part, line, kept)
        line = line and line + part.count("\n", 0, kept)
        begin += kept


def _text_of(data: bytes) -> tuple[str, int]:
    """Read as text; of a binary file what can be read in it, as ``strings`` does."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _COUNTED_TWICE.sub("\ufffd", data.decode(encoding, "replace")), 1
    if b"\0" in data[:_LOOKED_AT]:
        return b"\n".join(_LETTERS.findall(data)).decode("ascii"), 0
    text = data.decode("utf-8", "replace")
    return text if text.isascii() else _COUNTED_TWICE.sub("\ufffd", text), 1
