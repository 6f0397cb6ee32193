"""The undo of releases, planned value by value and made as a new commit.

What a release changed is read from the commits themselves: each addressed value before and after. It is returned where
it still stands as the release left it; every other byte, of the same file or of other services, stays. Releases of one
version that follow each other, one a cluster's folder, are one release here, from whichever version each cluster came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops.adopted import Wish, texts
from meshroll.gitops.cache import open_cache, retried
from meshroll.gitops.command import Git
from meshroll.gitops.diff import unified
from meshroll.gitops.events import Event, fetch_events
from meshroll.gitops.history import deeper, last_change
from meshroll.gitops.message import Undo
from meshroll.gitops.plan import Edit, Plan, VersionChange
from meshroll.gitops.remote import Remote
from meshroll.gitops.rendered import blobs
from meshroll.gitops.replay import replay, value_at
from meshroll.gitops.scope import Scope
from meshroll.gitops.transport import Transport
from meshroll.gitops.trees import Trees, tree_of
from meshroll.gitops.values import Address, Values, returned

Release = tuple[Event, ...]
"""The events of one release, newest first: the same version came to every place."""

Locate = Callable[[Git, Trees, str], Values]
"""The addressed values of the service in a tree."""

_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def locator(paths: Sequence[str], wish: Wish, *, adopted: bool) -> Locate:
    """Where a service's values are below some paths (one a cluster's folder): its fields, or the files rendered."""

    def located(git: Git, trees: Trees, tree: str) -> Values:
        found: dict[Address, str] = {}
        for path in paths:
            found |= texts(git, trees, tree, path, wish) if adopted else blobs(trees, tree, path, wish.service)
        return found

    return located


@dataclass(frozen=True)
class Rollback:
    """A plan that takes releases back, and what its commit says of them. Nothing to do has no edits."""

    plan: Plan
    undo: Undo
    note: str = ""


@dataclass(frozen=True)
class Target:
    """What `--to` means: the releases to undo, newest first, or why there is nothing to do."""

    releases: tuple[Release, ...] = ()
    note: str = ""


def plan_rollback(
    remote: Remote,
    service: str,
    locate: Locate,
    *,
    scope: Scope,
    to: str = "",
    over_newer: bool = False,
    reason: str = "",
    cache: Path | None = None,
) -> Rollback:
    """The way back of a service: from its newest release, or to a version or commit.

    Raises BadInputError when there is no such release, or a newer one lies on top of it and `over_newer` is not given;
    ConflictError when a value is no longer as the release left it (`over_newer` returns it all the same).
    """

    def work() -> Rollback:
        with open_cache(remote, cache) as git:
            transport = Transport(git, remote)
            head = transport.fetch()
            events = fetch_events(transport, {service}, scope, lambda _: False) if head else ()
            target = choose(events, service, to, over_newer=over_newer)
            empty = Plan(remote.url, remote.branch, head, (), (), "", stack=scope.stack)
            if not target.releases:
                return Rollback(empty, Undo((), (), ()), target.note)
            _refuse_part_of_a_commit(events, target.releases, service)
            return _planned(transport, empty, service, locate, target.releases, over_newer=over_newer, reason=reason)

    return retried(work)


def _refuse_part_of_a_commit(events: Sequence[Event], chosen: Sequence[Release], service: str) -> None:
    """A commit that several releases were squashed into is only undone whole: what stood between them is not in Git."""
    commits = {event.commit for release in chosen for event in release}
    ours = {event for release in chosen for event in release}
    others = [e for e in events if e.commit in commits and e not in ours and e.service == service and e.old != e.new]
    if others:
        raise BadInputError(
            f"it holds several releases of {service}: "
            + ", ".join(f"{e.old or '-'} -> {e.new or '-'}" for e in events if e.commit == others[0].commit),
            where=f"commit {others[0].commit[:12]}",
            expected=f"--to {others[-1].old or 'COMMIT'} --over-newer, which undoes all of them",
        )


def releases_of(events: Sequence[Event]) -> tuple[Release, ...]:
    """The releases of one service that stand, newest first; a change without another version is none."""
    standing: list[list[Event]] = []
    for word in _words(reversed([event for event in events if event.old != event.new])):
        if word[0].is_undo:
            del standing[_undone_from(standing, word) :]
        elif standing and all(_continues(standing[-1], event) for event in word):
            standing[-1] += word
        else:
            standing.append(word)
    return tuple(tuple(reversed(release)) for release in reversed(standing))


def _words(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Events, oldest first, that say one thing of several places in one commit."""
    word: list[Event] = []
    for event in events:
        alike = word and (word[0].commit, word[0].is_undo) == (event.commit, event.is_undo)
        if alike and (_undoes_alike(word, event) if event.is_undo else _continues(word, event)):
            word.append(event)
            continue
        if word:
            yield word
        word = [event]
    if word:
        yield word


def _continues(release: Sequence[Event], event: Event) -> bool:
    """Whether an event brings a release's version to one more place, or the same change to one again."""
    if release[0].new != event.new:
        return False
    return all(event.path != other.path or event.old == other.old for other in release)


def _undoes_alike(word: Sequence[Event], event: Event) -> bool:
    return word[0].old == event.old and event.path not in [other.path for other in word]


def _undone_from(standing: Sequence[Sequence[Event]], undo: Sequence[Event]) -> int:
    """Where the undone release is: named by commit or plan, else the top one if its versions fit."""
    ways = {(event.new, event.old) for event in undo}
    named = undo[0]
    for index in reversed(range(len(standing))):
        release = standing[index]
        known = any(event.commit in named.undoes or event.plan in named.undone_plans for event in release)
        if known and {event.old for event in release} & {old for old, _ in ways}:
            return index
    fits = bool(standing) and any((event.old, event.new) in ways for event in standing[-1])
    return len(standing) - 1 if fits else len(standing)


def choose(events: Sequence[Event], service: str, to: str, *, over_newer: bool) -> Target:
    """Which releases to undo. Raises BadInputError."""
    standing = releases_of(events)
    newest = next((event for event in events if event.old != event.new), None)
    if newest is None:
        raise BadInputError(f"there is no release of {service} in the history", expected="a service released before")
    if not to:
        if newest.is_undo:
            done = f"{newest.old} was undone by {newest.author} in {newest.commit[:12]} at {newest.day}"
            return Target(note=f"{service}: nothing to do: {done}; --to goes further back")
        return Target(standing[:1])
    if to == newest.new or (_COMMIT.fullmatch(to) and newest.commit.startswith(to)):
        return Target(note=f"{service}: nothing to do: {newest.new} is the newest word on it ({newest.commit[:12]})")
    chosen = _back_to(standing, to)
    if chosen is None:
        known = ", ".join(dict.fromkeys(event.old or "-" for release in standing for event in release))
        raise BadInputError(
            f"{to} is not what {service} was before a release that stands",
            where="--to",
            expected=f"one of {known}, or a commit of `meshroll history {service}`" if known else "a release to undo",
        )
    if len(chosen) > 1 and not over_newer:
        top, last = chosen[0][0], chosen[-1][0]
        raise BadInputError(
            f"{service}: a newer release, {top.old} -> {top.new} by {top.author} in {top.commit[:12]}, lies on top of "
            f"{last.old} -> {last.new}",
            expected="--over-newer to undo them all",
        )
    return Target(chosen)


def _back_to(standing: Sequence[Release], to: str) -> tuple[Release, ...] | None:
    for index, release in enumerate(standing):
        if any(event.old == to for event in release):
            return tuple(standing[: index + 1])
        if index and _COMMIT.fullmatch(to) and any(event.commit.startswith(to) for event in release):
            return tuple(standing[:index])
    return None


def _planned(
    transport: Transport,
    empty: Plan,
    service: str,
    locate: Locate,
    releases: Sequence[Release],
    *,
    over_newer: bool,
    reason: str,
) -> Rollback:
    git = transport.git
    trees = Trees(git)
    tree = tree_of(git, empty.base)
    commits = list(dict.fromkeys(event.commit for release in releases for event in release))
    parents = _parents(transport, commits)

    def values(commit: str) -> Values:
        return locate(git, trees, tree_of(git, commit))

    steps = [(values(parents[commit]) if parents[commit] else {}, values(commit)) for commit in reversed(commits)]
    if all(before == after for before, after in steps):
        raise BadInputError(f"it changes no value of {service}", where=f"commit {commits[0][:12]}")
    now = values(empty.base)
    edits: list[Edit] = []
    contents: dict[str, bytes] = {}
    moved: list[Address] = []
    for edit, content in returned(trees, tree, steps, now, moved.append):
        edits.append(replace(edit, service=service))
        if content is not None:
            contents[edit.file] = content
    if moved and not over_newer:
        file, pointer = moved[0]
        at = Edit(file, pointer, "", "", anchor=pointer)
        by = last_change(
            transport, file, (lambda one, other: value_at(one, at) == value_at(other, at)) if pointer else None
        )
        raise ConflictError(
            f"it is not as the release of {service} left it" + (f": changed by {by}" if by else ""),
            where=f"{file} {pointer}".strip(),
            expected="--over-newer to return it all the same",
        )
    if not edits:
        return Rollback(empty, Undo((), (), ()), f"{service}: nothing to do: its values are back already")
    plan = replace(
        empty,
        edits=tuple(sorted(edits)),
        changes=_ways_back(service, [event for release in releases for event in release]),
        contents=contents,
        settings={service: {"undo": commits}},
    )
    plan = replace(plan, diff=unified(git, trees, tree, replay(trees, tree, plan)))
    undo = Undo(
        steps=tuple(step for release in releases for step in _ways_back(service, release)),
        commits=tuple(commits),
        plans=tuple(dict.fromkeys(event.plan for release in releases for event in release if event.plan)),
        reason=reason,
    )
    return Rollback(plan, undo)


def _ways_back(service: str, events: Sequence[Event]) -> tuple[VersionChange, ...]:
    """For each place the way from its newest version to what stood there first; `events` are newest first."""
    ways: dict[str, VersionChange] = {}
    for event in events:
        new = ways[event.path].old if event.path in ways else event.new
        ways[event.path] = VersionChange(service, new, event.old, event.path)
    return tuple(ways[path] for path in sorted(ways))


def _parents(transport: Transport, commits: Sequence[str]) -> Mapping[str, str]:
    """The first parent of each commit, empty for a first commit; more history is fetched where it is the edge."""
    for edge in deeper(transport):
        if not edge.intersection(commits):
            break
    lines = transport.git.text("rev-list", "--no-walk=unsorted", "--parents", *commits).splitlines()
    pairs = (line.split(" ") for line in lines)
    return {commit: (parents or [""])[0] for commit, *parents in pairs}
