"""What `meshroll history`, `rollback`, `retry` and `set --from-git` do, without their options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from meshroll.cli.planning import check_in_turn, groups_of, moves
from meshroll.cli.project import load_stack
from meshroll.cli.repository import given_remote, stack_repository
from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote, Style
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
from meshroll.gitops.planners import DesiredVersion, plan_adopted
from meshroll.gitops.plans import Applied, Plan, Scope, apply_plan, joined
from meshroll.release import planning
from meshroll.release.inputs import read_inputs
from meshroll.release.stack import release_groups, release_values
from meshroll.settings import load_file
from meshroll.settings.fields import parse_field
from meshroll.settings.model import Stack


@dataclass(frozen=True)
class Place:
    """A repository and where in it services are: of a stack, or as given on the command line."""

    remote: Remote
    style: Style
    paths: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()  # without a stack
    stack: Stack | None = None

    @property
    def name(self) -> str:
        """The stack's name; empty without one."""
        return self.stack.name if self.stack else ""

    @property
    def scope(self) -> Scope:
        """Whose words on a service count."""
        return Scope(self.name, self.paths)


def place(
    stack: str | None, repository: str | None, branch: str | None, path: str | None, fields: Sequence[str]
) -> Place:
    """What the options say. Raises BadInputError."""
    if (stack is None) == (repository is None):
        raise BadInputError("which repository?", expected="either -s STACK or --repository URL")
    if stack is not None:
        if branch is not None or path is not None or fields:
            raise BadInputError("the stack says where and what", expected="no --branch, --path and --field with -s")
        settings = load_stack(stack)
        clusters = settings.workers if settings.repository.per_cluster else settings.workers[:1]
        paths = tuple(settings.repository.path_for(cluster) for cluster in clusters)
        remote, style = stack_repository(settings)
        return Place(remote, style, paths, stack=settings)
    paths = () if path is None else (path,)
    return Place(given_remote(repository or "", branch), Style(), paths, tuple(fields))


def history(at: Place, service: str | None, limit: int) -> tuple[Event, ...]:
    """The newest events, as many as the limit says; 0 is all."""
    events = read_events(
        at.remote,
        services=(service,) if service else (),
        scope=at.scope,
        enough=lambda found: bool(limit) and len(found) >= limit,
    )
    return events[:limit] if limit else events


def rollback(at: Place, service: str, to: str, *, over_newer: bool, reason: str) -> Rollback:
    """The way back of a service."""
    if not reason.isprintable():
        raise BadInputError("it holds what cannot be printed", where="--reason", expected="one line of text")
    _, adopted = _wish(at, service)
    planned = plan_rollback(
        at.remote,
        service,
        locator(service, adopted=adopted),
        scope=at.scope,
        to=to,
        over_newer=over_newer,
        reason=reason.strip(),
    )
    if at.stack is None:
        return planned
    return replace(planned, plan=replace(planned.plan, applications=moves(at.stack, planned.plan)))


def undo(at: Place, planned: Rollback) -> Applied:
    """Make a rollback so."""
    return apply_plan(at.remote, planned.plan, stack=at.name, command="rollback", style=at.style, undo=planned.undo)


def retry(at: Place, service: str, version: str, wave: int | None) -> Plan:
    """The plan that releases an undone version again, in one wave of a stack that has several.

    Raises BadInputError for one that was not undone.
    """
    if at.stack is None:
        wish, _ = _wish(at, service)
        plan = plan_adopted(at.remote, at.paths[0], [replace(wish, version=version)])
    else:
        wishful = only(at.stack, service, version)
        groups = groups_of(wishful, wave).values()
        plan = joined([planning.plan(read_inputs(release_values(wishful, clusters))) for clusters in groups])
    places = {change.path for change in plan.changes}
    enough = newest_known([(service, path) for path in places])
    events = read_events(at.remote, services=(service,), scope=at.scope, enough=enough)
    undone = dict.fromkeys(known for path in sorted(places) for known in undone_at(events, path))
    if plan.edits and version not in undone and not any(undone_by(events, version, path) for path in places):
        known = ", ".join(undone)
        expected = f"one of {known}" if known else f"`meshroll plan --set {service}={version}` for a new release"
        raise BadInputError(f"{service}: {version} was not undone", expected=expected)
    if at.stack is not None:
        check_in_turn(at.stack, plan, f"`meshroll retry {service} {version}`", expected="--wave N")
    return plan


def release(at: Place, plan: Plan) -> Applied:
    """Make a plan so though it was undone."""
    return apply_plan(at.remote, plan, stack=at.name, command="retry", style=at.style)


def version_in_git(file: Path, service: str) -> str:
    """The version of a service that stands in the stack's repository. Raises BadInputError where clusters differ."""
    stack = load_file(file)
    wishful = only(stack, service)
    found: dict[str, str | None] = {}
    for release_name, clusters in release_groups(wishful).items():
        inputs = read_inputs(release_values(wishful, clusters))
        found[release_name] = planning.versions(inputs)[1][service]
    versions = set(found.values())
    if len(versions) > 1:
        held = ", ".join(f"{name} {version or 'none'}" for name, version in found.items())
        raise BadInputError(f"Git holds several versions of {service}: {held}", expected="VERSION")
    version = versions.pop()
    if version is None:
        raise BadInputError(f"Git holds no version of {service}", where=stack.repository.url)
    return version


def only(stack: Stack, service: str, version: str = "") -> Stack:
    """The stack with one service alone, which has a version whatever the file says. Raises BadInputError."""
    for known in stack.services:
        if known.name == service:
            return replace(stack, services=(replace(known, version=version or known.version or "none"),))
    expected = f"one of {', '.join(known.name for known in stack.services)}"
    raise BadInputError(f"there is no service {service}", where=f"stack {stack.name}", expected=expected)


def _wish(at: Place, service: str) -> tuple[DesiredVersion, bool]:
    """The service as its planner knows it, and whether its repository is an adopted one."""
    if at.stack is None:
        if not at.paths:
            raise BadInputError(f"where is {service}?", expected="--path PATH")
        return DesiredVersion(service, "", tuple(parse_field(field) for field in at.fields)), True
    (known,) = only(at.stack, service).services
    return DesiredVersion(service, known.version or "", known.fields), at.stack.repository.kind == "adopted"
