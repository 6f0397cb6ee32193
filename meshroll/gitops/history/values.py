"""Addressed values in several states of a repository, and the edits that return them to an earlier one.

An address is a file and a place in it by names (see `anchors`), or the whole file for what Meshroll rendered. A whole
file that nobody touched since is returned whole; in one that somebody did, the values that the release changed are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from meshroll.errors import BadInputError
from meshroll.gitops.git import TreeEntry, Trees
from meshroll.gitops.plans import Edit, anchor, locate
from meshroll.yamltext import Text, parse

Address = tuple[str, str]
"""A file and an anchor in it; the empty anchor is the whole file."""

Values = Mapping[Address, str]
"""A scalar's text, or a whole file's blob."""

Step = tuple[Values, Values]
"""The addressed values before and after a commit."""

Moved = Callable[[Address], None]


@dataclass(frozen=True)
class _Way:
    """How some commits changed one value: what stood there first, and what they left."""

    first: str | None  # None where there was nothing; of a whole file the empty blob says so
    last: str | None
    whole: bool  # each commit began with what the one before it had left


def returned(
    trees: Trees, tree: str, steps: Sequence[Step], now: Values, moved: Moved
) -> Iterator[tuple[Edit, bytes | None]]:
    """The edits that return what the commits (oldest first) changed, each with a whole file's content.

    `moved` is told of a value that is neither as the commits left it nor back already; its edit is made all the same.
    """
    for (file, place), way in _ways(steps).items():
        stands = now.get((file, place), "")
        if place:
            yield from _scalar(trees, tree, (file, place), way, moved)
        elif stands == way.first:
            continue
        elif stands == way.last and way.whole:
            yield _whole(trees, file, stands, way.first or "")
        else:
            yield from _inside(trees, tree, file, steps, moved, whole=(stands, way.first or ""))


def scalars(content: bytes, file: str) -> dict[Address, str]:
    """Every scalar of a file by its address. Raises BadInputError for what is no YAML."""
    text = parse(content, file)
    return {(file, anchor(text, scalar.pointer)): scalar.text for scalar in text.scalars()}


def _ways(steps: Sequence[Step]) -> dict[Address, _Way]:
    ways: dict[Address, _Way] = {}
    for before, after in steps:
        for address in sorted({*before, *after}):
            nothing = None if address[1] else ""
            one, other = before.get(address, nothing), after.get(address, nothing)
            known = ways.get(address)
            if one == other:
                continue
            ways[address] = (
                _Way(known.first, other, known.whole and known.last == one) if known else _Way(one, other, True)
            )
    return ways


def _inside(
    trees: Trees, tree: str, file: str, steps: Sequence[Step], moved: Moved, *, whole: tuple[str, str]
) -> Iterator[tuple[Edit, bytes | None]]:
    """The values of a file that somebody else changed too; what came or went as a whole cannot be told apart."""
    blobs = [(before.get((file, ""), ""), after.get((file, ""), "")) for before, after in steps]
    inner: list[Step] = []
    for before, after in blobs:
        one, other = _parsed(trees, before, file), _parsed(trees, after, file)
        if one is None or other is None or (before != after and one.keys() != other.keys()) or not whole[0]:
            moved((file, ""))
            yield _whole(trees, file, *whole)
            return
        inner.append((one, other))
    for address, way in _ways(inner).items():
        yield from _scalar(trees, tree, address, way, moved)


def _parsed(trees: Trees, blob: str, file: str) -> dict[Address, str] | None:
    try:
        return scalars(trees.read(TreeEntry("100644", "blob", blob), file), file) if blob else None
    except BadInputError:
        return None


def _scalar(trees: Trees, tree: str, address: Address, way: _Way, moved: Moved) -> Iterator[tuple[Edit, bytes | None]]:
    file, place = address
    entry = trees.find(tree, file)
    text = parse(trees.read(entry, file), file) if entry is not None and entry.is_file else None
    pointer = locate(text, place) if text is not None else None
    found = _text(text, pointer)
    if entry is None or text is None or pointer is None or found is None or way.first is None:
        moved(address)
        return
    if found == way.first:
        return
    if found != way.last:
        moved(address)
    yield Edit(file, pointer, found, way.first, line=text.line(pointer), blob=entry.oid, anchor=place), None


def _text(text: Text | None, pointer: str | None) -> str | None:
    try:
        return text.scalar(pointer).text if text is not None and pointer is not None else None
    except BadInputError:
        return None


def _whole(trees: Trees, file: str, stands: str, wanted: str) -> tuple[Edit, bytes | None]:
    content = trees.read(TreeEntry("100644", "blob", wanted), file) if wanted else None
    return Edit(file, "", stands, wanted, blob=stands), content
