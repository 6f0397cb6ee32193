"""Operations on a running delivery, written to the Rollout as Argo's own kubectl plug-in writes them.

Status patches carry the resourceVersion they were decided on, so a promotion decided on an old state is decided anew:
two quick promotions never skip a step.
"""

from __future__ import annotations

from typing import Any

from meshroll.delivery.rollouts import GROUP_VERSION, is_observed, is_unpausing
from meshroll.delivery.wait import FIELD_MANAGER, Api
from meshroll.errors import BadInputError, ConflictError
from meshroll.kube import ApiError

Object = dict[str, Any]
_TRIES = 10
_CONFLICT = 409


def promote(worker: Api, namespace: str, rollout: str, full: bool) -> str:
    """Lift the pause (or go past the step) of a Rollout; `full` skips all remaining steps.

    Returns the sentence for the user. Raises BadInputError when there is no such Rollout, ConflictError when it was
    aborted or changes faster than this can follow.
    """
    where = f"cluster {worker.name}"
    for _ in range(_TRIES):
        found = worker.get(GROUP_VERSION, "Rollout", rollout, namespace)
        if found is None:
            raise BadInputError(f"there is no Rollout {rollout} in namespace {namespace}", where=where)
        if not is_observed(found):
            raise ConflictError(f"Rollout {rollout} has not taken up its new spec yet; try again", where=where)
        if aborted(found) and not full:
            raise ConflictError(f"Rollout {rollout} was aborted", where=where, expected="a new version, or --full")
        spec, status, sentence = promotion(found, full=full)
        decided_on = {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}}
        try:
            if status:
                _patch(worker, namespace, rollout, {**decided_on, "status": status}, subresource="status")
            if spec:
                _patch(worker, namespace, rollout, {"spec": spec})
        except ApiError as error:
            if error.status == _CONFLICT:
                continue
            raise
        return f"{rollout} in {worker.name} {sentence}"
    raise ConflictError(f"Rollout {rollout} changes faster than it can be promoted; try again", where=where)


def promotion(rollout: Object, *, full: bool) -> tuple[Object, Object, str]:
    """The patches of spec and status ({} for none) that promote a Rollout, and the sentence for the user."""
    spec, status = rollout.get("spec") or {}, rollout.get("status") or {}
    lift = {"paused": False} if spec.get("paused") else {}
    moving = status.get("currentPodHash") != status.get("stableRS")
    if full:
        if not moving and not lift:
            return {}, {}, "has no delivery under way: nothing to promote"
        return lift, ({"promoteFull": True} if moving else {}), "is promoted in full"
    if is_unpausing(rollout):
        return lift, {}, "is being promoted already"
    if status.get("pauseConditions"):
        return lift, _past_pause(spec, status), "is promoted"
    if lift:
        return lift, {}, "is promoted"
    steps = _steps(spec)
    if not moving or not steps:
        return {}, {}, "has no delivery under way: nothing to promote"
    return {}, {"pauseConditions": None, "currentStepIndex": _next(status, steps)}, "is promoted past its current step"


def aborted(rollout: Object) -> bool:
    """Whether the delivery was aborted and the stable version serves."""
    return bool((rollout.get("status") or {}).get("abort"))


def _past_pause(spec: Object, status: Object) -> Object:
    """Lifting the pause of an inconclusive analysis needs the step passed too, or the analysis pauses it again."""
    run = (status.get("canary") or {}).get("currentStepAnalysisRunStatus") or {}
    if run.get("status") == "Inconclusive" and status.get("controllerPause"):
        return {"pauseConditions": None, "controllerPause": False, "currentStepIndex": _next(status, _steps(spec))}
    return {"pauseConditions": None}


def _steps(spec: Object) -> list[Object]:
    return ((spec.get("strategy") or {}).get("canary") or {}).get("steps") or []


def _next(status: Object, steps: list[Object]) -> int:
    return min(int(status.get("currentStepIndex") or 0) + 1, len(steps))


def _patch(worker: Api, namespace: str, name: str, patch: Object, *, subresource: str = "") -> None:
    worker.patch(GROUP_VERSION, "Rollout", name, namespace, patch, field_manager=FIELD_MANAGER, subresource=subresource)
