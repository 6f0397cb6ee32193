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
from meshroll.gitops.git import DEFAULT_BRANCH, Remote, Transport, open_cache, retried
from meshroll.gitops.history.events import Event, at, fetch_events, moves, newest_known
from meshroll.gitops.history.past import changed_by, was_before
from meshroll.gitops.history.undone import undone_by
from meshroll.gitops.history.written import Written, last_written
from meshroll.gitops.plans import Finding, Plan, VersionChange

HoldKind = Literal["undone", "newer-in-git", "other-in-git"]


@dataclass(frozen=True)
class Hold:
    """Why a service is left as it is."""

    kind: HoldKind
    service: str
    message: str  # a sentence that names the service, a commit, who and when

    @property
    def finding(self) -> Finding:
        """The same in a plan."""
        return Finding(self.kind, self.message.removeprefix(f"{self.service}: "), self.service)


def decide(
    change: VersionChange,
    events: Sequence[Event],
    *,
    written: str | None = None,
    acknowledged: Collection[str] = (),
    stack: str = "",
) -> tuple[HoldKind, Event | None] | None:
    """Whether a change must wait for a person, and the event that says so; None when it may go on.

    `events` are the service's, newest first, down to its newest release at the change's place. `written` is what the
    last `up` wrote there by Pulumi's state, None when nobody knows: then the newest release there tells. Commits of
    `up` of this very `stack` that go on from it are `up`'s own too. `acknowledged` are versions that the one who asks
    is known to have seen in Git. Whether `newer-in-git` is `other-in-git` instead is for the files to say.
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
    if written is not None:
        wrote = last_written(events, change.path, stack=stack, state=written)
        if wrote.newest and wrote.version == change.old:
            return None
    return "newer-in-git", newest if newest is not None and newest.new == change.old else None


def find_holds(
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
    """`find_holds` for a branch just fetched."""
    names = {change.service for change in changing}
    places = [(change.service, change.path) for change in changing]
    events = fetch_events(transport, names, plan.scope, newest_known(places))
    found = []
    for change in changing:
        own = [event for event in events if event.service == change.service]
        seen, state = acknowledged.get(change.service, ()), written.get(change.service)
        if hold := _hold(transport, plan, change, own, state=state, acknowledged=seen):
            found.append(hold)
    return tuple(dict.fromkeys(found))


def _hold(
    transport: Transport,
    plan: Plan,
    change: VersionChange,
    events: Sequence[Event],
    *,
    state: str | None,
    acknowledged: Collection[str],
) -> Hold | None:
    """`decide` with as much history as it takes, in words."""

    def decided(events: Sequence[Event]) -> tuple[HoldKind, Event | None] | None:
        return decide(change, events, written=state, acknowledged=acknowledged, stack=plan.stack)

    held = decided(events)
    if held is None:
        return None
    kind, event = held
    if kind == "undone" and event is not None:
        return _undone(plan, change, event)
    if state is None:
        return _moved(transport, plan, change, event, wrote="")

    def wrote(events: Sequence[Event]) -> Written:
        return last_written(events, change.path, stack=plan.stack, state=state)

    if not wrote(events).told:
        events = fetch_events(transport, {change.service}, plan.scope, lambda found: wrote(found).told)
        if decided(events) is None:
            return None
    return _moved(transport, plan, change, event, wrote=wrote(events).version)


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


def _undone(plan: Plan, change: VersionChange, event: Event) -> Hold:
    service = change.service
    why = f": {event.reason}" if event.reason else ""
    by = f"by {event.author} in {event.commit[:12]} at {event.day}{why}"
    again = f"`meshroll retry {service} {change.new}{_option(plan, change)}` releases it again"
    return Hold("undone", service, f"{service}: {change.new} was undone {by}; {again}")


def _moved(transport: Transport, plan: Plan, change: VersionChange, event: Event | None, *, wrote: str) -> Hold:
    """`wrote` is what `up` wrote last, empty where nobody knows."""
    service, up = change.service, "`pulumi up`"
    if event is not None:
        by = f"{event.author} in {event.commit[:12]} at {event.day}"
    else:
        by = str(changed_by(transport, plan, change) or "someone")
    way = (
        f"`meshroll set --from-git {service}{_option(plan, change)}` and then {up} bring the stack in line, "
        "and the next version goes on from there"
    )
    if wrote and not was_before(transport, plan, change, wrote):
        gone = f"{wrote}, which {up} wrote last, is no longer in the history of {plan.branch}"
        said = f"Git holds {change.old}, and {gone}: {change.old} was put there by {by}"
        return Hold("other-in-git", service, f"{service}: {said}; {way}")
    than = f" than {wrote}, which {up} wrote last" if wrote else ""
    return Hold("newer-in-git", service, f"{service}: Git holds {change.old}, newer{than}: {by}; {way}")
