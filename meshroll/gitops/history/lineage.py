"""How a revision of the branch relates to a commit of ours, and if another version came instead, whose.

Answers that the cache already has cost no journey to the server: a wait asks again and again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from meshroll.errors import BadInputError
from meshroll.gitops.git import (
    TIP,
    Git,
    Remote,
    Transport,
    change_of,
    growing_history,
    is_ancestor,
    is_known,
    open_cache,
    retried,
)
from meshroll.gitops.history.events import events_of

ReadVersions = Callable[[str], Mapping[str, str | None]]
"""The version of each service in a commit, given by its id; None where there is none."""

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = 12


class Relation(Enum):
    """How a revision relates to a commit."""

    BEFORE = "before"  # it is in the commit's past, or the branch as fetched does not have it
    HOLDS = "holds"  # it is the commit, or was made on top of it and has the versions that the commit brought
    OVERTAKEN = "overtaken"  # it was made on top of the commit and has another version of a service
    ELSEWHERE = "elsewhere"  # neither comes before the other: the branch was moved away from the commit


@dataclass(frozen=True)
class Lineage:
    """A relation, and for OVERTAKEN and ELSEWHERE a sentence with the author of the version that came instead."""

    relation: Relation
    sentence: str


def relation(
    remote: Remote,
    revision: str,
    commit: str,
    wanted: Mapping[str, str | None],
    read: ReadVersions,
    *,
    cache: Path | None = None,
) -> Lineage:
    """How a revision relates to a commit that brought the versions `wanted`, by service.

    `read` may open the cache itself. Raises what reaching the repository raises.
    """
    if revision == commit:
        return Lineage(Relation.HOLDS, "")
    if not _COMMIT.fullmatch(revision):  # such as a chart's version
        return Lineage(Relation.BEFORE, "")
    placed = retried(lambda: _placed(remote, revision, commit, cache))
    if placed is Relation.BEFORE:
        return Lineage(placed, "")
    held = read(revision)
    others = {service: version for service, version in wanted.items() if held.get(service) != version}
    if placed is Relation.HOLDS and not others:
        return Lineage(placed, "")
    history = _History(remote, revision, commit, cache)
    came = "; ".join(_came(history, service, wanted[service], held.get(service), read) for service in others)
    if placed is Relation.HOLDS:
        return Lineage(Relation.OVERTAKEN, came)
    gone = f"{commit[:_SHORT]} is no longer in the history of {remote.branch}, which has {revision[:_SHORT]} instead"
    return Lineage(placed, f"{gone}: {came or 'the versions are the same'}")


def _placed(remote: Remote, revision: str, commit: str, cache: Path | None) -> Relation:
    """The relation by history alone: HOLDS for every revision that was made on top of the commit."""
    with open_cache(remote, cache) as git:
        known = _related(git, revision, commit)
        if known is not None:
            return known
        transport = Transport(git, remote)
        if not transport.fetch():
            return Relation.BEFORE
        for _ in growing_history(transport):
            known = _related(git, revision, commit)
            if known is not None:
                return known
            if is_ancestor(git, commit, TIP) and not is_known(git, revision):
                return Relation.BEFORE  # older than all that is fetched, or of a branch that was moved since
        if is_ancestor(git, commit, TIP) or not is_ancestor(git, revision, TIP):
            return Relation.BEFORE
        return Relation.ELSEWHERE


def _related(git: Git, revision: str, commit: str) -> Relation | None:
    if is_ancestor(git, commit, revision):
        return Relation.HOLDS
    return Relation.BEFORE if is_ancestor(git, revision, commit) else None


@dataclass(frozen=True)
class _History:
    """What came to the branch in a revision and not in a commit of ours."""

    remote: Remote
    revision: str
    commit: str
    cache: Path | None

    def commits(self) -> tuple[list[str], str]:
        """The states of the branch from the revision on, newest first, and the one before (empty for none)."""
        with open_cache(self.remote, self.cache) as git:
            past = [f"^{self.commit}"] if is_known(git, self.commit) else []
            listed = git.text("rev-list", "--first-parent", "--parents", self.revision, *past).splitlines()
        lines = [line.split(" ") for line in listed]
        return [commit for commit, *_ in lines], "".join(lines[-1][1:2])

    def author(self, commit: str, service: str, version: str | None) -> str:
        """Who brought a version with a commit: by its trailers, or those of what it merged, else its author."""
        with open_cache(self.remote, self.cache) as git:
            _, *parents = git.text("rev-list", "--no-walk", "--parents", commit).split(" ")
            for event in events_of(git, commit, *(f"^{parent}" for parent in parents[:1])):
                if (event.service, event.new) == (service, version) and event.old != event.new:
                    did = "undone by " if event.is_undo else ""
                    why = f": {event.reason}" if event.reason else ""
                    return f"{did}{event.author} in {event.commit[:_SHORT]} at {event.day}{why}"
            return str(change_of(git, commit))


def _came(history: _History, service: str, wanted: str | None, held: str | None, read: ReadVersions) -> str:
    """That a service has another version than the commit brought, and by whom where it came after the commit."""

    def has(commit: str) -> bool:
        try:
            return read(commit).get(service) == held
        except BadInputError:  # what was wrong with it then is not this question
            return False

    what = f"{service} {held or 'without a version'} came instead of {wanted or 'none'}"
    commits, before = retried(history.commits)
    first = commits[last_with(commits, has)]
    if first == commits[-1] and before not in ("", history.commit) and has(before):
        return f"{what}, as it was before"
    return f"{what}: {retried(lambda: history.author(first, service, held))}"


def last_with(commits: Sequence[str], has: Callable[[str], bool]) -> int:
    """The index of a commit that has what the first one has, and whose successor has not, or that is the last.

    By halves, since each look reads files.
    """
    having, lacking = 0, len(commits)
    while lacking - having > 1:
        middle = (having + lacking) // 2
        if has(commits[middle]):
            having = middle
        else:
            lacking = middle
    return having
