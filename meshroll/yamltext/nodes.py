"""A file as a tree: each value with its place, each alias with its value.

Readers of YAML and of JSON give what they meet, in order, as `ReaderEvent`s; `compose` builds the tree and refuses what
is ambiguous or out of bounds: a key that occurs twice, a value that contains itself, too much depth, too many aliases.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from meshroll.errors import BadInputError
from meshroll.yamltext.plain import resolve_plain
from meshroll.yamltext.source import Pointer, Source, shortened

MAX_DEPTH: Final = 100
MAX_VALUES: Final = 150_000  # with every alias written out; a file of 4 MiB in lines of 28 characters
_LONG: Final = 256  # characters of text that count as a value of their own: aliases repeat texts too
TAG: Final = "tag:yaml.org,2002:"
TEXT_TAGS: Final = ("", "!", TAG + "str")
_BASIC: Final = frozenset(TAG + kind for kind in ("int", "float", "bool", "null"))

_NO_ENTRIES: Final[Mapping[str, Any]] = {}  # scalars are many: what they do not have costs nothing

NodeKind = Literal["document", "scalar", "mapping", "sequence", "alias", "end"]


class ReaderEvent(NamedTuple):
    """What a reader met between two positions."""

    kind: NodeKind
    start: int
    end: int
    text: str = ""  # of a scalar, unquoted; of an alias, its anchor
    style: str = ""  # of a scalar
    tag: str = ""  # only one that is written
    anchor: str = ""
    flow: bool = False  # of a collection


@dataclass(eq=False, slots=True)
class Node:
    """A value as written. Tag and anchor, when there are any, are between `start` and the value itself."""

    kind: NodeKind
    start: int
    end: int
    text: str = ""
    style: str = ""
    tag: str = ""
    anchor: str = ""
    flow: bool = False  # a flow collection, or a scalar inside one
    entries: Mapping[str, KeyValue] = field(default_factory=lambda: _NO_ENTRIES)  # of a mapping, without its merge keys
    merges: tuple[ValueRef, ...] = ()
    items: Sequence[ValueRef] = ()  # of a sequence
    uses: list[int] | None = None  # where its aliases are, if it has any
    value: Any = None
    size: int = 1
    depth: int = 1

    @property
    def is_plain(self) -> bool:
        """A scalar whose meaning depends on its characters."""
        return self.kind == "scalar" and not self.style and not self.tag

    def child(self, token: str) -> PathStep | None:
        """What is at a key or index."""
        if self.kind == "sequence":
            index = position(token, len(self.items))
            return None if index is None else PathStep(self.items[index], self.items[index].start)
        if token in self.entries:
            key, link = self.entries[token]
            return PathStep(link, key.start)
        for base in self.merges:
            if step := base.node.child(token):
                return PathStep(step.link, base.start, step.base or base.node)
        return None

    def walk(self) -> Iterator[Node]:
        """This value and all within; what aliases bring is left out."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending += [link.node for link in node.items if not link.alias]
            pending += [entry.link.node for entry in node.entries.values() if not entry.link.alias]


class ValueRef(NamedTuple):
    """A place where a value is: itself, or by an alias."""

    node: Node
    start: int
    alias: bool = False


class KeyValue(NamedTuple):
    """A key and its value."""

    key: ValueRef
    link: ValueRef


class PathStep(NamedTuple):
    """The step from a collection to a value in it."""

    link: ValueRef
    start: int  # of the key, the list item or what the merge key brings
    base: Node | None = None  # the mapping that a merge key brought in, if the value came with it


def position(segment: str, length: int) -> int | None:
    """The index that a pointer's segment means in a list of some length."""
    index = int(segment) if segment.isascii() and segment.isdecimal() and len(segment) <= len(str(length)) else length
    return index if index < length and str(index) == segment else None


@dataclass(slots=True)
class _Frame:
    """A collection that is still being read."""

    node: Node
    entries: dict[str, KeyValue]
    items: list[ValueRef]
    key: ValueRef | None = None
    merge: bool = False

    def token(self) -> tuple[str | int, ...]:
        """The path to the value being read."""
        if self.node.kind == "sequence":
            return (len(self.items),)
        return () if self.key is None else (self.key.node.text,)


def compose(events: Iterable[ReaderEvent], source: Source) -> list[Node]:
    """The root of each document. Raises BadInputError."""
    with _uncollected():
        return _Composer(source).compose(events)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's collector of cycles: all that is read stays, and would be looked at again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Composer:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._roots: list[Node] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._total = 0

    def compose(self, events: Iterable[ReaderEvent]) -> list[Node]:
        for event in events:
            if event.kind == "document":
                self._anchors = {}
            elif event.kind == "end":
                frame = self._stack.pop()
                frame.node.end = event.end
                self._finish(frame)
                self._place(ValueRef(frame.node, frame.node.start))
            elif event.kind == "alias":
                self._place(ValueRef(self._target(event), event.start, alias=True))
            else:
                self._open(event)
        return self._roots

    def _open(self, event: ReaderEvent) -> None:
        flow = event.flow or (event.kind == "scalar" and bool(self._stack) and self._stack[-1].node.flow)
        node = Node(event.kind, event.start, event.end, event.text, event.style, event.tag, event.anchor, flow)
        if node.anchor:
            self._anchors[node.anchor] = node
        if event.kind == "scalar":
            plain = node.is_plain or node.tag in _BASIC
            node.value = resolve_plain(node.text) if plain else node.text
            node.size += len(node.text) // _LONG
            self._place(ValueRef(node, node.start))
            return
        if len(self._stack) >= MAX_DEPTH:
            raise self._refuse("is nested too deeply", node.start, expected=f"at most {MAX_DEPTH} levels")
        if self._stack and self._stack[-1].node.kind == "mapping" and self._stack[-1].key is None:
            raise self._refuse("a mapping or sequence is used as a key", node.start, expected="a text")
        self._stack.append(_Frame(node, {}, []))

    def _target(self, event: ReaderEvent) -> Node:
        node = self._anchors.get(event.text)
        if node is None:
            name = shortened(event.text)
            raise self._refuse(f"the alias *{name} has no anchor &{name} before it", event.start)
        if any(frame.node is node for frame in self._stack):
            raise self._refuse("a value contains itself", event.start)
        node.uses = node.uses or []
        node.uses.append(event.start)
        return node

    def _place(self, link: ValueRef) -> None:
        """Put a finished value where it belongs."""
        if not self._stack:
            self._roots.append(link.node)
            self._total += link.node.size
            self._check_size(self._total, link.start)
            return
        frame = self._stack[-1]
        parent = frame.node
        if parent.kind == "sequence":
            self._grow(parent, link)
            frame.items.append(link)
        elif frame.key is None:
            self._key(frame, link)
        else:
            self._grow(parent, link)
            if frame.merge:
                self._merge(parent, link)
            else:
                frame.entries[frame.key.node.text] = KeyValue(frame.key, link)
            frame.key, frame.merge = None, False

    def _key(self, frame: _Frame, link: ValueRef) -> None:
        text = link.node.text
        if link.node.kind != "scalar":
            raise self._refuse("a mapping or sequence is used as a key", link.start, expected="a text")
        frame.merge = text == "<<" and link.node.is_plain
        first = frame.entries.get(text)
        if first is not None:
            frame.key = link
            line = self._source.line(first.key.start)
            raise self._refuse(f"{shortened(text)} occurs twice, first on line {line}", link.start)
        if frame.merge and frame.node.merges:
            raise self._refuse("the merge key << occurs twice", link.start, expected="one with a list")
        frame.node.size += len(text) // _LONG
        frame.key = link

    def _merge(self, parent: Node, link: ValueRef) -> None:
        bases = link.node.items if link.node.kind == "sequence" else [link]
        if not bases or any(base.node.kind != "mapping" for base in bases):
            raise self._refuse("the merge key << has no mapping", link.start, expected="an alias of a mapping")
        # A list of bases may itself be an alias; every path in counts as one.
        parent.merges = tuple(
            ValueRef(base.node, link.start if link.alias else base.start, alias=True) for base in bases
        )

    def _grow(self, parent: Node, link: ValueRef) -> None:
        parent.size += link.node.size
        parent.depth = max(parent.depth, 1 + link.node.depth)
        self._check_size(parent.size, link.start)
        if parent.depth + len(self._stack) - 1 > MAX_DEPTH + 1:
            raise self._refuse("is nested too deeply", link.start, expected=f"at most {MAX_DEPTH} levels")

    def _check_size(self, size: int, position: int) -> None:
        if size > MAX_VALUES:
            raise self._refuse(f"holds more than {MAX_VALUES} values, aliases and long texts counted in full", position)

    @staticmethod
    def _finish(frame: _Frame) -> None:
        node = frame.node
        if node.kind == "sequence":
            node.items = frame.items
            node.value = [item.node.value for item in frame.items]
            return
        node.entries = frame.entries
        node.value = {}
        for base in reversed(node.merges):
            node.value |= base.node.value
        node.value |= {key: entry.link.node.value for key, entry in frame.entries.items()}

    def _refuse(self, what: str, position: int, expected: str = "") -> BadInputError:
        tokens = (token for frame in self._stack for token in frame.token())
        pointer: Pointer = (
            len(self._roots),
            *(shortened(token) if isinstance(token, str) else token for token in tokens),
        )
        return BadInputError(what, where=self._source.where(position, pointer), expected=expected)
