"""A plan file binds all that it says: each field is compared with what its edits make of the repository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote
from meshroll.gitops.planners import depends_on_tools
from meshroll.gitops.plans import EARLIER, HELD, Finding, Plan, ServiceSettings
from meshroll.release.replanning import Replanned, replanned
from meshroll.release.wording import is_unread

if TYPE_CHECKING:
    from meshroll.settings import Stack

COMPARED = ("edits", "changes", "diff", "applications")


def check_bound(plan: Plan, stack: Stack | None, remote: Remote, where: str) -> None:
    """Raise BadInputError, naming the field, where a plan says what does not follow from its edits.

    A plan of an earlier version is held to what it says: it may lack what later versions tell of its change.
    """
    if not plan.edits:
        return
    again = replanned(plan, stack, remote, where)
    for field in COMPARED:
        _same(field, getattr(plan, field), getattr(again.plan, field), where)
    touched = {edit.service for edit in plan.edits}
    for service in sorted(touched):
        if _agreed(plan, service) != _agreed(again.plan, service):
            raise _differs(f"settings/{service}", where)
    _check_timeline(plan, again.plan, where)
    _check_findings(plan, again, where)
    if plan.format != EARLIER:
        _same("releases", dict(plan.releases), dict(again.plan.releases), where)


def _agreed(plan: Plan, service: str) -> list[ServiceSettings]:
    return [settings.agreed for settings in plan.settings.get(service, ())]


def _check_timeline(plan: Plan, made: Plan, where: str) -> None:
    if plan.format != EARLIER:
        _same("timeline", plan.timeline, made.timeline, where)
        return
    known = {*made.timeline, *(canary.earlier for canary in made.timeline)}
    for index, canary in enumerate(plan.timeline):
        if canary not in known:
            raise _differs(f"timeline/{index}", where)


def _check_findings(plan: Plan, again: Replanned, where: str) -> None:
    made = [*again.plan.findings, *again.others]
    for index, finding in enumerate(plan.findings):
        if finding not in made and not _of_this_run(finding):
            raise _differs(f"findings/{index}", where)
    made = [finding for finding in again.plan.findings if not depends_on_tools(finding)]
    missing = [finding for finding in made if finding not in plan.findings]
    if missing and plan.format != EARLIER:
        raise BadInputError(
            f"it lacks a finding of its edits: {missing[0]}", where=f"{where}: /findings", expected="a new plan"
        )


def _of_this_run(finding: Finding) -> bool:
    """Whether a finding is of where the plan was made: a hold, our sentence about Pulumi's state, tools on PATH."""
    return finding.kind in HELD or is_unread(finding) or depends_on_tools(finding)


def _same(field: str, said: Any, made: Any, where: str) -> None:
    if said == made:
        return
    if isinstance(said, Sequence) and isinstance(made, Sequence) and not isinstance(said, str):
        index = next((i for i, (one, other) in enumerate(zip(said, made, strict=False)) if one != other), None)
        field = f"{field}/{min(len(said), len(made)) if index is None else index}"
    raise _differs(field, where)


def _differs(field: str, where: str) -> BadInputError:
    return BadInputError(
        "it is not what the plan's edits make of the repository", where=f"{where}: /{field}", expected="a new plan"
    )
