"""What the branch's history has of one version at one place: who put it there, and whether it was there before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

from meshroll.gitops.git import TIP, FileAuthor, Git, Transport, Trees, file_at, growing_history, last_change, root_of
from meshroll.gitops.history.events import at, events_of
from meshroll.gitops.planners import version_in
from meshroll.gitops.plans import Edit, Plan, VersionChange, related, value_at

BATCHES = (64, 1024)  # commits whose folders are asked for at once: most questions end with the first

Holds = Callable[[bytes], bool]
"""Whether a file's content holds the version that is looked for."""


def changed_by(transport: Transport, plan: Plan, change: VersionChange) -> FileAuthor | None:
    """Who last changed the version that a plan changes, not merely the file that holds it."""
    for edit in _edits(plan, change):
        if not edit.whole:
            return last_change(transport, edit.file, lambda one, other: value_at(one, edit) == value_at(other, edit))  # noqa: B023
        if version_in(plan.contents.get(edit.file, b""), change.service) is not None:
            return last_change(
                transport,
                edit.file,
                lambda one, other: version_in(one, change.service) == version_in(other, change.service),
            )
    return None


def was_before(transport: Transport, plan: Plan, change: VersionChange, version: str) -> bool:
    """Whether a version was in the branch before the one that a plan changes: by a release or undo, or in the files.

    `transport` has the branch just fetched; older history is fetched until the answer is yes or there is no more.
    """
    files = list(_looks(plan, change, version))
    seen: set[str] = set()
    for _ in growing_history(transport):
        for event in at(events_of(transport.git, TIP), change.path):
            covered = event.service == change.service and plan.scope.covers(event.stack, event.path)
            if covered and version in (event.old, event.new):
                return True
        listed = transport.git.text("rev-list", "--topo-order", TIP).splitlines()
        commits = [commit for commit in listed if commit not in seen]
        if any(_held(transport.git, commits, file, holds) for file, holds in files):
            return True
        seen.update(commits)
    return False


def _edits(plan: Plan, change: VersionChange) -> list[Edit]:
    own = [edit for edit in plan.edits if edit.service == change.service]
    return [edit for edit in own if related(edit.file, change.path)] or own  # a field may name a file elsewhere


def _looks(plan: Plan, change: VersionChange, version: str) -> Iterator[tuple[str, Holds]]:
    """The files that hold the version, and how each would hold another one."""
    for edit in _edits(plan, change):
        if not edit.whole:
            yield edit.file, partial(_reads, edit, _instead(edit.old, change.old or "", version))
        elif version_in(plan.contents.get(edit.file, b""), change.service) is not None:
            yield edit.file, lambda content: version_in(content, change.service) == version


def _reads(edit: Edit, texts: Collection[str], content: bytes) -> bool:
    return value_at(content, edit) in texts


def _instead(text: str, old: str, new: str) -> frozenset[str]:
    """A text with a version in the place of another one, wherever that may be in it, as in `v1-alpine`."""
    starts = [start for start in range(len(text)) if old and text.startswith(old, start)]
    return frozenset(text[:start] + new + text[start + len(old) :] for start in starts)


def _held(git: Git, commits: Sequence[str], file: str, holds: Holds) -> bool:
    """Whether a file was so in one of some commits."""
    trees = Trees(git)
    known: set[str] = set()
    for start, end in _batches(len(commits)):
        roots = [root_of(content) for _, content in git.objects(commits[start:end]).values()]
        trees.load_folders([(root, file) for root in roots])
        for root in roots:
            entry = file_at(trees, root, file)
            if entry is not None and entry.is_file and entry.oid not in known:
                known.add(entry.oid)
                if holds(trees.read(entry, file)):
                    return True
    return False


def _batches(count: int) -> Iterator[tuple[int, int]]:
    start, size = 0, BATCHES[0]
    while start < count:
        yield start, min(count, start + size)
        start, size = start + size, BATCHES[1]
