"""Releases as history has them: which are in effect, which were undone, and which a rollback is to undo.

Events that bring one version to several places are one release, whether in one commit or in commits that follow each
other, and from whichever version each place came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from meshroll.errors import BadInputError, Parameter, Phrase, Remedy
from meshroll.gitops.history.events import Event, at, version_changes
from meshroll.gitops.plans import Scope, VersionChange, related

ReleaseEvents = tuple[Event, ...]
"""The events of one release, newest first: the same version came to every place."""

NONE = "-"  # no version at all
SHORT = 12  # characters of a commit's id
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class RollbackTarget:
    """The releases to undo, newest first, or why there is nothing to do."""

    releases: tuple[ReleaseEvents, ...] = ()
    note: Phrase = ""


def releases_of(events: Sequence[Event]) -> tuple[ReleaseEvents, ...]:
    """The releases of one service that are in effect somewhere, newest first.

    A change without another version is not a release.
    """
    in_effect: list[list[Event]] = []
    for group in _grouped(reversed(version_changes(events))):
        if group[0].is_undo:
            in_effect = _without(in_effect, group)
        elif in_effect and all(_continues(in_effect[-1], event) for event in group):
            in_effect[-1] += group
        else:
            in_effect.append(group)
    return tuple(tuple(reversed(release)) for release in reversed(in_effect))


def _without(in_effect: Sequence[list[Event]], undo: Sequence[Event]) -> list[list[Event]]:
    """What is still in effect after an undo, which undoes its release and all above it at its own places."""
    first = _undone_from(in_effect, undo)
    places = Scope(paths=tuple(event.path for event in undo))
    left = [[event for event in release if not places.holds(event.path)] for release in in_effect[first:]]
    return [*in_effect[:first], *(release for release in left if release)]


def _grouped(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Events, oldest first, in groups that make the same change to several places in one commit."""
    group: list[Event] = []
    for event in events:
        alike = group and (group[0].commit, group[0].is_undo) == (event.commit, event.is_undo)
        if alike and (_undoes_alike(group, event) if event.is_undo else _continues(group, event)):
            group.append(event)
            continue
        if group:
            yield group
        group = [event]
    if group:
        yield group


def _continues(release: Sequence[Event], event: Event) -> bool:
    """Whether an event brings a release's version to one more place, or the same change to one again."""
    if release[0].new != event.new:
        return False
    return all(event.old == other.old for other in at(release, event.path))


def _undoes_alike(group: Sequence[Event], event: Event) -> bool:
    return group[0].old == event.old and not at(group, event.path)


def _undone_from(in_effect: Sequence[Sequence[Event]], undo: Sequence[Event]) -> int:
    """Where the undone release is: named by commit or plan, else the top one if its versions fit."""
    befores, changes = {event.new for event in undo}, {(event.new, event.old) for event in undo}
    for index in reversed(range(len(in_effect))):
        release = in_effect[index]
        known = any(event.commit in undo[0].undoes or event.plan in undo[0].undone_plans for event in release)
        if known and any(event.old in befores for event in release):
            return index
    fits = bool(in_effect) and any((event.old, event.new) in changes for event in in_effect[-1])
    return len(in_effect) - 1 if fits else len(in_effect)


def choose(events: Sequence[Event], service: str, to: str, *, over_newer: bool) -> RollbackTarget:
    """Which releases to undo: the newest, or those back to a version or commit. Raises BadInputError."""
    target = _chosen(events, service, to, over_newer=over_newer)
    _refuse_part_of_a_commit(events, target.releases, service)
    return target


def undone_last(events: Sequence[Event]) -> tuple[ReleaseEvents, ...]:
    """The releases that an undo undid, when it is the newest event: in effect again if the undo itself is undone."""
    newest = next(iter(version_changes(events)), None)
    if newest is None or not newest.is_undo:
        return ()
    before = releases_of([event for event in events if event.commit != newest.commit])
    after = releases_of(events)
    return tuple(release for release in before if release not in after)


def reverse_changes(service: str, events: Sequence[Event]) -> tuple[VersionChange, ...]:
    """For each place the change from its newest version back to its first one; `events` are newest first."""
    changes: dict[str, VersionChange] = {}
    for event in events:
        place = next((known for known in changes if related(event.path, known)), event.path)
        newest = changes[place].old if place in changes else event.new
        changes[place] = VersionChange(service, newest, event.old, place)
    return tuple(changes[path] for path in sorted(changes))


def _chosen(events: Sequence[Event], service: str, to: str, *, over_newer: bool) -> RollbackTarget:
    in_effect = releases_of(events)
    newest = next(iter(version_changes(events)), None)
    if newest is None:
        raise BadInputError(f"there is no release of {service} in the history", expected="a service released before")
    if not to:
        if newest.is_undo and not (in_effect and in_effect[0][0].new == newest.old):  # it may be elsewhere
            done = f"{newest.old} was undone by {newest.author} in {newest.commit[:SHORT]} at {newest.day}"
            return RollbackTarget(note=(f"{service}: nothing to do: {done}; ", Parameter("to"), " goes further back"))
        return RollbackTarget(in_effect[:1])
    if _is_newest(events, to):
        return RollbackTarget(
            note=f"{service}: nothing to do: {newest.new} is already its newest version ({newest.commit[:SHORT]})"
        )
    chosen = _back_to(events, in_effect, to)
    if chosen is None:
        known = ", ".join(dict.fromkeys(event.old or "-" for release in in_effect for event in release))
        one_of: Phrase = (f"one of {known}, or a commit of ", Remedy("history", service))
        raise BadInputError(
            f"{to} is not what {service} was before a release in effect",
            where=Parameter("to"),
            expected=one_of if known else "a release to undo",
        )
    if not chosen:
        return RollbackTarget(note=f"{service}: nothing to do: no release in effect is newer than {to}")
    by_hand = next((event for release in chosen for event in release if event.by_hand), None)
    if by_hand and not over_newer:
        raise BadInputError(
            f"{service}: {by_hand.old} -> {by_hand.new} was changed by hand, by {by_hand.author} in "
            f"{by_hand.commit[:SHORT]}, and would be undone too",
            expected=(Parameter("over_newer"), " to undo it"),
        )
    if len(chosen) > 1 and not over_newer:
        top, last = chosen[0][0], chosen[-1][0]
        raise BadInputError(
            f"{service}: a newer release, {top.old} -> {top.new} by {top.author} in {top.commit[:SHORT]}, "
            f"lies on top of {last.old} -> {last.new}",
            expected=(Parameter("over_newer"), " to undo them all"),
        )
    return RollbackTarget(chosen)


def _is_newest(events: Sequence[Event], to: str) -> bool:
    """Whether a version is the newest at every place, or a commit the newest of all."""
    changes = version_changes(events)
    newest = [event for index, event in enumerate(changes) if not at(changes[:index], event.path)]
    by_commit = bool(_COMMIT.fullmatch(to)) and newest[0].commit.startswith(to)
    return by_commit or all((event.new or NONE) == to for event in newest)


def _back_to(events: Sequence[Event], in_effect: Sequence[ReleaseEvents], to: str) -> tuple[ReleaseEvents, ...] | None:
    """The releases after a version or commit, newest first; None where history has neither."""
    for index, release in enumerate(in_effect):
        if any((event.old or NONE) == to for event in release):
            return tuple(in_effect[: index + 1])
    changes = version_changes(events)
    named = [index for index, event in enumerate(changes) if _COMMIT.fullmatch(to) and event.commit.startswith(to)]
    if not named:
        return None
    newer = changes[: named[0]]
    parts = (tuple(event for event in release if event in newer) for release in in_effect)
    return tuple(part for part in parts if part)


def _refuse_part_of_a_commit(events: Sequence[Event], chosen: Sequence[ReleaseEvents], service: str) -> None:
    """A commit that several releases were squashed into is only undone whole: what was between them is not in Git."""
    commits = {event.commit for release in chosen for event in release}
    ours = [event for release in chosen for event in release]
    same = [event for release in releases_of(events) for event in release if event.commit in commits]
    others = [event for event in same if event not in ours and at(ours, event.path)]
    if others:
        raise BadInputError(
            f"it holds several releases of {service}: "
            + ", ".join(f"{e.old or '-'} -> {e.new or '-'}" for e in same if e.commit == others[0].commit),
            where=f"commit {others[0].commit[:SHORT]}",
            expected=(
                Parameter("to", others[-1].old or "COMMIT"),
                " ",
                Parameter("over_newer"),
                ", which undoes all of them",
            ),
        )
