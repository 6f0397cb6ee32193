"""A Rollout's pods: the selector, the template, and the numbers around them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from meshroll.manifests.index import at
from meshroll.manifests.lint.model import Flaw, Rule, Severity
from meshroll.manifests.lint.objects import carries
from meshroll.manifests.lint.rollout import WORKLOADS, Rollout

OWNER = "Argo Rollouts"
DEFAULT_PROGRESS_DEADLINE = 600
_LABEL_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")

SELECTOR = Rule(
    "rollout-selector",
    Severity.ERROR,
    OWNER,
    "A Rollout without a selector, with an empty one, or with one that cannot be read.",
    "The Rollout is InvalidSpec: nothing of it is rolled out.",
    "Give `spec.selector.matchLabels` labels that the pods carry and that no version changes.",
)
SELECTS = Rule(
    "rollout-selects-pods",
    Severity.ERROR,
    OWNER,
    "The selector wants a label that the pod template does not carry, as it will be after the change.",
    "The Rollout is InvalidSpec. A selector cannot be changed later: the Rollout must be made anew.",
    "Take the label that changes with the version out of the selector, or give it to the pods.",
)
TEMPLATE = Rule(
    "rollout-template",
    Severity.ERROR,
    OWNER,
    "A pod template that no ReplicaSet takes: no container, one without a name or an image, two of one name, a volume "
    "that is mounted and missing, a restart policy other than Always.",
    "The Rollout is InvalidSpec: nothing of it is rolled out.",
    "Mend the template.",
)
WORKLOAD_REFERENCE = Rule(
    "rollout-workload-reference",
    Severity.ERROR,
    OWNER,
    "A workloadRef beside a template with labels or annotations, or to a kind that Argo Rollouts does not take over.",
    "The Rollout is InvalidSpec: nothing of it is rolled out.",
    "Remove `spec.template`, or the reference; name a Deployment or ReplicaSet of apps, or a PodTemplate.",
)
DEADLINE = Rule(
    "rollout-progress-deadline",
    Severity.ERROR,
    OWNER,
    "progressDeadlineSeconds (600 where it is not set) is not greater than minReadySeconds.",
    "The Rollout is InvalidSpec: no pod could become available in time.",
    "Raise progressDeadlineSeconds above minReadySeconds.",
)
NEGATIVE = Rule(
    "rollout-negative-number",
    Severity.ERROR,
    OWNER,
    "replicas, minReadySeconds, revisionHistoryLimit or progressDeadlineSeconds is below zero.",
    "The Rollout is InvalidSpec.",
    "Write a number from zero, or leave the field out.",
)
RULES = (SELECTOR, SELECTS, TEMPLATE, WORKLOAD_REFERENCE, DEADLINE, NEGATIVE)


def check(rollout: Rollout) -> Iterator[Flaw]:
    """All that is wrong with a Rollout's pods."""
    yield from _numbers(rollout)
    if rollout.value("workloadRef") is not None:
        yield from _reference(rollout)
    elif rollout.value("selector") is None:
        yield SELECTOR.found("/spec/selector", "the Rollout has no selector")
        yield from _template(rollout.template or {})
        return
    yield from _selector(rollout)
    if rollout.template is not None:
        yield from _template(rollout.template)


def _numbers(rollout: Rollout) -> Iterator[Flaw]:
    for key in ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        if (number := rollout.value(key)) is not None and number < 0:
            yield NEGATIVE.found(f"/spec/{key}", f"{number} is below zero")
    written = rollout.value("progressDeadlineSeconds")
    deadline = DEFAULT_PROGRESS_DEADLINE if written is None else written
    ready = rollout.value("minReadySeconds") or 0
    if deadline <= ready:
        message = f"the deadline of {deadline} s is not after the {ready} s of minReadySeconds"
        yield DEADLINE.found("/spec/progressDeadlineSeconds", message)


def _reference(rollout: Rollout) -> Iterator[Flaw]:
    metadata = at(rollout.value("template"), "metadata") or {}
    if metadata.get("labels") or metadata.get("annotations"):
        yield WORKLOAD_REFERENCE.found("/spec/template", "there is a template beside the workloadRef")
    reference = rollout.value("workloadRef")
    kind = (str(reference.get("apiVersion") or "").rpartition("/")[0], str(reference.get("kind")))
    if kind not in WORKLOADS:
        what = f"{reference.get('kind')} of {reference.get('apiVersion')}"
        yield WORKLOAD_REFERENCE.found("/spec/workloadRef", f"Argo Rollouts does not take over a {what}")


def _selector(rollout: Rollout) -> Iterator[Flaw]:
    selector = rollout.value("selector")
    if selector is None:
        return  # the workload's own
    labels, expressions = selector.get("matchLabels") or {}, selector.get("matchExpressions") or []
    if not labels and not expressions:  # beside a workloadRef, it is the ReplicaSet that is refused, again and again
        yield SELECTOR.found("/spec/selector", "the selector is empty")
    for key, value in labels.items():
        if not _is_label(key, value):
            yield SELECTOR.found("/spec/selector/matchLabels", f"{key}={value} is not a label")
    for number, expression in enumerate(expressions):
        if (wrong := _expression(expression)) is not None:
            yield SELECTOR.found(f"/spec/selector/matchExpressions/{number}", wrong)
            return
    if rollout.labels is not None:
        yield from _selects(labels, expressions, rollout.labels)


def _selects(
    labels: Mapping[str, Any], expressions: Sequence[Mapping[str, Any]], carried: Mapping[str, Any]
) -> Iterator[Flaw]:
    for key, value in labels.items():
        if not carries(carried, {key: value}):
            yield SELECTS.found("/spec/selector/matchLabels", f"the pods do not carry the label {key}={value}")
    for number, expression in enumerate(expressions):
        if not _matches(expression, carried):
            message = f"the pods' labels do not match {expression['key']} {expression['operator']}"
            yield SELECTS.found(f"/spec/selector/matchExpressions/{number}", message)


def _expression(expression: Mapping[str, Any]) -> str | None:
    operator, values = expression["operator"], expression.get("values") or []
    if operator not in {"In", "NotIn", "Exists", "DoesNotExist"}:
        return f"{operator} is not an operator"
    if operator in {"In", "NotIn"} and not values:
        return f"{operator} needs values"
    if operator in {"Exists", "DoesNotExist"} and values:
        return f"{operator} takes no values"
    return None if _is_label(expression["key"], "") else f"{expression['key']} is not a label's key"


def _matches(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def _template(template: Mapping[str, Any]) -> Iterator[Flaw]:
    for key, value in (at(template, "metadata", "labels") or {}).items():
        if not _is_label(key, value):
            yield TEMPLATE.found("/spec/template/metadata/labels", f"{key}={value} is not a label")
    spec = at(template, "spec") or {}
    containers = [item for item in spec.get("containers") or () if isinstance(item, dict)]
    if not containers:
        yield TEMPLATE.found("/spec/template/spec/containers", "the pods have no container")
    every = containers + [item for item in spec.get("initContainers") or () if isinstance(item, dict)]
    volumes = {item.get("name") for item in spec.get("volumes") or () if isinstance(item, dict)}
    for number, container in enumerate(every):
        key, index = ("containers", number)
        if number >= len(containers):
            key, index = ("initContainers", number - len(containers))
        yield from _container(container, volumes, f"/spec/template/spec/{key}/{index}")
    for name, count in Counter(str(item.get("name")) for item in every).items():
        if count > 1:
            yield TEMPLATE.found("/spec/template/spec/containers", f"{count} containers are called {name}")
    if (policy := spec.get("restartPolicy")) not in {None, "", "Always"}:
        yield TEMPLATE.found("/spec/template/spec/restartPolicy", f"the restart policy is {policy}, not Always")
    if spec.get("activeDeadlineSeconds") is not None:
        yield TEMPLATE.found("/spec/template/spec/activeDeadlineSeconds", "no ReplicaSet takes a deadline of its pods")


def _container(container: Mapping[str, Any], volumes: set[Any], pointer: str) -> Iterator[Flaw]:
    name, image = container.get("name"), container.get("image")
    if not isinstance(name, str) or not _DNS_LABEL.fullmatch(name):
        yield TEMPLATE.found(f"{pointer}/name", f"{name!r} is not a container's name" if name else "it has no name")
    if not isinstance(image, str) or not image:
        yield TEMPLATE.found(f"{pointer}/image", "it has no image")
    for number, mount in enumerate(container.get("volumeMounts") or ()):
        if isinstance(mount, dict) and mount.get("name") not in volumes:
            yield TEMPLATE.found(f"{pointer}/volumeMounts/{number}/name", f"there is no volume {mount.get('name')}")


def _is_label(key: object, value: object) -> bool:
    prefix, slash, name = str(key).rpartition("/")
    if slash and not _DNS_NAME.fullmatch(prefix):
        return False
    return bool(_LABEL_NAME.fullmatch(name)) and (value == "" or bool(_LABEL_NAME.fullmatch(str(value))))
