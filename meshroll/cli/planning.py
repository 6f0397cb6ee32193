"""What `meshroll plan` and `meshroll apply` do, without their options; the planner is that of the Release resource."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from meshroll.cli.project import load_stack, project_folder
from meshroll.cli.repository import agreed_remote, given_remote, stack_repository
from meshroll.cli.state import PulumiState
from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops.history import Hold, find_holds, seen_in, unless_undone, without_held
from meshroll.gitops.planners import DesiredVersion, application_findings, plan_adopted
from meshroll.gitops.plans import HELD, Applied, Finding, Move, Plan, apply_plan, joined, related
from meshroll.release import planning
from meshroll.release.inputs import read_inputs
from meshroll.release.stack import application_name, release_groups, release_values
from meshroll.settings.fields import parse_field
from meshroll.settings.model import Stack


def wished(words: Sequence[str]) -> dict[str, str]:
    """The versions of `--set SERVICE=VERSION`. Raises BadInputError."""
    found: dict[str, str] = {}
    for word in words:
        service, equals, version = word.partition("=")
        if not (service and equals and version):
            raise BadInputError(f"{word!r} names no version", where="--set", expected="SERVICE=VERSION")
        if not service.isprintable() or " " in service:
            raise BadInputError(f"{service!r} cannot be a service's name", where="--set", expected="SERVICE=VERSION")
        if found.setdefault(service, version) != version:
            raise BadInputError(f"two versions are wished of {service}", where="--set", expected="one")
    return found


def stack_plan(name: str, versions: Mapping[str, str], *, wave: int | None, exact: bool) -> tuple[Plan, dict[str, str]]:
    """The plan of a stack or of one of its waves, and the hash of each of its Releases.

    No versions given: those of the stack file.
    """
    stack = load_stack(name)
    state = PulumiState(name, project_folder(Path.cwd()))
    wishful = _with_wishes(stack, versions)
    seen = {each.name: {each.version} for each in stack.services if each.version and each.name in versions}
    parts = {
        release: _part(release_values(wishful, clusters), partial(state.written, release), seen, exact=exact)
        for release, clusters in groups_of(wishful, wave).items()
    }
    if not parts:
        raise BadInputError("no service has a version", where=f"stack {name}", expected="--set SERVICE=VERSION")
    if len({plan.base for plan in parts.values()}) > 1:
        raise ConflictError("the branch moved while it was read", where=f"stack {name}", expected="another try")
    plan = joined(parts.values())
    if state.trouble:
        message = f"what `pulumi up` wrote last cannot be read ({state.trouble}): Git's history alone was asked"
        plan = replace(plan, findings=(*plan.findings, Finding("state-unread", message)))
    return plan, {release: part.hash for release, part in parts.items()}


def _part(
    values: Mapping[str, Any],
    written: Callable[[Mapping[str, Any]], Mapping[str, str]],
    seen: Mapping[str, Collection[str]],
    *,
    exact: bool,
) -> Plan:
    """The plan of one Release; what waits for a person's word is a finding."""
    inputs = read_inputs(values)
    inputs = replace(inputs, exact=inputs.exact or exact)
    return _told(*planning.plan_unheld(inputs, written=lambda: written(values), acknowledged=seen))


def given_plan(
    url: str, branch: str | None, path: str, fields: Sequence[str], versions: Mapping[str, str], *, exact: bool
) -> Plan:
    """The plan for a repository that no stack describes; who asks is taken to know what stands there."""
    remote = given_remote(url, branch)
    parsed = tuple(parse_field(field) for field in fields)
    wishes = [DesiredVersion(service, version, parsed) for service, version in versions.items()]

    def make(held: Collection[str]) -> Plan:
        return plan_adopted(remote, path, [wish for wish in wishes if wish.service not in held], exact=exact)

    plan = _told(*without_held(make, lambda plan: find_holds(remote, plan, acknowledged=seen_in(plan))))
    return replace(plan, findings=(*plan.findings, *application_findings(remote, plan)))


def _told(plan: Plan, held: Sequence[Hold]) -> Plan:
    return replace(plan, findings=(*plan.findings, *(hold.finding for hold in held)))


def groups_of(stack: Stack, wave: int | None) -> dict[str, tuple[str, ...]]:
    """The Releases of a stack, or of one of its waves, and the clusters of each. Raises BadInputError."""
    count = max(1, len(stack.delivery.waves))
    if wave is not None and not 1 <= wave <= count:
        expected = f"1 to {count}" if count > 1 else "1, the only one"
        raise BadInputError(f"there is no wave {wave}", where=f"stack {stack.name}", expected=expected)
    groups = release_groups(stack).items()
    return {name: clusters for name, clusters in groups if wave in (None, stack.wave_of(clusters[0]))}


def check_in_turn(
    stack: Stack, plan: Plan, where: str, *, expected: str = "--wave N, or `pulumi up`, which takes them in turn"
) -> None:
    """Raise BadInputError for a plan of several waves: one commit would move them all at once.

    The stack as it is now says which file is whose; what the plan says of itself does not count.
    """
    if len(stack.delivery.waves) < 2:  # noqa: PLR2004 - one wave is everybody at once
        return
    waves = {move.wave for move in moves(stack, plan)}
    if len(waves) > 1:
        raise BadInputError(
            f"it moves {len(waves)} waves, and one commit would move them at once",
            where=where,
            expected=expected,
        )


def moves(stack: Stack, plan: Plan) -> tuple[Move, ...]:
    """The Applications of a stack that a plan moves: those whose files it changes."""
    return tuple(
        Move(application_name(stack, cluster), cluster, stack.wave_of(cluster))
        for cluster in stack.workers
        if any(related(edit.file, stack.repository.path_for(cluster)) for edit in plan.edits)
    )


def apply_document(plan: Plan, where: str, repository: str | None = None) -> Applied:
    """Make a plan so. Raises BadInputError for one of another repository, or with what waits for a person's word."""
    for finding in plan.findings:
        if finding.kind in HELD:
            raise BadInputError(f"the plan holds {finding}", where=where, expected="a plan without it")
    if plan.stack:
        if repository is not None:
            raise BadInputError(f"stack {plan.stack} says where", where=where, expected="no --repository")
        stack = load_stack(plan.stack)
        remote, style = stack_repository(stack)
        if (remote.url, remote.branch) != (plan.url, plan.branch):
            raise BadInputError(
                f"the plan is for branch {plan.branch} of {plan.url}",
                where=where,
                expected=f"one for branch {remote.branch} of {remote.url}, which stack {plan.stack} has",
            )
        check_in_turn(stack, plan, where)
    else:
        remote, style = agreed_remote(plan.url, plan.branch, repository, where), None
    return apply_plan(remote, plan, stack=plan.stack, command="apply", style=style, guard=unless_undone(plan))


def _with_wishes(stack: Stack, versions: Mapping[str, str]) -> Stack:
    if not versions:
        return stack
    known = [service.name for service in stack.services]
    for service in versions:
        if service not in known:
            expected = f"one of {', '.join(known)}"
            raise BadInputError(f"there is no service {service}", where=f"stack {stack.name}", expected=expected)
    services = [service for service in stack.services if service.name in versions]
    return replace(stack, services=tuple(replace(each, version=versions[each.name]) for each in services))
