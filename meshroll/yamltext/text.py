"""A parsed file, asked by pointers.

A text that holds a mapping or a sequence, in a block or in quotes, is a file within the file: a pointer leads on into
it, with the index of its document. "/0/spec/source/helm/values/0/image/tag" is in the text at
"/0/spec/source/helm/values".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.yamltext import from_json, from_yaml
from meshroll.yamltext.nodes import TEXT_TAGS, Node, PathStep, ValueRef, compose, position
from meshroll.yamltext.pointers import join_pointer, split_pointer
from meshroll.yamltext.source import Source, decoded
from meshroll.yamltext.within import STYLES, Within

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*(?:\s+(?:#[^\r\n]*)?)*)+")


@dataclass(frozen=True)
class Scalar:
    """One scalar and where it is written."""

    pointer: str
    text: str  # what is written, unquoted: "1.10" for 1.10, "1.10" and '1.10' alike; this is an Edit's old and new
    value: Any  # what YAML makes of it: text, number, True, None, `Date`
    line: int  # from 1, where the scalar itself starts
    column: int  # from 1, in characters
    span: tuple[int, int]  # bytes [start, end) of the source, quotes included
    style: str  # "" unquoted, "'" or '"' quoted, "|" or ">" a block of text
    source: str = field(default="", compare=False)  # the characters at the span, or in the text within a file


@dataclass(frozen=True)
class Found:
    """A value as written, the file (or file within one) that holds it, and the path from its document's root there."""

    text: Text
    node: Node
    path: tuple[PathStep, ...]


class Text:
    """A parsed file. Pointers begin with the document's index; aliases and merge keys are followed.

    `base` is the pointer of a text within a file, empty for a file.
    """

    def __init__(self, source: Source, roots: list[Node], *, is_json: bool, base: str = "") -> None:
        self.source = source
        self.roots = roots
        self.is_json = is_json
        self.base = base
        self._within: dict[str, Text | BadInputError | None] = {}

    @property
    def where(self) -> str:
        """The file's name as in messages."""
        return self.source.name

    @property
    def documents(self) -> list[Any]:
        """The value of each document; keys are text. A value in several places is one object."""
        return [root.value for root in self.roots]

    @property
    def size(self) -> int:
        """How many values it holds, aliases and long texts counted in full."""
        return sum(root.size for root in self.roots)

    def called(self, name: str) -> Text:
        """The same file under another name."""
        return Text(Source(name, self.source.text), self.roots, is_json=self.is_json)

    def __contains__(self, pointer: object) -> bool:
        """Whether there is a value (also through an alias or a merge key)."""
        return isinstance(pointer, str) and self.find(pointer) is not None

    def value(self, pointer: str) -> Any:
        """The value at a pointer; None where there is none (see `in`)."""
        found = self.find(pointer)
        return found.node.value if found else None

    def scalar(self, pointer: str) -> Scalar:
        """The scalar at a pointer. Raises BadInputError for nothing, a mapping or a sequence."""
        found = self.find_scalar(pointer)
        return _scalar(found.text.source, found.node, pointer)

    def scalars(self, below: str = "") -> Iterator[Scalar]:
        """Every scalar at or below a pointer, keys in the order of the file; what merge keys bring is left out."""
        if not below:
            for index in range(len(self.roots)):
                yield from self.scalars(f"/{index}")
        elif found := self.find(below):
            yield from _below(found.text.source, found.node, below)

    def line(self, pointer: str) -> int:
        """The line (from 1) of a value's key or list item; of what is missing, that of the nearest that holds it."""
        path = self._path(split_pointer(pointer))
        outer, inner = self.parted(pointer)
        within = self._readable(outer) if inner else None
        if within is not None and position(split_pointer(inner)[0], len(within.roots)) is not None:
            return within.line(inner)
        return self.source.line(path[-1].start) if path else 1

    def place(self, pointer: str) -> str:
        """`file:line`, for messages."""
        return f"{self.where}:{self.line(pointer)}"

    def at(self, pointer: str) -> str:
        """`file:line` and the pointer from the file's root, for messages."""
        return f"{self.place(pointer)} {self.base}{pointer}"

    def within(self, pointer: str) -> Text | None:
        """The text at a pointer as a file; None where there is no text, or one that holds no mapping or sequence.

        Raises BadInputError for a text that is not YAML.
        """
        if pointer not in self._within:
            found = self.find(pointer)
            self._within[pointer] = _within(found, self.base + pointer) if found else None
        known = self._within[pointer]
        if isinstance(known, BadInputError):
            raise known
        return known

    def parted(self, pointer: str) -> tuple[str, str]:
        """The part of a pointer that leads through this file, and the part that leads on into a text within it.

        The second is empty where the first leads to what is not a single value, or to nothing.
        """
        tokens = split_pointer(pointer)
        path = self._path(tokens)
        if not path or path[-1].link.node.kind != "scalar":
            return pointer, ""
        return join_pointer(tokens[: len(path)]), join_pointer(tokens[len(path) :])

    def find(self, pointer: str) -> Found | None:
        """The value at a pointer as written, None where there is none."""
        tokens = split_pointer(pointer)
        path = self._path(tokens)
        if path and len(path) == len(tokens):
            return Found(self, path[-1].link.node, path)
        outer, inner = self.parted(pointer)
        within = self._readable(outer) if inner else None
        return within.find(inner) if within else None

    def pointers_of(self, node: Node) -> Iterator[str]:
        """Every pointer of a value of this file, also through aliases and merge keys."""
        ahead = [(f"/{index}", root) for index, root in enumerate(self.roots)][::-1]
        while ahead:
            pointer, each = ahead.pop()
            if each is node:
                yield pointer
            keys = each.value if each.kind == "mapping" else map(str, range(len(each.items)))
            steps = ((pointer + join_pointer((key,)), each.child(key)) for key in keys)
            ahead += reversed([(inner, step.link.node) for inner, step in steps if step])

    def find_scalar(self, pointer: str) -> Found:
        """The scalar at a pointer as written. Raises BadInputError."""
        found = self.find(pointer)
        where = self.at(pointer)
        if found is None:
            raise BadInputError("there is no value here", where=where, expected="a single value")
        if found.node.kind != "scalar":
            raise BadInputError(f"it is a {found.node.kind}", where=where, expected="a single value")
        return found

    def _readable(self, pointer: str) -> Text | None:
        """The text at a pointer as a file, None also where it is not YAML."""
        with suppress(BadInputError):
            return self.within(pointer)
        return None

    def _path(self, tokens: tuple[str, ...]) -> tuple[PathStep, ...]:
        """The path to a value, as far as it exists in this file."""
        index = position(tokens[0], len(self.roots)) if tokens else None
        if index is None:
            return ()
        path = [PathStep(ValueRef(self.roots[index], self.roots[index].start), self.roots[index].start)]
        for token in tokens[1:]:
            step = path[-1].link.node.child(token)
            if step is None:
                break
            path.append(step)
        return tuple(path)


def _below(source: Source, node: Node, pointer: str) -> Iterator[Scalar]:
    if node.kind == "scalar":
        yield _scalar(source, node, pointer)
    for index, item in enumerate(node.items):
        yield from _below(source, item.node, f"{pointer}/{index}")
    for key, entry in node.entries.items():
        yield from _below(source, entry.link.node, pointer + join_pointer((key,)))


def _scalar(source: Source, node: Node, pointer: str) -> Scalar:
    start = content_start(source.text, node)
    line, column = source.place(start)
    span, written = source.span(start, node.end), source.text[start : node.end]
    return Scalar(pointer, node.text, node.value, line, column, span, node.style, written)


def content_start(text: str, node: Node) -> int:
    """Where a scalar itself starts, behind its tag and anchor."""
    found = _PROPERTIES.match(text, node.start, node.end) if node.tag or node.anchor else None
    return found.end() if found else node.start


def _within(found: Found, base: str) -> Text | BadInputError | None:
    """What `Text.within` answers for a value."""
    node, outer = found.node, found.text.source
    if node.style not in STYLES or node.tag not in TEXT_TAGS:
        return None
    source = Within(outer, content_start(outer.text, node), node.end, node.text, node.style)
    try:
        roots = compose(from_yaml.events(source), source)
    except BadInputError as error:
        return error
    return Text(source, roots, is_json=False, base=base) if any(root.kind != "scalar" for root in roots) else None


def parse(content: bytes, where: str) -> Text:
    """Read a file. One whose name ends in .json is read by JSON's rules, any other by YAML's.

    Raises BadInputError, one sentence with `file:line:column`, for: not UTF-8, not YAML (JSON), a key twice in one
    mapping, a file above MAX_BYTES, nesting deeper than MAX_DEPTH, a value that contains itself, aliases that blow up.
    """
    return parse_source(Source(where, decoded(content, where)), is_json=where.endswith(".json"))


def parse_source(source: Source, *, is_json: bool) -> Text:
    """Read a decoded file."""
    events = from_json.events(source) if is_json else from_yaml.events(source)
    return Text(source, compose(events, source), is_json=is_json)
