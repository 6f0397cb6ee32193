"""Questions about the past of the branch, answered from as little of it as possible.

A new cache holds one commit; history is fetched in growing steps and only when one of these questions comes up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from meshroll.errors import BadInputError
from meshroll.gitops.git.process import Git
from meshroll.gitops.git.transport import TIP, Transport
from meshroll.gitops.git.trees import TreeEntry, Trees, root_of
from meshroll.text import one_line

DEPTHS = (16, 256, 4096, 0)
BATCH = 64

Same = Callable[[bytes, bytes], bool]
"""Whether two states of a file are the same for the question."""


@dataclass(frozen=True)
class FileAuthor:
    """Who last changed a file."""

    commit: str
    author: str
    subject: str

    def __str__(self) -> str:
        return f"{self.author} in {self.commit[:12]} ({self.subject})"


def is_ancestor(git: Git, ancestor: str, commit: str) -> bool:
    """Whether a commit is another one or in its past, as far as the cache knows the past."""
    return git.run("merge-base", "--is-ancestor", ancestor, commit).code == 0


def is_known(git: Git, commit: str) -> bool:
    """Whether the cache has a commit, given by its id."""
    return git.has_commit(commit)


def fetch_commit(transport: Transport, commit: str = "") -> str:
    """A commit of the branch, brought into the cache; without an id the newest one, and empty without any ref.

    One that the cache has already is not asked of the server. Raises BadInputError for one that the branch lacks.
    """
    if not commit:
        return transport.fetch()
    if not is_known(transport.git, commit):
        known = transport.fetch() and any(is_known(transport.git, commit) for _ in growing_history(transport))
        if not known:
            raise _not_in_the_past(transport, commit)
    return commit


def fetch_base(transport: Transport, at: str | None) -> str:
    """The commit that a plan is made on: the newest one for None, else a commit of the branch, or empty for none."""
    return transport.fetch() if at is None else at and fetch_commit(transport, at)


def check_past(transport: Transport, commit: str) -> None:
    """Raise BadInputError unless a commit is in the past of the branch as it was fetched; empty is before all."""
    if not commit:
        return
    for _ in growing_history(transport):
        if is_known(transport.git, commit) and is_ancestor(transport.git, commit, TIP):
            return
    raise _not_in_the_past(transport, commit)


def last_change(transport: Transport, file: str, same: Same | None = None) -> FileAuthor | None:
    """The newest commit of the fetched branch that changed a file, or what `same` says is looked at in it."""
    for edge in growing_history(transport):
        commit = _last_change(transport.git, file, edge, same)
        if commit:
            return change_of(transport.git, commit)
    return None


def change_of(git: Git, commit: str) -> FileAuthor:
    """A commit of the cache with its author and subject."""
    found = git.commit(commit)
    subject = " ".join(str(found.message).lstrip("\n").partition("\n\n")[0].split("\n"))
    return FileAuthor(commit, one_line(found.author.name or ""), one_line(subject.strip()))


def _last_change(git: Git, file: str, edge: frozenset[str], same: Same | None) -> str:
    """Follow the parent that holds the same file. Folders may be missing here, so Git's own limit to a path may not."""
    lines = [line.split(" ") for line in git.text("rev-list", "--topo-order", "--parents", TIP).splitlines()]
    parents = {commit: rest for commit, *rest in lines}
    order = [commit for commit, *_ in lines]
    trees, known = Trees(git), 0
    found: dict[str, TreeEntry | None] = {}

    def at(commit: str) -> TreeEntry | None:
        nonlocal known
        while commit not in found:
            batch = order[known : known + BATCH]
            known += BATCH
            roots = {each: root_of(content) for each, (_, content) in git.objects(batch).items()}
            trees.load_folders([(root, file) for root in roots.values()])
            found.update((each, file_at(trees, root, file)) for each, root in roots.items())
        return found[commit]

    def alike(one: TreeEntry | None, other: TreeEntry | None) -> bool:
        if one == other or same is None or one is None or other is None:
            return one == other
        trees.read_ahead((one, other))
        return same(trees.read(one, file), trees.read(other, file))

    commit = order[0]
    while commit not in edge:
        before = next((parent for parent in parents[commit] if alike(at(parent), at(commit))), "")
        if not before:
            return commit if parents[commit] or at(commit) is not None else ""
        commit = before
    return ""


def file_at(trees: Trees, root: str, file: str) -> TreeEntry | None:
    """What stood at a path in a tree of the past, None where nothing did that can be read."""
    try:
        return trees.find(root, file)
    except BadInputError:  # what was in the way then does not matter now
        return None


def growing_history(transport: Transport) -> Iterator[frozenset[str]]:
    """Fetch more history each time; yields the commits at its edge, whose parents are not known yet."""
    edge = _edge(transport.git)
    yield edge
    for depth in DEPTHS:
        if not edge:
            return
        transport.deepen(depth)
        edge = _edge(transport.git)
        yield edge


def _edge(git: Git) -> frozenset[str]:
    try:
        return frozenset((git.directory / "shallow").read_text().split())
    except FileNotFoundError:
        return frozenset()


def _not_in_the_past(transport: Transport, commit: str) -> BadInputError:
    what = f"{commit[:12]} is not in the history of {transport.remote.branch}"
    return BadInputError(what, where=transport.remote.where)
