"""A canary's steps, each by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshroll.manifests.durations import is_duration
from meshroll.manifests.index import at
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.rollout import STEPS, Rollout

OWNER = "Argo Rollouts"
KINDS = (
    "setWeight",
    "pause",
    "setCanaryScale",
    "setHeaderRoute",
    "setMirrorRoute",
    "analysis",
    "experiment",
    "plugin",
)
_EXCLUSIVE = ("setWeight", "pause", "experiment", "analysis")  # what Argo Rollouts itself refuses together
_METADATA = ("metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations")

KIND = Rule(
    "step-exactly-one-kind",
    Severity.ERROR,
    OWNER,
    "A step without a kind, or with several of setWeight, pause, analysis and experiment.",
    "The Rollout is InvalidSpec: nothing of it is rolled out.",
    "Make one step of each.",
)
MIXED = Rule(
    "step-mixed-kinds",
    Severity.NOTE,
    OWNER,
    "A step that sets a scale, a route or a plug-in beside another kind.",
    "Argo Rollouts accepts it unchecked, and only one of the kinds decides when the step ends.",
    "Make one step of each.",
)
WEIGHT = Rule(
    "step-weight",
    Severity.ERROR,
    OWNER,
    "A weight below zero or above 100 (or maxTrafficWeight).",
    "The Rollout is InvalidSpec.",
    "Write a percentage. Weights may fall and repeat from step to step.",
)
PAUSE = Rule(
    "step-pause-duration",
    Severity.ERROR,
    OWNER,
    "A pause with a duration below zero, or one that cannot be read.",
    "The Rollout is InvalidSpec.",
    'Write seconds or a duration of Go, "90s", "10m", "1.5h"; leave it out for a pause without end.',
)
SCALE = Rule(
    "step-scale-without-routing",
    Severity.ERROR,
    OWNER,
    "setCanaryScale in a canary without traffic routing.",
    "The Rollout is InvalidSpec: without routing the number of pods is the weight.",
    "Use setWeight, or add trafficRouting.",
)
EXPERIMENT = Rule(
    "step-experiment-weight",
    Severity.ERROR,
    OWNER,
    "An experiment's template with a weight, without a traffic router that can give it one.",
    "The Rollout is InvalidSpec.",
    "Remove the weight, or use Istio, ALB, SMI or a plug-in.",
)
ARGUMENT = Rule(
    "step-analysis-argument",
    Severity.ERROR,
    OWNER,
    "An analysis takes an argument from a field of metadata that Kubernetes does not give out.",
    "The Rollout is InvalidSpec.",
    "Use metadata.name, .namespace, .uid, .labels['…'] or .annotations['…'].",
)
RULES = (KIND, MIXED, WEIGHT, PAUSE, SCALE, EXPERIMENT, ARGUMENT)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """All that is wrong with single steps."""
    for number, step in enumerate(rollout.steps):
        pointer = f"{STEPS}/{number}"
        yield from _kinds(step, pointer)
        weight = step.get("setWeight")
        if weight is not None and not 0 <= weight <= rollout.max_weight:
            yield WEIGHT.found(f"{pointer}/setWeight", f"{weight} is not within 0 to {rollout.max_weight}")
        duration = at(step, "pause", "duration")
        if duration is not None and not is_duration(duration):
            yield PAUSE.found(f"{pointer}/pause/duration", f"{duration} is not a duration from zero")
        if step.get("setCanaryScale") is not None and rollout.routing is None:
            yield SCALE.found(f"{pointer}/setCanaryScale", "there is no traffic routing")
        yield from _experiment(step, rollout.routing, pointer)
        yield from _arguments(step, pointer)


def _kinds(step: Mapping[str, Any], pointer: str) -> Iterator[Flaw]:
    there = [kind for kind in KINDS if step.get(kind) is not None]
    if not there:
        unknown = ", ".join(key for key in step if key not in KINDS)
        yield KIND.found(pointer, f"{unknown} is not a kind of step" if unknown else "the step is empty")
    elif sum(kind in _EXCLUSIVE for kind in there) > 1:
        yield KIND.found(pointer, f"it is {' and '.join(there)} at once")
    elif len(there) > 1:
        yield MIXED.found(pointer, f"it is {' and '.join(there)} at once")


def _experiment(step: Mapping[str, Any], routing: Mapping[str, Any] | None, pointer: str) -> Iterator[Flaw]:
    able = routing is not None and (
        any(routing.get(router) is not None for router in ("alb", "smi", "istio")) or bool(routing.get("plugins"))
    )
    for number, template in enumerate(at(step, "experiment", "templates") or ()):
        if template.get("weight") is not None and not able:
            message = "there is no traffic router that gives an experiment a weight"
            yield EXPERIMENT.found(f"{pointer}/experiment/templates/{number}/weight", message)


def _arguments(step: Mapping[str, Any], pointer: str) -> Iterator[Flaw]:
    lists = [("analysis/args", at(step, "analysis", "args") or ())]
    for number, analysis in enumerate(at(step, "experiment", "analyses") or ()):
        lists.append((f"experiment/analyses/{number}/args", analysis.get("args") or ()))
    for where, arguments in lists:
        for number, argument in enumerate(arguments):
            path = at(argument, "valueFrom", "fieldRef", "fieldPath")
            if path is not None and path.startswith("metadata") and not _is_given(path):
                yield ARGUMENT.found(f"{pointer}/{where}/{number}", f"{path} is not a field that can be taken")


def _is_given(path: str) -> bool:
    name, bracket, rest = path.partition("[")
    if bracket:
        return name in {"metadata.labels", "metadata.annotations"} and rest.endswith("']") and rest.startswith("'")
    return path in _METADATA
