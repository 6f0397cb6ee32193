"""What a Rollout says about its delivery. Pure: dictionaries in, a state out.

Argo Rollouts writes its observedGeneration as a string, and one of its condition patches writes it before the status
below it belongs to the new pod template. So a final state counts only once the ReplicaSet named by
`status.currentPodHash` carries the template of the spec.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

Object = dict[str, Any]

GROUP_VERSION = "argoproj.io/v1alpha1"


class Phase(Enum):
    """Where a Rollout stands."""

    UNOBSERVED = "unobserved"  # the controller has not taken up the spec yet
    PROGRESSING = "progressing"
    PAUSED = "paused"
    HEALTHY = "healthy"  # the spec's pod template is the stable one
    DEGRADED = "degraded"  # aborted, over its deadline or refused by the controller


@dataclass(frozen=True)
class RolloutState:
    """A Rollout's place in its delivery; `step` counts from 1, `weight` is the canary's share of the traffic."""

    phase: Phase
    step: int
    steps: int
    weight: int | None
    pause: str  # how long the pause lasts, "" for one that waits for a person or where there is none
    message: str

    @property
    def waits_for_person(self) -> bool:
        """A pause that does not end by itself."""
        return self.phase is Phase.PAUSED and not self.pause

    @property
    def sentence(self) -> str:
        """The state for a person, without the Rollout's name."""
        share = "" if self.weight is None else f" (weight {self.weight})"
        place = f"step {self.step} of {self.steps}{share}"
        if self.waits_for_person:
            return f"is paused at {place} until it is promoted"
        if self.phase is Phase.PAUSED:
            return f"is paused at {place} for {self.pause}"
        detail = f": {self.message}" if self.message else ""
        if self.phase is Phase.PROGRESSING and self.steps and self.step <= self.steps:
            return f"is on its way at {place}{detail}"
        words = {Phase.UNOBSERVED: "has not taken up its new spec yet", Phase.HEALTHY: "is healthy"}
        return words.get(self.phase, f"is {self.phase.value}{detail}")


def replica_set_name(rollout: Object) -> str:
    """The ReplicaSet of the pod template that the controller works on; "" before it has one."""
    pod_hash = (rollout.get("status") or {}).get("currentPodHash") or ""
    return f"{rollout['metadata']['name']}-{pod_hash}" if pod_hash else ""


def rollout_state(rollout: Object, replica_set: Object | None) -> RolloutState:
    """Judge a Rollout and the ReplicaSet that `replica_set_name` names, as read from the API."""
    spec, status = rollout.get("spec") or {}, rollout.get("status") or {}
    steps = ((spec.get("strategy") or {}).get("canary") or {}).get("steps") or []
    index = int(status.get("currentStepIndex") or 0)
    phase = _phase(rollout, replica_set)
    weights = (status.get("canary") or {}).get("weights") or {}
    return RolloutState(
        phase=phase,
        step=index + 1,
        steps=len(steps),
        weight=(weights.get("canary") or {}).get("weight"),
        pause=_pause(spec, status, steps[index] if index < len(steps) else {}) if phase is Phase.PAUSED else "",
        message=status.get("message") or "",
    )


def is_observed(rollout: Object) -> bool:
    """Whether the controller has seen the latest spec."""
    observed = (rollout.get("status") or {}).get("observedGeneration")
    return observed is not None and str(observed) == str(rollout["metadata"].get("generation"))


def is_unpausing(rollout: Object) -> bool:
    """Whether a pause was lifted and the controller has not gone on yet."""
    status = rollout.get("status") or {}
    return bool(status.get("controllerPause")) and not status.get("pauseConditions")


def _phase(rollout: Object, replica_set: Object | None) -> Phase:
    if not is_observed(rollout):
        return Phase.UNOBSERVED
    status = rollout.get("status") or {}
    phase = status.get("phase") or ""
    if phase == "Degraded" and any(c.get("type") == "InvalidSpec" for c in status.get("conditions") or []):
        return Phase.DEGRADED
    if phase in ("Healthy", "Paused", "Degraded") and not _carries(replica_set, rollout["spec"].get("template") or {}):
        return Phase.UNOBSERVED
    if is_unpausing(rollout):
        return Phase.PROGRESSING
    return {"Healthy": Phase.HEALTHY, "Paused": Phase.PAUSED, "Degraded": Phase.DEGRADED}.get(phase, Phase.PROGRESSING)


def _carries(replica_set: Object | None, template: Object) -> bool:
    """Labels and images are what a release changes; the API server's defaults forbid comparing the rest."""
    if replica_set is None:
        return False
    live = replica_set["spec"]["template"]
    wanted = (template.get("metadata") or {}).get("labels") or {}
    has = (live.get("metadata") or {}).get("labels") or {}
    return wanted.items() <= has.items() and _images(template) == _images(live)


def _images(template: Object) -> dict[str, str]:
    return {c.get("name", ""): c.get("image", "") for c in (template.get("spec") or {}).get("containers") or []}


def _pause(spec: Object, status: Object, step: Object) -> str:
    reasons = {c.get("reason") for c in status.get("pauseConditions") or []}
    if spec.get("paused") or reasons != {"CanaryPauseStep"}:
        return ""
    duration = (step.get("pause") or {}).get("duration")
    if duration is None:
        return ""
    return f"{duration}s" if str(duration).isdigit() else str(duration)
