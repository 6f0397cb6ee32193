"""What a Rollout says about its delivery. Pure: dictionaries in, a state out.

Argo Rollouts writes its observedGeneration as a string, and one of its condition patches writes it before the status
below it belongs to the new pod template. So a final state counts only once the ReplicaSet named by
`status.currentPodHash` carries the pod template. With a `workloadRef` that template is another object's, whose
generation the controller must have seen too (utils/rollout/rolloututil.go, isWorkloadGenerationObserved).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from meshroll.delivery.difference import differences

Object = dict[str, Any]

GROUP_VERSION = "argoproj.io/v1alpha1"
_PROGRAM = ("name", "image", "command", "args", "env", "envFrom")


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
    found = pod_hash(rollout)
    return f"{rollout['metadata']['name']}-{found}" if found else ""


def workload_reference(rollout: Object) -> tuple[str, str, str] | None:
    """API version, kind and name of the workload whose pod template the Rollout uses; None where it has its own."""
    reference = (rollout.get("spec") or {}).get("workloadRef") or {}
    found = tuple(str(reference.get(key) or "") for key in ("apiVersion", "kind", "name"))
    return (found[0], found[1], found[2]) if all(found) else None


def pod_template(rollout: Object, workload: Object | None) -> Object:
    """The Rollout's pod template: its own, or that of the workload that `workload_reference` names ({} without one)."""
    if workload_reference(rollout) is None:
        return (rollout.get("spec") or {}).get("template") or {}
    of = workload or {}
    return of.get("template") or (of.get("spec") or {}).get("template") or {}


def pod_labels(template: Object) -> dict[str, str]:
    """The labels of a pod template."""
    return (template.get("metadata") or {}).get("labels") or {}


def pod_hash(rollout: Object) -> str:
    """The hash of the pod template that the controller works on; "" before it has one."""
    return (rollout.get("status") or {}).get("currentPodHash") or ""


def template_editor(rollout: Object) -> str:
    """Who last wrote the Rollout's pod template and when, as its managedFields say."""
    entries = rollout["metadata"].get("managedFields") or []
    wrote = [
        entry
        for entry in entries
        if not entry.get("subresource") and "f:template" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    last: Object = max(wrote, key=lambda entry: str(entry.get("time") or ""), default={})
    return f"{last.get('manager', 'someone')} at {last['time']}" if last.get("time") else "someone"


def rollout_state(rollout: Object, replica_set: Object | None, workload: Object | None = None) -> RolloutState:
    """Judge a Rollout, the ReplicaSet that `replica_set_name` names and the workload it refers to, as read."""
    spec, status = rollout.get("spec") or {}, rollout.get("status") or {}
    steps = ((spec.get("strategy") or {}).get("canary") or {}).get("steps") or []
    index = int(status.get("currentStepIndex") or 0)
    phase = _phase(rollout, replica_set, workload)
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


def is_settled(rollout: Object) -> bool:
    """Whether the spec's own pod template is the stable one, whatever number of its pods comes and goes."""
    status = rollout.get("status") or {}
    stable = bool(pod_hash(rollout)) and status.get("stableRS") == pod_hash(rollout)
    own = workload_reference(rollout) is None
    return own and stable and is_observed(rollout) and status.get("phase") != "Degraded"


def is_refused(rollout: Object) -> bool:
    """Whether the controller calls the spec invalid, which may only mean that it was applied before what it names."""
    status = rollout.get("status") or {}
    conditions = status.get("conditions") or []
    return status.get("phase") == "Degraded" and any(c.get("type") == "InvalidSpec" for c in conditions)


def is_unpausing(rollout: Object) -> bool:
    """Whether a pause was lifted and the controller has not gone on yet."""
    status = rollout.get("status") or {}
    return bool(status.get("controllerPause")) and not status.get("pauseConditions")


def _phase(rollout: Object, replica_set: Object | None, workload: Object | None) -> Phase:
    if not is_observed(rollout) or not _workload_observed(rollout, workload):
        return Phase.UNOBSERVED
    status = rollout.get("status") or {}
    phase = status.get("phase") or ""
    if is_refused(rollout):
        return Phase.DEGRADED
    if phase in ("Healthy", "Paused", "Degraded") and not carries(replica_set, pod_template(rollout, workload)):
        return Phase.UNOBSERVED
    if is_unpausing(rollout):
        return Phase.PROGRESSING
    return {"Healthy": Phase.HEALTHY, "Paused": Phase.PAUSED, "Degraded": Phase.DEGRADED}.get(phase, Phase.PROGRESSING)


def _workload_observed(rollout: Object, workload: Object | None) -> bool:
    if workload_reference(rollout) is None:
        return True
    observed = (rollout.get("status") or {}).get("workloadObservedGeneration")
    generation = ((workload or {}).get("metadata") or {}).get("generation") or 0  # a PodTemplate has none
    return observed is not None and str(observed) == str(generation)


def carries(replica_set: Object | None, template: Object) -> bool:
    """Whether a ReplicaSet is of a pod template: what releases change of it, beside what the API server fills in."""
    if replica_set is None:
        return False
    live = replica_set["spec"]["template"]
    same_labels = pod_labels(template).items() <= pod_labels(live).items()
    return same_labels and next(differences(_programs(template), _programs(live), as_copy=True), None) is None


def _programs(template: Object) -> list[Object]:
    """What the containers run; quantities and probes are left out, which the API server normalizes."""
    spec = template.get("spec") or {}
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    return [{key: item.get(key) or [] for key in _PROGRAM} for item in containers]


def _pause(spec: Object, status: Object, step: Object) -> str:
    reasons = {c.get("reason") for c in status.get("pauseConditions") or []}
    if spec.get("paused") or reasons != {"CanaryPauseStep"}:
        return ""
    duration = (step.get("pause") or {}).get("duration")
    if duration is None:
        return ""
    return f"{duration}s" if str(duration).isdigit() else str(duration)
