"""Where the characters of a scalar's text stand in its file: of a block line by line, in quotes escape by escape.

A text can be a file of its own: a chart's values in an Application, a patch in a kustomization. It can be changed in
place where each of its characters has characters of the file to itself.
"""

from __future__ import annotations

import re
from typing import Final

from meshroll.yamltext.source import Source
from meshroll.yamltext.spelling import within_quotes

MAX_CHARACTERS: Final = 256 << 10  # of a text whose characters are followed: the place of each is kept
BLOCKS: Final = ("|", ">")
STYLES: Final = (*BLOCKS, "'", '"')
_LINE: Final = re.compile(r"([^\r\n]*)(\r\n?|\n|$)")
_PIECES: Final = {
    "'": re.compile(r"''|.", re.DOTALL),
    '"': re.compile(r"\\(?:x.{2}|u.{4}|U.{8}|.)|.", re.DOTALL),
}

Span = tuple[int, int]
"""Where something starts and ends in a source."""


def spans(source: str, start: int, end: int, text: str, style: str) -> list[Span]:
    """The span of each character of a text that a source writes between two positions in a block or in quotes.

    Empty where it cannot be said character by character, as of quotes over several lines, and for a very long text.
    """
    if end - start > MAX_CHARACTERS:
        return []
    return _of_quotes(source, start, end, text, style) if style in _PIECES else _of_block(source, start, end, text)


def _of_block(source: str, start: int, end: int, text: str) -> list[Span]:
    """Between two lines is a line break; in a folded block it may be a space instead, or nothing."""
    _, *lines = (found for found in _LINE.finditer(source, start, end) if found[0])  # without the block's header
    indent = _indent([line[1] for line in lines]) - _indent(text.split("\n"))
    found: list[Span] = []
    for line in lines:
        at = min(line.start() + indent, line.end(1))
        content = source[at : line.end(1)]
        if not text.startswith(content, len(found)):
            return []
        found += [(index, index + 1) for index in range(at, line.end(1))]
        if text.startswith(("\n", " "), len(found)):
            found.append((line.end(1), line.end()))
    return found if len(found) == len(text) else []


def _indent(lines: list[str]) -> int:
    """The spaces before the first line that has anything else."""
    return next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), 0)


def _of_quotes(source: str, start: int, end: int, text: str, quote: str) -> list[Span]:
    pieces = [piece.span() for piece in _PIECES[quote].finditer(source, start + 1, end - 1)]
    return pieces if len(pieces) == len(text) else []


class Within(Source):
    """The text of a scalar as a source of its own, whose places are those of the source around it."""

    def __init__(self, outer: Source, start: int, end: int, text: str, style: str) -> None:
        super().__init__(outer.name, text)
        self._outer, self._start, self._style = outer, start, style
        self._spans = spans(outer.text, start, end, text, style)

    @property
    def is_exact(self) -> bool:
        """Whether it is known where each character stands."""
        return bool(self._spans)

    def outside(self, start: int, end: int) -> Span:
        """The span around for one of this text; the start of the scalar where it is not known."""
        if not self._spans:
            return self._start, self._start
        if start == end:
            position = self._spans[start - 1][1] if start else self._spans[0][0]
            return position, position
        return self._spans[start][0], self._spans[end - 1][1]

    def spelled(self, text: str) -> str:
        """Characters of this text as the source around writes them."""
        return within_quotes(text, self._style) if self._style in _PIECES else text

    def place(self, position: int) -> tuple[int, int]:
        """Line and column in the file, from 1."""
        following = min(position + 1, len(self.text))
        return self._outer.place(self.outside(min(position, following), following)[0])

    def span(self, start: int, end: int) -> Span:
        """The bytes of the file between two positions of this text."""
        return self._outer.span(*self.outside(start, end))
