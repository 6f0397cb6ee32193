"""The undo of releases, planned value by value and made as a new commit.

What a release changed is read from the commits themselves: each addressed value before and after. It is returned where
it still stands as the release left it; every other byte, of the same file or of other services, stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops.git import (
    Git,
    Remote,
    Transport,
    Trees,
    deeper,
    last_change,
    open_cache,
    retried,
    tree_of,
    unified,
)
from meshroll.gitops.history.events import Event, fetch_events
from meshroll.gitops.history.releases import NONE, Release, choose, undone_last, ways_back
from meshroll.gitops.history.values import Address, Values, returned
from meshroll.gitops.planners import DesiredVersion, blobs, canaries_below, canaries_changed, texts
from meshroll.gitops.plans import Edit, Plan, Scope, Undo, related, replay_edits, value_at
from meshroll.settings.fields import parse_field

Locate = Callable[[Git, Trees, str, Event], Values]
"""The addressed values of a service in a tree, where an event says that it changed them."""


def locator(service: str, *, adopted: bool) -> Locate:
    """Where a release changed values: at its fields, or without any at those found anyway; or the files rendered."""

    def located(git: Git, trees: Trees, tree: str, event: Event) -> Values:
        if not adopted:
            return blobs(trees, tree, event.path, service)
        try:
            fields = tuple(parse_field(word) for word in event.fields)
        except BadInputError as error:
            where = f"commit {event.commit[:12]}"
            raise BadInputError(f"its trailer names no field: {error.what}", where=where) from None
        return texts(git, trees, tree, event.path, DesiredVersion(service, "", fields))

    return located


@dataclass(frozen=True)
class Rollback:
    """A plan that takes releases back, and what its commit says of them. Nothing to do has no edits."""

    plan: Plan
    undo: Undo
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
    """The way back of a service at the scope's places: from its newest release, or to a version or commit.

    Raises BadInputError when there is no such release, or a newer one lies on top of it and `over_newer` is not given;
    ConflictError when a value is no longer as the release left it (`over_newer` returns it all the same).
    """

    def work() -> Rollback:
        with open_cache(remote, cache) as git:
            transport = Transport(git, remote)
            head = transport.fetch()
            events = fetch_events(transport, {service}, scope, lambda _: False) if head else ()
            events = tuple(event for event in events if scope.holds(event.path))
            target = choose(events, service, to, over_newer=over_newer)
            empty = Plan(remote.url, remote.branch, head, (), (), "", stack=scope.stack)

            def back(releases: Sequence[Release], *, over_newer: bool) -> Rollback:
                return _planned(
                    transport, empty, service, locate, releases, to=to, over_newer=over_newer, reason=reason
                )

            if target.releases:
                return back(target.releases, over_newer=over_newer)
            nothing = Rollback(empty, Undo((), (), ()), target.note)
            undone = undone_last(events)
            if undone:
                # Somebody may have taken the undo back by hand: what it undid stands again, and only the values tell.
                with suppress(BadInputError, ConflictError):
                    again = back(undone, over_newer=False)
                    return again if again.plan.edits else nothing
            return nothing

    return retried(work)


def _planned(
    transport: Transport,
    empty: Plan,
    service: str,
    locate: Locate,
    releases: Sequence[Release],
    *,
    to: str,
    over_newer: bool,
    reason: str,
) -> Rollback:
    git = transport.git
    trees = Trees(git)
    tree = tree_of(git, empty.base)
    commits = list(dict.fromkeys(event.commit for release in releases for event in release))
    parents = _parents(transport, commits)

    def values(tree: str, own: Sequence[Event]) -> Values:
        return {address: text for event in own for address, text in locate(git, trees, tree, event).items()}

    events = [event for release in releases for event in release]
    steps = []
    for commit in reversed(commits):
        own = [event for event in events if event.commit == commit]
        before = values(tree_of(git, parents[commit]), own)
        after = values(tree_of(git, commit), own)
        if before == after:
            raise BadInputError(f"it changes no value of {service}", where=f"commit {commit[:12]}")
        steps.append((before, after))
    now = values(tree, events)
    edits: list[Edit] = []
    contents: dict[str, bytes] = {}
    moved: list[Address] = []
    for edit, content in returned(trees, tree, steps, now, moved.append):
        edits.append(replace(edit, service=service))
        if content is not None:
            contents[edit.file] = content
    lost = [address for address in moved if address not in {(edit.file, edit.anchor) for edit in edits}]
    if lost:
        file, pointer = lost[0]
        was = "held no text before" if lost[0] in now else "is not there any more"
        raise ConflictError(
            f"what the release of {service} changed {was}",
            where=f"{file} {pointer}".strip(),
            expected="it to be returned by hand",
        )
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
    _refuse_to_leave_nothing(service, edits, events, to)
    if not edits:
        return Rollback(empty, Undo((), (), ()), f"{service}: nothing to do: its values are back already")
    plan = replace(
        empty,
        edits=tuple(sorted(edits)),
        changes=ways_back(service, events),
        contents=contents,
        settings={service: {"undo": commits}},
    )
    changed = replay_edits(trees, tree, plan)
    found = canaries_changed(trees, tree, changed, service, undone=len(releases))
    if not found and not any(edit.whole for edit in edits):
        paths = {event.path for event in events}
        found = canaries_below(git, trees, tree, paths, service, undone=len(releases))
    plan = replace(plan, diff=unified(git, trees, tree, changed), timeline=tuple(found))
    undo = Undo(
        steps=tuple(step for release in releases for step in ways_back(service, release)),
        commits=tuple(commits),
        plans=tuple(dict.fromkeys(event.plan for release in releases for event in release if event.plan)),
        reason=reason,
    )
    return Rollback(plan, undo)


def _refuse_to_leave_nothing(service: str, edits: Sequence[Edit], events: Sequence[Event], to: str) -> None:
    """The way back of a first release removes its files: only when that is said."""
    removed = [edit.file for edit in edits if edit.whole and not edit.new]
    for event in events:
        gone = next((file for file in removed if related(file, event.path)), None)
        if event.old is None and gone and to != NONE:
            raise BadInputError(
                f"{service}: {event.new} by {event.author} in {event.commit[:12]} is its first release, "
                f"and undoing it removes {gone}",
                expected=f"--to {NONE}, if that is meant",
            )


def _parents(transport: Transport, commits: Sequence[str]) -> Mapping[str, str]:
    """The first parent of each commit, empty for a first commit; more history is fetched where it is the edge."""
    for edge in deeper(transport):
        if not edge.intersection(commits):
            break
    lines = transport.git.text("rev-list", "--no-walk=unsorted", "--parents", *commits).splitlines()
    pairs = (line.split(" ") for line in lines)
    return {commit: (parents or [""])[0] for commit, *parents in pairs}
