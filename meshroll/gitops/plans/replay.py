"""A plan's edits computed anew on the newest commit of the branch.

What counts is the addressed value: as planned, it is changed; already as desired, it is left alone; anything else is
somebody's newer change. A scalar in a file that moved is found by its anchor, so that it is the same one as planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops.git import TreeEntry, Trees, blob_of
from meshroll.gitops.plans.model import Edit, Plan
from meshroll.gitops.plans.named_pointers import locate
from meshroll.yamltext import Text, Written, parse, replace_scalars

FILE_MODE = "100644"


class MovedError(Exception):
    """An edit's place does not hold what was planned; `found` is what it holds, None for nothing."""

    def __init__(self, edit: Edit, found: str | None, place: str, *, exact: bool = False) -> None:
        super().__init__(place)
        self.edit = edit
        self.found = found
        self.place = place
        self.exact = exact  # the value is as planned, but not the file


def replay_edits(trees: Trees, tree: str, plan: Plan) -> dict[str, tuple[str, str] | None]:
    """Mode and blob of each file to change, None to remove it; empty when nothing is left to do. Raises MovedError."""
    changes: dict[str, tuple[str, bytes] | None] = {}
    by_file = {file: list(edits) for file, edits in groupby(sorted(plan.edits), key=lambda edit: edit.file)}
    trees.load_folders((tree, file) for file in by_file)
    found = {file: trees.find(tree, file) for file in by_file}
    trees.read_ahead(entry for file, entry in found.items() if entry and entry.is_file and not by_file[file][0].whole)
    for file, edits in by_file.items():
        entry = found[file]
        if edits[0].whole:
            change, done = _whole(plan, edits[0], entry)
        else:
            change, done = _scalars(trees, plan, edits, entry)
        if not done:
            changes[file] = change
    trees.store_all(change[1] for change in changes.values() if change)
    return {file: change and (change[0], blob_of(change[1])) for file, change in changes.items()}


def value_at(content: bytes, edit: Edit) -> str | None:
    """The text of an edit's scalar in some state of its file; None where there is none."""
    try:
        text = parse(content, edit.file)
        return _found(text, _pointer(text, edit))
    except BadInputError:
        return None


def _whole(plan: Plan, edit: Edit, entry: TreeEntry | None) -> tuple[tuple[str, bytes] | None, bool]:
    current = entry.oid if entry is not None else ""
    if current == edit.new:
        return None, True
    if current != edit.old:
        raise MovedError(edit, current or None, edit.file)
    if not edit.new:
        return None, False
    content = plan.contents.get(edit.file, b"")
    if blob_of(content) != edit.new:
        raise ConflictError("what is rendered now is not what was planned", where=edit.file, expected="a new plan")
    return (entry.mode if entry else FILE_MODE, content), False


def _scalars(
    trees: Trees, plan: Plan, edits: Sequence[Edit], entry: TreeEntry | None
) -> tuple[tuple[str, bytes] | None, bool]:
    if entry is None or not entry.is_file:
        raise MovedError(edits[0], None, edits[0].file)
    content = trees.read(entry, edits[0].file)
    text = parse(content, edits[0].file)
    wanted: dict[str, str | Written] = {}
    for edit in edits:
        pointer = edit.pointer if entry.oid == edit.blob else _pointer(text, edit)
        found = _found(text, pointer)
        if pointer is None or found not in (edit.old, edit.new):
            raise MovedError(edit, found, text.place(pointer) if found is not None and pointer else edit.file)
        wanted[pointer] = edit.new if edit.written is None else Written(edit.new, edit.written)
    new = replace_scalars(content, wanted, edits[0].file)
    if new == content:
        return None, True
    if plan.exact and entry.oid != edits[0].blob:
        raise MovedError(edits[0], edits[0].old, edits[0].file, exact=True)
    return (entry.mode, new), False


def _pointer(text: Text, edit: Edit) -> str | None:
    return locate(text, edit.anchor) if edit.anchor else edit.pointer


def _found(text: Text, pointer: str | None) -> str | None:
    if pointer is None or pointer not in text:
        return None
    try:
        return text.scalar(pointer).text
    except BadInputError:
        return None
