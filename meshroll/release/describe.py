"""What a plan says beside its edits: the Applications that move and in which wave, the canaries, what lint finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from meshroll.errors import BadInputError
from meshroll.gitops import Canary, Finding, Move, Plan
from meshroll.manifests.lint import lint
from meshroll.manifests.timeline import timeline
from meshroll.release.inputs import ReleaseInputs


def described(inputs: ReleaseInputs, planned: Plan, rendered: Mapping[str, Sequence[dict[str, Any]]]) -> Plan:
    """The plan with the stack's part of it; `rendered` has the objects of each service of a rendered repository."""
    planned = replace(planned, stack=inputs.stack)
    if not planned.edits:
        return planned
    changed = [service for service in rendered if any(change.service == service for change in planned.changes)]
    problems = lint([item for items in rendered.values() for item in items]) if changed else []
    notes = [Finding("lint", str(problem)) for problem in problems]
    canaries = [canary for service in changed for canary in _canaries(service, rendered[service])]
    return replace(
        planned,
        applications=_moves(inputs),
        timeline=planned.timeline + tuple(canaries),
        findings=planned.findings + tuple(notes),
    )


def _moves(inputs: ReleaseInputs) -> tuple[Move, ...]:
    if inputs.argocd is None:
        return ()
    pairs = zip(inputs.argocd.applications, inputs.workers, strict=True)
    return tuple(Move(application, worker.name, inputs.wave) for application, worker in pairs)


def _canaries(service: str, objects: Sequence[dict[str, Any]]) -> list[Canary]:
    rollouts = [item for item in objects if item.get("kind") == "Rollout"]
    try:
        return [Canary(service, timeline(rollout)) for rollout in rollouts]
    except BadInputError:
        return []  # validation says what is wrong with such steps
