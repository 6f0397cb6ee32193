"""Plans for versions that a person asks for in a repository that no stack describes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from meshroll.gitops.git import Remote
from meshroll.gitops.history import find_holds, seen_in, without_held
from meshroll.gitops.planners import DesiredVersion, application_findings, plan_adopted
from meshroll.gitops.plans import Plan
from meshroll.release.wording import with_holds
from meshroll.settings.fields import parse_field


def plan_repository(
    remote: Remote, path: str, fields: Sequence[str], versions: Mapping[str, str], *, exact: bool
) -> Plan:
    """The plan for a repository that no stack describes; the person who asks is taken to know what is there."""
    parsed = tuple(parse_field(field) for field in fields)
    desired = [DesiredVersion(service, version, parsed) for service, version in versions.items()]

    def make(held: Collection[str]) -> Plan:
        return plan_adopted(remote, path, [each for each in desired if each.service not in held], exact=exact)

    plan = with_holds(*without_held(make, lambda plan: find_holds(remote, plan, acknowledged=seen_in(plan))))
    return replace(plan, findings=(*plan.findings, *application_findings(remote, plan)))
