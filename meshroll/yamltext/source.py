"""A file's characters: decoded from UTF-8, with the line and column of each position.

Positions count characters of the text as decoded, the byte order mark among them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Final

from meshroll.errors import BadInputError

MAX_BYTES: Final = 4 << 20
BOM: Final = "\ufeff"
_BREAK: Final = re.compile(r"\r\n?|\n")

Pointer = tuple[str | int, ...]


def decoded(content: bytes, name: str) -> str:
    """The text of a file. Raises BadInputError for one too large or not in UTF-8."""
    if len(content) > MAX_BYTES:
        raise BadInputError(f"the file has {len(content)} bytes", where=name, expected=f"at most {MAX_BYTES}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(f"is not UTF-8 (byte {error.start})", where=name) from None


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
        index = bisect_right(self._starts, start) - 1
        line = self._starts[index]
        before = (line if self.text.isascii() else self._bytes[index]) + len(self.text[line:start].encode())
        return before, before + len(self.text[start:end].encode())

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    @cached_property
    def _bytes(self) -> list[int]:
        """The byte at which each line starts."""
        lines = pairwise(self._starts)
        return [0, *accumulate(len(self.text[start:end].encode()) for start, end in lines)]
