"""Whose word on a service's version stands: what was undone stays undone, what someone else released stays released.

A version whose undo is the newest word on the service is not released again unasked. A version in Git that is not the
one the last `pulumi up` wrote is somebody's newer word, and is not overwritten. The decision is pure; history is read
only for services whose version would change.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from meshroll.errors import BadInputError
from meshroll.gitops.cache import open_cache, retried
from meshroll.gitops.events import Event, at, fetch_events, moves, newest_known
from meshroll.gitops.history import Change, last_change
from meshroll.gitops.plan import Finding, Plan, VersionChange
from meshroll.gitops.remote import DEFAULT_BRANCH, Remote
from meshroll.gitops.rendered import version_in
from meshroll.gitops.replay import value_at
from meshroll.gitops.scope import related
from meshroll.gitops.transport import Transport

Kind = Literal["undone", "newer-in-git"]


@dataclass(frozen=True)
class Hold:
    """Why a service is left as it is."""

    kind: Kind
    service: str
    message: str  # a sentence that names the service, a commit, who and when

    @property
    def finding(self) -> Finding:
        """The same in a plan."""
        return Finding(self.kind, self.message.removeprefix(f"{self.service}: "), self.service)


def decide(
    change: VersionChange, events: Sequence[Event], *, written: str | None = None, acknowledged: Collection[str] = ()
) -> tuple[Kind, Event | None] | None:
    """Whether a change must wait for a person, and the event that says so; None when it may go on.

    `events` are the service's, newest first, down to its newest release at the change's place. `written` is what the
    last `up` wrote there, None when nobody knows: then the newest release there tells. `acknowledged` are versions that
    the one who asks is known to have seen in Git.
    """
    if change.old == change.new:
        return None
    undone = undone_by(events, change.new, change.path)
    if undone is not None:
        return "undone", undone
    newest = next(iter(at(moves(events), change.path)), None)
    known = written if written is not None else newest.new if newest else change.old
    if change.old is None or change.old == known or change.old in acknowledged:
        return None
    if newest is not None and newest.is_undo and newest.new == change.old:
        return None  # the undo put it there, and the wish is another version than the undone one
    return "newer-in-git", newest if newest is not None and newest.new == change.old else None


def holds(
    remote: Remote,
    plan: Plan,
    *,
    written: Callable[[], Mapping[str, str]] = dict,
    acknowledged: Mapping[str, Collection[str]] | None = None,
    cache: Path | None = None,
) -> tuple[Hold, ...]:
    """What of a plan must wait for a person; a plan that changes no version asks for nothing.

    `written` answers the versions by service that the last `up` wrote at the plan's place.
    """
    changing = [change for change in plan.changes if change.old != change.new]
    if not changing:
        return ()
    known = written()

    def read() -> tuple[Hold, ...]:
        with open_cache(remote, cache) as git:
            transport = Transport(git, remote)
            if not transport.fetch():
                return ()
            return _holds(transport, plan, changing, known, acknowledged or {})

    return retried(read)


def seen_in(plan: Plan) -> dict[str, set[str]]:
    """The versions that a plan replaces, by service: who made it by hand has seen them."""
    seen: dict[str, set[str]] = {}
    for change in plan.changes:
        if change.old:
            seen.setdefault(change.service, set()).add(change.old)
    return seen


def without_held(
    make: Callable[[Collection[str]], Plan], ask: Callable[[Plan], tuple[Hold, ...]]
) -> tuple[Plan, tuple[Hold, ...]]:
    """The plan that `make` makes without the services (given to it) that `ask` says must wait for a person."""
    plan = make(())
    held = ask(plan)
    return (make({hold.service for hold in held}) if held else plan), held


def unless_undone(plan: Plan) -> Callable[[Transport], None]:
    """A guard for `apply_plan`: raises BadInputError where an undo that came in between is the newest word.

    Who applies a plan has seen what it replaces, so nothing else holds it.
    """
    changing = [change for change in plan.changes if change.old != change.new]
    seen = seen_in(plan)

    def guard(transport: Transport) -> None:
        if changing:
            refuse(_holds(transport, plan, changing, {}, seen))

    return guard


def _holds(
    transport: Transport,
    plan: Plan,
    changing: Sequence[VersionChange],
    written: Mapping[str, str],
    acknowledged: Mapping[str, Collection[str]],
) -> tuple[Hold, ...]:
    """`holds` for a branch just fetched."""
    names = {change.service for change in changing}
    places = [(change.service, change.path) for change in changing]
    events = fetch_events(transport, names, plan.scope, newest_known(places))
    found = []
    for change in changing:
        own = [event for event in events if event.service == change.service]
        seen, known = acknowledged.get(change.service, ()), written.get(change.service)
        decided = decide(change, own, written=known, acknowledged=seen)
        if decided is not None:
            found.append(_hold(transport, plan, change, decided, written=known))
    return tuple(dict.fromkeys(found))


def _option(plan: Plan, change: VersionChange) -> str:
    """What a command must be told to act on the same."""
    if plan.stack:
        return f" -s {plan.stack}"
    decided = plan.settings.get(change.service)
    decided = decided if isinstance(decided, dict) else {}
    words = ["--repository", plan.url]
    words += ["--branch", plan.branch] if plan.branch != DEFAULT_BRANCH else []
    words += ["--path", decided.get("path", "").strip("/")]
    words += [word for field in decided.get("fields", ()) for word in ("--field", field)]
    return f" {shlex.join(words)}"


def refuse(held: Iterable[Hold]) -> None:
    """Raise BadInputError for the first of what must wait for a person."""
    for hold in held:
        raise BadInputError(hold.message)


def undone_by(events: Sequence[Event], version: str | None, place: str) -> Event | None:
    """The undo of a service's version that stands for a place; `events` are newest first.

    It stands until a newer release comes to this place or to its own, or brings the undone version anywhere.
    """
    later: list[Event] = []
    for event in moves(events):
        if event.is_undo:
            if event.old == version and not at(later, event.path):
                return event
        elif event.new == version or related(event.path, place):
            return None
        else:
            later.append(event)
    return None


def undone_at(events: Sequence[Event], place: str) -> tuple[str, ...]:
    """The versions of one service whose undo is the newest word at a place."""
    there = at(events, place)
    versions = dict.fromkeys(event.old for event in there if event.is_undo and event.old)
    return tuple(version for version in versions if undone_by(there, version, place))


def _hold(
    transport: Transport,
    plan: Plan,
    change: VersionChange,
    decided: tuple[Kind, Event | None],
    *,
    written: str | None,
) -> Hold:
    kind, event = decided
    service, option = change.service, _option(plan, change)
    if kind == "undone" and event is not None:
        why = f": {event.reason}" if event.reason else ""
        by = f"by {event.author} in {event.commit[:12]} at {event.day}{why}"
        again = f"`meshroll retry {service} {change.new}{option}` releases it again"
        return Hold(kind, service, f"{service}: {change.new} was undone {by}; {again}")
    if event is not None:
        by = f"{event.author} in {event.commit[:12]} at {event.day}"
    else:
        by = str(_changed_by(transport, plan, service) or "someone")
    than = f" than {written}, which `pulumi up` wrote last" if written else ""
    line = f"`meshroll set --from-git {service}{option}` brings the stack file in line"
    return Hold(kind, service, f"{service}: Git holds {change.old}, newer{than}: {by}; {line}")


def _changed_by(transport: Transport, plan: Plan, service: str) -> Change | None:
    """Who last changed the version, not merely the file that holds it."""
    for edit in plan.edits:
        if edit.service != service:
            continue
        if not edit.whole:
            return last_change(transport, edit.file, lambda one, other: value_at(one, edit) == value_at(other, edit))  # noqa: B023
        if version_in(plan.contents.get(edit.file, b""), service) is not None:
            return last_change(
                transport, edit.file, lambda one, other: version_in(one, service) == version_in(other, service)
            )
    return None
