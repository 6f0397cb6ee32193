"""What a promotion of a Rollout is: the step it is for, what it writes and what it then weighs. Pure functions.

A weight is the new version's share of the requests in percent. A canary without weights, by header for instance, has 0
until it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meshroll.delivery.rollouts import is_unpausing
from meshroll.errors import BadInputError
from meshroll.manifests.timeline import seconds

Object = dict[str, Any]
# Steps that a canary stays at: until their end nothing goes on.
_GATES = ("pause", "analysis", "experiment", "plugin")
WHOLE = 100
# A pause at least as long outlasts the check that the control plane has followed.
HOLDING_SECONDS = 60


@dataclass(frozen=True)
class CurrentStep:
    """The step of a delivery that a promotion is for; `number` counts from 1 and is `steps` + 1 after the last one."""

    pod_hash: str
    number: int
    steps: int
    weight: int
    pauses: tuple[tuple[str, str], ...]  # reason and start of each
    moving: bool
    aborted: bool

    @classmethod
    def of(cls, rollout: Object) -> CurrentStep:
        """Where a Rollout stands."""
        status = rollout.get("status") or {}
        return cls(
            pod_hash=str(status.get("currentPodHash") or ""),
            number=_index(status) + 1,
            steps=len(canary_steps(rollout)),
            weight=_weight(rollout),
            pauses=tuple(
                (str(pause.get("reason")), str(pause.get("startTime"))) for pause in status.get("pauseConditions") or []
            ),
            moving=status.get("currentPodHash") != status.get("stableRS"),
            aborted=bool(status.get("abort")),
        )

    def is_left(self, now: CurrentStep) -> bool:
        """Whether the Rollout stands at another step now, or at the same one in another attempt.

        A pause that somebody lifted is the same step until the controller has gone on.
        """
        attempt = (self.pod_hash, self.number, self.aborted) != (now.pod_hash, now.number, now.aborted)
        return attempt or bool(self.pauses and now.pauses and self.pauses != now.pauses)

    @property
    def sentence(self) -> str:
        """The step for a person, without the Rollout's name."""
        if self.aborted:
            return "was aborted"
        if not self.moving:
            return "has no delivery under way"
        if self.number > self.steps:
            return "is past its last step"
        place = f"step {self.number} of {self.steps} (weight {self.weight})"
        return f"is paused at {place}" if self.pauses else f"is at {place}"


@dataclass(frozen=True)
class Promotion:
    """The merge patches of status and spec ({} for none), and where the Rollout goes then: a step and its weight.

    `until` counts from 1 and is the number of steps + 1 for the end.
    """

    status: Object
    spec: Object
    sentence: str
    until: int
    weight: int


def promotion(rollout: Object, *, full: bool) -> Promotion:
    """What promotes a Rollout by one step, or in full: as Argo's own kubectl plug-in writes it."""
    spec, status = rollout.get("spec") or {}, rollout.get("status") or {}
    steps, now = canary_steps(rollout), CurrentStep.of(rollout)
    lift = {"paused": False} if spec.get("paused") else {}
    if not now.moving:
        sentence = "is not paused any more" if lift else "has no delivery under way: nothing to promote"
        return Promotion({}, lift, sentence, now.number, now.weight)
    if status.get("promoteFull"):
        return _to(rollout, {}, lift, len(steps), "is being promoted in full already")
    if full:
        return _to(rollout, {"promoteFull": True}, lift, len(steps), "is promoted in full", weights=True)
    if is_unpausing(rollout):
        return _to(rollout, {}, lift, _gate(steps, now.number), "is being promoted already")
    if now.pauses:
        return _to(rollout, _past_pause(status, steps), lift, _gate(steps, now.number), "is promoted", weights=True)
    if lift:
        return _to(rollout, {}, lift, _gate(steps, now.number - 1), "is promoted", weights=True)
    if not steps:
        return Promotion({}, {}, "has a canary without steps: nothing to promote", now.number, now.weight)
    past = {"pauseConditions": None, "currentStepIndex": _next(status, steps)}
    return _to(rollout, past, {}, _gate(steps, now.number), "is promoted past its current step", weights=True)


def to_last_weight(rollout: Object) -> Promotion | None:
    """What takes a Rollout to the last step that sets another weight and is held by a pause, None without such a step.

    From there the new version can be promoted in full, or not, while the old one still has all its pods.
    """
    status, steps, now = rollout.get("status") or {}, canary_steps(rollout), CurrentStep.of(rollout)
    if not now.moving or now.aborted or status.get("promoteFull"):
        return None
    for index in range(len(steps) - 1, now.number - 1, -1):
        gate = _gate(steps, index + 1)
        weight = steps[index].get("setWeight")
        if weight in (None, now.weight) or _weight_at(steps, gate) != weight or not _holds(steps, gate):
            continue
        # Without controllerPause the pause that follows is a new one, and not one that was lifted.
        patch = {"pauseConditions": None, "controllerPause": False, "currentStepIndex": index}
        lift = {"paused": False} if (rollout.get("spec") or {}).get("paused") else {}
        return _to(rollout, patch, lift, gate, "is promoted", weights=True)
    return None


def has_reached(rollout: Object, to: Promotion) -> bool:
    """Whether a promoted Rollout has gone where the promotion takes it, its routes in the work cluster included."""
    status, now = rollout.get("status") or {}, CurrentStep.of(rollout)
    weights = (status.get("canary") or {}).get("weights") or {}
    if not now.moving:
        # The status names the stable pods only after both subsets and all weights were written for them.
        return str((weights.get("stable") or {}).get("podTemplateHash") or now.pod_hash) == now.pod_hash
    if to.until > now.steps:
        return False
    return now.number > to.until or (now.number == to.until and now.weight == to.weight and not is_unpausing(rollout))


def canary_steps(rollout: Object) -> list[Object]:
    """The steps of a Rollout's canary."""
    return (((rollout.get("spec") or {}).get("strategy") or {}).get("canary") or {}).get("steps") or []


def _to(rollout: Object, status: Object, spec: Object, gate: int, sentence: str, *, weights: bool = False) -> Promotion:
    """A promotion to the step with an index; a canary without steps has no weights to tell."""
    steps, now = canary_steps(rollout), CurrentStep.of(rollout)
    weight = _weight_at(steps, gate)
    if weights and weight != now.weight:
        sentence = f"{sentence}: {now.weight}% -> {weight}%"
    elif weights and steps:
        to = f" to step {gate + 1} of {len(steps)}" if gate < len(steps) else ""
        sentence = f"{sentence}{to}: stays at {weight}%"
    return Promotion(status, spec, sentence, gate + 1, weight)


def _past_pause(status: Object, steps: list[Object]) -> Object:
    """Lifting the pause of an inconclusive analysis needs the step passed too, or the analysis pauses it again."""
    run = (status.get("canary") or {}).get("currentStepAnalysisRunStatus") or {}
    if run.get("status") == "Inconclusive" and status.get("controllerPause"):
        return {"pauseConditions": None, "controllerPause": False, "currentStepIndex": _next(status, steps)}
    return {"pauseConditions": None}


def _gate(steps: list[Object], start: int) -> int:
    """The index of the next step that the canary stays at, len(steps) for the end."""
    return next((at for at in range(start, len(steps)) if any(gate in steps[at] for gate in _GATES)), len(steps))


def _holds(steps: list[Object], gate: int) -> bool:
    if gate == len(steps) or "pause" not in steps[gate]:
        return False
    duration = (steps[gate]["pause"] or {}).get("duration")
    try:
        return duration is None or seconds(duration) >= HOLDING_SECONDS
    except BadInputError:
        return False


def _weight(rollout: Object) -> int:
    """The weight that the controller has set, or without traffic routing the one that the steps ask for."""
    status = rollout.get("status") or {}
    weights = (status.get("canary") or {}).get("weights") or {}
    found = (weights.get("canary") or {}).get("weight")
    if found is None and status.get("abort"):
        return 0
    return _weight_at(canary_steps(rollout), _index(status)) if found is None else int(found)


def _weight_at(steps: list[Object], index: int) -> int:
    if index >= len(steps):
        return WHOLE
    return next((int(step["setWeight"]) for step in reversed(steps[: index + 1]) if "setWeight" in step), 0)


def _index(status: Object) -> int:
    return int(status.get("currentStepIndex") or 0)


def _next(status: Object, steps: list[Object]) -> int:
    return min(_index(status) + 1, len(steps))
