"""Whether a route that a step makes lives as long as the steps suggest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.rollout import STEPS, Rollout
from meshroll.manifests.lint.rules.steered_routes import routes_of

OWNER = "Argo Rollouts"

LOST = Rule(
    "step-route-lost",
    Severity.HARM,
    OWNER,
    "setHeaderRoute or setMirrorRoute at a step at which the canary has no pods, or a later step that leaves it "
    "without pods: before the first weight, also with matchTrafficWeight, or at scale or weight 0.",
    "Argo Rollouts removes its routes whenever no canary pod is available, and makes the route only while its step is "
    "the current one: requests of that kind go on to the stable version.",
    "Put setCanaryScale with a weight or replicas, or setWeight, before the step.",
)
NO_HTTP = Rule(
    "step-route-without-http",
    Severity.HARM,
    OWNER,
    "setHeaderRoute or setMirrorRoute with a VirtualService that has no http routes.",
    "Argo Rollouts fails at that step again and again: the canary neither goes on nor ends.",
    "Remove the step: tls and tcp have no headers.",
)
RULES = (LOST, NO_HTTP)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """Routes of steps that are lost or cannot be made."""
    if rollout.istio is None:
        return
    making = [(number, key) for number, step in enumerate(rollout.steps) for key in _made(step)]
    for _, item in rollout.found_virtual_services():
        if making and not routes_of(item, "http"):
            number, key = making[0]
            message = f"VirtualService {item.name} has no http routes to put one before"
            yield NO_HTTP.found(f"{STEPS}/{number}/{key}", message, item.number)
    yield from _lost(rollout)


def _lost(rollout: Rollout) -> Iterator[Flaw]:
    weight: int = 0
    scale: Mapping[str, Any] = {}
    alive: dict[str, str] = {}  # the routes made so far and the pointers of their steps
    for number, step in enumerate(rollout.steps):
        if step.get("setWeight") is not None:
            weight = step["setWeight"]
        if step.get("setCanaryScale") is not None:
            scale = step["setCanaryScale"]
        for key in ("setHeaderRoute", "setMirrorRoute"):
            if step.get(key) is not None:
                alive.pop(str(step[key].get("name")), None)
        for key in _made(step):
            alive[str(step[key].get("name"))] = f"{STEPS}/{number}/{key}"
        if not _has_pods(scale, weight):
            for name, pointer in alive.items():
                at_once = pointer.startswith(f"{STEPS}/{number}/")
                when = "when it is made" if at_once else f"at step {number + 1}"
                yield LOST.found(pointer, f"the route {name} is lost {when}: the canary has no pods then")
            alive.clear()


def _made(step: Mapping[str, Any]) -> list[str]:
    """The keys by which a step makes a route; without a match it removes one."""
    return [key for key in ("setHeaderRoute", "setMirrorRoute") if (step.get(key) or {}).get("match")]


def _has_pods(scale: Mapping[str, Any], weight: int) -> bool:
    if not scale.get("matchTrafficWeight"):
        for key in ("replicas", "weight"):
            if scale.get(key) is not None:
                return bool(scale[key] > 0)
    return weight > 0
