"""A file's characters: decoded from UTF-8, with the line and column of each position.

Positions count characters of the text as decoded, the byte order mark among them.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate, chain
from typing import Final

from meshroll.errors import BadInputError

MAX_BYTES: Final = 4 << 20
BOM: Final = "\ufeff"
_BREAK: Final = re.compile(r"\r\n?|\n")
_BLOCK: Final = 1024  # characters between two positions whose bytes are known
_SHORT: Final = 60

Pointer = tuple[str | int, ...]


def decoded(content: bytes, name: str, max_bytes: int = MAX_BYTES) -> str:
    """The text of a file. Raises BadInputError for one too large or not in UTF-8."""
    if len(content) > max_bytes:
        raise BadInputError(f"the file has {len(content)} bytes", where=name, expected=f"at most {max_bytes}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(f"is not UTF-8 (byte {error.start})", where=name) from None


def shortened(text: str) -> str:
    """A key or name of a file as a sentence shows it: its beginning, where it is long."""
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


class Source:
    """A file's name and text. Subclasses may name places otherwise."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @property
    def body(self) -> int:
        """The position behind the byte order mark."""
        return len(BOM) if self.text.startswith(BOM) else 0

    def place(self, position: int) -> tuple[int, int]:
        """Line and column, from 1."""
        index = bisect_right(self._starts, position) - 1
        mark = self.body if index == 0 else 0
        return index + 1, position - self._starts[index] - mark + 1

    def line(self, position: int) -> int:
        """The line, from 1."""
        return self.place(position)[0]

    def where(self, position: int, pointer: Pointer | None = None) -> str:
        """The place as messages name it; the pointer is that of a value, None where there is none."""
        del pointer
        line, column = self.place(position)
        return f"{self.name}:{line}:{column}"

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The bytes of the file between two positions."""
        return self._byte(start), self._byte(end)

    def _byte(self, position: int) -> int:
        """The byte at which the character at a position starts."""
        if self.text.isascii():
            return position
        block, rest = divmod(position, _BLOCK)
        return self._bytes[block] + len(self.text[position - rest : position].encode())

    @cached_property
    def _starts(self) -> array[int]:
        """The position at which each line starts."""
        return array("Q", chain((0,), (found.end() for found in _BREAK.finditer(self.text))))

    @cached_property
    def _bytes(self) -> array[int]:
        """The byte at which each block of characters starts."""
        blocks = (self.text[start : start + _BLOCK] for start in range(0, len(self.text), _BLOCK))
        return array("Q", accumulate((len(block.encode()) for block in blocks), initial=0))
