"""What a plan says beside its edits: the Applications that move and in which wave, the canaries, what lint finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from meshroll.gitops.planners import ask_plugin
from meshroll.gitops.plans import Finding, Move, Plan
from meshroll.manifests.lint import lint
from meshroll.release.inputs import ReleaseInputs

FOLLOWER: Final = "follower"


def described(inputs: ReleaseInputs, planned: Plan, rendered: Mapping[str, Sequence[dict[str, Any]]]) -> Plan:
    """The plan with the stack's part of it; `rendered` has the objects of each service of a rendered repository."""
    planned = replace(planned, stack=inputs.stack)
    if not planned.edits:
        return planned
    moved = {change.service for change in planned.changes}
    changed = [service for service in rendered if service in moved]
    every = [item for items in rendered.values() for item in items] if changed else []
    flaws = [*lint(every, complete=True, options=inputs.lint), *ask_plugin(every, (), inputs.lint)]
    notes = [Finding("lint", str(flaw), "", "", 0, flaw.rule.id, flaw.severity.value, flaw.pointer) for flaw in flaws]
    return replace(
        planned,
        applications=_moves(inputs),
        findings=planned.findings + tuple(notes) + followers(inputs),
    )


def followers(inputs: ReleaseInputs) -> tuple[Finding, ...]:
    """A finding for each work cluster whose Istio resources the shared mesh does not copy."""
    if inputs.mesh is None:
        return ()
    leader = inputs.mesh.leader.name
    return tuple(
        Finding(
            FOLLOWER,
            f"{worker.name} follows {leader} in one mesh: the weights of a canary in {worker.name} act on nothing, "
            f"and its pods get requests only while their pod template is the same as in {leader}",
        )
        for worker in inputs.workers
        if worker.name != leader
    )


def _moves(inputs: ReleaseInputs) -> tuple[Move, ...]:
    if inputs.argocd is None:
        return ()
    pairs = zip(inputs.argocd.applications, inputs.workers, strict=True)
    return tuple(Move(application, worker.name, inputs.wave or 1) for application, worker in pairs)
