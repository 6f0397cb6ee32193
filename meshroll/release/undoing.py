"""Releases looked back on, undone, and made again: at a target, which is a stack's repository or another one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from meshroll.errors import BadInputError, Parameter, Remedy
from meshroll.gitops.history import (
    Event,
    Rollback,
    locator,
    newest_known,
    plan_rollback,
    read_events,
    undone_at,
    undone_by,
)
from meshroll.gitops.planners import plan_adopted
from meshroll.gitops.plans import Applied, Plan, apply_plan, joined
from meshroll.release import planning
from meshroll.release.selection import only_service
from meshroll.release.stack import from_stack, release_groups
from meshroll.release.target import Target
from meshroll.release.waves import WAVE, check_one_wave, moved_applications, releases_of_wave
from meshroll.settings.model import Stack


def newest_events(target: Target, service: str | None, limit: int) -> tuple[Event, ...]:
    """The newest releases and undos, of all services or of one, as many as the limit; 0 is all."""
    events = read_events(
        target.remote,
        services=(service,) if service else (),
        scope=target.scope,
        enough=lambda found: bool(limit) and len(found) >= limit,
    )
    return events[:limit] if limit else events


def plan_undo(target: Target, service: str, *, to: str, over_newer: bool, reason: str) -> Rollback:
    """The undo of a service's newest release, or of all back to a version or commit (`to`)."""
    if not reason.isprintable():
        raise BadInputError("it holds what cannot be printed", where=Parameter("reason"), expected="one line of text")
    target.desired(service)  # the stack must have the service
    planned = plan_rollback(
        target.remote,
        service,
        locator(service, adopted=target.adopted),
        scope=target.scope,
        to=to,
        over_newer=over_newer,
        reason=reason.strip(),
    )
    if target.stack is None:
        return planned
    moved = moved_applications(target.stack, planned.plan)
    return replace(planned, plan=replace(planned.plan, applications=moved))


def apply_undo(target: Target, planned: Rollback) -> Applied:
    """Commit and push an undo."""
    return apply_plan(
        target.remote, planned.plan, stack=target.name, command="rollback", style=target.style, undo=planned.undo
    )


def plan_retry(target: Target, service: str, version: str, wave: int | None) -> Plan:
    """The plan that releases an undone version again, in one wave of a stack that has several.

    Raises BadInputError for one that was not undone.
    """
    plan = _release_again(target, service, version, wave)
    if plan.edits:
        places = {change.path for change in plan.changes}
        enough = newest_known([(service, path) for path in places])
        _check_undone(
            read_events(target.remote, services=(service,), scope=target.scope, enough=enough), service, version, places
        )
    if target.stack is not None:
        check_one_wave(target.stack, plan, Remedy("retry", service, version), WAVE)
    return plan


def apply_retry(target: Target, plan: Plan) -> Applied:
    """Commit and push a plan though its version was undone."""
    return apply_plan(target.remote, plan, stack=target.name, command="retry", style=target.style)


def version_in_git(stack: Stack, service: str) -> str:
    """The version of a service in the stack's repository. Raises BadInputError where clusters differ."""
    desired = only_service(stack, service)
    found = {
        release: planning.versions(from_stack(desired, clusters))[1][service]
        for release, clusters in release_groups(desired).items()
    }
    versions = set(found.values())
    if len(versions) > 1:
        held = ", ".join(f"{name} {version or 'none'}" for name, version in found.items())
        raise BadInputError(f"Git holds several versions of {service}: {held}", expected="VERSION")
    version = versions.pop()
    if version is None:
        raise BadInputError(f"Git holds no version of {service}", where=stack.repository.url)
    return version


def _release_again(target: Target, service: str, version: str, wave: int | None) -> Plan:
    if target.stack is None:
        return plan_adopted(target.remote, target.paths[0], [target.desired(service, version)])
    desired = only_service(target.stack, service, version)
    groups = releases_of_wave(desired, wave).values()
    return joined([planning.plan(from_stack(desired, clusters)) for clusters in groups])


def _check_undone(events: Sequence[Event], service: str, version: str, places: Collection[str]) -> None:
    undone = dict.fromkeys(known for path in sorted(places) for known in undone_at(events, path))
    if version in undone or any(undone_by(events, version, path) for path in places):
        return
    known = ", ".join(undone)
    release = (Remedy("release", service, version), " for a new release")
    raise BadInputError(f"{service}: {version} was not undone", expected=f"one of {known}" if known else release)
