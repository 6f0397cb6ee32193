"""Plans for versions that a person asks for: of a whole stack, of one of its waves, or in a repository without a stack.

What must wait for a person is a finding of the plan, and stays out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from meshroll.errors import BadInputError, ConflictError, Parameter
from meshroll.gitops.git import Remote
from meshroll.gitops.history import Hold, find_holds, seen_in, without_held
from meshroll.gitops.planners import DesiredVersion, application_findings, plan_adopted
from meshroll.gitops.plans import Plan, joined
from meshroll.release import planning
from meshroll.release.inputs import ReleaseInputs
from meshroll.release.selection import with_versions
from meshroll.release.stack import from_stack
from meshroll.release.state import PulumiState
from meshroll.release.waves import releases_of_wave
from meshroll.release.wording import hold_finding, unread_finding
from meshroll.settings.fields import parse_field
from meshroll.settings.model import Stack


def plan_stack(stack: Stack, state: PulumiState, versions: Mapping[str, str], *, wave: int | None, exact: bool) -> Plan:
    """The plan of a stack or of one of its waves. No versions given: those of the stack file."""
    desired = with_versions(stack, versions)
    seen = {each.name: {each.version} for each in stack.services if each.version and each.name in versions}
    parts = {
        release: _part(from_stack(desired, clusters), partial(state.written, release), seen, exact=exact)
        for release, clusters in releases_of_wave(desired, wave).items()
    }
    where = f"stack {stack.name}"
    if not parts:
        raise BadInputError("no service has a version", where=where, expected=Parameter("set", "SERVICE=VERSION"))
    if len({plan.base for plan in parts.values()}) > 1:
        raise ConflictError("the branch moved while it was read", where=where, expected="another try")
    plan = _with_trouble(joined(parts.values()), state.trouble)
    return replace(plan, releases={release: part.hash for release, part in parts.items()})


def plan_repository(
    remote: Remote, path: str, fields: Sequence[str], versions: Mapping[str, str], *, exact: bool
) -> Plan:
    """The plan for a repository that no stack describes; the person who asks is taken to know what is there."""
    parsed = tuple(parse_field(field) for field in fields)
    desired = [DesiredVersion(service, version, parsed) for service, version in versions.items()]

    def make(held: Collection[str]) -> Plan:
        return plan_adopted(remote, path, [each for each in desired if each.service not in held], exact=exact)

    plan = _with_holds(*without_held(make, lambda plan: find_holds(remote, plan, acknowledged=seen_in(plan))))
    return replace(plan, findings=(*plan.findings, *application_findings(remote, plan)))


def _part(
    inputs: ReleaseInputs,
    written: Callable[[ReleaseInputs], Mapping[str, str]],
    seen: Mapping[str, Collection[str]],
    *,
    exact: bool,
) -> Plan:
    """The plan of one Release."""
    inputs = replace(inputs, exact=inputs.exact or exact)
    return _with_holds(*planning.plan_unheld(inputs, written=lambda: written(inputs), acknowledged=seen))


def _with_holds(plan: Plan, held: Sequence[Hold]) -> Plan:
    return replace(plan, findings=(*plan.findings, *map(hold_finding, held)))


def _with_trouble(plan: Plan, trouble: str) -> Plan:
    if not trouble:
        return plan
    return replace(plan, findings=(*plan.findings, unread_finding(trouble)))
