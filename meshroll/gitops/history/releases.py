"""Releases as history tells them: which stand, which were undone, and which an undo means.

Events that bring one version to several places are one release, whether in one commit or in commits that follow each
other, and from whichever version each place came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from meshroll.errors import BadInputError
from meshroll.gitops.history.events import Event, at, moves
from meshroll.gitops.plans import Scope, VersionChange, related

Release = tuple[Event, ...]
"""The events of one release, newest first: the same version came to every place."""

NONE = "-"  # no version at all
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class RollbackTarget:
    """What `--to` means: the releases to undo, newest first, or why there is nothing to do."""

    releases: tuple[Release, ...] = ()
    note: str = ""


def releases_of(events: Sequence[Event]) -> tuple[Release, ...]:
    """The releases of one service that stand somewhere, newest first; a change without another version is none."""
    standing: list[list[Event]] = []
    for word in _words(reversed(moves(events))):
        if word[0].is_undo:
            standing = _without(standing, word)
        elif standing and all(_continues(standing[-1], event) for event in word):
            standing[-1] += word
        else:
            standing.append(word)
    return tuple(tuple(reversed(release)) for release in reversed(standing))


def _without(standing: Sequence[list[Event]], undo: Sequence[Event]) -> list[list[Event]]:
    """What still stands after an undo: it takes its release and all above it back, at its own places."""
    first = _undone_from(standing, undo)
    places = Scope(paths=tuple(event.path for event in undo))
    left = [[event for event in release if not places.holds(event.path)] for release in standing[first:]]
    return [*standing[:first], *(release for release in left if release)]


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
    return all(event.old == other.old for other in at(release, event.path))


def _undoes_alike(word: Sequence[Event], event: Event) -> bool:
    return word[0].old == event.old and not at(word, event.path)


def _undone_from(standing: Sequence[Sequence[Event]], undo: Sequence[Event]) -> int:
    """Where the undone release is: named by commit or plan, else the top one if its versions fit."""
    befores, ways = {event.new for event in undo}, {(event.new, event.old) for event in undo}
    for index in reversed(range(len(standing))):
        release = standing[index]
        known = any(event.commit in undo[0].undoes or event.plan in undo[0].undone_plans for event in release)
        if known and any(event.old in befores for event in release):
            return index
    fits = bool(standing) and any((event.old, event.new) in ways for event in standing[-1])
    return len(standing) - 1 if fits else len(standing)


def choose(events: Sequence[Event], service: str, to: str, *, over_newer: bool) -> RollbackTarget:
    """Which releases to undo. Raises BadInputError."""
    target = _chosen(events, service, to, over_newer=over_newer)
    _refuse_part_of_a_commit(events, target.releases, service)
    return target


def undone_last(events: Sequence[Event]) -> tuple[Release, ...]:
    """The releases that the newest undo took back, when it is the newest word: they stand again if it is taken back."""
    newest = next(iter(moves(events)), None)
    if newest is None or not newest.is_undo:
        return ()
    before = releases_of([event for event in events if event.commit != newest.commit])
    after = releases_of(events)
    return tuple(release for release in before if release not in after)


def ways_back(service: str, events: Sequence[Event]) -> tuple[VersionChange, ...]:
    """For each place the way from its newest version to what stood there first; `events` are newest first."""
    ways: dict[str, VersionChange] = {}
    for event in events:
        place = next((known for known in ways if related(event.path, known)), event.path)
        newest = ways[place].old if place in ways else event.new
        ways[place] = VersionChange(service, newest, event.old, place)
    return tuple(ways[path] for path in sorted(ways))


def _chosen(events: Sequence[Event], service: str, to: str, *, over_newer: bool) -> RollbackTarget:
    standing = releases_of(events)
    newest = next(iter(moves(events)), None)
    if newest is None:
        raise BadInputError(f"there is no release of {service} in the history", expected="a service released before")
    if not to:
        if newest.is_undo and not (standing and standing[0][0].new == newest.old):  # elsewhere it may still stand
            done = f"{newest.old} was undone by {newest.author} in {newest.commit[:12]} at {newest.day}"
            return RollbackTarget(note=f"{service}: nothing to do: {done}; --to goes further back")
        return RollbackTarget(standing[:1])
    if _is_newest(events, to):
        return RollbackTarget(
            note=f"{service}: nothing to do: {newest.new} is the newest word on it ({newest.commit[:12]})"
        )
    chosen = _back_to(events, standing, to)
    if chosen is None:
        known = ", ".join(dict.fromkeys(event.old or "-" for release in standing for event in release))
        raise BadInputError(
            f"{to} is not what {service} was before a release that stands",
            where="--to",
            expected=f"one of {known}, or a commit of `meshroll history {service}`" if known else "a release to undo",
        )
    if not chosen:
        return RollbackTarget(note=f"{service}: nothing to do: nothing that is newer than {to} stands")
    if len(chosen) > 1 and not over_newer:
        top, last = chosen[0][0], chosen[-1][0]
        raise BadInputError(
            f"{service}: a newer release, {top.old} -> {top.new} by {top.author} in {top.commit[:12]}, lies on top of "
            f"{last.old} -> {last.new}",
            expected="--over-newer to undo them all",
        )
    return RollbackTarget(chosen)


def _is_newest(events: Sequence[Event], to: str) -> bool:
    """Whether a version is the newest word at every place, or a commit the newest of all."""
    words = moves(events)
    newest = [event for index, event in enumerate(words) if not at(words[:index], event.path)]
    by_commit = bool(_COMMIT.fullmatch(to)) and newest[0].commit.startswith(to)
    return by_commit or all((event.new or NONE) == to for event in newest)


def _back_to(events: Sequence[Event], standing: Sequence[Release], to: str) -> tuple[Release, ...] | None:
    for index, release in enumerate(standing):
        if any((event.old or NONE) == to for event in release):
            return tuple(standing[: index + 1])
    words = moves(events)
    said = [index for index, event in enumerate(words) if _COMMIT.fullmatch(to) and event.commit.startswith(to)]
    if not said:
        return None
    newer = words[: said[0]]
    parts = (tuple(event for event in release if event in newer) for release in standing)
    return tuple(part for part in parts if part)


def _refuse_part_of_a_commit(events: Sequence[Event], chosen: Sequence[Release], service: str) -> None:
    """A commit that several releases were squashed into is only undone whole: what stood between them is not in Git."""
    commits = {event.commit for release in chosen for event in release}
    ours = [event for release in chosen for event in release]
    same = [event for release in releases_of(events) for event in release if event.commit in commits]
    others = [event for event in same if event not in ours and at(ours, event.path)]
    if others:
        raise BadInputError(
            f"it holds several releases of {service}: "
            + ", ".join(f"{e.old or '-'} -> {e.new or '-'}" for e in same if e.commit == others[0].commit),
            where=f"commit {others[0].commit[:12]}",
            expected=f"--to {others[-1].old or 'COMMIT'} --over-newer, which undoes all of them",
        )
