"""Which services a plan leaves out until a person decides.

What was undone stays undone, and what someone else released stays released. A version is not released again unasked
while the newest event of its service is its undo. A version in Git that is not the one the last `pulumi up` wrote is
newer than the stack, and is not overwritten. The decision is pure; history is read only for services whose version
would change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import BadInputError, Remedy
from meshroll.gitops.git import FileAuthor, Remote, Transport, fetch_commit, open_cache, retried
from meshroll.gitops.history.events import Event, at, fetch_events, newest_known, version_changes
from meshroll.gitops.history.undone import undone_by
from meshroll.gitops.history.written import Written, last_written
from meshroll.gitops.plans import HoldKind, Plan, ServiceSettings, VersionChange


@dataclass(frozen=True)
class Origin:
    """The commit that put a version into Git or took it out, and its author."""

    author: str
    commit: str
    day: str = ""  # of a release or an undo
    subject: str = ""  # of a commit that is neither


@dataclass(frozen=True)
class ServiceAddress:
    """Where a held service is: in a stack, or without one below a path of a repository."""

    stack: str
    url: str
    branch: str
    path: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hold:
    """Why a service is left as it is, and the operation that a person may run."""

    kind: HoldKind
    service: str
    version: str  # the undone one, or the one in Git
    origin: Origin | None  # None where history does not name it
    remedy: Remedy
    address: ServiceAddress
    reason: str = ""  # of an undo
    written: str = ""  # the version that the last `pulumi up` wrote; empty where that is not known


class HeldError(BadInputError):
    """A service is held, so nothing was committed."""

    def __init__(self, hold: Hold) -> None:
        self.hold = hold
        super().__init__(f"{hold.version} is held ({hold.kind})", where=hold.service)


def decide(
    change: VersionChange,
    events: Sequence[Event],
    *,
    written: str | None = None,
    acknowledged: Collection[str] = (),
    stack: str = "",
) -> tuple[HoldKind, Event | None] | None:
    """Whether a change must wait for a person, and the event that is the reason; None when it may go on.

    `events` are the service's, newest first, down to its newest release at the change's place. `written` is what the
    last `up` wrote there by Pulumi's state, None when that is not known: then the newest release there counts. Commits
    of `up` of this very `stack` that go on from it are `up`'s own too. `acknowledged` are versions that the person who
    asks is known to have seen in Git. Whether `newer-in-git` is `other-in-git` instead depends on the files.
    """
    if change.old == change.new:
        return None
    undone = undone_by(events, change.new, change.path)
    if undone is not None:
        return "undone", undone
    newest = next(iter(at(version_changes(events), change.path)), None)
    known = written if written is not None else newest.new if newest else change.old
    if change.old is None or change.old == known or change.old in acknowledged:
        return None
    if newest is not None and newest.is_undo and newest.new == change.old:
        return None  # the undo put it there, and the desired version is another than the undone one
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
    changing = [change for change in plan.changes if change.moves]
    if not changing:
        return ()
    known = written()

    def read() -> tuple[Hold, ...]:
        with open_cache(remote, cache) as git:
            transport = Transport(git, remote)
            if not fetch_commit(transport, plan.base):
                return ()
            return _holds(transport, plan, changing, known, acknowledged or {})

    return retried(read)


def seen_in(plan: Plan) -> dict[str, set[str]]:
    """The versions that a plan replaces, by service: the person who made it has seen them."""
    seen: dict[str, set[str]] = {}
    for change in plan.changes:
        if change.old:
            seen.setdefault(change.service, set()).add(change.old)
    return seen


def without_held(
    make: Callable[[Collection[str]], Plan], ask: Callable[[Plan], tuple[Hold, ...]]
) -> tuple[Plan, tuple[Hold, ...]]:
    """The plan that `make` makes without the services (given to it) that `ask` answers must wait for a person."""
    plan = make(())
    held = ask(plan)
    return (make({hold.service for hold in held}) if held else plan), held


def unless_undone(plan: Plan) -> Callable[[Transport], None]:
    """A guard for `apply_plan`: raises HeldError where an undo that came in between is the newest event.

    The person who applies a plan has seen what it replaces, so nothing else holds it.
    """
    changing = [change for change in plan.changes if change.moves]
    seen = seen_in(plan)

    def guard(transport: Transport) -> None:
        for hold in _holds(transport, plan, changing, {}, seen) if changing else ():
            raise HeldError(hold)

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
    """`decide` with as much history as it takes."""

    def decided(events: Sequence[Event]) -> tuple[HoldKind, Event | None] | None:
        return decide(change, events, written=state, acknowledged=acknowledged, stack=plan.stack)

    held = decided(events)
    if held is None:
        return None
    kind, event = held
    if kind == "undone" and event is not None:
        return _undone(plan, change, event)
    if state is None:
        return _moved(transport, plan, change, event, written="")

    def wrote(events: Sequence[Event]) -> Written:
        return last_written(events, change.path, stack=plan.stack, state=state)

    if not wrote(events).complete:
        events = fetch_events(transport, {change.service}, plan.scope, lambda found: wrote(found).complete)
        if decided(events) is None:
            return None
    return _moved(transport, plan, change, event, written=wrote(events).version)


def _address(plan: Plan, service: str) -> ServiceAddress:
    if plan.stack:
        return ServiceAddress(plan.stack, plan.url, plan.branch)
    settings = plan.settings.get(service, ())
    own = settings[0] if len(settings) == 1 else ServiceSettings()
    return ServiceAddress("", plan.url, plan.branch, (own.path or "").strip("/"), own.fields or ())


def _undone(plan: Plan, change: VersionChange, event: Event) -> Hold:
    service, version = change.service, change.new or ""
    return Hold(
        "undone",
        service,
        version,
        _origin(event),
        Remedy("retry", service, version),
        _address(plan, service),
        reason=event.reason,
    )


def _moved(transport: Transport, plan: Plan, change: VersionChange, event: Event | None, *, written: str) -> Hold:
    from meshroll.gitops.history.past import changed_by, was_before  # it reads files as planners do

    service, address = change.service, _address(plan, change.service)
    return Hold(
        "other-in-git" if written and not was_before(transport, plan, change, written) else "newer-in-git",
        service,
        change.old or "",
        _origin(event or changed_by(transport, plan, change)),
        Remedy("set-from-git", service),
        address,
        written=written,
    )


def _origin(known: Event | FileAuthor | None) -> Origin | None:
    if isinstance(known, Event):
        return Origin(known.author, known.commit, day=known.day)
    return Origin(known.author, known.commit, subject=known.subject) if known else None
