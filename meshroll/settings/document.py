"""A YAML file as values, each with the place where it stands, to the character.

The position map is exact: for every scalar `text[span.start:span.end]` is its source, quotes included. Positions count
characters of the text as decoded, so byte order mark, CRLF and characters beyond the basic plane keep their places.
It is read as every YAML file here is (meshroll.yamltext), and more strictly. Refused, each with its line: anything not
UTF-8, bad YAML, a second document, a key that occurs twice in one mapping, a key that is not text, merge keys, a value
that contains itself, tags other than the basic ones.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.yamltext import from_yaml
from meshroll.yamltext import join_pointer as pointer_text
from meshroll.yamltext.nodes import TAG, ValueRef, compose
from meshroll.yamltext.source import Pointer, Source, decoded

__all__ = ["Document", "Pointer", "Span", "parse", "pointer_text", "read", "shown"]

_UNDERSTOOD: Final = frozenset(
    {"", "!"} | {TAG + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq")}
)


@dataclass(frozen=True)
class Span:
    """Where a value stands. `line` (from 1) is its key's, or its own where it has no key."""

    line: int
    start: int
    end: int
    style: str | None  # of a scalar: None unquoted, else its quote, | or >
    shared: bool  # the node also stands elsewhere, through an alias


@dataclass(frozen=True)
class Document:
    """One file: its name as shown to the user, its text, its value and the place of each value within."""

    name: str
    text: str
    value: Any
    spans: Mapping[Pointer, Span] = field(repr=False)
    path: Path | None = None  # of a file that was read

    def where(self, pointer: Pointer) -> str:
        """`file:line /pointer`; a value that is missing has the line of the nearest that holds it."""
        return f"{self.origin(pointer)} {pointer_text(pointer)}".rstrip()

    def origin(self, pointer: Pointer) -> str:
        """`file:line`."""
        known = next(pointer[:n] for n in range(len(pointer), -1, -1) if pointer[:n] in self.spans)
        return f"{self.name}:{self.spans[known].line}"

    def start(self, pointer: Pointer) -> int:
        """The position in the text; 0 for what is not in the file."""
        return self.spans[pointer].start if pointer in self.spans else 0

    def source(self, pointer: Pointer) -> str:
        """How the value is written in the file; empty if it is not there."""
        span = self.spans.get(pointer)
        return self.text[span.start : span.end] if span else ""


NONE: Final = Document("", "", None, {(): Span(1, 0, 0, None, shared=False)})  # no file: no value stands there


def shown(path: Path) -> str:
    """The file's name in messages: below the current folder without it, otherwise as it is."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def read(path: Path) -> Document:
    """Read and parse a file."""
    name = shown(path)
    try:
        return replace(parse(decoded(path.read_bytes(), name), name), path=path)
    except FileNotFoundError:
        raise BadInputError("no such file", where=name) from None
    except OSError as error:
        raise BadInputError(f"cannot be read: {error.strerror}", where=name) from error


def parse(text: str, name: str) -> Document:
    """Parse YAML text; see the module's contract for what is refused."""
    source = _Source(name, text)
    roots = compose(from_yaml.events(source), source)
    if len(roots) > 1:
        raise BadInputError("holds more than one document", where=source.where(roots[1].start))
    if not roots:
        return Document(name, text, None, {(): Span(1, 0, 0, None, shared=False)})
    reader = _Reader(source)
    reader.read(ValueRef(roots[0], roots[0].start), (), source.line(roots[0].start))
    return Document(name, text, roots[0].value, reader.spans)


class _Source(Source):
    """The places of a stack file are told by line and pointer."""

    def where(self, position: int, pointer: Pointer | None = None) -> str:
        """`file:line /pointer`."""
        return f"{self.name}:{self.line(position)} {pointer_text(pointer[1:] if pointer else ())}".rstrip()


class _Reader:
    """Notes where each value stands, and refuses what a stack file must not hold."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._first: dict[int, Pointer] = {}
        self.spans: dict[Pointer, Span] = {}

    def read(self, link: ValueRef, pointer: Pointer, line: int) -> None:
        node = link.node
        first = self._first.setdefault(id(node), pointer)
        self.spans[pointer] = Span(line, node.start, node.end, node.style or None, shared=first != pointer)
        if first != pointer:
            self.spans[first] = replace(self.spans[first], shared=True)
        if node.tag not in _UNDERSTOOD:
            raise self._refuse(line, pointer, f"the tag {node.tag.replace(TAG, '!!')} is not understood")
        if node.merges:
            merge = self._source.line(node.merges[0].start)
            what = "the merge key << is not understood; expected the values themselves"
            raise self._refuse(merge, pointer, what)
        for index, item in enumerate(node.items):
            self.read(item, (*pointer, index), self._source.line(item.start))
        for name, entry in node.entries.items():
            key_line = self._source.line(entry.key.start)
            if not isinstance(entry.key.node.value, str):
                raise self._refuse(key_line, pointer, f'the key {name} is not text: quote it, "{name}"')
            self.read(entry.link, (*pointer, name), key_line)

    def _refuse(self, line: int, pointer: Pointer, what: str) -> BadInputError:
        return BadInputError(what, where=f"{self._source.name}:{line} {pointer_text(pointer)}".rstrip())
