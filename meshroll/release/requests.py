"""Plans for versions that a person asks for, of a whole stack or of one of its waves.

What must wait for a person is a finding of the plan, and stays out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial

from meshroll.errors import BadInputError, ConflictError, Parameter
from meshroll.gitops.plans import Plan, joined
from meshroll.release import planning
from meshroll.release.inputs import ReleaseInputs
from meshroll.release.selection import with_versions
from meshroll.release.stack import from_stack
from meshroll.release.state import PulumiState
from meshroll.release.waves import releases_of_wave
from meshroll.release.wording import unread_finding, with_holds
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


def _part(
    inputs: ReleaseInputs,
    written: Callable[[ReleaseInputs], Mapping[str, str]],
    seen: Mapping[str, Collection[str]],
    *,
    exact: bool,
) -> Plan:
    """The plan of one Release."""
    inputs = replace(inputs, exact=inputs.exact or exact)
    return with_holds(*planning.plan_unheld(inputs, written=lambda: written(inputs), acknowledged=seen))


def _with_trouble(plan: Plan, trouble: str) -> Plan:
    if not trouble:
        return plan
    return replace(plan, findings=(*plan.findings, unread_finding(trouble)))
