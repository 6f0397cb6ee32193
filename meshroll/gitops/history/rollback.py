"""The undo of releases, planned value by value and made as a new commit.

What a release changed is read from the commits themselves: each addressed value before and after. It is returned where
it is still as the release left it; every other byte, of the same file or of other services, stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from meshroll.errors import BadInputError, ConflictError, Parameter, Phrase
from meshroll.gitops.git import (
    Git,
    Remote,
    Transport,
    Trees,
    last_change,
    open_cache,
    retried,
    tree_of,
    unified,
)
from meshroll.gitops.history.by_hand import with_changes_by_hand
from meshroll.gitops.history.events import Event, fetch_events
from meshroll.gitops.history.releases import NONE, SHORT, ReleaseEvents, choose, reverse_changes, undone_last
from meshroll.gitops.history.values import Address, CommitValues, Values, as_it_was, returned
from meshroll.gitops.planners import DesiredVersion, blobs, canaries_below, canaries_changed, texts
from meshroll.gitops.plans import Edit, Finding, Plan, Scope, ServiceSettings, Undo, related, replay_edits, value_at
from meshroll.settings.fields import parse_field

Locate = Callable[[Git, Trees, str, Event], Values]
"""The addressed values of a service in a tree, at the place and fields of an event."""

ReadValues = Callable[[str, Sequence[Event]], Values]
"""The same in a tree for several events."""


def locator(service: str, *, adopted: bool) -> Locate:
    """Where a release changed values: at its fields, or without any at those found anyway; or the files rendered."""

    def located(git: Git, trees: Trees, tree: str, event: Event) -> Values:
        if not adopted:
            return blobs(trees, tree, event.path, service)
        try:
            fields = tuple(parse_field(text) for text in event.fields)
        except BadInputError as error:
            where = f"commit {event.commit[:SHORT]}"
            raise BadInputError(f"its trailer does not name a field: {error.what}", where=where) from None
        return texts(git, trees, tree, event.path, DesiredVersion(service, "", fields))

    return located


@dataclass(frozen=True)
class Rollback:
    """A plan that undoes releases, and what its commit's trailers name; without edits where there is nothing to do."""

    plan: Plan
    undo: Undo
    note: Phrase = ""  # why there is nothing to do


@dataclass(frozen=True)
class _Request:
    """What a person asked for."""

    service: str
    locate: Locate
    to: str
    over_newer: bool
    reason: str


@dataclass(frozen=True)
class _Undone:
    """The releases to undo, newest first."""

    releases: Sequence[ReleaseEvents]

    @property
    def events(self) -> list[Event]:
        """All of them, newest first."""
        return [event for release in self.releases for event in release]

    @property
    def commits(self) -> tuple[str, ...]:
        """The commits of all, each once."""
        return tuple(dict.fromkeys(event.commit for event in self.events))

    @property
    def parents(self) -> dict[str, str]:
        """The commit before each of them, oldest first; empty for a first one."""
        return {event.commit: event.parent for event in reversed(self.events)}


@dataclass(frozen=True)
class _Returned:
    """The edits that return the values, whole files' contents, and the values that others changed since."""

    edits: tuple[Edit, ...]
    contents: Mapping[str, bytes]
    moved: tuple[Address, ...]


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
    """The undo of a service's newest release at the scope's places, or of all back to a version or commit (`to`).

    Raises BadInputError when there is no such release, or a newer one lies on top of it and `over_newer` is not given;
    ConflictError when a value is no longer as the release left it (`over_newer` returns it all the same).
    """
    request = _Request(service, locate, to, over_newer, reason)

    def work() -> Rollback:
        with open_cache(remote, cache) as git:
            transport = Transport(git, remote)
            head = transport.fetch()
            events = fetch_events(transport, {service}, scope, lambda _: False) if head else ()
            events = tuple(event for event in events if scope.holds(event.path))
            if to and events:
                events = with_changes_by_hand(git, head, events, partial(_clear, git, locate))
            target = choose(events, service, to, over_newer=over_newer)
            empty = Plan(remote.url, remote.branch, head, (), (), "", stack=scope.stack)
            if target.releases:
                return _planned(transport, empty, request, _Undone(target.releases))
            nothing = Rollback(empty, Undo((), (), ()), target.note)
            if undone := undone_last(events):
                # Somebody may have reverted the undo by hand: what it undid is in effect, and only the values show it.
                with suppress(BadInputError, ConflictError):
                    again = _planned(transport, empty, replace(request, over_newer=False), _Undone(undone))
                    return again if again.plan.edits else nothing
            return nothing

    return retried(work)


def _clear(git: Git, locate: Locate, commit: str, event: Event) -> Values:
    """The addressed values of an event in a commit; none where they are not clear."""
    try:
        return locate(git, Trees(git), tree_of(git, commit), event)
    except BadInputError:
        return {}


def _planned(transport: Transport, empty: Plan, request: _Request, undone: _Undone) -> Rollback:
    git, service = transport.git, request.service
    trees = Trees(git)
    tree = tree_of(git, empty.base)

    def read(tree: str, events: Sequence[Event]) -> Values:
        located = (request.locate(git, trees, tree, event) for event in events)
        return {address: text for values in located for address, text in values.items()}

    before = {commit: tree_of(git, parent) for commit, parent in undone.parents.items()}
    commits = _commit_values(git, read, service, undone, before)
    now = read(tree, undone.events)
    found = _returned(trees, tree, commits, now, service)
    _refuse_lost(service, found, now)
    if not request.over_newer:
        _refuse_moved(transport, service, found)
    if request.to != NONE:
        _refuse_to_remove(service, found, undone)
    if not found.edits:
        return Rollback(empty, Undo((), (), ()), f"{service}: nothing to do: its values are back already")
    plan = replace(
        empty,
        edits=tuple(_as_it_was(trees, before.values(), edit) for edit in found.edits),
        changes=reverse_changes(service, undone.events),
        contents=found.contents,
        findings=tuple(_by_hand(event) for event in undone.events if event.by_hand),
        settings={service: (ServiceSettings(undo=undone.commits),)},
    )
    return Rollback(_with_diff(git, trees, tree, plan, service, undone), _undo(service, undone, request.reason))


def _commit_values(
    git: Git, read: ReadValues, service: str, undone: _Undone, before: Mapping[str, str]
) -> list[CommitValues]:
    """The addressed values before and after each commit, oldest first. Raises BadInputError for one without any.

    `before` has the tree before each commit, oldest first.
    """
    values = []
    for commit, tree in before.items():
        own = [event for event in undone.events if event.commit == commit]
        then, after = read(tree, own), read(tree_of(git, commit), own)
        if then == after:
            raise BadInputError(f"it changes no value of {service}", where=f"commit {commit[:SHORT]}")
        values.append((then, after))
    return values


def _returned(trees: Trees, tree: str, commits: Sequence[CommitValues], now: Values, service: str) -> _Returned:
    moved: list[Address] = []
    pairs = [
        (replace(edit, service=service), content) for edit, content in returned(trees, tree, commits, now, moved.append)
    ]
    contents = {edit.file: content for edit, content in pairs if content is not None}
    return _Returned(tuple(sorted(edit for edit, _ in pairs)), contents, tuple(moved))


def _as_it_was(trees: Trees, before: Iterable[str], edit: Edit) -> Edit:
    """The edit of a scalar with the characters that stood there before the oldest release that changed it."""
    found = (as_it_was(trees, tree, edit) for tree in before)
    return edit if edit.whole else next((each for each in found if each.written is not None), edit)


def _refuse_lost(service: str, found: _Returned, now: Values) -> None:
    """Raise ConflictError for a value that has no place any more."""
    edited = {(edit.file, edit.anchor) for edit in found.edits}
    lost = next((address for address in found.moved if address not in edited), None)
    if lost is not None:
        was = "held no value before" if lost in now else "is not there any more"
        raise ConflictError(
            f"what the release of {service} changed {was}",
            where=" ".join(lost).strip(),
            expected="it to be returned by hand",
        )


def _refuse_moved(transport: Transport, service: str, found: _Returned) -> None:
    """Raise ConflictError for a value that somebody changed after the release."""
    if not found.moved:
        return
    file, pointer = found.moved[0]
    place = Edit(file, pointer, "", "", anchor=pointer)

    def same(one: bytes, other: bytes) -> bool:
        return value_at(one, place) == value_at(other, place)

    by = last_change(transport, file, same if pointer else None)
    raise ConflictError(
        f"it is not as the release of {service} left it" + (f": changed by {by}" if by else ""),
        where=f"{file} {pointer}".strip(),
        expected=(Parameter("over_newer"), " to return it all the same"),
    )


def _refuse_to_remove(service: str, found: _Returned, undone: _Undone) -> None:
    """Raise BadInputError where the undo of a first release would remove its files, which nobody asked for."""
    removed = [edit.file for edit in found.edits if edit.whole and not edit.new]
    for event in undone.events:
        gone = next((file for file in removed if related(file, event.path)), None)
        if event.old is None and gone:
            raise BadInputError(
                f"{service}: {event.new} by {event.author} in {event.commit[:SHORT]} is its first release, "
                f"and undoing it removes {gone}",
                expected=(Parameter("to", NONE), ", if that is meant"),
            )


def _with_diff(git: Git, trees: Trees, tree: str, plan: Plan, service: str, undone: _Undone) -> Plan:
    """The plan with its diff and the canaries of what it puts in place."""
    changed = replay_edits(trees, tree, plan)
    releases = len(undone.releases)
    canaries = canaries_changed(trees, tree, changed, service, undone=releases)
    if not canaries and not any(edit.whole for edit in plan.edits):
        paths = {event.path for event in undone.events}
        canaries = canaries_below(git, trees, tree, paths, service, undone=releases)
    return replace(plan, diff=unified(git, trees, tree, changed), timeline=tuple(canaries))


def _by_hand(event: Event) -> Finding:
    what = f"{event.old} -> {event.new} by {event.author} in {event.commit[:SHORT]}"
    return Finding("by-hand", f"the change by hand {what} is undone too", event.service, event.path)


def _undo(service: str, undone: _Undone, reason: str) -> Undo:
    return Undo(
        changes=tuple(change for release in undone.releases for change in reverse_changes(service, release)),
        commits=undone.commits,
        plans=tuple(dict.fromkeys(event.plan for event in undone.events if event.plan)),
        reason=reason,
    )
