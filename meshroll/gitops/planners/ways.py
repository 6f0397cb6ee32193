"""The way of keys that a helm or path field names in a file: followed, also on into texts that are YAML themselves.

A text stands for each of its documents, of which it mostly has one. In a path field the index of its document may
stand behind it too, as in the pointers that a plan shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from meshroll.errors import BadInputError
from meshroll.settings.fields import Field
from meshroll.yamltext import Text, join_pointer, split_pointer

_NAME = r"(?:\\.|[^.\[\]\\])+"
_DOTTED = re.compile(rf"(?:{_NAME}|\[[0-9]+\])(?:\.{_NAME}|\[[0-9]+\])*")
_STEP = re.compile(rf"\[([0-9]+)\]|({_NAME})")
MAX_KEYS = 8


@dataclass(frozen=True)
class Way:
    """The file that a field names, the keys to its value, and the index of its document if it names one."""

    file: str
    keys: tuple[str, ...]
    document: int | None = None

    def documents(self, text: Text) -> Sequence[int]:
        """The documents of a file in which the way may begin."""
        every = range(len(text.documents))
        return every if self.document is None else [index for index in every if index == self.document]


def way_of(field: Field) -> Way:
    """The way of a helm or path field. Raises BadInputError for one that is neither a dotted path nor a pointer."""
    name, _, place = field.value.partition("#")
    if field.kind == "helm":
        if not _DOTTED.fullmatch(place):
            raise BadInputError(f"{place!r} is not a dotted path", where=str(field), expected="a path like image.tag")
        return Way(name, tuple(index or re.sub(r"\\(.)", r"\1", key) for index, key in _STEP.findall(place)))
    number, slash, inside = place.partition("/")
    if not slash or (number and not number.isdecimal()):
        raise BadInputError(f"{place!r} is not a pointer", where=str(field), expected="a JSON pointer like /image/tag")
    return Way(name, split_pointer(f"/{inside}"), int(number) if number else None)


def pointers(text: Text, way: Way) -> list[str]:
    """The pointers of the values in a file to which a way leads. Raises BadInputError for a text that is not YAML."""
    return [pointer for index in way.documents(text) for pointer in _from(text, index, way.keys)]


def how_far(text: Text, way: Way) -> str:
    """How far a way leads in a file: the last value on it, and the keys that are there instead."""
    if way.document is not None and way.document >= len(text.documents):
        return f"the file has {len(text.documents)} documents, counted from 0"
    for depth in range(len(way.keys), -1, -1):
        reached = Way(way.file, way.keys[:depth], way.document)
        values = [value for pointer in pointers(text, reached) for value in _values(text, pointer)]
        if values:
            every = {str(key) for value in values if isinstance(value, dict) for key in value}
            keys = ", ".join(sorted(every)[:MAX_KEYS])
            there = f"{'.'.join(reached.keys)} is there" if depth else "it is not there"
            return f"{there}, and in it {keys}" if keys else there
    return ""


def _from(text: Text, index: int, keys: Sequence[str]) -> Iterator[str]:
    """The pointers of what keys lead to from the root of a document."""
    outer, inner = text.parted(join_pointer((index, *keys)))
    if not inner:
        yield from [outer] if outer in text else []
    elif within := text.within(outer):
        yield from (outer + pointer for pointer in _anywhere(within, split_pointer(inner)))


def _anywhere(text: Text, keys: Sequence[str]) -> list[str]:
    """The same from the root of the document whose index is the first of the keys, else from that of each document."""
    documents = range(len(text.documents))
    first = next((index for index in documents if str(index) == keys[0]), None)
    if first is not None and len(keys) > 1 and (found := list(_from(text, first, keys[1:]))):
        return found
    return [pointer for index in documents for pointer in _from(text, index, keys)]


def _values(text: Text, pointer: str) -> list[Any]:
    """A value, and those of its documents instead of a text that is YAML."""
    with suppress(BadInputError):
        if within := text.within(pointer):
            return within.documents
    return [text.value(pointer)]
