"""A YAML file as values, each with the place where it stands, to the character.

The position map is exact: for every scalar `text[span.start:span.end]` is its source, quotes included. Positions count
characters of the text as decoded, so byte order mark, CRLF and characters beyond the basic plane keep their places.
Refused, each with its line: anything not UTF-8, bad YAML, a key that stands twice in one mapping, a key that is not
text, merge keys, a value that contains itself, tags other than the basic ones.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from meshroll.errors import BadInputError
from meshroll.settings.scalars import resolve_plain

Pointer = tuple[str | int, ...]

_TAG: Final = "tag:yaml.org,2002:"
_TEXT: Final = _TAG + "str"
_BASIC: Final = frozenset(_TAG + kind for kind in ("int", "float", "bool", "null"))
_PLAIN: Final = "plain"


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


def pointer_text(pointer: Pointer) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in pointer)


def shown(path: Path) -> str:
    """The file's name in messages: below the current folder without it, otherwise as it is."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def read(path: Path) -> Document:
    """Read and parse a file."""
    name = shown(path)
    try:
        return parse(path.read_bytes().decode("utf-8"), name)
    except FileNotFoundError:
        raise BadInputError("no such file", where=name) from None
    except OSError as error:
        raise BadInputError(f"cannot be read: {error.strerror}", where=name) from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"is not UTF-8 (byte {error.start})", where=name) from error


def parse(text: str, name: str) -> Document:
    """Parse YAML text; see the module's contract for what is refused."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise BadInputError(f"is not YAML: {error.problem or error.context}", where=name + line) from error
    except yaml.YAMLError as error:
        raise BadInputError(f"is not YAML: {' '.join(str(error).split())}", where=name) from error
    except RecursionError:
        raise BadInputError("is nested too deeply", where=name) from None
    if root is None:
        return Document(name, text, None, {(): Span(1, 0, 0, None, shared=False)})
    reader = _Reader(name)
    value = reader.read(root, (), root.start_mark.line + 1)
    return Document(name, text, value, reader.spans)


class _Loader(yaml.BaseLoader):
    """Leaves unquoted scalars to `resolve_plain`; PyYAML's own rules are those of YAML 1.1."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node without one."""
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _TEXT
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._inside: set[int] = set()
        self._first: dict[int, Pointer] = {}
        self.spans: dict[Pointer, Span] = {}

    def read(self, node: yaml.Node, pointer: Pointer, line: int) -> Any:
        if id(node) in self._inside:
            raise self._refuse(line, pointer, "a value contains itself")
        first = self._first.setdefault(id(node), pointer)
        self._inside.add(id(node))
        style = node.style if isinstance(node, yaml.ScalarNode) else None
        span = Span(line, node.start_mark.index, node.end_mark.index, style, shared=first != pointer)
        if span.shared:
            was = self.spans[first]
            self.spans[first] = Span(was.line, was.start, was.end, was.style, shared=True)
        self.spans[pointer] = span
        value = self._value(node, pointer, line)
        self._inside.remove(id(node))
        return value

    def _value(self, node: yaml.Node, pointer: Pointer, line: int) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, pointer)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.read(item, (*pointer, index), item.start_mark.line + 1) for index, item in enumerate(node.value)
            ]
        if node.tag == _PLAIN or node.tag in _BASIC:
            return resolve_plain(node.value)
        if node.tag != _TEXT:
            raise self._refuse(line, pointer, f"the tag {node.tag.replace(_TAG, '!!')} is not understood")
        return node.value

    def _mapping(self, node: yaml.MappingNode, pointer: Pointer) -> dict[str, Any]:
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _PLAIN and key_node.value == "<<":
                raise self._refuse(line, pointer, "the merge key << is not understood; expected the values themselves")
            key = self._value(key_node, pointer, line) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                raise self._refuse(line, pointer, f'the key {key_node.value} is not text: quote it, "{key_node.value}"')
            if key in lines:
                raise self._refuse(line, (*pointer, key), f"{key} stands twice, first on line {lines[key]}")
            lines[key] = line
            result[key] = self.read(value_node, (*pointer, key), line)
        return result

    def _refuse(self, line: int, pointer: Pointer, what: str) -> BadInputError:
        return BadInputError(what, where=f"{self._name}:{line} {pointer_text(pointer)}".rstrip())
