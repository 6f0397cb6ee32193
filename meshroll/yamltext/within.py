"""Where the characters of a scalar's text stand in its file: of a block line by line, in quotes escape by escape.

A text can be a file of its own: a chart's values in an Application, a patch in a kustomization. It can be changed in
place where each of its characters has characters of the file to itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

from meshroll.yamltext.source import Source
from meshroll.yamltext.spelling import within_quotes

MAX_PIECES: Final = 100_000  # lines of a block, escapes in quotes
BLOCKS: Final = ("|", ">")
STYLES: Final = (*BLOCKS, "'", '"')
_LINE: Final = re.compile(r"([^\r\n]*)(\r\n?|\n|$)")
_PIECES: Final = {
    "'": re.compile(r"[^']+|''"),
    '"': re.compile(r"[^\\]+|\\(?:x.{2}|u.{4}|U.{8}|.)", re.DOTALL),
}
_ONE: Final = {"'": "'", '"': "\\"}  # what begins a piece that is one character

Span = tuple[int, int]
"""Where something starts and ends in a source."""


class Run(NamedTuple):
    """Characters of a text as they are in its source, or one of them that takes others there: a break, an escape."""

    first: int  # of the text's characters
    start: int  # in the source
    end: int
    length: int  # in the text

    def at(self, position: int) -> Span:
        """The span of one of the text's characters in the source."""
        if self.end - self.start != self.length:
            return self.start, self.end
        return self.start + position - self.first, self.start + position - self.first + 1


def runs(source: str, start: int, end: int, text: str, style: str) -> list[Run]:
    """The runs of a text that a source writes between two positions in a block or in quotes.

    Empty where it cannot be said character by character, as of quotes over several lines or of very many lines.
    """
    found = _of_quotes(source, start, end, style) if style in _PIECES else _of_block(source, start, end, text)
    return found if sum(run.length for run in found) == len(text) else []


def _of_block(source: str, start: int, end: int, text: str) -> list[Run]:
    """Between two lines is a line break; in a folded block it may be a space instead, or nothing."""
    _, *lines = islice(_LINE.finditer(source, start, end), MAX_PIECES)  # without the block's header
    indent = _indent(line[1] for line in lines) - _indent(text.split("\n"))
    found: list[Run] = []
    done = 0
    for line in (each for each in lines if each[0]):
        at = min(line.start() + indent, line.end(1))
        content = source[at : line.end(1)]
        if not text.startswith(content, done):
            return []
        found.append(Run(done, at, line.end(1), len(content)))
        done += len(content)
        if text.startswith(("\n", " "), done):
            found.append(Run(done, line.end(1), line.end(), 1))
            done += 1
    return [run for run in found if run.length]


def _indent(lines: Iterable[str]) -> int:
    """The spaces before the first line that has anything else."""
    return next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), 0)


def _of_quotes(source: str, start: int, end: int, quote: str) -> list[Run]:
    found: list[Run] = []
    done = 0
    for piece in islice(_PIECES[quote].finditer(source, start + 1, end - 1), MAX_PIECES):
        length = 1 if piece[0].startswith(_ONE[quote]) else len(piece[0])
        found.append(Run(done, *piece.span(), length))
        done += length
    return found


class Within(Source):
    """The text of a scalar as a source of its own, whose places are those of the source around it."""

    def __init__(self, outer: Source, start: int, end: int, text: str, style: str) -> None:
        super().__init__(outer.name, text)
        self._outer, self._start, self._end, self._style = outer, start, end, style

    @cached_property
    def _runs(self) -> list[Run]:
        return runs(self._outer.text, self._start, self._end, self.text, self._style)

    @cached_property
    def _firsts(self) -> list[int]:
        return [run.first for run in self._runs]

    @property
    def is_exact(self) -> bool:
        """Whether it is known where each character stands."""
        return bool(self._runs)

    def outside(self, start: int, end: int) -> Span:
        """The span around for one of this text; the start of the scalar where it is not known."""
        if not self._runs:
            return self._start, self._start
        if start < end:
            return self._at(start)[0], self._at(end - 1)[1]
        position = self._at(start - 1)[1] if start else self._at(0)[0]
        return position, position

    def _at(self, position: int) -> Span:
        return self._runs[bisect_right(self._firsts, position) - 1].at(position)

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
