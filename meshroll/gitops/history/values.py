"""Addressed values in several states of a repository, and the edits that return them to an earlier one.

An address is a file and a place in it by names (see `named_pointers`), or the whole file for what Meshroll rendered. A
whole file that nobody touched since is returned whole; in one that somebody did, the values that the release changed
are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from meshroll.errors import BadInputError
from meshroll.gitops.git import TreeEntry, Trees
from meshroll.gitops.plans import Edit, anchor, locate
from meshroll.yamltext import Text, parse

Address = tuple[str, str]
"""A file and an anchor in it; the empty anchor is the whole file."""

Values = Mapping[Address, str]
"""A scalar's text, or a whole file's blob."""

CommitValues = tuple[Values, Values]
"""The addressed values before and after a commit."""

Moved = Callable[[Address], None]


@dataclass(frozen=True)
class _ValueChange:
    """How some commits changed one value: what it was first, and what they left."""

    first: str | None  # None where there was nothing; of a whole file that is the empty blob
    last: str | None
    whole: bool  # each commit began with what the one before it had left


def returned(
    trees: Trees, tree: str, commits: Sequence[CommitValues], now: Values, moved: Moved
) -> Iterator[tuple[Edit, bytes | None]]:
    """The edits that return what the commits (oldest first) changed, each with a whole file's content.

    `moved` is called with a value that is neither as the commits left it nor back already; its edit is made as well.
    """
    for (file, place), change in _value_changes(commits).items():
        current = now.get((file, place), "")
        if place:
            yield from _scalar(trees, tree, (file, place), change, moved)
        elif current == change.first:
            continue
        elif current == change.last and change.whole:
            yield _whole(trees, file, current, change.first or "")
        else:
            yield from _inside(trees, tree, file, commits, moved, whole=(current, change.first or ""))


def as_it_was(trees: Trees, tree: str, edit: Edit) -> Edit:
    """An edit with the characters that stand for its new value in a tree, where its place has that value there."""
    entry = trees.find(tree, edit.file)
    try:
        text = parse(trees.read(entry, edit.file), edit.file) if entry is not None and entry.is_file else None
        pointer = locate(text, edit.anchor) if text is not None else None
        scalar = text.scalar(pointer) if text is not None and pointer is not None else None
    except BadInputError:
        return edit
    if scalar is None or scalar.text != edit.new or not scalar.source.isprintable():  # a block keeps its lines anyway
        return edit
    return replace(edit, written=scalar.source)


def scalars(content: bytes, file: str) -> dict[Address, str]:
    """Every scalar of a file by its address. Raises BadInputError for what is not YAML."""
    text = parse(content, file)
    return {(file, anchor(text, scalar.pointer)): scalar.text for scalar in text.scalars()}


def _value_changes(commits: Sequence[CommitValues]) -> dict[Address, _ValueChange]:
    changes: dict[Address, _ValueChange] = {}
    for before, after in commits:
        for address in sorted({*before, *after}):
            nothing = None if address[1] else ""
            one, other = before.get(address, nothing), after.get(address, nothing)
            known = changes.get(address)
            if one == other:
                continue
            changes[address] = (
                _ValueChange(known.first, other, known.whole and known.last == one)
                if known
                else _ValueChange(one, other, True)
            )
    return changes


def _inside(
    trees: Trees, tree: str, file: str, commits: Sequence[CommitValues], moved: Moved, *, whole: tuple[str, str]
) -> Iterator[tuple[Edit, bytes | None]]:
    """The values of a file that somebody else changed too; one that came or went as a whole stays whole."""
    blobs = [(before.get((file, ""), ""), after.get((file, ""), "")) for before, after in commits]
    inner: list[CommitValues] = []
    for before, after in blobs:
        one, other = _parsed(trees, before, file), _parsed(trees, after, file)
        if one is None or other is None or (before != after and one.keys() != other.keys()) or not whole[0]:
            moved((file, ""))
            yield _whole(trees, file, *whole)
            return
        inner.append((one, other))
    for address, change in _value_changes(inner).items():
        yield from _scalar(trees, tree, address, change, moved)


def _parsed(trees: Trees, blob: str, file: str) -> dict[Address, str] | None:
    try:
        return scalars(trees.read(TreeEntry("100644", "blob", blob), file), file) if blob else None
    except BadInputError:
        return None


def _scalar(
    trees: Trees, tree: str, address: Address, change: _ValueChange, moved: Moved
) -> Iterator[tuple[Edit, bytes | None]]:
    file, place = address
    entry = trees.find(tree, file)
    text = parse(trees.read(entry, file), file) if entry is not None and entry.is_file else None
    pointer = locate(text, place) if text is not None else None
    found = _text(text, pointer)
    if entry is None or text is None or pointer is None or found is None or change.first is None:
        moved(address)
        return
    if found == change.first:
        return
    if found != change.last:
        moved(address)
    yield Edit(file, pointer, found, change.first, line=text.line(pointer), blob=entry.oid, anchor=place), None


def _text(text: Text | None, pointer: str | None) -> str | None:
    try:
        return text.scalar(pointer).text if text is not None and pointer is not None else None
    except BadInputError:
        return None


def _whole(trees: Trees, file: str, current: str, wanted: str) -> tuple[Edit, bytes | None]:
    content = trees.read(TreeEntry("100644", "blob", wanted), file) if wanted else None
    return Edit(file, "", current, wanted, blob=current), content
